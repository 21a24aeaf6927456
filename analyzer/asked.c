/* asked.c - the times that a request itself asks for. See asked.h. */
#include "asked.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"

enum { NAME_MAX_LEN = 20, NUMBER_MAX_LEN = 8, TIMES_MAX = 16 };

struct out   { FILE *f; int n; };
struct piece { const char *p; size_t n; };

static struct piece piece_to(const char *p, const char *stops)
{
	return (struct piece){ p, strcspn(p, stops) };
}

static bool piece_is(struct piece a, const char *word)
{
	return a.n == strlen(word) && strncasecmp(a.p, word, a.n) == 0;
}

/* The number that a text begins with, and what stands behind it. */
static bool number_take(struct piece text, double *number, struct piece *unit)
{
	size_t n = 0, dots = 0;
	while (n < text.n && (isdigit((unsigned char)text.p[n]) || (text.p[n] == '.' && n > 0)))
		dots += text.p[n++] == '.';
	if (n == 0 || n > NUMBER_MAX_LEN || dots > 1)
		return false;
	char buf[NUMBER_MAX_LEN + 1] = { 0 };
	memcpy(buf, text.p, n);
	*number = strtod(buf, NULL);
	*unit = (struct piece){ text.p + n, text.n - n };
	return true;
}

static void time_put(struct out *o, const char *where, struct piece name, struct piece value,
                     double seconds, bool named)
{
	if (o->n == TIMES_MAX)
		return;
	fprintf(o->f, "%s{\"name\":\"%s%.*s\",\"as\":\"%.*s=%.*s\",\"seconds\":%.9g,\"named\":%d}",
	        o->n++ ? "," : "", where, (int)name.n, name.p, (int)name.n, name.p, (int)value.n,
	        value.p, seconds, named);
}

/* ---- the query ---- */

static bool name_is_plain(struct piece name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return name.n >= 1 && name.n <= NAME_MAX_LEN;
}

static bool name_is_of_time(struct piece name)
{
	static const char *const words[] = { "t", "timeout", "wait", "deadline", "seconds", "duration",
	                                     "timeout_ms", "timeoutms", "wait_ms", "waitms" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (piece_is(name, words[i]))
			return true;
	return false;
}

/* timeout_ms, timeoutMs; but not items */
static bool name_is_in_ms(struct piece name)
{
	const char *end = name.p + name.n;
	return name.n > 2 && (memcmp(end - 2, "Ms", 2) == 0
	                      || (name.n > 3 && strncasecmp(end - 3, "_ms", 3) == 0)
	                      || piece_is(name, "timeoutms") || piece_is(name, "waitms"));
}

static void parameter_read(struct out *o, struct piece p)
{
	struct piece name = piece_to(p.p, "=&#"), value, unit;
	double number;
	if (name.n >= p.n || !name_is_plain(name))
		return;
	value = (struct piece){ name.p + name.n + 1, p.n - name.n - 1 };
	if (!number_take(value, &number, &unit))
		return;
	if (piece_is(unit, "ms") || (unit.n == 0 && name_is_in_ms(name)))
		number /= 1000;
	else if (unit.n > 0 && !piece_is(unit, "s"))
		return;
	time_put(o, "query_", name, value, number, name_is_of_time(name));
}

/* ---- the head ---- */

static void field_time(struct out *o, const char *name, struct piece value, const char *units)
{
	static const struct { char letter; double s; } unit_of[] = {
		{ 'H', 3600 }, { 'M', 60 }, { 'S', 1 }, { 'm', 1e-3 }, { 'u', 1e-6 }, { 'n', 1e-9 },
	};
	double number;
	struct piece unit;
	if (!number_take(value, &number, &unit))
		return;
	char letter = unit.n && strchr(units, unit.p[0]) ? unit.p[0] : units[0];
	for (size_t i = 0; i < sizeof unit_of / sizeof *unit_of; i++)
		if (unit_of[i].letter == letter)
			number *= unit_of[i].s;
	size_t used = value.n - unit.n + (unit.n && strchr(units, unit.p[0]));
	time_put(o, "header_", (struct piece){ name, strlen(name) }, (struct piece){ value.p, used },
	         number, true);
}

/* The value of a directive in a field: wait=20 */
static struct piece directive(struct piece value, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= value.n; i++)
		if (strncasecmp(value.p + i, word, n) == 0)
			return (struct piece){ value.p + i + n, value.n - i - n };
	return (struct piece){ value.p, 0 };
}

static void field_read(struct out *o, struct piece line)
{
	struct piece name = piece_to(line.p, ":\n");
	if (name.n >= line.n)
		return;
	struct piece value = { name.p + name.n + 1, line.n - name.n - 1 };
	while (value.n && *value.p == ' ')
		value = (struct piece){ value.p + 1, value.n - 1 };
	if (piece_is(name, "Prefer"))
		field_time(o, "prefer_wait", directive(value, "wait="), "S");
	else if (piece_is(name, "Keep-Alive"))
		field_time(o, "keep_alive_timeout", directive(value, "timeout="), "S");
	else if (piece_is(name, "Grpc-Timeout"))
		field_time(o, "grpc_timeout", value, "SHMmun");
	else if (piece_is(name, "X-Envoy-Expected-Rq-Timeout-Ms"))
		field_time(o, "x_envoy_timeout", value, "m");
}

char *asked_times(const char *target, const char *head)
{
	char *text = NULL;
	size_t n = 0;
	struct out o = { .f = open_memstream(&text, &n) };
	if (!o.f)
		die("out of memory");
	fputc('[', o.f);
	const char *query = target ? strchr(target, '?') : NULL;
	while (query && *query && *query != '#') {
		struct piece p = piece_to(++query, "&#");
		parameter_read(&o, p);
		query += p.n;
	}
	while (head && *head) {
		struct piece line = piece_to(head, "\n");
		field_read(&o, line);
		head += line.n + (head[line.n] == '\n');
	}
	fputc(']', o.f);
	if (fclose(o.f) != 0)
		die("out of memory");
	return text;
}
