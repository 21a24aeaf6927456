/* silence_strip.h - silences of the connections to a server on an axis of time, from 1 s to 2 h
 * and logarithmic: those that were survived, and those that were fatal.
 *
 *     ──·──○──●━━━━━━━━✗──────
 *     1 s   10 s   1 min   1 h
 *
 * Somewhere on the strong line is the time-out: more than the longest silence that was
 * survived, at most the shortest fatal one. · one silence, ○ some, ● ten and more.
 */
#ifndef SILENCE_STRIP_H
#define SILENCE_STRIP_H

#include "bars.h"
#include "canvas.h"

enum { STRIP_BINS = 1024 };

struct strip {
	uint32_t survived[STRIP_BINS], fatal[STRIP_BINS];     /* how many, along the axis */
	int64_t  from_ns, to_ns;          /* the bracket: longest survived, or 0; shortest fatal, or 0 */
};

void strip_survived(struct strip *, int64_t ns);
void strip_fatal(struct strip *, int64_t ns);

/* The column of a silence in a strip of so many. */
int strip_column(int64_t ns, int width);

void strip_draw(const struct strip *, struct area, int row, int col, int width);

/* The times along it. */
void strip_ticks(struct area, int row, int col, int width);

/* How often, as heights: of survived ones, or of fatal ones. */
void strip_heights(const uint32_t bin[STRIP_BINS], struct area, int row, int col, int width, int look);

#endif
