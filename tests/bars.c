/* bars.c - numbers as lengths: nothing that is there is drawn as nothing, and nothing outside. */
#include "bars.h"

#include "check.h"
#include "silence_strip.h"

int check_failed;

static const int64_t SECOND = 1000000000;

static void lengths(void)
{
	CHECK(bar_columns(0, 10, 8) == 0 && bar_columns(-5, 10, 8) == 0);
	CHECK(bar_columns(1, 1000000, 8) == 1);
	CHECK(bar_columns(5, 10, 8) == 4 && bar_columns(10, 10, 8) == 8);
	CHECK(bar_columns(INT64_MAX, 1, 8) == 8 && bar_columns(3, 0, 8) == 0 && bar_columns(3, 3, 0) == 0);
}

/* Longer is never further to the left, and all of it is on the axis. */
static void axis(void)
{
	for (int width = 2; width <= 300; width += 7) {
		int before = 0;
		for (int64_t ns = SECOND / 2; ns < 40000 * SECOND; ns += ns / 3) {
			int column = strip_column(ns, width);
			CHECK(column >= before && column < width);
			before = column;
		}
		CHECK(strip_column(SECOND, width) == 0 && before == width - 1);
	}
	CHECK(strip_column(60 * SECOND, 101) == 46);          /* log 60 / log 7200 */
}

/* Each silence is seen in the column that its length has, in any width. */
static void strips(void)
{
	struct canvas c = { 0 };
	for (int width = 2; width <= 600; width += 13) {
		struct strip s = { .from_ns = 20 * SECOND, .to_ns = 900 * SECOND };
		strip_survived(&s, 20 * SECOND);
		strip_fatal(&s, 900 * SECOND);
		canvas_size(&c, 2, width + 1);
		strip_draw(&s, canvas_area(&c), 0, 1, width);
		strip_heights(s.fatal, canvas_area(&c), 1, 1, width, LOOK_PLAIN);
		int crosses = 0, heights = 0, at = 0;
		for (int i = 0; i <= width; i++) {
			crosses += c.cell[i].ch == 0x2717;
			heights += c.cell[width + 1 + i].ch == 0x2588;
			at = c.cell[i].ch == 0x2717 ? i - 1 : at;
		}
		int drawn = width < 512 ? width : 512;
		CHECK(crosses == 1 && heights == 1);
		CHECK(at >= strip_column(900 * SECOND, drawn) - 1 && at <= strip_column(900 * SECOND, drawn) + 1);
	}
	canvas_free(&c);
}

int main(void)
{
	lengths();
	axis();
	strips();
	return check_failed != 0;
}
