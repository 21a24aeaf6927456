/* http1_secrets.c - see http1_secrets.h.
 *
 *   https://user:password@host/path;name=value?name=value&name=value#name=value
 *           ^^^^^^^^^^^^^ userinfo  ^^^^^^^^^^ parameters, as everywhere from here
 */
#include "http1_secrets.h"

#include "http1_words.h"

#define LETTER(c) ((uint32_t)1 << ((c) & 31))   /* in either case */

/* Where an authority, a parameter's name, and its value in a query or before one end. */
static const uint64_t
	blanks         = CHAR(' ') | CHAR('\t'),
	ends_authority = CHAR('/') | CHAR('?') | CHAR('#') | CHAR(' ') | CHAR('\t') | CHAR('"')
	               | CHAR('<') | CHAR('>') | CHAR(','),
	ends_name      = CHAR('=') | CHAR('&') | CHAR(';') | CHAR('?') | CHAR('#') | CHAR('/')
	               | CHAR(' ') | CHAR('\t') | CHAR('"') | CHAR(','),
	ends_in_query  = CHAR('&') | CHAR('#') | CHAR(' ') | CHAR('\t') | CHAR('<') | CHAR('>'),
	ends_in_path   = CHAR('/') | CHAR('?') | CHAR('#') | CHAR(';') | CHAR('&') | CHAR(' ')
	               | CHAR('\t') | CHAR('<') | CHAR('>'),
	delimiters     = CHAR('?') | CHAR('#') | CHAR('&') | CHAR(';'),
	heeded         = CHAR('?') | CHAR('#') | CHAR('&') | CHAR(';') | CHAR('%') | CHAR(':');

/* The character at the start of b, percent-decoded (RFC 3986, 2.1); *n: what it takes up. */
static uint8_t char_decoded(struct bytes b, size_t *n)
{
	*n = 1;
	if (b.p[0] != '%' || b.n < 3 || hex_digit(b.p[1]) < 0 || hex_digit(b.p[2]) < 0)
		return b.p[0];
	*n = 3;
	return (uint8_t)(hex_digit(b.p[1]) << 4 | hex_digit(b.p[2]));
}

/* Whether b, decoded, begins with the lower-case word; *n: what that takes up. */
static bool begins_decoded(struct bytes b, const char *word, size_t *n)
{
	size_t at = 0, one;
	for (; *word && at < b.n; word++, at += one)
		if (lower(char_decoded(from(b, at), &one)) != (uint8_t)*word)
			return false;
	*n = at;
	return *word == '\0';
}

/* Words of secret names. */
static const char *const secret_words[] = {
	"auth", "key", "passw", "pwd", "secret", "session", "sig", "token",
};

static bool word_is_secret(struct bytes name)
{
	size_t n;
	char first = (char)lower(char_decoded(name, &n));
	for (size_t i = 0; i < sizeof secret_words / sizeof *secret_words; i++)
		if (*secret_words[i] == first && begins_decoded(name, secret_words[i], &n)
		    && !begins_decoded(name, "signal", &n))
			return true;
	return false;
}

/* Whether one of these words may begin with c and d: they seldom stand together. */
static bool word_may_begin(uint8_t c, uint8_t d)
{
	static const uint32_t second[32] = {
		['a' & 31] = LETTER('u'), ['k' & 31] = LETTER('e'), ['p' & 31] = LETTER('a') | LETTER('w'),
		['s' & 31] = LETTER('e') | LETTER('i'), ['t' & 31] = LETTER('o'),
	};
	return (second[c & 31] >> (d & 31) & 1) || c == '%' || d == '%';
}

bool name_is_secret(struct bytes name)
{
	for (; name.n > 2; name = from(name, 1))
		if (word_may_begin(name.p[0], name.p[1]) && word_is_secret(name))
			return true;
	return false;
}

/* How far it is to one of the stops. */
static size_t until(struct bytes b, uint64_t stops)
{
	size_t at = 0;
	while (at < b.n && !is_in(b.p[at], stops))
		at++;
	return at;
}

/* The same, also to one that is percent-encoded. */
static size_t until_decoded(struct bytes b, uint64_t stops)
{
	size_t at = 0, n;
	for (; at < b.n; at += n)
		if (is_in(char_decoded(from(b, at), &n), stops))
			break;
	return at;
}

/* What divides userinfo from a host, or encodes anything; else the = of a parameter
 * that has a secret's name. */
bool value_is_suspect(struct bytes v)
{
	if (v.n == 0)
		return false;
	if (memchr(v.p, '@', v.n) || memchr(v.p, '%', v.n))
		return true;
	const uint8_t *equals = v.p;
	while ((equals = memchr(equals, '=', v.n - (size_t)(equals - v.p)))) {
		size_t end = (size_t)(equals - v.p), begin = end;
		while (begin > 0 && !is_in(v.p[begin - 1], ends_name))
			begin--;
		if (name_is_secret((struct bytes){ v.p + begin, end - begin }))
			return true;
		equals++;
	}
	return false;
}

size_t clean_length(struct bytes b)
{
	for (const char *c = "@%="; *c; c++) {
		const uint8_t *found = memchr(b.p, *c, b.n);
		if (found)
			b.n = (size_t)(found - b.p);
	}
	return b.n;
}

/* An authority's user and password become ***; returns what was read. */
static size_t put_userinfo(struct text *t, struct bytes v)
{
	size_t end = until_decoded(v, ends_authority), after = 0, divider = 0, n;
	for (size_t at = 0; at < end; at += n)
		if (char_decoded(from(v, at), &n) == '@') {
			divider = at;
			after = at + n;
		}
	if (after) {
		text_put_secret(t, divider);
		text_put(t, (struct bytes){ v.p + divider, after - divider });
	}
	return after;
}

/* A parameter's value becomes *** if its name is a secret's; returns what was
 * read. Only the value of an encoded = ends with an encoded delimiter. */
static size_t put_parameter(struct text *t, struct bytes v, bool in_query)
{
	size_t begin = 0, equals;
	while (begin < v.n && is_blank(v.p[begin]))
		begin++;
	size_t name = begin + until_decoded(from(v, begin), ends_name);
	if (name == v.n || char_decoded(from(v, name), &equals) != '='
	    || !name_is_secret((struct bytes){ v.p, name }))
		return 0;
	size_t at = name + equals, secret = at;
	text_put(t, (struct bytes){ v.p, at });
	if (at < v.n && v.p[at] == '"')
		at += 1 + until(from(v, at + 1), CHAR('"'));
	uint64_t ends = in_query ? ends_in_query : ends_in_path;
	at += (equals > 1 ? until_decoded : until)(from(v, at), ends);
	text_put_secret(t, at - secret);
	return at;
}

void text_put_redacted(struct text *t, struct bytes v, bool authority)
{
	bool in_query = false;
	size_t at = 0, n;
	if (!value_is_suspect(v)) {
		text_put(t, v);
		return;
	}
	if (authority)
		at = put_userinfo(t, v);
	if (begins(v, "//")) {
		text_put_word(t, "//");
		at = 2 + put_userinfo(t, from(v, 2));
	}
	while (at < v.n && t->n < t->size) {
		struct bytes rest = from(v, at);
		if ((n = until(rest, in_query ? heeded | blanks : heeded))) {
			text_put(t, (struct bytes){ rest.p, n });
			at += n;
			continue;
		}
		if (begins_decoded(rest, "://", &n)) {
			text_put(t, (struct bytes){ rest.p, n });
			at += n + put_userinfo(t, from(rest, n));
			continue;
		}
		uint8_t c = char_decoded(rest, &n);
		text_put(t, (struct bytes){ rest.p, n });
		at += n;
		in_query = in_query ? !is_blank(c) : c == '?';
		if (is_in(c, delimiters))
			at += put_parameter(t, from(rest, n), in_query);
	}
	t->cut |= at < v.n;
}
