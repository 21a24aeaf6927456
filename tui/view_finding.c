/* view_finding.c - one finding: what, the ladder with its evidence, then why, what to do, how to
 * make sure. Where there is room the ladder stands beside the text. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "ladder_draw.h"
#include "views.h"

enum { LABEL = 11, BESIDE = 150, AGAIN_MAX = 100, LADDER_LEAST = 8 };

struct finding {
	int64_t       id;
	struct ladder ladder;
	bool          drawn;              /* there is a ladder */
	char          title[160];
	struct sheet  sheet, beside;      /* the second is empty where the ladder stands below */
	bool          in_beside;          /* the user moves in that one */
};

/* Tags: a packet of the ladder (its index + 1), or another finding (negative). */

static bool finding_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct finding *f = state;
	bool found = false;
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT title FROM temp.shown_finding WHERE id = ?1", subject.id, 0);
	while (model_next(&b->model, s)) {
		found = true;
		snprintf(f->title, sizeof f->title, "%s", model_text(s, 0));
	}
	if (!found)
		return fail(err, "There is no finding %lld.", (long long)subject.id);
	f->id = subject.id;
	f->drawn = ladder_read(&f->ladder, &b->model, f->id) && f->ladder.lines > 1;
	return true;
}

static void finding_close(void *state)
{
	struct finding *f = state;
	ladder_free(&f->ladder);
	sheet_free(&f->sheet);
	sheet_free(&f->beside);
}

static void finding_title(void *state, char *text, size_t size)
{
	struct finding *f = state;
	snprintf(text, size, "%s", f->title);
}

/* ---- what it says ---- */

static void headline_write(struct finding *f, struct browser *b, struct sheet *to)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT CASE f.place WHEN 'benign' THEN 'fine' WHEN 'quality' THEN 'capture' ELSE f.severity END, f.confidence || iif(y.text <> '', ': ' || y.text, ''), one_line(f.summary), f.rule,"
		"       coalesce(f.client, '') || iif(f.client <> '' AND f.server <> '', ' → ', '') || coalesce(f.server, ''),"
		"       coalesce(clock_s(f.from_ns), ''), (SELECT count(*) FROM temp.shown_incident_of i WHERE i.incident_id = f.incident_id)"
		"  FROM temp.shown_finding f JOIN temp.shown_why_not_surer y USING (id) WHERE f.id = ?1", f->id, 0);
	while (model_next(&b->model, s)) {
		const char *word = model_text(s, 0);             /* as in the list of findings */
		int look = strcmp(word, "error") == 0 ? LOOK_ERROR : strcmp(word, "warning") == 0 ? LOOK_WARNING
		         : strcmp(word, "note") == 0 ? LOOK_NOTE : strcmp(word, "fine") == 0 ? LOOK_GOOD : LOOK_DIM;
		char who[512];
		word = look == LOOK_GOOD || look == LOOK_DIM ? word : severity_word(word);
		sheet_fold(to, LABEL, word, LOOK_BOLD, model_text(s, 2));
		area_put(area_part(canvas_area(&to->canvas), 0, 0, 1, LABEL), 0, 0, look, word);
		bool named = *model_text(s, 4);                  /* a whole capture has no endpoints */
		snprintf(who, sizeof who, "%s%s%s", model_text(s, 4), named ? ", " : "", model_text(s, 5));
		sheet_fold(to, LABEL, named ? "Who" : "When", LOOK_PLAIN, who);
		if (sqlite3_column_int64(s, 6) > 1) {
			snprintf(who, sizeof who, "%lld times between these; the others are listed below", (long long)sqlite3_column_int64(s, 6));
			sheet_fold(to, LABEL, "Count", LOOK_PLAIN, who);
		}
		sheet_fold(to, LABEL, "Sure", LOOK_PLAIN, model_text(s, 1));
	}
}

static void numbers_write(struct finding *f, struct browser *b, struct sheet *to)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT one_line(group_concat(key || ' ' || CASE type WHEN 'real' THEN round(value, 6) WHEN 'array' THEN"
		"         (SELECT group_concat(value, ', ') FROM json_each(j.value)) ELSE value END, ' · '))"
		"  FROM json_each((SELECT numbers FROM finding WHERE id = ?1)) j"
		/* not what has its own place, and no pieces of the rule's sentences */
		" WHERE value IS NOT NULL AND key <> 'candidates' AND NOT (type = 'text' AND (value LIKE ' %' OR length(value) > 60))",
		f->id, 0);
	while (model_next(&b->model, s))
		if (*model_text(s, 0))
			sheet_fold(to, LABEL, "Numbers", LOOK_PLAIN, model_text(s, 0));
}

/* Time-outs of products that fit what was seen. */
static void candidates_write(struct finding *f, struct browser *b, struct sheet *to)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT printf('%g s', t.seconds), coalesce(t.product, c.value), t.setting,"
		"       t.seconds <= json_extract(f.numbers, '$.survived_s')"
		"  FROM finding f, json_each(f.numbers, '$.candidates') c LEFT JOIN known_timer t"
		"    ON printf('%g s ', t.seconds) || t.product || ' (' || t.setting || ')' = c.value"
		" WHERE f.id = ?1 ORDER BY c.id", f->id, 0);
	for (bool first = true; model_next(&b->model, s); first = false) {
		if (!*model_text(s, 2)) {
			sheet_fold(to, LABEL, first ? "Timers" : "", LOOK_PLAIN, model_text(s, 1));
			continue;
		}
		struct area row = sheet_rows(to, 1);
		int setting = LABEL + 10 + (row.cols - LABEL - 10) * 9 / 20;
		area_put(row, 0, 0, LOOK_DIM, first ? "Timers" : "");
		bool survived = sqlite3_column_int(s, 3);        /* by others: it fits only if these went another way */
		area_field(row, 0, LABEL, -8, survived ? LOOK_DIM : LOOK_BOLD, model_text(s, 0));
		area_field(row, 0, LABEL + 10, setting - LABEL - 11, survived ? LOOK_DIM : LOOK_PLAIN, model_text(s, 1));
		area_field(row, 0, setting, row.cols - setting, survived ? LOOK_DIM : LOOK_KEY, survived ? "shorter than others survived" : model_text(s, 2));
	}
}

/* The rule's words: 'Remedy' first, for it is what most readers come for. */
static void parts_write(struct finding *f, struct browser *b, struct sheet *to)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT label, text FROM temp.shown_part WHERE finding_id = ?1 AND text <> '' ORDER BY label <> 'Remedy', nr", f->id, 0);
	while (model_next(&b->model, s)) {
		sheet_line(to, 0, LOOK_PLAIN, "");
		sheet_fold(to, LABEL, model_text(s, 0), LOOK_PLAIN, model_text(s, 1));
	}
	s = model_filters(&b->model, f->id);
	for (bool first = true; model_next(&b->model, s); first = false) {
		char text[1024];
		if (first)
			sheet_line(to, 0, LOOK_PLAIN, "");
		snprintf(text, sizeof text, " %s", model_text(s, 1));
		sheet_fold(to, LABEL - 1, first ? "Wireshark" : "", LOOK_PLAIN, text);
	}
}

static void again_write(struct finding *f, struct browser *b, struct sheet *to)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT f.id, duration(f.from_ns - c.first_ns), f.client, f.confidence, one_line(f.summary)"
		"  FROM temp.shown_incident_of i JOIN temp.shown_incident_of me ON me.incident_id = i.incident_id AND me.id = ?1"
		"  JOIN finding f ON f.id = i.id LEFT JOIN capture c ON c.id = f.capture_id WHERE f.id <> ?1 ORDER BY f.id LIMIT ?2",
		f->id, AGAIN_MAX);
	for (bool first = true; model_next(&b->model, s); first = false) {
		if (first) {
			sheet_line(to, 0, LOOK_PLAIN, "");
			sheet_heading(to, "The same again");
		}
		struct area row = sheet_rows(to, 1);
		area_field(row, 0, 0, -12, LOOK_DIM, model_text(s, 1));
		area_field(row, 0, 14, row.cols - 14, LOOK_PLAIN, model_text(s, 4));
		sheet_tag(to, to->used - 1, -sqlite3_column_int64(s, 0));
	}
}

/* ---- the ladder ---- */

/* In what is left of a screen of so many rows, where that is enough: the proof is to be seen
 * beside the cause. */
static void ladder_resize(struct finding *f, struct browser *b, int rows)
{
	size_t most = rows - ladder_names_rows(&f->ladder) >= LADDER_LEAST ? (size_t)(rows - ladder_names_rows(&f->ladder)) : 0;
	if (f->drawn && most != f->ladder.most)
		ladder_fit(&f->ladder, &b->model, most);
}

static void ladder_write(struct finding *f, struct browser *b, struct sheet *to)
{
	sheet_line(to, 0, LOOK_PLAIN, "");
	if (f->drawn)
		ladder_sheet(&f->ladder, b->clock, to);
}

static void finding_draw(void *state, struct browser *b, struct area a)
{
	struct finding *f = state;
	bool beside = f->drawn && a.cols >= BESIDE;
	int left = beside ? a.cols * 9 / 20 : a.cols;
	struct sheet *to = &f->sheet;
	f->in_beside &= beside;
	sheet_begin(to, left, a.on->ascii);
	headline_write(f, b, to);
	ladder_resize(f, b, beside ? a.rows - 1 : a.rows - to->used - 1);
	if (!beside)
		ladder_write(f, b, to);
	sheet_line(to, 0, LOOK_PLAIN, "");
	candidates_write(f, b, to);
	numbers_write(f, b, to);
	parts_write(f, b, to);
	again_write(f, b, to);
	sheet_draw(to, area_part(a, 0, 0, a.rows, left));
	if (!beside)
		return;
	struct area right = area_part(a, 0, left + 2, a.rows, a.cols - left - 2);
	sheet_begin(&f->beside, right.cols, a.on->ascii);
	ladder_write(f, b, &f->beside);
	sheet_draw(&f->beside, right);
}

/* ---- keys ---- */

static struct sheet *finding_sheet(void *state)
{
	struct finding *f = state;
	return f->in_beside ? &f->beside : &f->sheet;
}

static const struct ladder_message *message_at(struct finding *f)
{
	int64_t tag = sheet_tag_at(finding_sheet(f));
	return tag > 0 && (size_t)tag <= f->ladder.n ? &f->ladder.message[tag - 1] : NULL;
}

static void finding_about(void *state, struct browser *b, struct about *about)
{
	struct finding *f = state;
	const struct ladder_message *m = message_at(f);
	about->finding = f->id;
	about->flow = m ? m->flow_id
	    : model_number(&b->model, "SELECT coalesce(flow_id, (SELECT flow_id FROM evidence e WHERE e.finding_id = f.id"
	                   " ORDER BY nr LIMIT 1), 0) FROM finding f WHERE id = ?1", f->id);
	about->frame = m ? m->capture_frame : 0;
}

static void pane_turn(struct browser *b, void *state, int key)
{
	struct finding *f = state;
	(void)b, (void)key;
	f->in_beside = !f->in_beside && f->beside.used;
}

/* The whole connection, with this finding's evidence marked. */
static void flow_show(struct browser *b, void *state, int key)
{
	struct finding *f = state;
	struct about about = browser_about(b);
	(void)key;
	if (!about.frame)
		about.frame = model_number(&b->model, "SELECT min(frame) FROM evidence WHERE finding_id = ?1", f->id);
	if (about.flow)
		browser_open(b, &view_flow, (struct subject){ .id = about.flow, .frame = about.frame, .other = f->id });
	else
		browser_say(b, LOOK_DIM, "This finding is about no single connection.");
}

static void row_open(struct browser *b, void *state, int key)
{
	struct finding *f = state;
	int64_t tag = sheet_tag_at(finding_sheet(f));
	(void)key;
	if (tag < 0)
		browser_open(b, &view_finding, (struct subject){ .id = -tag });
	else if (message_at(f))
		browser_open(b, &view_packet, (struct subject){ .id = message_at(f)->flow_id, .frame = message_at(f)->capture_frame });
	else
		flow_show(b, state, key);
}

static const struct binding finding_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "the packet of this row; of \"The same again\", that finding; else the whole connection", row_open },
	{ { 'w' }, "flow", "the whole connection, with the evidence of this finding marked", flow_show },
	{ { 'o' }, NULL, "move in the other half, where the ladder stands beside the text", pane_turn },
	{ .act = NULL },
};

const struct view view_finding = {
	.name = "finding",
	.help = "What was found, the frames that prove it (marked in the ladder), why it happens, what to do, and how to make sure.",
	.size = sizeof(struct finding), .open = finding_open, .close = finding_close, .title = finding_title,
	.draw = finding_draw, .sheet = finding_sheet, .about = finding_about, .bindings = finding_bindings,
};
