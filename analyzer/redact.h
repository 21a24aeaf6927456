/* redact.h - overwriting secrets in packets, at equal length.
 *
 * The packets of connections are looked at twice: redactor_learn() has them all, or those
 * that redactor_wants(), redactor_apply() then overwrites. Where heads and methods lie is in the case;
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

/* For the connections in temp.chosen (extract_choose()), or for one flow. NULL: the case
 * cannot be read. */
struct redactor *redactor_new(struct sqlite3 *, struct err *);
struct redactor *redactor_of_flow(struct sqlite3 *, int64_t flow_id, struct err *);

void redactor_learn(struct redactor *, int64_t flow_id, enum side sender, uint32_t off, struct bytes);

/* Nothing more will be learned. */
void redactor_learned(struct redactor *);

/* For learning only as far as it takes: whether something in these n bytes is not learned
 * yet, and which bytes it may reach over, [*from, *to). What is still missing of that when
 * its packets were learned is done with by redactor_learned_at(*from). */
bool redactor_wants(const struct redactor *, int64_t flow_id, enum side sender, uint32_t off, size_t n,
                    uint32_t *from, uint32_t *to);
void redactor_learned_at(struct redactor *, int64_t flow_id, enum side sender, uint32_t from);

/* Whether the byte at `off` is of a head or a method that the case knows. */
bool redactor_covers(const struct redactor *, int64_t flow_id, enum side sender, uint32_t off);

/* Overwrite what is secret of n bytes of payload; whether anything was. */
bool redactor_apply(const struct redactor *, int64_t flow_id, enum side sender, uint32_t off,
                    uint8_t *payload, size_t n);

void redactor_free(struct redactor *);                         /* NULL is fine */

#endif
