/* http1.c - HTTP/1.x (RFC 9110; the messages of RFC 9112, section 2.1).
 *
 *   POST /orders HTTP/1.1 CRLF       start line: method SP target SP version,
 *   Content-Length: 5 CRLF           or version SP status SP reason
 *   CRLF                             end of the head
 *   hello                            body: Content-Length, chunked, or until close
 *
 * Heads are read line by line as they come; bodies are skipped unseen, so a
 * hole in one costs nothing. Only the first bytes of a request's are hashed.
 *
 *   http1.c           this interface; finding the next message when lost
 *   http1_message.c   the phases of a message, and its head
 *   http1_body.c      its body
 *   websocket.c       what may follow an Upgrade
 *   http1_start.c     its first line
 *   http1_exchange.c  requests and responses: pairing, keeping, telling
 *   http1_head.c      what a line of a head says
 *   http1_kept.c      the heads that wait to be told
 *   http1_secrets.c   their text, secrets removed
 *
 * Expect    a request with Expect: 100-continue whose body was never sent,
 *           because a final status came first, is complete with 0 bytes: that
 *           is how it should be. Without Expect an early answer ends nothing.
 * Lost      after a hole, or rubbish, only an unmistakable start line counts.
 *           A message whose extent could not be made out ends as cut_by_gap.
 * Cost      LIMIT_HTTP_PIPELINED exchanges and two sides, below 4 KiB, and their
 *           heads (http1_kept.h). Target, host, user agent and reason are parts
 *           of these.
 */
#include <assert.h>

#include "http1_message.h"
#include "http1_words.h"

enum { LINE_LOST = 8192 };               /* a start line longer than this is not found again */

static_assert(sizeof(struct http1) <= 4096, "a built-in dissector stays small");

static struct feed feed_of(struct http1 *h, struct sink *out, enum side side)
{
	return (struct feed){ h, out, side, &h->half[side] };
}

/* ---- finding the next message ---- */

static struct step start_found(const struct feed *f, size_t used)
{
	f->half->phase = START;
	f->half->found_again = true;
	f->half->scanned = 0;
	return (struct step){ .used = used };
}

/* A line's start is as good as a segment's; elsewhere in a line, a field must
 * follow to make it sure. Of a long line only the last LINE_LOST bytes count. */
static struct step lost_line(const struct feed *f, const struct span *s, struct bytes line, size_t used)
{
	struct half *half = f->half;
	size_t cut = used > LINE_LOST ? used - LINE_LOST : 0;
	if (cut > line.n)
		cut = line.n;
	line = from(line, cut);
	size_t at = start_find(f->side, line);
	if (at < line.n && at == 0 && cut == 0 && half->line_start)
		return start_found(f, 0);
	enum guess g = GUESS_NO;
	if (at < line.n)
		g = field_guess((struct bytes){ s->p + used, s->n - used });
	if (g == GUESS_MORE)
		return wait_after(s);
	if (g != GUESS_NO)
		return start_found(f, cut + at);
	half->line_start = true;
	return (struct step){ .used = used };
}

/* Right after a hole a segment begins, and often a message with it. */
static struct step lost_data(const struct feed *f, const struct span *s)
{
	struct half *half = f->half;
	struct bytes line;
	size_t used;
	if (f->h->tunnel)
		return tunnel_data(f, s);
	if (half->fresh) {
		enum guess g = start_guess((struct bytes){ s->p, s->n }, false);
		if (g == GUESS_MORE && s->n < LIMIT_GUESS)
			return wait_after(s);
		half->fresh = false;
		if (g == (f->side == CLIENT ? GUESS_SENT_BY_CLIENT : GUESS_SENT_BY_SERVER))
			return start_found(f, 0);
	}
	if (line_take(half, (struct bytes){ s->p, s->n }, SIZE_MAX, &line, &used) == LINE)
		return lost_line(f, s, line, used);
	if (s->n <= LINE_LOST)
		return wait_after(s);
	half->line_start = false;
	half->scanned = LINE_LOST;
	return (struct step){ .used = s->n - LINE_LOST };
}

/* ---- the interface ---- */

/* Settle and tell what the marks taken ahead say by now. */
static void catch_up(const struct feed *f, uint64_t off)
{
	struct feed peer = feed_of(f->h, f->out, other(f->side));
	message_settle(f, off);
	message_settle(&peer, 0);
	exchanges_tell(&f->h->exchanges, f->out);
}

static struct step http1_data(void *state, struct sink *out, enum side side, struct span s)
{
	struct http1 *h = state;
	struct feed f = feed_of(h, out, side);
	struct step all = { 0 };
	h->exchanges.server_spoke |= side == SERVER;
	while (s.n > 0 && all.skip == 0 && all.need == 0) {
		catch_up(&f, s.off);
		struct step did = f.half->phase == LOST ? lost_data(&f, &s) : message_data(&f, &s);
		s = (struct span){ s.p + did.used, s.n - did.used, s.off + did.used };
		all.used += did.used;
		all.skip = did.skip;
		all.need = did.need;
	}
	catch_up(&f, 0);
	return all;
}

static void http1_gap(void *state, struct sink *out, enum side side, uint64_t off, uint64_t len)
{
	struct http1 *h = state;
	struct feed f = feed_of(h, out, side);
	catch_up(&f, off);
	if (message_spans_gap(&f, off, len))
		return;
	if (h->websocket)
		sink_anomaly(out, side, off, "WebSocket frames behind a hole are not read");
	message_settle(&f, off + len);
	if (message_refused(&f))
		message_end(&f, COMPLETE, off, exchange_now(&f)->part[CLIENT].head_end);
	message_end(&f, CUT_BY_GAP, off, (struct mark){ 0 });
	if (side == SERVER)
		exchanges_in_gap(&h->exchanges);
	half_lose(&f, true);
	exchanges_tell(&h->exchanges, out);
}

/* Nothing more will come from this side: settle its message in progress. */
static void half_end(const struct feed *f, uint64_t off, enum end_how how)
{
	struct half *half = f->half;
	enum state cut = how == END_FIN ? CUT_BY_FIN : how == END_RST ? CUT_BY_RST : OPEN;
	half->ended = true;
	if (half->phase == CONNECTING)
		return;
	if (half->phase == UNTIL_CLOSE && how == END_FIN)
		message_end(f, COMPLETE, off, half->end);
	else if (message_refused(f))
		message_end(f, COMPLETE, off, exchange_now(f)->part[CLIENT].head_end);
	else
		message_end(f, cut, off, (struct mark){ 0 });
}

static void http1_end(void *state, struct sink *out, enum side side, uint64_t off,
                      enum end_how how)
{
	struct http1 *h = state;
	struct feed f = feed_of(h, out, side);
	catch_up(&f, off);
	half_end(&f, off, how);
	exchanges_tell(&h->exchanges, out);
	if (h->half[other(side)].ended)
		exchanges_end(&h->exchanges, out);
}

const struct dissector http1_dissector = {
	.name = "http", .state_size = sizeof(struct http1), .max_pending = LIMIT_HTTP_HEAD,
	.guess = start_guess, .data = http1_data, .gap = http1_gap, .end = http1_end,
};
