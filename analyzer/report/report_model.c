/* report_model.c - see report_model.h. */
#include "report_model.h"

#include <sqlite3.h>
#include <string.h>

#include "text.h"

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

/* Append the value of numbers.name as people write it: a list with commas.
 * False: there is none. */
static bool fill_name(sqlite3_str *out, sqlite3_stmt *value, const char *name, int n)
{
	sqlite3_bind_text(value, 2, name, n, SQLITE_TRANSIENT);
	bool found = sqlite3_step(value) == SQLITE_ROW
	          && sqlite3_column_type(value, 0) != SQLITE_NULL;
	if (found && sqlite3_column_type(value, 0) == SQLITE_FLOAT)
		fill_real(out, sqlite3_column_double(value, 0));
	else if (found)
		sqlite3_str_appendall(out, (const char *)sqlite3_column_text(value, 0));
	sqlite3_reset(value);
	return found;
}

static void fill(sqlite3_str *out, sqlite3_stmt *value, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "{");
		sqlite3_str_append(out, s, (int)n);
		s += n;
		n = *s ? strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;
		if (*s && n && s[n + 1] == '}') {
			bool filled = fill_name(out, value, s + 1, (int)n);
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

static const char views[] =
	"CREATE TEMP TABLE incident_of AS"
	"  SELECT id, min(id) OVER (PARTITION BY rule, severity, address(client), server) AS incident_id"
	"    FROM main.finding;"
	"CREATE UNIQUE INDEX temp.incident_of_id ON incident_of(id);"
	"CREATE INDEX temp.incident_of_incident ON incident_of(incident_id, id);"
	"CREATE TEMP VIEW shown_finding AS"
	"  SELECT f.*, r.title, CASE WHEN r.about = 'capture' THEN 'quality' WHEN r.benign THEN 'benign'"
	"         ELSE 'finding' END AS place, r.explains, r.remedy AS remedy_text, r.confirm, r.not_when,"
	"         r.reference, i.incident_id, w.stream"
	"    FROM finding f JOIN rule r ON r.id = f.rule JOIN temp.incident_of i ON i.id = f.id"
	"    LEFT JOIN flow w ON w.id = f.flow_id;"
	"CREATE TEMP VIEW shown_evidence AS"
	"  SELECT e.finding_id, e.nr, e.flow_id, e.frame, e.ns, e.role, w.stream, c.id AS capture_id,"
	"         c.first_ns AS capture_ns, coalesce(f.path, c.name) AS file, coalesce(f.seq, 0) AS file_seq,"
	"         e.frame - coalesce(f.first_frame, 1) + 1 AS file_frame,"
	"         (SELECT count(*) FROM capture_file n WHERE n.capture_id = c.id) AS files"
	"    FROM evidence e JOIN finding d ON d.id = e.finding_id"
	"    LEFT JOIN flow w ON w.id = e.flow_id"
	"    LEFT JOIN capture c ON c.id = coalesce(w.capture_id, d.capture_id)"
	"    LEFT JOIN capture_file f ON f.capture_id = c.id AND e.frame >= f.first_frame"
	"                            AND e.frame < f.first_frame + f.frames;"
	"CREATE TEMP TABLE shown_quality AS"
	"  SELECT id, capture_id, rule, severity, confidence, summary, numbers, remedy_text,"
	"         coalesce(json_extract(numbers, '$.kind'), rule) AS kind,"
	"         coalesce(json_extract(numbers, '$.count'), 1) AS count"
	"    FROM temp.shown_finding WHERE place = 'quality';";

static void views_drop(struct sqlite3 *db)
{
	sqlite3_exec(db, "DROP TABLE IF EXISTS temp.shown_quality;"
	             "DROP VIEW IF EXISTS temp.shown_evidence; DROP VIEW IF EXISTS temp.shown_finding;"
	             "DROP TABLE IF EXISTS temp.incident_of;", NULL, NULL, NULL);
}

bool model_open(struct model *m, struct sqlite3 *db, struct err *err)
{
	int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	*m = (struct model){ .db = db, .err = err };
	views_drop(db);
	if (sqlite3_create_function_v2(db, "iso_time", 1, how, NULL, sql_iso_time, NULL, NULL, NULL)
	    || sqlite3_create_function_v2(db, "duration", 1, how, NULL, sql_duration, NULL, NULL, NULL)
	    || sqlite3_create_function_v2(db, "address", 1, how, NULL, sql_address, NULL, NULL, NULL)
	    || sqlite3_create_function_v2(db, "one_line", 1, how, NULL, sql_one_line, NULL, NULL, NULL)
	    || sqlite3_create_function_v2(db, "filled", 2, how, NULL, sql_filled, NULL, NULL, NULL)
	    || sqlite3_exec(db, views, NULL, NULL, NULL) != SQLITE_OK)
		return fail(err, "the case cannot be reported on: %s", sqlite3_errmsg(db));
	return true;
}

bool model_close(struct model *m)
{
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
