/* later.h - what takes time and belongs to no view: it is done in browser_work(), once the
 * screen has told the user about it.
 */
#ifndef LATER_H
#define LATER_H

#include <stdbool.h>
#include <stdint.h>

struct browser;
struct sqlite3_stmt;

/* The answer to a question: its first row, or NULL where there is none. */
typedef void later_answer(struct browser *, struct sqlite3_stmt *row);

struct later {
	void               (*chore)(struct browser *);      /* this, or a question; neither: nothing waits */
	struct sqlite3_stmt *question;
	later_answer        *answer;
	bool                 must;                          /* the next key does not take it back */
	bool                 shown;                         /* the screen was drawn since */
	int64_t              patience_ns;                   /* until then (monotonic clock) no question to the
	                                                       case is broken off because a key waits */
};

/* From now on every question to the case ends, with an error, when a key waits and patience is over. */
void later_begin(struct browser *);
void later_close(struct browser *);

/* Something new begins: two seconds. */
void later_patience(struct browser *);

/* Do it, before the next key at the latest. */
void later_do(struct browser *, void (*chore)(struct browser *));

/* The same, but the next key before it begins takes it back. */
void later_try(struct browser *, void (*chore)(struct browser *));

/* Ask the case, with up to two integers. A user who presses a key meanwhile ends it. */
void later_ask(struct browser *, const char *sql, long long a, long long b, later_answer *);

/* Whether there is more to do, after what could be done now. */
bool later_work(struct browser *);
void later_drop(struct browser *);

/* A key was pressed: do what must be done, forget the rest. Whether anything was done, which
 * the message tells. */
bool later_end(struct browser *);

/* Step a statement that may take long: beyond until_ns (monotonic clock) the user who wants to be
 * heard interrupts it. SQLite's result: SQLITE_ROW, SQLITE_DONE, SQLITE_INTERRUPT, an error. */
int later_step(struct browser *, struct sqlite3_stmt *, int64_t until_ns);

#endif
