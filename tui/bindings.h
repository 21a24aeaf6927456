/* bindings.h - the keys that work in every view. */
#ifndef BINDINGS_H
#define BINDINGS_H

#include "view.h"

extern const struct binding browser_bindings[];

/* Look for the text from the row behind the one at which the user stands, or, backwards,
 * before it, once round all rows. False: it is not there, which is told. */
bool browser_find(struct browser *, const char *text, bool backwards);

/* A click into the first row. */
void browser_tab_click(struct browser *, int col);

#endif
