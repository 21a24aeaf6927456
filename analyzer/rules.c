/* rules.c - the pass itself: rules are run under an authorizer, their rows are
 * checked and gathered; rules_findings.c writes them down. See rules.h. */
#include "rules_pass.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "digest.h"
#include "embedded.h"
#include "facts.h"
#include "limits.h"
#include "query.h"
#include "tables.h"
#include "text.h"
#include "timers.h"

enum column { FLOW_ID, FROM_NS, TO_NS, SEVERITY, CONFIDENCE, SUMMARY, NUMBERS, EVIDENCE,
              CLIENT_NAME, SERVER_NAME, CAPTURE_ID, COLUMNS, REQUIRED = CLIENT_NAME };

static const char *const column_names[COLUMNS] = {
	"flow_id", "from_ns", "to_ns", "severity", "confidence", "summary", "numbers", "evidence",
	"client", "server", "capture_id",
};

const char *const severities[3] = { "error", "warning", "note" };
const char *const confidences[3] = { "proven", "likely", "possible" };

void failure_keep(struct pass *p)
{
	if (!*p->first_failure.text)
		p->first_failure = *p->err;
	p->err->text[0] = '\0';
}

/* ---- functions that rules may call ---- */

static void sql_seconds(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	if (sqlite3_value_type(arg[0]) == SQLITE_NULL)
		return;
	int64_t ns = sqlite3_value_int64(arg[0]);
	int64_t us = ns / 1000 + (ns % 1000 >= 500) - (ns % 1000 <= -500);
	sqlite3_result_double(ctx, (double)us / 1e6);
}

static void sql_duration(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	char buf[TEXT_DURATION_SIZE];
	if (sqlite3_value_type(arg[0]) != SQLITE_NULL)
		sqlite3_result_text(ctx, text_duration(sqlite3_value_int64(arg[0]), buf), -1,
		                    SQLITE_TRANSIENT);
}

static void sql_asked_times(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	sqlite3_result_text(ctx, asked_times((const char *)sqlite3_value_text(arg[0]),
	                                     (const char *)sqlite3_value_text(arg[1])), -1, free);
}

static bool function_register(struct sqlite3 *db, const char *name, int args,
                              void (*f)(sqlite3_context *, int, sqlite3_value **))
{
	int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	return sqlite3_create_function_v2(db, name, args, how, NULL, f, NULL, NULL, NULL) == SQLITE_OK;
}

static bool functions_register(struct sqlite3 *db)
{
	return function_register(db, "seconds", 1, sql_seconds)
	    && function_register(db, "duration", 1, sql_duration)
	    && function_register(db, "asked_times", 2, sql_asked_times)
	    // set up here: while a rule is prepared the authorizer would not let it be
	    && sqlite3_exec(db, "SELECT 1 FROM json_each('[]')", NULL, NULL, NULL) == SQLITE_OK;
}

/* ---- from a rule to drafts ---- */

bool fail_rule(struct pass *p, const struct rule *r, const char *why)
{
	return fail(p->err, "rule %s: %.300s%s%s", r->id, why,
	            strcmp(r->origin, "built in") ? " - " : "",
	            strcmp(r->origin, "built in") ? r->origin : "");
}

int word_index(const char *word, const char *const *words)
{
	for (int i = 0; word && i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return NONE;
}

/* Every parameter of the statement is one of the header's, written `:name`. */
static bool params_bind(struct pass *p, const struct rule *r, sqlite3_stmt *stmt)
{
	for (int at = 1; at <= sqlite3_bind_parameter_count(stmt); at++) {
		const char *name = sqlite3_bind_parameter_name(stmt, at);
		size_t i = 0;
		while (i < r->params_n && !(name && *name == ':' && strcmp(name + 1, r->params[i].name) == 0))
			i++;
		if (i == r->params_n)
			return fail_rule(p, r, "its parameters are written :name, and each has a `param` line");
		const char *value = r->params[i].value;
		if (strpbrk(value, ".eE"))
			sqlite3_bind_double(stmt, at, strtod(value, NULL));
		else
			sqlite3_bind_int64(stmt, at, strtoll(value, NULL, 10));
	}
	return true;
}

/* Where each column stands in the result; -1: the rule does not give it. */
static bool columns_find(struct pass *p, const struct rule *r, sqlite3_stmt *stmt, int at[COLUMNS])
{
	char why[160];
	for (int c = 0; c < COLUMNS; c++)
		at[c] = -1;
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		const char *name = sqlite3_column_name(stmt, i);
		int c = 0;
		while (c < COLUMNS && strcmp(name, column_names[c]) != 0)
			c++;
		if (c == COLUMNS || at[c] >= 0) {
			snprintf(why, sizeof why,
			         c == COLUMNS ? "a finding has no column \"%.60s\""
			                      : "the column %.60s is there twice",
			         name);
			return fail_rule(p, r, why);
		}
		at[c] = i;
	}
	for (int c = 0; c < REQUIRED; c++)
		if (at[c] < 0) {
			snprintf(why, sizeof why, "its result lacks the column %s",
			         column_names[c]);
			return fail_rule(p, r, why);
		}
	return true;
}

/* A column's text, to be freed; NULL for NULL. */
char *column_copy(sqlite3_stmt *stmt, int at)
{
	const unsigned char *text = at < 0 ? NULL : sqlite3_column_text(stmt, at);
	return text ? text_copy((const char *)text) : NULL;
}

/* An integer column, or `none` for NULL; false for any other type. */
static bool column_integer(sqlite3_stmt *stmt, int at, int64_t none, int64_t *value)
{
	int type = at < 0 ? SQLITE_NULL : sqlite3_column_type(stmt, at);
	*value = type == SQLITE_INTEGER ? sqlite3_column_int64(stmt, at) : none;
	return type == SQLITE_INTEGER || type == SQLITE_NULL;
}

void draft_free(struct draft *d)
{
	free(d->summary);
	free(d->numbers);
	free(d->evidence);
	free(d->client);
	free(d->server);
	free(d->doubt);
}

static bool draft_take(struct pass *p, const struct rule *r, sqlite3_stmt *stmt,
                       const int at[COLUMNS])
{
	p->draft = alloc_grown(p->draft, p->n + 1, sizeof *p->draft);
	struct draft *d = &p->draft[p->n];
	*d = (struct draft){ .rule = r, .nr = p->n };
	p->n++;
	if (!column_integer(stmt, at[FLOW_ID], NO_ID, &d->flow_id)
	    || !column_integer(stmt, at[CAPTURE_ID], NO_ID, &d->capture_id)
	    || !column_integer(stmt, at[FROM_NS], NO_TIME, &d->from_ns)
	    || !column_integer(stmt, at[TO_NS], NO_TIME, &d->to_ns))
		return fail_rule(p, r,
		                 "flow_id, capture_id, from_ns and to_ns are integers or NULL");
	char *severity = column_copy(stmt, at[SEVERITY]),
	     *confidence = column_copy(stmt, at[CONFIDENCE]);
	d->severity = word_index(severity, severities);
	int sure = word_index(confidence, confidences);
	free(severity);
	free(confidence);
	if (d->severity < 0)
		return fail_rule(p, r, "severity is error, warning or note");
	if (sure < 0)
		return fail_rule(p, r, "confidence is proven, likely or possible");
	d->confidence = confidences[sure];
	d->summary = column_copy(stmt, at[SUMMARY]);
	d->numbers = column_copy(stmt, at[NUMBERS]);
	d->evidence = column_copy(stmt, at[EVIDENCE]);
	d->client = column_copy(stmt, at[CLIENT_NAME]);
	d->server = column_copy(stmt, at[SERVER_NAME]);
	if (!d->summary || !*d->summary)
		return fail_rule(p, r, "a finding needs a summary");
	if (!d->numbers || !d->evidence)
		return fail_rule(p, r, "numbers and evidence are JSON and not NULL");
	return true;
}

static bool rows_take(struct pass *p, const struct rule *r, sqlite3_stmt *stmt)
{
	int at[COLUMNS];
	if (!columns_find(p, r, stmt, at) || !params_bind(p, r, stmt))
		return false;
	int rc;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		if (!draft_take(p, r, stmt, at))
			return false;
	return rc == SQLITE_DONE || fail_rule(p, r, sqlite3_errmsg(p->db));
}

/* Whether what a rule is over is empty. Preparing a rule costs more than running most. */
static bool has_nothing(struct pass *p, const struct rule *r, bool *empty)
{
	sqlite3_stmt *stmt = NULL;
	char *sql = sqlite3_mprintf("SELECT EXISTS (SELECT 1 FROM \"%w\")", r->over ? r->over : "flow");
	bool ok = sqlite3_prepare_v2(p->db, sql, -1, &stmt, NULL) == SQLITE_OK
	       && sqlite3_step(stmt) == SQLITE_ROW;
	*empty = ok && r->over && !sqlite3_column_int(stmt, 0);
	if (!ok)
		fail_rule(p, r, sqlite3_errmsg(p->db));
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
	return ok;
}

static bool rule_run(struct pass *p, const struct rule *r)
{
	sqlite3_stmt *stmt = NULL;
	bool empty;
	if (!has_nothing(p, r, &empty))
		return false;
	if (empty)
		return true;
	sqlite3_set_authorizer(p->db, query_only_reads, NULL);
	int rc = sqlite3_prepare_v2(p->db, r->sql, -1, &stmt, NULL);
	bool ok = false;
	if (rc == SQLITE_AUTH)
		fail_rule(p, r,
		          "not authorized: a rule is one SELECT, it may read and nothing else");
	else if (rc != SQLITE_OK)
		fail_rule(p, r, sqlite3_errmsg(p->db));
	else if (!stmt || !sqlite3_stmt_readonly(stmt) || sqlite3_stmt_isexplain(stmt)
	         || sqlite3_column_count(stmt) == 0)
		fail_rule(p, r, "not authorized: a rule is one SELECT");
	else
		ok = rows_take(p, r, stmt);
	sqlite3_finalize(stmt);
	sqlite3_set_authorizer(p->db, NULL, NULL);
	return ok;
}

/* ---- the pass ---- */

/* The parameters' values as a JSON object. */
static char *params_json(struct sqlite3 *db, const struct rule *r)
{
	sqlite3_str *s = sqlite3_str_new(db);
	for (size_t i = 0; i < r->params_n; i++) {
		const char *value = r->params[i].value;
		sqlite3_str_appendf(s, "%s\"%s\":", i ? "," : "{", r->params[i].name);
		if (strpbrk(value, ".eE"))
			sqlite3_str_appendf(s, "%!.15g", strtod(value, NULL));
		else
			sqlite3_str_appendf(s, "%lld", strtoll(value, NULL, 10));
	}
	sqlite3_str_appendall(s, r->params_n ? "}" : "{}");
	return sqlite3_str_finish(s);
}

static bool rule_insert(struct pass *p, const struct rule *r, sqlite3_stmt *stmt)
{
	char *params = params_json(p->db, r), sha256[DIGEST_HEX];
	bind_text(stmt, 1, r->id);
	bind_text(stmt, 2, r->title);
	bind_text(stmt, 3, r->severity);
	sqlite3_bind_int(stmt, 4, r->benign);
	bind_text(stmt, 5, r->explains);
	bind_text(stmt, 6, r->remedy);
	bind_text(stmt, 7, r->confirm);
	bind_text(stmt, 8, r->not_when);
	bind_text(stmt, 9, r->reference);
	bind_text(stmt, 10, params);
	bind_text(stmt, 11, r->origin);
	bind_text(stmt, 12, r->about_capture ? "capture" : "connections");
	bind_text(stmt, 13, r->needs);
	bind_text(stmt, 14, r->yields);
	bind_text(stmt, 15, digest_hex(r->sql, sha256));
	sqlite3_free(params);
	return step_done(p, r, stmt);
}

static bool rules_insert(struct pass *p, const struct rules *rules)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(p->db,
	                             "INSERT INTO rule(id, title, severity, benign, explains,"
	                             " remedy, confirm, not_when, reference, params, origin,"
	                             " about, needs, yields, sha256) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	                             -1, &stmt, NULL)
	                  == SQLITE_OK
	          || fail(p->err, "rules cannot be written down: %s", sqlite3_errmsg(p->db));
	for (size_t i = 0; ok && i < rules->n; i++)
		ok = rule_insert(p, &rules->rule[i], stmt);
	sqlite3_finalize(stmt);
	return ok;
}

/* ---- who watches ---- */

enum { TELL_STEPS = 100000 };   /* of SQLite's machine between two looks at the clock */

/* Called by SQLite in the midst of a statement, too; what is not 0 ends it. */
static int watcher_told(void *pass)
{
	struct pass *p = pass;
	if (!p->options->progress || p->given_up || !pace_due(&p->pace))
		return p->given_up;
	p->given_up = !p->options->progress(p->options->context, &p->progress);
	pace_done(&p->pace);
	return p->given_up;
}

/* The user's own timers stay, and the built-in ones are loaded beside them. */
static const char timers_apart[] =
	"DROP TABLE IF EXISTS temp.known_timer;"
	"CREATE TEMP TABLE known_timer AS SELECT * FROM main.known_timer WHERE NOT builtin";

/* What was not to be told was named by its number: these are others' now. */
static const char nothing_left_out[] =
	"CREATE TEMP TABLE IF NOT EXISTS left_out(finding INTEGER PRIMARY KEY, why TEXT NOT NULL);"
	"DELETE FROM temp.left_out";

/* Drop what was concluded, and work out what several rules need. */
static bool conclusions_begin(struct pass *p)
{
	if (!functions_register(p->db) || !tables_make(p->db, "db/derived.sql", p->options->temporary)
	    || sqlite3_exec(p->db, nothing_left_out, NULL, NULL, NULL) != SQLITE_OK
	    || (p->options->temporary && sqlite3_exec(p->db, timers_apart, NULL, NULL, NULL) != SQLITE_OK))
		return fail(p->err, "earlier conclusions cannot be cleared: %s", sqlite3_errmsg(p->db));
	return timers_load(p->db, embedded_text("analyzer/rules/timers.csv"), p->err);
}

static bool summary_make(struct pass *p)
{
	bool temporary = p->options->temporary;
	return (tables_make(p->db, "db/incidents.sql", temporary) && tables_make(p->db, "db/summary.sql", temporary)
	        && flows_count(p))
	    || fail(p->err, "the summary of the findings cannot be written: %s", sqlite3_errmsg(p->db));
}

/* What every rule finds. Those that fail are left out. */
static void drafts_take(struct pass *p, const struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		size_t before = p->n;
		p->progress.done = i;
		p->progress.rule = rules->rule[i].id;
		if (watcher_told(p))
			break;
		if (rule_run(p, &rules->rule[i]))
			continue;
		failure_keep(p);
		while (p->n > before)
			draft_free(&p->draft[--p->n]);
	}
}

bool rules_run(const struct rules *rules, struct sqlite3 *db, const struct rules_options *options, struct err *err)
{
	static const struct rules_options none = { 0 };
	struct pass p = { .db = db, .err = err, .options = options ? options : &none, .progress.all = rules->n };
	err->text[0] = '\0';
	if (p.options->progress)
		sqlite3_progress_handler(db, TELL_STEPS, watcher_told, &p);
	bool ok = conclusions_begin(&p) && rules_insert(&p, rules);
	if (ok)
		drafts_take(&p, rules);
	ok = ok && !p.given_up && findings_insert(&p) && summary_make(&p);
	if (p.options->progress)
		sqlite3_progress_handler(db, 0, NULL, NULL);
	for (size_t i = 0; i < p.n; i++)
		draft_free(&p.draft[i]);
	free(p.draft);
	if (p.given_up)
		return fail(err, "the rules were stopped after %zu of %zu: nothing is concluded", p.progress.done,
		            rules->n);
	if (ok && *p.first_failure.text) {
		*err = p.first_failure;
		ok = false;
	}
	return ok;
}
