/* reorder.c - segments in any order must come out in order, once, with gaps told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "limits.h"
#include "reorder.h"

int check_failed;

struct heard { char text[512]; size_t n; };

static void hear_data(void *arg, struct bytes b, struct mark carried, struct mark arrived)
{
	struct heard *h = arg;
	h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%.*s@%d/%d ", (int)b.n,
	                         (const char *)b.p, (int)carried.frame, (int)arrived.frame);
}

static void hear_gap(void *arg, uint64_t len, struct mark at)
{
	struct heard *h = arg;
	h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "gap %d@%d ", (int)len,
	                         (int)at.frame);
}

/* A step: a segment (text at off, of which `kept` bytes were captured), or with
 * no text an acknowledgement up to off. Step i is frame i + 1, at ms. */
struct step { int64_t off; const char *text; size_t kept; int64_t ms; };

static const struct row {
	const char *name;
	struct step steps[8];
	const char *heard;       /* text@carried/arrived */
} rows[] = {
	{ "in order", { { 0, "ab", 2, 0 }, { 2, "cd", 2, 0 } }, "ab@1/1 cd@2/2 " },
	{ "swapped", { { 2, "cd", 2, 0 }, { 0, "ab", 2, 0 } }, "ab@2/2 cd@1/2 " },
	{ "three backwards", { { 4, "ef", 2, 0 }, { 2, "cd", 2, 0 }, { 0, "ab", 2, 0 } },
	  "ab@3/3 cd@2/3 ef@1/3 " },
	{ "sent again", { { 0, "ab", 2, 0 }, { 0, "ab", 2, 0 }, { 2, "cd", 2, 0 } }, "ab@1/1 cd@3/3 " },
	{ "sent again with more", { { 0, "ab", 2, 0 }, { 0, "abcd", 4, 0 } }, "ab@1/1 cd@2/2 " },
	{ "first copy wins", { { 0, "ab", 2, 0 }, { 1, "XY", 2, 0 } }, "ab@1/1 Y@2/2 " },
	{ "overlap behind a hole", { { 2, "cd", 2, 0 }, { 3, "de", 2, 0 }, { 0, "ab", 2, 0 } },
	  "ab@3/3 cd@1/3 e@2/3 " },
	{ "a hole at the end of the flow", { { 0, "ab", 2, 0 }, { 4, "ef", 2, 0 } },
	  "ab@1/1 gap 2@9 ef@2/9 " },
	{ "an acknowledged hole is given up after a while",
	  { { 0, "ab", 2, 0 }, { 4, "ef", 2, 1 }, { 6, NULL, 0, 2 }, { 6, NULL, 0, 20 } },
	  "ab@1/1 gap 2@4 ef@2/4 " },
	{ "but not at once: the capture may be out of order",
	  { { 0, "ab", 2, 0 }, { 4, "ef", 2, 1 }, { 6, NULL, 0, 2 }, { 2, "cd", 2, 3 } },
	  "ab@1/1 cd@4/4 ef@2/4 " },
	{ "acknowledged, never captured", { { 0, "ab", 2, 0 }, { 9, NULL, 0, 1 }, { 9, NULL, 0, 30 } },
	  "ab@1/1 gap 7@3 " },
	{ "cut off by the snaplen", { { 0, "abcd", 2, 0 }, { 4, "ef", 2, 0 } },
	  "ab@1/1 gap 2@1 ef@2/2 " },
	{ "farther ahead than any window", { { 0, "ab", 2, 0 }, { 1LL << 31, "zz", 2, 0 } }, "ab@1/1 " },
};

static void feed(struct reorder *r, const struct step *s, int frame, const struct reorder_out *out)
{
	struct mark at = { (uint64_t)frame, s->ms * 1000000 };
	if (!s->text) {
		reorder_acked(r, (uint64_t)s->off, at, out);
		return;
	}
	uint8_t *exact = malloc(s->kept);       /* exact size: ASan sees an overread */
	memcpy(exact, s->text, s->kept);
	reorder_data(r, (uint64_t)s->off, (uint32_t)strlen(s->text), (struct bytes){ exact, s->kept },
	             at, out);
	free(exact);
}

static void rows_check(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct heard heard = { .n = 0 };
		struct reorder r = { 0 };
		struct reorder_out out = { &heard, hear_data, hear_gap, NULL };
		for (int s = 0; s < 8 && (rows[i].steps[s].text || rows[i].steps[s].off); s++)
			feed(&r, &rows[i].steps[s], s + 1, &out);
		reorder_flush(&r, 0, (struct mark){ 9, 0 }, &out);
		reorder_free(&r);
		CHECK(strcmp(heard.text, rows[i].heard) == 0);
		if (strcmp(heard.text, rows[i].heard))
			printf("  %s: %s\n", rows[i].name, heard.text);
	}
}

static void count_gap(void *arg, uint64_t len, struct mark at)
{
	(void)at;
	*(uint64_t *)arg += len;
}

static void count_data(void *arg, struct bytes b, struct mark carried, struct mark arrived)
{
	(void)carried, (void)arrived;
	*(uint64_t *)arg += b.n;
}

/* What waits behind a hole is bounded in bytes and in segments. */
static void limits_check(void)
{
	static uint8_t block[1000];
	uint64_t out_n = 0;
	struct reorder r = { 0 };
	size_t held = 0;
	struct reorder_out out = { &out_n, count_data, count_gap, &held };
	for (uint64_t i = 1; i <= 40000; i++) {
		reorder_data(&r, i * 2000, 1000, (struct bytes){ block, 1000 }, (struct mark){ i, 0 }, &out);
		CHECK(r.bytes <= LIMIT_OUT_OF_ORDER && r.parts_n <= LIMIT_OUT_OF_ORDER_PARTS && r.bytes == held);
	}
	reorder_flush(&r, 0, (struct mark){ 40001, 0 }, &out);
	CHECK(out_n == 40000 * 2000 + 1000 && held == 0);
	reorder_free(&r);
}

int main(void)
{
	rows_check();
	limits_check();
	return check_failed != 0;
}
