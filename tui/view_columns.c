/* view_columns.c - which columns the list of flows has, and in what order. */
#include <stdio.h>

#include "browser.h"
#include "flow_columns.h"
#include "key.h"
#include "views.h"

enum { NAME_COL = 4, HELP_COL = 22 };

struct columns { struct list list; };

static bool columns_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct columns *c = state;
	(void)b, (void)subject, (void)err;
	c->list.n = FLOW_COLUMNS;
	return true;
}

static void columns_title(void *state, char *text, size_t size)
{
	(void)state;
	snprintf(text, size, "Columns");
}

static void columns_draw(void *state, struct browser *b, struct area a)
{
	struct columns *c = state;
	list_show(&c->list, a.rows);
	browser_rows(b, a);
	for (int row = 0; row < a.rows && c->list.top + row < c->list.n; row++) {
		int column = b->flows.order[c->list.top + row];
		bool shown = !b->flows.hidden[column];
		area_put(a, row, 0, LOOK_PLAIN, shown ? "[x]" : "[ ]");
		area_put(a, row, NAME_COL, shown ? LOOK_BOLD : LOOK_DIM, flow_columns[column].name);
		area_field(a, row, HELP_COL, a.cols - HELP_COL, shown ? LOOK_PLAIN : LOOK_DIM, flow_columns[column].help);
	}
	area_select(a, (int)(c->list.at - c->list.top));
}

static struct list *columns_list(void *state)
{
	struct columns *c = state;
	return &c->list;
}

static void column_hide(struct browser *b, void *state, int key)
{
	struct columns *c = state;
	bool *hidden = &b->flows.hidden[b->flows.order[c->list.at]];
	(void)key;
	*hidden = !*hidden;
	b->flows.changes++;
}

static void column_move(struct browser *b, void *state, int key)
{
	struct columns *c = state;
	list_go(&c->list, flow_choice_move(&b->flows, (int)c->list.at, key == 'J' || key == '>' ? 1 : -1));
}

static void columns_leave(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_back(b);
}

static const struct binding columns_bindings[] = {
	{ { ' ' }, "show or hide", "show this column, or hide it", column_hide },
	{ { 'J', 'K', '>', '<' }, "move", "move it down and up here: to the right and to the left in the list", column_move },
	{ { K_ENTER, '|', 'C' }, "done", "back to the flows", columns_leave },
	{ .act = NULL },
};

const struct view view_columns = {
	.name = "columns",
	.help = "The columns of the list of flows, from left to right, for as long as the browser runs. On a narrow screen"
	        " not all have room: the important ones stay, and that by which the flows are sorted.",
	.size = sizeof(struct columns), .open = columns_open, .title = columns_title, .draw = columns_draw,
	.list = columns_list, .bindings = columns_bindings,
};
