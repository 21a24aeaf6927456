/* ip.c - IPv4, IPv6 and their fragments. See layer.h.
 *
 *   IPv4   4 bits version, 4 header length in words | 1 class | 2 total length |
 *          2 identification | 3 bits flags, 13 fragment offset in 8 bytes | 1 TTL |
 *          1 protocol | 2 checksum | 4 source | 4 destination | options     RFC 791, 3.1
 *   IPv6   4 bits version, 28 class and flow | 2 payload length | 1 next header |
 *          1 hop limit | 16 source | 16 destination | extension headers     RFC 8200, 3
 *   extension   1 next header | 1 length in 8 bytes, less the first | …     RFC 8200, 4
 *   fragment    1 next header | 1 | 13 bits offset, 2, 1 more | 4 identification
 *   AH          1 next header | 1 length in words, less two | …             RFC 4302, 2
 *
 * A length of 0 is segmentation offload, or a jumbogram (RFC 2675): the frame's
 * length counts. One beyond the frame's end is cut there.
 */
#include <string.h>

#include "fragment.h"
#include "layer.h"

enum { IP4_HEADER = 20, IP6_HEADER = 40 };
enum { HOP_BY_HOP = 0, ICMP = 1, IP_IN_IP = 4, TCP = 6, UDP = 17, IP6_IN_IP = 41, ROUTING = 43,
       FRAGMENT = 44, GRE = 47, AUTH = 51, ICMP6 = 58, OPTIONS = 60, ETHERIP = 97, MOBILITY = 135,
       MPLS = 137, HIP = 139, SHIM6 = 140 };

static const struct named protocols[] = {
	{ ICMP, "icmp" }, { 2, "igmp" }, { 50, "esp" }, { ICMP6, "icmpv6" }, { 89, "ospf" },
	{ 88, "eigrp" }, { 103, "pim" }, { 108, "ipcomp" }, { 112, "vrrp" }, { 115, "l2tpv3" },
	{ 132, "sctp" }, { 136, "udp-lite" }, { 59, "nothing in ip" }, { 0, 0 },
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static enum layer ip_cut(struct walk *w)
{
	return walk_broken(w, "ip header cut off");
}

enum layer ip_read(struct walk *w)
{
	unsigned version = rd_left(&w->r) ? w->r.p[0] >> 4 : 0;
	return version == 4 ? LAYER_IP4 : version == 6 ? LAYER_IP6 : walk_broken(w, "malformed ip");
}

/* ---- what IP carries ---- */

static enum layer auth_read(struct walk *w)
{
	unsigned next = rd_u8(&w->r);
	size_t size = ((size_t)rd_u8(&w->r) + 2) * 4;
	rd_take(&w->r, size - 2);
	return rd_ok(&w->r) ? walk_on(w, LAYER_PROTOCOL, next) : ip_cut(w);
}

enum layer protocol_read(struct walk *w)
{
	bool in4 = w->s->ip4;
	if (w->next == TCP)
		return LAYER_TCP;
	if (w->next == AUTH)
		return auth_read(w);
	if (w->quoted)
		return LAYER_END;                     /* ICMP about a tunnel is not about its flows */
	switch (w->next) {
	case UDP:     return LAYER_UDP;
	case GRE:     return LAYER_GRE;
	case ETHERIP: return LAYER_ETHERIP;
	case MPLS:    return LAYER_MPLS;
	case ICMP:
	case ICMP6:   return LAYER_ICMP;
	case IP_IN_IP:
		walk_outer(w, in4 ? OUTER_IPIP : OUTER_4IN6, 0);
		return LAYER_IP4;
	case IP6_IN_IP:
		walk_outer(w, in4 ? OUTER_6IN4 : OUTER_6IN6, 0);
		return LAYER_IP6;
	default:
		return walk_named(w, protocols, "other ip protocol");
	}
}

/* ---- fragments ---- */

/* Put this piece to those that wait; go on with the whole, if it is. */
static enum layer fragment_join(struct walk *w, struct fragment *f)
{
	if (w->quoted)
		return LAYER_END;
	memcpy(f->src, w->s->src.ip, 16);
	memcpy(f->dst, w->s->dst.ip, 16);
	f->path = w->s->path_id;
	f->data = (struct bytes){ w->r.p, w->r.n };
	f->cut = w->cut;
	const struct datagram *whole = fragments_add(w->decoder->fragments, f, w->s->at.ns);
	if (!whole)
		return walk_end(w, KIND_FRAGMENT);
	w->s->ip = whole->ip;
	w->s->odd = whole->odd;
	w->r = rd_over(whole->payload);
	w->cut = whole->cut;
	return walk_on(w, LAYER_PROTOCOL, whole->protocol);
}

/* ---- IPv4 ---- */

static void ip4_addresses(struct segment *s, struct bytes src, struct bytes dst)
{
	memcpy(s->src.ip, mapped, 12);
	memcpy(s->dst.ip, mapped, 12);
	memcpy(s->src.ip + 12, src.p, 4);
	memcpy(s->dst.ip + 12, dst.p, 4);
}

/* A source route that is not used up ends at the real destination (RFC 791, 3.1). */
static void ip4_options(struct rd r, struct segment *s)
{
	enum { END = 0, NOP = 1, LOOSE_ROUTE = 131, STRICT_ROUTE = 137 };
	while (rd_left(&r)) {
		unsigned kind = rd_u8(&r);
		if (kind == END)
			return;
		if (kind == NOP)
			continue;
		size_t size = rd_u8(&r);
		struct bytes body = rd_take(&r, size < 2 ? SIZE_MAX : size - 2);
		if ((kind == LOOSE_ROUTE || kind == STRICT_ROUTE) && body.n >= 5 && body.p[0] <= body.n - 1)
			memcpy(s->dst.ip + 12, body.p + 1 + (body.n - 1) / 4 * 4 - 4, 4);
	}
}

enum layer ip4_read(struct walk *w)
{
	enum { DONT_FRAGMENT_AND_RESERVED = 0xc000, MORE = 0x2000, OFFSET = 0x1fff };
	struct segment *s = w->s;
	struct rd r = w->r;
	s->ip = (struct bytes){ r.p, r.n };
	size_t header = (size_t)(rd_u8(&r) & 15) * 4;
	rd_u8(&r);                                    /* DSCP, ECN */
	size_t total = rd_be16(&r);
	s->ip4 = true;
	s->ip_id = rd_be16(&r);
	unsigned fragment = rd_be16(&r);
	s->ttl = rd_u8(&r);
	unsigned protocol = rd_u8(&r);
	rd_be16(&r);                                  /* checksum */
	struct bytes src = rd_take(&r, 4), dst = rd_take(&r, 4);
	if (!rd_ok(&r))
		return ip_cut(w);
	if (header < IP4_HEADER || (total && total < header))
		return walk_broken(w, "malformed ip");
	if (total)
		walk_confine(w, total);
	rd_take(&w->r, IP4_HEADER);
	struct rd options = rd_sub(&w->r, header - IP4_HEADER);
	if (!rd_ok(&w->r))
		return ip_cut(w);
	ip4_addresses(s, src, dst);
	if (header > IP4_HEADER)
		ip4_options(options, s);
	if (!(fragment & ~(unsigned)DONT_FRAGMENT_AND_RESERVED) || (w->quoted && !(fragment & OFFSET)))
		return walk_on(w, LAYER_PROTOCOL, protocol);
	return fragment_join(w, &(struct fragment){
		.ip4 = true, .id = s->ip_id, .protocol = (uint8_t)protocol, .header = s->ip,
		.off = (size_t)(fragment & OFFSET) * 8, .more = fragment & MORE });
}

/* ---- IPv6 ---- */

/* A routing header that is not used up names the destination: the checksum, and so
 * the connection, has it (RFC 8200, 8.1). `r` is behind the header's first two bytes. */
static void routing_read(struct rd r, struct segment *s)
{
	enum { SOURCE_ROUTE = 0, MOBILE = 2, SEGMENTS = 4 };
	unsigned type = rd_u8(&r), left = rd_u8(&r);
	rd_be32(&r);
	if (left == 0 || rd_left(&r) < 16)
		return;
	struct bytes addresses = rd_take(&r, rd_left(&r) / 16 * 16);
	if (type == SOURCE_ROUTE || type == MOBILE)
		memcpy(s->dst.ip, addresses.p + addresses.n - 16, 16);
	else if (type == SEGMENTS)
		memcpy(s->dst.ip, addresses.p, 16);
}

static enum layer ip6_fragment(struct walk *w, struct bytes header)
{
	unsigned next = rd_u8(&w->r);
	rd_u8(&w->r);
	unsigned offset = rd_be16(&w->r);
	uint32_t id = rd_be32(&w->r);
	if (!rd_ok(&w->r))
		return ip_cut(w);
	if (!(offset & ~6u))
		return walk_on(w, LAYER_IP6, next);   /* an atomic fragment is whole (RFC 6946) */
	return fragment_join(w, &(struct fragment){
		.id = id, .protocol = (uint8_t)next, .header = header, .off = offset & ~7u,
		.more = offset & 1 });
}

/* From the first extension header on, w->next, to what they lead to. */
static enum layer ip6_extensions(struct walk *w, struct bytes header)
{
	for (int i = 0; i < LIMIT_IP6_EXTENSIONS; i++) {
		unsigned kind = w->next;
		if (kind == FRAGMENT) {
			enum layer layer = ip6_fragment(w, header);
			if (layer != LAYER_IP6)
				return layer;
			continue;
		}
		if (kind != HOP_BY_HOP && kind != ROUTING && kind != OPTIONS && kind != MOBILITY
		    && kind != HIP && kind != SHIM6)
			return LAYER_PROTOCOL;
		unsigned next = rd_u8(&w->r);
		struct rd body = rd_sub(&w->r, (size_t)rd_u8(&w->r) * 8 + 6);
		if (!rd_ok(&w->r))
			return ip_cut(w);
		if (kind == ROUTING)
			routing_read(body, w->s);
		w->next = next;
	}
	return walk_broken(w, "malformed ip");
}

enum layer ip6_read(struct walk *w)
{
	struct segment *s = w->s;
	s->ip = (struct bytes){ w->r.p, w->r.n };
	rd_be32(&w->r);                               /* version, traffic class, flow label */
	size_t size = rd_be16(&w->r);
	unsigned protocol = rd_u8(&w->r);
	s->ip4 = false;
	s->ip_id = 0;
	s->ttl = rd_u8(&w->r);
	struct bytes src = rd_take(&w->r, 16), dst = rd_take(&w->r, 16);
	if (!rd_ok(&w->r))
		return ip_cut(w);
	if (size)
		walk_confine(w, size);
	memcpy(s->src.ip, src.p, 16);
	memcpy(s->dst.ip, dst.p, 16);
	walk_on(w, LAYER_PROTOCOL, protocol);
	return protocol == TCP ? LAYER_PROTOCOL : ip6_extensions(w, s->ip);
}
