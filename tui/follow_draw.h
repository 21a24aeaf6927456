/* follow_draw.h - rows of what was said (follow_rows.h), on a canvas and in words. */
#ifndef FOLLOW_DRAW_H
#define FOLLOW_DRAW_H

#include "canvas.h"
#include "follow_rows.h"

/* Bytes of a row of text, tabs as blanks. */
void follow_text_draw(const struct follow_row *, struct area, int row, int col, int look);

void follow_silence_draw(struct area, int row, int64_t ns);

/* What a row says that has no bytes; "": it has. */
enum { FOLLOW_WORDS = 80 };
const char *follow_words(const struct follow_row *, char words[static FOLLOW_WORDS]);

/* Whether people would not read them as text: one byte in ten of the first 256 is none. */
bool bytes_are_binary(struct bytes);

/* Whether the text begins among [from, to) of the bytes; ASCII letters in any case. */
bool bytes_contain(struct bytes, size_t from, size_t to, const char *text);

#endif
