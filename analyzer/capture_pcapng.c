/* capture_pcapng.c - walk a pcapng file (draft-ietf-opsawg-pcapng).
 *
 *   block             4 type | 4 length of all of it | body | 4 the length again
 *   option            2 code | 2 length | value, padded to a multiple of 4
 *   section header    0a0d0d0a: 4 byte order 1a2b3c4d | 2 major | 2 minor | 8 length | options
 *   interface         1: 2 link type | 2 - | 4 snaplen | options
 *   packet (old)      2: 2 interface | 2 drops | 8 time | 4 kept | 4 on the wire | bytes | options
 *   simple packet     3: 4 on the wire | bytes
 *   statistics        5: 4 interface | 8 time | options
 *   enhanced packet   6: 4 interface | 8 time | 4 kept | 4 on the wire | bytes | options
 *   journal entry     9: text of systemd's
 *   custom            bad, 40000bad: 4 enterprise number | …
 *   sysdig event      204, 216, 221: 2 cpu | 8 time | 8 thread | 4 length | 2 type | …
 *
 * A time is two words, the upper first. Every other block (names, secrets, ones
 * that nobody knows) is passed over. Custom blocks, journal entries and sysdig's
 * events are frames for Wireshark, so they are counted as frames here: otherwise
 * the numbers would not be Wireshark's. A section begins anew with its byte order
 * and interfaces.
 */
#include <stdlib.h>
#include <string.h>

#include "capture_format.h"

enum {
	SECTION = 0x0A0D0D0A, INTERFACE = 1, PACKET = 2, SIMPLE_PACKET = 3, STATISTICS = 5,
	ENHANCED_PACKET = 6, JOURNAL = 9, CUSTOM = 0xBAD, CUSTOM_NO_COPY = 0x40000BAD,
	SYSDIG = 0x204, SYSDIG_2 = 0x216, SYSDIG_2_LARGE = 0x221,
};
enum { BLOCK_HEAD = 8, BLOCK_LEAST = 12, SECTION_LEAST = 28, TRAILER = 4 };
enum { OPTION_END = 0, OPTION_COMMENT = 1 };
enum { MICROSECONDS = 6 };

/* The block at the front of the window: its body, or what the window holds of it. */
struct block { uint32_t type; uint64_t n; struct rd body; };

static uint16_t u16(const struct capture *c, struct rd *r)
{
	return (uint16_t)rd_int(r, 2, c->in.big);
}

static uint32_t u32(const struct capture *c, struct rd *r)
{
	return (uint32_t)rd_int(r, 4, c->in.big);
}

static uint64_t time_words(const struct capture *c, struct rd *r)
{
	uint64_t upper = u32(c, r);
	return upper << 32 | u32(c, r);
}

/* ---- blocks ---- */

static uint64_t padded(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

static enum capture_next lengths_differ(struct capture *c, struct err *err, uint64_t first,
                                        uint32_t second)
{
	return capture_broken(c, err,
	                      "a block says at its beginning that it is %llu bytes long, and at "
	                      "its end %u", (unsigned long long)first, second);
}

/* Look at the next block without taking it: CAPTURE_PACKET where there is one.
 * Its second length is held against the first as far as the window goes. */
static enum capture_next block_see(struct capture *c, struct block *b, struct err *err)
{
	static const uint8_t big_endian[] = { 0x1a, 0x2b, 0x3c, 0x4d };
	struct bytes see = source_peek(c->source, BLOCK_LEAST);
	struct rd head = rd_over(see);
	if (see.n == 0)
		return CAPTURE_END;
	if (see.n < BLOCK_LEAST)
		return capture_short(c, err, "next block's header", BLOCK_LEAST, see.n);
	bool big = c->in.big;
	b->type = u32(c, &head);
	if (b->type == SECTION)            /* reads alike in both orders; the magic tells which */
		c->in.big = memcmp(see.p + BLOCK_HEAD, big_endian, sizeof big_endian) == 0;
	b->n = padded(u32(c, &head));
	if (b->n < (b->type == SECTION ? SECTION_LEAST : BLOCK_LEAST)) {
		c->in.big = big;
		return capture_broken(c, err,
		                      "a block says that it is %llu bytes long, which is less than "
		                      "a block can be", (unsigned long long)b->n);
	}
	size_t n = b->n < SOURCE_WINDOW ? (size_t)b->n : SOURCE_WINDOW;
	if (see.n < n)
		see = source_peek(c->source, n);
	if (see.n < n)
		return capture_short(c, err, "next block", b->n, see.n);
	b->body = rd_over((struct bytes){ see.p + BLOCK_HEAD, n - BLOCK_HEAD });
	if (n < b->n)
		return CAPTURE_PACKET;
	b->body.n -= TRAILER;
	struct rd trailer = rd_over((struct bytes){ see.p + n - TRAILER, TRAILER });
	uint32_t again = u32(c, &trailer);
	return padded(again) == b->n ? CAPTURE_PACKET : lengths_differ(c, err, b->n, again);
}

/* Take the block whose length is pending. */
static enum capture_next block_pass(struct capture *c, struct err *err)
{
	uint64_t n = c->pending;
	c->pending = 0;
	if (n <= SOURCE_WINDOW) {
		source_take(c->source, (size_t)n);
		return CAPTURE_PACKET;
	}
	struct bytes trailer = { 0 };
	if (source_skip(c->source, n - TRAILER))
		trailer = source_peek(c->source, TRAILER);
	if (trailer.n < TRAILER)
		return capture_short(c, err, "block", n, 0);
	struct rd r = rd_over(trailer);
	uint32_t again = u32(c, &r);
	if (padded(again) != n)
		return lengths_differ(c, err, n, again);
	source_take(c->source, TRAILER);
	return CAPTURE_PACKET;
}

/* The next option; false: there is none, or what follows is none. */
static bool option_next(const struct capture *c, struct rd *r, unsigned *code, struct rd *value)
{
	if (rd_left(r) < 4)
		return false;
	*code = u16(c, r);
	size_t n = u16(c, r);
	*value = rd_sub(r, n);
	rd_take(r, padded(n) - n < rd_left(r) ? padded(n) - n : rd_left(r));
	return *code != OPTION_END && rd_ok(value);
}

/* ---- blocks that are no frames ---- */

static void text_set(char **to, struct rd value)
{
	free(*to);
	*to = text_of((struct bytes){ value.p, value.n }, LIMIT_INTERFACE_TEXT);
}

static enum capture_next section_read(struct capture *c, struct rd r, struct err *err)
{
	enum { OPTION_OS = 3 };
	static const uint8_t order[] = { 0x4d, 0x3c, 0x2b, 0x1a };
	struct bytes magic = rd_take(&r, sizeof order);
	unsigned major = u16(c, &r), minor = u16(c, &r), code;
	struct rd value;
	if (!c->in.big && memcmp(magic.p, order, sizeof order) != 0)
		return capture_broken(c, err, "a section's byte order cannot be told");
	if (major != 1 || (minor != 0 && minor != 2))
		return capture_broken(c, err,
		                      "a section is of version %u.%u of pcapng, which is not "
		                      "understood", major, minor);
	rd_take(&r, 8);
	c->in.nr++;
	c->in.first = c->interfaces_n;
	free(c->section_os);
	c->section_os = NULL;
	while (option_next(c, &r, &code, &value)) {
		if (code == OPTION_COMMENT)
			comment_add(c, NONE, (struct bytes){ value.p, value.n });
		else if (code == OPTION_OS)
			text_set(&c->section_os, value);
	}
	return CAPTURE_PACKET;
}

/* if_tsresol: 10^-n s, or 2^-n s where the upper bit is set. */
static void resolution_set(struct interface *i, uint8_t resolution)
{
	bool binary = resolution & 0x80;
	unsigned power = resolution & 0x7f;
	i->resolution = resolution;
	i->unit_ns = 0;
	i->units = power > (binary ? 63 : 19) ? 0 : 1;
	for (unsigned n = 0; i->units && n < power; n++)
		i->units *= binary ? 2 : 10;
	if (!binary && power <= 9)
		i->unit_ns = (uint32_t)(1000000000 / i->units);
}

static void interface_option(const struct capture *c, struct interface *i, unsigned code,
                             struct rd value)
{
	enum { NAME = 2, DESCRIPTION = 3, RESOLUTION = 9, FILTER = 11, OS = 12, TIME_OFFSET = 14 };
	switch (code) {
	case NAME:        text_set(&i->name, value); break;
	case DESCRIPTION: text_set(&i->description, value); break;
	case OS:          text_set(&i->os, value); break;
	case FILTER:
		if (rd_u8(&value) == 0)            /* 0: text; 1: a BPF program */
			text_set(&i->filter, value);
		break;
	case RESOLUTION:
		if (rd_left(&value) == 1)
			resolution_set(i, rd_u8(&value));
		break;
	case TIME_OFFSET:
		if (rd_left(&value) == 8)
			i->offset_s = (int64_t)rd_int(&value, 8, c->in.big);
		break;
	default:
		break;
	}
}

static enum capture_next interface_read(struct capture *c, struct rd r, struct err *err)
{
	unsigned code, link_type = u16(c, &r);
	struct rd value;
	rd_take(&r, 2);
	uint32_t snaplen = u32(c, &r);
	if (!rd_ok(&r))
		return capture_broken(c, err, "an interface's block is too short");
	struct interface *i = interface_add(c, link_type, snaplen);
	if (!i)
		return capture_broken(c, err, "it names more than %d interfaces", LIMIT_INTERFACES);
	i->in = c->in;
	i->offset = source_offset(c->source);
	resolution_set(i, MICROSECONDS);
	if (c->section_os)
		i->os = text_copy(c->section_os);
	while (option_next(c, &r, &code, &value)) {
		if (code == OPTION_COMMENT)
			comment_add(c, i - c->interfaces, (struct bytes){ value.p, value.n });
		else
			interface_option(c, i, code, value);
	}
	return CAPTURE_PACKET;
}

/* NULL: the section has no such interface. */
static struct interface *interface_find(const struct capture *c, uint32_t nr)
{
	bool is = nr < c->interfaces_n - c->in.first;
	return is ? &c->interfaces[c->in.first + nr] : NULL;
}

/* A later block has later counts, which take the place of the former. */
static void statistics_read(struct capture *c, struct rd r)
{
	enum { RECEIVED = 4, DROPPED = 5, PASSED_FILTER = 6, DROPPED_BY_OS = 7, DELIVERED = 8 };
	struct interface *i = interface_find(c, u32(c, &r));
	unsigned code;
	struct rd value;
	rd_take(&r, 8);
	while (i && option_next(c, &r, &code, &value)) {
		int64_t *to = code == RECEIVED      ? &i->received
		            : code == DROPPED       ? &i->dropped
		            : code == PASSED_FILTER ? &i->passed_filter
		            : code == DROPPED_BY_OS ? &i->dropped_by_os
		            : code == DELIVERED     ? &i->delivered : NULL;
		if (to && rd_left(&value) == 8)
			*to = (int64_t)(rd_int(&value, 8, c->in.big) & INT64_MAX);
		else if (code == OPTION_COMMENT)
			comment_add(c, i - c->interfaces, (struct bytes){ value.p, value.n });
	}
}

/* ---- frames ---- */

static int64_t ns_of(const struct interface *i, uint64_t ticks)
{
	uint64_t ns;
	if (i->unit_ns && !__builtin_mul_overflow(ticks, (uint64_t)i->unit_ns, &ns))
		return time_of(i->offset_s, ns);
	if (i->units) {
		uint64_t seconds = ticks / i->units;
		ns = (uint64_t)(__extension__ (unsigned __int128)(ticks % i->units) * 1000000000
		                / i->units);
		int64_t all;
		if (seconds > INT64_MAX
		    || __builtin_add_overflow((int64_t)seconds, i->offset_s, &all))
			all = INT64_MAX;
		return time_of(all, ns);
	}
	unsigned power = i->resolution & 0x7f;
	for (; power > 19 && !(i->resolution & 0x80); power--)
		ticks /= 10;
	bool decimal = !(i->resolution & 0x80);
	return time_of(i->offset_s, decimal ? ticks / 10000000000 : 0);
}

/* What a packet's options say: comments, and how many were lost before it. */
static void packet_options(struct capture *c, struct interface *i, struct rd r,
                           struct packet *packet)
{
	enum { DROP_COUNT = 4 };
	unsigned code;
	struct rd value;
	while (option_next(c, &r, &code, &value)) {
		if (code == OPTION_COMMENT && packet->comments_n < LIMIT_FRAME_COMMENTS)
			c->frame_comments[packet->comments_n++]
				= (struct bytes){ value.p, value.n };
		if (code != DROP_COUNT || rd_left(&value) != 8)
			continue;
		int64_t lost = (int64_t)(rd_int(&value, 8, c->in.big) & (INT64_MAX >> 16));
		i->lost = (i->lost == NONE ? 0 : i->lost & (INT64_MAX >> 1)) + lost;
	}
	packet->comments = c->frame_comments;
}

static enum capture_next no_interface(struct capture *c, struct err *err)
{
	return capture_broken(c, err, "the next frame names an interface that was not described");
}

static enum capture_next packet_read(struct capture *c, const struct block *b,
                                     struct packet *packet, struct err *err)
{
	struct rd r = b->body;
	bool old = b->type == PACKET;
	struct interface *i = interface_find(c, old ? u16(c, &r) : u32(c, &r));
	unsigned drops = old ? u16(c, &r) : UINT16_MAX;    /* that: not known */
	uint64_t ticks = time_words(c, &r);
	uint32_t kept = u32(c, &r), wire = u32(c, &r);
	if (!rd_ok(&r))
		return capture_broken(c, err, "the next frame's block is too short");
	if (!i)
		return no_interface(c, err);
	if (kept > packet_most(i->link))
		return capture_broken(c, err, "the next frame says that %u bytes of it were kept, "
		                      "but %u is the most there can be", kept,
		                      packet_most(i->link));
	if (padded(kept) + BLOCK_LEAST + (b->body.n - r.n) > b->n)
		return capture_broken(c, err, "the next frame says that %u bytes of it were kept, "
		                      "which its block does not hold", kept);
	struct bytes bytes = rd_take(&r, kept < LIMIT_PACKET ? kept : LIMIT_PACKET);
	frame_fill(c, i, packet, ns_of(i, ticks), wire > kept ? wire : kept, bytes);
	if (drops != UINT16_MAX)
		i->lost = (i->lost == NONE ? 0 : i->lost) + drops;
	if (kept <= LIMIT_PACKET) {
		rd_take(&r, padded(kept) - kept);
		if (rd_left(&r))
			packet_options(c, i, r, packet);
	}
	return CAPTURE_PACKET;
}

/* It has neither time nor interface: the first one is meant. */
static enum capture_next simple_read(struct capture *c, struct rd r, struct packet *packet,
                                     struct err *err)
{
	struct interface *i = interface_find(c, 0);
	uint32_t wire = u32(c, &r);
	if (!i)
		return no_interface(c, err);
	uint32_t kept = i->snaplen && i->snaplen < wire ? i->snaplen : wire;
	struct bytes bytes = rd_take(&r, kept);
	if (!rd_ok(&r) || kept > LIMIT_PACKET)
		return capture_broken(c, err,
		                      "the next frame's block is too short for its %u bytes", kept);
	frame_fill(c, i, packet, c->last_ns, wire, bytes);
	return CAPTURE_PACKET;
}

/* Frames that are no packets; `what` is for people. */
static enum capture_next other_fill(struct capture *c, struct packet *packet, const char *what,
                                    int64_t ns)
{
	frame_fill(c, NULL, packet, ns, 0, (struct bytes){ 0 });
	packet->kind = what;
	return CAPTURE_PACKET;
}

static enum capture_next custom_read(struct capture *c, struct rd r, struct packet *packet,
                                     struct err *err)
{
	u32(c, &r);                       /* whose it is */
	return rd_ok(&r) ? other_fill(c, packet, "pcapng custom block", c->last_ns)
	                 : capture_broken(c, err, "a custom block is too short");
}

static enum capture_next sysdig_read(struct capture *c, const struct block *b,
                                     struct packet *packet, struct err *err)
{
	struct rd r = b->body;
	rd_take(&r, 2);
	uint64_t ns = rd_int(&r, 8, c->in.big);
	rd_take(&r, 8 + 4 + 2 + (b->type == SYSDIG ? 0 : 4));
	return rd_ok(&r) ? other_fill(c, packet, "sysdig event", time_of(0, ns))
	                 : capture_broken(c, err, "a sysdig event is too short");
}

static bool is_frame(uint32_t type)
{
	return type == ENHANCED_PACKET || type == SIMPLE_PACKET || type == PACKET || type == JOURNAL
	    || type == CUSTOM || type == CUSTOM_NO_COPY || type == SYSDIG || type == SYSDIG_2
	    || type == SYSDIG_2_LARGE;
}

static enum capture_next frame_read(struct capture *c, const struct block *b, struct packet *packet,
                                    struct err *err)
{
	switch (b->type) {
	case ENHANCED_PACKET:
	case PACKET:         return packet_read(c, b, packet, err);
	case SIMPLE_PACKET:  return simple_read(c, b->body, packet, err);
	case JOURNAL:        return other_fill(c, packet, "systemd journal entry", c->last_ns);
	case CUSTOM:
	case CUSTOM_NO_COPY: return custom_read(c, b->body, packet, err);
	default:             return sysdig_read(c, b, packet, err);
	}
}

/* ---- the walk ---- */

/* Come again to the section whose header lies at `offset`. */
static void section_enter(struct capture *c, uint64_t offset)
{
	size_t i = 0;
	while (i < c->interfaces_n && c->interfaces[i].offset < offset)
		i++;
	c->in.first = i;
	c->in.nr = i < c->interfaces_n ? c->interfaces[i].in.nr : c->in.nr + 1;
}

/* Take in what a block says that is no frame. After going back, what its like said is
 * known. */
static enum capture_next block_read(struct capture *c, const struct block *b, struct err *err)
{
	uint64_t offset = source_offset(c->source);
	bool known = offset < c->learned;
	enum capture_next next = CAPTURE_PACKET;
	if (b->type == SECTION && known)
		section_enter(c, offset);
	else if (b->type == SECTION)
		next = section_read(c, b->body, err);
	else if (b->type == INTERFACE && !known)
		next = interface_read(c, b->body, err);
	else if (b->type == STATISTICS)
		statistics_read(c, b->body);
	return next;
}

/* What lies before the end of this block is known. */
static void block_learned(struct capture *c, const struct block *b)
{
	uint64_t end = source_offset(c->source) + b->n;
	if (end <= c->learned)
		return;
	c->learned = end;
	c->learned_in = c->in;
}

/* Read up to the next frame: CAPTURE_PACKET, and *b is its block. */
static enum capture_next frame_see(struct capture *c, struct block *b, struct err *err)
{
	for (;;) {
		enum capture_next next = block_pass(c, err);
		if (next == CAPTURE_PACKET)
			next = block_see(c, b, err);
		if (next == CAPTURE_PACKET && !is_frame(b->type))
			next = block_read(c, b, err);
		if (next != CAPTURE_PACKET)
			return next;
		block_learned(c, b);
		if (is_frame(b->type))
			return next;
		c->pending = b->n;
	}
}

/* The interfaces before the first frame are wanted at once: a filter that suits
 * none of them is to be told before anything is read. Trouble on the way is
 * capture_next()'s to tell. */
bool pcapng_begin(struct capture *c, struct err *err)
{
	struct block b;
	if (frame_see(c, &b, err) == CAPTURE_BROKEN && c->in.nr == 0)
		return fail(err, "%s: its header cannot be read (%s); is the file complete?",
		            c->path, c->reason);
	return true;
}

enum capture_next pcapng_walk(struct capture *c, struct packet *packet, struct err *err)
{
	struct block b;
	enum capture_next next = frame_see(c, &b, err);
	if (next == CAPTURE_PACKET)
		next = frame_read(c, &b, packet, err);
	if (next == CAPTURE_PACKET)
		c->pending = b.n;
	return next;
}

/* ---- going to a place ---- */

/* Walk from the last block that was learned of, and by no frame's bytes, up to `offset`. */
static bool blocks_learn(struct capture *c, uint64_t offset)
{
	struct block b;
	struct err err;
	if (!source_seek(c->source, c->learned))
		return false;
	c->in = c->learned_in;
	while (source_offset(c->source) < offset) {
		if (block_see(c, &b, &err) != CAPTURE_PACKET
		    || (!is_frame(b.type) && block_read(c, &b, &err) != CAPTURE_PACKET))
			return false;
		block_learned(c, &b);
		c->pending = b.n;
		if (block_pass(c, &err) != CAPTURE_PACKET)
			return false;
	}
	return true;
}

/* The section that this place is in, by the last interface before it. */
static void section_find(struct capture *c, uint64_t offset)
{
	size_t low = 0, high = c->interfaces_n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->interfaces[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		c->in = c->interfaces[low - 1].in;
}

bool pcapng_seek(struct capture *c, uint64_t offset, int64_t interfaces)
{
	if (interfaces != NONE && c->interfaces_n >= (uint64_t)interfaces)
		c->learned = UINT64_MAX;           /* there are no more */
	if (offset > c->learned && !blocks_learn(c, offset))
		return false;
	section_find(c, offset);
	return source_seek(c->source, offset);
}
