/* source.h - the bytes of one input file, hashed as they are read.
 *
 * Whoever reads gets a stdio stream; the hash is thus of exactly the bytes that
 * were analysed, also for standard input.
 *
 * Owns     the file; freed by source_close().
 * Errors   source_open() fails with a sentence. A read error later looks like
 *          the end of the file; source_trouble() tells them apart.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdint.h>
#include <stdio.h>

#include "bytes.h"
#include "err.h"

enum { SOURCE_HEAD = 32, SHA256_HEX = 65 };

struct source;

struct source *source_open(const char *path, struct err *);    /* "-": standard input */

/* The first bytes (at most SOURCE_HEAD), without taking them. */
struct bytes source_head(const struct source *);

/* A stream over the bytes; to be called once. The caller closes it, before the
 * source. */
FILE *source_stream(struct source *);

/* Read on to the end, so that the hash is the whole file's. */
void source_drain(struct source *);

/* Of what was read so far; call after source_drain(). */
const char *source_sha256(struct source *, char hex[static SHA256_HEX]);
uint64_t source_size(const struct source *);
const char *source_trouble(const struct source *);             /* NULL: none */

void source_close(struct source *);                            /* NULL is fine */

#endif
