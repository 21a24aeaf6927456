/* rules.c - the rule loader's sentences, what a rule may not do, and how its rows
 * become findings: over a small case made by hand. */
#include "rules.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "embedded.h"

int check_failed;

/* A folder of rules, gone at the end. */
static char dir[] = "/tmp/tcpwhy-rules-XXXXXX";

static void rule_write(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void rule_remove(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	unlink(path);
}

/* A header with all that must be there; `extra` lines and the SQL follow. */
static const char *rule_text(const char *id, const char *extra, const char *sql)
{
	static char text[8192];
	snprintf(text, sizeof text, "-- id: %s\n-- title: A title\n-- severity: note\n-- explains: why\n"
	         "-- remedy: do\n-- confirm: look\n-- not: never\n-- reference: none\n%s%s\n", id, extra, sql);
	return text;
}

#define ROW "1 AS flow_id, 10 AS from_ns, 20 AS to_ns, 'note' AS severity, 'likely' AS confidence"
#define BARE "SELECT " ROW ", 's' AS summary, '{}' AS numbers, '[]' AS evidence"

/* ---- the loader ---- */

struct bad { const char *text, *says; };

static const struct bad bad_rules[] = {
	{ "-- id: x\n-- colour: red\nSELECT 1", ":2: unknown key \"colour\"" },
	{ "-- id: x\n-- id: y\nSELECT 1", ":2: the key id is there twice" },
	{ "-- id: x\n-- title: t\nSELECT 1", ":1: the header lacks `-- severity:`" },
	{ "-- id: x\n--no key\nSELECT 1", ":2: a header line is" },
	{ "", ":1: the header lacks `-- id:`" },
	{ "-- id: x\n-- benign: maybe\nSELECT 1", ":2: benign is yes or no" },
	{ "-- id: x\n-- about: weather\nSELECT 1", ":2: about is capture or connections" },
	{ "-- id: x\n-- needs: payload, luck\nSELECT 1", ":2: needs names payload, both-sides" },
	{ "-- id: x\n-- needs: payload,frames\nSELECT 1", ":2: needs names payload, both-sides" },
	{ "-- id: x\n-- param: n = many\nSELECT 1", ":2: the parameter n must be a number" },
	{ "-- id: x\n-- param: n\nSELECT 1", ":2: a parameter is written" },
	{ "-- id: x\n-- param: n = 1\n-- param: n = 2\nSELECT 1", ":3: the parameter n is there twice" },
};

/* As above, behind a whole header of eight lines. */
static const struct bad bad_sql[] = {
	{ "SELECT 1;\nSELECT 2;", ":10: a rule is one statement" },
	{ "SELECT 1\n     , :wait_s;", ":10: no `-- param:` says what \":wait_s\" is" },
	{ "SELECT ?", ":9: no `-- param:` says what \"?\" is" },
	{ "-- param: n = 1\nSELECT ':n', 1 -- :n\n/* :n */", ":1: the parameter n is not used" },
	{ "\n", ": no SELECT follows" },
	{ "-- severity: bad\nSELECT 1", ":9: the key severity is there twice" },
};

static void check_refused(const char *text, const char *says)
{
	struct rules rules;
	struct err err = { "" };
	rule_write("bad.sql", text);
	bool loaded = rules_load(&rules, dir, &err);
	CHECK(!loaded);
	CHECK(strstr(err.text, "/bad.sql:"));
	CHECK(strstr(err.text, says));
	if (!strstr(err.text, says))
		fprintf(stderr, "   \"%s\" is not in \"%s\"\n", says, err.text);
	if (loaded)
		rules_free(&rules);
	rule_remove("bad.sql");
}

static void check_loader_errors(void)
{
	for (size_t i = 0; i < sizeof bad_rules / sizeof *bad_rules; i++)
		check_refused(bad_rules[i].text, bad_rules[i].says);
	for (size_t i = 0; i < sizeof bad_sql / sizeof *bad_sql; i++)
		check_refused(rule_text("x.y", "", bad_sql[i].text), bad_sql[i].says);
	check_refused(rule_text("Loud", "", "SELECT 1"), ":1: an id is made of");
	char *big = calloc(1 << 21, 1);
	memset(big, ' ', (1 << 21) - 1);
	check_refused(big, "a rule has at most");
	free(big);
	rule_write("a.sql", rule_text("x.y", "", BARE));
	check_refused(rule_text("x.y", "", BARE), ":1: the rule x.y is in");
	rule_remove("a.sql");
	struct rules rules;
	struct err err;
	CHECK(!rules_load(&rules, dir, &err) && strstr(err.text, "holds no .sql file"));
	CHECK(!rules_load(&rules, "/nowhere", &err) && strstr(err.text, "/nowhere"));
}

static void check_header(void)
{
	struct rules rules;
	struct err err;
	rule_write("h.sql", "-- id:        x.header\n-- title:     T\n-- severity:  warning\n"
	           "-- benign:    yes\n-- about:     capture\n-- needs:     frames, payload\n"
	           "-- param:     a_s = 1.5   how long,\n--            at least\n"
	           "-- explains:  one\n--            two\n--\n--            three\n"
	           "-- remedy:    run\n--                cmd -x\n--            then rest\n"
	           "-- confirm:   c\n-- not:       n\n-- reference: r: s\nSELECT :a_s\n");
	CHECK(rules_load(&rules, dir, &err));
	const struct rule *r = rules_find(&rules, "x.header");
	CHECK(r && r->benign && strcmp(r->severity, "warning") == 0);
	CHECK(r && r->about_capture && strcmp(r->needs, "frames, payload") == 0);
	CHECK(r && strcmp(r->explains, "one two\n\nthree") == 0);
	CHECK(r && strcmp(r->remedy, "run\n    cmd -x\nthen rest") == 0);
	CHECK(r && strcmp(r->reference, "r: s") == 0);
	CHECK(r && r->params_n == 1 && strcmp(r->params[0].value, "1.5") == 0);
	CHECK(r && strcmp(r->params[0].what, "how long, at least") == 0);
	rules_free(&rules);
	rule_remove("h.sql");
}

static void check_set_and_replace(void)
{
	struct rules rules;
	struct err err;
	rule_write("r.sql", rule_text("tcp.refused", "-- param: wait_s = 3\n", "SELECT :wait_s"));
	CHECK(rules_load(&rules, dir, &err));
	const struct rule *r = rules_find(&rules, "tcp.refused");
	CHECK(r && strstr(r->origin, "/r.sql") && strcmp(r->title, "A title") == 0);
	CHECK(rules_set(&rules, "tcp.refused.wait_s=4.25", &err));
	CHECK(r && strcmp(r->params[0].value, "4.25") == 0);
	CHECK(!rules_set(&rules, "tcp.refused.wiat_s=1", &err) && strstr(err.text, "did you mean wait_s"));
	CHECK(!rules_set(&rules, "tcp.refussed.wait_s=1", &err)
	      && strstr(err.text, "did you mean tcp.refused"));
	CHECK(!rules_set(&rules, "tcp.refused.wait_s=long", &err) && strstr(err.text, "must be a number"));
	CHECK(!rules_set(&rules, "tcp.refused.wait_s=inf", &err));
	CHECK(!rules_set(&rules, "wait_s", &err) && strstr(err.text, "RULE.PARAMETER=NUMBER"));
	rules_free(&rules);
	rule_remove("r.sql");
}

/* ---- the pass ---- */

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", why, sql);
		check_failed++;
	}
	sqlite3_free(why);
}

/* One capture; flow 1 is refused twice, from a port of its own each; packet is a
 * plain table here, for the virtual one needs whole packet lists. */
static sqlite3 *case_made(void)
{
	sqlite3 *db = NULL;
	sqlite3_open(":memory:", &db);
	run(db, embedded_text("db/schema.sql"));
	run(db, "CREATE TABLE packet(flow_id, frame, ns, sender, flags, seq, ack, len, window, file_offset);"
	    "INSERT INTO capture VALUES(1,'a.pcap',0,1000,9000,9,900,'EN10MB',65535,9,0,0,0,0,0,0,0,0,0,NULL,'file',NULL,NULL);"
	    "INSERT INTO packet(flow_id, frame, ns) VALUES(1,1,1000),(1,2,1300),(3,3,5000),(3,4,5200)");
	static const char flow[] =
		"INSERT INTO flow(id, capture_id, stream, client_ip, client_port, server_ip, server_port,"
		" client_known_by, first_frame, last_frame, first_ns, last_ns, client_frames, server_frames,"
		" client_bytes, server_bytes, client_gap_bytes, server_gap_bytes, client_first_seq, conn_state,"
		" history, ended, client_duplicates, server_duplicates, window_scaling, fast_open, simultaneous_open,"
		" completeness, client_acked_off, server_acked_off) VALUES(%d, 1, %d, '10.0.0.5', %d, '10.0.0.9', 80, 'syn', %d, %d, %d, %d,"
		" 1, 1, 0, 0, 0, 0, 7, 'REJ', 'Sr', 'refused', 0, 0, 'off', 0, 0, 33, 0, 0)";
	static const char reset[] =
		"INSERT INTO reset(flow_id, frame, ns, sender, has_ack, seq, ack, window, has_timestamps, ip_id,"
		" trigger_frame, trigger_ns, trigger_delay_ns, trigger_flags, seq_matches_trigger_ack, in_window,"
		" unread_bytes, after_own_fin, after_own_rst, after_peer_fin, own_bytes, peer_bytes,"
		" peer_bytes_acked, idle_ns) VALUES(%d, %d, %d, 'server', 1, 0, 8, 0, 0, 0, %d, %d, %d, 2, 1, 1, 0, 0, 0,"
		" 0, 0, 0, 0, 0)";
	char sql[1024];
	for (int id = 1; id <= 3; id += 2) {
		int ns = id == 1 ? 1000 : 5000, took = id == 1 ? 300 : 200;
		snprintf(sql, sizeof sql, flow, id, id / 2, 4000 + id, id, id + 1, ns, ns + took);
		run(db, sql);
		snprintf(sql, sizeof sql, reset, id, id + 1, ns + took, id, ns, took);
		run(db, sql);
	}
	return db;
}

/* The single text that a question has for an answer. */
static const char *answer(sqlite3 *db, const char *sql)
{
	static char text[4096];
	sqlite3_stmt *stmt = NULL;
	sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	bool any = stmt && sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0);
	snprintf(text, sizeof text, "%s", any ? (const char *)sqlite3_column_text(stmt, 0) : "(none)");
	sqlite3_finalize(stmt);
	return text;
}

static void check_answer(sqlite3 *db, const char *sql, const char *wanted)
{
	const char *got = answer(db, sql);
	CHECK(strcmp(got, wanted) == 0);
	if (strcmp(got, wanted) != 0)
		fprintf(stderr, "   %s\n   gives %s\n   not   %s\n", sql, got, wanted);
}

/* Run tcp.refused and one more rule; "" or the error's sentence. */
static const char *pass(sqlite3 *db, const char *text)
{
	static struct err err;
	struct rules rules;
	err.text[0] = '\0';
	rule_write("one.sql", text);
	if (rules_load(&rules, dir, &err)) {
		struct rule few[8];
		struct rules chosen = { few, 0 };
		for (size_t i = 0; i < rules.n && chosen.n < 8; i++)
			if (strcmp(rules.rule[i].id, "tcp.refused") == 0
			    || strcmp(rules.rule[i].origin, "built in") != 0)
				few[chosen.n++] = rules.rule[i];
		rules_run(&chosen, db, NULL, &err);
		rules_free(&rules);
	}
	rule_remove("one.sql");
	return err.text;
}

static void check_refusals(sqlite3 *db)
{
	static const struct { const char *sql, *says; } all[] = {
		{ "DELETE FROM flow", "rule x.y: not authorized" },
		{ "DELETE FROM flow RETURNING " ROW, "rule x.y: not authorized" },
		{ "ATTACH 'x.db' AS x", "rule x.y: not authorized" },
		{ "PRAGMA user_version = 9", "rule x.y: not authorized" },
		{ "PRAGMA user_version", "rule x.y: not authorized" },
		{ "CREATE TEMP TABLE t(a)", "rule x.y: not authorized" },
		{ "SELECT load_extension('x')", "rule x.y: not authorized" },
		{ "EXPLAIN SELECT 1", "rule x.y: not authorized" },
		{ "SELECT 1 AS flow_id", "rule x.y: its result lacks the column from_ns" },
		{ BARE ", 1 AS extra", "rule x.y: a finding has no column \"extra\"" },
		{ "SELECT nowhere FROM flow", "rule x.y: no such column" },
		{ "SELECT 99 AS flow_id, 1 AS from_ns, 2 AS to_ns, 'note' AS severity, 'likely' AS confidence,"
		  "'s' AS summary, '{}' AS numbers, '[]' AS evidence", "rule x.y: its flow_id is no flow's" },
		{ "SELECT 1 AS flow_id, 1.5 AS from_ns, 2 AS to_ns, 'note' AS severity, 'likely' AS confidence,"
		  "'s' AS summary, '{}' AS numbers, '[]' AS evidence", "are integers or NULL" },
		{ "SELECT 1 AS flow_id, 1 AS from_ns, 2 AS to_ns, 'high' AS severity, 'likely' AS confidence,"
		  "'s' AS summary, '{}' AS numbers, '[]' AS evidence", "severity is error, warning or note" },
		{ "SELECT 1 AS flow_id, 1 AS from_ns, 2 AS to_ns, 'note' AS severity, 'sure' AS confidence,"
		  "'s' AS summary, '{}' AS numbers, '[]' AS evidence", "confidence is proven" },
		{ "SELECT " ROW ", 's' AS summary, '[]' AS numbers, '[]' AS evidence", "not a JSON object" },
		{ "SELECT " ROW ", 's' AS summary, '{' AS numbers, '[]' AS evidence", "is no JSON" },
		{ "SELECT " ROW ", 's' AS summary, '{}' AS numbers, '{}' AS evidence", "not a JSON array" },
		{ "SELECT " ROW ", 's' AS summary, '{}' AS numbers, '[{\"frame\":\"1\",\"role\":\"a\"}]' AS evidence",
		  "evidence is not of the form" },
		{ "SELECT " ROW ", 's' AS summary, '{}' AS numbers, '[7]' AS evidence",
		  "evidence is not of the form" },
		{ "SELECT " ROW ", 's' AS summary, '{}' AS numbers, '[]' AS evidence"
		  " FROM (SELECT abs(-9223372036854775807 - 1) AS a) WHERE a", "rule x.y: integer overflow" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char *says = pass(db, rule_text("x.y", "", all[i].sql));
		CHECK(strstr(says, all[i].says));
		if (!strstr(says, all[i].says))
			fprintf(stderr, "   %s: \"%s\"\n", all[i].sql, says);
	}
	check_answer(db, "SELECT count(*) FROM flow", "2");
	/* The same is no one else's trouble afterwards. */
	run(db, "CREATE TEMP TABLE allowed(a); DROP TABLE allowed");
}

static void check_findings(sqlite3 *db)
{
	CHECK(!*pass(db, rule_text("x.y", "-- param: n = 3\n-- param: x = 2.0\n",
	      "SELECT 3 AS flow_id, NULL AS from_ns, NULL AS to_ns, 'note' AS severity,"
	      " 'likely' AS confidence, seconds(1500000400) || ' ' || duration(126000) AS summary,"
	      " json_object('n', typeof(:n), 'x', typeof(:x)) AS numbers,"
	      " '[{\"frame\":4,\"role\":\"late\"},{\"frame\":3,\"role\":\"early\"},{\"frame\":4,\"role\":\"again\"},"
	      "   {\"frame\":null,\"role\":null},null,{\"frame\":9,\"role\":\"unseen\"},"
	      "   {\"frame\":1,\"role\":\"other\",\"flow\":1}]' AS evidence")));
	check_answer(db, "SELECT group_concat(id || ' ' || rule || ' ' || severity, '; ') FROM"
	             " (SELECT * FROM finding ORDER BY id)", "1 tcp.refused error; 2 x.y note");
	check_answer(db, "SELECT summary || ' ' || numbers FROM finding WHERE id = 2",
	             "1.5 126 us {\"n\":\"integer\",\"x\":\"real\"}");
	check_answer(db, "SELECT client || ' ' || server || ' ' || capture_id FROM finding WHERE id = 2",
	             "10.0.0.5:4003 10.0.0.9:80 1");
	check_answer(db, "SELECT group_concat(nr || ' ' || flow_id || ' ' || frame || ' ' || role, '; ') FROM"
	             " (SELECT * FROM evidence WHERE finding_id = 2 ORDER BY nr)",
	             "1 1 1 other; 2 3 3 early; 3 3 4 late; 4 3 9 unseen");
	check_answer(db, "SELECT params FROM rule WHERE id = 'x.y'", "{\"n\":3,\"x\":2.0}");
	/* tcp.refused: two ports, so the client is the address alone. */
	check_answer(db, "SELECT client || ' ' || server || ' ' || numbers || ' ' || from_ns || ' ' || to_ns"
	             " FROM finding WHERE id = 1", "10.0.0.5 10.0.0.9:80 {\"attempts\":2,"
	             "\"rst_after_syn_max_s\":0.0,\"server\":\"10.0.0.9:80\"} 1000 5200");
	check_answer(db, "SELECT group_concat(frame || ' ' || role || ' ' || ns, '; ') FROM"
	             " (SELECT * FROM evidence WHERE finding_id = 1 ORDER BY nr)",
	             "1 SYN 1000; 2 RST 1300; 3 SYN 5000; 4 RST 5200");
}

/* What the capture lacks of flow 3 makes a finding less sure where its rule needs it. */
static void check_doubt(sqlite3 *db)
{
	static const struct { const char *needs, *lack, *confidence, *outcome; } all[] = {
		{ "payload", "client_gap_bytes = 12, client_bytes = 88", "proven",
		  "likely: Lowered from proven: the capture lacks 12 % of what this connection carried"
		  " (12 bytes)." },
		{ "both-sides", "server_frames = 0", "likely",
		  "possible: Lowered from likely: nothing of what the server sent was captured." },
		{ "beginning", "id = 3", "possible",
		  "possible: The capture allows no more: the connection had begun before the capture." },
		{ "payload, frames", "server_frames = 0", "proven", "proven: -" },
		{ "frames, both-sides, payload", "client_gap_bytes = 1, client_bytes = 999, client_frames = 0",
		  "proven", "likely: Lowered from proven: the capture lacks 0.1 % of what this connection"
		  " carried (1 byte); nothing of what the client sent was captured." },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		char sql[512], needs[80];
		run(db, "SAVEPOINT whole");
		snprintf(sql, sizeof sql, "UPDATE flow SET %s WHERE id = 3", all[i].lack);
		run(db, sql);
		snprintf(needs, sizeof needs, "-- needs: %s\n", all[i].needs);
		snprintf(sql, sizeof sql, "SELECT 3 AS flow_id, 1 AS from_ns, 2 AS to_ns, 'note' AS severity,"
		         " '%s' AS confidence, 's' AS summary, '{}' AS numbers, '[]' AS evidence",
		         all[i].confidence);
		CHECK(!*pass(db, rule_text("x.y", needs, sql)));
		check_answer(db, "SELECT confidence || ': ' || coalesce(doubt, '-') FROM finding"
		             " WHERE rule = 'x.y'", all[i].outcome);
		run(db, "ROLLBACK TO whole; RELEASE whole");
	}
	run(db, "SAVEPOINT whole; UPDATE capture SET dropped_frames = 1");
	CHECK(!*pass(db, rule_text("x.y", "-- needs: frames\n", BARE)));
	check_answer(db, "SELECT confidence || ': ' || doubt FROM finding WHERE rule = 'x.y'", "possible: Lowered"
	             " from likely: the capture lost 10 % of the frames, as the file reports.");
	run(db, "ROLLBACK TO whole; RELEASE whole");
}

/* Two rules tell of flow 3: the one that yields is silent, there and only there. */
static void check_yields(sqlite3 *db)
{
	static const char other[] = "SELECT NULL AS flow_id, 10 AS from_ns, 20 AS to_ns, 'note' AS severity,"
	                            " 'likely' AS confidence, 'other' AS summary, '{}' AS numbers,"
	                            " '[{\"frame\": 3, \"flow\": 3, \"role\": \"of another\"}]' AS evidence";
	static const char both[] = "SELECT id AS flow_id, 1 AS from_ns, 2 AS to_ns, 'note' AS severity,"
	                           " 'likely' AS confidence, 's' AS summary, '{}' AS numbers, '[]' AS evidence"
	                           " FROM flow WHERE id IN (1, 3) ORDER BY id";
	static const struct { const char *yields, *left; } all[] = {
		{ "", "1,3" }, { "-- yields: tcp.none, a.b\n", "1" }, { "-- yields: a.bc\n", "1,3" },
	};
	rule_write("other.sql", rule_text("a.b", "", other));
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		CHECK(!*pass(db, rule_text("x.y", all[i].yields, both)));
		check_answer(db, "SELECT group_concat(flow_id) FROM finding WHERE rule = 'x.y'", all[i].left);
	}
	static const struct { const char *evidence, *found; } of_many[] = {
		{ "[{\"frame\": 3, \"flow\": 3, \"role\": \"one\"}]", "0" },
		{ "[{\"frame\": 3, \"flow\": 3, \"role\": \"one\"}, {\"frame\": 1, \"flow\": 1, \"role\": \"two\"}]", "1" },
		{ "[{\"frame\": 3, \"role\": \"of no connection\"}]", "1" },
	};
	rule_write("other.sql", rule_text("a.b", "", other));
	for (size_t i = 0; i < sizeof of_many / sizeof *of_many; i++) {
		char sql[512];
		snprintf(sql, sizeof sql, "SELECT NULL AS flow_id, 1 AS from_ns, 2 AS to_ns, 'note' AS severity,"
		         " 'likely' AS confidence, 's' AS summary, '{}' AS numbers, '%s' AS evidence",
		         of_many[i].evidence);
		CHECK(!*pass(db, rule_text("x.y", "-- yields: a.b\n", sql)));
		check_answer(db, "SELECT count(*) FROM finding WHERE rule = 'x.y'", of_many[i].found);
	}
	rule_write("other.sql", rule_text("a.b", "-- yields: x.y\n", other));
	CHECK(strstr(pass(db, rule_text("x.y", "-- yields: a.b\n", both)), "yield to one another"));
	rule_remove("other.sql");
}

/* A rule over a table without rows is not run, whatever its statement would give. */
/* Whether `a` is silent, by its own header or through others, where `b` speaks. */
static bool gives_way(const struct rules *rules, const struct rule *a, const char *b, size_t steps)
{
	char list[1024], *rest = NULL;
	snprintf(list, sizeof list, "%s", a->yields ? a->yields : "");
	for (char *id = strtok_r(list, ", ", &rest); id; id = strtok_r(NULL, ", ", &rest)) {
		const struct rule *next = rules_find(rules, id);
		if (strcmp(id, b) == 0 || (next && steps && gives_way(rules, next, b, steps - 1)))
			return true;
	}
	return false;
}

/* A name that is misspelt would be passed over in silence, and rules that yield in a circle
 * would all be silent. */
static void check_built_in_yields(void)
{
	struct rules rules;
	struct err err = { 0 };
	CHECK(rules_load(&rules, NULL, &err));
	for (size_t i = 0; i < rules.n; i++) {
		const struct rule *r = &rules.rule[i];
		char list[1024], *rest = NULL;
		CHECK(strlen(r->yields ? r->yields : "") < sizeof list);
		snprintf(list, sizeof list, "%s", r->yields ? r->yields : "");
		for (char *id = strtok_r(list, ", ", &rest); id; id = strtok_r(NULL, ", ", &rest)) {
			bool known = rules_find(&rules, id) != NULL;
			if (!known)
				fprintf(stderr, "%s yields to %s, which is no rule\n", r->id, id);
			CHECK(known);
		}
		bool in_a_circle = gives_way(&rules, r, r->id, 3);
		if (in_a_circle)
			fprintf(stderr, "%s yields in a circle\n", r->id);
		CHECK(!in_a_circle);
	}
	rules_free(&rules);
}

static void check_over(sqlite3 *db)
{
	static const struct { const char *over, *found; } all[] = {
		{ "-- over: websocket_close\n", "0" }, { "-- over: flow\n", "1" }, { "", "1" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		CHECK(!*pass(db, rule_text("x.y", all[i].over, BARE)));
		check_answer(db, "SELECT count(*) FROM finding WHERE rule = 'x.y'", all[i].found);
	}
	CHECK(strstr(pass(db, rule_text("x.y", "-- over: nowhere\n", BARE)), "no such table: nowhere"));
	CHECK(strstr(pass(db, rule_text("x.y", "-- over: flow f\n", BARE)), "over names one table"));
}

static void check_fingerprints(sqlite3 *db)
{
	char first[17];
	snprintf(first, sizeof first, "%s", answer(db, "SELECT fingerprint FROM finding WHERE id = 1"));
	CHECK(strlen(first) == 16 && strspn(first, "0123456789abcdef") == 16);
	/* Neither time nor port changes it; the number called bucket does. */
	run(db, "UPDATE flow SET first_ns = 77, client_port = 4999 WHERE id = 3");
	CHECK(!*pass(db, rule_text("x.y", "", "SELECT 3 AS flow_id, 1 AS from_ns, 2 AS to_ns,"
	      " 'note' AS severity, 'likely' AS confidence, column1 AS summary, column2 AS numbers,"
	      " '[]' AS evidence FROM (VALUES('a', '{}'), ('b', '{\"n\":1}'), ('c', '{\"bucket\":900}'),"
	      " ('d', '{\"bucket\":60}'))")));
	check_answer(db, "SELECT fingerprint FROM finding WHERE id = 1", first);
	check_answer(db, "SELECT count(DISTINCT fingerprint) FROM finding WHERE rule = 'x.y'", "3");
	check_answer(db, "SELECT count(DISTINCT fingerprint) FROM finding WHERE summary IN ('a', 'b')", "1");
}

static void check_timers(sqlite3 *db)
{
	run(db, "INSERT INTO known_timer VALUES(42, 1, 'app', 'ours', 'patience', NULL, 'us', 0)");
	CHECK(!*pass(db, rule_text("x.y", "", BARE)));
	CHECK(!*pass(db, rule_text("x.y", "", BARE)));
	check_answer(db, "SELECT count(*) FROM known_timer WHERE product = 'ours'", "1");
	check_answer(db, "SELECT count(*) FROM known_timer WHERE product LIKE 'Linux IPVS%' AND seconds = 900",
	             "1");
	check_answer(db, "SELECT count(*) FROM known_timer WHERE builtin AND (source NOT LIKE 'https://%'"
	             " OR remedy = '' OR seconds <= 0 OR tolerance_s <= 0)", "0");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	check_loader_errors();
	check_header();
	check_set_and_replace();
	check_built_in_yields();
	sqlite3 *db = case_made();
	check_refusals(db);
	check_findings(db);
	check_doubt(db);
	check_yields(db);
	check_over(db);
	check_fingerprints(db);
	check_timers(db);
	sqlite3_close(db);
	rmdir(dir);
	return check_failed != 0;
}
