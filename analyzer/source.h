/* source.h - the bytes of one input file: unpacked where it is compressed, and
 * hashed, where that is asked for, as they are on the disk. Both is done in threads of
 * their own; which bytes come, and what goes wrong with them, does not depend on that.
 *
 * Whoever reads asks for the next bytes, looks at them in place, and takes them.
 * The hash is thus of exactly the bytes that were analysed, also for standard
 * input.
 *
 * Offsets  count unpacked bytes from 0, as if the file were not compressed.
 * Owns     the file; freed by source_close().
 * Borrows  what source_peek() shows is lent until the next call that reads.
 * Bounds   SOURCE_WINDOW and SOURCE_BLOCK bytes, whatever the file's size, and for a
 *          compressed one what ahead.h and inflate.h say.
 * Errors   source_open() fails with a sentence. Trouble later (reading, damaged
 *          compression) looks like the end; source_trouble() tells them apart.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "hasher.h"
#include "limits.h"

enum {
	SOURCE_BLOCK  = 256 * 1024,    /* read at once */
	SOURCE_WINDOW = LIMIT_PACKET + LIMIT_BLOCK_OPTIONS + 4096,   /* can be peeked at */
};

struct source;

/* "-": standard input. */
struct source *source_open(const char *path, bool hashed, struct err *);

/* At least the next n bytes (up to SOURCE_WINDOW), without taking them; fewer
 * are there only where the file ends. */
struct bytes source_peek(struct source *, size_t n);

/* Take bytes that were seen. */
void source_take(struct source *, size_t n);

/* Pass over n bytes, however many; false: the file ends before. */
bool source_skip(struct source *, uint64_t n);

/* Go to an offset, ahead or back. In a plain file that costs one reading; a compressed one
 * is unpacked up to there, from where it is or else from its beginning. Never of one that is
 * hashed. False: it ends before, or cannot go back (a pipe). */
bool source_seek(struct source *, uint64_t offset);

/* Of the next byte. */
uint64_t source_offset(const struct source *);

/* "gzip", …; NULL: the file is not compressed. */
const char *source_compression(const struct source *);

/* Call `waits` every 50 ms while a pipe has nothing to read; where it says false, the file
 * ends there. */
void source_while_waiting(struct source *, bool (*waits)(void *context), void *context);

/* Read on to the end, so that the hash is the whole file's; nothing can be peeked
 * at afterwards. */
void source_drain(struct source *);

/* Of what was read so far, as it is on the disk; to be called once, after source_drain() or
 * where reading is given up. Nothing can be read afterwards. NULL: it is not hashed. */
const char *source_sha256(struct source *, char hex[static SHA256_HEX]);

/* Bytes read so far, as they are on the disk. */
uint64_t source_size(const struct source *);

/* Why the bytes ended before the file's end; NULL: they did not. */
const char *source_trouble(const struct source *);

void source_close(struct source *);                            /* NULL is fine */

#endif
