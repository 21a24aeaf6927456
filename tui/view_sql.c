/* view_sql.c - the result of a query of the user's own: a table, or one row of it as a page. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "limits.h"
#include "query.h"
#include "result.h"
#include "text.h"
#include "views.h"

enum { COLUMN_MOST = 60, BEGUN_LEAST = 8, NAME_COLS = 26, SECONDS_2001 = 1000000000 };

struct sql {
	char             query[PROMPT_SIZE];
	sqlite3_stmt    *s;               /* NULL: nothing more is read */
	struct query_ids ids;
	struct result    result;
	struct list      list;
	int              left;            /* the first column that is shown */
	bool             wider;           /* there are more to the right */
	bool             page;            /* one row, as a page */
	bool             drawn;           /* the user sees that it is being asked */
	struct sheet     sheet;
	char             end[160];        /* why not all was read; "": it was */
};

static bool sql_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct sql *v = state;
	(void)subject;
	snprintf(v->query, sizeof v->query, "%s", b->sql);
	v->s = query_prepare(b->db, v->query, &v->ids, err);
	if (v->s)
		result_begin(&v->result, v->s, b->drawn_ascii);
	return v->s != NULL;
}

static void sql_close(void *state)
{
	struct sql *v = state;
	sqlite3_finalize(v->s);
	result_free(&v->result);
	sheet_free(&v->sheet);
}

static void sql_title(void *state, char *text, size_t size)
{
	(void)state;
	snprintf(text, size, "SQL");
}

/* ---- reading ---- */

static void end_reading(struct sql *v)
{
	sqlite3_finalize(v->s);
	v->s = NULL;
}

/* What a step came to. */
static void step_take(struct sql *v, struct browser *b, int rc)
{
	if (rc == SQLITE_ROW) {
		if (result_row(&v->result, v->s))
			return;
		snprintf(v->end, sizeof v->end, "There are more, which are left out.");
	} else if (rc == SQLITE_INTERRUPT) {
		snprintf(v->end, sizeof v->end, "A key was pressed while the query took long: it was ended.");
	} else if (rc != SQLITE_DONE) {
		snprintf(v->end, sizeof v->end, "%.150s", sqlite3_errmsg(b->db));
	}
	end_reading(v);
}

static bool sql_work(void *state, struct browser *b, int64_t until_ns)
{
	struct sql *v = state;
	if (!v->drawn)
		return v->s != NULL;
	int length = sqlite3_limit(b->db, SQLITE_LIMIT_LENGTH, LIMIT_QUERY_VALUE);
	while (v->s) {
		step_take(v, b, later_step(b, v->s, until_ns));
		if (browser_now() > until_ns)
			break;
	}
	sqlite3_limit(b->db, SQLITE_LIMIT_LENGTH, length);
	list_count(&v->list, (int64_t)v->result.rows);
	return v->s != NULL;
}

/* ---- the table ---- */

static int value_look(const struct value *v)
{
	return v->type == SQLITE_NULL ? LOOK_DIM : LOOK_PLAIN;
}

static void value_draw(struct area a, int row, int col, int width, const struct result *r, int64_t at, int i)
{
	const struct value *v = result_at(r, (size_t)at, i);
	char text[LIMIT_QUERY_CELL + 16];
	snprintf(text, sizeof text, "%.*s%s", (int)v->n, r->bytes + v->at, v->cut ? "\xe2\x80\xa6" : "");
	bool number = v->type == SQLITE_INTEGER || v->type == SQLITE_FLOAT || (v->type == SQLITE_NULL && r->column[i].number);
	area_field(a, row, col, number ? -width : width, value_look(v), text);
}

/* How many columns a column should have. The last one may be as wide as it likes. */
static int column_width(const struct result *r, int i)
{
	int width = r->column[i].width;
	return width > COLUMN_MOST && i + 1 < r->columns ? COLUMN_MOST : width;
}

static void column_draw(struct sql *v, struct area a, int i, int col, int width)
{
	const struct result *r = &v->result;
	area_field(a, 0, col, r->column[i].number && v->list.n ? -width : width, LOOK_HEAD, r->column[i].name);
	for (int row = 0; row < a.rows - 1 && v->list.top + row < v->list.n; row++)
		value_draw(a, row + 1, col, width, r, v->list.top + row, i);
}

/* A column that does not fit is begun where there is room for something of it. */
static void table_draw(struct sql *v, struct area a)
{
	const struct result *r = &v->result;
	int col = 0, i = v->left, least = a.cols < BEGUN_LEAST ? a.cols : BEGUN_LEAST;
	list_show(&v->list, a.rows - 1);
	v->wider = false;
	for (; i < r->columns && !v->wider; i++) {
		int width = column_width(r, i);
		v->wider = width > a.cols - col;
		if (!v->wider)
			column_draw(v, a, i, col, width);
		else if (a.cols - col >= least)
			column_draw(v, a, i, col, width = a.cols - col);
		col += width + 2;
	}
	v->wider |= i < r->columns;
	if (v->list.n)
		area_select(area_part(a, 1, 0, a.rows - 1, a.cols), (int)(v->list.at - v->list.top));
}

static void status_draw(struct sql *v, struct area a)
{
	const struct result *r = &v->result;
	int col = area_printf(a, 0, 0, LOOK_DIM, "%zu row%s%s", r->rows, r->rows == 1 ? "" : "s",
	                      v->s ? " so far; any key ends a query that takes long" : "");
	if (*v->end)
		col = area_put(a, 0, area_put(a, 0, col, LOOK_DIM, ". "), LOOK_WARNING, v->end);
	if (v->left || v->wider)
		area_printf(a, 0, col + 3, LOOK_DIM, "%d of %d columns; Left and Right show others",
		            r->columns - v->left, r->columns);
}

/* ---- the page ---- */

/* Times are numbers in the case; here there is room to say them in words as well. */
static void moment_add(char *text, size_t size, const char *name)
{
	char words[TEXT_TIME_SIZE];
	int64_t ns = strtoll(text, NULL, 10);
	size_t n = strlen(name), used = strlen(text);
	if (n > 3 && strcmp(name + n - 3, "_ns") == 0)
		snprintf(text + used, size - used, "  (%s)", ns / 1000000000 > SECONDS_2001 ? text_time(ns, words)
		                                                                            : text_duration(ns, words));
}

static void page_write(struct sql *v, struct area a)
{
	const struct result *r = &v->result;
	struct sheet *s = &v->sheet;
	sheet_begin(s, a.cols, a.on->ascii);
	for (int i = 0; v->list.n && i < r->columns; i++) {
		const struct value *value = result_at(r, (size_t)v->list.at, i);
		char text[LIMIT_QUERY_CELL + 64];
		snprintf(text, sizeof text, "%.*s%s", (int)value->n, r->bytes + value->at, value->cut ? "\xe2\x80\xa6" : "");
		if (value->type == SQLITE_INTEGER)
			moment_add(text, sizeof text, r->column[i].name);
		int row = s->used;
		sheet_fold(s, NAME_COLS, "", value_look(value), text);
		area_field(canvas_area(&s->canvas), row, 0, NAME_COLS - 2, LOOK_HEAD, r->column[i].name);
	}
	sheet_draw(s, a);
}

static void sql_draw(void *state, struct browser *b, struct area a)
{
	struct sql *v = state;
	struct area body = area_part(a, 1, 0, a.rows - 2, a.cols);
	v->drawn = true;
	list_count(&v->list, (int64_t)v->result.rows);
	area_field(a, 0, 0, a.cols, LOOK_DIM, v->query);
	browser_rows(b, v->page ? body : area_part(body, 1, 0, body.rows - 1, body.cols));
	if (v->page)
		page_write(v, body);
	else
		table_draw(v, body);
	status_draw(v, area_part(a, a.rows - 1, 0, 1, a.cols));
}

/* ---- keys ---- */

static struct list *sql_list(void *state)
{
	struct sql *v = state;
	return v->page ? &v->sheet.list : &v->list;
}

static bool sql_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct sql *v = state;
	const struct result *r = &v->result;
	char value[LIMIT_QUERY_CELL + 1];
	(void)b;
	if (v->page)
		return canvas_row_has(&v->sheet.canvas, (int)row, text);
	for (int i = 0; i < r->columns; i++) {
		const struct value *at = result_at(r, (size_t)row, i);
		snprintf(value, sizeof value, "%.*s", (int)at->n, r->bytes + at->at);
		if (text_contains(value, text))
			return true;
	}
	return false;
}

/* A column `id` is a flow's or a finding's where no other id is read. */
static void sql_about(void *state, struct browser *b, struct about *about)
{
	struct sql *v = state;
	const struct result *r = &v->result;
	size_t row = (size_t)v->list.at;
	int64_t id = v->ids.other || v->ids.flow == v->ids.finding ? 0 : result_number(r, row, "id");
	(void)b;
	about->flow = result_number(r, row, "flow_id");
	about->finding = result_number(r, row, "finding_id");
	about->frame = result_number(r, row, "frame");
	if (id && v->ids.flow && !about->flow)
		about->flow = id;
	if (id && v->ids.finding && !about->finding)
		about->finding = id;
}

static void page_turn(struct browser *b, void *state, int key)
{
	struct sql *v = state;
	(void)b, (void)key;
	v->page = !v->page && v->list.n;
}

static void row_open(struct browser *b, void *state, int key)
{
	struct about about = { 0 };
	sql_about(state, b, &about);
	if (about.finding)
		browser_open(b, &view_finding, (struct subject){ .id = about.finding });
	else if (about.flow)
		browser_open(b, &view_flow, (struct subject){ .id = about.flow, .frame = about.frame });
	else
		page_turn(b, state, key);
}

/* Where there is nothing to the left, it leads back as everywhere. */
static void columns_move(struct browser *b, void *state, int key)
{
	struct sql *v = state;
	if (key == K_LEFT && v->left == 0)
		browser_back(b);
	else if (key == K_LEFT || key == 'h')
		v->left -= v->left > 0;
	else
		v->left += v->wider && v->left + 1 < v->result.columns;
}

static const struct binding sql_bindings[] = {
	{ { K_ENTER }, "open", "the finding or the connection of the row, where it has a flow_id or finding_id; else the row as a page", row_open },
	{ { K_LEFT, 'h', K_RIGHT, 'l' }, NULL, "the columns to the left, to the right", columns_move },
	{ { 'x' }, "row", "the row as a page, with all of every value", page_turn },
	{ .act = NULL },
};

const struct view view_sql = {
	.name = "sql",
	.help = "The result of a query over the case, which is a SQLite database (`tcpwhy -o`; its tables are described in"
	        " db/schema.sql). A query only reads. Times are in nanoseconds: clock(ns) and duration(ns) make words of them,"
	        " tcp_flags(n) of flags. The table packet has every packet; name the flow_id.",
	.size = sizeof(struct sql), .open = sql_open, .close = sql_close, .title = sql_title, .draw = sql_draw,
	.list = sql_list, .row_has = sql_row_has, .about = sql_about, .work = sql_work, .bindings = sql_bindings,
};
