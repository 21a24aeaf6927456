/* pace.h - not oftener than every 50 ms: for telling people how far something has come.
 *
 * Time     of a monotonic clock. The first time is at once; from then on the pause counts from
 *          pace_done(), so that telling slowly cannot eat the time of what is told about.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace { int64_t due_ns; };      /* begins as { 0 } */

bool pace_due(const struct pace *);
void pace_done(struct pace *);

#endif
