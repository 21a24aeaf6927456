/* http1.c - how long the HTTP dissector takes, with the pump in front of it.
 *
 *     http1 FILE.talk...     conversations from captures (conversation.h)
 *     http1 bodies           made ones: long bodies, beside what memory itself can do
 *
 * The bytes are in memory and fed again and again, conversations in the segments in
 * which they came; facts are made and thrown away. The best round counts: others had
 * less of the processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "turns.h"
#include "stream.h"

extern const struct dissector http1_dissector;

enum { SECONDS = 3, BODY = 64 << 20, CHUNK = 16384, SEGMENT = 1448 };

struct sink { struct stream stream[2]; size_t messages, fields; bool counts; };

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *m)
{
	stream_mark(&k->stream[side], off, edge, m);
}

uint8_t *sink_room(struct sink *k, enum side side, size_t n)
{
	return stream_room(&k->stream[side], n);
}

static size_t lines(const char *head)
{
	size_t n = 0;
	while (head && (head = strchr(head, '\n'))) {
		head++;
		n++;
	}
	return n;
}

/* The fields are counted in the first round alone. */
void sink_http(struct sink *k, const struct http_exchange *x)
{
	k->messages += (size_t)(x->request.frame != 0) + (size_t)(x->response.frame != 0);
	if (!k->counts)
		return;
	k->fields += lines(x->request_head) - (x->request_head != NULL);
	k->fields += lines(x->response_head) - (x->response_head != NULL);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	(void)k, (void)side, (void)off, (void)what;
}

void sink_http_interim(struct sink *k, const struct http_interim *i) { (void)k, (void)i; }
void sink_websocket_close(struct sink *k, const struct websocket_close *c) { (void)k, (void)c; }

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	(void)k, (void)side, (void)off, (void)protocol;
}

void sink_app(struct sink *k, const char *app) { (void)k, (void)app; }
bool sink_shows_secrets(const struct sink *k) { (void)k; return false; }

/* A conversation, its turns told apart; of a sample there are n. */
struct talk { struct turn_said *turns; size_t n; };
struct sample { struct talk *talks; size_t n; };

static struct bytes file_read(const char *path)
{
	FILE *in = fopen(path, "rb");
	if (!in || fseek(in, 0, SEEK_END)) {
		perror(path);
		exit(2);
	}
	size_t n = (size_t)ftell(in);
	uint8_t *p = malloc(n + 1);
	rewind(in);
	if (!p || fread(p, 1, n, in) != n)
		exit(2);
	fclose(in);
	return (struct bytes){ p, n };
}

static struct talk talk_read(const char *path, size_t *bytes)
{
	struct talk talk = { 0 };
	struct bytes b = file_read(path);
	struct rd r = rd_over(b);
	talk.turns = malloc((b.n / TURN_HEAD + 1) * sizeof *talk.turns);
	for (struct turn_said *t = talk.turns; turn_next(&r, t); t++) {
		*bytes += t->said.n;
		talk.n++;
	}
	return talk;
}

static void connection_open(struct sink *k)
{
	void *state = calloc(1, http1_dissector.state_size);
	for (int side = CLIENT; side <= SERVER; side++)
		k->stream[side] = (struct stream){ .dissector = &http1_dissector, .state = state,
		                                   .sink = k, .side = (enum side)side };
}

static void connection_close(struct sink *k)
{
	for (int side = CLIENT; side <= SERVER; side++)
		stream_end(&k->stream[side], END_CAPTURE);
	free(k->stream[CLIENT].state);
	for (int side = CLIENT; side <= SERVER; side++)
		stream_free(&k->stream[side]);
}

static void talk_feed(struct sink *k, const struct talk *talk)
{
	connection_open(k);
	for (size_t i = 0; i < talk->n; i++) {
		const struct turn_said *t = &talk->turns[i];
		struct stream *s = &k->stream[t->side];
		struct mark at = { i + 1, 1 };
		if (t->what == SAID)
			stream_data(s, t->said, at, at);
		else if (t->what == HOLE && t->n)
			stream_gap(s, t->n, at);
		else if (t->what == HOLE)
			http1_dissector.gap(s->state, k, t->side, 0, 0);
		else
			stream_end(s, (enum end_how)t->how);
	}
	connection_close(k);
}

static void sample_feed(struct sink *k, const void *what)
{
	const struct sample *s = what;
	for (size_t i = 0; i < s->n; i++)
		talk_feed(k, &s->talks[i]);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The seconds of the best round of feed(k, what). */
static double best_of(void (*feed)(struct sink *, const void *), const void *what)
{
	struct sink k = { 0 };
	double best = 1e9, begun = now();
	do {
		double from = now();
		size_t times = 0;
		for (; now() - from < 0.05; times++)
			feed(&k, what);
		double each = (now() - from) / (double)times;
		best = each < best ? each : best;
	} while (now() - begun < SECONDS);
	return best;
}

static void sample_time(char **paths, size_t n)
{
	struct sample s = { .talks = calloc(n, sizeof *s.talks), .n = n };
	struct sink counted = { .counts = true };
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		s.talks[i] = talk_read(paths[i], &bytes);
	sample_feed(&counted, &s);
	double best = best_of(sample_feed, &s), messages = (double)counted.messages;
	printf("http1: %.0f ns a message (%zu connections, %zu messages of %.1f fields and %.0f "
	       "bytes)\n", best * 1e9 / messages, n, counted.messages,
	       (double)counted.fields / messages, (double)bytes / messages);
}

/* ---- long bodies ---- */

struct body { const char *name; enum side side; struct bytes bytes; };

static void body_feed(struct sink *k, const void *what)
{
	const struct body *b = what;
	struct mark at = { 1, 1 };
	connection_open(k);
	for (struct bytes left = b->bytes; left.n > 0; at.frame++) {
		size_t n = left.n < SEGMENT ? left.n : SEGMENT;
		stream_data(&k->stream[b->side], (struct bytes){ left.p, n }, at, at);
		left = (struct bytes){ left.p + n, left.n - n };
	}
	connection_close(k);
}

static void copy_feed(struct sink *k, const void *what)
{
	static uint8_t copy[BODY];
	const struct body *b = what;
	memcpy(copy, b->bytes.p, sizeof copy);
	k->messages += copy[b->bytes.n % BODY];      /* so that it is not left out */
}

static void body_time(const char *name, enum side side, const char *head, bool chunked)
{
	size_t n = strlen(head), chunks = BODY / CHUNK;
	uint8_t *p = malloc(n + BODY + chunks * 16);
	memcpy(p, head, n);
	for (size_t i = 0; i < chunks; i++) {
		n += chunked ? (size_t)sprintf((char *)p + n, "%x\r\n", CHUNK) : 0;
		memset(p + n, 'b', CHUNK);
		n += CHUNK;
		n += chunked ? (size_t)sprintf((char *)p + n, "\r\n") : 0;
	}
	struct body b = { name, side, { p, n } };
	printf("http1: %.1f GB/s, %s (a copy: %.1f GB/s)\n", BODY / 1e9 / best_of(body_feed, &b),
	       name, BODY / 1e9 / best_of(copy_feed, &b));
	free(p);
}

static void bodies_time(void)
{
	body_time("a response of 64 MiB", SERVER,
	          "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n", false);
	body_time("the same in chunks of 16 KiB", SERVER,
	          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true);
	body_time("a request of 64 MiB", CLIENT,
	          "POST / HTTP/1.1\r\nContent-Length: 67108864\r\n\r\n", false);
	body_time("the same in chunks of 16 KiB", CLIENT,
	          "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", true);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "bodies"))
		bodies_time();
	else
		sample_time(argv + 1, (size_t)argc - 1);
	return 0;
}
