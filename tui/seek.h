/* seek.h - looking for a row of the view on top, from the selected one on, once round all of
 * them: in slices of browser_work(), until a key is pressed.
 */
#ifndef SEEK_H
#define SEEK_H

#include "prompt.h"

struct browser;

/* Whether a row is one. */
typedef bool seek_test(void *state, struct browser *, int64_t row, const char *text);

struct seek {
	seek_test  *test;                 /* NULL: nothing is looked for */
	char        text[PROMPT_SIZE];
	const char *missing;              /* what to say when no other row is one; NULL: that the text is not there */
	bool        backwards;
	int64_t     from, gone;           /* the row it began at, and how many rows it went on */
};

/* Look for the row; `missing` as above. */
void browser_seek(struct browser *, seek_test *, const char *text, bool backwards, const char *missing);

/* Look for a text in what the view shows. Without one, or in a view that cannot be searched,
 * that is told. */
void browser_find(struct browser *, const char *text, bool backwards);

/* Go on until then; whether there is more to do. */
bool seek_work(struct browser *, int64_t until_ns);

/* A key was pressed: look no further. */
void seek_stop(struct browser *);

#endif
