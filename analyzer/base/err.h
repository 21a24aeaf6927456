/* err.h - why something could not be done, as a sentence for the user.
 *
 * Functions that can fail for outside reasons (a file, the disk, the database)
 * return bool or NULL and take a struct err last. Nothing is allocated, so
 * failing cannot fail. Bad input is not an error: it is a fact to record.
 *
 *     if (!f)
 *             return fail(err, "%s: %s", path, strerror(errno));
 */
#ifndef ERR_H
#define ERR_H

#include <stdbool.h>
#include <stddef.h>

struct err { char text[512]; };

__attribute__((format(printf, 2, 3), cold))
bool fail(struct err *, const char *fmt, ...);                 /* false, always */

/* For what no caller could mend: a broken invariant. Exits with status 70. */
__attribute__((format(printf, 1, 2), cold, noreturn))
void die(const char *fmt, ...);

/* calloc, realloc and strdup that never return NULL: running out of memory is
 * the world's trouble and no caller's, so it ends the process with status 70. */
void *alloc_zeroed(size_t n, size_t size);
void *alloc_grown(void *old, size_t n, size_t size);
char *text_copy(const char *);

#endif
