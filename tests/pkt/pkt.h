/* pkt.h - the parts of the .pkt compiler; pkt.c says what the language is.
 *
 * Errors  all end the program, with the story's name and line.
 */
#ifndef PKT_H
#define PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAYLOAD_MAX = 64000, PACKET_MAX = 66000, WORD = 64, UNSET = -1 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };
enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_PPP = 9, LINK_RAW = 101, LINK_LOOP = 108,
       LINK_SLL = 113, LINK_SLL2 = 276 };
enum { WRAPS_MAX = 8, HEAD_MAX = 128, SACKS_MAX = 4 };

static const int64_t SECOND = 1000000;   /* times are microseconds */

/* Bytes, and which of them only fill: these get their value from their number. */
struct payload { uint8_t bytes[PAYLOAD_MAX]; bool fills[PAYLOAD_MAX]; size_t n; };

/* A segment as a line has it, and then as it is sent. Numbers are relative to the ISN. */
struct segment {
	int      flags;
	int64_t  seq, ack, window, ttl, id;   /* UNSET: as it would be */
	bool     refuses, bare;               /* sequence 0 on the wire; no options */
	int64_t  sack[2 * SACKS_MAX], urgent; /* edges in pairs, relative to the peer's ISN */
	int      sacks;
	bool     fast_open;
	bool     unscaled;                    /* its SYN offers no window scale */
	struct payload payload;
};

struct side {
	uint8_t  ip[16];                      /* IPv4: the last four bytes */
	uint16_t port, id;
	uint32_t isn;
	int64_t  next, last_ack;              /* last_ack: of its last segment; UNSET: it had none */
	int64_t  ttl, window;
	uint32_t tsval;
	bool     sent, sent_syn;
	struct segment last;                  /* that carried something, for `again` */
	uint8_t  head[HEAD_MAX];              /* of its last packet, for ICMP to quote */
	size_t   head_n;
};

/* What packets are wrapped in; up to PPPOE they need no IP header of their own. */
enum wrap_kind { WRAP_VLAN, WRAP_MPLS, WRAP_PPPOE, WRAP_VXLAN, WRAP_GENEVE, WRAP_GTP, WRAP_GRE,
                 WRAP_IPIP, WRAP_6IN4 };
struct wrap { enum wrap_kind kind; int64_t id; };

/* Fragments of `size` bytes; size 0: none. */
struct cut { int64_t size, overlap, lost; bool backwards; };

struct icmp { int64_t type, code, mtu, quote; bool has_from; uint8_t from[16]; };

struct conn {
	char        name[WORD];
	bool        v6, timestamps;
	int64_t     mss, wscale;
	struct wrap wraps[WRAPS_MAX];         /* from the outside in */
	int         wraps_n;
	bool        both;                     /* each packet is captured plain and wrapped */
	int64_t     at, copies, every;        /* copies: see `x N` of a connection */
	struct side side[2];
};

/* ---- words.c: the line that is being read ---- */

__attribute__((format(printf, 1, 2), noreturn))
void wrong(const char *fmt, ...);

void story_begin(const char *path);
void line_begin(const char *line);
const char *line_rest(void);

/* Whether nothing but a comment is left; white space is passed over. */
bool line_ends(void);

/* The next word, valid until the next call; `what` names it if it is missing. */
const char *word(const char *what);

/* Whether the next word is this one; then it is taken. */
bool word_is(const char *wanted);

int64_t number_of(const char *text, const char *what);
int64_t number(const char *what);
void numbers(const char *what, int64_t *client, int64_t *server);   /* "C/S", or one for both */
void range(const char *what, int64_t *from, int64_t *to);           /* "A-B" */
int64_t time_of(const char *text);                                  /* seconds, six decimals */

/* What adds to a payload: a byte, and what the line has next. */
void put(struct payload *, int byte, bool fills);
void put_string(struct payload *);
void put_hex(struct payload *, const char *digits);
void put_amqp(struct payload *);

/* ---- packet.c ---- */

struct packet { uint8_t b[PACKET_MAX]; size_t n; };

void packet_be(struct packet *, uint64_t value, int bytes);
void packet_bytes(struct packet *, const void *, size_t);
void put_at(struct packet *, size_t at, uint16_t value);

/* The Internet checksum (RFC 1071), of what follows `sum`. */
uint16_t checksum(uint32_t sum, const uint8_t *, size_t);

/* One segment as an IP packet; ports and first numbers move on with each copy of
 * the connection. `hop`: seen a second time, one hop on. */
void packet_build(struct packet *, const struct conn *, int dir, const struct segment *,
                  int64_t copy, bool hop);

/* An error that `dir` sends about the last packet of the other side. */
void packet_icmp(struct packet *, const struct conn *, int dir, const struct icmp *);

/* ---- wrap.c ---- */

/* Fragment `nr` of a packet, from 0; false: there is none. */
bool packet_fragment(struct packet *part, const struct packet *whole, const struct cut *,
                     int64_t nr, int64_t id);

/* An IP packet as the link has it, in the connection's wrapping or plain. */
void packet_wrap(struct packet *, uint32_t link, const struct conn *, int dir, bool wrapped,
                 bool hop);

#endif
