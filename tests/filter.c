/* filter.c - which connections of a small case a filter chooses, what is said of one that
 * does not parse, and that no text does harm. */
#include "filter.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "embedded.h"
#include "filter_fields.h"
#include "limits.h"
#include "packet_index.h"
#include "store.h"

int check_failed;

/* ---- the case ---- */

enum { FLOWS = 5 };

/* 2026-11-21T22:00:00Z */
static const int64_t BEGIN = INT64_C(1795298400) * 1000000000, SECOND = 1000000000;

struct known {
	const char *client, *server;
	uint16_t    client_port, server_port;
	const char *app, *ended;
	int         ended_by;
	uint64_t    first_frame, last_frame;
	int64_t     begin_s, end_s, rtt_ms;
};

/* Flows 1 to 5, streams 0 to 4. */
static const struct known flows[FLOWS] = {
	{ "10.0.0.5", "10.0.0.9", 40000, 80, "http", "fin", CLIENT, 1, 9, 0, 60, 20 },
	{ "10.1.0.5", "10.0.0.9", 40001, 5672, "amqp", "rst", SERVER, 2, 20, 10, 1000, 1 },
	{ "2001:db8::1", "2001:db8:0:1::2", 50000, 443, "tls", "open", NONE, 5, 30, 100, 2000, NONE },
	{ "192.168.1.1", "10.0.0.9", 1234, 80, NULL, "refused", SERVER, 6, 7, 100, 100, NONE },
	{ "10.0.0.6", "172.16.0.1", 8100, 8000, NULL, "unanswered", NONE, 31, 33, 3000, 3007, NONE },
};

/* Every second frame, from the first on. */
static void packets_store(struct store *s, int64_t id, const struct known *k)
{
	struct packet_chunk chunk = { 0 };
	for (uint64_t frame = k->first_frame; frame <= k->last_frame; frame += 2)
		packet_chunk_add(&chunk, &(struct indexed_packet){ .at = { frame, BEGIN }, .file_offset = NONE });
	store_packets(s, id, k->first_frame, k->last_frame, (struct bytes){ chunk.bytes, chunk.n });
	packet_chunk_free(&chunk);
}

static void flow_store(struct store *s, int64_t capture, int64_t id, const struct known *k)
{
	struct flow_facts f = {
		.id = id, .capture_id = capture, .stream = id - 1, .client_port = k->client_port,
		.server_port = k->server_port, .client_known_by = "syn", .window_scaling = "on",
		.first = { k->first_frame, BEGIN + k->begin_s * SECOND },
		.last = { k->last_frame, BEGIN + k->end_s * SECOND }, .frames = { 2, 3 },
		.bytes = { 100, (uint64_t)id * 1000 }, .app = k->app, .ended = k->ended, .ended_by = k->ended_by,
		.rtt_ns = k->rtt_ms == NONE ? NONE : k->rtt_ms * 1000000, .conn_state = id == 1 ? "SF" : "S0",
		.history = "ShAaR",
	};
	snprintf(f.client_ip, sizeof f.client_ip, "%s", k->client);
	snprintf(f.server_ip, sizeof f.server_ip, "%s", k->server);
	store_flow(s, &f);
	packets_store(s, id, k);
}

static const char facts[] =
	"INSERT INTO tcp_event SELECT column1, column2, 0, 'client', column3, 0, 0, 0, 0, 0, 0 FROM (VALUES"
	" (1, 1, 'syn'), (1, 9, 'fin'), (2, 20, 'rst'), (2, 4, 'retransmission'), (4, 7, 'rst'), (1, 3, 'dup_ack'));"
	"INSERT INTO silence SELECT column1, column2, column3, column4, 1, 2, 'data', 'client' FROM (VALUES"
	" (2, 'both', 0, 900000000000), (2, 'both', 0, 2000000000), (2, 'client', 0, 950000000000),"
	" (1, 'both', 0, 30000000000));"
	"INSERT INTO http_exchange(flow_id, nr, method, target, host, status, request_end_ns, response_ns,"
	" expect_continue, response_until_close, close_announced, request_state, response_state) VALUES"
	" (1, 1, 'GET', '/a?x=1&y=2', 'one.example', 200, 0, 250000000, 0, 0, 0, 'complete', 'complete'),"
	" (1, 2, 'POST', '/b \"c\"', 'two.example', 503, 0, 2000000000, 0, 0, 0, 'complete', 'complete'),"
	" (3, 1, 'CONNECT', 'x:443', NULL, NULL, 0, NULL, 0, 0, 0, 'complete', 'none');"
	"INSERT INTO amqp_connection(flow_id, vhost, client_capable_of_blocked) VALUES(2, '/', 0);"
	"INSERT INTO amqp_method SELECT 2, 3, 0, 'client', 1, 'basic.publish', NULL, NULL, 3, 0, 1, NULL, 0;"
	"INSERT INTO amqp_channel SELECT 2, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0,"
	" 0, 0, 0, 0, 0, 0, 0, NULL;"
	"INSERT INTO icmp VALUES(4, 8, 0, '10.0.0.1', 'client', 'icmp', 3, 3, 'port unreachable', NULL, 0, 0);"
	"INSERT INTO note(fingerprint, flow_id, frame, text) VALUES (NULL, 1, 1, 'look here'), ('storm', NULL, NULL, 'why?');";

/* Rules and findings: trouble on 2; a probe, which is none, on 4; a storm on no connection
 * alone, whose evidence is on 2 and 5; and what is about the capture, with evidence on 3. */
static const char findings[] =
	"INSERT INTO rule SELECT column1, '', column2, column3, column4, NULL, NULL, '', '', '', '', '', '{}', '', ''"
	" FROM (VALUES ('tcp.reset-after-idle', 'error', 0, 'connections'), ('tcp.health-check', 'note', 1, 'connections'),"
	" ('tcp.churn', 'warning', 0, 'connections'), ('capture.snapped', 'note', 0, 'capture'));"
	"INSERT INTO finding(id, rule, severity, confidence, flow_id, summary, numbers, fingerprint) VALUES"
	" (1, 'tcp.reset-after-idle', 'error', 'likely', 2, '', '{}', 'reset'),"
	" (2, 'tcp.health-check', 'note', 'proven', 4, '', '{}', 'probe'),"
	" (3, 'tcp.churn', 'warning', 'possible', NULL, '', '{}', 'storm'),"
	" (4, 'capture.snapped', 'note', 'proven', NULL, '', '{}', 'snap');"
	"INSERT INTO evidence(finding_id, nr, flow_id, frame, role) VALUES"
	" (3, 1, 2, 2, 'a'), (3, 2, 5, 31, 'b'), (4, 1, 3, 5, 'c');"
	"CREATE INDEX a_finding_by_flow ON finding(flow_id); CREATE INDEX an_evidence_by_flow ON evidence(flow_id);";

static void sql_run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "the case cannot be made: %s\n", why);
		exit(1);
	}
}

static struct store *case_made(void)
{
	struct err err;
	int64_t base;
	struct store *s = store_open(NULL, &err);
	if (!s)
		exit(1);
	int64_t capture = store_capture_begin(s, "c", &base);
	for (int i = 0; i < FLOWS; i++)
		flow_store(s, capture, i + 1, &flows[i]);
	store_capture_end(s, capture, &(struct capture_facts){ .name = "c", .first_ns = BEGIN,
	                  .last_ns = BEGIN + 3 * 3600 * SECOND, .taken_for = "file" });
	sql_run(store_db(s), embedded_text("db/derived.sql"));
	sql_run(store_db(s), facts);
	sql_run(store_db(s), findings);
	if (!store_index(s, &err))
		exit(1);
	return s;
}

/* ---- what is chosen ---- */

static const struct { const char *text, *flows; } choices[] = {
	{ "", "1 2 3 4 5" }, { " \t\n", "1 2 3 4 5" },
	/* addresses */
	{ "ip.addr == 10.0.0.9", "1 2 4" }, { "ip.addr eq 10.0.0.5", "1" },
	{ "ip.src == 10.0.0.9", "" }, { "ip.dst == 10.0.0.9", "1 2 4" },
	{ "client.ip == 10.0.0.0/24", "1 5" }, { "ip.addr == 10.0.0.0/8", "1 2 4 5" },
	{ "ip.addr == 10.0.0.5/0", "1 2 4 5" }, { "ip.addr == 10.0.0.9/32", "1 2 4" },
	{ "ip.addr == 172.16.0.0/12", "5" }, { "ip.addr == 10.0.0.4/31", "1" },
	{ "ip.addr == ::ffff:10.0.0.5", "1" }, { "ip.addr == 2001:DB8:0:0::1", "3" },
	{ "ip.addr == 2001:db8::/32", "3" }, { "client.ip == 2001:db8::/49", "3" },
	{ "server.ip == 2001:db8::/64", "" }, { "ip.addr == ::/0", "3" },
	{ "ip.addr in {10.0.0.5, 2001:db8::1}", "1 3" }, { "client.ip in {10.0.0.5..10.0.0.6}", "1 5" },
	{ "client.ip in {2001:db8::..2001:db8::f}", "3" }, { "client.ip in {10.0.0.0/24, 192.168.0.0/16}", "1 4 5" },
	/* != wants all values to differ */
	{ "ip.addr != 10.0.0.9", "3 5" }, { "!(ip.addr == 10.0.0.9)", "3 5" },
	{ "ip.addr != 10.0.0.0/8", "3" }, { "client.ip != 10.0.0.5", "2 3 4 5" },
	{ "app != http", "2 3" }, { "not app == http", "2 3 4 5" }, { "http.host != one.example", "" },
	{ "http.request.method != GET", "3" }, { "tcp.port ne 80", "2 3 5" }, { "rtt != 20ms", "2" },
	/* numbers, sets, order */
	{ "tcp.port == 80", "1 4" }, { "tcp.port == 0x50", "1 4" }, { "server.port > 443", "2 5" },
	{ "server.port >= 443", "2 3 5" }, { "server.port lt 443", "1 4" }, { "server.port <= 443", "1 3 4" },
	{ "tcp.port in {80, 8000..8100}", "1 4 5" }, { "tcp.port in {443 5672}", "2 3" },
	{ "tcp.port not in {80, 443}", "2 5" }, { "tcp.port in { 8100 .. 9000 }", "5" },
	{ "tcp.stream == 0", "1" }, { "tcp.stream in {1..3}", "2 3 4" }, { "tcp.stream in {3..1}", "" },
	{ "frames == 5", "1 2 3 4 5" }, { "bytes > 3100", "4 5" }, { "client.bytes == 100 && server.bytes == 2000", "2" },
	/* precedence, and what stands for what */
	{ "http || amqp && rst", "1 2 3" }, { "(http or amqp) and rst", "2" }, { "amqp && rst || http", "1 2 3" },
	{ "!http && !amqp", "4 5" }, { "! ! http", "1 3" }, { "not (http or amqp)", "4 5" },
	{ "!http == 1", "2 4 5" }, { "NOT HTTP AND Tcp.Port EQ 80", "4" }, { "((((rst))))", "2" },
	/* flags */
	{ "rst", "2" }, { "fin", "1" }, { "refused", "4" }, { "unanswered", "5" }, { "open", "3" },
	{ "ended == rst", "2" }, { "ended in {rst, refused}", "2 4" }, { "ended != fin", "2 3 4 5" },
	{ "ended_by == server", "2 4" }, { "ended_by", "1 2 4" }, { "conn_state == sf", "1" },
	{ "tcp.flags.reset", "2 4" }, { "tcp.flags.reset == 1", "2 4" }, { "tcp.flags.reset == 0", "1 3 5" },
	{ "tcp.flags.reset != true", "1 3 5" }, { "tcp.flags.fin != 0", "1" },
	{ "tcp.flags.fin == 1 && tcp.port == 80 && http == 1", "1" }, { "tcp.flags.syn", "1" },
	{ "tcp.analysis.retransmission", "2" }, { "tcp.analysis.duplicate_ack", "1" }, { "icmp", "4" },
	{ "amqp == 0 && tls == 0 && http == false", "4 5" },
	/* spans */
	{ "duration >= 60", "1 2 3" }, { "duration == 1m", "1" }, { "duration > 1m", "2 3" },
	{ "silence >= 15m", "2" }, { "silence > 15m", "" }, { "silence > 29s", "1 2" }, { "silence < 31", "1" },
	{ "!(silence >= 15m)", "1 3 4 5" }, { "silence", "1 2" }, { "rtt > 1.5ms", "1" }, { "rtt <= 0.001", "2" },
	{ "http.time > 1", "1" }, { "http.time < 300ms", "1" }, { "http.time", "1" },
	/* frames and times */
	{ "frame.number == 5", "1 3" }, { "frame.number == 6", "2 4" }, { "frame.number == 10", "2" },
	{ "frame.number in {31..32}", "5" }, { "frame.number in {32..32, 7}", "1 3" },
	{ "frame.number in {32}", "" },
	{ "frame.number > 20", "3 5" }, { "frame.number >= 20", "2 3 5" }, { "frame.number < 3", "1 2" },
	{ "frame.number <= 5", "1 2 3" }, { "frame.number != 6", "1 3 5" },
	{ "frame.time == 2026-11-21T22:00:30Z", "1 2" }, { "frame.time == \"2026-11-22 06:00:30+08:00\"", "1 2" },
	{ "frame.time == 22:00:30", "1 2" }, { "frame.time == 06:00:30+08:00", "1 2" },
	{ "frame.time >= 22:49", "5" }, { "frame.time > 00:30", "" }, { "frame.time < 00:30", "1 2 3 4 5" },
	{ "frame.time < 22:00:10", "1" }, { "frame.time <= 22:00:10", "1 2" },
	{ "frame.time in {22:01:30 .. 22:02:00}", "2 3 4" }, { "frame.time != 22:00:30", "3 4 5" },
	{ "frame.time == 1795298430", "1 2" },
	/* texts */
	{ "app == HTTP", "1" }, { "app in {http, tls}", "1 3" }, { "app contains t", "1 3" }, { "app", "1 2 3" },
	{ "http.host", "1" }, { "http.host contains \"two\"", "1" }, { "http.host contains two.ex", "1" },
	{ "http.request.uri == '/a?x=1&y=2'", "1" }, { "http.request.uri == \"/b \\\"c\\\"\"", "1" },
	{ "http.request.uri contains /A", "" }, { "http.request.method in {PUT, POST}", "1" },
	{ "http.response.code >= 500", "1" }, { "http.response.code == 404", "" }, { "http", "1 3" },
	{ "amqp.method == Basic.Publish", "2" }, { "amqp.channel == 7", "2" }, { "amqp.vhost == /", "2" },
	{ "history contains R", "1 2 3 4 5" }, { "history contains r", "" }, { "path", "" },
	/* findings and notes */
	{ "finding", "2 5" }, { "!finding", "1 3 4" }, { "finding == tcp.reset-after-idle", "2" },
	{ "finding == tcp.churn", "2 5" }, { "finding == tcp.health-check", "4" }, { "rule contains tcp.", "2 4 5" },
	{ "finding != tcp.reset-after-idle", "5" }, { "rule", "2 3 4 5" }, { "finding == capture.snapped", "3" },
	{ "severity >= warning", "2 5" }, { "severity == error", "2" }, { "severity < error", "2 5" },
	{ "severity in {warning..error}", "2 5" }, { "severity", "2 5" }, { "confidence >= likely", "2" },
	{ "confidence == proven", "" }, { "health", "4" }, { "note", "1 2 5" }, { "note contains why", "2 5" },
	{ "note contains here || note == 'why?' && rst", "1 2" }, { "not note", "3 4" },
};

/* The ids of flows that match, behind a parameter of the statement's own; to be freed. */
static char *chosen(sqlite3 *db, const struct filter *filter)
{
	sqlite3_stmt *s = NULL;
	char *text = NULL;
	char *sql = sqlite3_mprintf("SELECT coalesce(group_concat(id, ' '), '') FROM (SELECT f.id FROM flow f"
	                            " WHERE f.id >= ?1 AND (%s) ORDER BY f.id)", filter->sql);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK) {
		CHECK(sqlite3_bind_parameter_count(s) == 1 + (int)filter->values_n);
		sqlite3_bind_int(s, 1, 0);
		filter_bind(filter, s);
		if (sqlite3_step(s) == SQLITE_ROW)
			text = sqlite3_mprintf("%s", sqlite3_column_text(s, 0));
	}
	if (!text)
		fprintf(stderr, "%s\n%s\n", sqlite3_errmsg(db), sql);
	sqlite3_finalize(s);
	sqlite3_free(sql);
	return text;
}

static void check_choices(sqlite3 *db)
{
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		struct filter filter;
		struct err err = { "" };
		bool ok = filter_parse(&filter, choices[i].text, 2, &err);
		char *is = ok ? chosen(db, &filter) : NULL;
		if (!is || strcmp(is, choices[i].flows) != 0) {
			fprintf(stderr, "%s: chooses %s, not %s %s\n", choices[i].text, is ? is : "none", choices[i].flows,
			        err.text);
			CHECK(!"the filter chooses others");
		}
		sqlite3_free(is);
		if (ok)
			filter_free(&filter);
	}
}

/* ---- what is refused ---- */

static const struct { const char *text, *says; } mistakes[] = {
	{ "ip.adr == 10.0.0.1", "at column 1: there is no field \"ip.adr\"; did you mean ip.addr?" },
	{ "a && xyzzyxyzzy", "at column 1: there is no field \"a\"; tcpwhy(1) lists them" },
	{ "http && xyzzyxyzzy", "at column 9: there is no field \"xyzzyxyzzy\"; tcpwhy(1) lists them" },
	{ "note == \"\xC3\xA9\xC3\xA9\" && rts", "at column 17: there is no field \"rts\"; did you mean rst?" },
	{ "tcp.port = 80", "at column 10: write == to compare, and text that holds a = in quotes" },
	{ "http & rst", "at column 6: write && for and, and text that holds a & in quotes" },
	{ "http | rst", "at column 6: write || for or, and text that holds a | in quotes" },
	{ "tcp.port ==", "at column 12: here the filter ends, and a value is missing" },
	{ "tcp.port == ||", "at column 13: || stands where a value should" },
	{ "http &&", "at column 8: here the filter ends, and a field is missing" },
	{ "&& http", "at column 1: && stands where a field should" },
	{ "\"http\"", "at column 1: \"http\" stands where a field should" },
	{ "!", "at column 2: here the filter ends, and a field is missing" },
	{ "()", "at column 2: ) stands where a field should" },
	{ "(http", "at column 1: this ( has no )" },
	{ "rst || (http && (fin)", "at column 8: this ( has no )" },
	{ "http)", "at column 5: no ( stands before this )" },
	{ "(http rst)", "at column 7: rst is not understood here; compare with ==, and join with && or ||" },
	{ "tcp.port 80", "at column 10: 80 is not understood here; compare with ==, and join with && or ||" },
	{ "http.host matches x", "at column 11: there is no matches; contains looks for a text" },
	{ "http.host ~ x", "at column 11: there is no matches; contains looks for a text" },
	{ "http.host == \"x", "at column 14: the text in quotes has no end" },
	{ "http.host == 'x\\'", "at column 14: the text in quotes has no end" },
	{ "tcp.port == http", "at column 13: tcp.port takes a number, not \"http\"" },
	{ "tcp.port == -1", "at column 13: tcp.port takes a number, not \"-1\"" },
	{ "bytes > 9999999999999999999", "at column 9: bytes takes a number, not \"9999999999999999999\"" },
	{ "ip.addr == 10.0.0", "at column 12: ip.addr takes an address, or a network such as 10.0.0.0/8, not \"10.0.0\"" },
	{ "ip.addr == 10.0.0.0/33", "at column 12: the network 10.0.0.0/33 is written with the bits of its prefix, 0 to 32, behind the /" },
	{ "ip.addr == ::1/", "at column 12: the network ::1/ is written with the bits of its prefix, 0 to 128, behind the /" },
	{ "ip.addr in {::1..host}", "at column 13: ip.addr takes an address, or a network such as 10.0.0.0/8, not \"host\"" },
	{ "ip.addr > 10.0.0.1", "at column 9: ip.addr takes ==, != and in, not >" },
	{ "http.host >= a", "at column 11: http.host takes ==, !=, contains and in, not >=" },
	{ "tcp.port contains 8", "at column 10: tcp.port takes ==, !=, >, <, >=, <= and in, not contains" },
	{ "http > 1", "at column 6: http takes == and !=, not >" },
	{ "http == yes", "at column 9: http holds or not: compare it with 1 or 0, not with \"yes\"" },
	{ "silence > 5x", "at column 11: \"5x\" is no span of time; write 30s, 5m or 2h" },
	{ "frame.time > noon", "at column 14: \"noon\" is no time; write 2026-11-21T22:09:37+08:00, 22:09:37 or seconds since 1970" },
	{ "severity == errro", "at column 13: severity is never \"errro\"; did you mean error?" },
	{ "ended == shouting", "at column 10: ended is never \"shouting\", but one of: fin rst refused unanswered open" },
	{ "tcp.port in 80", "at column 13: 80 stands where a set in braces, such as {80, 8000..8100}, should" },
	{ "tcp.port in", "at column 12: here the filter ends, and a set in braces, such as {80, 8000..8100}, is missing" },
	{ "tcp.port in {}", "at column 14: } stands where a value should" },
	{ "tcp.port in {80", "at column 16: here the filter ends, and a , or the } of the set is missing" },
	{ "tcp.port in {80 && 81}", "at column 17: && stands where a , or the } of the set should" },
	{ "tcp.port in {80..}", "at column 18: } stands where the end of the range should" },
	{ "tcp.port == 80..90", "at column 15: .. is not understood here; compare with ==, and join with && or ||" },
	{ "app in {a..b}", "at column 9: app has no order, so no range; write the values with commas between" },
	{ "tcp.port not 80", "at column 10: not is not understood here; compare with ==, and join with && or ||" },
};

static void check_mistakes(void)
{
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		struct filter filter;
		struct err err = { "" };
		CHECK(!filter_parse(&filter, mistakes[i].text, 1, &err));
		CHECK(!filter.sql && !filter.values);
		if (strcmp(err.text, mistakes[i].says) != 0) {
			fprintf(stderr, "%s\n  says   %s\n  and not %s\n", mistakes[i].text, err.text, mistakes[i].says);
			CHECK(!"the sentence is another");
		}
	}
}

/* ---- bounds ---- */

/* `begin`, so many times `again`, then `end` and so many times `close`; to be freed. */
static char *repeated(const char *begin, const char *again, size_t n, const char *end, const char *close)
{
	char *text = alloc_zeroed(strlen(begin) + strlen(end) + n * (strlen(again) + strlen(close)) + 1, 1);
	strcpy(text, begin);
	for (size_t i = 0; i < n; i++)
		strcat(text, again);
	strcat(text, end);
	for (size_t i = 0; i < n; i++)
		strcat(text, close);
	return text;
}

/* Whether it parses, and SQLite takes what comes of it. Frees the text. */
static bool fits(sqlite3 *db, char *text, struct err *err)
{
	struct filter filter;
	bool ok = filter_parse(&filter, text, 2, err);
	if (ok) {
		char *ids = chosen(db, &filter);
		CHECK(ids);
		sqlite3_free(ids);
		filter_free(&filter);
	}
	free(text);
	return ok;
}

/* What is as deep and as long as it may be, of every field; one more is refused. */
static void check_bounds(sqlite3 *db)
{
	struct err err;
	const struct filter_field *f;
	for (size_t i = 0; (f = filter_field(i)); i++) {
		char field[64];
		snprintf(field, sizeof field, "%.60s", f->name);
		CHECK(fits(db, repeated("", "!(http || ", LIMIT_FILTER_NESTING / 2, field, ")"), &err));
		CHECK(fits(db, repeated("", "!", LIMIT_FILTER_NESTING, field, ""), &err));
		snprintf(field, sizeof field, " && %.50s", f->name);
		size_t most = (LIMIT_FILTER - strlen(f->name)) / strlen(field);
		CHECK(fits(db, repeated(f->name, field, most < 255 ? most : 255, "", ""), &err));
	}
	CHECK(fits(db, repeated("tcp.port in {", "1..2,", 255, "}", ""), &err));
	CHECK(fits(db, repeated("ip.addr in {", "10.0.0.0/8 ", 255, "}", ""), &err));
	CHECK(fits(db, repeated("frame.number in {", "1..2 ", 255, "}", ""), &err));
	CHECK(fits(db, repeated("frame.time in {", "1:00..2:00 ", 255, "}", ""), &err));
	CHECK(fits(db, repeated("finding in {", "a,", 255, "}", ""), &err));
	CHECK(fits(db, repeated("http", "||rst", 255, "", ""), &err));

	CHECK(!fits(db, repeated("http", "||rst", 256, "", ""), &err));
	CHECK(strstr(err.text, "here are more than 256 fields and values, which is too many"));
	CHECK(!fits(db, repeated("", "(", LIMIT_FILTER_NESTING + 1, "http", ")"), &err));
	CHECK(strcmp(err.text, "at column 17: more than 16 ( and ! stand inside of one another here; write it flatter") == 0);
	CHECK(!fits(db, repeated("", "!", 4000, "http", ""), &err));
	CHECK(!fits(db, repeated("", "(", 4000, "", ""), &err));
	CHECK(fits(db, repeated("http", " ", LIMIT_FILTER - 4, "", ""), &err));
	CHECK(!fits(db, repeated("http", " ", LIMIT_FILTER - 3, "", ""), &err));
	CHECK(strcmp(err.text, "the filter is longer than 4096 bytes, which is too long") == 0);
}

/* ---- plans ---- */

/* Facts of other tables are searched for, and not gone through for every flow: only f itself
 * is, and what is made once for all. */
static void check_plan(sqlite3 *db, const char *text)
{
	struct filter filter;
	struct err err = { "" };
	sqlite3_stmt *s = NULL;
	if (!filter_parse(&filter, text, 1, &err)) {
		fprintf(stderr, "%s: %s\n", text, err.text);
		CHECK(!"the filter parses");
		return;
	}
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN SELECT f.id FROM flow f WHERE %s", filter.sql);
	CHECK(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
	static bool is_once[10000];              /* by a step's number: it and what is below it */
	int plan;
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(s, 3);
		int id = sqlite3_column_int(s, 0), parent = sqlite3_column_int(s, 1);
		CHECK(id < 10000);
		is_once[id] = strncmp(step, "LIST SUBQUERY", 13) == 0 || (parent && is_once[parent]);
		bool by_flow = sscanf(step, "SCAN p VIRTUAL TABLE INDEX %d", &plan) == 1 && plan & 1;
		bool is_flow = strcmp(step, "SCAN f") == 0 || strncmp(step, "SCAN f ", 7) == 0;
		if (strncmp(step, "SCAN", 4) == 0 && !is_flow && !by_flow && !is_once[id]) {
			fprintf(stderr, "%s: %s\n", text, step);
			CHECK(!"a table is gone through for every flow");
		}
	}
	sqlite3_finalize(s);
	sqlite3_free(sql);
	filter_free(&filter);
}

static void check_plans(sqlite3 *db)
{
	static const char *const values[] = {
		[FIELD_FLAG] = "== 0", [FIELD_NUMBER] = ">= 7", [FIELD_SPAN] = "> 5s", [FIELD_TEXT] = "contains x",
		[FIELD_NAME] = "!= x", [FIELD_WORD] = NULL, [FIELD_RANK] = NULL, [FIELD_ADDRESS] = "== 10.0.0.0/8",
		[FIELD_FRAME] = "in {7, 9..10}", [FIELD_MOMENT] = "== 22:00",
	};
	char text[128];
	const struct filter_field *f;
	for (size_t i = 0; (f = filter_field(i)); i++) {
		check_plan(db, f->name);
		snprintf(text, sizeof text, "%s %s%s", f->name, values[f->kind] ? values[f->kind] : "!= ",
		         values[f->kind] ? "" : f->words);
		if (!values[f->kind])
			text[strcspn(text, "=") + 2 + strcspn(f->words, " ")] = '\0';      /* the first of its words */
		check_plan(db, text);
	}
}

/* ---- any text ---- */

static uint32_t dice(void)
{
	static uint32_t state = 20261121;
	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static void token_add(char *text, size_t size)
{
	static const char *const pieces[] = {
		"==", "!=", ">", "<", ">=", "<=", "contains", "in", "not", "!", "&&", "||", "and", "or", "(", ")", "{", "}",
		",", "..", "\"x\"", "'", "\"", "\\", "80", "0x1f", "10.0.0.0/8", "2001:db8::/32", "30s", "22:00", "rst",
		"error", "1", "\xff", "=", "&", "\x01", "$", "?1", "%s", "';--",
	};
	enum { PIECES = sizeof pieces / sizeof *pieces };
	const char *word, *what;
	size_t n = strlen(text), fields = 0;
	while (filter_word(fields, &word, &what))
		fields++;
	filter_word(dice() % fields, &word, &what);
	snprintf(text + n, size - n, "%s%s", dice() % 3 ? pieces[dice() % PIECES] : word, dice() % 4 ? " " : "");
}

/* Random texts, and those that say something with a piece taken out or put in. */
static void check_any_text(sqlite3 *db)
{
	size_t parsed = 0;
	for (int i = 0; i < 10000; i++) {
		char text[600] = "";
		struct filter filter;
		struct err err = { "" };
		if (i % 2)
			snprintf(text, 300, "%s ", choices[dice() % (sizeof choices / sizeof *choices)].text);
		if (i % 4 == 1 && *text)
			memmove(text, text + 1, strlen(text));
		for (unsigned n = dice() % (i % 2 ? 4 : 9); n; n--)
			token_add(text, sizeof text);
		if (!filter_parse(&filter, text, 2, &err)) {
			CHECK(*err.text);
			continue;
		}
		char *ids = chosen(db, &filter);
		CHECK(ids);
		sqlite3_free(ids);
		filter_free(&filter);
		parsed++;
	}
	CHECK(parsed > 1000);
}

/* ---- the manual page ---- */

/* It lists every field, with what it is. */
static void check_manual(void)
{
	static char page[1 << 17];
	const char *word, *what;
	char entry[256];
	FILE *f = fopen("docs/tcpwhy.1", "r");
	CHECK(f);
	if (!f)
		return;
	page[fread(page, 1, sizeof page - 1, f)] = '\0';
	fclose(f);
	for (size_t i = 0; filter_word(i, &word, &what); i++) {
		snprintf(entry, sizeof entry, "\n.It Cm %s\n%s\n", word, what);
		if (!strstr(page, entry)) {
			fprintf(stderr, "docs/tcpwhy.1 lacks:%s", entry);
			CHECK(!"the manual page lists the field");
		}
	}
}

int main(void)
{
	struct store *s = case_made();
	check_choices(store_db(s));
	check_mistakes();
	check_bounds(store_db(s));
	check_plans(store_db(s));
	check_any_text(store_db(s));
	check_manual();
	store_close(s);
	return check_failed != 0;
}
