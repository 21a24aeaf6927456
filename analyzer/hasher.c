/* hasher.c - see hasher.h. */
#include "hasher.h"

#include <gcrypt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "digest.h"
#include "err.h"
#include "thread.h"

enum { SHA256 = 32 };

struct hasher {
	gcry_md_hd_t    md;
	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  changed;
	struct bytes    block;         /* n is 0: there is nothing to do */
	bool            ends;
};

static void *hasher_run(void *hasher)
{
	struct hasher *h = hasher;
	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (h->block.n == 0 && !h->ends)
			pthread_cond_wait(&h->changed, &h->lock);
		if (h->block.n == 0)
			break;
		struct bytes block = h->block;
		pthread_mutex_unlock(&h->lock);
		gcry_md_write(h->md, block.p, block.n);
		pthread_mutex_lock(&h->lock);
		h->block.n = 0;
		pthread_cond_signal(&h->changed);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

struct hasher *hasher_new(void)
{
	digest_ready();
	struct hasher *h = alloc_zeroed(1, sizeof *h);
	if (gcry_md_open(&h->md, GCRY_MD_SHA256, 0))
		die("libgcrypt offers no SHA-256");
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	thread_begin(&h->thread, hasher_run, h);
	return h;
}

static void wait_locked(struct hasher *h)
{
	while (h->block.n)
		pthread_cond_wait(&h->changed, &h->lock);
}

void hasher_give(struct hasher *h, struct bytes block)
{
	pthread_mutex_lock(&h->lock);
	wait_locked(h);
	h->block = block;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

void hasher_wait(struct hasher *h)
{
	pthread_mutex_lock(&h->lock);
	wait_locked(h);
	pthread_mutex_unlock(&h->lock);
}

const char *hasher_sum(struct hasher *h, char hex[static SHA256_HEX])
{
	hasher_wait(h);
	const uint8_t *sum = gcry_md_read(h->md, GCRY_MD_SHA256);
	for (int i = 0; i < SHA256; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->ends = true;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->changed);
	gcry_md_close(h->md);
	free(h);
}
