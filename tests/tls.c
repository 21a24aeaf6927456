/* tls.c - what the TLS dissector says of records, however they are cut. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "limits.h"
#include "stream.h"

int check_failed;
extern const struct dissector tls_dissector;

struct sink {
	char          text[4096];
	size_t        n;
	unsigned      records, anomalies;
	uint64_t      anomaly_off;
	struct stream stream[2];
};

__attribute__((format(printf, 2, 3)))
static void say(struct sink *k, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(k->text + k->n, sizeof k->text - k->n, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof k->text - k->n)
		k->n += (size_t)n;
}

void sink_tls_record(struct sink *k, enum side side, uint64_t off, size_t n)
{
	k->records++;
	say(k, "%d %llu record %zu\n", (int)side, (unsigned long long)off, n);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	k->anomalies++;
	k->anomaly_off = off;
	say(k, "%d %llu ! %s\n", (int)side, (unsigned long long)off, what);
}

/* A record's head, and its fragment of zeroes. */
static size_t record_put(uint8_t *to, unsigned type, size_t n)
{
	const uint8_t head[] = { (uint8_t)type, 3, 3, (uint8_t)(n >> 8), (uint8_t)n };
	memcpy(to, head, sizeof head);
	memset(to + sizeof head, 0, n);
	return sizeof head + n;
}

static struct sink *sink_new(void)
{
	struct sink *k = calloc(1, sizeof *k);
	void *state = calloc(1, tls_dissector.state_size);
	for (int side = CLIENT; side <= SERVER; side++)
		k->stream[side] = (struct stream){ .dissector = &tls_dissector, .state = state,
		                                   .sink = k, .side = (enum side)side };
	return k;
}

static void sink_free(struct sink *k)
{
	for (int side = CLIENT; side <= SERVER; side++) {
		stream_end(&k->stream[side], END_FIN);
		stream_free(&k->stream[side]);
	}
	free(k->stream[CLIENT].state);
	free(k);
}

static void feed(struct sink *k, const uint8_t *p, size_t n, size_t piece)
{
	const struct mark mark = { 1, 1 };
	for (size_t at = 0; at < n; at += piece) {
		size_t m = n - at < piece ? n - at : piece;
		uint8_t *exact = malloc(m);              /* ASan sees a read beyond it */
		memcpy(exact, p + at, m);
		stream_data(&k->stream[CLIENT], (struct bytes){ exact, m }, mark, mark);
		free(exact);
	}
}

/* Small and large records; then a hole, the rest of a record, and another; rubbish. */
static void test_records(void)
{
	static const char said[] = "0 0 record 96\n0 303 record 25\n0 393 record 30\n";
	for (size_t piece = 1; piece < 500; piece++) {
		uint8_t p[512];
		struct sink *k = sink_new();
		size_t n = record_put(p, 23, LIMIT_TLS_SMALL);
		n += record_put(p + n, 23, LIMIT_TLS_SMALL + 1);
		n += record_put(p + n, 22, 95);
		n += record_put(p + n, 23, 25);
		feed(k, p, n, piece);
		stream_gap(&k->stream[CLIENT], 10, (struct mark){ 1, 1 });
		memset(p, 0, 50);
		n = 50 + record_put(p + 50, 23, 30);
		memset(p + n, 'x', 20);
		feed(k, p, n + 20, piece);
		CHECK(strcmp(k->text, said) == 0);
		if (strcmp(k->text, said) != 0)
			fprintf(stderr, "in pieces of %zu:\n%s", piece, k->text);
		sink_free(k);
	}
}

static void test_rubbish(void)
{
	static const uint8_t not_tls[] = "\x16\x03\x01\0\x01" "x" "GET / HTTP/1.1";
	struct sink *k = sink_new();
	feed(k, not_tls, sizeof not_tls - 1, 3);
	CHECK(strcmp(k->text, "0 6 ! not a TLS record\n") == 0);
	sink_free(k);
}

static void test_guess(void)
{
	static const struct { const char *head; size_t n; bool at_start; enum guess guess; } guesses[] = {
#define HEAD(s) s, sizeof s - 1
		{ HEAD("\x16\x03\x01\0\x80\x01"), true, GUESS_SENT_BY_CLIENT },
		{ HEAD("\x16\x03\x03\0\x80\x02"), true, GUESS_SENT_BY_SERVER },
		{ HEAD("\x16\x03\x03\0\x80\x0b"), true, GUESS_NO },
		{ HEAD("\x16\x03"), true, GUESS_MORE },
		{ HEAD("\x16\x07"), true, GUESS_NO },
		{ HEAD("\x17\x03\x03\0\x02" "ab"), true, GUESS_NO },
		{ HEAD("\x17\x03\x03\0\x02" "ab"), false, GUESS_SENT_BY_EITHER },
		{ HEAD("\x17\x03\x03\0\x02" "abc"), false, GUESS_NO },
		{ HEAD("\x17\x03\x03\0\x02" "ab\x15\x03\x03\0\x02"), false, GUESS_SENT_BY_EITHER },
	};
	for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
		struct bytes head = { (const uint8_t *)guesses[i].head, guesses[i].n };
		CHECK(tls_dissector.guess(head, guesses[i].at_start) == guesses[i].guess);
	}
}

/* As many as the limit are told; of those beyond it, where they begin. */
static void test_limits(void)
{
	uint8_t p[64];
	size_t n = record_put(p, 23, 25);
	struct sink *k = sink_new();
	for (unsigned i = 0; i < LIMIT_TLS_RECORDS; i++)
		feed(k, p, n, n);
	CHECK(k->records == LIMIT_TLS_RECORDS && k->anomalies == 0);
	for (unsigned i = 0; i < 3; i++)
		feed(k, p, n, n);
	CHECK(k->records == LIMIT_TLS_RECORDS && k->anomalies == 1);
	CHECK(k->anomaly_off == LIMIT_TLS_RECORDS * (uint64_t)n);
	sink_free(k);
}

int main(void)
{
	test_records();
	test_rubbish();
	test_guess();
	test_limits();
	return check_failed != 0;
}
