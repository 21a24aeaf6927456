/* hex_draw.c - see hex_draw.h. */
#include "hex_draw.h"

enum { SPACE = 2, BYTE_COLS = 3, HALF = 8 };

int hex_cols(int per_row, int digits)
{
	return digits + SPACE + per_row * BYTE_COLS + (per_row > HALF) + 1 + per_row;
}

int hex_per_row(int cols, int digits)
{
	return cols >= hex_cols(2 * HALF, digits) ? 2 * HALF : HALF;
}

static bool is_in(struct hex_part part, size_t at)
{
	return at >= part.from && at - part.from < part.n;
}

void hex_row(struct area a, int row, int col, int look, uint64_t off, int digits, struct bytes b, size_t at, int per_row,
             struct hex_part selected)
{
	int bytes = area_printf(a, row, col, LOOK_DIM, "%0*llx", digits, (unsigned long long)off) + SPACE;
	int ascii = bytes + per_row * BYTE_COLS + (per_row > HALF) + 1;
	for (int i = 0; i < per_row && at + (size_t)i < b.n; i++) {
		uint8_t c = b.p[at + (size_t)i];
		char sign[2] = { c >= ' ' && c <= '~' ? (char)c : '.', '\0' };
		bool is = is_in(selected, at + (size_t)i), on = i + 1 < per_row && is && is_in(selected, at + (size_t)i + 1);
		int as = look | (is ? LOOK_SELECTED : 0), there = bytes + i * BYTE_COLS + (i >= HALF);
		area_printf(a, row, there, as, on ? i + 1 == HALF ? "%02x  " : "%02x " : "%02x", c);
		area_put(a, row, ascii + i, as, sign);
	}
}
