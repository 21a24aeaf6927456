/* ahead.c - see ahead.h.
 *
 * A ring of blocks, from `first` to `last`, counted from 0 without end: those of the thread are
 * the free ones, those of who takes are the full ones, and nobody writes where the other reads.
 */
#include "ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "thread.h"

enum { LOOK_NS = 50000000 };

struct ahead {
	size_t        (*make)(void *context, uint8_t *to, size_t room);
	void           *context;
	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  changed;
	bool            running, stopping, ended;
	size_t          first, last;           /* first: the one being taken; last: the one being made */
	size_t          taken;                 /* of the first */
	size_t          n[AHEAD_BLOCKS];
	uint8_t        *block[AHEAD_BLOCKS];
};

static bool room_awaited(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	while (a->last - a->first == AHEAD_BLOCKS && !a->stopping)
		pthread_cond_wait(&a->changed, &a->lock);
	bool more = !a->stopping;
	pthread_mutex_unlock(&a->lock);
	return more;
}

static void *ahead_run(void *ahead)
{
	struct ahead *a = ahead;
	size_t n = 1;
	while (n && room_awaited(a)) {
		size_t at = a->last % AHEAD_BLOCKS;      /* only this thread changes `last` */
		n = a->make(a->context, a->block[at], AHEAD_BLOCK);
		pthread_mutex_lock(&a->lock);
		a->n[at] = n;
		a->last += n > 0;
		a->ended = n == 0;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

struct ahead *ahead_new(size_t (*make)(void *context, uint8_t *to, size_t room), void *context)
{
	pthread_condattr_t clock;
	struct ahead *a = alloc_zeroed(1, sizeof *a);
	a->make = make;
	a->context = context;
	for (int i = 0; i < AHEAD_BLOCKS; i++)
		a->block[i] = alloc_zeroed(AHEAD_BLOCK, 1);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, &clock);
	pthread_condattr_destroy(&clock);
	return a;
}

void ahead_begin(struct ahead *a)
{
	a->running = true;
	thread_begin(&a->thread, ahead_run, a);
}

/* Until the first block is there; false: none will be. Called with the lock held. */
static bool block_awaited(struct ahead *a, bool (*waits)(void *context), void *context)
{
	struct timespec until;
	while (a->first == a->last && !a->ended) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		int rc = pthread_cond_timedwait(&a->changed, &a->lock, &until);
		if (rc != ETIMEDOUT || !waits)
			continue;
		pthread_mutex_unlock(&a->lock);
		bool goes_on = waits(context);
		pthread_mutex_lock(&a->lock);
		if (!goes_on)
			return false;
	}
	return a->first != a->last;
}

size_t ahead_take(struct ahead *a, uint8_t *to, size_t room, bool (*waits)(void *context), void *context)
{
	pthread_mutex_lock(&a->lock);
	bool more = block_awaited(a, waits, context);
	pthread_mutex_unlock(&a->lock);
	if (!more)
		return 0;
	size_t at = a->first % AHEAD_BLOCKS, left = a->n[at] - a->taken, n = left < room ? left : room;
	memcpy(to, a->block[at] + a->taken, n);
	a->taken += n;
	if (n == left) {
		a->taken = 0;
		pthread_mutex_lock(&a->lock);
		a->first++;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return n;
}

bool ahead_stopping(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	bool stopping = a->stopping;
	pthread_mutex_unlock(&a->lock);
	return stopping;
}

void ahead_stop(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->stopping = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	if (a->running)
		pthread_join(a->thread, NULL);
	a->running = false;
	a->ended = true;
	a->first = a->last;
	a->taken = 0;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	ahead_stop(a);
	for (int i = 0; i < AHEAD_BLOCKS; i++)
		free(a->block[i]);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	free(a);
}
