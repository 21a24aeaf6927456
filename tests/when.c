/* when.c - moments and spans as people type them. */
#include "when.h"

#include <string.h>

#include "check.h"

int check_failed;

#define S INT64_C(1000000000)
static const int64_t NOON = 1474286400 * S;        /* 2016-09-19 12:00:00 UTC */

int main(void)
{
	static const struct { const char *text; int64_t ns; } moments[] = {
		{ "2016-09-19 12:00:00", NOON }, { "2016-09-19T12:00Z", NOON },
		{ "2016-09-19 20:00:00+08:00", NOON }, { "2016-09-19T06:30:00 -0530", NOON },
		{ "2016-09-19T20:00:00.5+8", NOON + S / 2 }, { "2016-09-19 12:00:00.123456789123 UTC", NOON + 123456789 },
		{ "12:00", NOON }, { "20:00:00+08:00", NOON }, { "11:00", NOON - 3600 * S },
		{ "01:00", NOON + 13 * 3600 * S },         /* before the capture begins: the day after */
		{ "1474286400", NOON }, { "1474286400.25", NOON + S / 4 },
	};
	static const char *const no_moments[] = {
		"", "noon", "2016-09-19", "2016-13-19 12:00", "2016-09-19 25:00", "2016-09-19 12:00:00+99:00",
		"2016-09-19 12:00:00 CET", "12:61", "-5:10", "12", "9999-01-01 00:00", "12:00:00x", "2016-09-19 12:00:00+",
		"14742864001", "1474286400.2x",
	};
	static const struct { const char *text; int64_t ns; } spans[] = {
		{ "30", 30 * S }, { "30s", 30 * S }, { "250ms", S / 4 }, { "5m", 300 * S }, { "1.5h", 5400 * S },
		{ "2min", 120 * S }, { "1d", 86400 * S }, { "0", 0 },
	};
	static const char *const no_spans[] = { "", "s", "-5", "5 s", "5w", "1e300", "nan", "inf" };
	struct err err;
	int64_t ns;
	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
		CHECK(when_parse(moments[i].text, NOON - 3600 * S, NOON + 20 * 3600 * S, &ns, &err));
		CHECK(ns == moments[i].ns);
		if (ns != moments[i].ns)
			fprintf(stderr, "   %s: %lld\n", moments[i].text, (long long)ns);
	}
	for (size_t i = 0; i < sizeof no_moments / sizeof *no_moments; i++) {
		CHECK(!when_parse(no_moments[i], NOON, NOON, &ns, &err));
		if (!strstr(err.text, "is no time"))
			fprintf(stderr, "   %s: %s\n", no_moments[i], err.text);
	}
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		CHECK(span_parse(spans[i].text, &ns, &err) && ns == spans[i].ns);
	for (size_t i = 0; i < sizeof no_spans / sizeof *no_spans; i++)
		CHECK(!span_parse(no_spans[i], &ns, &err));
	return check_failed != 0;
}
