/* amqp.c - the AMQP dissector under libFuzzer: any bytes, cut and torn in any way.
 *
 * An input is a row of parts: side and kind (1 octet), length (2), bytes. Kinds are data
 * in pieces, a gap, and the dissector's guess. What one whole feed tells must be what a
 * feed in pieces tells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "limits.h"
#include "stream.h"

extern const struct dissector amqp_dissector;
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct sink { uint64_t hash; struct stream stream[2]; };

static void hear(struct sink *k, const char *text)
{
	for (; text && *text; text++)
		k->hash = (k->hash ^ (uint8_t)*text) * 0x100000001b3;
}

/* Text that someone else chose: shorter than its cap, and without control characters. */
static void hear_text(struct sink *k, const char *text, size_t cap)
{
	size_t n = text ? strlen(text) : 0;
	if (n >= cap)
		abort();
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7F)
			abort();
	hear(k, text);
}

static void hear_number(struct sink *k, uint64_t number)
{
	k->hash = (k->hash ^ number) * 0x100000001b3;
}

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *mark)
{
	stream_mark(&k->stream[side], off, edge, mark);
}

void sink_amqp_connection(struct sink *k, const struct amqp_connection *c)
{
	hear_text(k, c->product, LIMIT_AMQP_TEXT);
	hear_text(k, c->capabilities, LIMIT_AMQP_CAPABILITIES);
	hear_text(k, c->client_product, LIMIT_AMQP_TEXT);
	hear_text(k, c->client_capabilities, LIMIT_AMQP_CAPABILITIES);
	hear_text(k, c->connection_name, LIMIT_AMQP_TEXT);
	hear_text(k, c->mechanism, LIMIT_AMQP_TEXT);
	hear_text(k, c->vhost, LIMIT_AMQP_TEXT);
	hear_text(k, c->user, LIMIT_AMQP_TEXT);
	hear_text(k, c->close_text, LIMIT_AMQP_TEXT);
	hear(k, c->close_cause);
	hear_number(k, (uint64_t)c->heartbeat_s);
}

void sink_amqp_channel(struct sink *k, const struct amqp_channel *c)
{
	hear_text(k, c->close_text, LIMIT_AMQP_TEXT);
	hear_number(k, (uint64_t)(c->publishes + c->acks + c->deliveries));
	hear_number(k, (uint64_t)c->unacked_now);
	if (c->unacked_now < 0 || c->unacked_max < 0)
		abort();
}

void sink_amqp_method(struct sink *k, const struct amqp_method *m)
{
	hear(k, m->name);
	hear_text(k, m->detail, LIMIT_AMQP_DETAIL);
	hear_number(k, m->end_off);
	hear_number(k, (uint64_t)m->tag + m->multiple);
	hear_number(k, (uint64_t)m->code);
}

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	(void)side;
	hear(k, protocol);
	hear_number(k, off);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	(void)side;
	hear(k, what);
	hear_number(k, off);
}

void sink_skipped(struct sink *k, enum side side, struct mark from, uint64_t off, uint64_t bytes,
                  const char *what)
{
	(void)side, (void)from;
	hear(k, what);
	hear_number(k, off);
	hear_number(k, bytes);
}

bool sink_shows_secrets(const struct sink *k) { (void)k; return true; }

static void feed(struct stream *s, struct bytes b, size_t piece)
{
	const struct mark mark = { 1, 1 };
	for (size_t at = 0; at < b.n; at += piece) {
		size_t n = b.n - at < piece ? b.n - at : piece;
		uint8_t *exact = malloc(n);
		memcpy(exact, b.p + at, n);
		stream_data(s, (struct bytes){ exact, n }, mark, mark);
		free(exact);
	}
}

static uint64_t story(struct bytes input, size_t piece)
{
	struct sink k = { .hash = 1 };
	void *state = calloc(1, amqp_dissector.state_size);
	for (int side = CLIENT; side <= SERVER; side++)
		k.stream[side] = (struct stream){ .dissector = &amqp_dissector, .state = state,
		                                  .sink = &k, .side = (enum side)side };
	struct rd r = rd_over(input);
	while (rd_left(&r)) {
		unsigned what = rd_u8(&r);
		size_t n = rd_be16(&r);
		struct stream *s = &k.stream[what & 1];
		if (what & 2) {
			stream_gap(s, n + 1, (struct mark){ 1, 1 });
			continue;
		}
		struct bytes b = rd_take(&r, n < rd_left(&r) ? n : rd_left(&r));
		if (b.n && what & 4)
			amqp_dissector.guess((struct bytes){ b.p, b.n < 64 ? b.n : 64 }, what & 8);
		feed(s, b, piece);
	}
	for (int side = CLIENT; side <= SERVER; side++) {
		stream_end(&k.stream[side], END_FIN);
		stream_free(&k.stream[side]);
	}
	free(state);
	return k.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes input = { p, n };
	if (story(input, SIZE_MAX / 2) != story(input, 1 + n % 23))
		abort();
	return 0;
}
