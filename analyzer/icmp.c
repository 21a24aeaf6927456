/* icmp.c - ICMP and ICMPv6 errors, which quote the packet that they are about. See layer.h.
 *
 *   1 type | 1 code | 2 checksum | 4 depend on the type | the packet, from its IP header on
 *
 *   ICMP    fragmentation needed (3, 4): 2 unused | 2 MTU of the next hop     RFC 792, RFC 1191, 4
 *   ICMPv6  packet too big (2): 4 MTU                                         RFC 4443, 3
 */
#include <string.h>

#include "layer.h"

static const struct icmp_name { uint8_t type; int16_t code; const char *word; } words4[] = {
	{ 3, 0, "net unreachable" }, { 3, 1, "host unreachable" }, { 3, 2, "protocol unreachable" },
	{ 3, 3, "port unreachable" }, { 3, 4, "fragmentation needed" }, { 3, 5, "source route failed" },
	{ 3, 6, "net unknown" }, { 3, 7, "host unknown" }, { 3, 8, "host isolated" },
	{ 3, 9, "net prohibited" }, { 3, 10, "host prohibited" },
	{ 3, 11, "net unreachable for this service" }, { 3, 12, "host unreachable for this service" },
	{ 3, 13, "communication prohibited" }, { 3, 14, "host precedence violation" },
	{ 3, 15, "precedence cutoff" }, { 3, NONE, "unreachable" }, { 4, NONE, "source quench" },
	{ 5, NONE, "redirect" }, { 11, 0, "ttl exceeded" }, { 11, NONE, "reassembly timed out" },
	{ 12, NONE, "parameter problem" },
};

static const struct icmp_name words6[] = {
	{ 1, 0, "no route" }, { 1, 1, "communication prohibited" }, { 1, 2, "beyond scope" },
	{ 1, 3, "host unreachable" }, { 1, 4, "port unreachable" }, { 1, 5, "policy failed" },
	{ 1, 6, "route rejected" }, { 1, NONE, "unreachable" }, { 2, NONE, "packet too big" },
	{ 3, 0, "ttl exceeded" }, { 3, NONE, "reassembly timed out" }, { 4, NONE, "parameter problem" },
};

/* NULL: no error that quotes a packet. */
const char *icmp_word(bool ip6, unsigned type, unsigned code)
{
	const struct icmp_name *names = ip6 ? words6 : words4;
	size_t n = ip6 ? sizeof words6 / sizeof *words6 : sizeof words4 / sizeof *words4;
	for (size_t i = 0; i < n; i++)
		if (names[i].type == type && (names[i].code == NONE || names[i].code == (int)code))
			return names[i].word;
	return NULL;
}

enum layer icmp_read(struct walk *w)
{
	enum { ICMP6 = 58 };
	bool ip6 = w->next == ICMP6;
	struct icmp_error *e = &w->decoder->icmp;
	const char *kind = ip6 ? "icmpv6" : "icmp";
	unsigned type = rd_u8(&w->r), code = rd_u8(&w->r);
	rd_be16(&w->r);                               /* checksum */
	uint32_t rest = rd_be32(&w->r);
	if (!rd_ok(&w->r) || !icmp_word(ip6, type, code))
		return walk_end(w, kind);
	*e = (struct icmp_error){ .ip6 = ip6, .type = (uint8_t)type, .code = (uint8_t)code,
	                          .mtu = NONE, .ttl = w->s->ttl, .ip_id = w->s->ip_id };
	memcpy(e->from, w->s->src.ip, 16);
	memcpy(e->to, w->s->dst.ip, 16);
	if (ip6 && type == 2)
		e->mtu = rest > INT32_MAX ? INT32_MAX : (int)rest;
	else if (!ip6 && type == 3 && code == 4 && (rest & 0xffff))
		e->mtu = (int)(rest & 0xffff);        /* routers before RFC 1191 say 0 */
	w->quoted = true;
	return LAYER_IP;
}
