/* result.h - rows of a query of the user's own, as far as they are kept.
 *
 * Bounds  LIMIT_QUERY_ROWS, _COLUMNS, _CELL and _BYTES; what is left out is told by `cut`.
 * Owns    what it keeps; result_free() frees it.
 */
#ifndef RESULT_H
#define RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3_stmt;

struct value {
	uint32_t at, n;                   /* in the result's bytes; the text of it */
	uint8_t  type;                    /* SQLITE_INTEGER, ..., SQLITE_NULL */
	bool     cut;
};

struct result_column {
	char *name;
	int   width;                      /* of the widest value, and of the name */
	bool  number;                     /* all are, of those that are not NULL */
};

struct result {
	struct result_column *column;
	int           columns;
	struct value *value;              /* row by row */
	size_t        rows;
	char         *bytes;
	size_t        bytes_n;
	bool          full;               /* no more is kept */
	bool          ascii;              /* widths are those without UTF-8 (canvas.h) */
};

void result_begin(struct result *, struct sqlite3_stmt *, bool ascii);

/* Keep the statement's row. False: there is no room, and it is not kept. */
bool result_row(struct result *, struct sqlite3_stmt *);

const struct value *result_at(const struct result *, size_t row, int column);

/* A number of a row, in the column of that name; 0: there is none. */
int64_t result_number(const struct result *, size_t row, const char *column);

void result_free(struct result *);

#endif
