/* rules_pass.h - what the two halves of a rules pass share: rules.c runs the rules
 * and gathers their rows, rules_findings.c writes them down as findings. See rules.h.
 *
 * All rows are gathered first and inserted last: findings are numbered in the order
 * of the report, a rule may yield to another, and nothing needs to write while the
 * authorizer stands. */
#ifndef RULES_PASS_H
#define RULES_PASS_H

#include <stddef.h>
#include <stdint.h>

#include "pace.h"
#include "rules.h"

struct sqlite3_stmt;

#define NO_ID INT64_MIN

/* One row of a rule's result. NO_TIME and NO_ID stand for NULL. */
struct draft {
	const struct rule *rule;
	int64_t flow_id, capture_id, from_ns, to_ns;
	int     severity;                /* index into severities */
	const char *confidence;
	char   *summary, *numbers, *evidence, *client, *server;   /* the last two may be NULL */
	char   *doubt;                   /* what the capture lacks for it; NULL: nothing */
	size_t  nr;                      /* as the rules gave them: the last resort of the order */
};

struct pass {
	struct sqlite3 *db;
	struct err     *err;
	struct draft   *draft;
	size_t          n;
	struct err      first_failure;   /* of a rule; the pass goes on without it */
	const struct rules_options *options;
	struct rules_progress progress;
	struct pace     pace;
	bool            given_up;        /* by the watcher */
};

extern const char *const severities[3], *const confidences[3];

/* The index of a word in one of these, or NONE. */
int word_index(const char *word, const char *const *words);

/* "rule X: why"; false. */
bool fail_rule(struct pass *, const struct rule *, const char *why);

/* Keep the first failure of a rule and go on. */
void failure_keep(struct pass *);

/* A statement's column as text, to be freed; NULL for NULL, and for column -1. */
char *column_copy(struct sqlite3_stmt *, int at);

void bind_text(struct sqlite3_stmt *, int at, const char *text);

/* Run a statement that gives no row, and make it ready to be run again. */
bool step_done(struct pass *, const struct rule *, struct sqlite3_stmt *);

void draft_free(struct draft *);

/* Count the flows into the tables server_count, flow_kind and capture_bucket. False: sqlite3_errmsg(). */
bool flows_count(struct pass *);

/* Leave out what yields to another, put the rest in the order of the report and insert it.
 * False only where the case cannot be written; of drafts that are no findings the first is
 * told by failure_keep(). */
bool findings_insert(struct pass *);

#endif
