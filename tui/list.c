/* list.c - see list.h. */
#include "list.h"

#include "key.h"

const char list_help[] = "arrows, j k, PgUp PgDn, Ctrl-D Ctrl-U, g G, Home End";

void list_go(struct list *l, int64_t row)
{
	row = row < l->n ? row : l->n - 1;
	l->at = row > 0 ? row : 0;
}

void list_count(struct list *l, int64_t n)
{
	l->n = n;
	list_go(l, l->at);
}

void list_show(struct list *l, int rows)
{
	l->page = rows > 0 ? rows : 1;
	if (l->top > l->at)
		l->top = l->at;
	if (l->top < l->at - l->page + 1)
		l->top = l->at - l->page + 1;
	if (l->top > l->n - l->page)
		l->top = l->n - l->page;
	if (l->top < 0)
		l->top = 0;
}

/* The view moves with the selection, which keeps its place on the screen. */
static void page_turn(struct list *l, int64_t rows)
{
	l->top += rows;
	list_go(l, l->at + rows);
}

bool list_key(struct list *l, int key)
{
	switch (key) {
	case K_UP: case 'k':                   list_go(l, l->at - 1); return true;
	case K_DOWN: case 'j':                 list_go(l, l->at + 1); return true;
	case K_PAGE_UP: case K_CTRL('B'):      page_turn(l, -l->page); return true;
	case K_PAGE_DOWN: case K_CTRL('F'):    page_turn(l, l->page); return true;
	case K_CTRL('U'):                      page_turn(l, -(l->page + 1) / 2); return true;
	case K_CTRL('D'):                      page_turn(l, (l->page + 1) / 2); return true;
	case K_HOME: case 'g':                 list_go(l, 0); return true;
	case K_END: case 'G':                  list_go(l, l->n - 1); return true;
	default:                               return false;
	}
}
