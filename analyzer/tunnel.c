/* tunnel.c - UDP and GRE, and what they carry. See layer.h.
 *
 *   UDP      2 source port | 2 destination port | 2 length | 2 checksum         RFC 768
 *   VXLAN    1 flags, 0x08 set | 3 | 3 network | 1; Ethernet                    RFC 7348, 5
 *   Geneve   2 bits version 0, 6 length of options in words | 1 | 2 EtherType |
 *            3 network | 1 | options                                            RFC 8926, 3.4
 *   GTP-U    3 bits version 1, protocol type 1, -, E S PN | 1 type 255 | 2 length |
 *            4 tunnel | 2 number, 1, 1 next extension if any of E S PN          3GPP TS 29.281, 5.1
 *   Teredo   00 01 authentication, 00 00 origin; IPv6                           RFC 4380, 5.1.1
 *   L2TPv2   2 flags T L - - S - O P, version 2 | 2 length | 2 tunnel | 2 session |
 *            4 numbers | 2 offset; PPP                                          RFC 2661, 3.1
 *   GRE      2 flags C R K S, 3 bits version | 2 EtherType | 4 checksum | 4 key |
 *            4 number; version 1: 4 acknowledgement                  RFC 2784, 2890, 2637
 *   ERSPAN   4 bits version 1, 12 VLAN | 6, 10 session | 4; Ethernet (III: 8 more)
 *                                                  draft-foschiano-erspan-03, 4
 *
 * A port proves nothing: where the fixed fields do not agree, or what is inside
 * does not decode, the packet is plain UDP.
 */
#include "layer.h"

static const struct { uint16_t port; uint8_t layer; } udp_ports[] = {
	{ 4789, LAYER_VXLAN }, { 8472, LAYER_VXLAN }, { 4790, LAYER_VXLAN_GPE },
	{ 6081, LAYER_GENEVE }, { 2152, LAYER_GTP }, { 3544, LAYER_TEREDO }, { 1701, LAYER_L2TP },
	{ 4754, LAYER_GRE }, { 5072, LAYER_AYIYA }, { 6080, LAYER_GUE }, { 6635, LAYER_MPLS },
	{ 4341, LAYER_LISP }, { 37008, LAYER_TZSP },
};

static enum layer port_layer(unsigned port)
{
	for (size_t i = 0; i < sizeof udp_ports / sizeof *udp_ports; i++)
		if (udp_ports[i].port == port)
			return (enum layer)udp_ports[i].layer;
	return LAYER_END;
}

enum layer udp_read(struct walk *w)
{
	unsigned src = rd_be16(&w->r), dst = rd_be16(&w->r), size = rd_be16(&w->r);
	rd_be16(&w->r);                               /* checksum */
	enum layer layer = rd_ok(&w->r) ? port_layer(dst) : LAYER_END;
	if (layer == LAYER_END && rd_ok(&w->r))
		layer = port_layer(src);
	if (layer == LAYER_END)
		return walk_end(w, "udp");
	if (size >= 8)
		walk_confine(w, size - 8);
	w->guessed = "udp";
	return layer;
}

static enum layer not_a_tunnel(struct walk *w)
{
	return walk_broken(w, "udp");
}

enum layer vxlan_read(struct walk *w)
{
	enum { HAS_NETWORK = 0x08 };
	unsigned flags = rd_u8(&w->r);
	rd_take(&w->r, 3);
	uint32_t network = rd_be32(&w->r) >> 8;
	if (!rd_ok(&w->r) || !(flags & HAS_NETWORK))
		return not_a_tunnel(w);
	walk_outer(w, OUTER_VXLAN, network);
	return LAYER_ETHERNET;
}

/* draft-ietf-nvo3-vxlan-gpe: the header says what it carries. */
enum layer vxlan_gpe_read(struct walk *w)
{
	enum { HAS_NETWORK = 0x08, IP4 = 1, IP6 = 2, ETHERNET = 3, NSH = 4 };
	unsigned flags = rd_u8(&w->r);
	rd_be16(&w->r);
	unsigned next = rd_u8(&w->r);
	uint32_t network = rd_be32(&w->r) >> 8;
	if (!rd_ok(&w->r) || !(flags & HAS_NETWORK))
		return not_a_tunnel(w);
	walk_outer(w, OUTER_VXLAN, network);
	return next == IP4 || next == IP6 ? LAYER_IP : next == ETHERNET ? LAYER_ETHERNET
	     : next == NSH ? LAYER_NSH : not_a_tunnel(w);
}

enum layer geneve_read(struct walk *w)
{
	unsigned first = rd_u8(&w->r);
	rd_u8(&w->r);
	unsigned type = rd_be16(&w->r);
	uint32_t network = rd_be32(&w->r) >> 8;
	rd_take(&w->r, (first & 63) * 4);
	if (!rd_ok(&w->r) || first >> 6 != 0)
		return not_a_tunnel(w);
	walk_outer(w, OUTER_GENEVE, network);
	return walk_on(w, LAYER_TYPE, type);
}

enum layer gtp_read(struct walk *w)
{
	enum { VERSION_1 = 0x30, VERSION_MASK = 0xf0, EXTENSION = 4, OPTIONAL = 7, G_PDU = 255 };
	unsigned flags = rd_u8(&w->r), type = rd_u8(&w->r);
	size_t size = rd_be16(&w->r);
	uint32_t tunnel = rd_be32(&w->r);
	if (!rd_ok(&w->r) || (flags & VERSION_MASK) != VERSION_1 || type != G_PDU
	    || size > walk_wire(w))
		return not_a_tunnel(w);
	walk_confine(w, size);
	unsigned next = 0;
	if (flags & OPTIONAL) {
		rd_take(&w->r, 3);
		next = rd_u8(&w->r);
	}
	while (flags & EXTENSION && next && rd_left(&w->r)) {
		size_t words = rd_u8(&w->r);
		rd_take(&w->r, words ? words * 4 - 2 : SIZE_MAX);
		next = rd_u8(&w->r);
	}
	if (!rd_ok(&w->r))
		return not_a_tunnel(w);
	walk_outer(w, OUTER_GTP, tunnel);
	return LAYER_IP;
}

enum layer teredo_read(struct walk *w)
{
	enum { AUTHENTICATION = 0x0001, ORIGIN = 0x0000 };
	for (int i = 0; i < 2; i++) {
		struct rd head = w->r;
		unsigned what = rd_be16(&head);
		if (what == AUTHENTICATION) {
			size_t id = rd_u8(&head), value = rd_u8(&head);
			rd_take(&head, id + value + 9);
		} else if (what == ORIGIN) {
			rd_take(&head, 6);
		} else {
			break;
		}
		w->r = head;
	}
	if (!rd_left(&w->r) || w->r.p[0] >> 4 != 6)
		return not_a_tunnel(w);
	walk_outer(w, OUTER_TEREDO, 0);
	return LAYER_IP6;
}

enum layer l2tp_read(struct walk *w)
{
	enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200,
	       RESERVED = 0x34f0 };
	unsigned flags = rd_be16(&w->r);
	if ((flags & 15) != 2 || flags & (CONTROL | RESERVED))
		return not_a_tunnel(w);
	if (flags & LENGTH)
		rd_be16(&w->r);
	rd_be16(&w->r);
	unsigned session = rd_be16(&w->r);
	if (flags & SEQUENCE)
		rd_be32(&w->r);
	if (flags & OFFSET)
		rd_take(&w->r, rd_be16(&w->r));
	if (!rd_ok(&w->r))
		return not_a_tunnel(w);
	walk_outer(w, OUTER_L2TP, session);
	return LAYER_PPP;
}

/* draft-massar-v6ops-ayiya-02, 3: identity of 2^n bytes, signature of n words. */
enum layer ayiya_read(struct walk *w)
{
	enum { FORWARD = 1, IP6 = 41, IP4 = 4 };
	unsigned identity = rd_u8(&w->r) >> 4, signature = rd_u8(&w->r) >> 4, code = rd_u8(&w->r) & 15,
	         next = rd_u8(&w->r);
	rd_be32(&w->r);                               /* time */
	rd_take(&w->r, ((size_t)1 << identity) + (size_t)signature * 4);
	if (!rd_ok(&w->r) || code != FORWARD || (next != IP4 && next != IP6))
		return not_a_tunnel(w);
	walk_outer(w, OUTER_AYIYA, 0);
	return LAYER_IP;
}

/* draft-ietf-intarea-gue, 3: version 0 has a header, version 1 is IP itself. */
enum layer gue_read(struct walk *w)
{
	struct rd head = w->r;
	unsigned first = rd_u8(&head), protocol = rd_u8(&head);
	rd_be16(&head);
	rd_take(&head, (first & 31) * 4);
	walk_outer(w, OUTER_GUE, 0);
	if (first >> 6 == 1)
		return LAYER_IP;
	w->r = head;
	if (!rd_ok(&w->r) || first >> 5 != 0)
		return not_a_tunnel(w);
	return protocol == 4 || protocol == 41 ? LAYER_IP : walk_on(w, LAYER_PROTOCOL, protocol);
}

/* RFC 9300, 5.1 */
enum layer lisp_read(struct walk *w)
{
	rd_take(&w->r, 8);
	walk_outer(w, OUTER_LISP, 0);
	return LAYER_IP;
}

/* TaZmen sniffer protocol: 1 version | 1 type | 2 what | tags: 1 kind, 1 length, value. */
enum layer tzsp_read(struct walk *w)
{
	enum { VERSION = 1, RECEIVED = 0, FOR_SENDING = 1, ETHERNET = 1, WLAN = 18, PAD = 0, END = 1 };
	unsigned version = rd_u8(&w->r), type = rd_u8(&w->r), what = rd_be16(&w->r), tag;
	while ((tag = rd_u8(&w->r)) != END && rd_ok(&w->r))
		if (tag != PAD)
			rd_take(&w->r, rd_u8(&w->r));
	if (!rd_ok(&w->r) || version != VERSION || type > FOR_SENDING)
		return not_a_tunnel(w);
	walk_outer(w, OUTER_TZSP, 0);
	return what == ETHERNET ? LAYER_ETHERNET : what == WLAN ? LAYER_WLAN : not_a_tunnel(w);
}

enum layer etherip_read(struct walk *w)
{
	unsigned head = rd_be16(&w->r);
	if (!rd_ok(&w->r) || head >> 12 != 3)         /* RFC 3378, 3 */
		return walk_broken(w, "other ip protocol");
	walk_outer(w, OUTER_ETHERIP, 0);
	return LAYER_ETHERNET;
}

/* ---- GRE ---- */

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000,
       GRE_ACK = 0x0080 };
enum { TYPE_ERSPAN = 0x88be, TYPE_ERSPAN_3 = 0x22eb, TYPE_WCCP = 0x883e, TYPE_PPP = 0x880b,
       TYPE_ARUBA = 0x8200, TYPE_ARUBA_LAST = 0x8210 };

/* Without a GRE sequence number it is the first kind, which has no header. */
static enum layer erspan_read(struct walk *w, unsigned type, bool numbered)
{
	uint32_t session = 0;
	if (type == TYPE_ERSPAN_3 || numbered) {
		session = rd_be32(&w->r) & 0x3ff;
		rd_be32(&w->r);
	}
	if (type == TYPE_ERSPAN_3 && rd_be32(&w->r) & 1)
		rd_take(&w->r, 8);
	if (!rd_ok(&w->r))
		return walk_broken(w, "gre");
	walk_outer(w, OUTER_ERSPAN, session);
	return LAYER_ETHERNET;
}

/* A redirected packet may have 4 bytes before it; no IP version is 0. */
static enum layer wccp_read(struct walk *w)
{
	if (rd_left(&w->r) && w->r.p[0] >> 4 != 4)
		rd_be32(&w->r);
	return LAYER_IP;
}

/* PPTP: the key is the payload's length and the call. */
static enum layer pptp_read(struct walk *w, unsigned flags)
{
	uint32_t key = rd_be32(&w->r);
	if (flags & GRE_SEQUENCE)
		rd_be32(&w->r);
	if (flags & GRE_ACK)
		rd_be32(&w->r);
	if (!rd_ok(&w->r) || !(flags & GRE_SEQUENCE) || w->next != TYPE_PPP)
		return walk_end(w, "gre");
	walk_outer(w, OUTER_PPTP, key & 0xffff);
	return LAYER_PPP;
}

enum layer gre_read(struct walk *w)
{
	unsigned flags = rd_be16(&w->r), type = rd_be16(&w->r);
	w->next = type;
	if ((flags & 7) == 1)
		return pptp_read(w, flags);
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		rd_be32(&w->r);
	uint32_t key = flags & GRE_KEY ? rd_be32(&w->r) : 0;
	if (flags & GRE_SEQUENCE)
		rd_be32(&w->r);
	if (!rd_ok(&w->r) || (flags & 7) || flags & GRE_ROUTING || type < 0x0600)
		return walk_broken(w, "gre");
	if (type == TYPE_ERSPAN || type == TYPE_ERSPAN_3)
		return erspan_read(w, type, flags & GRE_SEQUENCE);
	walk_outer(w, flags & GRE_KEY ? OUTER_GRE_KEY : OUTER_GRE, key);
	if (type == TYPE_WCCP)
		return wccp_read(w);
	if (type >= TYPE_ARUBA && type <= TYPE_ARUBA_LAST)
		return LAYER_WLAN;
	return walk_on(w, LAYER_TYPE, type);
}
