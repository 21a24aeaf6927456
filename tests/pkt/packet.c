/* packet.c - segments to IP packets: IP, TCP, ICMP, checksums. See pkt.h. */
#include "pkt.h"

#include <string.h>

void packet_be(struct packet *p, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		p->b[p->n++] = (uint8_t)(value >> 8 * bytes);
}

void packet_bytes(struct packet *p, const void *bytes, size_t n)
{
	memcpy(p->b + p->n, bytes, n);
	p->n += n;
}

uint16_t checksum(uint32_t sum, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void put_at(struct packet *p, size_t at, uint16_t value)
{
	p->b[at] = (uint8_t)(value >> 8);
	p->b[at + 1] = (uint8_t)value;
}

/* The IP header before n bytes of `protocol`. */
static void packet_ip(struct packet *p, bool v6, const uint8_t from[16], const uint8_t to[16],
                      int64_t ttl, int64_t id, int protocol, size_t n)
{
	size_t at = p->n;
	if (v6) {
		packet_be(p, 0x60000000, 4), packet_be(p, n, 2);
		packet_be(p, (uint64_t)protocol, 1), packet_be(p, (uint64_t)ttl, 1);
		packet_bytes(p, from, 16), packet_bytes(p, to, 16);
		return;
	}
	packet_be(p, 0x4500, 2), packet_be(p, 20 + n, 2), packet_be(p, (uint64_t)id, 2);
	packet_be(p, 0x4000, 2), packet_be(p, (uint64_t)ttl, 1), packet_be(p, (uint64_t)protocol, 1);
	packet_be(p, 0, 2), packet_bytes(p, from + 12, 4), packet_bytes(p, to + 12, 4);
	put_at(p, at + 10, checksum(0, p->b + at, 20));
}

static void packet_options(struct packet *p, const struct conn *c, const struct side *from,
                           const struct side *to, const struct segment *s, uint32_t moved)
{
	if (s->bare)
		return;
	if (s->flags & SYN && c->mss)
		packet_be(p, 0x0204, 2), packet_be(p, (uint64_t)c->mss, 2);
	if (s->flags & SYN && c->wscale >= 0 && !s->unscaled)
		packet_be(p, 0x01030300 | (uint64_t)c->wscale, 4);
	if (c->timestamps)
		packet_be(p, 0x0101080a, 4), packet_be(p, from->tsval, 4),
			packet_be(p, s->flags & ACK ? to->tsval : 0, 4);
	if (s->fast_open)                                    /* it asks for a cookie: RFC 7413, 4.1.1 */
		packet_be(p, 0x01012202, 4);
	if (s->sacks)
		packet_be(p, 0x01010502 + 8 * (uint64_t)s->sacks, 4);
	for (int i = 0; i < 2 * s->sacks; i++)
		packet_be(p, (uint32_t)(to->isn + moved + (uint64_t)s->sack[i]), 4);
}

/* The sum of the addresses, the protocol and the size: what TCP and ICMPv6 add. */
static uint32_t pseudo_sum(const struct packet *ip, bool v6, int protocol, size_t n)
{
	uint32_t sum = (uint32_t)protocol + (uint32_t)n;
	for (size_t i = v6 ? 8 : 12; i < ip->n; i += 2)
		sum += (uint32_t)(ip->b[i] << 8 | ip->b[i + 1]);
	return sum;
}

void packet_build(struct packet *p, const struct conn *c, int dir, const struct segment *s,
                  int64_t copy, bool hop)
{
	enum { TCP = 6 };
	const struct side *from = &c->side[dir], *to = &c->side[!dir];
	static struct packet tcp;
	uint32_t moved = (uint32_t)copy * 1000003u;
	tcp.n = 0;
	packet_be(&tcp, (uint64_t)from->port + (dir ? 0 : (uint64_t)copy), 2);
	packet_be(&tcp, (uint64_t)to->port + (dir ? (uint64_t)copy : 0), 2);
	packet_be(&tcp, s->refuses ? 0 : (uint32_t)(from->isn + moved + (uint64_t)s->seq), 4);
	packet_be(&tcp, s->flags & ACK ? (uint32_t)(to->isn + moved + (uint64_t)s->ack) : 0, 4);
	packet_be(&tcp, (uint64_t)s->flags, 2), packet_be(&tcp, (uint64_t)s->window, 2);
	packet_be(&tcp, 0, 2), packet_be(&tcp, (uint64_t)s->urgent, 2);   /* checksum, urgent pointer */
	packet_options(&tcp, c, from, to, s, moved);
	tcp.b[12] = (uint8_t)(tcp.n / 4 << 4);
	for (size_t i = 0; i < s->payload.n; i++) {
		uint8_t filler = (uint8_t)('a' + (s->seq + (int64_t)i) % 26);
		tcp.b[tcp.n++] = s->payload.fills[i] ? filler : s->payload.bytes[i];
	}
	p->n = 0;
	packet_ip(p, c->v6, from->ip, to->ip, s->ttl - hop, s->id, TCP, tcp.n);
	put_at(&tcp, 16, checksum(pseudo_sum(p, c->v6, TCP, tcp.n), tcp.b, tcp.n));
	packet_bytes(p, tcp.b, tcp.n);
}

void packet_icmp(struct packet *p, const struct conn *c, int dir, const struct icmp *m)
{
	enum { ICMP = 1, ICMP6 = 58, TCP_QUOTED = 8 };
	const struct side *from = &c->side[dir], *to = &c->side[!dir];
	struct packet icmp = { .n = 0 };
	size_t quote = (c->v6 ? 40 : 20) + (m->quote == UNSET ? TCP_QUOTED : (size_t)m->quote);
	int protocol = c->v6 ? ICMP6 : ICMP;
	packet_be(&icmp, (uint64_t)m->type, 1), packet_be(&icmp, (uint64_t)m->code, 1);
	packet_be(&icmp, 0, 2), packet_be(&icmp, m->mtu == UNSET ? 0 : (uint64_t)m->mtu, 4);
	packet_bytes(&icmp, to->head, quote < to->head_n ? quote : to->head_n);
	p->n = 0;
	packet_ip(p, c->v6, m->has_from ? m->from : from->ip, to->ip, from->ttl, 0, protocol, icmp.n);
	put_at(&icmp, 2, checksum(c->v6 ? pseudo_sum(p, true, protocol, icmp.n) : 0, icmp.b, icmp.n));
	packet_bytes(p, icmp.b, icmp.n);
}
