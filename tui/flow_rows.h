/* flow_rows.h - which flows a list shows, and in what order: only their ids, so that a
 * million of them take 8 MB, found in slices of time so that no key waits for them.
 *
 * A new choice is made while the one before stays. In order of ids the rows are replaced as
 * soon as there are some, and grow; in another order, when all keys are read.
 *
 * Order   flow_rows_begin(), then flow_rows_choose(), then flow_rows_work() until it is done.
 * Owns    the ids; flow_rows_free() frees them. Borrows the connection.
 * Bounds  FLOW_ROWS_MOST rows; 24 bytes each while they are sorted by a number, 40 by a text,
 *         of which the first KEY_TEXT bytes count.
 * Errors  a question that fails ends the choice with what there is, and says why.
 */
#ifndef FLOW_ROWS_H
#define FLOW_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "filter.h"

struct sqlite3;
struct sqlite3_stmt;

enum { FLOW_ROWS_MOST = 10000000, KEY_NUMBER = 8, KEY_TEXT = 24 };

struct flow_ids { int64_t *at; size_t n; };

/* What is to be shown. */
struct flow_wish {
	const char *filter;               /* as the user typed it */
	bool        health;               /* health checks too */
	const char *key;                  /* SQL over `flow f`; NULL: the ids themselves */
	bool        text;                 /* the key is a text, or bytes */
	bool        reverse;              /* flows without a key are last all the same */
};

enum flow_phase { FLOW_DONE, FLOW_SCAN, FLOW_MERGE };

struct flow_rows {
	struct sqlite3 *db;
	struct flow_ids shown;            /* for whoever draws */
	int64_t         total;            /* flows in the case */
	int64_t         health;           /* of these, health checks */

	/* Set by flow_rows_work(). */
	bool            replaced;         /* shown is of the new choice since this call */
	int64_t         found;            /* the row that `keep` has now; -1: none as yet */

	/* The choice that is being made. */
	enum flow_phase phase;
	bool            keyed, text, reverse, by_index;
	struct filter   filter;
	struct sqlite3_stmt *scan;
	int64_t         capture, last, scanned, keep, begun_ns;
	struct flow_ids next;
	size_t          room;             /* rows that there can be */
	bool            swapped;          /* rows go into shown */
	size_t          absent;           /* rows without a key, at the end */

	/* Records of key and id as bytes that sort as they are, in runs that are sorted. */
	unsigned char  *record;
	size_t          records;
	size_t         *heap, *run_at;    /* runs, the one with the least record first */
	size_t          heaped;
};

/* Nothing is shown yet. */
bool flow_rows_begin(struct flow_rows *, struct sqlite3 *, struct err *);
void flow_rows_free(struct flow_rows *);

/* Begin to choose. False: the filter or the key is wrong; what was shown stays. */
bool flow_rows_choose(struct flow_rows *, const struct flow_wish *, struct err *);

/* Go on until then; whether there is more to do. `keep`: the flow of which `found` tells
 * the new row. */
bool flow_rows_work(struct flow_rows *, int64_t until_ns, int64_t keep, struct err *);

/* Turn what is shown around. False: it is not complete. */
bool flow_rows_turn(struct flow_rows *);

/* How far the choice is, in parts of a hundred. */
int flow_rows_percent(const struct flow_rows *);

#endif
