/* query.c - what a query of the user's own may do (db/query.h), what of its result is kept
 * (tui/result.h), and that reports and extracts leave alone what is being read beside them. */
#include "query.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "copy.h"
#include "extract.h"
#include "limits.h"
#include "report.h"
#include "report_choice.h"
#include "report_model.h"
#include "result.h"
#include "rules.h"
#include "store.h"

int check_failed;

/* ---- what may be asked ---- */

static void queries_check(struct sqlite3 *db)
{
	static const char *const fine[] = {
		"SELECT 1", "SELECT * FROM flow;", "  VALUES(1) ; ", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3)"
		" SELECT * FROM n", "SELECT count(*) FROM packet WHERE flow_id = 1", "SELECT * FROM json_each('[1]')",
		"EXPLAIN QUERY PLAN SELECT * FROM flow",
	};
	static const char *const refused[] = {
		"", ";", "SELEC 1", "SELECT nothing_such FROM flow", "DELETE FROM flow", "DROP TABLE flow", "UPDATE flow SET stream = 0",
		"INSERT INTO note(text) VALUES('x')", "CREATE TABLE x(a)", "CREATE TEMP TABLE x(a)", "ATTACH 'x.db' AS x",
		"DETACH temp", "PRAGMA writable_schema = 1", "PRAGMA user_version", "SELECT * FROM pragma_table_info('flow')", "VACUUM",
		"VACUUM INTO 'x.db'", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT x", "REINDEX", "ANALYZE",
		"SELECT load_extension('x')", "SELECT 1; DELETE FROM flow", "SELECT 1; SELECT 2", "WITH x AS (SELECT 1) DELETE FROM flow",
		"INSERT INTO note(text) VALUES('x') RETURNING id",
	};
	struct query_ids ids;
	struct err err;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		sqlite3_stmt *s = query_prepare(db, fine[i], &ids, &err);
		CHECK(s);
		if (!s)
			fprintf(stderr, "   %s: %s\n", fine[i], err.text);
		sqlite3_finalize(s);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		err.text[0] = '\0';
		sqlite3_stmt *s = query_prepare(db, refused[i], &ids, &err);
		CHECK(!s && *err.text);
		if (s)
			fprintf(stderr, "   %s\n", refused[i]);
		sqlite3_finalize(s);
	}
	CHECK(sqlite3_exec(db, "CREATE TEMP TABLE ours(a)", NULL, NULL, NULL) == SQLITE_OK);   /* no lock is left */
}

static void ids_check(struct sqlite3 *db)
{
	static const struct { const char *sql; struct query_ids ids; } cases[] = {
		{ "SELECT id FROM flow", { .flow = true } }, { "SELECT * FROM finding", { .finding = true } },
		{ "SELECT stream FROM flow", { 0 } }, { "SELECT c.id FROM flow f JOIN capture c ON c.id = f.capture_id", { .other = true } },
		{ "SELECT f.id FROM flow f JOIN finding n ON n.flow_id = f.id AND n.id = 1", { .flow = true, .finding = true } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct query_ids ids;
		struct err err;
		sqlite3_finalize(query_prepare(db, cases[i].sql, &ids, &err));
		CHECK(ids.flow == cases[i].ids.flow && ids.finding == cases[i].ids.finding && ids.other == cases[i].ids.other);
	}
}

/* ---- what is kept ---- */

static struct result result_of(struct sqlite3 *db, const char *sql)
{
	struct result r;
	sqlite3_stmt *s = NULL;
	CHECK(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
	result_begin(&r, s, false);
	while (sqlite3_step(s) == SQLITE_ROW && result_row(&r, s))
		;
	sqlite3_finalize(s);
	return r;
}

static bool value_is(const struct result *r, size_t row, int column, const char *text)
{
	const struct value *v = result_at(r, row, column);
	return v->n == strlen(text) && memcmp(r->bytes + v->at, text, v->n) == 0;
}

static void results_check(struct sqlite3 *db)
{
	struct result r = result_of(db, "SELECT 7 AS flow_id, NULL AS n, x'0aff' AS b, 'two' AS t UNION ALL SELECT '8', 2, NULL, 5");
	CHECK(r.rows == 2 && r.columns == 4 && !r.full);
	CHECK(value_is(&r, 0, 0, "7") && value_is(&r, 0, 1, "NULL") && value_is(&r, 0, 2, "x'0AFF'") && value_is(&r, 1, 3, "5"));
	CHECK(!r.column[0].number && r.column[1].number && !r.column[3].number);
	CHECK(r.column[0].width == 7 && r.column[2].width == 7);
	CHECK(result_number(&r, 0, "FLOW_ID") == 7 && result_number(&r, 1, "flow_id") == 0 && result_number(&r, 0, "t") == 0);
	CHECK(result_number(&r, 2, "flow_id") == 0);
	result_free(&r);

	r = result_of(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
	CHECK(r.full && r.rows == LIMIT_QUERY_ROWS && value_is(&r, LIMIT_QUERY_ROWS - 1, 0, "20000"));
	result_free(&r);

	r = result_of(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(1000000), 'x' FROM n");
	CHECK(r.full && r.bytes_n < LIMIT_QUERY_BYTES + 2 * LIMIT_QUERY_CELL && result_at(&r, 0, 0)->cut && !result_at(&r, 0, 1)->cut);
	result_free(&r);
}

/* ---- beside what is being read ---- */

static size_t report_size(struct sqlite3 *db)
{
	struct err err;
	FILE *out = tmpfile();
	struct report_options how = { .out = out, .width = 80 };
	CHECK(report_text(db, &how, &err) && report_html(db, &how, &err) && report_json(db, &how, &err));
	size_t n = (size_t)ftell(out);
	fclose(out);
	return n;
}

/* A statement is in the midst of a table all the while, as in a view that reads in slices. */
static void beside_check(struct sqlite3 *db)
{
	struct model m;
	struct err err;
	size_t frames;
	CHECK(model_open(&m, db, &err));
	sqlite3_stmt *reading = model_query(&m, "SELECT id FROM rule", 0, 0);
	CHECK(model_next(&m, reading));
	size_t before = report_size(db);
	CHECK(choice_narrow(db, 1, &err));
	report_size(db);
	choice_widen(db);
	CHECK(report_size(db) == before && before > 100);
	struct choice none = { CHOOSE_FLOW, "1" };
	struct extract_options how = { .chosen_only = true, .output = "/dev/null" };
	CHECK(!extract_choose(db, &none, 1, &err) && strstr(err.text, "no such flow.id"));
	CHECK(!extract_choose(db, &none, 1, &err) && strstr(err.text, "no such flow.id"));
	CHECK(extract(db, &how, &frames, &err) && frames == 0);
	CHECK(model_number(&m, "SELECT count(*) FROM temp.shown_incident", 0) == 0 && !m.failed);
	size_t rules = 1;
	while (model_next(&m, reading))
		rules++;
	CHECK(rules == (size_t)model_number(&m, "SELECT count(*) FROM rule", 0) && rules > 10);
	CHECK(model_close(&m));
	CHECK(sqlite3_exec(db, "SELECT 1 FROM temp.shown_incident", NULL, NULL, NULL) != SQLITE_OK);   /* taken away */
}

/* ---- words of a shell ---- */

static void words_check(void)
{
	static const struct { const char *word, *quoted; } words[] = {
		{ "a.pcap", "a.pcap" }, { "", "''" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" }, { "$(reboot)", "'$(reboot)'" },
		{ "`x`;&|<>*?~", "'`x`;&|<>*?~'" }, { "a\nb", "$'a\\x0ab'" }, { "a\033]52;c;\a'\\", "$'a\\x1b]52;c;\\x07\\x27\\x5c'" },
		{ "caf\xc3\xa9", "'caf\xc3\xa9'" }, { "\xff", "$'\\xff'" }, { "x\xe2\x80\xaey", "$'x\\xe2\\x80\\xaey'" },
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		sqlite3_str *s = sqlite3_str_new(NULL);
		copy_shell_word(s, words[i].word);
		char *quoted = sqlite3_str_finish(s);
		CHECK(quoted && strcmp(quoted, words[i].quoted) == 0);
		if (quoted && strcmp(quoted, words[i].quoted) != 0)
			fprintf(stderr, "   %s\n", quoted);
		sqlite3_free(quoted);
	}
}

int main(void)
{
	struct err err;
	struct rules rules;
	struct rules_options how = { 0 };
	struct store *store = store_open(NULL, &err);
	CHECK(store && rules_load(&rules, NULL, &err) && store_index(store, &err));
	CHECK(rules_run(&rules, store_db(store), &how, &err));
	queries_check(store_db(store));
	ids_check(store_db(store));
	results_check(store_db(store));
	beside_check(store_db(store));
	words_check();
	rules_free(&rules);
	store_close(store);
	return check_failed != 0;
}
