/* describe.c - packets, as hex, against the lines that they are described by; and the same
 * cut at every length, and with bytes changed at random: lines stay inside of the packet. */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "describe.h"
#include "limits.h"

int check_failed;

#define MACS "020000000001" "020000000002"
#define IP4 "45b9002c" "12344000" "4006" "13dd" "0a000001" "0a000002"      /* 10.0.0.1 > 10.0.0.2 */
#define TCP "9c40" "1538" "00000001" "00000002" "5018" "2000" "0584" "0000" "61626364"
#define IP6 "60000000" "0018" "06" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
#define OUTER(protocol) "45000000" "00010000" "40" protocol "0000" "c0000201" "c0000202"   /* to its end */
#define OUTER_UDP(port) OUTER("11") "c350" port "0000" "0000"
#define CARRIES(size, payload) "4500" size "12340000" "4006" "0000" "0a000001" "0a000002" \
	"9c40" "1538" "00000001" "00000002" "5018" "2000" "0000" "0000" payload

/* `lines`: DEPTH OFFSET LENGTH TEXT, all of which are among those of the packet, in their
 * order; `not`: the beginning of a text that no line has, or NULL. */
static const struct row {
	const char *name;
	int         link;
	const char *hex, *lines, *not;
} rows[] = {
	{ "ethernet, vlan, ipv4, tcp", DLT_EN10MB, MACS "8100" "a005" "0800" IP4 TCP "0000",
	  "0 0 64 Frame 7: 64 bytes on wire, 64 bytes captured\n"
	  "0 0 14 Ethernet II, Src: 02:00:00:00:00:02, Dst: 02:00:00:00:00:01\n"
	  "1 12 2 Type: 802.1Q Virtual LAN (0x8100)\n"
	  "0 14 4 802.1Q Virtual LAN\n"
	  "1 14 1 Priority: 5\n"
	  "1 14 2 ID: 5\n"
	  "0 18 20 Internet Protocol Version 4, Src: 10.0.0.1, Dst: 10.0.0.2\n"
	  "1 18 1 Header Length: 20 bytes (5)\n"
	  "1 19 1 Differentiated Services Field: 0xb9 (DSCP: EF, ECN: ECT(1))\n"
	  "1 20 2 Total Length: 44\n"
	  "1 22 2 Identification: 0x1234 (4660)\n"
	  "1 24 1 Flags: 0x2, Don't fragment\n"
	  "1 26 1 Time to Live: 64\n"
	  "1 27 1 Protocol: TCP (6)\n"
	  "1 28 2 Header Checksum: 0x13dd [correct]\n"
	  "0 38 20 Transmission Control Protocol, Src Port: 40000, Dst Port: 5432, Len: 4\n"
	  "1 42 4 Sequence Number (raw): 1\n"
	  "1 46 4 Acknowledgment number (raw): 2\n"
	  "1 50 2 Flags: 0x018 (PSH, ACK)\n"
	  "1 52 2 Window: 8192\n"
	  "1 54 2 Checksum: 0x0584 [correct]\n"
	  "0 58 4 TCP payload (4 bytes)\n"
	  "0 62 2 Trailer: 2 bytes\n", "Options" },
	{ "checksums that the network card fills in", DLT_RAW,
	  "4500002c" "12340000" "4006" "0000" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000002" "5018" "2000" "1421" "0000" "61626364",
	  "1 10 2 Header Checksum: 0x0000 [not filled in: left to the network card (offload); it would be 0x5496]\n"
	  "1 36 2 Checksum: 0x1421 [not filled in: left to the network card (offload); it would be 0x0584]\n", NULL },
	{ "checksums that are wrong", DLT_RAW,
	  "4500002c" "12340000" "4006" "1111" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000002" "5018" "2000" "2222" "0000" "61626364",
	  "1 10 2 Header Checksum: 0x1111 [incorrect, should be 0x5496]\n"
	  "1 36 2 Checksum: 0x2222 [incorrect, should be 0x0584]\n", NULL },
	{ "ipv6, odd payload", DLT_RAW,
	  "60012345" "0017" "06" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "9c40" "1538" "00000001" "00000002" "5018" "2000" "0000" "0000" "616263",
	  "0 0 40 Internet Protocol Version 6, Src: 2001:db8::1, Dst: 2001:db8::2\n"
	  "1 1 3 Flow Label: 0x12345\n"
	  "1 56 2 Checksum: 0x0000 [incorrect, should be 0xbe76]\n"
	  "0 60 3 TCP payload (3 bytes)\n", NULL },
	{ "ipv6 extension headers", DLT_RAW,
	  "60000000" "0028" "00" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "3c00010400000000" "0600010400000000" TCP,
	  "0 0 56 Internet Protocol Version 6, Src: 2001:db8::1, Dst: 2001:db8::2\n"
	  "1 40 8 IPv6 Hop-by-Hop Option\n"
	  "2 40 1 Next Header: Destination Options for IPv6 (60)\n"
	  "1 48 8 Destination Options for IPv6\n"
	  "0 56 20 Transmission Control Protocol, Src Port: 40000, Dst Port: 5432, Len: 4\n", NULL },
	{ "ipv6 fragment", DLT_RAW,
	  "60000000" "0020" "2c" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "0600000900000001" TCP,
	  "1 40 8 Fragment Header for IPv6\n"
	  "2 42 2 Offset: 8\n"
	  "2 43 1 More Fragments: 1\n"
	  "0 48 24 Data (24 bytes): ip fragment\n", "Transmission" },
	{ "ipv4 fragment", DLT_RAW, "4500002c" "12342001" "4006" "0000" "0a000001" "0a000002" TCP,
	  "1 6 1 Flags: 0x1, More fragments\n"
	  "1 6 2 Fragment Offset: 8\n"
	  "0 20 24 Data (24 bytes): ip fragment\n", "Transmission" },
	{ "ipv4 options", DLT_RAW, "46000030" "12340000" "4006" "0000" "0a000001" "0a000002" "01010100" TCP,
	  "1 20 4 Options: (4 bytes)\n"
	  "0 24 20 Transmission Control Protocol, Src Port: 40000, Dst Port: 5432, Len: 4\n", NULL },
	{ "tcp options", DLT_RAW, "45000050" "12340000" "4006" "0000" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000000" "f1c2" "2000" "0000" "0007"
	  "020405b4" "0402" "080a" "00000010" "00000020" "01" "030307" "0512" "0000000a" "0000000c" "00000010" "00000020"
	  "0000",
	  "1 32 2 Flags: 0x1c2 (SYN, ECE, CWR, AE)\n"
	  "1 38 2 Urgent Pointer: 7\n"
	  "1 40 40 Options: (40 bytes)\n"
	  "2 40 4 TCP Option - Maximum segment size: 1460 bytes\n"
	  "2 44 2 TCP Option - SACK permitted\n"
	  "2 46 10 TCP Option - Timestamps: TSval 16, TSecr 32\n"
	  "2 56 1 TCP Option - No-Operation (NOP)\n"
	  "2 57 3 TCP Option - Window scale: 7 (multiply by 128)\n"
	  "2 60 18 TCP Option - SACK\n"
	  "3 62 8 SACK block: 10-12\n"
	  "3 70 8 SACK block: 16-32\n"
	  "2 78 1 TCP Option - End of Option List (EOL)\n", NULL },
	{ "odd tcp options", DLT_RAW, "4500003c" "12340000" "4006" "0000" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000000" "a002" "2000" "0000" "0000"
	  "2202" "2206aabbccdd" "0203aa" "1e04abcd" "fe00" "000000",
	  "2 40 2 TCP Option - TCP Fast Open Cookie: request\n"
	  "2 42 6 TCP Option - TCP Fast Open Cookie: aabbccdd\n"
	  "2 48 3 TCP Option - Maximum segment size (kind 2, 3 bytes)\n"
	  "2 51 4 TCP Option - Multipath TCP (kind 30, 4 bytes)\n"
	  "2 55 5 [TCP Option of kind 254: its length cannot be]\n", NULL },
	{ "tcp header longer than the packet", DLT_RAW,
	  "45000028" "12340000" "4006" "0000" "0a000001" "0a000002" "9c40" "1538" "00000001" "00000002" "f018" "2000"
	  "00000000",
	  "0 20 20 Transmission Control Protocol, Src Port: 40000, Dst Port: 5432\n"
	  "0 40 0 [malformed tcp]\n", "Options" },
	{ "linux cooked 2", DLT_LINUX_SLL2, "0800" "0000" "00000002" "0001" "04" "06" "0200000000010000" IP4 TCP,
	  "0 0 20 Linux cooked capture v2\n"
	  "1 0 2 Protocol: IPv4 (0x0800)\n"
	  "1 4 4 Interface index: 2\n"
	  "1 10 1 Packet type: Sent by us (4)\n", NULL },
	{ "a link header without fields", DLT_ENC, "000000020000000000000000" IP4 TCP,
	  "0 0 12 Link header, 12 bytes\n"
	  "0 12 20 Internet Protocol Version 4, Src: 10.0.0.1, Dst: 10.0.0.2\n", NULL },
	{ "arp", DLT_EN10MB, MACS "0806" "0001", "0 14 2 Data (2 bytes): arp\n", NULL },
	{ "another link", DLT_USB_LINUX, "00", "0 0 1 Data (1 bytes): link type that is not understood\n", NULL },
	{ "mpls, pseudowire", DLT_EN10MB, MACS "8847" "00010040" "00011140" "00000000" MACS "0800" IP4 TCP,
	  "0 14 4 MultiProtocol Label Switching Header, Label: 16\n"
	  "0 18 4 MultiProtocol Label Switching Header, Label: 17\n"
	  "1 20 1 MPLS Bottom Of Label Stack: 1\n"
	  "0 22 4 PW Ethernet Control Word\n"
	  "0 26 14 Ethernet II, Src: 02:00:00:00:00:02, Dst: 02:00:00:00:00:01\n", NULL },
	{ "pppoe", DLT_EN10MB, MACS "8864" "1100" "0007" "002e" "0021" IP4 TCP,
	  "0 14 6 PPP-over-Ethernet Session\n"
	  "1 16 2 Session ID: 0x0007\n"
	  "0 20 2 Point-to-Point Protocol\n"
	  "1 20 2 Protocol: Internet Protocol version 4 (0x0021)\n", NULL },
	{ "vxlan", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0800" IP4 TCP,
	  "0 20 8 User Datagram Protocol, Src Port: 50000, Dst Port: 4789\n"
	  "0 28 8 Virtual eXtensible Local Area Network\n"
	  "1 32 3 VXLAN Network Identifier (VNI): 42\n"
	  "0 36 14 Ethernet II, Src: 02:00:00:00:00:02, Dst: 02:00:00:00:00:01\n"
	  "0 90 4 TCP payload (4 bytes)\n", NULL },
	{ "vxlan of nonsense is udp", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0800" "1234",
	  "0 20 8 User Datagram Protocol, Src Port: 50000, Dst Port: 4789\n"
	  "0 28 24 Data (24 bytes): udp\n", "Virtual" },
	{ "vxlan with udp inside", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0800"
	  "45000020" "12340000" "4011" "0000" "0a000001" "0a000002" "00350035" "000c0000" "61626364",
	  "0 28 8 Virtual eXtensible Local Area Network\n"
	  "0 70 8 User Datagram Protocol, Src Port: 53, Dst Port: 53\n"
	  "0 78 4 Data (4 bytes): udp\n", NULL },
	{ "nonsense on a tunnel's port, in vxlan", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0800"
	  "45000020" "12340000" "4011" "0000" "0a000001" "0a000002" "c35012b5" "000c0000" "61626364",
	  "0 28 8 Virtual eXtensible Local Area Network\n"
	  "0 70 8 User Datagram Protocol, Src Port: 50000, Dst Port: 4789\n"
	  "0 78 4 Data (4 bytes): udp\n", NULL },
	{ "802.1ad, 802.3", DLT_EN10MB, MACS "88a8" "0005" "0003" "424203",
	  "0 14 4 IEEE 802.1ad\n"
	  "0 18 3 Logical-Link Control\n"
	  "0 21 0 [spanning tree]\n", NULL },
	{ "802.3", DLT_EN10MB, MACS "0003" "424203", "0 0 14 IEEE 802.3 Ethernet, Src: 02:00:00:00:00:02, Dst: 02:00:00:00:00:01\n"
	  "1 12 2 Length: 3\n", NULL },
	{ "gre with a key", DLT_RAW, OUTER("2f") "2000" "0800" "0000002a" IP4 TCP,
	  "0 20 8 Generic Routing Encapsulation\n"
	  "1 22 2 Protocol Type: IPv4 (0x0800)\n", NULL },
	{ "gtp-u", DLT_RAW, OUTER_UDP("0868") "30ff" "002c" "00001234" IP4 TCP,
	  "0 28 8 GPRS Tunneling Protocol\n"
	  "1 32 4 TEID: 0x00001234\n", NULL },
	{ "authentication header", DLT_RAW, OUTER("33") "0604" "0000" "00000009" "00000001" "000000000000000000000000" TCP,
	  "0 20 24 Authentication Header\n"
	  "1 24 4 AH SPI: 0x00000009\n", NULL },
	{ "icmp about a segment", DLT_RAW, OUTER("01") "0304" "0000" "00000578" IP4 TCP,
	  "0 20 8 Internet Control Message Protocol\n"
	  "1 20 1 Type: 3\n"
	  "1 21 1 Code: 4 (fragmentation needed)\n"
	  "1 26 2 MTU of next hop: 1400\n"
	  "1 28 20 Internet Protocol Version 4, Src: 10.0.0.1, Dst: 10.0.0.2\n"
	  "2 36 1 Time to Live: 64\n"
	  "1 48 8 Transmission Control Protocol, Src Port: 40000, Dst Port: 5432\n"
	  "2 52 4 Sequence Number (raw): 1\n"
	  "1 56 16 [what is quoted goes on for 16 bytes]\n", NULL },
	{ "http request", DLT_RAW, CARRIES("0046", "474554202f20485454502f312e310d0a" "486f73743a20610d0a" "0d0a" "787878"),
	  "0 40 30 Hypertext Transfer Protocol\n"
	  "1 40 16 GET / HTTP/1.1\n"
	  "1 56 9 Host: a\n"
	  "1 65 2 [end of the head]\n"
	  "1 67 3 Body, or what follows: 3 bytes\n", NULL },
	{ "amqp frames", DLT_RAW, CARRIES("003f", "08000000000000ce" "010001000000050014ffff00ce" "0100"),
	  "0 40 8 Advanced Message Queuing Protocol, Heartbeat\n"
	  "0 48 13 Advanced Message Queuing Protocol, Method, unknown\n"
	  "1 49 2 Channel: 1\n"
	  "1 51 4 Length: 5\n"
	  "1 61 2 Part of a frame: 2 bytes\n", NULL },
	{ "amqp method", DLT_RAW, CARRIES("003d", "0100010000000d" "003c0050" "0000000000000007" "00" "ce"),
	  "0 40 21 Advanced Message Queuing Protocol, Method, basic.ack delivery_tag=7\n", NULL },
	{ "amqp header", DLT_RAW, CARRIES("0030", "414d515000000901"),
	  "0 40 8 Advanced Message Queuing Protocol, Protocol-Header 0-9-1\n", NULL },
	{ "tls records", DLT_RAW, CARRIES("0040", "160301000401000000" "1703030003" "616263" "1703030010" "7878"),
	  "0 40 9 TLSv1 Record Layer: Handshake, Length: 4\n"
	  "1 45 1 Handshake Type: Client Hello (1)\n"
	  "0 49 8 TLSv1.2 Record Layer: Application Data, Length: 3\n"
	  "1 52 2 Length: 3\n"
	  "0 57 7 TLSv1.2 Record Layer: Application Data, Length: 16, of which 2 in this packet\n", NULL },
};

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = 0;
	unsigned byte;
	for (; hex[2 * n] && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		to[n] = (uint8_t)byte;
	return n;
}

/* What holds of every packet: lines lie in it and are one line each, and what is deeper
 * lies in what it belongs to. */
static void inside(const struct description *d, size_t n)
{
	CHECK(d->n > 0 && d->n <= LIMIT_DESCRIBE_LINES);
	for (size_t i = 0; i < d->n; i++) {
		const struct description_line *l = &d->lines[i];
		CHECK(l->off <= n && l->n <= n - l->off);
		CHECK(l->text && strlen(l->text) < LIMIT_DESCRIBE_TEXT && !strchr(l->text, '\n'));
		CHECK(l->depth >= 0 && l->depth <= (i ? d->lines[i - 1].depth + 1 : 0));
	}
}

/* Describe it from an exact-size heap piece. */
static void described(struct description *d, int link, const uint8_t *bytes, size_t n, size_t wire)
{
	uint8_t *exact = malloc(n);
	if (n)
		memcpy(exact, bytes, n);
	struct packet p = { .frame = 7, .wire_n = (uint32_t)wire, .bytes = { exact, n }, .link = link };
	describe(d, &p, p.bytes);
	inside(d, n);
	free(exact);
}

static bool line_is(const struct description_line *l, const char *said, size_t n)
{
	char text[LIMIT_DESCRIBE_TEXT + 80];
	snprintf(text, sizeof text, "%d %zu %zu %s", l->depth, l->off, l->n, l->text);
	return strlen(text) == n && memcmp(text, said, n) == 0;
}

static void row_check(const struct row *row, const struct description *d)
{
	size_t i = 0;
	for (const char *said = row->lines, *end; *said; said = end + 1) {
		end = strchr(said, '\n');
		while (i < d->n && !line_is(&d->lines[i], said, (size_t)(end - said)))
			i++;
		if (i == d->n) {
			CHECK(!fprintf(stderr, "%s: lacks %.*s", row->name, (int)(end - said + 1), said));
			for (i = 0; i < d->n; i++)
				fprintf(stderr, "  %d %zu %zu %s\n", d->lines[i].depth, d->lines[i].off,
				        d->lines[i].n, d->lines[i].text);
			return;
		}
	}
	for (i = 0; row->not && i < d->n; i++)
		CHECK(strncmp(d->lines[i].text, row->not, strlen(row->not)) != 0);
}

/* The same numbers in every run (xorshift; G. Marsaglia, 2003). */
static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void changed(struct description *d, int link, const uint8_t *bytes, size_t n, uint32_t *state)
{
	enum { TIMES = 300 };
	uint8_t copy[512];
	for (int i = 0; i < TIMES; i++) {
		memcpy(copy, bytes, n);
		for (uint32_t k = random_next(state) % 6 + 1; n && k; k--)
			copy[random_next(state) % n] = (uint8_t)(random_next(state) >> 8);
		described(d, link, copy, n, n + random_next(state) % 3);
	}
}

static void rows_check(void)
{
	struct description d = { 0 };
	uint32_t state = 2463534242u;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t bytes[512];
		size_t n = unhex(rows[i].hex, bytes);
		for (size_t cut = 0; cut < n; cut++)
			described(&d, rows[i].link, bytes, cut, n);
		changed(&d, rows[i].link, bytes, n, &state);
		described(&d, rows[i].link, bytes, n, n);
		row_check(&rows[i], &d);
		CHECK(!d.cut);
	}
	description_free(&d);
}

/* Bytes that are no packet of any link type. */
static void nonsense_check(void)
{
	struct description d = { 0 };
	uint32_t state = 1;
	uint8_t bytes[200];
	for (int link = 0; link < 300; link++)
		for (int i = 0; i < 30; i++) {
			size_t n = random_next(&state) % sizeof bytes;
			for (size_t k = 0; k < n; k++)
				bytes[k] = (uint8_t)(random_next(&state) >> 8);
			described(&d, link, bytes, n, n);
		}
	description_free(&d);
}

/* More lines than may be, one that is longer, and bytes that would end a line. */
static void limits_check(void)
{
	enum { FIELDS = 2000, LONG = 3000 };
	static uint8_t bytes[40000];
	struct description d = { 0 };
	size_t head = unhex(CARRIES("0000", ""), bytes), n = head;
	n += (size_t)sprintf((char *)bytes + n, "GET / HTTP/1.1\r\n");
	n += (size_t)sprintf((char *)bytes + n, "x:%c\ry\r\n", 0) ;
	for (int i = 0; i < LONG; i++)
		bytes[n++] = 'a';
	for (int i = 0; i < FIELDS; i++)
		n += (size_t)sprintf((char *)bytes + n, "\na:%d\r", i);
	described(&d, DLT_RAW, bytes, n, n);
	CHECK(d.n == LIMIT_DESCRIBE_LINES && d.cut);
	size_t longest = 0;
	for (size_t i = 0; i < d.n; i++)
		longest = strlen(d.lines[i].text) > longest ? strlen(d.lines[i].text) : longest;
	CHECK(longest == LIMIT_DESCRIBE_TEXT - 1);
	description_free(&d);
}

/* Texts are taken from what may be shown, checksums from the packet. */
static void shown_check(void)
{
	struct description d = { 0 };
	uint8_t bytes[512], shown[512];
	size_t n = unhex(MACS "0800" IP4 TCP, bytes);
	memcpy(shown, bytes, n);
	memset(shown + n - 4, 'x', 4);
	struct packet p = { .frame = 1, .wire_n = (uint32_t)n, .bytes = { bytes, n }, .link = DLT_EN10MB };
	describe(&d, &p, (struct bytes){ shown, n });
	bool correct = false;
	for (size_t i = 0; i < d.n; i++)
		correct |= strcmp(d.lines[i].text, "Checksum: 0x0584 [correct]") == 0;
	CHECK(correct);
	description_free(&d);
}

int main(void)
{
	rows_check();
	nonsense_check();
	limits_check();
	shown_check();
	return check_failed != 0;
}
