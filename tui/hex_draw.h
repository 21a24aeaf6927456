/* hex_draw.h - bytes in hexadecimal, and beside that as ASCII.
 *
 *     0010  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  HTTP/1.1 200 OK.
 *
 * Bytes that are no printable ASCII stand as dots there.
 */
#ifndef HEX_DRAW_H
#define HEX_DRAW_H

#include "bytes.h"
#include "canvas.h"

/* Bytes in a row of so many columns, behind an offset of so many digits: 16 or 8. */
int hex_per_row(int cols, int digits);

/* Columns that such a row fills. */
int hex_cols(int per_row, int digits);

/* Bytes that are seen as selected: [from, from + n) of those at hand. */
struct hex_part { size_t from, n; };

/* One row: its first byte is `at` of the bytes, and is called `off`. */
void hex_row(struct area, int row, int col, int look, uint64_t off, int digits, struct bytes, size_t at, int per_row,
             struct hex_part selected);

#endif
