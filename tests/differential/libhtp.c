/* libhtp.c - prints the HTTP messages that libhtp reads in a capture: in the bytes,
 * and with the beginnings and ends, that a dissector is given.
 *
 *     libhtp CAPTURE
 *
 *     SIDE FRAME request STATE BYTES METHOD TARGET
 *     SIDE FRAME response STATE BYTES STATUS
 *
 * SIDE and FRAME name the connection: FRAME carried SIDE's first byte (C, or S where
 * the client sent none). Lines of a connection come together and in order, an exchange's
 * request before its response. STATE is `complete` or `cut`, BYTES the body's length
 * without its chunks. What is not printable ASCII is '?'.
 *
 * core.a is an archive, so this registry takes the place of dissectors/registry.c.
 */
#include <htp/htp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissector.h"
#include "http1_head.h"
#include "run.h"
#include "store.h"

enum { LINE_MAX_HTP = 1 << 20 };

static htp_cfg_t *config;

/* Bytes of one direction that libhtp wants only once it has heard the other side. */
struct waiting { uint8_t *p; size_t n; };
struct state {
	htp_connp_t *parser;
	struct mark first[2];
	struct waiting waiting[2];
	unsigned ended;
};

static void *must_have(void *p)
{
	if (!p) {
		fprintf(stderr, "out of memory\n");
		exit(3);
	}
	return p;
}

/* ---- what goes to libhtp ---- */

/* Offer what waits of a side; whether anything of it was taken. */
static bool offer(struct state *st, enum side side)
{
	struct waiting *w = &st->waiting[side];
	if (w->n == 0)
		return false;
	int said = side == CLIENT ? htp_connp_req_data(st->parser, NULL, w->p, w->n)
	                          : htp_connp_res_data(st->parser, NULL, w->p, w->n);
	size_t used = w->n;
	if (said == HTP_STREAM_DATA_OTHER)
		used = side == CLIENT ? htp_connp_req_data_consumed(st->parser)
		                      : htp_connp_res_data_consumed(st->parser);
	memmove(w->p, w->p + used, w->n - used);
	w->n -= used;
	return used > 0;
}

static void offer_both(struct state *st, enum side side)
{
	while (offer(st, side) || offer(st, other(side)))
		;
}

static struct step hear_data(void *state, struct sink *k, enum side side, struct span s)
{
	struct state *st = state;
	struct waiting *w = &st->waiting[side];
	if (!st->parser) {
		st->parser = must_have(htp_connp_create(config));
		htp_connp_open(st->parser, "", 0, "", 0, NULL);
	}
	if (st->first[side].frame == 0)
		sink_mark(k, side, s.off, MARK_BEGIN, &st->first[side]);
	w->p = must_have(realloc(w->p, w->n + s.n));
	memcpy(w->p + w->n, s.p, s.n);
	w->n += s.n;
	offer_both(st, side);
	return (struct step){ .used = s.n };
}

/* A hole is given as a length without bytes; before the first byte there is none to tell of. */
static void hear_gap(void *state, struct sink *k, enum side side, uint64_t off, uint64_t len)
{
	struct state *st = state;
	(void)k, (void)off;
	if (st->first[side].frame == 0 || len == 0)
		return;
	if (side == CLIENT)
		htp_connp_req_data(st->parser, NULL, NULL, (size_t)len);
	else
		htp_connp_res_data(st->parser, NULL, NULL, (size_t)len);
}

/* ---- what it says ---- */

static void print_text(const bstr *text)
{
	for (size_t i = 0; text && i < bstr_len(text); i++) {
		uint8_t c = bstr_ptr(text)[i];
		putchar(c >= ' ' && c <= '~' ? c : '?');
	}
}

static void print_head(const struct state *st, const char *what, bool complete, int64_t bytes)
{
	enum side side = st->first[CLIENT].frame ? CLIENT : SERVER;
	printf("%c %llu %s %s %lld ", side == CLIENT ? 'C' : 'S',
	       (unsigned long long)st->first[side].frame, what, complete ? "complete" : "cut",
	       (long long)bytes);
}

static void print_exchange(const struct state *st, const htp_tx_t *tx)
{
	if (tx->request_method) {
		print_head(st, "request", tx->request_progress == HTP_REQUEST_COMPLETE,
		           tx->request_entity_len);
		print_text(tx->request_method);
		putchar(' ');
		print_text(tx->request_uri);
		putchar('\n');
	}
	bool only_interim = tx->response_status_number == 100 && tx->seen_100continue;
	if (tx->response_status_number > 0 && !only_interim) {
		print_head(st, "response", tx->response_progress == HTP_RESPONSE_COMPLETE,
		           tx->response_entity_len);
		printf("%d\n", tx->response_status_number);
	}
}

static void hear_end(void *state, struct sink *k, enum side side, uint64_t off, enum end_how how)
{
	struct state *st = state;
	(void)k, (void)side, (void)off, (void)how;
	if (++st->ended < 2 || !st->parser)
		return;
	htp_connp_close(st->parser, NULL);
	const htp_list_t *list = htp_connp_get_connection(st->parser)->transactions;
	for (size_t i = 0; i < htp_list_size(list); i++)
		print_exchange(st, htp_list_get(list, i));
	htp_connp_destroy_all(st->parser);
	free(st->waiting[CLIENT].p);
	free(st->waiting[SERVER].p);
}

static const struct dissector libhtp = {
	.name = "http", .state_size = sizeof(struct state), .max_pending = 1,
	.guess = start_guess, .data = hear_data, .gap = hear_gap, .end = hear_end,
};

/* The same others as in the program, so that the same connections are HTTP. */
extern const struct dissector amqp_dissector, tls_dissector;
const struct dissector *const dissectors[] = { &amqp_dissector, &libhtp, &tls_dissector, 0 };

/* ---- the program ---- */

static void configure(void)
{
	config = must_have(htp_config_create());
	htp_config_set_server_personality(config, HTP_SERVER_IDS);
	htp_config_set_response_decompression(config, 0);
	htp_config_set_field_limits(config, LINE_MAX_HTP, LINE_MAX_HTP);
	htp_config_set_allow_space_uri(config, 1);
	htp_config_set_log_level(config, HTP_LOG_NONE);
}

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
		fprintf(stderr, "usage: libhtp CAPTURE\n");
		return 2;
	}
	configure();
	struct store *store = store_open(NULL, &err);
	if (!store || !run_analysis(store, &path, 1, &options, &result, &err)) {
		trouble(err.text);
		return 3;
	}
	store_close(store);
	htp_config_destroy(config);
	return result.files_read ? 0 : 3;
}
