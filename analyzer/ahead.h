/* ahead.h - make blocks of bytes in a thread of their own, ahead of who takes them.
 *
 * Owns    the thread and the blocks; freed by ahead_free().
 * Bounds  AHEAD_BLOCKS blocks of AHEAD_BLOCK bytes.
 * Order   what `make` touches belongs to its thread from ahead_begin() until it gave 0 and
 *         ahead_take() said so, or until ahead_stop() is back.
 * Errors  `make` keeps its own, for after the end.
 */
#ifndef AHEAD_H
#define AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AHEAD_BLOCK = 256 * 1024, AHEAD_BLOCKS = 4 };

struct ahead;

/* `make` fills a block and gives its size, or 0 at the end; then it is not called again. */
struct ahead *ahead_new(size_t (*make)(void *context, uint8_t *to, size_t room), void *context);

/* Apart from ahead_new(), so that `make` can ask ahead_stopping(). */
void ahead_begin(struct ahead *);

/* Copy up to `room` bytes; 0: there are no more, or who waits gave up. While there is nothing
 * `waits` (NULL: nobody) is called every 50 ms; where it says false that is the end. */
size_t ahead_take(struct ahead *, uint8_t *to, size_t room, bool (*waits)(void *context), void *context);

/* For `make`, while it waits for input itself: whether nobody wants more. */
bool ahead_stopping(struct ahead *);

/* End the thread, and forget what it had made. */
void ahead_stop(struct ahead *);

void ahead_free(struct ahead *);                               /* NULL is fine; stops it */

#endif
