/* note.h - what an analyst writes about a finding, a connection or a packet: table note.
 *
 * A place has one note at most. One with an empty text is a bookmark. Reports show notes.
 *
 * Errors  a sentence: the text is longer than LIMIT_NOTE bytes, or the case cannot be written
 *         (store_notes_change() in store.h).
 */
#ifndef NOTE_H
#define NOTE_H

#include <stdint.h>

#include "err.h"

struct store;

/* Where a note is put. A finding is named by its fingerprint, so that the note finds it again
 * when the case is concluded anew; fingerprint NULL: a flow, or with a frame a packet of it. */
struct note_place {
	const char *fingerprint;
	int64_t     flow_id;
	int64_t     frame;               /* the capture's number; 0: the whole flow */
};

/* Written at once, in the place of what was there; what is no UTF-8 in it is replaced. */
bool note_set(struct store *, const struct note_place *, const char *text, struct err *);

/* Removing what is not there is fine. */
bool note_remove(struct store *, const struct note_place *, struct err *);

/* The text, to be freed; NULL: there is none. */
char *note_text(struct store *, const struct note_place *);

#endif
