/* report_md.c - the report in GitHub's Markdown. See document.h, report.h.
 *
 * All text goes through text_put_markdown(), but for what stands in a fence, where
 * nothing is markup but the fence: that is longer than any run of backticks inside.
 */
#include <string.h>

#include "document.h"
#include "ladder.h"
#include "page.h"
#include "report.h"
#include "report_model.h"
#include "text.h"

enum { LADDER_WIDTH = 100 };

static void md_begin(FILE *out, const char *title, const char *subject)
{
	fprintf(out, "# %s\n\n", title);
	text_put_markdown(out, subject);
	fputc('\n', out);
}

static void md_end(FILE *out)
{
	(void)out;
}

static void md_section(FILE *out, const char *anchor, const char *heading)
{
	(void)anchor;
	fprintf(out, "\n## %s\n", heading);
}

static void md_headline(FILE *out, const struct headline *h)
{
	bool good = strcmp(h->severity, "good") == 0;
	if (h->nr)
		fprintf(out, "\n### <a id=\"finding-%lld\"></a>%lld. %s: ", (long long)h->nr, (long long)h->nr,
		        severity_word(h->severity));
	else
		fprintf(out, "\n**%s%s", good ? "" : severity_word(h->severity), good ? "" : ": ");
	text_put_markdown(out, h->title);
	fputs(h->nr ? "\n" : "**", out);
	if (*h->confidence)
		fprintf(out, h->nr ? "\n*%s*, rule " : " (%s)", h->confidence);
	if (h->nr) {
		text_put_markdown(out, h->rule);
		fputs(" — ", out);
		text_put_markdown(out, h->between);
		fputs(*h->when ? ", " : "", out);
		text_put_markdown(out, h->when);
	}
	fputc('\n', out);
}

static void md_headline_end(FILE *out)
{
	(void)out;
}

static void md_label(FILE *out, const char *label)
{
	fputs("\n**", out);
	text_put_markdown(out, label);
	fputs("**\n", out);
}

static void md_fact(FILE *out, const char *label, const char *text)
{
	fputs("\n- **", out);
	text_put_markdown(out, label);
	fputs("**: ", out);
	text_put_markdown(out, text);
}

static void md_lines(FILE *out)
{
	(void)out;
}

static void md_lines_end(FILE *out)
{
	fputc('\n', out);
}

static void md_prose(FILE *out, const char *text, size_t n)
{
	fputc('\n', out);
	text_put_markdown_n(out, text, n);
	fputc('\n', out);
}

static size_t longest_backticks(const char *text, size_t n)
{
	size_t longest = 0, run = 0;
	for (size_t i = 0; i < n; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void fence(FILE *out, size_t backticks)
{
	for (size_t i = 0; i < backticks || i < 3; i++)
		fputc('`', out);
}

/* Lines, less the blanks that all of them begin with. */
static void md_commands(FILE *out, const char *text, size_t n)
{
	size_t backticks = longest_backticks(text, n) + 1;
	fputc('\n', out);
	fence(out, backticks);
	fputs("text\n", out);
	while (n) {
		const char *end = memchr(text, '\n', n);
		size_t line = end ? (size_t)(end - text) : n;
		size_t indent = line >= 4 && memcmp(text, "    ", 4) == 0 ? 4 : 0;
		text_put_terminal_n(out, text + indent, line - indent);
		fputc('\n', out);
		line += end != NULL;
		text += line;
		n -= line;
	}
	fence(out, backticks);
	fputc('\n', out);
}

static void md_item(FILE *out, const char *text)
{
	fputs("\n- ", out);
	text_put_markdown(out, text);
}

static void md_table(FILE *out, const struct table *t)
{
	fputs("\n|", out);
	for (int i = 0; i < TABLE_COLUMNS && t->column[i].name; i++)
		fprintf(out, " %s |", t->column[i].name);
	fputs("\n|", out);
	for (int i = 0; i < TABLE_COLUMNS && t->column[i].name; i++)
		fputs(t->column[i].kind == CELL_NUMBER ? " ---: |" : " --- |", out);
	fputc('\n', out);
}

static void md_row(FILE *out)
{
	fputc('|', out);
}

static void md_cell(FILE *out, const struct column *column, const char *text, int64_t finding)
{
	bool link = column->kind == CELL_LINK && finding;
	fputs(link ? " [" : " ", out);
	text_put_markdown(out, column->kind == CELL_SEVERITY ? severity_word(text) : text);
	if (link)
		fprintf(out, "](#finding-%lld)", (long long)finding);
	fputs(" |", out);
}

static void md_row_end(FILE *out)
{
	fputc('\n', out);
}

static void md_table_end(FILE *out)
{
	(void)out;
}

static void md_ladder(FILE *out, const struct ladder *l)
{
	const struct page page = { .out = out, .utf8 = true, .width = LADDER_WIDTH };
	fputs("\n```text", out);
	ladder_draw_text(&page, l, 0);
	fputs("```\n", out);
}

const struct format format_markdown = {
	.begin = md_begin, .end = md_end, .section = md_section, .headline = md_headline,
	.headline_end = md_headline_end, .label = md_label, .facts = md_lines,
	.fact = md_fact, .facts_end = md_lines_end,
	.prose = md_prose, .commands = md_commands, .items = md_lines, .item = md_item, .items_end = md_lines_end,
	.table = md_table, .row = md_row, .cell = md_cell, .row_end = md_row_end,
	.table_end = md_table_end, .ladder = md_ladder,
};

bool report_markdown(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	return document_put(options->out, &format_markdown, db, err);
}
