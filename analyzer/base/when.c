/* when.c - see when.h. */
#include "when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t SECOND = 1000000000, DAY = 86400 * INT64_C(1000000000);
static const int YEARS_MIN = 1900, YEARS_MAX = 2200;      /* what 64 bits of nanoseconds hold */

/* ".5" -> 500000000, digits beyond nanoseconds cut off; moves *s behind it. */
static int64_t fraction_take(const char **s)
{
	int64_t ns = 0, unit = SECOND / 10;
	if (**s != '.' && **s != ',')
		return 0;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		ns += (**s - '0') * unit;
	return ns;
}

/* "", "Z", "+08:00", "-0530", "+8": how far ahead of UTC; false: none of these. */
static bool zone_take(const char *s, int64_t *ahead)
{
	int hours, minutes = 0, n = 0;
	*ahead = 0;
	s += strspn(s, " ");
	if (!*s || ((*s == 'Z' || *s == 'z') && !s[1]) || strcmp(s, "UTC") == 0)
		return true;
	int sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;
	if (!sign || s[1] < '0' || s[1] > '9')
		return false;
	if (sscanf(s + 1, "%2d%n", &hours, &n) != 1)
		return false;
	s += 1 + n;
	s += *s == ':';
	if (*s && (sscanf(s, "%2d%n", &minutes, &n) != 1 || s[n]))
		return false;
	*ahead = sign * (hours * 60 + minutes) * 60 * SECOND;
	return hours <= 14 && minutes >= 0 && minutes < 60;
}

/* "22:09", "22:09:37.5+08:00": since midnight there, and how far that is ahead of UTC. */
static bool time_take(const char *s, int64_t *ns, int64_t *ahead)
{
	int hour, minute, second = 0, n = 0, more = 0;
	if (sscanf(s, "%2d:%2d%n", &hour, &minute, &n) != 2 || hour < 0 || minute < 0)
		return false;
	s += n;
	if (sscanf(s, ":%2d%n", &second, &more) == 1)
		s += more;
	*ns = ((hour * 60 + minute) * 60 + second) * SECOND + fraction_take(&s);
	return hour < 24 && minute < 60 && second >= 0 && second <= 60 && zone_take(s, ahead);
}

static int64_t midnight_before(int64_t ns)
{
	int64_t into = ns % DAY;
	return ns - into - (into < 0 ? DAY : 0);
}

bool when_parse(const char *text, int64_t first_ns, int64_t last_ns, int64_t *ns, struct err *err)
{
	struct tm tm = { 0 };
	int n = 0;
	int64_t ahead = 0, in_day;
	char *end;
	if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) == 3
	    && strchr(" T", text[n]) && text[n] && time_take(text + n + 1, &in_day, &ahead)
	    && tm.tm_year > YEARS_MIN && tm.tm_year < YEARS_MAX && tm.tm_mon >= 1 && tm.tm_mon <= 12
	    && tm.tm_mday >= 1 && tm.tm_mday <= 31) {
		tm.tm_year -= 1900;
		tm.tm_mon--;
		*ns = timegm(&tm) * SECOND + in_day - ahead;
		return true;
	}
	if (time_take(text, &in_day, &ahead)) {
		*ns = midnight_before(first_ns + ahead) + in_day - ahead;
		if (*ns < first_ns && *ns + DAY <= last_ns)
			*ns += DAY;
		return true;
	}
	long long seconds = strtoll(text, &end, 10);
	const char *rest = end;
	int64_t part = fraction_take(&rest);
	if (end != text && end - text >= 8 && end - text <= 10 && *text != '-' && !*rest) {
		*ns = seconds * SECOND + part;
		return true;
	}
	return fail(err, "\"%.60s\" is no time; write 2026-11-21T22:09:37+08:00, 22:09:37 or seconds since 1970",
	            text);
}

bool span_parse(const char *text, int64_t *ns, struct err *err)
{
	static const struct { const char *unit; double ns; } units[] = {
		{ "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 },
		{ "d", 86400e9 },
	};
	char *end;
	double number = *text >= '0' && *text <= '9' ? strtod(text, &end) : -1;
	for (size_t i = 0; number >= 0 && i < sizeof units / sizeof *units; i++)
		if (strcmp(end, units[i].unit) == 0 && number * units[i].ns < 1e18) {
			*ns = (int64_t)(number * units[i].ns);
			return true;
		}
	return fail(err, "\"%.60s\" is no span of time; write 30s, 5m or 2h", text);
}
