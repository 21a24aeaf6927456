/* bars.c - see bars.h. */
#include "bars.h"

#include <math.h>

int bar_columns(int64_t value, int64_t most, int width)
{
	if (value <= 0 || most <= 0 || width <= 0)
		return 0;
	double columns = (double)value / (double)most * width;
	return columns < 1 ? 1 : columns > width ? width : (int)(columns + 0.5);
}

int bar_draw(struct area a, int row, int col, int width, int look, int64_t value, int64_t most)
{
	int full = bar_columns(value, most, width);
	col = area_repeat(a, row, col, full, look, BAR_FULL);
	return area_repeat(a, row, col, width - full, LOOK_DIM, BAR_FAINT);
}

void spark_draw(struct area a, int row, int col, int look, const int64_t *number, int n, int64_t most)
{
	static const char *const sign[] = {
		" ", "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86",
		"\xe2\x96\x87", "\xe2\x96\x88" };
	for (int i = 0; i < n; i++)
		area_put(a, row, col + i, look, sign[bar_columns(number[i], most, 8)]);
}

int log_column(const struct log_axis *axis, int64_t value)
{
	if (value <= axis->least)
		return 0;
	if (value >= axis->most)
		return axis->width - 1;
	return (int)(log((double)value / (double)axis->least) / log((double)axis->most / (double)axis->least)
	             * (axis->width - 1) + 0.5);
}
