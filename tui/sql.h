/* sql.h - the key ;: a query of the user's own over the case, which only reads (db/query.h).
 * view_sql shows the result.
 */
#ifndef SQL_H
#define SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

void sql_ask(struct browser *, void *state, int key);

/* Run it: view_sql is opened, in the place of one that is on top. False: it is no query. */
bool sql_run(struct browser *, const char *text, struct err *);

/* Names of tables, columns and functions (a prompt_words(); the context is the browser). */
bool sql_words(void *browser, size_t i, const char **word, const char **what);

#endif
