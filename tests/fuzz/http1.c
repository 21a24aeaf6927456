/* http1.c - libFuzzer: a conversation (conversation.h) through the pump to the HTTP
 * dissector, in exact-size pieces, twice: what is told must not depend on the cut.
 */
#include <stdlib.h>
#include <string.h>

#include "turns.h"
#include "stream.h"

extern const struct dissector http1_dissector;

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Facts are only hashed; texts are read to their ends. */
struct sink { struct stream stream[2]; uint64_t told; };

static void hear(struct sink *k, const void *p, size_t n)
{
	const uint8_t *b = p;
	for (size_t i = 0; i < n; i++)
		k->told = (k->told ^ b[i]) * 1099511628211u;
}

static void hear_text(struct sink *k, const char *text)
{
	hear(k, text ? text : "-", text ? strlen(text) + 1 : 2);
}

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *m)
{
	stream_mark(&k->stream[side], off, edge, m);
}

uint8_t *sink_room(struct sink *k, enum side side, size_t n)
{
	return stream_room(&k->stream[side], n);
}

void sink_http(struct sink *k, const struct http_exchange *x)
{
	const struct mark marks[] = { x->request, x->request_head_end, x->request_body,
		x->request_end, x->cont, x->response, x->response_head_end, x->response_end };
	const int64_t numbers[] = { x->nr, x->status, x->request_off, x->request_bytes,
		x->request_body_hash, x->response_off, x->response_bytes };
	const char *texts[] = { x->method, x->target, x->host, x->version, x->user_agent,
		x->request_head, x->response_head, x->reason, x->request_state, x->response_state,
		x->expect_answer, x->expect_body };
	hear(k, marks, sizeof marks);
	hear(k, numbers, sizeof numbers);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		hear_text(k, texts[i]);
}

void sink_http_interim(struct sink *k, const struct http_interim *i)
{
	hear(k, &i->exchange_nr, sizeof i->exchange_nr);
	hear(k, &i->at.frame, sizeof i->at.frame);
}

void sink_websocket_close(struct sink *k, const struct websocket_close *c)
{
	hear(k, &c->code, sizeof c->code);
	hear_text(k, c->reason);
}

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	(void)side;
	hear(k, &off, sizeof off);
	hear_text(k, protocol);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	(void)side;
	hear(k, &off, sizeof off);
	hear_text(k, what);
}

void sink_app(struct sink *k, const char *app) { hear_text(k, app); }
bool sink_shows_secrets(const struct sink *k) { (void)k; return false; }

static void said(struct sink *k, const struct turn_said *t, size_t piece, struct mark at)
{
	for (size_t i = 0, n; i < t->said.n; i += n) {
		n = t->said.n - i < piece ? t->said.n - i : piece;
		uint8_t *copy = malloc(n);
		if (!copy)
			abort();
		memcpy(copy, t->said.p + i, n);
		stream_data(&k->stream[t->side], (struct bytes){ copy, n }, at, at);
		free(copy);
	}
}

static uint64_t conversation_feed(struct bytes b, size_t piece)
{
	void *state = calloc(1, http1_dissector.state_size);
	struct sink k = { .told = 1 };
	struct rd r = rd_over(b);
	struct turn_said t;
	for (int side = CLIENT; side <= SERVER; side++)
		k.stream[side] = (struct stream){ .dissector = &http1_dissector, .state = state,
		                                  .sink = &k, .side = (enum side)side };
	for (struct mark at = { 1, 1 }; turn_next(&r, &t); at.frame++) {
		if (t.what == SAID)
			said(&k, &t, piece, at);
		else if (t.what == HOLE && t.n)
			stream_gap(&k.stream[t.side], t.n, at);
		else if (t.what == HOLE)
			http1_dissector.gap(state, &k, t.side, k.stream[t.side].off, 0);
		else
			stream_end(&k.stream[t.side], (enum end_how)t.how);
	}
	for (int side = CLIENT; side <= SERVER; side++)
		stream_end(&k.stream[side], END_CAPTURE);
	for (int side = CLIENT; side <= SERVER; side++)
		stream_free(&k.stream[side]);
	free(state);
	return k.told;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t piece = n ? 1 + p[n - 1] % 64 : 1;
	if (conversation_feed((struct bytes){ p, n }, SIZE_MAX)
	    != conversation_feed((struct bytes){ p, n }, piece))
		abort();
	return 0;
}
