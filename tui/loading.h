/* loading.h - what is shown while captures are read and concluded from: how far it is, and the
 * flows as they come. */
#ifndef LOADING_H
#define LOADING_H

#include "canvas.h"
#include "list.h"
#include "rules.h"
#include "run.h"

/* Zero it to begin. */
struct loading {
	struct list list;                 /* the flows that came so far */
	bool        moved;                /* the user did; until then the newest are shown */
	bool        stop, leave;          /* what the user wants: no more of it, or out */
};

void loading_key(struct loading *, int key);

void loading_draw_run(struct loading *, const struct run_progress *, struct canvas *);
void loading_draw_rules(const struct rules_progress *, struct canvas *);

#endif
