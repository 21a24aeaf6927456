/* zone.c - see zone.h. */
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char UTC[] = "UTC0";

/* Take TZ for the zone. POSIX counts hours west of Greenwich: its sign is the other. */
static bool take(const char *tz)
{
	if (setenv("TZ", tz, 1) != 0)
		return false;
	tzset();
	return true;
}

/* "+08:00", "-0530" */
static bool take_offset(const char *name)
{
	int hours, minutes, end = 0;
	char tz[64];
	if ((sscanf(name + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2
	     && sscanf(name + 1, "%2d%2d%n", &hours, &minutes, &end) != 2)
	    || name[1 + end] || name[1] < '0' || name[1] > '9' || hours > 24 || minutes < 0 || minutes > 59)
		return false;
	snprintf(tz, sizeof tz, "<%c%02d%02d>%c%02d:%02d", *name, hours, minutes, *name == '+' ? '-' : '+',
	         hours, minutes);
	return take(tz);
}

static bool take_named(const char *name)
{
	char path[256], tz[256];
	const char *folder = getenv("TZDIR");
	if (!*name || *name == '/' || strstr(name, ".."))
		return false;
	int n = snprintf(path, sizeof path, "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
	snprintf(tz, sizeof tz, ":%s", name);
	return n < (int)sizeof path && access(path, R_OK) == 0 && take(tz);
}

bool zone_set(const char *name)
{
	if (strcmp(name, "local") == 0) {
		tzset();
		return true;
	}
	if (strcmp(name, "UTC") == 0)
		return take(UTC);
	return *name == '+' || *name == '-' ? take_offset(name) : take_named(name);
}

const char *zone_at(int64_t ns, char buf[static ZONE_SIZE])
{
	struct tm tm;
	time_t t = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
	localtime_r(&t, &tm);
	long minutes = tm.tm_gmtoff / 60, size = minutes < 0 ? -minutes : minutes;
	if (minutes == 0)
		snprintf(buf, ZONE_SIZE, "UTC");
	else
		snprintf(buf, ZONE_SIZE, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(size / 60 % 100), (int)(size % 60));
	return buf;
}

const char *zone_name(char buf[static ZONE_SIZE])
{
	const char *tz = getenv("TZ");
	if (tz && *tz == '<')
		return zone_at(0, buf);
	snprintf(buf, ZONE_SIZE, "%s", !tz || !*tz ? "local" : strcmp(tz, UTC) == 0 ? "UTC" : tz + (*tz == ':'));
	return buf;
}
