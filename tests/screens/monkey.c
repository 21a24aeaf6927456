/* monkey.c - presses random keys in the browser, and looks at every screen.
 *
 *   monkey SEED KEYS CASE ...
 *
 * Sizes change at random as well, from nothing to large. After every key the canvas must
 * hold nothing that a terminal would take for more than a character. The same seed presses
 * the same keys. Files that the browser is told to write land in the current folder: their
 * names never hold a slash.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "key.h"
#include "store.h"

enum { WORK_NS = 2000000, RESTART = 400 };

static uint64_t state;

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003) */
static unsigned chance(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

static const char *const words[] = {
	"tcp", "http", "ip.addr == 10.0.0.0/8", "finding", "flow 1", "frame 3", "filter rst", "sql SELECT * FROM flow",
	"SELECT * FROM finding", "SELECT 1 UNION SELECT 2", "DROP TABLE flow", "\xe4\xb8\xad\xe6\x96\x87", "e\xcc\x81",
	"", "help", "write x.db", "tz Asia/Shanghai", "sort duration", "note seen", "y", "1", "x.pcap", "x.html",
};

static int key_random(bool asked)
{
	static const int special[] = {
		K_ENTER, K_ENTER, K_ENTER, K_ESC, K_UP, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END,
		K_TAB, K_BACK_TAB, K_BACKSPACE, K_DELETE, K_F1, K_F2, K_F5, K_F7, K_CTRL('L'), K_CTRL('W'), K_CTRL('U'),
		K_CTRL('Z'), 0x4e2d, 0x301, 0x202e, 0x10ffff, K_CTRL('X'),
	};
	int key = chance(3) ? (int)(' ' + chance(95)) : special[chance(sizeof special / sizeof *special)];
	return asked && key == '/' ? 'x' : key;
}

static bool cell_is_harmless(uint32_t c)
{
	return c == 0 || (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0x200b) || (c > 0x200f && c < 0x2028)
	    || (c > 0x202e && c < 0x2060) || (c > 0x206f && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
}

static bool canvas_is_harmless(const struct canvas *c)
{
	for (size_t i = 0; i < (size_t)c->rows * (size_t)c->cols; i++)
		if (!cell_is_harmless(c->cell[i].ch) || !cell_is_harmless(c->cell[i].mark)
		    || (c->cell[i].look & ~LOOK_SELECTED) >= LOOKS)
			return false;
	return true;
}

static void resize(struct canvas *c)
{
	static const int sizes[][2] = { { 24, 80 }, { 15, 60 }, { 50, 200 }, { 14, 59 }, { 1, 1 }, { 0, 0 }, { 30, 300 } };
	unsigned i = chance(9);
	if (i < 7)
		canvas_size(c, sizes[i][0], sizes[i][1]);
	else
		canvas_size(c, (int)chance(70), (int)chance(250));
}

static void press(struct browser *b, struct canvas *c)
{
	if (chance(40) == 0)
		resize(c);
	if (b->asked && chance(2)) {
		for (const char *s = words[chance(sizeof words / sizeof *words)]; *s && !b->done; s++)
			browser_key(b, (unsigned char)*s);
		if (!b->done)
			browser_key(b, K_ENTER);
	} else if (chance(30) == 0) {
		browser_mouse(b, K_CLICK + (int)chance(3), (int)chance(60), (int)chance(200));
	} else {
		browser_key(b, key_random(b->asked != NULL));
	}
}

/* False: a screen was not harmless. */
static bool case_browse(const char *path, long keys)
{
	static const struct outside outside = { 0 };
	struct browser *b = calloc(1, sizeof *b);
	struct canvas c = { 0 };
	struct err err;
	struct store *store = store_open_existing(path, &err);
	bool ok = b && store, open = false, begun = ok;
	canvas_size(&c, 24, 80);
	for (long i = 0; ok && i < keys; i++) {
		if (!open && !browser_begin(b, store, &outside, &err)) {
			ok = begun = false;
			break;
		}
		open = true;
		browser_draw(b, &c);
		ok = canvas_is_harmless(&c);
		press(b, &c);
		if (!b->done)
			browser_work(b, WORK_NS);
		if (b->done || chance(RESTART) == 0) {
			browser_end(b);
			open = false;
		}
	}
	if (!ok)
		printf("%s: %s\n", path, begun ? "a screen holds what a terminal must not get" : err.text);
	if (open)
		browser_end(b);
	store_close(store);
	canvas_free(&c);
	free(b);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = argc > 3;
	setlocale(LC_CTYPE, "C.UTF-8");
	if (!ok) {
		fprintf(stderr, "usage: monkey SEED KEYS CASE ...\n");
		return 2;
	}
	state = 88172645463325252u ^ strtoull(argv[1], NULL, 10) << 17;
	for (int i = 3; i < argc && ok; i++)
		ok = case_browse(argv[i], strtol(argv[2], NULL, 10) / (argc - 3));
	return !ok;
}
