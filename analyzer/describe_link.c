/* describe_link.c - see describe_lines.h: headers that a table tells, from the link to
 * tunnels. What the bytes are is drawn where they are read: link.c, shim.c, tunnel.c. */
#include "describe_lines.h"

/* What a header is called, and its fields. */
struct table { const char *name; const struct bit_field *fields; };

#define FIELDS (const struct bit_field[])
#define END_OF_FIELDS { NULL, 0, 0, FORM_DECIMAL }

static const struct table tables[LAYERS] = {
	[LAYER_ETHERNET] = { "Ethernet II", FIELDS{
		{ "Destination", 0, 48, FORM_MAC }, { "Source", 48, 48, FORM_MAC },
		{ "Type", 96, 16, FORM_ETHERTYPE }, END_OF_FIELDS } },
	[LAYER_SLL] = { "Linux cooked capture v1", FIELDS{
		{ "Packet type", 0, 16, FORM_COOKED_WAY }, { "Link-layer address type", 16, 16, FORM_ARPHRD },
		{ "Link-layer address length", 32, 16, FORM_DECIMAL }, { "Source", 48, 48, FORM_MAC },
		{ "Protocol", 112, 16, FORM_ETHERTYPE }, END_OF_FIELDS } },
	[LAYER_SLL2] = { "Linux cooked capture v2", FIELDS{
		{ "Protocol", 0, 16, FORM_ETHERTYPE }, { "Interface index", 32, 32, FORM_DECIMAL },
		{ "Link-layer address type", 64, 16, FORM_ARPHRD }, { "Packet type", 80, 8, FORM_COOKED_WAY },
		{ "Link-layer address length", 88, 8, FORM_DECIMAL }, { "Source", 96, 48, FORM_MAC },
		END_OF_FIELDS } },
	[LAYER_FAMILY] = { "Null/Loopback", FIELDS{ { "Family", 0, 32, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_PPP_SERIAL] = { "PPP in HDLC framing", NULL },
	[LAYER_CHDLC] = { "Cisco HDLC", FIELDS{
		{ "Address", 0, 8, FORM_HEX }, { "Control field", 8, 8, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_FRAME_RELAY] = { "Frame Relay", NULL },
	[LAYER_PFLOG] = { "OpenBSD Packet Filter log", NULL },
	[LAYER_NFLOG] = { "Linux Netfilter log", FIELDS{
		{ "Family", 0, 8, FORM_DECIMAL }, { "Version", 8, 8, FORM_DECIMAL },
		{ "Resource ID", 16, 16, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_JUNIPER] = { "Juniper", FIELDS{
		{ "Magic Number", 0, 24, FORM_HEX }, { "Flags", 24, 8, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_ARCNET] = { "ARCNET", FIELDS{
		{ "Source", 0, 8, FORM_HEX }, { "Destination", 8, 8, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_ARCNET_LINUX] = { "ARCNET", FIELDS{
		{ "Source", 0, 8, FORM_HEX }, { "Destination", 8, 8, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_WLAN] = { "IEEE 802.11", FIELDS{
		{ "Frame Control Field", 0, 16, FORM_HEX }, { "Duration", 16, 16, FORM_HEX },
		{ "Receiver address", 32, 48, FORM_MAC }, { "Transmitter address", 80, 48, FORM_MAC },
		END_OF_FIELDS } },
	[LAYER_RADIOTAP] = { "Radiotap Header", FIELDS{
		{ "Header revision", 0, 8, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_PPI] = { "PPI", FIELDS{
		{ "Version", 0, 8, FORM_DECIMAL }, { "Flags", 8, 8, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_PRISM] = { "Prism capture header", NULL },
	[LAYER_AVS] = { "AVS WLAN Monitoring Header", FIELDS{
		{ "Version", 0, 32, FORM_HEX }, { "Header length", 32, 32, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_TYPE_FIRST] = { "EtherType", FIELDS{
		{ "Type", 0, 16, FORM_ETHERTYPE }, END_OF_FIELDS } },
	[LAYER_LLC] = { "Logical-Link Control", FIELDS{
		{ "DSAP", 0, 8, FORM_HEX }, { "SSAP", 8, 8, FORM_HEX }, { "Control field", 16, 8, FORM_HEX },
		{ "Organization Code", 24, 24, FORM_HEX }, { "Type", 48, 16, FORM_ETHERTYPE },
		END_OF_FIELDS } },
	[LAYER_PPPOE] = { "PPP-over-Ethernet Session", FIELDS{
		{ "Version", 0, 4, FORM_DECIMAL }, { "Type", 4, 4, FORM_DECIMAL }, { "Code", 8, 8, FORM_HEX },
		{ "Session ID", 16, 16, FORM_HEX }, { "Payload Length", 32, 16, FORM_DECIMAL },
		END_OF_FIELDS } },
	[LAYER_NSH] = { "Network Service Header", FIELDS{
		{ "Version", 0, 2, FORM_DECIMAL }, { "Length", 10, 6, FORM_WORDS },
		{ "Next Protocol", 24, 8, FORM_DECIMAL }, { "SPI", 32, 24, FORM_DECIMAL },
		{ "SI", 56, 8, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_UDP] = { "User Datagram Protocol", FIELDS{
		{ "Source Port", 0, 16, FORM_DECIMAL }, { "Destination Port", 16, 16, FORM_DECIMAL },
		{ "Length", 32, 16, FORM_DECIMAL }, { "Checksum", 48, 16, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_VXLAN] = { "Virtual eXtensible Local Area Network", FIELDS{
		{ "Flags", 0, 16, FORM_HEX }, { "Group Policy ID", 16, 16, FORM_DECIMAL },
		{ "VXLAN Network Identifier (VNI)", 32, 24, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_VXLAN_GPE] = { "Virtual eXtensible Local Area Network (GPE)", FIELDS{
		{ "Flags", 0, 8, FORM_HEX }, { "Next Protocol", 24, 8, FORM_DECIMAL },
		{ "VXLAN Network Identifier (VNI)", 32, 24, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_GENEVE] = { "Generic Network Virtualization Encapsulation", FIELDS{
		{ "Version", 0, 2, FORM_DECIMAL }, { "Length", 2, 6, FORM_WORDS }, { "Flags", 8, 8, FORM_HEX },
		{ "Protocol Type", 16, 16, FORM_ETHERTYPE },
		{ "Virtual Network Identifier (VNI)", 32, 24, FORM_HEX_DECIMAL }, END_OF_FIELDS } },
	[LAYER_GTP] = { "GPRS Tunneling Protocol", FIELDS{
		{ "Flags", 0, 8, FORM_HEX }, { "Message Type", 8, 8, FORM_HEX },
		{ "Length", 16, 16, FORM_DECIMAL }, { "TEID", 32, 32, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_TEREDO] = { "Teredo IPv6 over UDP tunneling", NULL },
	[LAYER_L2TP] = { "Layer 2 Tunneling Protocol", FIELDS{
		{ "Flags", 0, 16, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_AYIYA] = { "Anything in Anything", NULL },
	[LAYER_GUE] = { "Generic UDP Encapsulation", NULL },
	[LAYER_LISP] = { "Locator/ID Separation Protocol", FIELDS{
		{ "Flags", 0, 8, FORM_HEX }, { "Nonce", 8, 24, FORM_HEX }, END_OF_FIELDS } },
	[LAYER_TZSP] = { "TaZmen Sniffer Protocol", FIELDS{
		{ "Version", 0, 8, FORM_DECIMAL }, { "Type", 8, 8, FORM_DECIMAL },
		{ "Encapsulates", 16, 16, FORM_DECIMAL }, END_OF_FIELDS } },
	[LAYER_GRE] = { "Generic Routing Encapsulation", FIELDS{
		{ "Flags and Version", 0, 16, FORM_HEX }, { "Protocol Type", 16, 16, FORM_ETHERTYPE },
		END_OF_FIELDS } },
	[LAYER_ETHERIP] = { "Ethernet over IP", FIELDS{
		{ "Version", 0, 4, FORM_DECIMAL }, END_OF_FIELDS } },
};

static const struct bit_field vlan_fields[] = {
	{ "Priority", 0, 3, FORM_DECIMAL }, { "DEI", 3, 1, FORM_DECIMAL }, { "ID", 4, 12, FORM_DECIMAL },
	{ "Type", 16, 16, FORM_ETHERTYPE }, END_OF_FIELDS };
static const struct table vlan = { "802.1Q Virtual LAN", vlan_fields };
static const struct table qinq = { "IEEE 802.1ad", vlan_fields };

/* Where the type is a length (IEEE 802.3, 3.2.6). */
static const struct table ieee_802_3 = { "IEEE 802.3 Ethernet", FIELDS{
	{ "Destination", 0, 48, FORM_MAC }, { "Source", 48, 48, FORM_MAC },
	{ "Length", 96, 16, FORM_DECIMAL }, END_OF_FIELDS } };

static const struct table vntag = { "VN-Tag", FIELDS{
	{ "Type", 32, 16, FORM_ETHERTYPE }, END_OF_FIELDS } };

static const struct table etag = { "802.1BR E-Tag", FIELDS{
	{ "E-CID", 18, 14, FORM_DECIMAL }, { "Type", 48, 16, FORM_ETHERTYPE }, END_OF_FIELDS } };

static const struct table pbb = { "IEEE 802.1ah", FIELDS{
	{ "I-SID", 8, 24, FORM_DECIMAL }, END_OF_FIELDS } };

/* What lies between two EtherTypes. */
static const struct table *tag_table(unsigned type)
{
	switch (type) {
	case 0x8100:
	case 0x9100:
	case 0x9200: return &vlan;
	case 0x88a8: return &qinq;
	case 0x8926: return &vntag;
	case 0x893f: return &etag;
	case 0x88e7: return &pbb;
	default:     return NULL;
	}
}

/* What is most asked about is in the header's first line. */
static void title(struct describing *d, enum layer layer, const struct part *p, const char *name)
{
	char src[24], dst[24];
	if (layer == LAYER_ETHERNET && p->b.n >= 12)
		line(d, 0, p->off, p->b.n, "%s, Src: %s, Dst: %s", name,
		     mac_text((struct bytes){ p->b.p + 6, 6 }, src),
		     mac_text((struct bytes){ p->b.p, 6 }, dst));
	else if (layer == LAYER_UDP && p->b.n >= 4)
		line(d, 0, p->off, p->b.n, "%s, Src Port: %u, Dst Port: %u", name,
		     (unsigned)bits_of(p->b, 0, 16), (unsigned)bits_of(p->b, 16, 16));
	else
		line(d, 0, p->off, p->b.n, "%s", name);
}

/* Labels up to the last; a pseudowire's control word may follow. */
static void mpls_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field fields[] = {
		{ "MPLS Label", 0, 20, FORM_DECIMAL }, { "MPLS Experimental Bits", 20, 3, FORM_DECIMAL },
		{ "MPLS Bottom Of Label Stack", 23, 1, FORM_DECIMAL }, { "MPLS TTL", 24, 8, FORM_DECIMAL },
		END_OF_FIELDS };
	bool last = false;
	for (size_t at = 0; at + 4 <= p->b.n; at += 4) {
		struct part label = { p->off + at, { p->b.p + at, 4 }, 0 };
		if (last) {
			line(d, 0, label.off, 4, "PW Ethernet Control Word");
			return;
		}
		line(d, 0, label.off, 4, "MultiProtocol Label Switching Header, Label: %u",
		     (unsigned)bits_of(label.b, 0, 20));
		fields_describe(d, 1, &label, fields);
		last = bits_of(label.b, 23, 1);
	}
}

/* The protocol is a byte, or two, behind an address and a control field or not. */
static void ppp_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field address[] = {
		{ "Address", 0, 8, FORM_HEX }, { "Control", 8, 8, FORM_HEX }, END_OF_FIELDS };
	static const struct bit_field one[] = { { "Protocol", 0, 8, FORM_PPP }, END_OF_FIELDS };
	static const struct bit_field two[] = { { "Protocol", 0, 16, FORM_PPP }, END_OF_FIELDS };
	size_t at = p->b.n >= 2 && p->b.p[0] == 0xff && p->b.p[1] == 3 ? 2 : 0;
	struct part protocol = { p->off + at, { p->b.p + at, p->b.n - at }, 0 };
	line(d, 0, p->off, p->b.n, "Point-to-Point Protocol");
	if (at)
		fields_describe(d, 1, p, address);
	fields_describe(d, 1, &protocol, protocol.b.n && protocol.b.p[0] & 1 ? one : two);
}

bool layer_describe(struct describing *d, enum layer layer, const struct part *p)
{
	const struct table *tag = layer == LAYER_TYPE ? tag_table(p->next) : NULL;
	const struct table *t = tag ? tag : &tables[layer];
	if (layer == LAYER_ETHERNET && p->b.n >= 14 && bits_of(p->b, 96, 16) < 0x0600)
		t = &ieee_802_3;
	if (layer == LAYER_MPLS)
		mpls_describe(d, p);
	else if (layer == LAYER_PPP)
		ppp_describe(d, p);
	else if (t->name)
		title(d, layer, p, t->name);
	else
		return false;
	if (t->fields)
		fields_describe(d, 1, p, t->fields);
	return true;
}
