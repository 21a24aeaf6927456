/* canvas.h - a grid of cells of text, on which views draw. Only screen.c shows it on a
 * terminal; tests read it as text.
 *
 * Hostile bytes  area_put() and what calls it are the only ways to a cell. What must not
 *                reach a terminal is shown as \xNN (base/text.h), so no capture can
 *                speak to the terminal.
 * Sizes          columns of a terminal; a wide character fills two.
 * Bounds         nothing is drawn outside of an area: what does not fit is cut off.
 * Owns           the cells; canvas_free() frees them.
 */
#ifndef CANVAS_H
#define CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a cell is for; colours are screen.c's business. */
enum look {
	LOOK_PLAIN, LOOK_BOLD, LOOK_DIM, LOOK_HEAD, LOOK_BAR, LOOK_TAB, LOOK_KEY, LOOK_ERROR, LOOK_WARNING,
	LOOK_NOTE, LOOK_GOOD, LOOK_CLIENT, LOOK_SERVER, LOOK_EVIDENCE, LOOK_MATCH,
	LOOKS,
	LOOK_SELECTED = 0x40,             /* beside any of these */
};

struct cell {
	uint32_t ch;                      /* 0: the right half of a wide character */
	uint32_t mark;                    /* written over it (an accent); 0: none */
	uint8_t  look;
};

struct canvas {
	int  rows, cols;
	bool ascii;                       /* signs of ours are drawn in ASCII, and others as \xNN */
	struct cell *cell;
};

/* Blank, with so many rows and columns. */
void canvas_size(struct canvas *, int rows, int cols);
void canvas_free(struct canvas *);

/* Rows of text without blanks at their ends. `marked`: each behind a column that has '>' where
 * cells of the row are selected. */
void canvas_write(const struct canvas *, FILE *, bool marked);

/* A part of a canvas; rows and columns count from its corner. */
struct area { struct canvas *on; int row, col, rows, cols; };

struct area canvas_area(struct canvas *);

/* A part of an area; what lies outside of it is no part. */
struct area area_part(struct area, int row, int col, int rows, int cols);

/* Draw text; returns the column behind it. What does not fit is left out. */
int area_put(struct area, int row, int col, int look, const char *text);
int area_put_n(struct area, int row, int col, int look, const char *text, size_t n);
__attribute__((format(printf, 5, 6)))
int area_printf(struct area, int row, int col, int look, const char *fmt, ...);

/* Text in a field of so many columns, blanks behind it; cut, it ends in "…". A negative
 * width puts the blanks before it. Returns the column behind the field. */
int area_field(struct area, int row, int col, int width, int look, const char *text);

/* The same at the left of a field, but a text of which the end tells most keeps that where it is
 * cut: a port, what a file's name ends in. Writes no blanks. */
void area_tail(struct area, int row, int col, int width, int look, const char *text);

/* The sign drawn n times, to the right. Returns the column behind. */
int area_repeat(struct area, int row, int col, int n, int look, const char *sign);

/* All cells of the row have this look; what is written stays. */
void area_look(struct area, int row, int look);

/* They are selected, in the look they have. */
void area_select(struct area, int row);

/* Copy rows of another canvas, from `from` on, as many as fit. */
void area_copy(struct area, const struct canvas *, int from);

/* Whether the row holds the text, in any case of letters. */
bool canvas_row_has(const struct canvas *, int row, const char *text);

/* Mark where it does. */
void area_mark(struct area, int row, const char *text);

#endif
