/* http1.c - how long the HTTP dissector takes, with the pump in front of it.
 *
 *     http1 [--seconds N] FILE.talk...     conversations from captures (conversation.h)
 *
 * All conversations are in memory and fed again and again, in the segments in which
 * they came; facts are made and thrown away. First as they were captured, most with
 * a request or two. Then those whose every exchange is complete, each AGAIN times on
 * one connection: what a message costs. The best round counts: others had less of
 * the processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conversation.h"
#include "stream.h"

extern const struct dissector http1_dissector;

enum { AGAIN = 20 };

struct sink { struct stream stream[2]; size_t messages, fields; bool counts, incomplete; };

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
	k->incomplete |= x->response_until_close || strcmp(x->request_state, "complete")
	              || strcmp(x->response_state, "complete") || x->status == 101;
	k->messages += (size_t)(x->request.frame != 0) + (size_t)(x->response.frame != 0);
	if (!k->counts)
		return;
	k->fields += lines(x->request_head) - (x->request_head != NULL);
	k->fields += lines(x->response_head) - (x->response_head != NULL);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	(void)side, (void)off, (void)what;
	k->incomplete = true;
}

void sink_http_interim(struct sink *k, const struct http_interim *i) { (void)k, (void)i; }
void sink_websocket_close(struct sink *k, const struct websocket_close *c) { (void)k, (void)c; }

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	(void)k, (void)side, (void)off, (void)protocol;
}

void sink_app(struct sink *k, const char *app) { (void)k, (void)app; }
bool sink_shows_secrets(const struct sink *k) { (void)k; return false; }

struct file { uint8_t *p; size_t n; bool left_out; };

static struct file file_read(const char *path)
{
	struct file f = { 0 };
	FILE *in = fopen(path, "rb");
	if (!in || fseek(in, 0, SEEK_END)) {
		perror(path);
		exit(2);
	}
	f.n = (size_t)ftell(in);
	rewind(in);
	f.p = malloc(f.n + 1);
	if (!f.p || fread(f.p, 1, f.n, in) != f.n)
		exit(2);
	fclose(in);
	return f;
}

static size_t turns_feed(struct sink *k, void *state, struct bytes b, bool more)
{
	struct rd r = rd_over(b);
	struct turn_said t;
	size_t bytes = 0;
	for (struct mark at = { 1, 1 }; turn_next(&r, &t); at.frame++) {
		if (t.what == SAID)
			stream_data(&k->stream[t.side], t.said, at, at);
		else if (t.what == HOLE && t.n)
			stream_gap(&k->stream[t.side], t.n, at);
		else if (t.what == HOLE)
			http1_dissector.gap(state, k, t.side, 0, 0);
		else if (!more)
			stream_end(&k->stream[t.side], (enum end_how)t.how);
		k->incomplete |= t.what == HOLE;
		bytes += t.said.n;
	}
	return bytes;
}

static size_t conversation_feed(struct sink *k, const struct file *f, int times)
{
	void *state = calloc(1, http1_dissector.state_size);
	size_t bytes = 0;
	for (int side = CLIENT; side <= SERVER; side++)
		k->stream[side] = (struct stream){ .dissector = &http1_dissector, .state = state,
		                                   .sink = k, .side = (enum side)side };
	for (; times > 0; times--)
		bytes += turns_feed(k, state, (struct bytes){ f->p, f->n }, times > 1);
	for (int side = CLIENT; side <= SERVER; side++)
		stream_end(&k->stream[side], END_CAPTURE);
	for (int side = CLIENT; side <= SERVER; side++)
		stream_free(&k->stream[side]);
	free(state);
	return bytes;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t files_feed(struct sink *k, const struct file *files, size_t n, int times)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		if (!files[i].left_out)
			bytes += conversation_feed(k, &files[i], times);
	return bytes;
}

static void files_time(const char *what, const struct file *files, size_t n, int times, double seconds)
{
	struct sink counted = { .counts = true }, k = { 0 };
	size_t bytes = files_feed(&counted, files, n, times);
	double best = 1e9, begun = now();
	do {
		double from = now();
		size_t round = 0;
		for (; now() - from < 0.05; round++)
			files_feed(&k, files, n, times);
		double each = (now() - from) / (double)round;
		best = each < best ? each : best;
	} while (now() - begun < seconds);
	if (counted.messages)
		printf("http1, %s: %.0f ns a message, %.0f MB/s (%zu messages of %.1f fields, "
		       "%.0f bytes a message)\n", what, best * 1e9 / (double)counted.messages,
		       (double)bytes / best / 1e6, counted.messages,
		       (double)counted.fields / (double)counted.messages,
		       (double)bytes / (double)counted.messages);
}

int main(int argc, char **argv)
{
	double seconds = 3;
	int first = 1;
	if (argc > 2 && !strcmp(argv[1], "--seconds")) {
		seconds = atof(argv[2]);
		first = 3;
	}
	size_t n = (size_t)(argc - first);
	struct file *files = calloc(n + 1, sizeof *files);
	for (size_t i = 0; i < n; i++)
		files[i] = file_read(argv[first + (int)i]);
	files_time("as captured", files, n, 1, seconds);
	for (size_t i = 0; i < n; i++) {
		struct sink k = { 0 };
		conversation_feed(&k, &files[i], 1);
		files[i].left_out = k.incomplete || !k.messages;
	}
	files_time("kept alive", files, n, AGAIN, seconds);
	return 0;
}
