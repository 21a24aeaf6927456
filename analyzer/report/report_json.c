/* report_json.c - findings for programs: one JSON document, or NDJSON. SQLite
 * writes the objects, one a line; here are only the brackets around them. See report.h.
 * The shapes are in docs/report.schema.json. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "report.h"
#include "report_model.h"
#include "text.h"

static const char captures[] =
	"SELECT json_object('name', name,"
	"  'files', (SELECT json_group_array(json(o)) FROM (SELECT json_object("
	"      'path', path, 'sha256', nullif(sha256, ''), 'size', size, 'compression', compression,"
	"      'format', format, 'link_type', link_type,"
	"      'snaplen', snaplen, 'frames', frames, 'first', iso_time(first_ns),"
	"      'last', iso_time(last_ns), 'cut_short_at', cut_short_at, 'trouble', trouble) AS o"
	"    FROM capture_file f WHERE f.capture_id = c.id ORDER BY seq)),"
	"  'frames', frames, 'bytes', bytes, 'first', iso_time(first_ns), 'last', iso_time(last_ns),"
	"  'flows', (SELECT count(*) FROM flow w WHERE w.capture_id = c.id),"
	"  'tcp_frames', tcp_frames, 'dropped_frames', dropped_frames, 'taken_for', taken_for, 'read_with', read_with,"
	"  'not_followed', (SELECT json_group_object(kind, frames) FROM (SELECT kind, frames"
	"    FROM not_followed n WHERE n.capture_id = c.id ORDER BY kind)))"
	"  FROM capture c ORDER BY id";

static const char quality[] =
	"SELECT json_object('capture', c.name, 'kind', kind, 'count', count, 'text', summary,"
	"  'rule', rule, 'severity', severity, 'confidence', confidence, 'numbers', json(numbers),"
	"  'remedy', filled(remedy_text, numbers))"
	"  FROM temp.shown_quality q LEFT JOIN capture c ON c.id = q.capture_id ORDER BY q.capture_id, q.id";

/* Notes are there where somebody wrote some. */
static const char findings[] =
	"SELECT iif(notes = '[]', finding, json_set(finding, '$.notes', json(notes)))"
	"  FROM (SELECT json_object('rule', rule, 'severity', severity, 'confidence', confidence,"
	"  'doubt', doubt, 'summary', summary, 'client', client, 'server', server, 'flow', flow_id, 'stream', stream,"
	"  'from', iso_time(from_ns), 'to', iso_time(to_ns), 'numbers', json(numbers),"
	"  'evidence', (SELECT json_group_array(json(o)) FROM (SELECT iif(files > 1,"
	"      json_object('frame', file_frame, 'role', role, 'time', iso_time(ns), 'file', file),"
	"      json_object('frame', file_frame, 'role', role, 'time', iso_time(ns))) AS o"
	"    FROM temp.shown_evidence e WHERE e.finding_id = f.id ORDER BY nr)),"
	"  'remedy', filled(remedy_text, numbers), 'fingerprint', fingerprint) AS finding,"
	"  (SELECT json_group_array(text) FROM (SELECT text FROM note n WHERE n.fingerprint = f.fingerprint ORDER BY n.id)) AS notes"
	"  FROM temp.shown_finding f WHERE place = iif(?1, 'benign', 'finding') ORDER BY id)";

static const char notes[] =
	"SELECT json_object('fingerprint', fingerprint, 'rule', rule, 'client', client, 'server', server, 'flow', flow_id,"
	"  'stream', stream, 'frame', file_frame, 'file', file, 'text', text)"
	"  FROM temp.shown_note ORDER BY id";

static const char incidents[] =
	"SELECT json_object('rule', i.rule, 'title', i.title, 'severity', i.severity,"
	"  'client', client_address, 'server', i.server, 'findings', i.findings,"
	"  'first', iso_time(first_ns), 'last', iso_time(last_ns), 'summary', f.summary,"
	"  'fingerprint', f.fingerprint)"
	"  FROM temp.shown_incident i JOIN finding f ON f.id = i.id ORDER BY i.nr";

/* Of NDJSON alone: what its lines are, and every connection in short. */
static const char report[] =
	"SELECT json_object('tcpwhy', tool_version(), 'schema', 1, 'rules_sha256', sha256)"
	" FROM temp.shown_rule_set";

static const char flows[] =
	"SELECT json_object('flow', f.id, 'stream', f.stream, 'capture', c.name, 'client', n.client, 'server', n.server,"
	"  'app', f.app, 'from', iso_time(f.first_ns), 'to', iso_time(f.last_ns),"
	"  'client_frames', f.client_frames, 'server_frames', f.server_frames,"
	"  'client_bytes', f.client_bytes, 'server_bytes', f.server_bytes, 'rtt_s', f.rtt_ns / 1e9,"
	"  'conn_state', f.conn_state, 'ended', f.ended, 'ended_by', f.ended_by, 'community_id', f.community_id)"
	"  FROM flow f JOIN flow_name n ON n.flow_id = f.id JOIN capture c ON c.id = f.capture_id ORDER BY f.id";

static void put_first(struct model *m, FILE *out, const char *sql)
{
	struct sqlite3_stmt *stmt = model_query(m, sql, 0, 0);
	while (model_next(m, stmt))
		text_put_utf8(out, model_text(stmt, 0));
}

/* "key": [ one object a line ] */
static void put_list(struct model *m, FILE *out, const char *key, const char *sql, int which)
{
	struct sqlite3_stmt *stmt = model_query(m, sql, which, 0);
	bool first = true;
	fprintf(out, "\"%s\": [", key);
	while (model_next(m, stmt)) {
		fputs(first ? "\n  " : ",\n  ", out);
		text_put_utf8(out, model_text(stmt, 0));
		first = false;
	}
	fputs(first ? "]" : "\n]", out);
}

/* The same objects for a log or a stream: one a line, each with its type first. */
static void put_lines(struct model *m, FILE *out, const char *type, const char *sql, int which)
{
	struct sqlite3_stmt *stmt = model_query(m, sql, which, 0);
	while (model_next(m, stmt)) {
		fprintf(out, "{\"type\":\"%s\",", type);
		text_put_utf8(out, model_text(stmt, 0) + 1);
		fputc('\n', out);
	}
}

static bool report_end(struct model *m, FILE *out)
{
	if (!model_close(m))
		return false;
	if (fflush(out) || ferror(out))
		return fail(m->err, "the report could not be written: %s", strerror(errno));
	return true;
}

/* The lists of a report, in order, and what one of their objects is called. */
static const struct { const char *key, *type, *sql; int which; } lists[] = {
	{ "captures", "capture", captures, 0 }, { "quality", "quality", quality, 0 },
	{ "findings", "finding", findings, 0 }, { "incidents", "incident", incidents, 0 },
	{ "benign", "benign", findings, 1 },
};
enum { LISTS = sizeof lists / sizeof *lists };

bool report_json(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	struct model m;
	FILE *out = options->out;
	if (!model_open(&m, db, err))
		return false;
	fprintf(out, "{\"tcpwhy\": \"%s\", \"schema\": 1, \"rules_sha256\": ", TCPWHY_VERSION);
	put_first(&m, out, "SELECT json_quote(sha256) FROM temp.shown_rule_set");
	fputs(",\n", out);
	for (int i = 0; i < LISTS; i++) {
		put_list(&m, out, lists[i].key, lists[i].sql, lists[i].which);
		fputs(i + 1 < LISTS ? ",\n" : "", out);
	}
	if (model_number(&m, "SELECT EXISTS (SELECT 1 FROM note)", 0)) {
		fputs(",\n", out);
		put_list(&m, out, "notes", notes, 0);
	}
	fputs("}\n", out);
	return report_end(&m, out);
}

bool report_ndjson(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	struct model m;
	FILE *out = options->out;
	if (!model_open(&m, db, err))
		return false;
	put_lines(&m, out, "report", report, 0);
	put_lines(&m, out, "capture", captures, 0);
	put_lines(&m, out, "flow", flows, 0);
	for (int i = 1; i < LISTS; i++)
		put_lines(&m, out, lists[i].type, lists[i].sql, lists[i].which);
	put_lines(&m, out, "note", notes, 0);
	return report_end(&m, out);
}
