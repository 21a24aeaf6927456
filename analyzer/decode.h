/* decode.h - from a packet's bytes to its TCP segment.
 *
 * Through link, VLAN, MPLS, PPP, IPv4, IPv6 and tunnels: the segment is the
 * innermost one, and `outer` says what it was wrapped in. IP fragments are put
 * together (fragment.h); the segment then belongs to the frame that completes
 * it, as in Wireshark. layer.h says which file reads which header.
 *
 * Sizes    `len` is the payload on the wire, from the IP length (the frame's,
 *          where that is 0: segmentation offload); payload.n what was kept.
 * Borrows  the packet's bytes, or the decoder's until the next decode().
 * Bounds   LIMIT_LAYERS headers; fragment.h for what is kept of fragments.
 * Errors   none: what is no whole TCP segment is named, for counting.
 */
#ifndef DECODE_H
#define DECODE_H

#include "bytes.h"
#include "facts.h"
#include "limits.h"

struct packet;
struct decoder;
struct fragment_counts;

/* An IPv4 address is held as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
struct endpoint { uint8_t ip[16]; uint16_t port; };

/* RFC 9293, 3.1 */
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* A header that names what a packet is wrapped in, and the number in it. */
enum outer_kind { OUTER_VLAN, OUTER_ETAG, OUTER_VNTAG, OUTER_PBB, OUTER_MPLS, OUTER_PPPOE,
                  OUTER_NSH, OUTER_VXLAN, OUTER_GENEVE, OUTER_GRE, OUTER_GRE_KEY, OUTER_PPTP, OUTER_ERSPAN,
                  OUTER_IPIP, OUTER_6IN4, OUTER_4IN6, OUTER_6IN6, OUTER_GTP, OUTER_TEREDO,
                  OUTER_L2TP, OUTER_AYIYA, OUTER_GUE, OUTER_LISP, OUTER_TZSP, OUTER_ETHERIP };
struct outer { enum outer_kind kind; uint32_t id; };

struct segment {
	struct mark     at;
	int64_t         file_offset;
	struct endpoint src, dst;
	uint8_t         ttl, flags;
	bool            ip4;
	uint16_t        ip_id;           /* 0 for IPv6 */
	uint16_t        window, checksum;
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
	const char     *odd;             /* about the IP fragments it came in, or NULL */
	uint32_t        link_id;         /* tells copies taken at different places apart */
	uint32_t        path_id;         /* tells what is wrapped differently apart */
	int             outer_n;
	struct outer    outer[LIMIT_OUTER];   /* from the outside in */
};

/* An ICMP or ICMPv6 error that quotes the head of a TCP segment. */
struct icmp_error {
	bool            ip6;
	uint8_t         type, code;
	int             mtu;             /* of the next hop; NONE: the error has none */
	uint8_t         from[16], to[16];   /* of the error itself */
	uint8_t         ttl;
	uint16_t        ip_id;
	struct endpoint src, dst;        /* of the segment it speaks of */
	uint32_t        seq;
	uint8_t         quoted_ttl;      /* the segment's, when it was given up */
	bool            whole_header;    /* all 20 bytes of the TCP header are quoted */
};

struct decoder *decoder_new(void);
void decoder_free(struct decoder *);

/* NULL: *out is the TCP segment. Else what the packet is instead: constant
 * words such as "arp" or "udp". A fragment that completes nothing is KIND_FRAGMENT. */
#define KIND_FRAGMENT "ip fragment"
#define KIND_BAD_TCP  "malformed tcp"   /* src and dst of *out are its own */
const char *decode(struct decoder *, const struct packet *, struct segment *out);

/* The error that the packet last decoded is; NULL: it is none. */
const struct icmp_error *decode_icmp(const struct decoder *);

/* What an error of this type and code says: "port unreachable". */
const char *icmp_word(bool ip6, unsigned type, unsigned code);

/* How fragments fared so far. */
const struct fragment_counts *decode_fragments(const struct decoder *);

/* "10.0.0.1", "2001:db8::1" (RFC 5952). Needs INET6_ADDRSTRLEN (46) bytes. */
const char *ip_text(const uint8_t ip[16], char text[static 46]);

/* "vlan 5 vxlan 42", from the outside in, or "" */
const char *path_text(const struct segment *, char text[static LIMIT_PATH]);

#endif
