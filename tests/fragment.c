/* fragment.c - pieces in all orders, overlapping, late, too many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fragment.h"
#include "limits.h"

int check_failed;

static const int64_t SECOND = 1000000000;

static const uint8_t header[40] = { 0x45, [8] = 64, [9] = 6, [12] = 10, [16] = 10 };

/* A piece in an exact-size heap block, so that no byte behind it can be read. */
static const struct datagram *add(struct fragments *f, unsigned id, size_t off, bool more,
                                  const char *text, int64_t ns)
{
	size_t n = strlen(text);
	uint8_t *data = malloc(n ? n : 1);
	memcpy(data, text, n);
	const struct datagram *whole = fragments_add(f, &(struct fragment){
		.src = { 1 }, .dst = { 2 }, .id = id, .ip4 = true, .protocol = 6, .more = more, .off = off,
		.header = { header, sizeof header }, .data = { data, n } }, ns);
	free(data);
	return whole;
}

static bool is(const struct datagram *d, const char *text)
{
	return d && d->payload.n == strlen(text) && memcmp(d->payload.p, text, d->payload.n) == 0;
}

static void orders(void)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
	                                  { 2, 0, 1 }, { 2, 1, 0 } };
	static const char *const texts[] = { "aaaaaaaa", "bbbbbbbb", "cc" };
	struct fragments *f = fragments_new();
	for (int o = 0; o < 6; o++)
		for (int i = 0; i < 3; i++) {
			int k = orders[o][i];
			const struct datagram *d = add(f, 1, (size_t)k * 8, k < 2, texts[k], o);
			CHECK(i == 2 ? is(d, "aaaaaaaabbbbbbbbcc") : !d);
			if (!d)
				continue;
			CHECK(!d->odd && d->cut == 0 && d->protocol == 6);
			CHECK(d->ip.n == 38 && d->ip.p[0] == 0x45 && d->ip.p[3] == 38 && d->ip.p[9] == 6);
			fragments_release(f);
		}
	CHECK(fragments_counts(f)->whole == 6 && fragments_counts(f)->parts == 12);
	fragments_free(f);
}

static void overlaps(void)
{
	struct fragments *f = fragments_new();
	const struct datagram *d;
	/* what came first stays, wherever it lies */
	CHECK(!add(f, 1, 8, true, "bbbbbbbb", 0) && !add(f, 1, 0, true, "aaaaaaaaXXXX", 0));
	d = add(f, 1, 16, false, "c", 0);
	CHECK(is(d, "aaaaaaaabbbbbbbbc") && d->odd && strstr(d->odd, "differ"));
	/* the same bytes twice, in other pieces */
	CHECK(!add(f, 2, 0, true, "aaaaaaaabbbbbbbb", 0));
	d = add(f, 2, 8, false, "bbbbbbbbc", 0);
	CHECK(is(d, "aaaaaaaabbbbbbbbc") && d->odd && !strstr(d->odd, "differ"));
	/* a copy is no overlap */
	CHECK(!add(f, 3, 0, true, "aaaaaaaa", 0) && !add(f, 3, 0, true, "aaaaaaaa", 0));
	d = add(f, 3, 8, false, "c", 0);
	CHECK(is(d, "aaaaaaaac") && !d->odd);
	/* a second end is behind the first: it adds nothing */
	CHECK(!add(f, 4, 8, false, "c", 0) && !add(f, 4, 16, false, "ddd", 0));
	d = add(f, 4, 0, true, "aaaaaaaa", 0);
	CHECK(is(d, "aaaaaaaac"));
	CHECK(fragments_counts(f)->overlapping == 2);
	fragments_free(f);
}

static void identities(void)
{
	struct fragments *f = fragments_new();
	struct fragment six = { .src = { 1 }, .dst = { 2 }, .id = 1, .protocol = 6, .more = true,
	                        .header = { header, sizeof header }, .data = { header, 8 } };
	CHECK(!add(f, 1, 0, true, "aaaaaaaa", 0) && !add(f, 2, 8, false, "b", 0));
	CHECK(!fragments_add(f, &six, 0));
	six.off = 8, six.more = false, six.path = 42;
	CHECK(!fragments_add(f, &six, 0));           /* in another tunnel */
	six.path = 0, six.protocol = 17;
	const struct datagram *d = fragments_add(f, &six, 0);
	CHECK(d && d->protocol == 6);                /* IPv6: the first piece says */
	CHECK(d && d->payload.n == 16 && d->ip.n == 56);
	fragments_free(f);
}

static void snapped(void)
{
	struct fragments *f = fragments_new();
	struct fragment piece = { .id = 1, .ip4 = true, .protocol = 6, .more = true, .cut = 4,
	                          .header = { header, 20 }, .data = { header, 4 } };
	CHECK(!fragments_add(f, &piece, 0));
	piece.off = 8, piece.more = false;
	const struct datagram *d = fragments_add(f, &piece, 0);
	CHECK(d && d->payload.n == 4 && d->cut == 12);
	fragments_free(f);
}

static void times(void)
{
	struct fragments *f = fragments_new();
	CHECK(!add(f, 1, 0, true, "aaaaaaaa", 0));
	CHECK(is(add(f, 1, 8, false, "b", 30 * SECOND), "aaaaaaaab"));
	CHECK(!add(f, 2, 0, true, "aaaaaaaa", 100 * SECOND));
	CHECK(!add(f, 2, 8, false, "b", 131 * SECOND) && fragments_counts(f)->timed_out == 1);
	CHECK(is(add(f, 2, 0, true, "aaaaaaaa", 132 * SECOND), "aaaaaaaab"));
	/* a clock that steps back gives nothing up */
	CHECK(!add(f, 3, 0, true, "aaaaaaaa", 200 * SECOND));
	CHECK(is(add(f, 3, 8, false, "b", -200 * SECOND), "aaaaaaaab"));
	CHECK(!add(f, 4, 0, true, "aaaaaaaa", INT64_MIN / 2));
	CHECK(!add(f, 4, 8, false, "b", INT64_MAX / 2));
	fragments_free(f);
}

static void hostile(void)
{
	struct fragments *f = fragments_new();
	CHECK(!add(f, 1, 65528, false, "12345678", 0) && fragments_counts(f)->malformed == 1);
	CHECK(!add(f, 1, 8, true, "", 0) && fragments_counts(f)->malformed == 2);
	CHECK(!add(f, 1, 8, false, "", 0));          /* an end without bytes */
	CHECK(is(add(f, 1, 0, true, "aaaaaaaa", 0), "aaaaaaaa"));
	/* floods: as many datagrams, the largest, and pieces that never touch */
	for (unsigned i = 0; i < 4 * LIMIT_FRAGMENT_DATAGRAMS; i++)
		CHECK(!add(f, 1000 + i, 8, true, "a", 0));
	CHECK(fragments_counts(f)->pushed_out == 3 * LIMIT_FRAGMENT_DATAGRAMS);
	for (unsigned i = 0; i < 2000; i++)
		CHECK(!add(f, 100000 + i, 65520, false, "a", 0));
	for (size_t i = 0; i < 8000; i++)
		CHECK(!add(f, 7, i * 8 + 1, true, "a", 0));
	CHECK(!add(f, 8, 0, true, "aaaaaaaa", 0) && is(add(f, 8, 8, false, "b", 0), "aaaaaaaab"));
	fragments_free(f);
}

/* All pieces of many datagrams in any order, with overlaps: the bytes are the first ones. */
static void random_orders(void)
{
	struct fragments *f = fragments_new();
	unsigned seed = 1;
	for (unsigned id = 0; id < 2000; id++) {
		char want[200] = "", text[64];
		bool have[200] = { false };
		for (int step = 0; step < 1000; step++) {
			seed = seed * 1103515245u + 12345u;
			size_t off = (seed >> 16) % 16 * 8, n = (seed >> 8) % 40 + 1;
			bool end = off + n >= 128;
			n = end ? 128 - off : n;
			memset(text, 'a' + step % 26, n), text[n] = 0;
			for (size_t i = off; i < off + n; i++)
				if (!have[i])
					have[i] = true, want[i] = text[0];
			const struct datagram *d = add(f, id, off, !end, text, 0);
			if (!d)
				continue;
			CHECK(is(d, want));
			fragments_release(f);
			break;
		}
	}
	CHECK(fragments_counts(f)->whole == 2000);
	fragments_free(f);
}

int main(void)
{
	orders();
	overlaps();
	identities();
	snapped();
	times();
	hostile();
	random_orders();
	return check_failed != 0;
}
