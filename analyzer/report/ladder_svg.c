/* ladder_svg.c - a ladder as inline SVG. Colours and fonts are the page's style sheet's
 * (classes); here are only places. See ladder.h. */
#include <stdio.h>
#include <string.h>

#include "ladder.h"
#include "text.h"

enum { WIDTH = 900, FIRST = 200, LAST = 880, TOP = 34, NAME = 18, ARROW = 34, SILENCE = 46, MORE = 34, BOTTOM = 12,
       FRAME_X = 66, TIME_X = 176, DOT_X = 14, HEAD = 8 };

/* Half a pixel more than the width of a character of the font, so that labels fit. */
static const int CHARACTER = 8;

static int x_of(const struct ladder *l, int line)
{
	return FIRST + line * (LAST - FIRST) / (l->lines - 1);
}

static int height_of(const struct ladder_row *r)
{
	return r->kind == LADDER_ARROW ? ARROW : r->kind == LADDER_SILENCE ? SILENCE : MORE;
}

/* Text that is cut to what fits between two places. */
static void text_at(FILE *out, const char *class, int x, int y, int room, const char *text)
{
	int columns = room / CHARACTER;
	bool cut = text_width(text) > columns;
	size_t n = cut ? text_fit(text, strlen(text), columns > 1 ? columns - 1 : 0) : strlen(text);
	fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	text_put_html_n(out, text, n);
	fputs(cut ? "…</text>" : "</text>", out);
}

/* More than two take turns in two rows. */
static void names(FILE *out, const struct ladder *l)
{
	int rows = l->lines > 2 ? 2 : 1, room = rows * (LAST - FIRST) / (l->lines > 2 ? l->lines - 1 : 2) - 20;
	for (int i = 0; i < l->lines; i++) {
		bool last = i == l->lines - 1;
		text_at(out, i == 0 ? "name" : last ? "name end" : "name middle", x_of(l, i) + (i == 0 ? -6 : last ? 6 : 0),
		        18 + i % rows * NAME, room, l->line[i]);
	}
}

static void lives(FILE *out, const struct ladder *l, const char *class, int y, int height)
{
	for (int i = 0; i < l->lines; i++)
		fprintf(out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", class, x_of(l, i), y,
		        x_of(l, i), y + height);
	fputc('\n', out);
}

static void gutter(FILE *out, const struct ladder *l, const struct ladder_message *m, int y)
{
	int64_t at = m->ns - l->origin_ns, size = at < 0 ? -at : at;
	char frame[32], time[48];
	snprintf(frame, sizeof frame, "%lld", (long long)m->frame);
	snprintf(time, sizeof time, "%s%lld.%06d", at < 0 ? "-" : "", (long long)(size / 1000000000),
	         (int)(size % 1000000000 / 1000));
	if (m->evidence)
		fprintf(out, "<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"4\"/>", DOT_X, y - 4);
	text_at(out, "end", FRAME_X, y, FRAME_X, frame);
	text_at(out, "soft end", TIME_X, y, TIME_X - FRAME_X, time);
}

static void arrow(FILE *out, const struct ladder *l, const struct ladder_message *m, int y)
{
	int from = x_of(l, m->from), to = x_of(l, m->to), back = from < to ? -HEAD : HEAD;
	int at = y + ARROW - 9, width = from < to ? to - from : from - to;
	fprintf(out, "<g%s><title>", m->evidence ? " class=\"proof\"" : "");
	text_put_html(out, m->label);
	fputs("</title>", out);
	gutter(out, l, m, at + 4);
	text_at(out, "middle", (from + to) / 2, at - 7, width - 30, m->label);
	fprintf(out, "<line class=\"arrow\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", from, at, to + back, at);
	fprintf(out, "<path class=\"head\" d=\"M%d %dL%d %dL%d %dZ\"/></g>\n", to, at, to + back, at - 4,
	        to + back, at + 4);
}

static void words(FILE *out, const struct ladder_row *r, int y)
{
	char text[LADDER_WORDS];
	int height = height_of(r), width = text_width(ladder_words(r, text)) * CHARACTER + 24;
	if (r->kind == LADDER_SILENCE)
		fprintf(out, "<rect class=\"band\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"12\"/>",
		        (FIRST + LAST - width) / 2, y + height / 2 - 12, width, 24);
	text_at(out, "soft middle", (FIRST + LAST) / 2, y + height / 2 + 4, LAST - FIRST, text);
	fputc('\n', out);
}

void ladder_draw_svg(FILE *out, const struct ladder *l)
{
	int y = l->lines > 2 ? TOP + NAME : TOP, height = y + BOTTOM;
	if (l->lines < 2)
		return;
	for (size_t i = 0; i < l->rows; i++)
		height += height_of(&l->row[i]);
	fprintf(out, "<svg class=\"ladder\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Packets between the hosts, "
	        "in order of time\">\n", WIDTH, height);
	names(out, l);
	lives(out, l, "life", y - 8, 8);
	for (size_t i = 0; i < l->rows; i++) {
		const struct ladder_row *r = &l->row[i];
		lives(out, l, r->kind == LADDER_ARROW ? "life" : "pause", y, height_of(r));
		if (r->kind == LADDER_ARROW)
			arrow(out, l, &l->message[r->message], y);
		else
			words(out, r, y);
		y += height_of(r);
	}
	lives(out, l, "life", y, BOTTOM);
	fputs("</svg>\n", out);
}
