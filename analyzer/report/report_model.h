/* report_model.h - what every report format says, as SQL over the case.
 *
 * model_open() gives the connection the views of report.sql (shown_*), and the
 * functions that they and the formats use; model_close() takes the views away. Where the
 * connection has them already, they are shared, and stay until who opened first closes.
 *
 *   iso_time(ns)                '2026-11-21T04:26:01.123456789Z'
 *   clock(ns), clock_s(ns)      '2026-11-21 04:26:01.123456 UTC'; to the second
 *   bare_time(text)             such a time without its zone
 *   duration(ns)                '914.155 s', as rules have it
 *   plural(n, noun)             '1 connection', '2 connections'
 *   tcp_flags(flags)            'SYN,ACK'
 *   filled(text, numbers)       {names} replaced by the numbers; what is not there
 *                               stays out. In a command (a line that begins with
 *                               a blank) what a shell could take for more than a
 *                               word becomes its name in capitals: {host} HOST
 *   first_sentence(text)        of a remedy
 *   one_line(text)              line feeds in it written \x0A
 *   address(endpoint)           without its port
 *   file_name(path)             without its folders
 *   sha256(text)                in hexadecimal
 *   tool_version(), time_zone() of this report
 */
#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include "err.h"

struct sqlite3;
struct sqlite3_stmt;

/* Incidents of one rule that are told with all there is to say; of more, the number. */
#define INCIDENTS_OF_RULE "10"

/* A report being written. After a read that failed nothing more is read, and the
 * sentence waits in *err. */
struct model { struct sqlite3 *db; struct err *err; bool failed, shares; };

bool model_open(struct model *, struct sqlite3 *, struct err *);

/* Whether all of the case could be read. */
bool model_close(struct model *);

/* A question of the report's own, bound to up to two integers. */
struct sqlite3_stmt *model_query(struct model *, const char *sql, long long a, long long b);

/* Of a finding: filters for Wireshark, by the numbers of streams and frames of each file,
 * and by addresses, which are good for any file. Columns: 1 or 2 accordingly, the filter,
 * the file, how many files there are. */
struct sqlite3_stmt *model_filters(struct model *, long long finding);

/* The next row. At the end, or on an error: false, and the statement is no more. */
bool model_next(struct model *, struct sqlite3_stmt *);

/* A number that a question asks for; 0 where there is none. */
long long model_number(struct model *, const char *sql, long long a);

/* A column as text, "" for NULL; lives until the next row. */
const char *model_text(struct sqlite3_stmt *, int column);

/* "ERROR", "WARNING", "NOTE". */
const char *severity_word(const char *severity);

#endif
