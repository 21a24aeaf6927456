/* document.h - the report as a document: its sections in order, for formats that have
 * headings and tables. A format says how each piece is written; what is said, and in
 * which order, is the same for all of them (document.c).
 *
 * Texts are as the case has them: a format escapes everything that it is given.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

struct ladder;
struct sqlite3;

/* How a column's cells look; CELL_WHOLE: as text, never folded. Of CELL_LINK the text leads to the finding of its row. */
enum cell { CELL_TEXT, CELL_WHOLE, CELL_NUMBER, CELL_CODE, CELL_SEVERITY, CELL_LINK };

enum { TABLE_COLUMNS = 9 };

struct column { const char *name; enum cell kind; };

/* Columns end at the first without a name. */
struct table { struct column column[TABLE_COLUMNS]; };

struct headline {
	int64_t     nr;                      /* of the finding; 0: the verdict */
	const char *severity, *title, *rule, *confidence, *between, *when;
};

struct format {
	void (*begin)(FILE *, const char *title, const char *subject);
	void (*end)(FILE *);
	void (*section)(FILE *, const char *anchor, const char *heading);
	void (*headline)(FILE *, const struct headline *);     /* of the verdict, or a finding */
	void (*headline_end)(FILE *);
	void (*label)(FILE *, const char *);                   /* of what comes next */
	void (*facts)(FILE *);
	void (*fact)(FILE *, const char *label, const char *text);
	void (*facts_end)(FILE *);
	void (*prose)(FILE *, const char *text, size_t n);     /* a paragraph */
	void (*commands)(FILE *, const char *text, size_t n);  /* lines to copy */
	void (*items)(FILE *);
	void (*item)(FILE *, const char *text);
	void (*items_end)(FILE *);
	void (*table)(FILE *, const struct table *);
	void (*row)(FILE *);
	void (*cell)(FILE *, const struct column *, const char *text, int64_t finding);
	void (*row_end)(FILE *);
	void (*table_end)(FILE *);
	void (*ladder)(FILE *, const struct ladder *);
};

extern const struct format format_markdown;

/* Paragraphs as rules write them: a line each, and lines that begin with a blank are
 * commands. */
void document_prose(FILE *, const struct format *, const char *text);

/* Write all of the report. */
bool document_put(FILE *, const struct format *, struct sqlite3 *, struct err *);

#endif
