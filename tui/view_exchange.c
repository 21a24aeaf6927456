/* view_exchange.c - one HTTP exchange: its times one by one, what its states are, its heads. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "bars.h"
#include "browser.h"
#include "exchange_draw.h"
#include "flow_title.h"
#include "key.h"
#include "text.h"
#include "views.h"

enum { LABEL = 22, FRAME_COLS = 9, AT_COLS = 16, TOOK_COLS = 12 };

struct one {
	int64_t         rowid;
	struct exchange x;
	char            of[FLOW_TITLE_SIZE];      /* the flow it is of */
	struct sheet    sheet;            /* tags: frames of the capture */
};

static bool one_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct one *o = state;
	bool found = false;
	struct sqlite3_stmt *s = model_query(&b->model, exchange_sql, subject.id, 0);
	while (model_next(&b->model, s)) {
		exchange_read(&o->x, s);
		found = true;
	}
	o->rowid = subject.id;
	flow_title_of(b, o->x.flow, o->of);
	return found || fail(err, "There is no such HTTP exchange.");
}

static void one_close(void *state)
{
	struct one *o = state;
	sheet_free(&o->sheet);
}

static void one_title(void *state, char *text, size_t size)
{
	struct one *o = state;
	snprintf(text, size, "Exchange %lld of %s", (long long)o->x.nr, o->of);
}

/* ---- times ---- */

/* What happened: when, how long after what came before it, in which frame of the file. */
static const char steps_sql[] =
	"SELECT s.column1, s.column2, x.request_ns, s.column3,"
	"       s.column3 - coalesce((SELECT n.first_frame FROM capture_file n JOIN flow w ON w.capture_id = n.capture_id"
	"         WHERE w.id = x.flow_id AND s.column3 BETWEEN n.first_frame AND n.first_frame + n.frames - 1), 1) + 1"
	"  FROM http_exchange x, (%s) s WHERE x.rowid = ?1 AND s.column2 IS NOT NULL ORDER BY s.column2, s.column4";

static const char steps_of[] =
	"SELECT 'request begins' AS column1, request_ns AS column2, request_frame AS column3, 1 AS column4"
	"  FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 'request head ends', request_head_end_ns, request_head_end_frame, 2 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT '100 (Continue)', continue_ns, continue_frame, 3 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 'request body begins', request_body_ns, request_body_frame, 4 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 'request ends', request_end_ns, request_end_frame, 5 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 'response begins', response_ns, response_frame, 6 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 'response head ends', response_head_end_ns, response_head_end_frame, 7 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 'response ends', response_end_ns, response_end_frame, 8 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT upper(w.ended) || ' of the ' || w.ended_by, w.ended_ns, w.ended_frame, 9"
	"   FROM http_exchange x JOIN flow w ON w.id = x.flow_id"
	"  WHERE x.rowid = ?1 AND x.response_state <> 'complete' AND w.ended IN ('fin', 'rst')";

static void steps_write(struct one *o, struct browser *b, struct sheet *to)
{
	char sql[sizeof steps_sql + sizeof steps_of], text[TEXT_DURATION_SIZE];
	int64_t before = o->x.ns, total = exchange_total_ns(&o->x);
	snprintf(sql, sizeof sql, steps_sql, steps_of);
	struct sqlite3_stmt *s = model_query(&b->model, sql, o->rowid, 0);
	struct area row = sheet_rows(to, 1);
	area_field(row, 0, LABEL, -FRAME_COLS, LOOK_DIM, "frame");
	area_field(row, 0, LABEL + FRAME_COLS, -AT_COLS, LOOK_DIM, "since it began");
	area_field(row, 0, LABEL + FRAME_COLS + AT_COLS, -TOOK_COLS, LOOK_DIM, "step");
	while (model_next(&b->model, s)) {
		int64_t ns = sqlite3_column_int64(s, 1), col = LABEL;
		row = sheet_rows(to, 1);
		area_field(row, 0, 0, LABEL, LOOK_PLAIN, model_text(s, 0));
		area_field(row, 0, (int)col, -FRAME_COLS, LOOK_PLAIN, model_text(s, 4));
		area_field(row, 0, LABEL + FRAME_COLS, -AT_COLS, LOOK_PLAIN, text_duration(ns - o->x.ns, text));
		area_field(row, 0, LABEL + FRAME_COLS + AT_COLS, -TOOK_COLS, LOOK_PLAIN, text_duration(ns - before, text));
		int bar = LABEL + FRAME_COLS + AT_COLS + TOOK_COLS + 2;
		if (row.cols > bar + 8)
			area_repeat(row, 0, bar, bar_columns(ns - before, total, row.cols - bar), LOOK_DIM, BAR_FULL);
		sheet_tag(to, to->used - 1, sqlite3_column_int64(s, 3));
		before = ns;
	}
}

/* ---- words ---- */

#define STATE_WORDS(state) "replace(replace(replace(" state ", '_', ' '), 'fin', 'FIN'), 'rst', 'RST')"

/* A label and a text to each column that has one. */
static const char words_sql[] =
	"SELECT v.column1, v.column2 FROM http_exchange x, (SELECT 1) JOIN ("
	" SELECT 1 AS nr, 'Request' AS column1, coalesce(version, 'not captured') || ', ' || " STATE_WORDS("request_state")
	"        || iif(request_bytes, ', body of ' || plural(request_bytes, 'byte'), '')"
	"        || iif(request_declared <> coalesce(request_bytes, 0), ', declared ' || request_declared, '') AS column2 FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 2, 'Response', coalesce(response_version || ' ' || status || coalesce(' ' || reason, '') || ', ', '')"
	"        || iif(response_state = 'none', 'not a byte of it', " STATE_WORDS("response_state") ")"
	"        || iif(response_bytes, ', body of ' || plural(response_bytes, 'byte'), '')"
	"        || iif(response_declared <> coalesce(response_bytes, 0), ', declared ' || response_declared, '')"
	"        || iif(response_until_close, ', to the end of the connection', '') FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 3, 'Expect', CASE WHEN expect_answer = 'unasked' THEN 'a 100 (Continue) came that was not asked for'"
	"        WHEN expect_continue THEN '100-continue; the client heard '"
	"          || CASE expect_answer WHEN '100' THEN 'a 100 (Continue)' WHEN 'final' THEN 'a final status instead' ELSE 'nothing' END"
	"          || CASE expect_body WHEN 'before' THEN ', and had sent its body before' WHEN 'after' THEN ', and sent its body then'"
	"               WHEN 'without' THEN ', and sent its body without it' WHEN 'unsent' THEN ', and did not send its body' ELSE '' END END"
	"        FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 4, 'Keep-alive', iif(close_announced, 'one side said that it would close', NULL)"
	"        FROM http_exchange WHERE rowid = ?1"
	" UNION ALL SELECT 5, 'Body hash', printf('%08x', request_body_hash)"
	"        || coalesce((SELECT ': the same body went with ' || plural(count(*), 'other request') FROM http_exchange o"
	"             WHERE o.request_body_hash = x.request_body_hash AND o.request_bytes = x.request_bytes AND o.rowid <> x.rowid"
	"            HAVING count(*)), '')"
	"        FROM http_exchange x WHERE rowid = ?1 AND request_body_hash IS NOT NULL"
	") v WHERE x.rowid = ?1 AND v.column2 <> '' ORDER BY v.nr";

static void words_write(struct one *o, struct browser *b, struct sheet *to)
{
	struct sqlite3_stmt *s = model_query(&b->model, words_sql, o->rowid, 0);
	while (model_next(&b->model, s))
		sheet_fold(to, 12, model_text(s, 0), LOOK_PLAIN, model_text(s, 1));
}

/* A head as it was sent, a line each; the first line stands out. */
static void head_write(struct sheet *to, const char *title, const char *head)
{
	sheet_line(to, 0, LOOK_PLAIN, "");
	sheet_heading(to, title);
	if (!*head)
		sheet_line(to, 2, LOOK_DIM, "none was captured");
	for (bool first = true; *head; first = false) {
		char line[4200];
		size_t n = strcspn(head, "\n"), text = n && head[n - 1] == '\r' ? n - 1 : n;
		snprintf(line, sizeof line, "%.*s", (int)text, head);
		if (text)
			sheet_fold(to, 2, "", first ? LOOK_BOLD : LOOK_PLAIN, line);
		head += n + (head[n] == '\n');
	}
}

static void one_draw(void *state, struct browser *b, struct area a)
{
	struct one *o = state;
	struct sheet *to = &o->sheet;
	sheet_begin(to, a.cols, a.on->ascii);
	sheet_fold(to, 12, "Asked", LOOK_BOLD, o->x.what);
	sheet_fold(to, 12, "Client", LOOK_CLIENT, o->x.client);
	sheet_fold(to, 12, "Server", LOOK_SERVER, o->x.server);
	words_write(o, b, to);
	sheet_line(to, 0, LOOK_PLAIN, "");
	exchange_bar(&o->x, sheet_rows(to, 1), 0, 0, a.cols, a.cols);
	steps_write(o, b, to);
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT request_head, response_head FROM http_exchange WHERE rowid = ?1",
	                                     o->rowid, 0);
	while (model_next(&b->model, s)) {
		head_write(to, "Request head", model_text(s, 0));
		head_write(to, "Response head", model_text(s, 1));
	}
	sheet_draw(to, a);
}

/* ---- keys ---- */

static struct sheet *one_sheet(void *state)
{
	struct one *o = state;
	return &o->sheet;
}

static void one_about(void *state, struct browser *b, struct about *about)
{
	struct one *o = state;
	int64_t frame = sheet_tag_at(&o->sheet);
	(void)b;
	about->flow = o->x.flow;
	about->frame = frame ? frame : o->x.frame;
}

static void flow_open(struct browser *b, void *state, int key)
{
	struct about about = { 0 };
	(void)key;
	one_about(state, b, &about);
	browser_open(b, &view_flow, (struct subject){ .id = about.flow, .frame = about.frame });
}

static const struct binding one_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l', 'w' }, "flow", "the whole connection, at the frame of this row, or at the request", flow_open },
	{ .act = NULL },
};

const struct view view_exchange = {
	.name = "exchange",
	.help = "One HTTP exchange: when each part of it began and ended, and after what time; how it came out; its heads,"
	        " in which secrets are replaced.",
	.size = sizeof(struct one), .open = one_open, .close = one_close, .title = one_title, .draw = one_draw,
	.sheet = one_sheet, .about = one_about, .bindings = one_bindings,
};
