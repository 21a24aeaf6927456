/* store_keep.c - notes that are kept at once, and a case that is kept under another
 * name. See store.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "store_row.h"

static bool run(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* An existing case whose transaction is open: what was written in it is durable only
 * after a COMMIT. From then on it has none, and others may write, too. */
static bool is_joined(const struct store *s)
{
	return s->path && s->growing_fd < 0 && !sqlite3_get_autocommit(s->db);
}

/* ----------------------------------------------------------------- notes ---- */

/* Within whatever transaction there is, or one of its own. */
static bool change_commit(struct store *s, store_change *change, const void *what, struct err *err)
{
	bool joined = is_joined(s);
	if (run(s, "SAVEPOINT note") && change(s->db, what) && run(s, joined ? "COMMIT" : "RELEASE note")) {
		s->committed |= joined;
		return true;
	}
	fail(err, "%s: the note cannot be kept: %s", s->path ? s->path : "temporary database",
	     sqlite3_errmsg(s->db));
	run(s, "ROLLBACK TO note");
	run(s, "RELEASE note");
	return false;
}

/* A case that was made here is written without a journal, for nothing was lost if that
 * broke off (store_open.c). Now there is much to lose: it is opened again for a note. */
static bool change_apart(struct store *s, store_change *change, const void *what, struct err *err)
{
	struct store *again = store_join(s->path, err);
	bool ok = again && change_commit(again, change, what, err);
	store_close(again);
	return ok;
}

bool store_notes_change(struct store *s, store_change *change, const void *what, struct err *err)
{
	if (s->read_only)
		return fail(err, "%s: no note can be kept in it: it or its folder is write-protected, or another "
		            "program has it open; save the case under another name", s->path);
	bool made_here = s->growing_fd >= 0;
	return (made_here && s->committed ? change_apart : change_commit)(s, change, what, err);
}

/* --------------------------------------------------------- another name ---- */

/* SQLite copies no database in which a transaction writes. */
static bool copied(struct store *from, struct store *to)
{
	bool begun = !sqlite3_get_autocommit(from->db);
	if (begun && !run(from, "COMMIT"))
		return fail(&to->why, "%s", sqlite3_errmsg(from->db));
	sqlite3_backup *b = sqlite3_backup_init(to->db, "main", from->db, "main");
	bool ok = b && sqlite3_backup_step(b, -1) == SQLITE_DONE;
	ok = sqlite3_backup_finish(b) == SQLITE_OK && ok;
	if (!ok)
		fail(&to->why, "%s", sqlite3_errmsg(to->db));
	if (begun)
		run(from, "BEGIN");              /* as store_commit() expects it */
	return ok;
}

bool store_save_as(struct store *s, const char *path, struct err *err)
{
	struct stat st;
	if (lstat(path, &st) == 0)
		return fail(err, "%s: is there already, and is not replaced; choose another name", path);
	struct store *to = store_begin(path, err);
	if (!to)
		return false;
	to->failed = !copied(s, to);
	if (!to->failed)
		store_finish(to);
	bool ok = !to->failed || store_trouble(to, err);
	store_close(to);                 /* with what is half done */
	return ok;
}
