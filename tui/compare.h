/* compare.h - two connections, step by step: which steps of one are those of the other, what only
 * one of them has, and which took much longer.
 *
 * Steps are the rows of a flow's ladder that mean something (flow_steps.h, ZOOM_MESSAGES). Two
 * are the same where direction and words are, or nearly so where these differ in numbers and
 * names only. What is aligned is the longest common subsequence, which weighs equal words more.
 *
 * Bounds  the first COMPARE_STEPS steps of each connection.
 * Owns    its steps and rows; compare_close() frees them. Borrows the model.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "flow_steps.h"
#include "packet_label.h"

enum { COMPARE_STEPS = 400, COMPARE_KIND = 32 };

struct compare_step {
	int64_t frame;                       /* of a silence, the packet that ends it; INT64_MAX: none */
	int64_t ns;                          /* since the connection's own first packet */
	int64_t lasted_ns;                   /* of a silence */
	bool    silence, client;
	char    kind[COMPARE_KIND];          /* its words without what may differ: "POST", "status" */
	char    text[LABEL_SIZE];
};

struct compare_side {
	int64_t              flow_id, origin_ns;
	struct flow_steps    steps;
	struct compare_step *step;
	size_t               n;
	bool                 whole;          /* there are no more steps than these */
};

/* A row of both; what only one side has is blank on the other. */
struct compare_row {
	int     step[2];                     /* -1: none */
	int64_t took_ns[2];                  /* since the aligned step before it; of a silence, how long it was */
	bool    differs;                     /* in words */
	bool    apart;                       /* one took more than 3 times as long, and 100 ms more */
};

struct compare {
	struct compare_side side[2];
	struct labels       labels;
	struct compare_row *row;
	size_t              rows;
	bool                ready;
};

/* Reads for up to so many nanoseconds. Both flows must be there. */
void compare_open(struct compare *, struct model *, int64_t flow_id, int64_t other, int64_t budget_ns);
void compare_close(struct compare *);

/* Go on reading, until then on the monotonic clock; whether there is more to read. */
bool compare_work(struct compare *, int64_t until_ns);

/* Whether these are so far apart that it matters. */
bool compare_apart(int64_t a_ns, int64_t b_ns);

#endif
