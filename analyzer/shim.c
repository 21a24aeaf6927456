/* shim.c - headers between link and network. See layer.h.
 *
 *   VLAN    2 priority, 12 bits number | 2 EtherType            IEEE 802.1Q, 802.1ad
 *   LLC     1 DSAP | 1 SSAP | 1 control; SNAP: aa aa 03 | 3 OUI | 2 type     IEEE 802.2
 *   MPLS    20 bits label, 3 class, 1 last | 1 TTL; again until the last     RFC 3032
 *   PPPoE   1 version and type 0x11 | 1 code 0 | 2 session | 2 length        RFC 2516
 *   PPP     ff 03, unless compressed away | 2 protocol, 1 if its first byte is odd
 *                                                                            RFC 1661, 1662
 *   NSH     2 version, flags, length in words | 1 metadata type | 1 next | 4 path | …
 *                                                                            RFC 8300
 */
#include "layer.h"

enum { TYPE_IP4 = 0x0800, TYPE_ARP = 0x0806, TYPE_TEB = 0x6558, TYPE_VLAN = 0x8100,
       TYPE_IP6 = 0x86dd, TYPE_MPLS = 0x8847, TYPE_MPLS_MULTICAST = 0x8848,
       TYPE_PPPOE_SESSION = 0x8864, TYPE_PPP = 0x880b, TYPE_QINQ = 0x88a8, TYPE_PBB = 0x88e7,
       TYPE_VNTAG = 0x8926, TYPE_ETAG = 0x893f, TYPE_NSH = 0x894f, TYPE_QINQ_OLD = 0x9100,
       TYPE_QINQ_OLDER = 0x9200, TYPE_WLAN = 0x0019 };

enum { TYPES_FROM = 0x0600 };   /* below, the field is a length (IEEE 802.3, 3.2.6) */

static const struct named types[] = {
	{ TYPE_ARP, "arp" }, { 0x8035, "rarp" }, { 0x88cc, "lldp" }, { 0x8863, "pppoe" },
	{ 0x8809, "lacp" }, { 0x888e, "eapol" }, { 0x88e5, "macsec" }, { 0x8137, "ipx" },
	{ 0x809b, "appletalk" }, { 0x88f7, "ptp" }, { 0x8902, "cfm" }, { 0x8906, "fcoe" },
	{ 0x9000, "loopback test" }, { 0x2000, "cdp" }, { 0, 0 },
};

static enum layer link_broken(struct walk *w)
{
	return walk_broken(w, "link header cut off");
}

/* A tag of `size` bytes that ends with the EtherType of what follows. */
static enum layer tag_read(struct walk *w, enum outer_kind kind, size_t size)
{
	unsigned tag = rd_be16(&w->r), low = size > 4 ? rd_be16(&w->r) : 0;
	rd_take(&w->r, size > 4 ? size - 6 : size - 4);
	unsigned type = rd_be16(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	walk_outer(w, kind, kind == OUTER_ETAG ? low & 0x3fff : tag & 0xfff);
	return walk_on(w, LAYER_TYPE, type);
}

/* IEEE 802.1ah: 4 flags and 24 bits service number, then the customer's frame. */
static enum layer pbb_read(struct walk *w)
{
	uint32_t tag = rd_be32(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	walk_outer(w, OUTER_PBB, tag & 0xffffff);
	return LAYER_ETHERNET;
}

enum layer type_read(struct walk *w)
{
	switch (w->next) {
	case TYPE_IP4:
	case TYPE_IP6:            return LAYER_IP;
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
	case TYPE_QINQ_OLDER:     return tag_read(w, OUTER_VLAN, 4);
	case TYPE_VNTAG:          return tag_read(w, OUTER_VNTAG, 6);
	case TYPE_ETAG:           return tag_read(w, OUTER_ETAG, 8);
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST: return LAYER_MPLS;
	case TYPE_PPPOE_SESSION:  return LAYER_PPPOE;
	case TYPE_PPP:            return LAYER_PPP;
	case TYPE_PBB:            return pbb_read(w);
	case TYPE_TEB:            return LAYER_ETHERNET;
	case TYPE_NSH:            return LAYER_NSH;
	case TYPE_WLAN:           return LAYER_WLAN;
	}
	if (w->next >= TYPES_FROM)
		return walk_named(w, types, "other ethernet type");
	walk_confine(w, w->next);
	return LAYER_LLC;
}

enum layer type_first_read(struct walk *w)
{
	unsigned type = rd_be16(&w->r);
	return rd_ok(&w->r) ? walk_on(w, LAYER_TYPE, type) : link_broken(w);
}

/* ---- 802.2 ---- */

static enum layer snap_read(struct walk *w)
{
	enum { OUI_ETHERNET = 0, OUI_CISCO_90 = 0x0000f8, OUI_CISCO = 0x00000c, OUI_BRIDGED = 0x0080c2,
	       BRIDGED_ETHERNET_FCS = 1, BRIDGED_ETHERNET = 7 };
	unsigned oui = (unsigned)rd_be16(&w->r) << 8;
	oui |= rd_u8(&w->r);
	unsigned type = rd_be16(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	if ((oui == OUI_ETHERNET || oui == OUI_CISCO_90) && type >= TYPES_FROM)
		return walk_on(w, LAYER_TYPE, type);
	if (oui == OUI_BRIDGED && (type == BRIDGED_ETHERNET || type == BRIDGED_ETHERNET_FCS))
		return LAYER_ETHERNET;
	return walk_end(w, oui == OUI_CISCO ? "cisco control" : "802.2");
}

enum layer llc_read(struct walk *w)
{
	enum { SAP_IP = 0x06, SAP_SNAP = 0xaa, SAP_BPDU = 0x42, UNNUMBERED = 3 };
	unsigned dsap = rd_u8(&w->r), ssap = rd_u8(&w->r), control = rd_u8(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	if (control == UNNUMBERED && (dsap & 0xfe) == SAP_SNAP && (ssap & 0xfe) == SAP_SNAP)
		return snap_read(w);
	if (control == UNNUMBERED && dsap == SAP_IP && ssap == SAP_IP)
		return LAYER_IP4;
	return dsap == SAP_BPDU ? walk_end(w, "spanning tree") : walk_broken(w, "802.2");
}

/* ---- MPLS ---- */

/* Whether these bytes begin an Ethernet frame: a type that is carried in practice. */
static bool looks_like_ethernet(struct rd r)
{
	rd_take(&r, 12);
	unsigned type = rd_be16(&r);
	return rd_ok(&r) && (type == TYPE_IP4 || type == TYPE_IP6 || type == TYPE_ARP
	                     || type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_MPLS);
}

/* Nothing in MPLS says what it carries: an IP version (RFC 4928, 3), or a pseudowire's
 * Ethernet, with a control word that begins with 0 or without (RFC 4448, 4.3). */
enum layer mpls_read(struct walk *w)
{
	uint32_t word;
	do {
		word = rd_be32(&w->r);
		if (!rd_ok(&w->r))
			return link_broken(w);
		walk_outer(w, OUTER_MPLS, word >> 12);
	} while (!(word & 0x100));
	unsigned first = rd_left(&w->r) ? w->r.p[0] >> 4 : 15;
	if (first == 4 || first == 6)
		return LAYER_IP;
	struct rd behind = w->r;
	rd_be32(&behind);
	if (first == 0 && looks_like_ethernet(behind))
		w->r = behind;
	else if (!looks_like_ethernet(w->r))
		return walk_end(w, "mpls");
	return LAYER_ETHERNET;
}

/* ---- PPP ---- */

enum layer pppoe_read(struct walk *w)
{
	unsigned version = rd_u8(&w->r), code = rd_u8(&w->r), session = rd_be16(&w->r);
	size_t n = rd_be16(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	if (version != 0x11 || code != 0)
		return walk_end(w, "pppoe");
	walk_outer(w, OUTER_PPPOE, session);
	walk_confine(w, n);
	return LAYER_PPP;
}

enum layer ppp_read(struct walk *w)
{
	enum { IP4 = 0x0021, VJ = 0x002d, VJ_WHOLE = 0x002f, BRIDGED = 0x0031, IP6 = 0x0057,
	       COMPRESSED = 0x00fd, MPLS = 0x0281 };
	if (rd_left(&w->r) >= 2 && w->r.p[0] == 0xff && w->r.p[1] == 3)
		rd_be16(&w->r);
	unsigned protocol = rd_u8(&w->r);
	if (!(protocol & 1))
		protocol = protocol << 8 | rd_u8(&w->r);
	if (!rd_ok(&w->r))
		return link_broken(w);
	switch (protocol) {
	case IP4:
	case IP6:        return LAYER_IP;
	case MPLS:       return LAYER_MPLS;
	case BRIDGED:    rd_be16(&w->r); return LAYER_ETHERNET;
	case VJ:
	case VJ_WHOLE:
	case COMPRESSED: return walk_end(w, "compressed ppp");
	default:         return walk_broken(w, protocol >= 0x4000 ? "ppp control" : "other ppp");
	}
}

/* ---- NSH ---- */

enum layer nsh_read(struct walk *w)
{
	enum { IP4 = 1, IP6 = 2, ETHERNET = 3, MPLS = 5 };
	unsigned word = rd_be16(&w->r), next = rd_be16(&w->r) & 0xff;
	uint32_t path = rd_be32(&w->r);
	size_t size = (word & 63) * 4;
	if (word >> 14 != 0 || size < 8 || (rd_take(&w->r, size - 8), !rd_ok(&w->r)))
		return link_broken(w);
	walk_outer(w, OUTER_NSH, path >> 8);
	return next == IP4 || next == IP6 ? LAYER_IP : next == ETHERNET ? LAYER_ETHERNET
	     : next == MPLS ? LAYER_MPLS : walk_end(w, "other nsh");
}
