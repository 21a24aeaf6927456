/* browse.c - see browse.h. One thread reads, concludes and shows: while captures are read, the
 * reader stops now and then to show how far it is and to hear the user. */
#include "browse.h"

#include <stdio.h>
#include <stdlib.h>

#include "browser.h"
#include "finish.h"
#include "key.h"
#include "loading.h"
#include "options.h"
#include "rules.h"
#include "run.h"
#include "screen.h"
#include "store.h"

enum { WORK_MS = 10, REMARKS = 50 };

struct browsing {
	const struct options *options;
	const struct rules   *rules;
	struct canvas         canvas;
	struct loading        loading;
	struct store         *store;
	struct err            err;
	int                   status;
};

/* ---- sentences ----
 *
 * What the reader has to say cannot be printed while the screen is up. It is kept, and
 * printed when the screen is closed; the browser shows the same as facts of the case. The
 * reader's callback has no context, so this is the process's. */

static struct { char *line[REMARKS]; size_t n; } remarks;

static void remark(const char *sentence)
{
	if (remarks.n < REMARKS)
		remarks.line[remarks.n++] = text_copy(sentence);
}

static void remarks_print(void)
{
	while (remarks.n) {
		trouble(remarks.line[0]);
		free(remarks.line[0]);
		remarks.n--;
		for (size_t i = 0; i < remarks.n; i++)
			remarks.line[i] = remarks.line[i + 1];
	}
}

/* ---- from captures to a case with conclusions ---- */

/* Who is asked to leave by a signal hears Ctrl-C for ever: so there is an end to listening. */
static bool on_run(void *context, const struct run_progress *p)
{
	struct browsing *b = context;
	struct press press;
	while (!b->loading.leave && (press = screen_key(0)).key != K_NONE)
		loading_key(&b->loading, press.key);
	screen_size(&b->canvas);
	loading_draw_run(&b->loading, p, &b->canvas);
	screen_show(&b->canvas, -1);
	return !b->loading.stop;
}

static bool on_rules(void *context, const struct rules_progress *p)
{
	struct browsing *b = context;
	struct press press;
	while (!b->loading.leave && (press = screen_key(0)).key != K_NONE)
		if (press.key == K_CTRL('C') || press.key == 'Q')
			b->loading.leave = true;
	screen_size(&b->canvas);
	loading_draw_rules(p, &b->canvas);
	screen_show(&b->canvas, -1);
	return !b->loading.leave;
}

/* Rules that fail are left out, and told; what the others found stands. */
static void conclude(struct browsing *b, bool temporary)
{
	struct rules_options how = { .temporary = temporary, .progress = on_rules, .context = b };
	if (!rules_run(b->rules, store_db(b->store), &how, &b->err) && !b->loading.leave) {
		remark(b->err.text);
		b->status = EXIT_PARTIAL;
	}
}

/* False: there is nothing to browse, and the status says why. */
static bool captures_read(struct browsing *b)
{
	const struct options *o = b->options;
	struct run_result result;
	struct run_options how = {
		.filter = o->filter, .decode_as = o->decode_as, .decode_as_n = o->decode_as_n,
		.show_secrets = o->show_secrets, .no_hash = o->no_hash, .joining = o->joining, .trouble = remark,
		.progress = on_run, .context = b,
	};
	b->status = EXIT_UNREADABLE;
	b->store = store_open(o->case_path, &b->err);
	if (!b->store) {
		remark(b->err.text);
		return false;
	}
	if (!run_analysis(b->store, o->files, o->files_n, &how, &result, &b->err)) {
		remark(b->err.text);
		b->status = EXIT_USAGE;
		return false;
	}
	if (!result.files_read && !result.files_known)
		return false;
	b->status = result.files_failed || result.files_cut_short || result.stopped ? EXIT_PARTIAL : EXIT_DONE;
	if (b->loading.leave)
		return false;
	bool ok = store_index(b->store, &b->err);
	if (ok)
		conclude(b, false);
	ok = ok && !b->loading.leave && store_commit(b->store, &b->err);
	if (!ok && !b->loading.leave) {
		remark(b->err.text);
		b->status = EXIT_PARTIAL;
	}
	return ok;
}

static bool case_open(struct browsing *b)
{
	b->store = store_open_existing(b->options->files[0], &b->err);
	if (!b->store) {
		remark(b->err.text);
		b->status = EXIT_UNREADABLE;
		return false;
	}
	if (b->options->set_n || b->options->rules_dir || !has_conclusions(store_db(b->store)))
		conclude(b, true);
	return !b->loading.leave;
}

/* ---- the browser ---- */

static void out_copy(void *context, const char *text)
{
	(void)context;
	screen_copy(text);
}

static bool out_key_waits(void *context)
{
	(void)context;
	return screen_key_waits();
}

static void out_suspend(void *context)
{
	(void)context;
	screen_suspend();
}

static void loop(struct browsing *b, struct browser *browser)
{
	bool more = true;
	while (!browser->done) {
		screen_size(&b->canvas);
		browser_draw(browser, &b->canvas);
		screen_show(&b->canvas, browser->cursor);
		struct press press = screen_key(more ? 0 : -1);
		if (press.key == K_CLICK || press.key == K_WHEEL_UP || press.key == K_WHEEL_DOWN)
			browser_mouse(browser, press.key, press.row, press.col);
		else
			browser_key(browser, press.key);
		more = !browser->done && !screen_key_waits() && browser_work(browser, WORK_MS * INT64_C(1000000));
	}
}

/* What the command line asks to be shown, of findings and of connections. */
static bool choose(struct browsing *b)
{
	if (choice_make(store_db(b->store), &b->options->which, &b->err))
		return true;
	remark(b->err.text);
	b->status = EXIT_UNREADABLE;
	return false;
}

static void browser_run(struct browsing *b)
{
	static const struct outside outside = { .copy = out_copy, .key_waits = out_key_waits, .suspend = out_suspend };
	struct browser *browser = alloc_zeroed(1, sizeof *browser);
	if (browser_begin(browser, b->store, &outside, &b->err)) {
		if (b->options->which.filter)
			snprintf(browser->filter, sizeof browser->filter, "%s", b->options->which.filter);
		if (remarks.n)
			browser_say(browser, LOOK_WARNING, "%s", remarks.line[remarks.n - 1]);
		loop(b, browser);
		browser_end(browser);
	} else {
		remark(b->err.text);
		b->status = EXIT_PARTIAL;
	}
	free(browser);
}

int browse(const struct options *o, const struct rules *rules)
{
	struct browsing b = { .options = o, .rules = rules, .status = EXIT_DONE };
	if (!screen_open(&(struct screen_options){ .colour = o->colour, .mouse = !o->no_mouse }, &b.err))
		return give_up(&b.err, EXIT_UNREADABLE);
	b.canvas.ascii = screen_ascii();
	if ((store_is_case(o->files[0]) ? case_open(&b) : captures_read(&b)) && choose(&b))
		browser_run(&b);
	screen_close();
	remarks_print();
	store_close(b.store);
	canvas_free(&b.canvas);
	return b.status;
}
