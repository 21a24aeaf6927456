/* map.c - see map.h. */
#include "map.h"

#include <stdlib.h>

#include "err.h"

enum { FIRST_SIZE = 1024 };

/* The slot that holds the key, or the empty one where it belongs. */
static struct map_slot *slot_of(const struct map *m, uint64_t hash, const void *key, map_same *same)
{
	size_t i = (size_t)hash & (m->size - 1);
	while (m->slots[i].value
	       && !(m->slots[i].hash == hash && same(m->slots[i].value, key)))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

void *map_find(const struct map *m, uint64_t hash, const void *key, map_same *same)
{
	return m->size ? slot_of(m, hash, key, same)->value : NULL;
}

static void map_grow(struct map *m)
{
	struct map old = *m;
	m->size = old.size ? 2 * old.size : FIRST_SIZE;
	m->slots = alloc_zeroed(m->size, sizeof *m->slots);
	for (size_t i = 0; i < old.size; i++) {
		size_t at = (size_t)old.slots[i].hash & (m->size - 1);
		if (!old.slots[i].value)
			continue;
		while (m->slots[at].value)
			at = (at + 1) & (m->size - 1);
		m->slots[at] = old.slots[i];
	}
	free(old.slots);
}

void map_put(struct map *m, uint64_t hash, const void *key, map_same *same, void *value)
{
	if (2 * (m->used + 1) > m->size)
		map_grow(m);
	struct map_slot *slot = slot_of(m, hash, key, same);
	m->used += !slot->value;
	*slot = (struct map_slot){ hash, value };
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
