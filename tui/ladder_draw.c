/* ladder_draw.c - see ladder_draw.h. */
#include "ladder_draw.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum { FRAME_COLS = 8, LANE = 12 };               /* the least between two lifelines */

#define LIFE   "\xe2\x94\x82"
#define PAUSE  "\xe2\x94\x8a"
#define LINE   "\xe2\x94\x80"
#define STRONG "\xe2\x94\x81"
#define RIGHT  "\xe2\x96\xba"
#define LEFT   "\xe2\x97\x84"
#define MARK   "\xe2\x97\x8f"

static const int64_t NS = 1000000000;

int ladder_least(int lines)
{
	return 2 + FRAME_COLS + CLOCK_COLS + 2 + LANE * (lines - 1);
}

struct sketch ladder_sketch(const struct ladder *l, enum clock clock, int cols)
{
	int body = 1 + FRAME_COLS + CLOCK_COLS + 1;
	return (struct sketch){ l, clock, body, cols - body };
}

static int column_of(const struct sketch *s, int line)
{
	return s->body + line * (s->width - 1) / (s->ladder->lines > 1 ? s->ladder->lines - 1 : 1);
}

/* Names where their lines are: the first begins there, the last ends there. More than two
 * take turns in two rows. */
int ladder_names(const struct sketch *s, struct area a)
{
	const struct ladder *l = s->ladder;
	int rows = l->lines > 2 ? 2 : 1;
	area_put(a, rows - 1, 1 + FRAME_COLS - 5, LOOK_DIM, "frame");
	area_field(a, rows - 1, 1 + FRAME_COLS, -CLOCK_COLS, LOOK_DIM,
	           s->clock == CLOCK_ABSOLUTE ? "time" : s->clock == CLOCK_DELTA ? "since row, s" : "time, s");
	for (int i = 0; i < l->lines; i++) {
		int room = (l->lines < 4 ? s->width / 2 : 4 * s->width / 3 / (l->lines - 1)) - 1;
		int width = text_width(l->line[i]) < room ? text_width(l->line[i]) : room;
		int begin = column_of(s, i) - (i == 0 ? 0 : i == l->lines - 1 ? width - 1 : width / 2);
		area_field(a, i % rows, begin, width, i == 0 ? LOOK_CLIENT : i == l->lines - 1 ? LOOK_SERVER : LOOK_BOLD,
		           l->line[i]);
	}
	return rows;
}

void clock_draw(struct area a, int row, int col, enum clock clock, int64_t ns, int64_t origin_ns, int64_t before_ns)
{
	char text[TEXT_TIME_SIZE];
	int64_t at = ns - (clock == CLOCK_DELTA ? before_ns : origin_ns), size = at < 0 ? -at : at;
	if (clock == CLOCK_ABSOLUTE)
		snprintf(text, sizeof text, "%s", text_time(ns, (char[TEXT_TIME_SIZE]){ 0 }) + 11);
	else
		snprintf(text, sizeof text, "%s%lld.%06d", at < 0 ? "-" : clock == CLOCK_DELTA ? "+" : "",
		         (long long)(size / NS), (int)(size % NS / 1000));
	area_field(a, row, col, -CLOCK_COLS, LOOK_PLAIN, text);
}

static void lives(const struct sketch *s, struct area a, int row, const char *sign)
{
	for (int i = 0; i < s->ladder->lines; i++)
		area_put(a, row, column_of(s, i), LOOK_DIM, sign);
}

void ladder_arrow(const struct sketch *s, struct area a, int row, const struct ladder_message *m, int64_t before_ns)
{
	int from = column_of(s, m->from), to = column_of(s, m->to);
	int left = from < to ? from : to, right = from < to ? to : from, room = right - left - 1;
	int look = m->evidence ? LOOK_EVIDENCE : from < to ? LOOK_CLIENT : LOOK_SERVER;
	const char *line = m->evidence ? STRONG : LINE;
	char frame[32];
	snprintf(frame, sizeof frame, "%lld", (long long)m->frame);
	area_put(a, row, 0, LOOK_EVIDENCE, m->evidence ? MARK : " ");
	area_field(a, row, 1, -FRAME_COLS, LOOK_PLAIN, frame);
	clock_draw(a, row, 1 + FRAME_COLS, s->clock, m->ns, s->ladder->origin_ns, before_ns);
	lives(s, a, row, LIFE);
	area_repeat(area_part(a, row, 0, 1, right), 0, left + 1, room, look, line);
	area_put(a, row, from < to ? right - 1 : left + 1, look, from < to ? RIGHT : LEFT);
	if (!*m->label || room < 8)
		return;
	int width = text_width(m->label) < room - 6 ? text_width(m->label) : room - 6;
	area_put(a, row, left + 3, look, " ");
	int end = area_field(a, row, left + 4, width, m->evidence ? LOOK_EVIDENCE : LOOK_PLAIN, m->label);
	area_put(a, row, end, look, " ");
}

void ladder_text_row(const struct sketch *s, struct area a, int row, bool pause, const char *words)
{
	int width = text_width(words), begin = s->body + (s->width - width) / 2;
	lives(s, a, row, pause ? PAUSE : LIFE);
	area_put(a, row, begin - 1, LOOK_PLAIN, " ");
	area_put(a, row, begin, pause ? LOOK_NOTE : LOOK_DIM, words);
	area_put(a, row, begin + width, LOOK_PLAIN, " ");
}
