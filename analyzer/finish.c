/* finish.c - see finish.h. */
#include "finish.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "report.h"
#include "rules.h"
#include "run.h"
#include "store.h"
#include "text.h"

void trouble(const char *sentence)
{
	fputs("tcpwhy: ", stderr);
	text_put_terminal(stderr, sentence);
	fputc('\n', stderr);
}

int give_up(const struct err *err, int status)
{
	trouble(err->text);
	return status;
}

/* ---- output ---- */

enum { WIDTH = 80, WIDTH_MIN = 60, WIDTH_MAX = 100 };   /* longer lines read badly */

int terminal_width(void)
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

int output_end(int status)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	fprintf(stderr, "tcpwhy: standard output: %s\n", strerror(errno));
	return EXIT_PARTIAL;
}

/* ---- what came out ---- */

int64_t number_of(struct sqlite3 *db, const char *sql, const char *arg)
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

bool has_conclusions(struct sqlite3 *db)
{
	return number_of(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('rule', 'finding',"
	                 " 'evidence', 'incident', 'flow_name', 'reset_anatomy', 'incident_of', 'incident_listed',"
	                 " 'quality_listed', 'flow_finding', 'health_flow', 'server_summary', 'flow_kind', 'capture_bucket')",
	             NULL) == 14
	    && number_of(db, "SELECT count(*) FROM pragma_table_info('rule') WHERE name = 'sha256'",
	                 NULL) == 1;
}

bool is_severity(const char *word)
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

static int extract_end(const struct options *o, const char *output, struct sqlite3 *db, int otherwise)
{
	struct err err;
	size_t frames;
	struct extract_options how = { .chosen_only = o->choice_n > 0, .redact = o->redact, .filter = o->filter,
	                               .output = output };
	if (!extract_choose(db, o->choice, o->choice_n, &err))
		return give_up(&err, EXIT_USAGE);
	if (!extract(db, &how, &frames, &err))
		return give_up(&err, EXIT_PARTIAL);
	fprintf(stderr, "tcpwhy: %zu frame%s written\n", frames, frames == 1 ? "" : "s");
	return otherwise;
}

int report_end(const struct options *o, const char *output, struct sqlite3 *db, int otherwise)
{
	struct err err;
	if (o->verb == EXTRACT)
		return extract_end(o, output, db, otherwise);
	struct report_job job = { o, db };
	if (!choice_make(db, &o->which, &err))
		return give_up(&err, EXIT_UNREADABLE);
	if (!output_write(output, report_write, &job, &err))
		return give_up(&err, EXIT_PARTIAL);
	return fails(o, db) ? EXIT_FINDING : otherwise;
}

int captures_end(const struct options *o, const char *output, const struct rules *rules, struct store *store,
                 const struct run_result *result)
{
	struct err err;
	bool partial = result->files_failed || result->files_cut_short || result->stopped;
	int status = partial ? EXIT_PARTIAL : EXIT_DONE;
	bool ok = store_index(store, &err);
	if (ok && !rules_run(rules, store_db(store), NULL, &err))
		status = give_up(&err, EXIT_PARTIAL);      /* what the others found stands */
	if (ok && store_commit(store, &err))
		return report_end(o, output, store_db(store), status);
	return give_up(&err, EXIT_PARTIAL);
}
