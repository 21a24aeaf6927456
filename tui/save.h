/* save.h - the keys s and F2: packets, a stream, a report or the screen into a file.
 *
 * What is there already is asked about; the captures and the case themselves are never
 * written over. A file is whole or not there (output.h). How it went stands in the message.
 */
#ifndef SAVE_H
#define SAVE_H

#include "view.h"

/* Ask what to save, and where. */
void save_ask(struct browser *, void *state, int key);

/* Save that ("p", "s", "r", "f"; "c" the whole case) under that name; "": ask for it. */
void save_what(struct browser *, char kind, const char *path);

#endif
