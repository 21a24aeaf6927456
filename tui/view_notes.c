/* view_notes.c - all notes and bookmarks, and what each is on. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "limits.h"
#include "notes.h"
#include "text.h"
#include "views.h"

struct notes { struct list list; int64_t *id; };

/* Of the note ?1: what it is on, its text, the finding, the flow, the frame. */
static const char row_sql[] =
	"SELECT s.about, s.said, s.finding_id, s.flow_id, n.frame, n.text = ''"
	"  FROM temp.shown_note s JOIN main.note n ON n.id = s.id WHERE s.id = ?1";

static void ids_read(struct notes *v, struct browser *b)
{
	int64_t n = 0;
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT id FROM main.note ORDER BY id LIMIT ?1", LIMIT_NOTES_SHOWN, 0);
	while (model_next(&b->model, s)) {
		if ((n & (n - 1)) == 0)
			v->id = alloc_grown(v->id, n ? 2 * (size_t)n : 1, sizeof *v->id);
		v->id[n++] = sqlite3_column_int64(s, 0);
	}
	list_count(&v->list, n);
}

static bool notes_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	(void)subject, (void)err;
	ids_read(state, b);
	return true;
}

static void notes_close(void *state)
{
	struct notes *v = state;
	free(v->id);
}

static void notes_title(void *state, char *text, size_t size)
{
	(void)state;
	snprintf(text, size, "Notes");
}

/* ---- drawing ---- */

static void row_draw(struct browser *b, struct area a, int row, int64_t id)
{
	int left = a.cols / 2;
	struct sqlite3_stmt *s = model_query(&b->model, row_sql, id, 0);
	while (model_next(&b->model, s)) {
		area_field(a, row, 0, left - 2, LOOK_PLAIN, model_text(s, 0));
		area_field(a, row, left, a.cols - left, sqlite3_column_int(s, 5) ? LOOK_DIM : LOOK_BOLD, model_text(s, 1));
	}
}

/* The whole of the selected one, below. */
static int detail_draw(struct notes *v, struct browser *b, struct area a)
{
	struct sheet sheet = { 0 };
	struct sqlite3_stmt *s = model_query(&b->model, row_sql, v->id[v->list.at], 0);
	sheet_begin(&sheet, a.cols, a.on->ascii);
	while (model_next(&b->model, s)) {
		sheet_fold(&sheet, 4, "On", LOOK_PLAIN, model_text(s, 0));
		sheet_fold(&sheet, 0, "", LOOK_PLAIN, model_text(s, 1));
	}
	int n = sheet.used < a.rows / 2 ? sheet.used : a.rows / 2;
	area_copy(area_part(a, a.rows - n, 0, n, a.cols), &sheet.canvas, 0);
	area_repeat(a, a.rows - n - 1, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	sheet_free(&sheet);
	return n + 1;
}

static void nothing_draw(struct area a)
{
	struct sheet sheet = { 0 };
	sheet_begin(&sheet, a.cols, a.on->ascii);
	sheet_fold(&sheet, 0, "", LOOK_PLAIN, "There are no notes.");
	sheet_fold(&sheet, 0, "", LOOK_DIM,
	           "The key m puts one on a finding, a connection or a packet; an empty one is a bookmark.");
	sheet.canvas.rows = sheet.used;
	area_copy(a, &sheet.canvas, 0);
	sheet_free(&sheet);
}

static void notes_draw(void *state, struct browser *b, struct area a)
{
	struct notes *v = state;
	ids_read(v, b);                    /* m and d change them */
	if (!v->list.n) {
		nothing_draw(a);
		return;
	}
	struct area rows = area_part(a, 1, 0, a.rows - 1 - detail_draw(v, b, a), a.cols);
	area_put(a, 0, 0, LOOK_DIM, "on");
	area_put(a, 0, a.cols / 2, LOOK_DIM, "note");
	list_show(&v->list, rows.rows);
	browser_rows(b, rows);
	for (int row = 0; row < rows.rows && v->list.top + row < v->list.n; row++)
		row_draw(b, rows, row, v->id[v->list.top + row]);
	area_select(rows, (int)(v->list.at - v->list.top));
}

/* ---- keys ---- */

static struct list *notes_list(void *state)
{
	struct notes *v = state;
	return &v->list;
}

static bool notes_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct notes *v = state;
	bool has = false;
	struct sqlite3_stmt *s = model_query(&b->model, row_sql, v->id[row], 0);
	while (model_next(&b->model, s))
		has = text_contains(model_text(s, 0), text) || text_contains(model_text(s, 1), text);
	return has;
}

static void notes_about(void *state, struct browser *b, struct about *about)
{
	struct notes *v = state;
	struct sqlite3_stmt *s = v->list.n ? model_query(&b->model, row_sql, v->id[v->list.at], 0) : NULL;
	while (model_next(&b->model, s))
		*about = (struct about){ sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4) };
}

static void place_open(struct browser *b, void *state, int key)
{
	struct about about = { 0 };
	(void)key;
	notes_about(state, b, &about);
	if (about.flow)
		browser_open(b, &view_flow, (struct subject){ .id = about.flow, .frame = about.frame });
	else if (about.finding)
		browser_open(b, &view_finding, (struct subject){ .id = about.finding });
	else
		browser_say(b, LOOK_WARNING, "What this note is on is not in the case.");
}

static void removal_answered(struct browser *b, const char *key)
{
	struct opened *top = browser_top(b);
	struct notes *v = top->view == &view_notes ? top->state : NULL;
	if (*key != 'y' || !v || !v->list.n)
		return;
	note_drop(b, v->id[v->list.at]);
}

static void note_remove_ask(struct browser *b, void *state, int key)
{
	struct notes *v = state;
	(void)key;
	if (v->list.n)
		browser_choose(b, "Remove this note? y/n ", "yn", removal_answered);
}

static const struct binding notes_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "what the note is on", place_open },
	{ { 'd', K_DELETE }, "remove", "take the note away", note_remove_ask },
	{ .act = NULL },
};

const struct view view_notes = {
	.name = "notes",
	.help = "All notes and bookmarks: what each is on, and its text. They are kept in the case, and reports show them.",
	.size = sizeof(struct notes), .open = notes_open, .close = notes_close, .title = notes_title,
	.draw = notes_draw, .list = notes_list, .row_has = notes_row_has, .about = notes_about,
	.bindings = notes_bindings,
};
