/* fragment.h - IP fragments put together (RFC 791, 3.2; RFC 8200, 4.5).
 *
 * Pieces belong together by addresses, identification, the protocol (IPv4) and
 * what they are wrapped in. Of bytes that come twice the first stay, in the
 * order of arrival; that pieces overlap is told with the whole.
 *
 * Time     of the capture. After 30 s (IPv4, as Linux; RFC 791 leaves it open) or
 *          60 s (IPv6, RFC 8200) from its first piece a datagram is given up, and
 *          a late piece begins a new one.
 * Bounds   LIMIT_FRAGMENT_DATAGRAMS and LIMIT_FRAGMENT_BYTES; beyond them the
 *          oldest is given up. 65535 bytes and LIMIT_FRAGMENT_SPANS a datagram.
 * Owns     the pieces; a whole datagram until fragments_release().
 */
#ifndef FRAGMENT_H
#define FRAGMENT_H

#include "bytes.h"

struct fragments;

struct fragment {
	uint8_t      src[16], dst[16];
	uint32_t     id;
	uint32_t     path;          /* of what it is wrapped in */
	bool         ip4;
	uint8_t      protocol;
	bool         more;
	size_t       off;
	struct bytes header;        /* from the IP header on */
	struct bytes data;
	size_t       cut;           /* bytes of the piece that were not captured */
};

struct datagram {
	uint8_t      protocol;      /* of the piece at offset 0 */
	struct bytes ip;            /* a plain IP header and the payload */
	struct bytes payload;       /* up to the first byte that was not captured */
	size_t       cut;           /* bytes from there to the end */
	const char  *odd;           /* "ip fragments overlap", "… and differ", or NULL */
};

/* `parts`: frames whose piece went into a whole that a later frame completed. */
struct fragment_counts { uint64_t whole, parts, timed_out, pushed_out, malformed, overlapping; };

struct fragments *fragments_new(void);
void fragments_free(struct fragments *);

/* Add a piece; the datagram that it completes, or NULL. */
const struct datagram *fragments_add(struct fragments *, const struct fragment *, int64_t ns);

/* Free what was handed out; for every packet, before its first piece. */
void fragments_release(struct fragments *);

const struct fragment_counts *fragments_counts(const struct fragments *);

#endif
