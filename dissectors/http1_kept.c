/* http1_kept.c - see http1_kept.h.
 *
 *   p                                                     p + size
 *   | told already | head NUL | head NUL | head being kept |
 *   base           first                                   end
 */
#include "http1_kept.h"

#include <string.h>

#include "limits.h"

enum { SOME = 512 };                     /* the buffer begins with, and grows by */

void kept_begin(struct kept *k, struct kept_head *h)
{
	uint32_t others = k->end - k->first;
	uint32_t max = others ? (LIMIT_HTTP_HEADS_KEPT - others) / 2 : LIMIT_HTTP_HEAD_KEPT;
	if (max > LIMIT_HTTP_HEAD_KEPT)
		max = LIMIT_HTTP_HEAD_KEPT;
	*h = (struct kept_head){ .at = k->end, .max = (uint16_t)max, .begun = true };
}

/* Make room for `n` bytes from the place `at` on: over what is told, or in a larger buffer. */
static void kept_grow(struct kept *k, struct sink *out, enum side side, uint32_t at, size_t n)
{
	if (k->first != k->base)
		memmove(k->p, k->p + (k->first - k->base), k->end - k->first);
	k->base = k->first;
	size_t size = (at - k->base) + n;
	if (size > k->size) {
		k->size = (uint32_t)(size + SOME) / SOME * SOME;
		k->p = sink_room(out, side, k->size);
	}
}

bool kept_open(struct kept *k, struct sink *out, enum side side, const struct kept_head *h,
               size_t n, struct text *t)
{
	if (!h->begun || h->cut)
		return false;
	size_t need = h->n + kept_need(n);
	if (need > h->max)
		need = h->max;
	if ((h->at - k->base) + need + 1 > k->size)
		kept_grow(k, out, side, h->at, need + 1);
	size_t room = k->size - (h->at - k->base) - 1;
	*t = (struct text){ .p = k->p + (h->at - k->base), .n = h->n,
	                    .size = room < h->max ? room : h->max };
	return true;
}

void kept_close(struct kept *k, struct kept_head *h, const struct text *t)
{
	h->n = (uint16_t)t->n;
	h->cut = t->cut;
	k->end = h->at + h->n + 1;
}

void kept_empty(struct kept_head *h)
{
	h->n = 0;
	h->cut = false;
}

void kept_withdraw(struct kept *k, struct kept_head *h)
{
	if (h->begun)
		k->end = h->at;
	*h = (struct kept_head){ 0 };
}

const char *kept_text(struct kept *k, const struct kept_head *h)
{
	if (h->n == 0)
		return NULL;
	char *text = (char *)k->p + (h->at - k->base);
	for (char *nul = text; (nul = memchr(nul, '\0', h->n - (size_t)(nul - text))); )
		*nul = '?';
	text[h->n] = '\0';
	return text;
}

const char *kept_part(const struct kept *k, const struct kept_head *h, struct part part, char *to,
                      size_t size)
{
	size_t n = part.at < h->n ? h->n - part.at : 0;
	if (n > part.n)
		n = part.n;
	if (n > size - 1)
		n = size - 1;
	if (n == 0)
		return NULL;
	memcpy(to, k->p + (h->at - k->base) + part.at, n);
	to[n] = '\0';
	return to;
}

void kept_drop(struct kept *k, const struct kept_head *h)
{
	if (!h->begun || h->n == 0)
		return;
	k->first = h->at + h->n + 1;
	if (k->first == k->end)
		k->base = k->first;
}
