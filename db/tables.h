/* tables.h - the tables and views of conclusions, made from an embedded file of SQL. */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>

struct sqlite3;

/* Run the file. In it ` main.` stands before each name that it makes or drops; `temporary`
 * makes temporary tables of these, which hide those of the case. False: sqlite3_errmsg(). */
bool tables_make(struct sqlite3 *, const char *path, bool temporary);

#endif
