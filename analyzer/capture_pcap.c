/* capture_pcap.c - walk a classic pcap file (draft-ietf-opsawg-pcap, sections 4 and 5).
 *
 *   file    4 magic | 2 major | 2 minor | 8 - | 4 snaplen | 4 link type
 *           magic a1b2c3d4: microseconds, a1b23c4d: nanoseconds, a1b2cd34: "modified"
 *           (A. Kuznetzov's); read the other way round it tells the byte order.
 *           Of the link type's bits the upper ones are about the frame check
 *           sequence, which no layer here looks at.
 *   record  4 seconds | 4 part of a second | 4 kept | 4 on the wire |
 *           modified: 4 interface | 2 protocol | 1 direction | 1 - |
 *           the bytes kept
 *
 * A part of a second that is a second or more carries over, as in Wireshark. Before
 * version 2.3 the two lengths stood in the other order.
 */
#include <string.h>

#include "capture_format.h"

enum { FILE_HEAD = 24, RECORD_HEAD = 16, RECORD_HEAD_MODIFIED = 24 };

bool pcap_begin(struct capture *c, struct err *err)
{
	struct bytes head = source_peek(c->source, FILE_HEAD);
	struct rd r = rd_over(head);
	if (head.n < FILE_HEAD)
		return fail(err,
		            "%s: its header cannot be read (of its %d bytes there are %zu); is the "
		            "file complete?", c->path, FILE_HEAD, head.n);
	c->in.big = *head.p == 0xa1;
	rd_take(&r, 4);
	unsigned major = (unsigned)rd_int(&r, 2, c->in.big), minor = (unsigned)rd_int(&r, 2, c->in.big);
	rd_take(&r, 8);
	uint32_t snaplen = (uint32_t)rd_int(&r, 4, c->in.big);
	unsigned link_type = rd_int(&r, 4, c->in.big) & 0xffff;
	if (major < 2)
		return fail(err, "%s: is of version %u.%u of the pcap format, which is not "
		            "understood; 2.4 is what tcpdump writes", c->path, major, minor);
	bool modified = strcmp(c->format->name, "pcap-modified") == 0;
	c->head_n = modified ? RECORD_HEAD_MODIFIED : RECORD_HEAD;
	c->sub_ns = strcmp(c->format->name, "pcap-ns") == 0 ? 1 : 1000;
	c->swapped = major == 2 && minor < 3;
	c->maybe_swapped = major == 2 && minor == 3;
	interface_add(c, link_type, snaplen > INT32_MAX ? 0 : snaplen);
	source_take(c->source, FILE_HEAD);
	return true;
}

/* The lengths as they are meant; `kept` is the lesser where it is in doubt. */
static void lengths_order(const struct capture *c, uint32_t *kept, uint32_t *wire)
{
	if (c->swapped || (c->maybe_swapped && *kept > *wire)) {
		uint32_t first = *kept;
		*kept = *wire;
		*wire = first;
	}
}

enum capture_next pcap_walk(struct capture *c, struct packet *packet, struct err *err)
{
	uint64_t passed = c->pending;
	c->pending = 0;
	if (passed && !source_skip(c->source, passed))
		return capture_short(c, err, "frame", passed, 0);
	struct bytes b = source_peek(c->source, c->head_n);
	if (b.n == 0)
		return CAPTURE_END;
	if (b.n < c->head_n)
		return capture_short(c, err, "next frame's header", c->head_n, b.n);
	struct rd r = rd_over(b);
	uint32_t seconds = (uint32_t)rd_int(&r, 4, c->in.big), part = (uint32_t)rd_int(&r, 4, c->in.big);
	uint32_t kept = (uint32_t)rd_int(&r, 4, c->in.big), wire = (uint32_t)rd_int(&r, 4, c->in.big);
	lengths_order(c, &kept, &wire);
	if (kept > packet_most(c->interfaces->link))
		return capture_broken(c, err, "the next frame says that %u bytes of it were kept, "
		                      "but %u is the most there can be", kept,
		                      packet_most(c->interfaces->link));
	size_t n = kept < LIMIT_PACKET ? kept : LIMIT_PACKET;
	if (b.n < c->head_n + n)
		b = source_peek(c->source, c->head_n + n);
	if (b.n < c->head_n + n)
		return capture_short(c, err, "next frame", kept, b.n - c->head_n);
	frame_fill(c, c->interfaces, packet, time_of(seconds, (uint64_t)part * c->sub_ns),
	           wire > kept ? wire : kept, (struct bytes){ b.p + c->head_n, n });
	c->pending = c->head_n + (uint64_t)kept;
	return CAPTURE_PACKET;
}

bool pcap_seek(struct capture *c, uint64_t offset, int64_t interfaces)
{
	(void)interfaces;
	return source_seek(c->source, offset);
}
