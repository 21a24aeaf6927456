/* report.h - findings, or the quality of captures -> text, Markdown, HTML, JSON.
 *
 * Reads nothing but the case, so that what a report says `sqlite3` can say too;
 * the same case gives the same bytes. Text from packets is escaped for where
 * it goes (base/text.h).
 *
 * Errors  a sentence when the case cannot be read or the output not written.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "err.h"

struct sqlite3;

struct report_options {
	FILE *out;
	bool  colour;
	int   width;                      /* columns to fold text at */
};

bool report_text(struct sqlite3 *, const struct report_options *, struct err *);
bool report_markdown(struct sqlite3 *, const struct report_options *, struct err *);
bool report_html(struct sqlite3 *, const struct report_options *, struct err *);
bool report_ndjson(struct sqlite3 *, const struct report_options *, struct err *);
bool report_json(struct sqlite3 *, const struct report_options *, struct err *);

/* The quality of each capture, and how to make a better one. */
bool doctor_text(struct sqlite3 *, const struct report_options *, struct err *);
bool doctor_json(struct sqlite3 *, const struct report_options *, struct err *);

#endif
