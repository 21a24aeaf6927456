/* flow_keys.h - keys that are about flows and work in every view: the filter, marks,
 * comparing, the next problem.
 */
#ifndef FLOW_KEYS_H
#define FLOW_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct browser;

/* Ask for a filter, until it is one or the user leaves; then show the list of flows. */
void filter_ask(struct browser *, void *state, int key);
void filter_clear(struct browser *, void *state, int key);

/* Show the flows that it lets pass ("": all). False: it is no filter. */
bool filter_set(struct browser *, const char *text, struct err *);

/* Show them sorted by the column of this name or head. False: there is none. */
bool flows_sort(struct browser *, const char *column, struct err *);

/* Words of filters, and names of columns, for prompts. */
bool filter_words(void *unused, size_t i, const char **word, const char **what);
bool flow_words(void *unused, size_t i, const char **word, const char **what);

/* Mark the flow that the user points at, or take its mark away. */
void flow_mark(struct browser *, void *state, int key);

/* Open two flows beside one another. */
void flows_compare(struct browser *, void *state, int key);

/* Open the next incident of the case, with 'E' the one before. */
void problem_step(struct browser *, void *state, int key);

#endif
