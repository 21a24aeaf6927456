/* ladder.c - which packets are drawn, and in which rows. See ladder.h.
 *
 * Everything is drawn where there is room. Otherwise what matters least is left out:
 * first packets far from everything, then neighbours, then the edges of silences, then
 * handshakes; evidence and closes stay longest. Of what matters alike the middle goes.
 */
#include "ladder.h"

#include <stdlib.h>

#include "err.h"
#include "text.h"

enum { FIN = 1, SYN = 2, RST = 4 };

enum { SILENCE_S = 1, ALL_DRAWN = 24, NEAR = 2 };

static const int64_t NS = 1000000000;

/* What a packet is worth, the most first. */
enum worth { EVIDENCE, CLOSE, OPEN, EDGE, NEIGHBOUR, REST, WORTHS };

/* The shortest pause that is drawn as one: a second, and not a small part of the whole. */
static int64_t silence_least(const struct ladder *l)
{
	int64_t part = l->n ? (l->message[l->n - 1].ns - l->message[0].ns) / 40 : 0;
	return part > SILENCE_S * NS ? part : SILENCE_S * NS;
}

static bool silence_before(const struct ladder *l, size_t i)
{
	return i > 0 && i < l->n && l->message[i].ns - l->message[i - 1].ns >= silence_least(l);
}

static bool evidence_near(const struct ladder *l, size_t i)
{
	size_t from = i > NEAR ? i - NEAR : 0, to = i + NEAR < l->n ? i + NEAR : l->n - 1;
	for (size_t k = from; k <= to; k++)
		if (l->message[k].evidence)
			return true;
	return false;
}

static enum worth worth_of(const struct ladder *l, size_t i)
{
	const struct ladder_message *m = &l->message[i];
	if (m->evidence)
		return EVIDENCE;
	if (m->flags & (FIN | RST) || !m->flags)
		return CLOSE;
	if (m->flags & SYN)
		return OPEN;
	if (silence_before(l, i) || silence_before(l, i + 1))
		return EDGE;
	return evidence_near(l, i) ? NEIGHBOUR : REST;
}

/* Rows that this choice needs: one for each that is drawn, each run that is left out,
 * and each silence beside what is drawn. */
static size_t rows_needed(const struct ladder *l, const bool *drawn)
{
	size_t rows = 0;
	for (size_t i = 0; i < l->n; i++) {
		bool run_begins = !drawn[i] && (i == 0 || drawn[i - 1]);
		bool beside = i > 0 && (drawn[i] || drawn[i - 1]);
		rows += (size_t)(drawn[i] + run_begins + (beside && silence_before(l, i)));
	}
	return rows;
}

static size_t rows_most(const struct ladder *l)
{
	return l->most && l->most < LADDER_ROWS ? l->most : LADDER_ROWS;
}

/* Draw all of one worth, or as many as there is room for: from both ends inwards. */
static void worth_draw(const struct ladder *l, const enum worth *worth, enum worth which, bool *drawn)
{
	size_t head = 0, tail = l->n;
	bool at_head = true;
	while (head < tail) {
		size_t i = at_head ? head++ : --tail;
		if (worth[i] != which)
			continue;
		drawn[i] = true;
		if (rows_needed(l, drawn) > rows_most(l)) {
			drawn[i] = false;
			return;
		}
		at_head = !at_head;
	}
}

/* A line that says "1 more packet" had better show it. */
static void single_draw(const struct ladder *l, bool *drawn)
{
	for (size_t i = 0; i < l->n; i++)
		if (!drawn[i] && (i == 0 || drawn[i - 1]) && (i + 1 == l->n || drawn[i + 1]))
			drawn[i] = true;
}

static void row_add(struct ladder *l, struct ladder_row row)
{
	if (l->rows < LADDER_ROWS)
		l->row[l->rows++] = row;
}

static void rows_make(struct ladder *l, const bool *drawn)
{
	l->rows = 0;
	for (size_t i = 0; i < l->n;) {
		size_t end = i;
		if (silence_before(l, i) && (drawn[i] || drawn[i - 1]))
			row_add(l, (struct ladder_row){ LADDER_SILENCE, i, 0,
			                                l->message[i].ns - l->message[i - 1].ns });
		while (end < l->n && !drawn[end])
			end++;
		if (end > i)
			row_add(l, (struct ladder_row){ LADDER_MORE, i, end - i,
			                                l->message[end - 1].ns - l->message[i].ns });
		else
			row_add(l, (struct ladder_row){ LADDER_ARROW, end++, 0, 0 });
		i = end;
	}
}

void ladder_lay_out(struct ladder *l)
{
	enum worth *worth = alloc_zeroed(l->n + 1, sizeof *worth);
	bool *drawn = alloc_zeroed(l->n + 1, sizeof *drawn);
	for (size_t i = 0; i < l->n; i++)
		worth[i] = worth_of(l, i);
	for (enum worth which = EVIDENCE; which < (l->n <= ALL_DRAWN ? WORTHS : REST); which++)
		worth_draw(l, worth, which, drawn);
	single_draw(l, drawn);
	rows_make(l, drawn);
	free(drawn);
	free(worth);
}

const char *ladder_words(const struct ladder_row *r, char buf[static LADDER_WORDS])
{
	char span[TEXT_DURATION_SIZE];
	text_duration(r->ns, span);
	if (r->kind == LADDER_SILENCE)
		snprintf(buf, LADDER_WORDS, "%s of silence", span);
	else
		snprintf(buf, LADDER_WORDS, "%zu more packet%s%s%s", r->n, r->n == 1 ? "" : "s",
		         r->ns ? " in " : "", r->ns ? span : "");
	return buf;
}
