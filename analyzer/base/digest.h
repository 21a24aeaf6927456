/* digest.h - SHA-256 of a text, SHA-1 of a few bytes. What is hashed as it is read is
 * source.c's business.
 *
 * Errors  none: a libgcrypt without SHA-256 ends the process.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "bytes.h"

enum { DIGEST_HEX = 65, DIGEST_BASE64 = 45 };    /* with the closing NUL */

const char *digest_hex(const char *text, char buf[static DIGEST_HEX]);
const char *digest_base64(const char *text, char buf[static DIGEST_BASE64]);

/* For what is defined with it and protects nothing. As digest_base64(). */
enum { SHA1_BASE64 = 29 };
const char *sha1_base64(struct bytes, char buf[static SHA1_BASE64]);

/* Make libgcrypt ready; whoever calls it directly calls this first. */
void digest_ready(void);

#endif
