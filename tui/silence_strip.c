/* silence_strip.c - see silence_strip.h. */
#include "silence_strip.h"

#include <math.h>

#include "text.h"

static const int64_t SECOND = 1000000000, LONGEST = 7200;
enum { WIDEST = 512 };

#define AXIS    "\xe2\x94\x80"
#define BRACKET "\xe2\x94\x81"
#define DEATH   "\xe2\x9c\x97"

int strip_column(int64_t ns, int width)
{
	struct log_axis axis = { SECOND, LONGEST * SECOND, width };
	return log_column(&axis, ns);
}

void strip_survived(struct strip *s, int64_t ns)
{
	s->survived[strip_column(ns, STRIP_BINS)]++;
}

void strip_fatal(struct strip *s, int64_t ns)
{
	s->fatal[strip_column(ns, STRIP_BINS)]++;
}

/* Bins that share a column are added up. */
static void columns_add(const uint32_t bin[STRIP_BINS], int width, int64_t column[WIDEST])
{
	for (int i = 0; i < width; i++)
		column[i] = 0;
	for (int i = 0; i < STRIP_BINS; i++)
		column[(i * (width - 1) + (STRIP_BINS - 1) / 2) / (STRIP_BINS - 1)] += bin[i];
}

void strip_draw(const struct strip *s, struct area a, int row, int col, int width)
{
	int64_t survived[WIDEST], fatal[WIDEST];
	width = width < WIDEST ? width : WIDEST;
	if (width < 2)
		return;
	columns_add(s->survived, width, survived);
	columns_add(s->fatal, width, fatal);
	int from = s->from_ns ? strip_column(s->from_ns, width) : 0, to = s->to_ns ? strip_column(s->to_ns, width) : -1;
	for (int i = 0; i < width; i++) {
		if (fatal[i])
			area_put(a, row, col + i, LOOK_ERROR, DEATH);
		else if (survived[i])
			area_put(a, row, col + i, LOOK_GOOD, survived[i] >= 10 ? "\xe2\x97\x8f" : survived[i] > 1 ? "\xe2\x97\x8b" : "\xc2\xb7");
		else
			area_put(a, row, col + i, i > from && i < to ? LOOK_NOTE : LOOK_DIM, i > from && i < to ? BRACKET : AXIS);
	}
}

void strip_ticks(struct area a, int row, int col, int width)
{
	static const struct { int seconds; const char *word; } ticks[] = {
		{ 1, "1 s" }, { 10, "10 s" }, { 60, "1 min" }, { 300, "5 min" }, { 900, "15 min" }, { 3600, "1 h" }, { 7200, "2 h" } };
	int end = 0;
	for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
		int n = text_width(ticks[i].word), at = strip_column(ticks[i].seconds * SECOND, width);
		if (at + n > width)
			at = width - n;
		if (at < end)
			continue;
		area_put(a, row, col + at, LOOK_DIM, ticks[i].word);
		end = at + n + 1;
	}
}

/* A few are seen beside very many: heights are logarithmic. */
void strip_heights(const uint32_t bin[STRIP_BINS], struct area a, int row, int col, int width, int look)
{
	int64_t column[WIDEST], most = 0;
	width = width < WIDEST ? width : WIDEST;
	if (width < 2)
		return;
	columns_add(bin, width, column);
	for (int i = 0; i < width; i++) {
		column[i] = (int64_t)(log2((double)column[i] + 1) * 1000);
		most = column[i] > most ? column[i] : most;
	}
	spark_draw(a, row, col, look, column, width, most);
}
