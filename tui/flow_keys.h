/* flow_keys.h - keys that are about flows and work in every view: the filter, marks,
 * comparing, the next problem.
 */
#ifndef FLOW_KEYS_H
#define FLOW_KEYS_H

struct browser;

/* Ask for a filter, until it is one or the user leaves; then show the list of flows. */
void filter_ask(struct browser *, void *state, int key);
void filter_clear(struct browser *, void *state, int key);

/* Mark the flow that the user points at, or take its mark away. */
void flow_mark(struct browser *, void *state, int key);

/* Open two flows beside one another. */
void flows_compare(struct browser *, void *state, int key);

/* Open the next incident of the case, with 'E' the one before. */
void problem_step(struct browser *, void *state, int key);

#endif
