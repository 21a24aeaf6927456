/* bars.h - numbers as lengths: bars, sparklines, places on a logarithmic axis of time.
 *
 * Nothing that is there is drawn as nothing: the least of a number above 0 is one sign.
 */
#ifndef BARS_H
#define BARS_H

#include "canvas.h"

#define BAR_FULL  "\xe2\x96\x88"          /* as also in ASCII: # + . */
#define BAR_HALF  "\xe2\x96\x92"
#define BAR_FAINT "\xe2\x96\x91"

/* How many of `width` columns stand for so much of `most`. */
int bar_columns(int64_t value, int64_t most, int width);

/* A bar in a field of `width` columns, the rest of it faint; returns the column behind. */
int bar_draw(struct area, int row, int col, int width, int look, int64_t value, int64_t most);

/* n numbers, a column each, as high as they are; 0 is a blank. */
void spark_draw(struct area, int row, int col, int look, const int64_t *number, int n, int64_t most);

/* A logarithmic axis over `width` columns. */
struct log_axis { int64_t least, most; int width; };

/* The column of a value; one beyond an end is at the end. */
int log_column(const struct log_axis *, int64_t value);

#endif
