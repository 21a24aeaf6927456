/* pieces.c - prints the conversations of a capture as streams.c does, from the packet index
 * and the capture's file: what the browser shows of a stream. Pieces of a connection come
 * in their order.
 *
 *     pieces CAPTURE
 *
 * Secrets are shown, so that tshark's bytes can be compared with.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "conversation.h"
#include "packet_read.h"
#include "run.h"
#include "store.h"

static void gap_print(uint64_t frame, const struct piece *p, uint64_t n, int64_t nr)
{
	printf("%llu gap %llu %llu %lld %c\n", (unsigned long long)frame,
	       (unsigned long long)(p->off + p->n - n), (unsigned long long)n, (long long)nr,
	       p->sender == CLIENT ? 'C' : 'S');
}

/* The frame that names a direction: the first of which bytes were kept. */
static uint64_t direction_name(const struct conversation *c, struct packet_reader *r, enum side side)
{
	struct bytes b;
	struct err err;
	for (size_t i = 0; i < c->n; i++)
		if (c->pieces[i].sender == side && c->pieces[i].kind == PIECE_DATA
		    && conversation_read(c, r, i, 0, 1, &b, &err) && b.n)
			return c->pieces[i].at.frame;
	return 0;
}

static bool conversation_print(const struct conversation *c, struct packet_reader *r, int64_t nr,
                               struct err *err)
{
	uint64_t name[] = { direction_name(c, r, CLIENT), direction_name(c, r, SERVER) };
	for (size_t i = 0; i < c->n; i++) {
		const struct piece *p = &c->pieces[i];
		struct bytes b;
		if (!conversation_read(c, r, i, 0, SIZE_MAX, &b, err))
			return false;
		if (b.n) {
			printf("%llu data %llu ", (unsigned long long)name[p->sender],
			       (unsigned long long)p->off);
			for (size_t k = 0; k < b.n; k++)
				printf("%02x", b.p[k]);
			printf(" %lld %c\n", (long long)nr, p->sender == CLIENT ? 'C' : 'S');
		}
		if (b.n < p->n && name[p->sender])
			gap_print(name[p->sender], p, p->n - b.n, nr);
	}
	return true;
}

static bool all_print(struct sqlite3 *db, struct err *err)
{
	struct packet_reader *r = packet_reader_open(db);
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(db, "SELECT id, stream FROM flow ORDER BY id", -1, &s, NULL) == SQLITE_OK;
	while (ok && sqlite3_step(s) == SQLITE_ROW) {
		struct conversation *c = conversation_of(db, sqlite3_column_int64(s, 0), err);
		ok = c && conversation_print(c, r, sqlite3_column_int64(s, 1), err);
		conversation_free(c);
	}
	sqlite3_finalize(s);
	packet_reader_close(r);
	return ok;
}

static void trouble(const char *sentence)
{
	fprintf(stderr, "%s\n", sentence);
}

int main(int argc, char **argv)
{
	const struct run_options options = { .trouble = trouble, .show_secrets = true };
	const char *path = argc == 2 ? argv[1] : NULL;
	struct run_result result;
	struct err err;
	if (!path) {
		fprintf(stderr, "usage: pieces CAPTURE\n");
		return 2;
	}
	struct store *store = store_open(NULL, &err);
	bool ok = store && run_analysis(store, &path, 1, &options, &result, &err)
	       && all_print(store_db(store), &err);
	if (!ok)
		trouble(err.text);
	store_close(store);
	return ok && result.files_read ? 0 : 3;
}
