/* store.c - from the first row to the finished file, and what a case knows
 * about its captures. How a case is opened is in store_open.c, how rows are
 * written in store_facts.c. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embedded.h"
#include "store_row.h"

enum { READERS_MS = 30000 };      /* a commit waits for who is reading the case */

struct sqlite3 *store_db(struct store *s)
{
	return s->db;
}

/* --------------------------------------------------------------- trouble ---- */

bool store_failed(const struct store *s)
{
	return s->failed;
}

struct store_counts store_counts(const struct store *s)
{
	return (struct store_counts){ .resets = s->rows[TABLE_RESET], .exchanges = s->rows[TABLE_HTTP_EXCHANGE] };
}

bool store_refused(struct store *s)
{
	if (s->failed)
		return false;
	s->failed = true;
	int code = sqlite3_errcode(s->db), cause = sqlite3_system_errno(s->db);
	if (code == SQLITE_IOERR && cause != 0)
		return fail(&s->why, "%s (%s)", sqlite3_errmsg(s->db), strerror(cause));
	return fail(&s->why, "%s", sqlite3_errmsg(s->db));
}

static bool is_new(const struct store *s)
{
	return s->growing_fd >= 0;
}

/* The whole sentence: where, why, what became of the case, what to do. */
bool store_trouble(const struct store *s, struct err *err)
{
	if (!s->path)
		return fail(err, "the temporary database cannot be written: %s; make room in the "
		            "folder for temporary files, set TMPDIR to another, or keep the case "
		            "with -o FILE", s->why.text);
	return fail(err, "%s: cannot be written: %s; %s. Make room there or choose another place, "
	            "and run again", s->path, s->why.text,
	            is_new(s) ? "no case was made" : "the case is as it was before");
}

/* ---------------------------------------------------------- the finish ---- */

bool store_index(struct store *s, struct err *err)
{
	if (!s->failed && sqlite3_exec(s->db, embedded_text("db/indexes.sql"), NULL, NULL, NULL))
		store_refused(s);
	return s->failed ? store_trouble(s, err) : true;
}

/* Remove the unfinished file, if there is one. */
static void growing_drop(struct store *s)
{
	if (s->growing)
		unlink(s->growing);
	free(s->growing);
	s->growing = NULL;
}

/* Give the file its final name, but never in another's place: link() refuses
 * where rename() would replace. Some file systems have no links. */
static bool growing_rename(const struct store *s)
{
	struct stat st;
	if (link(s->growing, s->path) == 0) {
		unlink(s->growing);
		return true;
	}
	if (errno == EEXIST)
		return false;
	if (lstat(s->path, &st) == 0) {
		errno = EEXIST;
		return false;
	}
	return rename(s->growing, s->path) == 0;
}

/* The new name survives a power cut only when its folder is on the disk. Where
 * a folder cannot be opened or synced, the case is whole all the same. */
static void folder_sync(const char *path)
{
	char *folder = text_copy(path), *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

/* From the temporary name to the final one. */
void store_finish(struct store *s)
{
	if (fsync(s->growing_fd) != 0 || !growing_rename(s)) {
		s->failed = true;
		fail(&s->why, "%s", errno == EEXIST ? "another file has taken that name meanwhile"
		                                    : strerror(errno));
		return;
	}
	free(s->growing);
	s->growing = NULL;
	folder_sync(s->path);
}

/* An existing case as it was before. After some failures SQLite leaves that to
 * whoever reads the file next: so that is done here. */
static void take_back(struct store *s)
{
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(s->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

bool store_commit(struct store *s, struct err *err)
{
	if (s->read_only || s->committed)
		return true;
	/* SQLite gives a transaction up by itself after some failures. */
	if (!s->failed && sqlite3_get_autocommit(s->db)) {
		s->failed = true;
		fail(&s->why, "SQLite has given the transaction up");
	}
	sqlite3_busy_timeout(s->db, READERS_MS);
	if (!s->failed && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		store_refused(s);
	if (!s->failed && s->growing)
		store_finish(s);
	if (s->failed) {
		take_back(s);
		growing_drop(s);
		return store_trouble(s, err);
	}
	s->committed = true;
	return true;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < TABLES; i++)
		insert_free(&s->insert[i]);
	sqlite3_close_v2(s->db);          /* rolls an open transaction back */
	if (s->growing_fd >= 0)
		close(s->growing_fd);     /* after SQLite: closing lets go of its locks */
	growing_drop(s);
	free(s->path);
	free(s);
}

/* -------------------------------------------------------------- captures ---- */

struct capture_row { int64_t id; const char *name; int64_t flow_base; struct capture_facts f; };
#define ROW capture_row
static const struct column capture_columns[] = {
	OPTIONAL("id", id), WORD("name", name), NUMBER("flow_base", flow_base),
	TIME("first_ns", f.first_ns), TIME("last_ns", f.last_ns), NUMBER("frames", f.frames),
	NUMBER("bytes", f.bytes), TEXT("link_types", f.link_types), OPTIONAL("snaplen", f.snaplen),
	NUMBER("tcp_frames", f.tcp_frames), NUMBER("filtered_frames", f.filtered_frames),
	NUMBER("snapped_frames", f.snapped_frames), NUMBER("duplicate_frames", f.duplicate_frames),
	NUMBER("fragment_frames", f.fragment_frames), NUMBER("icmp_frames", f.icmp_frames),
	NUMBER("clock_steps_back", f.clock_steps_back),
	NUMBER("one_way_flows", f.one_way_flows), NUMBER("midstream_flows", f.midstream_flows),
	NUMBER("ack_lost_segments", f.ack_lost_segments), OPTIONAL("dropped_frames", f.dropped_frames),
	WORD("taken_for", f.taken_for), TEXT("series_trouble", f.series_trouble), TEXT("read_with", f.read_with),
};
#undef ROW
ROW_FORMAT(TABLE_CAPTURE, capture, capture_columns);

/* A query about one capture, at its first row; NULL: it has none, or failed. */
static sqlite3_stmt *capture_query(struct store *s, const char *sql, int64_t capture_id)
{
	sqlite3_stmt *q = NULL;
	if (s->failed)
		return NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(q) > 0)
		rc = sqlite3_bind_int64(q, 1, capture_id);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		return q;
	if (rc != SQLITE_DONE)
		store_refused(s);
	sqlite3_finalize(q);
	return NULL;
}

/* A capture's facts consist of our own words. To compare each with the list in
 * its CHECK made an insert five times as dear (a million tcp_event rows: 6.3 s,
 * without 1.1 s); PRAGMA integrity_check still finds a wrong one. */
static void words_checked(struct store *s, bool checked)
{
	sqlite3_exec(s->db, checked ? "PRAGMA ignore_check_constraints = 0"
	                            : "PRAGMA ignore_check_constraints = 1", NULL, NULL, NULL);
}

int64_t store_capture_begin(struct store *s, const char *name, int64_t *flow_base)
{
	*flow_base = 0;
	s->swaps = 0;
	words_checked(s, false);
	sqlite3_stmt *q = capture_query(s, "SELECT coalesce(sum(frames), 0) FROM main.capture", 0);
	if (q)
		*flow_base = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	row_insert(s, &capture_format, &(struct capture_row){
		.id = NONE, .name = name, .flow_base = *flow_base,
		.f  = { .first_ns = NO_TIME, .last_ns = NO_TIME, .snaplen = NONE, .dropped_frames = NONE },
	});
	return sqlite3_last_insert_rowid(s->db);
}

/* The row is written again, whole; where the facts have no name, the first stays. */
void store_capture_end(struct store *s, int64_t capture_id, const struct capture_facts *f)
{
	static const char sql[] = "SELECT name, flow_base FROM main.capture WHERE id = ?";
	sqlite3_stmt *q = capture_query(s, sql, capture_id);
	if (q) {
		const char *first = (const char *)sqlite3_column_text(q, 0);
		row_insert(s, &capture_format, &(struct capture_row){
			.id = capture_id, .flow_base = sqlite3_column_int64(q, 1), .f = *f,
			.name = f->name && *f->name ? f->name : first,
		});
	}
	sqlite3_finalize(q);
	words_checked(s, true);
}

bool store_has_captures(struct store *s)
{
	sqlite3_stmt *q = capture_query(s, "SELECT 1 FROM main.capture LIMIT 1", 0);
	sqlite3_finalize(q);
	return q != NULL;
}

bool store_has_file(struct store *s, const struct capture_file_facts *file, char *text, size_t size)
{
	sqlite3_stmt *q = NULL;
	bool found = sqlite3_prepare_v2(s->db, "SELECT path FROM main.capture_file"
	                                " WHERE CASE WHEN sha256 <> '' AND ?1 <> '' THEN sha256 = ?1"
	                                "            ELSE path = ?2 AND size = ?3 END"
	                                " ORDER BY capture_id, seq LIMIT 1", -1, &q, NULL) == SQLITE_OK
	          && sqlite3_bind_text(q, 1, file->sha256, -1, SQLITE_STATIC) == SQLITE_OK
	          && sqlite3_bind_text(q, 2, file->path, -1, SQLITE_STATIC) == SQLITE_OK
	          && sqlite3_bind_int64(q, 3, file->size) == SQLITE_OK
	          && sqlite3_step(q) == SQLITE_ROW;
	if (found)
		snprintf(text, size, "%s", (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	return found;
}
