/* note.c - see note.h. */
#include "note.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "store_row.h"

struct change { const struct note_place *place; const char *text; };   /* text NULL: remove */

/* Bind a place to ?1, ?2 and ?3. */
static void place_bind(sqlite3_stmt *s, const struct note_place *p)
{
	if (p->fingerprint) {
		sqlite3_bind_text(s, 1, p->fingerprint, -1, SQLITE_STATIC);
		return;
	}
	sqlite3_bind_int64(s, 2, p->flow_id);
	if (p->frame)
		sqlite3_bind_int64(s, 3, p->frame);
}

static bool change_run(struct sqlite3 *db, const char *sql, const struct change *c)
{
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK;
	if (ok) {
		place_bind(s, c->place);
		if (sqlite3_bind_parameter_count(s) == 4)
			sqlite3_bind_text(s, 4, c->text, -1, SQLITE_STATIC);
		ok = sqlite3_step(s) == SQLITE_DONE;
	}
	sqlite3_finalize(s);
	return ok;
}

static bool change_make(struct sqlite3 *db, const void *change)
{
	const struct change *c = change;
	return change_run(db, "DELETE FROM main.note WHERE fingerprint IS ?1 AND flow_id IS ?2 AND frame IS ?3", c)
	    && (!c->text || change_run(db, "INSERT INTO main.note(fingerprint, flow_id, frame, text)"
	                                   " VALUES(?1, ?2, ?3, ?4)", c));
}

bool note_set(struct store *s, const struct note_place *place, const char *text, struct err *err)
{
	if (strlen(text) > LIMIT_NOTE)
		return fail(err, "a note has %d bytes at most, and this one %zu", LIMIT_NOTE, strlen(text));
	char *repaired = text_repaired(text);
	bool ok = store_notes_change(s, change_make, &(struct change){ place, repaired ? repaired : text }, err);
	free(repaired);
	return ok;
}

bool note_remove(struct store *s, const struct note_place *place, struct err *err)
{
	return store_notes_change(s, change_make, &(struct change){ place, NULL }, err);
}

char *note_text(struct store *s, const struct note_place *place)
{
	sqlite3_stmt *q = NULL;
	char *text = NULL;
	if (sqlite3_prepare_v2(s->db, "SELECT text FROM main.note WHERE fingerprint IS ?1 AND flow_id IS ?2"
	                       " AND frame IS ?3 ORDER BY id LIMIT 1", -1, &q, NULL) == SQLITE_OK) {
		place_bind(q, place);
		if (sqlite3_step(q) == SQLITE_ROW)
			text = text_copy((const char *)sqlite3_column_text(q, 0));
	}
	sqlite3_finalize(q);
	return text;
}
