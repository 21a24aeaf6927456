/* canvas.c - see canvas.h. */
#include "canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

void canvas_size(struct canvas *c, int rows, int cols)
{
	c->rows = rows > 0 ? rows : 0;
	c->cols = cols > 0 ? cols : 0;
	size_t n = (size_t)c->rows * (size_t)c->cols;
	c->cell = alloc_grown(c->cell, n + 1, sizeof *c->cell);
	for (size_t i = 0; i < n; i++)
		c->cell[i] = (struct cell){ .ch = ' ' };
}

void canvas_free(struct canvas *c)
{
	free(c->cell);
	*c = (struct canvas){ 0 };
}

static struct cell *row_of(const struct canvas *c, int row)
{
	return &c->cell[(size_t)row * (size_t)c->cols];
}

/* ---- out ---- */

static void put_utf8(FILE *out, uint32_t c)
{
	if (c < 0x80) {
		fputc((int)c, out);
		return;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	fputc((int)((0xf00U >> (more + 1) & 0xf0U) | c >> 6 * more), out);
	while (more--)
		fputc((int)(0x80 | (c >> 6 * more & 0x3f)), out);
}

void canvas_write(const struct canvas *c, FILE *out, bool marked)
{
	for (int row = 0; row < c->rows; row++) {
		const struct cell *cell = row_of(c, row);
		int n = c->cols;
		bool selected = false;
		for (int i = 0; i < c->cols; i++)
			selected |= (cell[i].look & LOOK_SELECTED) != 0;
		if (marked)
			fputc(selected ? '>' : ' ', out);
		while (n > 0 && cell[n - 1].ch == ' ')
			n--;
		for (int i = 0; i < n; i++) {
			if (cell[i].ch)
				put_utf8(out, cell[i].ch);
			if (cell[i].mark)
				put_utf8(out, cell[i].mark);
		}
		fputc('\n', out);
	}
}

/* ---- areas ---- */

struct area canvas_area(struct canvas *c)
{
	return (struct area){ c, 0, 0, c->rows, c->cols };
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

struct area area_part(struct area a, int row, int col, int rows, int cols)
{
	row = least(most(row, 0), a.rows);
	col = least(most(col, 0), a.cols);
	return (struct area){ a.on, a.row + row, a.col + col, least(most(rows, 0), a.rows - row),
	                      least(most(cols, 0), a.cols - col) };
}

/* The cell at a place of the area; NULL: it is outside. */
static struct cell *cell_at(struct area a, int row, int col)
{
	if (row < 0 || row >= a.rows || col < 0 || col >= a.cols)
		return NULL;
	return &row_of(a.on, a.row + row)[a.col + col];
}

/* ---- in ---- */

/* Signs that the program itself draws, and what stands for them in ASCII. */
static const struct { uint32_t sign; char ascii; } plain_signs[] = {
	{ 0x2500, '-' }, { 0x2501, '=' }, { 0x2502, '|' }, { 0x2506, ':' }, { 0x250a, ':' }, { 0x25ba, '>' },
	{ 0x25c4, '<' }, { 0x25cf, '*' }, { 0x25cb, 'o' }, { 0x2026, '~' }, { 0x203a, '>' }, { 0x00b7, '.' },
	{ 0x2191, '^' }, { 0x2193, 'v' }, { 0x22ee, ':' }, { 0x2581, '_' }, { 0x2582, '.' }, { 0x2583, '-' },
	{ 0x2584, '=' }, { 0x2585, '+' }, { 0x2586, 'x' }, { 0x2587, 'X' }, { 0x2588, '#' }, { 0x2591, '.' },
	{ 0x2592, '+' }, { 0x2593, '%' }, { 0x2713, 'v' }, { 0x2717, 'x' }, { 0x2260, '!' }, { 0x00d7, 'x' },
	{ 0x2190, '<' }, { 0x2192, '>' }, { 0x251c, '|' }, { 0x2514, '`' }, { 0x253c, '+' }, { 0x25b8, '>' }, { 0x25be, 'v' }, { 0x258f, '|' },
};

static uint32_t plain_sign(uint32_t c)
{
	for (size_t i = 0; i < sizeof plain_signs / sizeof *plain_signs; i++)
		if (plain_signs[i].sign == c)
			return (unsigned char)plain_signs[i].ascii;
	return 0;
}

/* A wide character of which one half is overwritten is no more. */
static void unwiden(struct area a, int row, int col)
{
	struct cell *here = cell_at(a, row, col), *left = cell_at(a, row, col - 1), *right = cell_at(a, row, col + 1);
	if (here && !here->ch && left)
		left->ch = ' ';
	if (right && !right->ch)
		right->ch = ' ';
}

static void cell_set(struct area a, int row, int col, uint32_t ch, int look)
{
	struct cell *cell = cell_at(a, row, col);
	if (!cell)
		return;
	if (ch)
		unwiden(a, row, col);
	*cell = (struct cell){ .ch = ch, .look = (uint8_t)look };
}

/* Bytes that must not be written as they are. */
static int bytes_put(struct area a, int row, int col, int look, const char *s, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < n; i++, col += 4) {
		unsigned b = (unsigned char)s[i];
		const char text[4] = { '\\', 'x', hex[b >> 4], hex[b & 15] };
		for (int k = 0; k < 4; k++)
			cell_set(a, row, col + k, (unsigned char)text[k], look);
	}
	return col;
}

/* One character; returns the column behind it. */
static int character_put(struct area a, int row, int col, int look, uint32_t c, int columns)
{
	struct cell *before = cell_at(a, row, col - 1);
	if (columns == 0) {
		if (before && before->ch && !before->mark)
			before->mark = c;
		return col;
	}
	if (columns == 2 && col + 1 >= a.cols) {
		cell_set(a, row, col, ' ', look);
		return col + 2;
	}
	cell_set(a, row, col, c, look);
	if (columns == 2) {
		unwiden(a, row, col + 1);
		cell_set(a, row, col + 1, 0, look);
	}
	return col + columns;
}

int area_put_n(struct area a, int row, int col, int look, const char *s, size_t n)
{
	while (n) {
		uint32_t c;
		int columns;
		size_t len = text_character(s, n, &c, &columns);
		if (c >= 0x80 && a.on->ascii) {
			c = plain_sign(c);
			columns = 1;
		}
		if (c)
			col = character_put(a, row, col, look, c, columns);
		else
			col = bytes_put(a, row, col, look, s, len);
		s += len;
		n -= len;
	}
	return col;
}

int area_put(struct area a, int row, int col, int look, const char *text)
{
	return area_put_n(a, row, col, look, text, strlen(text));
}

int area_printf(struct area a, int row, int col, int look, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return area_put(a, row, col, look, text);
}

/* How much of the text area_put() draws in so many columns, in bytes; *used: of these. */
static size_t put_fit(struct area a, const char *s, size_t n, int room, int *used)
{
	size_t at = 0;
	*used = 0;
	while (at < n) {
		uint32_t c;
		int columns;
		size_t len = text_character(s + at, n - at, &c, &columns);
		if (c >= 0x80 && a.on->ascii)
			columns = plain_sign(c) ? 1 : 4 * (int)len;
		if (*used + columns > room)
			break;
		*used += columns;
		at += len;
	}
	return at;
}

int area_field(struct area a, int row, int col, int width, int look, const char *text)
{
	int room = width < 0 ? -width : width, used;
	size_t n = strlen(text), fits = put_fit(a, text, n, room, &used);
	bool cut = fits < n;
	if (col < 0 || room == 0)
		return col + room;
	if (cut)
		fits = put_fit(a, text, n, room - 1, &used);
	struct area field = area_part(a, row, col, 1, room);
	area_repeat(field, 0, 0, room, look, " ");
	int at = area_put_n(field, 0, width < 0 ? room - used - cut : 0, look, text, fits);
	if (cut)
		area_put(field, 0, at, look, "\xe2\x80\xa6");
	return col + room;
}

void area_tail(struct area a, int row, int col, int width, int look, const char *text)
{
	int cut = text_width(text) - width;
	if (cut > 0 && width > 0) {
		col = area_put(a, row, col, look, "\xe2\x80\xa6");
		text += text_fit(text, strlen(text), cut + 1);
	}
	area_put(area_part(a, row, col, 1, width - (cut > 0)), 0, 0, look, text);
}

int area_repeat(struct area a, int row, int col, int n, int look, const char *sign)
{
	for (; n > 0 && col < a.cols; n--)
		col = area_put(a, row, col, look, sign);
	return col;
}

void area_look(struct area a, int row, int look)
{
	for (int col = 0; col < a.cols; col++) {
		struct cell *cell = cell_at(a, row, col);
		if (cell)
			cell->look = (uint8_t)look;
	}
}

void area_select(struct area a, int row)
{
	for (int col = 0; col < a.cols; col++) {
		struct cell *cell = cell_at(a, row, col);
		if (cell)
			cell->look |= LOOK_SELECTED;
	}
}

void area_copy(struct area a, const struct canvas *c, int from)
{
	int cols = least(a.cols, c->cols);
	for (int row = 0; row < a.rows && from + row < c->rows; row++)
		for (int col = 0; col < cols; col++)
			*cell_at(a, row, col) = row_of(c, from + row)[col];
}

/* ---- finding text ---- */

static uint32_t lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Where in the cells the text begins, from `from` on, and where it ends; -1: nowhere. */
static int cells_find(const struct cell *cell, int cols, int from, const char *text, int *end)
{
	size_t n = strlen(text);
	for (int begin = from; n && begin < cols; begin++) {
		size_t at = 0;
		int col = begin;
		while (at < n && col < cols) {
			uint32_t c;
			int columns;
			at += text_character(text + at, n - at, &c, &columns);
			while (col > begin && col < cols && !cell[col].ch)
				col++;
			if (col >= cols || lower(cell[col].ch) != lower(c)) {
				col = cols + 1;
				break;
			}
			col++;
		}
		*end = col;
		if (col <= cols && at >= n)
			return begin;
	}
	return -1;
}

bool canvas_row_has(const struct canvas *c, int row, const char *text)
{
	int end;
	return row >= 0 && row < c->rows && cells_find(row_of(c, row), c->cols, 0, text, &end) >= 0;
}

void area_mark(struct area a, int row, const char *text)
{
	struct cell *cell = cell_at(a, row, 0);
	int end = 0, begin;
	while (cell && (begin = cells_find(cell, a.cols, end, text, &end)) >= 0)
		for (int col = begin; col < end; col++)
			cell[col].look = (uint8_t)(LOOK_MATCH | (cell[col].look & LOOK_SELECTED));
}
