/* flow_grid.h - the rows of the list of flows, in columns that fit: reads a screenful by
 * ids, and draws it.
 *
 * Columns are as wide as what was seen in them so far, so they seldom change while one
 * scrolls. What does not fit gives way by priority; the column that sorts stays.
 *
 * Owns    a statement; flow_grid_free() frees it. Borrows the browser.
 */
#ifndef FLOW_GRID_H
#define FLOW_GRID_H

#include "canvas.h"
#include "flow_columns.h"
#include "list.h"
#include "prompt.h"

struct browser;
struct sqlite3_stmt;

enum { FLOW_CELL = 160, FLOW_SIGNS = 3 };

struct flow_grid {
	struct sqlite3_stmt *row;         /* of a flow: what the columns that are not hidden show */
	unsigned changes;                 /* of the choice it was made for */
	char     sought[PROMPT_SIZE];     /* of these only columns that may hold this text */
	uint8_t  column[FLOW_COLUMNS];    /* they, from left to right */
	int      n;
	int      seen[FLOW_COLUMNS];      /* columns of a terminal that values took, by column */
};

/* The heads in the first row, then rows of `id` from list->top on. Says where they are
 * (browser_rows()). */
void flow_grid_draw(struct flow_grid *, struct browser *, struct area, const struct list *, const int64_t *id);

/* Whether a flow's row holds the text, be it in a column for which there is no room. The grid is
 * one for searching alone: numbers that cannot hold the text are not asked for. */
bool flow_grid_has(struct flow_grid *, struct browser *, int64_t id, const char *text);

void flow_grid_free(struct flow_grid *);

#endif
