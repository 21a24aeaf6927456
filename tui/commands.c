/* commands.c - see commands.h. All there is to know of a command is in its row of the table:
 * running, completing, `:help` and the help page go by it. */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "flow_keys.h"
#include "goto.h"
#include "notes.h"
#include "save.h"
#include "sql.h"
#include "text.h"
#include "views.h"
#include "zone.h"

/* What a view is opened on. */
enum needs { NOTHING, FLOW, PACKET };

struct command {
	const char *name, *argument, *help;                 /* argument NULL: it takes none */
	bool (*run)(struct browser *, const struct command *, const char *argument, struct err *);
	const struct view *view;                            /* for show() */
	enum needs         needs;
	prompt_words      *words;                           /* that complete the argument; NULL: none */
};

/* ---- views ---- */

static bool show_tab(struct browser *b, const struct view *view)
{
	for (int i = 0; tabs[i].name; i++)
		if (tabs[i].view == view) {
			browser_tab(b, i);
			return true;
		}
	return false;
}

static bool show(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	struct about about = browser_about(b);
	(void)argument;
	if (c->needs != NOTHING && !about.flow)
		return fail(err, "Nothing here belongs to a connection: :%s shows that of what is pointed at.", c->name);
	if (c->needs == PACKET && !about.frame)
		return fail(err, "There is no packet where you stand: :%s shows that.", c->name);
	if (c->needs == NOTHING && c->view && show_tab(b, c->view))
		return true;
	struct subject subject = { .id = about.flow, .frame = about.frame };
	browser_open(b, c->view, c->needs == NOTHING ? (struct subject){ 0 } : subject);
	return true;
}

static bool show_help(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c, (void)argument, (void)err;
	browser_help(b);
	return true;
}

static bool show_compare(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c, (void)argument, (void)err;
	flows_compare(b, NULL, 0);
	return true;
}

/* ---- places ---- */

static bool number_of(const char *text, int64_t *n, struct err *err)
{
	char *end;
	errno = 0;
	*n = strtoll(text, &end, 10);
	return (*text && !*end && !errno && *n >= 0) || fail(err, "A number is needed, not \"%.60s\".", text);
}

static bool to_flow(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	int64_t id;
	if (!*argument)
		return show(b, c, argument, err);
	return number_of(argument, &id, err) && goto_flow(b, id, err);
}

static bool to_finding(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	int64_t id = browser_about(b).finding;
	if (*argument && !number_of(argument, &id, err))
		return false;
	if (!id)
		return fail(err, "Which finding? :finding N, N being its finding.id.");
	browser_open(b, c->view, (struct subject){ .id = id });
	return true;
}

static bool to_stream(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	int64_t n;
	(void)c;
	return number_of(argument, &n, err) && goto_stream(b, n, err);
}

static bool to_frame(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	int64_t n;
	(void)c;
	return number_of(argument, &n, err) && goto_frame(b, n, err);
}

static bool to_time(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c;
	return goto_time(b, argument, err);
}

/* ---- the list of flows ---- */

static bool filter(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c;
	return filter_set(b, argument, err);
}

static bool sort(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c;
	return flows_sort(b, argument, err);
}

/* ---- the rest ---- */

static bool zone(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	char name[ZONE_SIZE];
	(void)c;
	if (!zone_set(argument))
		return fail(err, "There is no time zone \"%.60s\" here; write UTC, local, +08:00 or a name such as Asia/Shanghai.", argument);
	browser_say(b, LOOK_DIM, "Times of the day are those of %s now.", zone_name(name));
	return true;
}

static bool save(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	const char *path = argument + (*argument ? 1 : 0);
	(void)c;
	if (!*argument) {
		save_ask(b, NULL, 0);
		return true;
	}
	if (!strchr("psrf", *argument) || (*path && *path != ' '))
		return fail(err, ":save p packets, s stream text, r report, or f this screen; then the file");
	save_what(b, *argument, path + strspn(path, " "));
	return true;
}

static bool write_case(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c, (void)err;
	save_what(b, 'c', argument);
	return true;
}

static bool note(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c;
	if (*argument)
		return note_put(b, argument, err);
	note_ask(b, NULL, 0);
	return true;
}

static bool sql(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c;
	if (*argument)
		return sql_run(b, argument, err);
	sql_ask(b, NULL, 0);
	return true;
}

static bool quit(struct browser *b, const struct command *c, const char *argument, struct err *err)
{
	(void)c, (void)argument, (void)err;
	browser_leave(b);
	return true;
}

/* ---- the table ---- */

static bool zones(void *context, size_t i, const char **word, const char **what);
static bool kinds(void *context, size_t i, const char **word, const char **what);

static const struct command commands[] = {
	{ "findings", NULL, "the first screen", show, &view_findings, NOTHING, NULL },
	{ "finding", "[N]", "a finding, by its finding.id", to_finding, &view_finding, NOTHING, NULL },
	{ "flows", NULL, "all connections", show, &view_flows, NOTHING, NULL },
	{ "flow", "[N]", "a connection, by its flow.id", to_flow, &view_flow, FLOW, NULL },
	{ "stream", "N", "a connection, by Wireshark's tcp.stream", to_stream, NULL, NOTHING, NULL },
	{ "frame", "N", "a packet, by its number in the file; N alone does the same", to_frame, NULL, NOTHING, NULL },
	{ "time", "HH:MM:SS", "what happened nearest to a time; a date may stand before it, a zone behind", to_time, NULL, NOTHING, NULL },
	{ "packet", NULL, "the packet that is pointed at", show, &view_packet, PACKET, NULL },
	{ "follow", NULL, "what was said on the connection", show, &view_follow, FLOW, NULL },
	{ "compare", NULL, "the two connections that are marked", show_compare, &view_compare, NOTHING, NULL },
	{ "exchanges", NULL, "HTTP", show, &view_exchanges, NOTHING, NULL },
	{ "channels", NULL, "AMQP", show, &view_channels, NOTHING, NULL },
	{ "servers", NULL, "all servers", show, &view_servers, NOTHING, NULL },
	{ "server", NULL, "the server of the connection", show, &view_server, FLOW, NULL },
	{ "capture", NULL, "how far the captures can be trusted", show, &view_capture, NOTHING, NULL },
	{ "notes", NULL, "all notes and bookmarks", show, &view_notes, NOTHING, NULL },
	{ "filter", "[FILTER]", "show only connections that it lets pass; without one, all", filter, NULL, NOTHING, filter_words },
	{ "sort", "COLUMN", "sort the connections by a column", sort, NULL, NOTHING, flow_words },
	{ "tz", "ZONE", "the zone of times of the day: UTC, local, +08:00, Asia/Shanghai", zone, NULL, NOTHING, zones },
	{ "save", "[p|s|r|f] [FILE]", "packets, a stream's text, a report, this screen", save, NULL, NOTHING, kinds },
	{ "write", "[FILE]", "keep the case, with its notes", write_case, NULL, NOTHING, NULL },
	{ "note", "[TEXT]", "a note on what is pointed at; - takes it away", note, NULL, NOTHING, NULL },
	{ "sql", "[QUERY]", "ask the case", sql, NULL, NOTHING, sql_words },
	{ "help", NULL, "the keys of this view", show_help, NULL, NOTHING, NULL },
	{ "quit", NULL, "leave", quit, NULL, NOTHING, NULL },
	{ "q", NULL, NULL, quit, NULL, NOTHING, NULL },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

bool command_usage(size_t i, char *usage, size_t size, const char **help)
{
	if (i >= COMMANDS || !commands[i].help)
		return false;
	const struct command *c = &commands[i];
	snprintf(usage, size, ":%s%s%s", c->name, c->argument ? " " : "", c->argument ? c->argument : "");
	*help = c->help;
	return true;
}

/* ---- running ---- */

/* By its name, or by a beginning that no other one has. */
static const struct command *command_named(const char *name, size_t n)
{
	const struct command *found = NULL;
	size_t fits = 0;
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strncmp(commands[i].name, name, n) != 0)
			continue;
		if (!commands[i].name[n])
			return &commands[i];
		found = &commands[i];
		fits++;
	}
	return fits == 1 ? found : NULL;
}

static bool fail_unknown(const char *name, struct err *err)
{
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	const char *nearest = text_nearest(name, names, COMMANDS);
	return fail(err, "There is no command \"%.60s\"%s%s; ? lists all.", name, nearest ? "; did you mean :" : "",
	            nearest ? nearest : "");
}

bool command_run(struct browser *b, const char *line, struct err *err)
{
	char name[32], argument[PROMPT_SIZE];
	line += strspn(line, " :");
	size_t n = strcspn(line, " ");
	snprintf(name, sizeof name, "%.*s", (int)n, line);
	snprintf(argument, sizeof argument, "%s", line + n + strspn(line + n, " "));
	for (size_t end = strlen(argument); end && argument[end - 1] == ' '; end--)
		argument[end - 1] = '\0';
	if (!n)
		return true;
	if (strspn(line, "0123456789") == n && !*argument)
		return to_frame(b, NULL, name, err);
	const struct command *c = n < sizeof name ? command_named(name, n) : NULL;
	if (!c)
		return fail_unknown(name, err);
	if (!c->argument && *argument)
		return fail(err, ":%s takes nothing behind it.", c->name);
	if (c->argument && *c->argument != '[' && !*argument)
		return fail(err, ":%s %s is how it is written.", c->name, c->argument);
	return c->run(b, c, argument, err);
}

/* ---- asking ---- */

static bool zones(void *context, size_t i, const char **word, const char **what)
{
	static const char *const names[] = { "UTC", "local", "Asia/Shanghai", "Europe/Berlin", "America/New_York" };
	(void)context;
	*what = "";
	*word = i < sizeof names / sizeof *names ? names[i] : NULL;
	return *word != NULL;
}

static bool kinds(void *context, size_t i, const char **word, const char **what)
{
	static const char *const names[] = { "p", "s", "r", "f" };
	(void)context;
	*what = "";
	*word = i < sizeof names / sizeof *names ? names[i] : NULL;
	return *word != NULL;
}

/* Commands for the first word, and then what that one takes. */
static bool words(void *context, size_t i, const char **word, const char **what)
{
	struct browser *b = context;
	size_t n = strcspn(b->prompt.text, " ");
	if (b->prompt.at > n) {
		const struct command *c = command_named(b->prompt.text, n);
		return c && c->words && c->words(context, i, word, what);
	}
	if (i >= COMMANDS)
		return false;
	*word = commands[i].name;
	*what = commands[i].help;
	return true;
}

static void typed(struct browser *b, const char *line)
{
	struct err err;
	if (!command_run(b, line, &err))
		browser_ask_again(b, line, err.text);
}

void command_ask(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_ask(b, ASKED_COMMAND, ":", "", typed);
	browser_offer(b, words, b);
}
