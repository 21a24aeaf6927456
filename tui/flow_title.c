/* flow_title.c - see flow_title.h. */
#include "flow_title.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "text.h"

enum { CAPTURE_COLS = 24 };

void flow_title_of(struct browser *b, int64_t flow, char text[FLOW_TITLE_SIZE])
{
	*text = '\0';
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT f.stream, iif((SELECT count(*) FROM capture) > 1, file_name(one_line(c.name)), '')"
		"  FROM flow f JOIN capture c ON c.id = f.capture_id WHERE f.id = ?1", flow, 0);
	while (model_next(&b->model, s)) {
		const char *name = model_text(s, 1);
		int cut = text_width(name) - CAPTURE_COLS;
		size_t from = cut > 0 ? text_fit(name, strlen(name), cut + 1) : 0;
		snprintf(text, FLOW_TITLE_SIZE, "stream %lld%s%s%s", (long long)sqlite3_column_int64(s, 0), *name ? " of " : "",
		         from ? "\xe2\x80\xa6" : "", name + from);
	}
}
