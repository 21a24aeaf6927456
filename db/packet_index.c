/* packet_index.c - packing and unpacking a flow's packets; see packet_index.h.
 *
 * An unknown file offset is the value -1, coded as a delta like any other, so
 * that the offset after it is a delta to -1.
 */
#include "packet_index.h"

#include <limits.h>
#include <stdlib.h>

#include "err.h"

/* LEB128 takes 10 bytes for 64 bits and 5 for 32: three wide fields, two
 * single bytes, four narrow fields. */
enum { PACKET_MAX = 3 * 10 + 2 + 4 * 5, CHUNK_START = 160 };

/* ------------------------------------------------------------ encoding ---- */

static void put_varint(struct packet_chunk *c, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		c->bytes[c->n++] = (uint8_t)(v | 0x80);
	c->bytes[c->n++] = (uint8_t)v;
}

/* Deltas are taken modulo 2^64 (or 2^32), so no pair of values is too far apart. */
static void put_delta64(struct packet_chunk *c, int64_t now, int64_t last)
{
	uint64_t d = (uint64_t)now - (uint64_t)last;
	put_varint(c, d << 1 ^ (0 - (d >> 63)));
}

static void put_delta32(struct packet_chunk *c, uint32_t now, uint32_t last)
{
	uint32_t d = now - last;
	put_varint(c, (uint32_t)(d << 1 ^ (0 - (d >> 31))));
}

void packet_chunk_add(struct packet_chunk *c, const struct indexed_packet *p)
{
	if (c->size - c->n < PACKET_MAX) {
		c->size = 2 * c->n + CHUNK_START;
		c->bytes = alloc_grown(c->bytes, c->size, 1);
	}
	if (c->packets++ == 0)
		c->first_frame = p->at.frame;
	put_varint(c, p->at.frame - c->last.at.frame);
	put_delta64(c, p->at.ns, c->last.at.ns);
	put_delta64(c, p->file_offset, c->last.file_offset);
	c->bytes[c->n++] = (uint8_t)p->sender;
	c->bytes[c->n++] = p->flags;
	put_delta32(c, p->seq, c->seq[p->sender]);
	put_delta32(c, p->ack, c->ack[p->sender]);
	put_varint(c, p->len);
	put_varint(c, p->window);
	c->seq[p->sender] = p->seq;
	c->ack[p->sender] = p->ack;
	c->last = *p;
}

/* Packed again: the sides' numbers are deltas of their own, so all is kept. */
void packet_chunk_swap_sides(struct packet_chunk *c)
{
	struct packet_cursor cursor = packet_cursor_over((struct bytes){ c->bytes, c->n });
	struct packet_chunk swapped = { 0 };
	struct indexed_packet p;
	while (packet_next(&cursor, &p)) {
		p.sender = other(p.sender);
		packet_chunk_add(&swapped, &p);
	}
	packet_chunk_free(c);
	*c = swapped;
}

void packet_chunk_reset(struct packet_chunk *c)
{
	*c = (struct packet_chunk){ .bytes = c->bytes, .size = c->size };
}

void packet_chunk_free(struct packet_chunk *c)
{
	free(c->bytes);
	*c = (struct packet_chunk){ 0 };
}

/* ------------------------------------------------------------ decoding ---- */

/* A number of at most `max`; a longer or larger one fails the reader. */
static uint64_t take_varint(struct rd *r, uint64_t max)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = rd_u8(r), bits = byte & 0x7F;
		if (bits > max >> shift)
			break;
		v |= bits << shift;
		if (byte < 0x80) {
			if (v > max)
				break;
			return v;
		}
	}
	*r = (struct rd){ .bad = true };
	return 0;
}

static int64_t take_delta64(struct rd *r, int64_t last)
{
	uint64_t z = take_varint(r, UINT64_MAX);
	return (int64_t)((uint64_t)last + (z >> 1 ^ (0 - (z & 1))));
}

static uint32_t take_delta32(struct rd *r, uint32_t last)
{
	uint32_t z = (uint32_t)take_varint(r, UINT32_MAX);
	return last + (z >> 1 ^ (0 - (z & 1)));
}

struct packet_cursor packet_cursor_over(struct bytes chunk)
{
	return (struct packet_cursor){ .rd = rd_over(chunk) };
}

bool packet_next(struct packet_cursor *c, struct indexed_packet *out)
{
	struct rd *r = &c->rd;
	if (rd_left(r) == 0)
		return false;

	struct indexed_packet p = c->last;
	p.at.frame += take_varint(r, INT64_MAX - p.at.frame);
	p.at.ns = take_delta64(r, p.at.ns);
	p.file_offset = take_delta64(r, p.file_offset);
	unsigned sender = rd_u8(r);
	p.flags = rd_u8(r);
	if (!rd_ok(r) || sender > SERVER || p.file_offset < NONE) {
		*r = (struct rd){ .bad = true };
		return false;
	}
	p.sender = (enum side)sender;
	p.seq    = take_delta32(r, c->seq[sender]);
	p.ack    = take_delta32(r, c->ack[sender]);
	p.len    = (uint32_t)take_varint(r, UINT32_MAX);
	p.window = (uint32_t)take_varint(r, UINT32_MAX);
	if (!rd_ok(r))
		return false;
	c->seq[sender] = p.seq;
	c->ack[sender] = p.ack;
	c->last = *out = p;
	return true;
}
