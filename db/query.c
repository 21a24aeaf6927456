/* query.c - see query.h. */
#include "query.h"

#include <sqlite3.h>
#include <string.h>

int query_only_reads(void *unused, int what, const char *a, const char *b, const char *c, const char *d)
{
	(void)unused, (void)a, (void)c, (void)d;
	if (what == SQLITE_FUNCTION)
		return b && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	return what == SQLITE_SELECT || what == SQLITE_READ || what == SQLITE_RECURSIVE
	               ? SQLITE_OK
	               : SQLITE_DENY;
}

/* The same, and notes which ids are read. Those that a view reads are its own affair. */
static int reads_noted(void *context, int what, const char *a, const char *b, const char *c, const char *view)
{
	struct query_ids *ids = context;
	if (what == SQLITE_READ && !view && a && b && sqlite3_stricmp(b, "id") == 0) {
		bool flow = sqlite3_stricmp(a, "flow") == 0, finding = sqlite3_stricmp(a, "finding") == 0;
		ids->flow |= flow;
		ids->finding |= finding;
		ids->other |= !flow && !finding;
	}
	return query_only_reads(NULL, what, a, b, c, view);
}

/* What follows the statement: blanks and semicolons say nothing. */
static bool is_more(const char *rest)
{
	return rest[strspn(rest, " \t\n;")] != '\0';
}

struct sqlite3_stmt *query_prepare(struct sqlite3 *db, const char *sql, struct query_ids *ids, struct err *err)
{
	sqlite3_stmt *s = NULL;
	const char *rest = "";
	*ids = (struct query_ids){ 0 };
	sqlite3_set_authorizer(db, reads_noted, ids);
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, &rest);
	sqlite3_set_authorizer(db, NULL, NULL);
	if (rc == SQLITE_AUTH)
		fail(err, "A query only reads the case: it is one SELECT.");
	else if (rc != SQLITE_OK)
		fail(err, "%s", sqlite3_errmsg(db));
	else if (!s)
		fail(err, "There is no query in that.");
	else if (is_more(rest))
		fail(err, "One query at a time.");
	else if (!sqlite3_stmt_readonly(s) || sqlite3_column_count(s) == 0)
		fail(err, "A query only reads the case: it is one SELECT.");
	else
		return s;
	sqlite3_finalize(s);
	return NULL;
}
