/* describe_ip.c - see describe_lines.h: IPv4, IPv6, ICMP. Pictures of the bytes are in
 * ip.c and icmp.c. */
#include <arpa/inet.h>
#include <stdio.h>

#include "describe_lines.h"

enum { IP4_HEADER = 20, IP6_HEADER = 40 };

/* ---- class of service: RFC 2474, RFC 3168 ---- */

static void class_add(struct describing *d, unsigned octet)
{
	static const char *const ecn[] = { "Not-ECT", "ECT(1)", "ECT(0)", "CE" };
	static const struct named dscp[] = {
		{ 0, "CS0" }, { 1, "LE" }, { 8, "CS1" }, { 10, "AF11" }, { 12, "AF12" }, { 14, "AF13" },
		{ 16, "CS2" }, { 18, "AF21" }, { 20, "AF22" }, { 22, "AF23" }, { 24, "CS3" },
		{ 26, "AF31" }, { 28, "AF32" }, { 30, "AF33" }, { 32, "CS4" }, { 34, "AF41" },
		{ 36, "AF42" }, { 38, "AF43" }, { 40, "CS5" }, { 44, "VOICE-ADMIT" }, { 46, "EF" },
		{ 48, "CS6" }, { 56, "CS7" }, { 0, NULL },
	};
	line_add(d, "0x%02x (DSCP: %s, ECN: %s)", octet, name_of(dscp, octet >> 2, "Unknown"),
	         ecn[octet & 3]);
}

/* ---- IPv4 ---- */

static void fragment_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field offset[] = { { "Fragment Offset", 51, 13, FORM_EIGHTS },
	                                       { NULL, 0, 0, FORM_DECIMAL } };
	unsigned flags = (unsigned)bits_of(p->b, 48, 3);
	line(d, 1, p->off + 6, 1, "Flags: 0x%x%s%s%s", flags, flags & 4 ? ", Reserved bit" : "",
	     flags & 2 ? ", Don't fragment" : "", flags & 1 ? ", More fragments" : "");
	fields_describe(d, 1, p, offset);
}

/* The sum over a right header is that of nothing. */
static void ip4_checksum(struct describing *d, const struct part *p, size_t header)
{
	unsigned sum = (unsigned)bits_of(p->b, 80, 16);
	line(d, 1, p->off + 10, 2, "Header Checksum: 0x%04x", sum);
	if (header > p->b.n || header < IP4_HEADER)
		return;
	struct bytes before = { p->b.p, 10 }, behind = { p->b.p + 12, header - 12 };
	unsigned right = sum_fold(sum_of(sum_of(0, before), behind));
	if (right == sum)
		line_add(d, " [correct]");
	else if (sum == 0)
		line_add(d, " [not filled in: left to the network card (offload); it would be 0x%04x]", right);
	else
		line_add(d, " [incorrect, should be 0x%04x]", right);
}

void ip4_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field first[] = {
		{ "Version", 0, 4, FORM_DECIMAL }, { "Header Length", 4, 4, FORM_WORDS },
		{ NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field second[] = {
		{ "Total Length", 16, 16, FORM_DECIMAL }, { "Identification", 32, 16, FORM_HEX_DECIMAL },
		{ NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field third[] = {
		{ "Time to Live", 64, 8, FORM_DECIMAL }, { "Protocol", 72, 8, FORM_PROTOCOL },
		{ NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field addresses[] = {
		{ "Source Address", 96, 32, FORM_IP4 }, { "Destination Address", 128, 32, FORM_IP4 },
		{ NULL, 0, 0, FORM_DECIMAL } };
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];
	size_t header = (size_t)bits_of(p->b, 4, 4) * 4;
	line(d, 0, p->off, p->b.n, "Internet Protocol Version 4");
	if (p->b.n >= IP4_HEADER)
		line_add(d, ", Src: %s, Dst: %s", inet_ntop(AF_INET, p->b.p + 12, src, sizeof src),
		         inet_ntop(AF_INET, p->b.p + 16, dst, sizeof dst));
	fields_describe(d, 1, p, first);
	if (p->b.n < IP4_HEADER)
		return;
	line(d, 1, p->off + 1, 1, "Differentiated Services Field: ");
	class_add(d, p->b.p[1]);
	fields_describe(d, 1, p, second);
	fragment_describe(d, p);
	fields_describe(d, 1, p, third);
	ip4_checksum(d, p, header);
	fields_describe(d, 1, p, addresses);
	if (header > IP4_HEADER && header <= p->b.n)
		line(d, 1, p->off + IP4_HEADER, header - IP4_HEADER, "Options: (%zu bytes)",
		     header - IP4_HEADER);
}

/* ---- IPv6 ---- */

/* From the first extension header on, as many as were captured. */
static void extensions_describe(struct describing *d, const struct part *p)
{
	enum { FRAGMENT = 44 };
	static const struct bit_field fragment[] = {
		{ "Next header", 0, 8, FORM_PROTOCOL }, { "Offset", 16, 13, FORM_EIGHTS },
		{ "More Fragments", 31, 1, FORM_DECIMAL }, { "Identification", 32, 32, FORM_HEX },
		{ NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field other[] = {
		{ "Next Header", 0, 8, FORM_PROTOCOL }, { "Length", 8, 8, FORM_DECIMAL },
		{ NULL, 0, 0, FORM_DECIMAL } };
	unsigned kind = p->b.p[6];
	for (size_t at = IP6_HEADER; at + 8 <= p->b.n; ) {
		size_t n = kind == FRAGMENT ? 8 : (size_t)p->b.p[at + 1] * 8 + 8, left = p->b.n - at;
		struct part one = { p->off + at, { p->b.p + at, n < left ? n : left }, 0 };
		line(d, 1, one.off, one.b.n, "%s", protocol_name(kind));
		fields_describe(d, 2, &one, kind == FRAGMENT ? fragment : other);
		kind = p->b.p[at];
		at += n;
	}
}

void ip6_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field version[] = { { "Version", 0, 4, FORM_DECIMAL },
	                                        { NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field fields[] = {
		{ "Flow Label", 12, 20, FORM_HEX }, { "Payload Length", 32, 16, FORM_DECIMAL },
		{ "Next Header", 48, 8, FORM_PROTOCOL }, { "Hop Limit", 56, 8, FORM_DECIMAL },
		{ "Source Address", 64, 128, FORM_IP6 }, { "Destination Address", 192, 128, FORM_IP6 },
		{ NULL, 0, 0, FORM_DECIMAL } };
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	bool whole = p->b.n >= IP6_HEADER;
	line(d, 0, p->off, p->b.n, "Internet Protocol Version 6");
	if (whole)
		line_add(d, ", Src: %s, Dst: %s", inet_ntop(AF_INET6, p->b.p + 8, src, sizeof src),
		         inet_ntop(AF_INET6, p->b.p + 24, dst, sizeof dst));
	fields_describe(d, 1, p, version);
	if (p->b.n >= 2) {
		line(d, 1, p->off, 2, "Traffic Class: ");
		class_add(d, (unsigned)bits_of(p->b, 4, 8));
	}
	fields_describe(d, 1, p, fields);
	if (whole)
		extensions_describe(d, p);
}

void auth_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field fields[] = {
		{ "Next header", 0, 8, FORM_PROTOCOL }, { "Length", 8, 8, FORM_DECIMAL },
		{ "AH SPI", 32, 32, FORM_HEX }, { "AH Sequence", 64, 32, FORM_DECIMAL },
		{ NULL, 0, 0, FORM_DECIMAL } };
	line(d, 0, p->off, p->b.n, "Authentication Header");
	fields_describe(d, 1, p, fields);
}

/* ---- ICMP ---- */

void icmp_describe(struct describing *d, const struct part *p)
{
	enum { ICMP6 = 58, UNREACHABLE = 3, FRAGMENTATION_NEEDED = 4, PACKET_TOO_BIG = 2 };
	static const struct bit_field checksum[] = { { "Checksum", 16, 16, FORM_HEX },
	                                         { NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field mtu4[] = { { "MTU of next hop", 48, 16, FORM_DECIMAL },
	                                     { NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field mtu6[] = { { "MTU", 32, 32, FORM_DECIMAL },
	                                     { NULL, 0, 0, FORM_DECIMAL } };
	bool ip6 = p->next == ICMP6;
	line(d, 0, p->off, p->b.n, "Internet Control Message Protocol%s", ip6 ? " v6" : "");
	if (p->b.n < 2)
		return;
	unsigned type = p->b.p[0], code = p->b.p[1];
	const char *word = icmp_word(ip6, type, code);
	line(d, 1, p->off, 1, "Type: %u", type);
	line(d, 1, p->off + 1, 1, "Code: %u%s%s%s", code, word ? " (" : "", word ? word : "",
	     word ? ")" : "");
	fields_describe(d, 1, p, checksum);
	if (!ip6 && type == UNREACHABLE && code == FRAGMENTATION_NEEDED)
		fields_describe(d, 1, p, mtu4);
	else if (ip6 && type == PACKET_TOO_BIG)
		fields_describe(d, 1, p, mtu6);
}
