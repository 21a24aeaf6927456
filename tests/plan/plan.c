/* plan.c - how SQLite means to run each rule, on an empty case with its indexes.
 *
 *     plan FOLDER      writes FOLDER/ID.plan for every built-in rule, and
 *                      FOLDER/sqlite-version
 *
 * tests/plans/ holds them as they were looked at; tests/run.sh compares. A plan that
 * changes is a rule that may have become slow: SCAN of a large table inside a loop,
 * an AUTOMATIC index, a correlated subquery over what it need not look at.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules.h"
#include "store.h"

enum { DEPTH = 64 };

/* The tree that EXPLAIN QUERY PLAN gives as rows of (id, parent, unused, text). */
static bool plan_write(struct sqlite3 *db, const struct rule *r, FILE *out)
{
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN\n%s", r->sql);
	sqlite3_stmt *s = NULL;
	int path[DEPTH] = { 0 }, depth = 0;
	bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK;
	while (ok && sqlite3_step(s) == SQLITE_ROW) {
		while (depth > 0 && path[depth] != sqlite3_column_int(s, 1))
			depth--;
		fprintf(out, "%*s%s\n", 2 * depth, "", (const char *)sqlite3_column_text(s, 3));
		if (depth + 1 < DEPTH)
			path[++depth] = sqlite3_column_int(s, 0);
	}
	if (!ok)
		fprintf(stderr, "%s: %s\n", r->id, sqlite3_errmsg(db));
	sqlite3_finalize(s);
	sqlite3_free(sql);
	return ok;
}

int main(int argc, char **argv)
{
	struct err err = { "" };
	struct rules rules = { 0 }, none = { 0 };
	if (argc != 2)
		return 2;
	struct store *store = store_open(NULL, &err);
	bool ok = store && store_index(store, &err) && rules_load(&rules, NULL, &err)
	       && rules_run(&none, store_db(store), NULL, &err);
	if (!ok)
		fprintf(stderr, "%s\n", err.text);
	for (size_t i = 0; ok && i < rules.n; i++) {
		char path[1024];
		snprintf(path, sizeof path, "%s/%s.plan", argv[1], rules.rule[i].id);
		FILE *out = fopen(path, "w");
		ok = out && plan_write(store_db(store), &rules.rule[i], out);
		ok = out && fclose(out) == 0 && ok;
	}
	char path[1024];
	snprintf(path, sizeof path, "%s/sqlite-version", argv[1]);
	FILE *version = ok ? fopen(path, "w") : NULL;
	ok = version && fprintf(version, "%s\n", sqlite3_libversion()) > 0 && fclose(version) == 0;
	rules_free(&rules);
	store_close(store);
	return !ok;
}
