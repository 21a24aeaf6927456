/* inflate.h - unpack gzip, zstd, xz and lz4, a piece at a time.
 *
 * What follows one another is unpacked as one: gzip members, zstd and lz4 frames,
 * xz streams. Zeroes after the last (padding of tapes and disks) are passed over.
 *
 * Owns     the library's state; freed by inflate_free().
 * Bounds   LIMIT_INFLATE_MEMORY for a dictionary; what is unpacked goes into the
 *          caller's buffer and nowhere else, so a bomb costs time, not memory.
 * Errors   damage is told in words that go on with "is damaged: …"; what came out
 *          before it is good.
 */
#ifndef INFLATE_H
#define INFLATE_H

#include "bytes.h"

struct inflate;

enum inflate_next {
	INFLATE_MORE,          /* there may be more: give it input, or room */
	INFLATE_DAMAGED,       /* inflate_why() says how; nothing more will come */
};

/* "gzip", "zstd", "xz", "lz4" by the first bytes; NULL: none of them. */
const char *inflate_format(struct bytes head);

/* For a file that begins so; inflate_format() must have known it. */
struct inflate *inflate_new(struct bytes head);

/* Unpack from *in, which is advanced, to `out`; *made says how much came. With
 * no input `at_end` tells that none will follow. */
enum inflate_next inflate_run(struct inflate *, struct bytes *in, bool at_end, uint8_t *out,
                              size_t room, size_t *made);

/* Whether the input may end here: between two members, not inside one. */
bool inflate_whole(const struct inflate *);

const char *inflate_why(const struct inflate *);

void inflate_free(struct inflate *);                           /* NULL is fine */

#endif
