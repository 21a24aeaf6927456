/* conversation.h - what the two sides of a connection said, in order.
 *
 * Pieces are found from the case alone: a piece is what one segment brought that was new,
 * at the place where it came to be in order. They are the bytes that dissectors are given
 * (reorder.h decides): repeated ones once, the first copy; a hole that the receiver
 * acknowledged is a gap. Their bytes are read from the capture when they are asked for.
 *
 * Offsets  of a side's payload (facts.h).
 * Owns     the pieces; freed by conversation_free().
 * Bounds   LIMIT_CONVERSATION_PIECES; `cut` tells that there would be more.
 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <stdio.h>

#include "bytes.h"
#include "err.h"
#include "facts.h"

struct sqlite3;
struct packet_reader;

enum piece_kind { PIECE_DATA, PIECE_GAP };

struct piece {
	enum side       sender;
	enum piece_kind kind;
	struct mark     at;            /* of the segment that brought it; of a gap: when it was
	                                  known to be one */
	uint64_t        off, n;        /* in the sender's payload */
};

struct conversation {
	int64_t       flow_id;
	struct piece *pieces;
	size_t        n, room;
	uint64_t      bytes[2];        /* of data, by sender */
	bool          cut;
	struct ordering *ordering;     /* what is still to be found; NULL: all pieces are there */
};

/* NULL: the case cannot be read, or has no such flow. */
struct conversation *conversation_of(struct sqlite3 *, int64_t flow_id, struct err *);

/* The same little by little: without a piece at first, and then with those of some packets more.
 * Pieces that are there stay as they are, but a gap may grow. False: the case cannot be read;
 * there will be no more pieces. */
struct conversation *conversation_begin(struct sqlite3 *, int64_t flow_id, struct err *);
bool conversation_go_on(struct conversation *, int packets, struct err *);

/* The bytes [from, from + n) of the i-th piece, without secrets (packet_read.h), lent until
 * the reader's next call; n may reach beyond the end. Fewer where the capture kept fewer
 * (snaplen); of a gap none. */
bool conversation_read(const struct conversation *, struct packet_reader *, size_t i, uint64_t from,
                       size_t n, struct bytes *, struct err *);

enum conversation_form {
	CONVERSATION_RAW,              /* the bytes, and nothing where they are missing */
	CONVERSATION_TEXT,             /* lines, begun by '>' (client) or '<', escaped as for a
	                                  terminal; gaps in words */
};

/* One side, or both as they spoke (NONE). False: the capture cannot be read; trouble with
 * the output is ferror()'s to tell. */
bool conversation_write(FILE *, const struct conversation *, struct packet_reader *, int side,
                        enum conversation_form, struct err *);

void conversation_free(struct conversation *);                 /* NULL is fine */

#endif
