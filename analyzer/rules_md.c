/* rules_md.c - all rules as a document in GitHub's Markdown. See rules_show.h. */
#include <string.h>

#include "document.h"
#include "rules.h"
#include "rules_show.h"
#include "text.h"

/* ---- groups: what stands before the first dot of an id ---- */

static const struct group { const char *prefix, *heading, *text; } groups[] = {
	{ "tcp", "TCP", "What happens to connections, whatever is spoken in them." },
	{ "http", "HTTP/1.x", "What happens between requests and responses." },
	{ "amqp", "AMQP 0-9-1", "What happens between clients and a broker such as RabbitMQ." },
	{ "capture", "Capture quality", "What limits the capture itself. These rules accuse nobody; they stand in a"
	  " section of their own and make other findings less sure." },
};
enum { GROUPS = sizeof groups / sizeof *groups };

static size_t prefix_length(const struct rule *r)
{
	return strcspn(r->id, ".");
}

/* Of a rule the group, or GROUPS: one of somebody's own. */
static size_t group_of(const struct rule *r)
{
	size_t n = prefix_length(r), i = 0;
	while (i < GROUPS && (strncmp(r->id, groups[i].prefix, n) != 0 || groups[i].prefix[n]))
		i++;
	return i;
}

/* Call for each rule, those of a group together; `first`: it begins a group. Rules are
 * sorted by id, so those of an unknown prefix are together too. */
static void rules_each(FILE *out, const struct rules *rules,
                       void (*call)(FILE *, const struct rules *, const struct rule *, bool first))
{
	for (size_t g = 0; g <= GROUPS; g++) {
		const struct rule *last = NULL;
		for (size_t i = 0; i < rules->n; i++) {
			const struct rule *r = &rules->rule[i];
			if (group_of(r) != g)
				continue;
			bool same = last && prefix_length(last) == prefix_length(r)
			         && strncmp(last->id, r->id, prefix_length(r)) == 0;
			call(out, rules, r, !same);
			last = r;
		}
	}
}

static void put_heading(FILE *out, const struct rule *r)
{
	if (group_of(r) < GROUPS)
		fputs(groups[group_of(r)].heading, out);
	else
		text_put_markdown_n(out, r->id, prefix_length(r));
}

static const char *severity_of(const struct rule *r)
{
	return r->benign ? "not a problem" : r->severity;
}

/* ---- contents ---- */

static void contents_line(FILE *out, const struct rules *rules, const struct rule *r, bool first)
{
	(void)rules;
	if (first) {
		fputs("- [", out);
		put_heading(out, r);
		fprintf(out, "](#group-%.*s)\n", (int)prefix_length(r), r->id);
	}
	fprintf(out, "  - [%s](#%s): ", r->id, r->id);
	text_put_markdown(out, r->title);
	fprintf(out, " (%s)\n", severity_of(r));
}

/* ---- a rule ---- */

static void label(FILE *out, const char *name)
{
	fprintf(out, "\n- **%s**: ", name);
}

/* A page that can be nothing else becomes a link. */
static bool is_page(const char *word, size_t n)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/?#=&%+-";
	return n > 8 && strncmp(word, "https://", 8) == 0 && strspn(word, plain) >= n;
}

static void put_reference(FILE *out, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, " ;,");
		if (is_page(s, n))
			fprintf(out, "<%.*s>", (int)n, s);
		else
			text_put_markdown_n(out, s, n);
		s += n;
		n = strspn(s, " ;,");
		fwrite(s, 1, n, out);
		s += n;
	}
}

/* "tcp.loss, tcp.refused", each a link where there is such a rule */
static void put_rules(FILE *out, const struct rules *rules, const char *ids)
{
	while (*ids) {
		char id[128];
		size_t n = strcspn(ids, ", ");
		snprintf(id, sizeof id, "%.*s", (int)n, ids);
		if (rules_find(rules, id))
			fprintf(out, "[%s](#%s)", id, id);
		else
			text_put_markdown_n(out, ids, n);
		ids += n;
		ids += strspn(ids, ", ");
		fputs(*ids ? ", " : "", out);
	}
}

static void put_params(FILE *out, const struct rule *r)
{
	static const struct table columns = { { { "parameter", CELL_WHOLE }, { "value", CELL_NUMBER },
	                                        { "what it is", CELL_TEXT } } };
	const struct format *f = &format_markdown;
	if (r->params_n)
		f->table(out, &columns);
	for (size_t i = 0; i < r->params_n; i++) {
		f->row(out);
		f->cell(out, &columns.column[0], r->params[i].name, 0);
		f->cell(out, &columns.column[1], r->params[i].value, 0);
		f->cell(out, &columns.column[2], r->params[i].what, 0);
		f->row_end(out);
	}
}

static void put_part(FILE *out, const char *name, const char *text)
{
	format_markdown.label(out, name);
	document_prose(out, &format_markdown, text);
}

static void rule_section(FILE *out, const struct rules *rules, const struct rule *r, bool first)
{
	if (first) {
		fprintf(out, "\n## <a id=\"group-%.*s\"></a>", (int)prefix_length(r), r->id);
		put_heading(out, r);
		fprintf(out, "\n\n%s\n", group_of(r) < GROUPS ? groups[group_of(r)].text : "Rules of your own.");
	}
	fprintf(out, "\n### <a id=\"%s\"></a>%s\n\n**", r->id, r->id);
	text_put_markdown(out, r->title);
	fputs("**\n", out);
	label(out, "Severity");
	fputs(severity_of(r), out);
	if (r->needs) {
		label(out, "Needs");
		text_put_markdown(out, r->needs);
	}
	if (r->yields) {
		label(out, "Yields to");
		put_rules(out, rules, r->yields);
	}
	label(out, "Reference");
	put_reference(out, r->reference);
	fputc('\n', out);
	put_part(out, "What it looks for", r->explains);
	put_part(out, "Remedy", r->remedy);
	put_part(out, "How to confirm it", r->confirm);
	put_part(out, "When it is something else", r->not_when);
	put_params(out, r);
}

/* ---- all of them ---- */

static const char begins[] =
	"# The rules\n"
	"\n"
	"What `tcpwhy` concludes from a capture, and from what. Each rule is a SQL statement over the facts of a case;\n"
	"`tcpwhy rules explain RULE` prints it. This page is written by `tcpwhy rules list --format md`, with `--rules DIR`\n"
	"for rules of your own too.\n"
	"\n"
	"A name in braces, such as {server}, stands for a number or a name that a finding fills in. **Severity** is that of\n"
	"a rule's usual finding; one finding may be graver or less grave. What a rule **needs** is what its findings depend\n"
	"on: where the capture lacks it they are less sure and say why. Where one of the rules that it **yields to** tells of\n"
	"the same connection, the rule is silent. Parameters are given other values with\n"
	"`--set RULE.PARAMETER=NUMBER`.\n"
	"\n"
	"## Contents\n"
	"\n";

void rules_markdown(FILE *out, const struct rules *rules)
{
	fputs(begins, out);
	rules_each(out, rules, contents_line);
	rules_each(out, rules, rule_section);
}
