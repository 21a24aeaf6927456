/* stop.c - who watches a run is told how far it has come and can stop it, and the case says
 * where; the same for a rules pass. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "rules.h"
#include "run.h"
#include "store.h"

int check_failed;

enum { FRAMES = 3000, FLOWS = 100, FIRST_LOOK = 1024 };

static char dir[] = "/tmp/tcpwhy-stop-XXXXXX";
static char paths[2][64];

static void put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof v, 1, f);
}

/* SYNs of FLOWS clients in turn, 1 ms apart: raw IPv4. */
static void capture_write(const char *path, uint32_t from_s, uint32_t frames)
{
	FILE *f = fopen(path, "wb");
	put32(f, 0xa1b2c3d4), put32(f, 4 << 16 | 2), put32(f, 0), put32(f, 0), put32(f, 65535), put32(f, 101);
	for (uint32_t i = 0; i < frames; i++) {
		uint8_t p[40] = { 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		                  (uint8_t)(100 + i % FLOWS), 7, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16 };
		put32(f, from_s + i / 1000), put32(f, i % 1000 * 1000), put32(f, sizeof p), put32(f, sizeof p);
		fwrite(p, sizeof p, 1, f);
	}
	fclose(f);
}

/* ---- a run ---- */

struct watcher { bool stops; unsigned calls; struct run_progress first; struct run_flow flow; };

static bool watch(void *context, const struct run_progress *now)
{
	struct watcher *w = context;
	struct run_flow flow;
	if (!w->calls++) {
		w->first = *now;
		CHECK(strcmp(now->path, paths[0]) == 0);
		CHECK(run_flow_at(now, 7, &w->flow));
		CHECK(!run_flow_at(now, now->flows, &flow));
	}
	return !w->stops;
}

static void quiet(const char *sentence)
{
	(void)sentence;
}

static void check_answer(struct store *store, const char *sql, const char *wanted)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3_prepare_v2(store_db(store), sql, -1, &stmt, NULL);
	bool any = stmt && sqlite3_step(stmt) == SQLITE_ROW;
	const char *got = any ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
	CHECK(got && strcmp(got, wanted) == 0);
	if (!got || strcmp(got, wanted) != 0)
		fprintf(stderr, "   %s\n   gives %s\n   not   %s\n", sql, got ? got : "(none)", wanted);
	sqlite3_finalize(stmt);
}

static struct store *read_watched(struct watcher *w, struct run_result *result)
{
	struct err err;
	const char *const given[] = { paths[0], paths[1] };
	struct run_options how = { .trouble = quiet, .joining = JOIN_NONE, .progress = watch, .context = w };
	struct store *store = store_open(NULL, &err);
	CHECK(run_analysis(store, given, 2, &how, result, &err));
	CHECK(store_index(store, &err));
	return store;
}

static void check_told(const struct watcher *w)
{
	enum { RECORDS = FRAMES * (16 + 40) + 24 };
	CHECK(w->first.capture == 1 && w->first.frames == FIRST_LOOK && w->first.flows == FLOWS && w->first.flows_before == 0);
	CHECK(w->first.bytes > 0 && w->first.bytes_all == 2 * RECORDS);
	CHECK(strcmp(w->flow.client_ip, "10.0.0.1") == 0 && w->flow.client_port == (100 + 7) * 256 + 7);
	CHECK(w->flow.id == 8 && w->flow.server_port == 80 && !w->flow.rst && !w->flow.fin);
	CHECK(w->flow.frames == FIRST_LOOK / FLOWS + 1 && w->flow.bytes == 0);
}

static void check_stopped(void)
{
	char wanted[200];
	struct watcher w = { .stops = true };
	struct run_result result;
	struct store *store = read_watched(&w, &result);
	CHECK(result.stopped && result.files_read == 1 && result.files_cut_short == 0 && w.calls == 1);
	check_told(&w);
	check_answer(store, "SELECT count(*) || ' ' || sum(frames) FROM capture", "1 1024");
	check_answer(store, "SELECT count(*) || ' ' || sum(client_frames) FROM flow", "100 1024");
	snprintf(wanted, sizeof wanted, "1024 %s: reading was stopped after frame 1024; what came before is used,"
	         " and 1 more file was not read", paths[0]);
	check_answer(store, "SELECT cut_short_at || ' ' || trouble FROM capture_file", wanted);
	store_close(store);
}

static void check_let_go_on(void)
{
	struct watcher w = { .stops = false };
	struct run_result result;
	struct store *store = read_watched(&w, &result);
	CHECK(!result.stopped && result.files_read == 2 && w.calls > 0);
	check_told(&w);
	check_answer(store, "SELECT count(*) || ' ' || sum(frames) || ' ' || count(trouble) FROM capture_file", "2 6000 0");
	store_close(store);
}

/* ---- a pipe in which nothing comes any more ---- */

static bool watch_pipe(void *context, const struct run_progress *now)
{
	struct watcher *w = context;
	w->calls++;
	w->first = *now;
	return now->frames < 10;
}

/* Ten frames, and the pipe stays open until whoever writes is killed. */
static pid_t pipe_write(const char *path)
{
	pid_t writer = fork();
	if (writer)
		return writer;
	bool open_too = open(path, O_WRONLY) >= 0;
	capture_write(path, 1000, 10);
	while (open_too)
		pause();
	_exit(1);
}

static void check_pipe_stopped(void)
{
	char fifo[80];
	const char *const given[] = { fifo };
	struct watcher w = { 0 };
	struct run_options how = { .trouble = quiet, .progress = watch_pipe, .context = &w };
	struct run_result result;
	struct err err;
	snprintf(fifo, sizeof fifo, "%s/fifo", dir);
	CHECK(mkfifo(fifo, 0600) == 0);
	pid_t writer = pipe_write(fifo);
	struct store *store = store_open(NULL, &err);
	CHECK(run_analysis(store, given, 1, &how, &result, &err));
	CHECK(result.stopped && w.calls > 0 && w.first.bytes_all == NONE && w.first.flows == 10);
	check_answer(store, "SELECT cut_short_at || ' ' || frames FROM capture_file", "10 10");
	store_close(store);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	unlink(fifo);
}

/* ---- a rules pass ---- */

struct rules_watcher { unsigned calls; struct rules_progress first; };

static bool rules_stop(void *context, const struct rules_progress *now)
{
	struct rules_watcher *w = context;
	w->first = w->calls++ ? w->first : *now;
	return false;
}

static void check_rules_stopped(void)
{
	struct watcher w = { .stops = true };
	struct rules_watcher watcher = { 0 };
	struct rules_options how = { .progress = rules_stop, .context = &watcher };
	struct run_result result;
	struct rules rules;
	struct err err = { "" };
	struct store *store = read_watched(&w, &result);
	CHECK(rules_load(&rules, NULL, &err));
	CHECK(!rules_run(&rules, store_db(store), &how, &err));
	CHECK(strstr(err.text, "the rules were stopped after 0 of"));
	CHECK(watcher.calls == 1 && watcher.first.done == 0 && watcher.first.all == rules.n);
	CHECK(rules_run(&rules, store_db(store), NULL, &err));       /* as if nothing had been */
	check_answer(store, "SELECT group_concat(summary LIKE '%reading was stopped after frame 1024%') FROM finding"
	             " WHERE rule = 'capture.cut-short'", "1");
	rules_free(&rules);
	store_close(store);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	for (uint32_t i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof paths[i], "%s/%u.pcap", dir, i);
		capture_write(paths[i], 1000 * (i + 1), FRAMES);
	}
	check_stopped();
	check_let_go_on();
	check_pipe_stopped();
	check_rules_stopped();
	unlink(paths[0]);
	unlink(paths[1]);
	rmdir(dir);
	return check_failed > 0;
}
