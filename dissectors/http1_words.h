/* http1_words.h - small questions about pieces of HTTP text.
 *
 * Borrows  every struct bytes; what is returned points into what was given.
 */
#ifndef HTTP1_WORDS_H
#define HTTP1_WORDS_H

#include <string.h>
#include <strings.h>

#include "bytes.h"

static inline bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline bool is_blank(uint8_t c) { return c == ' ' || c == '\t'; }
static inline bool is_one_of(uint8_t c, const char *set) { return c && strchr(set, c); }
static inline uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

/* Its value, or -1. */
static inline int hex_digit(uint8_t c)
{
	c = lower(c);
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A set of characters below 64, where most of HTTP's delimiters are: CHAR(';') | CHAR(' '). */
#define CHAR(c) ((uint64_t)1 << (c))
static inline bool is_in(uint8_t c, uint64_t set) { return c < 64 && (set >> c & 1); }

/* A character of a token (RFC 9110, 5.6.2): letters, digits, !#$%&'*+-.^_`|~ */
static inline bool is_tchar(uint8_t c)
{
	return is_in(c, 0x03ff6cfa00000000) || is_in((uint8_t)(c ^ 64), 0x57ffffffc7fffffe);
}

static inline struct bytes from(struct bytes b, size_t at)
{
	return (struct bytes){ b.p + at, b.n - at };
}

static inline struct bytes trimmed_end(struct bytes b)
{
	while (b.n && is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

static inline struct bytes trimmed(struct bytes b)
{
	while (b.n && is_blank(b.p[0]))
		b = from(b, 1);
	return trimmed_end(b);
}

/* Whether the eight bytes at p are those of the word in whatever case: what has the bit
 * 0x40 in the word is a letter, of which 0x20 tells the case. */
static inline bool same_eight(const void *p, const void *word)
{
	uint64_t b, w;
	memcpy(&b, p, sizeof b);
	memcpy(&w, word, sizeof w);
	return ((b ^ w) & ~((w & 0x4040404040404040) >> 1)) == 0;
}

/* Whether n bytes are those of the word (of lower-case letters, digits and -), in
 * whatever case. */
static inline bool same_bytes(const uint8_t *p, const char *word, size_t n)
{
	size_t at = 0;
	for (; at + 8 <= n; at += 8)
		if (!same_eight(p + at, word + at))
			return false;
	if (n >= 8)
		return same_eight(p + n - 8, word + n - 8);
	for (; at < n; at++)
		if (lower(p[at]) != (uint8_t)word[at])
			return false;
	return true;
}

static inline bool same(struct bytes b, const char *word)
{
	return b.n == strlen(word) && same_bytes(b.p, word, b.n);
}

static inline bool equals(struct bytes b, const char *word)
{
	return b.n == strlen(word) && !memcmp(b.p, word, b.n);
}

static inline bool begins(struct bytes b, const char *word)
{
	size_t n = strlen(word);
	return b.n >= n && !memcmp(b.p, word, n);
}

/* Whether b and word agree as far as both go. */
static inline bool begins_or_may(struct bytes b, const char *word)
{
	size_t n = strlen(word);
	return !memcmp(b.p, word, b.n < n ? b.n : n);
}

/* Cut the next element off a comma-separated list. */
static inline bool list_next(struct bytes *list, struct bytes *element)
{
	if (list->n == 0)
		return false;
	const uint8_t *comma = memchr(list->p, ',', list->n);
	size_t n = comma ? (size_t)(comma - list->p) : list->n;
	*element = trimmed((struct bytes){ list->p, n });
	*list = from(*list, comma ? n + 1 : n);
	return true;
}

#endif
