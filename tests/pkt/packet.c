/* packet.c - segments to packets: link, IP, TCP, checksums. See pkt.h. */
#include "pkt.h"

#include <string.h>

static void packet_be(struct packet *p, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		p->b[p->n++] = (uint8_t)(value >> 8 * bytes);
}

static void packet_bytes(struct packet *p, const void *bytes, size_t n)
{
	memcpy(p->b + p->n, bytes, n);
	p->n += n;
}

/* The Internet checksum (RFC 1071), of what follows `sum`. */
static uint16_t checksum(uint32_t sum, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_at(struct packet *p, size_t at, uint16_t value)
{
	p->b[at] = (uint8_t)(value >> 8);
	p->b[at + 1] = (uint8_t)value;
}

static void packet_link(struct packet *p, uint32_t link, const struct conn *c,
                        const struct side *from, const struct side *to, bool hop)
{
	uint16_t type = c->v6 ? 0x86dd : 0x0800;
	bool out = from == &c->side[1];              /* seen from the server's host */
	if (link == LINK_ETHERNET) {
		packet_be(p, 0x0200, 2), packet_bytes(p, to->ip + 12, 4);
		packet_be(p, 0x0200, 2), packet_bytes(p, from->ip + 12, 4);
		for (int i = 0; i < c->vlans; i++)
			packet_be(p, i + 1 < c->vlans ? 0x88a8 : 0x8100, 2),
				packet_be(p, (uint64_t)c->vlan[i], 2);
		packet_be(p, type, 2);
	} else if (link == LINK_SLL) {
		packet_be(p, out ? 4 : 0, 2), packet_be(p, 1, 2), packet_be(p, 6, 2);
		packet_be(p, 0x0200, 2), packet_bytes(p, from->ip + 12, 4), packet_be(p, 0, 2);
		packet_be(p, type, 2);
	} else if (link == LINK_SLL2) {
		packet_be(p, type, 2), packet_be(p, 0, 2), packet_be(p, hop ? 3 : 2, 4);
		packet_be(p, 1, 2), packet_be(p, out ? 4 : 0, 1), packet_be(p, 6, 1);
		packet_be(p, 0x0200, 2), packet_bytes(p, from->ip + 12, 4), packet_be(p, 0, 2);
	}
}

/* The IP header; its start is returned. */
static size_t packet_ip(struct packet *p, const struct conn *c, const struct side *from,
                        const struct side *to, int64_t ttl, int64_t id, size_t tcp_n)
{
	size_t at = p->n;
	if (c->v6) {
		packet_be(p, 0x60000000, 4), packet_be(p, tcp_n, 2);
		packet_be(p, 6, 1), packet_be(p, (uint64_t)ttl, 1);
		packet_bytes(p, from->ip, 16), packet_bytes(p, to->ip, 16);
		return at;
	}
	packet_be(p, 0x4500, 2), packet_be(p, 20 + tcp_n, 2), packet_be(p, (uint64_t)id, 2);
	packet_be(p, 0x4000, 2), packet_be(p, (uint64_t)ttl, 1), packet_be(p, 6, 1), packet_be(p, 0, 2);
	packet_bytes(p, from->ip + 12, 4), packet_bytes(p, to->ip + 12, 4);
	put_at(p, at + 10, checksum(0, p->b + at, 20));
	return at;
}

static void packet_options(struct packet *p, const struct conn *c, const struct side *from,
                           const struct side *to, const struct segment *s)
{
	if (s->bare)
		return;
	if (s->flags & SYN && c->mss)
		packet_be(p, 0x0204, 2), packet_be(p, (uint64_t)c->mss, 2);
	if (s->flags & SYN && c->wscale >= 0)
		packet_be(p, 0x01030300 | (uint64_t)c->wscale, 4);
	if (c->timestamps)
		packet_be(p, 0x0101080a, 4), packet_be(p, from->tsval, 4),
			packet_be(p, s->flags & ACK ? to->tsval : 0, 4);
}

void packet_build(struct packet *p, uint32_t link, const struct conn *c, int dir,
                  const struct segment *s, int64_t copy, bool hop)
{
	const struct side *from = &c->side[dir], *to = &c->side[!dir];
	struct packet tcp = { .n = 0 };
	uint32_t moved = (uint32_t)copy * 1000003u;
	packet_be(&tcp, (uint64_t)from->port + (dir ? 0 : (uint64_t)copy), 2);
	packet_be(&tcp, (uint64_t)to->port + (dir ? (uint64_t)copy : 0), 2);
	packet_be(&tcp, s->refuses ? 0 : (uint32_t)(from->isn + moved + (uint64_t)s->seq), 4);
	packet_be(&tcp, s->flags & ACK ? (uint32_t)(to->isn + moved + (uint64_t)s->ack) : 0, 4);
	packet_be(&tcp, (uint64_t)s->flags, 2), packet_be(&tcp, (uint64_t)s->window, 2);
	packet_be(&tcp, 0, 4);                               /* checksum, urgent pointer */
	packet_options(&tcp, c, from, to, s);
	tcp.b[12] = (uint8_t)(tcp.n / 4 << 4);
	for (size_t i = 0; i < s->payload.n; i++) {
		uint8_t filler = (uint8_t)('a' + (s->seq + (int64_t)i) % 26);
		tcp.b[tcp.n++] = s->payload.fills[i] ? filler : s->payload.bytes[i];
	}

	p->n = 0;
	packet_link(p, link, c, from, to, hop);
	size_t ip = packet_ip(p, c, from, to, s->ttl - hop, s->id, tcp.n);
	uint32_t sum = 6 + (uint32_t)tcp.n;                  /* of the pseudo-header */
	for (size_t i = ip + (c->v6 ? 8 : 12), end = p->n; i < end; i += 2)
		sum += (uint32_t)(p->b[i] << 8 | p->b[i + 1]);
	put_at(&tcp, 16, checksum(sum, tcp.b, tcp.n));
	packet_bytes(p, tcp.b, tcp.n);
}
