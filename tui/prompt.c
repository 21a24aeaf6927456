/* prompt.c - see prompt.h. */
#include "prompt.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "key.h"
#include "text.h"

void prompt_begin(struct prompt *p, const char *label, const char *text)
{
	*p = (struct prompt){ .label = label };
	snprintf(p->text, sizeof p->text, "%s", text);
	p->n = p->at = strlen(p->text);
}

/* ---- editing ---- */

static bool inside_character(const struct prompt *p, size_t at)
{
	return at > 0 && at < p->n && ((unsigned char)p->text[at] & 0xc0) == 0x80;
}

static size_t before(const struct prompt *p, size_t at)
{
	at -= at > 0;
	while (inside_character(p, at))
		at--;
	return at;
}

static size_t behind(const struct prompt *p, size_t at)
{
	at += at < p->n;
	while (inside_character(p, at))
		at++;
	return at;
}

static size_t word_before(const struct prompt *p, size_t at)
{
	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

static void erase(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->n - to + 1);
	p->n -= to - from;
	p->at = from;
}

static void insert(struct prompt *p, const char *s, size_t n)
{
	if (p->n + n >= sizeof p->text)
		return;
	memmove(p->text + p->at + n, p->text + p->at, p->n - p->at + 1);
	memcpy(p->text + p->at, s, n);
	p->n += n;
	p->at += n;
}

static void replace(struct prompt *p, const char *text)
{
	snprintf(p->text, sizeof p->text, "%s", text);
	p->n = p->at = strlen(p->text);
}

/* ---- history ---- */

void prompt_history_add(struct prompt_history *h, const char *line)
{
	if (!*line || (h->n && strcmp(h->line[h->n - 1], line) == 0))
		return;
	if (h->n == PROMPT_HISTORY) {
		free(h->line[0]);
		memmove(h->line, h->line + 1, sizeof h->line - sizeof *h->line);
		h->n--;
	}
	h->line[h->n++] = text_copy(line);
}

void prompt_history_free(struct prompt_history *h)
{
	while (h->n)
		free(h->line[--h->n]);
}

static void history_step(struct prompt *p, int back)
{
	if (!p->history || (back > 0 ? p->past == p->history->n : p->past == 0))
		return;
	if (p->past == 0)
		memcpy(p->typed, p->text, sizeof p->typed);
	p->past = back > 0 ? p->past + 1 : p->past - 1;
	replace(p, p->past ? p->history->line[p->history->n - p->past] : p->typed);
}

/* ---- completion ---- */

/* Where the word begins that ends at the cursor. */
static size_t word_begin(const struct prompt *p)
{
	size_t at = p->at;
	while (at > 0 && !strchr(" ()!&|=<>{},\"", p->text[at - 1]))
		at--;
	return at;
}

/* Offer the words that begin so: a few with what they are, a line each; many one behind another. */
static void offer(struct prompt *p, const char *typed, size_t n, size_t fits)
{
	const char *word, *what;
	size_t at = 0;
	for (size_t i = 0; p->words(p->context, i, &word, &what); i++) {
		size_t room = sizeof p->offer - at;
		if (strncmp(word, typed, n) != 0)
			continue;
		int len = fits <= OFFERED_WITH_WORDS && what && *what
			? snprintf(p->offer + at, room, "%s%s: %s", at ? "\n" : "", word, what)
			: snprintf(p->offer + at, room, "%s%s", at ? "  " : "", word);
		if ((size_t)len >= room) {                       /* not half a word */
			p->offer[at] = '\0';
			return;
		}
		at += (size_t)len;
	}
}

/* Complete as far as all words agree that begin so, and offer what they are. */
static void complete(struct prompt *p)
{
	const char *word, *what, *first = NULL;
	size_t begin = word_begin(p), typed = p->at - begin, common = 0, fits = 0;
	p->offer[0] = '\0';
	for (size_t i = 0; p->words && p->words(p->context, i, &word, &what); i++) {
		if (strncmp(word, p->text + begin, typed) != 0)
			continue;
		if (!first) {
			first = word;
			common = strlen(word);
		}
		while (strncmp(first, word, common) != 0)
			common--;
		fits++;
	}
	if (fits)
		offer(p, p->text + begin, typed, fits);
	if (common > typed)
		insert(p, first + typed, common - typed);
	if (fits == 1)
		insert(p, " ", 1);
}

/* ---- keys ---- */

static void character_insert(struct prompt *p, int key)
{
	char name[KEY_NAME];
	if (key == ' ')
		insert(p, " ", 1);
	else if (key > ' ' && key < K_UP && key != K_BACKSPACE) {
		const char *utf8 = key_word(key, name);
		insert(p, utf8, strlen(utf8));
	}
}

enum prompt_state prompt_key(struct prompt *p, int key)
{
	if (key != K_TAB)
		p->offer[0] = '\0';
	switch (key) {
	case K_ENTER: case '\n':
		if (p->history)
			prompt_history_add(p->history, p->text);
		return PROMPT_DONE;
	case K_ESC: case K_CTRL('C'): case K_CTRL('G'):  return PROMPT_LEFT;
	case K_BACKSPACE: case K_CTRL('H'):
		if (p->n == 0)
			return PROMPT_LEFT;
		erase(p, before(p, p->at), p->at);
		break;
	case K_DELETE: case K_CTRL('D'): {
		size_t at = p->at;
		erase(p, at, behind(p, at));
		break;
	}
	case K_LEFT: case K_CTRL('B'):   p->at = before(p, p->at); break;
	case K_RIGHT: case K_CTRL('F'):  p->at = behind(p, p->at); break;
	case K_HOME: case K_CTRL('A'):   p->at = 0; break;
	case K_END: case K_CTRL('E'):    p->at = p->n; break;
	case K_CTRL('U'):                erase(p, 0, p->at); break;
	case K_CTRL('K'):                erase(p, p->at, p->n); break;
	case K_CTRL('W'):                erase(p, word_before(p, p->at), p->at); break;
	case K_UP: case K_CTRL('P'):     history_step(p, 1); break;
	case K_DOWN: case K_CTRL('N'):   history_step(p, -1); break;
	case K_TAB:                      complete(p); break;
	default:                         character_insert(p, key); break;
	}
	return PROMPT_OPEN;
}

int prompt_draw(const struct prompt *p, struct area a)
{
	int label = text_width(p->label), room = a.cols - label - 1, cursor = text_width_n(p->text, p->at);
	size_t from = 0;
	area_repeat(a, 0, 0, a.cols, LOOK_PLAIN, " ");
	while (from < p->at && text_width_n(p->text + from, p->at - from) > room)
		from = behind(p, from);
	cursor = label + text_width_n(p->text + from, p->at - from);
	area_put(area_part(a, 0, label, 1, room + 1), 0, 0, LOOK_PLAIN, p->text + from);
	area_put(a, 0, 0, LOOK_BOLD, p->label);
	return cursor < a.cols ? cursor : a.cols - 1;
}
