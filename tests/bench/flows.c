/* flows.c - writes a capture of very many short HTTP connections, for measuring what grows with
 * their number: ten packets each, to forty servers, over an hour.
 *
 *   flows FLOWS > FILE.pcap
 *
 * One connection in a hundred is reset by the server after its request, one in two hundred is
 * silent for a minute before its request, one in fifty asks for /health; many are open at the
 * same time. The same number gives the same bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVERS = 40, CLIENTS = 5000, STEPS = 10, FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { HOUR_US = 3600 * 1000000LL / 1000 };      /* thousandths of an hour's microseconds */

static const char get_page[] = "GET /cart/items?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: load/1.0\r\n\r\n";
static const char get_health[] = "GET /health HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: probe/1.0\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n";

/* A segment that waits to be written. */
struct due { uint64_t us; uint32_t flow; uint8_t step; };

static int by_time(const void *va, const void *vb)
{
	const struct due *a = va, *b = vb;
	if (a->us != b->us)
		return a->us < b->us ? -1 : 1;
	return a->flow != b->flow ? (a->flow < b->flow ? -1 : 1) : a->step - b->step;
}

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

/* The header of a record is in the machine's byte order (libpcap's file format). */
static void record_write(const struct due *d, const uint8_t *frame, size_t n)
{
	const uint32_t head[4] = { (uint32_t)(1700000000 + d->us / 1000000), (uint32_t)(d->us % 1000000), (uint32_t)n, (uint32_t)n };
	fwrite(head, sizeof head, 1, stdout);
	fwrite(frame, n, 1, stdout);
}

static void segment_write(const struct due *d, int to_server, unsigned flags, uint32_t seq, uint32_t ack, const char *payload)
{
	uint8_t frame[512] = "\x02\0\0\0\0\1\2\0\0\0\0\2\x08\0", *p = frame + 14;
	uint32_t client = 0x0a010000u + d->flow % CLIENTS, server = 0x0a020000u + d->flow / 7 % SERVERS;
	unsigned port = 1024 + d->flow / CLIENTS * 13 % 60000, ports[2] = { port, 80 };
	size_t n = strlen(payload);
	p = put16(p, 0x4500);
	p = put16(p, (unsigned)(40 + n));
	p = put32(p, (d->flow * 31u + d->step) << 16 | 0x4000);
	p = put32(p, 0x40060000);
	p = put32(p, to_server ? client : server);
	p = put32(p, to_server ? server : client);
	p = put16(p, ports[!to_server]);
	p = put16(p, ports[to_server]);
	p = put32(p, seq);
	p = put32(p, ack);
	p = put16(p, 0x5000 | flags);
	p = put16(p, 64240);
	p = put32(p, 0);
	memcpy(p, payload, n);
	record_write(d, frame, (size_t)(p - frame) + n);
}

static void step_write(const struct due *d)
{
	const char *request = d->flow % 50 == 49 ? get_health : get_page, *answer = response;
	uint32_t c = d->flow * 2654435761u, s = d->flow * 40503u + 7, sent = (uint32_t)strlen(request), got = (uint32_t)strlen(answer);
	int cut = d->flow % 100 == 99;
	switch (d->step) {
	case 0: segment_write(d, 1, SYN, c, 0, ""); return;
	case 1: segment_write(d, 0, SYN | ACK, s, c + 1, ""); return;
	case 2: segment_write(d, 1, ACK, c + 1, s + 1, ""); return;
	case 3: segment_write(d, 1, PSH | ACK, c + 1, s + 1, request); return;
	case 4: segment_write(d, 0, ACK | (cut ? RST : 0), s + 1, c + 1 + sent, ""); return;
	default: break;
	}
	if (cut)
		return;
	switch (d->step) {
	case 5: segment_write(d, 0, PSH | ACK, s + 1, c + 1 + sent, answer); break;
	case 6: segment_write(d, 1, ACK, c + 1 + sent, s + 1 + got, ""); break;
	case 7: segment_write(d, 0, FIN | ACK, s + 1 + got, c + 1 + sent, ""); break;
	case 8: segment_write(d, 1, FIN | ACK, c + 1 + sent, s + 2 + got, ""); break;
	default: segment_write(d, 0, ACK, s + 2 + got, c + 2 + sent, ""); break;
	}
}

int main(int argc, char **argv)
{
	static const unsigned at_us[STEPS] = { 0, 210, 400, 900, 1100, 9000, 9300, 12000, 12400, 12700 };
	const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };
	size_t flows = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct due *due = flows && flows < UINT32_MAX / STEPS ? calloc(flows * STEPS, sizeof *due) : NULL;
	if (!due) {
		fprintf(stderr, "usage: flows FLOWS > FILE.pcap\n");
		return 2;
	}
	for (size_t i = 0; i < flows * STEPS; i++) {
		uint32_t flow = (uint32_t)(i / STEPS);
		unsigned step = (unsigned)(i % STEPS);
		uint64_t begin = (uint64_t)flow * HOUR_US / flows * 1000, pause = flow % 200 == 150 && step > 2 ? 60000000 : 0;
		due[i] = (struct due){ begin + at_us[step] + flow * 7919u % 97 + pause, flow, (uint8_t)step };
	}
	qsort(due, flows * STEPS, sizeof *due, by_time);
	fwrite(head, sizeof head, 1, stdout);
	for (size_t i = 0; i < flows * STEPS; i++)
		step_write(&due[i]);
	free(due);
	return fflush(stdout) != 0 || ferror(stdout);
}
