/* hash.c - see hash.h. */
#include "hash.h"

#include <string.h>
#include <sys/random.h>

#include "err.h"

struct hash_key hash_key_random(void)
{
	struct hash_key key;
	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		die("the system gives no random numbers");
	return key;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = fold(key->k[0] ^ n, 0x9e3779b97f4a7c15u);
	for (; n > 0; ) {
		uint64_t block[2] = { 0 };
		size_t take = n < sizeof block ? n : sizeof block;
		memcpy(block, p, take);
		h = fold(block[0] ^ key->k[1] ^ h, block[1] ^ key->k[0]);
		p += take;
		n -= take;
	}
	return fold(h ^ key->k[1], 0xd6e8feb86659fd93u);
}
