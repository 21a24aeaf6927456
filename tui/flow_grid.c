/* flow_grid.c - see flow_grid.h. */
#include "flow_grid.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "text.h"

enum { NEEDED = 3, COMFORT = 22 };    /* a priority, of columns that every row has; columns of a terminal */

/* Columns of the statement before those that the user chose. */
enum { ROW_SEVERITY, ROW_HEALTH, ROW_FIRST_NS, ROW_CAPTURE_NS, ROW_VALUES };

static const char row_sql[] =
	"SELECT iif(w.benign, '', w.severity), EXISTS (SELECT 1 FROM health_flow h WHERE h.flow_id = f.id), f.first_ns,"
	"       (SELECT c.first_ns FROM capture c WHERE c.id = f.capture_id)%s"
	"  FROM flow f LEFT JOIN flow_finding w ON w.flow_id = f.id WHERE f.id = ?1";

/* ---- reading ---- */

void flow_grid_free(struct flow_grid *t)
{
	sqlite3_finalize(t->row);
	t->row = NULL;
	t->changes = 0;
}

/* What values of a column are written with; NULL: anything. */
static const char *alphabet(enum flow_kind kind)
{
	switch (kind) {
	case FLOW_CLOCK:  return "0123456789.:-";
	case FLOW_SPAN:   return "0123456789-. dhminusDHMINUS";
	case FLOW_BYTES:  return "0123456789.kMGTPEKmgtpe";
	case FLOW_COUNT:
	case FLOW_NUMBER: return "0123456789";
	default:          return NULL;
	}
}

static bool may_hold(const struct flow_column *c, const char *text)
{
	const char *with = alphabet(c->kind);
	return !with || !text[strspn(text, with)];
}

static void statement_make(struct flow_grid *t, struct browser *b)
{
	sqlite3_str *values = sqlite3_str_new(b->db);
	t->n = 0;
	for (int i = 0; i < FLOW_COLUMNS; i++) {
		uint8_t c = b->flows.order[i];
		if (b->flows.hidden[c] || !may_hold(&flow_columns[c], t->sought))
			continue;
		t->column[t->n++] = c;
		sqlite3_str_appendf(values, ", %s", flow_columns[c].value);
	}
	char *text = sqlite3_str_finish(values), *sql = sqlite3_mprintf(row_sql, text ? text : "");
	sqlite3_finalize(t->row);
	if (sqlite3_prepare_v2(b->db, sql, -1, &t->row, NULL) != SQLITE_OK)
		browser_say(b, LOOK_ERROR, "%s", sqlite3_errmsg(b->db));
	sqlite3_free(text);
	sqlite3_free(sql);
	t->changes = b->flows.changes;
}

/* The row of a flow; row_done() must follow. False: there is none. */
static bool row_read(struct flow_grid *t, struct browser *b, int64_t id)
{
	if (t->changes != b->flows.changes)
		statement_make(t, b);
	if (!t->row)
		return false;
	sqlite3_bind_int64(t->row, 1, id);
	return sqlite3_step(t->row) == SQLITE_ROW;
}

static void row_done(struct flow_grid *t)
{
	sqlite3_reset(t->row);
}

/* ---- cells ---- */

static void bytes_write(int64_t n, char text[static FLOW_CELL])
{
	static const char units[] = " kMGTPE";
	double v = (double)n;
	int unit = 0;
	for (; v >= 999.5 && units[unit + 1]; unit++)
		v /= 1000;
	if (unit == 0)
		snprintf(text, FLOW_CELL, "%lld", (long long)n);
	else
		snprintf(text, FLOW_CELL, v < 9.95 ? "%.1f%c" : "%.0f%c", v, units[unit]);
}

static void seconds_write(int64_t ns, char text[static FLOW_CELL])
{
	int64_t us = (ns < 0 ? -ns : ns) / 1000;
	snprintf(text, FLOW_CELL, "%s%lld.%06lld", ns < 0 ? "-" : "", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void clock_write(struct sqlite3_stmt *s, enum clock clock, int64_t before_ns, char text[static FLOW_CELL])
{
	int64_t ns = sqlite3_column_int64(s, ROW_FIRST_NS);
	char day[TEXT_TIME_SIZE];
	text[0] = '\0';
	if (clock == CLOCK_ABSOLUTE)
		snprintf(text, FLOW_CELL, "%s", text_time(ns, day) + strlen("2026-11-21 "));
	else if (clock == CLOCK_RELATIVE)
		seconds_write(ns - sqlite3_column_int64(s, ROW_CAPTURE_NS), text);
	else if (before_ns)
		seconds_write(ns - before_ns, text);
}

/* What the i-th of the columns says of the row that was read. */
static void cell_write(const struct flow_grid *t, struct browser *b, int i, int64_t before_ns, char text[static FLOW_CELL])
{
	int at = ROW_VALUES + i;
	text[0] = '\0';
	if (sqlite3_column_type(t->row, at) == SQLITE_NULL)
		return;
	switch (flow_columns[t->column[i]].kind) {
	case FLOW_CLOCK:  clock_write(t->row, b->clock, before_ns, text); break;
	case FLOW_SPAN:   text_duration(sqlite3_column_int64(t->row, at), text); break;
	case FLOW_BYTES:  bytes_write(sqlite3_column_int64(t->row, at), text); break;
	case FLOW_COUNT:
	case FLOW_NUMBER:
	case FLOW_TEXT:
	case FLOW_TAIL:
	case FLOW_FINDING: snprintf(text, FLOW_CELL, "%s", model_text(t->row, at)); break;
	}
}

bool flow_grid_has(struct flow_grid *t, struct browser *b, int64_t id, const char *part)
{
	bool has = false;
	char text[FLOW_CELL];
	if (strcmp(t->sought, part) != 0) {
		snprintf(t->sought, sizeof t->sought, "%s", part);
		t->changes = 0;
	}
	if (row_read(t, b, id))
		for (int i = 0; i < t->n && !has; i++) {
			cell_write(t, b, i, 0, text);
			has = text_contains(text, part);
		}
	row_done(t);
	return has;
}

/* ---- what fits ---- */

/* Where each of the columns stands and how wide it is; 0: there is no room for it. */
struct layout { int at[FLOW_COLUMNS], width[FLOW_COLUMNS]; };

static bool is_sorting(const struct flow_grid *t, const struct browser *b, int i)
{
	return t->column[i] == b->flows.sort;
}

/* Columns that a value would like, or the head; 0: nothing is there to be shown. */
static int width_wanted(const struct flow_grid *t, const struct browser *b, int i)
{
	const struct flow_column *c = &flow_columns[t->column[i]];
	int seen = t->seen[t->column[i]], head = text_width(c->head) + is_sorting(t, b, i);
	if (seen == 0 && c->rare && !is_sorting(t, b, i))
		return 0;
	seen = seen < c->most ? seen : c->most;
	return seen > head ? seen : head;
}

static int lesser(int a, int b)
{
	return a < b ? a : b;
}

static int width_least(const struct flow_grid *t, const struct browser *b, int i)
{
	int wanted = width_wanted(t, b, i), squeeze = flow_columns[t->column[i]].squeeze;
	return squeeze ? lesser(squeeze, wanted) : wanted;
}

static int importance(const struct flow_grid *t, const struct browser *b, int i)
{
	return is_sorting(t, b, i) ? 0 : flow_columns[t->column[i]].priority;
}

/* The columns, the most important first; the one that sorts is that. */
static void columns_rank(const struct flow_grid *t, const struct browser *b, int ranked[static FLOW_COLUMNS])
{
	for (int i = 0; i < t->n; i++) {
		int at = i;
		for (; at > 0 && importance(t, b, ranked[at - 1]) > importance(t, b, i); at--)
			ranked[at] = ranked[at - 1];
		ranked[at] = i;
	}
}

/* A column of this width gets up to `most`; returns the room that is left. */
static int column_grow(int *width, int most, int room)
{
	int more = lesser(most - *width, room);
	if (*width && more > 0) {
		*width += more;
		room -= more;
	}
	return room;
}

/* First the columns without which a row says nothing, with room for addresses of IPv4; then
 * others while they fit; at last all grow as they would like. */
static struct layout columns_fit(const struct flow_grid *t, const struct browser *b, int cols)
{
	struct layout l = { 0 };
	int ranked[FLOW_COLUMNS], room = cols - FLOW_SIGNS + 1, at = FLOW_SIGNS, needed = 0;
	columns_rank(t, b, ranked);
	while (needed < t->n && importance(t, b, ranked[needed]) <= NEEDED)
		needed++;
	for (int n = 0; n < t->n; n++) {
		int i = ranked[n], least = width_least(t, b, i);
		for (int k = 0; n == needed && k < n; k++)
			room = column_grow(&l.width[ranked[k]], lesser(width_wanted(t, b, ranked[k]), COMFORT), room);
		if (least && least < room) {
			l.width[i] = least;
			room -= least + 1;
		}
	}
	for (int n = 0; n < t->n; n++)
		room = column_grow(&l.width[ranked[n]], width_wanted(t, b, ranked[n]), room);
	for (int i = 0; i < t->n; i++) {
		l.at[i] = at;
		at += l.width[i] ? l.width[i] + 1 : 0;
	}
	return l;
}

/* ---- drawing ---- */

static int severity_look(const char *word)
{
	return *word == 'e' ? LOOK_ERROR : *word == 'w' ? LOOK_WARNING : *word == 'n' ? LOOK_NOTE : LOOK_DIM;
}

static void heads_draw(const struct flow_grid *t, const struct browser *b, struct area a, const struct layout *l)
{
	for (int i = 0; i < t->n; i++) {
		const struct flow_column *c = &flow_columns[t->column[i]];
		bool sorts = is_sorting(t, b, i);
		char head[32];
		snprintf(head, sizeof head, "%s%s", c->head, !sorts ? "" : b->flows.reverse ? "\xe2\x86\x93" : "\xe2\x86\x91");
		if (l->width[i])
			area_field(a, 0, l->at[i], flow_column_right(c) ? -l->width[i] : l->width[i], sorts ? LOOK_BOLD : LOOK_DIM, head);
	}
}

static void signs_draw(const struct flow_grid *t, const struct browser *b, struct area a, int row, int64_t id)
{
	const char *severity = model_text(t->row, ROW_SEVERITY);
	bool marked = false;
	for (int i = 0; i < BROWSER_MARKS; i++)
		marked |= b->marked[i] == id;
	if (marked)
		area_put(a, row, 0, LOOK_KEY, "*");
	if (*severity)
		area_printf(a, row, 1, severity_look(severity), "%c", *severity - 'a' + 'A');
	else if (sqlite3_column_int(t->row, ROW_HEALTH))
		area_put(a, row, 1, LOOK_DIM, "h");
}

static void row_draw(const struct flow_grid *t, struct browser *b, struct area a, int row, const struct layout *l,
                     int64_t before_ns)
{
	bool health = sqlite3_column_int(t->row, ROW_HEALTH);
	for (int i = 0; i < t->n; i++) {
		const struct flow_column *c = &flow_columns[t->column[i]];
		int look = c->kind == FLOW_FINDING ? severity_look(model_text(t->row, ROW_SEVERITY)) : health ? LOOK_DIM : LOOK_PLAIN;
		char text[FLOW_CELL];
		if (!l->width[i])
			continue;
		cell_write(t, b, i, before_ns, text);
		if (c->kind == FLOW_TAIL)
			area_tail(a, row, l->at[i], l->width[i], look, text);
		else
			area_field(a, row, l->at[i], flow_column_right(c) ? -l->width[i] : l->width[i], look, text);
	}
}

/* Reads the rows that are seen: notes how wide they are, or, with a layout, draws them. */
static void rows_go(struct flow_grid *t, struct browser *b, struct area a, const struct list *list, const int64_t *id,
                    const struct layout *l)
{
	int64_t before_ns = 0, from = list->top > 0 ? list->top - 1 : 0;
	for (int64_t at = from; at < list->top + a.rows && at < list->n; at++) {
		char text[FLOW_CELL];
		if (row_read(t, b, id[at]) && at >= list->top) {
			for (int i = 0; !l && i < t->n; i++) {
				cell_write(t, b, i, before_ns, text);
				int width = text_width(text), *seen = &t->seen[t->column[i]];
				*seen = width > *seen ? width : *seen;
			}
			if (l) {
				signs_draw(t, b, a, (int)(at - list->top), id[at]);
				row_draw(t, b, a, (int)(at - list->top), l, before_ns);
			}
		}
		before_ns = t->row ? sqlite3_column_int64(t->row, ROW_FIRST_NS) : 0;
		row_done(t);
	}
}

void flow_grid_draw(struct flow_grid *t, struct browser *b, struct area a, const struct list *list, const int64_t *id)
{
	struct area rows = area_part(a, 1, 0, a.rows - 1, a.cols);
	rows_go(t, b, rows, list, id, NULL);
	struct layout l = columns_fit(t, b, a.cols);
	heads_draw(t, b, a, &l);
	rows_go(t, b, rows, list, id, &l);
	browser_rows(b, rows);
	if (list->n)
		area_select(rows, (int)(list->at - list->top));
}
