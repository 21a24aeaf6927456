/* notes.c - see notes.h. */
#include "notes.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "note.h"

enum { FINGERPRINT = 128 };

/* False: nothing is pointed at. */
static bool place_of(struct browser *b, const struct about *about, struct note_place *place, char fingerprint[FINGERPRINT])
{
	*place = (struct note_place){ .flow_id = about->flow, .frame = about->frame };
	if ((about->flow && about->frame) || !about->finding)
		return about->flow != 0;
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT fingerprint FROM finding WHERE id = ?1", about->finding, 0);
	*fingerprint = '\0';
	while (model_next(&b->model, s))
		snprintf(fingerprint, FINGERPRINT, "%s", model_text(s, 0));
	*place = (struct note_place){ .fingerprint = fingerprint };
	return *fingerprint != '\0';
}

bool note_of(struct browser *b, const struct about *about, char *text, size_t size)
{
	struct note_place place;
	char fingerprint[FINGERPRINT], *note;
	if (!model_number(&b->model, "SELECT EXISTS(SELECT 1 FROM main.note)", 0)
	    || !place_of(b, about, &place, fingerprint) || !(note = note_text(b->store, &place)))
		return false;
	snprintf(text, size, "%s", note);
	free(note);
	return true;
}

/* ---- changing ---- */

/* A case of captures that were only looked at vanishes with the browser. */
static void changed(struct browser *b)
{
	const char *file = sqlite3_db_filename(b->db, "main");
	if (!file || !*file)
		b->notes_lost++;
	b->notes_told = false;
}

static void place_clear(struct browser *b, const struct note_place *place)
{
	struct err err;
	if (!note_remove(b->store, place, &err)) {
		browser_say(b, LOOK_ERROR, "%s", err.text);
		return;
	}
	changed(b);
	browser_say(b, LOOK_GOOD, "The note is removed.");
}

/* What it was on may be gone: it is found by what it says of that itself. */
void note_drop(struct browser *b, int64_t id)
{
	struct note_place place = { 0 };
	char fingerprint[FINGERPRINT] = "";
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT fingerprint, flow_id, frame FROM main.note WHERE id = ?1", id, 0);
	while (model_next(&b->model, s)) {
		snprintf(fingerprint, sizeof fingerprint, "%s", model_text(s, 0));
		place = (struct note_place){ *fingerprint ? fingerprint : NULL, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2) };
	}
	place_clear(b, &place);
}

static bool note_change(struct browser *b, const char *line, struct err *err)
{
	struct note_place place;
	char fingerprint[FINGERPRINT];
	if (!place_of(b, &b->pointed, &place, fingerprint))
		return fail(err, "A note is put on a finding, a connection or a packet; here is none.");
	if (strcmp(line, "-") == 0) {
		place_clear(b, &place);
		return true;
	}
	if (!note_set(b->store, &place, line, err))
		return false;
	changed(b);
	browser_say(b, LOOK_GOOD, *line ? "Noted. M lists all notes." : "Bookmarked. M lists all bookmarks.");
	return true;
}

static void note_typed(struct browser *b, const char *line)
{
	struct err err;
	if (!note_change(b, line, &err))
		browser_ask_again(b, line, err.text);
}

/* The number of the capture's frame in its file. */
static long long file_frame(struct browser *b, int64_t flow, int64_t frame)
{
	long long number = frame;
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT ?2 - c.first_frame + 1 FROM flow f JOIN capture_file c USING (capture_id)"
		" WHERE f.id = ?1 AND ?2 >= c.first_frame AND ?2 < c.first_frame + c.frames", flow, frame);
	while (model_next(&b->model, s))
		number = sqlite3_column_int64(s, 0);
	return number;
}

/* "note on frame 12: " */
static void label_write(struct browser *b, char *label, size_t size)
{
	const struct about *p = &b->pointed;
	if (p->frame && p->flow)
		snprintf(label, size, "note on frame %lld: ", file_frame(b, p->flow, p->frame));
	else if (p->finding)
		snprintf(label, size, "note on the finding: ");
	else
		snprintf(label, size, "note on tcp.stream %lld: ",
		         model_number(&b->model, "SELECT stream FROM flow WHERE id = ?1", p->flow));
}

void note_ask(struct browser *b, void *state, int key)
{
	char label[96], text[PROMPT_SIZE + 1] = "";
	(void)state, (void)key;
	b->pointed = browser_pointed(b);
	if (!b->pointed.flow && !b->pointed.finding) {
		browser_say(b, LOOK_WARNING, "A note is put on a finding, a connection or a packet; here is none.");
		return;
	}
	note_of(b, &b->pointed, text, sizeof text);
	if (strlen(text) >= PROMPT_SIZE - 1) {
		browser_say(b, LOOK_WARNING, "The note here is longer than what can be edited; M shows it.");
		return;
	}
	label_write(b, label, sizeof label);
	browser_ask(b, ASKED_NOTE, label, text, note_typed);
}

bool note_put(struct browser *b, const char *line, struct err *err)
{
	b->pointed = browser_pointed(b);
	return note_change(b, line, err);
}

/* ---- leaving ---- */

bool notes_let_leave(struct browser *b)
{
	long long n = b->notes_lost && !b->notes_told ? model_number(&b->model, "SELECT count(*) FROM main.note", 0) : 0;
	if (!n)
		return true;
	browser_say(b, LOOK_WARNING, "%lld note%s kept nowhere; :write FILE keeps. Q again leaves.", n, n == 1 ? " is" : "s are");
	b->notes_told = true;
	return false;
}
