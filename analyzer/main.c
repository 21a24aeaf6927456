/* main.c - the command line: captures or a case in, a report out. The whole
 * way is in captures_report() and case_report(). */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "page.h"
#include "report.h"
#include "rules.h"
#include "run.h"
#include "store.h"
#include "text.h"
#include "zone.h"

static void trouble(const char *sentence)
{
	fputs("tcpwhy: ", stderr);
	text_put_terminal(stderr, sentence);
	fputc('\n', stderr);
}

static int give_up(const struct err *err, int status)
{
	trouble(err->text);
	return status;
}

/* ---- output ---- */

enum { WIDTH = 80, WIDTH_MIN = 60, WIDTH_MAX = 100 };   /* longer lines read badly */

static int terminal_width(void)
{
	struct winsize size = { 0 };
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col)
		return WIDTH;
	return size.ws_col < WIDTH_MIN   ? WIDTH_MIN
	       : size.ws_col > WIDTH_MAX ? WIDTH_MAX
	                                 : size.ws_col;
}

struct report_job { const struct options *options; struct sqlite3 *db; };

static bool report_write(void *context, FILE *out, struct err *err)
{
	const struct report_job *job = context;
	const struct options *o = job->options;
	bool screen = out == stdout;
	struct report_options how = { .out = out, .colour = screen && o->colour,
	                              .width = screen ? terminal_width() : WIDTH };
	static bool (*const report[])(struct sqlite3 *, const struct report_options *, struct err *) = {
		[FORMAT_TEXT] = report_text, [FORMAT_MARKDOWN] = report_markdown, [FORMAT_HTML] = report_html,
		[FORMAT_JSON] = report_json, [FORMAT_NDJSON] = report_ndjson,
	};
	if (o->verb == DOCTOR)
		return (o->format == FORMAT_JSON ? doctor_json : doctor_text)(job->db, &how, err);
	return report[o->format](job->db, &how, err);
}

/* ---- what came out ---- */

/* The first column of the first row, or 0. */
static int64_t number_of(struct sqlite3 *db, const char *sql, const char *arg)
{
	sqlite3_stmt *stmt = NULL;
	int64_t number = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
		if (arg)
			sqlite3_bind_text(stmt, 1, arg, -1, SQLITE_STATIC);
		if (sqlite3_step(stmt) == SQLITE_ROW)
			number = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	return number;
}

static bool is_severity(const char *word)
{
	return strcmp(word, "error") == 0 || strcmp(word, "warning") == 0
	       || strcmp(word, "note") == 0;
}

/* Whether --fail-on is met. What is no problem, or is about the capture itself, counts only
 * when its rule is named. */
static bool fails(const struct options *o, struct sqlite3 *db)
{
	if (!o->fail_on)
		return false;
	if (!is_severity(o->fail_on))
		return number_of(db, "SELECT EXISTS(SELECT 1 FROM finding WHERE rule = ?1"
		                 " AND id NOT IN (SELECT finding FROM temp.left_out))",
		                 o->fail_on)
		       != 0;
	return number_of(db, "SELECT EXISTS(SELECT 1 FROM finding f JOIN rule r ON r.id = f.rule"
	                 " WHERE f.id NOT IN (SELECT finding FROM temp.left_out) AND NOT r.benign AND r.about <> 'capture'"
	                 "   AND instr('error warning note', f.severity)"
	                 "                        <= instr('error warning note', ?1))", o->fail_on) != 0;
}

static int extract_end(const struct options *o, struct sqlite3 *db, int otherwise)
{
	struct err err;
	size_t frames;
	struct extract_options how = { .chosen_only = o->choice_n > 0, .redact = o->redact, .filter = o->filter,
	                               .output = o->output };
	if (!extract_choose(db, o->choice, o->choice_n, &err))
		return give_up(&err, EXIT_USAGE);
	if (!extract(db, &how, &frames, &err))
		return give_up(&err, EXIT_PARTIAL);
	fprintf(stderr, "tcpwhy: %zu frame%s written\n", frames, frames == 1 ? "" : "s");
	return otherwise;
}

/* Write the report; `otherwise` is the status when nothing else is to be said. */
static int report_end(const struct options *o, struct sqlite3 *db, int otherwise)
{
	struct err err;
	if (o->verb == EXTRACT)
		return extract_end(o, db, otherwise);
	struct report_job job = { o, db };
	if (!choice_make(db, &o->which, &err))
		return give_up(&err, EXIT_UNREADABLE);
	if (!output_write(o->output, report_write, &job, &err))
		return give_up(&err, EXIT_PARTIAL);
	return fails(o, db) ? EXIT_FINDING : otherwise;
}

/* ---- from captures ---- */

/* What became of reading captures: a store, or NULL and a status to end with. */
struct reading { struct store *store; struct run_result result; int status; };

static struct reading captures_read(const struct options *o)
{
	struct err err;
	struct reading r = { .store = store_open(o->case_path, &err), .status = EXIT_UNREADABLE };
	struct run_options how = {
		.filter = o->filter, .decode_as = o->decode_as, .decode_as_n = o->decode_as_n,
		.show_secrets = o->show_secrets, .joining = o->joining, .trouble = trouble,
	};
	if (!r.store) {
		give_up(&err, 0);
		return r;
	}
	if (!run_analysis(r.store, o->files, o->files_n, &how, &r.result, &err)) {
		give_up(&err, 0);
		r.status = EXIT_USAGE;
	} else if (r.result.files_read || r.result.files_known) {
		return r;
	}
	store_close(r.store);
	r.store = NULL;
	return r;
}

static int captures_report(const struct options *o, const struct rules *rules)
{
	struct err err;
	struct reading r = captures_read(o);
	if (!r.store)
		return r.status;
	int status = r.result.files_failed || r.result.files_cut_short ? EXIT_PARTIAL : EXIT_DONE;
	bool ok = store_index(r.store, &err);
	if (ok && !rules_run(rules, store_db(r.store), &err))
		status = give_up(&err, EXIT_PARTIAL);      /* what the others found stands */
	if (ok && store_commit(r.store, &err))
		status = report_end(o, store_db(r.store), status);
	else
		status = give_up(&err, EXIT_PARTIAL);
	store_close(r.store);
	return status;
}

/* ---- from a case ---- */

static bool has_conclusions(struct sqlite3 *db)
{
	return number_of(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('rule', 'finding',"
	                 " 'evidence', 'incident', 'flow_name', 'reset_anatomy')", NULL) == 6
	    && number_of(db, "SELECT count(*) FROM pragma_table_info('rule') WHERE name = 'sha256'",
	                 NULL) == 1;
}

/* A report only reads: what it concludes with other rules or parameters is not
 * kept. `rules run` keeps it. */
static int case_report(const struct options *o, const struct rules *rules)
{
	struct err err;
	struct store *store = store_open_existing(o->files[0], &err);
	if (!store)
		return give_up(&err, EXIT_UNREADABLE);
	struct sqlite3 *db = store_db(store);
	bool keep = o->verb == RULES_RUN;
	bool anew = keep || o->set_n || o->rules_dir || !has_conclusions(db);
	int status = EXIT_DONE;
	if (anew && !rules_run(rules, db, &err))
		status = give_up(&err, EXIT_PARTIAL);      /* what the others found stands */
	if (keep && !store_commit(store, &err))
		status = give_up(&err, EXIT_PARTIAL);
	else
		status = report_end(o, db, status);
	store_close(store);
	return status;
}

/* ---- rules ---- */

static int output_end(int status)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	fprintf(stderr, "tcpwhy: standard output: %s\n", strerror(errno));
	return EXIT_PARTIAL;
}

static int rules_list(const struct rules *rules)
{
	int widest = 0;
	for (size_t i = 0; i < rules->n; i++) {
		int width = text_width(rules->rule[i].id);
		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->rule[i];
		printf("%-*s  %-7s  ", widest, r->id, r->benign ? "benign" : r->severity);
		text_put_terminal(stdout, r->title);
		putchar('\n');
	}
	return output_end(EXIT_DONE);
}

static void rule_explain(const struct page *page, const struct rule *r)
{
	const struct { const char *label, *text; } parts[] = {
		{ "Why", r->explains }, { "Remedy", r->remedy }, { "Confirm", r->confirm },
		{ "Not if", r->not_when }, { "See", r->reference }, { "From", r->origin },
	};
	page_put(page, BOLD, r->title);
	putchar('\n');
	page_fold(page, "Rule", 10, 0, r->id);
	page_fold(page, "Severity", 10, 0, r->benign ? "note (not a problem)" : r->severity);
	if (r->about_capture)
		page_fold(page, "About", 10, 0, "the capture itself; it accuses nobody");
	if (r->needs)
		page_fold(page, "Needs", 10, 0, r->needs);
	if (r->yields)
		page_fold(page, "Yields to", 10, 0, r->yields);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		page_fold(page, parts[i].label, 10, 0, parts[i].text);
	for (size_t i = 0; i < r->params_n; i++) {
		char text[512];
		snprintf(text, sizeof text, "%.60s = %.40s  %.300s", r->params[i].name,
		         r->params[i].value, r->params[i].what);
		page_fold(page, i ? "" : "--set", 10, 0, text);
	}
	putchar('\n');
	const char *sql = r->sql;
	while (strncmp(sql, "--", 2) == 0) {
		sql += strcspn(sql, "\n");
		sql += *sql == '\n';
	}
	while (*sql) {
		size_t n = strcspn(sql, "\n");
		text_put_terminal_n(stdout, sql, n);
		putchar('\n');
		sql += n + (sql[n] == '\n');
	}
}

static int rules_explain(const struct options *o, const struct rules *rules)
{
	const struct rule *r = rules_find(rules, o->files[0]);
	struct page page = { .out = stdout, .colour = o->colour, .width = terminal_width() };
	if (r) {
		rule_explain(&page, r);
		return output_end(EXIT_DONE);
	}
	const char **ids = alloc_zeroed(rules->n, sizeof *ids);
	for (size_t i = 0; i < rules->n; i++)
		ids[i] = rules->rule[i].id;
	const char *nearest = text_nearest(o->files[0], ids, rules->n);
	struct err err;
	fail(&err, "there is no rule \"%.60s\"; %s%s%s", o->files[0],
	     nearest ? "did you mean " : "`tcpwhy rules list` names them", nearest ? nearest : "",
	     nearest ? "?" : "");
	free(ids);
	return give_up(&err, EXIT_USAGE);
}

/* ---- all of it ---- */

static bool fail_on_known(const struct options *o, const struct rules *rules, struct err *err)
{
	if (!o->fail_on || is_severity(o->fail_on) || rules_find(rules, o->fail_on))
		return true;
	return fail(err, "--fail-on takes error, warning, note or the id of a rule, not \"%.60s\"",
	            o->fail_on);
}

static int verb_run(const struct options *o, const struct rules *rules)
{
	struct err err;
	if (o->verb == RULES_LIST)
		return rules_list(rules);
	if (o->verb == RULES_EXPLAIN)
		return rules_explain(o, rules);
	size_t cases = 0;
	for (size_t i = 0; i < o->files_n; i++)
		cases += store_is_case(o->files[i]);
	if (cases && (o->files_n > 1 || (o->filter && o->verb != EXTRACT) || o->decode_as_n || o->case_path
	              || o->joining)) {
		fail(&err, "%s", o->files_n > 1
		     ? "give captures, or one case; to add captures to a case use -o CASE"
		     : "-f, -d, --join, --separate, --case and -o CASE are for reading captures; this is a case");
		return give_up(&err, EXIT_USAGE);
	}
	if (o->verb == RULES_RUN && !cases && access(o->files[0], R_OK) == 0) {
		fail(&err, "%s is no case; `tcpwhy -o case.db FILE...` makes one", o->files[0]);
		return give_up(&err, EXIT_UNREADABLE);
	}
	return cases || o->verb == RULES_RUN ? case_report(o, rules) : captures_report(o, rules);
}

static int rules_then_verb(const struct options *o)
{
	struct rules rules;
	struct err err;
	if (!zone_set(o->zone ? o->zone : "UTC")) {
		fail(&err, "--tz: there is no time zone \"%.60s\" here; write UTC, local, +08:00 or a name such as"
		     " Asia/Shanghai", o->zone);
		return give_up(&err, EXIT_USAGE);
	}
	if (!rules_load(&rules, o->rules_dir, &err))
		return give_up(&err, EXIT_USAGE);
	bool ok = true;
	for (size_t i = 0; ok && i < o->set_n; i++)
		ok = rules_set(&rules, o->set[i], &err);
	ok = ok && fail_on_known(o, &rules, &err);
	int status = ok ? verb_run(o, &rules) : give_up(&err, EXIT_USAGE);
	rules_free(&rules);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err err;
	int status = EXIT_DONE;
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	if (!options_read(&o, argc, argv, &err)) {
		trouble(err.text);
		fputs("tcpwhy: `tcpwhy --help` says what there is\n", stderr);
		status = EXIT_USAGE;
	} else if (o.verb == SHOW_USAGE) {
		fputs(options_usage, stderr);
		status = EXIT_USAGE;
	} else if (o.verb == SHOW_HELP) {
		fputs(options_help, stdout);
		status = output_end(EXIT_DONE);
	} else if (o.verb == SHOW_VERSION) {
		puts("tcpwhy " TCPWHY_VERSION);
		status = output_end(EXIT_DONE);
	} else {
		status = rules_then_verb(&o);
	}
	options_free(&o);
	return status;
}
