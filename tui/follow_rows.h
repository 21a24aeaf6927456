/* follow_rows.h - rows of what two sides said: pieces of a conversation (conversation.h) as text
 * or in hexadecimal, for so many columns.
 *
 * How many rows a piece has is estimated until it is read, for a stream may have gigabytes:
 * then its rows are counted, and those behind it move.
 *
 *     a piece  a row where a silence ended, rows of its bytes, a row about bytes not captured
 *
 * Owns    rows' counts, and copies of the pieces read last; follow_rows_free() frees them.
 * Borrows the conversation and the reader.
 * Bounds  FOLLOW_KEPT pieces are kept, of about FOLLOW_HELD bytes; of each other one 4 bytes.
 */
#ifndef FOLLOW_ROWS_H
#define FOLLOW_ROWS_H

#include "conversation.h"

enum { FOLLOW_KEPT = 256, FOLLOW_HELD = 16 << 20, FOLLOW_BLOCK = 128 };

#define FOLLOW_SILENCE_NS INT64_C(1000000000)

/* A piece that was read. */
struct follow_piece {
	size_t    piece;
	bool      used, failed;           /* failed: it could not be read */
	uint8_t  *bytes;
	size_t    n;                      /* that were captured, of piece->n */
	uint32_t *start;                  /* where its rows of bytes begin, and the end; */
	size_t    rows;                   /* in what follow_show() chose */
	unsigned  shown;
};

struct follow_show { bool hex, ascii; int side, cols, per_row; };      /* side NONE: both */

struct follow_rows {
	struct conversation  *talk;
	struct packet_reader *reader;
	bool                  in_order;   /* going back in a file takes long: it is compressed */
	struct follow_show    show;
	unsigned              shown;      /* counts changes of it */
	uint32_t             *rows;       /* of each piece, and flags */
	int64_t              *block;      /* rows of FOLLOW_BLOCK pieces */
	size_t                n, room;    /* pieces counted */
	int64_t               total;      /* rows */
	int64_t               last_ns;    /* of the last piece counted that is shown; NO_TIME: there is none */
	size_t                last_read;
	struct err            trouble;    /* why a piece could not be read; "": none failed */
	struct { size_t piece; int64_t row; } found;      /* where the last row was found */
	size_t                held;       /* bytes of those that are kept */
	struct follow_piece   kept[FOLLOW_KEPT];
};

/* Show it like this from now on: all rows are counted anew. */
void follow_show(struct follow_rows *, struct follow_show);

/* Count the pieces that came since. */
void follow_count(struct follow_rows *);

enum follow_kind { FOLLOW_BYTES, FOLLOW_SILENCE, FOLLOW_GAP, FOLLOW_SHORT, FOLLOW_FAILED, FOLLOW_UNREAD };

/* A row; its bytes are lent until the next piece is read. */
struct follow_row {
	enum follow_kind kind;
	size_t       piece;
	int64_t      nr;                  /* of the rows of its piece, from 0 */
	bool         first;               /* of the bytes of its piece */
	size_t       at, end;             /* FOLLOW_BYTES: bytes of the piece */
	struct bytes bytes;               /* of all of the piece */
	int64_t      ns;                  /* FOLLOW_SILENCE: how long */
	uint64_t     missing;             /* FOLLOW_GAP, FOLLOW_SHORT: bytes */
};

/* False: there is no such row. FOLLOW_UNREAD: its piece is still to be read. */
bool follow_row(struct follow_rows *, int64_t row, struct follow_row *);

/* The first row of a piece, without a silence ahead of it. */
int64_t follow_row_of(struct follow_rows *, size_t piece);

/* The piece of a row, and whether its rows are known. */
size_t follow_piece_of(struct follow_rows *, int64_t row);
bool follow_known(const struct follow_rows *, size_t piece);

/* Read it and count its rows. Rows from `*from` on have moved by the returned number. */
int64_t follow_settle(struct follow_rows *, size_t piece, int64_t *from);

/* Bytes of a piece, whether it is settled or not. */
struct bytes follow_bytes(struct follow_rows *, size_t piece);

/* When the piece before was, of those shown; its own time where there is none. */
int64_t follow_before(const struct follow_rows *, size_t piece);

/* The next piece with a silence ahead of it, or that is a gap; SIZE_MAX: none. */
size_t follow_next_silence(const struct follow_rows *, size_t piece, bool backwards);
size_t follow_next_gap(const struct follow_rows *, size_t piece, bool backwards);

/* The bytes of the character at `at`, and the columns that it fills from `col` on: as area_put()
 * draws it, but for a tab, and a carriage return ahead of a line feed, which fills none. */
size_t follow_character(struct bytes, size_t at, int col, bool ascii, int *columns);

void follow_rows_free(struct follow_rows *);

#endif
