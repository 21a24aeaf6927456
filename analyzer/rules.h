/* rules.h - the rules pass: facts -> findings, one .sql file a rule.
 *
 * A rule is a SELECT under a header of comments (docs/ARCHITECTURE.md, "A
 * rule"). Its columns, by name:
 *   flow_id, from_ns, to_ns, severity, confidence, summary, numbers, evidence
 * and, where a finding concerns many connections, client, server, capture_id.
 *
 * Owns     every rule's text; freed by rules_free().
 * Bounds   LIMIT_RULE_FILE bytes a file, LIMIT_RULE_PARAMS parameters a rule,
 *          LIMIT_EVIDENCE frames of evidence a finding.
 * Errors   a sentence that names the file and the line, or the rule.
 * Order    load, then any number of set, then run.
 */
#ifndef RULES_H
#define RULES_H

#include "err.h"

struct sqlite3;

struct rule_param { char *name, *value, *what; };   /* value: a number, as text */

struct rule {
	char *id, *title, *severity, *explains, *remedy, *confirm, *not_when, *reference;
	char *origin;                     /* "built in", or the path */
	char *sql;                        /* the whole file */
	char *needs;                      /* words of the view flow_lack; NULL: nothing */
	char *yields;                     /* rules that, where they speak of the same connection,
	                                     explain what this one would tell; NULL: none */
	char *over;                       /* a table without whose rows it finds nothing; NULL: none */
	bool  is_yielded_to;
	bool  benign;                     /* listed under what is not a problem */
	bool  about_capture;              /* what it finds is about the capture itself */
	struct rule_param *params;
	size_t params_n;
};

struct rules { struct rule *rule; size_t n; };      /* sorted by id */

/* The built-in rules; `dir`, if not NULL, adds or replaces by id. */
bool rules_load(struct rules *, const char *dir, struct err *);

/* "tcp.reset-after-idle.min_idle_s=300" */
bool rules_set(struct rules *, const char *assignment, struct err *);

const struct rule *rules_find(const struct rules *, const char *id);   /* NULL: none */

/* How far a pass has come. `rule` is the id of the one that is run; NULL before the first,
 * while what several rules need is worked out. */
struct rules_progress { size_t done, all; const char *rule; };

struct rules_options {
	/* Conclude into temporary tables, which hide the case's conclusions until it is closed:
	 * the case stays as it is, and may be one that cannot be written. */
	bool   temporary;
	/* Told at most every 50 ms; NULL: nobody watches. False: give the pass up. */
	bool (*progress)(void *context, const struct rules_progress *);
	void  *context;
};

/* Drop what an earlier pass concluded and conclude anew, in one transaction of
 * the caller's; options NULL: none. A rule that fails is left out, and the first such
 * is told: false, but what the others found stands. Where the watcher gave the pass up
 * there are no conclusions, and no whole tables of them: the case is to be closed
 * without a commit, or concluded anew. */
bool rules_run(const struct rules *, struct sqlite3 *, const struct rules_options *, struct err *);

void rules_free(struct rules *);

#endif
