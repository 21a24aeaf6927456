/* http1_kept.h - the heads of one direction that are kept until they are told.
 *
 * They lie one after the other, each with room for a NUL, in a buffer of the
 * core's (sink_room()). Heads come in order and go in order.
 *
 * Bounds   LIMIT_HTTP_HEAD_KEPT bytes of a head; LIMIT_HTTP_HEADS_KEPT of all of
 *          them: a head gets at most half of what is free, unless it is alone.
 * Borrows  the buffer: what points into it is good until the next kept_open().
 */
#ifndef HTTP1_KEPT_H
#define HTTP1_KEPT_H

#include "dissector.h"
#include "http1_secrets.h"

/* Places count the bytes ever kept of the direction; `base` is at p[0]. All
 * zeroes at first. */
struct kept { uint8_t *p; uint32_t size, base, first, end; };

/* All zeroes: not begun. */
struct kept_head { uint32_t at; uint16_t n, max; bool begun, cut; };

/* The next head of the direction. */
void kept_begin(struct kept *, struct kept_head *);

struct part { uint16_t at, n; };         /* of a kept head; it may reach beyond its end */

/* What a line of n bytes may become: *** can be longer than what it replaces, but
 * not twice as long as the line with its name. */
static inline size_t kept_need(size_t n) { return 2 * n + 16; }

/* Go on with the newest head: t has room for what becomes of n bytes, or what the
 * caps leave of it. False: it is full. Afterwards kept_close(). */
bool kept_open(struct kept *, struct sink *, enum side, const struct kept_head *, size_t n,
               struct text *t);
void kept_close(struct kept *, struct kept_head *, const struct text *t);

/* Forget what the newest head says so far; or all of it. */
void kept_empty(struct kept_head *);
void kept_withdraw(struct kept *, struct kept_head *);

/* The head as a C string, in which NULs become '?'; NULL if it is empty. */
const char *kept_text(struct kept *, const struct kept_head *);

/* A part of it as a C string in `to`, as far as it fits; NULL if it is empty. */
const char *kept_part(const struct kept *, const struct kept_head *, struct part, char *to,
                      size_t size);

/* Forget the oldest head. */
void kept_drop(struct kept *, const struct kept_head *);

#endif
