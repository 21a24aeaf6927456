/* describe.h - a packet's headers and what it carries, as lines for people.
 *
 * Lines come in the order of the bytes; depth 0 names a header, what is deeper belongs to
 * the line above it that is less deep. Fields are named as in Wireshark. The headers are
 * those that decode.h goes through, in the same way: what it takes for a tunnel is shown
 * as one.
 *
 * Offsets  bytes from the packet's first; n is 0 where a line is about no bytes.
 * Text     UTF-8 or not, as the packet has it, without NUL and line feeds: to be escaped
 *          for where it goes (text.h).
 * Owns     the lines and their texts; freed by description_free().
 * Bounds   LIMIT_DESCRIBE_LINES lines, LIMIT_DESCRIBE_TEXT bytes of each.
 * Errors   none: what is cut off or malformed is said in a line.
 */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "capture.h"

struct description_line { int depth; size_t off, n; char *text; };

struct description {
	struct description_line *lines;
	size_t                   n, room;
	bool                     cut;      /* there would be more lines */
};

/* `shown` has the bytes that texts are taken from, as many as the packet (packet_read.h);
 * checksums are those of packet->bytes. *to is filled anew. */
void describe(struct description *to, const struct packet *, struct bytes shown);

void description_free(struct description *);

#endif
