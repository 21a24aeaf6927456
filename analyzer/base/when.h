/* when.h - moments and spans as people type them.
 *
 *   2016-09-19 22:09:37.5+08:00    a T may stand between, seconds may be left out;
 *                                  without a zone, or with Z, it is UTC
 *   22:09:37                       on the day of the capture
 *   1474294177.5                   seconds since 1970-01-01 UTC
 *   30s  5m  2h  250ms  1.5        a span; without a unit, seconds
 *
 * Times  nanoseconds since 1970-01-01 UTC.
 * Errors a sentence with an example.
 */
#ifndef WHEN_H
#define WHEN_H

#include <stdint.h>

#include "err.h"

/* first_ns, last_ns: what the capture spans; a time of day is the one in it, or, where
 * there is none, that of its first day. */
bool when_parse(const char *text, int64_t first_ns, int64_t last_ns, int64_t *ns, struct err *);

/* Up to 30 years, so that a moment and a span can be added. */
bool span_parse(const char *text, int64_t *ns, struct err *);

#endif
