/* view_exchanges.c - HTTP exchanges of all flows, or of one: when, between whom, what was asked
 * for and answered, and where the time went. Below the list the selected one, in words. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "bars.h"
#include "browser.h"
#include "exchange_draw.h"
#include "flow_title.h"
#include "key.h"
#include "ladder_draw.h"
#include "row_order.h"
#include "text.h"
#include "views.h"

enum { STATUS_COLS = 9, TOOK_COLS = 11, NAME_COLS = 22, BYTES_COLS = 10, DETAIL_ROWS = 4 };

/* What rows are ordered by. */
static const struct { const char *word, *sql; bool descending; } sorts[] = {
	{ "time",   "coalesce(x.request_ns, x.response_ns)", false },
	{ "wait",   EXCHANGE_WAIT_NS, true },
	{ "status", "iif(x.response_state = 'complete', 0, 1000) + coalesce(x.status, 0)", true },
};
enum { SORT_TIME, SORT_WAIT, SORT_STATUS, SORTS };

struct exchanges {
	struct row_order order;
	int64_t flow;                     /* 0: of all */
	char    of[FLOW_TITLE_SIZE];      /* what that is called */
	int     sort;
	bool    reverse;
	bool    trouble;                  /* only what went wrong, or was slow */
	bool    logarithmic;              /* bars */
	struct sqlite3_stmt *row, *words; /* the questions for one, used again and again */
};

/* ---- rows ---- */

static void order_begin(struct exchanges *e, struct browser *b)
{
	char sql[2048];
	snprintf(sql, sizeof sql, "SELECT %s, %s FROM http_exchange x%s", sorts[e->sort].sql,
	         e->trouble ? "iif(" EXCHANGE_TROUBLE ", x.rowid, NULL)" : "x.rowid", e->flow ? " WHERE x.flow_id = ?1" : "");
	row_order_begin(&e->order, model_query(&b->model, sql, e->flow, 0), sorts[e->sort].descending != e->reverse);
}

/* What is searched of a row, and no more: there may be a million. */
static const char words_sql[] =
	"SELECT coalesce(x.method || ' ' || coalesce(x.target, ''), '(no request)'), n.client, n.server, x.status"
	"  FROM http_exchange x JOIN flow_name n ON n.flow_id = x.flow_id WHERE x.rowid = ?1";

static bool exchanges_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct exchanges *e = state;
	e->flow = subject.id;
	flow_title_of(b, e->flow, e->of);
	e->row = model_query(&b->model, exchange_sql, 0, 0);
	e->words = model_query(&b->model, words_sql, 0, 0);
	order_begin(e, b);
	return !b->model.failed || fail(err, "%s", b->err.text);
}

static void exchanges_close(void *state)
{
	struct exchanges *e = state;
	sqlite3_finalize(e->row);
	sqlite3_finalize(e->words);
	row_order_free(&e->order);
}

static bool exchanges_work(void *state, struct browser *b, int64_t until_ns)
{
	struct exchanges *e = state;
	return row_order_work(&e->order, &b->model, until_ns);
}

/* False: there is no such row. */
static bool exchange_get(struct exchanges *e, int64_t row, struct exchange *x)
{
	sqlite3_bind_int64(e->row, 1, row_order_id(&e->order, row));
	bool found = row >= 0 && row < e->order.list.n && sqlite3_step(e->row) == SQLITE_ROW;
	if (found)
		exchange_read(x, e->row);
	sqlite3_reset(e->row);
	return found;
}

static void exchanges_title(void *state, char *text, size_t size)
{
	struct exchanges *e = state;
	snprintf(text, size, "HTTP exchanges%s%s%s%s", e->flow ? " of " : "", e->of, e->trouble ? ", only trouble" : "",
	         e->order.question ? " (reading)" : e->order.left_out ? " (the first ones)" : "");
}

/* ---- the table ---- */

/* Where the columns begin, for so many columns in all; 0: it is left out. */
struct columns { int client, server, what, expect, status, took, bytes, bar, bar_cols; };

static struct columns columns_for(int cols, int clock, bool all_flows)
{
	struct columns c = { .bar_cols = cols < 72 ? 0 : cols < 150 ? cols / 5 : cols / 4 < 60 ? cols / 4 : 60 };
	int left = clock + 1, right = cols;
	if (c.bar_cols) {
		c.bar = right - c.bar_cols;
		right = c.bar - 1;
	}
	c.took = right - TOOK_COLS;
	if (cols >= 150)
		c.bytes = c.took - 2 * BYTES_COLS;
	c.status = (c.bytes ? c.bytes : c.took) - STATUS_COLS;
	c.expect = c.status - 2;
	if (all_flows && cols >= 130) {
		c.client = left;
		left += NAME_COLS;
	}
	if (all_flows && cols >= 100) {
		c.server = left;
		left += NAME_COLS;
	}
	c.what = left;
	return c;
}

/* A head, with an arrow where rows are ordered by it. Right aligned where width is negative. */
static void head_put(struct exchanges *e, struct area a, int col, int width, const char *word, int sort)
{
	char text[32];
	bool by = e->sort == sort, down = sorts[e->sort].descending != e->reverse;
	snprintf(text, sizeof text, "%s%s", word, !by ? "" : down ? "\xe2\x86\x93" : "\xe2\x86\x91");
	area_field(a, 0, col, width, by ? LOOK_BOLD : LOOK_DIM, text);
}

static void head_draw(struct exchanges *e, struct browser *b, struct area a, const struct columns *c)
{
	head_put(e, a, 0, -clock_cols(b->clock), b->clock == CLOCK_ABSOLUTE ? "time" : b->clock == CLOCK_DELTA ? "since row, s" : "time, s",
	         SORT_TIME);
	if (c->client)
		area_put(a, 0, c->client, LOOK_DIM, "client");
	if (c->server)
		area_put(a, 0, c->server, LOOK_DIM, "server");
	area_put(a, 0, c->what, LOOK_DIM, "request");
	head_put(e, a, c->status, STATUS_COLS, "status", SORT_STATUS);
	if (c->bytes) {
		area_field(a, 0, c->bytes, 1 - BYTES_COLS, LOOK_DIM, "sent, B");
		area_field(a, 0, c->bytes + BYTES_COLS, 1 - BYTES_COLS, LOOK_DIM, "got, B");
	}
	head_put(e, a, c->took, 1 - TOOK_COLS, "wait", SORT_WAIT);
	if (c->bar)
		area_field(a, 0, c->bar, c->bar_cols, LOOK_DIM, e->logarithmic ? "in all, log." : "in all");
}

static void bytes_draw(struct area a, int row, int col, int64_t bytes)
{
	char text[24] = "";
	if (bytes >= 0)
		snprintf(text, sizeof text, "%lld", (long long)bytes);
	area_field(a, row, col, 1 - BYTES_COLS, LOOK_PLAIN, text);
}

/* So many columns for the whole of an exchange, by the longest that is seen. */
static int bar_length(const struct exchanges *e, const struct exchange *x, int width, int64_t longest)
{
	static const int64_t LEAST = 100000;          /* of a logarithmic bar: 0.1 ms is one sign */
	int64_t total = exchange_total_ns(x);
	if (!e->logarithmic)
		return bar_columns(total, longest, width);
	struct log_axis axis = { LEAST, longest > LEAST ? longest : LEAST + 1, width };
	return log_column(&axis, total) + 1;
}

static void row_draw(const struct exchanges *e, struct area a, int row, const struct columns *c, const struct exchange *x,
                     int64_t longest)
{
	char wait[TEXT_DURATION_SIZE] = "";
	if (c->client)
		area_field(a, row, c->client, NAME_COLS - 1, LOOK_PLAIN, x->client);
	if (c->server)
		area_field(a, row, c->server, NAME_COLS - 1, LOOK_PLAIN, x->server);
	area_field(a, row, c->what, c->expect - c->what, x->bad ? LOOK_BOLD : LOOK_PLAIN, x->what);
	area_put(a, row, c->expect, LOOK_NOTE, *x->expect ? "E" : " ");
	area_field(a, row, c->status, STATUS_COLS, exchange_look(x), x->outcome);
	if (c->bytes) {
		bytes_draw(a, row, c->bytes, x->request_bytes);
		bytes_draw(a, row, c->bytes + BYTES_COLS, x->response_bytes);
	}
	if (x->wait_ns > 0 || x->sent_ns > 0)
		text_duration(x->wait_ns, wait);
	area_field(a, row, c->took, 1 - TOOK_COLS, x->answered ? LOOK_PLAIN : LOOK_ERROR, wait);
	if (c->bar)
		exchange_bar(x, a, row, c->bar, c->bar_cols, bar_length(e, x, c->bar_cols, longest));
}

static void rows_draw(struct exchanges *e, struct browser *b, struct area a, const struct columns *c)
{
	struct list *list = &e->order.list;
	struct exchange x;
	int64_t longest = 0, before;
	list_show(list, a.rows);
	browser_rows(b, a);
	for (int row = 0; row < a.rows; row++)
		if (exchange_get(e, list->top + row, &x) && exchange_total_ns(&x) > longest)
			longest = exchange_total_ns(&x);
	before = exchange_get(e, list->top - 1, &x) ? x.ns : 0;
	for (int row = 0; row < a.rows && exchange_get(e, list->top + row, &x); row++) {
		clock_draw(a, row, 0, b->clock, x.ns, x.origin_ns, before ? before : x.ns);
		row_draw(e, a, row, c, &x, longest);
		before = x.ns;
	}
	area_select(a, (int)(list->at - list->top));
}

/* ---- the selected one ---- */

/* "▓ sent 123 B in 1 ms": a part of the bar; returns the column behind. */
static int part_put(struct area a, int row, int col, int look, const char *sign, const char *word, int64_t bytes, int64_t ns)
{
	char took[TEXT_DURATION_SIZE], much[40] = "";
	if (bytes > 0)
		snprintf(much, sizeof much, " %lld B", (long long)bytes);
	col = area_put(a, row, col, look, sign);
	col = area_printf(a, row, col, LOOK_PLAIN, " %s%s", word, much);
	if (ns > 0)
		col = area_printf(a, row, col, LOOK_PLAIN, "%s %s", *much ? " in" : "", text_duration(ns, took));
	return col + 2;
}

static void detail_draw(struct exchanges *e, struct area a)
{
	struct exchange x;
	if (!exchange_get(e, e->order.list.at, &x))
		return;
	int col = area_put(a, 0, 0, LOOK_CLIENT, x.client);
	col = area_put(a, 0, col, LOOK_DIM, " \xe2\x86\x92 ");
	col = area_put(a, 0, col, LOOK_SERVER, x.server) + 2;
	if (*x.expect)
		area_printf(a, 0, col, LOOK_NOTE, "E Expect: %s", x.expect);
	area_field(a, 1, 0, a.cols, x.bad ? LOOK_BOLD : LOOK_PLAIN, x.what);
	exchange_bar(&x, a, 2, 0, a.cols, a.cols);
	col = part_put(a, 3, 0, LOOK_CLIENT, EXCHANGE_SENT, "sent", x.request_bytes, x.sent_ns);
	col = part_put(a, 3, col, LOOK_DIM, EXCHANGE_WAIT, "wait", -1, x.wait_ns);
	if (x.answered)
		col = part_put(a, 3, col, LOOK_SERVER, EXCHANGE_RECEIVED, "got", x.response_bytes, x.received_ns);
	if (x.cut)
		area_printf(a, 3, col, LOOK_ERROR, EXCHANGE_CUT " %s", x.outcome);
}

static void none_draw(const struct exchanges *e, struct area a)
{
	struct sheet words = { 0 };
	sheet_begin(&words, a.cols, a.on->ascii);
	sheet_fold(&words, 0, "", LOOK_PLAIN, e->order.question ? "Reading the exchanges."
	           : e->trouble ? "Nothing is in trouble: every exchange is complete, with a status below 500, and was answered"
	                          " within a second. p shows all."
	           : e->flow ? "No HTTP was seen in this flow." : "No HTTP was seen in this case.");
	area_copy(a, &words.canvas, 0);
	sheet_free(&words);
}

static void exchanges_draw(void *state, struct browser *b, struct area a)
{
	struct exchanges *e = state;
	struct columns c = columns_for(a.cols, clock_cols(b->clock), e->flow == 0);
	if (!e->order.list.n) {
		none_draw(e, a);
		return;
	}
	head_draw(e, b, a, &c);
	rows_draw(e, b, area_part(a, 1, 0, a.rows - DETAIL_ROWS - 2, a.cols), &c);
	area_repeat(a, a.rows - DETAIL_ROWS - 1, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	detail_draw(e, area_part(a, a.rows - DETAIL_ROWS, 0, DETAIL_ROWS, a.cols));
}

/* ---- keys ---- */

static void flow_open(struct browser *b, void *state, int key)
{
	struct exchanges *e = state;
	struct exchange x;
	(void)key;
	if (exchange_get(e, e->order.list.at, &x))
		browser_open(b, &view_flow, (struct subject){ .id = x.flow, .frame = x.frame });
}

static void exchange_open(struct browser *b, void *state, int key)
{
	struct exchanges *e = state;
	(void)key;
	if (e->order.list.n)
		browser_open(b, &view_exchange, (struct subject){ .id = row_order_id(&e->order, e->order.list.at) });
}

static void sort_turn(struct browser *b, void *state, int key)
{
	struct exchanges *e = state;
	e->sort = (e->sort + (key == '<' ? SORTS - 1 : 1)) % SORTS;
	e->reverse = false;
	order_begin(e, b);
}

static void sort_reverse(struct browser *b, void *state, int key)
{
	struct exchanges *e = state;
	(void)key;
	e->reverse = !e->reverse;
	order_begin(e, b);
}

static void trouble_turn(struct browser *b, void *state, int key)
{
	struct exchanges *e = state;
	(void)key;
	e->trouble = !e->trouble;
	order_begin(e, b);
}

static void bars_turn(struct browser *b, void *state, int key)
{
	struct exchanges *e = state;
	(void)key;
	e->logarithmic = !e->logarithmic;
	browser_say(b, LOOK_DIM, e->logarithmic ? "Bars are logarithmic." : "The longest bar is the longest on the screen.");
}

static struct list *exchanges_list(void *state)
{
	struct exchanges *e = state;
	return &e->order.list;
}

static bool exchanges_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct exchanges *e = state;
	bool has = false;
	(void)b;
	sqlite3_bind_int64(e->words, 1, row_order_id(&e->order, row));
	if (sqlite3_step(e->words) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(e->words); i++)
			has |= text_contains(model_text(e->words, i), text);
	sqlite3_reset(e->words);
	return has;
}

static void exchanges_about(void *state, struct browser *b, struct about *about)
{
	struct exchanges *e = state;
	struct exchange x;
	(void)b;
	if (exchange_get(e, e->order.list.at, &x)) {
		about->flow = x.flow;
		about->frame = x.frame;
	}
}

static const struct binding exchanges_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "this exchange: its times one by one, and its heads", exchange_open },
	{ { 'w' }, "flow", "the whole connection, at this exchange's request", flow_open },
	{ { 'p' }, "problems", "only what went wrong: not complete, a status of 500 and more, a wait of 1 s and more; or all", trouble_turn },
	{ { '>', '<' }, "sort", "order by time, wait, status", sort_turn },
	{ { 'r' }, NULL, "the reverse order", sort_reverse },
	{ { 'b' }, NULL, "bars as long as the time, or logarithmic", bars_turn },
	{ .act = NULL },
};

const struct view view_exchanges = {
	.name = "exchanges",
	.help = "HTTP requests and what became of them. A bar has three parts: the request is sent, the server is waited for,"
	        " the response comes; a cross ends one that was cut. E: the client asked with Expect: 100-continue. Behind a"
	        " status, or instead of it, stands what cut the response: FIN, RST, gap (bytes that the capture lacks), open"
	        " (the capture ends).",
	.size = sizeof(struct exchanges), .open = exchanges_open, .close = exchanges_close, .title = exchanges_title,
	.draw = exchanges_draw, .list = exchanges_list, .row_has = exchanges_row_has, .about = exchanges_about,
	.work = exchanges_work, .bindings = exchanges_bindings,
};
