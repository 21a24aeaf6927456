/* decode.c - see decode.h.
 *
 *   Ethernet   6 destination | 6 source | 2 type (tags: 0x8100, 0x88a8 + 2 tag + 2 type)
 *   SLL        2 packet type | 2 ARPHRD | 2 address length | 8 address | 2 protocol
 *   SLL2       2 protocol | 2 reserved | 4 interface | 2 ARPHRD | 1 packet type |
 *              1 address length | 8 address
 *   NULL/LOOP  4 address family, in the byte order of the host that captured (NULL)
 *              or of the network (LOOP)
 */
#include "decode.h"

#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"

enum { TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8,
       TYPE_QINQ_OLD = 0x9100 };
enum { PROTO_TCP = 6, IP4_HEADER = 20, IP6_HEADER = 40, TCP_HEADER = 20 };
enum { IP6_HOP_BY_HOP = 0, IP6_ROUTING = 43, IP6_FRAGMENT = 44, IP6_AUTH = 51, IP6_OPTIONS = 60,
       IP6_MOBILITY = 135 };

struct named { unsigned value; const char *name; };

static const struct named ether_types[] = {
	{ 0x0806, "arp" }, { 0x8035, "rarp" }, { 0x88cc, "lldp" }, { 0x8847, "mpls" },
	{ 0x8848, "mpls" }, { 0x8863, "pppoe" }, { 0x8864, "pppoe" }, { 0x8809, "lacp" },
	{ 0x888e, "eapol" }, { 0x88e5, "macsec" }, { 0, 0 },
};

static const struct named ip_protocols[] = {
	{ 1, "icmp" }, { 2, "igmp" }, { 4, "ip in ip" }, { 17, "udp" }, { 41, "ipv6 in ip" },
	{ 47, "gre" }, { 50, "esp" }, { 51, "ah" }, { 58, "icmpv6" }, { 89, "ospf" },
	{ 103, "pim" }, { 112, "vrrp" }, { 132, "sctp" }, { 0, 0 },
};

static const char *name_of(const struct named *table, unsigned value, const char *otherwise)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return otherwise;
}

/* ---- TCP ---- */

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

/* `r` holds what was kept of the segment, whose size on the wire is `wire`. */
static const char *tcp_decode(struct rd r, size_t wire, struct segment *s)
{
	enum { MAX_SCALE = 14 };   /* RFC 7323, 2.3 */
	size_t kept = rd_left(&r);
	s->src.port = rd_be16(&r);
	s->dst.port = rd_be16(&r);
	s->seq = rd_be32(&r);
	s->ack = rd_be32(&r);
	size_t header = (size_t)(rd_u8(&r) >> 4) * 4;
	s->flags = rd_u8(&r);
	s->window = rd_be16(&r);
	rd_be16(&r);                                  /* checksum */
	s->urgent = rd_be16(&r);
	if (!(s->flags & TCP_URG))
		s->urgent = 0;
	if (!rd_ok(&r))
		return kept < wire ? "tcp header cut off" : "malformed tcp";
	if (header < TCP_HEADER || header > wire)
		return "malformed tcp";
	size_t options = header - TCP_HEADER;
	s->options = rd_take(&r, options < rd_left(&r) ? options : rd_left(&r));
	s->mss = s->window_scale = NONE;
	options_read(s);
	if (s->window_scale > MAX_SCALE)
		s->window_scale = MAX_SCALE;
	s->len = (uint32_t)(wire - header);
	s->payload = rd_take(&r, rd_left(&r) < s->len ? rd_left(&r) : s->len);
	return NULL;
}

/* ---- IP ---- */

static const char *protocol_decode(unsigned protocol, struct rd r, size_t wire, struct segment *s)
{
	return protocol == PROTO_TCP ? tcp_decode(r, wire, s)
	                             : name_of(ip_protocols, protocol, "other ip protocol");
}

/* What is left of r, but no more than the IP header says there is: the rest is
 * the link's padding. */
static struct rd without_padding(struct rd *r, size_t n)
{
	return rd_sub(r, n < rd_left(r) ? n : rd_left(r));
}

static const char *ip4_decode(struct rd r, size_t wire, struct segment *s)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
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
		return "ip header cut off";
	if (total == 0)
		total = wire;                         /* segmentation offload */
	if (header < IP4_HEADER || total < header)
		return "malformed ip";
	if (fragment & 0x3fff)
		return "ip fragment";
	rd_take(&r, header - IP4_HEADER);
	if (!rd_ok(&r))
		return "ip header cut off";
	memcpy(s->src.ip, mapped, 12);
	memcpy(s->dst.ip, mapped, 12);
	memcpy(s->src.ip + 12, src.p, 4);
	memcpy(s->dst.ip + 12, dst.p, 4);
	return protocol_decode(protocol, without_padding(&r, total - header), total - header, s);
}

/* Pass over the extension headers; *wire shrinks with them. NULL: *protocol is
 * what they lead to. */
static const char *ip6_extensions(struct rd *r, size_t *wire, unsigned *protocol)
{
	for (int i = 0; i < LIMIT_IP6_EXTENSIONS; i++) {
		unsigned next = *protocol;
		bool known = next == IP6_HOP_BY_HOP || next == IP6_ROUTING || next == IP6_OPTIONS
		             || next == IP6_MOBILITY || next == IP6_AUTH;
		if (next == IP6_FRAGMENT)
			return "ip fragment";
		if (!known)
			return NULL;
		*protocol = rd_u8(r);
		size_t units = rd_u8(r);
		size_t size = next == IP6_AUTH ? (units + 2) * 4 : (units + 1) * 8;
		rd_take(r, size - 2);
		if (!rd_ok(r) || size > *wire)
			return "ip header cut off";
		*wire -= size;
	}
	return "malformed ip";
}

static const char *ip6_decode(struct rd r, size_t wire, struct segment *s)
{
	rd_be32(&r);                                  /* version, traffic class, flow label */
	size_t size = rd_be16(&r);
	unsigned protocol = rd_u8(&r);
	s->ttl = rd_u8(&r);
	struct bytes src = rd_take(&r, 16), dst = rd_take(&r, 16);
	if (!rd_ok(&r) || wire < IP6_HEADER)
		return "ip header cut off";
	if (size == 0 && protocol != IP6_HOP_BY_HOP)
		size = wire - IP6_HEADER;             /* segmentation offload */
	memcpy(s->src.ip, src.p, 16);
	memcpy(s->dst.ip, dst.p, 16);
	struct rd inner = without_padding(&r, size);
	const char *not_tcp = ip6_extensions(&inner, &size, &protocol);
	return not_tcp ? not_tcp : protocol_decode(protocol, inner, size, s);
}

static const char *ip_decode(struct rd r, size_t wire, struct segment *s)
{
	unsigned version = rd_left(&r) ? r.p[0] >> 4 : 0;
	s->ip = (struct bytes){ r.p, r.n };
	return version == 4 ? ip4_decode(r, wire, s)
	     : version == 6 ? ip6_decode(r, wire, s)
	     : "malformed ip";
}

/* ---- links ---- */

static const char *type_decode(unsigned type, struct rd r, size_t wire, struct segment *s)
{
	while (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD) {
		unsigned tag = rd_be16(&r);
		type = rd_be16(&r);
		if (!rd_ok(&r) || wire < 4)
			return "link header cut off";
		if (s->vlan_n == LIMIT_VLAN_TAGS)
			return "too many vlan tags";
		s->vlan[s->vlan_n++] = tag & 0xfff;
		wire -= 4;
	}
	if (type == TYPE_IP4 || type == TYPE_IP6)
		return ip_decode(r, wire, s);
	return type < 0x0600 ? "802.2" : name_of(ether_types, type, "other ethernet type");
}

/* FNV-1a, for telling links apart: no security rests on it. */
static uint32_t link_hash(struct bytes b)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 16777619u;
	return h;
}

static const char *ethernet_decode(struct rd r, size_t wire, struct segment *s)
{
	s->link_id = link_hash(rd_take(&r, 12));
	unsigned type = rd_be16(&r);
	return rd_ok(&r) ? type_decode(type, r, wire - 14, s) : "link header cut off";
}

static const char *sll_decode(struct rd r, size_t wire, struct segment *s)
{
	s->link_id = link_hash(rd_take(&r, 14));
	unsigned type = rd_be16(&r);
	return rd_ok(&r) ? type_decode(type, r, wire - 16, s) : "link header cut off";
}

static const char *sll2_decode(struct rd r, size_t wire, struct segment *s)
{
	unsigned type = rd_be16(&r);
	s->link_id = link_hash(rd_take(&r, 18));
	return rd_ok(&r) ? type_decode(type, r, wire - 20, s) : "link header cut off";
}

/* The family's number for IPv6 is 10, 24, 28 or 30, by the system; the IP
 * version is the same on all, so it decides. */
static const char *null_decode(struct rd r, size_t wire, struct segment *s)
{
	rd_be32(&r);
	return rd_ok(&r) ? ip_decode(r, wire - 4, s) : "link header cut off";
}

const char *decode(const struct packet *packet, struct segment *s)
{
	struct rd r = rd_over(packet->bytes);
	*s = (struct segment){ .at = { packet->frame, packet->ns }, .file_offset = packet->file_offset };
	switch (packet->link) {
	case DLT_EN10MB:    return ethernet_decode(r, packet->wire_n, s);
	case DLT_LINUX_SLL: return sll_decode(r, packet->wire_n, s);
	case DLT_LINUX_SLL2: return sll2_decode(r, packet->wire_n, s);
	case DLT_NULL:
	case DLT_LOOP:      return null_decode(r, packet->wire_n, s);
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:      return ip_decode(r, packet->wire_n, s);
	default:            return "link type that is not understood";
	}
}

/* ---- as text ---- */

const char *ip_text(const uint8_t ip[16], char text[static 46])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool ip4 = memcmp(ip, mapped, 12) == 0;
	return inet_ntop(ip4 ? AF_INET : AF_INET6, ip4 ? ip + 12 : ip, text, 46);
}

const char *path_text(const struct segment *s, char text[static LIMIT_PATH])
{
	size_t n = 0;
	text[0] = 0;
	for (int i = 0; i < s->vlan_n; i++)
		n += (size_t)snprintf(text + n, LIMIT_PATH - n, "%svlan %u", i ? " " : "", s->vlan[i]);
	return text;
}
