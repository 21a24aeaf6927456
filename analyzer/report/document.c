/* document.c - the sections of a report, in order. See document.h. */
#include "document.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "ladder.h"
#include "report_model.h"
#include "text.h"

enum { OTHERS_MAX = 12, TIMELINE_MAX = 200, TABLE_MAX = 200, FILES_MAX = 100 };

struct document { FILE *out; const struct format *format; struct model model; };

/* ---- pieces ---- */

void document_prose(FILE *out, const struct format *format, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		bool commands = *text == ' ';
		while (commands && text[n] && text[n + 1] == ' ')
			n += 1 + strcspn(text + n + 1, "\n");
		if (n)
			(commands ? format->commands : format->prose)(out, text, n);
		text += n + (text[n] == '\n');
	}
}

static void prose(const struct document *d, const char *text)
{
	document_prose(d->out, d->format, text);
}

static void prose_of(const struct document *d, const char *label, const char *text)
{
	if (!*text)
		return;
	d->format->label(d->out, label);
	prose(d, text);
}

/* The rows of a question as a table, under a label, if there are any. Before its columns
 * the question tells the finding that a row leads to; `a` is its parameter. False: none. */
static bool table(struct document *d, const char *label, const struct table *t, const char *sql, int64_t a)
{
	const struct format *f = d->format;
	struct sqlite3_stmt *s = model_query(&d->model, sql, a, TABLE_MAX);
	bool any = false;
	while (model_next(&d->model, s)) {
		if (!any && label)
			f->label(d->out, label);
		if (!any)
			f->table(d->out, t);
		any = true;
		f->row(d->out);
		for (int i = 0; i < TABLE_COLUMNS && t->column[i].name; i++)
			f->cell(d->out, &t->column[i], model_text(s, i + 1), sqlite3_column_int64(s, 0));
		f->row_end(d->out);
	}
	if (any)
		f->table_end(d->out);
	return any;
}

/* The one text that a question answers, as a paragraph. */
static void sentence(struct document *d, const char *sql, int64_t a, int64_t b)
{
	struct sqlite3_stmt *s = model_query(&d->model, sql, a, b);
	while (model_next(&d->model, s))
		prose(d, model_text(s, 0));
}

/* Tables leave the zone of their times out. */
static void zone(struct document *d)
{
	sentence(d, "SELECT 'Times are ' || time_zone() || '.'", 0, 0);
}

static bool items(struct document *d, const char *sql)
{
	struct sqlite3_stmt *s = model_query(&d->model, sql, 0, 0);
	bool any = false;
	while (model_next(&d->model, s)) {
		if (!any)
			d->format->items(d->out);
		any = true;
		d->format->item(d->out, model_text(s, 0));
	}
	if (any)
		d->format->items_end(d->out);
	return any;
}

/* ---- verdict and overview ---- */

static void opening(struct document *d)
{
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT (SELECT one_line(name) || iif((SELECT count(*) FROM capture) > 1,"
		"          ' and ' || ((SELECT count(*) FROM capture) - 1) || ' more', '') FROM capture ORDER BY id LIMIT 1)", 0, 0);
	while (model_next(&d->model, s))
		d->format->begin(d->out, "Incident report", model_text(s, 0));
}

static void verdict_trouble(struct document *d, struct sqlite3_stmt *s)
{
	const struct headline h = { 0, model_text(s, 0), model_text(s, 1), NULL, model_text(s, 2), NULL, NULL };
	d->format->headline(d->out, &h);
	prose(d, model_text(s, 3));
	d->format->facts(d->out);
	d->format->fact(d->out, model_text(s, 4), model_text(s, 5));
	d->format->fact(d->out, "Do", model_text(s, 6));
	if (sqlite3_column_int64(s, 7))
		d->format->fact(d->out, "Also", model_text(s, 8));
	d->format->facts_end(d->out);
	d->format->headline_end(d->out);
}

static void verdict(struct document *d)
{
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT severity, title, confidence, summary, who_label, replace(who, '->', '→'), remedy, others,"
		"       plural(others, 'other incident') || '; see the table below' FROM temp.shown_verdict", 0, 0);
	bool any = false;
	d->format->section(d->out, "verdict", "Verdict");
	while (model_next(&d->model, s)) {
		verdict_trouble(d, s);
		any = true;
	}
	if (!any) {
		s = model_query(&d->model, "SELECT text FROM temp.shown_nothing", 0, 0);
		while (model_next(&d->model, s))
			d->format->headline(d->out, &(struct headline){ 0, "good", model_text(s, 0), NULL, "", NULL, NULL });
		sentence(d, "SELECT text FROM temp.shown_no_trouble ORDER BY nr", 0, 0);
		d->format->headline_end(d->out);
	}
	sentence(d, "SELECT text FROM temp.shown_left_out", 0, 0);
}

static void overview(struct document *d)
{
	static const struct table columns = { {
		{ "Severity", CELL_SEVERITY }, { "Finding", CELL_LINK }, { "Rule", CELL_CODE },
		{ "Between", CELL_TEXT }, { "Count", CELL_NUMBER }, { "First", CELL_WHOLE }, { "Last", CELL_WHOLE },
		{ "Confidence, and why not higher", CELL_TEXT },
	} };
	if (!model_number(&d->model, "SELECT count(*) FROM temp.shown_incident", 0))
		return;
	d->format->section(d->out, "findings", "Findings");
	zone(d);
	table(d, NULL, &columns,
	      "SELECT iif(nth <= " INCIDENTS_OF_RULE ", nr, 0), severity, title, rule, replace(b.text, '->', '→'), findings, bare_time(clock_s(first_ns)),"
	      "       bare_time(clock_s(last_ns)), confidence || iif(y.text <> '', ': ' || y.text, '')"
	      "  FROM temp.shown_incident i JOIN temp.shown_between b USING (id) JOIN temp.shown_why_not_surer y USING (id)"
	      " ORDER BY nr LIMIT ?2", 0);
	sentence(d, "SELECT 'and ' || (count(*) - ?2) || ' more; --format json lists them all'"
	         " FROM temp.shown_incident HAVING count(*) > ?2", 0, TABLE_MAX);
}

/* ---- findings ---- */

static void evidence(struct document *d, int64_t finding)
{
	static const struct table columns = { {
		{ "File", CELL_TEXT }, { "Frame", CELL_NUMBER }, { "Time", CELL_WHOLE },
		{ "From start, s", CELL_NUMBER }, { "Direction", CELL_WHOLE }, { "Flags", CELL_CODE },
		{ "Bytes", CELL_NUMBER }, { "What it is", CELL_TEXT },
	} };
	table(d, "Evidence", &columns,
	      "SELECT 0, file_name(one_line(e.file)), e.file_frame, bare_time(clock(e.ns)), printf('%.6f', (e.ns - e.capture_ns) / 1e9),"
	      "       iif(p.sender = 'client', 'client → server', iif(p.sender IS NULL, '', 'server → client')),"
	      "       tcp_flags(p.flags), p.len, one_line(e.role)"
	      "  FROM temp.shown_evidence e LEFT JOIN packet p ON p.flow_id = e.flow_id AND p.frame = e.frame"
	      " WHERE e.finding_id = ?1 ORDER BY e.nr LIMIT ?2", finding);
}

static void ladder(struct document *d, int64_t finding)
{
	struct ladder l;
	if (ladder_read(&l, &d->model, finding) && l.lines > 1) {
		d->format->label(d->out, "Ladder");
		d->format->ladder(d->out, &l);
	}
	ladder_free(&l);
}

/* What the rule says. Of its second incident and on, only what differs. */
static void parts(struct document *d, int64_t finding, bool first)
{
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT label, text FROM temp.shown_part WHERE finding_id = ?1 AND (?2 OR label = 'Remedy') ORDER BY nr",
		finding, first);
	while (model_next(&d->model, s))
		prose_of(d, model_text(s, 0), model_text(s, 1));
}

static void filters(struct document *d, int64_t finding)
{
	struct sqlite3_stmt *s = model_filters(&d->model, finding);
	bool any = false;
	while (model_next(&d->model, s)) {
		if (!any)
			d->format->label(d->out, "Wireshark filter");
		d->format->commands(d->out, model_text(s, 1), strlen(model_text(s, 1)));
		any = true;
	}
}

static void again(struct document *d, int64_t incident)
{
	static const struct table columns = { {
		{ "From start", CELL_NUMBER }, { "Client", CELL_TEXT }, { "Confidence", CELL_TEXT }, { "Numbers", CELL_TEXT },
	} };
	table(d, "The same again", &columns,
	      "SELECT 0, duration(after_ns), client, confidence, numbers FROM temp.shown_again"
	      " WHERE incident_id = ?1 AND nth <= 12 ORDER BY nth LIMIT ?2", incident);
	sentence(d, "SELECT 'and ' || (n - ?2) || ' more; --format json lists them all' FROM temp.shown_again"
	         " WHERE incident_id = ?1 AND n > ?2 LIMIT 1", incident, OTHERS_MAX);
}

/* What an analyst wrote about it. */
static void incident_notes(struct document *d, int64_t incident)
{
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT text FROM temp.shown_incident_note WHERE incident_id = ?1 ORDER BY id", incident, 0);
	while (model_next(&d->model, s))
		prose_of(d, "Note", model_text(s, 0));
}

static const char findings_sql[] =
	"SELECT i.nr, i.severity, i.title, i.rule, i.confidence, replace(coalesce(i.client, '') || iif(i.client <> '' AND i.server <> '', ' → ', '')"
	"       || coalesce(i.server, ''), '->', '→'), coalesce(clock_s(i.first_ns), '') || iif(i.findings > 1, ', ' || i.findings || ' times', ''),"
	"       i.id, i.nth, one_line(f.summary), i.doubt"
	"  FROM temp.shown_incident i JOIN finding f ON f.id = i.id"
	" WHERE i.nth <= " INCIDENTS_OF_RULE " ORDER BY i.nr";

static void finding(struct document *d, struct sqlite3_stmt *s)
{
	const struct headline h = { sqlite3_column_int64(s, 0), model_text(s, 1), model_text(s, 2), model_text(s, 3),
	                            model_text(s, 4), model_text(s, 5), model_text(s, 6) };
	int64_t id = sqlite3_column_int64(s, 7);
	d->format->headline(d->out, &h);
	prose(d, model_text(s, 9));
	prose_of(d, "Doubt", model_text(s, 10));
	incident_notes(d, id);
	evidence(d, id);
	ladder(d, id);
	parts(d, id, sqlite3_column_int64(s, 8) == 1);
	filters(d, id);
	again(d, id);
	d->format->headline_end(d->out);
}

static void findings(struct document *d)
{
	struct sqlite3_stmt *s = model_query(&d->model, findings_sql, 0, 0);
	bool any = false;
	while (model_next(&d->model, s)) {
		if (!any)
			d->format->section(d->out, "details", "Each finding");
		any = true;
		finding(d, s);
	}
}

/* ---- what stands around them ---- */

static void timeline(struct document *d)
{
	static const struct table columns = { {
		{ "Time", CELL_WHOLE }, { "From start", CELL_NUMBER }, { "Lasted", CELL_NUMBER }, { "Severity", CELL_SEVERITY },
		{ "Finding", CELL_LINK }, { "Client", CELL_TEXT }, { "Server", CELL_TEXT },
	} };
	if (!model_number(&d->model, "SELECT count(*) FROM temp.shown_timeline", 0))
		return;
	d->format->section(d->out, "timeline", "Timeline");
	zone(d);
	table(d, NULL, &columns,
	      "SELECT iif(i.nth <= " INCIDENTS_OF_RULE ", i.nr, 0), bare_time(clock(t.from_ns)), duration(t.after_ns), duration(t.lasted_ns), t.severity, t.title,"
	      "       t.client, t.server FROM temp.shown_timeline t JOIN temp.shown_incident i ON i.id = t.incident_id"
	      " ORDER BY t.from_ns IS NULL, t.from_ns, t.id LIMIT ?2", 0);
	sentence(d, "SELECT 'and ' || (count(*) - ?2) || ' more; --format json lists them all'"
	         " FROM temp.shown_timeline HAVING count(*) > ?2", 0, TIMELINE_MAX);
}

/* Those that stand with no finding above. */
static void notes(struct document *d)
{
	static const struct table columns = { { { "About", CELL_TEXT }, { "Note", CELL_TEXT } } };
	if (!model_number(&d->model, "SELECT EXISTS (SELECT 1 FROM temp.shown_note_apart)", 0))
		return;
	d->format->section(d->out, "notes", "Notes");
	table(d, NULL, &columns, "SELECT 0, replace(about, '->', '→'), said FROM temp.shown_note_apart ORDER BY id LIMIT ?2", 0);
	sentence(d, "SELECT 'and ' || (count(*) - ?2) || ' more; --format json lists them all'"
	         " FROM temp.shown_note_apart HAVING count(*) > ?2", 0, TABLE_MAX);
}

static void benign(struct document *d)
{
	d->format->section(d->out, "benign", "Not a problem");
	if (!items(d, "SELECT text FROM temp.shown_benign ORDER BY incident_id"))
		prose(d, "Nothing was found that only looks like a problem.");
}

static void quality(struct document *d)
{
	static const struct table columns = { {
		{ "Severity", CELL_SEVERITY }, { "What limits the capture", CELL_TEXT }, { "Rule", CELL_CODE }, { "Capture", CELL_TEXT },
	} };
	d->format->section(d->out, "quality", "Capture quality");
	if (!table(d, NULL, &columns,
	           "SELECT 0, q.severity, one_line(q.summary), q.rule, one_line(c.name) FROM temp.shown_quality q"
	           " LEFT JOIN capture c ON c.id = q.capture_id ORDER BY q.capture_id, q.id LIMIT ?2", 0))
		prose(d, "Nothing limits what these captures show, as far as can be told.");
	d->format->label(d->out, "What could not be judged");
	items(d, "SELECT text FROM temp.shown_unjudged ORDER BY nr");
}

static void inventory(struct document *d)
{
	static const struct table hosts = { {
		{ "Host", CELL_TEXT }, { "Connections as client", CELL_NUMBER }, { "as server", CELL_NUMBER },
		{ "Bytes sent", CELL_NUMBER },
	} };
	static const struct table services = { {
		{ "Service", CELL_TEXT }, { "Protocol", CELL_TEXT }, { "Connections", CELL_NUMBER }, { "Clients", CELL_NUMBER },
		{ "Bytes received", CELL_NUMBER }, { "Bytes sent", CELL_NUMBER }, { "Ended by RST", CELL_NUMBER },
		{ "Refused or unanswered", CELL_NUMBER }, { "Longest handshake", CELL_NUMBER },
	} };
	static const struct table slow = { {
		{ "Wait", CELL_NUMBER }, { "Request", CELL_CODE }, { "Status", CELL_NUMBER }, { "Client", CELL_TEXT },
		{ "Server", CELL_TEXT }, { "Frame", CELL_NUMBER },
	} };
	d->format->section(d->out, "inventory", "Inventory");
	table(d, "Hosts", &hosts, "SELECT 0, ip, as_client, as_server, sent FROM temp.shown_host LIMIT min(20, ?2)", 0);
	table(d, "Services", &services,
	      "SELECT 0, server, app, flows, clients, received, sent, resets, refused + unanswered, duration(rtt_ns)"
	      "  FROM temp.shown_service LIMIT min(20, ?2)", 0);
	table(d, "Slowest HTTP answers", &slow,
	      "SELECT 0, duration(wait_ns), one_line(what), status, client, server, frame FROM temp.shown_slow LIMIT ?2", 0);
}

static void facts(struct document *d, const char *sql, int64_t a, int64_t b)
{
	struct sqlite3_stmt *s = model_query(&d->model, sql, a, b);
	d->format->facts(d->out);
	while (model_next(&d->model, s))
		d->format->fact(d->out, model_text(s, 0), model_text(s, 1));
	d->format->facts_end(d->out);
}

static void custody(struct document *d)
{
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT iif((SELECT count(*) FROM capture_file) = 1, 'File', 'File ' || row_number() OVER (ORDER BY capture_id, seq)),"
		"       capture_id, seq FROM capture_file ORDER BY capture_id, seq LIMIT ?1", FILES_MAX, 0);
	d->format->section(d->out, "custody", "Custody");
	while (model_next(&d->model, s)) {
		d->format->label(d->out, model_text(s, 0));
		facts(d, "SELECT label, text FROM temp.shown_file WHERE capture_id = ?1 AND seq = ?2 AND text IS NOT NULL ORDER BY nr",
		      sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2));
	}
	sentence(d, "SELECT 'and ' || (count(*) - ?2) || ' more files; --format json lists them all'"
	         " FROM capture_file HAVING count(*) > ?2", 0, FILES_MAX);
	d->format->label(d->out, "Made with");
	facts(d, "SELECT label, text FROM temp.shown_made_with ORDER BY nr", 0, 0);
}

/* Where a time was asked for. */
static void near(struct document *d)
{
	static const struct table columns = { {
		{ "From it", CELL_NUMBER }, { "What happened", CELL_TEXT }, { "Client", CELL_TEXT }, { "Server", CELL_TEXT },
		{ "Protocol", CELL_TEXT }, { "tcp.stream", CELL_NUMBER },
	} };
	if (!model_number(&d->model, "SELECT count(*) FROM temp.chosen_time", 0))
		return;
	d->format->section(d->out, "near", "Connections around that time");
	sentence(d, "SELECT 'Around ' || clock(at_ns) || ', ' || duration(window_ns) || ' to either side; those where"
	         " something went wrong first.' FROM temp.chosen_time", 0, 0);
	table(d, NULL, &columns,
	      "SELECT 0, off, what, client, server, app, stream FROM temp.shown_near ORDER BY nr LIMIT min(20, ?2)", 0);
	sentence(d, "SELECT 'and ' || (flows - ?2) || ' more connections' FROM temp.shown_near WHERE flows > ?2 LIMIT 1",
	         0, 20);
}

bool document_put(FILE *out, const struct format *format, struct sqlite3 *db, struct err *err)
{
	struct document d = { .out = out, .format = format };
	if (!model_open(&d.model, db, err))
		return false;
	opening(&d);
	verdict(&d);
	overview(&d);
	near(&d);
	findings(&d);
	timeline(&d);
	notes(&d);
	benign(&d);
	quality(&d);
	inventory(&d);
	custody(&d);
	format->end(out);
	if (!model_close(&d.model))
		return false;
	if (fflush(out) || ferror(out))
		return fail(err, "the report could not be written: %s", strerror(errno));
	return true;
}
