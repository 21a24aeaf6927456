/* stream.c - see stream.h. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "limits.h"

/* ---- which frame carried which byte ---- */

/* Halve the map: every second part's bytes go to the part behind it. */
static void parts_thin(struct stream *s)
{
	size_t kept = 0;
	for (size_t i = 1; i < s->parts_n; i += 2)
		s->parts[kept++] = s->parts[i];
	if (s->parts_n % 2)
		s->parts[kept++] = s->parts[s->parts_n - 1];
	s->parts_n = kept;
}

static void parts_add(struct stream *s, uint64_t len, struct mark carried, struct mark arrived)
{
	if (s->parts_n == LIMIT_STREAM_PARTS)
		parts_thin(s);
	if (s->parts_n == s->parts_size) {
		s->parts_size = s->parts_size ? 2 * s->parts_size : 2;
		s->parts = alloc_grown(s->parts, s->parts_size, sizeof *s->parts);
	}
	s->end += len;
	s->parts[s->parts_n++] = (struct stream_part){ s->end, { carried, arrived } };
}

/* Forget the parts that lie wholly before what may still be asked about. */
static void parts_drop(struct stream *s)
{
	size_t gone = 0;
	while (gone < s->parts_n && s->parts[gone].end <= s->off)
		gone++;
	s->parts_n -= gone;
	if (gone)
		memmove(s->parts, s->parts + gone, s->parts_n * sizeof *s->parts);
}

/* The part that settles a mark at `off`, or NULL when it lies ahead. */
static const struct stream_part *part_of(const struct stream *s, uint64_t off, enum mark_edge edge)
{
	uint64_t last = edge == MARK_BEGIN ? off : off ? off - 1 : 0;   /* the byte meant */
	for (size_t i = 0; i < s->parts_n; i++)
		if (last < s->parts[i].end)
			return &s->parts[i];
	return NULL;
}

void stream_mark(struct stream *s, uint64_t off, enum mark_edge edge, struct mark *mark)
{
	const struct stream_part *part = part_of(s, off, edge);
	if (s->ahead[edge].mark == mark)
		s->ahead[edge].mark = NULL;
	if (part) {
		*mark = part->mark[edge];
		return;
	}
	*mark = (struct mark){ 0 };
	s->ahead[edge].off = off;
	s->ahead[edge].mark = mark;
}

static void ahead_fill(struct stream *s)
{
	for (int i = MARK_BEGIN; i <= MARK_END; i++) {
		const enum mark_edge edge = (enum mark_edge)i;
		const struct stream_part *part;
		if (s->ahead[edge].mark && (part = part_of(s, s->ahead[edge].off, edge))) {
			*s->ahead[edge].mark = part->mark[edge];
			s->ahead[edge].mark = NULL;
		}
	}
}

/* ---- bytes to the dissector ---- */

/* Pass over what the dissector asked to skip; return what is left of b. */
static struct bytes skipped(struct stream *s, struct bytes b)
{
	size_t n = s->skip < b.n ? (size_t)s->skip : b.n;
	if (s->skip != SKIP_REST)
		s->skip -= n;
	s->off += n;
	return n ? (struct bytes){ b.p + n, b.n - n } : b;
}

/* Offer b until the dissector makes no more of it; return what it left. */
static struct bytes offered(struct stream *s, struct bytes b)
{
	for (;;) {
		b = skipped(s, b);
		if (b.n == 0)
			return b;
		struct span span = { b.p, b.n, s->off };
		struct step did = s->last ? s->dissector->last(s->state, s->sink, s->side, span)
		                          : s->dissector->data(s->state, s->sink, s->side, span);
		s->need = did.need;
		if (did.used == 0 && did.skip == 0)
			return b;
		s->off += did.used;
		s->skip = did.skip;
		b = (struct bytes){ b.p + did.used, b.n - did.used };
	}
}

/* The pending bytes, and `len` more that are not there, were in vain. */
static void give_up(struct stream *s, uint64_t len)
{
	uint64_t off = s->off, n = s->pending_n + len;
	s->off += n;
	s->pending_n = 0;
	s->need = 0;
	s->dissector->gap(s->state, s->sink, s->side, off, n);
}

/* Append to pending as much of b as fits; return the rest. */
static struct bytes kept(struct stream *s, struct bytes b)
{
	size_t room = s->dissector->max_pending - s->pending_n;
	size_t n = b.n < room ? b.n : room;
	if (s->pending_n + n > s->pending_size) {
		s->pending_size = 2 * s->pending_size > s->pending_n + n ? 2 * s->pending_size
		                                                         : s->pending_n + n;
		s->pending = alloc_grown(s->pending, s->pending_size, 1);
	}
	memcpy(s->pending + s->pending_n, b.p, n);
	s->pending_n += n;
	return (struct bytes){ b.p + n, b.n - n };
}

/* Whether pending holds what the dissector asked for, or all it may hold. */
static bool enough(const struct stream *s)
{
	return s->pending_n >= s->need || s->pending_n == s->dissector->max_pending;
}

static void offer_pending(struct stream *s)
{
	struct bytes left = offered(s, (struct bytes){ s->pending, s->pending_n });
	if (left.n == s->dissector->max_pending)
		give_up(s, 0);
	else if (left.n > 0 && left.p != s->pending)
		memmove(s->pending, left.p, left.n);
	if (s->pending_n)
		s->pending_n = left.n;
}

/* No more bytes will follow what is pending. */
static void offer_last(struct stream *s)
{
	if (s->pending_n == 0 || !s->dissector->last)
		return;
	s->last = true;
	offer_pending(s);
	s->last = false;
}

void stream_data(struct stream *s, struct bytes b, struct mark carried, struct mark arrived)
{
	if (s->ended || b.n == 0)
		return;
	parts_add(s, b.n, carried, arrived);
	ahead_fill(s);
	if (s->pending_n == 0)
		b = offered(s, b);
	while (b.n > 0) {
		b = kept(s, b);
		if (!enough(s))
			break;
		offer_pending(s);
		if (s->pending_n == 0 && b.n > 0)
			b = offered(s, b);
	}
	parts_drop(s);
}

void stream_gap(struct stream *s, uint64_t len, struct mark at)
{
	if (s->ended)
		return;
	offer_last(s);
	uint64_t n = s->skip < len ? s->skip : len;   /* lost, but not missed */
	parts_add(s, len, at, at);
	ahead_fill(s);
	if (s->skip != SKIP_REST)
		s->skip -= n;
	s->off += n;
	if (len > n)
		give_up(s, len - n);
	parts_drop(s);
}

void stream_end(struct stream *s, enum end_how how)
{
	if (s->ended)
		return;
	offer_last(s);
	s->ended = true;
	s->ahead[MARK_BEGIN].mark = s->ahead[MARK_END].mark = NULL;
	s->dissector->end(s->state, s->sink, s->side, s->end, how);
}

uint8_t *stream_room(struct stream *s, size_t n)
{
	if (n > s->room_size) {
		s->room = alloc_grown(s->room, n, 1);
		s->room_size = n;
	}
	return s->room;
}

void stream_free(struct stream *s)
{
	free(s->room);
	free(s->pending);
	free(s->parts);
	s->pending = s->room = NULL;
	s->parts = NULL;
	s->room_size = 0;
}
