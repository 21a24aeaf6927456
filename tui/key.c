/* key.c - see key.h. */
#include "key.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static const struct { int key; const char *name; } names[] = {
	{ K_TAB, "Tab" },         { K_ENTER, "Enter" },     { K_ESC, "Esc" },        { ' ', "Space" },
	{ K_BACKSPACE, "Backspace" }, { K_UP, "Up" },       { K_DOWN, "Down" },      { K_LEFT, "Left" },
	{ K_RIGHT, "Right" },     { K_PAGE_UP, "PgUp" },    { K_PAGE_DOWN, "PgDn" }, { K_HOME, "Home" },
	{ K_END, "End" },         { K_DELETE, "Del" },      { K_BACK_TAB, "Shift-Tab" },
	{ K_F1, "F1" },  { K_F2, "F2" },   { K_F3, "F3" },  { K_F4, "F4" },   { K_F5, "F5" },  { K_F6, "F6" },
	{ K_F7, "F7" },  { K_F8, "F8" },   { K_F9, "F9" },  { K_F10, "F10" }, { K_F11, "F11" }, { K_F12, "F12" },
	{ K_RESIZE, "Resize" },   { K_CLICK, "Click" },     { K_WHEEL_UP, "WheelUp" }, { K_WHEEL_DOWN, "WheelDown" },
};
enum { NAMES = sizeof names / sizeof *names };

static void character_name(int c, char buf[static KEY_NAME])
{
	char utf8[4];
	int n = 1;
	if (c < 0x80) {
		utf8[0] = (char)c;
	} else {
		n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (int i = n - 1; i > 0; i--, c >>= 6)
			utf8[i] = (char)(0x80 | (c & 0x3f));
		utf8[0] = (char)((0xf00 >> n & 0xf0) | c);
	}
	snprintf(buf, KEY_NAME, "%.*s", n, utf8);
}

const char *key_word(int key, char buf[static KEY_NAME])
{
	for (int i = 0; i < NAMES; i++)
		if (names[i].key == key)
			return names[i].name;
	if (key > 0 && key < ' ')
		snprintf(buf, KEY_NAME, "Ctrl-%c", key + '@');
	else
		character_name(key, buf);
	return buf;
}

int key_named(const char *name, size_t n)
{
	uint32_t c;
	int columns;
	for (int i = 0; i < NAMES; i++)
		if (strlen(names[i].name) == n && memcmp(names[i].name, name, n) == 0)
			return names[i].key;
	if (n == 6 && memcmp(name, "Ctrl-", 5) == 0 && name[5] >= '@' && name[5] <= '_')
		return K_CTRL(name[5]);
	return n && text_character(name, n, &c, &columns) == n ? (int)c : K_NONE;
}
