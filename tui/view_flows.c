/* view_flows.c - all connections of the case, or those that a filter lets pass, sorted by any
 * column; below them who the selected one is and the gravest that was found about it. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "flow_rows.h"
#include "flow_grid.h"
#include "flow_title.h"
#include "key.h"
#include "text.h"
#include "views.h"

enum { SEVERITY_COLS = 8 };

struct flows {
	struct list       list;
	struct flow_rows  rows;
	struct flow_grid table, find;
	struct sqlite3_stmt *found;       /* whether a flow has a finding */

	/* What the rows are chosen by. */
	char    filter[PROMPT_SIZE];
	bool    health, reverse;
	uint8_t sort;

	bool    looks_for;                /* the selected flow is not among the new rows yet */
	bool    to_end;                   /* the user wants the last row, of all that are to come */
};

/* ---- rows ---- */

static int64_t flow_at(const struct flows *f, int64_t row)
{
	return (size_t)row < f->rows.shown.n ? f->rows.shown.at[row] : 0;
}

/* A column of texts? Then its key is one. */
static bool is_text(const struct flow_column *c)
{
	return c->kind == FLOW_TEXT || c->kind == FLOW_TAIL || c->kind == FLOW_FINDING;
}

static bool rows_choose(struct flows *f, struct browser *b, struct err *err)
{
	const struct flow_column *sort = &flow_columns[b->flows.sort];
	struct flow_wish wish = { b->filter, b->health, sort->key, is_text(sort), b->flows.reverse };
	snprintf(f->filter, sizeof f->filter, "%s", b->filter);
	f->health = b->health;
	f->sort = b->flows.sort;
	f->reverse = b->flows.reverse;
	return flow_rows_choose(&f->rows, &wish, err);
}

/* Somebody, here or elsewhere, changed what is to be shown. */
static void wish_follow(struct flows *f, struct browser *b)
{
	struct err err;
	bool same = strcmp(f->filter, b->filter) == 0 && f->health == b->health && f->sort == b->flows.sort;
	if (same && f->reverse == b->flows.reverse)
		return;
	if (!rows_choose(f, b, &err))
		browser_say(b, LOOK_ERROR, "%s", err.text);
}

static bool flows_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct flows *f = state;
	(void)subject;
	if (!flow_rows_begin(&f->rows, b->db, err) || !rows_choose(f, b, err))
		return false;
	return sqlite3_prepare_v2(b->db, "SELECT 1 FROM flow_finding WHERE flow_id = ?1 AND NOT benign", -1, &f->found, NULL) == SQLITE_OK
	    || fail(err, "%s", sqlite3_errmsg(b->db));
}

static void flows_close(void *state)
{
	struct flows *f = state;
	sqlite3_finalize(f->found);
	flow_grid_free(&f->table);
	flow_grid_free(&f->find);
	flow_rows_free(&f->rows);
}

static void flows_title(void *state, char *text, size_t size)
{
	(void)state;
	snprintf(text, size, "Flows");
}

/* The list after some work: the selected flow stays, where it is there. */
static void list_follow(struct flows *f)
{
	const struct flow_rows *r = &f->rows;
	bool moved = f->looks_for && f->list.at != 0, at_end = f->to_end && f->list.at + 1 == f->list.n;
	if (r->replaced) {
		int64_t above = f->list.at - f->list.top;
		f->list.n = (int64_t)r->shown.n;
		f->looks_for = r->found < 0;
		list_go(&f->list, r->found > 0 ? r->found : 0);
		f->list.top = f->list.at - above;
	} else {
		f->list.n = (int64_t)r->shown.n;
		if (f->looks_for && !moved && r->found >= 0)
			list_go(&f->list, r->found);
		f->looks_for &= !moved && r->found < 0;
	}
	if (at_end)
		list_go(&f->list, f->list.n - 1);
	f->to_end &= at_end && r->phase != FLOW_DONE;
}

static bool flows_work(void *state, struct browser *b, int64_t until_ns)
{
	struct flows *f = state;
	struct err err;
	wish_follow(f, b);
	if (f->rows.phase == FLOW_DONE)
		return false;
	bool more = flow_rows_work(&f->rows, until_ns, flow_at(f, f->list.at), &err);
	list_follow(f);
	if (*err.text)
		browser_say(b, LOOK_ERROR, "%s", err.text);
	return more;
}

/* ---- drawing ---- */

/* 12 of 1000000 flows  filter: amqp        by duration ↓ */
static void head_draw(const struct flows *f, const struct browser *b, struct area a)
{
	const char *sort = flow_columns[b->flows.sort].name;
	char left[128], right[80];
	int64_t n = f->list.n;
	if (f->rows.phase == FLOW_DONE)
		snprintf(right, sizeof right, "by %s%s", sort, b->flows.reverse ? " \xe2\x86\x93" : " \xe2\x86\x91");
	else
		snprintf(right, sizeof right, f->rows.keyed ? "sorting by %s: %d %%" : "%sreading: %d %%", f->rows.keyed ? sort : "",
		         flow_rows_percent(&f->rows));
	if (n == f->rows.total)
		snprintf(left, sizeof left, "%lld flow%s", (long long)n, n == 1 ? "" : "s");
	else
		snprintf(left, sizeof left, "%lld of %lld flows", (long long)n, (long long)f->rows.total);
	struct area room = area_part(a, 0, 0, 1, a.cols - text_width(right) - 1);
	int col = area_put(room, 0, 0, LOOK_PLAIN, left);
	if (*b->filter) {
		col = area_put(room, 0, col, LOOK_DIM, "  filter: ");
		area_field(room, 0, col, room.cols - col, LOOK_KEY, b->filter);
	} else if (f->rows.health && !b->health) {
		area_printf(room, 0, col, LOOK_DIM, "  %lld health check%s hidden", (long long)f->rows.health, f->rows.health == 1 ? "" : "s");
	}
	area_put(a, 0, a.cols - text_width(right), LOOK_DIM, right);
}

static const char *state_words(const char *state)
{
	static const struct { const char *state, *words; } all[] = {
		{ "S0", "a SYN that was not answered" }, { "S1", "established, not ended" },
		{ "SF", "established, closed by both" }, { "REJ", "refused" },
		{ "S2", "closed by the client, not by the server" }, { "S3", "closed by the server, not by the client" },
		{ "RSTO", "established, reset by the client" }, { "RSTR", "reset by the server" },
		{ "RSTOS0", "a SYN, then a RST of the client" }, { "RSTRH", "a SYN,ACK, then a RST of the server; no SYN" },
		{ "SH", "a SYN, then a FIN; no SYN,ACK" }, { "SHR", "a SYN,ACK, then a FIN; no SYN" },
		{ "OTH", "begun before the capture" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].state, state) == 0)
			return all[i].words;
	return state;
}

static void detail_draw(const struct flows *f, struct browser *b, struct area a)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT n.client || ' → ' || n.server, coalesce(f.app, ''), f.conn_state, iif(w.benign, 'fine', coalesce(d.severity, '')),"
		"       coalesce(one_line(d.summary), iif(h.flow_id, 'A health check.', ''))"
		"  FROM flow f JOIN flow_name n ON n.flow_id = f.id LEFT JOIN flow_finding w ON w.flow_id = f.id"
		"  LEFT JOIN finding d ON d.id = w.finding_id LEFT JOIN health_flow h ON h.flow_id = f.id WHERE f.id = ?1",
		flow_at(f, f->list.at), 0);
	struct sheet found = { 0 };
	char name[FLOW_TITLE_SIZE];
	flow_title_of(b, flow_at(f, f->list.at), name);
	area_repeat(a, 0, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	while (model_next(&b->model, s)) {
		const char *severity = model_text(s, 3);
		int look = *severity == 'e' ? LOOK_ERROR : *severity == 'w' ? LOOK_WARNING : *severity == 'n' ? LOOK_NOTE : LOOK_GOOD;
		char line[512];
		snprintf(line, sizeof line, "%s  %s, %s%s%s", model_text(s, 0), name, model_text(s, 1), *model_text(s, 1) ? ", " : "",
		         state_words(model_text(s, 2)));
		area_field(a, 1, 0, a.cols, LOOK_PLAIN, line);
		sheet_begin(&found, a.cols, a.on->ascii);
		sheet_fold(&found, *severity ? SEVERITY_COLS : 0, "", *severity ? LOOK_PLAIN : LOOK_DIM, model_text(s, 4));
		area_copy(area_part(a, 2, 0, a.rows - 2, a.cols), &found.canvas, 0);
		area_put(a, 2, 0, look, *severity && *severity != 'f' ? severity_word(severity) : severity);
		if (found.used > a.rows - 2)
			area_put(a, a.rows - 1, a.cols - 1, LOOK_DIM, "\xe2\x80\xa6");
	}
	sheet_free(&found);
}

static void nothing_draw(const struct flows *f, const struct browser *b, struct area a)
{
	bool done = f->rows.phase == FLOW_DONE, hidden = f->rows.health && !b->health;
	area_put(a, 1, 0, LOOK_DIM, !done ? "None as yet."
	         : *b->filter && hidden ? "The filter lets no flow pass that is shown; H shows health checks, F5 clears it."
	         : *b->filter ? "The filter lets no flow pass. F5 clears it, f changes it."
	         : f->rows.total && hidden ? "All flows are health checks. H shows them."
	         : "The case has no flows: no TCP was captured.");
}

static void flows_draw(void *state, struct browser *b, struct area a)
{
	struct flows *f = state;
	int detail = a.rows < 18 ? 3 : a.rows < 30 ? 4 : 5;
	struct area table = area_part(a, 1, 0, a.rows - detail - 1, a.cols);
	wish_follow(f, b);
	list_show(&f->list, table.rows - 1);
	head_draw(f, b, a);
	flow_grid_draw(&f->table, b, table, &f->list, f->rows.shown.at);
	if (f->list.n)
		detail_draw(f, b, area_part(a, a.rows - detail, 0, detail, a.cols));
	else
		nothing_draw(f, b, table);
}

/* ---- keys ---- */

static struct list *flows_list(void *state)
{
	struct flows *f = state;
	return &f->list;
}

static void flows_about(void *state, struct browser *b, struct about *about)
{
	struct flows *f = state;
	about->flow = flow_at(f, f->list.at);
	about->finding = model_number(&b->model, "SELECT finding_id FROM flow_finding WHERE flow_id = ?1", about->flow);
}

static bool flows_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct flows *f = state;
	return flow_grid_has(&f->find, b, flow_at(f, row), text);
}

static bool row_has_finding(void *state, struct browser *b, int64_t row, const char *text)
{
	struct flows *f = state;
	(void)b, (void)text;
	sqlite3_bind_int64(f->found, 1, flow_at(f, row));
	bool has = sqlite3_step(f->found) == SQLITE_ROW;
	sqlite3_reset(f->found);
	return has;
}

static void finding_seek(struct browser *b, void *state, int key)
{
	(void)state;
	browser_seek(b, row_has_finding, "", key == 'E', "No other flow here has a finding.");
}

static void flow_show(struct browser *b, void *state, int key)
{
	struct flows *f = state;
	(void)key;
	if (f->list.n)
		browser_open(b, &view_flow, (struct subject){ .id = flow_at(f, f->list.at) });
}

/* What was said in it: for AMQP, channels. */
static void exchanges_show(struct browser *b, void *state, int key)
{
	struct flows *f = state;
	int64_t id = flow_at(f, f->list.at);
	(void)key;
	if (!f->list.n)
		return;
	bool amqp = model_number(&b->model, "SELECT app = 'amqp' FROM flow WHERE id = ?1", id);
	browser_open(b, amqp ? &view_channels : &view_exchanges, (struct subject){ .id = id });
}

static void health_turn(struct browser *b, void *state, int key)
{
	struct flows *f = state;
	(void)key;
	if (!f->rows.health) {
		browser_say(b, LOOK_DIM, "There are no health checks in this case.");
		return;
	}
	b->health = !b->health;
	browser_say(b, LOOK_DIM, b->health ? "Health checks are shown." : "Health checks are hidden.");
}

/* Of what is measured the most is looked for, as a rule. */
static void sort_step(struct browser *b, void *state, int key)
{
	(void)state;
	b->flows.sort = flow_choice_beside(&b->flows, b->flows.sort, key == '>' ? 1 : -1);
	const struct flow_column *sort = &flow_columns[b->flows.sort];
	b->flows.reverse = sort->kind == FLOW_SPAN || sort->kind == FLOW_BYTES || sort->kind == FLOW_COUNT;
	browser_say(b, LOOK_DIM, "By %s: %s. r turns it around.", sort->name, sort->help);
}

/* All rows are there as a rule, and need only be turned. */
static void sort_turn(struct browser *b, void *state, int key)
{
	struct flows *f = state;
	int64_t id = flow_at(f, f->list.at);
	(void)key;
	b->flows.reverse = !b->flows.reverse;
	if (!flow_rows_turn(&f->rows))
		return;
	f->reverse = b->flows.reverse;
	for (int64_t row = 0; row < f->list.n; row++)
		if (flow_at(f, row) == id)
			list_go(&f->list, row);
}

static void end_go(struct browser *b, void *state, int key)
{
	struct flows *f = state;
	(void)b, (void)key;
	list_go(&f->list, f->list.n - 1);
	f->to_end = f->rows.phase != FLOW_DONE;
}

static void columns_choose(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_open(b, &view_columns, (struct subject){ 0 });
}

static const struct binding flows_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "the flow's packets, as a ladder", flow_show },
	{ { '<', '>' }, "sort", "sort by the column to the left, to the right", sort_step },
	{ { 'r' }, NULL, "the reverse order", sort_turn },
	{ { 'H' }, "health", "show health checks, or hide them", health_turn },
	{ { 'x' }, NULL, "its HTTP exchanges, or AMQP channels", exchanges_show },
	{ { 'e', 'E' }, NULL, "the next flow with a finding, or the one before", finding_seek },
	{ { '|', 'C' }, NULL, "choose columns", columns_choose },
	{ { 'G', K_END }, NULL, "the last flow", end_go },
	{ .act = NULL },
};

const struct view view_flows = {
	.name = "flows",
	.help = "TCP connections. At the left edge * is a mark, E, W and N are an error, a warning or a note that was found"
	        " about the flow, and h is a health check. Below the list is the selected flow with its gravest finding.",
	.size = sizeof(struct flows), .open = flows_open, .close = flows_close, .title = flows_title,
	.draw = flows_draw, .list = flows_list, .row_has = flows_row_has, .about = flows_about, .work = flows_work,
	.bindings = flows_bindings,
};
