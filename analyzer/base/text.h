/* text.h - text on its way out: one escaping function per destination.
 *
 * Bytes from packets reach a terminal through these and in no other way.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* For a terminal: printable UTF-8 passes; control bytes, escape sequences,
 * bidirectional and other format controls and bytes that are not UTF-8 become
 * \xNN. Line feeds too. */
void text_put_terminal(FILE *, const char *);
void text_put_terminal_n(FILE *, const char *, size_t n);

/* For HTML, between tags and inside of quoted attributes: markup becomes entities, and
 * what text_put_terminal() shows as \xNN is shown so too. */
void text_put_html(FILE *, const char *);
void text_put_html_n(FILE *, const char *, size_t n);

/* For a line of Markdown, or a cell of a table in GitHub's: the same, and nothing in it
 * is markup, a link or the beginning of a list. Not for code, where nothing is escaped. */
void text_put_markdown(FILE *, const char *);
void text_put_markdown_n(FILE *, const char *, size_t n);

/* Columns that text_put_terminal() fills (wide characters count two). */
int text_width(const char *);
int text_width_n(const char *, size_t n);

/* One character at s: its bytes, and the columns that it fills on a terminal (0 for a mark
 * on the character before it). *c is 0 where it must not be written as it is: then each
 * of its bytes is to be shown as \xNN, and the columns are those of that. n is not 0. */
size_t text_character(const char *s, size_t n, uint32_t *c, int *columns);

/* The longest start of the text that fits into so many columns, in bytes. */
size_t text_fit(const char *, size_t n, int columns);

/* Whether the text holds the other; ASCII letters in any case. */
bool text_contains(const char *text, const char *part);

/* For files that must be UTF-8: each byte that is not becomes U+FFFD. */
void text_put_utf8(FILE *, const char *);

/* "2026-11-21 04:26:01.123456" in the zone that is set (zone.h), microseconds cut off.
 * Needs 27 bytes. */
enum { TEXT_TIME_SIZE = 32 };
const char *text_time(int64_t ns, char buf[static TEXT_TIME_SIZE]);

/* "2026-11-21T04:26:01.123456789Z": ISO 8601, always UTC, for programs. */
const char *text_iso(int64_t ns, char buf[static TEXT_TIME_SIZE]);

/* A duration for people: "914.155 s", "126 us", "2 h 13 min". Needs 32 bytes. */
enum { TEXT_DURATION_SIZE = 32 };
const char *text_duration(int64_t ns, char buf[static TEXT_DURATION_SIZE]);

/* Of the n words the one that was most likely meant; NULL: none comes near. */
const char *text_nearest(const char *typed, const char *const *words, size_t n);

#endif
