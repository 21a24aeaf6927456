/* http1_secrets.c - see http1_secrets.h.
 *
 *   https://user:password@host/path;name=value?name=value&name=value#name=value
 *           ^^^^^^^^^^^^^ userinfo  ^^^^^^^^^^ parameters, as everywhere from here
 */
#include "http1_secrets.h"

#include "http1_words.h"

void text_put(struct text *t, struct bytes b)
{
	size_t n = b.n < sizeof t->p - t->n ? b.n : sizeof t->p - t->n;
	if (n)
		memcpy(t->p + t->n, b.p, n);
	t->n += n;
}

void text_put_word(struct text *t, const char *word)
{
	text_put(t, (struct bytes){ (const uint8_t *)word, strlen(word) });
}

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

bool name_is_secret(struct bytes name)
{
	static const char *const words[] = {
		"token", "passw", "secret", "key", "sig", "session", "auth", "pwd",
	};
	size_t n;
	for (; name.n; name = from(name, 1))
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (begins_decoded(name, words[i], &n) && !begins_decoded(name, "signal", &n))
				return true;
	return false;
}

/* How far it is to one of the stops; `decoded`: to an encoded one, too. */
static size_t until(struct bytes b, const char *stops, bool decoded)
{
	size_t at = 0, n = 1;
	for (; at < b.n; at += n)
		if (is_one_of(decoded ? char_decoded(from(b, at), &n) : b.p[at], stops))
			break;
	return at;
}

/* An authority's user and password become ***; returns what was read. */
static size_t put_userinfo(struct text *t, struct bytes v)
{
	size_t end = until(v, "/?# \t\"<>,", true), after = 0, n;
	for (size_t at = 0; at < end; at += n)
		if (char_decoded(from(v, at), &n) == '@')
			after = at + n;
	if (after)
		text_put_word(t, "***@");
	return after;
}

/* A parameter's value becomes *** if its name is a secret's; returns what was
 * read. Only the value of an encoded = ends with an encoded delimiter. */
static size_t put_parameter(struct text *t, struct bytes v, bool in_query)
{
	size_t blanks = 0, equals;
	while (blanks < v.n && is_blank(v.p[blanks]))
		blanks++;
	size_t name = blanks + until(from(v, blanks), "=&;?#/ \t\",", true);
	if (name == v.n || char_decoded(from(v, name), &equals) != '='
	    || !name_is_secret((struct bytes){ v.p, name }))
		return 0;
	size_t at = name + equals;
	text_put(t, (struct bytes){ v.p, at });
	text_put_word(t, "***");
	if (at < v.n && v.p[at] == '"')
		at += 1 + until(from(v, at + 1), "\"", false);
	return at + until(from(v, at), in_query ? "&# \t<>" : "/?#;& \t<>", equals > 1);
}

/* How many characters there are before one that text_put_redacted() heeds. */
static size_t plain_run(struct bytes b)
{
	size_t n = 0;
	while (n < b.n && (b.p[n] > '?' || (b.p[n] > '&' && b.p[n] < ':')))
		n++;
	return n;
}

void text_put_redacted(struct text *t, struct bytes v, bool authority)
{
	bool in_query = false;
	size_t at = 0, n;
	if (!v.n || !(memchr(v.p, '=', v.n) || memchr(v.p, '@', v.n) || memchr(v.p, '%', v.n))) {
		text_put(t, v);
		return;
	}
	if (authority)
		at = put_userinfo(t, v);
	if (begins(v, "//")) {
		text_put_word(t, "//");
		at = 2 + put_userinfo(t, from(v, 2));
	}
	while (at < v.n && t->n < sizeof t->p) {
		struct bytes rest = from(v, at);
		if ((n = plain_run(rest))) {
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
		if (is_one_of(c, "?#&;"))
			at += put_parameter(t, from(rest, n), in_query);
	}
}
