/* rules.c - the pass itself: rules are run under an authorizer, their rows are
 * checked, put in order, and written down as findings. See rules.h.
 *
 * All rows are gathered first and inserted last: findings are numbered in the
 * order of the report, and nothing needs to write while the authorizer stands. */
#include "rules.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "facts.h"
#include "limits.h"
#include "text.h"
#include "timers.h"

enum column { FLOW_ID, FROM_NS, TO_NS, SEVERITY, CONFIDENCE, SUMMARY, NUMBERS, EVIDENCE,
              CLIENT_NAME, SERVER_NAME, CAPTURE_ID, COLUMNS, REQUIRED = CLIENT_NAME };

static const char *const column_names[COLUMNS] = {
	"flow_id", "from_ns", "to_ns", "severity", "confidence", "summary", "numbers", "evidence",
	"client", "server", "capture_id",
};

static const char *const severities[] = { "error", "warning", "note" };
static const char *const confidences[] = { "proven", "likely", "possible" };
enum { LEAST_SURE = 2 };          /* index into confidences */

/* One row of a rule's result. NO_TIME and NO_ID stand for NULL. */
struct draft {
	const struct rule *rule;
	int64_t flow_id, capture_id, from_ns, to_ns;
	int     severity;                /* index into severities */
	const char *confidence;
	char   *summary, *numbers, *evidence, *client, *server;   /* the last two may be NULL */
	char   *doubt;                   /* what the capture lacks for it; NULL: nothing */
	size_t  nr;                      /* as the rules gave them: the last resort of the order */
};

#define NO_ID INT64_MIN

struct pass {
	struct sqlite3 *db;
	struct err     *err;
	struct draft   *draft;
	size_t          n;
	struct err      first_failure;   /* of a rule; the pass goes on without it */
};

static void failure_keep(struct pass *p)
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

static bool function_register(struct sqlite3 *db, const char *name,
                              void (*f)(sqlite3_context *, int, sqlite3_value **))
{
	int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	return sqlite3_create_function_v2(db, name, 1, how, NULL, f, NULL, NULL, NULL) == SQLITE_OK;
}

static bool functions_register(struct sqlite3 *db)
{
	return function_register(db, "seconds", sql_seconds)
	    && function_register(db, "duration", sql_duration);
}

/* A rule may read facts and call functions. Nothing else. */
static int only_reads(void *unused, int what, const char *a, const char *b, const char *c,
                      const char *d)
{
	(void)unused, (void)a, (void)c, (void)d;
	if (what == SQLITE_FUNCTION)
		return b && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	return what == SQLITE_SELECT || what == SQLITE_READ || what == SQLITE_RECURSIVE
	               ? SQLITE_OK
	               : SQLITE_DENY;
}

/* ---- from a rule to drafts ---- */

static bool fail_rule(struct pass *p, const struct rule *r, const char *why)
{
	return fail(p->err, "rule %s: %.300s%s%s", r->id, why,
	            strcmp(r->origin, "built in") ? " - " : "",
	            strcmp(r->origin, "built in") ? r->origin : "");
}

static int word_index(const char *word, const char *const *words)
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
static char *column_copy(sqlite3_stmt *stmt, int at)
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

static void draft_free(struct draft *d)
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

static bool rule_run(struct pass *p, const struct rule *r)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3_set_authorizer(p->db, only_reads, NULL);
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

/* ---- from drafts to findings ---- */

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_weight(const void *va, const void *vb)
{
	const struct draft *a = va, *b = vb;
	int c = order(a->severity, b->severity);
	/* What has no time comes last. */
	c = c ? c : order(a->from_ns == NO_TIME, b->from_ns == NO_TIME);
	c = c ? c : order(a->from_ns, b->from_ns);
	c = c ? c : strcmp(a->rule->id, b->rule->id);
	c = c ? c : order(a->flow_id, b->flow_id);
	c = c ? c : strcmp(a->summary, b->summary);
	c = c ? c : strcmp(a->numbers, b->numbers);
	c = c ? c : strcmp(a->evidence, b->evidence);
	return c ? c : order((int64_t)a->nr, (int64_t)b->nr);
}

/* FNV-1a over texts, each with its closing NUL, so that none runs into the next. */
static uint64_t hash_text(uint64_t h, const char *s, size_t n)
{
	for (size_t i = 0; i <= n; i++) {
		h ^= i < n ? (unsigned char)s[i] : 0;
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

/* An endpoint's address: "10.0.0.1:80" and "[::1]:80" without the port. */
static const char *address_of(const char *name, size_t *n)
{
	const char *colon = strchr(name, ':');
	if (*name == '[') {
		*n = strcspn(name + 1, "]");
		return name + 1;
	}
	*n = colon && !strchr(colon + 1, ':') ? (size_t)(colon - name) : strlen(name);
	return name;
}

static void fingerprint(const struct draft *d, const char *client, const char *server,
                        const char *bucket, char text[static 17])
{
	size_t n;
	const char *address = address_of(client ? client : "", &n);
	uint64_t h = hash_text(UINT64_C(0xcbf29ce484222325), d->rule->id, strlen(d->rule->id));
	h = hash_text(h, address, n);
	h = hash_text(h, server ? server : "", server ? strlen(server) : 0);
	if (bucket)
		h = hash_text(h, bucket, strlen(bucket));
	snprintf(text, 17, "%016" PRIx64, h);
}

/* What is asked of every draft, in this order. */
enum statement { LOOK_UP, CHECK_JSON, LOOK_FOR_DOUBT, INSERT, INSERT_EVIDENCE, STATEMENTS };

static const char *const statement_sql[STATEMENTS] = {
	/* Its flow's capture and names, and the number that tells incidents apart. */
	[LOOK_UP] =
	"SELECT flow.capture_id, flow_name.client, flow_name.server"
	"  FROM flow JOIN flow_name ON flow_name.flow_id = flow.id WHERE flow.id = ?1",
	[CHECK_JSON] =
	"SELECT CASE WHEN NOT json_valid(?1) OR NOT json_valid(?2) THEN 'numbers or evidence is no JSON'"
	"            WHEN json_type(?1) <> 'object' THEN 'numbers is not a JSON object'"
	"            WHEN json_type(?2) <> 'array' THEN 'evidence is not a JSON array'"
	"            WHEN EXISTS(SELECT 1 FROM json_each(?2) WHERE CASE type"
	"                   WHEN 'null' THEN 0"
	"                   WHEN 'object' THEN"
	"                     coalesce(json_type(value, '$.frame'), 'null') NOT IN ('integer', 'null')"
	"                     OR coalesce(json_type(value, '$.flow'), 'null') NOT IN ('integer', 'null')"
	"                     OR json_extract(value, '$.frame') IS NOT NULL"
	"                        AND coalesce(json_type(value, '$.role'), 'null') <> 'text'"
	"                   ELSE 1 END)"
	"            THEN 'evidence is not of the form [{\"frame\": number, \"role\": text}]' END,"
	"       CASE WHEN json_valid(?1) THEN json_extract(?1, '$.bucket') END",
	/* What the rule needs and the capture lacks of the flow, as one clause. */
	[LOOK_FOR_DOUBT] =
	"SELECT group_concat(why, '; ') FROM flow_lack"
	" WHERE flow_id = ?1 AND instr(', ' || ?2 || ',', ', ' || what || ',')",
	[INSERT] =
	"INSERT INTO finding(id, rule, severity, confidence, flow_id, capture_id, from_ns, to_ns,"
	"                    client, server, summary, numbers, fingerprint, doubt)"
	" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, json(?12), ?13, ?14)",
	/* Frames that a rule leaves NULL are none. Of several roles of one frame the
	 * first named stays. */
	[INSERT_EVIDENCE] =
	"INSERT INTO evidence(finding_id, nr, flow_id, frame, ns, role)"
	" SELECT ?1, row_number() OVER (ORDER BY ns IS NULL, ns, frame, flow), flow, frame, ns, role"
	"   FROM (SELECT flow, frame, role, min(key),"
	"                (SELECT p.ns FROM packet p WHERE p.flow_id = flow AND p.frame = e.frame) AS ns"
	"           FROM (SELECT key, coalesce(json_extract(value, '$.flow'), ?2) AS flow,"
	"                        json_extract(value, '$.frame') AS frame,"
	"                        json_extract(value, '$.role') AS role"
	"                   FROM json_each(?3) WHERE type = 'object') e"
	"          WHERE frame IS NOT NULL"
	"          GROUP BY flow, frame ORDER BY ns IS NULL, ns, frame, flow LIMIT ?4)",
};

static void bind_integer(sqlite3_stmt *stmt, int at, int64_t value, int64_t none)
{
	if (value == none)
		sqlite3_bind_null(stmt, at);
	else
		sqlite3_bind_int64(stmt, at, value);
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

static bool step_done(struct pass *p, const struct rule *r, sqlite3_stmt *stmt)
{
	bool ok = sqlite3_step(stmt) == SQLITE_DONE || fail_rule(p, r, sqlite3_errmsg(p->db));
	sqlite3_reset(stmt);
	return ok;
}

/* Fill in what the rule left to its flow. */
static bool draft_complete(struct pass *p, struct draft *d, sqlite3_stmt *stmt)
{
	if (d->flow_id == NO_ID)
		return true;
	sqlite3_bind_int64(stmt, 1, d->flow_id);
	bool found = sqlite3_step(stmt) == SQLITE_ROW;
	if (found && d->capture_id == NO_ID)
		d->capture_id = sqlite3_column_int64(stmt, 0);
	if (found && !d->client)
		d->client = column_copy(stmt, 1);
	if (found && !d->server)
		d->server = column_copy(stmt, 2);
	sqlite3_reset(stmt);
	return found || fail_rule(p, d->rule, "its flow_id is no flow's");
}

/* Whether the JSON is as it must be; *bucket, to be freed, may come out NULL. */
static bool draft_check(struct pass *p, const struct draft *d, sqlite3_stmt *stmt, char **bucket)
{
	bind_text(stmt, 1, d->numbers);
	bind_text(stmt, 2, d->evidence);
	bool ok = sqlite3_step(stmt) == SQLITE_ROW;
	char *wrong = ok ? column_copy(stmt, 0) : text_copy(sqlite3_errmsg(p->db));
	*bucket = ok && !wrong ? column_copy(stmt, 1) : NULL;
	sqlite3_reset(stmt);
	if (wrong)
		fail_rule(p, d->rule, wrong);
	free(wrong);
	return ok && !*p->err->text;
}

/* Where the capture lacks what the rule needs, it is one step less sure, and says so. */
static void draft_doubt(struct draft *d, sqlite3_stmt *stmt)
{
	if (!d->rule->needs || d->flow_id == NO_ID)
		return;
	sqlite3_bind_int64(stmt, 1, d->flow_id);
	bind_text(stmt, 2, d->rule->needs);
	char *why = sqlite3_step(stmt) == SQLITE_ROW ? column_copy(stmt, 0) : NULL;
	sqlite3_reset(stmt);
	if (!why)
		return;
	int sure = word_index(d->confidence, confidences);
	size_t size = strlen(why) + 40;
	d->doubt = alloc_zeroed(size, 1);
	if (sure < LEAST_SURE)
		snprintf(d->doubt, size, "Lowered from %s: %s.", d->confidence, why);
	else
		snprintf(d->doubt, size, "The capture allows no more: %s.", why);
	d->confidence = confidences[sure < LEAST_SURE ? sure + 1 : LEAST_SURE];
	free(why);
}

static bool finding_insert(struct pass *p, struct draft *d, int64_t id, sqlite3_stmt **stmt)
{
	char print[17], *bucket;
	if (!draft_complete(p, d, stmt[LOOK_UP]) || !draft_check(p, d, stmt[CHECK_JSON], &bucket))
		return false;
	draft_doubt(d, stmt[LOOK_FOR_DOUBT]);
	fingerprint(d, d->client, d->server, bucket, print);
	free(bucket);
	sqlite3_stmt *s = stmt[INSERT];
	sqlite3_bind_int64(s, 1, id);
	bind_text(s, 2, d->rule->id);
	bind_text(s, 3, severities[d->severity]);
	bind_text(s, 4, d->confidence);
	bind_integer(s, 5, d->flow_id, NO_ID);
	bind_integer(s, 6, d->capture_id, NO_ID);
	bind_integer(s, 7, d->from_ns, NO_TIME);
	bind_integer(s, 8, d->to_ns, NO_TIME);
	bind_text(s, 9, d->client);
	bind_text(s, 10, d->server);
	bind_text(s, 11, d->summary);
	bind_text(s, 12, d->numbers);
	bind_text(s, 13, print);
	bind_text(s, 14, d->doubt);
	if (!step_done(p, d->rule, s))
		return false;
	s = stmt[INSERT_EVIDENCE];
	sqlite3_bind_int64(s, 1, id);
	bind_integer(s, 2, d->flow_id, NO_ID);
	bind_text(s, 3, d->evidence);
	sqlite3_bind_int(s, 4, LIMIT_EVIDENCE);
	return step_done(p, d->rule, s);
}

static bool findings_insert(struct pass *p)
{
	sqlite3_stmt *stmt[STATEMENTS] = { NULL };
	bool ok = true;
	for (int i = 0; i < STATEMENTS; i++)
		if (ok
		    && sqlite3_prepare_v2(p->db, statement_sql[i], -1, &stmt[i], NULL) != SQLITE_OK)
			ok = fail(p->err, "findings cannot be written: %s", sqlite3_errmsg(p->db));
	if (p->n)
		qsort(p->draft, p->n, sizeof *p->draft, by_weight);
	for (size_t i = 0; ok && i < p->n; i++)
		if (!finding_insert(p, &p->draft[i], (int64_t)i + 1, stmt))
			failure_keep(p);
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(stmt[i]);
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
	char *params = params_json(p->db, r);
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
	sqlite3_free(params);
	return step_done(p, r, stmt);
}

static bool rules_insert(struct pass *p, const struct rules *rules)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(p->db,
	                             "INSERT INTO rule(id, title, severity, benign, explains,"
	                             " remedy, confirm, not_when, reference, params, origin,"
	                             " about, needs) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
	                             -1, &stmt, NULL)
	                  == SQLITE_OK
	          || fail(p->err, "rules cannot be written down: %s", sqlite3_errmsg(p->db));
	for (size_t i = 0; ok && i < rules->n; i++)
		ok = rule_insert(p, &rules->rule[i], stmt);
	sqlite3_finalize(stmt);
	return ok;
}

bool rules_run(const struct rules *rules, struct sqlite3 *db, struct err *err)
{
	struct pass p = { .db = db, .err = err };
	err->text[0] = '\0';
	if (!functions_register(db)
	    || sqlite3_exec(db, embedded_text("db/derived.sql"), NULL, NULL, NULL) != SQLITE_OK)
		return fail(err, "earlier conclusions cannot be cleared: %s", sqlite3_errmsg(db));
	bool ok = timers_load(db, embedded_text("analyzer/rules/timers.csv"), err)
	       && rules_insert(&p, rules);
	for (size_t i = 0; ok && i < rules->n; i++) {
		size_t before = p.n;
		if (rule_run(&p, &rules->rule[i]))
			continue;
		failure_keep(&p);
		while (p.n > before)
			draft_free(&p.draft[--p.n]);
	}
	ok = ok && findings_insert(&p);
	for (size_t i = 0; i < p.n; i++)
		draft_free(&p.draft[i]);
	free(p.draft);
	if (ok && *p.first_failure.text) {
		*err = p.first_failure;
		ok = false;
	}
	return ok;
}
