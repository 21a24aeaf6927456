/* numbers.c - see numbers.h. */
#include "numbers.h"

#include <stdlib.h>

#include "err.h"

void numbers_add(struct numbers *l, int64_t number)
{
	if (l->n == l->room)
		l->at = alloc_grown(l->at, l->room = l->room ? 2 * l->room : 64, sizeof *l->at);
	l->at[l->n++] = number;
}

size_t numbers_below(const struct numbers *l, int64_t number)
{
	size_t from = 0, to = l->n;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (l->at[middle] < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static int by_number(const void *va, const void *vb)
{
	int64_t a = *(const int64_t *)va, b = *(const int64_t *)vb;
	return (a > b) - (a < b);
}

void numbers_merge(struct numbers *l, size_t from)
{
	struct numbers merged = { 0 };
	size_t a = 0, b = from;
	if (from == l->n)
		return;
	qsort(l->at + from, l->n - from, sizeof *l->at, by_number);
	while (a < from || b < l->n) {
		int64_t next = b == l->n || (a < from && l->at[a] <= l->at[b]) ? l->at[a++] : l->at[b++];
		if (!merged.n || merged.at[merged.n - 1] != next)
			numbers_add(&merged, next);
	}
	free(l->at);
	*l = merged;
}

bool numbers_has(const struct numbers *l, int64_t number)
{
	size_t at = numbers_below(l, number);
	return at < l->n && l->at[at] == number;
}
