/* ladder_draw.c - see ladder_draw.h. */
#include "ladder_draw.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "text.h"

enum { FRAME_COLS = 8, CLOCK_MOST = 16, LANE = 12 };               /* the least between two lifelines */

#define LIFE   "\xe2\x94\x82"
#define PAUSE  "\xe2\x94\x8a"
#define LINE   "\xe2\x94\x80"
#define STRONG "\xe2\x94\x81"
#define RIGHT  "\xe2\x96\xba"
#define LEFT   "\xe2\x97\x84"
#define MARK   "\xe2\x97\x8f"


int ladder_least(int lines)
{
	return 2 + FRAME_COLS + CLOCK_MOST + 2 + LANE * (lines - 1);
}

struct sketch ladder_sketch(const struct ladder *l, enum clock clock, int cols)
{
	int body = 1 + FRAME_COLS + clock_cols(clock) + 1;
	return (struct sketch){ l, clock, body, cols - body };
}

static int column_of(const struct sketch *s, int line)
{
	return s->body + line * (s->width - 1) / (s->ladder->lines > 1 ? s->ladder->lines - 1 : 1);
}

int ladder_names_rows(const struct ladder *l)
{
	return l->lines > 2 ? 2 : 1;
}

/* Names where their lines are: the first begins there, the last ends there. More than two
 * take turns in two rows. */
void ladder_names(const struct sketch *s, struct area a)
{
	const struct ladder *l = s->ladder;
	int rows = ladder_names_rows(l);
	area_put(a, rows - 1, 1 + FRAME_COLS - 5, LOOK_DIM, "frame");
	area_field(a, rows - 1, 1 + FRAME_COLS, -clock_cols(s->clock), LOOK_DIM,
	           s->clock == CLOCK_ABSOLUTE ? "time" : s->clock == CLOCK_DELTA ? "since row, s" : "time, s");
	for (int i = 0; i < l->lines; i++) {
		int room = (l->lines < 4 ? s->width / 2 : 4 * s->width / 3 / (l->lines - 1)) - 1;
		int width = text_width(l->line[i]) < room ? text_width(l->line[i]) : room;
		int begin = column_of(s, i) - (i == 0 ? 0 : i == l->lines - 1 ? width - 1 : width / 2);
		area_tail(a, i % rows, begin, width, i == 0 ? LOOK_CLIENT : i == l->lines - 1 ? LOOK_SERVER : LOOK_BOLD,
		           l->line[i]);
	}
}

int clock_cols(enum clock clock)
{
	return clock == CLOCK_ABSOLUTE ? CLOCK_MOST : 14;
}

void clock_draw(struct area a, int row, int col, enum clock clock, int64_t ns, int64_t origin_ns, int64_t before_ns)
{
	char text[TEXT_TIME_SIZE];
	area_field(a, row, col, -clock_cols(clock), LOOK_PLAIN, clock_text(clock, ns, origin_ns, before_ns, text));
}

static void lives(const struct sketch *s, struct area a, int row, const char *sign)
{
	for (int i = 0; i < s->ladder->lines; i++)
		area_put(a, row, column_of(s, i), LOOK_DIM, sign);
}

/* The label in the middle of an arrow, and behind it what stands out. */
static void words(struct area a, int row, int col, int look, const char *label, const char *marks)
{
	if (!*label && !*marks)
		return;
	int end = area_put(a, row, col, LOOK_PLAIN, " ");
	end = area_field(a, row, end, text_width(label) < a.cols - end - 1 ? text_width(label) : a.cols - end - 1, look, label);
	if (*label && *marks && end < a.cols - 4)
		end = area_put(a, row, end, LOOK_PLAIN, ", ");
	if (*marks && end < a.cols - 2)
		end = area_field(a, row, end, text_width(marks) < a.cols - end - 1 ? text_width(marks) : a.cols - end - 1,
		                 LOOK_WARNING, marks);
	area_put(a, row, end, LOOK_PLAIN, " ");
}

void ladder_arrow(const struct sketch *s, struct area a, int row, const struct ladder_message *m, int64_t before_ns,
                  const char *marks)
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
	if (room >= 8)
		words(area_part(a, row, left + 3, 1, room - 4), 0, 0, m->evidence ? LOOK_EVIDENCE : LOOK_PLAIN, m->label, marks);
}

/* ---- numbers of a segment ---- */

enum { LEN_COLS = 7, SEQ_COLS = 12, WINDOW_COLS = 10, WITH_LEN = 96, WITH_ALL = 130 };

int segment_cols(int cols)
{
	return cols >= WITH_ALL ? 2 * SEQ_COLS + WINDOW_COLS + LEN_COLS : cols >= WITH_LEN ? LEN_COLS + SEQ_COLS : 0;
}

static void segment_put(struct area a, int row, int look, const char *const text[static 4])
{
	bool all = a.cols > LEN_COLS + SEQ_COLS;
	int col = area_field(a, row, 0, -SEQ_COLS, look, text[0]);
	if (all) {
		col = area_field(a, row, col, -SEQ_COLS, look, text[1]);
		col = area_field(a, row, col, -WINDOW_COLS, look, text[2]);
	}
	area_field(a, row, col, -LEN_COLS, look, text[3]);
}

void segment_head(struct area a, int row)
{
	segment_put(a, row, LOOK_DIM, (const char *[]){ "seq", "ack", "window", "len" });
}

void segment_draw(struct area a, int row, const struct segment *s)
{
	const int64_t number[4] = { s->seq, s->ack, s->window, s->len };
	char text[4][32];
	for (int i = 0; i < 4; i++)
		snprintf(text[i], sizeof text[i], "%.*lld", number[i] >= 0, (long long)(number[i] >= 0 ? number[i] : 0));
	segment_put(a, row, LOOK_DIM, (const char *[]){ text[0], text[1], text[2], text[3] });
}

void ladder_text_row(const struct sketch *s, struct area a, int row, bool pause, const char *words)
{
	int width = text_width(words), begin = s->body + (s->width - width) / 2;
	lives(s, a, row, pause ? PAUSE : LIFE);
	area_put(a, row, begin - 1, LOOK_PLAIN, " ");
	area_put(a, row, begin, pause ? LOOK_NOTE : LOOK_DIM, words);
	area_put(a, row, begin + width, LOOK_PLAIN, " ");
}

void ladder_sheet(const struct ladder *l, enum clock clock, struct sheet *to)
{
	struct sketch sketch = ladder_sketch(l, clock, to->canvas.cols);
	int64_t before = l->origin_ns;
	if (l->lines < 2 || to->canvas.cols < ladder_least(l->lines))
		return;
	ladder_names(&sketch, sheet_rows(to, ladder_names_rows(l)));
	for (size_t i = 0; i < l->rows; i++) {
		const struct ladder_row *r = &l->row[i];
		const struct ladder_message *m = &l->message[r->message];
		char words[LADDER_WORDS];
		struct area row = sheet_rows(to, 1);
		if (r->kind == LADDER_ARROW) {
			ladder_arrow(&sketch, row, 0, m, before, "");
			before = m->ns;
			sheet_tag(to, to->used - 1, (int64_t)r->message + 1);
		} else {
			ladder_text_row(&sketch, row, 0, r->kind == LADDER_SILENCE, ladder_words(r, words));
		}
	}
}
