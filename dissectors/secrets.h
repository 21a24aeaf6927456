/* secrets.h - overwriting what is secret in a message, at equal length.
 *
 * The same bytes are secrets here as where heads and arguments are kept without them
 * (http1_secrets.h, amqp_methods.h): each becomes 'x'.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A head from its start line on; it may break off anywhere. */
void http1_mask(uint8_t *head, size_t n, bool request);

/* A method's frame from its first octet on: long texts that are never shown. */
void amqp_mask(uint8_t *frame, size_t n);

#endif
