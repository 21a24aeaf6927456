/* wrap.c - IP packets to what a capture has: fragments, tunnels, the link. See pkt.h. */
#include "pkt.h"

#include <string.h>

enum { TYPE_IP4 = 0x0800, TYPE_VLAN = 0x8100, TYPE_IP6 = 0x86dd, TYPE_MPLS = 0x8847,
       TYPE_PPPOE = 0x8864, TYPE_QINQ = 0x88a8 };

/* ---- fragments ---- */

/* Other bytes than came before, where a fragment overlaps the one ahead of it. */
static void piece_overlap(struct packet *p, size_t at, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		p->b[at + (size_t)i] ^= 0x20;
}

bool packet_fragment(struct packet *part, const struct packet *whole, const struct cut *cut,
                     int64_t nr, int64_t id)
{
	bool v6 = whole->b[0] >> 4 == 6;
	size_t header = v6 ? 40 : 20, size = (size_t)cut->size & ~(size_t)7;
	size_t early = nr ? (size_t)cut->overlap & ~(size_t)7 : 0;
	size_t from = (size_t)nr * size - early, n = whole->n - header;
	if ((size_t)nr * size >= n)
		return false;
	size_t end = (size_t)(nr + 1) * size < n ? (size_t)(nr + 1) * size : n;
	part->n = 0;
	packet_bytes(part, whole->b, header);
	if (v6) {
		put_at(part, 4, (uint16_t)(end - from + 8));
		packet_be(part, part->b[6], 1), packet_be(part, 0, 1);
		part->b[6] = 44;
		packet_be(part, from | (end < n), 2), packet_be(part, (uint64_t)id, 4);
	} else {
		put_at(part, 2, (uint16_t)(header + end - from));
		put_at(part, 6, (uint16_t)((end < n ? 0x2000 : 0) | from / 8));
		put_at(part, 10, 0);
		put_at(part, 10, checksum(0, part->b, header));
	}
	size_t at = part->n;
	packet_bytes(part, whole->b + header + from, end - from);
	piece_overlap(part, at, (int64_t)early);
	return true;
}

/* ---- tunnels ---- */

/* A header that is put before the packet, whose EtherType is *type. */
static void before(struct packet *p, const struct packet *header)
{
	memmove(p->b + header->n, p->b, p->n);
	memcpy(p->b, header->b, header->n);
	p->n += header->n;
}

static void ethernet(struct packet *h, const uint8_t from[4], const uint8_t to[4], unsigned type)
{
	packet_be(h, 0x0200, 2), packet_bytes(h, to, 4);
	packet_be(h, 0x0200, 2), packet_bytes(h, from, 4);
	packet_be(h, type, 2);
}

/* Between 192.0.2.1, on the client's side, and 192.0.2.2. */
static void outer_ip(struct packet *h, int dir, int protocol, size_t n)
{
	packet_be(h, 0x4500, 2), packet_be(h, 20 + n, 2), packet_be(h, 0, 2), packet_be(h, 0x4000, 2);
	packet_be(h, 64, 1), packet_be(h, (uint64_t)protocol, 1), packet_be(h, 0, 2);
	packet_be(h, dir ? 0xc0000202 : 0xc0000201, 4), packet_be(h, dir ? 0xc0000201 : 0xc0000202, 4);
	put_at(h, 10, checksum(0, h->b, 20));
}

static void outer_udp(struct packet *h, int dir, unsigned port, size_t n)
{
	outer_ip(h, dir, 17, 8 + n);
	packet_be(h, 50000, 2), packet_be(h, port, 2), packet_be(h, 8 + n, 2), packet_be(h, 0, 2);
}

static void tag(struct packet *h, const struct wrap *w, size_t n, unsigned *type)
{
	switch (w->kind) {
	case WRAP_VLAN:
		packet_be(h, (uint64_t)w->id, 2), packet_be(h, *type, 2);
		*type = *type == TYPE_VLAN ? TYPE_QINQ : TYPE_VLAN;
		return;
	case WRAP_MPLS:
		packet_be(h, (uint64_t)w->id << 12 | (*type == TYPE_MPLS ? 0 : 0x100) | 64, 4);
		*type = TYPE_MPLS;
		return;
	default:
		packet_be(h, 0x1100, 2), packet_be(h, (uint64_t)w->id, 2), packet_be(h, n + 2, 2);
		packet_be(h, *type == TYPE_IP6 ? 0x0057 : 0x0021, 2);
		*type = TYPE_PPPOE;
	}
}

static void tunnel(struct packet *h, const struct conn *c, int dir, const struct wrap *w, size_t n,
                   unsigned *type)
{
	const uint8_t *from = c->side[dir].ip + 12, *to = c->side[!dir].ip + 12;
	uint64_t id = (uint64_t)w->id;
	switch (w->kind) {
	case WRAP_VXLAN:
		outer_udp(h, dir, 4789, 8 + 14 + n);
		packet_be(h, 0x08000000, 4), packet_be(h, id << 8, 4);
		ethernet(h, from, to, *type);
		break;
	case WRAP_GENEVE:
		outer_udp(h, dir, 6081, 8 + 14 + n);
		packet_be(h, 0x00006558, 4), packet_be(h, id << 8, 4);
		ethernet(h, from, to, *type);
		break;
	case WRAP_GTP:
		outer_udp(h, dir, 2152, 8 + n);
		packet_be(h, 0x30ff, 2), packet_be(h, n, 2), packet_be(h, id, 4);
		break;
	case WRAP_GRE:
		outer_ip(h, dir, 47, 4 + n);
		packet_be(h, *type, 4);
		break;
	default:
		outer_ip(h, dir, w->kind == WRAP_IPIP ? 4 : 41, n);
	}
	*type = TYPE_IP4;
}

/* ---- links ---- */

static void link_put(struct packet *h, uint32_t link, const struct conn *c, int dir, unsigned type,
                     bool hop)
{
	const uint8_t *from = c->side[dir].ip + 12, *to = c->side[!dir].ip + 12;
	switch (link) {
	case LINK_ETHERNET:
		ethernet(h, from, to, type);
		break;
	case LINK_SLL:
		packet_be(h, dir ? 4 : 0, 2), packet_be(h, 1, 2), packet_be(h, 6, 2);
		packet_be(h, 0x0200, 2), packet_bytes(h, from, 4), packet_be(h, 0, 2);
		packet_be(h, type, 2);
		break;
	case LINK_SLL2:
		packet_be(h, type, 2), packet_be(h, 0, 2), packet_be(h, hop ? 3 : 2, 4);
		packet_be(h, 1, 2), packet_be(h, dir ? 4 : 0, 1), packet_be(h, 6, 1);
		packet_be(h, 0x0200, 2), packet_bytes(h, from, 4), packet_be(h, 0, 2);
		break;
	case LINK_PPP:
		packet_be(h, 0xff03, 2);
		packet_be(h, type == TYPE_IP6 ? 0x0057 : type == TYPE_MPLS ? 0x0281 : 0x0021, 2);
		break;
	case LINK_NULL:
		packet_be(h, type == TYPE_IP6 ? 0x1e000000 : 0x02000000, 4);   /* as on a PC */
		break;
	case LINK_LOOP:
		packet_be(h, type == TYPE_IP6 ? 24 : 2, 4);
		break;
	}
}

void packet_wrap(struct packet *p, uint32_t link, const struct conn *c, int dir, bool wrapped,
                 bool hop)
{
	unsigned type = c->v6 ? TYPE_IP6 : TYPE_IP4;
	struct packet h;
	for (int i = wrapped ? c->wraps_n : 0; i-- > 0; ) {
		const struct wrap *w = &c->wraps[i];
		h.n = 0;
		if (w->kind <= WRAP_PPPOE)
			tag(&h, w, p->n, &type);
		else
			tunnel(&h, c, dir, w, p->n, &type);
		before(p, &h);
	}
	h.n = 0;
	link_put(&h, link, c, dir, type, hop);
	before(p, &h);
}
