/* sheet.c - see sheet.h. */
#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

void sheet_begin(struct sheet *s, int cols, bool ascii)
{
	canvas_size(&s->canvas, 0, cols);
	s->canvas.ascii = ascii;
	s->used = 0;
}

/* Make room; what is written stays. */
static void rows_ensure(struct sheet *s, int rows)
{
	struct canvas *c = &s->canvas;
	int had = c->rows;
	if (rows <= had)
		return;
	c->rows = rows > had + had / 2 + 64 ? rows : had + had / 2 + 64;
	c->cell = alloc_grown(c->cell, (size_t)c->rows * (size_t)c->cols + 1, sizeof *c->cell);
	s->tag = alloc_grown(s->tag, (size_t)c->rows, sizeof *s->tag);
	for (size_t i = (size_t)had * (size_t)c->cols; i < (size_t)c->rows * (size_t)c->cols; i++)
		c->cell[i] = (struct cell){ .ch = ' ' };
	for (int i = had; i < c->rows; i++)
		s->tag[i] = 0;
}

struct area sheet_rows(struct sheet *s, int n)
{
	bool full = s->used + n > SHEET_ROWS;
	if (full && s->used < SHEET_ROWS) {
		rows_ensure(s, SHEET_ROWS);
		area_put(area_part(canvas_area(&s->canvas), SHEET_ROWS - 1, 0, 1, s->canvas.cols), 0, 0, LOOK_DIM,
		         "There is more; it is left out here.");
		s->used = SHEET_ROWS;
	}
	if (full)
		return (struct area){ .on = &s->canvas };
	rows_ensure(s, s->used + n);
	s->used += n;
	return area_part(canvas_area(&s->canvas), s->used - n, 0, n, s->canvas.cols);
}

void sheet_tag(struct sheet *s, int row, int64_t tag)
{
	for (; row < s->used; row++)
		s->tag[row] = tag;
}

int64_t sheet_tag_at(const struct sheet *s)
{
	return s->list.at < s->used ? s->tag[s->list.at] : 0;
}

void sheet_line(struct sheet *s, int col, int look, const char *text)
{
	struct area row = sheet_rows(s, 1);
	area_field(row, 0, col, row.cols - col, look, text);
}

/* How much of a line goes into so many columns: whole words, where it has any. */
static size_t words_fit(const char *s, size_t n, int columns)
{
	size_t fits = text_fit(s, n, columns), at = fits;
	if (fits == n)
		return n;
	while (at > 0 && s[at] != ' ')
		at--;
	return at ? at : fits ? fits : text_fit(s, n, 4 * 4);
}

static void line_fold(struct sheet *s, int col, const char *label, int look, const char *text, size_t n)
{
	bool command = n && *text == ' ';
	do {
		int room = s->canvas.cols - col;
		size_t fits = command ? text_fit(text, n, room) : words_fit(text, n, room);
		struct area row = sheet_rows(s, 1);
		if (row.rows == 0)
			return;                   /* the sheet is full */
		area_put(row, 0, 0, LOOK_DIM, label);
		area_put_n(row, 0, col, look, text, fits ? fits : n);
		label = "";
		fits = fits ? fits : n;
		while (!command && fits < n && text[fits] == ' ')
			fits++;
		text += fits;
		n -= fits;
	} while (n);
}

void sheet_fold(struct sheet *s, int col, const char *label, int look, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\n");
		line_fold(s, col, label, *text == ' ' ? LOOK_KEY : look, text, n);
		if (!text[n] || !text[n + 1])
			return;
		text += n + 1;
		label = "";
	}
}

void sheet_heading(struct sheet *s, const char *words)
{
	struct area row = sheet_rows(s, 1);
	int at = area_put(row, 0, 0, LOOK_HEAD, words);
	area_repeat(row, 0, at + 1, row.cols - at - 1, LOOK_DIM, "\xe2\x94\x80");
}

void sheet_draw(struct sheet *s, struct area a)
{
	struct canvas written = s->canvas;
	written.rows = s->used;
	list_count(&s->list, s->used);
	list_show(&s->list, a.rows);
	area_copy(a, &written, (int)s->list.top);
	if (s->used)
		area_select(a, (int)(s->list.at - s->list.top));
}

int sheet_put(struct area a, int row, int look, const char *text)
{
	struct sheet sheet = { 0 };
	sheet_begin(&sheet, a.cols, a.on->ascii);
	sheet_fold(&sheet, 0, "", look, text);
	area_copy(area_part(a, row, 0, sheet.used, a.cols), &sheet.canvas, 0);
	row += sheet.used;
	sheet_free(&sheet);
	return row;
}

void sheet_free(struct sheet *s)
{
	canvas_free(&s->canvas);
	free(s->tag);
	*s = (struct sheet){ 0 };
}
