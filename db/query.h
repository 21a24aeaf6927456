/* query.h - SQL of somebody's own over a case: one SELECT, which reads and does nothing else.
 *
 * Two locks: while it is prepared an authorizer refuses whatever is not reading or a call of a
 * function, and SQLite itself must hold the statement for one that writes nothing.
 *
 * Bounds  what it costs is the caller's to limit.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>

#include "err.h"

struct sqlite3;
struct sqlite3_stmt;

/* For sqlite3_set_authorizer(): reading and functions, nothing else. */
int query_only_reads(void *unused, int what, const char *, const char *, const char *, const char *);

/* What a column named `id` is in the result: the tables whose id is read. */
struct query_ids { bool flow, finding, other; };

/* NULL, with a sentence: it is none, or cannot be understood. Drops any authorizer. */
struct sqlite3_stmt *query_prepare(struct sqlite3 *, const char *sql, struct query_ids *, struct err *);

#endif
