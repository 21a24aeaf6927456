/* fragment.c - see fragment.h. */
#include "fragment.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "hash.h"
#include "limits.h"

enum { BUCKETS = 1024, DATAGRAM_MAX = 65535, HEADROOM = 40, IP4_HEADER = 20, IP6_HEADER = 40 };

static const int64_t IP4_WAIT_NS = 30 * 1000000000LL, IP6_WAIT_NS = 60 * 1000000000LL;

static const char overlap[] = "ip fragments overlap";
static const char conflict[] = "ip fragments overlap and differ";

/* [from, to) of the datagram's payload is there. */
struct span { uint32_t from, to; };

/* What pieces that belong together share. */
struct identity { uint8_t src[16], dst[16]; uint32_t id, path, family_and_protocol; };

struct waiting {
	struct identity identity;
	int64_t         since_ns;
	bool            ip4, has_end;
	size_t          end;               /* the payload's size, when its last piece came */
	size_t          first_cut;         /* the first byte that was not captured */
	uint64_t        frames;
	struct span    *spans;             /* in order; they do not touch */
	size_t          spans_n, spans_size;
	uint8_t        *bytes;             /* HEADROOM for an IP header, then the payload */
	size_t          size;              /* allocated for the payload */
	struct datagram whole;
	struct waiting *in_bucket, *newer, *older;
};

struct fragments {
	struct hash_key        key;
	struct waiting        *buckets[BUCKETS];
	struct waiting        *oldest, *newest;
	size_t                 n, bytes;
	struct waiting        *done;       /* handed out; linked by in_bucket */
	struct fragment_counts counts;
};

struct fragments *fragments_new(void)
{
	struct fragments *f = alloc_zeroed(1, sizeof *f);
	f->key = hash_key_random();
	return f;
}

static void waiting_free(struct waiting *d)
{
	free(d->spans);
	free(d->bytes);
	free(d);
}

void fragments_release(struct fragments *f)
{
	for (struct waiting *d = f->done, *next; d; d = next) {
		next = d->in_bucket;
		waiting_free(d);
	}
	f->done = NULL;
}

void fragments_free(struct fragments *f)
{
	fragments_release(f);
	for (struct waiting *d = f->oldest, *next; d; d = next) {
		next = d->newer;
		waiting_free(d);
	}
	free(f);
}

const struct fragment_counts *fragments_counts(const struct fragments *f)
{
	return &f->counts;
}

/* ---- the table ---- */

static size_t memory_of(const struct waiting *d)
{
	return sizeof *d + d->spans_size * sizeof *d->spans + (d->size ? HEADROOM + d->size : 0);
}

static struct waiting **bucket_of(struct fragments *f, const struct identity *identity)
{
	return &f->buckets[hash_bytes(&f->key, identity, sizeof *identity) & (BUCKETS - 1)];
}

static struct waiting *waiting_find(struct fragments *f, const struct identity *identity)
{
	struct waiting *d = *bucket_of(f, identity);
	while (d && memcmp(&d->identity, identity, sizeof *identity) != 0)
		d = d->in_bucket;
	return d;
}

/* Out of the table and the list; it still is the caller's to free. */
static void waiting_unlink(struct fragments *f, struct waiting *d)
{
	struct waiting **at = bucket_of(f, &d->identity);
	while (*at != d)
		at = &(*at)->in_bucket;
	*at = d->in_bucket;
	*(d->older ? &d->older->newer : &f->oldest) = d->newer;
	*(d->newer ? &d->newer->older : &f->newest) = d->older;
	f->n--;
	f->bytes -= memory_of(d);
}

static void waiting_give_up(struct fragments *f, struct waiting *d, uint64_t *counter)
{
	++*counter;
	waiting_unlink(f, d);
	waiting_free(d);
}

static bool is_late(const struct waiting *d, int64_t ns)
{
	return ns > d->since_ns && ns - d->since_ns > (d->ip4 ? IP4_WAIT_NS : IP6_WAIT_NS);
}

/* Room for one more. In order of age, so a few of IPv4 may stay behind one of
 * IPv6 that waits longer; none is used after its time. */
static void room_make(struct fragments *f, int64_t ns)
{
	while (f->oldest && is_late(f->oldest, ns))
		waiting_give_up(f, f->oldest, &f->counts.timed_out);
	while (f->n >= LIMIT_FRAGMENT_DATAGRAMS || f->bytes > LIMIT_FRAGMENT_BYTES)
		waiting_give_up(f, f->oldest, &f->counts.pushed_out);
}

static struct waiting *waiting_new(struct fragments *f, const struct identity *identity, bool ip4,
                                   int64_t ns)
{
	struct waiting *d = alloc_zeroed(1, sizeof *d), **bucket = bucket_of(f, identity);
	d->identity = *identity;
	d->ip4 = ip4;
	d->since_ns = ns;
	d->first_cut = SIZE_MAX;
	d->in_bucket = *bucket;
	*bucket = d;
	d->older = f->newest;
	*(f->newest ? &f->newest->newer : &f->oldest) = d;
	f->newest = d;
	f->n++;
	f->bytes += memory_of(d);
	return d;
}

/* ---- pieces ---- */

/* The bytes [from, to) of the piece, which begins at `off`. */
static void bytes_put(struct waiting *d, const struct fragment *p, size_t from, size_t to)
{
	size_t kept = p->off + p->data.n;
	if (to > kept)
		to = kept;
	if (from < to)
		memcpy(d->bytes + HEADROOM + from, p->data.p + (from - p->off), to - from);
}

/* Whether the piece has other bytes there than those that came first. */
static bool bytes_differ(const struct waiting *d, const struct fragment *p, size_t from, size_t to)
{
	size_t kept = p->off + p->data.n;
	if (to > kept)
		to = kept;
	return from < to && to <= d->first_cut
	       && memcmp(d->bytes + HEADROOM + from, p->data.p + (from - p->off), to - from) != 0;
}

/* [from, to) is there now: one span with all that it meets. */
static void span_add(struct waiting *d, size_t from, size_t to)
{
	size_t i = 0, j;
	while (i < d->spans_n && d->spans[i].to < from)
		i++;
	for (j = i; j < d->spans_n && d->spans[j].from <= to; j++) {
		from = d->spans[j].from < from ? d->spans[j].from : from;
		to = d->spans[j].to > to ? d->spans[j].to : to;
	}
	if (i == j && d->spans_n == d->spans_size) {
		d->spans_size = d->spans_size ? d->spans_size * 2 : 4;
		d->spans = alloc_grown(d->spans, d->spans_size, sizeof *d->spans);
	}
	memmove(d->spans + i + 1, d->spans + j, (d->spans_n - j) * sizeof *d->spans);
	d->spans_n = d->spans_n - (j - i) + 1;
	d->spans[i] = (struct span){ (uint32_t)from, (uint32_t)to };
}

/* The piece [from, to): its bytes where none were. One that only repeats what is
 * there, as a copy does, is no overlap. */
static void piece_put(struct fragments *f, struct waiting *d, const struct fragment *p, size_t to)
{
	size_t at = p->off, shared = 0;
	bool differ = false;
	for (size_t i = 0; i < d->spans_n && at < to; i++) {
		size_t from = d->spans[i].from, end = d->spans[i].to;
		if (end <= at || from >= to)
			continue;
		if (from > at) {
			bytes_put(d, p, at, from);
			at = from;
		}
		end = end < to ? end : to;
		differ = differ || bytes_differ(d, p, at, end);
		shared += end - at;
		at = end;
	}
	bytes_put(d, p, at, to);
	if (shared && (differ || shared < to - p->off)) {
		f->counts.overlapping += !d->whole.odd;
		if (d->whole.odd != conflict)
			d->whole.odd = differ ? conflict : overlap;
	}
	if (to > p->off)
		span_add(d, p->off, to);
}

static void size_grow(struct waiting *d, size_t size)
{
	if (size <= d->size)
		return;
	size_t grown = d->size * 2 > size ? d->size * 2 : size;
	d->size = grown < DATAGRAM_MAX ? grown : DATAGRAM_MAX;
	d->bytes = alloc_grown(d->bytes, HEADROOM + d->size, 1);
}

/* ---- the whole ---- */

static void be16_put(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The header of the piece at offset 0, as that of a packet that was never cut.
 * Options are left out, the checksum is not made. */
static void header_put(struct waiting *d, const struct fragment *p)
{
	size_t n = d->ip4 ? IP4_HEADER : IP6_HEADER;
	if (p->header.n < n)
		return;
	memcpy(d->bytes + HEADROOM - n, p->header.p, n);
	d->whole.protocol = p->protocol;
}

static void whole_make(struct waiting *d)
{
	size_t n = d->ip4 ? IP4_HEADER : IP6_HEADER;
	size_t kept = d->first_cut < d->end ? d->first_cut : d->end;
	uint8_t *ip = d->bytes + HEADROOM - n;
	if (d->ip4) {
		size_t total = n + d->end;
		ip[0] = 0x45;
		be16_put(ip + 2, total < DATAGRAM_MAX ? total : DATAGRAM_MAX);
		be16_put(ip + 6, 0);
		ip[9] = d->whole.protocol;
	} else {
		be16_put(ip + 4, d->end);
		ip[6] = d->whole.protocol;
	}
	d->whole.payload = (struct bytes){ ip + n, kept };
	d->whole.ip = (struct bytes){ ip, n + kept };
	d->whole.cut = d->end - kept;
}

static const struct datagram *whole_if(struct fragments *f, struct waiting *d)
{
	if (!d->has_end || !d->spans_n || d->spans[0].from != 0 || d->spans[0].to < d->end)
		return NULL;
	waiting_unlink(f, d);
	f->counts.whole++;
	f->counts.parts += d->frames - 1;
	whole_make(d);
	d->in_bucket = f->done;
	f->done = d;
	return &d->whole;
}

const struct datagram *fragments_add(struct fragments *f, const struct fragment *p, int64_t ns)
{
	struct identity identity = { .id = p->id, .path = p->path,
		.family_and_protocol = p->ip4 ? 0x100u | p->protocol : 0 };
	size_t to = p->off + p->data.n + p->cut;
	memcpy(identity.src, p->src, 16);
	memcpy(identity.dst, p->dst, 16);
	if (to > DATAGRAM_MAX || (to == p->off && p->more)) {
		f->counts.malformed++;
		return NULL;
	}
	struct waiting *d = waiting_find(f, &identity);
	if (d && is_late(d, ns)) {
		waiting_give_up(f, d, &f->counts.timed_out);
		d = NULL;
	}
	if (!d) {
		room_make(f, ns);
		d = waiting_new(f, &identity, p->ip4, ns);
	}
	f->bytes -= memory_of(d);
	size_grow(d, to);
	d->frames++;
	if (p->off == 0 && !(d->spans_n && d->spans[0].from == 0))
		header_put(d, p);
	piece_put(f, d, p, to);
	if (p->cut && p->off + p->data.n < d->first_cut)
		d->first_cut = p->off + p->data.n;
	if (!p->more && !d->has_end)
		d->has_end = true, d->end = to;
	f->bytes += memory_of(d);
	if (d->spans_n > LIMIT_FRAGMENT_SPANS) {
		waiting_give_up(f, d, &f->counts.pushed_out);
		return NULL;
	}
	return whole_if(f, d);
}
