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
#define SAID "10.0.0.1:40000 > 10.0.0.2:5432 ttl 64 id 4660 len 4 abcd"
#define SAID6 "2001:db8::1:40000 > 2001:db8::2:5432 ttl 64 id 0 len 4 abcd"
#define MAC3 "020000000003"
#define SNAP "aaaa03" "000000" "0800"
#define OUTER(protocol) "45000000" "00010000" "40" protocol "0000" "c0000201" "c0000202"   /* to its end */
#define OUTER_UDP(port) OUTER("11") "c350" port "0000" "0000"

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
	/* between link and IP */
	{ "802.2 with snap", DLT_EN10MB, MACS "0034" "aaaa03" "000000" "0800" IP4 TCP "0000", SAID },
	{ "802.2 with ip", DLT_EN10MB, MACS "002f" "060603" IP4 TCP, SAID },
	{ "802.2 in a vlan", DLT_EN10MB, MACS "8100" "0005" "0034" "aaaa03" "000000" "0800" IP4 TCP, SAID " vlan 5" },
	{ "old double tag", DLT_EN10MB, MACS "9100" "0005" "8100" "0007" "0800" IP4 TCP, SAID " vlan 5 vlan 7" },
	{ "vlan in linux cooked", DLT_LINUX_SLL, "0000" "0001" "0006" "0200000000010000" "8100" "0005" "0800" IP4 TCP,
	  SAID " vlan 5" },
	{ "802.2 in linux cooked", DLT_LINUX_SLL, "0000" "0001" "0006" "0200000000010000" "0004" SNAP IP4 TCP, SAID },
	{ "netlink", DLT_LINUX_SLL, "0000" "0338" "0000" "0000000000000000" "0000", "netlink" },
	{ "e-tag", DLT_EN10MB, MACS "893f" "0000" "0064" "0000" "0800" IP4 TCP, SAID " e-tag 100" },
	{ "vn-tag", DLT_EN10MB, MACS "8926" "00010002" "0800" IP4 TCP, SAID " vn-tag" },
	{ "provider backbone", DLT_EN10MB, MACS "88e7" "00000009" MACS "0800" IP4 TCP, SAID " pbb 9" },
	{ "macsec", DLT_EN10MB, MACS "88e5" "0000", "macsec" },
	{ "mpls", DLT_EN10MB, MACS "8847" "00010140" IP4 TCP, SAID " mpls 16" },
	{ "mpls stack, ipv6", DLT_EN10MB, MACS "8848" "00010040" "00011140" IP6 TCP, SAID6 " mpls 16 mpls 17" },
	{ "mpls, ethernet", DLT_EN10MB, MACS "8847" "00010140" MACS "0800" IP4 TCP, SAID " mpls 16" },
	{ "mpls, control word", DLT_EN10MB, MACS "8847" "00010140" "00000000" MACS "0800" IP4 TCP, SAID " mpls 16" },
	{ "mpls, unknown", DLT_EN10MB, MACS "8847" "00010140" "ff", "mpls" },
	{ "mpls without end", DLT_EN10MB, MACS "8847" "00010040" "00010040", "link header cut off" },
	{ "pppoe", DLT_EN10MB, MACS "8864" "1100" "0011" "002e" "0021" IP4 TCP "0000", SAID " pppoe 17" },
	{ "pppoe, ipv6", DLT_EN10MB, MACS "8864" "1100" "0011" "0042" "0057" IP6 TCP, SAID6 " pppoe 17" },
	{ "pppoe discovery", DLT_EN10MB, MACS "8863" "1109", "pppoe" },
	{ "nsh", DLT_EN10MB, MACS "894f" "0002" "0201" "00000503" IP4 TCP, SAID " nsh 5" },
	/* other links */
	{ "ppp", DLT_PPP, "ff03" "0021" IP4 TCP, SAID },
	{ "ppp, all compressed", DLT_PPP, "21" IP4 TCP, SAID },
	{ "ppp, ipv6", DLT_PPP_SERIAL, "ff03" "0057" IP6 TCP, SAID6 },
	{ "ppp, mpls", DLT_PPP, "ff03" "0281" "00010140" IP4 TCP, SAID " mpls 16" },
	{ "ppp, control", DLT_PPP, "ff03" "c021" "01", "ppp control" },
	{ "ppp, compressed headers", DLT_PPP, "ff03" "002d" "01", "compressed ppp" },
	{ "pppoe without ethernet", DLT_PPP_ETHER, "1100" "0011" "002e" "0021" IP4 TCP, SAID " pppoe 17" },
	{ "cisco hdlc", DLT_C_HDLC, "0f00" "0800" IP4 TCP, SAID },
	{ "cisco hdlc as ppp", DLT_PPP_SERIAL, "0f00" "86dd" IP6 TCP, SAID6 },
	{ "frame relay", DLT_FRELAY, "1841" "03cc" IP4 TCP, SAID },
	{ "frame relay, snap", DLT_FRELAY, "1841" "030080" "000000" "0800" IP4 TCP, SAID },
	{ "frame relay, cisco", DLT_FRELAY, "1841" "0800" IP4 TCP, SAID },
	{ "null with ppp", DLT_NULL, "ff03" "0021" IP4 TCP, SAID },
	{ "pflog", DLT_PFLOG, "05020000" "00000000" IP4 TCP, SAID },
	{ "nflog", DLT_NFLOG, "02000000" "0600" "0a00" "00000000" "3000" "0900" IP4 TCP, SAID },
	{ "nflog, big endian", DLT_NFLOG, "02000000" "0006" "000a" "00000000" "0030" "0009" IP4 TCP, SAID },
	{ "fddi", DLT_FDDI, "50" MACS SNAP IP4 TCP, SAID },
	{ "arcnet, rfc 1051", DLT_ARCNET_LINUX, "01020000" "f0" IP4 TCP, SAID },
	{ "arcnet, rfc 1201", DLT_ARCNET_LINUX, "01020000" "d4" "00" "0001" IP4 TCP, SAID },
	{ "juniper", DLT_JUNIPER_ETHER, "4d4743" "80" "0002" "0000" MACS "0800" IP4 TCP, SAID },
	{ "802.11", DLT_IEEE802_11, "0801" "0000" MACS MAC3 "0000" SNAP IP4 TCP, SAID },
	{ "802.11, four addresses, qos", DLT_IEEE802_11, "8803" "0000" MACS MAC3 "0000" MAC3 "0000" SNAP IP4 TCP, SAID },
	{ "802.11, encrypted", DLT_IEEE802_11, "0841" "0000" MACS MAC3 "0000" "00", "encrypted wlan" },
	{ "802.11, beacon", DLT_IEEE802_11, "8000" "0000" MACS MAC3 "0000", "wlan control" },
	{ "radiotap, padded", DLT_IEEE802_11_RADIO, "00000900" "02000000" "20" "8801" "0000" MACS MAC3 "0000" "0000"
	  "0000" SNAP IP4 TCP, SAID },
	{ "ppi", DLT_PPI, "00000800" "69000000" "0801" "0000" MACS MAC3 "0000" SNAP IP4 TCP, SAID },
	{ "ppi in ppi", DLT_PPI, "00000800" "c0000000" "00", "link type that is not understood" },
	/* IP */
	{ "source route not used up", DLT_RAW, "47000034" "12340000" "4006" "0000" "0a000001" "0a0000fe"
	  "83070400" "00000200" TCP, "10.0.0.1:40000 > 0.0.0.2:5432 ttl 64 id 4660 len 4 abcd" },
	{ "ipv6 routing header not used up", DLT_RAW,
	  "60000000" "0030" "2b" "40" "20010db8000000000000000000000001" "20010db80000000000000000000000fe"
	  "0602000100000000" "20010db8000000000000000000000002" TCP, SAID6 },
	{ "ipv6 length 0", DLT_RAW, "60000000" "0000" "06" "40" "20010db8000000000000000000000001"
	  "20010db8000000000000000000000002" TCP, SAID6 },
	{ "ipv6 fragment that is all", DLT_RAW,
	  "60000000" "0020" "2c" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "0600000000000001" TCP, SAID6 },
	{ "length beyond the frame", DLT_RAW, "450003e8" "12340000" "4006" "0000" "0a000001" "0a000002" TCP, SAID },
	{ "length below the header", DLT_RAW, "45000013" "12340000" "4006" "0000" "0a000001" "0a000002" TCP, "malformed ip" },
	{ "authenticated", DLT_RAW, "45000000" "12340000" "4033" "0000" "0a000001" "0a000002"
	  "06040000" "00000001" "00000001" "000000000000000000000000" TCP, SAID },
	{ "authenticated, ipv6", DLT_RAW,
	  "60000000" "0000" "33" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  "06040000" "00000001" "00000001" "000000000000000000000000" TCP, SAID6 },
	{ "encrypted", DLT_RAW, OUTER("32") "00000001", "esp" },
	/* tunnels */
	{ "ip in ip", DLT_RAW, OUTER("04") IP4 TCP, SAID " ipip" },
	{ "6in4", DLT_RAW, OUTER("29") IP6 TCP, SAID6 " 6in4" },
	{ "4in6", DLT_RAW, "60000000" "0000" "04" "40" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
	  IP4 TCP, SAID " 4in6" },
	{ "etherip", DLT_RAW, OUTER("61") "3000" MACS "0800" IP4 TCP, SAID " etherip" },
	{ "mpls in ip", DLT_RAW, OUTER("89") "00010140" IP4 TCP, SAID " mpls 16" },
	{ "gre", DLT_RAW, OUTER("2f") "0000" "0800" IP4 TCP, SAID " gre" },
	{ "gre, checksum, key and number", DLT_RAW, OUTER("2f") "b000" "0800" "00000000" "0000002a" "00000001" IP4 TCP,
	  SAID " gre 42" },
	{ "gre, ethernet (nvgre)", DLT_RAW, OUTER("2f") "2000" "6558" "00002a00" MACS "0800" IP4 TCP, SAID " gre 10752" },
	{ "gre, wccp", DLT_RAW, OUTER("2f") "0000" "883e" "00000000" IP4 TCP, SAID " gre" },
	{ "gre, pptp", DLT_RAW, OUTER("2f") "3081" "880b" "0030" "0007" "00000001" "00000001" "ff03" "0021" IP4 TCP,
	  SAID " pptp 7" },
	{ "gre, pptp, only acknowledges", DLT_RAW, OUTER("2f") "2081" "880b" "0000" "0007" "00000001", "gre" },
	{ "gre, not of this version", DLT_RAW, OUTER("2f") "0005" "0800" IP4 TCP, "gre" },
	{ "erspan", DLT_RAW, OUTER("2f") "1000" "88be" "00000001" "1005" "0007" "00000000" MACS "0800" IP4 TCP,
	  SAID " erspan 7" },
	{ "erspan, first kind", DLT_RAW, OUTER("2f") "0000" "88be" MACS "0800" IP4 TCP, SAID " erspan 0" },
	{ "vxlan", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0800" IP4 TCP, SAID " vxlan 42" },
	{ "vxlan, flannel", DLT_RAW, OUTER_UDP("2118") "08000000" "00000100" MACS "0800" IP4 TCP, SAID " vxlan 1" },
	{ "vxlan without its flag", DLT_RAW, OUTER_UDP("12b5") "00000000" "00002a00" MACS "0800" IP4 TCP, "udp" },
	{ "vxlan of nonsense", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0800" "1234", "udp" },
	{ "vxlan of another type", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "1234" IP4 TCP, "udp" },
	{ "arp in vxlan", DLT_RAW, OUTER_UDP("12b5") "08000000" "00002a00" MACS "0806" "0001", "arp" },
	{ "vxlan in vxlan in vlan", DLT_EN10MB, MACS "8100" "0005" "0800" OUTER_UDP("12b5") "08000000" "00002a00"
	  MACS "0800" OUTER_UDP("12b5") "08000000" "00002b00" MACS "0800" IP4 TCP, SAID " vlan 5 vxlan 42 vxlan 43" },
	{ "vxlan gpe", DLT_RAW, OUTER_UDP("12b6") "0c000001" "00002a00" IP4 TCP, SAID " vxlan 42" },
	{ "geneve with an option", DLT_RAW, OUTER_UDP("17c1") "0100" "6558" "00000700" "01020304" MACS "0800" IP4 TCP,
	  SAID " geneve 7" },
	{ "geneve, ip", DLT_RAW, OUTER_UDP("17c1") "0000" "0800" "00000700" IP4 TCP, SAID " geneve 7" },
	{ "gtp-u", DLT_RAW, OUTER_UDP("0868") "30ff" "002c" "00001234" IP4 TCP, SAID " gtp-u 0x1234" },
	{ "gtp-u with an extension", DLT_RAW, OUTER_UDP("0868") "34ff" "0034" "00001234" "00000085" "01100900" IP4 TCP,
	  SAID " gtp-u 0x1234" },
	{ "gtp-u echo", DLT_RAW, OUTER_UDP("0868") "3201" "0004" "00000000" "00000000", "udp" },
	{ "teredo", DLT_RAW, OUTER_UDP("0dd8") IP6 TCP, SAID6 " teredo" },
	{ "teredo with origin", DLT_RAW, OUTER_UDP("0dd8") "0000" "1234" "01020304" IP6 TCP, SAID6 " teredo" },
	{ "l2tp", DLT_RAW, OUTER_UDP("06a5") "4002" "003a" "0001" "0002" "ff03" "0021" IP4 TCP, SAID " l2tp 2" },
	{ "l2tp control", DLT_RAW, OUTER_UDP("06a5") "c802" "000c" "0001" "0000" "00000000", "udp" },
	{ "gre in udp", DLT_RAW, OUTER_UDP("1292") "0000" "0800" IP4 TCP, SAID " gre" },
	{ "mpls in udp", DLT_RAW, OUTER_UDP("19eb") "00010140" IP4 TCP, SAID " mpls 16" },
	{ "ayiya", DLT_RAW, OUTER_UDP("13d0") "0000" "01" "29" "00000000" "00" IP6 TCP, SAID6 " ayiya" },
	{ "gue", DLT_RAW, OUTER_UDP("17c0") "0004" "0000" IP4 TCP, SAID " gue" },
	{ "lisp", DLT_RAW, OUTER_UDP("10f5") "0000000000000000" IP4 TCP, SAID " lisp" },
	{ "tzsp", DLT_RAW, OUTER_UDP("9090") "01000001" "0a0100" "01" MACS "0800" IP4 TCP, SAID " tzsp" },
	{ "another port", DLT_RAW, OUTER_UDP("0035") "08000000" "00002a00" MACS "0800" IP4 TCP, "udp" },
	/* ICMP errors */
	{ "port unreachable", DLT_RAW, OUTER("01") "0303" "0000" "00000000" IP4 "9c40" "1538" "00000001",
	  "icmp: port unreachable, 10.0.0.1:40000 > 10.0.0.2:5432 seq 1 ttl 64 mtu -1" },
	{ "fragmentation needed", DLT_RAW, OUTER("01") "0304" "0000" "00000578" IP4 TCP,
	  "icmp: fragmentation needed, 10.0.0.1:40000 > 10.0.0.2:5432 seq 1 ttl 64 mtu 1400 whole" },
	{ "packet too big", DLT_RAW, "60000000" "0000" "3a" "40" "20010db8000000000000000000000001"
	  "20010db8000000000000000000000002" "0200" "0000" "00000500" IP6 TCP,
	  "icmpv6: packet too big, 2001:db8::1:40000 > 2001:db8::2:5432 seq 1 ttl 64 mtu 1280 whole" },
	{ "of a first fragment", DLT_RAW, OUTER("01") "0b01" "0000" "00000000" "4500002c" "12342000" "4006" "0000"
	  "0a000001" "0a000002" TCP,
	  "icmp: reassembly timed out, 10.0.0.1:40000 > 10.0.0.2:5432 seq 1 ttl 64 mtu -1 whole" },
	{ "about udp", DLT_RAW, OUTER("01") "0303" "0000" "00000000" OUTER_UDP("0035"), "icmp" },
	{ "about a tunnel", DLT_RAW, OUTER("01") "0303" "0000" "00000000" OUTER("04") IP4 TCP, "icmp" },
	{ "about an error", DLT_RAW, OUTER("01") "0303" "0000" "00000000" OUTER("01") "0303" "0000" "00000000" IP4 TCP, "icmp" },
	{ "echo", DLT_RAW, OUTER("01") "0800" "0000" "00000000" IP4 TCP, "icmp" },
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
	const struct icmp_error *e = decode_icmp(decoder);
	if (e)
		snprintf(text, 256, "%s: %s, %s:%u > %s:%u seq %u ttl %u mtu %d%s", kind,
		         icmp_word(e->ip6, e->type, e->code), ip_text(e->src.ip, src), e->src.port,
		         ip_text(e->dst.ip, dst), e->dst.port, e->seq, e->quoted_ttl, e->mtu,
		         e->whole_header ? " whole" : "");
	if (kind)
		return e ? text : kind;
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
