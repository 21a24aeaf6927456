/* rules_findings.c - from drafts to findings. See rules_pass.h. */
#include "rules_pass.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "limits.h"
#include "text.h"

enum { LEAST_SURE = 2 };          /* index into confidences */

/* ---- order and name ---- */

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
	"   FROM (WITH told AS MATERIALIZED ("
	"           SELECT flow, frame, role, min(key)"
	"             FROM (SELECT key, coalesce(json_extract(value, '$.flow'), ?2) AS flow,"
	"                          json_extract(value, '$.frame') AS frame,"
	"                          json_extract(value, '$.role') AS role"
	"                     FROM json_each(?3) WHERE type = 'object')"
	"            WHERE frame IS NOT NULL"
	"            GROUP BY flow, frame"
	"         ), timed AS MATERIALIZED ("     /* each packet is looked up once */
	"           SELECT *, (SELECT p.ns FROM packet p WHERE p.flow_id = flow AND p.frame = t.frame) AS ns"
	"             FROM told t)"
	"         SELECT * FROM timed ORDER BY ns IS NULL, ns, frame, flow LIMIT ?4)",
};

static void bind_integer(sqlite3_stmt *stmt, int at, int64_t value, int64_t none)
{
	if (value == none)
		sqlite3_bind_null(stmt, at);
	else
		sqlite3_bind_int64(stmt, at, value);
}

void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

bool step_done(struct pass *p, const struct rule *r, sqlite3_stmt *stmt)
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

/* ---- what another rule explains ---- */

/* What the rules that others yield to tell, by connection: a finding's own, and those of
 * its evidence. */
enum told { TELL, IS_TOLD, TOLD };

static const char told_table[] =
	"CREATE TEMP TABLE told(flow INTEGER, rule TEXT, PRIMARY KEY(flow, rule)) WITHOUT ROWID";

static const char *const told_sql[TOLD] = {
	[TELL] =
	"INSERT OR IGNORE INTO temp.told SELECT ?2, ?1 WHERE ?2 IS NOT NULL"
	" UNION SELECT json_extract(value, '$.flow'), ?1"
	"         FROM json_each(iif(json_valid(?3), ?3, '[]'))"
	"        WHERE type = 'object' AND json_type(value, '$.flow') = 'integer'",
	/* One of no single connection is told where every connection of its evidence is. */
	[IS_TOLD] =
	"WITH of(flow) AS ("
	"  SELECT ?2 WHERE ?2 IS NOT NULL"
	"  UNION SELECT json_extract(value, '$.flow') FROM json_each(iif(json_valid(?3), ?3, '[]'))"
	"         WHERE ?2 IS NULL AND type = 'object' AND json_type(value, '$.flow') = 'integer')"
	" SELECT count(*) AND min(EXISTS (SELECT 1 FROM temp.told t WHERE t.flow = of.flow"
	"                                    AND instr(', ' || ?1 || ',', ', ' || t.rule || ','))) FROM of",
};

static void draft_tell(struct pass *p, const struct draft *d, sqlite3_stmt *tell)
{
	bind_text(tell, 1, d->rule->id);
	bind_integer(tell, 2, d->flow_id, NO_ID);
	bind_text(tell, 3, d->evidence);
	if (!step_done(p, d->rule, tell))
		failure_keep(p);
}

static bool draft_is_told(const struct draft *d, sqlite3_stmt *is_told)
{
	if (!d->rule->yields)
		return false;
	bind_text(is_told, 1, d->rule->yields);
	bind_integer(is_told, 2, d->flow_id, NO_ID);
	bind_text(is_told, 3, d->evidence);
	bool told = sqlite3_step(is_told) == SQLITE_ROW && sqlite3_column_int(is_told, 0);
	sqlite3_reset(is_told);
	return told;
}

/* Drop the drafts whose connection a rule that they yield to speaks of. */
static bool findings_yield(struct pass *p)
{
	sqlite3_stmt *stmt[TOLD] = { NULL };
	bool ok = sqlite3_exec(p->db, told_table, NULL, NULL, NULL) == SQLITE_OK;
	for (int i = 0; ok && i < TOLD; i++)
		ok = sqlite3_prepare_v2(p->db, told_sql[i], -1, &stmt[i], NULL) == SQLITE_OK;
	if (!ok)
		fail(p->err, "findings cannot be compared: %s", sqlite3_errmsg(p->db));
	for (size_t i = 0; ok && i < p->n; i++)
		if (p->draft[i].rule->is_yielded_to)
			draft_tell(p, &p->draft[i], stmt[TELL]);
	size_t kept = 0;
	for (size_t i = 0; ok && i < p->n; i++) {
		if (draft_is_told(&p->draft[i], stmt[IS_TOLD]))
			draft_free(&p->draft[i]);
		else
			p->draft[kept++] = p->draft[i];
	}
	if (ok)
		p->n = kept;
	for (int i = 0; i < TOLD; i++)
		sqlite3_finalize(stmt[i]);
	sqlite3_exec(p->db, "DROP TABLE IF EXISTS temp.told", NULL, NULL, NULL);
	return ok;
}

bool findings_insert(struct pass *p)
{
	sqlite3_stmt *stmt[STATEMENTS] = { NULL };
	bool ok = findings_yield(p);
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
