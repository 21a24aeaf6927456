/* http1_exchange.c - see http1_exchange.h. */
#include "http1_exchange.h"

#include <string.h>

enum { REASON = 128 };

static const char *const state_names[] = {
	[AWAITED] = "none", [UNFINISHED] = "open", [COMPLETE] = "complete",
	[CUT_BY_FIN] = "cut_by_fin", [CUT_BY_RST] = "cut_by_rst", [CUT_BY_GAP] = "cut_by_gap",
	[OPEN] = "open", [NEVER] = "none",
};

bool exchanges_are_full(const struct exchanges *e) { return e->open == LIMIT_HTTP_PIPELINED; }

/* ---- kept heads ---- */

/* Where the head of nr's message from `side` begins in kept. */
static size_t kept_at(struct exchanges *e, uint64_t nr, enum side side)
{
	size_t at = 0;
	for (uint64_t i = e->first + 1; i < nr; i++) {
		const struct exchange *x = exchange_of(e, i);
		at += (size_t)x->part[CLIENT].kept_n + x->part[SERVER].kept_n;
	}
	return side == SERVER ? at + exchange_of(e, nr)->part[CLIENT].kept_n : at;
}

static size_t kept_total(struct exchanges *e)
{
	return kept_at(e, e->first + e->open + 1, CLIENT);
}

/* Half of what is free is left to later heads. */
void kept_add(struct exchanges *e, uint64_t nr, enum side side, struct bytes b)
{
	struct exchange *x = exchange_of(e, nr);
	if (!x || x->part[side].kept_full)
		return;
	struct message *m = &x->part[side];
	size_t total = kept_total(e), room = (KEPT - total) / 2;
	if (room > (size_t)LIMIT_HTTP_HEAD_KEPT - m->kept_n)
		room = (size_t)LIMIT_HTTP_HEAD_KEPT - m->kept_n;
	m->kept_full = b.n > room;
	size_t n = b.n < room ? b.n : room, at = kept_at(e, nr, side) + m->kept_n;
	memmove(e->kept + at + n, e->kept + at, total - at);
	memcpy(e->kept + at, b.p, n);
	m->kept_n = (uint16_t)(m->kept_n + n);
}

void kept_drop(struct exchanges *e, uint64_t nr, enum side side)
{
	struct exchange *x = exchange_of(e, nr);
	if (!x)
		return;
	size_t n = x->part[side].kept_n, at = kept_at(e, nr, side);
	memmove(e->kept + at, e->kept + at + n, kept_total(e) - at - n);
	x->part[side].kept_n = 0;
	x->part[side].kept_full = false;
	if (side == CLIENT)
		x->target = (struct part){ 0 };
}

/* Copy a part of a kept head to `to` as a C string; NULL if it is empty. */
static const char *kept_copy(struct exchanges *e, uint64_t nr, enum side side, struct part part,
                             char *to, size_t size)
{
	size_t kept = exchange_of(e, nr)->part[side].kept_n;
	size_t n = part.at < kept ? kept - part.at : 0;
	if (n > part.n)
		n = part.n;
	if (n > size - 1)
		n = size - 1;
	if (n == 0)
		return NULL;
	memcpy(to, e->kept + kept_at(e, nr, side) + part.at, n);
	for (char *nul = to; (nul = memchr(nul, '\0', n - (size_t)(nul - to))); )
		*nul = '?';
	to[n] = '\0';
	return to;
}

/* ---- telling ---- */

static const char *version_name(char minor, char to[sizeof "HTTP/1.1"])
{
	memcpy(to, "HTTP/1.", sizeof "HTTP/1.");
	to[7] = minor;
	to[8] = '\0';
	return minor ? to : NULL;
}

static void exchange_tell(struct exchanges *e, struct sink *out, uint64_t nr)
{
	const struct exchange *x = exchange_of(e, nr);
	const struct message *q = &x->part[CLIENT], *a = &x->part[SERVER];
	char target[LIMIT_HTTP_TARGET + 1], host[LIMIT_HTTP_HOST + 1], agent[LIMIT_HTTP_HOST + 1],
	     reason[REASON + 1], heads[2][LIMIT_HTTP_HEAD_KEPT + 1], versions[2][9];
	struct part all[2] = { { 0, q->kept_n }, { 0, a->kept_n } };
	sink_http(out, &(struct http_exchange){
		.nr = (int64_t)nr,
		.method = x->method[0] ? x->method : NULL,
		.target = kept_copy(e, nr, CLIENT, x->target, target, sizeof target),
		.host = kept_copy(e, nr, CLIENT, x->host, host, sizeof host),
		.version = version_name(q->minor, versions[CLIENT]),
		.user_agent = kept_copy(e, nr, CLIENT, x->agent, agent, sizeof agent),
		.request_head = kept_copy(e, nr, CLIENT, all[CLIENT], heads[CLIENT], sizeof heads[0]),
		.response_head = kept_copy(e, nr, SERVER, all[SERVER], heads[SERVER], sizeof heads[0]),
		.request = q->begin, .request_head_end = q->head_end,
		.request_body = x->body, .request_end = q->end,
		.request_off = q->off, .request_declared = q->declared,
		.request_bytes = q->bytes, .request_body_hash = NONE,
		.expect_continue = x->expect, .cont = x->cont,
		.status = x->status,
		.response_version = version_name(a->minor, versions[SERVER]),
		.reason = kept_copy(e, nr, SERVER, x->reason, reason, sizeof reason),
		.response = a->begin, .response_head_end = a->head_end, .response_end = a->end,
		.response_off = a->off, .response_declared = a->declared, .response_bytes = a->bytes,
		.response_until_close = x->until_close, .close_announced = x->close,
		.request_state = state_names[q->state], .response_state = state_names[a->state],
	});
}

/* Tell the oldest exchange and forget it. */
static void exchange_drop(struct exchanges *e, struct sink *out)
{
	uint64_t nr = e->first + 1;
	exchange_tell(e, out, nr);
	kept_drop(e, nr, CLIENT);
	kept_drop(e, nr, SERVER);
	e->first++;
	e->open--;
}

static bool message_settled(const struct message *m)
{
	return m->state != AWAITED && m->state != UNFINISHED;
}

void exchanges_tell(struct exchanges *e, struct sink *out)
{
	const struct exchange *x;
	while ((x = exchange_of(e, e->first + 1)) && message_settled(&x->part[CLIENT])
	       && message_settled(&x->part[SERVER]))
		exchange_drop(e, out);
}

void exchanges_end(struct exchanges *e, struct sink *out)
{
	struct exchange *x;
	while ((x = exchange_of(e, e->first + 1))) {
		if (x->part[SERVER].state == AWAITED && x->in_gap)
			x->part[SERVER].state = CUT_BY_GAP;
		exchange_drop(e, out);
	}
}

/* ---- opening and pairing ---- */

/* Make room. An answer to the exchange let go is due, unless only requests were captured. */
static void exchange_let_go(struct exchanges *e, struct sink *out, enum side side, uint64_t off)
{
	struct message *answer = &exchange_of(e, e->first + 1)->part[SERVER];
	if (answer->state == AWAITED && e->server_spoke) {
		e->unheard++;
		answer->state = OPEN;
	}
	if (!e->overflowed)
		sink_anomaly(out, side, off, "more requests open than are kept");
	e->overflowed = true;
	exchange_drop(e, out);
}

uint64_t exchange_open(struct exchanges *e, struct sink *out, enum side side, uint64_t off)
{
	if (exchanges_are_full(e))
		exchange_let_go(e, out, side, off);
	e->open++;
	const struct message unseen = { .off = NONE, .declared = NONE, .bytes = NONE };
	*exchange_of(e, e->first + e->open) = (struct exchange){ .part = { unseen, unseen },
	                                                         .status = NONE };
	return e->first + e->open;
}

void exchange_withdraw(struct exchanges *e, uint64_t nr)
{
	const struct exchange *x = exchange_of(e, nr);
	kept_drop(e, nr, CLIENT);
	if (x && nr == e->first + e->open && x->part[SERVER].state == AWAITED)
		e->open--;
}

uint64_t exchange_awaiting(struct exchanges *e, bool unsure)
{
	uint64_t found = 0;
	unsigned waiting = 0;
	bool newest = unsure && !e->pipelined;
	for (uint64_t nr = e->first + 1; nr <= e->first + e->open; nr++) {
		if (exchange_of(e, nr)->part[SERVER].state != AWAITED)
			continue;
		if (found && newest)
			exchange_of(e, found)->part[SERVER].state = CUT_BY_GAP;
		if (!found || newest)
			found = nr;
		waiting++;
	}
	e->pipelined |= waiting > 1 && !unsure;
	return found;
}

void exchanges_in_gap(struct exchanges *e)
{
	for (uint64_t nr = e->first + 1; nr <= e->first + e->open; nr++)
		exchange_of(e, nr)->in_gap = true;
}
