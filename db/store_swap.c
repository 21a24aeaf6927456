/* store_swap.c - client and server change places in what is stored of a flow. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "packet_index.h"
#include "store_row.h"

/* Every table that names a side before dissectors have a say. */
static const char *const swaps[] = {
	"UPDATE main.tcp_event SET sender = other_side(sender) WHERE flow_id = ?",
	"UPDATE main.reset SET sender = other_side(sender) WHERE flow_id = ?",
	"UPDATE main.icmp SET sender = other_side(sender) WHERE flow_id = ?",
	"UPDATE main.anomaly SET sender = other_side(sender) WHERE flow_id = ?",
	"UPDATE main.silence SET scope = other_side(scope) WHERE flow_id = ?",
	"UPDATE main.silence SET ended_sender = other_side(ended_sender) WHERE flow_id = ?",
	"UPDATE main.packet_index SET packets = other_sides(packets) WHERE flow_id = ?",
};

/* other_side(word): 'server' for 'client' and the reverse; other values as they are. */
static void other_side(sqlite3_context *out, int argc, sqlite3_value **argv)
{
	(void)argc;
	const char *word = (const char *)sqlite3_value_text(argv[0]);
	if (word && strcmp(word, "client") == 0)
		sqlite3_result_text(out, "server", -1, SQLITE_STATIC);
	else if (word && strcmp(word, "server") == 0)
		sqlite3_result_text(out, "client", -1, SQLITE_STATIC);
	else
		sqlite3_result_value(out, argv[0]);
}

/* other_sides(chunk): the same of a chunk of packets. */
static void other_sides(sqlite3_context *out, int argc, sqlite3_value **argv)
{
	(void)argc;
	const void *blob = sqlite3_value_blob(argv[0]);
	size_t n = (size_t)sqlite3_value_bytes(argv[0]);
	struct packet_chunk chunk = { 0 };
	if (n) {
		chunk.bytes = memcpy(alloc_zeroed(n, 1), blob, n);
		chunk.n = chunk.size = n;
	}
	packet_chunk_swap_sides(&chunk);
	sqlite3_result_blob64(out, chunk.bytes ? (const void *)chunk.bytes : "", chunk.n,
	                      SQLITE_TRANSIENT);
	packet_chunk_free(&chunk);
}

static bool functions_made(sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	return !sqlite3_create_function(db, "other_side", 1, flags, NULL, other_side, NULL, NULL)
	    && !sqlite3_create_function(db, "other_sides", 1, flags, NULL, other_sides, NULL, NULL);
}

static bool swap_run(sqlite3 *db, const char *sql, int64_t flow_id)
{
	sqlite3_stmt *update = NULL;
	bool ok = sqlite3_prepare_v2(db, sql, -1, &update, NULL) == SQLITE_OK
	       && sqlite3_bind_int64(update, 1, flow_id) == SQLITE_OK
	       && sqlite3_step(update) == SQLITE_DONE;
	return sqlite3_finalize(update) == SQLITE_OK && ok;
}

bool store_swap_sides(struct store *s, int64_t flow_id)
{
	if (s->swaps >= LIMIT_SWAPS)
		return false;
	s->swaps++;
	bool ok = !s->failed && functions_made(s->db);
	for (size_t i = 0; i < sizeof swaps / sizeof *swaps && ok; i++)
		ok = swap_run(s->db, swaps[i], flow_id);
	return ok || store_refused(s);
}
