/* report_model.c - see report_model.h. */
#include "report_model.h"

#include <sqlite3.h>
#include <string.h>

#include "digest.h"
#include "embedded.h"
#include "tables.h"
#include "text.h"
#include "zone.h"

/* ---- functions ---- */

static void sql_iso_time(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	char buf[TEXT_TIME_SIZE];
	if (sqlite3_value_type(arg[0]) != SQLITE_NULL)
		sqlite3_result_text(ctx, text_iso(sqlite3_value_int64(arg[0]), buf), -1, SQLITE_TRANSIENT);
}

static void sql_duration(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	char buf[TEXT_DURATION_SIZE];
	if (sqlite3_value_type(arg[0]) != SQLITE_NULL)
		sqlite3_result_text(ctx, text_duration(sqlite3_value_int64(arg[0]), buf), -1,
		                    SQLITE_TRANSIENT);
}

/* "2026-11-21 01:39:20.236835 UTC"; clock_s leaves the fraction out. */
static void clock_result(sqlite3_context *ctx, sqlite3_value *ns, int digits)
{
	char time[TEXT_TIME_SIZE], zone[ZONE_SIZE], text[2 * TEXT_TIME_SIZE];
	if (sqlite3_value_type(ns) == SQLITE_NULL)
		return;
	snprintf(text, sizeof text, "%.*s %s", digits, text_time(sqlite3_value_int64(ns), time),
	         zone_at(sqlite3_value_int64(ns), zone));
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

static void sql_clock(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	clock_result(ctx, arg[0], 26);
}

static void sql_clock_s(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	clock_result(ctx, arg[0], 19);
}

static void sql_bare_time(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	const char *time = (const char *)sqlite3_value_text(arg[0]);
	const char *zone = time ? strrchr(time, ' ') : NULL;
	if (zone)
		sqlite3_result_text(ctx, time, (int)(zone - time), SQLITE_TRANSIENT);
}

static void sql_sha256(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	char hex[DIGEST_HEX];
	const char *text = (const char *)sqlite3_value_text(arg[0]);
	if (text)
		sqlite3_result_text(ctx, digest_hex(text, hex), -1, SQLITE_TRANSIENT);
}

static void sql_tool_version(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n, (void)arg;
	sqlite3_result_text(ctx, TCPWHY_VERSION, -1, SQLITE_STATIC);
}

static void sql_time_zone(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n, (void)arg;
	char name[ZONE_SIZE];
	sqlite3_result_text(ctx, zone_name(name), -1, SQLITE_TRANSIENT);
}

/* What stands after the last slash. */
static void sql_file_name(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	const char *path = (const char *)sqlite3_value_text(arg[0]);
	const char *slash = path ? strrchr(path, '/') : NULL;
	if (path)
		sqlite3_result_text(ctx, slash ? slash + 1 : path, -1, SQLITE_TRANSIENT);
}

static void sql_plural(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	char text[128];
	long long count = sqlite3_value_int64(arg[0]);
	const char *noun = (const char *)sqlite3_value_text(arg[1]);
	snprintf(text, sizeof text, "%lld %.80s%s", count, noun ? noun : "", count == 1 ? "" : "s");
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

/* "SYN,ACK": as in the header, in the order in which people write it. */
static void sql_tcp_flags(sqlite3_context *ctx, int argc, sqlite3_value **arg)
{
	(void)argc;
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
	static const int order[] = { 1, 2, 0, 3, 5, 6, 7, 4 };
	char text[40] = "";
	size_t n = 0;
	int flags = sqlite3_value_int(arg[0]);
	if (sqlite3_value_type(arg[0]) == SQLITE_NULL)
		return;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (flags & 1 << order[i])
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? "," : "",
			                      names[order[i]]);
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

static void sql_first_sentence(sqlite3_context *ctx, int argc, sqlite3_value **arg)
{
	(void)argc;
	const char *s = (const char *)sqlite3_value_text(arg[0]);
	if (!s)
		return;
	size_t n = strcspn(s, "\n");
	for (size_t i = 0; i + 1 < n; i++)
		if ((s[i] == '.' || s[i] == ';') && s[i + 1] == ' ')
			n = i + 1;
	bool open_ended = n && (s[n - 1] == ';' || s[n - 1] == ':');
	sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(ctx));
	sqlite3_str_append(out, s, (int)(open_ended ? n - 1 : n));
	sqlite3_str_appendall(out, open_ended ? "." : "");
	sqlite3_result_text(ctx, sqlite3_str_length(out) ? sqlite3_str_value(out) : "", -1,
	                    SQLITE_TRANSIENT);
	sqlite3_free(sqlite3_str_finish(out));
}

/* Line feeds in what packets carried must not look like lines of ours. */
static void sql_one_line(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	const char *s = (const char *)sqlite3_value_text(arg[0]);
	if (!s)
		return;
	sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(ctx));
	for (; *s; s++)
		sqlite3_str_append(out, *s == '\n' ? "\\x0A" : s, *s == '\n' ? 4 : 1);
	sqlite3_result_text(ctx, sqlite3_str_length(out) ? sqlite3_str_value(out) : "", -1,
	                    SQLITE_TRANSIENT);
	sqlite3_free(sqlite3_str_finish(out));
}

static void sql_address(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	const char *name = (const char *)sqlite3_value_text(arg[0]);
	if (!name)
		return;
	size_t len = strlen(name);
	const char *colon = strchr(name, ':');
	if (*name == '[')
		len = strcspn(++name, "]");
	else if (colon && !strchr(colon + 1, ':'))
		len = (size_t)(colon - name);
	sqlite3_result_text(ctx, name, (int)len, SQLITE_TRANSIENT);
}

/* Milliseconds are enough for people, and three digits for less. */
static void fill_real(sqlite3_str *out, double value)
{
	char text[400];          /* any double, written out */
	if (value > -0.1 && value < 0.1) {
		sqlite3_str_appendf(out, "%.3g", value);
		return;
	}
	snprintf(text, sizeof text, "%.3f", value);
	size_t n = strlen(text);
	while (text[n - 1] == '0')
		n--;
	sqlite3_str_append(out, text, (int)(text[n - 1] == '.' ? n - 1 : n));
}

/* Whether a text can be a word of a shell's command and nothing else: who reads a command
 * may paste it, and the text may be a packet's. */
static bool is_plain_word(const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@%+=,-";
	return *s != '-' && s[strspn(s, plain)] == '\0';
}

/* {host}, where the text must not be in a command: HOST */
static void fill_placeholder(sqlite3_str *out, const char *name, int n)
{
	for (int i = 0; i < n; i++)
		sqlite3_str_appendchar(out, 1, (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]));
}

/* Append the value of numbers.name as people write it: a list with commas.
 * False: there is none. */
static bool fill_name(sqlite3_str *out, sqlite3_stmt *value, const char *name, int n, bool command)
{
	sqlite3_bind_text(value, 2, name, n, SQLITE_TRANSIENT);
	bool found = sqlite3_step(value) == SQLITE_ROW
	          && sqlite3_column_type(value, 0) != SQLITE_NULL;
	if (found && sqlite3_column_type(value, 0) == SQLITE_FLOAT)
		fill_real(out, sqlite3_column_double(value, 0));
	else if (found && command && !is_plain_word((const char *)sqlite3_column_text(value, 0)))
		fill_placeholder(out, name, n);
	else if (found)
		sqlite3_str_appendall(out, (const char *)sqlite3_column_text(value, 0));
	sqlite3_reset(value);
	return found;
}

/* Lines that begin with a blank are commands. */
static void fill(sqlite3_str *out, sqlite3_stmt *value, const char *s)
{
	bool command = *s == ' ';
	while (*s) {
		size_t n = strcspn(s, "{\n");
		sqlite3_str_append(out, s, (int)n);
		s += n;
		if (*s == '\n')
			command = s[1] == ' ';
		n = *s == '{' ? strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;
		if (n && s[n + 1] == '}') {
			bool filled = fill_name(out, value, s + 1, (int)n, command);
			s += n + 2;
			if (!filled && *s == ' ')
				s++;
		} else if (*s) {
			sqlite3_str_append(out, s++, 1);
		}
	}
}

static void sql_filled(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
	(void)n;
	static const char sql[] =
		"SELECT CASE type WHEN 'array' THEN one_line((SELECT group_concat(value, ', ')"
		"         FROM json_each(j.value)))"
		"       WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' WHEN 'text' THEN one_line(value)"
		"       ELSE value END"
		"  FROM json_each(?1) j WHERE key = ?2";
	sqlite3 *db = sqlite3_context_db_handle(ctx);
	sqlite3_stmt *value = NULL;
	const char *text = (const char *)sqlite3_value_text(arg[0]);
	if (!text || sqlite3_prepare_v2(db, sql, -1, &value, NULL) != SQLITE_OK)
		return;
	sqlite3_bind_value(value, 1, arg[1]);
	sqlite3_str *out = sqlite3_str_new(db);
	fill(out, value, text);
	sqlite3_finalize(value);
	sqlite3_result_text(ctx, sqlite3_str_length(out) ? sqlite3_str_value(out) : "", -1,
	                    SQLITE_TRANSIENT);
	sqlite3_free(sqlite3_str_finish(out));
}

/* ---- views ---- */

static bool views_there(struct sqlite3 *db)
{
	static const char sql[] = "SELECT 1 FROM sqlite_temp_schema WHERE name GLOB 'shown_*' LIMIT 1";
	sqlite3_stmt *stmt = NULL;
	bool there = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return there;
}

/* What report.sql made, whatever it was. */
static void views_drop(struct sqlite3 *db)
{
	static const char sql[] =
		"SELECT 'DROP ' || type || ' temp.' || name FROM sqlite_temp_schema"
		" WHERE name GLOB 'shown_*' AND type IN ('view', 'table') ORDER BY type DESC LIMIT 1";
	sqlite3_stmt *stmt = NULL;
	char drop[200];
	do {
		drop[0] = '\0';
		if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK
		    && sqlite3_step(stmt) == SQLITE_ROW)
			snprintf(drop, sizeof drop, "%s", model_text(stmt, 0));
		sqlite3_finalize(stmt);
	} while (*drop && sqlite3_exec(db, drop, NULL, NULL, NULL) == SQLITE_OK);
}

/* The functions of report_model.h, and how many arguments they take. */
static const struct { const char *name; int n; void (*call)(sqlite3_context *, int, sqlite3_value **); }
functions[] = {
	{ "iso_time", 1, sql_iso_time },   { "clock", 1, sql_clock },
	{ "clock_s", 1, sql_clock_s },     { "duration", 1, sql_duration },
	{ "plural", 2, sql_plural },       { "tcp_flags", 1, sql_tcp_flags },
	{ "address", 1, sql_address },     { "one_line", 1, sql_one_line },
	{ "sha256", 1, sql_sha256 },       { "bare_time", 1, sql_bare_time },
	{ "file_name", 1, sql_file_name }, { "tool_version", 0, sql_tool_version },
	{ "time_zone", 0, sql_time_zone },
	{ "first_sentence", 1, sql_first_sentence }, { "filled", 2, sql_filled },
};

static bool functions_register(struct sqlite3 *db)
{
	int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (sqlite3_create_function_v2(db, functions[i].name, functions[i].n, how, NULL,
		                               functions[i].call, NULL, NULL, NULL)
		    != SQLITE_OK)
			return false;
	return true;
}

/* Where something is not to be told, or was not the last time, the incidents are others than
 * those of the rules pass. */
static bool incidents_chosen(struct sqlite3 *db)
{
	static const char sql[] =
		"SELECT EXISTS (SELECT 1 FROM sqlite_temp_schema WHERE name = 'incident_of')"
		"       OR EXISTS (SELECT 1 FROM temp.left_out)";
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_exec(db, "CREATE TEMP TABLE IF NOT EXISTS left_out(finding INTEGER PRIMARY KEY,"
	                       " why TEXT NOT NULL)", NULL, NULL, NULL) == SQLITE_OK
	       && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
	bool anew = ok && sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return ok && (!anew || tables_make(db, "db/incidents.sql", true));
}

bool model_open(struct model *m, struct sqlite3 *db, struct err *err)
{
	*m = (struct model){ .db = db, .err = err, .shares = views_there(db) };
	if (m->shares)
		return true;
	if (functions_register(db) && incidents_chosen(db)
	    && sqlite3_exec(db, embedded_text("analyzer/report/report.sql"), NULL, NULL, NULL) == SQLITE_OK)
		return true;
	fail(err, "the case cannot be reported on: %s", sqlite3_errmsg(db));
	views_drop(db);
	return false;
}

bool model_close(struct model *m)
{
	if (!m->shares)
		views_drop(m->db);
	return !m->failed;
}

/* ---- queries ---- */

static void model_fail(struct model *m)
{
	if (!m->failed)
		fail(m->err, "the case cannot be read: %s", sqlite3_errmsg(m->db));
	m->failed = true;
}

struct sqlite3_stmt *model_query(struct model *m, const char *sql, long long a, long long b)
{
	sqlite3_stmt *stmt = NULL;
	if (m->failed)
		return NULL;
	if (sqlite3_prepare_v2(m->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		model_fail(m);
		return NULL;
	}
	int n = sqlite3_bind_parameter_count(stmt);
	if (n >= 1)
		sqlite3_bind_int64(stmt, 1, a);
	if (n >= 2)
		sqlite3_bind_int64(stmt, 2, b);
	return stmt;
}

/* Not a view: SQLite would make those of all findings to give those of one. */
struct sqlite3_stmt *model_filters(struct model *m, long long finding)
{
	return model_query(m,
		"SELECT 1 AS nr, iif(max(files) = 1 AND count(stream) = count(*),"
		"           iif(count(DISTINCT stream) = 1, 'tcp.stream eq ' || min(stream),"
		"               'tcp.stream in {' || group_concat(DISTINCT stream) || '}') || ' && ', '')"
		"       || 'frame.number in {' || group_concat(file_frame) || '}' AS text,"
		"       file, count(*) OVER () AS files, capture_id, file_seq"
		"  FROM (SELECT * FROM temp.shown_evidence WHERE finding_id = ?1 ORDER BY nr)"
		" GROUP BY capture_id, file_seq, file "
		"UNION ALL SELECT 2, ip || '==' || w.client_ip || ' && ' || ip || '==' || w.server_ip"
		"       || ' && tcp.port==' || w.client_port || ' && tcp.port==' || w.server_port, NULL, 1, NULL, NULL"
		"  FROM finding f"
		"  JOIN (SELECT *, iif(instr(client_ip, ':'), 'ipv6.addr', 'ip.addr') AS ip FROM flow) w ON w.id = f.flow_id"
		" WHERE f.id = ?1"
		" ORDER BY nr, capture_id, file_seq", finding, 0);
}

bool model_next(struct model *m, struct sqlite3_stmt *stmt)
{
	int rc = stmt ? sqlite3_step(stmt) : SQLITE_DONE;
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		model_fail(m);
	sqlite3_finalize(stmt);
	return false;
}

long long model_number(struct model *m, const char *sql, long long a)
{
	sqlite3_stmt *stmt = model_query(m, sql, a, 0);
	long long number = 0;
	while (model_next(m, stmt))
		number = sqlite3_column_int64(stmt, 0);
	return number;
}

const char *model_text(struct sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);
	return text ? (const char *)text : "";
}

const char *severity_word(const char *severity)
{
	return strcmp(severity, "error") == 0     ? "ERROR"
	       : strcmp(severity, "warning") == 0 ? "WARNING"
	                                          : "NOTE";
}
