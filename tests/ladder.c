/* ladder.c - which packets of an incident are drawn, and in which rows. */
#include "ladder.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "err.h"

int check_failed;

static const int64_t SECOND = 1000000000;

enum { ACK = 16, FIN_ACK = 17, SYN = 2, RST = 4 };

/* n acknowledgements, so many nanoseconds apart. */
static struct ladder packets(size_t n, int64_t apart_ns)
{
	struct ladder l = { .lines = 2, .n = n, .message = alloc_zeroed(n + 1, sizeof *l.message) };
	for (size_t i = 0; i < n; i++)
		l.message[i] = (struct ladder_message){ .ns = (int64_t)i * apart_ns, .frame = (int64_t)i + 1,
		                                        .to = 1, .flags = ACK };
	return l;
}

static size_t rows_of(const struct ladder *l, enum ladder_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < l->rows; i++)
		n += l->row[i].kind == kind;
	return n;
}

/* Whether every packet is in one row, in order. */
static bool is_whole(const struct ladder *l)
{
	size_t at = 0;
	for (size_t i = 0; i < l->rows; i++) {
		const struct ladder_row *r = &l->row[i];
		if (r->message != at)
			return false;
		at += r->kind == LADDER_ARROW ? 1 : r->kind == LADDER_MORE ? r->n : 0;
	}
	return at == l->n;
}

static bool is_drawn(const struct ladder *l, size_t message)
{
	for (size_t i = 0; i < l->rows; i++)
		if (l->row[i].kind == LADDER_ARROW && l->row[i].message == message)
			return true;
	return false;
}

static void check_few(void)
{
	struct ladder l = packets(5, 1000);
	l.message[4].ns += 20 * SECOND;
	ladder_lay_out(&l);
	CHECK(rows_of(&l, LADDER_ARROW) == 5 && rows_of(&l, LADDER_SILENCE) == 1 && is_whole(&l));
	CHECK(l.row[4].kind == LADDER_SILENCE && l.row[4].ns == 20 * SECOND + 1000);
	ladder_free(&l);
}

static void check_none(void)
{
	struct ladder l = packets(0, 0);
	ladder_lay_out(&l);
	CHECK(l.rows == 0);
	ladder_free(&l);
}

/* What matters stays; the rest is a number. */
static void check_folded(void)
{
	struct ladder l = packets(1000, 1000);
	char words[LADDER_WORDS];
	l.message[0].flags = SYN;
	l.message[500].evidence = true;
	l.message[999].flags = RST;
	ladder_lay_out(&l);
	CHECK(is_whole(&l) && is_drawn(&l, 0) && is_drawn(&l, 500) && is_drawn(&l, 999));
	CHECK(is_drawn(&l, 498) && is_drawn(&l, 502) && !is_drawn(&l, 497));
	CHECK(rows_of(&l, LADDER_MORE) == 2);
	CHECK(strcmp(ladder_words(&l.row[1], words), "497 more packets in 496 us") == 0);
	ladder_free(&l);
}

/* However many matter, there is an end; first and last of them are there. */
static void check_bounded(void)
{
	for (size_t n = 1; n < 400; n += 7) {
		struct ladder l = packets(n, SECOND);
		for (size_t i = 0; i < n; i++) {
			l.message[i].evidence = i % 3 == 0;
			l.message[i].flags = i % 2 ? FIN_ACK : ACK;
		}
		ladder_lay_out(&l);
		CHECK(l.rows <= LADDER_ROWS && is_whole(&l) && is_drawn(&l, 0));
		CHECK(is_drawn(&l, (n - 1) / 3 * 3));
		ladder_free(&l);
	}
}

/* In fewer rows evidence stays longest, and a silence beside it. */
static void check_fitted(void)
{
	for (size_t most = 8; most <= LADDER_ROWS; most++) {
		struct ladder l = packets(20, 1000);
		l.most = most;
		l.message[7].evidence = l.message[12].evidence = true;
		for (size_t i = 12; i < 20; i++)
			l.message[i].ns += 5 * SECOND;
		ladder_lay_out(&l);
		CHECK(l.rows <= most && is_whole(&l) && is_drawn(&l, 7) && is_drawn(&l, 12));
		CHECK(rows_of(&l, LADDER_SILENCE) == 1);
		CHECK(most < 21 || rows_of(&l, LADDER_ARROW) == 20);
		ladder_free(&l);
	}
}

/* One packet is not folded away: the row would be as long. */
static void check_single(void)
{
	struct ladder l = packets(30, 1000);
	for (size_t i = 0; i < 30; i += 6)
		l.message[i].evidence = true;
	ladder_lay_out(&l);
	CHECK(is_whole(&l));
	for (size_t i = 0; i < l.rows; i++)
		CHECK(l.row[i].kind != LADDER_MORE || l.row[i].n > 1);
	ladder_free(&l);
}

int main(void)
{
	check_few();
	check_none();
	check_folded();
	check_bounded();
	check_single();
	check_fitted();
	return check_failed != 0;
}
