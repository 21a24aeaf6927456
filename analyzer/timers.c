/* timers.c - see timers.h. */
#include "timers.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 7 };

static const char header[] = "seconds,tolerance_s,layer,product,setting,remedy,source";

/* Cut one field off *s, in place: quotes are undone, the separator becomes the
 * end. *more: a comma followed, so the row goes on. NULL: a quote is left open. */
static char *field_cut(char **s, bool *more)
{
	char *begin = *s, *in = *s, *out = *s;
	if (*in != '"') {
		in += strcspn(in, ",\r\n");
		out = in;
	} else {
		for (in++; *in && (*in != '"' || in[1] == '"'); in++) {
			if (*in == '"')
				in++;
			*out++ = *in;
		}
		if (!*in++)
			return NULL;
	}
	*more = *in == ',';
	if (*in == '\r')
		in++;
	*s = in + (*in != '\0');
	*out = '\0';
	return begin;
}

static bool row_insert(sqlite3_stmt *insert, char **s)
{
	bool more = true;
	for (int i = 1; i <= COLUMNS; i++) {
		char *field = more ? field_cut(s, &more) : NULL;
		if (!field)
			return false;
		char *end = field;
		double number = i <= 2 ? strtod(field, &end) : 0;
		if (i <= 2 && (end == field || *end))
			return false;
		if (i <= 2)
			sqlite3_bind_double(insert, i, number);
		else
			sqlite3_bind_text(insert, i, field, -1, SQLITE_TRANSIENT);
	}
	bool ok = !more && sqlite3_step(insert) == SQLITE_DONE;
	sqlite3_reset(insert);
	return ok;
}

bool timers_load(struct sqlite3 *db, const char *csv, struct err *err)
{
	sqlite3_stmt *insert = NULL;
	if (sqlite3_exec(db, "DELETE FROM known_timer WHERE builtin", NULL, NULL, NULL) != SQLITE_OK
	    || sqlite3_prepare_v2(db, "INSERT INTO known_timer(seconds, tolerance_s, layer, product,"
	                          " setting, remedy, source, builtin) VALUES(?,?,?,?,?,?,?,1)",
	                          -1, &insert, NULL) != SQLITE_OK)
		return fail(err, "the table of known timers: %s", sqlite3_errmsg(db));
	char *text = text_copy(csv), *s = text;
	int line = 1;
	bool ok = strncmp(s, header, strlen(header)) == 0;
	s += strcspn(s, "\n");
	for (s += *s == '\n'; ok && *s; ok = row_insert(insert, &s))
		line++;
	sqlite3_finalize(insert);
	free(text);
	return ok || fail(err, "timers.csv, row %d: not of the form %s", line, header);
}
