/* finish.h - from facts to what the user gets: the report and the exit status.
 *
 * Errors  told on standard error; the status says what became of it.
 */
#ifndef FINISH_H
#define FINISH_H

#include <stdint.h>

#include "err.h"
#include "options.h"

struct rules;
struct run_result;
struct sqlite3;
struct store;

/* "tcpwhy: sentence" on standard error. */
void trouble(const char *sentence);

/* The same; the status that was given. */
int give_up(const struct err *, int status);

/* Columns to fold text for standard output at. */
int terminal_width(void);

/* `status`, unless standard output could not be written. */
int output_end(int status);

/* The first column of the first row, or 0; `arg`, if not NULL, is bound to ?1. */
int64_t number_of(struct sqlite3 *, const char *sql, const char *arg);

/* Whether the case holds what a rules pass concludes, in the form of this program's. */
bool has_conclusions(struct sqlite3 *);

/* Whether --fail-on takes the word for a severity. */
bool is_severity(const char *word);

/* Write what the verb asks for into `output` (output.h); `otherwise` is the status when
 * nothing else is to be said. EXIT_UNREADABLE: the --baseline is no case. */
int report_end(const struct options *, const char *output, struct sqlite3 *, int otherwise);

/* Captures are in the store: conclude, keep the case, and report_end(). */
int captures_end(const struct options *, const char *output, const struct rules *, struct store *,
                 const struct run_result *);

#endif
