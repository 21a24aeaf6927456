/* row_order.h - rows of any table in the order of a key, put together in slices of time, and
 * where the user stands in them.
 *
 * A question gives the rows in the order in which they are quickest to read: a key, and what
 * tells the row (a rowid). They can be shown while it is still being asked: those read so far
 * are in order.
 *
 * Order   by key, rows without one last; equal keys by id. Descending turns only the keys.
 * Cost    16 bytes a row; a slice takes the time it is given, and a few milliseconds.
 * Bounds  ROW_ORDER_MAX rows: of more, the first ones in the order are kept.
 * Owns    the rows and the question; row_order_free() frees them.
 */
#ifndef ROW_ORDER_H
#define ROW_ORDER_H

#include "list.h"
#include "report_model.h"

enum { ROW_ORDER_MAX = 3000000, ROW_ORDER_TAIL = 32768 };

struct ordered_row { int64_t key, id; };

struct row_order {
	struct list          list;        /* of the rows that are in order */
	struct ordered_row  *row;         /* list.n of them */
	int64_t              room;
	struct ordered_row  *tail;        /* rows read, not yet among those */
	size_t               tail_n;
	struct sqlite3_stmt *question;    /* NULL: all is read */
	int64_t              read;        /* rows that it gave so far */
	bool                 descending;
	bool                 left_out;    /* there were more than ROW_ORDER_MAX */
};

/* Empty, with the user at the first row. The question, which is taken over, gives the key and
 * the id of each row; a row without an id is passed over (a question that seldom finds
 * anything does well to give such rows: it can be left only where it gives one). */
void row_order_begin(struct row_order *, struct sqlite3_stmt *question, bool descending);

/* Go on until then, on the monotonic clock; whether there is more to do. The user stays at
 * his row, or at the first one. */
bool row_order_work(struct row_order *, struct model *, int64_t until_ns);

/* The id of a row; 0: there is no such row. */
int64_t row_order_id(const struct row_order *, int64_t row);

void row_order_free(struct row_order *);

#endif
