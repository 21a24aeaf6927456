/* numbers.h - numbers that grow, most of the time in ascending order: frames of a flow.
 *
 * Owns  their memory: free(at).
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbers { int64_t *at; size_t n, room; };

void numbers_add(struct numbers *, int64_t);

/* Those from `from` on take their places among those before, which are in order; each once. */
void numbers_merge(struct numbers *, size_t from);

/* Of numbers in order: how many are below, and whether one is there. */
size_t numbers_below(const struct numbers *, int64_t);
bool numbers_has(const struct numbers *, int64_t);

#endif
