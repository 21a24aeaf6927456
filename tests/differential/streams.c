/* streams.c - prints the payload of every direction of a capture, in order, each byte
 * once: what a dissector is given.
 *
 *     streams CAPTURE
 *
 *     FRAME data OFFSET HEX NR SIDE
 *     FRAME gap OFFSET LENGTH NR SIDE
 *
 * NR counts connections, SIDE is C or S. FRAME, which carried the direction's first byte, names the direction; its lines
 * come in order, between those of others. A direction without a captured byte has
 * none, a stream joined midway begins at offset 0 like any other.
 *
 * core.a is an archive, so this registry takes the place of dissectors/registry.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dissector.h"
#include "run.h"
#include "store.h"

/* One direction. A gap may come before the frame is known. */
struct heard { struct mark first; uint64_t gap_off, gap_len; };
struct state { unsigned nr; struct heard side[2]; };

static unsigned connections;

static enum guess guess_all(struct bytes head, bool at_start)
{
	(void)head, (void)at_start;
	return GUESS_SENT_BY_EITHER;
}

static void print_names(struct state *s, enum side side)
{
	if (s->nr == 0)
		s->nr = ++connections;
	printf(" %u %c\n", s->nr, side == CLIENT ? 'C' : 'S');
}

static void print_gap(struct state *s, enum side side, uint64_t off, uint64_t len)
{
	printf("%llu gap %llu %llu", (unsigned long long)s->side[side].first.frame,
	       (unsigned long long)off, (unsigned long long)len);
	print_names(s, side);
}

static struct step print_data(void *state, struct sink *k, enum side side, struct span s)
{
	struct heard *h = &((struct state *)state)->side[side];
	if (h->first.frame == 0) {
		sink_mark(k, side, s.off, MARK_BEGIN, &h->first);
		if (h->gap_len)
			print_gap(state, side, h->gap_off, h->gap_len);
	}
	printf("%llu data %llu ", (unsigned long long)h->first.frame, (unsigned long long)s.off);
	for (size_t i = 0; i < s.n; i++)
		printf("%02x", s.p[i]);
	print_names(state, side);
	return (struct step){ .used = s.n };
}

static void hear_gap(void *state, struct sink *k, enum side side, uint64_t off, uint64_t len)
{
	struct heard *h = &((struct state *)state)->side[side];
	(void)k;
	if (len && h->first.frame) {
		print_gap(state, side, off, len);
	} else if (len) {
		h->gap_off = h->gap_len ? h->gap_off : off;
		h->gap_len += len;
	}
}

static void hear_end(void *state, struct sink *k, enum side side, uint64_t off, enum end_how how)
{
	(void)state, (void)k, (void)side, (void)off, (void)how;
}

static const struct dissector every_flow = {
	.name = "bytes", .state_size = sizeof(struct state), .max_pending = 1 << 20,
	.guess = guess_all, .data = print_data, .gap = hear_gap, .end = hear_end,
};

const struct dissector *const dissectors[] = { &every_flow, 0 };

static void trouble(const char *sentence)
{
	fprintf(stderr, "%s\n", sentence);
}

int main(int argc, char **argv)
{
	const struct run_options options = { .trouble = trouble };
	const char *path = argc == 2 ? argv[1] : NULL;
	struct run_result result;
	struct err err;
	if (!path) {
		fprintf(stderr, "usage: streams CAPTURE\n");
		return 2;
	}
	struct store *store = store_open(NULL, &err);
	if (!store || !run_analysis(store, &path, 1, &options, &result, &err)) {
		trouble(err.text);
		return 3;
	}
	store_close(store);
	return result.files_read ? 0 : 3;
}
