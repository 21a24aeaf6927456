/* flow_rows.c - the ids of a list of flows are those that SQLite gives for the same question,
 * in the same order, however short the slices are in which they are found. */
#include "flow_rows.h"

#include <sqlite3.h>
#include <string.h>

#include "browser.h"
#include "check.h"

int check_failed;

enum { FLOWS = 40000, MISSING = -1 };

/* Two captures; numbers and texts in no order, some of them not known; health checks. */
static const char case_sql[] =
	"CREATE TABLE capture(id INTEGER PRIMARY KEY);"
	"CREATE TABLE flow(id INTEGER PRIMARY KEY, capture_id INTEGER, client_ip TEXT, client_port INTEGER,"
	"                  server_ip TEXT, server_port INTEGER, rtt_ns INTEGER, app TEXT);"
	"CREATE TABLE health_flow(flow_id INTEGER PRIMARY KEY);"
	"INSERT INTO capture VALUES (1), (2);"
	"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 40000)"
	"INSERT INTO flow SELECT 3 * i, 1 + (i > 30000), '10.0.' || (i * 7919 % 256) || '.' || (i * 31 % 256), i % 60000,"
	"  iif(i % 3, '10.9.9.9', '2001:db8::' || (i % 9)), 80 + i % 2, iif(i % 10, (i * 104729) % 70001 - 35000, NULL),"
	"  CASE i % 4 WHEN 0 THEN 'amqp' WHEN 1 THEN 'http' WHEN 2 THEN printf('%030d', i * 37 % 1000) ELSE iif(i % 8 = 3, '', NULL) END FROM n;"
	"INSERT INTO health_flow SELECT id FROM flow WHERE id % 5 = 0;"
	"CREATE INDEX flow_by_capture ON flow(capture_id);";

static const char address_key[] = "ip_key(f.client_ip) || (100000 + f.client_port)";

static sqlite3 *case_make(void)
{
	sqlite3 *db;
	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	CHECK(filter_register(db));
	CHECK(sqlite3_exec(db, case_sql, NULL, NULL, NULL) == SQLITE_OK);
	return db;
}

/* In slices that end at once; the flow to keep is where `found` says in the end. */
static void rows_finish(struct flow_rows *r, int64_t keep)
{
	struct err err;
	int64_t found = MISSING;
	bool more = true, replaced = false;
	for (long slices = 0; more && slices < 10000000; slices++) {
		more = flow_rows_work(r, 0, keep, &err);
		CHECK(!*err.text);
		replaced |= r->replaced;
		found = r->found;
	}
	CHECK(!more && replaced);
	CHECK(found == MISSING || ((size_t)found < r->shown.n && r->shown.at[found] == keep));
	bool there = false;
	for (size_t i = 0; i < r->shown.n; i++)
		there |= r->shown.at[i] == keep;
	CHECK(there == (found != MISSING));
}

static void check_ids(const struct flow_rows *r, const char *where, const char *order)
{
	sqlite3_stmt *s;
	char *sql = sqlite3_mprintf("SELECT id FROM flow f WHERE %s ORDER BY %s", where, order);
	size_t i = 0, wrong = 0;
	CHECK(sqlite3_prepare_v2(r->db, sql, -1, &s, NULL) == SQLITE_OK);
	for (; sqlite3_step(s) == SQLITE_ROW; i++)
		wrong += i >= r->shown.n || r->shown.at[i] != sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	CHECK(i == r->shown.n);
	CHECK(!wrong);
	if (wrong || i != r->shown.n)
		fprintf(stderr, "   %s: %zu rows, %zu of them wrong, not %zu\n", sql, r->shown.n, wrong, i);
	sqlite3_free(sql);
}

static const struct { struct flow_wish wish; const char *where, *order, *turned; } table[] = {
	{ { "", true, NULL, false, false }, "1", "id", "id DESC" },
	{ { "", true, NULL, false, true }, "1", "id DESC", "id" },
	{ { "", false, NULL, false, false }, "id % 5", "id", "id DESC" },
	{ { "tcp.port == 81", false, NULL, false, true }, "id % 5 AND server_port = 81", "id DESC", "id" },
	{ { "tcp.port == 1000000", true, NULL, false, false }, "0", "id", "id" },
	{ { "", true, "f.rtt_ns", false, false }, "1", "rtt_ns NULLS LAST, id", "rtt_ns DESC NULLS LAST, id DESC" },
	{ { "", false, "f.rtt_ns", false, true }, "id % 5", "rtt_ns DESC NULLS LAST, id DESC", "rtt_ns NULLS LAST, id" },
	{ { "client.port < 9000", true, "f.app", true, false }, "client_port < 9000",
	  "nullif(substr(app, 1, 24), '') NULLS LAST, id", "nullif(substr(app, 1, 24), '') DESC NULLS LAST, id DESC" },
	{ { "", true, "f.app", true, true }, "1",
	  "nullif(substr(app, 1, 24), '') DESC NULLS LAST, id DESC", "nullif(substr(app, 1, 24), '') NULLS LAST, id" },
	{ { "", true, address_key, true, false }, "1", "ip_key(client_ip), client_port, id", "ip_key(client_ip) DESC, client_port DESC, id DESC" },
	{ { "tcp.port == 1000000", true, "f.rtt_ns", false, false }, "0", "id", "id" },
};

/* All choices one after another, as a user makes them, who stands on a flow that some leave out. */
static void test_choices(struct flow_rows *r, int64_t keep)
{
	struct err err;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		CHECK(flow_rows_choose(r, &table[i].wish, &err));
		rows_finish(r, keep);
		check_ids(r, table[i].where, table[i].order);
		CHECK(flow_rows_turn(r));
		check_ids(r, table[i].where, table[i].turned);
	}
}

/* What was shown stays while another order is found, and after a filter that is none. */
static void test_between(struct flow_rows *r)
{
	struct err err;
	struct flow_wish all = { "", true, NULL, false, false }, by_rtt = { "", true, "f.rtt_ns", false, false },
	                 wrong = { "tcp.port ==", true, NULL, false, false };
	CHECK(flow_rows_choose(r, &all, &err));
	rows_finish(r, 3);
	CHECK(flow_rows_choose(r, &by_rtt, &err));
	CHECK(flow_rows_work(r, 0, 3, &err) && !r->replaced && r->phase == FLOW_SCAN);
	check_ids(r, "1", "id");
	CHECK(!flow_rows_turn(r));
	CHECK(flow_rows_percent(r) < 100);
	CHECK(!flow_rows_choose(r, &wrong, &err));
	rows_finish(r, 3);
	check_ids(r, "1", "rtt_ns NULLS LAST, id");
}

/* The first rows in order of ids are there after one short slice. */
static void test_first_rows(sqlite3 *db)
{
	struct err err;
	struct flow_rows r;
	struct flow_wish all = { "", true, NULL, false, false };
	CHECK(flow_rows_begin(&r, db, &err) && r.total == FLOWS && r.health == FLOWS / 5);
	CHECK(flow_rows_choose(&r, &all, &err));
	CHECK(flow_rows_work(&r, 0, 0, &err) && r.replaced && r.shown.n > 0 && r.shown.n < FLOWS);
	flow_rows_free(&r);
}

int main(void)
{
	struct err err;
	struct flow_rows r;
	sqlite3 *db = case_make();
	test_first_rows(db);
	CHECK(flow_rows_begin(&r, db, &err));
	test_choices(&r, 15);
	test_choices(&r, 3 * 81);
	test_between(&r);
	flow_rows_free(&r);
	sqlite3_close(db);
	return check_failed != 0;
}
