/* ladder_text.c - a ladder in characters, for terminals and Markdown. See ladder.h.
 *
 *       frame      time, s  10.0.0.5:40000                            10.0.0.9:80
 *     *     4     0.000244  |== POST /stop ===================================>|
 *                           :               20.015 s of silence                :
 */
#include <stdio.h>
#include <string.h>

#include "ladder.h"
#include "page.h"
#include "text.h"

enum { FRAME = 9, TIME = 22, BODY = 24 };          /* where these columns end, and the picture begins */
enum { LANE = 14 };                                /* the least between two lifelines */

/* The characters of a drawing. */
struct signs { const char *life, *pause, *line, *strong, *right, *left, *mark, *dots; };

static const struct signs utf8_signs = {
	"\xe2\x94\x82", "\xe2\x94\x8a", "\xe2\x94\x80", "\xe2\x94\x81", "\xe2\x96\xba", "\xe2\x97\x84",
	"\xe2\x97\x8f", "\xe2\x80\xa6",
};
static const struct signs ascii_signs = { "|", ":", "-", "=", ">", "<", "*", "..." };

struct drawing {
	const struct page   *page;
	const struct ladder *ladder;
	const struct signs  *signs;
	int                  indent, width;             /* of the picture */
};

static int column_of(const struct drawing *d, int line)
{
	return line * (d->width - 1) / (d->ladder->lines - 1);
}

static void repeat(const struct drawing *d, const char *sign, int n)
{
	while (n-- > 0)
		fputs(sign, d->page->out);
}

/* Text in so many columns; what does not fit ends in dots. Returns what it filled. */
static int put_fitted(const struct drawing *d, enum style style, const char *text, int room)
{
	int dots = text_width(d->signs->dots);
	char part[LADDER_LABEL];
	if (text_width(text) <= room) {
		page_put(d->page, style, text);
		return text_width(text);
	}
	size_t n = text_fit(text, strlen(text), room > dots ? room - dots : 0);
	snprintf(part, sizeof part, "%.*s", (int)n, text);
	page_put(d->page, style, part);
	fputs(d->signs->dots, d->page->out);
	return text_width(part) + dots;
}

/* Lifelines from one column on to (without) another. */
static void lives(const struct drawing *d, int from, int to, const char *sign)
{
	for (int line = 0, at = from; at < to; line++) {
		int next = line < d->ladder->lines ? column_of(d, line) : to;
		if (next < at)
			continue;
		next = next < to ? next : to;
		repeat(d, " ", next - at);
		if (next < to)
			fputs(sign, d->page->out);
		at = next + 1;
	}
}

/* Names where their lines are: the first begins there, the last ends there. More than
 * two take turns in two rows. */
static void names(const struct drawing *d, int row, int rows)
{
	const struct ladder *l = d->ladder;
	int at = 0, room = (l->lines < 4 ? d->width / 2 : 4 * d->width / 3 / (l->lines - 1)) - 1;
	page_pad(d->page, 0, d->indent + BODY);
	for (int i = row; i < l->lines; i += rows) {
		int width = text_width(l->line[i]) < room ? text_width(l->line[i]) : room;
		int begin = column_of(d, i) - (i == 0 ? 0 : i == l->lines - 1 ? width - 1 : width / 2);
		page_pad(d->page, at, begin);
		at = (begin > at ? begin : at) + put_fitted(d, BOLD, l->line[i], room);
	}
	fputc('\n', d->page->out);
}

static void gutter(const struct drawing *d, const struct ladder_message *m)
{
	int64_t at = m->ns - d->ladder->origin_ns, size = at < 0 ? -at : at;
	char frame[32], time[48];
	snprintf(frame, sizeof frame, "%lld", (long long)m->frame);
	snprintf(time, sizeof time, "%s%lld.%06d", at < 0 ? "-" : "", (long long)(size / 1000000000),
	         (int)(size % 1000000000 / 1000));
	page_pad(d->page, 0, d->indent);
	page_put(d->page, BOLD, m->evidence ? d->signs->mark : " ");
	fprintf(d->page->out, "%*s%*s", FRAME - 1, frame, TIME - FRAME, time);
	page_pad(d->page, TIME, BODY);
}

static void arrow(const struct drawing *d, const struct ladder_message *m)
{
	int from = column_of(d, m->from), to = column_of(d, m->to);
	int left = from < to ? from : to, right = from < to ? to : from, room = right - left - 1;
	const char *line = m->evidence ? d->signs->strong : d->signs->line;
	gutter(d, m);
	lives(d, 0, left, d->signs->life);
	fputs(d->signs->life, d->page->out);
	fputs(from < to ? line : d->signs->left, d->page->out);
	fputs(*m->label ? " " : line, d->page->out);
	int used = put_fitted(d, m->evidence ? BOLD : PLAIN, m->label, room - 5);
	fputs(*m->label ? " " : line, d->page->out);
	repeat(d, line, room - used - 4);
	fputs(from < to ? d->signs->right : line, d->page->out);
	fputs(d->signs->life, d->page->out);
	lives(d, right + 1, d->width, d->signs->life);
	fputc('\n', d->page->out);
}

/* A row without an arrow: words between the outer lifelines. */
static void words(const struct drawing *d, const char *sign, const char *text)
{
	int width = text_width(text), begin = (d->width - width) / 2;
	page_pad(d->page, 0, d->indent + BODY);
	lives(d, 0, begin - 1, sign);
	fputc(' ', d->page->out);
	page_put(d->page, DIM, text);
	fputc(' ', d->page->out);
	lives(d, begin + width + 1, d->width, sign);
	fputc('\n', d->page->out);
}

static void row(const struct drawing *d, const struct ladder_row *r)
{
	char text[LADDER_WORDS];
	if (r->kind == LADDER_ARROW)
		arrow(d, &d->ladder->message[r->message]);
	else
		words(d, r->kind == LADDER_SILENCE ? d->signs->pause : d->signs->life, ladder_words(r, text));
}

void ladder_draw_text(const struct page *p, const struct ladder *l, int indent)
{
	struct drawing d = { .page = p, .ladder = l, .signs = p->utf8 ? &utf8_signs : &ascii_signs,
	                     .indent = indent, .width = p->width - indent - BODY };
	if (l->lines < 2 || d.width < LANE * (l->lines - 1))
		return;
	fputc('\n', p->out);
	for (int i = 0, rows = l->lines > 2 ? 2 : 1; i < rows; i++)
		names(&d, i, rows);
	for (size_t i = 0; i < l->rows; i++)
		row(&d, &l->row[i]);
}
