/* page.c - see page.h. */
#include "page.h"

#include <string.h>

#include "text.h"

static const char *const codes[] = {
	[PLAIN] = "", [BOLD] = "\033[1m", [RED] = "\033[1;31m", [YELLOW] = "\033[33m",
	[GREEN] = "\033[32m", [DIM] = "\033[2m",
};

enum style severity_style(const char *severity)
{
	return strcmp(severity, "error") == 0     ? RED
	       : strcmp(severity, "warning") == 0 ? YELLOW
	                                          : BOLD;
}

void page_put(const struct page *p, enum style style, const char *text)
{
	bool coloured = p->colour && style != PLAIN && *text;
	if (coloured)
		fputs(codes[style], p->out);
	text_put_terminal(p->out, text);
	if (coloured)
		fputs("\033[0m", p->out);
}

void page_pad(const struct page *p, int width, int to)
{
	if (width < to)
		fprintf(p->out, "%*s", to - width, "");
}

/* A paragraph on its way to the page. */
struct fold { const struct page *page; int indent, room, column, lines, line; };

/* Begin a new line; false when there are enough of them. */
static bool fold_line(struct fold *f)
{
	if (f->lines && f->line == f->lines) {
		fputs(f->page->utf8 ? " \xe2\x80\xa6" : " ...", f->page->out);
		return false;
	}
	if (f->line++) {
		fputc('\n', f->page->out);
		page_pad(f->page, 0, f->indent);
	}
	f->column = 0;
	return true;
}

/* Write a word, on the next line if this one has no room. A word wider than any
 * line is cut. */
static bool fold_word(struct fold *f, const char *s, size_t n)
{
	int spare = f->lines && f->line == f->lines ? 4 : 0;        /* for " ..." */
	int width = text_width_n(s, n);
	if (f->column && f->column + 1 + width > f->room - spare) {
		if (!fold_line(f))
			return false;
	} else if (f->column) {
		fputc(' ', f->page->out);
		f->column++;
	}
	while (width > f->room) {
		size_t part = text_fit(s, n, f->room);
		text_put_terminal_n(f->page->out, s, part);
		s += part;
		n -= part;
		width = text_width_n(s, n);
		if (!fold_line(f))
			return false;
	}
	text_put_terminal_n(f->page->out, s, n);
	f->column += width;
	return true;
}

static bool fold_words(struct fold *f, const char *s, size_t n)
{
	while (n) {
		const char *end = memchr(s, ' ', n);
		size_t word = end ? (size_t)(end - s) : n;
		if (word && !fold_word(f, s, word))
			return false;
		s += word + (end != NULL);
		n -= word + (end != NULL);
	}
	return true;
}

void page_fold(const struct page *p, const char *label, int indent, int lines, const char *text)
{
	page_put(p, DIM, label);
	page_fold_from(p, text_width(label), indent, lines, text);
}

void page_fold_from(const struct page *p, int column, int indent, int lines, const char *text)
{
	int room = p->width - indent;
	struct fold f = {
		.page = p, .indent = indent, .room = room < 20 ? 20 : room, .lines = lines
	};
	page_pad(p, column, indent);
	for (bool more = fold_line(&f); more && *text;) {
		size_t n = strcspn(text, "\n");
		if (*text == ' ')
			text_put_terminal_n(p->out, text, n);
		else
			more = fold_words(&f, text, n);
		text += n;
		if (more && *text == '\n' && *++text)
			more = fold_line(&f);
	}
	fputc('\n', p->out);
}

void page_rule(const struct page *p, const char *heading)
{
	fputc('\n', p->out);
	page_put(p, BOLD, heading);
	fputc(' ', p->out);
	if (p->colour)
		fputs(codes[DIM], p->out);
	for (int i = text_width(heading) + 1; i < p->width; i++)
		fputs(p->utf8 ? "\xe2\x94\x80" : "-", p->out);
	fputs(p->colour ? "\033[0m\n" : "\n", p->out);
}
