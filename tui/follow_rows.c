/* follow_rows.c - see follow_rows.h. */
#include "follow_rows.h"

#include <stdlib.h>
#include <string.h>

#include "packet_read.h"
#include "text.h"

#define KNOWN   0x80000000u
#define SILENCE 0x40000000u
#define COUNT   0x3fffffffu

enum { TAB = 8, ESCAPED = 4, AHEAD = 64 };

static int64_t rows_of(const struct follow_rows *f, size_t piece)
{
	return f->rows[piece] & COUNT;
}

static bool is_shown(const struct follow_rows *f, size_t piece)
{
	return f->show.side == NONE || (int)f->talk->pieces[piece].sender == f->show.side;
}

/* ---- counting ---- */

static uint32_t estimate(const struct follow_rows *f, const struct piece *p)
{
	uint64_t width = (uint64_t)(f->show.hex ? f->show.per_row : f->show.cols < 60 ? f->show.cols : 60);
	uint64_t rows = (p->n + width - 1) / width;
	return rows > COUNT / 2 ? COUNT / 2 : (uint32_t)rows;
}

static void piece_count(struct follow_rows *f, size_t i)
{
	const struct piece *p = &f->talk->pieces[i];
	f->rows[i] = 0;
	if (is_shown(f, i)) {
		uint32_t silence = f->last_ns != NO_TIME && p->at.ns - f->last_ns >= FOLLOW_SILENCE_NS;
		f->rows[i] = (p->kind == PIECE_GAP ? 1 | KNOWN : estimate(f, p)) + silence;
		f->rows[i] |= silence ? SILENCE : 0;
		f->last_ns = p->at.ns;
	} else {
		f->rows[i] = KNOWN;
	}
	if (i % FOLLOW_BLOCK == 0)
		f->block[i / FOLLOW_BLOCK] = 0;
	f->block[i / FOLLOW_BLOCK] += rows_of(f, i);
	f->total += rows_of(f, i);
}

void follow_count(struct follow_rows *f)
{
	if (f->room < f->talk->n) {
		f->room = f->talk->room;
		f->rows = alloc_grown(f->rows, f->room, sizeof *f->rows);
		f->block = alloc_grown(f->block, f->room / FOLLOW_BLOCK + 1, sizeof *f->block);
	}
	while (f->n < f->talk->n)
		piece_count(f, f->n++);
}

void follow_show(struct follow_rows *f, struct follow_show show)
{
	f->show = show;
	f->shown++;
	f->n = 0;
	f->total = 0;
	f->last_ns = NO_TIME;
	f->found.piece = 0;
	f->found.row = 0;
	follow_count(f);
}

/* ---- where rows are ---- */

/* The piece of a row, and the piece's first row; the way from the last one found is often short. */
static size_t piece_at(struct follow_rows *f, int64_t row, int64_t *first)
{
	size_t piece = f->found.piece;
	*first = f->found.row;
	if (row < *first || row - *first > 16 * FOLLOW_BLOCK || piece >= f->n) {
		*first = 0;
		for (piece = 0; piece + FOLLOW_BLOCK < f->n && *first + f->block[piece / FOLLOW_BLOCK] <= row; piece += FOLLOW_BLOCK)
			*first += f->block[piece / FOLLOW_BLOCK];
	}
	for (; piece + 1 < f->n && *first + rows_of(f, piece) <= row; piece++)
		*first += rows_of(f, piece);
	f->found.piece = piece;
	f->found.row = *first;
	return piece;
}

size_t follow_piece_of(struct follow_rows *f, int64_t row)
{
	int64_t first;
	return piece_at(f, row, &first);
}

static int64_t first_row(const struct follow_rows *f, size_t piece)
{
	int64_t row = 0;
	size_t i = 0;
	for (; i + FOLLOW_BLOCK <= piece; i += FOLLOW_BLOCK)
		row += f->block[i / FOLLOW_BLOCK];
	for (; i < piece; i++)
		row += rows_of(f, i);
	return row;
}

int64_t follow_row_of(struct follow_rows *f, size_t piece)
{
	return first_row(f, piece) + (f->rows[piece] & SILENCE ? 1 : 0);
}

bool follow_known(const struct follow_rows *f, size_t piece)
{
	return f->rows[piece] & KNOWN;
}

int64_t follow_before(const struct follow_rows *f, size_t piece)
{
	for (size_t i = piece; i > 0; i--)
		if (is_shown(f, i - 1))
			return f->talk->pieces[i - 1].at.ns;
	return f->talk->pieces[piece].at.ns;
}

static size_t next_of(const struct follow_rows *f, size_t piece, bool backwards, bool gap)
{
	for (size_t i = backwards ? piece - 1 : piece + 1; i < f->n; i = backwards ? i - 1 : i + 1)
		if (gap ? is_shown(f, i) && f->talk->pieces[i].kind == PIECE_GAP : f->rows[i] & SILENCE)
			return i;
	return SIZE_MAX;
}

size_t follow_next_silence(const struct follow_rows *f, size_t piece, bool backwards)
{
	return next_of(f, piece, backwards, false);
}

size_t follow_next_gap(const struct follow_rows *f, size_t piece, bool backwards)
{
	return next_of(f, piece, backwards, true);
}

/* ---- rows of a piece ---- */

size_t follow_character(struct bytes b, size_t at, int col, bool ascii, int *columns)
{
	uint32_t c;
	if (b.p[at] == '\t') {
		*columns = TAB - col % TAB;
		return 1;
	}
	if (b.p[at] == '\r' && at + 1 < b.n && b.p[at + 1] == '\n') {
		*columns = 0;
		return 1;
	}
	size_t n = text_character((const char *)b.p + at, b.n - at, &c, columns);
	if (ascii && b.p[at] > '~')
		*columns = ESCAPED * (int)n;
	return n;
}

static void start_add(struct follow_piece *k, size_t at, size_t *room)
{
	if (k->rows == *room) {
		*room = *room ? 2 * *room : 64;
		k->start = alloc_grown(k->start, *room, sizeof *k->start);
	}
	k->start[k->rows++] = (uint32_t)at;
}

static void text_lay_out(struct follow_piece *k, const struct follow_show *show, size_t *room)
{
	struct bytes b = { k->bytes, k->n };
	int col = 0, columns;
	bool begins = true;
	for (size_t at = 0, n; at < b.n; at += n) {
		if (begins)
			start_add(k, at, room);
		begins = b.p[at] == '\n';
		if (begins) {
			col = 0;
			n = 1;
			continue;
		}
		n = follow_character(b, at, col, show->ascii, &columns);
		if (col > 0 && col + columns > show->cols) {
			start_add(k, at, room);
			col = 0;
			n = follow_character(b, at, col, show->ascii, &columns);
		}
		col += columns;
	}
}

static void lay_out(const struct follow_rows *f, struct follow_piece *k)
{
	size_t room = 0;
	free(k->start);
	k->start = NULL;
	k->rows = 0;
	if (f->show.hex)
		for (size_t at = 0; at < k->n; at += (size_t)f->show.per_row)
			start_add(k, at, &room);
	else
		text_lay_out(k, &f->show, &room);
	start_add(k, k->n, &room);
	k->rows--;
	k->shown = f->shown;
}

/* ---- reading ---- */

static size_t held_by(const struct follow_piece *k)
{
	return k->n + (k->rows + 1) * sizeof *k->start;
}

static void piece_drop(struct follow_rows *f, struct follow_piece *k)
{
	f->held -= k->used ? held_by(k) : 0;
	free(k->bytes);
	free(k->start);
	*k = (struct follow_piece){ 0 };
}

static struct follow_piece *piece_take(struct follow_rows *f, size_t piece)
{
	struct follow_piece *k = &f->kept[piece % FOLLOW_KEPT];
	struct bytes b;
	struct err err;
	if (k->used && k->piece == piece)
		return k;
	piece_drop(f, k);
	for (int i = 0; f->held > FOLLOW_HELD && i < FOLLOW_KEPT; i++)
		piece_drop(f, &f->kept[i]);
	*k = (struct follow_piece){ .piece = piece, .used = true };
	f->held += held_by(k);
	f->last_read = piece;
	if (!conversation_read(f->talk, f->reader, piece, 0, SIZE_MAX, &b, &err)) {
		k->failed = true;
		f->trouble = err;
		return k;
	}
	f->held += b.n;
	k->bytes = alloc_grown(NULL, b.n + 1, 1);
	if (b.n)
		memcpy(k->bytes, b.p, b.n);
	k->n = b.n;
	return k;
}

/* Going back, those before are read as well, in the file's order: the next one wanted is one
 * of them. */
static struct follow_piece *piece_read(struct follow_rows *f, size_t piece)
{
	struct follow_piece *k = &f->kept[piece % FOLLOW_KEPT];
	if (f->in_order && piece < f->last_read && !(k->used && k->piece == piece))
		for (size_t i = piece > AHEAD ? piece - AHEAD : 0; i < piece; i++)
			if (is_shown(f, i) && f->talk->pieces[i].kind == PIECE_DATA)
				piece_take(f, i);
	return piece_take(f, piece);
}

static struct follow_piece *piece_lay_out(struct follow_rows *f, size_t piece)
{
	struct follow_piece *k = piece_read(f, piece);
	if (k->shown != f->shown || !k->start) {
		f->held -= held_by(k);
		lay_out(f, k);
		f->held += held_by(k);
	}
	return k;
}

struct bytes follow_bytes(struct follow_rows *f, size_t piece)
{
	if (f->talk->pieces[piece].kind == PIECE_GAP)
		return (struct bytes){ 0 };
	struct follow_piece *k = piece_read(f, piece);
	return (struct bytes){ k->bytes, k->n };
}

int64_t follow_settle(struct follow_rows *f, size_t piece, int64_t *from)
{
	if (follow_known(f, piece))
		return 0;
	struct follow_piece *k = piece_lay_out(f, piece);
	uint32_t silence = f->rows[piece] & SILENCE;
	int64_t before = rows_of(f, piece), rows = (int64_t)k->rows + (k->n < f->talk->pieces[piece].n) + (silence != 0);
	f->rows[piece] = (uint32_t)rows | silence | KNOWN;
	f->block[piece / FOLLOW_BLOCK] += rows - before;
	f->total += rows - before;
	*from = first_row(f, piece) + before;
	if (f->found.piece > piece)
		f->found.piece = f->n;
	return rows - before;
}

bool follow_row(struct follow_rows *f, int64_t row, struct follow_row *r)
{
	int64_t first;
	if (row < 0 || row >= f->total)
		return false;
	size_t piece = piece_at(f, row, &first);
	const struct piece *p = &f->talk->pieces[piece];
	int64_t nr = row - first, at = nr - (f->rows[piece] & SILENCE ? 1 : 0);
	*r = (struct follow_row){ .piece = piece, .nr = nr, .first = at == 0 };
	if (at < 0) {
		r->kind = FOLLOW_SILENCE;
		r->ns = p->at.ns - follow_before(f, piece);
	} else if (p->kind == PIECE_GAP) {
		r->kind = FOLLOW_GAP;
		r->missing = p->n;
	} else if (!follow_known(f, piece)) {
		r->kind = FOLLOW_UNREAD;
	} else {
		const struct follow_piece *k = piece_lay_out(f, piece);
		r->kind = k->failed ? FOLLOW_FAILED : at < (int64_t)k->rows ? FOLLOW_BYTES : FOLLOW_SHORT;
		r->missing = p->n - k->n;
		r->bytes = (struct bytes){ k->bytes, k->n };
		if (r->kind == FOLLOW_BYTES) {
			r->at = k->start[at];
			r->end = k->start[at + 1];
		}
	}
	return true;
}

void follow_rows_free(struct follow_rows *f)
{
	for (int i = 0; i < FOLLOW_KEPT; i++)
		piece_drop(f, &f->kept[i]);
	free(f->rows);
	free(f->block);
}
