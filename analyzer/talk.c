/* talk.c - see talk.h. Also the sink of dissector.h: what dissectors tell gets
 * its frames and times here, and goes to the store. */
#include "talk.h"

#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "conn_state.h"
#include "err.h"
#include "flow.h"
#include "reorder.h"
#include "store.h"
#include "stream.h"

struct sink { const struct talk_context *context; struct flow *flow; };

/* The beginning of a direction (or of a segment, in a flow joined midway), held
 * while no dissector is sure. */
struct guessing {
	uint8_t     head[LIMIT_GUESS];
	size_t      head_n;
	uint64_t    off;                 /* of head[0], or of the next byte */
	struct mark carried, arrived;    /* of head */
	unsigned    tries;
};

/* One direction before it has become a stream. It stays what it is when the
 * roles change: only `side` does. */
struct direction {
	struct talk    *talk;
	enum side       side;
	struct reorder  reorder;
	struct guessing guess;
	int64_t         fin_off;         /* NONE: no FIN */
};

struct talk {
	struct sink             sink;
	const struct dissector *dissector;   /* NULL: none has claimed the flow (yet) */
	void                   *state;
	struct direction        direction[2];
	struct stream           stream[2];   /* by enum side, from the claim on */
	struct classifying     *classifying;
	bool                    classified;
	enum told               told;
};

static struct direction *direction_of(struct talk *t, enum side side)
{
	return &t->direction[t->direction[0].side == side ? 0 : 1];
}

/* ---- the sink ---- */

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *mark)
{
	stream_mark(&k->flow->talk->stream[side], off, edge, mark);
}

uint8_t *sink_room(struct sink *k, enum side side, size_t n)
{
	return stream_room(&k->flow->talk->stream[side], n);
}

static void told(struct sink *k, enum told what)
{
	if (what > k->flow->talk->told)
		k->flow->talk->told = what;
}

void sink_http(struct sink *k, const struct http_exchange *x)
{
	told(k, TOLD_OTHER);
	store_http(k->context->store, k->flow->id, x);
}

void sink_http_interim(struct sink *k, const struct http_interim *i)
{
	told(k, TOLD_OTHER);
	store_http_interim(k->context->store, k->flow->id, i);
}

void sink_websocket_close(struct sink *k, const struct websocket_close *c)
{
	told(k, TOLD_OTHER);
	store_websocket_close(k->context->store, k->flow->id, c);
}

void sink_amqp_connection(struct sink *k, const struct amqp_connection *c)
{
	store_amqp_connection(k->context->store, k->flow->id, c);
}

void sink_amqp_channel(struct sink *k, const struct amqp_channel *c)
{
	store_amqp_channel(k->context->store, k->flow->id, c);
}

void sink_amqp_method(struct sink *k, const struct amqp_method *m)
{
	told(k, TOLD_OTHER);
	store_amqp_method(k->context->store, k->flow->id, m);
}

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	struct mark at;
	stream_mark(&k->flow->talk->stream[side], off, MARK_BEGIN, &at);
	told(k, TOLD_HEARTBEAT);
	store_heartbeat(k->context->store, k->flow->id, at, side, protocol);
}

void sink_tls_record(struct sink *k, enum side side, uint64_t off, size_t n)
{
	struct mark at;
	stream_mark(&k->flow->talk->stream[side], off, MARK_BEGIN, &at);
	store_tls_record(k->context->store, k->flow->id, at, side, n);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	struct stream *s = &k->flow->talk->stream[side];
	struct mark at = { 0 };
	if (off < s->end)
		stream_mark(s, off, MARK_BEGIN, &at);
	if (at.frame == 0)
		at = k->flow->last;
	store_anomaly(k->context->store, k->flow->id, at, side, off, NONE, what);
}

void sink_skipped(struct sink *k, enum side side, struct mark from, uint64_t off, uint64_t bytes,
                  const char *what)
{
	store_anomaly(k->context->store, k->flow->id, from, side, off, (int64_t)bytes, what);
}

static void app_set(struct flow *f, const char *app, const char *known_by)
{
	size_t n = strlen(app) < APP_NAME_SIZE - 1 ? strlen(app) : APP_NAME_SIZE - 1;
	memcpy(f->app, app, n);
	f->app[n] = 0;
	f->app_known_by = known_by;
}

void sink_app(struct sink *k, const char *app)
{
	app_set(k->flow, app, "payload");
}

bool sink_shows_secrets(const struct sink *k)
{
	return k->context->show_secrets;
}

/* ---- who parses ---- */

static void stream_begin(struct talk *t, enum side side)
{
	t->stream[side] = (struct stream){ .dissector = t->dissector, .state = t->state,
	                                   .sink = &t->sink, .side = side };
}

/* What a side said before its flow was claimed: what is still held, else a gap.
 * A direction whose beginning was not captured begins with a gap of 0 bytes. */
static void begin_told(struct talk *t, enum side side)
{
	struct guessing *g = &direction_of(t, side)->guess;
	bool from_start = t->sink.flow->side[side].has_isn;
	if (g->off > 0)
		stream_gap(&t->stream[side], g->off, g->head_n ? g->carried : t->sink.flow->last);
	else if (!from_start)
		t->dissector->gap(t->state, &t->sink, side, 0, 0);
	if (g->head_n)
		stream_data(&t->stream[side], (struct bytes){ g->head, g->head_n }, g->carried, g->arrived);
	g->head_n = 0;
}

/* False: too many flows had theirs corrected already. */
static bool talk_swap_sides(struct talk *t)
{
	struct flow *f = t->sink.flow;
	if (!store_swap_sides(t->sink.context->store, f->id))
		return false;
	for (int i = 0; i < 2; i++)
		t->direction[i].side = other(t->direction[i].side);
	flow_swap_sides(f);
	packet_chunk_swap_sides(&f->packets);
	f->client_known_by = "payload";
	return true;
}

/* Whether the flow's roles are beyond doubt. */
static bool roles_seen(const struct flow *f)
{
	return strcmp(f->client_known_by, "syn") == 0 || strcmp(f->client_known_by, "syn_ack") == 0;
}

/* Give the flow to a dissector, of which `from` said something that tells. False:
 * the roles that are known contradict it. */
static bool claim(struct direction *from, const struct dissector *d, enum guess guess)
{
	struct talk *t = from->talk;
	struct flow *f = t->sink.flow;
	enum side speaker = guess == GUESS_SENT_BY_CLIENT ? CLIENT
	                  : guess == GUESS_SENT_BY_SERVER ? SERVER : from->side;
	if (speaker != from->side && (roles_seen(f) || !talk_swap_sides(t)))
		return false;
	if (guess != GUESS_SENT_BY_EITHER && !roles_seen(f))
		f->client_known_by = "payload";
	t->dissector = d;
	t->state = alloc_zeroed(1, d->state_size);
	stream_begin(t, CLIENT);
	stream_begin(t, SERVER);
	app_set(f, d->name, "payload");
	begin_told(t, other(from->side));
	begin_told(t, from->side);
	return true;
}

/* The dissector's answer to these bytes; *d: whose. */
static enum guess ask(const struct direction *from, struct bytes head, bool at_start,
                      const struct dissector **d)
{
	bool begun = from->talk->sink.flow->side[from->side].has_isn, more = false;
	for (size_t i = 0; dissectors[i]; i++) {
		if (begun && !at_start && dissectors[i]->no_upgrade)
			continue;
		enum guess guess = dissectors[i]->guess(head, at_start);
		*d = dissectors[i];
		if (guess != GUESS_NO && guess != GUESS_MORE)
			return guess;
		more |= guess == GUESS_MORE;
	}
	return more ? GUESS_MORE : GUESS_NO;
}

/* Bytes of a flow that nobody has claimed. True: now somebody has, and has been
 * given what was held; b is still to be given. */
static bool guess_data(struct direction *from, struct bytes b, struct mark carried,
                       struct mark arrived)
{
	struct guessing *g = &from->guess;
	if (g->tries >= LIMIT_GUESS_SEGMENTS) {
		g->off += b.n;
		return false;
	}
	uint8_t head[LIMIT_GUESS];
	size_t fresh = b.n < LIMIT_GUESS - g->head_n ? b.n : LIMIT_GUESS - g->head_n;
	memcpy(head, g->head, g->head_n);
	memcpy(head + g->head_n, b.p, fresh);

	const struct dissector *d;
	bool at_start = g->off == 0 && from->talk->sink.flow->side[from->side].has_isn;
	enum guess guess = ask(from, (struct bytes){ head, g->head_n + fresh }, at_start, &d);
	if (guess == GUESS_MORE && g->head_n + fresh < LIMIT_GUESS) {
		if (g->head_n == 0)
			g->carried = carried;
		g->arrived = arrived;
		memcpy(g->head, head, sizeof head);
		g->head_n += fresh;
		return false;
	}
	if (guess != GUESS_NO && guess != GUESS_MORE && claim(from, d, guess))
		return true;
	g->tries++;
	g->off += g->head_n + b.n;
	g->head_n = 0;
	return false;
}

/* What is held of an undecided direction will get no more: the capture lacks what
 * follows. True: what is there is unmistakable, and somebody has claimed it. */
static bool guess_cut_short(struct direction *from)
{
	struct guessing *g = &from->guess;
	const struct dissector *d;
	enum guess guess = ask(from, (struct bytes){ g->head, g->head_n }, false, &d);
	if (guess != GUESS_NO && guess != GUESS_MORE && claim(from, d, guess))
		return true;
	g->tries++;
	g->off += g->head_n;
	g->head_n = 0;
	return false;
}

/* ---- bytes in order ---- */

static void ordered_data(void *arg, struct bytes b, struct mark carried, struct mark arrived)
{
	struct direction *d = arg;
	if (!d->talk->dissector && !guess_data(d, b, carried, arrived))
		return;
	stream_data(&d->talk->stream[d->side], b, carried, arrived);
}

static void ordered_gap(void *arg, uint64_t len, struct mark at)
{
	struct direction *d = arg;
	struct talk *t = d->talk;
	t->sink.flow->side[d->side].gap_bytes += (int64_t)len;
	conn_gap(t->sink.flow, d->side);
	if (t->dissector) {
		stream_gap(&t->stream[d->side], len, at);
		return;
	}
	if (d->guess.head_n && guess_cut_short(d))
		stream_gap(&t->stream[d->side], len, at);
	else
		d->guess.off += len;
}

static struct reorder_out out_of(struct direction *d)
{
	return (struct reorder_out){ d, ordered_data, ordered_gap, d->talk->sink.context->held };
}

/* The FIN takes effect when everything before it has been said. */
static void fin_check(struct direction *d)
{
	if (d->fin_off != NONE && d->talk->dissector && d->reorder.next >= (uint64_t)d->fin_off)
		stream_end(&d->talk->stream[d->side], END_FIN);
}

/* ---- what the core calls ---- */

static struct talk *talk_begin(const struct talk_context *context, struct flow *f)
{
	struct talk *t = alloc_zeroed(1, sizeof *t);
	t->sink = (struct sink){ context, f };
	f->talk = t;
	for (int i = CLIENT; i <= SERVER; i++) {
		struct direction *d = &t->direction[i];
		d->talk = t;
		d->side = (enum side)i;
		d->fin_off = f->side[i].fin_off;
	}
	for (size_t i = 0; i < context->decode_as_n && !t->dissector; i++) {
		const struct decode_as *as = &context->decode_as[i];
		if (as->port != f->side[SERVER].at.port && as->port != f->side[CLIENT].at.port)
			continue;
		claim(&t->direction[CLIENT], as->dissector, GUESS_SENT_BY_EITHER);
		f->app_known_by = "decode-as";
	}
	return t;
}

/* A name for what no dissector claims. */
static void name_it(struct talk *t, const struct segment *s)
{
	char name[APP_NAME_SIZE];
	bool held = t->direction[0].guess.head_n || t->direction[1].guess.head_n;
	if (t->dissector) {
		classify_drop(t->classifying);
		t->classifying = NULL;
		t->classified = true;
	} else if (!held && classify(t->sink.context->classifier, &t->classifying, s, name)) {
		t->classified = true;
		if (name[0])
			app_set(t->sink.flow, name, "ndpi");
	}
}

/* How far a side's payload went, as its own and its peer's numbers say. */
static uint64_t payload_end(const struct tcp_side *side)
{
	int64_t end = side->top_off > side->acked_off ? side->top_off : side->acked_off;
	return end > 0 ? (uint64_t)end : 0;
}

void talk_end(struct flow *f, enum end_how how)
{
	struct talk *t = f->talk;
	if (f->talk_over)
		return;
	if (!t) {                       /* not a byte was captured; some may have been sent */
		for (int i = CLIENT; i <= SERVER; i++)
			f->side[i].gap_bytes += (int64_t)payload_end(&f->side[i]);
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct direction *d = &t->direction[i];
		struct reorder_out out = out_of(d);
		reorder_flush(&d->reorder, payload_end(&f->side[d->side]), f->last, &out);
		fin_check(d);
	}
	for (int i = 0; i < 2; i++) {
		struct direction *d = &t->direction[i];
		struct stream *s = &t->stream[d->side];
		if (t->dissector)
			stream_end(s, d->fin_off != NONE ? END_FIN : how);
	}
	for (int i = 0; i < 2; i++) {            /* the later end still tells what both keep */
		stream_free(&t->stream[i]);
		reorder_free(&t->direction[i].reorder);
	}
	classify_drop(t->classifying);
	free(t->state);
	free(t);
	f->talk = NULL;
	f->talk_over = true;
}

/* When both sides have said all, up to their FINs, a closed connection gives its
 * memory back; what comes later on it is no more payload. */
static void over_check(struct talk *t)
{
	for (int i = 0; i < 2; i++) {
		const struct direction *d = &t->direction[i];
		if (d->fin_off == NONE || d->reorder.next < (uint64_t)d->fin_off)
			return;
	}
	talk_end(t->sink.flow, END_FIN);
}

enum told talk_segment(const struct talk_context *context, struct flow *f, const struct segment *s,
                       uint64_t off, bool *conflict)
{
	*conflict = false;
	if (f->talk_over)
		return TOLD_NOTHING;
	struct talk *t = f->talk ? f->talk : talk_begin(context, f);
	struct direction *d = direction_of(t, flow_sender(f, s));
	struct reorder_out out = out_of(d);
	t->told = TOLD_NOTHING;
	*conflict = reorder_data(&d->reorder, off, s->len, s->payload, s->at, &out);
	fin_check(d);
	if (!t->classified)
		name_it(t, s);
	enum told told = t->told;
	over_check(t);
	return told;
}

void talk_acked(struct flow *f, enum side side, uint64_t off, struct mark at)
{
	if (!f->talk)
		return;
	struct direction *d = direction_of(f->talk, side);
	struct reorder_out out = out_of(d);
	reorder_acked(&d->reorder, off, at, &out);
	fin_check(d);
	over_check(f->talk);
}

void talk_fin(struct flow *f, enum side side, uint64_t off)
{
	if (!f->talk)
		return;
	struct direction *d = direction_of(f->talk, side);
	d->fin_off = (int64_t)off;
	fin_check(d);
	over_check(f->talk);
}
