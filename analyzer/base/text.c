/* text.c - see text.h. */
#include "text.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

struct range { uint32_t first, last; };

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* Unicode's format controls and separators of lines: they move, hide or turn
 * round what stands beside them, so a terminal must never get them. */
static const struct range unsafe[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad }, { 0x0600, 0x0605 },
	{ 0x061c, 0x061c }, { 0x06dd, 0x06dd }, { 0x070f, 0x070f }, { 0x08e2, 0x08e2 },
	{ 0x115f, 0x1160 }, { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
	{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static const struct range zero_width[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x064b, 0x065f },
	{ 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};

static const struct range double_width[] = {
	{ 0x1100, 0x115e }, { 0x231a, 0x231b }, { 0x23e9, 0x23ec }, { 0x2614, 0x2615 },
	{ 0x26a1, 0x26a1 }, { 0x2705, 0x2705 }, { 0x274c, 0x274c }, { 0x2e80, 0x303e },
	{ 0x3041, 0x3163 }, { 0x3165, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff },
	{ 0xa000, 0xa4cf }, { 0xa960, 0xa97f }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x16fe0, 0x18cff },
	{ 0x1b000, 0x1b2ff }, { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f19a },
	{ 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f5ff }, { 0x1f600, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
};

#define IN(c, table) in_ranges(c, table, sizeof (table) / sizeof *(table))

/* Bytes of the well-formed UTF-8 character at s (RFC 3629: no overlong forms, no
 * surrogates, nothing past U+10FFFF), or 0. */
static size_t utf8_decode(const char *s, size_t n, uint32_t *c)
{
	const unsigned char *p = (const unsigned char *)s;
	if (n == 0)
		return 0;
	*c = p[0];
	if (*c < 0x80)
		return 1;
	size_t len = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : 2;
	if (*c < 0xc2 || *c > 0xf4 || len > n)
		return 0;
	*c &= 0x7fU >> len;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fU);
	}
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return len;
}

size_t text_character(const char *s, size_t n, uint32_t *c, int *columns)
{
	if (*s >= ' ' && *s < 0x7f) {                /* nearly all of it */
		*c = (unsigned char)*s;
		*columns = 1;
		return 1;
	}
	size_t len = utf8_decode(s, n, c);
	if (len && !IN(*c, unsafe) && (*c & 0xfffe) != 0xfffe) {
		*columns = IN(*c, zero_width) ? 0 : IN(*c, double_width) ? 2 : 1;
		return len;
	}
	*c = 0;
	len = len ? len : 1;
	*columns = 4 * (int)len;
	return len;
}

/* Write the first character of the text, made visible where it must not be itself.
 * Returns its bytes. */
static size_t put_character(FILE *out, const char *s, size_t n)
{
	uint32_t c;
	int columns;
	size_t len = text_character(s, n, &c, &columns);
	if (c)
		fwrite(s, 1, len, out);
	else
		for (size_t i = 0; i < len; i++)
			fprintf(out, "\\x%02X", (unsigned)(unsigned char)s[i]);
	return len;
}

/* How many of the next bytes are printable ASCII: nearly all of what is written. */
static size_t plain(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && s[i] >= ' ' && s[i] <= '~')
		i++;
	return i;
}

void text_put_terminal_n(FILE *out, const char *s, size_t n)
{
	while (n) {
		size_t len = plain(s, n);
		if (len)
			fwrite(s, 1, len, out);
		else
			len = put_character(out, s, n);
		s += len;
		n -= len;
	}
}

void text_put_terminal(FILE *out, const char *s)
{
	text_put_terminal_n(out, s, strlen(s));
}

/* What stands for a character that would be markup in HTML, also inside of quotes. */
static const char *html_entity(char c)
{
	switch (c) {
	case '&':  return "&amp;";
	case '<':  return "&lt;";
	case '>':  return "&gt;";
	case '"':  return "&quot;";
	case '\'': return "&#39;";
	case '`':  return "&#96;";
	default:   return NULL;
	}
}

void text_put_html_n(FILE *out, const char *s, size_t n)
{
	while (n) {
		const char *entity = html_entity(*s);
		size_t len = 1;
		if (entity)
			fputs(entity, out);
		else
			len = put_character(out, s, n);
		s += len;
		n -= len;
	}
}

void text_put_html(FILE *out, const char *s)
{
	text_put_html_n(out, s, strlen(s));
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool begins(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

/* A list, a heading or an underline begins so; a numbered list with "1. " or "1) ". */
static bool markdown_opens(const char *s, size_t n)
{
	size_t digits = 0;
	while (digits < n && s[digits] >= '0' && s[digits] <= '9')
		digits++;
	bool number = digits && digits < n && (s[digits] == '.' || s[digits] == ')')
	           && (digits + 1 == n || s[digits + 1] == ' ');
	return number || *s == '+' || *s == '-' || *s == '=';
}

/* Whether a backslash goes before s[at]: markup of CommonMark and of GitHub's tables,
 * strike-outs, formulas and links without brackets. A _ inside of a word is none. */
static bool markdown_escapes(const char *s, size_t at, size_t n)
{
	const char *rest = s + at;
	if (strchr("\\`*[]|~#$", s[at]))
		return true;
	if (s[at] == '_')
		return at == 0 || at + 1 == n || !is_alnum(s[at - 1]) || !is_alnum(s[at + 1]);
	if (s[at] == ':')
		return begins(rest, n - at, "://");
	if (s[at] == '.')
		return at >= 3 && (begins(rest - 3, 3, "www") || begins(rest - 3, 3, "WWW"));
	return false;
}

/* As put_character(); the backslash of \xNN is doubled, to stay one. */
static size_t put_markdown_character(FILE *out, const char *s, size_t n)
{
	uint32_t c;
	int columns;
	size_t len = text_character(s, n, &c, &columns);
	if (c)
		return put_character(out, s, n);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "\\\\x%02X", (unsigned)(unsigned char)s[i]);
	return len;
}

void text_put_markdown_n(FILE *out, const char *s, size_t n)
{
	size_t at = 0;
	if (n && markdown_opens(s, n)) {
		/* a digit cannot be escaped: what makes it the number of a list is */
		at = strspn(s, "0123456789");
		fwrite(s, 1, at, out);
		fprintf(out, "\\%c", s[at++]);
	}
	while (at < n) {
		bool entity = strchr("<>&", s[at]) && s[at];
		if (entity)
			fputs(html_entity(s[at++]), out);
		else if (s[at] && markdown_escapes(s, at, n))
			fprintf(out, "\\%c", s[at++]);
		else
			at += put_markdown_character(out, s + at, n - at);
	}
}

void text_put_markdown(FILE *out, const char *s)
{
	text_put_markdown_n(out, s, strlen(s));
}

size_t text_fit(const char *s, size_t n, int columns)
{
	size_t at = 0;
	while (at < n) {
		uint32_t c;
		int wide;
		size_t len = text_character(s + at, n - at, &c, &wide);
		if (wide > columns)
			break;
		columns -= wide;
		at += len;
	}
	return at;
}

int text_width_n(const char *s, size_t n)
{
	int width = 0;
	while (n) {
		uint32_t c;
		int columns;
		size_t len = text_character(s, n, &c, &columns);
		width += columns;
		s += len;
		n -= len;
	}
	return width;
}

int text_width(const char *s)
{
	return text_width_n(s, strlen(s));
}

void text_put_utf8(FILE *out, const char *s)
{
	size_t n = strlen(s);
	while (n) {
		uint32_t c;
		size_t len = utf8_decode(s, n, &c);
		if (len)
			fwrite(s, 1, len, out);
		else
			fputs("\xef\xbf\xbd", out);
		s += len ? len : 1;
		n -= len ? len : 1;
	}
}

/* Seconds, in UTC or in the zone that is set, and the nanoseconds after them, also before
 * 1970. */
static int64_t split_ns(int64_t ns, struct tm *(*split)(const time_t *, struct tm *), struct tm *tm)
{
	int64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;
	if (rest < 0) {
		rest += NS_PER_S;
		s--;
	}
	time_t t = (time_t)s;
	split(&t, tm);
	return rest;
}

const char *text_time(int64_t ns, char buf[static TEXT_TIME_SIZE])
{
	struct tm tm;
	int64_t rest = split_ns(ns, localtime_r, &tm);
	size_t n = strftime(buf, TEXT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(buf + n, TEXT_TIME_SIZE - n, ".%06d", (int)(rest / 1000));
	return buf;
}

const char *text_iso(int64_t ns, char buf[static TEXT_TIME_SIZE])
{
	struct tm tm;
	int64_t rest = split_ns(ns, gmtime_r, &tm);
	size_t n = strftime(buf, TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, TEXT_TIME_SIZE - n, ".%09dZ", (int)rest);
	return buf;
}

static void duration_long(char *buf, size_t size, const char *sign, uint64_t minutes)
{
	if (minutes < 48 * 60)
		snprintf(buf, size, "%s%d h %d min", sign, (int)(minutes / 60),
		         (int)(minutes % 60));
	else
		snprintf(buf, size, "%s%d d %d h", sign, (int)(minutes / 1440),
		         (int)(minutes % 1440 / 60));
}

const char *text_duration(int64_t ns, char buf[static TEXT_DURATION_SIZE])
{
	const char *sign = ns < 0 ? "-" : "";
	uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	size_t size = TEXT_DURATION_SIZE;
	uint64_t us = (n + 500) / 1000, ms = (n + 500000) / 1000000;
	if (n == 0)
		snprintf(buf, size, "0 s");
	else if (n < 1000)
		snprintf(buf, size, "%s%d ns", sign, (int)n);
	else if (us < 1000)
		snprintf(buf, size, "%s%d us", sign, (int)us);
	else if (us < 99950)                     /* one decimal, rounded */
		snprintf(buf, size, "%s%d.%d ms", sign, (int)((us + 50) / 1000),
		         (int)((us + 50) / 100 % 10));
	else if (ms < 1000)
		snprintf(buf, size, "%s%d ms", sign, (int)ms);
	else if (ms < 3600 * 1000)
		snprintf(buf, size, "%s%d.%03d s", sign, (int)(ms / 1000), (int)(ms % 1000));
	else
		duration_long(buf, size, sign, ms / 60000);
	return buf;
}

enum { WORD_MAX = 64 };

/* Insertions, deletions, replacements and swaps of neighbours between words. */
static unsigned distance(const char *a, const char *b)
{
	size_t an = strlen(a), bn = strlen(b);
	if (an >= WORD_MAX || bn >= WORD_MAX)
		return WORD_MAX;
	unsigned rows[3][WORD_MAX + 1] = { { 0 } };
	for (size_t j = 0; j <= bn; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= an; i++) {
		unsigned *now = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= bn; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
			    && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[an % 3][bn];
}

const char *text_nearest(const char *typed, const char *const *words, size_t n)
{
	const char *nearest = NULL;
	unsigned best = (unsigned)(strlen(typed) / 3 + 1);     /* further off is a guess */
	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(typed, words[i]);
		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

bool text_contains(const char *text, const char *part)
{
	size_t n = strlen(part);
	for (; *text; text++)
		if (strncasecmp(text, part, n) == 0)
			return true;
	return n == 0;
}
