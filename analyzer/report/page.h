/* page.h - writing text for people: folded, aligned, calmly coloured.
 *
 * Everything goes through text_put_terminal(): callers need not escape.
 *
 * Sizes  columns of a terminal, as text_width() counts them.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum style { PLAIN, BOLD, RED, YELLOW, GREEN, DIM };

struct page {
	FILE *out;
	bool  colour;
	bool  utf8;       /* the terminal can show more than ASCII */
	int   width;
};

/* Of "error", "warning", "note". */
enum style severity_style(const char *severity);

void page_put(const struct page *, enum style, const char *text);

/* Pad with blanks: what was `width` columns wide fills `to`. */
void page_pad(const struct page *, int width, int to);

/* `label` in dim text at the left edge, and the text folded beside it, `indent`
 * columns in. Line feeds are kept, and lines that begin with a blank are not
 * folded: they are commands. `lines`: after so many the rest is left out (0: none). */
void page_fold(const struct page *, const char *label, int indent, int lines, const char *text);

/* The same for what stands at `column` already: the folded text goes on at `indent`. */
void page_fold_from(const struct page *, int column, int indent, int lines, const char *text);

/* A heading with a line drawn to the right edge. */
void page_rule(const struct page *, const char *heading);

#endif
