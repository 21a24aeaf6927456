/* view_findings.c - the first screen: the verdict, all incidents with the gravest first, then
 * what is no problem and what limits the capture; below them what the selected one says. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "ladder_draw.h"
#include "text.h"
#include "views.h"

enum { SEVERITY_COLS = 8, TIMES_COLS = 7, WHEN_COLS = 20, SURE_COLS = 9, OTHERS_MOST = 1000,
       BETWEEN_COLS = 38, BETWEEN_MOST = 48, SERVER_COLS = 22,    /* two IPv4 addresses and a port; the server alone */
       LIST_LEAST = 4, PROOF_LEAST = 4, PROOF_ROWS = 3 + PROOF_LEAST,     /* with a blank and its names */
       TALL = 24 };

struct findings {
	struct list  list;
	int64_t      incidents;           /* the first rows; the others follow */
	int64_t     *other;               /* findings that are no problem, then those about the capture */
	int64_t      others, fine;        /* of these, no problem */
	struct sheet sheet;               /* what the selected one says */
	struct ladder ladder;             /* its proof, where there is room */
	int64_t      of;                  /* the finding that the ladder is of; 0: none is read */
	int64_t      selected;            /* the finding in the selected row, as drawn last */
	bool         room;                /* for a ladder, as drawn last */
};

/* ---- rows ---- */

enum { ID, WORD, TITLE, BETWEEN, SERVER, TIMES, FIRST, LAST, SURE };

static const char incident_sql[] =
	"SELECT i.id, i.severity, i.title, replace(b.text, '->', '→'), coalesce(nullif(i.server, ''), i.client_address, ''),"
	"       i.findings, bare_time(clock_s(i.first_ns)), bare_time(clock_s(i.last_ns)), i.confidence"
	"  FROM temp.shown_incident i JOIN temp.shown_between b USING (id) WHERE i.nr = ?1";

/* A sentence stands for the endpoints. */
static const char other_sql[] =
	"SELECT id, iif(?2, 'fine', 'capture'), title, one_line(summary), '', 1, '', '', confidence"
	"  FROM temp.shown_finding WHERE id = ?1";

static struct sqlite3_stmt *row_query(struct findings *f, struct browser *b, int64_t row)
{
	int64_t i = row - f->incidents;
	if (i < 0)
		return model_query(&b->model, incident_sql, row + 1, 0);
	return i < f->others ? model_query(&b->model, other_sql, f->other[i], i < f->fine) : NULL;
}

static int64_t row_finding(struct findings *f, struct browser *b, int64_t row)
{
	int64_t id = 0;
	struct sqlite3_stmt *s = row_query(f, b, row);
	while (model_next(&b->model, s))
		id = sqlite3_column_int64(s, ID);
	return id;
}

static void others_read(struct findings *f, struct browser *b)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT id, fine FROM (SELECT min(id) AS id, 1 AS fine FROM temp.shown_benign GROUP BY incident_id"
		"                      UNION ALL SELECT id, 0 FROM temp.shown_quality) ORDER BY fine DESC, id LIMIT ?1", OTHERS_MOST, 0);
	while (model_next(&b->model, s)) {
		f->other = alloc_grown(f->other, (size_t)f->others + 1, sizeof *f->other);
		f->other[f->others++] = sqlite3_column_int64(s, 0);
		f->fine += sqlite3_column_int64(s, 1);
	}
}

static bool findings_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct findings *f = state;
	(void)subject;
	others_read(f, b);
	f->incidents = model_number(&b->model, "SELECT count(*) FROM temp.shown_incident", 0);
	f->list.n = f->incidents + f->others;
	list_go(&f->list, model_number(&b->model, "SELECT i.nr - 1 FROM temp.shown_verdict v JOIN temp.shown_incident i USING (id)", 0));
	return !b->model.failed || fail(err, "%s", b->err.text);
}

static void findings_close(void *state)
{
	struct findings *f = state;
	sheet_free(&f->sheet);
	ladder_free(&f->ladder);
	free(f->other);
}

static void findings_title(void *state, char *text, size_t size)
{
	(void)state;
	snprintf(text, size, "Findings");
}

/* ---- drawing ---- */

static int severity_look(const char *word)
{
	return strcmp(word, "error") == 0 ? LOOK_ERROR : strcmp(word, "warning") == 0 ? LOOK_WARNING
	     : strcmp(word, "note") == 0 ? LOOK_NOTE : strcmp(word, "fine") == 0 ? LOOK_GOOD : LOOK_DIM;
}

/* Where the columns of the table begin, for so many columns in all; one that begins where the
 * next does is left out. Where there is no room for both endpoints, the server is named. */
struct columns { int between, times, first, last, sure; bool server_only; };

static struct columns columns_for(int cols)
{
	struct columns c = { .sure = cols >= 72 ? cols - SURE_COLS : cols };
	c.last = cols >= 140 ? c.sure - WHEN_COLS - 1 : c.sure;
	c.first = cols >= 110 ? c.last - WHEN_COLS - 1 : c.last;
	c.times = c.first - TIMES_COLS;
	int half = (c.times - SEVERITY_COLS) / 2;
	c.server_only = half < BETWEEN_COLS - 2;
	c.between = c.times - (c.server_only ? SERVER_COLS : half < BETWEEN_COLS ? BETWEEN_COLS : half < BETWEEN_MOST ? half : BETWEEN_MOST);
	return c;
}

/* Nothing where the column is left out. */
static void column_put(struct area a, int row, int from, int to, int look, const char *text)
{
	if (to > from)
		area_field(a, row, from, to - from - 1, look, text);
}

static void head_draw(struct area a, struct browser *b, const struct columns *c)
{
	char first[64] = "";
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT 'first, ' || substr(clock, length(bare_time(clock)) + 2)"
		"  FROM (SELECT clock_s(first_ns) AS clock FROM temp.shown_incident WHERE first_ns IS NOT NULL ORDER BY nr LIMIT 1)", 0, 0);
	while (model_next(&b->model, s))
		snprintf(first, sizeof first, "%s", model_text(s, 0));
	area_put(a, 0, SEVERITY_COLS, LOOK_DIM, "what");
	area_put(a, 0, c->between, LOOK_DIM, c->server_only ? "server" : "between");
	area_field(a, 0, c->times, -(TIMES_COLS - 2), LOOK_DIM, "times");
	column_put(a, 0, c->first, c->last, LOOK_DIM, first);
	column_put(a, 0, c->last, c->sure, LOOK_DIM, "last");
	column_put(a, 0, c->sure, a.cols, LOOK_DIM, "sure");
}

static void incident_draw(struct area a, int row, const struct columns *c, struct sqlite3_stmt *s)
{
	const char *word = model_text(s, WORD);
	area_put(a, row, 0, severity_look(word), severity_word(word));
	area_field(a, row, SEVERITY_COLS, c->between - SEVERITY_COLS - 1, LOOK_BOLD, model_text(s, TITLE));
	area_tail(a, row, c->between, c->times - c->between - 1, LOOK_PLAIN, model_text(s, c->server_only ? SERVER : BETWEEN));
	area_field(a, row, c->times, -(TIMES_COLS - 2), LOOK_PLAIN, model_text(s, TIMES));
	column_put(a, row, c->first, c->last, LOOK_PLAIN, model_text(s, FIRST));
	column_put(a, row, c->last, c->sure, LOOK_PLAIN, model_text(s, LAST));
	column_put(a, row, c->sure, a.cols, LOOK_DIM, model_text(s, SURE));
}

/* What is no problem has neither endpoints nor a count: its words have their room. */
static void other_draw(struct area a, int row, const struct columns *c, struct sqlite3_stmt *s)
{
	const char *word = model_text(s, WORD);
	struct area words = area_part(a, row, SEVERITY_COLS, 1, c->sure - SEVERITY_COLS - 1);
	area_put(a, row, 0, severity_look(word), word);
	int end = text_width(model_text(s, TITLE)) + 2, between = c->between - SEVERITY_COLS;
	area_field(words, 0, 0, words.cols, LOOK_PLAIN, model_text(s, TITLE));
	end = end > between ? end : between;
	if (end < words.cols)
		area_field(words, 0, end, words.cols - end, LOOK_DIM, model_text(s, BETWEEN));
	column_put(a, row, c->sure, a.cols, LOOK_DIM, model_text(s, SURE));
}

/* One line: what broke, or that nothing did. */
static void verdict_draw(struct browser *b, struct area a)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT severity, title, confidence || iif(others, ', ' || others || ' more', '') FROM temp.shown_verdict "
		"UNION ALL SELECT '', text || '.', '' FROM temp.shown_nothing WHERE NOT EXISTS (SELECT 1 FROM temp.shown_incident)", 0, 0);
	while (model_next(&b->model, s)) {
		int look = *model_text(s, 0) ? severity_look(model_text(s, 0)) : LOOK_GOOD, right = (int)strlen(model_text(s, 2));
		area_field(a, 0, 0, a.cols - right - 1, look, model_text(s, 1));
		area_put(a, 0, a.cols - right, LOOK_DIM, model_text(s, 2));
	}
}

/* What the selected finding says, and what to do. */
static void detail_write(struct findings *f, struct browser *b, int cols, bool ascii)
{
	struct sqlite3_stmt *s = model_query(&b->model, f->selected
		? "SELECT one_line(summary), first_sentence(filled(remedy_text, numbers)) FROM temp.shown_finding WHERE id = ?1"
		: "SELECT text, '' FROM temp.shown_no_trouble ORDER BY nr", f->selected, 0);
	sheet_begin(&f->sheet, cols, ascii);
	while (model_next(&b->model, s)) {
		sheet_fold(&f->sheet, 0, "", LOOK_PLAIN, model_text(s, 0));
		if (*model_text(s, 1))
			sheet_fold(&f->sheet, 4, "Do", LOOK_PLAIN, model_text(s, 1));
	}
}

/* The proof, in what is left of so many rows, once it is read. */
static void proof_write(struct findings *f, struct browser *b, int rows)
{
	int left = rows - f->sheet.used - 1 - ladder_names_rows(&f->ladder);
	f->room = left >= PROOF_LEAST;
	if (!f->room || f->of != f->selected || !f->ladder.n)
		return;
	if (f->ladder.most != (size_t)left)
		ladder_fit(&f->ladder, &b->model, (size_t)left);
	sheet_line(&f->sheet, 0, LOOK_PLAIN, "");
	ladder_sheet(&f->ladder, b->clock, &f->sheet);
}

/* Reading it may take a while where a connection is long: the list need not wait. */
static bool findings_work(void *state, struct browser *b, int64_t until_ns)
{
	struct findings *f = state;
	(void)until_ns;
	if (!f->room || f->of == f->selected)
		return false;
	ladder_free(&f->ladder);
	if (!ladder_read(&f->ladder, &b->model, f->selected))
		f->ladder.n = 0;
	f->of = f->selected;
	return true;
}

static void list_draw(struct findings *f, struct browser *b, struct area a)
{
	struct columns c = columns_for(a.cols);
	struct area rows = area_part(a, 1, 0, a.rows - 1, a.cols);
	if (f->list.n)
		head_draw(a, b, &c);
	list_show(&f->list, rows.rows);
	browser_rows(b, rows);
	for (int row = 0; row < rows.rows && f->list.top + row < f->list.n; row++) {
		struct sqlite3_stmt *s = row_query(f, b, f->list.top + row);
		while (model_next(&b->model, s))
			(f->list.top + row < f->incidents ? incident_draw : other_draw)(rows, row, &c, s);
	}
	if (f->list.n)
		area_select(rows, (int)(f->list.at - f->list.top));
}

/* How many of so many rows the detail gets. The list has its rows first, but leaves as many to
 * the detail where both need more, and those that are no problem may have to be scrolled to
 * where the proof of one needs them. */
static int detail_rows(const struct findings *f, int rows)
{
	int list = f->list.n > 0 ? (int)(f->list.n < rows ? f->list.n : rows) : 1;
	int with_proof = rows - f->sheet.used - PROOF_ROWS;      /* what that leaves to the list */
	if (with_proof < list && with_proof >= LIST_LEAST && with_proof >= f->incidents)
		list = with_proof;
	int detail = f->sheet.used < rows - LIST_LEAST ? f->sheet.used : rows - LIST_LEAST;
	int half = rows / 2 > detail ? rows / 2 : detail;
	return list + detail >= rows && rows < TALL ? detail : list + half > rows ? half : rows - list;
}

static void findings_draw(void *state, struct browser *b, struct area a)
{
	struct findings *f = state;
	int rows = a.rows - 3;
	f->selected = f->list.n ? row_finding(f, b, f->list.at) : 0;
	verdict_draw(b, a);
	detail_write(f, b, a.cols, a.on->ascii);
	int detail = detail_rows(f, rows);
	proof_write(f, b, detail);
	list_draw(f, b, area_part(a, 1, 0, rows - detail + 1, a.cols));
	area_repeat(a, a.rows - detail - 1, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	area_copy(area_part(a, a.rows - detail, 0, detail, a.cols), &f->sheet.canvas, 0);
}

/* ---- keys ---- */

static void finding_open(struct browser *b, void *state, int key)
{
	struct findings *f = state;
	(void)key;
	if (f->list.n)
		browser_open(b, &view_finding, (struct subject){ .id = row_finding(f, b, f->list.at) });
	else
		browser_say(b, LOOK_DIM, "Nothing was found; 2 lists the flows.");
}

static void flow_show(struct browser *b, void *state, int key)
{
	struct about about = browser_about(b);
	(void)state, (void)key;
	if (about.flow)
		browser_open(b, &view_flow, (struct subject){ .id = about.flow, .other = about.finding,
			.frame = model_number(&b->model, "SELECT min(frame) FROM evidence WHERE finding_id = ?1", about.finding) });
	else
		browser_say(b, LOOK_DIM, "This finding is about no single connection.");
}

static struct list *findings_list(void *state)
{
	struct findings *f = state;
	return &f->list;
}

static bool findings_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct findings *f = state;
	bool has = false;
	struct sqlite3_stmt *s = row_query(f, b, row);
	while (model_next(&b->model, s))
		for (int i = WORD; i <= SURE; i++)
			has |= text_contains(model_text(s, i), text);
	return has;
}

static void findings_about(void *state, struct browser *b, struct about *about)
{
	struct findings *f = state;
	about->finding = f->list.n ? row_finding(f, b, f->list.at) : 0;
	about->flow = model_number(&b->model, "SELECT coalesce(flow_id, (SELECT flow_id FROM evidence e WHERE e.finding_id = f.id"
	                           " ORDER BY nr LIMIT 1), 0) FROM finding f WHERE id = ?1", about->finding);
}

static const struct binding findings_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "what was found, and what proves it", finding_open },
	{ { 'w' }, "flow", "the whole connection, with the evidence of this finding marked", flow_show },
	{ .act = NULL },
};

const struct view view_findings = {
	.name = "findings",
	.help = "What went wrong, the gravest first: one row for all findings of a rule on the same endpoints. Behind them"
	        " stand what looks like trouble and is none (fine), and what limits this capture (capture).",
	.size = sizeof(struct findings), .open = findings_open, .close = findings_close, .title = findings_title,
	.draw = findings_draw, .work = findings_work, .list = findings_list, .row_has = findings_row_has, .about = findings_about,
	.bindings = findings_bindings,
};
