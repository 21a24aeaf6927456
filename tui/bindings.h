/* bindings.h - the keys that work in every view. */
#ifndef BINDINGS_H
#define BINDINGS_H

#include "view.h"

extern const struct binding browser_bindings[];

/* A click into the first row. */
void browser_tab_click(struct browser *, int col);

#endif
