/* view_server.c - one server: the silences of its connections on an axis of time, which of the
 * known time-outs could explain them, in what time connections are closed, and what those that
 * failed have in common. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "server_flows.h"
#include "silence_strip.h"
#include "text.h"
#include "views.h"

enum { LABEL = 12, SECONDS_COLS = 10 };

struct server {
	int64_t      flow;                /* the first to it */
	char         name[64];
	struct strip strip;
	int64_t      survived, deaths;    /* silences */
	struct sqlite3_stmt *reading;     /* the silences that were survived, flow by flow */
	struct sheet sheet;               /* tags: flows */
};

/* Rows of a table of servers that are about the server of flow ?1. */
#define OF_SERVER(t) \
	"(" t ".capture_id, " t ".server_ip, " t ".server_port) = (SELECT capture_id, server_ip, server_port FROM flow WHERE id = ?1)"

static void deaths_read(struct server *v, struct browser *b)
{
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT d.idle_ns FROM idle_death d WHERE " OF_SERVER("d"), v->flow, 0);
	for (; model_next(&b->model, s); v->deaths++)
		strip_fatal(&v->strip, sqlite3_column_int64(s, 0));
	v->strip.from_ns = model_number(&b->model, "SELECT k.survived_ns FROM idle_bracket k WHERE " OF_SERVER("k"), v->flow);
	v->strip.to_ns = model_number(&b->model, "SELECT k.fatal_ns FROM idle_bracket k WHERE " OF_SERVER("k"), v->flow);
}

static bool server_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct server *v = state;
	v->flow = subject.id;
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT server FROM flow_name WHERE flow_id = ?1", v->flow, 0);
	while (model_next(&b->model, s))
		snprintf(v->name, sizeof v->name, "%s", model_text(s, 0));
	if (!*v->name)
		return fail(err, "There is no flow %lld.", (long long)v->flow);
	deaths_read(v, b);
	/* a row for each flow, so that reading can be left where there are very many */
	if (model_number(&b->model, "SELECT count(*) FROM server_survived v WHERE " OF_SERVER("v"), v->flow))
		v->reading = model_query(&b->model,
			"SELECT (SELECT group_concat(s.ns, ' ') FROM idle_survived s WHERE s.flow_id = f.id)"
			"  FROM flow me JOIN flow f ON f.server_ip = me.server_ip AND f.server_port = me.server_port"
			"   AND f.capture_id = me.capture_id WHERE me.id = ?1", v->flow, 0);
	return !b->model.failed || fail(err, "%s", b->err.text);
}

static void server_close(void *state)
{
	struct server *v = state;
	sqlite3_finalize(v->reading);
	sheet_free(&v->sheet);
}

static bool server_work(void *state, struct browser *b, int64_t until_ns)
{
	struct server *v = state;
	for (int i = 0; v->reading && (i % 256 || browser_now() < until_ns); i++) {
		if (!model_next(&b->model, v->reading)) {
			v->reading = NULL;
			break;
		}
		const char *text = model_text(v->reading, 0);
		for (char *end; *text; text = end, v->survived++)
			strip_survived(&v->strip, strtoll(text, &end, 10));
	}
	return v->reading != NULL;
}

static void server_title(void *state, char *text, size_t size)
{
	struct server *v = state;
	snprintf(text, size, "Server %s%s", v->name, v->reading ? " (reading)" : "");
}

/* ---- what it says ---- */

/* A label and a text in each row; a third column, where there is one, is a flow. */
static void lines_write(struct server *v, struct browser *b, const char *heading, const char *sql)
{
	struct sheet *to = &v->sheet;
	struct sqlite3_stmt *s = model_query(&b->model, sql, v->flow, 0);
	for (bool first = true; model_next(&b->model, s); first = false) {
		if (first && *heading) {
			sheet_line(to, 0, LOOK_PLAIN, "");
			sheet_heading(to, heading);
		}
		int row = to->used;
		sheet_fold(to, LABEL, model_text(s, 0), LOOK_PLAIN, model_text(s, 1));
		if (sqlite3_column_count(s) > 2)
			sheet_tag(to, row, sqlite3_column_int64(s, 2));
	}
}

static const char facts_sql[] =
	"SELECT column2, text FROM (SELECT v.column1 AS nr, v.column2, CASE v.column1"
	"  WHEN 1 THEN s.app || iif(s.apps_differ, ' and others', '')"
	"  WHEN 2 THEN plural(s.flows, 'connection') || ' of ' || plural(s.clients, 'client') || ', ' || plural(s.client_bytes, 'byte')"
	"              || ' in, ' || plural(s.server_bytes, 'byte') || ' out'"
	"  WHEN 3 THEN rtrim(coalesce(nullif(s.fin_by_client, 0) || ' client FIN, ', '')"
	"              || coalesce(nullif(s.fin_by_server, 0) || ' server FIN, ', '')"
	"              || coalesce(nullif(s.rst_by_client, 0) || ' client RST, ', '')"
	"              || coalesce(nullif(s.rst_by_server, 0) || ' server RST, ', '')"
	"              || coalesce(nullif(s.refused, 0) || ' refused, ', '') || coalesce(nullif(s.unanswered, 0) || ' unanswered, ', '')"
	"              || coalesce(nullif(s.open, 0) || ' open at the end, ', ''), ', ')"
	"  WHEN 4 THEN duration(s.rtt_min_ns) || ' at least, ' || duration(s.rtt_avg_ns) || ' on average, '"
	"              || duration(s.rtt_max_ns) || ' at most'"
	"  WHEN 5 THEN iif(s.slow_answers, plural(s.slow_answers, 'answer') || ' of 1 s and more, the slowest after '"
	"              || duration(s.slowest_ns), NULL) END AS text"
	"  FROM server_summary s, (VALUES (1, 'Protocol'), (2, 'Flows'), (3, 'Ended'), (4, 'RTT'), (5, 'Slow')) v"
	" WHERE " OF_SERVER("s") ") WHERE text <> '' ORDER BY nr";

static const char bracket_sql[] =
	"SELECT '', iif(k.survived_ns IS NULL, 'A silence of ' || duration(k.fatal_ns) || ' was fatal; none shorter was seen to be survived',"
	"        'The time-out is more than ' || duration(k.survived_ns) || ', which a connection survived, and at most '"
	"        || duration(k.fatal_ns) || ', which killed one')"
	"       || iif(k.longer, '; ' || plural(k.longer, 'connection') || ' survived that and more', '') || '.'"
	"  FROM idle_bracket k WHERE " OF_SERVER("k");

/* Where a connection survived longer than another one did not, a survivor may have gone another
 * way: then a time-out below what was survived is not ruled out, but it is not what fits best. */
#define CANDIDATES(IN_BRACKET) \
	"SELECT printf('%g s', t.seconds), t.product || ' (' || t.setting || ')' || coalesce(char(10) || t.remedy, '')" \
	"  FROM idle_candidate i JOIN known_timer t ON i.text = printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')'" \
	"  JOIN idle_bracket k ON k.capture_id = i.capture_id AND k.server_ip = i.server_ip AND k.server_port = i.server_port" \
	" WHERE " OF_SERVER("i") " AND (t.seconds > coalesce(k.survived_ns, 0) / 1e9) = " IN_BRACKET " ORDER BY t.seconds DESC, t.product"

static const char candidates_sql[] = CANDIDATES("1");
static const char shorter_sql[] = CANDIDATES("0");

static const char deaths_sql[] =
	"SELECT duration(d.idle_ns), n.client || CASE d.how WHEN 'reset' THEN ': its next segment was answered by a RST'"
	"       WHEN 'dark' THEN ': its next segment was never answered' ELSE ': a RST came in the silence' END"
	"       || iif(d.sure, '', '; a program''s abort may look so too'), d.flow_id"
	"  FROM idle_death d JOIN flow_name n ON n.flow_id = d.flow_id WHERE " OF_SERVER("d") " ORDER BY d.idle_ns LIMIT 100";

static const char closes_sql[] =
	"SELECT duration(min(t.min_ns)), plural(count(*), 'connection') || ' closed by a ' || upper(t.class) || ' of the ' || t.actor"
	"       || ', ' || duration(min(t.min_ns)) || ' to ' || duration(max(t.max_ns)) || ' after the ' || t.since, min(t.flow_id)"
	"  FROM close_timer t WHERE " OF_SERVER("t")
	" GROUP BY t.actor, t.class, t.since, t.cluster ORDER BY count(*) DESC LIMIT 20";

static const char contrast_sql[] =
	"SELECT '', upper(substr(c.text, 1, 1)) || substr(c.text, 2) || '.' FROM survivor_contrast c WHERE " OF_SERVER("c") " ORDER BY c.trait";

static void strip_write(struct server *v, struct browser *b)
{
	struct sheet *to = &v->sheet;
	int width = to->canvas.cols - LABEL;
	struct area rows;
	sheet_line(to, 0, LOOK_PLAIN, "");
	sheet_heading(to, "Silences");
	if (!v->survived && !v->deaths) {
		sheet_line(to, LABEL, LOOK_PLAIN, v->reading ? "They are being read." : "None of 1 s and more was survived, or fatal.");
		return;
	}
	rows = sheet_rows(to, 5);
	area_put(rows, 0, 0, LOOK_DIM, "survived");
	strip_heights(v->strip.survived, rows, 0, LABEL, width, LOOK_GOOD);
	strip_draw(&v->strip, rows, 1, LABEL, width);
	area_put(rows, 2, 0, LOOK_DIM, "fatal");
	strip_heights(v->strip.fatal, rows, 2, LABEL, width, LOOK_ERROR);
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT DISTINCT i.seconds FROM idle_candidate i WHERE " OF_SERVER("i"), v->flow, 0);
	while (model_next(&b->model, s)) {
		area_put(rows, 3, 0, LOOK_DIM, "known");
		area_put(rows, 3, LABEL + strip_column((int64_t)(sqlite3_column_double(s, 0) * 1e9), width), LOOK_NOTE, "\xe2\x86\x91");
	}
	strip_ticks(rows, 4, LABEL, width);
}

static void server_draw(void *state, struct browser *b, struct area a)
{
	struct server *v = state;
	struct sheet *to = &v->sheet;
	sheet_begin(to, a.cols, a.on->ascii);
	sheet_fold(to, LABEL, "Server", LOOK_BOLD, v->name);
	lines_write(v, b, "", facts_sql);
	strip_write(v, b);
	lines_write(v, b, "", bracket_sql);
	lines_write(v, b, "Known time-outs that fit", candidates_sql);
	lines_write(v, b, "Shorter ones, if those that survived went another way", shorter_sql);
	lines_write(v, b, "What those that failed have in common", contrast_sql);
	lines_write(v, b, "Died of a silence", deaths_sql);
	lines_write(v, b, "Closed after the same time", closes_sql);
	sheet_draw(to, a);
}

/* ---- keys ---- */

static struct sheet *server_sheet(void *state)
{
	struct server *v = state;
	return &v->sheet;
}

static void server_about(void *state, struct browser *b, struct about *about)
{
	struct server *v = state;
	int64_t flow = sheet_tag_at(&v->sheet);
	(void)b;
	about->flow = flow ? flow : v->flow;
}

static void flow_open(struct browser *b, void *state, int key)
{
	struct server *v = state;
	int64_t flow = sheet_tag_at(&v->sheet);
	(void)key;
	int64_t frame = model_number(&b->model, "SELECT coalesce((SELECT frame FROM idle_death WHERE flow_id = ?1),"
	                             " (SELECT frame FROM close_timer WHERE flow_id = ?1), 0)", flow);
	if (flow)
		browser_open(b, &view_flow, (struct subject){ .id = flow, .frame = frame });
}

static void flows_open(struct browser *b, void *state, int key)
{
	struct server *v = state;
	(void)key;
	server_flows_show(b, v->flow);
}

static const struct binding server_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "flow", "of a connection that died, or was closed after such a time: the flow, where that happened", flow_open },
	{ { 'w' }, "its flows", "all connections to it, in the list of flows", flows_open },
	{ .act = NULL },
};

const struct view view_server = {
	.name = "server",
	.help = "One server. Silences of its connections stand on a logarithmic axis of time: dots are those that were survived"
	        " (Â· one, â some, â ten and more), crosses those that were fatal, with their numbers as heights"
	        " above and below. The idle time-out is on the strong line; arrows are known time-outs that fit.",
	.size = sizeof(struct server), .open = server_open, .close = server_close, .title = server_title, .draw = server_draw,
	.sheet = server_sheet, .about = server_about, .work = server_work, .bindings = server_bindings,
};
