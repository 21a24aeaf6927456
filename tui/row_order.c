/* row_order.c - see row_order.h. */
#include "row_order.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "err.h"

enum { SLICE_LEAST = 256 };               /* rows between looks at the clock */

void row_order_begin(struct row_order *o, struct sqlite3_stmt *question, bool descending)
{
	sqlite3_finalize(o->question);
	o->question = question;
	o->descending = descending;
	o->left_out = false;
	o->read = 0;
	o->tail_n = 0;
	o->list.n = o->list.at = o->list.top = 0;
}

static int row_compare(const void *a, const void *b)
{
	const struct ordered_row *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Keys that are turned order rows the other way; none is greater than that of a row without. */
static int64_t key_of(struct sqlite3_stmt *s, bool descending)
{
	int64_t key = sqlite3_column_int64(s, 0);
	if (sqlite3_column_type(s, 0) == SQLITE_NULL)
		return INT64_MAX;
	return !descending ? key : key == INT64_MIN ? INT64_MAX : -key;
}

/* The tail among the other rows, from the greatest on, so that nothing is in the way. */
static void tail_merge(struct row_order *o)
{
	int64_t n = o->list.n, t = (int64_t)o->tail_n;
	if (!t)
		return;
	qsort(o->tail, o->tail_n, sizeof *o->tail, row_compare);
	if (n + t > o->room) {
		o->room = n + t + n / 2 < ROW_ORDER_MAX + ROW_ORDER_TAIL ? n + t + n / 2 : ROW_ORDER_MAX + ROW_ORDER_TAIL;
		o->row = alloc_grown(o->row, (size_t)o->room, sizeof *o->row);
	}
	for (int64_t to = n + t; t > 0;)
		o->row[--to] = n > 0 && row_compare(&o->row[n - 1], &o->tail[t - 1]) > 0 ? o->row[--n] : o->tail[--t];
	o->list.n += (int64_t)o->tail_n;
	o->tail_n = 0;
	if (o->list.n > ROW_ORDER_MAX) {
		o->list.n = ROW_ORDER_MAX;
		o->left_out = true;
	}
}

/* Where a row is now, or would be. */
static int64_t row_place(const struct row_order *o, const struct ordered_row *row)
{
	int64_t from = 0, to = o->list.n;
	while (from < to) {
		int64_t middle = from + (to - from) / 2;
		if (row_compare(&o->row[middle], row) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The next rows; false: that was all. */
static bool rows_read(struct row_order *o, struct model *m)
{
	for (int i = 0; i < SLICE_LEAST; i++) {
		if (!model_next(m, o->question)) {
			o->question = NULL;
			return false;
		}
		o->read++;
		if (sqlite3_column_type(o->question, 1) != SQLITE_NULL)
			o->tail[o->tail_n++] = (struct ordered_row){ key_of(o->question, o->descending),
			                                             sqlite3_column_int64(o->question, 1) };
		if (o->tail_n == ROW_ORDER_TAIL)
			tail_merge(o);
	}
	return true;
}

bool row_order_work(struct row_order *o, struct model *m, int64_t until_ns)
{
	struct list *list = &o->list;
	struct ordered_row at = list->at > 0 ? o->row[list->at] : (struct ordered_row){ 0 };
	int64_t above = list->at - list->top;
	if (!o->question)
		return false;
	if (!o->tail)
		o->tail = alloc_zeroed(ROW_ORDER_TAIL, sizeof *o->tail);
	while (rows_read(o, m) && browser_now() < until_ns)
		;
	tail_merge(o);
	if (list->at > 0) {
		list_go(list, row_place(o, &at));
		list->top = list->at - above;
	}
	return o->question != NULL;
}

int64_t row_order_id(const struct row_order *o, int64_t row)
{
	return row >= 0 && row < o->list.n ? o->row[row].id : 0;
}

void row_order_free(struct row_order *o)
{
	sqlite3_finalize(o->question);
	free(o->row);
	free(o->tail);
	*o = (struct row_order){ 0 };
}
