/* view_capture.c - what the case was made from and how far it can be trusted: the files, what
 * happened over their time, each thing that was looked at, what cannot be judged.
 *
 * Read once, a question after the other in work(): some look at all connections. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "browser.h"
#include "embedded.h"
#include "key.h"
#include "text.h"
#include "views.h"

enum { LABEL = 16, FOUND = 30, BUCKETS = 120, COUNTS = 5, TEXTS = 4, PARTS_MAX = 20000 };

/* What a row of an answer is: its first column. The others are texts. */
enum kind { PART_HEADING, PART_TEXT, PART_CHECK, PART_FINDING, PART_TIMELINE };

struct part {
	enum kind kind;
	int64_t   id;                     /* the finding; the capture of a timeline */
	char     *text[TEXTS];
	int64_t (*number)[BUCKETS];       /* of a timeline: COUNTS of them */
};

struct capture {
	int64_t     *id;                  /* the captures of the case */
	size_t       captures, at, question;      /* what is asked next */
	struct part *part;
	size_t       parts;
	struct sheet sheet;
};

/* ---- questions ---- */

/* Of each capture, ?1: kind, finding, label, text, more. Texts of several lines have these as
 * lines of ours; what a file says of itself is one line. */
static const char *const of_capture[] = {
	"SELECT 0, 0, iif(n > 1, 'Capture ' || nr || ' of ' || n || ': ', 'Capture ') || one_line(file_name(name))"
	"  FROM (SELECT *, row_number() OVER (ORDER BY id) AS nr, count(*) OVER () AS n FROM capture) WHERE id = ?1",

	"SELECT 4, id, '', text FROM (SELECT id, duration(last_ns - first_ns) AS text FROM capture"
	"  WHERE id = ?1 AND last_ns IS NOT NULL)",

	"SELECT 0, 0, 'Files'",
	"SELECT 1, 0, column2, CASE column1 WHEN 1 THEN one_line(path)"
	"       WHEN 2 THEN format || coalesce(', ' || compression, '') || coalesce(', ' || link_type, '')"
	"         || coalesce(', snaplen ' || snaplen, ', no snaplen') || ', ' || plural(frames, 'frame') || ', ' || plural(size, 'byte')"
	"       WHEN 3 THEN clock(first_ns) || ' to' || char(10) || clock(last_ns)"
	"       WHEN 4 THEN iif(sha256 = '', 'not hashed (--no-hash)', sha256)"
	"       ELSE coalesce(one_line(trouble), 'breaks off after frame ' || cut_short_at)"
	"       END AS text"
	"  FROM capture_file, (VALUES (1, 'File'), (2, 'Format'), (3, 'Frames from'), (4, 'SHA-256'), (5, 'Trouble'))"
	" WHERE capture_id = ?1 AND text <> '' ORDER BY seq, column1",
	"SELECT 1, 0, 'Series', one_line(series_trouble) FROM capture WHERE id = ?1 AND series_trouble IS NOT NULL",
	"SELECT 1, 0, 'Time', duration(last_ns - first_ns) FROM capture WHERE id = ?1 AND last_ns IS NOT NULL",
	"SELECT 1, 0, label, text FROM temp.doctor_fact WHERE capture_id = ?1 AND nr IN (2, 4, 5, 6) ORDER BY nr, seq",
	"SELECT 1, 0, 'Interface', one_line(coalesce(name, 'number ' || nr) || coalesce(' (' || description || ')', '')"
	"       || coalesce(', ' || link_type, '') || coalesce(', snaplen ' || snaplen, '') || ': ' || plural(frames, 'frame')"
	"       || coalesce(', ' || dropped_by_interface || ' dropped by the interface', '')"
	"       || coalesce(', ' || dropped_by_os || ' dropped by the system', '')"
	"       || coalesce(', filter ' || filter, '') || coalesce(', ' || os, ''))"
	"  FROM capture_interface WHERE capture_id = ?1 AND (coalesce(name, description, os) IS NOT NULL OR nr > 0) ORDER BY file_seq, nr",
	"SELECT 1, 0, 'Comment', coalesce('frame ' || frame || ': ', 'interface ' || interface || ': ', '') || one_line(text)"
	"  FROM capture_comment WHERE capture_id = ?1 ORDER BY rowid",

	"SELECT 0, 0, 'What was looked at'",
	"SELECT 2, 0, label, one_line(found), judgement, one_line(means) FROM temp.doctor_judgement WHERE capture_id = ?1 ORDER BY nr, rule",
	"SELECT 0, 0, 'What limits it' WHERE EXISTS (SELECT 1 FROM temp.shown_quality WHERE capture_id = ?1)",
	"SELECT 3, id, severity, one_line(summary) FROM temp.shown_quality WHERE capture_id = ?1 ORDER BY id",
	"SELECT 0, 0, 'A better capture' WHERE EXISTS (SELECT 1 FROM temp.doctor_better WHERE capture_id = ?1)",
	"SELECT 1, 0, '', ' ' || text FROM temp.doctor_command WHERE capture_id = ?1",
	"SELECT 1, 0, coalesce(iif(nr = 7, 'icmp, icmp6', part), ''), why FROM temp.doctor_better WHERE capture_id = ?1 ORDER BY nr",
};

/* And of the whole case. */
static const char *const of_case[] = {
	"SELECT 0, 0, 'What cannot be judged' WHERE EXISTS (SELECT 1 FROM capture)",
	"SELECT 1, 0, '', text FROM temp.shown_unjudged ORDER BY nr",
	"SELECT 0, 0, 'Made with'",
	"SELECT 1, 0, label, text FROM temp.shown_made_with ORDER BY nr",
};

#define N(array) (sizeof (array) / sizeof *(array))

/* ---- reading ---- */

/* A count that can be added up: a case that was damaged may say anything. */
static int64_t count_of(struct sqlite3_stmt *s, int column)
{
	int64_t n = sqlite3_column_int64(s, column);
	return n > 0 && n < INT64_MAX / BUCKETS ? n : 0;
}

static void timeline_read(struct part *p, struct browser *b)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT bucket, begins, ends, resets, retransmissions, findings FROM capture_bucket WHERE capture_id = ?1", p->id, 0);
	p->number = alloc_zeroed(COUNTS, sizeof *p->number);
	while (model_next(&b->model, s)) {
		int64_t bucket = sqlite3_column_int64(s, 0);
		for (int i = 0; i < COUNTS && bucket >= 0 && bucket < BUCKETS; i++)
			p->number[i][bucket] = count_of(s, 1 + i);
	}
}

static void answer_read(struct capture *c, struct browser *b, const char *sql, int64_t capture)
{
	struct sqlite3_stmt *s = model_query(&b->model, sql, capture, 0);
	while (model_next(&b->model, s)) {
		if (c->parts == PARTS_MAX)
			continue;
		c->part = alloc_grown(c->part, c->parts + 1, sizeof *c->part);
		struct part *p = &c->part[c->parts++];
		*p = (struct part){ .kind = (enum kind)sqlite3_column_int(s, 0), .id = sqlite3_column_int64(s, 1) };
		for (int i = 0; i < TEXTS; i++)
			p->text[i] = text_copy(i + 2 < sqlite3_column_count(s) ? model_text(s, i + 2) : "");
		if (p->kind == PART_TIMELINE)
			timeline_read(p, b);
	}
}

static bool capture_work(void *state, struct browser *b, int64_t until_ns)
{
	struct capture *c = state;
	while (c->at <= c->captures) {
		bool all = c->at == c->captures;
		if (c->question == (all ? N(of_case) : N(of_capture))) {
			c->question = 0;
			c->at++;
			continue;
		}
		answer_read(c, b, all ? of_case[c->question] : of_capture[c->question], all ? 0 : c->id[c->at]);
		c->question++;
		if (browser_now() >= until_ns)
			return true;
	}
	return false;
}

static bool capture_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct capture *c = state;
	struct sqlite3_stmt *s;
	(void)subject;
	if (sqlite3_exec(b->db, embedded_text("analyzer/report/doctor.sql"), NULL, NULL, NULL) != SQLITE_OK)
		return fail(err, "%s", sqlite3_errmsg(b->db));
	s = model_query(&b->model, "SELECT id FROM capture ORDER BY id", 0, 0);
	while (model_next(&b->model, s)) {
		c->id = alloc_grown(c->id, c->captures + 1, sizeof *c->id);
		c->id[c->captures++] = sqlite3_column_int64(s, 0);
	}
	return !b->model.failed || fail(err, "%s", b->err.text);
}

static void capture_close(void *state)
{
	struct capture *c = state;
	for (size_t i = 0; i < c->parts; i++) {
		for (int k = 0; k < TEXTS; k++)
			free(c->part[i].text[k]);
		free(c->part[i].number);
	}
	free(c->part);
	free(c->id);
	sheet_free(&c->sheet);
}

static void capture_title(void *state, char *text, size_t size)
{
	struct capture *c = state;
	snprintf(text, size, "Capture%s", c->at <= c->captures ? " (reading)" : "");
}

/* ---- the timeline ---- */

/* So many columns that each stands for the same number of buckets. */
static int timeline_columns(int room)
{
	static const int even[] = { 120, 60, 40, 30, 24, 20 };
	for (size_t i = 0; i < N(even); i++)
		if (even[i] <= room)
			return even[i];
	return room;
}

static void count_row(struct sheet *to, const char *word, int look, const int64_t number[BUCKETS], int columns)
{
	int64_t column[BUCKETS] = { 0 }, most = 0, all = 0;
	char words[64];
	struct area row = sheet_rows(to, 1);
	for (int i = 0; i < BUCKETS; i++) {
		all += number[i];
		column[i * columns / BUCKETS] += number[i];
	}
	for (int i = 0; i < columns; i++)
		most = column[i] > most ? column[i] : most;
	area_put(row, 0, 0, LOOK_DIM, word);
	if (all == 0) {
		area_put(row, 0, LABEL, LOOK_DIM, "none");
		return;
	}
	spark_draw(row, 0, LABEL, look, column, columns, most);
	snprintf(words, sizeof words, "%lld, most %lld", (long long)all, (long long)most);
	area_put(row, 0, LABEL + columns + 1, LOOK_PLAIN, words);
}

/* Five counts, a row each, over the capture's time. */
static void timeline_write(struct sheet *to, const struct part *p)
{
	static const struct { const char *word; int look; } counts[COUNTS] = {
		{ "connections", LOOK_CLIENT }, { "their ends", LOOK_SERVER }, { "resets", LOOK_ERROR },
		{ "retransmissions", LOOK_WARNING }, { "findings", LOOK_ERROR } };
	int columns = timeline_columns(to->canvas.cols - LABEL - 22);
	sheet_line(to, 0, LOOK_PLAIN, "");
	for (int i = 0; i < COUNTS; i++)
		count_row(to, counts[i].word, counts[i].look, p->number[i], columns);
	struct area row = sheet_rows(to, 1);
	area_repeat(row, 0, LABEL, columns, LOOK_DIM, "\xe2\x94\x80");
	area_put(row, 0, LABEL, LOOK_DIM, "0 s ");
	area_printf(row, 0, LABEL + columns - text_width(p->text[1]) - 1, LOOK_DIM, " %s", p->text[1]);
}

/* ---- the rest ---- */

/* "Frames cut     27 of 49 TCP frames   !  what that means" */
static void check_write(struct sheet *to, const struct part *p)
{
	bool ok = strcmp(p->text[2], "ok") == 0, note = strcmp(p->text[2], "note") == 0;
	int look = ok ? LOOK_GOOD : note ? LOOK_NOTE : LOOK_WARNING, first = to->used;
	int col = LABEL + FOUND + 3;
	bool beside = to->canvas.cols >= col + 30;
	if (ok || beside)
		sheet_fold(to, beside ? col : LABEL, "", LOOK_PLAIN, ok ? "" : p->text[3]);
	else
		sheet_fold(to, LABEL + 3, "", LOOK_PLAIN, p->text[1]);
	struct area row = area_part(canvas_area(&to->canvas), first, 0, 1, to->canvas.cols);
	area_put(row, 0, 0, LOOK_DIM, p->text[0]);
	area_put(row, 0, LABEL, look, ok ? "\xe2\x9c\x93" : note ? "\xc2\xb7" : "!");
	if (ok || beside)
		area_field(row, 0, LABEL + 2, beside && !ok ? FOUND : row.cols - LABEL - 2, LOOK_PLAIN, p->text[1]);
	else
		sheet_fold(to, LABEL + 3, "", LOOK_PLAIN, p->text[3]);
}

static void finding_write(struct sheet *to, const struct part *p)
{
	int first = to->used;
	bool note = strcmp(p->text[0], "note") == 0;
	sheet_fold(to, LABEL, "", LOOK_PLAIN, p->text[1]);
	area_put(area_part(canvas_area(&to->canvas), first, 0, 1, LABEL - 1), 0, 0, note ? LOOK_NOTE : LOOK_WARNING,
	         severity_word(p->text[0]));
	sheet_tag(to, first, p->id);
}

static void capture_draw(void *state, struct browser *b, struct area a)
{
	struct capture *c = state;
	struct sheet *to = &c->sheet;
	const char *label = "";
	(void)b;
	sheet_begin(to, a.cols, a.on->ascii);
	for (size_t i = 0; i < c->parts; i++) {
		const struct part *p = &c->part[i];
		switch (p->kind) {
		case PART_HEADING:
			if (to->used)
				sheet_line(to, 0, LOOK_PLAIN, "");
			sheet_heading(to, p->text[0]);
			break;
		case PART_TEXT:
			sheet_fold(to, LABEL, strcmp(p->text[0], label) ? p->text[0] : "", LOOK_PLAIN, p->text[1]);
			break;
		case PART_CHECK:    check_write(to, p); break;
		case PART_FINDING:  finding_write(to, p); break;
		case PART_TIMELINE: timeline_write(to, p); break;
		}
		label = p->kind == PART_TEXT ? p->text[0] : "";
	}
	if (c->at <= c->captures)
		sheet_line(to, 0, LOOK_DIM, "Reading what there is more.");
	sheet_draw(to, a);
}

/* ---- keys ---- */

static struct sheet *capture_sheet(void *state)
{
	struct capture *c = state;
	return &c->sheet;
}

static void capture_about(void *state, struct browser *b, struct about *about)
{
	struct capture *c = state;
	(void)b;
	about->finding = sheet_tag_at(&c->sheet);
}

static void finding_open(struct browser *b, void *state, int key)
{
	struct capture *c = state;
	int64_t id = sheet_tag_at(&c->sheet);
	(void)key;
	if (id)
		browser_open(b, &view_finding, (struct subject){ .id = id });
}

static const struct binding capture_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "what limits the capture: the finding", finding_open },
	{ .act = NULL },
};

const struct view view_capture = {
	.name = "capture",
	.help = "What the case was made from, and how good it is. Over the time of the capture: connections that began and that"
	        " ended, resets, retransmissions, findings; the numbers behind are all of them, and the most in one column.",
	.size = sizeof(struct capture), .open = capture_open, .close = capture_close, .title = capture_title,
	.draw = capture_draw, .sheet = capture_sheet, .about = capture_about, .work = capture_work, .bindings = capture_bindings,
};
