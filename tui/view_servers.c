/* view_servers.c - the servers: how many connections, how they ended, and which silences they
 * survived. Below the list the selected one, in words. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "row_order.h"
#include "server_flows.h"
#include "silence_strip.h"
#include "text.h"
#include "views.h"

enum { APP_COLS = 8, NUMBER_COLS = 8, RTT_COLS = 10, DETAIL_ROWS = 5 };

static const struct { const char *word, *sql; bool descending; } sorts[] = {
	{ "flows", "s.flows", true },
	{ "resets", "s.rst_by_client + s.rst_by_server", true },
	{ "failed", "s.refused + s.unanswered", true },
	{ "rtt", "s.rtt_avg_ns", true },
	{ "silences", "s.fatal_ns", false },
};
enum { SORT_FLOWS, SORT_RESETS, SORT_FAILED, SORT_RTT, SORT_SILENCES, SORTS };

struct servers {
	struct row_order order;           /* ids: the first flow to each */
	int     sort;
	bool    reverse;
	int64_t others;                   /* flows to servers that are not listed */
	struct sqlite3_stmt *row;         /* the question for one, used again and again */
};

/* ---- rows ---- */

/* By ?1, a flow to it. */
static const char row_sql[] =
	"SELECT n.server, s.app || iif(s.apps_differ, ', \xe2\x80\xa6', ''), s.flows, s.clients, s.client_bytes, s.server_bytes,"
	"       s.refused, s.unanswered, s.open, s.rst_by_client, s.rst_by_server, s.fin_by_client, s.fin_by_server,"
	"       s.rtt_min_ns, s.rtt_avg_ns, s.rtt_max_ns, s.survived_ns, s.fatal_ns, s.slow_answers, s.slowest_ns,"
	"       k.survived_ns, k.deaths, k.longer,"
	"       (SELECT 'known: ' || group_concat(text, ', ') FROM (SELECT i.text FROM idle_candidate i"
	"         WHERE (i.capture_id, i.server_ip, i.server_port) = (f.capture_id, f.server_ip, f.server_port)"
	"           AND i.seconds > coalesce(k.survived_ns, 0) / 1e9 ORDER BY i.seconds DESC))"
	"  FROM flow f JOIN flow_name n ON n.flow_id = f.id"
	"  JOIN server_summary s ON (s.capture_id, s.server_ip, s.server_port) = (f.capture_id, f.server_ip, f.server_port)"
	"  LEFT JOIN idle_bracket k ON (k.capture_id, k.server_ip, k.server_port) = (f.capture_id, f.server_ip, f.server_port)"
	" WHERE f.id = ?1";

enum { SERVER, APP, FLOWS, CLIENTS, CLIENT_BYTES, SERVER_BYTES, REFUSED, UNANSWERED, OPEN, RST_CLIENT, RST_SERVER, FIN_CLIENT,
       FIN_SERVER, RTT_MIN, RTT_AVG, RTT_MAX, SURVIVED, FATAL, SLOW, SLOWEST, BELOW_FATAL, DEATHS, LONGER, KNOWN };

static void order_begin(struct servers *v, struct browser *b)
{
	char sql[1024];
	/* the ids of a capture's flows follow one another: its first one to a server is found at once */
	snprintf(sql, sizeof sql,
	         "SELECT %s, (SELECT min(f.id) FROM flow f WHERE f.server_ip = s.server_ip AND f.server_port = s.server_port"
	         " AND f.id > c.flow_base) FROM server_summary s JOIN capture c ON c.id = s.capture_id", sorts[v->sort].sql);
	row_order_begin(&v->order, model_query(&b->model, sql, 0, 0), sorts[v->sort].descending != v->reverse);
}

static bool servers_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct servers *v = state;
	(void)subject;
	v->row = model_query(&b->model, row_sql, 0, 0);
	v->others = model_number(&b->model, "SELECT sum(flows) FROM server_count WHERE server_ip = ''", 0);
	order_begin(v, b);
	return !b->model.failed || fail(err, "%s", b->err.text);
}

static void servers_close(void *state)
{
	struct servers *v = state;
	sqlite3_finalize(v->row);
	row_order_free(&v->order);
}

static bool servers_work(void *state, struct browser *b, int64_t until_ns)
{
	struct servers *v = state;
	return row_order_work(&v->order, &b->model, until_ns);
}

/* The question with the row's answer, to be reset; NULL: there is no such row. */
static struct sqlite3_stmt *row_get(struct servers *v, int64_t row)
{
	if (!row_order_id(&v->order, row))
		return NULL;
	sqlite3_bind_int64(v->row, 1, row_order_id(&v->order, row));
	if (sqlite3_step(v->row) == SQLITE_ROW)
		return v->row;
	sqlite3_reset(v->row);
	return NULL;
}

static int64_t number(struct sqlite3_stmt *s, int column)
{
	return sqlite3_column_int64(s, column);
}

static void servers_title(void *state, char *text, size_t size)
{
	struct servers *v = state;
	if (v->others)
		snprintf(text, size, "Servers, without those of %lld flows", (long long)v->others);
	else
		snprintf(text, size, "Servers%s", v->order.question ? " (reading)" : "");
}

/* ---- the table ---- */

/* Where the columns begin, for so many columns in all; 0: left out. */
struct columns { int app, flows, clients, resets, failed, rtt, strip; };

static struct columns columns_for(int cols)
{
	struct columns c = { .app = cols < 120 ? 22 : 24 };
	int at = c.app + APP_COLS;
	if (cols < 72) {
		at = c.app;
		c.app = 0;
	}
	c.flows = at;
	at += NUMBER_COLS;
	if (cols >= 110) {
		c.clients = at;
		at += NUMBER_COLS;
	}
	if (cols >= 72) {
		c.resets = at;
		at += NUMBER_COLS - 1;
	}
	if (cols >= 90) {
		c.failed = at;
		at += NUMBER_COLS - 1;
	}
	if (cols >= 100) {
		c.rtt = at;
		at += RTT_COLS;
	}
	c.strip = at + 1;
	return c;
}

static void head_put(struct servers *v, struct area a, int col, int width, const char *word, int sort)
{
	char text[32];
	bool by = v->sort == sort, down = sorts[v->sort].descending != v->reverse;
	snprintf(text, sizeof text, "%s%s", word, !by ? "" : down ? "\xe2\x86\x93" : "\xe2\x86\x91");
	if (col)
		area_field(a, 0, col, width, by ? LOOK_BOLD : LOOK_DIM, text);
}

static void head_draw(struct servers *v, struct area a, const struct columns *c)
{
	area_put(a, 0, 0, LOOK_DIM, "server");
	head_put(v, a, c->app, APP_COLS, "protocol", -1);
	head_put(v, a, c->flows, -(NUMBER_COLS - 1), "flows", SORT_FLOWS);
	head_put(v, a, c->clients, -(NUMBER_COLS - 1), "clients", -1);
	head_put(v, a, c->resets, -(NUMBER_COLS - 2), "RST", SORT_RESETS);
	head_put(v, a, c->failed, -(NUMBER_COLS - 2), "failed", SORT_FAILED);
	head_put(v, a, c->rtt, -(RTT_COLS - 1), "RTT", SORT_RTT);
	if (v->sort == SORT_SILENCES)
		head_put(v, a, c->strip, a.cols - c->strip, "silences", SORT_SILENCES);
	else
		strip_ticks(a, 0, c->strip, a.cols - c->strip);
}

static void number_put(struct area a, int col, int width, int64_t n, int look)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)n);
	if (col)
		area_field(a, 0, col, -width, n ? look : LOOK_DIM, text);
}

static void row_draw(struct area a, const struct columns *c, struct sqlite3_stmt *s)
{
	char text[TEXT_DURATION_SIZE];
	struct strip strip = { .from_ns = number(s, BELOW_FATAL), .to_ns = number(s, FATAL) };
	area_field(a, 0, 0, (c->app ? c->app : c->flows) - 1, LOOK_BOLD, model_text(s, SERVER));
	if (c->app)
		area_field(a, 0, c->app, APP_COLS - 1, LOOK_PLAIN, model_text(s, APP));
	number_put(a, c->flows, NUMBER_COLS - 1, number(s, FLOWS), LOOK_PLAIN);
	number_put(a, c->clients, NUMBER_COLS - 1, number(s, CLIENTS), LOOK_PLAIN);
	number_put(a, c->resets, NUMBER_COLS - 2, number(s, RST_CLIENT) + number(s, RST_SERVER), LOOK_WARNING);
	number_put(a, c->failed, NUMBER_COLS - 2, number(s, REFUSED) + number(s, UNANSWERED), LOOK_ERROR);
	if (c->rtt && sqlite3_column_type(s, RTT_AVG) != SQLITE_NULL)
		area_field(a, 0, c->rtt, -(RTT_COLS - 1), LOOK_PLAIN, text_duration(number(s, RTT_AVG), text));
	if (strip.from_ns)
		strip_survived(&strip, strip.from_ns);
	if (number(s, SURVIVED))
		strip_survived(&strip, number(s, SURVIVED));
	if (strip.to_ns)
		strip_fatal(&strip, strip.to_ns);
	strip_draw(&strip, a, 0, c->strip, a.cols - c->strip);
}

/* ---- the selected one ---- */

/* "3 client FIN": a way to end, where it was; returns the length. */
static size_t way_add(char *text, size_t size, size_t n, struct sqlite3_stmt *s, int column, const char *word)
{
	if (number(s, column) && n < size)
		n += (size_t)snprintf(text + n, size - n, "%s%lld %s", n ? ", " : "", (long long)number(s, column), word);
	return n;
}

static void ends_write(char *text, size_t size, struct sqlite3_stmt *s)
{
	static const struct { int column; const char *word; } ways[] = {
		{ FIN_CLIENT, "client FIN" }, { FIN_SERVER, "server FIN" }, { RST_CLIENT, "client RST" },
		{ RST_SERVER, "server RST" }, { REFUSED, "refused" }, { UNANSWERED, "unanswered" }, { OPEN, "open at the end" } };
	size_t n = 0;
	*text = '\0';
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		n = way_add(text, size, n, s, ways[i].column, ways[i].word);
}

/* What is known of its idle time-out. */
static void silences_write(char *text, size_t size, struct sqlite3_stmt *s)
{
	char from[TEXT_DURATION_SIZE], to[TEXT_DURATION_SIZE];
	if (!number(s, FATAL))
		snprintf(text, size, number(s, SURVIVED) ? "silences of up to %s were survived, none was fatal" : "no silence of 1 s and more was survived or fatal",
		         text_duration(number(s, SURVIVED), from));
	else if (!number(s, BELOW_FATAL))
		snprintf(text, size, "a silence of %s was fatal; none shorter was seen to be survived", text_duration(number(s, FATAL), to));
	else
		snprintf(text, size, "the time-out is between %s and %s of silence", text_duration(number(s, BELOW_FATAL), from),
		         text_duration(number(s, FATAL), to));
	size_t n = strlen(text);
	if (number(s, FATAL))
		n += (size_t)snprintf(text + n, size - n, "; %lld died", (long long)number(s, DEATHS));
	if (number(s, LONGER))
		snprintf(text + n, size - n, ", %lld survived it", (long long)number(s, LONGER));
}

static void detail_draw(struct servers *v, struct area a)
{
	char text[512], least[TEXT_DURATION_SIZE], mean[TEXT_DURATION_SIZE], most[TEXT_DURATION_SIZE];
	struct sqlite3_stmt *s = row_get(v, v->order.list.at);
	if (!s)
		return;
	int at = area_put(a, 0, 0, LOOK_BOLD, model_text(s, SERVER));
	snprintf(text, sizeof text, "%s%s, %lld flow%s of %lld client%s, %lld B in, %lld B out", *model_text(s, APP) ? ", " : "",
	         model_text(s, APP), (long long)number(s, FLOWS), number(s, FLOWS) > 1 ? "s" : "", (long long)number(s, CLIENTS),
	         number(s, CLIENTS) > 1 ? "s" : "", (long long)number(s, CLIENT_BYTES), (long long)number(s, SERVER_BYTES));
	area_field(a, 0, at, a.cols - at, LOOK_PLAIN, text);
	ends_write(text, sizeof text, s);
	area_field(a, 1, 0, a.cols, LOOK_PLAIN, text);
	*text = '\0';
	if (sqlite3_column_type(s, RTT_AVG) != SQLITE_NULL)
		snprintf(text, sizeof text, "RTT %s at least, %s on average, %s at most", text_duration(number(s, RTT_MIN), least),
		         text_duration(number(s, RTT_AVG), mean), text_duration(number(s, RTT_MAX), most));
	if (number(s, SLOW))
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lld answers of 1 s and more, the slowest %s",
		         *text ? "; " : "", (long long)number(s, SLOW), text_duration(number(s, SLOWEST), most));
	area_field(a, 2, 0, a.cols, LOOK_PLAIN, text);
	silences_write(text, sizeof text, s);
	area_field(a, 3, 0, a.cols, number(s, FATAL) ? LOOK_ERROR : LOOK_PLAIN, text);
	area_field(a, 4, 0, a.cols, LOOK_NOTE, model_text(s, KNOWN));
	sqlite3_reset(s);
}

static void servers_draw(void *state, struct browser *b, struct area a)
{
	struct servers *v = state;
	struct columns c = columns_for(a.cols);
	struct list *list = &v->order.list;
	struct area rows = area_part(a, 1, 0, a.rows - DETAIL_ROWS - 2, a.cols);
	if (!list->n) {
		area_put(a, 0, 0, LOOK_PLAIN, v->order.question ? "Reading the servers." : "There is no TCP connection in this case.");
		return;
	}
	head_draw(v, a, &c);
	list_show(list, rows.rows);
	browser_rows(b, rows);
	for (int row = 0; row < rows.rows; row++) {
		struct sqlite3_stmt *s = row_get(v, list->top + row);
		if (s)
			row_draw(area_part(rows, row, 0, 1, rows.cols), &c, s);
		sqlite3_reset(s);
	}
	area_select(rows, (int)(list->at - list->top));
	area_repeat(a, a.rows - DETAIL_ROWS - 1, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	detail_draw(v, area_part(a, a.rows - DETAIL_ROWS, 0, DETAIL_ROWS, a.cols));
}

/* ---- keys ---- */

static void server_open(struct browser *b, void *state, int key)
{
	struct servers *v = state;
	(void)key;
	if (v->order.list.n)
		browser_open(b, &view_server, (struct subject){ .id = row_order_id(&v->order, v->order.list.at) });
}

static void flows_open(struct browser *b, void *state, int key)
{
	struct servers *v = state;
	(void)key;
	server_flows_show(b, row_order_id(&v->order, v->order.list.at));
}

static void sort_turn(struct browser *b, void *state, int key)
{
	struct servers *v = state;
	v->sort = (v->sort + (key == '<' ? SORTS - 1 : 1)) % SORTS;
	v->reverse = false;
	order_begin(v, b);
}

static void sort_reverse(struct browser *b, void *state, int key)
{
	struct servers *v = state;
	(void)key;
	v->reverse = !v->reverse;
	order_begin(v, b);
}

static struct list *servers_list(void *state)
{
	struct servers *v = state;
	return &v->order.list;
}

static bool servers_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct sqlite3_stmt *s = row_get(state, row);
	(void)b;
	bool has = s && (text_contains(model_text(s, SERVER), text) || text_contains(model_text(s, APP), text));
	sqlite3_reset(s);
	return has;
}

static void servers_about(void *state, struct browser *b, struct about *about)
{
	struct servers *v = state;
	(void)b;
	about->flow = row_order_id(&v->order, v->order.list.at);
}

static const struct binding servers_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "server", "the server: its silences, what may be its time-out, its timers", server_open },
	{ { 'w' }, "its flows", "its connections, in the list of flows", flows_open },
	{ { '>', '<' }, "sort", "order by flows, resets, failed ones, RTT, shortest fatal silence", sort_turn },
	{ { 'r' }, NULL, "the reverse order", sort_reverse },
	{ .act = NULL },
};

const struct view view_servers = {
	.name = "servers",
	.help = "Servers: address and port. failed: connections that were refused or not answered. On the axis of time to the"
	        " right, which is logarithmic, stand the longest silence that a connection survived (a dot) and the shortest that"
	        " killed one (a cross); the idle time-out is on the strong line between them.",
	.size = sizeof(struct servers), .open = servers_open, .close = servers_close, .title = servers_title,
	.draw = servers_draw, .list = servers_list, .row_has = servers_row_has, .about = servers_about, .work = servers_work,
	.bindings = servers_bindings,
};
