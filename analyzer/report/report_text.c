/* report_text.c - findings for people at a terminal: the verdict first, then what
 * proves it, then what is no problem, then the capture. See report.h. */
#include <errno.h>
#include <langinfo.h>
#include <sqlite3.h>
#include <string.h>

#include "page.h"
#include "report.h"
#include "report_model.h"
#include "text.h"

enum { LABEL = 11, OTHERS_MAX = 12, INCIDENTS_MAX = 10, SILENCE_NS = 1000000000 };

/* Where the columns of the evidence end; a role begins at ROLE. */
enum { FRAME = 17, TIME = 31, SENDER = 33, FLAGS = 40, LEN = 58, ROLE = 60 };

struct writer { struct page page; struct model model; };

static void put(const struct writer *w, const char *text)
{
	text_put_terminal(w->page.out, text);
}

static void line_end(const struct writer *w)
{
	fputc('\n', w->page.out);
}

static enum style severity_style(const char *severity)
{
	return strcmp(severity, "error") == 0     ? RED
	       : strcmp(severity, "warning") == 0 ? YELLOW
	                                          : BOLD;
}

static const char *severity_word(const char *severity)
{
	return strcmp(severity, "error") == 0     ? "ERROR"
	       : strcmp(severity, "warning") == 0 ? "WARNING"
	                                          : "NOTE";
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

/* Of the incidents that are a problem the one to speak of first. */
static const char worst_sql[] =
	"SELECT severity, title, confidence, rule, one_line(summary), filled(remedy_text, numbers),"
	"       client_address, server, incident_id, n, first_ns, last_ns, count(*) OVER () - 1"
	"  FROM shown_finding f JOIN (SELECT incident_id AS incident, count(*) AS n,"
	"              min(address(client)) AS client_address, min(from_ns) AS first_ns,"
	"              max(coalesce(to_ns, from_ns)) AS last_ns"
	"         FROM shown_finding WHERE place = 'finding' GROUP BY incident_id) ON f.id = incident"
	" ORDER BY severity = 'note', severity = 'warning', confidence = 'possible',"
	"          confidence = 'likely', n DESC, incident_id LIMIT 1";

/* "Since  2026-11-21 01:49:47 UTC, 3 times in 40.1 s"; where the summary does not
 * say between whom, that first. */
static void verdict_who(const struct writer *w, struct sqlite3_stmt *s)
{
	char at[TEXT_TIME_SIZE], span[TEXT_DURATION_SIZE], text[512];
	const char *client = model_text(s, 6), *server = model_text(s, 7);
	bool named = strstr(model_text(s, 4), client) && strstr(model_text(s, 4), server);
	bool timed = sqlite3_column_type(s, 10) != SQLITE_NULL;
	int64_t ns = sqlite3_column_int64(s, 10), took = sqlite3_column_int64(s, 11) - ns;
	int times = sqlite3_column_int(s, 9), n = 0;
	text[0] = '\0';
	if (!named)
		n = snprintf(text, sizeof text, "%.128s%s%.128s", client,
		             *client && *server ? " -> " : "", server);
	if (timed)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%.19s UTC", n ? ", " : "",
		              text_time(ns, at));
	if (times > 1)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%d times", n ? ", " : "",
		              times);
	if (timed && times > 1)
		snprintf(text + n, sizeof text - (size_t)n, " in %s", text_duration(took, span));
	page_fold(&w->page, named ? "  Since" : "  Who", LABEL, 2, text);
}

/* The first sentence of a remedy. */
static void verdict_remedy(const struct writer *w, int lines, const char *remedy)
{
	char text[512];
	size_t n = strcspn(remedy, "\n");
	for (size_t i = 0; i + 1 < n; i++)
		if ((remedy[i] == '.' || remedy[i] == ';') && remedy[i + 1] == ' ')
			n = i + 1;
	n = n < sizeof text - 1 ? n : sizeof text - 1;
	memcpy(text, remedy, n);
	text[n] = '\0';
	if (n > 0 && text[n - 1] == ';')
		text[n - 1] = '.';
	page_fold(&w->page, "  Do", LABEL, lines, text);
}

static void no_trouble(struct writer *w)
{
	struct model *m = &w->model;
	char text[512], span[TEXT_DURATION_SIZE];
	long long flows = model_number(m, "SELECT count(*) FROM flow", 0);
	long long http = model_number(m, "SELECT count(*) FROM http_exchange", 0);
	long long amqp = model_number(m, "SELECT count(*) FROM amqp_connection", 0);
	long long ns = model_number(m, "SELECT coalesce(sum(last_ns - first_ns), 0) FROM capture",
	                            0);
	snprintf(text, sizeof text,
	         "Looked at %lld TCP connection%s, %lld HTTP exchange%s and %lld AMQP"
	         " connection%s in %s of capture.",
	         flows, flows == 1 ? "" : "s", http, http == 1 ? "" : "s", amqp,
	         amqp == 1 ? "" : "s", text_duration(ns, span));
	page_put(&w->page, GREEN, "No trouble found.");
	line_end(w);
	page_fold(&w->page, "", 2, 2, text);
	if (model_number(m, "SELECT count(*) FROM shown_quality", 0))
		page_fold(&w->page, "", 2, 2,
		          "The capture has limits that may hide trouble; see \"Capture quality\""
		          " below.");
}

static void verdict(struct writer *w)
{
	struct sqlite3_stmt *s = model_query(&w->model, worst_sql, 0, 0);
	bool any = false;
	while (model_next(&w->model, s)) {
		char right[128];
		long long others = sqlite3_column_int64(s, 12);
		if (others)
			snprintf(right, sizeof right, "%.20s, and %lld more below",
			         model_text(s, 2), others);
		else
			snprintf(right, sizeof right, "%.20s", model_text(s, 2));
		any = true;
		headline(w, model_text(s, 0), model_text(s, 1), right);
		page_fold(&w->page, "", 2, 4, model_text(s, 4));
		verdict_who(w, s);
		verdict_remedy(w, 3, model_text(s, 5));
	}
	if (!any)
		no_trouble(w);
}

/* ---- evidence ---- */

static const char evidence_sql[] =
	"SELECT e.file_frame, e.ns, e.capture_ns, p.sender, p.flags, p.len, one_line(e.role),"
	"       one_line(e.file), e.files,"
	"       e.stream, e.nr"
	"  FROM shown_evidence e LEFT JOIN packet p ON p.flow_id = e.flow_id AND p.frame = e.frame"
	" WHERE e.finding_id = ?1 ORDER BY e.nr";

/* "SYN ACK" as in the header, the way people write it. */
static void flags_text(int flags, char text[static 40])
{
	static const char *const names[] = {
		"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"
	};
	static const int order[] = { 1, 2, 0, 3, 5, 6, 7, 4 };
	size_t n = 0;
	text[0] = '\0';
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (flags & 1 << order[i])
			n += (size_t)snprintf(text + n, 40 - n, "%s%s", n ? "," : "",
			                      names[order[i]]);
}

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
	char flags[40] = "", time[32], role[256];
	bool packet = sqlite3_column_type(s, 4) != SQLITE_NULL;
	const char *file = model_text(s, 7), *slash = strrchr(file, '/');
	time_text(s, time);
	if (packet)
		flags_text(sqlite3_column_int(s, 4), flags);
	fprintf(out, "%*lld%*s  ", FRAME, sqlite3_column_int64(s, 0), TIME - FRAME, time);
	put(w, model_text(s, 3));
	page_pad(&w->page, SENDER + text_width(model_text(s, 3)), FLAGS);
	fputs(flags, out);
	page_pad(&w->page, FLAGS + text_width(flags), LEN - 7);
	if (packet)
		fprintf(out, "%7lld", sqlite3_column_int64(s, 5));
	snprintf(role, sizeof role, many ? "%.120s (%.120s)" : "%.120s", model_text(s, 6),
	         slash ? slash + 1 : file);
	page_fold_from(&w->page, packet ? LEN : LEN - 7, ROLE, 0, role);
}

static const char evidence_head[] =
	"  Evidence  frame       time, s  sender flags         length  what it is";

static void evidence(struct writer *w, long long finding)
{
	char buf[TEXT_TIME_SIZE], text[128] = "";
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
			snprintf(text, sizeof text,
			         "Frame %lld: %s UTC; time 0 is the capture's start.",
			         sqlite3_column_int64(s, 0), text_time(ns, buf));
		last = timed ? ns : last;
	}
	if (!*text)
		return;
	page_pad(&w->page, 0, LABEL + 1);
	page_put(&w->page, DIM, text);
	line_end(w);
}

/* One filter for each file: numbers of streams and frames are a file's own. */
static void filters(struct writer *w, long long finding)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT iif(max(files) = 1 AND count(stream) = count(*),"
		"           iif(count(DISTINCT stream) = 1, 'tcp.stream eq ' || min(stream),"
		"               'tcp.stream in {' || group_concat(DISTINCT stream) || '}') || ' && ', '')"
		"       || 'frame.number in {' || group_concat(file_frame) || '}',"
		"       file, count(*) OVER ()"
		"  FROM (SELECT * FROM shown_evidence WHERE finding_id = ?1 ORDER BY nr)"
		" GROUP BY capture_id, file_seq, file ORDER BY capture_id, file_seq", finding, 0);
	while (model_next(&w->model, s)) {
		bool many = sqlite3_column_int(s, 2) > 1;
		page_fold(&w->page, "  Filter", LABEL, 0, model_text(s, 0));
		if (many)
			page_fold(&w->page, "", LABEL, 0, model_text(s, 1));
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
		"SELECT f.from_ns - c.first_ns, f.client, f.confidence,"
		"       (SELECT one_line(group_concat(key || ' '"
		"              || iif(type = 'real', round(value, 3), value), ', ')) FROM json_each(f.numbers)"
		"         WHERE type IN ('integer', 'real', 'text') AND length(value) <= 24)"
		"  FROM shown_finding f LEFT JOIN capture c ON c.id = f.capture_id"
		" WHERE f.incident_id = ?1 ORDER BY f.id", incident, 0);
	long long n = 0;
	while (model_next(&w->model, s)) {
		char label[TEXT_DURATION_SIZE + 4], text[1024], at[TEXT_DURATION_SIZE];
		if (n == 1) {
			line_end(w);
			page_put(&w->page, BOLD, "  The same again");
			line_end(w);
		}
		if (n++ == 0 || n - 1 > OTHERS_MAX)
			continue;
		snprintf(label, sizeof label, "  +%s",
		         text_duration(sqlite3_column_int64(s, 0), at));
		snprintf(text, sizeof text, "%.100s, %.20s%s%.300s", model_text(s, 1),
		         model_text(s, 2), *model_text(s, 3) ? ": " : "", model_text(s, 3));
		page_fold(&w->page, label, LABEL + 6, 2, text);
	}
	if (n - 1 > OTHERS_MAX) {
		char text[96];
		snprintf(text, sizeof text, "and %lld more; --format json lists them all",
		         n - 1 - OTHERS_MAX);
		page_fold(&w->page, "", LABEL + 6, 0, text);
	}
}

static const char finding_sql[] =
	"SELECT f.severity, f.title, f.confidence, f.rule, f.client, f.server, one_line(f.summary),"
	"       filled(f.explains, f.numbers), filled(f.remedy_text, f.numbers),"
	"       filled(f.confirm, f.numbers), filled(f.not_when, f.numbers), f.reference,"
	"       f.id, f.stream, f.flow_id, c.name, (SELECT count(*) FROM capture),"
	"       row_number() OVER (PARTITION BY f.rule ORDER BY f.id),"
	"       count(*) OVER (PARTITION BY f.rule), f.doubt"
	"  FROM shown_finding f LEFT JOIN capture c ON c.id = f.capture_id"
	" WHERE f.place = 'finding' AND f.id = f.incident_id ORDER BY f.id";

/* Of finding_sql: which of its rule's incidents, of how many, and what makes it less sure. */
enum { NTH = 17, OF_RULE = 18, DOUBT = 19 };

static void finding_put(struct writer *w, struct sqlite3_stmt *s)
{
	static const struct { const char *label; int column; } parts[] = {
		{ "  Why", 7 },     { "  Remedy", 8 }, { "  Confirm", 9 },
		{ "  Not if", 10 }, { "  See", 11 },
	};
	char right[160];
	long long id = sqlite3_column_int64(s, 12);
	snprintf(right, sizeof right, "%.100s, %.20s", model_text(s, 3), model_text(s, 2));
	line_end(w);
	headline(w, model_text(s, 0), model_text(s, 1), right);
	put(w, "  ");
	endpoints_put(w, model_text(s, 4), model_text(s, 5));
	if (sqlite3_column_int(s, 16) > 1) {
		put(w, "  ");
		page_put(&w->page, DIM, model_text(s, 15));
	}
	line_end(w);
	page_fold(&w->page, "", 2, 0, model_text(s, 6));
	evidence(w, id);
	line_end(w);
	if (*model_text(s, DOUBT))
		page_fold(&w->page, "  Doubt", LABEL, 0, model_text(s, DOUBT));
	if (sqlite3_column_int64(s, NTH) > 1)
		page_fold(&w->page, "  Why", LABEL, 0, "as above, where this rule is explained");
	else
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
			page_fold(&w->page, parts[i].label, LABEL, 0, model_text(s, parts[i].column));
	filters(w, id);
	others(w, id);
}

/* A rule's incidents beyond INCIDENTS_MAX: told once, as a number. */
static void incidents_more(struct writer *w, struct sqlite3_stmt *s)
{
	char text[160];
	snprintf(text, sizeof text, "and %lld more of %.80s; --format json lists them all",
	         (long long)sqlite3_column_int64(s, OF_RULE) - INCIDENTS_MAX, model_text(s, 3));
	line_end(w);
	page_fold(&w->page, "", 2, 0, text);
}

/* The first incident of a rule with all there is to say, more of it in short. */
static void findings(struct writer *w)
{
	bool any = false;
	struct sqlite3_stmt *s = model_query(&w->model, finding_sql, 0, 0);
	while (model_next(&w->model, s)) {
		if (!any)
			page_rule(&w->page, "Findings");
		if (sqlite3_column_int64(s, NTH) <= INCIDENTS_MAX)
			finding_put(w, s);
		else if (sqlite3_column_int64(s, NTH) == INCIDENTS_MAX + 1)
			incidents_more(w, s);
		any = true;
	}
}

static void benign(struct writer *w)
{
	bool any = false;
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT one_line(summary), rule, count(*), title, min(id) FROM shown_finding WHERE place = 'benign'"
		" GROUP BY incident_id ORDER BY incident_id", 0, 0);
	while (model_next(&w->model, s)) {
		char text[1024];
		if (!any)
			page_rule(&w->page, "Not a problem");
		if (sqlite3_column_int(s, 2) > 1)
			snprintf(text, sizeof text, "%.700s (%.100s, %d times)", model_text(s, 0),
			         model_text(s, 1), sqlite3_column_int(s, 2));
		else
			snprintf(text, sizeof text, "%.700s (%.100s)", model_text(s, 0),
			         model_text(s, 1));
		page_fold(&w->page, w->page.utf8 ? "  \xc2\xb7" : "  -", 4, 0, text);
		any = true;
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
		"  FROM shown_quality q LEFT JOIN capture c ON c.id = q.capture_id"
		" ORDER BY q.capture_id, q.id", 0, 0);
	while (model_next(&w->model, s)) {
		bool note = sqlite3_column_int(s, 0);
		if (!any)
			page_rule(&w->page, "Capture quality");
		any = true;
		if (sqlite3_column_int(s, 3)) {
			put(w, "  ");
			page_put(&w->page, BOLD, model_text(s, 2));
			line_end(w);
		}
		page_put(&w->page, note ? DIM : YELLOW, note ? dot : "  !");
		page_fold_from(&w->page, 3, 4, 0, model_text(s, 1));
	}
	if (any)
		page_fold(&w->page, "", 4, 0,
		          "`tcpwhy doctor` goes through all of it, and says how to capture better.");
}

static void files(struct writer *w, long long capture)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT path, size, coalesce(compression || ', ', '') || format, link_type, snaplen, frames,"
		"       substr(sha256, 1, 16)"
		"  FROM capture_file WHERE capture_id = ?1 ORDER BY seq", capture, 0);
	while (model_next(&w->model, s)) {
		char text[256];
		long long frames = sqlite3_column_int64(s, 5);
		put(w, "  ");
		page_put(&w->page, BOLD, model_text(s, 0));
		line_end(w);
		snprintf(text, sizeof text,
		         "%lld bytes, %.30s%s%.60s, %lld frame%s, SHA-256 %.16s%s",
		         sqlite3_column_int64(s, 1), model_text(s, 2),
		         *model_text(s, 3) ? ", " : "", model_text(s, 3), frames,
		         frames == 1 ? "" : "s", model_text(s, 6),
		         w->page.utf8 ? "\xe2\x80\xa6" : "...");
		page_fold(&w->page, "", 4, 0, text);
	}
}

static void not_followed(struct writer *w, long long capture)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT 'Not followed: ' || group_concat(frames || ' ' || kind, ', ') || ' (frames by kind).'"
		"  FROM (SELECT * FROM not_followed WHERE capture_id = ?1 ORDER BY frames DESC, kind)",
		capture, 0);
	while (model_next(&w->model, s))
		if (*model_text(s, 0))
			page_fold(&w->page, "", 4, 0, model_text(s, 0));
}

static void captures(struct writer *w)
{
	struct sqlite3_stmt *s = model_query(&w->model,
		"SELECT id, first_ns, last_ns, tcp_frames, frames,"
		"       (SELECT count(*) FROM flow WHERE capture_id = capture.id) FROM capture ORDER BY id", 0, 0);
	page_rule(&w->page, "Capture");
	while (model_next(&w->model, s)) {
		char text[256], from[TEXT_TIME_SIZE], to[TEXT_TIME_SIZE], span[TEXT_DURATION_SIZE];
		int64_t first = sqlite3_column_int64(s, 1), last = sqlite3_column_int64(s, 2);
		long long id = sqlite3_column_int64(s, 0), flows = sqlite3_column_int64(s, 5);
		files(w, id);
		if (sqlite3_column_type(s, 1) != SQLITE_NULL) {
			snprintf(text, sizeof text, "%s to %s UTC, %s", text_time(first, from),
			         text_time(last, to), text_duration(last - first, span));
			page_fold(&w->page, "", 4, 0, text);
		}
		snprintf(text, sizeof text, "%lld of %lld frames are TCP, in %lld connection%s.",
		         sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4), flows,
		         flows == 1 ? "" : "s");
		page_fold(&w->page, "", 4, 0, text);
		not_followed(w, id);
	}
}

bool report_text(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	struct writer w = { .page = { .out = options->out, .colour = options->colour,
	                              .width = options->width,
	                              .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 } };
	if (!model_open(&w.model, db, err))
		return false;
	verdict(&w);
	findings(&w);
	benign(&w);
	quality(&w);
	captures(&w);
	if (!model_close(&w.model))
		return false;
	if (fflush(options->out) || ferror(options->out))
		return fail(err, "the report could not be written: %s", strerror(errno));
	return true;
}
