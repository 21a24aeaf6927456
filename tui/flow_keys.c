/* flow_keys.c - see flow_keys.h. */
#include "flow_keys.h"

#include <stdio.h>
#include <strings.h>

#include "browser.h"
#include "filter.h"
#include "text.h"
#include "views.h"

/* ---- the filter ---- */

bool filter_words(void *context, size_t i, const char **word, const char **what)
{
	(void)context;
	return filter_word(i, word, what);
}

static void flows_show(struct browser *b)
{
	int tab = 0;
	if (browser_top(b)->view == &view_flows)
		return;
	while (tabs[tab].view != &view_flows)
		tab++;
	browser_tab(b, tab);
	while (b->tab == tab && b->depth[tab] > 1)
		browser_back(b);
}

bool filter_set(struct browser *b, const char *text, struct err *err)
{
	struct filter filter;
	if (!filter_parse(&filter, text, 1, err))
		return false;
	filter_free(&filter);
	snprintf(b->filter, sizeof b->filter, "%s", text);
	flows_show(b);
	return true;
}

static void filter_take(struct browser *b, const char *line)
{
	struct err err;
	if (!filter_set(b, line, &err))
		browser_ask_again(b, line, err.text);
}

void filter_ask(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_ask(b, ASKED_FILTER, "filter: ", b->filter, filter_take);
	browser_offer(b, filter_words, NULL);
}

bool flows_sort(struct browser *b, const char *column, struct err *err)
{
	const char *names[FLOW_COLUMNS];
	for (int i = 0; i < FLOW_COLUMNS; i++) {
		names[i] = flow_columns[i].name;
		if (strcasecmp(names[i], column) != 0 && strcasecmp(flow_columns[i].head, column) != 0)
			continue;
		b->flows.sort = (uint8_t)i;
		flows_show(b);
		return true;
	}
	const char *nearest = text_nearest(column, names, FLOW_COLUMNS);
	return fail(err, "There is no column \"%.60s\"%s%s.", column, nearest ? "; did you mean " : "", nearest ? nearest : "");
}

bool flow_words(void *context, size_t i, const char **word, const char **what)
{
	(void)context;
	if (i >= FLOW_COLUMNS)
		return false;
	*word = flow_columns[i].name;
	*what = flow_columns[i].help;
	return true;
}

void filter_clear(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_say(b, LOOK_DIM, *b->filter ? "The filter is cleared." : "There is no filter; f sets one.");
	b->filter[0] = '\0';
}

/* ---- marks ---- */

void flow_mark(struct browser *b, void *state, int key)
{
	int64_t flow = browser_about(b).flow, *mark = b->marked;
	(void)state, (void)key;
	if (!flow) {
		browser_say(b, LOOK_WARNING, "There is no flow here to mark.");
	} else if (mark[0] == flow || mark[1] == flow) {
		mark[0] = mark[0] == flow ? mark[1] : mark[0];
		mark[1] = 0;
		browser_say(b, LOOK_DIM, "Not marked any more.");
	} else if (!mark[0]) {
		mark[0] = flow;
		browser_say(b, LOOK_DIM, "Marked; Space marks another one, and c compares the two.");
	} else {
		mark[0] = mark[1] ? mark[1] : mark[0];
		mark[1] = flow;
		browser_say(b, LOOK_DIM, "Two flows are marked; c compares them.");
	}
}

void flows_compare(struct browser *b, void *state, int key)
{
	int64_t flow = browser_about(b).flow, other = b->marked[1] ? b->marked[1] : flow;
	(void)state, (void)key;
	if (!b->marked[0] || !other || other == b->marked[0])
		browser_say(b, LOOK_WARNING, "To compare flows, mark one with Space, and another one, or stand on it.");
	else
		browser_open(b, &view_compare, (struct subject){ .id = b->marked[0], .other = other });
}

/* ---- problems ---- */

void problem_step(struct browser *b, void *state, int key)
{
	bool back = key == 'E';
	int64_t here = model_number(&b->model,
		"SELECT i.nr FROM temp.shown_incident_of o JOIN temp.shown_incident i ON i.id = o.incident_id WHERE o.id = ?1",
		browser_about(b).finding);
	int64_t finding = model_number(&b->model, back
		? "SELECT id FROM temp.shown_incident WHERE ?1 = 0 OR nr < ?1 ORDER BY nr DESC LIMIT 1"
		: "SELECT id FROM temp.shown_incident WHERE nr > ?1 ORDER BY nr LIMIT 1", here);
	(void)state;
	if (!finding) {
		browser_say(b, LOOK_WARNING, !here ? "There is no problem in this case." : back ? "This is the first problem." : "This is the last problem.");
		return;
	}
	if (browser_top(b)->view == &view_finding && b->depth[b->tab] > 1)
		browser_back(b);
	browser_open(b, &view_finding, (struct subject){ .id = finding });
}
