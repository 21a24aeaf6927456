/* reorder.h - one direction's payload in order, each byte once.
 *
 * What arrives behind a hole waits until the hole is filled; what repeats bytes
 * that went out already is dropped (first seen wins: which copy a receiver keeps
 * is its own affair, and most keep the first). A hole is given up, and told as a
 * gap, when the peer acknowledged it a while ago (the receiver had these bytes,
 * the capture has not), when too much waits behind it, or at the end. Bytes that
 * a snaplen cut off are a gap too.
 *
 * Bounds  LIMIT_OUT_OF_ORDER bytes and LIMIT_OUT_OF_ORDER_PARTS segments wait, in all
 *         directions together LIMIT_OUT_OF_ORDER_ALL bytes (or where it is exceeded is
 *         given up); of what went out, the last LIMIT_TAIL bytes are known.
 * Owns    copies of what waits and of the tail; freed by reorder_free().
 */
#ifndef REORDER_H
#define REORDER_H

#include "bytes.h"
#include "facts.h"

/* Where the ordered bytes go; see stream_data() and stream_gap(). */
struct reorder_out {
	void *arg;
	void (*data)(void *arg, struct bytes, struct mark carried, struct mark arrived);
	void (*gap)(void *arg, uint64_t len, struct mark at);
	size_t *held;                    /* bytes that wait in all directions together; NULL: not counted */
};

struct reorder_part { uint64_t off; uint32_t len; struct bytes bytes; struct mark at; };

struct reorder {
	uint64_t             next;       /* offset of the byte that is due */
	uint64_t             acked;      /* the peer acknowledged what is before */
	struct mark          newest;     /* the latest segment that contributed */
	struct reorder_part *parts;      /* what waits, by offset, from parts_from on; bytes are owned */
	size_t               parts_from, parts_n, parts_size, bytes;
	size_t              *held;       /* as in reorder_out */
	struct mark          hole_acked; /* when the peer acknowledged past `next`; frame 0: not */
	uint8_t             *tail;       /* byte `off` of [tail_from, next) is at off mod LIMIT_TAIL */
	uint64_t             tail_from;
};

/* A segment of `len` bytes at `off`, of which the capture has `kept`. True: it
 * repeats bytes that are still known, and they were others. */
bool reorder_data(struct reorder *, uint64_t off, uint32_t len, struct bytes kept, struct mark at,
                  const struct reorder_out *);

/* The peer acknowledged all bytes below `off`. */
void reorder_acked(struct reorder *, uint64_t off, struct mark at, const struct reorder_out *);

/* Give up every hole: the flow ends. `end`: as far as the payload is known to
 * have gone, by the numbers of a FIN or of the peer's acknowledgements. */
void reorder_flush(struct reorder *, uint64_t end, struct mark at, const struct reorder_out *);

void reorder_free(struct reorder *);

#endif
