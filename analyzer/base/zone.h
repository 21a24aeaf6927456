/* zone.h - the time zone in which times are shown to people. It is UTC unless another is
 * asked for, so that a report does not depend on where it is made.
 *
 * The zone is the process's (libc keeps it, with TZ in the environment).
 */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stdint.h>

/* "UTC", "+08:00", "Asia/Shanghai" (of the system's database), or "local": what the
 * environment says. False: there is none of that name, and nothing was changed. */
bool zone_set(const char *name);

/* What goes behind a time: "UTC", "+08:00". */
enum { ZONE_SIZE = 64 };
const char *zone_at(int64_t ns, char buf[static ZONE_SIZE]);

/* The zone's name: "UTC", "+08:00", "Asia/Shanghai"; "local" where it has none. */
const char *zone_name(char buf[static ZONE_SIZE]);

#endif
