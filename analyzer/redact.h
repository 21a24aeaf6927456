/* redact.h - overwriting secrets in packets, at equal length.
 *
 * The packets of the chosen connections are looked at twice: redactor_learn() has them
 * all, redactor_apply() then overwrites. Where heads and methods lie is in the case;
 * which of their bytes are secret the dissectors say of the whole of each
 * (dissectors/secrets.h), so that one that is cut over segments, repeated or out of
 * order is found as well. What of a head comes after bytes that the capture lacks is
 * overwritten up to its end: what it belongs to cannot be known.
 *
 * Not looked at: bodies, contents of messages, trailers, what is no HTTP/1.x or AMQP.
 *
 * Offsets  of a side's payload (facts.h), modulo 2^32.
 * Owns     the beginnings of heads until they are whole, LIMIT_HTTP_HEAD bytes each.
 */
#ifndef REDACT_H
#define REDACT_H

#include "bytes.h"
#include "err.h"
#include "facts.h"

struct sqlite3;
struct redactor;

/* For the connections in temp.chosen (extract_choose()). NULL: the case cannot be read. */
struct redactor *redactor_new(struct sqlite3 *, struct err *);

void redactor_learn(struct redactor *, int64_t flow_id, enum side sender, uint32_t off, struct bytes);

/* Nothing more will be learned. */
void redactor_learned(struct redactor *);

/* Overwrite what is secret of n bytes of payload; whether anything was. */
bool redactor_apply(const struct redactor *, int64_t flow_id, enum side sender, uint32_t off,
                    uint8_t *payload, size_t n);

void redactor_free(struct redactor *);                         /* NULL is fine */

#endif
