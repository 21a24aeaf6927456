/* report_choice.h - which findings a report tells: those near an alert's time, of an
 * address or a port, of connections that a filter chooses, or not known from an earlier case. The case keeps all of them.
 *
 * choice_make() leaves these on the connection, for report_model and --fail-on:
 *
 *   temp.left_out(finding, why)    why: 'known', 'elsewhere' (address, port), 'other connection'
 *                                  (filter), 'other time'
 *   temp.chosen_time(at_ns, window_ns)   no row where no time was given
 *
 * A finding of no connection (about a capture) has no address and is never elsewhere. A
 * filter chooses findings by their connection and those of their evidence, and of others
 * only those that are about the capture itself, for they limit what can be said at all.
 */
#ifndef REPORT_CHOICE_H
#define REPORT_CHOICE_H

#include <stdint.h>

#include "err.h"

struct sqlite3;

struct report_choice {
	const char *at;                /* as when.h has it; NULL: any time */
	const char *window;            /* to either side of it; NULL: 30 s */
	const char *ip, *port;         /* of either side; NULL: any */
	const char *filter;            /* as filter.h has it; NULL: any connection */
	const char *baseline;          /* a case: what it found is left out; NULL: none */
};

/* Whether the texts can be understood; no case is read yet. */
bool choice_check(const struct report_choice *, struct err *);

bool choice_make(struct sqlite3 *, const struct report_choice *, struct err *);

/* While report_model's views are there: they tell nothing but the incident of this finding
 * and what limits the captures, until choice_widen(). */
bool choice_narrow(struct sqlite3 *, int64_t finding, struct err *);
void choice_widen(struct sqlite3 *);

#endif
