/* tcp_header.c - the TCP header (RFC 9293, 3.1). See layer.h.
 *
 *   2 source port | 2 destination port | 4 sequence number | 4 acknowledgement number
 *   4 bits header length in words, 4 reserved | 1 flags | 2 window
 *   2 checksum | 2 urgent pointer | options: 1 kind | 1 length | length - 2 bytes
 *
 * A wrong checksum is no reason to leave a segment out: on the host that sends
 * it the checksum is not yet there (offload).
 */
#include "layer.h"

enum { TCP_HEADER = 20 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_WINDOW_SCALE = 3,
       OPTION_SACK_PERMITTED = 4, OPTION_SACK = 5, OPTION_TIMESTAMPS = 8, OPTION_FAST_OPEN = 34,
       OPTION_EXPERIMENT = 254 };

static void sack_read(struct rd body, struct segment *s)
{
	while (rd_left(&body) >= 8 && s->sack_n < LIMIT_SACK_BLOCKS) {
		uint32_t left = rd_be32(&body), right = rd_be32(&body);
		s->sack[s->sack_n].left = left;
		s->sack[s->sack_n++].right = right;
	}
}

/* One option's body. One of a size that its kind does not have is left alone. */
static void option_read(unsigned kind, struct rd body, struct segment *s)
{
	enum { FAST_OPEN_MAGIC = 0xf989 };            /* of the experiment, RFC 7413, A.1 */
	size_t n = rd_left(&body);
	if (kind == OPTION_TIMESTAMPS && n == 8) {
		s->has_timestamps = true;
		s->tsval = rd_be32(&body);
		s->tsecr = rd_be32(&body);
	} else if (kind == OPTION_SACK) {
		sack_read(body, s);
	} else if (kind == OPTION_MSS && n == 2) {
		s->mss = rd_be16(&body);
	} else if (kind == OPTION_WINDOW_SCALE && n == 1) {
		s->window_scale = rd_u8(&body);
	} else if (kind == OPTION_SACK_PERMITTED && n == 0) {
		s->sack_permitted = true;
	} else if (kind == OPTION_FAST_OPEN
	           || (kind == OPTION_EXPERIMENT && rd_be16(&body) == FAST_OPEN_MAGIC)) {
		s->fast_open = true;
	}
}

static void options_read(struct segment *s)
{
	struct rd r = rd_over(s->options);
	while (rd_left(&r)) {
		unsigned kind = rd_u8(&r);
		if (kind == OPTION_END)
			return;
		if (kind == OPTION_NOP)
			continue;
		unsigned size = rd_u8(&r);
		struct rd body = rd_sub(&r, size < 2 ? SIZE_MAX : size - 2);
		if (!rd_ok(&body))
			return;
		option_read(kind, body, s);
	}
}

/* Of a quoted header, routers need not give more than its first 8 bytes. */
static enum layer quote_read(struct walk *w)
{
	struct icmp_error *e = &w->decoder->icmp;
	struct segment *s = w->s;
	bool whole = rd_left(&w->r) >= TCP_HEADER;
	s->src.port = rd_be16(&w->r);
	s->dst.port = rd_be16(&w->r);
	s->seq = rd_be32(&w->r);
	if (rd_ok(&w->r)) {
		e->src = s->src;
		e->dst = s->dst;
		e->seq = s->seq;
		e->quoted_ttl = s->ttl;
		e->whole_header = whole;
		w->decoder->has_icmp = true;
	}
	return LAYER_END;
}

enum layer tcp_read(struct walk *w)
{
	enum { MAX_SCALE = 14 };   /* RFC 7323, 2.3 */
	if (w->quoted)
		return quote_read(w);
	struct segment *s = w->s;
	struct rd r = w->r;
	size_t wire = walk_wire(w);
	s->src.port = rd_be16(&r);
	s->dst.port = rd_be16(&r);
	s->seq = rd_be32(&r);
	s->ack = rd_be32(&r);
	size_t header = (size_t)(rd_u8(&r) >> 4) * 4;
	s->flags = rd_u8(&r);
	s->window = rd_be16(&r);
	s->checksum = rd_be16(&r);
	s->urgent = rd_be16(&r);
	if (!(s->flags & TCP_URG))
		s->urgent = 0;
	if (!rd_ok(&r))
		return walk_broken(w, "tcp header cut off");
	if (header < TCP_HEADER || header > wire)
		return walk_broken(w, KIND_BAD_TCP);
	size_t options = header - TCP_HEADER;
	s->options = rd_take(&r, options < rd_left(&r) ? options : rd_left(&r));
	s->mss = s->window_scale = NONE;
	options_read(s);
	if (s->window_scale > MAX_SCALE)
		s->window_scale = MAX_SCALE;
	s->len = (uint32_t)(wire - header);
	s->payload = rd_take(&r, rd_left(&r) < s->len ? rd_left(&r) : s->len);
	return walk_end(w, NULL);
}
