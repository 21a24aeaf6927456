/* save.c - see save.h. */
#include "save.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "browser.h"
#include "conversation.h"
#include "extract.h"
#include "output.h"
#include "packet_read.h"
#include "report.h"
#include "report_choice.h"
#include "store.h"

enum { TEXT_WIDTH = 100 };

/* ---- what is written ---- */

static bool ends_with(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);
	return n > m && strcasecmp(path + n - m, ending) == 0;
}

/* By the name's ending, text where it says nothing. */
static bool report_write(void *context, FILE *out, struct err *err)
{
	static const struct { const char *ending; bool (*write)(struct sqlite3 *, const struct report_options *, struct err *); }
	formats[] = { { ".html", report_html }, { ".htm", report_html }, { ".md", report_markdown },
	              { ".json", report_json }, { ".ndjson", report_ndjson } };
	struct browser *b = context;
	struct report_options how = { .out = out, .width = TEXT_WIDTH };
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (ends_with(b->saving.path, formats[i].ending))
			return formats[i].write(b->db, &how, err);
	return report_text(b->db, &how, err);
}

static bool report_save(struct browser *b, struct err *err)
{
	int64_t finding = b->pointed.finding;
	if (finding && !choice_narrow(b->db, finding, err))
		return false;
	bool ok = output_write(b->saving.path, report_write, b, err);
	if (finding)
		choice_widen(b->db);
	return ok;
}

/* The bytes themselves go into a file whose name says so. */
static bool stream_write(void *context, FILE *out, struct err *err)
{
	struct browser *b = context;
	struct conversation *c = conversation_of(b->db, b->pointed.flow, err);
	struct packet_reader *reader = c ? packet_reader_open(b->db) : NULL;
	bool ok = c && conversation_write(out, c, reader, NONE,
	                                  ends_with(b->saving.path, ".bin") ? CONVERSATION_RAW : CONVERSATION_TEXT, err);
	if (ok && (fflush(out) || ferror(out)))
		ok = fail(err, "%s could not be written", b->saving.path);
	packet_reader_close(reader);
	conversation_free(c);
	return ok;
}

static bool screen_write(void *context, FILE *out, struct err *err)
{
	struct browser *b = context;
	struct canvas c = { .rows = b->drawn_rows, .cols = b->drawn_cols, .ascii = b->drawn_ascii };
	b->message[0] = '\0';
	browser_draw(b, &c);
	canvas_write(&c, out, false);
	canvas_free(&c);
	return (fflush(out) == 0 && !ferror(out)) || fail(err, "%s could not be written", b->saving.path);
}

static bool packets_save(struct browser *b, size_t *frames, struct err *err)
{
	bool of_finding = b->pointed.finding && !b->pointed.frame;
	char value[128];
	snprintf(value, sizeof value, "%lld", (long long)b->pointed.flow);
	struct sqlite3_stmt *s = of_finding
	    ? model_query(&b->model, "SELECT fingerprint FROM finding WHERE id = ?1", b->pointed.finding, 0) : NULL;
	while (model_next(&b->model, s))
		snprintf(value, sizeof value, "%s", model_text(s, 0));
	struct choice choice = { of_finding ? CHOOSE_FINDING : CHOOSE_FLOW, value };
	struct extract_options how = { .chosen_only = true, .output = b->saving.path };
	return extract_choose(b->db, &choice, 1, err) && extract(b->db, &how, frames, err);
}

static bool case_save(struct browser *b, struct err *err)
{
	if (!store_save_as(b->store, b->saving.path, err))
		return false;
	b->notes_lost = 0;
	return true;
}

static void save_now(struct browser *b)
{
	struct err err;
	size_t frames = 0;
	bool ok = false;
	switch (b->saving.kind) {
	case 'p': ok = packets_save(b, &frames, &err); break;
	case 's': ok = output_write(b->saving.path, stream_write, b, &err); break;
	case 'r': ok = report_save(b, &err); break;
	case 'f': ok = output_write(b->saving.path, screen_write, b, &err); break;
	case 'c': ok = case_save(b, &err); break;
	}
	if (!ok)
		browser_say(b, LOOK_ERROR, "%s", err.text);
	else if (b->saving.kind == 'p')
		browser_say(b, LOOK_GOOD, "Wrote %zu packet%s to %s", frames, frames == 1 ? "" : "s", b->saving.path);
	else
		browser_say(b, LOOK_GOOD, "Wrote %s", b->saving.path);
}

/* ---- where ---- */

static void file_named(struct browser *, const char *);

static void save_begin(struct browser *b)
{
	browser_say(b, LOOK_DIM, "Writing %s ...", b->saving.path);
	later_do(b, save_now);
}

static bool is_same_file(const char *path, const struct stat *as)
{
	struct stat st;
	return path && *path && stat(path, &st) == 0 && st.st_dev == as->st_dev && st.st_ino == as->st_ino;
}

/* Whether it is what the case was made of, or the case. */
static bool is_source(struct browser *b, const struct stat *st)
{
	bool is = is_same_file(sqlite3_db_filename(b->db, "main"), st);
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT path FROM capture_file", 0, 0);
	while (model_next(&b->model, s))
		is |= is_same_file(model_text(s, 0), st);
	return is;
}

/* Why nothing can be written there; NULL: it can, as far as one sees. */
static const char *name_trouble(struct browser *b, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "That is a folder; a file is needed.";
	if (!S_ISREG(st->st_mode))
		return "That is no ordinary file.";
	if (b->saving.kind == 'c')
		return "That is there already; a case is only written under a new name.";
	return is_source(b, st) ? "That is one of the captures, or the case itself." : NULL;
}

static void ask_name(struct browser *b, const char *proposal)
{
	static const struct { char kind; const char *what; } kinds[] = {
		{ 'p', "packets" }, { 's', "stream text" }, { 'r', "report (.html .md .json .txt)" }, { 'f', "screen" },
		{ 'c', "case" } };
	char label[96] = "";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].kind == b->saving.kind)
			snprintf(label, sizeof label, "%s to file: ", kinds[i].what);
	browser_ask(b, ASKED_FILE, label, proposal, file_named);
}

static void overwrite_answered(struct browser *b, const char *key)
{
	if (*key == 'y')
		save_begin(b);
	else
		ask_name(b, b->saving.path);
}

/* "-" would be standard output, which is the screen. */
static void file_named(struct browser *b, const char *line)
{
	struct stat st;
	char label[96];
	if (!*line)
		return;
	snprintf(b->saving.path, sizeof b->saving.path, "%s%.*s", strcmp(line, "-") == 0 ? "./" : "", PROMPT_SIZE - 3, line);
	if (stat(b->saving.path, &st) != 0) {
		save_begin(b);
		return;
	}
	const char *trouble = name_trouble(b, &st);
	snprintf(label, sizeof label, "%.60s is there. Overwrite it? y/n ", b->saving.path);
	if (!trouble)
		browser_choose(b, label, "yn", overwrite_answered);
	else {
		ask_name(b, line);
		browser_say(b, LOOK_ERROR, "%s", trouble);
	}
}

/* ---- what ---- */

static void name_propose(struct browser *b, char *name, size_t size)
{
	const struct about *p = &b->pointed;
	long long stream = model_number(&b->model, "SELECT stream FROM flow WHERE id = ?1", p->flow);
	bool of_finding = p->finding && (!p->frame || b->saving.kind == 'r');
	switch (b->saving.kind) {
	case 'p':
		if (!of_finding) {
			snprintf(name, size, "stream-%lld.pcap", stream);
			break;
		}
		snprintf(name, size, "finding-%lld.pcap", (long long)p->finding);
		break;
	case 's': snprintf(name, size, "stream-%lld.txt", stream); break;
	case 'r':
		if (of_finding)
			snprintf(name, size, "finding-%lld.html", (long long)p->finding);
		else
			snprintf(name, size, "report.html");
		break;
	case 'c': snprintf(name, size, "case.db"); break;
	default:  snprintf(name, size, "screen.txt"); break;
	}
}

void save_what(struct browser *b, char kind, const char *path)
{
	char name[64];
	b->pointed = browser_pointed(b);
	b->saving.kind = kind;
	if ((kind == 'p' || kind == 's') && !b->pointed.flow && !(kind == 'p' && b->pointed.finding)) {
		browser_say(b, LOOK_WARNING, "Nothing here belongs to a connection: there are no packets to save.");
		return;
	}
	name_propose(b, name, sizeof name);
	if (*path)
		file_named(b, path);
	else
		ask_name(b, name);
}

static void kind_chosen(struct browser *b, const char *key)
{
	save_what(b, *key, "");
}

void save_ask(struct browser *b, void *state, int key)
{
	struct about about = browser_pointed(b);
	char label[96];
	(void)state, (void)key;
	snprintf(label, sizeof label, "save: %s%sr report  f this screen ", about.flow || about.finding ? "p packets  " : "",
	         about.flow ? "s stream text  " : "");
	browser_choose(b, label, about.flow ? "psrf" : about.finding ? "prf" : "rf", kind_chosen);
}
