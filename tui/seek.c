/* seek.c - see seek.h. */
#include "seek.h"

#include <stdio.h>

#include "browser.h"

enum { ROWS_A_LOOK = 16 };

static struct list *list_of(const struct opened *o)
{
	if (o->view->sheet)
		return &o->view->sheet(o->state)->list;
	return o->view->list ? o->view->list(o->state) : NULL;
}

void browser_seek(struct browser *b, seek_test *test, const char *text, bool backwards, const char *missing)
{
	struct list *list = list_of(browser_top(b));
	b->seek = (struct seek){ .test = test, .missing = missing, .backwards = backwards, .from = list->at };
	snprintf(b->seek.text, sizeof b->seek.text, "%s", text);
}

static bool sheet_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	return canvas_row_has(&browser_top(b)->view->sheet(state)->canvas, (int)row, text);
}

void browser_find(struct browser *b, const char *text, bool backwards)
{
	const struct view *view = browser_top(b)->view;
	seek_test *test = view->sheet ? sheet_row_has : view->row_has;
	if (!test)
		browser_say(b, LOOK_WARNING, "This view cannot be searched.");
	else if (!*text)
		browser_say(b, LOOK_WARNING, "There is nothing to look for.");
	else
		browser_seek(b, test, text, backwards, NULL);
}

void seek_stop(struct browser *b)
{
	b->seek.test = NULL;
}

static void found(struct browser *b, struct list *list, int64_t row)
{
	const struct seek *k = &b->seek;
	b->message[0] = '\0';
	if (k->backwards ? row >= k->from : row <= k->from)
		browser_say(b, LOOK_DIM, "Went on at the other end.");
	list_go(list, row);
	seek_stop(b);
}

static void missed(struct browser *b)
{
	const struct seek *k = &b->seek;
	if (k->missing)
		browser_say(b, LOOK_WARNING, "%s", k->missing);
	else
		browser_say(b, LOOK_WARNING, "\"%s\" is not there.", k->text);
	seek_stop(b);
}

bool seek_work(struct browser *b, int64_t until_ns)
{
	struct opened *top = browser_top(b);
	struct list *list = list_of(top);
	struct seek *k = &b->seek;
	while (k->test) {
		if (k->gone >= list->n) {
			missed(b);
			break;
		}
		k->gone++;
		int64_t row = (k->from + (k->backwards ? list->n - k->gone : k->gone)) % list->n;
		if (k->test(top->state, b, row, k->text)) {
			found(b, list, row);
		} else if (k->gone % ROWS_A_LOOK == 0 && browser_now() >= until_ns) {
			browser_say(b, LOOK_DIM, "Searching: %lld %%; any key stops it.", (long long)(k->gone * 100 / list->n));
			return true;
		}
	}
	return false;
}
