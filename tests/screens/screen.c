/* screen.c - drives the browser without a terminal.
 *
 *   screen CASE COLSxROWS [KEY ...]         prints the canvas after the keys
 *   screen --ascii CASE COLSxROWS [KEY ...] the same without UTF-8
 *   screen --unkept ...                     of a copy in memory, as where captures are only looked at
 *
 * A KEY is a name (Enter, Ctrl-L, j), a text in 'quotes' to type, COLSxROWS to resize.
 * What takes time is finished after every key. The rows of the canvas begin with '>'
 * where something is selected in them, else with a blank.
 */
#include <locale.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "store.h"
#include "text.h"

static void copied(void *context, const char *text)
{
	(void)context;
	printf("copied: %s\n", text);
}

static const struct outside outside = { .copy = copied };

static void settle(struct browser *b, struct canvas *c)
{
	browser_draw(b, c);
	while (!b->done && browser_work(b, 1000000000))
		browser_draw(b, c);
	browser_draw(b, c);
}

static void text_type(struct browser *b, const char *s, size_t n)
{
	while (n) {
		uint32_t c;
		int columns;
		size_t len = text_character(s, n, &c, &columns);
		browser_key(b, (int)c);
		s += len;
		n -= len;
	}
}

static bool word_take(struct browser *b, struct canvas *c, const char *word)
{
	int cols, rows, end = 0;
	size_t n = strlen(word);
	if (n > 1 && *word == '\'' && word[n - 1] == '\'') {
		text_type(b, word + 1, n - 2);
	} else if (sscanf(word, "%dx%d%n", &cols, &rows, &end) == 2 && end == (int)n) {
		canvas_size(c, rows, cols);
		browser_key(b, K_RESIZE);
	} else if (key_named(word, n) != K_NONE) {
		browser_key(b, key_named(word, n));
	} else {
		fprintf(stderr, "screen: there is no key \"%s\"\n", word);
		return false;
	}
	return true;
}

/* The case, or a copy of it that is kept nowhere. */
static struct store *case_open(const char *path, bool unkept, struct err *err)
{
	struct store *store = store_open_existing(path, err), *copy = unkept && store ? store_open(NULL, err) : NULL;
	if (!copy)
		return store;
	sqlite3_exec(store_db(store), "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(store_db(copy), "ROLLBACK", NULL, NULL, NULL);
	sqlite3_backup *b = sqlite3_backup_init(store_db(copy), "main", store_db(store), "main");
	sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	store_close(store);
	return copy;
}

int main(int argc, char **argv)
{
	struct browser b;
	struct canvas c = { 0 };
	struct err err;
	int cols, rows;
	bool unkept = false;
	setlocale(LC_CTYPE, "C.UTF-8");
	for (; argc > 1 && strncmp(argv[1], "--", 2) == 0; argc--, argv++) {
		c.ascii |= strcmp(argv[1], "--ascii") == 0;
		unkept |= strcmp(argv[1], "--unkept") == 0;
	}
	if (argc < 3 || sscanf(argv[2], "%dx%d", &cols, &rows) != 2) {
		fprintf(stderr, "usage: screen [--ascii] [--unkept] CASE COLSxROWS [KEY ...]\n");
		return 2;
	}
	struct store *store = case_open(argv[1], unkept, &err);
	if (!store || !browser_begin(&b, store, &outside, &err)) {
		fprintf(stderr, "screen: %s\n", err.text);
		return 1;
	}
	canvas_size(&c, rows, cols);
	settle(&b, &c);
	for (int i = 3; i < argc && !b.done; i++) {
		if (!word_take(&b, &c, argv[i]))
			return 2;
		if (!b.done)
			settle(&b, &c);
	}
	if (b.done)
		puts("left");
	else
		canvas_write(&c, stdout, true);
	browser_end(&b);
	store_close(store);
	canvas_free(&c);
	return 0;
}
