/* flow_pack.c - see flow_pack.h.
 *
 *   the struct, then each side's `recent`, as words (below)
 *   the index chunk's bytes, then the path's: the struct says how many the former are
 *
 * n words: ceil(n / 8) bytes with a bit for each word that is not zero; then for each of
 * these a byte, how many bytes follow (RELATIVE: of the distance from `base`), and these.
 */
#include "flow_pack.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { RELATIVE = 0x80 };
enum { FLOW_WORDS = sizeof(struct flow) / 8, RECENT_WORDS = LIMIT_RECENT_SEGMENTS * sizeof(struct recent) / 8 };

_Static_assert(sizeof(struct flow) % 8 == 0 && sizeof(struct recent) % 8 == 0, "both are made of words");

static unsigned width(uint64_t v)
{
	return v ? (unsigned)(71 - __builtin_clzll(v)) / 8 : 0;
}

static uint8_t *words_pack(uint8_t *to, const void *from, size_t n, uint64_t base)
{
	uint8_t *bits = to;
	to += (n + 7) / 8;
	memset(bits, 0, (n + 7) / 8);
	for (size_t i = 0; i < n; i++) {
		uint64_t v;
		memcpy(&v, (const uint8_t *)from + 8 * i, sizeof v);
		if (v == 0)
			continue;
		unsigned plain = width(v), near = width(v - base);
		if (near < plain)
			v -= base;
		*to++ = (uint8_t)(near < plain ? near | RELATIVE : plain);
		memcpy(to, &v, sizeof v);      /* as this machine orders them: no other will read it */
		to += near < plain ? near : plain;
		bits[i / 8] |= (uint8_t)(1u << i % 8);
	}
	return to;
}

static void words_unpack(struct rd *r, void *to, size_t n, uint64_t base)
{
	struct bytes bits = rd_take(r, (n + 7) / 8);
	memset(to, 0, 8 * n);
	for (size_t i = 0; i < n && rd_ok(r); i++) {
		if (!(bits.p[i / 8] & 1u << i % 8))
			continue;
		unsigned how = rd_u8(r);
		struct bytes b = rd_take(r, how & ~(unsigned)RELATIVE & 15);
		uint64_t v = 0;
		memcpy(&v, b.p, b.n <= sizeof v ? b.n : 0);
		v += how & RELATIVE ? base : 0;
		memcpy((uint8_t *)to + 8 * i, &v, sizeof v);
	}
}

bool flow_packs(const struct flow *f)
{
	return !f->talk && !f->closing;
}

size_t flow_pack(const struct flow *f, uint8_t to[static FLOW_PACKED_MAX])
{
	uint8_t *end = to;
	uint64_t base = (uint64_t)f->first.ns;
	memcpy(end, &base, sizeof base);
	end = words_pack(end + sizeof base, f, FLOW_WORDS, base);
	for (int i = CLIENT; i <= SERVER; i++)
		if (f->side[i].recent)
			end = words_pack(end, f->side[i].recent, RECENT_WORDS, base);
	if (f->packets.n)
		memcpy(end, f->packets.bytes, f->packets.n);
	end += f->packets.n;
	size_t path = f->path ? strlen(f->path) + 1 : 0;
	if (path)
		memcpy(end, f->path, path);
	return (size_t)(end + path - to);
}

/* The struct; its pointers to what it owned say only whether it owned something. */
static uint64_t struct_unpack(struct rd *r, struct flow *f)
{
	uint64_t base = 0;
	struct bytes b = rd_take(r, sizeof base);
	memcpy(&base, b.p, b.n);
	words_unpack(r, f, FLOW_WORDS, base);
	return base;
}

void flow_peek(struct bytes packed, struct flow *f)
{
	struct rd r = rd_over(packed);
	struct_unpack(&r, f);
	f->side[CLIENT].recent = f->side[SERVER].recent = NULL;
	f->packets = (struct packet_chunk){ 0 };
	f->path = NULL;
}

void flow_unpack(struct bytes packed, struct flow *f)
{
	struct rd r = rd_over(packed);
	uint64_t base = struct_unpack(&r, f);
	for (int i = CLIENT; i <= SERVER; i++) {
		if (!f->side[i].recent)
			continue;
		f->side[i].recent = alloc_zeroed(LIMIT_RECENT_SEGMENTS, sizeof *f->side[i].recent);
		words_unpack(&r, f->side[i].recent, RECENT_WORDS, base);
	}
	struct bytes chunk = rd_take(&r, f->packets.n);
	f->packets.bytes = NULL;
	f->packets.size = chunk.n;
	if (chunk.n) {
		f->packets.bytes = alloc_grown(NULL, chunk.n, 1);
		memcpy(f->packets.bytes, chunk.p, chunk.n);
	}
	if (f->path)
		f->path = text_copy((const char *)r.p);
	if (!rd_ok(&r))
		die("a flow that was put aside is not as it was");
}
