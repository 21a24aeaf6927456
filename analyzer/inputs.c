/* inputs.c - see inputs.h. */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "limits.h"
#include "series.h"

/* Of two files of a series the later may hold packets that are a little earlier:
 * queues and cores are not in step when a program changes files. */
static const int64_t SERIES_OVERLAP_NS = 1000000000;

/* ---- files and folders ---- */

static void input_add(struct inputs *to, const char *path)
{
	to->in = alloc_grown(to->in, to->n + 1, sizeof *to->in);
	to->in[to->n] = (struct input){ .path = text_copy(path), .nr = to->n, .first_ns = NO_TIME,
	                                .series_nr = to->n, .series_ns = NO_TIME };
	to->n++;
}

static int by_name(const void *a, const void *b)
{
	return name_compare(*(char *const *)a, *(char *const *)b);
}

/* The captures of a folder, in natural order; how many. */
static size_t folder_read(const char *path, char ***names, bool *more)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat st;
	size_t n = 0;
	*names = NULL;
	while (folder && (entry = readdir(folder))) {
		size_t size = strlen(path) + strlen(entry->d_name) + 2;
		char *name = alloc_zeroed(size, 1);
		bool slash = *path && path[strlen(path) - 1] == '/';
		snprintf(name, size, "%s%s%s", path, slash ? "" : "/", entry->d_name);
		bool file = stat(name, &st) == 0 && S_ISREG(st.st_mode);
		bool secret = file && access(name, R_OK) != 0;   /* it will say so when it is read */
		if (!file || (!secret && !capture_is(name))) {
			free(name);
			continue;
		}
		if (n == LIMIT_INPUTS) {
			*more = true;
			free(name);
			break;
		}
		*names = alloc_grown(*names, n + 1, sizeof **names);
		(*names)[n++] = name;
	}
	if (folder)
		closedir(folder);
	if (n)
		qsort(*names, n, sizeof **names, by_name);
	return n;
}

static void folder_add(struct inputs *to, const char *path, void (*tell)(const char *))
{
	struct err told;
	char **names;
	bool more = false;
	size_t n = folder_read(path, &names, &more);
	bool readable = access(path, R_OK | X_OK) == 0;
	for (size_t i = 0; i < n; i++) {
		input_add(to, names[i]);
		free(names[i]);
	}
	free(names);
	if (n && !more)
		return;
	if (more)
		fail(&told, "%s: holds more than %d captures; so many of them are read", path,
		     LIMIT_INPUTS);
	else if (!readable)
		fail(&told, "%s: %s; ask for permission to read the folder", path, strerror(EACCES));
	else
		fail(&told,
		     "%s: is a folder without a capture in it (pcap or pcapng, compressed or not; "
		     "folders in it are not looked into)", path);
	to->failed += n == 0;
	if (tell)
		tell(told.text);
}

/* ---- a look, and the order ---- */

/* With one file there is nothing to put in order. */
static void input_look(struct input *in, bool inside)
{
	bool bad_filter;
	struct err err;
	struct packet packet;
	struct stat st;
	in->regular = strcmp(in->path, "-") != 0 && stat(in->path, &st) == 0 && S_ISREG(st.st_mode);
	in->size = in->regular ? (int64_t)st.st_size : NONE;
	if (!in->regular || !inside)
		return;
	struct capture *c = capture_open(in->path, NULL, false, &bad_filter, &err);
	if (!c)
		return;
	in->opened = true;
	in->snaplen = capture_snaplen(c);
	enum capture_next next = capture_next(c, &packet, &err);
	while (next == CAPTURE_PACKET && packet.kind)
		next = capture_next(c, &packet, &err);
	if (next == CAPTURE_PACKET) {
		in->first_ns = packet.ns;
		in->link = packet.link;
	}
	capture_close(c);
}

static int by_time(int64_t a, int64_t b)
{
	if (a == NO_TIME || b == NO_TIME)
		return (a == NO_TIME) - (b == NO_TIME);
	return (a > b) - (a < b);
}

/* By series, these by their first packet; in a series by first packet, then name.
 * What has no time comes at the end, as it was given. */
static int input_order(const void *a, const void *b)
{
	const struct input *x = a, *y = b;
	int order = by_time(x->series_ns, y->series_ns);
	if (order)
		return order;
	if (x->series != y->series && x->series_ns == NO_TIME)
		return (x->nr > y->nr) - (x->nr < y->nr);
	if (x->series != y->series) {
		order = name_compare(x->path, y->path);
		return order ? order : (x->series > y->series) - (x->series < y->series);
	}
	order = by_time(x->first_ns, y->first_ns);
	if (!order)
		order = name_compare(x->path, y->path);
	return order ? order : (x->nr > y->nr) - (x->nr < y->nr);
}

/* The same, but series in the order in which they were given. */
static int input_order_given(const void *a, const void *b)
{
	const struct input *x = a, *y = b;
	if (x->series_nr != y->series_nr)
		return x->series_nr > y->series_nr ? 1 : -1;
	return input_order(a, b);
}

/* Which files are of one series, and when it begins. */
static void series_set(struct inputs *to)
{
	const char **paths = alloc_zeroed(to->n, sizeof *paths);
	size_t *series = alloc_zeroed(to->n, sizeof *series);
	int64_t *first_ns = alloc_zeroed(to->n, sizeof *first_ns);
	size_t *files = alloc_zeroed(to->n, sizeof *files);
	size_t *nr = alloc_zeroed(to->n, sizeof *nr);
	for (size_t i = 0; i < to->n; i++) {
		paths[i] = to->in[i].path;
		first_ns[i] = NO_TIME;
	}
	series_find(paths, to->n, series);
	for (size_t i = 0; i < to->n; i++) {
		if (!files[series[i]]++)
			nr[series[i]] = i;
		if (by_time(to->in[i].first_ns, first_ns[series[i]]) < 0)
			first_ns[series[i]] = to->in[i].first_ns;
	}
	for (size_t i = 0; i < to->n; i++) {
		to->in[i].series = series[i];
		to->in[i].series_nr = nr[series[i]];
		to->in[i].series_ns = first_ns[series[i]];
		to->in[i].is_series = files[series[i]] > 1;
	}
	free(paths);
	free(series);
	free(first_ns);
	free(files);
	free(nr);
}

void inputs_find(struct inputs *to, const char *const *paths, size_t n, void (*tell)(const char *))
{
	struct stat st;
	*to = (struct inputs){ 0 };
	for (size_t i = 0; i < n; i++)
		if (strcmp(paths[i], "-") != 0 && stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
			folder_add(to, paths[i], tell);
		else
			input_add(to, paths[i]);
	for (size_t i = 0; i < to->n; i++)
		input_look(&to->in[i], to->n > 1);
	if (to->n < 2)
		return;
	series_set(to);
	qsort(to->in, to->n, sizeof *to->in, input_order);
}

void inputs_as_given(struct inputs *in)
{
	if (in->n > 1)
		qsort(in->in, in->n, sizeof *in->in, input_order_given);
}

void inputs_free(struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++)
		free(in->in[i].path);
	free(in->in);
}

/* ---- what belongs together ---- */

bool input_goes_on(const struct input *last, const struct input *in, int64_t last_ns,
                   enum joining joining, const char **why)
{
	bool series = last->is_series && last->series == in->series;
	*why = joining == JOIN_ALL ? "joined" : joining == JOIN_NONE ? "separate" : "file";
	if (joining == JOIN_ALL || joining == JOIN_NONE)
		return joining == JOIN_ALL;
	if (joining == JOIN_BY_NAME && !series)
		return false;
	if (!last->opened || !in->opened)
		return false;
	if (in->first_ns == NO_TIME || last->first_ns == NO_TIME) {
		*why = series ? "series" : "file";
		return series;               /* a file of it without a packet */
	}
	if (in->first_ns < last_ns - (series ? SERIES_OVERLAP_NS : 0)) {
		*why = "point";
		return false;
	}
	bool alike = in->link == last->link && in->snaplen == last->snaplen;
	*why = series ? "series" : alike ? "follows" : "unlike";
	return series || alike;
}

bool inputs_missing(const struct inputs *in, size_t series, char *text, size_t size)
{
	const char **paths = alloc_zeroed(in->n, sizeof *paths);
	size_t n = 0;
	for (size_t i = 0; i < in->n; i++)
		if (in->in[i].series == series && in->in[i].is_series)
			paths[n++] = in->in[i].path;
	bool missing = n > 1 && series_missing(paths, n, text, size);
	free(paths);
	return missing;
}

/* ---- what they were taken for ---- */

void taken_file(struct taken *t, const char *path, bool new_capture)
{
	size_t n = strlen(t->text);
	const char *between = !t->files ? "" : new_capture ? "; " : ", ";
	t->files++;
	t->captures += new_capture;
	if (n + strlen(path) + 8 < sizeof t->text)
		snprintf(t->text + n, sizeof t->text - n, "%s%s", between, path);
	else if (n < sizeof t->text - 8 && (n < 3 || strcmp(t->text + n - 3, "...") != 0))
		snprintf(t->text + n, sizeof t->text - n, "%s...", between);
}

void taken_capture(struct taken *t, const char *taken_for)
{
	t->point |= strcmp(taken_for, "point") == 0;
	t->unlike |= strcmp(taken_for, "unlike") == 0;
	t->apart |= strcmp(taken_for, "separate") == 0;
	t->joined |= strcmp(taken_for, "joined") == 0;
}

const char *taken_sentence(struct taken *t, struct err *told)
{
	if (t->files < 2)
		return NULL;
	if (t->captures == 1)
		fail(told, "the %zu files are taken for one capture%s: %s", t->files,
		     t->joined ? ", as --join says" : ", a series (--separate keeps them apart)",
		     t->text);
	else
		fail(told, "the %zu files are taken for %zu captures%s: %s", t->files, t->captures,
		     t->point    ? ", since the times of some overlap (--join makes them one)"
		     : t->unlike ? ", since they were not written alike (--join makes them one)"
		     : t->apart  ? ", as --separate says" : "",
		     t->text);
	return told->text;
}
