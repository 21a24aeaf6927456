/* main.c - the command line: captures or a case in, a report out. The whole
 * way is in captures_report() and case_report(); many reports are in batch.c. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "browse.h"
#include "finish.h"
#include "options.h"
#include "rules.h"
#include "rules_show.h"
#include "run.h"
#include "screen.h"
#include "store.h"
#include "zone.h"

/* ---- from captures ---- */

/* What became of reading captures: a store, or NULL and a status to end with. */
struct reading { struct store *store; struct run_result result; int status; };

static struct reading captures_read(const struct options *o)
{
	struct err err;
	struct reading r = { .store = store_open(o->case_path, &err), .status = EXIT_UNREADABLE };
	struct run_options how = {
		.filter = o->filter, .decode_as = o->decode_as, .decode_as_n = o->decode_as_n,
		.show_secrets = o->show_secrets, .no_hash = o->no_hash, .joining = o->joining, .trouble = trouble,
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
	struct reading r = captures_read(o);
	if (!r.store)
		return r.status;
	int status = captures_end(o, o->output, rules, r.store, &r.result);
	store_close(r.store);
	return status;
}

/* ---- from a case ---- */

/* A report only reads: what it concludes with other rules or parameters is
 * temporary. `rules run` keeps it. */
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
	if (anew && !rules_run(rules, db, &(struct rules_options){ .temporary = !keep }, &err))
		status = give_up(&err, EXIT_PARTIAL);      /* what the others found stands */
	if (keep && !store_commit(store, &err))
		status = give_up(&err, EXIT_PARTIAL);
	else
		status = report_end(o, o->output, db, status);
	store_close(store);
	return status;
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
		return rules_list(o, rules);
	if (o->verb == RULES_EXPLAIN)
		return rules_explain(o, rules);
	size_t cases = 0;
	for (size_t i = 0; i < o->files_n; i++)
		cases += store_is_case(o->files[i]);
	if (cases && (o->files_n > 1 || (o->filter && o->verb != EXTRACT) || o->decode_as_n || o->case_path
	              || o->joining || o->each)) {
		fail(&err, "%s", o->files_n > 1
		     ? "give captures, or one case; to add captures to a case use -o CASE"
		     : "-f, -d, --each, --join, --separate, --case and -o CASE are for reading captures; this is a case");
		return give_up(&err, EXIT_USAGE);
	}
	if (o->verb == RULES_RUN && !cases && access(o->files[0], R_OK) == 0) {
		fail(&err, "%s is no case; `tcpwhy -o case.db FILE...` makes one", o->files[0]);
		return give_up(&err, EXIT_UNREADABLE);
	}
	if (o->each)
		return batch_report(o, rules);
	if (o->verb == BROWSE)
		return browse(o, rules);
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
	signal(SIGXFSZ, SIG_IGN);         /* a file that may not grow is told, like a full disk */
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
		if (o.verb == BROWSE && !screen_possible())
			o.verb = ANALYZE;                  /* the report, for who cannot see a screen */
		status = rules_then_verb(&o);
	}
	options_free(&o);
	return status;
}
