/* decode.c - packets of every link type, as hex, against what they hold. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "check.h"
#include "decode.h"

int check_failed;

#define MACS "020000000001" "020000000002"
#define IP4 "4500002c" "12340000" "4006" "0000" "0a000001" "0a000002"      /* 10.0.0.1 > 10.0.0.2 */
#define TCP "9c40" "1538" "00000001" "00000002" "5018" "2000" "0000" "0000" "61626364"
#define IP6 "60000000" "0018" "06" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"

static const struct row {
	const char *name;
	int         link;
	const char *hex;
	const char *said;     /* as shown(), or the kind that decode() names */
} rows[] = {
	{ "ethernet", DLT_EN10MB, MACS "0800" IP4 TCP, "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "ethernet with padding", DLT_EN10MB, MACS "0800" IP4 TCP "0000000000",
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "802.1q", DLT_EN10MB, MACS "8100" "0005" "0800" IP4 TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd vlan 5" },
	{ "802.1ad", DLT_EN10MB, MACS "88a8" "0005" "8100" "0007" "0800" IP4 TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd vlan 5 vlan 7" },
	{ "five tags", DLT_EN10MB, MACS "8100" "0001" "8100" "0001" "8100" "0001" "8100" "0001" "8100" "0001"
	  "0800" IP4 TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd vlan 1 vlan 1 vlan 1 vlan 1 vlan 1" },
	{ "linux cooked", DLT_LINUX_SLL, "0000" "0001" "0006" "0200000000010000" "0800" IP4 TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "linux cooked 2", DLT_LINUX_SLL2, "0800" "0000" "00000002" "0001" "00" "06" "0200000000010000" IP4 TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "raw", DLT_RAW, IP4 TCP, "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "null", DLT_NULL, "02000000" IP4 TCP, "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "loop, ipv6", DLT_LOOP, "00000018" IP6 TCP,
	  "2001:db8::1:40000 > 2001:db8::2:5432 ttl 64 id 0 len 4 abcd" },
	{ "ipv6 extension headers", DLT_RAW,
	  "60000000" "0028" "00" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "3c00010400000000" "0600010400000000" TCP,
	  "2001:db8::1:40000 > 2001:db8::2:5432 ttl 64 id 0 len 4 abcd" },
	{ "ipv6 fragment", DLT_RAW,
	  "60000000" "0020" "2c" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "0600000100000001" TCP, "ip fragment" },
	{ "ipv4 options", DLT_RAW, "46000030" "12340000" "4006" "0000" "0a000001" "0a000002" "01010100" TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "ipv4 fragment", DLT_RAW, "4500002c" "12342000" "4006" "0000" "0a000001" "0a000002" TCP, "ip fragment" },
	{ "length 0: segmentation offload", DLT_RAW, "45000000" "12340000" "4006" "0000" "0a000001" "0a000002" TCP,
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "sack permitted, fast open cookie wanted", DLT_RAW, "45000030" "12340000" "4006" "0000" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000000" "7002" "2000" "0000" "0000" "0402" "2202" "01010101",
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 0  sack-ok fast-open" },
	{ "fast open, as the experiment wrote it", DLT_RAW, "45000030" "12340000" "4006" "0000" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000000" "7002" "2000" "0000" "0000" "fe08f989" "01020304",
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 0  fast-open" },
	{ "two sack blocks and urgent", DLT_RAW, "4500003c" "12340000" "4006" "0000" "0a000001" "0a000002"
	  "9c40" "1538" "00000001" "00000002" "a030" "2000" "0000" "0007"
	  "0101" "0512" "0000000a" "0000000c" "00000010" "00000020",
	  "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 0  sack 10-12 sack 16-32 urgent 7" },
	{ "udp", DLT_RAW, "4500001c" "12340000" "4011" "0000" "0a000001" "0a000002" "00350035" "00080000", "udp" },
	{ "arp", DLT_EN10MB, MACS "0806" "0001", "arp" },
	{ "802.3", DLT_EN10MB, MACS "0026" "424203", "spanning tree" },
	{ "tcp header longer than the packet", DLT_RAW,
	  "45000028" "12340000" "4006" "0000" "0a000001" "0a000002" "9c40" "1538" "00000001" "00000002" "f018" "2000" "00000000",
	  "malformed tcp" },
	{ "ip header too short", DLT_RAW, "4400002c" "12340000" "4006" "0000" "0a000001" "0a000002" TCP, "malformed ip" },
	{ "another version", DLT_RAW, "15000000", "malformed ip" },
	{ "nothing at all", DLT_RAW, "", "malformed ip" },
	{ "another link", DLT_USB_LINUX, "00", "link type that is not understood" },
};

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = 0;
	unsigned byte;
	for (; hex[2 * n] && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		to[n] = (uint8_t)byte;
	return n;
}

static const char *shown(struct decoder *decoder, const struct packet *packet, char text[static 256])
{
	struct segment s;
	char src[46], dst[46], path[LIMIT_PATH];
	const char *kind = decode(decoder, packet, &s);
	if (kind)
		return kind;
	int n = snprintf(text, 256, "%s:%u > %s:%u ttl %u id %u len %u %.*s%s%s", ip_text(s.src.ip, src), s.src.port,
	         ip_text(s.dst.ip, dst), s.dst.port, s.ttl, s.ip_id, s.len, (int)s.payload.n,
	         (const char *)s.payload.p, s.outer_n ? " " : "", path_text(&s, path));
	if (s.sack_permitted)
		n += snprintf(text + n, 256 - (size_t)n, " sack-ok");
	for (int i = 0; i < s.sack_n; i++)
		n += snprintf(text + n, 256 - (size_t)n, " sack %u-%u", s.sack[i].left, s.sack[i].right);
	if (s.fast_open)
		n += snprintf(text + n, 256 - (size_t)n, " fast-open");
	if (s.urgent)
		snprintf(text + n, 256 - (size_t)n, " urgent %u", s.urgent);
	return text;
}

int main(void)
{
	struct decoder *decoder = decoder_new();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t bytes[512];
		char text[256];
		size_t n = unhex(rows[i].hex, bytes);
		/* cut at every length, in exact-size heap pieces: never an overread */
		for (size_t cut = 0; cut <= n; cut++) {
			uint8_t *exact = malloc(cut);
			memcpy(exact, bytes, cut);
			struct packet packet = { .wire_n = (uint32_t)n, .bytes = { exact, cut }, .link = rows[i].link };
			const char *said = shown(decoder, &packet, text);
			CHECK(cut < n || strcmp(said, rows[i].said) == 0);
			if (cut == n && strcmp(said, rows[i].said))
				printf("  %s: %s\n", rows[i].name, said);
			free(exact);
		}
	}
	decoder_free(decoder);
	return check_failed != 0;
}
