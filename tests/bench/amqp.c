/* amqp.c - how long the AMQP dissector takes for a frame, with payload of real captures.
 *
 *     amqp STREAMS CAPTURE...
 *
 * The AMQP connections of the captures are in memory; they go through the stream to the
 * dissector again and again, and what it tells goes nowhere. The best of several rounds
 * counts: the others were disturbed.
 */
#include <time.h>

#include "replay.h"
#include "stream.h"

extern const struct dissector amqp_dissector;

enum { ROUNDS = 15, REPEATS = 200 };

struct sink { struct stream stream[2]; uint64_t told; };

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *mark)
{
	stream_mark(&k->stream[side], off, edge, mark);
}

void sink_amqp_connection(struct sink *k, const struct amqp_connection *c) { (void)c, k->told++; }
void sink_amqp_channel(struct sink *k, const struct amqp_channel *c) { (void)c, k->told++; }
void sink_amqp_method(struct sink *k, const struct amqp_method *m) { (void)m, k->told++; }

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	(void)side, (void)off, (void)protocol;
	k->told++;
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	(void)side, (void)off, (void)what;
	k->told++;
}

void sink_skipped(struct sink *k, enum side side, struct mark from, uint64_t off, uint64_t bytes,
                  const char *what)
{
	(void)side, (void)from, (void)off, (void)bytes, (void)what;
	k->told++;
}

bool sink_shows_secrets(const struct sink *k) { (void)k; return false; }

/* ---- one connection ---- */

/* Both directions in one go each, as a capture without holes gives them. */
struct talk { struct bytes said[2]; };

static void append(struct bytes *to, struct bytes more)
{
	uint8_t *p = alloc_zeroed(to->n + more.n, 1);
	if (to->n)
		memcpy(p, to->p, to->n);
	memcpy(p + to->n, more.p, more.n);
	free((void *)(uintptr_t)to->p);
	*to = (struct bytes){ p, to->n + more.n };
}

/* Frames in a direction that begins with one, perhaps behind a protocol header. */
static size_t frames_in(struct bytes b)
{
	struct rd r = rd_over(b);
	size_t n = 0;
	if (b.n >= 8 && b.p[0] == 'A') {
		rd_take(&r, 8);
		n++;
	}
	while (rd_left(&r)) {
		rd_take(&r, 3);
		rd_take(&r, rd_be32(&r));
		rd_u8(&r);
		n += rd_ok(&r);
	}
	return n;
}

static void talk_feed(struct sink *k, const struct talk *t, void *state, size_t piece)
{
	static const struct mark mark = { 1, 1 };
	memset(state, 0, amqp_dissector.state_size);
	for (enum side side = CLIENT; side <= SERVER; side++) {
		struct stream *s = &k->stream[side];
		*s = (struct stream){ .dissector = &amqp_dissector, .state = state, .sink = k,
		                      .side = side };
		for (size_t at = 0; at < t->said[side].n; at += piece) {
			size_t n = t->said[side].n - at < piece ? t->said[side].n - at : piece;
			stream_data(s, (struct bytes){ t->said[side].p + at, n }, mark, mark);
		}
	}
	for (enum side side = CLIENT; side <= SERVER; side++) {
		stream_end(&k->stream[side], END_FIN);
		stream_free(&k->stream[side]);
	}
}

/* ---- measuring ---- */

struct talks { struct talk *all; size_t n, frames, bytes; };

static void talks_add(struct talks *talks, const struct replay *r)
{
	for (unsigned c = 1; c <= r->connections; c++) {
		struct talk t = { 0 };
		bool whole = replay_claims(r, c, &amqp_dissector);
		for (size_t i = 0; i < r->n && whole; i++) {
			const struct replay_piece *p = &r->pieces[i];
			whole = p->connection != c || p->bytes.p;
			if (p->connection == c && p->bytes.p)
				append(&t.said[p->side], p->bytes);
		}
		if (!whole)
			continue;
		talks->all = alloc_grown(talks->all, talks->n + 1, sizeof *talks->all);
		talks->all[talks->n++] = t;
		talks->frames += frames_in(t.said[CLIENT]) + frames_in(t.said[SERVER]);
		talks->bytes += t.said[CLIENT].n + t.said[SERVER].n;
	}
}

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double round_ns(const struct talks *talks, struct sink *k, void *state, size_t piece)
{
	double began = now_ns();
	for (int i = 0; i < REPEATS; i++)
		for (size_t t = 0; t < talks->n; t++)
			talk_feed(k, &talks->all[t], state, piece);
	return (now_ns() - began) / REPEATS / (double)talks->frames;
}

int main(int argc, char **argv)
{
	static const size_t pieces[] = { SIZE_MAX / 2, 1448, 100 };
	struct talks talks = { 0 };
	for (int i = 2; i < argc; i++) {
		struct replay r = replay_read(argv[1], argv[i]);
		talks_add(&talks, &r);
	}
	if (talks.frames == 0) {
		printf("amqp: no AMQP in these captures\n");
		return 1;
	}
	struct sink k = { 0 };
	void *state = alloc_zeroed(1, amqp_dissector.state_size);
	printf("amqp: %zu connections, %zu frames, %zu bytes\n", talks.n, talks.frames, talks.bytes);
	for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
		double best = 1e18;
		for (int i = 0; i < ROUNDS; i++) {
			double ns = round_ns(&talks, &k, state, pieces[p]);
			best = ns < best ? ns : best;
		}
		if (pieces[p] > 1 << 20)
			printf("  %6.1f ns a frame, directions in one piece\n", best);
		else
			printf("  %6.1f ns a frame, in segments of %zu bytes\n", best, pieces[p]);
	}
	free(state);
	return 0;
}
