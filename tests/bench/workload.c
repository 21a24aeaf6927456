/* workload.c - writes a capture of a given kind and size, for measuring.
 *
 *   workload KIND MB > FILE.pcap
 *
 * The kinds (see `kinds` below) have the packet sizes, connections and messages of captures of
 * real servers under load that were measured for docs/PERFORMANCE.md, and none of their disorder:
 * no loss, nothing out of order, few words. The same arguments give the same bytes.
 *
 * A connection is a function that writes its next packets and says when to call it again. Those
 * that are open wait in a heap, the next one first; new ones are opened until so many bytes are
 * written, and then all come to their end. Memory is that of the open ones.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum side { CLIENT, SERVER };
enum { DONE = 0, SECOND_US = 1000000, TSO_BYTES = 65160, MTU_BYTES = 1448, MAX_OPEN = 4096 };

/* Bytes that are to be written of a kind: all, and those that are left. */
struct share { int64_t whole, left; };

struct conn {
	uint64_t at_us;                     /* when it goes on */
	uint32_t nr, step;
	uint32_t ip[2], seq[2];             /* by enum side; seq: the next that it sends */
	uint16_t port[2];
	uint32_t turn, left;                /* exchanges so far; bytes left of a body */
	struct share *share;                /* of its kind */
	const struct kind *kind;
};

/* `step` writes packets and gives the microseconds until the next call; DONE: it has ended. */
struct kind {
	const char *name, *what;
	unsigned    open, every_us;         /* at most so many at a time; one more so often */
	uint32_t    net;                    /* addresses of its own */
	int         mixed;                  /* hundredths of the kind "mixed" */
	uint32_t  (*step)(struct conn *);
};

static uint64_t now_us;                 /* times never go back */

/* ---- packets ---- */

static uint8_t *put16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static unsigned ip_checksum(const uint8_t *p)
{
	uint32_t sum = 0;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

/* What Linux offers in a SYN, or the timestamps alone (RFC 7323). */
static uint8_t *options_put(uint8_t *p, const struct conn *c, enum side from, unsigned flags)
{
	if (flags & SYN) {
		memcpy(p, "\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07", 10);
		p += 10;
	}
	p = put16(p, 0x0101);
	p = put16(p, 0x080a);
	p = put32(p, (uint32_t)(c->at_us / 1000) + (from == SERVER ? 900000 : 0));
	return put32(p, flags & SYN && from == CLIENT ? 0 : (uint32_t)(c->at_us / 1000) + (from == CLIENT ? 900000 : 0));
}

/* A segment with `n` bytes, of which the checksum is left to the network card, as in captures
 * of the sender's host. */
static void send(struct conn *c, enum side from, unsigned flags, const void *payload, size_t n)
{
	static uint8_t frame[14 + 40 + 40 + TSO_BYTES];
	uint8_t *ip = frame + 14, *tcp = ip + 20, *p = ip;
	enum side to = !from;
	memcpy(frame, from == CLIENT ? "\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" : "\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0", 14);
	size_t head = flags & SYN ? 42 : 32;
	head += head % 4 ? 2 : 0;
	p = put16(p, 0x4500);
	p = put16(p, (unsigned)(20 + head + n));
	p = put32(p, (c->nr * 31u + c->seq[from]) << 16 | 0x4000);
	p = put32(p, 0x40060000);
	p = put32(p, c->ip[from]);
	p = put32(p, c->ip[to]);
	put16(ip + 10, ip_checksum(ip));
	p = put16(p, c->port[from]);
	p = put16(p, c->port[to]);
	p = put32(p, c->seq[from]);
	p = put32(p, flags & ACK ? c->seq[to] : 0);
	p = put16(p, (unsigned)(head / 4) << 12 | flags);
	p = put16(p, 64240);
	p = put32(p, 0);
	p = options_put(p, c, from, flags);
	while (p < tcp + head)
		*p++ = 0;
	memcpy(p, payload, n);
	uint32_t size = (uint32_t)(14 + 20 + head + n);
	now_us = c->at_us > now_us ? c->at_us : now_us;
	c->at_us = now_us;
	const uint32_t record[4] = { (uint32_t)(1700000000 + c->at_us / SECOND_US), (uint32_t)(c->at_us % SECOND_US), size, size };
	fwrite(record, sizeof record, 1, stdout);
	fwrite(frame, size, 1, stdout);
	c->share->left -= (int64_t)(sizeof record + size);
	c->seq[from] += (uint32_t)n + (flags & (SYN | FIN) ? 1 : 0);
	c->at_us += 20;
}

static void say(struct conn *c, enum side from, const char *text)
{
	send(c, from, PSH | ACK, text, strlen(text));
}

static void shake_hands(struct conn *c)
{
	send(c, CLIENT, SYN, "", 0);
	send(c, SERVER, SYN | ACK, "", 0);
	send(c, CLIENT, ACK, "", 0);
}

static void close_from(struct conn *c, enum side first)
{
	send(c, first, FIN | ACK, "", 0);
	send(c, !first, FIN | ACK, "", 0);
	send(c, first, ACK, "", 0);
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x45d9f3bu;
	x = (x ^ x >> 16) * 0x45d9f3bu;
	return x ^ x >> 16;
}

/* Letters for bodies. */
static const char *filler(void)
{
	static char text[TSO_BYTES + 1];
	if (!*text)
		for (size_t i = 0; i < TSO_BYTES; i++)
			text[i] = (char)('a' + i % 26);
	return text;
}

/* ---- HTTP ---- */

/* A request and its response of 400 to 2000 bytes; every eighth is another method or a 404. */
static void http_exchange(struct conn *c)
{
	char text[2500];
	uint32_t r = mix(c->nr * 1009 + c->turn);
	const char *method = r % 16 == 0 ? "DELETE" : "GET";
	snprintf(text, sizeof text, "%s /api/items/%u HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: load/4.1\r\n"
	         "Accept: application/json\r\n\r\n", method, r % 5000);
	say(c, CLIENT, text);
	int missing = r % 16 == 1, body = missing ? 153 : (int)(400 + r % 1600);
	snprintf(text, sizeof text, "HTTP/1.1 %s\r\nServer: nginx/1.22.1\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
	         "Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%.*s",
	         missing ? "404 Not Found" : "200 OK", body, body, filler());
	c->at_us += 100 + r % 900;
	if (strlen(text) > MTU_BYTES) {
		send(c, SERVER, ACK, text, MTU_BYTES);
		say(c, SERVER, text + MTU_BYTES);
	} else {
		say(c, SERVER, text);
	}
	c->turn++;
}

static uint32_t small_step(struct conn *c)
{
	if (c->step++ == 0) {
		shake_hands(c);
	} else if (c->turn < 1000 && c->share->left > 0) {
		http_exchange(c);
		if (c->turn % 2)
			send(c, CLIENT, ACK, "", 0);
	} else {
		close_from(c, CLIENT);
		return DONE;
	}
	return 60;
}

/* One download; segments of `n` bytes, an acknowledgement of several. */
static uint32_t bulk_step(struct conn *c, size_t n, unsigned acked_every)
{
	char head[200];
	if (c->step++ == 0) {
		shake_hands(c);
		say(c, CLIENT, "GET /file.bin HTTP/1.1\r\nHost: files.example\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
		uint32_t part = (uint32_t)(c->share->whole / 40);
		c->left = part + mix(c->nr) % (part + 1);
		snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: application/octet-stream\r\n"
		         "Content-Length: %u\r\n\r\n", c->left);
		say(c, SERVER, head);
	} else if (c->left > 0) {
		size_t part = c->left < n ? c->left : n;
		send(c, SERVER, ACK, filler(), part);
		c->left -= (uint32_t)part;
		if (c->step % acked_every == 0)
			send(c, CLIENT, ACK, "", 0);
	} else {
		close_from(c, CLIENT);
		return DONE;
	}
	return 12;
}

static uint32_t bulk_mtu_step(struct conn *c) { return bulk_step(c, MTU_BYTES, 12); }
static uint32_t bulk_tso_step(struct conn *c) { return bulk_step(c, TSO_BYTES, 1); }

/* A request on a connection of its own; a server that closes. */
static uint32_t short_step(struct conn *c)
{
	shake_hands(c);
	say(c, CLIENT, "GET /tiny.txt HTTP/1.0\r\nHost: 10.77.0.1\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n");
	say(c, SERVER, "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
	               "Content-Type: text/plain\r\nContent-Length: 12\r\nLast-Modified: Tue, 14 Nov 2023 20:00:00 GMT\r\n"
	               "Connection: close\r\nETag: \"6553d3a0-c\"\r\nAccept-Ranges: bytes\r\n\r\nhello world\n");
	close_from(c, SERVER);
	return DONE;
}

/* One connection to three SYNs that nobody answers. */
static uint32_t flows_step(struct conn *c)
{
	if (c->nr % 4 == 0)
		return short_step(c);
	c->ip[CLIENT] += 1 << 16;
	c->port[SERVER] = (uint16_t)(mix(c->nr) % 10 < 7 ? 80 : 1 + mix(c->nr) % 60000);
	send(c, CLIENT, SYN, "", 0);
	return DONE;
}

/* A server that refuses one in three. */
static uint32_t refused_step(struct conn *c)
{
	if (c->nr % 3)
		return short_step(c);
	send(c, CLIENT, SYN, "", 0);
	send(c, SERVER, RST | ACK, "", 0);
	return DONE;
}

/* Kept alive for a minute after one answer, then closed by the server; one in four is used
 * again too late and reset. */
static uint32_t idle_step(struct conn *c)
{
	switch (c->step++) {
	case 0:
		shake_hands(c);
		http_exchange(c);
		send(c, CLIENT, ACK, "", 0);
		return 60 * SECOND_US + mix(c->nr) % 5000;
	case 1:
		send(c, SERVER, FIN | ACK, "", 0);
		send(c, CLIENT, ACK, "", 0);
		return 10 * SECOND_US;
	default:
		if (c->nr % 4)
			send(c, CLIENT, FIN | ACK, "", 0);
		else
			say(c, CLIENT, "GET /late HTTP/1.1\r\nHost: shop.example\r\n\r\n");
		send(c, SERVER, c->nr % 4 ? ACK : RST, "", 0);
		return DONE;
	}
}

/* ---- AMQP 0-9-1 ---- */

struct text { uint8_t bytes[4096]; size_t n; };

static void text_put(struct text *t, const void *bytes, size_t n)
{
	memcpy(t->bytes + t->n, bytes, n);
	t->n += n;
}

/* A frame around `n` bytes of payload (specification, 4.2.3). */
static void frame_put(struct text *t, int type, unsigned channel, const void *payload, size_t n)
{
	uint8_t head[7] = { (uint8_t)type };
	put32(put16(head + 1, channel), (uint32_t)n);
	text_put(t, head, sizeof head);
	text_put(t, payload, n);
	text_put(t, "\xce", 1);
}

/* A method without arguments, or with those given. */
static void method_put(struct text *t, unsigned channel, unsigned class, unsigned method, const void *arguments, size_t n)
{
	uint8_t payload[600];
	memcpy(put16(put16(payload, class), method), arguments, n);
	frame_put(t, 1, channel, payload, n + 4);
}

static void tagged_put(struct text *t, unsigned method, const char *before, size_t before_n, uint32_t tag, const char *after, size_t after_n)
{
	uint8_t arguments[300] = { 0 };
	memcpy(arguments, before, before_n);
	put32(arguments + before_n + 4, tag);
	memcpy(arguments + before_n + 8, after, after_n);
	method_put(t, 1, 60, method, arguments, before_n + 8 + after_n);
}

/* A content's header and its body (2.3.5.2). */
static void content_put(struct text *t, size_t n)
{
	uint8_t head[14] = { 0, 60 };
	put32(head + 8, (uint32_t)n);
	frame_put(t, 2, 1, head, sizeof head);
	frame_put(t, 3, 1, filler(), n);
}

static void text_send(struct conn *c, enum side from, struct text *t)
{
	send(c, from, PSH | ACK, t->bytes, t->n);
	t->n = 0;
}

/* From the protocol's header to an open channel, with confirms for who publishes. */
static void amqp_open(struct conn *c, int publishes)
{
	struct text t = { .n = 0 };
	send(c, CLIENT, PSH | ACK, "AMQP\0\0\x09\x01", 8);
	method_put(&t, 0, 10, 10, "\0\x09\0\0\0\0\0\0\0\5PLAIN\0\0\0\5en_US", 24);
	text_send(c, SERVER, &t);
	method_put(&t, 0, 10, 11, "\0\0\0\0\5PLAIN\0\0\0\0\5en_US", 20);
	text_send(c, CLIENT, &t);
	method_put(&t, 0, 10, 30, "\x07\xff\0\2\0\0\0\x3c", 8);
	text_send(c, SERVER, &t);
	method_put(&t, 0, 10, 31, "\x07\xff\0\2\0\0\0\x3c", 8);
	method_put(&t, 0, 10, 40, "\1/\0\0", 4);
	text_send(c, CLIENT, &t);
	method_put(&t, 0, 10, 41, "\0", 1);
	text_send(c, SERVER, &t);
	method_put(&t, 1, 20, 10, "\0", 1);
	text_send(c, CLIENT, &t);
	method_put(&t, 1, 20, 11, "\0\0\0\0", 4);
	text_send(c, SERVER, &t);
	if (publishes) {
		method_put(&t, 1, 85, 10, "\0", 1);
		text_send(c, CLIENT, &t);
		method_put(&t, 1, 85, 11, "", 0);
	} else {
		method_put(&t, 1, 60, 20, "\0\0\6orders\5ctag1\0\0\0\0\0", 20);
		text_send(c, CLIENT, &t);
		method_put(&t, 1, 60, 21, "\5ctag1", 6);
	}
	text_send(c, SERVER, &t);
}

static void amqp_close(struct conn *c)
{
	struct text t = { .n = 0 };
	method_put(&t, 0, 10, 50, "\0\xc8\7Goodbye\0\0\0\0", 14);
	text_send(c, CLIENT, &t);
	method_put(&t, 0, 10, 51, "", 0);
	text_send(c, SERVER, &t);
	close_from(c, CLIENT);
}

/* One message or two: published and confirmed, or delivered and acknowledged. */
static void amqp_message(struct conn *c, int publishes)
{
	struct text told = { .n = 0 }, settled = { .n = 0 };
	for (uint32_t n = 1 + mix(c->turn) % 2; n; n--) {
		if (publishes) {
			method_put(&told, 1, 60, 40, "\0\0\0\6orders\0", 11);
			tagged_put(&settled, 80, "", 0, ++c->turn, "\0", 1);
		} else {
			tagged_put(&told, 60, "\5ctag1", 6, ++c->turn, "\0\0\6orders", 9);
			tagged_put(&settled, 80, "", 0, c->turn, "\0", 1);
		}
		content_put(&told, 160 + mix(c->turn) % 200);
	}
	text_send(c, publishes ? CLIENT : SERVER, &told);
	text_send(c, publishes ? SERVER : CLIENT, &settled);
	if (c->turn % 2)
		send(c, publishes ? CLIENT : SERVER, ACK, "", 0);
}

static uint32_t amqp_step(struct conn *c)
{
	int publishes = c->nr % 2 == 0;
	if (c->step++ == 0) {
		shake_hands(c);
		amqp_open(c, publishes);
	} else if (c->share->left > 0) {
		amqp_message(c, publishes);
	} else {
		amqp_close(c);
		return DONE;
	}
	return 80;
}

/* A connection for each message. */
static uint32_t amqp_churn_step(struct conn *c)
{
	int publishes = c->nr % 2 == 0;
	shake_hands(c);
	amqp_open(c, publishes);
	amqp_message(c, publishes);
	amqp_close(c);
	return DONE;
}

/* ---- all of them ---- */

static const struct kind kinds[] = {
	{ "http-small", "64 connections, a thousand exchanges each", 64, 40, 0x0a000000, 33, small_step },
	{ "http-bulk-mtu", "downloads in segments of 1448 bytes", 4, 5000, 0x0a400000, 22, bulk_mtu_step },
	{ "http-bulk-tso", "downloads in segments of up to 64 KiB", 4, 5000, 0x0a500000, 22, bulk_tso_step },
	{ "amqp", "8 connections that publish or consume, each message acknowledged", 8, 500, 0x0a600000, 8, amqp_step },
	{ "many-flows", "a connection for each request, and three unanswered SYNs to each", 64, 100, 0x0a800000, 15, flows_step },
	{ "refused", "the same to one server, which refuses a third", 64, 100, 0x0ac00000, 0, refused_step },
	{ "idle-closes", "connections that a server closes after a minute", MAX_OPEN, 20000, 0x0ad00000, 0, idle_step },
	{ "amqp-churn", "an AMQP connection for each message", 64, 300, 0x0ae00000, 0, amqp_churn_step },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct conn *heap[KINDS * MAX_OPEN];
static size_t heap_n;

static void heap_put(struct conn *c)
{
	size_t i = heap_n++;
	for (; i && heap[(i - 1) / 2]->at_us > c->at_us; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = c;
}

static struct conn *heap_take(void)
{
	struct conn *first = heap[0], *last = heap[--heap_n];
	size_t i = 0, child;
	while ((child = 2 * i + 1) < heap_n) {
		child += child + 1 < heap_n && heap[child + 1]->at_us < heap[child]->at_us;
		if (heap[child]->at_us >= last->at_us)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

/* The nr-th of its kind: another port each time, and another client for every 50,000. */
static void conn_open(const struct kind *kind, struct share *share, uint32_t nr, uint64_t at_us)
{
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		exit(70);
	int amqp = kind->step == amqp_step || kind->step == amqp_churn_step;
	*c = (struct conn){ .at_us = at_us, .nr = nr, .kind = kind, .share = share,
	                    .ip = { kind->net + 0x101 + nr % 20 + (nr / 1200000 << 8), kind->net + 1 },
	                    .port = { (uint16_t)(1024 + nr / 20 % 60000), amqp ? 5672 : 80 },
	                    .seq = { mix(nr), mix(nr + 77) } };
	heap_put(c);
}

/* What is known of each kind while it runs. */
static struct { struct share share; uint64_t next_us; uint32_t opened, open; } state[KINDS];

/* The kind that opens a connection next; KINDS: none does. */
static size_t kind_due(void)
{
	size_t due = KINDS;
	for (size_t i = 0; i < KINDS; i++)
		if (state[i].share.left > 0 && state[i].open < kinds[i].open
		    && (due == KINDS || state[i].next_us < state[due].next_us))
			due = i;
	return due;
}

static void conn_go_on(struct conn *c)
{
	size_t k = (size_t)(c->kind - kinds);
	uint32_t wait_us = c->kind->step(c);
	c->at_us += wait_us;
	if (wait_us != DONE) {
		heap_put(c);
		return;
	}
	if (state[k].next_us < c->at_us)
		state[k].next_us = c->at_us;
	state[k].open--;
	free(c);
}

static void run(void)
{
	for (;;) {
		size_t k = kind_due();
		if (k < KINDS && (!heap_n || state[k].next_us <= heap[0]->at_us)) {
			conn_open(&kinds[k], &state[k].share, state[k].opened++, state[k].next_us);
			state[k].next_us += kinds[k].every_us;
			state[k].open++;
		}
		if (!heap_n)
			return;
		conn_go_on(heap_take());
	}
}

static int usage(void)
{
	fprintf(stderr, "usage: workload KIND MB > FILE.pcap\n");
	for (size_t i = 0; i < KINDS; i++)
		fprintf(stderr, "  %-15s  %s\n", kinds[i].name, kinds[i].what);
	fprintf(stderr, "  %-15s  %s\n", "mixed", "the first five at once");
	return 2;
}

int main(int argc, char **argv)
{
	const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };
	int64_t bytes = argc == 3 ? strtoll(argv[2], NULL, 10) * 1000000 : 0, known = 0;
	for (size_t i = 0; bytes > 0 && i < KINDS; i++) {
		int hundredths = strcmp(argv[1], "mixed") == 0 ? kinds[i].mixed : strcmp(argv[1], kinds[i].name) == 0 ? 100 : 0;
		state[i].share.whole = state[i].share.left = bytes / 100 * hundredths;
		known += hundredths;
	}
	if (!known)
		return usage();
	fwrite(head, sizeof head, 1, stdout);
	run();
	return fflush(stdout) != 0 || ferror(stdout);
}
