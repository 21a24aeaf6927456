/* report_text.c - findings for people at a terminal: the verdict first, then what
 * proves it, then what is no problem, then the capture. What is said is in report.sql;
 * here is how it looks. See report.h. */
#include <errno.h>
#include <langinfo.h>
#include <sqlite3.h>
#include <string.h>

#include "document.h"
#include "ladder.h"
#include "page.h"
#include "report.h"
#include "report_model.h"
#include "text.h"

enum { LABEL = 11, OTHERS_MAX = 12, INCIDENTS_MAX = 10, TABLE_MAX = 30, SILENCE_NS = 1000000000 };

/* Where the columns of the evidence end; a role begins at ROLE. */
enum { FRAME = 17, TIME = 31, SENDER = 33, FLAGS = 40, LEN = 58, ROLE = 60 };

/* Where the clock of the timeline ends. */
enum { CLOCK = 28 };

struct writer { struct page page; struct model model; };

static void put(const struct writer *w, const char *text)
{
	text_put_terminal(w->page.out, text);
}

static void line_end(const struct writer *w)
{
	fputc('\n', w->page.out);
}

/* "ERROR  title" and, at the right edge, what is said in dim text. */
static void headline(const struct writer *w, const char *severity, const char *title,
                     const char *right)
{
	const char *word = severity_word(severity);
	page_put(&w->page, severity_style(severity), word);
	put(w, "  ");
	page_put(&w->page, BOLD, title);
	int used = text_width(word) + 2 + text_width(title);
	if (used + 2 + text_width(right) > w->page.width) {
		line_end(w);
		used = 0;
	}
	page_pad(&w->page, used, w->page.width - text_width(right));
	page_put(&w->page, DIM, right);
	line_end(w);
}

/* ---- verdict ---- */

/* Each text that a question answers, folded. */
static void paragraphs(struct writer *w, int indent, int lines, const char *sql)
{
	struct sqlite3_stmt *s = model_query(&w->model, sql, 0, 0);
	while (model_next(&w->model, s))
		page_fold(&w->page, "", indent, lines, model_text(s, 0));
}

static void verdict(struct writer *w)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT severity, title, confidence || iif(others, ', and ' || others || ' more below', ''), summary,"
		"       '  ' || who_label, who, remedy FROM temp.shown_verdict", 0, 0);
	bool any = false;
	while (model_next(&w->model, s)) {
		any = true;
		headline(w, model_text(s, 0), model_text(s, 1), model_text(s, 2));
		page_fold(&w->page, "", 2, 4, model_text(s, 3));
		page_fold(&w->page, model_text(s, 4), LABEL, 2, model_text(s, 5));
		page_fold(&w->page, "  Do", LABEL, 3, model_text(s, 6));
	}
	if (!any) {
		s = model_query(&w->model, "SELECT text || '.' FROM temp.shown_nothing", 0, 0);
		while (model_next(&w->model, s))
			page_put(&w->page, GREEN, model_text(s, 0));
		line_end(w);
		paragraphs(w, 2, 2, "SELECT text FROM temp.shown_no_trouble ORDER BY nr");
	}
	paragraphs(w, 2, 2, "SELECT text FROM temp.shown_left_out");
}

/* One line an incident, where there are several. */
static void overview(struct writer *w)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT severity, title, b.text || iif(findings > 1, ', ' || findings || ' times', '')"
		"       || ', ' || confidence || iif(y.text <> '', ': ' || y.text, '')"
		"  FROM temp.shown_incident i JOIN temp.shown_between b USING (id) JOIN temp.shown_why_not_surer y USING (id)"
		" WHERE (SELECT count(*) FROM temp.shown_incident) > 1 ORDER BY nr LIMIT ?1", TABLE_MAX, 0);
	bool any = false;
	while (model_next(&w->model, s)) {
		const char *word = severity_word(model_text(s, 0));
		if (!any)
			page_rule(&w->page, "Overview");
		any = true;
		put(w, "  ");
		page_put(&w->page, severity_style(model_text(s, 0)), word);
		page_pad(&w->page, 2 + text_width(word), LABEL);
		page_put(&w->page, BOLD, model_text(s, 1));
		line_end(w);
		page_fold(&w->page, "", LABEL, 2, model_text(s, 2));
	}
	paragraphs(w, LABEL, 0, "SELECT 'and ' || (count(*) - 30) || ' more; --format json lists them all'"
	           " FROM temp.shown_incident HAVING count(*) > 30");
}

/* ---- evidence ---- */

static const char evidence_sql[] =
	"SELECT e.file_frame, e.ns, e.capture_ns, p.sender, tcp_flags(p.flags), p.len, one_line(e.role),"
	"       file_name(one_line(e.file)), clock(e.ns)"
	"  FROM temp.shown_evidence e LEFT JOIN packet p ON p.flow_id = e.flow_id AND p.frame = e.frame"
	" WHERE e.finding_id = ?1 ORDER BY e.nr";

static void evidence_silence(const struct writer *w, int64_t ns)
{
	char text[64];
	const char *dots = w->page.utf8 ? "\xe2\x8b\xae" : "...";
	snprintf(text, sizeof text, "%d.%03d s", (int)(ns / SILENCE_NS),
	         (int)(ns / 1000000 % 1000));
	page_pad(&w->page, text_width(dots), FRAME);
	page_put(&w->page, DIM, dots);
	page_pad(&w->page, FRAME + text_width(text), TIME);
	page_put(&w->page, DIM, text);
	line_end(w);
}

/* Seconds from the start of the capture, or "-". */
static void time_text(struct sqlite3_stmt *s, char text[static 32])
{
	int64_t at = sqlite3_column_int64(s, 1) - sqlite3_column_int64(s, 2);
	long long size = at < 0 ? -at : at;
	if (sqlite3_column_type(s, 1) != SQLITE_NULL && sqlite3_column_type(s, 2) != SQLITE_NULL)
		snprintf(text, 32, "%s%lld.%06d", at < 0 ? "-" : "", size / SILENCE_NS,
		         (int)(size % SILENCE_NS / 1000));
	else
		snprintf(text, 32, "-");
}

/* "      12    914.155123  server RST              0  reset" */
static void evidence_row(const struct writer *w, struct sqlite3_stmt *s, bool many)
{
	FILE *out = w->page.out;
	char time[32], role[256];
	bool packet = sqlite3_column_type(s, 4) != SQLITE_NULL;
	const char *flags = model_text(s, 4);
	time_text(s, time);
	fprintf(out, "%*lld%*s  ", FRAME, sqlite3_column_int64(s, 0), TIME - FRAME, time);
	put(w, model_text(s, 3));
	page_pad(&w->page, SENDER + text_width(model_text(s, 3)), FLAGS);
	fputs(flags, out);
	page_pad(&w->page, FLAGS + text_width(flags), LEN - 7);
	if (packet)
		fprintf(out, "%7lld", sqlite3_column_int64(s, 5));
	snprintf(role, sizeof role, many ? "%.120s (%.120s)" : "%.120s", model_text(s, 6),
	         model_text(s, 7));
	page_fold_from(&w->page, packet ? LEN : LEN - 7, ROLE, 0, role);
}

static const char evidence_head[] =
	"  Evidence  frame       time, s  sender flags         length  what it is";

static void evidence(struct writer *w, long long finding)
{
	char text[128] = "";
	int64_t last = 0;
	bool many = model_number(&w->model,
	                         "SELECT max(files) > 1 OR count(DISTINCT capture_id) > 1"
	                         " FROM shown_evidence WHERE finding_id = ?1",
	                         finding);
	bool any = false;
	struct sqlite3_stmt *s = model_query(&w->model, evidence_sql, finding, 0);
	while (model_next(&w->model, s)) {
		int64_t ns = sqlite3_column_int64(s, 1);
		bool timed = sqlite3_column_type(s, 1) != SQLITE_NULL;
		if (!any) {
			line_end(w);
			page_put(&w->page, DIM, evidence_head);
			line_end(w);
		}
		if (timed && *text && ns - last > SILENCE_NS)
			evidence_silence(w, ns - last);
		evidence_row(w, s, many);
		any = true;
		if (timed && !*text)
			snprintf(text, sizeof text, "Frame %lld: %s; time 0 is the capture's start.",
			         sqlite3_column_int64(s, 0), model_text(s, 8));
		last = timed ? ns : last;
	}
	if (!*text)
		return;
	page_pad(&w->page, 0, LABEL + 1);
	page_put(&w->page, DIM, text);
	line_end(w);
}

/* The picture, under the table. */
static void ladder(struct writer *w, long long finding)
{
	struct ladder l;
	if (ladder_read(&l, &w->model, finding))
		ladder_draw_text(&w->page, &l, 2);
	ladder_free(&l);
}

static void filters(struct writer *w, long long finding)
{
	struct sqlite3_stmt *s = model_filters(&w->model, finding);
	while (model_next(&w->model, s)) {
		const char *label = sqlite3_column_int(s, 0) == 1 ? "  Filter" : "  or";
		page_put(&w->page, DIM, label);               /* not folded: it is to be copied */
		page_pad(&w->page, text_width(label), LABEL);
		put(w, model_text(s, 1));
		line_end(w);
		if (sqlite3_column_int(s, 3) > 1)
			page_fold(&w->page, "", LABEL, 0, model_text(s, 2));
	}
}

/* ---- findings ---- */

static void endpoints_put(const struct writer *w, const char *client, const char *server)
{
	put(w, client);
	if (*client && *server)
		put(w, " -> ");
	put(w, server);
}

/* The other findings of an incident, a line each. */
static void others(struct writer *w, long long incident)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT '  +' || duration(after_ns), client || ', ' || confidence || coalesce(': ' || numbers, ''), n"
		"  FROM temp.shown_again WHERE incident_id = ?1 AND nth <= ?2 ORDER BY nth", incident, OTHERS_MAX);
	long long n = 0, shown = 0;
	while (model_next(&w->model, s)) {
		if (!shown++) {
			line_end(w);
			page_put(&w->page, BOLD, "  The same again");
			line_end(w);
		}
		n = sqlite3_column_int64(s, 2);
		page_fold(&w->page, model_text(s, 0), LABEL + 6, 2, model_text(s, 1));
	}
	if (n > OTHERS_MAX) {
		char text[96];
		snprintf(text, sizeof text, "and %lld more; --format json lists them all", n - OTHERS_MAX);
		page_fold(&w->page, "", LABEL + 6, 0, text);
	}
}

/* What an analyst wrote about it. */
static void notes_of(struct writer *w, long long incident)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT text FROM temp.shown_incident_note WHERE incident_id = ?1 ORDER BY id", incident, 0);
	while (model_next(&w->model, s))
		page_fold(&w->page, "  Note", LABEL, 0, model_text(s, 0));
}

/* What the rule says, with the finding's numbers. */
static void parts(struct writer *w, long long finding)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT '  ' || label, text FROM temp.shown_part WHERE finding_id = ?1 AND text <> '' ORDER BY nr",
		finding, 0);
	while (model_next(&w->model, s))
		page_fold(&w->page, model_text(s, 0), LABEL, 0, model_text(s, 1));
}

static const char finding_sql[] =
	"SELECT i.severity, i.title, i.rule || ', ' || i.confidence, i.client, i.server, one_line(f.summary),"
	"       iif((SELECT count(*) FROM capture) > 1, one_line(c.name), ''), i.id, i.doubt, i.nth, i.of_rule, i.rule"
	"  FROM temp.shown_incident i JOIN finding f ON f.id = i.id LEFT JOIN capture c ON c.id = i.capture_id"
	" WHERE i.nth <= ?1 + 1 ORDER BY i.nr";

/* Of finding_sql: what makes it less sure, which of its rule's incidents, of how many. */
enum { ID = 7, DOUBT, NTH, OF_RULE, RULE };

static void finding_put(struct writer *w, struct sqlite3_stmt *s)
{
	long long id = sqlite3_column_int64(s, ID);
	bool first = sqlite3_column_int64(s, NTH) == 1;
	line_end(w);
	headline(w, model_text(s, 0), model_text(s, 1), model_text(s, 2));
	put(w, "  ");
	endpoints_put(w, model_text(s, 3), model_text(s, 4));
	put(w, *model_text(s, 6) ? "  " : "");
	page_put(&w->page, DIM, model_text(s, 6));
	line_end(w);
	page_fold(&w->page, "", 2, 0, model_text(s, 5));
	evidence(w, id);
	if (first)
		ladder(w, id);
	line_end(w);
	if (*model_text(s, DOUBT))
		page_fold(&w->page, "  Doubt", LABEL, 0, model_text(s, DOUBT));
	notes_of(w, id);
	if (first)
		parts(w, id);
	else
		page_fold(&w->page, "  Why", LABEL, 0, "as above, where this rule is explained");
	filters(w, id);
	others(w, id);
}

/* A rule's incidents beyond INCIDENTS_MAX: told once, as a number. */
static void incidents_more(struct writer *w, struct sqlite3_stmt *s)
{
	char text[160];
	snprintf(text, sizeof text, "and %lld more of %.80s; --format json lists them all",
	         (long long)sqlite3_column_int64(s, OF_RULE) - INCIDENTS_MAX, model_text(s, RULE));
	line_end(w);
	page_fold(&w->page, "", 2, 0, text);
}

/* The first incident of a rule with all there is to say, more of it in short. */
static void findings(struct writer *w)
{
	bool any = false;
	struct sqlite3_stmt *s = model_query(&w->model, finding_sql, INCIDENTS_MAX, 0);
	while (model_next(&w->model, s)) {
		if (!any)
			page_rule(&w->page, "Findings");
		any = true;
		if (sqlite3_column_int64(s, NTH) <= INCIDENTS_MAX)
			finding_put(w, s);
		else
			incidents_more(w, s);
	}
}

/* When what happened, where it is more than one thing. */
static void timeline(struct writer *w)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT coalesce(clock_s(from_ns), '-'), severity, title, coalesce(client, '')"
		"  FROM temp.shown_timeline WHERE (SELECT count(*) FROM temp.shown_timeline) > 1 LIMIT ?1", TABLE_MAX, 0);
	bool any = false;
	while (model_next(&w->model, s)) {
		char text[256];
		const char *when = model_text(s, 0), *word = severity_word(model_text(s, 1));
		if (!any)
			page_rule(&w->page, "Timeline");
		any = true;
		put(w, "  ");
		page_put(&w->page, DIM, when);
		page_pad(&w->page, 2 + text_width(when), CLOCK);
		page_put(&w->page, severity_style(model_text(s, 1)), word);
		snprintf(text, sizeof text, "%.120s%s%.60s", model_text(s, 2), *model_text(s, 3) ? ", " : "",
		         model_text(s, 3));
		page_fold_from(&w->page, CLOCK + text_width(word), CLOCK + 9, 2, text);
	}
	paragraphs(w, CLOCK, 0, "SELECT 'and ' || (count(*) - 30) || ' more; --format json lists them all'"
	           " FROM temp.shown_timeline HAVING count(*) > 30");
}

/* Points under a heading, which is written when there is one. */
static void points(struct writer *w, const char *heading, const char *sql)
{
	bool any = false;
	struct sqlite3_stmt *s = model_query(&w->model, sql, 0, 0);
	while (model_next(&w->model, s)) {
		if (!any && heading)
			page_rule(&w->page, heading);
		any = true;
		page_fold(&w->page, w->page.utf8 ? "  \xc2\xb7" : "  -", 4, 0, model_text(s, 0));
	}
}

/* ---- capture ---- */

/* What limits the captures: no accusation, but what every verdict stands on. */
static void quality(struct writer *w)
{
	const char *dot = w->page.utf8 ? "  \xc2\xb7" : "  -";
	bool any = false;
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT q.severity = 'note', one_line(q.summary) || ' (' || q.rule || ')', c.name,"
		"       (SELECT count(*) FROM capture) > 1"
		"         AND row_number() OVER (PARTITION BY q.capture_id ORDER BY q.id) = 1"
		"  FROM temp.shown_quality q LEFT JOIN capture c ON c.id = q.capture_id"
		" ORDER BY q.capture_id, q.id", 0, 0);
	page_rule(&w->page, "Capture quality");
	while (model_next(&w->model, s)) {
		bool note = sqlite3_column_int(s, 0);
		any = true;
		if (sqlite3_column_int(s, 3)) {
			put(w, "  ");
			page_put(&w->page, BOLD, model_text(s, 2));
			line_end(w);
		}
		page_put(&w->page, note ? DIM : YELLOW, note ? dot : "  !");
		page_fold_from(&w->page, 3, 4, 0, model_text(s, 1));
	}
	points(w, NULL, "SELECT text FROM temp.shown_unjudged ORDER BY nr");
	if (any)
		page_fold(&w->page, "", 4, 0,
		          "`tcpwhy doctor` goes through all of it, and says how to capture better.");
}

static void services(struct writer *w)
{
	points(w, "Services",
	       "SELECT server || iif(app <> '', ', ' || app, '') || ': ' || plural(flows, 'connection')"
	       "       || ' of ' || plural(clients, 'client') || ', ' || received || ' bytes in, ' || sent || ' out'"
	       "       || iif(resets, ', ' || resets || ' ended by RST', '')"
	       "       || iif(refused + unanswered, ', ' || (refused + unanswered) || ' refused or unanswered', '')"
	       "  FROM temp.shown_service LIMIT 10");
}

static void files(struct writer *w, long long capture)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT one_line(path), size || ' bytes, ' || coalesce(compression || ', ', '') || format"
		"       || coalesce(', ' || link_type, '') || coalesce(', snaplen ' || snaplen, '') || ', ' || plural(frames, 'frame'),"
		"       iif(sha256 = '', 'not hashed (--no-hash)', 'SHA-256 ' || sha256)"
		"  FROM capture_file WHERE capture_id = ?1 ORDER BY seq", capture, 0);
	while (model_next(&w->model, s)) {
		put(w, "  ");
		page_put(&w->page, BOLD, model_text(s, 0));
		line_end(w);
		page_fold(&w->page, "", 4, 0, model_text(s, 1));
		page_fold(&w->page, "", 4, 0, model_text(s, 2));
	}
}

static void captures(struct writer *w)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT id, clock(first_ns) || ' to ' || clock(last_ns) || ', ' || duration(last_ns - first_ns),"
		"       tcp_frames || ' of ' || plural(frames, 'frame') || ' are TCP, in '"
		"         || (SELECT plural(count(*), 'connection') FROM flow WHERE capture_id = capture.id) || '.'"
		"  FROM capture ORDER BY id", 0, 0);
	page_rule(&w->page, "Capture");
	while (model_next(&w->model, s)) {
		files(w, sqlite3_column_int64(s, 0));
		if (*model_text(s, 1))
			page_fold(&w->page, "", 4, 0, model_text(s, 1));
		page_fold(&w->page, "", 4, 0, model_text(s, 2));
	}
	s = model_query(&w->model, "SELECT '  ' || label, text FROM temp.shown_made_with ORDER BY nr", 0, 0);
	while (model_next(&w->model, s))
		page_fold(&w->page, model_text(s, 0), LABEL + 2, 0, model_text(s, 1));
}

/* Where a time was asked for: what happened around it. */
static void near(struct writer *w)
{
	if (!model_number(&w->model, "SELECT count(*) FROM temp.chosen_time", 0))
		return;
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT off, what, client || ' -> ' || server || coalesce(', ' || app, '') || ', tcp.stream ' || stream"
		"  FROM temp.shown_near ORDER BY nr LIMIT 20", 0, 0);
	page_rule(&w->page, "Connections around that time");
	while (model_next(&w->model, s)) {
		const char *off = model_text(s, 0);
		page_pad(&w->page, text_width(off), LABEL + 2);
		page_put(&w->page, DIM, off);
		put(w, "  ");
		page_fold_from(&w->page, LABEL + 4, LABEL + 4, 2, model_text(s, 1));
		page_fold(&w->page, "", LABEL + 4, 2, model_text(s, 2));
	}
	paragraphs(w, LABEL + 4, 0, "SELECT 'and ' || (flows - 20) || ' more connections' FROM temp.shown_near"
	           " WHERE flows > 20 LIMIT 1");
}

bool report_text(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	struct writer w = { .page = { .out = options->out, .colour = options->colour,
	                              .width = options->width,
	                              .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 } };
	if (!model_open(&w.model, db, err))
		return false;
	verdict(&w);
	overview(&w);
	near(&w);
	findings(&w);
	timeline(&w);
	points(&w, "Notes", "SELECT about || ': ' || said FROM temp.shown_note_apart ORDER BY id");
	points(&w, "Not a problem", "SELECT text FROM temp.shown_benign ORDER BY incident_id");
	quality(&w);
	services(&w);
	captures(&w);
	if (!model_close(&w.model))
		return false;
	if (fflush(options->out) || ferror(options->out))
		return fail(err, "the report could not be written: %s", strerror(errno));
	return true;
}
