/* store_open.c - finding, making and opening a case.
 *
 * Whether a file is a case is read from its bytes before SQLite sees it: SQLite
 * may repair what it opens, and what is not ours is not touched. The header
 * (https://www.sqlite.org/fileformat.html, 1.3):
 *
 *    0  "SQLite format 3", NUL        60  PRAGMA user_version, 4 bytes
 *                                     68  PRAGMA application_id, 4 bytes
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embedded.h"
#include "filter.h"
#include "packet_index.h"
#include "store_row.h"

enum { HEADER = 100, USER_VERSION = 60, APPLICATION_ID = 68 };
enum { CASE_ID = 0x74637077, CASE_VERSION = 2 };   /* as in schema.sql */
enum { PATIENCE_MS = 1000 };                       /* with another program's lock */

enum found { NOTHING, A_CASE, REFUSED };

/* ------------------------------------------------------ looking at files ---- */

/* The first bytes of a regular file; false: it is none, or has not as many. */
static bool header_read(const char *path, uint8_t header[static HEADER])
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;             /* opening a pipe would wait for its writer */
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	size_t n = fread(header, 1, HEADER, f);
	fclose(f);
	return n == HEADER && memcmp(header, "SQLite format 3", 16) == 0;
}

static uint32_t header_number(const uint8_t header[static HEADER], size_t at)
{
	struct rd r = rd_over((struct bytes){ header + at, 4 });
	return rd_be32(&r);
}

bool store_is_case(const char *path)
{
	uint8_t header[HEADER];
	return header_read(path, header);
}

static enum found refused(struct err *err, const char *path, const char *why)
{
	fail(err, "%s: %s", path, why);
	return REFUSED;
}

static enum found case_find(const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		if (errno != ENOENT || !*path)
			return refused(err, path, strerror(errno));
		return lstat(path, &st) != 0 ? NOTHING
		     : refused(err, path, "is a link that leads nowhere");
	}
	if (S_ISDIR(st.st_mode))
		return refused(err, path, "is a folder; a case is a file");
	if (access(path, R_OK) != 0)
		return refused(err, path, strerror(errno));

	uint8_t header[HEADER];
	if (!header_read(path, header) || header_number(header, APPLICATION_ID) != CASE_ID)
		return refused(err, path, "is no tcpwhy case, and was left as it is");
	uint32_t version = header_number(header, USER_VERSION);
	if (version == CASE_VERSION)
		return A_CASE;
	fail(err, "%s: was made by %s tcpwhy (its format is %u, this one knows %d)", path,
	     version > CASE_VERSION ? "a newer" : "an unfinished", version, CASE_VERSION);
	return REFUSED;
}

/* ---------------------------------------------------------- connections ---- */

/* Someone else's case is somebody else's bytes too: its triggers do not run and
 * its cells are checked. (Without TRUSTED_SCHEMA, the schema could not use JSON:
 * SQLite 3.40 does not hold json_valid() for innocuous.) */
static bool connection_set_up(sqlite3 *db)
{
	return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK
	    && sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) == SQLITE_OK
	    && sqlite3_busy_timeout(db, PATIENCE_MS) == SQLITE_OK
	    && sqlite3_exec(db, "PRAGMA cell_size_check = 1; PRAGMA cache_size = -32768;",
	                    NULL, NULL, NULL) == SQLITE_OK
	    && packet_table_register(db) && filter_register(db);
}

/* "" is SQLite's private database; a leading ':' would be special to it. One thread uses the
 * connection, so SQLite need not lock it at every call; nor need it count what it allocates,
 * under a lock too, for nobody asks. (That is for the process, and said before its first
 * connection; later it is refused, and no harm done.) */
static bool connect(struct store *s, const char *path, int flags)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	char *name = sqlite3_mprintf("%s%s", *path == ':' ? "./" : "", path);
	int rc = name ? sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) : SQLITE_NOMEM;
	sqlite3_free(name);
	return rc == SQLITE_OK && connection_set_up(s->db);
}

static bool run(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static struct store *store_new(const char *path)
{
	struct store *s = alloc_zeroed(1, sizeof *s);
	s->path = path ? text_copy(path) : NULL;
	s->growing_fd = -1;
	return s;
}

/* Close the store, having said what SQLite has against it. */
static struct store *gave_up(struct store *s, struct err *err, const char *what)
{
	fail(err, "%s: %s: %s", s->path ? s->path : "temporary database", what,
	     s->db ? sqlite3_errmsg(s->db) : "out of memory");
	store_close(s);
	return NULL;
}

/* ------------------------------------------------------------- new cases ---- */

/* Nothing is lost when a new case breaks off, so it is written without a
 * journal file and without waiting for the disk; store_finish() waits once. */
static struct store *database_made(struct store *s, const char *file, struct err *err)
{
	if (connect(s, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
	    && run(s, "PRAGMA page_size = 32768; PRAGMA cache_size = -32768; PRAGMA journal_mode = MEMORY;"
	              "PRAGMA synchronous = OFF"))
		return s;
	return gave_up(s, err, "cannot be made");
}

static struct store *case_made(struct store *s, struct err *err)
{
	return !s || (run(s, "BEGIN") && run(s, embedded_text("db/schema.sql"))) ? s
	     : gave_up(s, err, "cannot be made");
}

/* The name is `path` and not a case's until store_finish() renames it. */
struct store *store_begin(const char *path, struct err *err)
{
	struct store *s = store_new(path);
	size_t size = strlen(path) + 32;
	s->growing = alloc_zeroed(size, 1);
	snprintf(s->growing, size, "%s.tmp-%ld", path, (long)getpid());
	s->growing_fd = open(s->growing, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (s->growing_fd >= 0)
		return database_made(s, s->growing, err);

	fail(err, "%s: cannot be made: %s; is there such a folder, and may you write to it?", path,
	     strerror(errno));
	free(s->growing);
	s->growing = NULL;                /* not ours to remove */
	store_close(s);
	return NULL;
}

/* -------------------------------------------------------- existing cases ---- */

/* A look at the tables that everything else hangs on; gross damage shows. */
static bool case_readable(struct store *s)
{
	return run(s, "SELECT max(id), (SELECT max(id) FROM main.flow),"
	              " (SELECT max(flow_id) FROM main.packet_index) FROM main.capture");
}

/* With a transaction begun: whoever else would write is told so at once, and not
 * after an analysis. */
struct store *store_join(const char *path, struct err *err)
{
	struct store *s = store_new(path);
	if (!connect(s, path, SQLITE_OPEN_READWRITE))
		return gave_up(s, err, "cannot be opened");
	if (sqlite3_db_readonly(s->db, "main")) {
		fail(err, "%s: is write-protected, so nothing can be added to it", path);
		store_close(s);
		return NULL;
	}
	if (!run(s, "BEGIN IMMEDIATE"))
		return gave_up(s, err, sqlite3_errcode(s->db) == SQLITE_BUSY
		               ? "another program is writing to it" : "cannot be written");
	return case_readable(s) ? s : gave_up(s, err, "is damaged");
}

/* Whether SQLite could write at `path`: its journal lies beside the file. */
static bool folder_writable(const char *path)
{
	char *folder = text_copy(path), *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	bool ok = access(path, W_OK) == 0 && access(slash ? folder : ".", W_OK) == 0;
	free(folder);
	return ok;
}

static struct store *case_read(const char *path, struct err *err)
{
	struct store *s = store_new(path);
	s->read_only = true;
	if (!connect(s, path, SQLITE_OPEN_READONLY))
		return gave_up(s, err, "cannot be opened");
	return case_readable(s) ? s : gave_up(s, err, "cannot be read");
}

struct store *store_open(const char *path, struct err *err)
{
	if (!path)
		return case_made(database_made(store_new(NULL), "", err), err);
	switch (case_find(path, err)) {
	case NOTHING: return case_made(store_begin(path, err), err);
	case A_CASE:  return store_join(path, err);
	case REFUSED: break;
	}
	return NULL;
}

struct store *store_open_existing(const char *path, struct err *err)
{
	switch (case_find(path, err)) {
	case NOTHING: fail(err, "%s: %s", path, strerror(ENOENT)); return NULL;
	case REFUSED: return NULL;
	case A_CASE:  break;
	}
	struct store *s = folder_writable(path) ? store_join(path, err) : NULL;
	return s ? s : case_read(path, err);
}
