/* describe_lines.h - what the files describe*.c share: lines and tables of fields.
 *
 * A header is described by a table: each field has a name, a place in bits, and a form.
 * What a table cannot say, the header's function adds.
 *
 *   describe.c         the packet, layer by layer     describe_ip.c   IPv4, IPv6, ICMP
 *   describe_fields.c  tables of fields               describe_tcp.c  TCP and its options
 *   describe_link.c    tables of other headers        describe_payload.c  HTTP, AMQP, TLS
 */
#ifndef DESCRIBE_LINES_H
#define DESCRIBE_LINES_H

#include "describe.h"
#include "layer.h"

struct describing {
	struct description  *to;
	const struct packet *packet;
	struct bytes         shown;          /* the packet, for texts */
	const struct walk   *walk;           /* behind the header that is described */
	int                  base;           /* depth of headers: 1 where an ICMP error quotes them */
};

/* What was captured of a header; `next` is walk.next before it. */
struct part { size_t off; struct bytes b; unsigned next; };

__attribute__((format(printf, 5, 6)))
void line(struct describing *, int depth, size_t off, size_t n, const char *fmt, ...);

/* A line that ends with bytes of the packet. */
void line_bytes(struct describing *, int depth, size_t off, size_t n, const char *before,
                struct bytes);

/* Append to the line last written. */
__attribute__((format(printf, 2, 3)))
void line_add(struct describing *, const char *fmt, ...);

enum form {
	FORM_DECIMAL, FORM_HEX, FORM_HEX_DECIMAL,
	FORM_WORDS,                    /* a length in words of 4 bytes: "20 bytes (5)" */
	FORM_EIGHTS,                   /* an offset in units of 8 bytes */
	FORM_MAC, FORM_IP4, FORM_IP6,  /* in whole bytes */
	FORM_ETHERTYPE, FORM_PROTOCOL, FORM_ARPHRD, FORM_PPP, FORM_COOKED_WAY,
};

/* Of at most 64 bits, unless it is an address. */
struct bit_field { const char *name; uint16_t bit, bits; enum form form; };

/* All fields that are wholly there, until one has no name. */
void fields_describe(struct describing *, int depth, const struct part *, const struct bit_field *);

/* n bits from `bit` on; 0 where they are not all there. */
uint64_t bits_of(struct bytes, size_t bit, size_t bits);

const char *mac_text(struct bytes, char text[static 24]);
const char *ethertype_name(unsigned type);
const char *protocol_name(unsigned protocol);

/* Its name in a table that ends with NULL, or `otherwise`. */
const char *name_of(const struct named *, unsigned value, const char *otherwise);

/* The Internet checksum (RFC 1071), not yet folded and inverted. */
uint32_t sum_of(uint32_t sum, struct bytes);
uint16_t sum_fold(uint32_t sum);

/* ---- headers; `part` is what of the header was captured ---- */

typedef void part_describe(struct describing *, const struct part *);

part_describe ip4_describe, ip6_describe, auth_describe, icmp_describe, tcp_describe;

/* A layer by its table; false: it has none. */
bool layer_describe(struct describing *, enum layer, const struct part *);

/* What the segment carries. */
void payload_describe(struct describing *, size_t off, struct bytes);

#endif
