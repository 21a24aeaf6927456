/* store.c - cases made, added to, refused and broken off; rows as they arrive. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "embedded.h"
#include "limits.h"
#include "packet_index.h"
#include "store.h"

int check_failed;

static char folder[] = "/tmp/tcpwhy-store-XXXXXX";

/* ----------------------------------------------------------------- tools ---- */

/* A path in the tests' folder; the last four are kept. */
static const char *in_folder(const char *name)
{
	static char paths[4][200];
	static int i;
	i = (i + 1) % 4;
	snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
	return paths[i];
}

static bool exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

/* Whether nothing lies in the folder that a case left behind. */
static bool folder_clean(void)
{
	char command[300];
	snprintf(command, sizeof command, "test -z \"$(ls %s | grep -E 'tmp-|-journal|-wal')\"",
		 folder);
	return system(command) == 0;
}

static void file_write(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		abort();
}

/* All of a file, to be freed. */
static char *file_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p = malloc(1 << 23);
	if (!f || !p)
		abort();
	*n = fread(p, 1, 1 << 23, f);
	fclose(f);
	return p;
}

static bool file_is(const char *path, const char *p, size_t n)
{
	size_t m;
	char *now = file_read(path, &m);
	bool same = m == n && memcmp(p, now, n) == 0;
	free(now);
	return same;
}

static struct store *opened(const char *path)
{
	struct err err = { { 0 } };
	struct store *s = store_open(path, &err);
	if (s)
		return s;
	fprintf(stderr, "%s\n", err.text);
	exit(1);
}

/* Whether opening fails with a sentence that holds `part`. */
static bool refuses(struct store *(*open)(const char *, struct err *), const char *path,
		    const char *part)
{
	struct err err = { { 0 } };
	struct store *s = open(path, &err);
	store_close(s);
	if (!s && strstr(err.text, part))
		return true;
	fprintf(stderr, "says: %s\n", err.text);
	return false;
}

/* The first value of a query, as text. */
static const char *value(struct store *s, const char *sql)
{
	static char text[400];
	sqlite3_stmt *q = NULL;
	snprintf(text, sizeof text, "none");
	if (sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL) != SQLITE_OK)
		snprintf(text, sizeof text, "%s", sqlite3_errmsg(store_db(s)));
	else if (sqlite3_step(q) == SQLITE_ROW)
		snprintf(text, sizeof text, "%s",
			 sqlite3_column_type(q, 0) == SQLITE_NULL
				 ? "NULL"
				 : (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	return text;
}

#define IS(s, sql, expect) CHECK(strcmp(value(s, sql), expect) == 0)

static void capture_add(struct store *s, const char *name, const char *sha256, uint64_t frames)
{
	int64_t base, id = store_capture_begin(s, name, &base);
	store_capture_file(s, id,
			   &(struct capture_file_facts){ .path = name,
							 .sha256 = sha256,
							 .format = "pcap",
							 .first_frame = 1,
							 .frames = frames,
							 .first_ns = NO_TIME,
							 .last_ns = NO_TIME,
							 .cut_short_at = NONE,
							 .snaplen = NONE });
	store_flow(s, &(struct flow_facts){ .id = base + 1,
					    .capture_id = id,
					    .stream = 0,
					    .conn_state = "S0",
					    .ended = "open",
					    .ended_by = NONE });
	store_capture_end(s, id, &(struct capture_facts){ .frames = frames, .snaplen = NONE });
}

/* A committed case with one capture of 100 frames. */
static void case_write(const char *path)
{
	struct err err = { { 0 } };
	struct store *s = opened(path);
	capture_add(s, "first.pcap", "aa", 100);
	CHECK(store_index(s, &err) && store_commit(s, &err));
	store_close(s);
}

/* ------------------------------------------------------ the life of a case ---- */

static void test_new(void)
{
	const char *path = in_folder("new.db");
	struct err err = { { 0 } };
	struct store *s = opened(path);
	capture_add(s, "a.pcap", "aa", 5);
	CHECK(!exists(path) && !store_is_case(path));
	CHECK(store_commit(s, &err) && store_commit(s, &err));
	CHECK(exists(path) && store_is_case(path) && folder_clean());
	IS(s, "SELECT count(*) FROM flow", "1"); /* it can be read on */
	IS(s, "PRAGMA page_size", "32768");
	IS(s, "PRAGMA application_id", "1952673911");
	store_close(s);

	s = store_open_existing(path, &err);
	CHECK(s && !store_failed(s));
	IS(s, "SELECT name FROM capture", "a.pcap");
	IS(s, "PRAGMA integrity_check", "ok");
	store_close(s);
	unlink(path);
}

static void test_abandoned(void)
{
	const char *path = in_folder("abandoned.db");
	struct store *s = opened(path);
	capture_add(s, "a.pcap", "aa", 5);
	CHECK(!folder_clean());
	store_close(s);
	CHECK(!exists(path) && folder_clean());
	store_close(NULL);
}

static void test_private(void)
{
	struct err err = { { 0 } };
	struct store *s = opened(NULL);
	capture_add(s, "a.pcap", "aa", 5);
	CHECK(store_index(s, &err) && store_commit(s, &err) && folder_clean());
	IS(s, "SELECT name FROM capture", "a.pcap");
	store_close(s);
}

/* What appears under the name meanwhile is not replaced. */
static void test_name_taken(void)
{
	const char *path = in_folder("taken.db");
	struct err err = { { 0 } };
	struct store *s = opened(path);
	file_write(path, "mine", 4);
	CHECK(!store_commit(s, &err) && strstr(err.text, "taken that name") &&
	      strstr(err.text, "no case"));
	CHECK(!store_commit(s, &err) && store_failed(s)); /* and stays so */
	store_close(s);
	CHECK(file_is(path, "mine", 4) && folder_clean());
	unlink(path);
}

static void test_existing(void)
{
	const char *path = in_folder("existing.db");
	struct err err = { { 0 } };
	case_write(path);
	size_t n;
	char *before = file_read(path, &n);

	struct store *s = opened(path);
	capture_add(s, "second.pcap", "bb", 50);
	store_close(s); /* without a commit */
	CHECK(file_is(path, before, n) && folder_clean());
	free(before);

	s = opened(path);
	capture_add(s, "second.pcap", "bb", 50);
	CHECK(refuses(store_open, path, "another program is writing"));
	CHECK(store_commit(s, &err));
	capture_add(s, "third.pcap", "cc", 50);
	IS(s, "SELECT group_concat(name) FROM capture", "first.pcap,second.pcap,third.pcap");
	store_close(s);
	CHECK(folder_clean());
	unlink(path);
}

/* A rules pass in an existing case: its changes are there after a commit only. */
static void test_rules_pass(void)
{
	const char *path = in_folder("pass.db");
	struct err err = { { 0 } };
	case_write(path);
	for (int commit = 0; commit < 2; commit++) {
		struct store *s = store_open_existing(path, &err);
		CHECK(s && sqlite3_exec(store_db(s), embedded_text("db/derived.sql"), NULL, NULL,
					NULL) == SQLITE_OK);
		CHECK(!commit || store_commit(s, &err));
		store_close(s);
		s = store_open_existing(path, &err);
		IS(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'finding'",
		   commit ? "1" : "0");
		store_close(s);
	}

	/* Two at once: the second can read. */
	struct store *a = store_open_existing(path, &err), *b = store_open_existing(path, &err);
	CHECK(a && !sqlite3_db_readonly(store_db(a), "main"));
	CHECK(b && sqlite3_db_readonly(store_db(b), "main") && store_commit(b, &err));
	IS(b, "SELECT count(*) FROM flow", "1");
	store_close(a);
	store_close(b);
	unlink(path);
}

/* ------------------------------------------------------------ what is none ---- */

static void database_write(const char *path, const char *sql)
{
	sqlite3 *db;
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(db);
}

static void refused_untouched(const char *path, const char *part)
{
	size_t n;
	char *before = file_read(path, &n);
	CHECK(refuses(store_open, path, part));
	CHECK(refuses(store_open_existing, path, part));
	CHECK(file_is(path, before, n) && folder_clean());
	free(before);
	unlink(path);
}

static void test_refused(void)
{
	const char *path = in_folder("other.db");
	file_write(path, "notes\n", 6);
	CHECK(!store_is_case(path));
	refused_untouched(path, "is no tcpwhy case");
	file_write(path, "", 0);
	refused_untouched(path, "is no tcpwhy case");
	database_write(path, "CREATE TABLE t(x)");
	CHECK(store_is_case(path));
	refused_untouched(path, "is no tcpwhy case");
	database_write(
		path,
		"PRAGMA application_id = 1952673911; PRAGMA user_version = 3; CREATE TABLE t(x)");
	refused_untouched(path, "a newer tcpwhy");
	database_write(
		path,
		"PRAGMA application_id = 1952673911; PRAGMA user_version = 2; CREATE TABLE t(x)");
	refused_untouched(path, "no such table");

	CHECK(refuses(store_open, folder, "is a folder"));
	CHECK(refuses(store_open_existing, folder, "is a folder"));
	CHECK(refuses(store_open_existing, in_folder("absent.db"), "No such file"));
	CHECK(refuses(store_open, in_folder("absent/case.db"), "cannot be made: No such file"));
	CHECK(refuses(store_open, "", "No such file"));
	CHECK(refuses(store_open, "/dev/null", "is no tcpwhy case"));
	CHECK(symlink("nowhere", path) == 0);
	CHECK(refuses(store_open, path, "leads nowhere"));
	unlink(path);
}

/* Damage to a case is a sentence, or rows that are missing; never worse. */
static void test_damaged(void)
{
	const char *path = in_folder("damaged.db");
	case_write(path);
	size_t n;
	char *whole = file_read(path, &n);
	file_write(path, whole, n / 2);
	CHECK(refuses(store_open, path, "malformed"));
	CHECK(refuses(store_open_existing, path, "malformed"));
	for (size_t at = 100; at < n; at += 32768 / 4 + 1) {
		char *bad = memcpy(malloc(n), whole, n);
		memset(bad + at, 0x5A, n - at < 3000 ? n - at : 3000);
		file_write(path, bad, n);
		struct err err = { { 0 } };
		struct store *s = store_open_existing(path, &err);
		CHECK(s || *err.text);
		store_close(s);
		free(bad);
	}
	free(whole);
	unlink(path);
}

/* ------------------------------------------------------------------ disk full ---- */

/* Write what does not fit under a limit of file sizes. */
static void fill(struct store *s)
{
	static char head[4096];
	memset(head, 'x', sizeof head - 1);
	sqlite3_exec(store_db(s), "PRAGMA cache_size = 4", NULL, NULL,
		     NULL); /* to the disk, soon */
	for (int i = 1; i < 1000 && !store_failed(s); i++)
		store_http(s, 1,
			   &(struct http_exchange){ .nr = i,
						    .request_head = head,
						    .request_state = "complete",
						    .response_state = "none" });
}

static void test_disk_full(bool existing)
{
	const char *path = in_folder("full.db");
	struct err err = { { 0 } };
	size_t n = 0;
	char *before = NULL;
	if (existing) {
		case_write(path);
		before = file_read(path, &n);
	}
	struct rlimit old, small;
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ n + 1000000, old.rlim_max };
	struct store *s = opened(path);
	setrlimit(RLIMIT_FSIZE, &small);
	fill(s);
	CHECK(store_failed(s));
	capture_add(s, "late.pcap", "dd", 1); /* does nothing, harms nothing */
	CHECK(!store_index(s, &err));
	CHECK(!store_commit(s, &err) && strstr(err.text, path) && strstr(err.text, "Make room"));
	CHECK(strstr(err.text, existing ? "as it was before" : "no case was made"));
	store_close(s);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(folder_clean() && exists(path) == existing);
	if (existing) {
		s = store_open_existing(path, &err);
		CHECK(s);
		IS(s,
		   "SELECT (SELECT count(*) FROM http_exchange) || group_concat(name) FROM capture",
		   "0first.pcap");
		IS(s, "PRAGMA integrity_check", "ok");
		store_close(s);
		CHECK(file_is(path, before, n));
	}
	free(before);
	unlink(path);
}

/* The limit is met by the commit itself. */
static void test_disk_full_late(void)
{
	const char *path = in_folder("late.db");
	struct err err = { { 0 } };
	struct rlimit old, small;
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ 50000, old.rlim_max };
	struct store *s = opened(path);
	capture_add(s, "a.pcap", "aa", 5);
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK(!store_failed(s) && !store_commit(s, &err) && store_failed(s));
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(strstr(err.text, "no case was made"));
	store_close(s);
	CHECK(!exists(path) && folder_clean());
}

/* ------------------------------------------------------------------------ rows ---- */

static void test_captures(void)
{
	struct store *s = opened(NULL);
	char known[20] = "";
	CHECK(!store_has_captures(s));
	capture_add(s, "a.pcap", "aa", 100);
	CHECK(store_has_captures(s));
	capture_add(s, "b.pcap", "bb", 30);
	capture_add(s, "copy.pcap", "aa", 100);
	CHECK(!store_has_file(s, &(struct capture_file_facts){ .path = "", .sha256 = "cc" }, known, sizeof known));
	CHECK(store_has_file(s, &(struct capture_file_facts){ .path = "", .sha256 = "bb" }, known, sizeof known) && strcmp(known, "b.pcap") == 0);
	CHECK(store_has_file(s, &(struct capture_file_facts){ .path = "", .sha256 = "aa" }, known, 5) && strcmp(known, "a.pc") == 0);
	CHECK(store_has_file(s, &(struct capture_file_facts){ .path = "b.pcap", .sha256 = "" }, known, sizeof known));
	CHECK(!store_has_file(s, &(struct capture_file_facts){ .path = "b.pcap", .sha256 = "", .size = 1 }, known, sizeof known));
	IS(s, "SELECT group_concat(flow_base) FROM capture", "0,100,130");
	IS(s, "SELECT group_concat(id) FROM flow", "1,101,131");
	IS(s, "SELECT frames FROM capture WHERE id = 2", "30");

	/* A series of two files. */
	struct capture_file_facts f = { .path = "x", .sha256 = "bb", .format = "pcap" };
	int64_t base, id = store_capture_begin(s, "two", &base);
	store_capture_file(s, id, &f);
	f.sha256 = "aa";
	store_capture_file(s, id, &f);
	CHECK(base == 230);
	IS(s, "SELECT group_concat(seq || sha256) FROM capture_file WHERE capture_id = 4",
	   "1bb,2aa");
	store_capture_end(s, id,
			  &(struct capture_facts){ .name = "renamed", .link_types = "EN10MB" });
	IS(s, "SELECT name || flow_base || link_types FROM capture WHERE id = 4",
	   "renamed230EN10MB");
	CHECK(!store_failed(s));
	store_close(s);
}

/* What is not known is NULL, and what is counted is not. */
static void test_nulls(void)
{
	struct store *s = opened(NULL);
	store_flow(s, &(struct flow_facts){ .id = 1,
					    .client_ip = "10.0.0.1",
					    .server_ip = "fe80::1",
					    .first = { 1, -1 },
					    .path = "",
					    .rtt_ns = NO_TIME,
					    .syn = { 0, 77 },
					    .syn_ack = { 2, 78 },
					    .isn = { 4294967295, NONE },
					    .mss = { NONE, 1460 },
					    .window_scale = { 0, NONE },
					    .ttl = { 64, NONE },
					    .first_seq = { 0, NONE },
					    .fin_off = { NONE, 0 },
					    .history = NULL,
					    .conn_state = "S0",
					    .ended = "open",
					    .ended_by = NONE,
					    .client_known_by = "syn" });
	IS(s,
	   "SELECT concat FROM (SELECT client_ip || server_ip || first_ns || syn_ack_ns || "
	   "syn_ack_frame"
	   " || client_isn || client_window_scale || server_fin_off AS concat FROM flow)",
	   "10.0.0.1fe80::1-178242949672950"
	   "0");
	IS(s,
	   "SELECT coalesce(path, rtt_ns, syn_ns, syn_frame, server_isn, client_mss, "
	   "server_window_scale,"
	   " server_ttl, server_first_seq, client_fin_off, ended_by, ended_ns, app) FROM flow",
	   "NULL");
	IS(s, "SELECT history FROM flow", "");

	store_http(s, 1,
		   &(struct http_exchange){ .nr = 1,
					    .method = "GET",
					    .host = "",
					    .status = NONE,
					    .request = { 4, -1 },
					    .response = { 0, 5 },
					    .request_declared = NONE,
					    .response_bytes = 0,
					    .expect_continue = true,
					    .request_state = "complete",
					    .response_state = "none" });
	IS(s,
	   "SELECT method || request_ns || request_frame || response_bytes || expect_continue"
	   " FROM http_exchange",
	   "GET-1401");
	IS(s,
	   "SELECT coalesce(host, target, status, response_ns, response_frame, request_declared)"
	   " FROM http_exchange",
	   "NULL");

	store_reset(s, &(struct reset){ .flow_id = 1,
					.at = { 9, 1000 },
					.sender = SERVER,
					.ttl = NONE,
					.usual_ttl = 64,
					.trigger_flags = 16 });
	IS(s,
	   "SELECT coalesce(ttl, trigger_ns, trigger_frame, trigger_delay_ns, trigger_len, "
	   "trigger_flags,"
	   " trigger_acks_fin) FROM reset",
	   "NULL");
	store_reset(s, &(struct reset){ .flow_id = 2, .at = { 9, 1000 }, .trigger = { 8, 1001 } });
	IS(s, "SELECT trigger_delay_ns || trigger_acks_fin FROM reset WHERE flow_id = 2", "-10");
	CHECK(!store_failed(s));
	store_close(s);
}

#define MARKED                                                                                     \
	{                                                                                          \
		5, 6                                                                               \
	}

/* With every field filled no column is NULL: none was forgotten. */
static void full_rows(struct store *s)
{
	int64_t base, id = store_capture_begin(s, "c", &base);
	store_capture_end(s, id, &(struct capture_facts){ .link_types = "EN10MB",
							  .taken_for = "file",
							  .series_trouble = "t",
							  .read_with = "-f x" });
	store_capture_file(s, id,
			   &(struct capture_file_facts){ .path = "p",
							 .compression = "gzip",
							 .sha256 = "s",
							 .format = "pcap",
							 .trouble = "t",
							 .link_type = "EN10MB" });
	store_capture_interface(s, id, 1,
				&(struct capture_interface){ .name = "n",
							     .description = "d",
							     .link_type = "RAW",
							     .filter = "f",
							     .os = "o" });
	store_capture_comment(s, id, 1, &(struct capture_comment){ .text = "t" });
	store_not_followed(s, id, "arp", 3);
	store_flow(s, &(struct flow_facts){ .client_ip = "c",
					    .server_ip = "s",
					    .client_known_by = "syn",
					    .path = "vlan 5",
					    .first = MARKED,
					    .last = MARKED,
					    .syn = MARKED,
					    .syn_ack = MARKED,
					    .established = MARKED,
					    .fin = { MARKED, MARKED },
					    .fin_acked = { MARKED, MARKED },
					    .first_data = { MARKED, MARKED },
					    .last_data = { MARKED, MARKED },
					    .conn_state = "SF",
					    .history = "Sh",
					    .ended = "fin",
					    .ended_at = MARKED,
					    .app = "http",
					    .app_known_by = "payload",
					    .community_id = "1:x" });
	store_tcp_event(s, &(struct tcp_event){ .at = MARKED, .kind = "fin" });
	store_reset(s, &(struct reset){ .at = MARKED,
					.trigger = MARKED,
					.pause_from = MARKED,
					.pause_to = MARKED });
	store_silence(s, &(struct silence){ .scope = SILENT_BOTH, .ended_by = "data" });
	store_icmp(s, &(struct icmp_facts){ .source_ip = "1", .protocol = "icmp", .word = "w" });
	store_http(s, 1,
		   &(struct http_exchange){ .method = "m",
					    .target = "t",
					    .host = "h",
					    .version = "v",
					    .user_agent = "u",
					    .request_head = "r",
					    .response_head = "r",
					    .request = MARKED,
					    .request_head_end = MARKED,
					    .request_body = MARKED,
					    .request_end = MARKED,
					    .cont = MARKED,
					    .response_version = "v",
					    .reason = "r",
					    .response = MARKED,
					    .response_head_end = MARKED,
					    .response_end = MARKED,
					    .request_state = "open",
					    .response_state = "open",
					    .expect_answer = "100",
					    .expect_body = "after" });
	store_http_interim(s, 1, &(struct http_interim){ .at = MARKED, .status = 103 });
	store_websocket_close(
		s, 1, &(struct websocket_close){ .at = MARKED, .code = 1000, .reason = "r" });
	store_amqp_connection(s, 1,
			      &(struct amqp_connection){ "0-9-1", "0-8", "p", "v", "p", "p", "v",
							 "p", "n", "c", "c", "m", "/", "u",
							 .close_cause = "m", .opened = MARKED,
							 .close_text = "t", .close = MARKED,
							 .close_ok = MARKED });
	store_amqp_channel(
		s, 1,
		&(struct amqp_channel){ .opened = MARKED, .closed = MARKED, .close_text = "t",
					.close_cause = "m" });
	store_amqp_method(s, 1, &(struct amqp_method){ .name = "basic.ack", .detail = "d" });
	store_heartbeat(s, 1, (struct mark)MARKED, SERVER, "amqp");
	store_tls_record(s, 1, (struct mark)MARKED, SERVER, 25);
	store_anomaly(s, 1, (struct mark)MARKED, CLIENT, 7, 3, "what");
	store_packets(s, 1, 1, 2, (struct bytes){ (const uint8_t *)"", 1 });
}

static void test_no_column_forgotten(void)
{
	struct store *s = opened(NULL);
	full_rows(s);
	CHECK(!store_failed(s));
	sqlite3_stmt *q = NULL;
	sqlite3_prepare_v2(store_db(s),
			   "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
			   " WHERE t.type = 'table' AND t.name NOT IN ('known_timer', 'note')",
			   -1, &q, NULL);
	int columns = 0;
	while (sqlite3_step(q) == SQLITE_ROW) {
		char *sql = sqlite3_mprintf("SELECT count(\"%w\") FROM \"%w\"",
					    sqlite3_column_text(q, 1), sqlite3_column_text(q, 0));
		if (strcmp(value(s, sql), "1") != 0)
			CHECK(!fprintf(stderr, "%s: %s\n", sql, value(s, sql)));
		sqlite3_free(sql);
		columns++;
	}
	sqlite3_finalize(q);
	CHECK(columns > 200);
	IS(s, "PRAGMA integrity_check", "ok"); /* the words, too */
	store_close(s);
}

#define BAD "\xEF\xBF\xBD"

static const struct {
	const char *bytes, *stored;
} texts[] = {
	{ "plain", "plain" },
	{ "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x90\x87",
	  "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x90\x87" },
	{ "latin1 \xFC.", "latin1 " BAD "." },
	{ "\xC0\xAF overlong", BAD BAD " overlong" },
	{ "\xE0\x80\xAF", BAD BAD BAD },
	{ "\xED\xA0\x80 surrogate", BAD BAD BAD " surrogate" },
	{ "\xF4\x90\x80\x80\xF5", BAD BAD BAD BAD BAD },
	{ "cut \xE2\x82", "cut " BAD BAD },
	{ "cut \xF0", "cut " BAD },
	{ "\x80\xC3\xBC", BAD "\xC3\xBC" },
	{ "\xF4\x8F\xBF\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF\xEE\x80\x80" },
};

static void test_texts(void)
{
	struct store *s = opened(NULL);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *exact = strdup(texts[i].bytes), sql[100]; /* a sanitizer watches its end */
		store_http(s, 1,
			   &(struct http_exchange){ .nr = (int64_t)i,
						    .target = exact,
						    .host = exact,
						    .request_state = "open",
						    .response_state = "none" });
		free(exact);
		snprintf(sql, sizeof sql,
			 "SELECT target FROM http_exchange WHERE nr = %zu AND target = host", i);
		IS(s, sql, texts[i].stored);
	}
	IS(s, "SELECT json_valid(json_group_array(target)) FROM http_exchange", "1");
	CHECK(!store_failed(s));
	store_close(s);
}

static void test_swap(void)
{
	struct store *s = opened(NULL);
	struct packet_chunk chunk = { 0 };
	packet_chunk_add(&chunk,
			 &(struct indexed_packet){ .at = { 5, 6 }, .sender = SERVER, .seq = 9 });
	for (int64_t flow = 1; flow <= 2; flow++) {
		store_tcp_event(
			s, &(struct tcp_event){ .flow_id = flow, .at = MARKED, .kind = "fin" });
		store_icmp(s, &(struct icmp_facts){ .flow_id = flow, .at = MARKED, .word = "w" });
		store_anomaly(s, flow, (struct mark)MARKED, CLIENT, 0, NONE, "a");
		store_silence(s, &(struct silence){ flow, SILENT_SERVER, MARKED, MARKED, "data",
						    SERVER });
		store_silence(s, &(struct silence){ flow, SILENT_BOTH, MARKED, MARKED,
						    "end_of_capture", NONE });
		store_packets(s, flow, 5, 5, (struct bytes){ chunk.bytes, chunk.n });
	}
	packet_chunk_free(&chunk);
	CHECK(store_swap_sides(s, 2));
	IS(s, "SELECT group_concat(sender) FROM tcp_event", "client,server");
	IS(s, "SELECT group_concat(sender) FROM icmp", "client,server");
	IS(s, "SELECT group_concat(sender) FROM anomaly", "client,server");
	IS(s, "SELECT group_concat(scope) FROM silence", "server,both,client,both");
	IS(s, "SELECT group_concat(coalesce(ended_sender, '-')) FROM silence", "server,-,client,-");
	IS(s, "SELECT group_concat(sender || seq) FROM packet", "server9,client9");
	int swaps = 1;
	while (store_swap_sides(s, 1))
		swaps++;
	CHECK(swaps == LIMIT_SWAPS && !store_failed(s));
	store_close(s);
}

/* A row that the schema forbids is our fault, and yet a sentence. */
static void test_forbidden_row(void)
{
	struct err err = { { 0 } };
	struct store *s = opened(in_folder("forbidden.db"));
	store_tcp_event(s, &(struct tcp_event){ .at = MARKED, .kind = "nonsense" });
	CHECK(store_failed(s) && !store_commit(s, &err) && strstr(err.text, "CHECK constraint"));
	store_close(s);
	CHECK(!exists(in_folder("forbidden.db")) && folder_clean());
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(folder))
		return 1;
	test_new();
	test_abandoned();
	test_private();
	test_name_taken();
	test_existing();
	test_rules_pass();
	test_refused();
	test_damaged();
	test_disk_full(false);
	test_disk_full(true);
	test_disk_full_late();
	test_captures();
	test_nulls();
	test_no_column_forgotten();
	test_texts();
	test_swap();
	test_forbidden_row();
	CHECK(rmdir(folder) == 0);
	return check_failed != 0;
}
