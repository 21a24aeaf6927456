/* note.c - notes are there at once, for others too, and without the temporary conclusions
 * beside them; a case under another name is whole. */
#include "note.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "limits.h"
#include "rules.h"
#include "store.h"

int check_failed;

static char folder[] = "/tmp/tcpwhy-note-XXXXXX";

static const char *in_folder(const char *name)
{
	static char paths[4][200];
	static int i;
	i = (i + 1) % 4;
	snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
	return paths[i];
}

static const struct note_place finding = { .fingerprint = "00112233aabbccdd" };
static const struct note_place flow = { .flow_id = 7 };
static const struct note_place packet = { .flow_id = 7, .frame = 9 };

static void check_text(struct store *s, const struct note_place *place, const char *wanted)
{
	char *text = note_text(s, place);
	CHECK(text ? wanted && strcmp(text, wanted) == 0 : !wanted);
	free(text);
}

/* What another program reads in the case. */
static void check_others_see(const char *path, const char *sql, const char *wanted)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
	bool any = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
	const char *got = any ? (const char *)sqlite3_column_text(s, 0) : sqlite3_errmsg(db);
	CHECK(got && strcmp(got, wanted) == 0);
	if (!got || strcmp(got, wanted) != 0)
		fprintf(stderr, "   %s\n   gives %s\n   not   %s\n", sql, got ? got : "NULL", wanted);
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static const char all_notes[] = "SELECT group_concat(text) FROM (SELECT text FROM note ORDER BY id)";

static void test_places(void)
{
	struct err err;
	char *much = calloc(LIMIT_NOTE + 2, 1);
	struct store *s = store_open(NULL, &err);
	memset(much, 'x', LIMIT_NOTE + 1);
	CHECK(note_set(s, &finding, "one", &err) && note_set(s, &flow, "two", &err) && note_set(s, &packet, "", &err));
	check_text(s, &finding, "one");
	check_text(s, &flow, "two");
	check_text(s, &packet, "");
	CHECK(!note_set(s, &flow, much, &err) && strstr(err.text, "4096 bytes at most"));
	check_text(s, &flow, "two");
	CHECK(note_set(s, &flow, "bad \xff byte", &err));
	check_text(s, &flow, "bad \xef\xbf\xbd byte");
	CHECK(note_remove(s, &flow, &err) && note_remove(s, &flow, &err));
	check_text(s, &flow, NULL);
	check_text(s, &packet, "");
	store_close(s);
	free(much);
}

/* Made here: there is a file from the commit on. */
static void test_new_case(const char *path)
{
	struct err err;
	struct store *s = store_open(path, &err);
	CHECK(note_set(s, &finding, "before", &err));
	CHECK(store_index(s, &err) && store_commit(s, &err));
	check_others_see(path, all_notes, "before");
	CHECK(note_set(s, &flow, "after", &err));
	check_others_see(path, all_notes, "before,after");
	check_text(s, &flow, "after");
	store_close(s);
}

/* What was concluded only for looking at it is not kept with the notes, and is still there. */
static void test_existing_case(const char *path)
{
	struct err err;
	struct rules rules;
	struct store *s = store_open_existing(path, &err);
	CHECK(rules_load(&rules, NULL, &err));
	CHECK(rules_run(&rules, store_db(s), &(struct rules_options){ .temporary = true }, &err));
	struct store *second = store_open_existing(path, &err);      /* the first may write, it may not */
	CHECK(second && !note_set(second, &flow, "mine", &err));
	CHECK(strstr(err.text, "no note can be kept in it"));
	store_close(second);
	CHECK(note_set(s, &packet, "at once", &err));
	check_others_see(path, all_notes, "before,after,at once");
	check_others_see(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'finding'", "0");
	CHECK(sqlite3_exec(store_db(s), "SELECT * FROM finding", NULL, NULL, NULL) == SQLITE_OK);
	CHECK(note_remove(s, &finding, &err));
	check_others_see(path, all_notes, "after,at once");
	rules_free(&rules);
	store_close(s);
}

static void test_save_as(const char *path)
{
	struct err err;
	struct stat st;
	const char *other = in_folder("other.db"), *nowhere = in_folder("nowhere/case.db");
	struct store *s = store_open_existing(path, &err);
	CHECK(store_save_as(s, other, &err));
	check_others_see(other, all_notes, "after,at once");
	check_others_see(other, "PRAGMA integrity_check", "ok");
	CHECK(note_set(s, &finding, "later", &err));
	check_others_see(other, all_notes, "after,at once");
	CHECK(!store_save_as(s, other, &err) && strstr(err.text, "not replaced"));
	CHECK(!store_save_as(s, nowhere, &err) && strstr(err.text, "cannot be made"));
	store_close(s);
	unlink(other);

	s = store_open(NULL, &err);
	CHECK(note_set(s, &flow, "private", &err));
	CHECK(store_save_as(s, other, &err) && store_is_case(other));
	check_others_see(other, all_notes, "private");
	CHECK(note_set(s, &flow, "goes on", &err));
	store_close(s);
	unlink(other);
	CHECK(stat(other, &st) != 0);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	char *path = strdup(in_folder("case.db"));
	test_places();
	test_new_case(path);
	test_existing_case(path);
	test_save_as(path);
	unlink(path);
	free(path);
	CHECK(rmdir(folder) == 0);
	return check_failed > 0;
}
