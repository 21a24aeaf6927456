/* row_order.c - rows in order while they are still being read, and where the user stands. */
#include "row_order.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "check.h"
#include "err.h"

int check_failed;

/* n rows with keys in no order, some of them equal, one in `gaps` without a key, and as many
 * without an id. */
static struct sqlite3_stmt *numbers(struct model *m, long long n, long long gaps)
{
	return model_query(m,
		"WITH RECURSIVE i(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM i WHERE i < ?1)"
		"SELECT iif(?2 AND i % ?2 = 0, NULL, i * 7919 % 1009 - 500), iif(?2 AND i % ?2 = 1, NULL, i) FROM i", n, gaps);
}

static bool is_ordered(const struct row_order *o)
{
	for (int64_t i = 1; i < o->list.n; i++) {
		const struct ordered_row *a = &o->row[i - 1], *b = &o->row[i];
		if (a->key > b->key || (a->key == b->key && a->id >= b->id))
			return false;
	}
	return true;
}

/* A slice without time does a few rows, and what there is is in order. */
static void slices(struct model *m)
{
	struct row_order o = { 0 };
	int slice = 0;
	bool more = true;
	row_order_begin(&o, numbers(m, 100000, 0), false);
	for (; more; slice++) {
		int64_t before = o.read;
		more = row_order_work(&o, m, 0);
		CHECK((o.read > before) == more || o.read == 100000);
		CHECK(is_ordered(&o));
	}
	CHECK(slice > 100);
	CHECK(o.list.n == 100000);
	CHECK(!row_order_work(&o, m, 0));
	CHECK(row_order_id(&o, 100000) == 0 && row_order_id(&o, -1) == 0);
	row_order_free(&o);
}

/* The user's row stays his, and its place on the screen too; the first row is the first. */
static void staying(struct model *m)
{
	struct row_order o = { 0 };
	row_order_begin(&o, numbers(m, 100000, 0), true);
	CHECK(row_order_work(&o, m, 0));
	CHECK(o.list.n == 256 && o.list.at == 0);
	list_show(&o.list, 10);
	list_go(&o.list, 100);
	list_show(&o.list, 10);
	int64_t id = row_order_id(&o, 100), above = o.list.at - o.list.top;
	CHECK(!row_order_work(&o, m, INT64_MAX));
	CHECK(o.list.n == 100000 && o.list.at > 100);
	CHECK(row_order_id(&o, o.list.at) == id);
	CHECK(o.list.at - o.list.top == above);
	CHECK(o.row[0].key == -508 && is_ordered(&o));
	row_order_begin(&o, numbers(m, 10, 0), false);
	CHECK(o.list.n == 0 && o.list.at == 0);
	CHECK(!row_order_work(&o, m, INT64_MAX) && o.list.n == 10 && o.list.at == 0);
	row_order_free(&o);
}

/* Rows without a key are the last, either way; rows without an id are none. */
static void lacking(struct model *m)
{
	for (int descending = 0; descending < 2; descending++) {
		struct row_order o = { 0 };
		row_order_begin(&o, numbers(m, 1000, 10), descending);
		CHECK(!row_order_work(&o, m, INT64_MAX));
		CHECK(o.list.n == 900 && o.read == 1000);
		CHECK(is_ordered(&o));
		CHECK(row_order_id(&o, 800) == 10 && row_order_id(&o, 899) == 1000);
		row_order_free(&o);
	}
}

/* Of too many rows the first ones are kept, whenever they came. */
static void too_many(struct model *m)
{
	struct row_order o = { 0 };
	row_order_begin(&o, model_query(m,
		"WITH RECURSIVE i(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM i WHERE i < ?1) SELECT i, i + 1 FROM i",
		ROW_ORDER_MAX + 9, 0), true);
	CHECK(!row_order_work(&o, m, INT64_MAX));
	CHECK(o.left_out && o.list.n == ROW_ORDER_MAX);
	CHECK(row_order_id(&o, 0) == ROW_ORDER_MAX + 10 && row_order_id(&o, ROW_ORDER_MAX - 1) == 11);
	row_order_free(&o);
}

int main(void)
{
	struct err err;
	struct model m = { .err = &err };
	CHECK(sqlite3_open(":memory:", &m.db) == SQLITE_OK);
	slices(&m);
	staying(&m);
	lacking(&m);
	too_many(&m);
	CHECK(!m.failed);
	sqlite3_close(m.db);
	return check_failed != 0;
}
