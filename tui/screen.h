/* screen.h - the terminal: the one file that knows ncurses.
 *
 * A canvas is shown, keys are read. Whatever ends the process (leaving, an error of ours, a
 * crash, a signal), the terminal is as it was before: by screen_close(), at exit, or by what
 * a handler of the signal writes.
 *
 * Colours  256, 16, 8 or none, as terminfo has it; a look is never told apart by red and
 *          green alone, and all have their own attributes where there are no colours.
 * Errors   screen_open() fails with a sentence.
 * Order    one screen a process, opened once.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "canvas.h"
#include "err.h"

/* Whether there is a terminal to show something on. */
bool screen_possible(void);

struct screen_options { bool colour, mouse; };

bool screen_open(const struct screen_options *, struct err *);
void screen_close(void);

/* Whether only ASCII can be shown. */
bool screen_ascii(void);

/* The canvas takes the terminal's size, blank. */
void screen_size(struct canvas *);

/* Show it; the cursor stands in that column of the last row, or, where it is negative, is hidden. */
void screen_show(const struct canvas *, int cursor);

struct press { int key, row, col; };      /* a place where the mouse was used */

/* The next key (key.h), or K_NONE when none came in so many milliseconds (negative: wait).
 * After SIGTERM, SIGINT or SIGHUP there is nothing but Ctrl-C. */
struct press screen_key(int timeout_ms);

/* Whether a key waits to be read. */
bool screen_key_waits(void);

/* To the terminal's clipboard (OSC 52); nothing where the terminal is known not to take it. */
void screen_copy(const char *text);

/* Ctrl-Z. Comes back when the user does. */
void screen_suspend(void);

#endif
