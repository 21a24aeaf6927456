/* decode.h - from a packet's bytes to its TCP segment.
 *
 * Link types: Ethernet (802.1Q and 802.1ad tags), Linux cooked v1 and v2, RAW,
 * NULL and LOOP. IPv4 (RFC 791) and IPv6 with extension headers (RFC 8200).
 *
 * Sizes    `len` is the payload on the wire, from the IP length (the frame's,
 *          where that is 0: segmentation offload); payload.n what was kept.
 * Borrows  the packet's bytes.
 * Errors   none: what is no whole TCP segment is named, for counting.
 */
#ifndef DECODE_H
#define DECODE_H

#include "bytes.h"
#include "facts.h"
#include "limits.h"

struct packet;

/* An IPv4 address is held as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
struct endpoint { uint8_t ip[16]; uint16_t port; };

/* RFC 9293, 3.1 */
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

struct segment {
	struct mark     at;
	int64_t         file_offset;
	struct endpoint src, dst;
	uint8_t         ttl, flags;
	bool            ip4;
	uint16_t        ip_id;           /* 0 for IPv6 */
	uint16_t        window;
	uint32_t        seq, ack;
	uint32_t        len;
	struct bytes    payload;
	struct bytes    ip;              /* from the IP header on, as kept */
	bool            has_timestamps;  /* RFC 7323 */
	uint32_t        tsval, tsecr;
	int             mss, window_scale;   /* NONE: option not present */
	bool            sack_permitted;  /* RFC 2018 */
	int             sack_n;          /* blocks in `sack`; a D-SACK's (RFC 2883) is the first */
	struct { uint32_t left, right; } sack[LIMIT_SACK_BLOCKS];   /* [left, right) */
	bool            fast_open;       /* asks for or brings a cookie (RFC 7413) */
	uint16_t        urgent;          /* the urgent pointer; 0 without URG */
	struct bytes    options;         /* the TCP options, as sent */
	uint16_t        vlan[LIMIT_VLAN_TAGS];
	int             vlan_n;
	uint32_t        link_id;         /* tells copies taken at different places apart */
};

/* NULL: *out is the TCP segment. Else what the packet is instead: constant
 * words such as "arp" or "udp". */
const char *decode(const struct packet *, struct segment *out);

/* "10.0.0.1", "2001:db8::1" (RFC 5952). Needs INET6_ADDRSTRLEN (46) bytes. */
const char *ip_text(const uint8_t ip[16], char text[static 46]);

/* "vlan 5 vlan 7", or "" */
const char *path_text(const struct segment *, char text[static LIMIT_PATH]);

#endif
