/* ahead.c - blocks that a thread makes ahead: all of them, in order, however they are taken; the
 * end, early and late; who waits. And the hash of what is given in pieces. */
#include "ahead.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "digest.h"
#include "hasher.h"

int check_failed;

/* Bytes that count, in blocks of several sizes. */
struct counter { uint64_t at, end; struct ahead *ahead; int pipe; };

static size_t count_on(void *context, uint8_t *to, size_t room)
{
	struct counter *c = context;
	size_t n = 1 + (size_t)(c->at * 7919) % room;
	n = c->end - c->at < n ? (size_t)(c->end - c->at) : n;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(c->at++ % 251);
	return n;
}

static void all_taken(size_t room)
{
	static uint8_t got[300000];
	struct counter c = { .end = 5000000 };
	struct ahead *a = ahead_new(count_on, &c);
	uint64_t at = 0;
	size_t n;
	bool same = true;
	ahead_begin(a);
	while ((n = ahead_take(a, got, room, NULL, NULL)) > 0)
		for (size_t i = 0; i < n; i++)
			same &= got[i] == at++ % 251;
	CHECK(same && at == c.end);
	CHECK(ahead_take(a, got, room, NULL, NULL) == 0);
	ahead_free(a);
}

static void stopped_early(void)
{
	uint8_t got[10];
	struct counter c = { .end = UINT64_MAX };
	struct ahead *a = ahead_new(count_on, &c);
	ahead_begin(a);
	CHECK(ahead_take(a, got, sizeof got, NULL, NULL) > 0);
	ahead_stop(a);
	CHECK(ahead_take(a, got, sizeof got, NULL, NULL) == 0);
	CHECK(c.at <= (uint64_t)(AHEAD_BLOCKS + 1) * AHEAD_BLOCK);
	ahead_free(a);
	ahead_free(ahead_new(count_on, &c));          /* one that was never begun */
}

/* Nothing comes until it is stopped. */
static size_t wait_on(void *context, uint8_t *to, size_t room)
{
	struct counter *c = context;
	(void)to, (void)room;
	while (!ahead_stopping(c->ahead))
		usleep(1000);
	return 0;
}

static bool thrice(void *calls)
{
	return ++*(int *)calls < 3;
}

static void waited_for(void)
{
	uint8_t got[10];
	int calls = 0;
	struct counter c = { .end = 0 };
	c.ahead = ahead_new(wait_on, &c);
	ahead_begin(c.ahead);
	CHECK(ahead_take(c.ahead, got, sizeof got, thrice, &calls) == 0 && calls == 3);
	ahead_free(c.ahead);
}

static void hashed(void)
{
	static char text[200001];
	char hex[SHA256_HEX], expect[DIGEST_HEX];
	memset(text, 'x', sizeof text - 1);
	struct hasher *h = hasher_new();
	for (size_t at = 0, n = 1; at < sizeof text - 1; at += n, n = n * 3 % 9973) {
		n = sizeof text - 1 - at < n ? sizeof text - 1 - at : n;
		hasher_give(h, (struct bytes){ (const uint8_t *)text + at, n });
	}
	CHECK(strcmp(hasher_sum(h, hex), digest_hex(text, expect)) == 0);
	hasher_free(h);
	h = hasher_new();
	CHECK(strcmp(hasher_sum(h, hex), digest_hex("", expect)) == 0);
	hasher_free(h);
	hasher_free(NULL);
	ahead_free(NULL);
}

int main(void)
{
	all_taken(1000);
	all_taken(300000);
	stopped_early();
	waited_for();
	hashed();
	return check_failed != 0;
}
