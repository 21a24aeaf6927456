/* goto.c - see goto.h. */
#include "goto.h"

#include <sqlite3.h>
#include <stdio.h>

#include "browser.h"
#include "text.h"
#include "views.h"
#include "when.h"

enum { NEAR_S = 30 };

static const int64_t NS = 1000000000;

bool goto_flow(struct browser *b, int64_t id, struct err *err)
{
	if (!model_number(&b->model, "SELECT count(*) FROM flow WHERE id = ?1", id))
		return fail(err, "There is no flow.id %lld; :stream N goes by Wireshark's tcp.stream.", (long long)id);
	browser_open(b, &view_flow, (struct subject){ .id = id });
	return true;
}

/* ---- by the numbers of Wireshark ---- */

/* The capture and the file of what is pointed at; the first where that says nothing. */
struct place { int64_t capture, first_frame, frames; };

static struct place place_pointed(struct browser *b)
{
	struct about about = browser_about(b);
	struct place p = { 0 };
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT c.capture_id, c.first_frame, c.frames FROM capture_file c LEFT JOIN flow f ON f.id = ?1"
		" ORDER BY c.capture_id IS NOT f.capture_id, c.first_frame + c.frames <= iif(?2, ?2, f.first_frame), c.capture_id, c.seq"
		" LIMIT 1", about.flow, about.frame);
	while (model_next(&b->model, s))
		p = (struct place){ sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2) };
	return p;
}

/* Columns of an answer: flow, frame. */
static void answer_open(struct browser *b, struct sqlite3_stmt *row)
{
	if (row)
		browser_open(b, &view_flow, (struct subject){ .id = sqlite3_column_int64(row, 0), .frame = sqlite3_column_int64(row, 1) });
	else
		browser_say(b, LOOK_WARNING, "There is none.");
}

static void stream_answered(struct browser *b, struct sqlite3_stmt *row)
{
	if (row)
		answer_open(b, row);
	else
		browser_say(b, LOOK_WARNING, "There is no such tcp.stream.");
}

bool goto_stream(struct browser *b, int64_t stream, struct err *err)
{
	(void)err;
	later_ask(b, "SELECT id, 0 FROM flow WHERE stream = ?1 ORDER BY capture_id IS NOT ?2, id LIMIT 1", stream,
	          place_pointed(b).capture, stream_answered);
	browser_say(b, LOOK_DIM, "Looking for tcp.stream %lld ...", (long long)stream);
	return true;
}

/* Flows that begin before the frame and end behind it, the nearest beginning first: flow.id
 * counts with the first frame. */
static const char frame_sql[] =
	"SELECT * FROM (SELECT f.id, ?2 FROM capture c JOIN flow f ON f.id BETWEEN c.flow_base AND c.flow_base + ?2"
	"                WHERE c.id = ?1 AND f.last_frame >= ?2"
	"                  AND EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = f.id AND p.frame = ?2)"
	"                ORDER BY f.id DESC LIMIT 1) "
	"UNION ALL SELECT i.flow_id, ?2 FROM icmp i JOIN flow f ON f.id = i.flow_id WHERE i.frame = ?2 AND f.capture_id = ?1"
	" LIMIT 1";

static void frame_answered(struct browser *b, struct sqlite3_stmt *row)
{
	if (row)
		answer_open(b, row);
	else
		browser_say(b, LOOK_WARNING, "That frame belongs to no connection: it carries no TCP, or is a copy of another.");
}

bool goto_frame(struct browser *b, int64_t frame, struct err *err)
{
	struct place p = place_pointed(b);
	if (frame < 1 || frame > p.frames)
		return fail(err, "The file has %lld frames.", (long long)p.frames);
	later_ask(b, frame_sql, p.capture, p.first_frame + frame - 1, frame_answered);
	browser_say(b, LOOK_DIM, "Looking for frame %lld ...", (long long)frame);
	return true;
}

/* ---- by the time ---- */

/* What happened around ?1, by report.sql; temp.chosen_time has it. */
static const char near_sql[] = "SELECT flow_id, ns, duration(abs(ns - ?1)) || iif(ns < ?1, ' before', ' after'), what FROM temp.shown_near WHERE nr = 1";

/* The connection that begins or ends nearest to it. */
static const char edge_sql[] =
	"SELECT id, ns, duration(abs(ns - ?1)) || iif(ns < ?1, ' before', ' after'), what"
	"  FROM (SELECT id, first_ns AS ns, 'the first packet of a connection' AS what FROM flow"
	"        UNION ALL SELECT id, last_ns, 'the last packet of a connection' FROM flow) ORDER BY abs(ns - ?1) LIMIT 1";

/* The packet of the flow that came nearest to the time. */
static int64_t frame_near(struct browser *b, int64_t flow, int64_t ns)
{
	int64_t frame = 0;
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT frame FROM packet WHERE flow_id = ?1 ORDER BY abs(ns - ?2), frame LIMIT 1", flow, ns);
	while (model_next(&b->model, s))
		frame = sqlite3_column_int64(s, 0);
	return frame;
}

struct near { int64_t flow, frame; bool stopped; char off[40], what[200]; };

/* False: the question has no answer. */
static bool near_find(struct browser *b, const char *sql, struct near *n)
{
	struct sqlite3_stmt *s = model_query(&b->model, sql, b->sought_ns, 0);
	int rc = s ? later_step(b, s, 0) : SQLITE_DONE;
	n->stopped = rc == SQLITE_INTERRUPT;
	if (rc == SQLITE_ROW) {
		n->flow = sqlite3_column_int64(s, 0);
		n->frame = frame_near(b, n->flow, sqlite3_column_int64(s, 1));
		snprintf(n->off, sizeof n->off, "%s", model_text(s, 2));
		snprintf(n->what, sizeof n->what, "%s", model_text(s, 3));
	}
	sqlite3_finalize(s);
	return n->flow || n->stopped;
}

static void near_open(struct browser *b, const struct near *n)
{
	char time[TEXT_TIME_SIZE];
	browser_open(b, &view_flow, (struct subject){ .id = n->flow, .frame = n->frame });
	if (!*b->message)
		browser_say(b, LOOK_DIM, "%s: %s, %s", text_time(b->sought_ns, time), n->what, n->off);
}

/* The time that the report was asked about comes back with the savepoint, before a view is
 * opened: what that makes is to stay. */
static void near_look(struct browser *b)
{
	struct near near = { 0 };
	b->message[0] = '\0';
	sqlite3_exec(b->db, "SAVEPOINT near; DELETE FROM temp.chosen_time", NULL, NULL, NULL);
	struct sqlite3_stmt *s = model_query(&b->model, "INSERT INTO temp.chosen_time VALUES(?1, ?2)", b->sought_ns, NEAR_S * NS);
	while (model_next(&b->model, s))
		;
	bool found = near_find(b, near_sql, &near) || near_find(b, edge_sql, &near);
	sqlite3_exec(b->db, "ROLLBACK TO near; RELEASE near", NULL, NULL, NULL);
	if (near.flow)
		near_open(b, &near);
	else
		browser_say(b, LOOK_WARNING, found ? "A key was pressed: it was looked for no further." : "There are no connections.");
}

bool goto_time(struct browser *b, const char *time, struct err *err)
{
	char text[TEXT_TIME_SIZE];
	int64_t first = model_number(&b->model, "SELECT min(first_ns) FROM capture", 0);
	int64_t last = model_number(&b->model, "SELECT max(last_ns) FROM capture", 0);
	if (!when_parse(time, first, last, &b->sought_ns, err))
		return false;
	later_try(b, near_look);
	browser_say(b, LOOK_DIM, "Looking for what happened around %s ...", text_time(b->sought_ns, text));
	return true;
}
