/* view_tshark.c - the commands that show with tshark what the user points at. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "copy.h"
#include "views.h"

enum { COMMANDS = 40, LABEL = 14 };

struct commands {
	char        *line[COMMANDS];      /* a sheet's tag is the index of one, + 1 */
	const char  *label[COMMANDS];
	size_t       n;
	char         of[80];
	struct sheet sheet;
};

static void command_add(struct commands *c, const char *label, const char *file, const char *filter, const char *more)
{
	sqlite3_str *s = sqlite3_str_new(NULL);
	sqlite3_str_appendall(s, "tshark -r ");
	copy_shell_word(s, file);
	sqlite3_str_appendall(s, " -Y ");
	copy_shell_word(s, filter);
	sqlite3_str_appendall(s, more);
	char *line = sqlite3_str_finish(s);
	if (line && c->n < COMMANDS) {
		c->label[c->n] = label;
		c->line[c->n++] = text_copy(line);
	}
	sqlite3_free(line);
}

/* Files with packets of the connection, or of the finding's. */
static const char files_sql[] =
	"SELECT DISTINCT c.path FROM flow f JOIN capture_file c ON c.capture_id = f.capture_id"
	"    AND c.first_frame <= f.last_frame AND c.first_frame + c.frames > f.first_frame"
	" WHERE f.id = ?1 OR f.id IN (SELECT flow_id FROM evidence WHERE finding_id = ?2) LIMIT 20";

static void commands_make(struct commands *c, struct browser *b, const struct about *about)
{
	struct sqlite3_stmt *s = copy_filters(b, about);
	while (model_next(&b->model, s)) {
		if (sqlite3_column_int(s, 0) == 1) {
			command_add(c, "By numbers", model_text(s, 2), model_text(s, 1), "");
			command_add(c, "Every field", model_text(s, 2), model_text(s, 1), " -V");
			continue;
		}
		struct sqlite3_stmt *files = model_query(&b->model, files_sql, about->flow, about->finding);
		while (model_next(&b->model, files))
			command_add(c, "By addresses", model_text(files, 0), model_text(s, 1), "");
	}
}

static bool commands_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct commands *c = state;
	struct about about = { .finding = subject.other, .flow = subject.id, .frame = subject.frame };
	commands_make(c, b, &about);
	snprintf(c->of, sizeof c->of, "%s", about.frame ? "packet" : about.finding ? "finding" : "flow");
	return c->n > 0 || fail(err, "Nothing here can be shown with tshark: it is no packet, connection or finding of one.");
}

static void commands_close(void *state)
{
	struct commands *c = state;
	while (c->n)
		free(c->line[--c->n]);
	sheet_free(&c->sheet);
}

static void commands_title(void *state, char *text, size_t size)
{
	struct commands *c = state;
	snprintf(text, size, "tshark for this %s", c->of);
}

static void commands_draw(void *state, struct browser *b, struct area a)
{
	struct commands *c = state;
	struct sheet *s = &c->sheet;
	(void)b;
	sheet_begin(s, a.cols, a.on->ascii);
	for (size_t i = 0; i < c->n; i++) {
		sqlite3_str *line = sqlite3_str_new(NULL);
		int row = s->used;
		sqlite3_str_appendf(line, " %s", c->line[i]);
		char *text = sqlite3_str_finish(line);
		bool same = i > 0 && strcmp(c->label[i], c->label[i - 1]) == 0;
		sheet_fold(s, LABEL - 1, same ? "" : c->label[i], LOOK_PLAIN, text ? text : "");
		sheet_tag(s, row, (int64_t)i + 1);
		sqlite3_free(text);
	}
	sheet_draw(s, a);
}

static void command_copy(struct browser *b, void *state, int key)
{
	struct commands *c = state;
	int64_t tag = sheet_tag_at(&c->sheet);
	(void)key;
	if (tag > 0 && tag <= (int64_t)c->n)
		copy_text(b, c->line[tag - 1], "");
}

static struct sheet *commands_sheet(void *state)
{
	struct commands *c = state;
	return &c->sheet;
}

static const struct binding commands_bindings[] = {
	{ { 'y' }, "copy", "copy the command", command_copy },
	{ .act = NULL },
};

const struct view view_tshark = {
	.name = "tshark",
	.help = "Commands for a shell that show with tshark what was pointed at. Where a capture is one file, by its"
	        " numbers; and by addresses, which are good for any file. Names are quoted for the shell.",
	.size = sizeof(struct commands), .open = commands_open, .close = commands_close, .title = commands_title,
	.draw = commands_draw, .sheet = commands_sheet, .bindings = commands_bindings,
};
