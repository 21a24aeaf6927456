/* browser.c - see browser.h. */
#include "browser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bindings.h"
#include "key.h"
#include "notes.h"
#include "store.h"
#include "text.h"
#include "views.h"

enum { TAB_ROW, PATH_ROW, HEAD_ROWS };

int64_t browser_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void browser_say(struct browser *b, enum look look, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(b->message, sizeof b->message, fmt, args);
	va_end(args);
	b->message_look = look;
}

/* A question to the case that failed is told once, and the next one may be asked. */
static void model_check(struct browser *b)
{
	if (b->model.failed)
		browser_say(b, LOOK_ERROR, "%s", b->err.text);
	b->model.failed = false;
}

/* ---- the piles ---- */

struct opened *browser_top(struct browser *b)
{
	return &b->pile[b->tab][b->depth[b->tab] - 1];
}

static void opened_close(struct opened *o)
{
	if (o->view->close)
		o->view->close(o->state);
	free(o->state);
}

void browser_open(struct browser *b, const struct view *view, struct subject subject)
{
	struct err err;
	struct opened *pile = b->pile[b->tab], new = { view, alloc_zeroed(1, view->size) };
	if (!view->open(new.state, b, subject, &err)) {
		browser_say(b, LOOK_ERROR, "%s", err.text);
		opened_close(&new);
		return;
	}
	if (b->depth[b->tab] == BROWSER_DEPTH) {
		opened_close(&pile[1]);
		memmove(pile + 1, pile + 2, (BROWSER_DEPTH - 2) * sizeof *pile);
		b->depth[b->tab]--;
	}
	pile[b->depth[b->tab]++] = new;
	model_check(b);
}

void browser_back(struct browser *b)
{
	if (b->depth[b->tab] > 1)
		opened_close(&b->pile[b->tab][--b->depth[b->tab]]);
	else if (b->tab > 0)
		browser_tab(b, 0);
	else
		browser_leave(b);
}

bool browser_is_first(const struct browser *b)
{
	return b->tab == 0 && b->depth[0] == 1;
}

void browser_leave(struct browser *b)
{
	b->done = notes_let_leave(b);
}

void browser_tab(struct browser *b, int tab)
{
	int before = b->tab;
	b->tab = tab;
	if (b->depth[tab] == 0)
		browser_open(b, tabs[tab].view, (struct subject){ 0 });
	if (b->depth[tab] == 0)
		b->tab = before;
}

bool browser_begin(struct browser *b, struct store *store, const struct outside *outside, struct err *err)
{
	*b = (struct browser){ .store = store, .db = store_db(store), .outside = outside, .cursor = -1 };
	if (!model_open(&b->model, b->db, err))
		return false;
	later_begin(b);
	flow_choice_begin(&b->flows);
	b->model.err = &b->err;
	browser_open(b, tabs[0].view, (struct subject){ 0 });
	return b->depth[0] > 0 || fail(err, "%s", b->message);
}

void browser_end(struct browser *b)
{
	for (int tab = 0; tab < BROWSER_TABS; tab++)
		while (b->depth[tab])
			opened_close(&b->pile[tab][--b->depth[tab]]);
	later_close(b);
	for (int i = 0; i < ASKED_KINDS; i++)
		prompt_history_free(&b->history[i]);
	while (b->words_n)
		free(b->words[--b->words_n]);
	free(b->words);
	model_close(&b->model);
}

struct about browser_about(struct browser *b)
{
	struct opened *top = browser_top(b);
	struct about about = { 0 };
	if (top->view->about)
		top->view->about(top->state, b, &about);
	return about;
}

struct about browser_pointed(struct browser *b)
{
	static const struct view *const of_findings[] = { &view_findings, &view_finding, &view_sql, &view_notes };
	struct about about = browser_about(b);
	bool is_finding = !about.flow;
	for (size_t i = 0; i < sizeof of_findings / sizeof *of_findings; i++)
		is_finding |= browser_top(b)->view == of_findings[i];
	if (!is_finding)
		about.finding = 0;
	return about;
}

static struct list *list_of(const struct opened *o)
{
	if (o->view->sheet)
		return &o->view->sheet(o->state)->list;
	return o->view->list ? o->view->list(o->state) : NULL;
}

/* ---- asking ---- */

void browser_ask(struct browser *b, enum asked kind, const char *label, const char *text, asked_done *done)
{
	snprintf(b->label, sizeof b->label, "%s", label);
	prompt_begin(&b->prompt, b->label, text);
	b->prompt.history = &b->history[kind];
	b->keys = NULL;
	b->asked = done;
}

void browser_ask_again(struct browser *b, const char *text, const char *reason)
{
	struct prompt before = b->prompt;
	char typed[PROMPT_SIZE];
	snprintf(typed, sizeof typed, "%s", text);
	prompt_begin(&b->prompt, b->label, typed);
	b->prompt.history = before.history;
	browser_offer(b, before.words, before.context);
	b->asked = b->asked_before;
	browser_say(b, LOOK_ERROR, "%s", reason);
}

void browser_choose(struct browser *b, const char *label, const char *keys, asked_done *done)
{
	snprintf(b->label, sizeof b->label, "%s", label);
	prompt_begin(&b->prompt, b->label, "");
	b->keys = keys;
	b->asked = done;
}

void browser_offer(struct browser *b, prompt_words *words, void *context)
{
	b->prompt.words = words;
	b->prompt.context = context;
}

static enum prompt_state choice_key(struct browser *b, int key)
{
	if (key == K_ESC || key == K_CTRL('C') || key == K_CTRL('G'))
		return PROMPT_LEFT;
	if (key <= ' ' || key >= K_BACKSPACE || !strchr(b->keys, key))
		return PROMPT_OPEN;
	b->prompt.text[0] = (char)key;
	b->prompt.text[1] = '\0';
	return PROMPT_DONE;
}

static void prompt_take(struct browser *b, int key)
{
	asked_done *done = b->asked;
	char line[PROMPT_SIZE];                  /* what is done with it may ask for another one */
	enum prompt_state state = b->keys ? choice_key(b, key) : prompt_key(&b->prompt, key);
	if (state == PROMPT_OPEN)
		return;
	b->asked = NULL;
	if (state == PROMPT_LEFT)
		return;
	b->asked_before = done;
	memcpy(line, b->prompt.text, sizeof line);
	done(b, line);
}

/* ---- keys ---- */

static bool bindings_act(struct browser *b, const struct binding *binding, void *state, int key)
{
	for (; binding && binding->keys[0]; binding++)
		for (int i = 0; i < BINDING_KEYS && binding->keys[i]; i++)
			if (binding->keys[i] == key) {
				binding->act(b, state, key);
				return true;
			}
	return false;
}

void browser_key(struct browser *b, int key)
{
	struct opened *top = browser_top(b);
	struct list *list = list_of(top);
	char name[KEY_NAME];
	if (key == K_RESIZE || key == K_NONE)
		return;
	later_patience(b);
	if (!later_end(b))
		b->message[0] = '\0';
	seek_stop(b);
	if (b->asked)
		prompt_take(b, key);
	else if (!bindings_act(b, top->view->bindings, top->state, key) && !(list && list_key(list, key))
	         && !bindings_act(b, browser_bindings, NULL, key))
		browser_say(b, LOOK_DIM, "%s does nothing here; ? lists the keys.", key_word(key, name));
	model_check(b);
}

/* A key in the last row is as good as that key. */
static void hint_click(struct browser *b, int col)
{
	for (int i = 0; i < b->hints; i++)
		if (col >= b->hint[i].from && col < b->hint[i].to) {
			browser_key(b, b->hint[i].key);
			return;
		}
}

void browser_mouse(struct browser *b, int key, int row, int col)
{
	struct list *list = list_of(browser_top(b));
	int64_t at = list ? list->top + row - b->rows.row : 0;
	if (b->asked)
		return;
	seek_stop(b);
	if (key == K_WHEEL_UP)
		browser_key(b, K_UP);
	else if (key == K_WHEEL_DOWN)
		browser_key(b, K_DOWN);
	else if (row == TAB_ROW)
		browser_tab_click(b, col);
	else if (row == b->drawn_rows - 1)
		hint_click(b, col);
	else if (list && row >= b->rows.row && row < b->rows.row + b->rows.rows && at < list->n) {
		if (list->at == at)
			browser_key(b, K_ENTER);
		else
			list_go(list, at);
	}
}

bool browser_work(struct browser *b, int64_t budget_ns)
{
	later_patience(b);
	if (later_work(b))
		return true;
	struct opened *top = browser_top(b);
	int64_t until_ns = browser_now() + budget_ns;
	bool more = (top->view->work && top->view->work(top->state, b, until_ns)) || seek_work(b, until_ns);
	model_check(b);
	return more;
}

/* ---- drawing ---- */

void browser_rows(struct browser *b, struct area a)
{
	b->rows = a;
}

/* Returns the column behind it. */
static int tab_draw(struct area a, int i, int col, bool shown)
{
	return area_printf(a, 0, col, shown ? LOOK_TAB : LOOK_BAR, " %d %s ", i + 1, tabs[i].name);
}

static void tabs_draw(struct browser *b, struct area a)
{
	int col = 0;
	area_look(a, 0, LOOK_BAR);
	for (int i = 0; tabs[i].name; i++)
		col = tab_draw(a, i, col, i == b->tab);
	if (a.cols - col > 12)
		area_field(a, 0, a.cols - 9, 8, LOOK_BAR, "  tcpwhy");
}

/* Whether what the user points at has a note. */
static bool noted(struct browser *b, char *text, size_t size)
{
	struct about about;
	if (!model_number(&b->model, "SELECT EXISTS(SELECT 1 FROM main.note)", 0))
		return false;
	about = browser_pointed(b);
	return note_of(b, &about, text, size);
}

/* Findings › Reset after idle › Flow 12                    3/12 */
static void path_draw(struct browser *b, struct area a)
{
	const struct list *list = list_of(browser_top(b));
	char title[160], where[64], note[2];
	int col = 0, depth = b->depth[b->tab];
	size_t n = (size_t)snprintf(where, sizeof where, "%s", noted(b, note, sizeof note) ? *note ? "note  " : "bookmark  " : "");
	if (list && list->n)
		snprintf(where + n, sizeof where - n, "%lld/%lld", (long long)list->at + 1, (long long)list->n);
	int room = a.cols - text_width(where) - 1, width = 0, from = depth;
	while (from > 0) {
		struct opened *o = &b->pile[b->tab][from - 1];
		o->view->title(o->state, title, sizeof title);
		width += text_width(title) + 3;
		if (width > room && from < depth)
			break;
		from--;
	}
	struct area path = area_part(a, 0, 0, 1, room);
	if (from > 0)
		col = area_put(path, 0, 0, LOOK_DIM, "\xe2\x80\xa6 \xe2\x80\xba ");
	for (int i = from; i < depth; i++) {
		struct opened *o = &b->pile[b->tab][i];
		o->view->title(o->state, title, sizeof title);
		if (i + 1 < depth) {
			col = area_put(path, 0, col, LOOK_DIM, title);
			col = area_put(path, 0, col, LOOK_DIM, " \xe2\x80\xba ");
		} else {
			area_field(path, 0, col, path.cols - col, LOOK_HEAD, title);
		}
	}
	area_field(a, 0, a.cols - text_width(where), text_width(where), LOOK_DIM, where);
}

/* "Enter open", as many as there is room for. Where going back leaves the program, it says so. */
static int hints_draw(struct browser *b, struct area a, int col, const struct binding *binding)
{
	char name[KEY_NAME];
	for (; binding && binding->keys[0]; binding++) {
		const char *hint = binding->hint;
		if (!hint)
			continue;
		if (binding->keys[0] == 'q' && browser_is_first(b))
			hint = "quit";
		const char *key = key_word(binding->keys[0], name);
		int end = col + text_width(key) + 1 + text_width(hint);
		if (end > a.cols || b->hints == BROWSER_HINTS)
			return a.cols;
		b->hint[b->hints++] = (struct hint){ col, end, binding->keys[0] };
		col = area_put(a, 0, col, LOOK_KEY, key);
		col = area_put(a, 0, col + 1, LOOK_DIM, hint) + 2;
	}
	return col;
}

static void last_row_draw(struct browser *b, struct area all)
{
	struct area a = area_part(all, all.rows - 1, 0, 1, all.cols);
	b->cursor = -1;
	b->hints = 0;
	if (b->asked)
		b->cursor = prompt_draw(&b->prompt, a);
	else
		hints_draw(b, a, hints_draw(b, a, 0, browser_top(b)->view->bindings), browser_bindings);
}

/* A message, or the words that fit into a prompt, folded into the last rows: what was copied must
 * be seen whole, where the terminal does not take it. */
static void message_draw(struct browser *b, struct area a)
{
	struct sheet sheet = { 0 };
	const char *text = *b->message ? b->message : b->asked ? b->prompt.offer : "";
	if (!*text)
		return;
	sheet_begin(&sheet, a.cols, a.on->ascii);
	sheet_fold(&sheet, 0, "", *b->message ? (int)b->message_look : LOOK_NOTE, text);
	int rows = sheet.used < a.rows ? sheet.used : a.rows;
	area_copy(area_part(a, a.rows - rows, 0, rows, a.cols), &sheet.canvas, 0);
	b->hints = b->asked ? b->hints : 0;
	sheet_free(&sheet);
}

static void too_small(struct area a)
{
	area_printf(a, a.rows / 2, 0, LOOK_BOLD, "%dx%d is too small: %dx%d is needed.", a.cols, a.rows,
	            BROWSER_COLS, BROWSER_ROWS);
}

void browser_draw(struct browser *b, struct canvas *c)
{
	struct area all = canvas_area(c);
	struct opened *top = browser_top(b);
	canvas_size(c, c->rows, c->cols);
	later_patience(b);
	b->cursor = -1;
	b->later.shown = true;
	b->drawn_rows = c->rows, b->drawn_cols = c->cols, b->drawn_ascii = c->ascii;
	if (c->rows < BROWSER_ROWS || c->cols < BROWSER_COLS) {
		too_small(all);
		return;
	}
	struct area body = area_part(all, HEAD_ROWS, 0, all.rows - HEAD_ROWS - 1, all.cols);
	b->rows = area_part(body, 0, 0, 0, 0);
	if (top->view->sheet)
		b->rows = body;
	top->view->draw(top->state, b, body);
	model_check(b);
	for (int row = 0; *b->search && row < body.rows; row++)
		area_mark(body, row, b->search);
	tabs_draw(b, area_part(all, TAB_ROW, 0, 1, all.cols));
	path_draw(b, area_part(all, PATH_ROW, 0, 1, all.cols));
	last_row_draw(b, all);
	message_draw(b, area_part(all, HEAD_ROWS, 0, all.rows - HEAD_ROWS - (b->asked != NULL), all.cols));
}

void browser_tab_click(struct browser *b, int col)
{
	struct canvas line = { 0 };
	canvas_size(&line, 1, 500);
	for (int i = 0, at = 0; tabs[i].name; i++) {
		int end = tab_draw(canvas_area(&line), i, at, false);
		if (col >= at && col < end) {
			browser_tab(b, i);
			break;
		}
		at = end;
	}
	canvas_free(&line);
}
