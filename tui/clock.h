/* clock.h - a packet's time, as the user wants times. */
#ifndef CLOCK_H
#define CLOCK_H

#include "browser.h"
#include "text.h"

/* Seconds from `origin_ns`, the time of the day, or seconds from `before_ns`. */
const char *clock_text(enum clock, int64_t ns, int64_t origin_ns, int64_t before_ns, char text[static TEXT_TIME_SIZE]);

#endif
