/* packet_read.h - packets of a case, read again from the files that they came in.
 *
 * A case keeps where each packet's record lies in its file (packet.file_offset), not its
 * bytes. A plain file is gone to at once; a compressed one is unpacked up to the place, and
 * what lies ahead of the last packet read costs only the way from there. Before a packet
 * is given it is held against what the case says of it: the case may be old.
 *
 * Frames   as in the case: of the capture, counted from 1.
 * Secrets  `shown` is `bytes` with secrets overwritten as `extract --redact` does it
 *          (redact.h), unless the capture was read with --show-secrets. What people are
 *          to see, as text or as bytes, is taken from there.
 * Owns     one open file, and what is known of the secrets of one flow.
 * Borrows  the database until packet_reader_close(); bytes are lent until the next call.
 * Bounds   source.h's window. For one packet at most LIMIT_PACKET_WALK frames are passed:
 *          only a frame without a place, as an ICMP error's, is looked for like that. Of a
 *          pcapng file that names interfaces in its midst, blocks are walked up to the
 *          packet, once.
 * Errors   a sentence: the file is gone, was standard input, cannot be read, is another.
 */
#ifndef PACKET_READ_H
#define PACKET_READ_H

#include "capture.h"
#include "decode.h"

struct sqlite3;
struct packet_reader;

struct read_packet {
	struct packet  packet;         /* packet.frame is the capture's */
	struct bytes   shown;          /* as long as packet.bytes */
	bool           is_segment;     /* of the flow; else an ICMP error, an IP fragment, … */
	struct segment segment;        /* payload and options are packet.bytes' */
	enum side      sender;
	uint32_t       off;            /* of its payload, in its sender's, modulo 2^32 */
	struct bytes   payload;        /* of it, without secrets: in `shown`, or put together
	                                  from IP fragments */
};

struct packet_reader *packet_reader_open(struct sqlite3 *);

/* The frame of this flow's capture; flow_id decides about sides, offsets and secrets. */
bool packet_read(struct packet_reader *, int64_t flow_id, uint64_t frame, struct read_packet *,
                 struct err *);

void packet_reader_close(struct packet_reader *);              /* NULL is fine */

#endif
