/* pace.c - see pace.h. */
#include "pace.h"

#include <time.h>

static const int64_t PAUSE_NS = 50 * 1000000;

static int64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool pace_due(const struct pace *p)
{
	return clock_ns() >= p->due_ns;
}

void pace_done(struct pace *p)
{
	p->due_ns = clock_ns() + PAUSE_NS;
}
