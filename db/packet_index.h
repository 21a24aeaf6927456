/* packet_index.h - the packed list of a flow's packets, and how SQL reads it.
 *
 * A chunk holds up to LIMIT_INDEX_CHUNK packets, each as deltas to the packet
 * before it (the first: to zero), LEB128 varints, zigzag where signed:
 *
 *   frame delta      unsigned
 *   time delta       signed, nanoseconds
 *   file offset      signed delta of the record's place in its file; -1 unknown
 *   sender, flags    one byte each: 0 client, 1 server; the TCP flags
 *   seq, ack         signed delta (mod 2^32) to the same sender's last in the chunk
 *   len              unsigned, payload bytes on the wire
 *   window           unsigned, as in the header, not scaled
 *
 * Bounds  one row of packet_index a chunk; a reader that meets a damaged chunk
 *         gives the packets before the damage and ends.
 */
#ifndef PACKET_INDEX_H
#define PACKET_INDEX_H

#include "bytes.h"
#include "facts.h"

struct sqlite3;

struct indexed_packet {
	struct mark at;
	int64_t     file_offset;      /* of the packet's record; NONE where not known */
	enum side   sender;
	uint8_t     flags;
	uint32_t    seq, ack, len, window;
};

/* A chunk under construction. Zero it to begin; the caller takes bytes and n. */
struct packet_chunk {
	uint8_t              *bytes;      /* grown on demand, kept for reuse */
	size_t                n, size;
	unsigned              packets;
	uint64_t              first_frame;
	struct indexed_packet last;       /* as appended */
	uint32_t              seq[2], ack[2];
};

void packet_chunk_add(struct packet_chunk *, const struct indexed_packet *);
void packet_chunk_swap_sides(struct packet_chunk *);           /* every sender was the other */
void packet_chunk_reset(struct packet_chunk *);                /* empty, memory kept */
void packet_chunk_free(struct packet_chunk *);

/* A cursor over a finished chunk. */
struct packet_cursor { struct rd rd; struct indexed_packet last; uint32_t seq[2], ack[2]; };
struct packet_cursor packet_cursor_over(struct bytes chunk);
bool packet_next(struct packet_cursor *, struct indexed_packet *);

/* Register the virtual table `packet` with a connection. False: no memory. */
bool packet_table_register(struct sqlite3 *);

#endif
