/* report_model.h - what every report format says, as SQL over the case.
 *
 * model_open() gives the connection these, model_close() takes them away:
 *
 *   iso_time(ns)                '2026-11-21T04:26:01.123456789Z'
 *   duration(ns)                '914.155 s', as rules have it
 *   filled(text, numbers)       {names} replaced by the numbers; what is not there
 *                               stays out
 *   one_line(text)              line feeds in it written \x0A
 *   address(endpoint)           without its port
 *   shown_finding               finding, what its rule says, its place ('finding', 'benign',
 *                               'quality'), and incident_id: the first finding of its
 *                               rule on the same endpoints
 *   shown_evidence              evidence, with the file and the file's own frame number
 *   shown_quality               the findings about captures, with their kind and count
 */
#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include "err.h"

struct sqlite3;
struct sqlite3_stmt;

/* A report being written. After a read that failed nothing more is read, and the
 * sentence waits in *err. */
struct model { struct sqlite3 *db; struct err *err; bool failed; };

bool model_open(struct model *, struct sqlite3 *, struct err *);

/* Whether all of the case could be read. */
bool model_close(struct model *);

/* A question of the report's own, bound to up to two integers. */
struct sqlite3_stmt *model_query(struct model *, const char *sql, long long a, long long b);

/* The next row. At the end, or on an error: false, and the statement is no more. */
bool model_next(struct model *, struct sqlite3_stmt *);

/* A number that a question asks for; 0 where there is none. */
long long model_number(struct model *, const char *sql, long long a);

/* A column as text, "" for NULL; lives until the next row. */
const char *model_text(struct sqlite3_stmt *, int column);

#endif
