/* cut.c - every AMQP connection of samples/, however it is cut.
 *
 * The payload of each connection goes to the dissector as the capture has it, and then in
 * pieces of every size up to MAX and some larger ones, each in a heap block of exactly that
 * size, and what is told must be the same. Sides alternate as in the capture; a piece is
 * cut, never joined with the next.
 */
#include <dirent.h>
#include <stdarg.h>

#include "check.h"
#include "replay.h"
#include "stream.h"

int check_failed;
extern const struct dissector amqp_dissector;

enum { MAX = 64 };

/* What is told, as a hash of its words: transcripts of all sizes need not be kept. */
struct sink { uint64_t hash; size_t lines; struct stream stream[2]; };

__attribute__((format(printf, 2, 3)))
static void say(struct sink *k, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (const char *p = text; *p; p++)
		k->hash = (k->hash ^ (uint8_t)*p) * 0x100000001b3;
	k->lines++;
}

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *mark)
{
	stream_mark(&k->stream[side], off, edge, mark);
	CHECK(mark->frame != 0);
	*mark = (struct mark){ off, (int64_t)off };
}

void sink_amqp_connection(struct sink *k, const struct amqp_connection *c)
{
	say(k, "connection %s %s %s %s %s %lld %lld %d %lld\n", c->version, c->product, c->vhost,
	    c->client_product, c->capabilities, (long long)c->heartbeat_s, (long long)c->frame_max,
	    c->close_code, (long long)c->content_off);
}

void sink_amqp_channel(struct sink *k, const struct amqp_channel *c)
{
	say(k, "channel %d %lld %lld %lld %lld %lld %lld\n", c->channel, (long long)c->publishes,
	    (long long)c->confirms, (long long)c->deliveries, (long long)c->acks,
	    (long long)c->unacked_now, (long long)c->unacked_max);
}

void sink_amqp_method(struct sink *k, const struct amqp_method *m)
{
	say(k, "%d %d %s %s %d %llu %llu %lld\n", (int)m->sender, m->channel, m->name, m->detail,
	    m->code, (unsigned long long)m->begin_off, (unsigned long long)m->end_off,
	    (long long)m->tag);
}

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	say(k, "%d %llu %s\n", (int)side, (unsigned long long)off, protocol);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	say(k, "%d %llu ! %s\n", (int)side, (unsigned long long)off, what);
}

void sink_skipped(struct sink *k, enum side side, struct mark from, uint64_t off, uint64_t bytes,
                  const char *what)
{
	CHECK(from.frame == off);
	say(k, "%d %llu %llu ! %s\n", (int)side, (unsigned long long)off, (unsigned long long)bytes,
	    what);
}

bool sink_shows_secrets(const struct sink *k) { (void)k; return false; }

/* ---- feeding ---- */

static void piece_feed(struct stream *s, const struct replay_piece *p, size_t size)
{
	const struct mark mark = { 1, 1 };
	if (!p->bytes.p) {
		stream_gap(s, p->bytes.n, mark);
		return;
	}
	for (size_t at = 0; at < p->bytes.n; at += size) {
		size_t n = p->bytes.n - at < size ? p->bytes.n - at : size;
		uint8_t *exact = malloc(n);
		memcpy(exact, p->bytes.p + at, n);
		stream_data(s, (struct bytes){ exact, n }, mark, mark);
		free(exact);
	}
}

/* How many lines were told, and their hash. */
static struct sink connection_feed(const struct replay *r, unsigned connection, size_t size)
{
	struct sink k = { .hash = 0xcbf29ce484222325 };
	void *state = alloc_zeroed(1, amqp_dissector.state_size);
	for (enum side side = CLIENT; side <= SERVER; side++)
		k.stream[side] = (struct stream){ .dissector = &amqp_dissector, .state = state,
		                                  .sink = &k, .side = side };
	for (size_t i = 0; i < r->n; i++)
		if (r->pieces[i].connection == connection)
			piece_feed(&k.stream[r->pieces[i].side], &r->pieces[i], size);
	for (enum side side = CLIENT; side <= SERVER; side++) {
		stream_end(&k.stream[side], END_FIN);
		stream_free(&k.stream[side]);
	}
	free(state);
	return k;
}

static void connection_check(const struct replay *r, unsigned connection, const char *name)
{
	struct sink whole = connection_feed(r, connection, SIZE_MAX / 2);
	for (size_t size = 1; size <= 4096; size += size < MAX ? 1 : size) {
		struct sink cut = connection_feed(r, connection, size);
		bool same = cut.hash == whole.hash && cut.lines == whole.lines;
		CHECK(same);
		if (!same)
			fprintf(stderr, "%s, connection %u in pieces of %zu\n", name, connection, size);
	}
}

int main(void)
{
	const char *build = getenv("BUILD"), *samples = getenv("SAMPLES");
	char streams[512], path[1024];
	unsigned checked = 0;
	snprintf(streams, sizeof streams, "%s/tests/differential/streams", build ? build : "build");
	DIR *folder = opendir(samples ? samples : "samples");
	for (struct dirent *e; folder && (e = readdir(folder)); ) {
		if (!strstr(e->d_name, ".pcap") || (!strstr(e->d_name, "amqp") && !strstr(e->d_name, "pika")))
			continue;
		snprintf(path, sizeof path, "%s/%s", samples ? samples : "samples", e->d_name);
		struct replay r = replay_read(streams, path);
		for (unsigned c = 1; c <= r.connections; c++)
			if (replay_claims(&r, c, &amqp_dissector)) {
				connection_check(&r, c, e->d_name);
				checked++;
			}
		replay_free(&r);
	}
	if (folder)
		closedir(folder);
	CHECK(checked >= 10);
	return check_failed != 0;
}
