/* describe_fields.c - see describe_lines.h: lines, and fields by tables. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe_lines.h"
#include "err.h"

/* ---- lines ---- */

static struct description_line *line_new(struct describing *d, int depth, size_t off, size_t n)
{
	struct description *to = d->to;
	if (to->n == LIMIT_DESCRIBE_LINES) {
		to->cut = true;
		return NULL;
	}
	if (to->n == to->room) {
		to->room = to->room ? 2 * to->room : 64;
		to->lines = alloc_grown(to->lines, to->room, sizeof *to->lines);
	}
	to->lines[to->n] = (struct description_line){ d->base + depth, off, n, NULL };
	return &to->lines[to->n++];
}

void line(struct describing *d, int depth, size_t off, size_t n, const char *fmt, ...)
{
	char text[LIMIT_DESCRIBE_TEXT];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct description_line *l = line_new(d, depth, off, n);
	if (l)
		l->text = text_copy(text);
}

void line_bytes(struct describing *d, int depth, size_t off, size_t n, const char *before,
                struct bytes b)
{
	char text[LIMIT_DESCRIBE_TEXT];
	size_t at = (size_t)snprintf(text, sizeof text, "%.200s", before), room = sizeof text - 1;
	bool cut = b.n > room - at;
	size_t most = cut ? room - at - strlen("…") : b.n;
	for (size_t i = 0; i < most; i++)
		text[at++] = b.p[i] && b.p[i] != '\n' ? (char)b.p[i] : ' ';
	snprintf(text + at, sizeof text - at, "%s", cut ? "…" : "");
	struct description_line *l = line_new(d, depth, off, n);
	if (l)
		l->text = text_copy(text);
}

void line_add(struct describing *d, const char *fmt, ...)
{
	char text[LIMIT_DESCRIBE_TEXT];
	if (d->to->n == 0 || d->to->cut)
		return;
	struct description_line *l = &d->to->lines[d->to->n - 1];
	size_t n = (size_t)snprintf(text, sizeof text, "%s", l->text);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof text - n, fmt, ap);
	va_end(ap);
	free(l->text);
	l->text = text_copy(text);
}

/* ---- names ---- */

static const struct named ethertypes[] = {
	{ 0x0800, "IPv4" }, { 0x0806, "ARP" }, { 0x86dd, "IPv6" }, { 0x8100, "802.1Q Virtual LAN" },
	{ 0x88a8, "802.1ad Provider Bridge (Q-in-Q)" }, { 0x9100, "802.1Q (old Q-in-Q)" },
	{ 0x9200, "802.1Q (old Q-in-Q)" }, { 0x8847, "MPLS label switched packet" },
	{ 0x8848, "MPLS multicast" }, { 0x8863, "PPPoE Discovery" }, { 0x8864, "PPPoE Session" },
	{ 0x6558, "Transparent Ethernet bridging" }, { 0x880b, "PPP" }, { 0x88e7, "802.1ah Backbone Bridge" },
	{ 0x8926, "VN-Tag" }, { 0x893f, "802.1BR E-Tag" }, { 0x894f, "NSH" }, { 0x88cc, "LLDP" },
	{ 0x8035, "RARP" }, { 0x8809, "Slow Protocols" }, { 0x888e, "802.1X Authentication" },
	{ 0x88e5, "802.1AE (MACsec)" }, { 0x88f7, "PTPv2" }, { 0x88be, "ERSPAN" },
	{ 0x22eb, "ERSPAN III" }, { 0x883e, "WCCP" }, { 0, NULL },
};

static const struct named protocols[] = {
	{ 0, "IPv6 Hop-by-Hop Option" }, { 1, "ICMP" }, { 2, "IGMP" }, { 4, "IPIP" }, { 6, "TCP" },
	{ 17, "UDP" }, { 41, "IPv6" }, { 43, "Routing Header for IPv6" }, { 44, "Fragment Header for IPv6" },
	{ 47, "Generic Routing Encapsulation" }, { 50, "Encap Security Payload" },
	{ 51, "Authentication Header" }, { 58, "ICMPv6" }, { 59, "No Next Header for IPv6" },
	{ 60, "Destination Options for IPv6" }, { 89, "OSPF IGP" }, { 97, "EtherIP" },
	{ 103, "PIM" }, { 112, "VRRP" }, { 115, "L2TP" }, { 132, "SCTP" }, { 135, "Mobility Header" },
	{ 137, "MPLS in IP" }, { 139, "Host Identity Protocol" }, { 140, "Shim6" }, { 0, NULL },
};

static const struct named arphrds[] = {
	{ 1, "Ethernet" }, { 512, "PPP" }, { 768, "IPIP tunnel" }, { 769, "IPv6 tunnel" },
	{ 772, "Loopback" }, { 776, "IPv6-in-IPv4 tunnel" }, { 778, "GRE over IP" }, { 824, "Netlink" },
	{ 65534, "None" }, { 0, NULL },
};

static const struct named cooked_ways[] = {
	{ 0, "Unicast to us" }, { 1, "Broadcast" }, { 2, "Multicast" }, { 3, "Unicast to another host" },
	{ 4, "Sent by us" }, { 0, NULL },
};

static const struct named ppp_protocols[] = {
	{ 0x21, "Internet Protocol version 4" }, { 0x57, "Internet Protocol version 6" },
	{ 0x2d, "Van Jacobson Compressed TCP/IP" }, { 0x2f, "Van Jacobson uncompressed TCP/IP" },
	{ 0x281, "MPLS Unicast" }, { 0xfd, "Compressed Datagram" }, { 0xc021, "Link Control Protocol" },
	{ 0x8021, "Internet Protocol Control Protocol" }, { 0, NULL },
};

const char *name_of(const struct named *table, unsigned value, const char *otherwise)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return otherwise;
}

const char *ethertype_name(unsigned type)
{
	return name_of(ethertypes, type, type < 0x0600 ? "a length" : "Unknown");
}

const char *protocol_name(unsigned protocol)
{
	return name_of(protocols, protocol, "Unknown");
}

const char *mac_text(struct bytes b, char text[static 24])
{
	text[0] = 0;
	for (size_t i = 0; i < b.n && i < 8; i++)
		snprintf(text + 3 * i - (i > 0), 4, "%s%02x", i ? ":" : "", b.p[i]);
	return text;
}

/* ---- fields ---- */

uint64_t bits_of(struct bytes b, size_t bit, size_t bits)
{
	uint64_t v = 0;
	if (bit + bits > b.n * 8)
		return 0;
	for (size_t i = bit; i < bit + bits; i++)
		v = v << 1 | (b.p[i / 8] >> (7 - i % 8) & 1);
	return v;
}

static void address_form(struct describing *d, enum form form, struct bytes b)
{
	char text[INET6_ADDRSTRLEN];
	line_add(d, "%s", form == FORM_MAC ? mac_text(b, text)
	                : inet_ntop(form == FORM_IP4 ? AF_INET : AF_INET6, b.p, text, sizeof text));
}

static void number_form(struct describing *d, const struct bit_field *f, uint64_t v)
{
	unsigned u = (unsigned)v;
	unsigned long long all = v;
	int digits = (f->bits + 3) / 4;
	switch (f->form) {
	case FORM_HEX:         line_add(d, "0x%0*llx", digits, all); break;
	case FORM_HEX_DECIMAL: line_add(d, "0x%0*llx (%llu)", digits, all, all); break;
	case FORM_WORDS:       line_add(d, "%u bytes (%u)", u * 4, u); break;
	case FORM_EIGHTS:      line_add(d, "%u", u * 8); break;
	case FORM_ETHERTYPE:   line_add(d, "%s (0x%04x)", ethertype_name(u), u); break;
	case FORM_PROTOCOL:    line_add(d, "%s (%u)", protocol_name(u), u); break;
	case FORM_ARPHRD:      line_add(d, "%s (%u)", name_of(arphrds, u, "Unknown"), u); break;
	case FORM_PPP:         line_add(d, "%s (0x%04x)", name_of(ppp_protocols, u, "Unknown"), u); break;
	case FORM_COOKED_WAY:  line_add(d, "%s (%u)", name_of(cooked_ways, u, "Unknown"), u); break;
	default:               line_add(d, "%llu", all); break;
	}
}

void fields_describe(struct describing *d, int depth, const struct part *p, const struct bit_field *f)
{
	for (; f->name; f++) {
		size_t first = f->bit / 8u, end = (f->bit + f->bits + 7u) / 8u;
		if (end > p->b.n)
			continue;
		line(d, depth, p->off + first, end - first, "%s: ", f->name);
		if (f->form >= FORM_MAC && f->form <= FORM_IP6)
			address_form(d, f->form, (struct bytes){ p->b.p + first, end - first });
		else
			number_form(d, f, bits_of(p->b, f->bit, f->bits));
	}
}

/* ---- checksums ---- */

uint32_t sum_of(uint32_t sum, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		sum += (uint32_t)b.p[i] << (i % 2 ? 0 : 8);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
