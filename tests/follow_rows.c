/* follow_rows.c - rows of what was said: however they are gone through, they hold all bytes of all
 * pieces once, in order; and pieces that are found one packet at a time are those found at once. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "follow_rows.h"
#include "little_capture.h"
#include "packet_read.h"

int check_failed;

static void slowly_check(struct sqlite3 *db, const struct conversation *whole)
{
	struct err err;
	struct conversation *c = conversation_begin(db, whole->flow_id, &err);
	while (c && c->ordering)
		if (!conversation_go_on(c, 1, &err))
			break;
	CHECK(c && c->n == whole->n && c->bytes[CLIENT] == whole->bytes[CLIENT] && c->bytes[SERVER] == whole->bytes[SERVER]);
	for (size_t i = 0; c && i < c->n && i < whole->n; i++) {
		const struct piece *a = &c->pieces[i], *b = &whole->pieces[i];
		CHECK(a->sender == b->sender && a->kind == b->kind && a->off == b->off && a->n == b->n && a->at.frame == b->at.frame);
	}
	conversation_free(c);
}

static bool is_shown(const struct follow_rows *f, size_t piece)
{
	return f->show.side == NONE || (int)f->talk->pieces[piece].sender == f->show.side;
}

/* Where the bytes of the row must begin, and that its piece's other rows are as they must be. */
static void row_check(struct follow_rows *f, int64_t at, size_t *piece, size_t *off)
{
	struct follow_row r;
	CHECK(follow_row(f, at, &r));
	if (r.piece != *piece) {
		CHECK(r.piece > *piece && r.nr == 0);
		*off = 0;
	}
	*piece = r.piece;
	CHECK(is_shown(f, r.piece) && follow_piece_of(f, at) == r.piece && r.kind != FOLLOW_UNREAD && r.kind != FOLLOW_FAILED);
	if (r.kind == FOLLOW_SILENCE)
		CHECK(r.nr == 0 && r.ns >= FOLLOW_SILENCE_NS);
	else if (r.first)
		CHECK(follow_row_of(f, r.piece) == at);
	if (r.kind == FOLLOW_BYTES) {
		CHECK(r.at == *off && r.end > r.at && r.end <= r.bytes.n && r.bytes.n <= f->talk->pieces[r.piece].n);
		*off = r.end;
	}
	if (r.kind == FOLLOW_SHORT)
		CHECK(*off == r.bytes.n && *off + r.missing == f->talk->pieces[r.piece].n);
}

/* Whether the row, a third of the way, is found where counting all before it says it is. */
static void place_check(struct follow_rows *f)
{
	int64_t at = f->total / 3, row = 0;
	size_t piece = 0;
	for (size_t next = 0; next < f->n; next++)
		if (is_shown(f, next)) {
			int64_t first = follow_row_of(f, next);
			if (first > at)
				break;
			CHECK(first >= row);
			row = first;
			piece = next;
		}
	struct follow_row r;
	if (follow_row(f, at, &r) && r.kind != FOLLOW_SILENCE)
		CHECK(r.piece == piece && follow_row_of(f, piece) <= at);
}

/* Settle pieces from either end, as somebody does who jumps about; then all must fit together. */
static void shown_check(struct follow_rows *f, struct follow_show show)
{
	follow_show(f, show);
	for (size_t i = 0; i < f->n; i++) {
		size_t piece = i % 2 ? i / 2 : f->n - 1 - i / 2;
		int64_t before = f->total, from = 0, by = follow_settle(f, piece, &from);
		if (i % 16 == 0)
			place_check(f);
		CHECK(f->total == before + by && follow_known(f, piece) && from >= 0 && from <= before);
	}
	size_t piece = 0, off = 0;
	uint64_t bytes = 0, missing = 0, said = 0;
	for (int64_t at = 0; at < f->total; at++) {
		struct follow_row r;
		row_check(f, at, &piece, &off);
		follow_row(f, at, &r);
		bytes += r.kind == FOLLOW_BYTES ? r.end - r.at : 0;
		missing += r.kind == FOLLOW_SHORT ? r.missing : 0;
	}
	for (size_t i = 0; i < f->talk->n; i++)
		said += is_shown(f, i) && f->talk->pieces[i].kind == PIECE_DATA ? f->talk->pieces[i].n : 0;
	CHECK(bytes + missing == said);
	struct follow_row none;
	CHECK(!follow_row(f, f->total, &none) && !follow_row(f, -1, &none));
}

static void flow_check(struct sqlite3 *db, int64_t flow_id)
{
	struct err err;
	struct conversation *c = conversation_of(db, flow_id, &err);
	CHECK(c);
	if (!c)
		return;
	slowly_check(db, c);
	struct follow_rows *f = alloc_zeroed(1, sizeof *f);
	f->talk = c;
	f->reader = packet_reader_open(db);
	for (int side = NONE; side <= SERVER; side++) {
		shown_check(f, (struct follow_show){ .side = side, .cols = 50, .per_row = 16 });
		shown_check(f, (struct follow_show){ .side = side, .cols = 1, .per_row = 16 });
		shown_check(f, (struct follow_show){ .side = side, .hex = true, .cols = 80, .per_row = 8 });
	}
	f->in_order = true;
	shown_check(f, (struct follow_show){ .side = NONE, .ascii = true, .cols = 120, .per_row = 16 });
	follow_rows_free(f);
	packet_reader_close(f->reader);
	free(f);
	conversation_free(c);
}

static void sample_check(const char *path)
{
	struct store *store = case_of(path, false);
	sqlite3_stmt *s = NULL;
	int flows = 0;
	CHECK(sqlite3_prepare_v2(store_db(store), "SELECT id FROM flow ORDER BY id", -1, &s, NULL) == SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		flow_check(store_db(store), sqlite3_column_int64(s, 0));
		flows++;
	}
	CHECK(flows > 0);
	sqlite3_finalize(s);
	store_close(store);
}

int main(void)
{
	sample_check("samples/docker-agent-session.pcap");
	sample_check("samples/snaplen-96.pcap");               /* bytes cut off */
	sample_check("samples/zero-window-upload.pcap");       /* gaps */
	sample_check("samples/loss-2pct.client.pcap");
	sample_check("samples/pika-missed-hb60.pcap");         /* silences */
	return check_failed != 0;
}
