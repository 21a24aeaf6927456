/* follow_draw.c - see follow_draw.h. */
#include "follow_draw.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum { SAMPLE = 256 };

/* ---- bytes ---- */

bool bytes_are_binary(struct bytes b)
{
	size_t strange = 0, n = b.n < SAMPLE ? b.n : SAMPLE;
	for (size_t at = 0, len; at < n; at += len) {
		uint32_t c;
		int columns;
		len = text_character((const char *)b.p + at, b.n - at, &c, &columns);
		strange += !c && !strchr("\t\r\n", b.p[at]) ? len : b.p[at] == '\0';
	}
	return strange * 10 > n;
}

bool bytes_contain(struct bytes b, size_t from, size_t to, const char *text)
{
	size_t n = strlen(text);
	for (size_t at = from; at < to && at + n <= b.n; at++) {
		size_t i = 0;
		while (i < n && (b.p[at + i] | (b.p[at + i] >= 'A' && b.p[at + i] <= 'Z' ? 32 : 0))
		              == ((uint8_t)text[i] | (text[i] >= 'A' && text[i] <= 'Z' ? 32 : 0)))
			i++;
		if (i == n)
			return true;
	}
	return false;
}

/* ---- rows ---- */

void follow_text_draw(const struct follow_row *r, struct area a, int row, int col, int look)
{
	struct bytes b = r->bytes;
	size_t from = r->at, at = r->at;
	for (int filled = 0, columns; at < r->end && b.p[at] != '\n'; filled += columns) {
		size_t n = follow_character(b, at, filled, a.on->ascii, &columns);
		if (b.p[at] == '\t' || (b.p[at] == '\r' && columns == 0)) {
			col = area_put_n(a, row, col, look, (const char *)b.p + from, at - from) + columns;
			from = at + n;
		}
		at += n;
	}
	area_put_n(a, row, col, look, (const char *)b.p + from, at - from);
}

void follow_silence_draw(struct area a, int row, int64_t ns)
{
	char span[TEXT_DURATION_SIZE], words[TEXT_DURATION_SIZE + 24];
	snprintf(words, sizeof words, " nothing said for %s ", text_duration(ns, span));
	int left = (a.cols - text_width(words)) / 2;
	area_repeat(a, row, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	area_put(a, row, left, LOOK_DIM, words);
}

const char *follow_words(const struct follow_row *r, char words[static FOLLOW_WORDS])
{
	char span[TEXT_DURATION_SIZE];
	if (r->kind == FOLLOW_SILENCE)
		snprintf(words, FOLLOW_WORDS, "nothing said for %s", text_duration(r->ns, span));
	else if (r->kind == FOLLOW_GAP || r->kind == FOLLOW_SHORT)
		snprintf(words, FOLLOW_WORDS, "[ %llu bytes are not in the capture ]", (unsigned long long)r->missing);
	else if (r->kind == FOLLOW_FAILED)
		snprintf(words, FOLLOW_WORDS, "[ %llu bytes, which cannot be read ]", (unsigned long long)r->missing);
	else
		snprintf(words, FOLLOW_WORDS, "%s", r->kind == FOLLOW_UNREAD ? "\xe2\x80\xa6" : "");
	return words;
}
