/* key.h - what a user can press, whatever the terminal sends for it.
 *
 * A key that writes a character is that character's code point; Ctrl with a letter
 * is 1 to 26. All others are numbers past Unicode's.
 */
#ifndef KEY_H
#define KEY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	K_NONE = 0,
	K_TAB = '\t', K_ENTER = '\r', K_ESC = 27, K_BACKSPACE = 127,
	K_UP = 0x110000, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END, K_DELETE,
	K_BACK_TAB, K_F1, K_F2, K_F3, K_F4, K_F5, K_F6, K_F7, K_F8, K_F9, K_F10, K_F11, K_F12,
	K_RESIZE,                         /* the terminal has another size now */
	K_CLICK, K_WHEEL_UP, K_WHEEL_DOWN, /* where: browser_mouse() */
};

#define K_CTRL(letter) ((letter) & 31)

/* "j", "Enter", "Ctrl-L", "PgDn": as help pages write them. */
enum { KEY_NAME = 16 };
const char *key_word(int key, char buf[static KEY_NAME]);

/* The reverse, of the n bytes; K_NONE: no key is called so. */
int key_named(const char *name, size_t n);

#endif
