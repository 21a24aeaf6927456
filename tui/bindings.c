/* bindings.c - see bindings.h. */
#include "bindings.h"

#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "commands.h"
#include "copy.h"
#include "flow_keys.h"
#include "key.h"
#include "notes.h"
#include "save.h"
#include "sql.h"
#include "views.h"

/* ---- leaving, help, tabs ---- */

/* Esc and Left are pressed once too often where one wants to be back at the beginning. */
static void back(struct browser *b, void *state, int key)
{
	(void)state;
	if (key == 'q' || !browser_is_first(b))
		browser_back(b);
	else
		browser_say(b, LOOK_DIM, "This is the first screen; q leaves.");
}

static void quit(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_leave(b);
}

static void help(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_help(b);
}

void browser_help(struct browser *b)
{
	if (browser_top(b)->view == &view_help)
		browser_back(b);
	else
		browser_open(b, &view_help, (struct subject){ 0 });
}

static int tabs_n(void)
{
	int n = 0;
	while (tabs[n].name)
		n++;
	return n;
}

static void tab_nth(struct browser *b, void *state, int key)
{
	(void)state;
	if (key - '1' < tabs_n())
		browser_tab(b, key - '1');
}

static void tab_next(struct browser *b, void *state, int key)
{
	(void)state;
	int n = tabs_n();
	browser_tab(b, (b->tab + (key == K_TAB ? 1 : n - 1)) % n);
}

static void suspend(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	if (b->outside->suspend)
		b->outside->suspend(b->outside->context);
}

/* ---- searching ---- */

static void search_done(struct browser *b, const char *line)
{
	snprintf(b->search, sizeof b->search, "%s", line);
	if (*line)
		browser_find(b, line, false);
}

static void search(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_ask(b, ASKED_SEARCH, "/", "", search_done);
}

static void search_again(struct browser *b, void *state, int key)
{
	(void)state;
	browser_find(b, b->search, key == 'N');
}

/* ---- how things are shown ---- */

static void clock_turn(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	b->clock = (b->clock + 1) % CLOCKS;
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT substr(clock, length(bare_time(clock)) + 2) FROM (SELECT clock_s(min(first_ns)) AS clock FROM capture)", 0, 0);
	while (model_next(&b->model, s))
		browser_say(b, LOOK_DIM, b->clock == CLOCK_RELATIVE ? "Times count from the capture's start."
		            : b->clock == CLOCK_DELTA ? "Times count from the row before."
		            : "Times are those of the day, %s; :tz changes the zone.", model_text(s, 0));
}

static void redraw(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	b->search[0] = '\0';
}

static void notes_open(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	if (browser_top(b)->view != &view_notes)
		browser_open(b, &view_notes, (struct subject){ 0 });
}

static void follow_open(struct browser *b, void *state, int key)
{
	struct about about = browser_about(b);
	(void)state, (void)key;
	if (browser_top(b)->view == &view_follow)
		return;
	if (about.flow)
		browser_open(b, &view_follow, (struct subject){ .id = about.flow, .frame = about.frame });
	else
		browser_say(b, LOOK_WARNING, "There is no flow here to follow.");
}

const struct binding browser_bindings[] = {
	{ { '?', K_F1 }, "help", "this page", help },
	{ { 'q', K_ESC, K_LEFT }, "back", "back to where you came from; from the first screen, q leaves", back },
	{ { 'Q', K_CTRL('C') }, NULL, "leave at once", quit },
	{ { '/' }, "search", "search in what is shown", search },
	{ { 'n', 'N' }, NULL, "search on, or backwards", search_again },
	{ { '1', '2', '3', '4', '5', '6' }, NULL, "the tabs, by their numbers", tab_nth },
	{ { K_TAB, K_BACK_TAB }, NULL, "the next tab, or the one before", tab_next },
	{ { 'f', K_F7 }, "filter", "choose flows by a filter; Tab completes its words", filter_ask },
	{ { K_F5 }, NULL, "clear the filter", filter_clear },
	{ { 'F' }, NULL, "what was said on this connection", follow_open },
	{ { 's', K_F2 }, "save", "save packets, a stream's text, a report, or the screen", save_ask },
	{ { ' ' }, NULL, "mark this flow; two can be marked", flow_mark },
	{ { 'c' }, NULL, "compare the two marked flows, or the marked one with this", flows_compare },
	{ { 'e', 'E' }, "problem", "the next problem, or the one before", problem_step },
	{ { ':' }, "command", "a command; they are listed below", command_ask },
	{ { 'y', 'Y' }, NULL, "copy the Wireshark filter of what is pointed at; Y: by addresses", copy_filter },
	{ { '!' }, NULL, "the tshark commands for it", copy_command },
	{ { 'm' }, NULL, "a note on it; an empty one is a bookmark, - takes it away", note_ask },
	{ { 'M' }, NULL, "all notes and bookmarks", notes_open },
	{ { ';' }, NULL, "ask the case in SQL", sql_ask },
	{ { 't' }, NULL, "times from the capture's start, of the day, from the row before", clock_turn },
	{ { K_CTRL('L') }, NULL, "draw the screen anew; the search's marks go away", redraw },
	{ { K_CTRL('Z') }, NULL, "stop; `fg` comes back", suspend },
	{ .act = NULL },
};
