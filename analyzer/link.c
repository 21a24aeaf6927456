/* link.c - what the packets of each link type begin with. See layer.h.
 *
 *   Ethernet   6 destination | 6 source | 2 EtherType, or length of an 802.2 frame
 *   SLL        2 packet type | 2 ARPHRD | 2 address length | 8 address | 2 protocol
 *   SLL2       2 protocol | 2 reserved | 4 interface | 2 ARPHRD | 1 packet type |
 *              1 address length | 8 address
 *   NULL/LOOP  4 address family, in the byte order of the host that captured (NULL)
 *              or of the network (LOOP)
 *   C_HDLC     1 address | 1 control | 2 EtherType
 *   Frame Relay  2 address (more while the lowest bit is 0) | 2 EtherType (Cisco), or
 *              1 control 0x03 | 1 NLPID (RFC 2427)
 *   ARCNET     1 source | 1 destination | 2 place (Linux) | 1 protocol; RFC 1201: 1 part |
 *              2 number, and the same again after 4 bytes where the part is ff
 *   PFLOG      1 length | 1 address family | … to the length, in words
 *   NFLOG      1 family | 1 version | 2 resource | attributes: 2 size | 2 type | value | padding
 *   Juniper    3 "MGC" | 1 flags | 2 size of extensions, if flagged | extensions |
 *              4 protocol, if there is no link header
 *
 * The formats are listed at https://www.tcpdump.org/linktypes.html.
 */
#include <pcap/pcap.h>

#include "layer.h"

/* Numbers that libpcap has no name for, or that other systems use for RAW. */
enum { DLT_RAW_12 = 12, DLT_RAW_14 = 14, DLT_RAW_101 = 101, DLT_MPACKET = 274 };

/* The most common first: it is searched for every packet. */
static const struct { int link; uint8_t skip; uint8_t layer; } links[] = {
	{ DLT_EN10MB, 0, LAYER_ETHERNET },        { DLT_LINUX_SLL, 0, LAYER_SLL },
	{ DLT_LINUX_SLL2, 0, LAYER_SLL2 },        { DLT_NULL, 0, LAYER_FAMILY },
	{ DLT_LOOP, 0, LAYER_FAMILY },            { DLT_RAW_12, 0, LAYER_IP },
	{ DLT_RAW_14, 0, LAYER_IP },              { DLT_RAW_101, 0, LAYER_IP },
	{ DLT_IPV4, 0, LAYER_IP },                { DLT_IPV6, 0, LAYER_IP },
	{ DLT_PPP, 0, LAYER_PPP_SERIAL },         { DLT_PPP_SERIAL, 0, LAYER_PPP_SERIAL },
	{ DLT_PPP_ETHER, 0, LAYER_PPPOE },        { DLT_PPP_PPPD, 1, LAYER_PPP },
	{ DLT_PPP_WITH_DIR, 1, LAYER_PPP_SERIAL }, { DLT_C_HDLC, 0, LAYER_CHDLC },
	{ DLT_C_HDLC_WITH_DIR, 1, LAYER_CHDLC },  { DLT_FRELAY, 0, LAYER_FRAME_RELAY },
	{ DLT_FRELAY_WITH_DIR, 1, LAYER_FRAME_RELAY },
	{ DLT_IEEE802_11, 0, LAYER_WLAN },        { DLT_IEEE802_11_RADIO, 0, LAYER_RADIOTAP },
	{ DLT_IEEE802_11_RADIO_AVS, 0, LAYER_AVS }, { DLT_PRISM_HEADER, 0, LAYER_PRISM },
	{ DLT_PPI, 0, LAYER_PPI },                { DLT_PFLOG, 0, LAYER_PFLOG },
	{ DLT_NFLOG, 0, LAYER_NFLOG },            { DLT_IPNET, 24, LAYER_IP },
	{ DLT_ENC, 12, LAYER_IP },                { DLT_JUNIPER_ETHER, 0, LAYER_JUNIPER },
	{ DLT_ARCNET, 0, LAYER_ARCNET },          { DLT_ARCNET_LINUX, 0, LAYER_ARCNET_LINUX },
	{ DLT_FDDI, 13, LAYER_LLC },              { DLT_IP_OVER_FC, 16, LAYER_LLC },
	{ DLT_ATM_RFC1483, 0, LAYER_LLC },        { DLT_SUNATM, 4, LAYER_LLC },
	{ DLT_MPLS, 0, LAYER_MPLS },              { DLT_MPACKET, 8, LAYER_ETHERNET },
	{ DLT_NETANALYZER, 4, LAYER_ETHERNET },   { DLT_NETANALYZER_TRANSPARENT, 12, LAYER_ETHERNET },
	{ DLT_APPLE_IP_OVER_IEEE1394, 16, LAYER_TYPE_FIRST },
	{ DLT_SYMANTEC_FIREWALL, 6, LAYER_TYPE_FIRST }, { DLT_IPOIB, 40, LAYER_TYPE_FIRST },
	{ DLT_SLIP, 16, LAYER_IP },
};

enum layer link_layer(int link, size_t *skip)
{
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (links[i].link == link) {
			*skip = links[i].skip;
			return (enum layer)links[i].layer;
		}
	*skip = 0;
	return LAYER_END;
}

static enum layer link_broken(struct walk *w)
{
	return walk_broken(w, "link header cut off");
}

enum layer ethernet_read(struct walk *w)
{
	w->s->link_id = link_mix(w->s->link_id ^ 2166136261u, rd_take(&w->r, 12));
	unsigned type = rd_be16(&w->r);
	return rd_ok(&w->r) ? walk_on(w, LAYER_TYPE, type) : link_broken(w);
}

/* Linux gives numbers below 1536 to what has no EtherType (linux/if_ether.h). */
static enum layer cooked_type(struct walk *w, unsigned arphrd, unsigned type)
{
	enum { ETHERNET = 3, LLC = 4, PPP_HDLC = 7, HDLC = 25, ARPHRD_NETLINK = 824 };
	if (!rd_ok(&w->r))
		return link_broken(w);
	if (arphrd == ARPHRD_NETLINK)
		return walk_end(w, "netlink");
	switch (type) {
	case ETHERNET: return LAYER_ETHERNET;
	case LLC:      return LAYER_LLC;
	case PPP_HDLC: return LAYER_PPP_SERIAL;
	case HDLC:     return LAYER_CHDLC;
	default:       return type < 0x0600 ? walk_end(w, "other cooked type")
	                                    : walk_on(w, LAYER_TYPE, type);
	}
}

enum layer sll_read(struct walk *w)
{
	struct rd head = w->r;
	rd_be16(&head);
	unsigned arphrd = rd_be16(&head);
	w->s->link_id = link_mix(2166136261u, rd_take(&w->r, 14));
	unsigned type = rd_be16(&w->r);
	return cooked_type(w, arphrd, type);
}

enum layer sll2_read(struct walk *w)
{
	unsigned type = rd_be16(&w->r);
	struct bytes rest = rd_take(&w->r, 18);
	w->s->link_id = link_mix(2166136261u, rest);
	return cooked_type(w, rest.n ? (unsigned)(rest.p[6] << 8 | rest.p[7]) : 0, type);
}

/* The family's number for IPv6 is 10, 24, 28 or 30, by the system; the IP
 * version is the same on all, so it decides. FreeBSD has PPP here too. */
enum layer family_read(struct walk *w)
{
	struct rd behind = w->r;
	uint32_t family = rd_be32(&behind);
	if (!rd_ok(&behind))
		return link_broken(w);
	if (family >> 16 == 0xff03)
		return LAYER_PPP;
	w->r = behind;
	return LAYER_IP;
}

/* PPP in frames of HDLC, or Cisco's HDLC, which begins with another address. */
enum layer ppp_serial_read(struct walk *w)
{
	unsigned first = rd_left(&w->r) ? w->r.p[0] : 0;
	return first == 0x0f || first == 0x8f ? LAYER_CHDLC : LAYER_PPP;
}

enum layer chdlc_read(struct walk *w)
{
	rd_be16(&w->r);
	return LAYER_TYPE_FIRST;
}

enum layer frame_relay_read(struct walk *w)
{
	enum { UNNUMBERED = 3, NLPID_SNAP = 0x80, NLPID_IP6 = 0x8e, NLPID_IP4 = 0xcc };
	for (int i = 0; i < 4 && !(rd_u8(&w->r) & 1); i++)
		;
	if (!rd_left(&w->r))
		return link_broken(w);
	if (w->r.p[0] != UNNUMBERED)
		return LAYER_TYPE_FIRST;
	rd_u8(&w->r);
	unsigned nlpid = rd_u8(&w->r);
	if (nlpid == 0)
		nlpid = rd_u8(&w->r);                 /* padding, so that what follows is even */
	if (nlpid == NLPID_IP4 || nlpid == NLPID_IP6)
		return LAYER_IP;
	if (nlpid != NLPID_SNAP)
		return walk_end(w, "other frame relay");
	unsigned oui = (unsigned)rd_be16(&w->r) << 8;
	oui |= rd_u8(&w->r);
	return oui == 0 ? LAYER_TYPE_FIRST : walk_end(w, "other frame relay");
}

static enum layer arcnet_protocol(struct walk *w)
{
	enum { IP_1201 = 212, ARP_1201 = 213, IP6_1201 = 196, IP_1051 = 240, ARP_1051 = 241 };
	unsigned protocol = rd_u8(&w->r);
	if (protocol == IP_1051)
		return LAYER_IP;
	if (protocol == ARP_1051 || protocol == ARP_1201)
		return walk_end(w, "arp");
	if (protocol != IP_1201 && protocol != IP6_1201)
		return walk_end(w, "other arcnet");
	unsigned part = rd_u8(&w->r);
	rd_take(&w->r, part == 0xff ? 6 : 2);
	/* a packet in several parts (its number is in `part`) is not put together */
	if (!rd_ok(&w->r))
		return link_broken(w);
	return part == 0 || part == 0xff ? LAYER_IP : walk_end(w, "part of arcnet");
}

enum layer arcnet_read(struct walk *w)
{
	rd_be16(&w->r);
	return arcnet_protocol(w);
}

enum layer arcnet_linux_read(struct walk *w)
{
	rd_be32(&w->r);
	return arcnet_protocol(w);
}

enum layer pflog_read(struct walk *w)
{
	size_t size = rd_u8(&w->r);
	size = (size + 3) & ~(size_t)3;
	if (size < 4 || !rd_take(&w->r, size - 1).n)
		return link_broken(w);
	return LAYER_IP;
}

/* The sizes are in the byte order of the host that captured, which is not told:
 * the one that is small is meant. */
enum layer nflog_read(struct walk *w)
{
	enum { PAYLOAD = 9 };
	rd_be32(&w->r);
	while (rd_left(&w->r) >= 4) {
		unsigned a = rd_u8(&w->r), b = rd_u8(&w->r), c = rd_u8(&w->r), d = rd_u8(&w->r);
		bool big = c == 0 && d != 0;          /* no attribute has a type above 255 */
		size_t size = big ? a << 8 | b : b << 8 | a;
		if ((big ? d : c) == PAYLOAD)
			return LAYER_IP;
		if (size < 4)
			break;
		rd_take(&w->r, ((size + 3) & ~(size_t)3) - 4);
	}
	return link_broken(w);
}

enum layer juniper_read(struct walk *w)
{
	enum { NO_LINK = 2, EXTENSIONS = 0x80 };
	unsigned magic = (unsigned)rd_be16(&w->r) << 8;
	magic |= rd_u8(&w->r);
	unsigned flags = rd_u8(&w->r);
	if (magic != 0x4d4743)
		return link_broken(w);
	if (flags & EXTENSIONS)
		rd_take(&w->r, rd_be16(&w->r));
	if (flags & NO_LINK)
		rd_be32(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	return flags & NO_LINK ? LAYER_IP : LAYER_ETHERNET;
}
