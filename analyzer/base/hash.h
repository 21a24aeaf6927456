/* hash.h - a keyed 64-bit hash: whoever makes a capture cannot make it collide.
 *
 * Two 64x64->128 bit multiplications a 16-byte block, folded. A table that holds
 * what came in draws its key at random, and the key shows in no output.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key { uint64_t k[2]; };

struct hash_key hash_key_random(void);
uint64_t hash_bytes(const struct hash_key *, const void *, size_t);

#endif
