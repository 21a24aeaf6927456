/* capture.h - read packets from a pcap or pcapng file, in file order.
 *
 * The walkers are our own (capture_pcap.c, capture_pcapng.c), so that files with
 * several link types are read whole and every frame's place is known; libpcap
 * compiles and runs the filters, one for each link type, and names these.
 *
 * Time     nanoseconds since 1970-01-01 UTC, whatever unit the file uses. A frame
 *          that has no time in the file gets that of the frame before it.
 * Sizes    bytes. `wire_n` is what was on the wire, bytes.n what was kept;
 *          wire_n >= bytes.n always holds for a packet handed out.
 * Offsets  `file_offset`: of the frame's record or block, in the unpacked file.
 * Owns     the file. Packet bytes and comments are borrowed until the next call.
 * Bounds   LIMIT_PACKET bytes are handed out of a packet, LIMIT_INTERFACES are
 *          kept of a file; the window is source.h's.
 * Errors   capture_open() fails with a sentence. A file that breaks off or
 *          turns to nonsense ends the capture early: what came before is good
 *          evidence and stays, and capture_next() says so with CAPTURE_BROKEN.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "bytes.h"
#include "err.h"
#include "facts.h"

struct packet {
	uint64_t     frame;        /* 1 for the file's first, as Wireshark counts */
	int64_t      ns;
	uint32_t     wire_n;
	struct bytes bytes;
	int          link;         /* DLT_* */
	int64_t      file_offset;
	bool         wanted;       /* the filter lets it pass */
	const char  *kind;         /* NULL: a packet; else what else Wireshark numbers */
	const struct bytes *comments;
	size_t       comments_n;
};

enum capture_next { CAPTURE_PACKET, CAPTURE_END, CAPTURE_BROKEN };

struct capture;

/* NULL: failed. `filter`: a BPF expression, or NULL; one that suits no link type
 * of the file is no trouble of the file's, and sets *bad_filter. `hashed`: for source_sha256(). */
struct capture *capture_open(const char *path, const char *filter, bool hashed, bool *bad_filter, struct err *);

/* Whether the file is one, by its first bytes, unpacked where they are packed. */
bool capture_is(const char *path);

enum capture_next capture_next(struct capture *, struct packet *, struct err *);

/* Let capture_next() go on with the frame `at` (of this file), whose record lies at
 * `offset`, as packet.file_offset said when the file was read. `interfaces`: as many as
 * the file names in all, NONE where that is not known: until all are known that come
 * before the place, a pcapng file's blocks are walked, each once. Compare source_seek().
 * False: the place cannot be reached. That the frame is there is the caller's to check. */
bool capture_seek(struct capture *, struct mark at, int64_t offset, int64_t interfaces,
                  struct err *);

/* "pcap", "pcap-ns", "pcap-modified", "pcapng" */
const char *capture_format(const struct capture *);

/* ---- of what was read so far: to be asked after the last packet ---- */

/* The interfaces' link types by libpcap's names, separated by commas: "EN10MB". */
const char *capture_link_types(struct capture *);

/* The smallest of the interfaces'; NONE: there is no limit. */
int capture_snaplen(const struct capture *);

/* The i-th interface, and the i-th comment that is not about a frame. */
bool capture_interface_at(const struct capture *, size_t i, struct capture_interface *);
bool capture_comment_at(const struct capture *, size_t i, struct capture_comment *);

/* A sentence about link types that the filter could not be compiled for, whose
 * frames it does not pass; NULL: there are none. */
const char *capture_filter_trouble(const struct capture *);

/* The whole file's hash and size. */
struct source *capture_source(struct capture *);

void capture_close(struct capture *);                          /* NULL is fine */

#endif
