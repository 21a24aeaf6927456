/* report_html.c - the report as one HTML page that needs nothing but itself. See
 * document.h, report.h.
 *
 * No script, no request: the page's policy allows its one style sheet, named by its
 * SHA-256, and nothing else. All text goes through text_put_html().
 */
#include <string.h>

#include "digest.h"
#include "document.h"
#include "embedded.h"
#include "ladder.h"
#include "report.h"
#include "report_model.h"
#include "text.h"

/* The style sheet as it stands between the tags, which is what is hashed. */
static void style_put(FILE *out, const char *css)
{
	char hash[DIGEST_BASE64];
	fprintf(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	        "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n", digest_base64(css, hash));
	fprintf(out, "<style>%s</style>\n", css);
}

static void html_begin(FILE *out, const char *title, const char *subject)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	style_put(out, embedded_text("analyzer/report/report.css"));
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>", out);
	text_put_html(out, title);
	fputs(": ", out);
	text_put_html(out, subject);
	fputs("</title>\n</head>\n<body>\n<main>\n<h1>", out);
	text_put_html(out, title);
	fputs("</h1>\n<p class=\"subject\">", out);
	text_put_html(out, subject);
	fputs("</p>\n", out);
}

static void html_end(FILE *out)
{
	fputs("</main>\n</body>\n</html>\n", out);
}

static void html_section(FILE *out, const char *anchor, const char *heading)
{
	fprintf(out, "<h2 id=\"%s\">", anchor);
	text_put_html(out, heading);
	fputs("</h2>\n", out);
}

/* A severity is one of few words, so it may be a class. */
static const char *severity_class(const char *severity)
{
	static const char *const words[] = { "error", "warning", "note", "good" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(severity, words[i]) == 0)
			return words[i];
	return "note";
}

static void badge(FILE *out, const char *severity)
{
	const char *class = severity_class(severity);
	fprintf(out, "<span class=\"badge %s\">%s</span>", class,
	        strcmp(class, "good") == 0 ? "GOOD" : severity_word(severity));
}

static void html_headline(FILE *out, const struct headline *h)
{
	if (h->nr)
		fprintf(out, "<article class=\"card %s\" id=\"finding-%lld\">\n", severity_class(h->severity),
		        (long long)h->nr);
	else
		fprintf(out, "<article class=\"card verdict %s\">\n", severity_class(h->severity));
	badge(out, h->severity);
	fputs("\n<h3>", out);
	if (h->nr)
		fprintf(out, "%lld. ", (long long)h->nr);
	text_put_html(out, h->title);
	fputs("</h3>\n<p class=\"meta\">", out);
	if (*h->confidence)
		fputs("Confidence: ", out);
	text_put_html(out, h->confidence);
	if (h->nr) {
		fputs(" · <code>", out);
		text_put_html(out, h->rule);
		fputs("</code> · ", out);
		text_put_html(out, h->between);
		fputs(*h->when ? " · " : "", out);
		text_put_html(out, h->when);
	}
	fputs("</p>\n", out);
}

static void html_headline_end(FILE *out)
{
	fputs("</article>\n", out);
}

static void html_label(FILE *out, const char *label)
{
	fputs("<h4>", out);
	text_put_html(out, label);
	fputs("</h4>\n", out);
}

static void html_facts(FILE *out)
{
	fputs("<dl>\n", out);
}

static void html_fact(FILE *out, const char *label, const char *text)
{
	fputs("<dt>", out);
	text_put_html(out, label);
	fputs("</dt><dd>", out);
	text_put_html(out, text);
	fputs("</dd>\n", out);
}

static void html_facts_end(FILE *out)
{
	fputs("</dl>\n", out);
}

static void html_prose(FILE *out, const char *text, size_t n)
{
	fputs("<p>", out);
	text_put_html_n(out, text, n);
	fputs("</p>\n", out);
}

/* Lines, less the blanks that a command is indented by. */
static void html_commands(FILE *out, const char *text, size_t n)
{
	fputs("<pre><code>", out);
	while (n) {
		const char *end = memchr(text, '\n', n);
		size_t line = end ? (size_t)(end - text) : n;
		size_t indent = line >= 4 && memcmp(text, "    ", 4) == 0 ? 4 : 0;
		text_put_html_n(out, text + indent, line - indent);
		fputs(end ? "\n" : "", out);
		line += end != NULL;
		text += line;
		n -= line;
	}
	fputs("</code></pre>\n", out);
}

static void html_items(FILE *out)
{
	fputs("<ul>\n", out);
}

static void html_item(FILE *out, const char *text)
{
	fputs("<li>", out);
	text_put_html(out, text);
	fputs("</li>\n", out);
}

static void html_items_end(FILE *out)
{
	fputs("</ul>\n", out);
}

static const char *column_class(const struct column *c)
{
	return c->kind == CELL_NUMBER ? " class=\"number\"" : c->kind == CELL_WHOLE ? " class=\"whole\"" : "";
}

static void html_table(FILE *out, const struct table *t)
{
	fputs("<div class=\"wide\"><table>\n<thead><tr>", out);
	for (int i = 0; i < TABLE_COLUMNS && t->column[i].name; i++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>", column_class(&t->column[i]), t->column[i].name);
	fputs("</tr></thead>\n<tbody>\n", out);
}

static void html_row(FILE *out)
{
	fputs("<tr>", out);
}

static void html_cell(FILE *out, const struct column *column, const char *text, int64_t finding)
{
	bool link = column->kind == CELL_LINK && finding, code = column->kind == CELL_CODE && *text;
	fprintf(out, "<td%s>", column_class(column));
	if (link)
		fprintf(out, "<a href=\"#finding-%lld\">", (long long)finding);
	fputs(code ? "<code>" : "", out);
	if (column->kind == CELL_SEVERITY)
		badge(out, text);
	else
		text_put_html(out, text);
	fputs(code ? "</code>" : "", out);
	fputs(link ? "</a></td>" : "</td>", out);
}

static void html_row_end(FILE *out)
{
	fputs("</tr>\n", out);
}

static void html_table_end(FILE *out)
{
	fputs("</tbody>\n</table></div>\n", out);
}

static void html_ladder(FILE *out, const struct ladder *l)
{
	fputs("<div class=\"wide\">\n", out);
	ladder_draw_svg(out, l);
	fputs("</div>\n", out);
}

static const struct format html = {
	.begin = html_begin, .end = html_end, .section = html_section, .headline = html_headline,
	.headline_end = html_headline_end, .label = html_label, .facts = html_facts, .fact = html_fact,
	.facts_end = html_facts_end, .prose = html_prose, .commands = html_commands,
	.items = html_items, .item = html_item, .items_end = html_items_end, .table = html_table,
	.row = html_row, .cell = html_cell, .row_end = html_row_end, .table_end = html_table_end,
	.ladder = html_ladder,
};

bool report_html(struct sqlite3 *db, const struct report_options *options, struct err *err)
{
	return document_put(options->out, &html, db, err);
}
