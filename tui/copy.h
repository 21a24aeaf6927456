/* copy.h - what the user points at, in Wireshark's words: filters to copy, commands for a shell.
 */
#ifndef COPY_H
#define COPY_H

#include <stdbool.h>

#include "view.h"

struct sqlite3_str;

/* The key y copies the filter that is the shortest, by the numbers of the file; Y the one by
 * addresses, which is good for any file. */
void copy_filter(struct browser *, void *state, int key);

/* The key !: the commands that show it with tshark. */
void copy_command(struct browser *, void *state, int key);

/* Copy a text, and say so. */
void copy_text(struct browser *, const char *text, const char *remark);

/* Filters for the most exact of what is pointed at; the columns are those of model_filters().
 * NULL: nothing is pointed at. */
struct sqlite3_stmt *copy_filters(struct browser *, const struct about *);

/* A word of a shell's command: quoted where it is more than letters, and what no terminal
 * should be sent as \xNN. */
void copy_shell_word(struct sqlite3_str *, const char *word);

#endif
