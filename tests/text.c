/* text.c - what reaches a terminal, and how times and durations read. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "text.h"
#include "zone.h"

int check_failed;

struct row { const char *name, *in, *terminal; int width; };

static const struct row rows[] = {
	{ "plain",                   "GET /a b",        "GET /a b", 8 },
	{ "empty",                   "",                "", 0 },
	{ "colour sequence",         "\x1b[31mred",     "\\x1B[31mred", 11 },
	{ "title sequence",          "\x1b]0;x\a",      "\\x1B]0;x\\x07", 12 },
	{ "line feed, tab, return",  "a\nb\tc\rd",      "a\\x0Ab\\x09c\\x0Dd", 16 },
	{ "delete",                  "\x7f",            "\\x7F", 4 },
	{ "C1 control as UTF-8",     "\xc2\x9b" "31m",  "\\xC2\\x9B31m", 11 },
	{ "C1 control as a byte",    "\x9b" "31m",      "\\x9B31m", 7 },
	{ "umlaut",                  "\xc3\xbc",        "\xc3\xbc", 1 },
	{ "Chinese",                 "\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87", 4 },
	{ "emoji",                   "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2 },
	{ "accent that combines",    "e\xcc\x81",       "e\xcc\x81", 1 },
	{ "U+202A",                  "\xe2\x80\xaa",    "\\xE2\\x80\\xAA", 12 },
	{ "U+202E, right to left",   "\xe2\x80\xae",    "\\xE2\\x80\\xAE", 12 },
	{ "U+2066, isolate",         "\xe2\x81\xa6",    "\\xE2\\x81\\xA6", 12 },
	{ "U+2069, end of isolate",  "\xe2\x81\xa9",    "\\xE2\\x81\\xA9", 12 },
	{ "U+200B, zero width",      "a\xe2\x80\x8b",   "a\\xE2\\x80\\x8B", 13 },
	{ "U+FEFF",                  "\xef\xbb\xbf",    "\\xEF\\xBB\\xBF", 12 },
	{ "tag characters",          "\xf3\xa0\x81\x81", "\\xF3\\xA0\\x81\\x81", 16 },
	{ "overlong slash",          "\xc0\xaf",        "\\xC0\\xAF", 8 },
	{ "overlong, three bytes",   "\xe0\x80\xaf",    "\\xE0\\x80\\xAF", 12 },
	{ "surrogate",               "\xed\xa0\x80",    "\\xED\\xA0\\x80", 12 },
	{ "past U+10FFFF",           "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80", 16 },
	{ "cut off",                 "a\xe4\xb8",       "a\\xE4\\xB8", 9 },
	{ "lone continuation",       "\x80z",           "\\x80z", 5 },
};

static char *written(void (*put)(FILE *, const char *), const char *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	put(f, s);
	fclose(f);
	return text;
}

static void check_terminal(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = written(text_put_terminal, rows[i].in);
		CHECK(strcmp(got, rows[i].terminal) == 0);
		CHECK(text_width(rows[i].in) == rows[i].width);
		if (strcmp(got, rows[i].terminal) || text_width(rows[i].in) != rows[i].width)
			fprintf(stderr, "   %s: %s, %d\n", rows[i].name, got, text_width(rows[i].in));
		free(got);
	}
	CHECK(text_fit("abc", 3, 2) == 2);
	CHECK(text_fit("a\xe4\xb8\xad", 4, 2) == 1);     /* a wide one is not halved */
}

static void check_put(const char *name, void (*put)(FILE *, const char *), const char *in,
                      const char *expected)
{
	char *got = written(put, in);
	CHECK(strcmp(got, expected) == 0);
	if (strcmp(got, expected))
		fprintf(stderr, "   %s: %s\n", name, got);
	free(got);
}

static void check_html(void)
{
	static const struct { const char *in, *html; } all[] = {
		{ "GET /a b",                 "GET /a b" },
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "a\" onload='x' `b`",       "a&quot; onload=&#39;x&#39; &#96;b&#96;" },
		{ "&lt;",                     "&amp;lt;" },
		{ "a\nb\x1b[31m\x9b",         "a\\x0Ab\\x1B[31m\\x9B" },
		{ "\xe2\x80\xae",             "\\xE2\\x80\\xAE" },
		{ "\xe4\xb8\xad",             "\xe4\xb8\xad" },
		{ "]]>",                      "]]&gt;" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		check_put("HTML", text_put_html, all[i].in, all[i].html);
}

static void check_markdown(void)
{
	static const struct { const char *in, *markdown; } all[] = {
		{ "plain 20.016 s (t=20).", "plain 20.016 s (t=20)." },
		{ "a|b",                  "a\\|b" },
		{ "`x` *y* ~z~ $m$",      "\\`x\\` \\*y\\* \\~z\\~ \\$m\\$" },
		{ "[t](http://x)",        "\\[t\\](http\\://x)" },
		{ "![i](x)",              "!\\[i\\](x)" },
		{ "<img src=x> &amp;",    "&lt;img src=x&gt; &amp;amp;" },
		{ "# h",                  "\\# h" },
		{ "- item",               "\\- item" },
		{ "+ item",               "\\+ item" },
		{ "=====",                "\\=====" },
		{ "12. item",             "12\\. item" },
		{ "12) item",             "12\\) item" },
		{ "3.5 s",                "3.5 s" },
		{ "tcp_keepalive_time",   "tcp_keepalive_time" },
		{ "_x_ a_",               "\\_x\\_ a\\_" },
		{ "www.x.org",            "www\\.x.org" },
		{ "a\\b",                 "a\\\\b" },
		{ "a\nb\x1b",             "a\\\\x0Ab\\\\x1B" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		check_put("Markdown", text_put_markdown, all[i].in, all[i].markdown);
}

static void check_utf8(void)
{
	char *got = written(text_put_utf8, "a\xff" "b\xc3\xbc\x80");
	CHECK(strcmp(got, "a\xef\xbf\xbd" "b\xc3\xbc\xef\xbf\xbd") == 0);
	free(got);
}

static void check_times(void)
{
	char buf[TEXT_TIME_SIZE];
	CHECK(strcmp(text_time(INT64_C(1795235161123456789), buf), "2026-11-21 04:26:01.123456") == 0);
	CHECK(strcmp(text_iso(INT64_C(1795235161123456789), buf),
	             "2026-11-21T04:26:01.123456789Z") == 0);
	CHECK(strcmp(text_iso(-1, buf), "1969-12-31T23:59:59.999999999Z") == 0);
	CHECK(strcmp(text_iso(INT64_MAX, buf), "2262-04-11T23:47:16.854775807Z") == 0);
	text_time(INT64_MIN, buf);
}

static void check_zones(void)
{
	char buf[TEXT_TIME_SIZE], zone[ZONE_SIZE];
	CHECK(strcmp(zone_at(0, zone), "UTC") == 0 && strcmp(zone_name(zone), "UTC") == 0);
	CHECK(zone_set("+05:30"));
	CHECK(strcmp(text_time(0, buf), "1970-01-01 05:30:00.000000") == 0);
	CHECK(strcmp(text_time(-1, buf), "1970-01-01 05:29:59.999999") == 0);
	CHECK(strcmp(zone_at(-1, zone), "+05:30") == 0);
	CHECK(strcmp(text_iso(0, buf), "1970-01-01T00:00:00.000000000Z") == 0);
	CHECK(strcmp(zone_name(zone), "+05:30") == 0);
	CHECK(zone_set("-0800"));
	CHECK(strcmp(text_time(0, buf), "1969-12-31 16:00:00.000000") == 0);
	CHECK(strcmp(zone_at(0, zone), "-08:00") == 0);
	CHECK(!zone_set("+8") && !zone_set("+99:00") && !zone_set("../x") && !zone_set("No/Where"));
	CHECK(!zone_set("") && !zone_set("+"));
	CHECK(zone_set("UTC"));
}

static void check_durations(void)
{
	static const struct { int64_t ns; const char *text; } all[] = {
		{ 0, "0 s" },                     { 999, "999 ns" },
		{ 126000, "126 us" },             { 999600, "1.0 ms" },
		{ 1500000, "1.5 ms" },            { 99960000, "100 ms" },
		{ 250000000, "250 ms" },          { 999600000, "1.000 s" },
		{ INT64_C(914155000000), "914.155 s" }, { -1500000000, "-1.500 s" },
		{ INT64_C(7980000000000), "2 h 13 min" }, { INT64_C(270000000000000), "3 d 3 h" },
	};
	char buf[TEXT_DURATION_SIZE];
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		CHECK(strcmp(text_duration(all[i].ns, buf), all[i].text) == 0);
	text_duration(INT64_MIN, buf);
}

static void check_nearest(void)
{
	static const char *const words[] = { "analyze", "report", "rules" };
	CHECK(strcmp(text_nearest("reprot", words, 3), "report") == 0);
	CHECK(strcmp(text_nearest("rule", words, 3), "rules") == 0);
	CHECK(!text_nearest("incident.pcap", words, 3));
	CHECK(!text_nearest("x", words, 3));
}

int main(void)
{
	zone_set("UTC");
	check_terminal();
	check_html();
	check_markdown();
	check_utf8();
	check_times();
	check_zones();
	check_durations();
	check_nearest();
	return check_failed != 0;
}
