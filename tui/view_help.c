/* view_help.c - what the view below shows, and its keys: from the tables that keys go
 * through, so that nothing here can be out of date. */
#include <stdio.h>
#include <string.h>

#include "bindings.h"
#include "browser.h"
#include "commands.h"
#include "key.h"
#include "views.h"

struct help { const struct view *of; struct sheet sheet; };

static bool help_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct help *h = state;
	(void)subject, (void)err;
	h->of = browser_top(b)->view;
	return true;
}

static void help_close(void *state)
{
	struct help *h = state;
	sheet_free(&h->sheet);
}

static void help_title(void *state, char *text, size_t size)
{
	struct help *h = state;
	snprintf(text, size, "Help on %s", h->of->name);
}

static void bindings_list(struct sheet *s, const struct binding *binding)
{
	for (; binding && binding->keys[0]; binding++) {
		char label[64] = "  ", name[KEY_NAME];
		size_t n = 2;
		for (int i = 0; i < BINDING_KEYS && binding->keys[i] && n < sizeof label - KEY_NAME; i++)
			n += (size_t)snprintf(label + n, sizeof label - n, "%s%s", i ? " " : "",
			                      key_word(binding->keys[i], name));
		if (binding->help)
			sheet_fold(s, 22, label, LOOK_PLAIN, binding->help);
	}
}

static void commands_list(struct sheet *s)
{
	char usage[64] = "  ";
	const char *words;
	sheet_line(s, 0, LOOK_PLAIN, "");
	sheet_heading(s, "Commands");
	for (size_t i = 0; command_usage(i, usage + 2, sizeof usage - 2, &words); i++)
		sheet_fold(s, 26, usage, LOOK_PLAIN, words);
}

static void help_draw(void *state, struct browser *b, struct area a)
{
	struct help *h = state;
	struct sheet *s = &h->sheet;
	(void)b;
	sheet_begin(s, a.cols, a.on->ascii);
	sheet_fold(s, 0, "", LOOK_PLAIN, h->of->help);
	sheet_line(s, 0, LOOK_PLAIN, "");
	sheet_heading(s, "Keys here");
	bindings_list(s, h->of->bindings);
	sheet_fold(s, 22, "  move", LOOK_PLAIN, list_help);
	sheet_fold(s, 22, "  mouse", LOOK_PLAIN, "a click selects a row, one more opens it; tabs and the keys in the last row can"
	           " be clicked on; the wheel moves");
	sheet_line(s, 0, LOOK_PLAIN, "");
	sheet_heading(s, "Keys everywhere");
	bindings_list(s, browser_bindings);
	commands_list(s);
	sheet_draw(s, a);
}

static struct sheet *help_sheet(void *state)
{
	struct help *h = state;
	return &h->sheet;
}

const struct view view_help = {
	.name = "help", .help = "What the keys do.", .size = sizeof(struct help), .open = help_open,
	.close = help_close, .title = help_title, .draw = help_draw, .sheet = help_sheet,
};
