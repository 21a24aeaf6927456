/* series.c - see series.h. */
#include "series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

/* A run of digits in a name; n 0: there is none. */
struct run { const char *p; size_t n; };

/* A path, and its name with every run of digits replaced by one '#', without what
 * says how it is compressed. */
struct name { const char *path; size_t nr; char *skeleton; };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s)
{
	size_t n = 0;
	while (is_digit(s[n]))
		n++;
	return n;
}

/* Numbers by their value, however many zeroes they begin with. */
static int numbers_compare(struct run a, struct run b)
{
	while (a.n && *a.p == '0')
		a.p++, a.n--;
	while (b.n && *b.p == '0')
		b.p++, b.n--;
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return memcmp(a.p, b.p, a.n);
}

int name_compare(const char *a, const char *b)
{
	const char *x = a, *y = b;
	while (*x && *y) {
		struct run m = { x, digits(x) }, n = { y, digits(y) };
		int order = m.n && n.n ? numbers_compare(m, n)
		                       : (unsigned char)*x - (unsigned char)*y;
		if (order)
			return order;
		x += m.n ? m.n : 1;
		y += n.n ? n.n : 1;
	}
	return *x || *y ? (*x != 0) - (*y != 0) : strcmp(a, b);
}

/* ---- names ---- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Bytes of the name up to a suffix that a compressing program adds. */
static size_t stem_size(const char *name)
{
	static const char *const suffixes[] = { ".gz", ".zst", ".xz", ".lz4" };
	size_t all = strlen(name);
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		size_t n = strlen(suffixes[i]);
		if (all > n && strcmp(name + all - n, suffixes[i]) == 0)
			return all - n;
	}
	return all;
}

/* The i-th run of digits in a path's name. */
static struct run run_at(const char *path, size_t i)
{
	const char *name = base_of(path), *end = name + stem_size(name);
	while (name < end) {
		size_t n = digits(name);
		if (name + n > end)
			n = (size_t)(end - name);
		if (n && i-- == 0)
			return (struct run){ name, n };
		name += n ? n : 1;
	}
	return (struct run){ "", 0 };
}

static char *skeleton_of(const char *path)
{
	const char *base = base_of(path);
	size_t folder = (size_t)(base - path), stem = stem_size(base), n = folder;
	char *skeleton = alloc_zeroed(folder + stem + 2, 1);   /* and a '#' that may be added */
	memcpy(skeleton, path, folder);
	for (size_t i = 0; i < stem; i++)
		if (!is_digit(base[i]))
			skeleton[n++] = base[i];
		else if (i == 0 || !is_digit(base[i - 1]))
			skeleton[n++] = '#';
	return skeleton;
}

static int by_skeleton_only(const struct name *a, const struct name *b)
{
	return strcmp(a->skeleton, b->skeleton);
}

static int by_skeleton(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = by_skeleton_only(x, y);
	return order ? order : (x->nr > y->nr) - (x->nr < y->nr);
}

static int is_skeleton(const void *key, const void *element)
{
	return strcmp(key, ((const struct name *)element)->skeleton);
}

/* `tcpdump -C` writes x first, then x1: where there is an x# an x belongs to it. */
static void first_ones_add(struct name *names, size_t n)
{
	bool *first = alloc_zeroed(n, sizeof *first);
	for (size_t i = 0; i < n; i++) {
		size_t end = strlen(names[i].skeleton);
		char *numbered = alloc_zeroed(end + 2, 1);
		memcpy(numbered, names[i].skeleton, end);
		numbered[end] = '#';
		first[i] = bsearch(numbered, names, n, sizeof *names, is_skeleton) != NULL;
		free(numbered);
	}
	for (size_t i = 0; i < n; i++)
		if (first[i])
			names[i].skeleton[strlen(names[i].skeleton)] = '#';   /* there is room */
	free(first);
	qsort(names, n, sizeof *names, by_skeleton);
}

/* ---- numbers ---- */

enum { DIGITS = 18 };      /* more of them are no number to count with */

/* One that is not there is 0: that of tcpdump's first file. */
static uint64_t value_of(struct run r)
{
	uint64_t v = 0;
	for (size_t i = 0; i < r.n && i < DIGITS; i++)
		v = 10 * v + (uint64_t)(r.p[i] - '0');
	return v;
}

/* How the numbers of names that are otherwise equal differ. */
struct numbering { size_t varying, run, second; bool same_width; uint64_t least, most; };

static bool run_varies(const char *const *paths, size_t n, size_t i, bool *same_width)
{
	struct run first = run_at(paths[0], i);
	bool varies = false;
	for (size_t k = 1; k < n; k++) {
		struct run r = run_at(paths[k], i);
		varies |= r.n != first.n || memcmp(r.p, first.p, r.n) != 0;
		*same_width &= r.n == first.n;
	}
	return varies;
}

/* `run` is the first that varies, `second` the second; least and most are of it. */
static struct numbering numbering_of(const char *const *paths, size_t n)
{
	enum { RUNS = 32 };
	struct numbering to = { .same_width = true, .least = UINT64_MAX };
	for (size_t i = 0; i < RUNS; i++) {
		if (!run_varies(paths, n, i, &to.same_width))
			continue;
		if (to.varying == 0)
			to.run = i;
		else if (to.varying == 1)
			to.second = i;
		to.varying++;
	}
	for (size_t k = 0; k < n; k++) {
		uint64_t v = value_of(run_at(paths[k], to.run));
		to.least = v < to.least ? v : to.least;
		to.most = v > to.most ? v : to.most;
	}
	return to;
}

static bool is_series(const char *const *paths, size_t n)
{
	struct numbering to = numbering_of(paths, n);
	return n > 1 && to.varying
	    && (to.same_width || (to.varying == 1 && to.most - to.least < 2 * n));
}

void series_find(const char *const *paths, size_t n, size_t *series)
{
	struct name *names = alloc_zeroed(n, sizeof *names);
	const char **same = alloc_zeroed(n, sizeof *same);
	size_t next = 0;
	for (size_t i = 0; i < n; i++)
		names[i] = (struct name){ paths[i], i, skeleton_of(paths[i]) };
	qsort(names, n, sizeof *names, by_skeleton);
	first_ones_add(names, n);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && by_skeleton_only(&names[to], &names[from]) == 0; to++)
			same[to - from] = names[to].path;
		bool one = is_series(same, to - from);
		for (size_t i = from; i < to; i++)
			series[names[i].nr] = one ? next : next + (i - from);
		next += to - from;
	}
	for (size_t i = 0; i < n; i++)
		free(names[i].skeleton);
	free(names);
	free(same);
}

/* ---- what is missing ---- */

struct numbered { uint64_t number; const char *path; };

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

/* The name that the file of this number would have, after its neighbour's. */
static void name_put(char *text, size_t size, const char *path, size_t run, uint64_t number)
{
	struct run r = run_at(path, run);
	const char *base = base_of(path);
	snprintf(text, size, "%.*s%0*llu%s", (int)(r.p - base), base, *r.p == '0' ? (int)r.n : 1,
	         (unsigned long long)number, r.p + r.n);
}

/* Append what is missing between two files. */
static void hole_put(char *text, size_t size, const struct numbered *a, const struct numbered *b,
                     const struct numbering *how)
{
	char first[200], last[200];
	size_t n = strlen(text);
	uint64_t from = a->number + 1, to = b->number - 1;
	name_put(first, sizeof first, b->path, how->run, from);
	name_put(last, sizeof last, b->path, how->run, to);
	if (how->varying > 1) {                    /* a name would need a date, too */
		snprintf(first, sizeof first, "number %llu", (unsigned long long)from);
		snprintf(last, sizeof last, "%llu", (unsigned long long)to);
	}
	snprintf(text + n, size - n, "%s%s%s%s %s missing between %.200s and %.200s", n ? "; " : "",
	         first, from == to ? "" : " to ", from == to ? "" : last, from == to ? "is" : "are",
	         base_of(a->path), base_of(b->path));
}

/* dumpcap's names have a number of five digits and a date; of other names with
 * several numbers none is known to count. */
static bool counts(const char *path, const struct numbering *how)
{
	return how->varying == 1
	    || (how->varying == 2 && run_at(path, how->run).n == 5
	        && run_at(path, how->second).n == 14);
}

bool series_missing(const char *const *paths, size_t n, char *text, size_t size)
{
	enum { HOLES = 3 };
	struct numbering how = numbering_of(paths, n);
	uint64_t missing = how.most - how.least + 1 - n;
	text[0] = '\0';
	/* More holes than files: the numbers are times, or count something else. */
	if (n < 2 || !counts(paths[0], &how) || missing == 0 || missing >= n)
		return false;
	struct numbered *all = alloc_zeroed(n, sizeof *all);
	for (size_t i = 0; i < n; i++)
		all[i] = (struct numbered){ value_of(run_at(paths[i], how.run)), paths[i] };
	qsort(all, n, sizeof *all, by_number);
	for (size_t i = 1, holes = 0; i < n && holes < HOLES; i++)
		if (all[i].number > all[i - 1].number + 1) {
			hole_put(text, size, &all[i - 1], &all[i], &how);
			holes++;
		}
	free(all);
	return *text != '\0';
}
