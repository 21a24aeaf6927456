/* amqp.c - what the AMQP dissector says of bytes, however they are cut.
 *
 * Each row is fed through the stream whole, and then in every piece size, in
 * heap blocks of exactly that size, and must tell the same story. A mark shows
 * as its offset in the stream: no segment has a say in it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "amqp_methods.h"
#include "check.h"
#include "limits.h"
#include "stream.h"

int check_failed;
extern const struct dissector amqp_dissector;

/* ---- the sink: a transcript ---- */

struct sink {
	char          text[1 << 16];
	size_t        n;
	struct stream stream[2];
	char          capabilities[512];         /* the server's */
	bool          secrets, tell_connection;
	int64_t       channel_rows, publishes;
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

static char who(int side) { return side == CLIENT ? 'C' : side == SERVER ? 'S' : '-'; }

static const char *text_or_empty(const char *text) { return text ? text : ""; }

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge,
               struct mark *mark)
{
	stream_mark(&k->stream[side], off, edge, mark);
	CHECK(mark->frame != 0);                     /* the dissector asks for none ahead */
	mark->frame = off;
}

void sink_amqp_connection(struct sink *k, const struct amqp_connection *c)
{
	snprintf(k->capabilities, sizeof k->capabilities, "%s", c->capabilities);
	if (!k->tell_connection)
		return;
	say(k, "connection %s [%s %s %s] [%s %s %s] name=%s %s vhost=%s user=%s blocked=%d\n"
	    " heartbeat %lld %lld %lld frame_max %lld channel_max %lld opened %llu\n",
	    c->version, c->product, c->product_version, c->platform,
	    c->client_product, c->client_version, c->client_platform, c->connection_name,
	    c->mechanism, c->vhost, c->user, c->client_capable_of_blocked,
	    (long long)c->server_heartbeat_s, (long long)c->client_heartbeat_s,
	    (long long)c->heartbeat_s, (long long)c->frame_max, (long long)c->channel_max,
	    (unsigned long long)c->opened.frame);
	say(k, " close %c %d [%s] %d.%d at %llu ok %llu\n", who(c->close_sender), c->close_code,
	    c->close_text, c->close_class, c->close_method, (unsigned long long)c->close.frame,
	    (unsigned long long)c->close_ok.frame);
}

/* Only what is not 0, so that rows stay short. */
void sink_amqp_channel(struct sink *k, const struct amqp_channel *c)
{
	const struct { const char *name; int64_t n; } counts[] = {
		{ "publishes", c->publishes }, { "returns", c->returns }, { "confirms", c->confirms },
		{ "server_nacks", c->nacks_from_server }, { "deliveries", c->deliveries },
		{ "gets", c->gets }, { "empty", c->get_empty }, { "acks", c->acks },
		{ "nacks", c->nacks }, { "rejects", c->rejects }, { "redeliveries", c->redeliveries },
		{ "unacked", c->unacked_now }, { "unacked_max", c->unacked_max },
		{ "consumers", c->consumers }, { "cancels", c->cancels_from_server },
		{ "prefetch", c->prefetch + 1 },
	};
	k->channel_rows++;
	k->publishes += c->publishes;
	say(k, "channel %d", c->channel);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (counts[i].n)
			say(k, " %s=%lld", counts[i].name, (long long)counts[i].n
			    - (i == sizeof counts / sizeof *counts - 1));
	if (c->opened.frame)
		say(k, " opened %llu", (unsigned long long)c->opened.frame);
	if (c->closed.frame)
		say(k, " closed %llu", (unsigned long long)c->closed.frame);
	if (c->close_sender != NONE)
		say(k, " by %c %d [%s]%s", who(c->close_sender), c->close_code, c->close_text,
		    text_or_empty(c->close_cause));
	say(k, "\n");
}

void sink_amqp_method(struct sink *k, const struct amqp_method *m)
{
	say(k, "%c%d %llu-%llu %s", who((int)m->sender), m->channel, (unsigned long long)m->begin.frame,
	    (unsigned long long)m->end.frame, m->name);
	if (m->detail && *m->detail)
		say(k, " %s", m->detail);
	if (m->code != NONE)
		say(k, " (%d)", m->code);
	if (m->tag != NONE && !strstr(text_or_empty(m->detail), "delivery_tag"))
		say(k, " #%lld%s", (long long)m->tag, m->multiple ? "-" : "");
	CHECK(m->begin_off == m->begin.frame && m->end_off == m->end.frame);
	say(k, "\n");
}

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	say(k, "%c %llu heartbeat %s\n", who((int)side), (unsigned long long)off, protocol);
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	say(k, "%c %llu ! %s\n", who((int)side), (unsigned long long)off, what);
}

void sink_skipped(struct sink *k, enum side side, struct mark from, uint64_t off, uint64_t bytes,
                  const char *what)
{
	CHECK(from.frame == off);
	say(k, "%c %llu ! %s: %llu\n", who((int)side), (unsigned long long)off, what,
	    (unsigned long long)bytes);
}

bool sink_shows_secrets(const struct sink *k) { return k->secrets; }

/* ---- feeding ---- */

enum { RAW = 0, METHOD = 1, HEADER = 2, BODY = 3, GAP = 255 };

/* What one side sends next: a frame around the payload, plain bytes, or a hole. */
struct part { enum side side; int what; unsigned channel; const char *bytes; size_t n; };

static void feed(struct sink *k, enum side side, const uint8_t *p, size_t n, size_t piece)
{
	const struct mark mark = { 1, 1 };
	for (size_t at = 0; at < n; at += piece) {
		size_t m = n - at < piece ? n - at : piece;
		uint8_t *exact = malloc(m);          /* ASan sees a read beyond it */
		memcpy(exact, p + at, m);
		stream_data(&k->stream[side], (struct bytes){ exact, m }, mark, mark);
		free(exact);
	}
}

static void feed_part(struct sink *k, const struct part *part, size_t piece)
{
	size_t n = 0, size = part->n;
	if (part->what == GAP) {
		stream_gap(&k->stream[part->side], part->n, (struct mark){ 1, 1 });
		return;
	}
	uint8_t *p = malloc(size + 8);
	if (part->what != RAW) {
		p[n++] = (uint8_t)part->what;
		p[n++] = (uint8_t)(part->channel >> 8);
		p[n++] = (uint8_t)part->channel;
		for (int shift = 24; shift >= 0; shift -= 8)
			p[n++] = (uint8_t)(size >> shift);
	}
	memcpy(p + n, part->bytes, size);
	n += size;
	if (part->what != RAW)
		p[n++] = 0xCE;
	feed(k, part->side, p, n, piece);
	free(p);
}

/* calloc'd: it is large. */
static struct sink *sink_new(void)
{
	struct sink *k = calloc(1, sizeof *k);
	void *state = calloc(1, amqp_dissector.state_size);
	for (enum side side = CLIENT; side <= SERVER; side++)
		k->stream[side] = (struct stream){
			.dissector = &amqp_dissector, .state = state, .sink = k, .side = side,
		};
	return k;
}

static void sink_end(struct sink *k)
{
	stream_end(&k->stream[CLIENT], END_FIN);
	stream_end(&k->stream[SERVER], END_CAPTURE);
}

static void sink_free(struct sink *k)
{
	free(k->stream[CLIENT].state);
	stream_free(&k->stream[CLIENT]);
	stream_free(&k->stream[SERVER]);
	free(k);
}

/* ---- rows ---- */

#define BYTES(s)         s, sizeof(s) - 1
#define C_METHOD(ch, s)  { CLIENT, METHOD, ch, BYTES(s) }
#define S_METHOD(ch, s)  { SERVER, METHOD, ch, BYTES(s) }
#define C_FRAME(t, ch, s) { CLIENT, t, ch, BYTES(s) }
#define C_RAW(s)         { CLIENT, RAW, 0, BYTES(s) }
#define S_RAW(s)         { SERVER, RAW, 0, BYTES(s) }
#define C_GAP(len)       { CLIENT, GAP, 0, "", len }
#define S_GAP(len)       { SERVER, GAP, 0, "", len }

#define GREETING    "AMQP\0\0\x09\x01"
#define HEARTBEAT   "\x08\0\0\0\0\0\0\xCE"
#define ACK_1       "\x01\0\x01\0\0\0\x0d" "\0\x3c\0\x50" "\0\0\0\0\0\0\0\x01" "\0" "\xCE"
#define CONTENT(n)  "\0\x3c\0\0" "\0\0\0\0\0\0\0" n "\0\0"
#define DELIVER(tag, again) "\0\x3c\0\x3c" "\x01" "t" "\0\0\0\0\0\0\0" tag again "\0" "\x01" "q"
#define ACK(tag, multiple)  "\0\x3c\0\x50" "\0\0\0\0\0\0\0" tag multiple
#define PUBLISH     "\0\x3c\0\x28\0\0" "\x01" "x" "\x01" "k" "\0"
#define TUNE(id, heartbeat) "\0\x0a\0" id "\x07\xff" "\0\x02\0\0" "\0" heartbeat
#define LONGSTR     "S\0\0\0"
#define START_OK(response) "\0\x0a\0\x0b" "\0\0\0\x50" \
	"\x07" "product" LONGSTR "\x04" "pika" "\x0c" "capabilities" "F\0\0\0\x15" \
	"\x12" "connection.blocked" "t\x01" "\x0f" "connection_name" LONGSTR "\x03" "app" \
	"\x05" "PLAIN" response "\x05" "en_US"

struct row { const char *name; struct part parts[16]; const char *said; };

static const struct row rows[] = {
	{ "publish with content", {
		C_RAW(GREETING), C_METHOD(1, PUBLISH), C_FRAME(HEADER, 1, CONTENT("\x05")),
		C_FRAME(BODY, 1, "hello"), C_METHOD(1, PUBLISH) },
	  "C1 8-27 basic.publish exchange=x routing_key=k\n"
	  "C1 62-81 basic.publish exchange=x routing_key=k\n"
	  "channel 1 publishes=2\n" },
	{ "deliver, ack one, nack the others", {
		C_METHOD(1, "\0\x3c\0\x0a" "\0\0\0\0" "\0\x0a" "\0"),
		S_METHOD(1, "\0\x3c\0\x15" "\x01" "t"),
		S_METHOD(1, DELIVER("\x01", "\0")), S_METHOD(1, DELIVER("\x02", "\x01")),
		S_METHOD(1, DELIVER("\x03", "\0")), C_METHOD(1, ACK("\x02", "\0")),
		C_METHOD(1, "\0\x3c\0\x78" "\0\0\0\0\0\0\0\x02" "\x03"),
		C_METHOD(1, "\0\x3c\0\x5a" "\0\0\0\0\0\0\0\x09" "\0") },
	  "C1 0-19 basic.qos prefetch_size=0 prefetch_count=10\n"
	  "S1 0-14 basic.consume-ok consumer_tag=t\n"
	  "S1 14-40 basic.deliver consumer_tag=t delivery_tag=1 routing_key=q\n"
	  "S1 40-66 basic.deliver consumer_tag=t delivery_tag=2 redelivered=1 routing_key=q\n"
	  "S1 66-92 basic.deliver consumer_tag=t delivery_tag=3 routing_key=q\n"
	  "C1 19-40 basic.ack delivery_tag=2\n"
	  "C1 40-61 basic.nack delivery_tag=2 multiple=1 requeue=1\n"
	  "C1 61-82 basic.reject delivery_tag=9 requeue=0\n"
	  "channel 1 deliveries=3 acks=1 nacks=1 rejects=1 redeliveries=1 unacked=1 unacked_max=3"
	  " consumers=1 prefetch=10\n" },
	{ "multiple 0 settles all; confirms are the server's acks", {
		S_METHOD(1, DELIVER("\x01", "\0")), S_METHOD(1, DELIVER("\x02", "\0")),
		C_METHOD(1, ACK("\0", "\x01")), S_METHOD(1, ACK("\x07", "\x01")) },
	  "S1 0-26 basic.deliver consumer_tag=t delivery_tag=1 routing_key=q\n"
	  "S1 26-52 basic.deliver consumer_tag=t delivery_tag=2 routing_key=q\n"
	  "C1 0-21 basic.ack delivery_tag=0 multiple=1\n"
	  "S1 52-73 basic.ack delivery_tag=7 multiple=1\n"
	  "channel 1 confirms=1 deliveries=2 acks=1 unacked_max=2\n" },
	{ "a consumer without acks", {
		C_METHOD(1, "\0\x3c\0\x14\0\0" "\x01" "q" "\0" "\x0a" "\0\0\0\0"),
		S_METHOD(1, DELIVER("\x01", "\0")), S_METHOD(1, DELIVER("\x02", "\0")) },
	  "C1 0-22 basic.consume queue=q no_ack=1 no_wait=1\n"
	  "S1 0-26 basic.deliver consumer_tag=t delivery_tag=1 routing_key=q\n"
	  "S1 26-52 basic.deliver consumer_tag=t delivery_tag=2 routing_key=q\n"
	  "channel 1 deliveries=2 unacked_max=1 consumers=1\n" },
	{ "get, twice empty", {
		C_METHOD(2, "\0\x3c\0\x46\0\0" "\x01" "q" "\0"), S_METHOD(2, "\0\x3c\0\x48" "\0"),
		C_METHOD(2, "\0\x3c\0\x46\0\0" "\x01" "q" "\0"), S_METHOD(2, "\0\x3c\0\x48" "\0") },
	  "C2 0-17 basic.get queue=q\nS2 0-13 basic.get-empty\n"
	  "C2 17-34 basic.get queue=q\nS2 13-26 basic.get-empty\n"
	  "channel 2 gets=2 empty=2\n" },
	{ "heartbeats", { C_RAW(HEARTBEAT), S_RAW(HEARTBEAT HEARTBEAT) },
	  "C 0 heartbeat amqp\nS 0 heartbeat amqp\nS 8 heartbeat amqp\n" },
	{ "channel error", {
		C_METHOD(3, "\0\x14\0\x0a" "\0"), S_METHOD(3, "\0\x14\0\x0b" "\0\0\0\0"),
		S_METHOD(3, "\0\x14\0\x28" "\x01\x94" "\x09" "NOT_FOUND" "\0\x32\0\x0a"),
		C_METHOD(3, "\0\x14\0\x29") },
	  "C3 0-13 channel.open\nS3 0-16 channel.open-ok\n"
	  "S3 16-44 channel.close reply_code=404 reply_text=NOT_FOUND caused_by=queue.declare (404)\n"
	  "C3 13-25 channel.close-ok\n"
	  "channel 3 opened 16 closed 25 by S 404 [NOT_FOUND]queue.declare\n" },
	{ "two channels close at once, the second without an answer", {
		S_METHOD(3, "\0\x14\0\x28" "\x01\x94" "\x01" "a" "\0\0\0\0"),
		S_METHOD(2, "\0\x14\0\x28" "\x01\x96" "\x01" "b" "\0\0\0\0") },
	  "S3 0-20 channel.close reply_code=404 reply_text=a (404)\n"
	  "S2 20-40 channel.close reply_code=406 reply_text=b (406)\n"
	  "channel 3 closed 20 by S 404 [a]\nchannel 2 closed 40 by S 406 [b]\n" },
	{ "an unroutable message comes back", {
		S_METHOD(1, "\0\x3c\0\x32" "\x01\x38" "\x08" "NO_ROUTE" "\x01" "x" "\x01" "k") },
	  "S1 0-27 basic.return reply_code=312 reply_text=NO_ROUTE exchange=x routing_key=k (312)\n"
	  "channel 1 returns=1\n" },
	{ "blocked and unblocked", {
		S_METHOD(0, "\0\x0a\0\x3c" "\x0a" "low memory"), S_METHOD(0, "\0\x0a\0\x3d") },
	  "S0 0-23 connection.blocked reason=low memory\nS0 23-35 connection.unblocked\n" },
	{ "a queue's arguments, as deep as is shown", {
		C_METHOD(1, "\0\x32\0\x0a\0\0" "\0" "\0" "\0\0\0\x1b" "\x01" "a" "F\0\0\0\x14"
		         "\x01" "b" "F\0\0\0\x0d" "\x01" "c" "A\0\0\0\x06" "V" "A\0\0\0\0") },
	  "C1 0-47 queue.declare arguments={a={b={c={void {...}}}}}\nchannel 1\n" },
	{ "a queue's arguments, nested beyond the cap", {
		C_METHOD(1, "\0\x32\0\x0a\0\0" "\x01" "q" "\x02" "\0\0\0\x3a"
		         "\x01" "n" "I\xff\xff\xff\xfe" "\x01" "v" "V" "\x01" "b" "t\x01"
		         "\x01" "a" "F\0\0\0\x25" "\x01" "b" "F\0\0\0\x1e" "\x01" "c" "A\0\0\0\x17"
		         "F\0\0\0\x12" "\x01" "d" "F\0\0\0\x0b" "\x01" "e" "F\0\0\0\x04"
		         "\x01" "f" "B\x07") },
	  "C1 0-79 queue.declare queue=q durable=1"
	  " arguments={n=-2 v=void b=true a={b={c={{...}}}}}\nchannel 1\n" },
	{ "control bytes, a method that does not fit, one that is unknown", {
		C_METHOD(1, "\0\x3c\0\x28\0\0" "\x03" "\x1b[m" "\0" "\0"),
		C_METHOD(1, "\0\x3c\0\x28\0\0" "\x09" "x"), C_METHOD(1, "\0\x63\0\x01") },
	  "C1 0-20 basic.publish exchange=?[m\n"
	  "C 20 ! method arguments do not fit\nC1 20-36 basic.publish\n"
	  "C 36 ! unknown method\nC1 36-48 unknown\nchannel 1 publishes=1\n" },
	{ "hole inside a body", {
		C_RAW("\x03\0\x01\0\0\0\x05" "he"), C_GAP(2), C_RAW("o\xCE" ACK_1) },
	  "C1 13-34 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "hole that takes a body's end octet", {
		C_RAW("\x03\0\x01\0\0\0\x05" "hell"), C_GAP(2), C_FRAME(BODY, 1, ""), C_RAW(ACK_1) },
	  "C1 21-42 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "hole across frames", {
		C_RAW(ACK_1 "\x01\0\x01"), C_GAP(30), C_RAW("\0\x3c\x01\0\x01" "\xCE" ACK_1) },
	  "C1 0-21 basic.ack delivery_tag=1\n"
	  "C 54 ! bytes skipped up to the next sure frame: 6\n"
	  "C1 60-81 basic.ack delivery_tag=1\nchannel 1 acks=2\n" },
	{ "joined midway by a lone heartbeat", {
		S_GAP(1), S_RAW(HEARTBEAT), C_GAP(1), C_RAW(HEARTBEAT) },
	  "S 1 heartbeat amqp\nC 1 heartbeat amqp\n" },
	{ "joined midway at a body, then a content header", {
		C_GAP(100), C_RAW("\x03\0\x01\0\0\0\x02" "hi" "\xCE"),
		C_FRAME(HEADER, 1, CONTENT("\x03")), C_FRAME(BODY, 1, "\x01\x02\x03"), C_RAW(ACK_1) },
	  "C 100 ! bytes skipped up to the next sure frame: 10\n"
	  "C1 143-164 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "end octet of a method is wrong", {
		C_RAW("\x01\0\x01\0\0\0\x04" "\0\x3c\0\x0b" "\xCD" ACK_1) },
	  "C 11 ! frame does not end in 0xCE\n"
	  "C 0 ! bytes skipped up to the next sure frame: 12\n"
	  "C1 12-33 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "end octet of a body is missing", {
		C_RAW("\x03\0\x01\0\0\0\x02" "hi" ACK_1) },
	  "C 9 ! frame does not end in 0xCE\n"
	  "C1 9-30 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "frame larger than agreed, told once", {
		C_METHOD(0, "\0\x0a\0\x1f" "\0\0" "\0\0\0\x18" "\0\0"),
		C_FRAME(BODY, 1, "twenty bytes or more"), C_FRAME(BODY, 1, "twenty bytes or more"),
		C_RAW(ACK_1) },
	  "C0 0-20 connection.tune-ok channel_max=0 frame_max=24 heartbeat=0\n"
	  "C 20 ! frame larger than frame_max\n"
	  "C1 76-97 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "garbage", { S_RAW("HTTP/1.1 400 Bad Request\r\n\r\n"), S_RAW("AMQP" GREETING) },
	  "S 0 ! not an AMQP frame\nS 0 ! bytes skipped up to the next sure frame: 32\n"
	  "S 32 ! server proposes another version\n" },
	{ "another version is asked for and agreed, and passed over", {
		C_RAW("AMQP\x03\x01\0\0"), S_RAW("AMQP\x03\x01\0\0" "\0\0\0\x30"), C_RAW(ACK_1) },
	  "C 0 ! client asks for another version\n" },
	{ "an older one with the same frames", { C_RAW("AMQP\x01\x01\0\x09" ACK_1) },
	  "C 0 ! client asks for another version\n"
	  "C1 8-29 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "a hole, then a lone close: the last of its direction", {
		C_GAP(9), C_RAW("xx"), C_METHOD(0, "\0\x0a\0\x33") },
	  "C 9 ! bytes skipped up to the next sure frame: 2\nC0 11-23 connection.close-ok\n" },
	{ "a lone frame between two holes", { C_GAP(9), C_RAW(ACK_1), C_GAP(5), C_RAW("rest") },
	  "C1 9-30 basic.ack delivery_tag=1\nC 35 ! bytes skipped: no sure frame followed: 4\n"
	  "channel 1 acks=1\n" },
	{ "what looks like a method inside a body is none without a frame behind it", {
		C_GAP(9), C_RAW("body" ACK_1 "body" ACK_1 ACK_1) },
	  "C 9 ! bytes skipped up to the next sure frame: 29\nC1 38-59 basic.ack delivery_tag=1\n"
	  "C1 59-80 basic.ack delivery_tag=1\nchannel 1 acks=2\n" },
	{ "a hole in a frame's header, a hole in a method", {
		C_RAW("\x01\0\x01"), C_GAP(3), C_RAW("\x0d" HEARTBEAT "\x01\0\x01\0\0\0\x0d" "\0\x3c\0"),
		C_GAP(7), C_RAW("\x01" ACK_1) },
	  "C 6 ! bytes skipped up to the next sure frame: 1\nC 7 heartbeat amqp\n"
	  "C 32 ! bytes skipped up to the next sure frame: 1\n"
	  "C1 33-54 basic.ack delivery_tag=1\nchannel 1 acks=1\n" },
	{ "publishes are numbered from confirm.select on; confirms name them", {
		C_METHOD(1, PUBLISH), C_METHOD(1, "\0\x55\0\x0a" "\0"), S_METHOD(1, "\0\x55\0\x0b"),
		C_METHOD(1, PUBLISH), C_METHOD(1, PUBLISH), S_METHOD(1, ACK("\x02", "\x01")) },
	  "C1 0-19 basic.publish exchange=x routing_key=k\nC1 19-32 confirm.select\n"
	  "S1 0-12 confirm.select-ok\n"
	  "C1 32-51 basic.publish exchange=x routing_key=k #1\n"
	  "C1 51-70 basic.publish exchange=x routing_key=k #2\n"
	  "S1 12-33 basic.ack delivery_tag=2 multiple=1\nchannel 1 publishes=3 confirms=1\n" },
	{ "the server cancels a consumer", { S_METHOD(1, "\0\x3c\0\x1e" "\x01" "t" "\x01") },
	  "S1 0-15 basic.cancel consumer_tag=t no_wait=1\nchannel 1 cancels=1\n" },
	{ "contents of two channels interleaved, one of several bodies", {
		C_METHOD(1, PUBLISH), C_METHOD(2, PUBLISH), C_FRAME(HEADER, 1, CONTENT("\x0a")),
		C_FRAME(HEADER, 2, CONTENT("\x05")), C_FRAME(BODY, 1, "hello"), C_FRAME(BODY, 2, "world"),
		C_FRAME(BODY, 1, "again"), C_RAW(ACK_1) },
	  "C1 0-19 basic.publish exchange=x routing_key=k\n"
	  "C2 19-38 basic.publish exchange=x routing_key=k\n"
	  "C1 121-142 basic.ack delivery_tag=1\nchannel 1 publishes=1 acks=1\nchannel 2 publishes=1\n" },
	{ "a body as large as is believed, and one that is larger", {
		C_RAW("\x03\0\x01\x01\0\0\0"), C_GAP(1 << 24), C_RAW("\xCE" ACK_1),
		C_RAW("\x03\0\x01\x01\0\0\x01"), C_RAW(ACK_1) },
	  "C1 16777224-16777245 basic.ack delivery_tag=1\n"
	  "C 16777245 ! not an AMQP frame\n"
	  "C 16777245 ! bytes skipped up to the next sure frame: 7\n"
	  "C1 16777252-16777273 basic.ack delivery_tag=1\nchannel 1 acks=2\n" },
	{ "cut off in a header", { C_RAW(HEARTBEAT "\x01\0") }, "C 0 heartbeat amqp\n" },
};

/* ---- every method there is ---- */

struct method_row { enum side side; unsigned channel; const char *bytes; size_t n; const char *said; };

#define C0(id, arguments, said) { CLIENT, 0, BYTES("\0" id arguments), said }
#define S0(id, arguments, said) { SERVER, 0, BYTES("\0" id arguments), said }
#define C1(id, arguments, said) { CLIENT, 1, BYTES("\0" id arguments), said }
#define S1(id, arguments, said) { SERVER, 1, BYTES("\0" id arguments), said }
#define TAG_9    "\0\0\0\0\0\0\0\x09"
#define NO_TABLE "\0\0\0\0"
#define TABLE_A1 "\0\0\0\x04" "\x01" "a" "B\x01"
#define CLOSE_BY(class, method) "\x01\x94" "\x02" "no" "\0" class "\0" method

static const struct method_row methods[] = {
	S0("\x0a\0\x0a", "\0\x09" TABLE_A1 "\0\0\0\x05" "PLAIN" "\0\0\0\x05" "en_US",
	   "connection.start version_major=0 version_minor=9 mechanisms=PLAIN locales=en_US"),
	C0("\x0a\0\x0b", TABLE_A1 "\x05" "PLAIN" "\0\0\0\x04" "\0u\0p" "\x05" "en_US",
	   "connection.start-ok mechanism=PLAIN locale=en_US"),
	S0("\x0a\0\x14", "\0\0\0\x02" "hi", "connection.secure"),
	C0("\x0a\0\x15", "\0\0\0\x02" "ho", "connection.secure-ok"),
	S0("\x0a\0\x1e", "\0\x07" "\0\x02\0\0" "\0\x3c",
	   "connection.tune channel_max=7 frame_max=131072 heartbeat=60"),
	C0("\x0a\0\x1f", "\0\x07" "\0\x02\0\0" "\0\0",
	   "connection.tune-ok channel_max=7 frame_max=131072 heartbeat=0"),
	C0("\x0a\0\x28", "\x01/" "\0" "\x01", "connection.open vhost=/"),
	S0("\x0a\0\x29", "\0", "connection.open-ok"),
	C0("\x0a\0\x32", CLOSE_BY("\x3c", "\x28"),
	   "connection.close reply_code=404 reply_text=no caused_by=basic.publish (404)"),
	S0("\x0a\0\x33", "", "connection.close-ok"),
	S0("\x0a\0\x3c", "\x01" "m", "connection.blocked reason=m"),
	S0("\x0a\0\x3d", "", "connection.unblocked"),
	C0("\x0a\0\x46", "\0\0\0\x08" "S3cr3t!!" "\x01" "r", "connection.update-secret reason=r"),
	S0("\x0a\0\x47", "", "connection.update-secret-ok"),

	C1("\x14\0\x0a", "\0", "channel.open"),
	S1("\x14\0\x0b", "\0\0\0\0", "channel.open-ok"),
	S1("\x14\0\x14", "\0", "channel.flow active=0"),
	C1("\x14\0\x15", "\x01", "channel.flow-ok active=1"),
	S1("\x14\0\x28", CLOSE_BY("\x3c", "\x63"),
	   "channel.close reply_code=404 reply_text=no caused_by=60.99 (404)"),
	C1("\x14\0\x29", "", "channel.close-ok"),

	C1("\x1e\0\x0a", "\x01/" "\x15", "access.request realm=/ exclusive=1 active=1 read=1"),
	S1("\x1e\0\x0b", "\0\x01", "access.request-ok"),

	C1("\x28\0\x0a", "\0\0" "\x01" "x" "\x06" "direct" "\x15" TABLE_A1,
	   "exchange.declare exchange=x type=direct passive=1 auto_delete=1 no_wait=1 arguments={a=1}"),
	S1("\x28\0\x0b", "", "exchange.declare-ok"),
	C1("\x28\0\x14", "\0\0" "\x01" "x" "\x03", "exchange.delete exchange=x if_unused=1 no_wait=1"),
	S1("\x28\0\x15", "", "exchange.delete-ok"),
	C1("\x28\0\x1e", "\0\0" "\x01" "d" "\x01" "s" "\x01" "k" "\x01" TABLE_A1,
	   "exchange.bind destination=d source=s routing_key=k no_wait=1 arguments={a=1}"),
	S1("\x28\0\x1f", "", "exchange.bind-ok"),
	C1("\x28\0\x28", "\0\0" "\x01" "d" "\x01" "s" "\x01" "k" "\0" TABLE_A1,
	   "exchange.unbind destination=d source=s routing_key=k arguments={a=1}"),
	S1("\x28\0\x33", "", "exchange.unbind-ok"),

	C1("\x32\0\x0a", "\0\0" "\x01" "q" "\x0a" NO_TABLE,
	   "queue.declare queue=q durable=1 auto_delete=1"),
	S1("\x32\0\x0b", "\x01" "q" "\0\0\0\x02" "\0\0\0\x03",
	   "queue.declare-ok queue=q message_count=2 consumer_count=3"),
	C1("\x32\0\x14", "\0\0" "\x01" "q" "\x01" "x" "\x01" "k" "\x01" TABLE_A1,
	   "queue.bind queue=q exchange=x routing_key=k no_wait=1 arguments={a=1}"),
	S1("\x32\0\x15", "", "queue.bind-ok"),
	C1("\x32\0\x1e", "\0\0" "\x01" "q" "\x01", "queue.purge queue=q no_wait=1"),
	S1("\x32\0\x1f", "\0\0\0\x02", "queue.purge-ok message_count=2"),
	C1("\x32\0\x28", "\0\0" "\x01" "q" "\x06", "queue.delete queue=q if_empty=1 no_wait=1"),
	S1("\x32\0\x29", "\0\0\0\x02", "queue.delete-ok message_count=2"),
	C1("\x32\0\x32", "\0\0" "\x01" "q" "\x01" "x" "\x01" "k" TABLE_A1,
	   "queue.unbind queue=q exchange=x routing_key=k arguments={a=1}"),
	S1("\x32\0\x33", "", "queue.unbind-ok"),

	C1("\x3c\0\x0a", "\0\0\0\0" "\0\x0a" "\x01",
	   "basic.qos prefetch_size=0 prefetch_count=10 global=1"),
	S1("\x3c\0\x0b", "", "basic.qos-ok"),
	C1("\x3c\0\x14", "\0\0" "\x01" "q" "\x01" "t" "\x05" TABLE_A1,
	   "basic.consume queue=q consumer_tag=t no_local=1 exclusive=1 arguments={a=1}"),
	S1("\x3c\0\x15", "\x01" "t", "basic.consume-ok consumer_tag=t"),
	C1("\x3c\0\x1e", "\x01" "t" "\0", "basic.cancel consumer_tag=t"),
	S1("\x3c\0\x1e", "\x01" "t" "\x01", "basic.cancel consumer_tag=t no_wait=1"),
	C1("\x3c\0\x1f", "\x01" "t", "basic.cancel-ok consumer_tag=t"),
	C1("\x3c\0\x28", "\0\0" "\x01" "x" "\x01" "k" "\x03",
	   "basic.publish exchange=x routing_key=k mandatory=1 immediate=1"),
	S1("\x3c\0\x32", "\x01\x38" "\x02" "no" "\x01" "x" "\x01" "k",
	   "basic.return reply_code=312 reply_text=no exchange=x routing_key=k (312)"),
	S1("\x3c\0\x3c", "\x01" "t" TAG_9 "\x01" "\x01" "x" "\x01" "k",
	   "basic.deliver consumer_tag=t delivery_tag=9 redelivered=1 exchange=x routing_key=k"),
	C1("\x3c\0\x46", "\0\0" "\x01" "q" "\x01", "basic.get queue=q no_ack=1"),
	S1("\x3c\0\x47", TAG_9 "\x01" "\x01" "x" "\x01" "k" "\0\0\0\x02",
	   "basic.get-ok delivery_tag=9 redelivered=1 exchange=x routing_key=k message_count=2"),
	S1("\x3c\0\x48", "\0", "basic.get-empty"),
	C1("\x3c\0\x50", TAG_9 "\x01", "basic.ack delivery_tag=9 multiple=1"),
	S1("\x3c\0\x50", TAG_9 "\0", "basic.ack delivery_tag=9"),
	C1("\x3c\0\x5a", TAG_9 "\x01", "basic.reject delivery_tag=9 requeue=1"),
	C1("\x3c\0\x64", "\x01", "basic.recover-async requeue=1"),
	C1("\x3c\0\x6e", "\0", "basic.recover requeue=0"),
	S1("\x3c\0\x6f", "", "basic.recover-ok"),
	C1("\x3c\0\x78", TAG_9 "\x03", "basic.nack delivery_tag=9 multiple=1 requeue=1"),
	S1("\x3c\0\x78", TAG_9 "\0", "basic.nack delivery_tag=9 requeue=0"),

	C1("\x55\0\x0a", "\x01", "confirm.select no_wait=1"),
	S1("\x55\0\x0b", "", "confirm.select-ok"),

	C1("\x5a\0\x0a", "", "tx.select"),
	S1("\x5a\0\x0b", "", "tx.select-ok"),
	C1("\x5a\0\x14", "", "tx.commit"),
	S1("\x5a\0\x15", "", "tx.commit-ok"),
	C1("\x5a\0\x1e", "", "tx.rollback"),
	S1("\x5a\0\x1f", "", "tx.rollback-ok"),
};

static uint32_t method_id(const struct method_row *m)
{
	struct rd r = rd_over((struct bytes){ (const uint8_t *)m->bytes, m->n });
	return rd_be32(&r);
}

static struct sink *method_fed(const struct method_row *m, enum side side, size_t n)
{
	struct sink *k = sink_new();
	feed_part(k, &(struct part){ side, METHOD, m->channel, m->bytes, n }, SIZE_MAX / 2);
	return k;
}

static void method_check(const struct method_row *m)
{
	char said[256];
	snprintf(said, sizeof said, "%c%u 0-%zu %s\n", who((int)m->side), m->channel, m->n + 8, m->said);
	struct sink *k = method_fed(m, m->side, m->n);
	CHECK(strcmp(k->text, said) == 0);
	if (strcmp(k->text, said) != 0)
		fprintf(stderr, "%s, and not\n%s", k->text, said);
	sink_free(k);
	if (m->n > 4) {                              /* without its last byte it does not fit */
		k = method_fed(m, m->side, m->n - 1);
		CHECK(strstr(k->text, "! method arguments do not fit"));
		sink_free(k);
	}
	const struct amqp_method_type *type = amqp_method_find(method_id(m));
	k = method_fed(m, m->side == CLIENT ? SERVER : CLIENT, m->n);
	CHECK(type && !strstr(k->text, "method of the other side") == (type->sender == SENT_BY_BOTH));
	sink_free(k);
}

/* Each with its arguments, and no method is left out. */
static void test_methods(void)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		method_check(&methods[i]);
	for (uint32_t class_id = 0; class_id < 300; class_id++)
		for (uint32_t method = 0; method < 300; method++) {
			bool rowed = false;
			for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
				rowed |= method_id(&methods[i]) == (class_id << 16 | method);
			CHECK((amqp_method_find(class_id << 16 | method) != NULL) == rowed);
		}
}

/* Every type a field may have, in RabbitMQ's meaning, at its edges. */
static void test_fields(void)
{
	static const struct { const char *bytes; size_t n; const char *said; } fields[] = {
		{ BYTES("t\0"), "false" }, { BYTES("t\x02"), "true" },
		{ BYTES("b\x80"), "-128" }, { BYTES("b\x7f"), "127" }, { BYTES("B\xff"), "255" },
		{ BYTES("s\x80\0"), "-32768" }, { BYTES("U\xff\xff"), "-1" },
		{ BYTES("u\xff\xff"), "65535" },
		{ BYTES("I\x80\0\0\0"), "-2147483648" }, { BYTES("i\xff\xff\xff\xff"), "4294967295" },
		{ BYTES("l\x80\0\0\0\0\0\0\0"), "-9223372036854775808" },
		{ BYTES("L\xff\xff\xff\xff\xff\xff\xff\xff"), "-1" },
		{ BYTES("l\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807" },
		{ BYTES("f\x3f\0\0\0"), "0.5" }, { BYTES("f\x7f\x80\0\0"), "inf" },
		{ BYTES("d\xbf\xd0\0\0\0\0\0\0"), "-0.25" },
		{ BYTES("D\x02\0\0\x01\x3a"), "314e-2" }, { BYTES("D\0\xff\xff\xff\xff"), "-1e-0" },
		{ BYTES("T\0\0\0\0\x65\x53\xf1\0"), "1700000000" },
		{ BYTES("T\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615" },
		{ BYTES("S\0\0\0\0"), "" }, { BYTES("S\0\0\0\x02" "\x7f!"), "?!" },
		{ BYTES("x\0\0\0\x03" "abc"), "3 bytes" },
		{ BYTES("A\0\0\0\0"), "{}" }, { BYTES("A\0\0\0\x03" "t\x01V"), "{true void}" },
		{ BYTES("F\0\0\0\0"), "{}" }, { BYTES("F\0\0\0\x04" "\x01" "b" "B\x02"), "{b=2}" },
		{ BYTES("V"), "void" },
		{ BYTES("Z\x01"), NULL }, { BYTES("I\0\0\0"), NULL }, { BYTES("S\0\0\0\x02" "a"), NULL },
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		char payload[64] = "\0\x32\0\x0a\0\0" "\0" "\0" "\0\0\0", said[64];
		payload[11] = (char)(2 + fields[i].n);
		payload[12] = 1;
		payload[13] = 'f';
		memcpy(payload + 14, fields[i].bytes, fields[i].n);
		snprintf(said, sizeof said, fields[i].said ? "arguments={f=%s}\n" : "arguments={?}\n",
		         fields[i].said);
		struct sink *k = sink_new();
		feed_part(k, &(struct part){ CLIENT, METHOD, 1, payload, 14 + fields[i].n }, 7);
		CHECK(strstr(k->text, said));
		if (!strstr(k->text, said))
			fprintf(stderr, "%s, and not %s", k->text, said);
		sink_free(k);
	}
}

/* The handshake has the connection told. */
#define SECRET "S3cr3t!!"
static const struct row handshake = { "handshake, then a forced close", {
	C_RAW(GREETING),
	S_METHOD(0, "\0\x0a\0\x0a" "\0\x09" "\0\0\0\x28" "\x07" "product" LONGSTR "\x08" "RabbitMQ"
	         "\x07" "version" LONGSTR "\x06" "3.10.8" "\0\0\0\x05" "PLAIN" "\0\0\0\x05" "en_US"),
	C_METHOD(0, START_OK("\0\0\0\x0f" "\0guest\0" SECRET)),
	S_METHOD(0, TUNE("\x1e", "\x3c")), C_METHOD(0, TUNE("\x1f", "\x05")),
	C_METHOD(0, "\0\x0a\0\x28" "\x01/" "\0" "\0"), S_METHOD(0, "\0\x0a\0\x29" "\0"),
	S_METHOD(0, "\0\x0a\0\x32" "\x01\x40" "\x11" "CONNECTION_FORCED" "\0\x3c\0\x28"),
	C_METHOD(0, "\0\x0a\0\x33") },
	"S0 0-76 connection.start version_major=0 version_minor=9 mechanisms=PLAIN locales=en_US\n"
	"C0 8-135 connection.start-ok mechanism=PLAIN locale=en_US\n"
	"S0 76-96 connection.tune channel_max=2047 frame_max=131072 heartbeat=60\n"
	"C0 135-155 connection.tune-ok channel_max=2047 frame_max=131072 heartbeat=5\n"
	"C0 155-171 connection.open vhost=/\nS0 96-109 connection.open-ok\n"
	"S0 109-145 connection.close reply_code=320 reply_text=CONNECTION_FORCED"
	" caused_by=basic.publish (320)\n"
	"C0 171-183 connection.close-ok\n"
	"connection 0-9-1 [RabbitMQ 3.10.8 ] [pika  ] name=app PLAIN vhost=/ user= blocked=1\n"
	" heartbeat 60 5 5 frame_max 131072 channel_max 2047 opened 109\n"
	" close S 320 [CONNECTION_FORCED] 60.40 at 145 ok 183\n" };

static struct sink *row_fed(const struct row *row, size_t piece, bool whole, bool secrets)
{
	struct sink *k = sink_new();
	k->tell_connection = whole;
	k->secrets = secrets;
	for (size_t i = 0; i < sizeof row->parts / sizeof *row->parts && row->parts[i].bytes; i++)
		feed_part(k, &row->parts[i], piece);
	sink_end(k);
	return k;
}

static void row_check(const struct row *row, bool whole)
{
	for (size_t piece = 256; piece > 0; piece--) {
		struct sink *k = row_fed(row, piece, whole, false);
		bool same = strcmp(k->text, row->said) == 0;
		CHECK(same);
		if (!same)
			fprintf(stderr, "%s, in pieces of %zu:\n%s", row->name, piece, k->text);
		sink_free(k);
		if (!same)
			return;
	}
}

/* Of a response no more than the user's name is told, and that only where it may be; of
 * what follows on a challenge, and of a new secret, nothing. */
static void test_secrets(void)
{
#define RESPONSE(mechanism, response) \
	C_METHOD(0, "\0\x0a\0\x0b" NO_TABLE mechanism response "\x01" "e")
	static const struct { struct part start_ok; const char *user; } logins[] = {
		{ RESPONSE("\x05" "PLAIN", "\0\0\0\x0f" "\0guest\0" SECRET), "user=guest " },
		{ RESPONSE("\x05" "PLAIN", "\0\0\0\x12" "own\0guest\0" SECRET), "user=guest " },
		{ RESPONSE("\x05" "PLAIN", "\0\0\0\x08" SECRET), "user= " },
		{ RESPONSE("\x05" "PLAIN", "\0\0\0\x0e" "guest\0" SECRET), "user= " },
		{ RESPONSE("\x08" "AMQPLAIN", "\0\0\0\x26" "\x05" "LOGIN" LONGSTR "\x05" "guest"
		           "\x08" "PASSWORD" LONGSTR "\x08" SECRET), "user=guest " },
		{ RESPONSE("\x08" "AMQPLAIN", "\0\0\0\x16" "\x08" "PASSWORD" LONGSTR "\x08" SECRET),
		  "user= " },
		{ RESPONSE("\x08" "EXTERNAL", "\0\0\0\x0d" "guest" SECRET), "user= " },
		{ RESPONSE("\x0e" "RABBIT-CR-DEMO", "\0\0\0\x0d" "guest" SECRET), "user= " },
	};
	static const struct part later[] = {
		S_METHOD(0, "\0\x0a\0\x14" "\0\0\0\x08" SECRET), C_METHOD(0, "\0\x0a\0\x15" "\0\0\0\x08" SECRET),
		C_METHOD(0, "\0\x0a\0\x46" "\0\0\0\x08" SECRET "\x07" "refresh"),
		C_METHOD(0, "\0\x0a\0\x46" "\0\0\0\x08" SECRET "\x09" "refresh"),   /* does not fit */
	};
	for (size_t i = 0; i < 2 * sizeof logins / sizeof *logins; i++) {
		struct sink *k = sink_new();
		k->tell_connection = true;
		k->secrets = i % 2;
		feed_part(k, &logins[i / 2].start_ok, 256);
		for (size_t j = 0; j < sizeof later / sizeof *later; j++)
			feed_part(k, &later[j], 256);
		sink_end(k);
		CHECK(!strstr(k->text, SECRET) && strstr(k->text, "reason=refresh\n"));
		CHECK(strstr(k->text, k->secrets ? logins[i / 2].user : "user= "));
		CHECK(k->secrets || !strstr(k->text, "guest"));
		sink_free(k);
	}
}

static void test_nothing_but_heartbeats(void)
{
	static const struct row row = { "heartbeats", { C_GAP(7), C_RAW(HEARTBEAT) },
		"C 7 heartbeat amqp\n"
		"connection  [  ] [  ] name=  vhost= user= blocked=0\n"
		" heartbeat -1 -1 -1 frame_max -1 channel_max -1 opened 0\n"
		" close - -1 [] -1.-1 at 0 ok 0\n" };
	row_check(&row, true);
}

/* One channel more than are held: the least recently used is told early. */
static void test_many_channels(void)
{
	struct sink *k = sink_new();
	for (unsigned channel = 1; channel <= LIMIT_AMQP_CHANNELS; channel++)
		feed_part(k, &(struct part)C_METHOD(channel, PUBLISH), 64);
	feed_part(k, &(struct part)C_METHOD(1, PUBLISH), 64);
	CHECK(!strstr(k->text, "channel"));
	feed_part(k, &(struct part)C_METHOD(1000, PUBLISH), 64);
	CHECK(strstr(k->text, "channel 2 publishes=1\n"));
	CHECK(!strstr(k->text, "channel 1 "));
	sink_end(k);
	const char *first = strstr(k->text, "channel 1 publishes=2\nchannel 3 publishes=1\n");
	CHECK(first && strstr(first, "channel 1000 publishes=1\n"));
	sink_free(k);
}

/* All the channels there can be, twice over: no place is lost, and the rows add up. */
static void test_all_channels(void)
{
	enum { CHANNELS = 65535 };
	struct sink *k = sink_new();
	for (int again = 0; again < 2; again++)
		for (unsigned channel = 1; channel <= CHANNELS; channel++)
			feed_part(k, &(struct part)C_METHOD(channel, PUBLISH), 64);
	CHECK(k->channel_rows == 2 * CHANNELS - LIMIT_AMQP_CHANNELS);
	sink_end(k);
	CHECK(k->channel_rows == 2 * CHANNELS && k->publishes == 2 * CHANNELS);
	sink_free(k);
}

/* A method of exactly the limit is read; a longer one is passed over. */
static void test_long_methods(void)
{
	static const uint8_t id[] = { 0, 10, 0, 20, 0, 1, 255, 248 };   /* connection.secure */
	static char payload[LIMIT_AMQP_METHOD + 1];
	memcpy(payload, id, sizeof id);
	for (size_t n = LIMIT_AMQP_METHOD; n <= LIMIT_AMQP_METHOD + 1; n++) {
		payload[7] = (char)(n - sizeof id);          /* it fits, either way */
		for (size_t piece = 1000; piece < 1 << 18; piece *= 16) {
			struct sink *k = sink_new();
			feed_part(k, &(struct part){ SERVER, METHOD, 0, payload, n }, piece);
			feed_part(k, &(struct part)S_RAW(HEARTBEAT), 3);
			sink_end(k);
			CHECK(!strcmp(k->text, n == LIMIT_AMQP_METHOD
			              ? "S0 0-131080 connection.secure\nS 131080 heartbeat amqp\n"
			              : "S 0 ! method too long to be read\nS 131081 heartbeat amqp\n"));
			sink_free(k);
			k = sink_new();                      /* and behind a hole */
			feed_part(k, &(struct part)S_GAP(9), piece);
			feed_part(k, &(struct part){ SERVER, METHOD, 0, payload, n }, piece);
			feed_part(k, &(struct part)S_RAW(HEARTBEAT), 3);
			sink_end(k);
			CHECK(!strcmp(k->text, n == LIMIT_AMQP_METHOD
			              ? "S0 9-131089 connection.secure\nS 131089 heartbeat amqp\n"
			              : "S 9 ! bytes skipped up to the next sure frame: 131081\n"
			                "S 131090 heartbeat amqp\n"));
			sink_free(k);
		}
	}
}

/* The text of a method's arguments ends at its cap, and not inside a character. */
static void test_long_detail(void)
{
	enum { ROOM = LIMIT_AMQP_DETAIL - 1 - 9 };   /* behind "exchange=" */
	for (size_t n = ROOM - 1; n <= ROOM + 1; n++)
		for (size_t wide = 0; wide < 2; wide++) {
			char payload[4 + 2 + 256 + 2] = { 0, 60, 0, 40, 0, 0, (char)n };
			memset(payload + 7, 'x', n);
			if (wide)
				memcpy(payload + 7 + n - 2, "\xC3\xA4", 2);
			struct sink *k = sink_new();
			feed_part(k, &(struct part){ CLIENT, METHOD, 1, payload, 4 + 2 + 1 + n + 2 }, 64);
			const char *detail = strstr(k->text, "exchange=");
			size_t kept = n <= ROOM ? n : wide ? ROOM - 1 : ROOM;
			CHECK(detail && strcspn(detail, "\n") == 9 + kept);
			CHECK(detail && detail[9 + kept - 1] == (wide && n <= ROOM ? '\xA4' : 'x'));
			sink_end(k);
			sink_free(k);
		}
}

/* Appends a field of a table: its name, and a text or (NULL) a table of the n bytes given. */
static size_t field_put(char *to, const char *name, char type, const char *bytes, size_t n)
{
	size_t name_n = strlen(name);
	to[0] = (char)name_n;
	memcpy(to + 1, name, name_n);
	const char head[] = { type, 0, 0, (char)(n >> 8), (char)n };
	memcpy(to + 1 + name_n, head, sizeof head);
	memcpy(to + 1 + name_n + sizeof head, bytes, n);
	return 1 + name_n + sizeof head + n;
}

/* connection.start with these properties of a server. */
static struct sink *start_fed(const char *table, size_t n)
{
	char payload[2048] = { 0, 10, 0, 10, 0, 9, 0, 0, (char)(n >> 8), (char)n };
	memcpy(payload + 10, table, n);
	struct sink *k = sink_new();
	k->tell_connection = true;
	feed_part(k, &(struct part){ SERVER, METHOD, 0, payload, 10 + n + 8 }, 100);
	return k;
}

/* Texts of a connection are kept up to their cap. */
static void test_long_texts(void)
{
	enum { ROOM = LIMIT_AMQP_TEXT - 1 };
	for (size_t n = ROOM; n <= ROOM + 1; n++) {
		char text[ROOM + 1], table[512], close[256] = { 0, 10, 0, 50, 1, 64, (char)n };
		memset(text, 'x', sizeof text);
		struct sink *k = start_fed(table, field_put(table, "product", 'S', text, n));
		memcpy(close + 7, text, n);
		feed_part(k, &(struct part){ SERVER, METHOD, 0, close, 7 + n + 4 }, 100);
		sink_end(k);
		const char *product = strstr(k->text, "[x");
		CHECK(product && strspn(product + 1, "x") == ROOM);
		const char *reason = strstr(k->text, "close S 320 [x");
		CHECK(reason && strspn(reason + 13, "x") == ROOM);
		sink_free(k);
	}
}

/* So are the names of capabilities, together. */
static void test_many_capabilities(void)
{
	enum { ROOM = LIMIT_AMQP_CAPABILITIES - 1 };
	for (size_t last = ROOM - 201; last <= ROOM - 201 + 1; last++) {   /* behind 200 and a space */
		char names[512], table[512];
		size_t n = 0;
		for (int i = 0; i < 2; i++) {
			size_t name_n = i ? last : 200;
			names[n++] = (char)name_n;
			memset(names + n, 'a' + i, name_n);
			n += name_n;
			names[n++] = 't';
			names[n++] = 1;
		}
		struct sink *k = start_fed(table, field_put(table, "capabilities", 'F', names, n));
		sink_end(k);
		CHECK(strlen(k->capabilities) == ROOM && strspn(k->capabilities, "a") == 200);
		CHECK(strspn(k->capabilities + 201, "b") == ROOM - 201);
		sink_free(k);
	}
}

/* The last tag whose acknowledgement is remembered, twice, and the first one beyond. */
static void test_ack_window(void)
{
	for (char acked = 64; acked <= 65; acked++) {
		struct sink *k = sink_new();
		char deliver[] = DELIVER("\x01", "\0"), ack[] = ACK("\x01", "\0");
		for (char tag = 1; tag <= 65; tag++) {
			deliver[13] = tag;
			feed_part(k, &(struct part){ SERVER, METHOD, 1, deliver, sizeof deliver - 1 }, 64);
		}
		ack[11] = acked;
		for (int twice = 0; twice < 2; twice++)
			feed_part(k, &(struct part){ CLIENT, METHOD, 1, ack, sizeof ack - 1 }, 64);
		sink_end(k);
		CHECK(strstr(k->text, acked == 64 ? " unacked=64 unacked_max=65\n"
		                                  : " unacked=63 unacked_max=65\n"));
		sink_free(k);
	}
}

/* A tag so far ahead counts as delivered; one beyond starts anew. */
static void test_tag_leap(void)
{
	static const struct { const char *tag; const char *said; } leaps[] = {
		{ "\0\0\0\0\0\x01\0\x01", "unacked=65537 unacked_max=65537\n" },
		{ "\0\0\0\0\0\x01\0\x02", "unacked=1 unacked_max=1\n" },
	};
	for (size_t i = 0; i < sizeof leaps / sizeof *leaps; i++) {
		char deliver[] = DELIVER("\x01", "\0");
		struct sink *k = sink_new();
		feed_part(k, &(struct part){ SERVER, METHOD, 1, deliver, sizeof deliver - 1 }, 64);
		memcpy(deliver + 6, leaps[i].tag, 8);
		feed_part(k, &(struct part){ SERVER, METHOD, 1, deliver, sizeof deliver - 1 }, 64);
		sink_end(k);
		CHECK(strstr(k->text, leaps[i].said));
		if (!strstr(k->text, leaps[i].said))
			fprintf(stderr, "%s", k->text);
		sink_free(k);
	}
}

/* Acks in any order within the window, some beyond it, then all the rest. */
static void test_unacked(void)
{
	struct sink *k = sink_new();
	char deliver[] = DELIVER("\x01", "\0"), ack[] = ACK("\x01", "\0");
	for (char tag = 1; tag <= 100; tag++) {
		deliver[13] = tag;
		feed_part(k, &(struct part){ SERVER, METHOD, 1, deliver, sizeof deliver - 1 }, 64);
	}
	for (char tag = 100; tag > 10; tag--) {
		ack[11] = tag;
		feed_part(k, &(struct part){ CLIENT, METHOD, 1, ack, sizeof ack - 1 }, 64);
	}
	sink_end(k);
	CHECK(strstr(k->text, "deliveries=100 acks=90 unacked=10 unacked_max=100\n"));
	sink_free(k);
}

/* Rubbish, frame starts in it above all: no crash, and the same in any pieces. */
static void test_rubbish(void)
{
	static const uint8_t likely[] = { 0, 0, 0, 1, 2, 3, 8, 10, 60, 80, 13, 'A', 0xCE };
	uint32_t seed = 1;
	for (int round = 0; round < 300; round++) {
		uint8_t bytes[600];
		for (size_t i = 0; i < sizeof bytes; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = likely[(seed >> 16) % sizeof likely];
			if (seed >> 24 == 7 && i + 8 <= sizeof bytes) {
				memcpy(bytes + i, HEARTBEAT, 8);
				i += 7;
			}
		}
		struct sink *one = sink_new(), *many = sink_new();
		feed(one, SERVER, bytes, sizeof bytes, sizeof bytes);
		feed(many, SERVER, bytes, sizeof bytes, 1 + (size_t)round % 40);
		sink_end(one);
		sink_end(many);
		CHECK(!strcmp(one->text, many->text));
		sink_free(one);
		sink_free(many);
	}
}

static void test_guess(void)
{
	static const struct { const char *name; struct bytes head; bool at_start; enum guess guess; }
	guesses[] = {
#define HEAD(s) { (const uint8_t *)(s), sizeof(s) - 1 }
		{ "greeting", HEAD(GREETING), true, GUESS_SENT_BY_CLIENT },
		{ "some of it", HEAD("AMQP\0"), true, GUESS_MORE },
		{ "AMQP 1.0", HEAD("AMQP\0\x01\0\0"), true, GUESS_SENT_BY_CLIENT },
		{ "AMQP of no version", HEAD("AMQP\0\x07\0\0"), true, GUESS_NO },
		{ "AMQP 1.0 with SASL", HEAD("AMQP\x03\x01\0\0"), true, GUESS_SENT_BY_CLIENT },
		{ "start", HEAD("\x01\0\0\0\0\x02\0" "\0\x0a\0\x0a\0\x09"), true, GUESS_SENT_BY_SERVER },
		{ "some of it", HEAD("\x01\0\0\0\0\x02"), true, GUESS_MORE },
		{ "HTTP", HEAD("GET / HTTP/1.1"), true, GUESS_NO },
		{ "heartbeat", HEAD(HEARTBEAT), false, GUESS_SENT_BY_EITHER },
		{ "heartbeat without end", HEAD("\x08\0\0\0\0\0\0\0"), false, GUESS_NO },
		{ "ack", HEAD(ACK_1), false, GUESS_SENT_BY_EITHER },
		{ "some of it", HEAD("\x01\0\x01\0\0\0\x0d"), false, GUESS_MORE },
		{ "publish", HEAD("\x01\0\x01\0\0\0\x0b" PUBLISH "\xCE"), false, GUESS_SENT_BY_CLIENT },
		{ "deliver", HEAD("\x01\0\x01\0\0\0\x12" DELIVER("\1", "\0") "\xCE"), false,
		  GUESS_SENT_BY_SERVER },
		{ "unknown method", HEAD("\x01\0\x01\0\0\0\x04" "\0\x3c\0\x29" "\xCE"), false, GUESS_NO },
		{ "long publish", HEAD("\x01\0\x01\0\0\0\x60" "\0\x3c\0\x28\0\0\0\x58"
		  "012345678901234567890123456789012345678901234567890"), false, GUESS_SENT_BY_CLIENT },
		{ "too long", HEAD("\x01\0\x01\0\0\0\x60" "\0\x3c\0\x28\0\0\0\x59"
		  "012345678901234567890123456789012345678901234567890"), false, GUESS_NO },
	};
	for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
		bool right = guesses[i].guess
		          == amqp_dissector.guess(guesses[i].head, guesses[i].at_start);
		CHECK(right);
		if (!right)
			fprintf(stderr, "guess: %s\n", guesses[i].name);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_check(&rows[i], false);
	row_check(&handshake, true);
	test_methods();
	test_fields();
	test_secrets();
	test_nothing_but_heartbeats();
	test_many_channels();
	test_all_channels();
	test_long_methods();
	test_long_detail();
	test_long_texts();
	test_many_capabilities();
	test_ack_window();
	test_tag_leap();
	test_unacked();
	test_rubbish();
	test_guess();
	return check_failed != 0;
}
