/* reorder.c - see reorder.h. */
#include "reorder.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "limits.h"

/* How long an acknowledged hole may still be filled: captures of several queues
 * or interfaces are out of order by less. */
static const int64_t HOLE_PATIENCE_NS = 10 * 1000000LL;

/* The largest window there is (RFC 7323, 2.3): nothing valid lies farther ahead of what
 * went out, or of what the receiver acknowledged. */
static const uint64_t FARTHEST = 1u << 30;

static bool too_far(const struct reorder *r, uint64_t off)
{
	return off > (r->acked > r->next ? r->acked : r->next) + FARTHEST;
}

static struct mark later(struct mark a, struct mark b)
{
	return a.frame > b.frame ? a : b;
}

/* Of what waits, when something does. */
static struct reorder_part *first_part(const struct reorder *r)
{
	return r->parts + r->parts_from;
}

/* ---- what went out ---- */

/* Remember bytes that go out at `next`. */
static void tail_keep(struct reorder *r, struct bytes b)
{
	uint64_t off = r->next;
	if (!r->tail)
		r->tail = alloc_zeroed(LIMIT_TAIL, 1);
	if (b.n > LIMIT_TAIL) {
		off += b.n - LIMIT_TAIL;
		b = (struct bytes){ b.p + (b.n - LIMIT_TAIL), LIMIT_TAIL };
	}
	size_t at = off % LIMIT_TAIL, first = b.n < LIMIT_TAIL - at ? b.n : LIMIT_TAIL - at;
	memcpy(r->tail + at, b.p, first);
	memcpy(r->tail, b.p + first, b.n - first);
	if (off + b.n - r->tail_from > LIMIT_TAIL)
		r->tail_from = off + b.n - LIMIT_TAIL;
}

/* Nothing before `next` is known any more: a gap went out. */
static void tail_forget(struct reorder *r)
{
	r->tail_from = r->next;
}

static bool tail_differs(const struct reorder *r, uint64_t off, struct bytes b)
{
	uint64_t from = off > r->tail_from ? off : r->tail_from;
	uint64_t to = off + b.n < r->next ? off + b.n : r->next;
	for (; from < to; from++)
		if (r->tail[from % LIMIT_TAIL] != b.p[from - off])
			return true;
	return false;
}

/* Whether bytes at `off` contradict a segment that waits. */
static bool part_differs(const struct reorder_part *part, uint64_t off, struct bytes b)
{
	uint64_t from = off > part->off ? off : part->off;
	uint64_t end = off + b.n, part_end = part->off + part->bytes.n, to = end < part_end ? end : part_end;
	return from < to && memcmp(part->bytes.p + (from - part->off), b.p + (from - off), to - from) != 0;
}

/* How many of the parts that wait begin before `off`. */
static size_t parts_before(const struct reorder *r, uint64_t off)
{
	size_t low = 0, high = r->parts_n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (first_part(r)[middle].off < off)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool differs(const struct reorder *r, uint64_t off, struct bytes b)
{
	if (off < r->next && r->tail && tail_differs(r, off, b))
		return true;
	if (r->parts_n == 0)
		return false;
	const struct reorder_part *parts = first_part(r);
	for (size_t i = parts_before(r, off + b.n); i-- > 0 && parts[i].off + parts[i].len > off; )
		if (part_differs(&parts[i], off, b))
			return true;
	return false;
}

/* ---- sending out ---- */

/* Send out a segment that begins at or before `next` and ends behind it. */
static void deliver(struct reorder *r, const struct reorder_part *part,
                    const struct reorder_out *out)
{
	size_t seen = (size_t)(r->next - part->off);
	uint32_t fresh = part->len - (uint32_t)seen;
	size_t kept = part->bytes.n > seen ? part->bytes.n - seen : 0;
	r->newest = later(r->newest, part->at);
	if (kept)
		tail_keep(r, (struct bytes){ part->bytes.p + seen, kept });
	r->next += fresh;
	if (fresh > kept)
		tail_forget(r);
	r->hole_acked = (struct mark){ 0 };
	if (kept)
		out->data(out->arg, (struct bytes){ part->bytes.p + seen, kept }, part->at, r->newest);
	if (fresh > kept)
		out->gap(out->arg, fresh - kept, r->newest);
}

static void part_drop_first(struct reorder *r)
{
	struct reorder_part *part = first_part(r);
	r->bytes -= part->bytes.n;
	if (r->held)
		*r->held -= part->bytes.n;
	free((void *)(uintptr_t)part->bytes.p);
	r->parts_n--;
	r->parts_from = r->parts_n ? r->parts_from + 1 : 0;
}

/* Send out what waited and is due now. */
static void drain(struct reorder *r, const struct reorder_out *out)
{
	while (r->parts_n && first_part(r)->off <= r->next) {
		struct reorder_part part = *first_part(r);
		if (part.off + part.len > r->next)
			deliver(r, &part, out);
		part_drop_first(r);
	}
}

static void give_up_hole(struct reorder *r, uint64_t end, struct mark at,
                         const struct reorder_out *out)
{
	uint64_t len = end - r->next;
	r->next = end;
	tail_forget(r);
	r->newest = later(r->newest, at);
	r->hole_acked = (struct mark){ 0 };
	out->gap(out->arg, len, r->newest);
	drain(r, out);
}

/* Make room for one more part behind the others. */
static void parts_grow(struct reorder *r)
{
	if (r->parts_from + r->parts_n < r->parts_size)
		return;
	if (r->parts_from > r->parts_n) {
		memmove(r->parts, first_part(r), r->parts_n * sizeof *r->parts);
		r->parts_from = 0;
		return;
	}
	r->parts_size = r->parts_size ? 2 * r->parts_size : 4;
	r->parts = alloc_grown(r->parts, r->parts_size, sizeof *r->parts);
}

/* Keep a segment that came too early, by its offset; one that is there already is not
 * kept again. */
static void part_keep(struct reorder *r, const struct reorder_part *part)
{
	parts_grow(r);
	struct reorder_part *parts = first_part(r);
	size_t i = r->parts_n;
	while (i > 0 && parts[i - 1].off > part->off)
		i--;
	if (i > 0 && parts[i - 1].off + parts[i - 1].bytes.n >= part->off + part->len)
		return;
	memmove(parts + i + 1, parts + i, (r->parts_n++ - i) * sizeof *parts);
	uint8_t *copy = alloc_zeroed(part->bytes.n, 1);
	if (part->bytes.n)
		memcpy(copy, part->bytes.p, part->bytes.n);
	parts[i] = *part;
	parts[i].bytes.p = copy;
	r->bytes += part->bytes.n;
	if (r->held)
		*r->held += part->bytes.n;
}

/* Whether more waits than may. */
static bool too_much(const struct reorder *r)
{
	return r->bytes > LIMIT_OUT_OF_ORDER || r->parts_n > LIMIT_OUT_OF_ORDER_PARTS
	       || (r->held && r->parts_n && *r->held > LIMIT_OUT_OF_ORDER_ALL);
}

bool reorder_data(struct reorder *r, uint64_t off, uint32_t len, struct bytes kept, struct mark at,
                  const struct reorder_out *out)
{
	struct reorder_part part = { off, len, kept, at };
	bool conflict = (off < r->next || r->parts_n) && differs(r, off, kept);
	if (len == 0 || off + len <= r->next || too_far(r, off))
		return conflict;
	if (off <= r->next) {
		deliver(r, &part, out);
		drain(r, out);
		return conflict;
	}
	r->held = out->held;
	part_keep(r, &part);
	while (too_much(r))
		give_up_hole(r, first_part(r)->off, at, out);
	return conflict;
}

void reorder_acked(struct reorder *r, uint64_t off, struct mark at, const struct reorder_out *out)
{
	if (off > r->acked)
		r->acked = off;
	if (off <= r->next)
		return;
	if (r->hole_acked.frame == 0)
		r->hole_acked = at;
	else if (at.ns - r->hole_acked.ns >= HOLE_PATIENCE_NS)
		give_up_hole(r, r->parts_n && first_part(r)->off < off ? first_part(r)->off : off, at, out);
}

void reorder_flush(struct reorder *r, uint64_t end, struct mark at, const struct reorder_out *out)
{
	while (r->parts_n)
		give_up_hole(r, first_part(r)->off, at, out);
	if (end > r->next && !too_far(r, end))
		give_up_hole(r, end, at, out);
}

void reorder_free(struct reorder *r)
{
	while (r->parts_n)
		part_drop_first(r);
	free(r->parts);
	free(r->tail);
	r->parts = NULL;
	r->tail = NULL;
}
