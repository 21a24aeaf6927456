/* prompt.h - a line that the user types, with history and completion.
 *
 * Bounds  PROMPT_SIZE bytes of UTF-8; PROMPT_HISTORY lines remembered of each kind.
 * Owns    its history; prompt_free() frees it.
 */
#ifndef PROMPT_H
#define PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "canvas.h"

enum { PROMPT_SIZE = 1024, PROMPT_HISTORY = 100, OFFERED_WITH_WORDS = 6 };

/* The i-th word that may stand where the user is, and what it is; false: there are no more. */
typedef bool prompt_words(void *context, size_t i, const char **word, const char **what);

struct prompt_history { char *line[PROMPT_HISTORY]; size_t n; };

struct prompt {
	const char   *label;              /* "filter: " */
	char          text[PROMPT_SIZE];
	size_t        n, at;              /* bytes, and the one before which the user stands */
	prompt_words *words;              /* NULL: nothing is completed */
	void         *context;
	struct prompt_history *history;   /* NULL: none is kept */
	size_t        past;               /* lines back in it */
	char          typed[PROMPT_SIZE]; /* before the user went back in history */
	char          offer[2048];        /* words that would fit, after Tab; rows end with \n */
};

void prompt_begin(struct prompt *, const char *label, const char *text);

/* What a key does to the line. PROMPT_DONE: it is to be taken; PROMPT_LEFT: the user left. */
enum prompt_state { PROMPT_OPEN, PROMPT_DONE, PROMPT_LEFT };
enum prompt_state prompt_key(struct prompt *, int key);

/* Draws into the first row; the column of the cursor. */
int prompt_draw(const struct prompt *, struct area);

void prompt_history_add(struct prompt_history *, const char *line);
void prompt_history_free(struct prompt_history *);

#endif
