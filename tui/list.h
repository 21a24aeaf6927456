/* list.h - where the user stands in rows of which a screenful is seen.
 *
 * Rows count from 0. A list of no rows has the user at 0.
 */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stdint.h>

struct list {
	int64_t n;                        /* rows there are */
	int64_t at;                       /* the row that is selected */
	int64_t top;                      /* the first that is seen */
	int     page;                     /* rows that are seen, as of the last list_show() */
};

/* So many rows there are now; the selected one stays, or the last is. */
void list_count(struct list *, int64_t n);

/* Select a row; one out of range is the nearest. */
void list_go(struct list *, int64_t row);

/* So many rows are seen: choose `top` so that the selected one is among them. */
void list_show(struct list *, int rows);

/* The keys that move: arrows, j k, PgUp PgDn, Ctrl-F Ctrl-B Ctrl-D Ctrl-U, g G, Home End. False: another. */
bool list_key(struct list *, int key);

/* A line of help for these. */
extern const char list_help[];

#endif
