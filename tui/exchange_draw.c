/* exchange_draw.c - see exchange_draw.h. */
#include "exchange_draw.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "bars.h"

/* What cut a response; of one that never began, what ended the flow. */
#define CUT_BY(state) \
	"CASE x." state " WHEN 'complete' THEN '' WHEN 'cut_by_fin' THEN 'FIN' WHEN 'cut_by_rst' THEN 'RST'" \
	" WHEN 'cut_by_gap' THEN 'gap' WHEN 'open' THEN 'open'" \
	" ELSE CASE WHEN x.request_state = 'cut_by_rst' OR w.ended = 'rst' THEN 'RST' WHEN w.ended = 'fin' THEN 'FIN'" \
	"      ELSE 'none' END END"

/* Columns as exchange_read() takes them. */
const char exchange_sql[] =
	"SELECT x.flow_id, x.nr, coalesce(x.request_frame, x.response_frame), c.first_ns, n.client, n.server,"
	"       coalesce(x.method || ' ' || coalesce(x.target, ''), '(no request)'),"
	"       x.status, " CUT_BY("response_state") ", " EXCHANGE_TROUBLE ","
	"       x.request_ns, x.request_end_ns, x.response_ns, x.response_end_ns, " EXCHANGE_END_NS ","
	"       coalesce(x.request_bytes, -1), coalesce(x.response_bytes, -1), x.response_state <> 'complete',"
	"       CASE WHEN x.expect_answer = 'unasked' THEN '100 unasked' WHEN NOT x.expect_continue THEN ''"
	"            WHEN x.expect_answer = '100' THEN '100' WHEN x.expect_answer = 'final' THEN 'refused'"
	"            ELSE 'no 100' END"
	"  FROM http_exchange x JOIN flow w ON w.id = x.flow_id JOIN flow_name n ON n.flow_id = x.flow_id"
	"  JOIN capture c ON c.id = w.capture_id WHERE x.rowid = ?1";

enum { FLOW, NR, FRAME, ORIGIN, CLIENT, SERVER, WHAT, STATUS, CUT, TROUBLE, REQUEST, REQUEST_END, RESPONSE,
       RESPONSE_END, END, REQUEST_BYTES, RESPONSE_BYTES, INCOMPLETE, EXPECT };

static bool known(struct sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) != SQLITE_NULL;
}

/* A time, not before `least`; one that is not known is `instead`. */
static int64_t time_at(struct sqlite3_stmt *s, int column, int64_t instead, int64_t least)
{
	int64_t ns = known(s, column) ? sqlite3_column_int64(s, column) : instead;
	return ns > least ? ns : least;
}

static void times_read(struct exchange *x, struct sqlite3_stmt *s)
{
	int64_t end = sqlite3_column_int64(s, END);
	x->ns = sqlite3_column_int64(s, known(s, REQUEST) ? REQUEST : RESPONSE);
	int64_t response = time_at(s, RESPONSE, end, x->ns);
	/* a response may begin while the request is still being sent */
	int64_t sent = time_at(s, REQUEST_END, x->ns, x->ns);
	if (sent > response)
		sent = response;
	x->sent_ns = sent - x->ns;
	x->wait_ns = response - sent;
	x->answered = known(s, RESPONSE);
	x->received_ns = x->answered ? time_at(s, RESPONSE_END, end, response) - response : 0;
}

void exchange_read(struct exchange *x, struct sqlite3_stmt *s)
{
	const char *cut = model_text(s, CUT);
	x->flow = sqlite3_column_int64(s, FLOW);
	x->nr = sqlite3_column_int64(s, NR);
	x->frame = sqlite3_column_int64(s, FRAME);
	x->origin_ns = sqlite3_column_int64(s, ORIGIN);
	x->status = sqlite3_column_int64(s, STATUS);
	x->bad = sqlite3_column_int(s, TROUBLE);
	x->cut = sqlite3_column_int(s, INCOMPLETE);
	x->request_bytes = sqlite3_column_int64(s, REQUEST_BYTES);
	x->response_bytes = sqlite3_column_int64(s, RESPONSE_BYTES);
	snprintf(x->client, sizeof x->client, "%s", model_text(s, CLIENT));
	snprintf(x->server, sizeof x->server, "%s", model_text(s, SERVER));
	snprintf(x->what, sizeof x->what, "%s", model_text(s, WHAT));
	snprintf(x->expect, sizeof x->expect, "%s", model_text(s, EXPECT));
	snprintf(x->outcome, sizeof x->outcome, "%.8s%s%s", model_text(s, STATUS), x->status && *cut ? " " : "", cut);
	times_read(x, s);
}

int64_t exchange_total_ns(const struct exchange *x)
{
	return x->sent_ns + x->wait_ns + x->received_ns;
}

void exchange_bar(const struct exchange *x, struct area a, int row, int col, int width, int full)
{
	int64_t total = exchange_total_ns(x);
	int room = full - x->cut;
	int sent = bar_columns(x->sent_ns, total, room), received = bar_columns(x->received_ns, total, room);
	if (full < 1 || width < 1)
		return;
	if (total == 0)
		room = 0;
	/* where the room is short for all of them the longest gives way */
	int wait = x->wait_ns > 0 ? 1 : 0;
	while (sent + received + wait > room && sent + received > 0)
		*(sent > received ? &sent : &received) -= 1;
	struct area field = area_part(a, row, col, 1, width);
	int at = area_repeat(field, 0, 0, sent, LOOK_CLIENT, EXCHANGE_SENT);
	at = area_repeat(field, 0, at, room - sent - received, LOOK_DIM, EXCHANGE_WAIT);
	at = area_repeat(field, 0, at, received, LOOK_SERVER, EXCHANGE_RECEIVED);
	if (x->cut)
		area_put(field, 0, at, LOOK_ERROR, EXCHANGE_CUT);
}

int exchange_look(const struct exchange *x)
{
	if (x->cut || x->status >= 500)
		return LOOK_ERROR;
	return x->status >= 400 ? LOOK_WARNING : x->bad ? LOOK_NOTE : LOOK_PLAIN;
}
