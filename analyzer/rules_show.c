/* rules_show.c - see rules_show.h. */
#include "rules_show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "finish.h"
#include "options.h"
#include "output.h"
#include "page.h"
#include "rules.h"
#include "text.h"

static void rules_lines(FILE *out, const struct rules *rules)
{
	int widest = 0;
	for (size_t i = 0; i < rules->n; i++) {
		int width = text_width(rules->rule[i].id);
		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->rule[i];
		fprintf(out, "%-*s  %-7s  ", widest, r->id, r->benign ? "benign" : r->severity);
		text_put_terminal(out, r->title);
		fputc('\n', out);
	}
}

struct list_job { const struct rules *rules; bool markdown; };

static bool list_write(void *context, FILE *out, struct err *err)
{
	const struct list_job *job = context;
	(job->markdown ? rules_markdown : rules_lines)(out, job->rules);
	return !ferror(out) || fail(err, "the rules could not be written: %s", strerror(errno));
}

int rules_list(const struct options *o, const struct rules *rules)
{
	struct err err;
	struct list_job job = { rules, o->format == FORMAT_MARKDOWN };
	if (!output_write(o->output, list_write, &job, &err))
		return give_up(&err, EXIT_PARTIAL);
	return output_end(EXIT_DONE);
}

static void rule_explain(const struct page *page, const struct rule *r)
{
	const struct { const char *label, *text; } parts[] = {
		{ "Why", r->explains }, { "Remedy", r->remedy }, { "Confirm", r->confirm },
		{ "Not if", r->not_when }, { "See", r->reference }, { "From", r->origin },
	};
	page_put(page, BOLD, r->title);
	putchar('\n');
	page_fold(page, "Rule", 10, 0, r->id);
	page_fold(page, "Severity", 10, 0, r->benign ? "note (not a problem)" : r->severity);
	if (r->about_capture)
		page_fold(page, "About", 10, 0, "the capture itself; it accuses nobody");
	if (r->needs)
		page_fold(page, "Needs", 10, 0, r->needs);
	if (r->yields)
		page_fold(page, "Yields to", 10, 0, r->yields);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		page_fold(page, parts[i].label, 10, 0, parts[i].text);
	for (size_t i = 0; i < r->params_n; i++) {
		char text[512];
		snprintf(text, sizeof text, "%.60s = %.40s  %.300s", r->params[i].name,
		         r->params[i].value, r->params[i].what);
		page_fold(page, i ? "" : "--set", 10, 0, text);
	}
	putchar('\n');
	const char *sql = r->sql;
	while (strncmp(sql, "--", 2) == 0) {
		sql += strcspn(sql, "\n");
		sql += *sql == '\n';
	}
	while (*sql) {
		size_t n = strcspn(sql, "\n");
		text_put_terminal_n(stdout, sql, n);
		putchar('\n');
		sql += n + (sql[n] == '\n');
	}
}

int rules_explain(const struct options *o, const struct rules *rules)
{
	const struct rule *r = rules_find(rules, o->files[0]);
	struct page page = { .out = stdout, .colour = o->colour, .width = terminal_width() };
	if (r) {
		rule_explain(&page, r);
		return output_end(EXIT_DONE);
	}
	const char **ids = alloc_zeroed(rules->n, sizeof *ids);
	for (size_t i = 0; i < rules->n; i++)
		ids[i] = rules->rule[i].id;
	const char *nearest = text_nearest(o->files[0], ids, rules->n);
	struct err err;
	fail(&err, "there is no rule \"%.60s\"; %s%s%s", o->files[0],
	     nearest ? "did you mean " : "`tcpwhy rules list` names them", nearest ? nearest : "",
	     nearest ? "?" : "");
	free(ids);
	return give_up(&err, EXIT_USAGE);
}
