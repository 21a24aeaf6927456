/* series.c - what names of files say: tables of names and what is to come of them. */
#include "series.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

int check_failed;

static void test_order(void)
{
	static const char *const sorted[] = { "a", "a1", "a1x", "a2", "a02", "a10", "a10b2", "a10b10", "b" };
	for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++)
		for (size_t j = 0; j < sizeof sorted / sizeof *sorted; j++) {
			int order = name_compare(sorted[i], sorted[j]);
			bool equal_numbers = (i == 3 && j == 4) || (i == 4 && j == 3);
			CHECK(equal_numbers || (order > 0) - (order < 0) == (i > j) - (i < j));
		}
	CHECK(name_compare("a2", "a02") == -name_compare("a02", "a2"));
}

/* Letters: files with the same one are of one series. */
static const struct { const char *paths[8], *series, *missing; } rows[] = {
	{ { "x", "x2", "x1" }, "aaa", "" },
	{ { "x", "x1", "x3" }, "aaa", "x2 is missing between x1 and x3" },
	{ { "x.pcap", "x.pcap1.gz", "x.pcap2" }, "aaa", "" },
	{ { "x08", "x09", "x11" }, "aaa", "x10 is missing between x09 and x11" },
	{ { "x008", "x013", "x014", "x015", "x016", "x017" }, "aaaaaa",
	  "x009 to x012 are missing between x008 and x013" },
	{ { "d/x1", "e/x2" }, "ab", NULL },
	{ { "hb5.pcap", "hb60.pcap" }, "ab", NULL },
	{ { "hb9.pcap", "hb10.pcap" }, "aa", "" },
	{ { "c-12:00:00", "c-12:00:30", "c-12:01:00" }, "aaa", "" },
	{ { "c-120000", "c-123000", "c-130000" }, "aaa", "" },
	{ { "c_00001_20261121013920.pcapng", "c_00003_20261121014020.pcapng" }, "aa",
	  "number 2 is missing between c_00001_20261121013920.pcapng and c_00003_20261121014020.pcapng" },
	{ { "client.pcap", "server.pcap" }, "ab", NULL },
	{ { "same", "same" }, "ab", NULL },
	{ { "x99999999999999999999999", "x99999999999999999999998" }, "aa", "" },
};

static void test_series(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *const *paths = rows[i].paths;
		size_t series[8], n = strlen(rows[i].series);
		char missing[300] = "";
		series_find(paths, n, series);
		for (size_t j = 0; j < n; j++)
			for (size_t k = 0; k < n; k++)
				if ((series[j] == series[k]) != (rows[i].series[j] == rows[i].series[k]))
					CHECK(!fprintf(stderr, "%s and %s\n", paths[j], paths[k]));
		if (rows[i].missing)
			series_missing(paths, n, missing, sizeof missing);
		if (rows[i].missing && strcmp(missing, rows[i].missing) != 0)
			CHECK(!fprintf(stderr, "%s: %s\n", paths[0], missing));
	}
}

int main(void)
{
	test_order();
	test_series();
	return check_failed != 0;
}
