/* later.c - see later.h. */
#include "later.h"

#include <sqlite3.h>

#include "browser.h"

enum { LOOK_AROUND = 20000 };                    /* virtual machine instructions: below a millisecond */

/* No answer takes so long in a case of ours; in one that was made to, the user is heard then. */
static const int64_t LAST_RESORT_NS = INT64_C(2000000000);

/* Not 0: enough. */
static int look_around(void *context)
{
	struct browser *b = context;
	const struct outside *o = b->outside;
	return browser_now() > b->later.patience_ns && o->key_waits && o->key_waits(o->context);
}

void later_begin(struct browser *b)
{
	later_patience(b);
	sqlite3_progress_handler(b->db, LOOK_AROUND, look_around, b);
}

void later_patience(struct browser *b)
{
	b->later.patience_ns = browser_now() + LAST_RESORT_NS;
}

int later_step(struct browser *b, struct sqlite3_stmt *s, int64_t until_ns)
{
	b->later.patience_ns = until_ns;
	int rc = sqlite3_step(s);
	later_patience(b);
	return rc;
}

/* What is written is not broken off by a key. */
static void chore_do(struct browser *b, void (*chore)(struct browser *))
{
	b->later.patience_ns = INT64_MAX;
	chore(b);
	later_patience(b);
}

static void later_forget(struct browser *b)
{
	b->later = (struct later){ .patience_ns = b->later.patience_ns };
}

void later_drop(struct browser *b)
{
	sqlite3_finalize(b->later.question);
	later_forget(b);
}

void later_close(struct browser *b)
{
	later_drop(b);
	sqlite3_progress_handler(b->db, 0, NULL, NULL);
}

void later_do(struct browser *b, void (*chore)(struct browser *))
{
	later_try(b, chore);
	b->later.must = true;
}

void later_try(struct browser *b, void (*chore)(struct browser *))
{
	later_drop(b);
	b->later.chore = chore;
}

bool later_end(struct browser *b)
{
	struct later l = b->later;
	if (!l.must)
		later_drop(b);
	later_forget(b);
	if (l.must)
		chore_do(b, l.chore);
	return l.must;
}

void later_ask(struct browser *b, const char *sql, long long a, long long c, later_answer *answer)
{
	later_drop(b);
	b->later.question = model_query(&b->model, sql, a, c);
	b->later.answer = b->later.question ? answer : NULL;
}

static void question_step(struct browser *b, struct later l)
{
	int rc = later_step(b, l.question, 0);
	b->message[0] = '\0';
	if (rc == SQLITE_INTERRUPT)
		browser_say(b, LOOK_WARNING, "A key was pressed: it was looked for no further.");
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		browser_say(b, LOOK_ERROR, "The case cannot be read: %s", sqlite3_errmsg(b->db));
	else
		l.answer(b, rc == SQLITE_ROW ? l.question : NULL);
	sqlite3_finalize(l.question);
}

bool later_work(struct browser *b)
{
	struct later l = b->later;
	if (!l.chore && !l.question)
		return false;
	if (!l.shown)
		return true;
	later_forget(b);
	if (l.chore)
		chore_do(b, l.chore);
	else
		question_step(b, l);
	return true;
}
