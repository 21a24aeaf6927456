/* conversation.c - see conversation.h. Packets of the index go through the code that orders
 * segments for the dissectors, so that both see the same bytes. That code takes bytes;
 * here only their number is known, and matters, so that they are all zero. */
#include "conversation.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "packet_read.h"
#include "reorder.h"
#include "text.h"

enum { PACKETS_AT_ONCE = 1 << 16 };

/* One side on the way through the packets; compare tcp.c, which has no final facts yet. */
struct talker {
	struct ordering *ordering;
	enum side        side;
	struct reorder   reorder;
	uint64_t         off;              /* of the next piece */
	uint32_t         top_seq;          /* of the highest byte so far, */
	int64_t          top_off;          /* and its offset */
	int64_t          fin_off, acked_off;   /* as the flow has them in the end; NONE */
	bool             has_seq, has_ack;
};

struct ordering {
	struct conversation *to;
	struct talker        side[2];
	uint64_t             syn_frame, syn_ack_frame;   /* 0: none */
	struct mark          last;
	bool                 talks;        /* payload came */
	size_t               held;
	uint8_t             *zeroes;       /* LIMIT_PACKET of them */
	sqlite3_stmt        *packets;      /* running */
};

struct indexed { struct mark at; enum side sender; unsigned flags; uint32_t seq, ack, len; };

/* ---- pieces ---- */

static void piece_add(struct talker *t, enum piece_kind kind, uint64_t n, struct mark at)
{
	struct conversation *c = t->ordering->to;
	struct piece *last = c->n ? &c->pieces[c->n - 1] : NULL;
	uint64_t off = t->off;
	t->off += n;
	if (kind == PIECE_DATA)
		c->bytes[t->side] += n;
	if (kind == PIECE_GAP && last && last->kind == PIECE_GAP && last->sender == t->side) {
		last->n += n;
		return;
	}
	if (c->n == LIMIT_CONVERSATION_PIECES) {
		c->cut = true;
		return;
	}
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->pieces = alloc_grown(c->pieces, c->room, sizeof *c->pieces);
	}
	c->pieces[c->n++] = (struct piece){ t->side, kind, at, off, n };
}

static void ordered_data(void *arg, struct bytes b, struct mark carried, struct mark arrived)
{
	(void)arrived;
	piece_add(arg, PIECE_DATA, b.n, carried);
}

static void ordered_gap(void *arg, uint64_t len, struct mark at)
{
	piece_add(arg, PIECE_GAP, len, at);
}

static struct reorder_out out_of(struct talker *t)
{
	return (struct reorder_out){ t, ordered_data, ordered_gap, &t->ordering->held };
}

/* ---- packets ---- */

static int64_t off_of(const struct talker *t, uint32_t seq)
{
	return t->top_off + (int32_t)(seq - t->top_seq);
}

/* Whether the opener has so far only opened, and this does not answer it. */
static bool too_early(const struct ordering *o, const struct indexed *p)
{
	const struct talker *client = &o->side[CLIENT];
	bool opened = o->syn_frame && o->syn_frame < p->at.frame;
	bool answered = o->syn_ack_frame && o->syn_ack_frame < p->at.frame;
	if (p->sender == CLIENT || !opened || answered || client->has_ack
	    || p->flags & (TCP_SYN | TCP_RST))
		return false;
	int64_t acks = off_of(client, p->ack);
	return !(p->flags & TCP_ACK && acks >= 0 && acks <= client->top_off && p->len > 0);
}

/* Acknowledgements beyond what was believed in the end were not believed. */
static void acknowledge(struct ordering *o, const struct indexed *p)
{
	struct talker *peer = &o->side[other(p->sender)];
	struct reorder_out out = out_of(peer);
	if (!(p->flags & TCP_ACK) || !peer->has_seq || !o->talks)
		return;
	int64_t off = off_of(peer, p->ack);
	if (peer->fin_off != NONE && off > peer->fin_off)
		off = peer->fin_off;
	if (off > 0 && off <= peer->acked_off && (uint64_t)off > peer->reorder.acked)
		reorder_acked(&peer->reorder, (uint64_t)off, p->at, &out);
}

/* The payload within the side's beginning and its FIN. */
static void payload_take(struct ordering *o, const struct indexed *p)
{
	struct talker *own = &o->side[p->sender];
	struct reorder_out out = out_of(own);
	int64_t off = off_of(own, p->flags & TCP_SYN ? p->seq + 1 : p->seq), end = off + p->len;
	if (own->fin_off != NONE && end > own->fin_off)
		end = own->fin_off;
	if (end > own->top_off) {
		own->top_seq += (uint32_t)(end - own->top_off);
		own->top_off = end;
	}
	off = off < 0 ? 0 : off;
	if (off >= end)
		return;
	uint32_t len = (uint32_t)(end - off);
	struct bytes kept = { o->zeroes, len < LIMIT_PACKET ? len : LIMIT_PACKET };
	o->talks = true;
	reorder_data(&own->reorder, (uint64_t)off, len, kept, p->at, &out);
}

static void packet_take(struct ordering *o, struct indexed p)
{
	bool early = too_early(o, &p);
	o->side[p.sender].has_seq = true;
	acknowledge(o, &p);
	if (!(p.flags & TCP_RST) && !early)
		payload_take(o, &p);
	if (p.flags & TCP_ACK)
		o->side[p.sender].has_ack = true;
	o->last = p.at;
}

/* ---- the case ---- */

static bool fail_case(struct sqlite3 *db, struct err *err)
{
	return fail(err, "the case cannot be read: %s", sqlite3_errmsg(db));
}

static int64_t number_or(sqlite3_stmt *s, int column, int64_t otherwise)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? otherwise
	                                                     : sqlite3_column_int64(s, column);
}

static bool flow_read(struct sqlite3 *db, struct ordering *o, struct err *err)
{
	static const char sql[] =
		"SELECT client_first_seq, client_fin_off, client_acked_off,"
		"       server_first_seq, server_fin_off, server_acked_off, syn_frame, syn_ack_frame"
		"  FROM flow WHERE id = ?1";
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		return fail_case(db, err);
	sqlite3_bind_int64(s, 1, o->to->flow_id);
	bool ok = sqlite3_step(s) == SQLITE_ROW
	       || fail(err, "the case has no connection %lld", (long long)o->to->flow_id);
	for (int i = CLIENT; ok && i <= SERVER; i++)
		o->side[i] = (struct talker){
			.ordering = o, .side = (enum side)i,
			.top_seq = (uint32_t)sqlite3_column_int64(s, 3 * i),
			.fin_off = number_or(s, 3 * i + 1, NONE),
			.acked_off = sqlite3_column_int64(s, 3 * i + 2),
		};
	o->syn_frame = ok ? (uint64_t)sqlite3_column_int64(s, 6) : 0;
	o->syn_ack_frame = ok ? (uint64_t)sqlite3_column_int64(s, 7) : 0;
	sqlite3_finalize(s);
	return ok;
}

static bool packets_begin(struct sqlite3 *db, struct ordering *o, struct err *err)
{
	static const char sql[] =
		"SELECT frame, ns, sender = 'server', flags, seq, ack, len FROM packet"
		" WHERE flow_id = ?1 ORDER BY frame";
	if (sqlite3_prepare_v2(db, sql, -1, &o->packets, NULL) != SQLITE_OK)
		return fail_case(db, err);
	sqlite3_bind_int64(o->packets, 1, o->to->flow_id);
	return true;
}

static struct indexed packet_of(sqlite3_stmt *s)
{
	return (struct indexed){
		.at = { (uint64_t)sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1) },
		.sender = (enum side)sqlite3_column_int(s, 2),
		.flags = (unsigned)sqlite3_column_int(s, 3),
		.seq = (uint32_t)sqlite3_column_int64(s, 4),
		.ack = (uint32_t)sqlite3_column_int64(s, 5),
		.len = (uint32_t)sqlite3_column_int64(s, 6),
	};
}

/* What waits behind holes, and what never came. */
static void sides_end(struct ordering *o)
{
	for (int i = CLIENT; i <= SERVER; i++) {
		struct talker *t = &o->side[i];
		struct reorder_out out = out_of(t);
		int64_t end = t->top_off > t->acked_off ? t->top_off : t->acked_off;
		if (o->talks && !o->to->cut)
			reorder_flush(&t->reorder, end > 0 ? (uint64_t)end : 0, o->last, &out);
	}
}

static void ordering_free(struct ordering *o)
{
	if (!o)
		return;
	o->to->ordering = NULL;
	sqlite3_finalize(o->packets);
	for (int i = CLIENT; i <= SERVER; i++)
		reorder_free(&o->side[i].reorder);
	free(o->zeroes);
	free(o);
}

struct conversation *conversation_begin(struct sqlite3 *db, int64_t flow_id, struct err *err)
{
	struct conversation *c = alloc_zeroed(1, sizeof *c);
	struct ordering *o = c->ordering = alloc_zeroed(1, sizeof *o);
	c->flow_id = flow_id;
	o->to = c;
	o->zeroes = alloc_zeroed(LIMIT_PACKET, 1);
	if (flow_read(db, o, err) && packets_begin(db, o, err))
		return c;
	conversation_free(c);
	return NULL;
}

bool conversation_go_on(struct conversation *c, int packets, struct err *err)
{
	struct ordering *o = c->ordering;
	int rc = SQLITE_ROW;
	if (!o)
		return true;
	for (int i = 0; i < packets && !c->cut && rc == SQLITE_ROW; i++) {
		rc = sqlite3_step(o->packets);
		if (rc == SQLITE_ROW)
			packet_take(o, packet_of(o->packets));
	}
	if (rc == SQLITE_ROW && !c->cut)
		return true;
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE || fail_case(sqlite3_db_handle(o->packets), err);
	if (ok)
		sides_end(o);
	ordering_free(o);
	return ok;
}

struct conversation *conversation_of(struct sqlite3 *db, int64_t flow_id, struct err *err)
{
	struct conversation *c = conversation_begin(db, flow_id, err);
	while (c && c->ordering)
		if (!conversation_go_on(c, PACKETS_AT_ONCE, err)) {
			conversation_free(c);
			return NULL;
		}
	return c;
}

void conversation_free(struct conversation *c)
{
	if (c) {
		ordering_free(c->ordering);
		free(c->pieces);
	}
	free(c);
}

/* ---- bytes ---- */

bool conversation_read(const struct conversation *c, struct packet_reader *reader, size_t i,
                       uint64_t from, size_t n, struct bytes *to, struct err *err)
{
	const struct piece *piece = &c->pieces[i];
	struct read_packet p;
	*to = (struct bytes){ 0 };
	if (piece->kind == PIECE_GAP || from >= piece->n)
		return true;
	if (!packet_read(reader, c->flow_id, piece->at.frame, &p, err))
		return false;
	uint32_t skip = (uint32_t)(piece->off + from) - p.off;
	uint64_t left = piece->n - from;
	if (skip >= p.payload.n)
		return true;
	size_t kept = p.payload.n - skip;
	n = n < left ? n : (size_t)left;
	*to = (struct bytes){ p.payload.p + skip, n < kept ? n : kept };
	return true;
}

/* ---- writing ---- */

struct writing { FILE *out; bool in_line, cr; enum side sender; };

static void line_end(struct writing *w)
{
	if (w->in_line)
		fputc('\n', w->out);
	w->in_line = w->cr = false;
}

/* Go on in a line of this sender's. A carriage return counts where no line feed follows. */
static void line_begin(struct writing *w, enum side sender)
{
	if (w->in_line && w->sender != sender)
		line_end(w);
	if (!w->in_line)
		fputs(sender == CLIENT ? "> " : "< ", w->out);
	if (w->cr)
		text_put_terminal_n(w->out, "\r", 1);
	w->in_line = true;
	w->cr = false;
	w->sender = sender;
}

static void text_write(struct writing *w, enum side sender, struct bytes b)
{
	if (w->sender != sender)
		line_end(w);
	for (size_t at = 0; at < b.n; ) {
		const uint8_t *feed = memchr(b.p + at, '\n', b.n - at);
		size_t end = feed ? (size_t)(feed - b.p) : b.n, n = end - at;
		bool cr = n && b.p[end - 1] == '\r';
		if (n || !feed || !w->in_line) {
			bool held = w->cr;
			w->cr = held && n;           /* a return that this feed goes with is none */
			line_begin(w, sender);
			text_put_terminal_n(w->out, (const char *)b.p + at, n - cr);
		}
		w->cr = cr;
		if (feed)
			line_end(w);
		at = end + (feed != NULL);
	}
}

static void missing_write(struct writing *w, enum side sender, uint64_t n)
{
	line_end(w);
	line_begin(w, sender);
	fprintf(w->out, "[%llu bytes are missing in the capture]", (unsigned long long)n);
	line_end(w);
}

bool conversation_write(FILE *out, const struct conversation *c, struct packet_reader *reader, int side,
                        enum conversation_form form, struct err *err)
{
	struct writing w = { .out = out };
	for (size_t i = 0; i < c->n; i++) {
		const struct piece *p = &c->pieces[i];
		struct bytes b;
		if (side != NONE && (int)p->sender != side)
			continue;
		if (!conversation_read(c, reader, i, 0, SIZE_MAX, &b, err))
			return false;
		if (form == CONVERSATION_RAW && b.n)
			fwrite(b.p, 1, b.n, out);
		else if (form == CONVERSATION_TEXT && b.n)
			text_write(&w, p->sender, b);
		if (form == CONVERSATION_TEXT && b.n < p->n)
			missing_write(&w, p->sender, p->n - b.n);
	}
	line_end(&w);
	return true;
}
