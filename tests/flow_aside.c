/* flow_aside.c - flows that are put aside come back as they were, and the case is the same
 * however many are. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "err.h"
#include "flow_pack.h"
#include "hash.h"
#include "run.h"
#include "spill.h"
#include "store.h"

int check_failed;

/* ---- bytes ---- */

static void check_spill(void)
{
	enum { PIECES = 5000, LONGEST = 3000 };
	static int64_t at[PIECES];
	static uint8_t bytes[PIECES + LONGEST];
	struct spill *s = spill_new();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * i >> 3);
	for (size_t i = 0; i < PIECES; i++)
		CHECK((at[i] = spill_put(s, (struct bytes){ bytes + i, i * 7 % LONGEST })) >= 0);
	for (size_t i = 0; i < PIECES; i++) {
		size_t nr = i * 4001 % PIECES;            /* here and there; 4001 is prime */
		struct bytes b = spill_get(s, at[nr]);
		CHECK(b.n == nr * 7 % LONGEST && (b.n == 0 || memcmp(b.p, bytes + nr, b.n) == 0));
	}
	spill_free(s);
}

static void check_no_room(void)
{
	setenv("TMPDIR", "/nonexistent", 1);          /* another is found */
	struct spill *s = spill_new();
	CHECK(spill_put(s, (struct bytes){ (const uint8_t *)"x", 1 }) == 0);
	spill_free(s);
	unsetenv("TMPDIR");
}

/* ---- a flow ---- */

static void check_pack(void)
{
	uint8_t packed[FLOW_PACKED_MAX];
	static struct flow f, got;
	struct recent recent[LIMIT_RECENT_SEGMENTS] = { [3] = { .at = { 7, 1234567890123456789 }, .seq = UINT32_MAX } };
	uint8_t chunk[100] = "what a flow's index holds", path[] = "vlan 5";
	f.first = (struct mark){ 1, 1234567890000000000 };
	f.last = (struct mark){ UINT64_MAX, INT64_MIN };
	f.side[SERVER].recent = recent;
	f.packets.bytes = chunk;
	f.packets.n = sizeof chunk;
	f.path = (char *)path;
	memcpy(f.history, "ShAdDaFf", 9);
	size_t n = flow_pack(&f, packed);
	CHECK(n < 400);
	flow_unpack((struct bytes){ packed, n }, &got);
	CHECK(got.last.frame == UINT64_MAX && got.last.ns == INT64_MIN && got.first.ns == f.first.ns);
	CHECK(got.packets.n == sizeof chunk && memcmp(got.packets.bytes, chunk, sizeof chunk) == 0);
	CHECK(!got.side[CLIENT].recent && memcmp(got.side[SERVER].recent, recent, sizeof recent) == 0);
	CHECK(strcmp(got.path, "vlan 5") == 0 && strcmp(got.history, "ShAdDaFf") == 0);
	flow_drop(&got);

	flow_peek((struct bytes){ packed, n }, &got);
	CHECK(got.last.ns == INT64_MIN && !got.path && !got.packets.bytes && !got.side[SERVER].recent);
}

/* ---- a case ---- */

static void quiet(const char *sentence)
{
	(void)sentence;
}

static struct store *read_with(const char *path, size_t at_hand)
{
	struct err err;
	struct run_result result;
	struct run_options how = { .trouble = quiet, .joining = JOIN_NONE, .flows_at_hand = at_hand };
	struct store *store = store_open(NULL, &err);
	CHECK(run_analysis(store, &path, 1, &how, &result, &err) && result.files_read == 1);
	return store;
}

/* All rows of a table, as the hash of a chain. */
static uint64_t table_hash(struct store *store, const char *table, int *rows)
{
	struct hash_key key = { { 1, 2 } };
	sqlite3_stmt *q = NULL;
	uint64_t h = 0;
	char *sql = sqlite3_mprintf("SELECT * FROM main.%Q", table);
	CHECK(sqlite3_prepare_v2(store_db(store), sql, -1, &q, NULL) == SQLITE_OK);
	for (*rows = 0; sqlite3_step(q) == SQLITE_ROW; ++*rows)
		for (int i = 0; i < sqlite3_column_count(q); i++) {
			key.k[0] = h + (uint64_t)sqlite3_column_type(q, i);
			const void *bytes = sqlite3_column_blob(q, i);
			h = hash_bytes(&key, bytes, (size_t)sqlite3_column_bytes(q, i));
		}
	sqlite3_finalize(q);
	sqlite3_free(sql);
	return h;
}

static void check_same_case(const char *path)
{
	struct store *all = read_with(path, 0), *few = read_with(path, 1);
	sqlite3_stmt *tables = NULL;
	int rows[2], flows = 0;
	sqlite3_prepare_v2(store_db(all), "SELECT name FROM main.sqlite_schema WHERE type = 'table'", -1, &tables, NULL);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(tables, 0);
		bool same = table_hash(all, table, &rows[0]) == table_hash(few, table, &rows[1]) && rows[0] == rows[1];
		CHECK(same);
		if (!same)
			fprintf(stderr, "   %s: %s\n", path, table);
		if (strcmp(table, "flow") == 0)
			flows = rows[0];
	}
	CHECK(flows > 1);                             /* else none had to give way */
	sqlite3_finalize(tables);
	store_close(all);
	store_close(few);
}

int main(void)
{
	check_spill();
	check_no_room();
	check_pack();
	check_same_case("samples/ordinary-ok.pcap");
	check_same_case("samples/slb-probe.pcap");
	check_same_case("samples/http-probe.pcap");
	check_same_case("samples/idle-conntrack-900-tcp.router.pcap");
	return check_failed != 0;
}
