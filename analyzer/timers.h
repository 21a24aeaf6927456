/* timers.h - the table of known product timeouts: timers.csv -> known_timer.
 *
 * CSV as RFC 4180 has it: a header line, then seconds, tolerance_s, layer,
 * product, setting, remedy, source. Rows that a user added are kept.
 *
 * Errors  a sentence with the line for a table that is not well formed.
 */
#ifndef TIMERS_H
#define TIMERS_H

#include "err.h"

struct sqlite3;

bool timers_load(struct sqlite3 *, const char *csv, struct err *);

#endif
