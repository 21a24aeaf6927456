/* view_compare.c - two connections beside one another: the facts in which they differ, and their
 * steps, the same ones in one row. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "compare.h"
#include "flow_title.h"
#include "key.h"
#include "text.h"
#include "views.h"

enum { OPEN_NS = 15000000, FACTS = 20, FACT_LABEL = 14, SAME = 1024, TIME_COLS = 12, MIDDLE = 3 };

/* What differs. */
struct fact { char label[FACT_LABEL], text[2][160]; };

struct compare_view {
	struct compare compare;
	char           name[2][FLOW_TITLE_SIZE];
	struct fact    fact[FACTS];
	int            facts;
	char           same[SAME];        /* what does not */
	struct sheet   sheet;             /* a row's tag: the index of its steps + 1 */
};

static void compare_view_close(void *state)
{
	struct compare_view *v = state;
	compare_close(&v->compare);
	sheet_free(&v->sheet);
}

static void compare_view_title(void *state, char *text, size_t size)
{
	struct compare_view *v = state;
	snprintf(text, size, "%s and %s", v->name[0], v->name[1]);
}

/* ---- facts ---- */

/* Of the two flows ?1 and ?2. `ns`: a time, which differs only where it is far apart. */
static const char facts_sql[] =
	"WITH side(nr, id) AS (VALUES (1, ?1), (2, ?2)), f AS (SELECT side.nr AS side, f.* FROM side JOIN flow f ON f.id = side.id),"
	"fact(side, nr, label, text, ns) AS ("
	"  SELECT side, 1, 'client', n.client, NULL FROM f JOIN flow_name n ON n.flow_id = f.id"
	"  UNION ALL SELECT side, 2, 'server', n.server, NULL FROM f JOIN flow_name n ON n.flow_id = f.id"
	"  UNION ALL SELECT side, 3, 'capture', file_name(c.name), NULL FROM f JOIN capture c ON c.id = f.capture_id"
	"  UNION ALL SELECT side, 4, 'began', clock_s(first_ns), NULL FROM f"
	"  UNION ALL SELECT side, 5, 'found', coalesce((SELECT r.title FROM finding d JOIN rule r ON r.id = d.rule"
	"    WHERE d.id IN (SELECT id FROM finding WHERE flow_id = f.id UNION SELECT finding_id FROM evidence WHERE flow_id = f.id)"
	"      AND r.about <> 'capture' ORDER BY r.benign, d.severity = 'note', d.severity = 'warning', d.id LIMIT 1), 'nothing'), NULL FROM f"
	"  UNION ALL SELECT side, 6, 'protocol', coalesce(app, 'unknown'), NULL FROM f"
	"  UNION ALL SELECT side, 7, 'state', conn_state || ' ' || history, NULL FROM f"
	"  UNION ALL SELECT side, 8, 'ended by', coalesce(ended_by || ', ', '') || ended, NULL FROM f"
	"  UNION ALL SELECT side, 9, 'duration', duration(last_ns - first_ns), last_ns - first_ns FROM f"
	"  UNION ALL SELECT side, 10, 'RTT', coalesce(duration(rtt_ns), 'unknown'), rtt_ns FROM f"
	"  UNION ALL SELECT side, 11, 'client bytes', client_bytes, NULL FROM f"
	"  UNION ALL SELECT side, 12, 'server bytes', server_bytes, NULL FROM f"
	"  UNION ALL SELECT side, 13, 'MSS', coalesce(client_mss, '-') || '/' || coalesce(server_mss, '-'), NULL FROM f"
	"  UNION ALL SELECT side, 14, 'window scale', coalesce(client_window_scale, '-') || '/' || coalesce(server_window_scale, '-'), NULL FROM f"
	"  UNION ALL SELECT side, 15, 'TTL', coalesce(client_ttl, '-') || '/' || coalesce(server_ttl, '-'), NULL FROM f"
	"  UNION ALL SELECT side, 16, 'timestamps', iif(client_tsval IS NULL, 'no', 'yes') || '/' || iif(server_tsval IS NULL, 'no', 'yes'), NULL FROM f"
	"  UNION ALL SELECT side, 17, 'path', coalesce(path, 'plain'), NULL FROM f WHERE EXISTS (SELECT 1 FROM f WHERE path IS NOT NULL)"
	")"
	"SELECT a.label, a.text, b.text, a.ns, b.ns FROM fact a JOIN fact b ON b.nr = a.nr AND b.side = 2 WHERE a.side = 1 ORDER BY a.nr";

/* Of the row of facts_sql: times that are near enough to one another. */
static bool times_near(struct sqlite3_stmt *s)
{
	return sqlite3_column_type(s, 3) == SQLITE_INTEGER && sqlite3_column_type(s, 4) == SQLITE_INTEGER
	    && !compare_apart(sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4));
}

static void facts_read(struct compare_view *v, struct browser *b)
{
	size_t n = 0;
	struct sqlite3_stmt *s = model_query(&b->model, facts_sql, v->compare.side[0].flow_id, v->compare.side[1].flow_id);
	v->facts = 0;
	v->same[0] = '\0';
	while (model_next(&b->model, s)) {
		char text[2][160];
		for (int i = 0; i < 2; i++)
			snprintf(text[i], sizeof text[i], "%s", model_text(s, 1 + i));
		bool equal = strcmp(text[0], text[1]) == 0;
		if (equal || times_near(s)) {
			n += (size_t)snprintf(v->same + n, SAME - n, "%s%s %s%s%s", n ? " \xc2\xb7 " : "", model_text(s, 0), text[0],
			                      equal ? "" : ", ", equal ? "" : text[1]);
			n = n < SAME ? n : SAME - 1;
		} else if (v->facts < FACTS) {
			struct fact *f = &v->fact[v->facts++];
			snprintf(f->label, sizeof f->label, "%s", model_text(s, 0));
			memcpy(f->text, text, sizeof f->text);
		}
	}
}

static void pair_open(struct compare_view *v, struct browser *b, int64_t left, int64_t right)
{
	flow_title_of(b, left, v->name[0]);
	flow_title_of(b, right, v->name[1]);
	compare_open(&v->compare, &b->model, left, right, OPEN_NS);
	facts_read(v, b);
}

static bool compare_view_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct compare_view *v = state;
	const int64_t id[2] = { subject.id, subject.other };
	for (int i = 0; i < 2; i++)
		if (!model_number(&b->model, "SELECT 1 FROM flow WHERE id = ?1", id[i]))
			return fail(err, "There is no flow %lld.", (long long)id[i]);
	pair_open(v, b, id[0], id[1]);
	return true;
}

static void facts_write(const struct compare_view *v, struct sheet *to)
{
	for (int i = 0; i < v->facts; i++) {
		struct area row = sheet_rows(to, 1);
		int half = (row.cols - FACT_LABEL) / 2;
		area_field(row, 0, 0, FACT_LABEL - 1, LOOK_DIM, v->fact[i].label);
		area_field(row, 0, FACT_LABEL, half - 1, LOOK_BOLD, v->fact[i].text[0]);
		area_field(row, 0, FACT_LABEL + half, row.cols - FACT_LABEL - half, LOOK_BOLD, v->fact[i].text[1]);
	}
}

/* ---- steps ---- */

/* Where two texts part, some characters before that. */
static size_t texts_part(const char *a, const char *b)
{
	size_t n = 0;
	while (a[n] && a[n] == b[n])
		n++;
	while (n > 0 && a[n - 1] != '/' && a[n - 1] != ' ' && a[n - 1] != '=')
		n--;
	return n;
}

/* The words of a step in a field; of long ones the first, and what differs. The column behind. */
static int words_draw(struct area a, int col, int room, int look, const char *text, const char *opposite)
{
	size_t first = strcspn(text, " "), part = opposite ? texts_part(text, opposite) : 0;
	if (text_width(text) <= room)
		return area_put(a, 0, col, look, text);
	if (part > first + 2 && text_width_n(text, first) < room / 2) {
		int at = area_put(a, 0, area_put_n(a, 0, col, look, text, first), LOOK_DIM, " \xe2\x80\xa6");
		room -= at - col;
		col = at;
		while (part > first + 1 && text_width(text + part - 1) <= room)
			part--;
		text += part;
	}
	return area_field(a, 0, col, text_width(text) < room ? text_width(text) : room, look, text);
}

static void step_draw(const struct compare_view *v, struct area a, int side, const struct compare_row *r)
{
	const struct compare_step *s = r->step[side] < 0 ? NULL : &v->compare.side[side].step[r->step[side]];
	char text[48], span[TEXT_DURATION_SIZE];
	int look = r->step[1 - side] < 0 ? LOOK_NOTE : r->differs ? LOOK_WARNING : LOOK_PLAIN;
	if (!s)
		return;
	if (s->silence) {
		area_field(a, 0, TIME_COLS + 3, a.cols - TIME_COLS - 3, r->apart ? LOOK_WARNING : LOOK_DIM, s->text);
		return;
	}
	snprintf(text, sizeof text, "%lld.%06d", (long long)(s->ns / 1000000000), (int)(s->ns % 1000000000 / 1000));
	area_field(a, 0, 0, -TIME_COLS, LOOK_PLAIN, text);
	area_put(a, 0, TIME_COLS + 1, s->client ? LOOK_CLIENT : LOOK_SERVER, s->client ? "\xe2\x86\x92" : "\xe2\x86\x90");
	snprintf(text, sizeof text, "%s%s", r->apart ? " after " : "", r->apart ? text_duration(r->took_ns[side], span) : "");
	const char *opposite = r->differs ? v->compare.side[1 - side].step[r->step[1 - side]].text : NULL;
	int end = words_draw(a, TIME_COLS + 3, a.cols - TIME_COLS - 3 - text_width(text), look, s->text, opposite);
	area_put(a, 0, end, LOOK_WARNING, text);
}

/* Between the halves: what kind of row it is. */
static const char *row_sign(const struct compare_row *r)
{
	return r->step[0] < 0 ? "\xe2\x96\xb8" : r->step[1] < 0 ? "\xe2\x97\x84" : r->differs || r->apart ? "\xe2\x89\xa0" : "\xe2\x94\x82";
}

static void steps_write(struct compare_view *v, struct sheet *to)
{
	const struct compare *c = &v->compare;
	int half = (to->canvas.cols - MIDDLE) / 2;
	for (size_t i = 0; i < c->rows; i++) {
		const struct compare_row *r = &c->row[i];
		bool plain = r->step[0] >= 0 && r->step[1] >= 0 && !r->differs && !r->apart;
		struct area row = sheet_rows(to, 1);
		step_draw(v, area_part(row, 0, 0, 1, half), 0, r);
		area_put(row, 0, half + 1, plain ? LOOK_DIM : LOOK_WARNING, row_sign(r));
		step_draw(v, area_part(row, 0, half + MIDDLE, 1, row.cols - half - MIDDLE), 1, r);
		sheet_tag(to, to->used - 1, (int64_t)i + 1);
	}
	if (!c->ready)
		sheet_line(to, 0, LOOK_DIM, "Reading \xe2\x80\xa6");
	else if (!c->side[0].whole || !c->side[1].whole)
		sheet_fold(to, 0, "", LOOK_NOTE, "These are the first steps of longer connections: what comes later is not compared.");
}

static void compare_view_draw(void *state, struct browser *b, struct area a)
{
	struct compare_view *v = state;
	(void)b;
	sheet_begin(&v->sheet, a.cols, a.on->ascii);
	facts_write(v, &v->sheet);
	sheet_heading(&v->sheet, "Steps");
	steps_write(v, &v->sheet);
	sheet_heading(&v->sheet, "The same in both");
	sheet_fold(&v->sheet, 0, "", LOOK_PLAIN, v->same);
	sheet_draw(&v->sheet, a);
}

static bool compare_view_work(void *state, struct browser *b, int64_t until_ns)
{
	struct compare_view *v = state;
	(void)b;
	return compare_work(&v->compare, until_ns);
}

/* ---- keys ---- */

static struct sheet *compare_view_sheet(void *state)
{
	struct compare_view *v = state;
	return &v->sheet;
}

/* The side and the frame of the row: those of the left one, or of the right one where only that
 * has the step or is asked for. */
static struct subject subject_at(struct compare_view *v, bool right)
{
	int64_t tag = sheet_tag_at(&v->sheet);
	const struct compare_row *r = tag > 0 && (size_t)tag <= v->compare.rows ? &v->compare.row[tag - 1] : NULL;
	int side = right ? 1 : r && r->step[0] < 0 ? 1 : 0;
	struct subject subject = { .id = v->compare.side[side].flow_id };
	if (r && r->step[side] >= 0 && v->compare.side[side].step[r->step[side]].frame < INT64_MAX)
		subject.frame = v->compare.side[side].step[r->step[side]].frame;
	return subject;
}

static void compare_view_about(void *state, struct browser *b, struct about *about)
{
	struct subject subject = subject_at(state, false);
	(void)b;
	about->flow = subject.id;
	about->frame = subject.frame;
}

static void side_open(struct browser *b, void *state, int key)
{
	browser_open(b, &view_flow, subject_at(state, key == 'o'));
}

static void sides_swap(struct browser *b, void *state, int key)
{
	struct compare_view *v = state;
	int64_t left = v->compare.side[0].flow_id, right = v->compare.side[1].flow_id;
	(void)key;
	compare_close(&v->compare);
	pair_open(v, b, right, left);
}

/* Rows that differ, one after the other. */
static void difference_go(struct browser *b, void *state, int key)
{
	struct compare_view *v = state;
	int step = key == ']' ? 1 : -1;
	for (int64_t row = v->sheet.list.at + step; row >= 0 && row < v->sheet.used; row += step) {
		int64_t tag = v->sheet.tag[row];
		const struct compare_row *r = tag > 0 ? &v->compare.row[tag - 1] : NULL;
		if (r && (r->differs || r->apart || r->step[0] < 0 || r->step[1] < 0)) {
			list_go(&v->sheet.list, row);
			return;
		}
	}
	browser_say(b, LOOK_DIM, step > 0 ? "No step differs behind this row." : "No step differs before this row.");
}

static const struct binding compare_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "left", "the left connection at this step; the right one where only that has it", side_open },
	{ { 'o' }, "right", "the right connection at this step", side_open },
	{ { ']', '[' }, "difference", "the next step that differs, or the one before", difference_go },
	{ { 'x' }, NULL, "swap the sides", sides_swap },
	{ .act = NULL },
};

const struct view view_compare = {
	.name = "compare",
	.help = "Two connections side by side. Above, the facts in which they differ. Below, their steps: the same ones in one"
	        " row, \xe2\x89\xa0 where words differ or one took more than 3 times as long and 100 ms more, \xe2\x97\x84 and"
	        " \xe2\x96\xb8 where only one has the step. Times count from each connection's own start.",
	.size = sizeof(struct compare_view), .open = compare_view_open, .close = compare_view_close, .title = compare_view_title,
	.draw = compare_view_draw, .sheet = compare_view_sheet, .about = compare_view_about, .work = compare_view_work,
	.bindings = compare_bindings,
};
