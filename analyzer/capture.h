/* capture.h - read packets from a pcap or pcapng file, in file order.
 *
 * Time     nanoseconds since 1970-01-01 UTC, whatever unit the file uses.
 * Sizes    bytes. `wire_n` is what was on the wire, bytes.n what was kept;
 *          wire_n >= bytes.n always holds for a packet handed out.
 * Owns     the file. Packet bytes are borrowed until the next call.
 * Errors   capture_open() fails with a sentence. A file that breaks off or
 *          turns to nonsense ends the capture early: what came before is good
 *          evidence and stays, and capture_next() says so with CAPTURE_BROKEN.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "bytes.h"
#include "err.h"

struct packet {
	uint64_t     frame;        /* 1 for the file's first, as Wireshark counts */
	int64_t      ns;
	uint32_t     wire_n;
	struct bytes bytes;
	int          link;         /* DLT_* */
	int64_t      file_offset;  /* of its record; -1 where the format does not tell */
	bool         wanted;       /* the filter lets it pass */
};

enum capture_next { CAPTURE_PACKET, CAPTURE_END, CAPTURE_BROKEN };

struct capture;

/* NULL: failed. `filter`: a BPF expression, or NULL; a bad one is no trouble of
 * the file's, and sets *bad_filter. */
struct capture *capture_open(const char *path, const char *filter, bool *bad_filter, struct err *);

enum capture_next capture_next(struct capture *, struct packet *, struct err *);

const char *capture_format(const struct capture *);            /* "pcap", "pcap-ns", "pcapng" */
const char *capture_link_type(const struct capture *);         /* libpcap's name: "EN10MB" */
int capture_snaplen(const struct capture *);

/* To call after the last packet: the whole file's hash and size. */
struct source *capture_source(struct capture *);

void capture_close(struct capture *);                          /* NULL is fine */

#endif
