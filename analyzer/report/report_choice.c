/* report_choice.c - see report_choice.h. */
#include "report_choice.h"

#include <arpa/inet.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "store.h"
#include "when.h"

static const char WINDOW[] = "30s";

/* An address as the case writes it; false: it is none. */
static bool address_normal(const char *typed, char text[static INET6_ADDRSTRLEN])
{
	unsigned char address[16];
	for (int i = 0; i < 2; i++)
		if (inet_pton(i ? AF_INET6 : AF_INET, typed, address) == 1)
			return inet_ntop(i ? AF_INET6 : AF_INET, address, text, INET6_ADDRSTRLEN) != NULL;
	return false;
}

static bool filter_check(const char *text, struct err *err)
{
	struct filter filter;
	struct err why;
	if (!filter_parse(&filter, text, 1, &why))
		return fail(err, "-Y: %.500s", why.text);
	filter_free(&filter);
	return true;
}

bool choice_check(const struct report_choice *c, struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	int64_t ns;
	if (c->at && !when_parse(c->at, 0, 0, &ns, err))
		return false;
	if (c->window && !span_parse(c->window, &ns, err))
		return false;
	if (c->window && !c->at)
		return fail(err, "--window is around the time that --at gives");
	if (c->ip && !address_normal(c->ip, text))
		return fail(err, "--ip takes an IPv4 or IPv6 address, not \"%.60s\"", c->ip);
	if (c->port && (!*c->port || strlen(c->port) > 5 || strspn(c->port, "0123456789") != strlen(c->port)))
		return fail(err, "--port takes a number, not \"%.40s\"", c->port);
	return !c->filter || filter_check(c->filter, err);
}

static bool fail_case(struct sqlite3 *db, struct err *err)
{
	return fail(err, "findings cannot be chosen: %s", sqlite3_errmsg(db));
}

static bool run(struct sqlite3 *db, const char *sql, const char *text, int64_t a, int64_t b, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK;
	int n = sqlite3_bind_parameter_count(s);
	if (n >= 1)
		sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
	if (n >= 2)
		sqlite3_bind_int64(s, 2, a);
	if (n >= 3)
		sqlite3_bind_int64(s, 3, b);
	while (ok && sqlite3_step(s) == SQLITE_ROW)
		;
	return sqlite3_finalize(s) == SQLITE_OK && ok ? true : fail_case(db, err);
}

/* ---- what an earlier case knew ---- */

static bool known_leave_out(struct sqlite3 *db, const char *path, struct err *err)
{
	struct store *old = store_open_existing(path, err);
	if (!old)
		return false;
	sqlite3_stmt *known = NULL;
	bool ok = sqlite3_prepare_v2(store_db(old), "SELECT DISTINCT fingerprint FROM finding", -1, &known, NULL)
	              == SQLITE_OK
	       || fail(err, "%s: holds no findings; `tcpwhy rules run` makes them", path);
	while (ok && sqlite3_step(known) == SQLITE_ROW)
		ok = run(db, "INSERT OR IGNORE INTO temp.left_out SELECT id, 'known' FROM finding WHERE fingerprint = ?1",
		         (const char *)sqlite3_column_text(known, 0), 0, 0, err);
	sqlite3_finalize(known);
	store_close(old);
	return ok;
}

/* ---- where, and when ---- */

/* The parts of "10.0.0.1:80", "[::1]:80", "10.0.0.1". */
#define ADDRESS(e) "CASE WHEN " e " LIKE '[%' THEN substr(" e ", 2, instr(" e ", ']') - 2)" \
	" WHEN " e " LIKE '%:%:%' THEN " e " WHEN instr(" e ", ':') THEN substr(" e ", 1, instr(" e ", ':') - 1)" \
	" ELSE " e " END"

static const char not_of_address[] =
	"INSERT OR IGNORE INTO temp.left_out SELECT id, 'elsewhere' FROM finding"
	" WHERE coalesce(client, server) IS NOT NULL"
	"   AND ?1 IS NOT " ADDRESS("client") " AND ?1 IS NOT " ADDRESS("server");

static const char not_of_port[] =
	"INSERT OR IGNORE INTO temp.left_out SELECT id, 'elsewhere' FROM finding"
	" WHERE coalesce(client, server) IS NOT NULL"
	"   AND coalesce(client, '') NOT LIKE '%:' || ?1 AND coalesce(server, '') NOT LIKE '%:' || ?1";

static const char not_at_time[] =
	"INSERT OR IGNORE INTO temp.left_out SELECT id, 'other time' FROM finding"
	" WHERE ?1 IS NULL AND (coalesce(to_ns, from_ns) < ?2 OR from_ns > ?3)";

/* Of connections that the filter does not choose; its condition stands there twice. */
static bool filter_choose(struct sqlite3 *db, const char *text, struct err *err)
{
	static const char format[] =
		"INSERT OR IGNORE INTO temp.left_out SELECT n.id, 'other connection' FROM finding n JOIN rule r ON r.id = n.rule"
		" WHERE NOT (r.about = 'capture' AND n.flow_id IS NULL)"
		"   AND n.id NOT IN (SELECT o.id FROM finding o JOIN flow f ON f.id = o.flow_id WHERE (%s)"
		"                    UNION ALL SELECT e.finding_id FROM evidence e JOIN flow f ON f.id = e.flow_id WHERE (%s))";
	struct filter filter;
	sqlite3_stmt *s = NULL;
	if (!filter_parse(&filter, text, 1, err))
		return false;
	char *sql = sqlite3_mprintf(format, filter.sql, filter.sql);
	bool ok = sql && sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK;
	filter_bind(&filter, s);
	ok = ok && sqlite3_step(s) == SQLITE_DONE;
	if (!ok)
		fail_case(db, err);
	sqlite3_finalize(s);
	sqlite3_free(sql);
	filter_free(&filter);
	return ok;
}

/* The span of all captures, which a time of day is looked for in. */
static void span_of(struct sqlite3 *db, int64_t *first, int64_t *last)
{
	sqlite3_stmt *s = NULL;
	*first = *last = 0;
	if (sqlite3_prepare_v2(db, "SELECT min(first_ns), max(last_ns) FROM capture", -1, &s, NULL) == SQLITE_OK
	    && sqlite3_step(s) == SQLITE_ROW) {
		*first = sqlite3_column_int64(s, 0);
		*last = sqlite3_column_int64(s, 1);
	}
	sqlite3_finalize(s);
}

static bool time_choose(struct sqlite3 *db, const struct report_choice *c, struct err *err)
{
	int64_t first, last, at, window;
	span_of(db, &first, &last);
	return when_parse(c->at, first, last, &at, err)
	    && span_parse(c->window ? c->window : WINDOW, &window, err)
	    && run(db, "INSERT INTO temp.chosen_time SELECT ?2, ?3 WHERE ?1 IS NULL", NULL, at, window, err)
	    && run(db, not_at_time, NULL, at - window, at + window, err);
}

bool choice_make(struct sqlite3 *db, const struct report_choice *c, struct err *err)
{
	char address[INET6_ADDRSTRLEN];
	if (sqlite3_exec(db, "DROP TABLE IF EXISTS temp.left_out; DROP TABLE IF EXISTS temp.chosen_time;"
	                 "CREATE TEMP TABLE left_out(finding INTEGER PRIMARY KEY, why TEXT NOT NULL);"
	                 "CREATE TEMP TABLE chosen_time(at_ns INTEGER NOT NULL, window_ns INTEGER NOT NULL)",
	                 NULL, NULL, NULL))
		return fail_case(db, err);
	if (c->baseline && !known_leave_out(db, c->baseline, err))
		return false;
	if (c->ip && !(address_normal(c->ip, address) && run(db, not_of_address, address, 0, 0, err)))
		return false;
	if (c->port && !run(db, not_of_port, c->port, 0, 0, err))
		return false;
	if (c->filter && !filter_choose(db, c->filter, err))
		return false;
	return !c->at || time_choose(db, c, err);
}

/* ---- one finding, for a while ---- */

bool choice_narrow(struct sqlite3 *db, int64_t finding, struct err *err)
{
	choice_widen(db);
	return run(db, "INSERT INTO temp.chosen_incident SELECT incident_id FROM incident_of WHERE ?1 IS NULL AND finding_id = ?2",
	           NULL, finding, 0, err);
}

void choice_widen(struct sqlite3 *db)
{
	sqlite3_exec(db, "DELETE FROM temp.chosen_incident", NULL, NULL, NULL);
}
