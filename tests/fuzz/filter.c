/* filter.c - libFuzzer: any text is refused with a sentence, or becomes SQL that SQLite takes
 * over the tables of a case, with no parameter but its own. Run in build-fuzz/filter. */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void file_run(sqlite3 *db, const char *path)
{
	static char sql[1 << 18];
	FILE *f = fopen(path, "r");
	if (!f)
		abort();
	sql[fread(sql, 1, sizeof sql - 1, f)] = '\0';
	fclose(f);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
}

static sqlite3 *case_made(void)
{
	sqlite3 *db;
	if (sqlite3_open(":memory:", &db) != SQLITE_OK || !filter_register(db)
	    || sqlite3_exec(db, "CREATE TABLE packet(flow_id, frame, ns, sender, flags, seq, ack, len, window,"
	                    " file_offset)", NULL, NULL, NULL) != SQLITE_OK)
		abort();
	file_run(db, "../../db/schema.sql");
	file_run(db, "../../db/derived.sql");
	return db;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static sqlite3 *db;
	struct filter filter;
	struct err err = { "" };
	sqlite3_stmt *s = NULL;
	if (!db)
		db = case_made();
	char *text = alloc_zeroed(n + 1, 1);
	memcpy(text, data, n);
	if (!filter_parse(&filter, text, 1, &err)) {
		if (!*err.text || filter.sql)
			abort();
		free(text);
		return 0;
	}
	char *sql = sqlite3_mprintf("SELECT 1 FROM flow f WHERE %s", filter.sql);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK
	    || sqlite3_bind_parameter_count(s) != (int)filter.values_n)
		abort();
	filter_bind(&filter, s);
	sqlite3_step(s);
	sqlite3_finalize(s);
	sqlite3_free(sql);
	filter_free(&filter);
	free(text);
	return 0;
}
