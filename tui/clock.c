/* clock.c - see clock.h. */
#include "clock.h"

enum { NS = 1000000000 };

const char *clock_text(enum clock clock, int64_t ns, int64_t origin_ns, int64_t before_ns, char text[static TEXT_TIME_SIZE])
{
	int64_t at = ns - (clock == CLOCK_DELTA ? before_ns : origin_ns), size = at < 0 ? -at : at;
	if (clock == CLOCK_ABSOLUTE)
		snprintf(text, TEXT_TIME_SIZE, "%s", text_time(ns, (char[TEXT_TIME_SIZE]){ 0 }) + 11);
	else
		snprintf(text, TEXT_TIME_SIZE, "%s%lld.%06d", at < 0 ? "-" : clock == CLOCK_DELTA ? "+" : "", (long long)(size / NS),
		         (int)(size % NS / 1000));
	return text;
}
