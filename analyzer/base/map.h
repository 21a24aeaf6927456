/* map.h - a table from 64-bit hashes to pointers: open addressing, linear probing.
 *
 * The map compares hashes; telling equal hashes apart is the caller's `same`.
 * Hashes come from hash.h, so nobody can flood one place of the table.
 *
 * Bounds  at most half full; doubles. Owns its slots, not what they point to.
 */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot { uint64_t hash; void *value; };
struct map { struct map_slot *slots; size_t size, used; };   /* zero to begin */

typedef bool map_same(const void *value, const void *key);

/* The value under `hash` that is `same` as key; NULL: none. */
void *map_find(const struct map *, uint64_t hash, const void *key, map_same *same);

/* Put `value` in; where one of the `same` key is, it takes its place. */
void map_put(struct map *, uint64_t hash, const void *key, map_same *same, void *value);

void map_free(struct map *);

#endif
