/* sheet.h - a page of text that is longer than the screen: prose, tables and drawings,
 * written once for a width and scrolled.
 *
 * A sheet is a canvas that grows downwards. Rows may lead somewhere: a tag is whatever
 * number the view likes, 0 where a row leads nowhere.
 *
 * Bounds  SHEET_ROWS rows; what comes after is left out, and a last row says so.
 * Owns    its cells and tags; sheet_free() frees them.
 */
#ifndef SHEET_H
#define SHEET_H

#include "canvas.h"
#include "list.h"

enum { SHEET_ROWS = 20000 };

struct sheet {
	struct canvas canvas;
	int           used;               /* rows written */
	int64_t      *tag;
	struct list   list;
};

/* Empty, for so many columns; where the user stands is kept. */
void sheet_begin(struct sheet *, int cols, bool ascii);

/* The next `n` rows, blank, to draw on. Borrowed until the next row is asked for. */
struct area sheet_rows(struct sheet *, int n);

/* What the rows from `row` on to the last one lead to. */
void sheet_tag(struct sheet *, int row, int64_t tag);

/* The tag of the row at which the user stands. */
int64_t sheet_tag_at(const struct sheet *);

/* A row with a text from column `col` on, cut where it does not fit. */
void sheet_line(struct sheet *, int col, int look, const char *text);

/* Text folded between column `col` and the right edge; `label` stands to its left in the
 * first row. Line feeds are kept; lines that begin with a blank are commands: they are
 * not folded at blanks but cut into rows. */
void sheet_fold(struct sheet *, int col, const char *label, int look, const char *text);

/* A row that heads what follows: the words, and a line to the right edge. */
void sheet_heading(struct sheet *, const char *words);

/* Show it; the row at which the user stands is selected. */
void sheet_draw(struct sheet *, struct area);

/* Text folded onto an area, from this row on; returns the row behind it. */
int sheet_put(struct area, int row, int look, const char *text);

void sheet_free(struct sheet *);

#endif
