/* stream.h - hand one direction of a connection to its dissector, in order.
 *
 * Keeps what a dissector could not finish, passes over what it need not see,
 * tells it what the capture lacks, and knows which frame carried which byte.
 *
 * Offsets  of one direction's payload (facts.h); data and gaps arrive in order.
 * Bounds   dissector->max_pending bytes are kept; a message that would need
 *          more is given up and told to the dissector as a gap. Marks inside a
 *          pending message are exact over LIMIT_STREAM_PARTS segments; beyond,
 *          they may name a segment a little later.
 * Owns     what stream_free() frees; both directions end before either is freed. Borrows the dissector's state and sink.
 */
#ifndef STREAM_H
#define STREAM_H

#include "dissector.h"

/* Bytes up to `end` (from the part before) and the frames of their marks. */
struct stream_part { uint64_t end; struct mark mark[2]; };   /* by enum mark_edge */

struct stream {
	const struct dissector *dissector;
	void        *state;
	struct sink *sink;
	enum side    side;
	bool         ended, last;
	uint64_t     off;        /* of pending[0], or of the next byte expected */
	uint64_t     end;        /* of what was handed in */
	uint64_t     skip;       /* bytes the dissector asked not to see */
	size_t       need;       /* bytes it wants before it is asked again; 0: any */
	uint8_t     *pending;
	size_t       pending_n, pending_size;
	uint8_t     *room;       /* what the dissector keeps of this side */
	size_t       room_size;
	struct stream_part *parts;   /* of [off, end), oldest first */
	size_t       parts_n, parts_size;
	struct { uint64_t off; struct mark *mark; } ahead[2];   /* by enum mark_edge */
};

/* The next bytes in order, borrowed for the call. `carried` is the segment that
 * held them, `arrived` the one with which all bytes up to them were there (the
 * same, unless they had to wait for a hole to be filled). */
void stream_data(struct stream *, struct bytes, struct mark carried, struct mark arrived);

/* `len` bytes (> 0) that the capture does not hold; `at`: when that was clear. */
void stream_gap(struct stream *, uint64_t len, struct mark at);

/* The end of this direction. A second call does nothing. */
void stream_end(struct stream *, enum end_how);

/* What sink_mark() promises (dissector.h), for this direction. */
void stream_mark(struct stream *, uint64_t off, enum mark_edge, struct mark *);

/* What sink_room() promises. */
uint8_t *stream_room(struct stream *, size_t n);

void stream_free(struct stream *);

#endif
