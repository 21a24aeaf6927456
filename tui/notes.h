/* notes.h - notes and bookmarks on what the user points at (db/note.h keeps them).
 *
 * The most exact thing has the note: a packet, else a finding, else a connection.
 */
#ifndef NOTES_H
#define NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

/* The key m: ask for a note, with the present one to begin with. An empty line is a bookmark,
 * "-" takes the note away. */
void note_ask(struct browser *, void *state, int key);

/* The same with what was typed already; false: it cannot be kept. */
bool note_put(struct browser *, const char *line, struct err *);

/* Whether it has a note; the text, cut, "" for a bookmark. Cheap enough for every row drawn. */
bool note_of(struct browser *, const struct about *, char *text, size_t size);

/* Take away the note with this note.id. */
void note_drop(struct browser *, int64_t id);

/* Whether the user may leave. Once he may not: notes are in a case that is kept nowhere,
 * which he is told. */
bool notes_let_leave(struct browser *);

#endif
