/* doctor.c - how good a capture is, for people and for programs: what it is, each thing
 * that may be wrong with it and what that means for a diagnosis, and the command that
 * captures better. doctor.sql has all of that as views; here it is written out. See report.h. */
#include <errno.h>
#include <langinfo.h>
#include <sqlite3.h>
#include <string.h>

#include "embedded.h"
#include "page.h"
#include "report.h"
#include "report_model.h"
#include "text.h"

/* Where the columns of the table begin. */
enum { LABEL = 17, JUDGEMENT = 44, MEANS = 47, WHY = 20 };

struct doctor { struct page page; struct model model; };

static bool doctor_open(struct model *m, struct sqlite3 *db, struct err *err)
{
	return model_open(m, db, err)
	    && (sqlite3_exec(db, embedded_text("analyzer/report/doctor.sql"), NULL, NULL, NULL)
	                == SQLITE_OK
	        || fail(err, "the case cannot be reported on: %s", sqlite3_errmsg(db)));
}

static bool doctor_close(struct model *m, FILE *out)
{
	if (!model_close(m))
		return false;
	if (fflush(out) || ferror(out))
		return fail(m->err, "the report could not be written: %s", strerror(errno));
	return true;
}

/* ---- text ---- */

/* A label is said once, however many lines it has. */
static void facts(struct doctor *d, long long capture)
{
	char last[32] = "";
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT label, text FROM doctor_fact WHERE capture_id = ?1 ORDER BY nr, seq", capture, 0);
	while (model_next(&d->model, s)) {
		char label[32];
		snprintf(label, sizeof label, "  %.20s", model_text(s, 0));
		page_fold(&d->page, strcmp(label, last) ? label : "", LABEL, 0, model_text(s, 1));
		memcpy(last, label, sizeof last);
	}
}

/* "  Frames cut     27 of 49 TCP frames        !  what that means" */
static void check(const struct doctor *d, struct sqlite3_stmt *s)
{
	const char *found = model_text(s, 1), *judgement = model_text(s, 2);
	bool ok = strcmp(judgement, "ok") == 0, note = strcmp(judgement, "note") == 0;
	const char *mark = ok ? "ok" : !note ? "!" : d->page.utf8 ? "\xc2\xb7" : "-";
	char label[32];
	snprintf(label, sizeof label, "  %.20s", model_text(s, 0));
	page_put(&d->page, DIM, label);
	page_pad(&d->page, text_width(label), LABEL);
	page_put(&d->page, PLAIN, found);
	int used = LABEL + text_width(found);
	if (used >= JUDGEMENT) {
		fputc('\n', d->page.out);
		used = 0;
	}
	page_pad(&d->page, used, JUDGEMENT);
	page_put(&d->page, ok ? GREEN : note ? BOLD : YELLOW, mark);
	if (ok)
		fputc('\n', d->page.out);
	else
		page_fold_from(&d->page, JUDGEMENT + text_width(mark), MEANS, 0, model_text(s, 3));
}

static void checks(struct doctor *d, long long capture)
{
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT label, one_line(found), judgement, one_line(means) FROM doctor_judgement"
		" WHERE capture_id = ?1 ORDER BY nr, rule", capture, 0);
	fputc('\n', d->page.out);
	page_put(&d->page, DIM, "  Looked at      Found");
	page_pad(&d->page, LABEL + 5, JUDGEMENT);
	page_put(&d->page, DIM, "What that means");
	fputc('\n', d->page.out);
	while (model_next(&d->model, s))
		check(d, s);
}

/* A command that is too long for a line goes on in the next one, as a shell wants it. */
static void command(const struct doctor *d, const char *text)
{
	const char *file = text_width(text) + 4 > d->page.width ? strstr(text, " -w ") : NULL;
	page_put(&d->page, BOLD, "  A better capture");
	fputs("\n    ", d->page.out);
	text_put_terminal_n(d->page.out, text, file ? (size_t)(file - text) : strlen(text));
	if (file) {
		fputs(" \\\n       ", d->page.out);
		text_put_terminal(d->page.out, file);
	}
	fputc('\n', d->page.out);
}

/* What to do otherwise next time, and what each part of the command is for. */
static void better(struct doctor *d, long long capture)
{
	bool any = false;
	struct sqlite3_stmt *s = model_query(&d->model,
		"SELECT text FROM doctor_command WHERE capture_id = ?1", capture, 0);
	fputc('\n', d->page.out);
	while (model_next(&d->model, s)) {
		command(d, model_text(s, 0));
		any = true;
	}
	s = model_query(&d->model,
		"SELECT coalesce(iif(nr = 7, 'icmp, icmp6', part), ''), why FROM doctor_better"
		" WHERE capture_id = ?1 ORDER BY nr", capture, 0);
	while (model_next(&d->model, s)) {
		char part[64];
		snprintf(part, sizeof part, "    %.40s", model_text(s, 0));
		page_fold(&d->page, *model_text(s, 0) ? part : "", *model_text(s, 0) ? WHY : 4, 0,
		          model_text(s, 1));
		any = true;
	}
	if (!any) {
		page_put(&d->page, GREEN, "  Nothing to improve.");
		page_fold_from(&d->page, 21, 22, 0, "Another capture of the same would show no more.");
	}
}

bool doctor_text(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	struct doctor d = { .page = { .out = options->out, .colour = options->colour,
	                              .width = options->width,
	                              .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 } };
	if (!doctor_open(&d.model, db, err))
		return false;
	struct sqlite3_stmt *s = model_query(&d.model,
		"SELECT id, one_line(name) FROM capture ORDER BY id", 0, 0);
	while (model_next(&d.model, s)) {
		long long capture = sqlite3_column_int64(s, 0);
		const char *name = model_text(s, 1), *slash = strrchr(name, '/');
		/* The whole path stands below. */
		page_rule(&d.page, slash && text_width(name) > options->width - 4 ? slash + 1 : name);
		facts(&d, capture);
		checks(&d, capture);
		better(&d, capture);
	}
	return doctor_close(&d.model, options->out);
}

/* ---- JSON ---- */

static const char object_sql[] =
	"SELECT json_object('capture', name,"
	"  'facts', (SELECT json_group_array(json(o)) FROM (SELECT"
	"      json_object('fact', label, 'text', text) AS o"
	"    FROM doctor_fact WHERE capture_id = c.id ORDER BY nr, seq)),"
	"  'checks', (SELECT json_group_array(json(o)) FROM (SELECT"
	"      json_object('check', label, 'found', found, 'judgement', judgement, 'rule', rule,"
	"                  'means', means) AS o"
	"    FROM doctor_judgement WHERE capture_id = c.id ORDER BY nr, rule)),"
	"  'command', (SELECT text FROM doctor_command WHERE capture_id = c.id),"
	"  'better', (SELECT json_group_array(json(o)) FROM (SELECT"
	"      json_object('part', part, 'why', why) AS o"
	"    FROM doctor_better WHERE capture_id = c.id ORDER BY nr)))"
	"  FROM capture c ORDER BY id";

bool doctor_json(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	struct model m;
	const char *before = "\n  ";
	if (!doctor_open(&m, db, err))
		return false;
	fprintf(options->out, "{\"tcpwhy\": \"%s\", \"schema\": 1,\n\"doctor\": [", TCPWHY_VERSION);
	struct sqlite3_stmt *s = model_query(&m, object_sql, 0, 0);
	while (model_next(&m, s)) {
		fputs(before, options->out);
		text_put_utf8(options->out, model_text(s, 0));
		before = ",\n  ";
	}
	fputs("\n]}\n", options->out);
	return doctor_close(&m, options->out);
}
