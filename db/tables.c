/* tables.c - see tables.h. */
#include "tables.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "err.h"

bool tables_make(struct sqlite3 *db, const char *path, bool temporary)
{
	char *sql = text_copy(embedded_text(path));
	for (char *at = sql; temporary && (at = strstr(at, " main.")); at++)
		memcpy(at, " temp.", strlen(" temp."));
	bool ok = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	free(sql);
	return ok;
}
