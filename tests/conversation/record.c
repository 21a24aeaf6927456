/* record.c - keeps the HTTP conversations of captures as files of their own, for
 * what feeds a dissector without the rest of the program: tests, the benchmark,
 * the fuzzer.
 *
 *     record FOLDER CAPTURE...      FOLDER/NAME.NR.talk, in the form of conversation.h
 *
 * core.a is an archive, so this registry takes the place of dissectors/registry.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "turns.h"
#include "http1_head.h"
#include "run.h"
#include "store.h"

/* Where the next conversation goes. */
static const char *folder, *capture;
static unsigned conversations;

struct state { FILE *out; unsigned ended; };

static void put(struct state *st, char kind, const uint8_t *p, uint64_t n)
{
	char path[4096];
	if (!st->out) {
		snprintf(path, sizeof path, "%s/%s.%u.talk", folder, capture, conversations++);
		if (!(st->out = fopen(path, "wb"))) {
			perror(path);
			exit(3);
		}
	}
	uint32_t len = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
	uint8_t head[TURN_HEAD] = { (uint8_t)kind, (uint8_t)len, (uint8_t)(len >> 8),
	                            (uint8_t)(len >> 16), (uint8_t)(len >> 24) };
	fwrite(head, 1, sizeof head, st->out);
	if (p)
		fwrite(p, 1, len, st->out);
}

static struct step record_data(void *state, struct sink *k, enum side side, struct span s)
{
	(void)k;
	put(state, side == CLIENT ? 'c' : 's', s.p, s.n);
	return (struct step){ .used = s.n };
}

static void record_gap(void *state, struct sink *k, enum side side, uint64_t off, uint64_t len)
{
	(void)k, (void)off;
	put(state, side == CLIENT ? '>' : '<', NULL, len);
}

static void record_end(void *state, struct sink *k, enum side side, uint64_t off, enum end_how how)
{
	static const char kinds[2][3] = { "fre", "FRE" };
	struct state *st = state;
	(void)k, (void)off;
	put(st, kinds[side][how], NULL, 0);
	if (++st->ended == 2)
		fclose(st->out);
}

static const struct dissector recorder = {
	.name = "http", .state_size = sizeof(struct state), .max_pending = 1,
	.guess = start_guess, .data = record_data, .gap = record_gap, .end = record_end,
};

const struct dissector *const dissectors[] = { &recorder, 0 };

static void trouble(const char *sentence)
{
	fprintf(stderr, "%s\n", sentence);
}

int main(int argc, char **argv)
{
	const struct run_options options = { .trouble = trouble };
	struct run_result result;
	struct err err;
	if (argc < 3) {
		fprintf(stderr, "usage: record FOLDER CAPTURE...\n");
		return 2;
	}
	folder = argv[1];
	for (int i = 2; i < argc; i++) {
		const char *path = argv[i], *slash = strrchr(path, '/');
		capture = slash ? slash + 1 : path;
		struct store *store = store_open(NULL, &err);
		if (!store || !run_analysis(store, &path, 1, &options, &result, &err))
			trouble(err.text);
		store_close(store);
	}
	return 0;
}
