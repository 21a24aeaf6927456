/* packet_index.c - chunks there and back, damaged ones, and the table `packet`. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "limits.h"
#include "packet_index.h"
#include "store.h"

int check_failed;

/* Sequence numbers wrap, and the third packet goes back in time. */
static const struct indexed_packet samples[] = {
	{ { 7, 1700000000000000000 }, 40, CLIENT, 0x02, 4294967290u, 0, 0, 64240 },
	{ { 8, 1700000000000000900 }, 1234567, SERVER, 0x12, 5, 4294967291u, 0, 65535 },
	{ { 9, 1699999999999000000 }, NONE, CLIENT, 0x18, 3, 6, 1448, 502 },
	{ { 500, 1700000000000000001 }, 100, SERVER, 0x10, 5, 1451, 4294967295u, 0 },
	{ { 501, NO_TIME }, INT64_MAX, CLIENT, 0xFF, 0, 4294967295u, 1, 4294967295u },
	{ { INT64_MAX, INT64_MAX }, 0, SERVER, 0x00, 4294967295u, 0, 0, 0 },
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static bool same(const struct indexed_packet *a, const struct indexed_packet *b)
{
	return a->at.frame == b->at.frame && a->at.ns == b->at.ns &&
	       a->file_offset == b->file_offset && a->sender == b->sender && a->flags == b->flags &&
	       a->seq == b->seq && a->ack == b->ack && a->len == b->len && a->window == b->window;
}

static struct bytes chunk_bytes(const struct packet_chunk *c)
{
	return (struct bytes){ c->bytes, c->n };
}

/* ---------------------------------------------------------------- chunks ---- */

static void test_round_trip(void)
{
	struct packet_chunk c = { 0 };
	for (int again = 0; again < 2; again++) {
		packet_chunk_reset(&c);
		for (int i = 0; i < SAMPLES; i++)
			packet_chunk_add(&c, &samples[i]);
		CHECK(c.packets == SAMPLES && c.first_frame == 7 && c.last.at.frame == INT64_MAX);

		struct packet_cursor cursor = packet_cursor_over(chunk_bytes(&c));
		struct indexed_packet p;
		for (int i = 0; i < SAMPLES; i++)
			CHECK(packet_next(&cursor, &p) && same(&p, &samples[i]));
		CHECK(!packet_next(&cursor, &p) && rd_ok(&cursor.rd));
	}
	packet_chunk_free(&c);
	CHECK(!c.bytes && !c.size);
}

/* The usual packet costs few bytes: that is what the packing is for. */
static void test_size(void)
{
	struct packet_chunk c = { 0 };
	for (unsigned i = 0; i < LIMIT_INDEX_CHUNK; i++)
		packet_chunk_add(&c,
				 &(struct indexed_packet){
					 { 1 + 3 * i, 1700000000000000000 + (int64_t)i * 120000 },
					 24 + (int64_t)i * 1530,
					 CLIENT,
					 0x10,
					 1000 + i * 1448,
					 77,
					 1448,
					 502 });
	CHECK(c.n < 20 * LIMIT_INDEX_CHUNK);
	packet_chunk_free(&c);
}

/* Cut anywhere, a chunk gives its whole packets and ends. The copy is of exact
 * size, so that a sanitizer sees any read past its end. */
static void test_cut(void)
{
	struct packet_chunk c = { 0 };
	for (int i = 0; i < SAMPLES; i++)
		packet_chunk_add(&c, &samples[i]);
	for (size_t n = 0; n < c.n; n++) {
		uint8_t *cut = malloc(n ? n : 1);
		if (!cut)
			abort();
		memcpy(cut, c.bytes, n);
		struct packet_cursor cursor = packet_cursor_over((struct bytes){ cut, n });
		struct indexed_packet p;
		int got = 0;
		while (packet_next(&cursor, &p))
			CHECK(got < SAMPLES && same(&p, &samples[got++]));
		CHECK(got < SAMPLES && !packet_next(&cursor, &p));
		free(cut);
	}
	packet_chunk_free(&c);
}

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	int packets;
} damaged[] = {
	{ "nothing", "", 0, 0 },
	{ "a packet", "\1\0\0\0\0\0\0\0\0", 9, 1 },
	{ "a third sender", "\1\0\0\2\0\0\0\0\0", 9, 0 },
	{ "an offset of -2", "\1\0\3\0\0\0\0\0\0", 9, 0 },
	{ "a varint of 65 bits", "\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\3\0\0\0\0\0\0\0", 18, 0 },
	{ "an endless varint", "\1\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1\0\0\0\0\0\0", 19,
	  0 },
	{ "a length of 33 bits", "\1\0\0\0\0\0\0\xFF\xFF\xFF\xFF\x1F\0", 13, 0 },
	{ "a frame too high", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1\0\0\0\0\0\0\0\0", 18, 0 },
	{ "a sum of frames too high",
	  "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\0\0\0\0\0\0\0\0"
	  "\1\0\0\0\0\0\0\0\0",
	  26, 1 },
	{ "rubbish behind it", "\1\0\0\0\0\0\0\0\0\xFF\xFF", 11, 1 },
};

static void test_damaged(void)
{
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		struct packet_cursor cursor = packet_cursor_over(
			(struct bytes){ (const uint8_t *)damaged[i].bytes, damaged[i].n });
		struct indexed_packet p;
		int got = 0;
		while (packet_next(&cursor, &p))
			got++;
		if (got != damaged[i].packets)
			fprintf(stderr, "%s: %d packets\n", damaged[i].what, got);
		CHECK(got == damaged[i].packets);
	}
}

/* A generator of our own (xorshift), so that a failure can be had again. */
static uint32_t random_next(uint32_t *x)
{
	*x ^= *x << 13, *x ^= *x >> 17, *x ^= *x << 5;
	return *x;
}

static void test_random(void)
{
	uint32_t x = 2463534242u;
	for (int round = 0; round < 20000; round++) {
		size_t n = random_next(&x) % 200;
		uint8_t *p = malloc(n ? n : 1);
		if (!p)
			abort();
		unsigned mask = random_next(&x) % 2 ? 0xFF : 0x83; /* half of them: small numbers */
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(random_next(&x) & mask);
		struct packet_cursor cursor = packet_cursor_over((struct bytes){ p, n });
		struct indexed_packet packet;
		size_t got = 0;
		uint64_t frame = 0;
		while (packet_next(&cursor, &packet)) {
			CHECK(packet.at.frame >= frame && packet.sender <= SERVER &&
			      packet.file_offset >= NONE);
			frame = packet.at.frame;
			got++;
		}
		CHECK(got * 9 <= n); /* nine bytes at least, each read once */
		free(p);
	}
}

static void test_swap(void)
{
	struct packet_chunk c = { 0 };
	for (int i = 0; i < 3; i++)
		packet_chunk_add(&c, &samples[i]);
	packet_chunk_swap_sides(&c);
	for (int i = 3; i < SAMPLES; i++) { /* and goes on as before */
		struct indexed_packet p = samples[i];
		p.sender = other(p.sender);
		packet_chunk_add(&c, &p);
	}
	CHECK(c.packets == SAMPLES && c.first_frame == 7);
	packet_chunk_swap_sides(&c);
	struct packet_cursor cursor = packet_cursor_over(chunk_bytes(&c));
	struct indexed_packet p;
	for (int i = 0; i < SAMPLES; i++)
		CHECK(packet_next(&cursor, &p) && same(&p, &samples[i]));
	packet_chunk_free(&c);
	packet_chunk_swap_sides(&c); /* an empty one too */
	CHECK(c.packets == 0);
}

/* ------------------------------------------------------ the virtual table ---- */

/* Flow 3 in chunks of 4 packets, frames 10, 12, .. 48; flow 7 has frames 11 and 13. */
static struct store *filled(void)
{
	struct err err = { { 0 } };
	struct store *s = store_open(NULL, &err);
	if (!s) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	struct packet_chunk c = { 0 };
	for (unsigned i = 0; i < 20; i++) {
		packet_chunk_add(&c, &(struct indexed_packet){ { 10 + 2 * i, 1000 + i },
							       i ? 24 + (int)i : NONE,
							       i % 2 ? SERVER : CLIENT,
							       0x10,
							       i * 100,
							       i,
							       100,
							       502 });
		if (c.packets == 4) {
			store_packets(s, 3, c.first_frame, c.last.at.frame, chunk_bytes(&c));
			packet_chunk_reset(&c);
		}
	}
	packet_chunk_add(&c, &(struct indexed_packet){ .at = { 11, 5 }, .len = 1 });
	packet_chunk_add(&c,
			 &(struct indexed_packet){ .at = { 13, 6 }, .len = 2, .sender = SERVER });
	store_packets(s, 7, 11, 13, chunk_bytes(&c));
	store_packets(s, 9, 1, 1, (struct bytes){ 0 }); /* an empty one is no harm */
	packet_chunk_free(&c);
	store_flow(s, &(struct flow_facts){ .id = 7, .conn_state = "SF", .ended = "fin" });
	CHECK(!store_failed(s));
	return s;
}

/* The answer as text: columns by ',', rows by ' '; what went wrong after '!'. */
static const char *answer(struct store *s, const char *sql)
{
	static char text[1024];
	size_t n = 0;
	sqlite3_stmt *q = NULL;
	*text = '\0';
	if (sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL) == SQLITE_OK)
		while (sqlite3_step(q) == SQLITE_ROW && n < sizeof text - 100)
			for (int i = 0; i < sqlite3_column_count(q); i++) {
				const char *cell = (const char *)sqlite3_column_text(q, i);
				n += (size_t)snprintf(text + n, 90, "%s%s",
						      i   ? ","
						      : n ? " "
							  : "",
						      cell ? cell : "NULL");
			}
	sqlite3_finalize(q); /* its error, if any, stays the connection's */
	if (sqlite3_errcode(store_db(s)) != SQLITE_OK)
		snprintf(text, sizeof text, "!%s", sqlite3_errmsg(store_db(s)));
	return text;
}

static const struct {
	const char *sql, *expect;
} queries[] = {
	{ "SELECT * FROM packet WHERE flow_id = 3 AND frame = 10",
	  "3,10,1000,client,16,0,0,100,502,NULL" },
	{ "SELECT * FROM packet WHERE flow_id = 3 AND frame = 48",
	  "3,48,1019,server,16,1900,19,100,502,43" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame = 11", "" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame BETWEEN 15 AND 20", "16 18 20" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame > 42", "44 46 48" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame < 14", "10 12" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame <= 14.5 AND frame >= '11'",
	  "12 14" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame = NULL", "" },
	{ "SELECT frame FROM packet WHERE flow_id = NULL", "" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame > 100", "" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 AND frame IN (48, 10, 13)", "10 48" },
	{ "SELECT count(*), min(frame), max(frame) FROM packet", "22,10,48" },
	{ "SELECT flow_id, frame FROM packet WHERE frame BETWEEN 11 AND 13 ORDER BY frame",
	  "7,11 3,12 7,13" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 ORDER BY frame DESC LIMIT 2", "48 46" },
	{ "SELECT frame FROM packet WHERE flow_id = 3 ORDER BY frame LIMIT 2", "10 12" },
	{ "SELECT p.frame, p.sender FROM flow f JOIN packet p ON p.flow_id = f.id",
	  "11,client 13,server" },
	{ "SELECT a.frame, b.frame FROM packet a JOIN packet b ON a.flow_id = b.flow_id AND "
	  "b.frame > a.frame"
	  " WHERE a.flow_id = 7",
	  "11,13" },
	{ "WITH f(id) AS (VALUES(3), (7), (8)) SELECT (SELECT count(*) FROM packet WHERE flow_id = "
	  "f.id) FROM f",
	  "20 2 0" },
	{ "SELECT sum(len) FROM packet WHERE flow_id = 7 AND sender = 'server'", "2" },
	{ "DELETE FROM packet", "!table packet may not be modified" },
};

static void test_queries(void)
{
	struct store *s = filled();
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		const char *got = answer(s, queries[i].sql);
		if (strcmp(got, queries[i].expect) != 0)
			fprintf(stderr, "%s\n  gives %s\n", queries[i].sql, got);
		CHECK(strcmp(got, queries[i].expect) == 0);
	}
	store_close(s);
}

/* Plans name the virtual table's plan by number: 1 flow, 2 frame, 4 from, 8 to. */
static const struct {
	const char *sql, *part;
} plans[] = {
	{ "SELECT * FROM packet WHERE flow_id = 3 AND frame = 10",
	  "SCAN packet VIRTUAL TABLE INDEX 3:" },
	{ "SELECT * FROM packet WHERE flow_id = 3 AND frame > 10 AND frame <= 20", "INDEX 13:" },
	{ "SELECT * FROM packet WHERE frame = 3", "INDEX 2:" },
	{ "SELECT * FROM packet", "INDEX 0:" },
	{ "SELECT * FROM packet p JOIN flow f ON f.id = p.flow_id WHERE f.app = 'http'",
	  "p VIRTUAL TABLE INDEX 1:" },
	{ "SELECT * FROM packet p JOIN tcp_event e USING (flow_id, frame)",
	  "p VIRTUAL TABLE INDEX 3:" },
};

static void test_plans(void)
{
	struct store *s = filled();
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		char sql[300];
		snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", plans[i].sql);
		const char *got = answer(s, sql);
		if (!strstr(got, plans[i].part))
			fprintf(stderr, "%s\n", got);
		CHECK(strstr(got, plans[i].part));
	}
	const char *ordered = answer(
		s, "EXPLAIN QUERY PLAN SELECT * FROM packet WHERE flow_id = 3 ORDER BY frame");
	CHECK(!strstr(ordered, "TEMP B-TREE"));

	/* Inside, chunks are found by their key; this is the table's own query. */
	const char *inner = answer(
		s,
		"EXPLAIN QUERY PLAN SELECT packets FROM packet_index WHERE flow_id = 3"
		" AND first_frame <= 9 AND first_frame >= (SELECT coalesce(max(first_frame), 9)"
		" FROM packet_index WHERE flow_id = 3 AND first_frame <= 9) ORDER BY first_frame");
	CHECK(!strstr(inner, "SCAN") && !strstr(inner, "TEMP B-TREE"));
	store_close(s);
}

/* As a rule runs: reading is allowed, and nothing else. */
static int only_reads(void *unused, int what, const char *a, const char *b, const char *c,
		      const char *d)
{
	(void)unused, (void)a, (void)b, (void)c, (void)d;
	return what == SQLITE_SELECT || what == SQLITE_READ || what == SQLITE_FUNCTION ||
			       what == SQLITE_RECURSIVE
		       ? SQLITE_OK
		       : SQLITE_DENY;
}

static void test_authorizer(void)
{
	struct store *s = filled();
	sqlite3_set_authorizer(store_db(s), only_reads, NULL); /* before the table's first use */
	const char *got = answer(s, "SELECT count(*) FROM packet WHERE flow_id = 3");
	if (*got == '!')
		fprintf(stderr, "%s\n", got);
	CHECK(strcmp(got, "20") == 0);
	CHECK(strcmp(answer(s, "SELECT count(*) FROM packet"), "22") == 0);
	sqlite3_set_authorizer(store_db(s), NULL, NULL);
	store_close(s);
}

/* A damaged chunk gives what is whole; the flow's other chunks are read on. */
static void test_damaged_in_table(void)
{
	struct store *s = filled();
	answer(s, "UPDATE packet_index SET packets = substr(packets, 1, length(packets) - 1)"
		  " WHERE flow_id = 3 AND first_frame = 10");
	CHECK(strcmp(answer(s, "SELECT count(*) FROM packet WHERE flow_id = 3"), "19") == 0);
	answer(s, "UPDATE packet_index SET packets = randomblob(100)");
	CHECK(*answer(s, "SELECT count(*) FROM packet") != '!');
	answer(s, "DROP TABLE packet_index");
	CHECK(strcmp(answer(s, "SELECT * FROM packet"),
		     "!packet: no such table: main.packet_index") == 0);
	store_close(s);
}

int main(void)
{
	test_round_trip();
	test_swap();
	test_size();
	test_cut();
	test_damaged();
	test_random();
	test_queries();
	test_plans();
	test_authorizer();
	test_damaged_in_table();
	return check_failed != 0;
}
