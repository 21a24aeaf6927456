/* spill.h - bytes put aside in a temporary file, and read back.
 *
 * The file has no name, and is gone with the process. It lies where $TMPDIR says, else
 * in /var/tmp, else in /tmp: a case's temporary files do, too.
 *
 * Errors   where nothing can be written, spill_put() says so and the caller keeps what it
 *          has. What was written and cannot be read back ends the process.
 * Bounds   memory: a block to write and one to read; the file grows with what is put aside.
 */
#ifndef SPILL_H
#define SPILL_H

#include "bytes.h"

enum { SPILL_MAX = 65536 };      /* bytes put aside at once */

struct spill;

/* Nothing is made before the first spill_put(). */
struct spill *spill_new(void);
void spill_free(struct spill *);      /* NULL is fine */

/* Put at most SPILL_MAX bytes aside. Where they are, for spill_get(); -1: they cannot be. */
int64_t spill_put(struct spill *, struct bytes);

/* The bytes that were put there. Borrowed until the next call. */
struct bytes spill_get(struct spill *, int64_t at);

#endif
