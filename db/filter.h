/* filter.h - a small language that chooses connections, written as Wireshark's display
 * filters are: text -> a condition of SQL, with every value bound and none pasted.
 *
 *   ip.addr == 10.0.0.0/8 && amqp && !(ended == fin)      && and, || or, ! not, ( )
 *   tcp.port in {80, 8000..8100} or http.host contains "example"
 *   finding == tcp.reset-after-idle && silence >= 5m      == eq, != ne, > gt, < lt, >= ge, <= le
 *
 * && binds more tightly than ||, and ! than both. A field alone asks whether the connection
 * has it. One that has several values (ip.addr, http.host) is compared with all of them: one
 * that fits is enough, except for !=, which wants all of them to differ, as in Wireshark 4.
 * Text stands in quotes, " or ', with \ before a quote or a \ in it; a word without spaces,
 * operators and ".." may go without. Numbers are decimal, or hexadecimal behind 0x; spans and
 * moments as in when.h, where a time of day is one of the capture that the connection is of.
 *
 * Addresses are compared as addresses: a single one is brought to the spelling of the case,
 * networks and ranges are compared by ip_key(), which filter_register() adds.
 *
 * Bounds  LIMIT_FILTER bytes, LIMIT_FILTER_VALUES fields and values, LIMIT_FILTER_NESTING
 *         parentheses and ! inside of one another: SQLite parses what comes of it.
 * Errors  one sentence: where, what, and what to write instead.
 * Cost    a condition on another table is a search in it by flow_id, a single address one in
 *         an index of flow; others look at every flow.
 * Order   what is asked about findings is in tables that a rules pass makes; before the first
 *         one such a condition is no valid SQL.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct sqlite3;
struct sqlite3_stmt;
struct filter_value;

struct filter {
	char                *sql;      /* a condition over a row of table flow that is called f: it
	                                  matches where this is true; else it is 0 or NULL */
	int                  first_param;
	struct filter_value *values;   /* of ?first_param and those behind it: other parameters of the */
	size_t               values_n; /* statement are before these or from first_param + values_n on */
};

/* Parameters are numbered from first_param (from 1 on). An empty or blank text matches
 * everything: its sql is "1". False: the filter is empty, and need not be freed. */
bool filter_parse(struct filter *, const char *text, int first_param, struct err *);

/* Bind its values in a statement that has its sql; copied. */
void filter_bind(const struct filter *, struct sqlite3_stmt *);

void filter_free(struct filter *);

/* The i-th word that may stand in a filter, and what it is in a few words: for help and for
 * completion. False: there are no more. */
bool filter_word(size_t i, const char **word, const char **what);

/* Add what conditions call to a connection; every connection of store.h has it. */
bool filter_register(struct sqlite3 *);

#endif
