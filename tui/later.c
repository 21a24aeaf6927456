/* later.c - see later.h. */
#include "later.h"

#include <sqlite3.h>

#include "browser.h"

enum { LOOK_AROUND = 20000 };                    /* virtual machine instructions: below a millisecond */

struct patience { struct browser *b; int64_t until_ns; };

/* Not 0: enough. */
static int look_around(void *context)
{
	const struct patience *p = context;
	const struct outside *o = p->b->outside;
	return browser_now() > p->until_ns && o->key_waits && o->key_waits(o->context);
}

int later_step(struct browser *b, struct sqlite3_stmt *s, int64_t until_ns)
{
	struct patience patience = { b, until_ns };
	sqlite3_progress_handler(b->db, LOOK_AROUND, look_around, &patience);
	int rc = sqlite3_step(s);
	sqlite3_progress_handler(b->db, 0, NULL, NULL);
	return rc;
}

void later_drop(struct browser *b)
{
	sqlite3_finalize(b->later.question);
	b->later = (struct later){ 0 };
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
	b->later = (struct later){ 0 };
	if (l.must)
		l.chore(b);
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
	b->later = (struct later){ 0 };
	if (l.chore)
		l.chore(b);
	else
		question_step(b, l);
	return true;
}
