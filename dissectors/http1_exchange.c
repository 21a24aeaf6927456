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

/* ---- telling ---- */

static const char *version_name(char minor, char to[sizeof "HTTP/1.1"])
{
	memcpy(to, "HTTP/1.", sizeof "HTTP/1.");
	to[7] = minor;
	to[8] = '\0';
	return minor ? to : NULL;
}

/* What was heard of 100 (Continue), or instead of it: the schema's words. */
static const char *expect_answer(const struct exchange *x)
{
	if (!x->expect)
		return x->cont.frame ? "unasked" : NULL;
	return x->cont.frame ? "100" : x->status != NONE ? "final" : "none";
}

static const char *expect_body(const struct exchange *x)
{
	struct mark answer = x->cont.frame ? x->cont : x->part[SERVER].begin;
	if (!x->expect)
		return NULL;
	if (!x->body.frame)
		return "unsent";
	return !answer.frame ? "without" : x->body.frame < answer.frame ? "before" : "after";
}

static void exchange_tell(struct exchanges *e, struct sink *out, uint64_t nr)
{
	const struct exchange *x = exchange_of(e, nr);
	const struct message *q = &x->part[CLIENT], *a = &x->part[SERVER];
	char target[LIMIT_HTTP_TARGET + 1], host[LIMIT_HTTP_HOST + 1], agent[LIMIT_HTTP_HOST + 1],
	     reason[REASON + 1], versions[2][9];
	const char *heads[2] = { kept_text(&e->kept[CLIENT], &q->head),
	                         kept_text(&e->kept[SERVER], &a->head) };
	sink_http(out, &(struct http_exchange){
		.nr = (int64_t)nr,
		.method = x->method[0] ? x->method : NULL,
		.target = kept_part(&e->kept[CLIENT], &q->head, x->target, target, sizeof target),
		.host = kept_part(&e->kept[CLIENT], &q->head, x->host, host, sizeof host),
		.version = version_name(q->minor, versions[CLIENT]),
		.user_agent = kept_part(&e->kept[CLIENT], &q->head, x->agent, agent, sizeof agent),
		.request_head = heads[CLIENT], .response_head = heads[SERVER],
		.request = q->begin, .request_head_end = q->head_end,
		.request_body = x->body, .request_end = q->end,
		.request_off = q->off, .request_declared = q->declared,
		.request_bytes = q->bytes, .request_body_hash = x->body_hash,
		.expect_continue = x->expect, .cont = x->cont,
		.status = x->status,
		.response_version = version_name(a->minor, versions[SERVER]),
		.reason = kept_part(&e->kept[SERVER], &a->head, x->reason, reason, sizeof reason),
		.response = a->begin, .response_head_end = a->head_end, .response_end = a->end,
		.response_off = a->off, .response_declared = a->declared, .response_bytes = a->bytes,
		.response_until_close = x->until_close, .close_announced = x->close,
		.request_state = state_names[q->state], .response_state = state_names[a->state],
		.expect_answer = expect_answer(x), .expect_body = expect_body(x),
	});
}

/* Tell the oldest exchange and forget it. */
static void exchange_drop(struct exchanges *e, struct sink *out)
{
	uint64_t nr = e->first + 1;
	exchange_tell(e, out, nr);
	for (int i = CLIENT; i <= SERVER; i++)
		kept_drop(&e->kept[i], &exchange_of(e, nr)->part[i].head);
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
	                                                         .status = NONE,
	                                                         .body_hash = NONE };
	return e->first + e->open;
}

void exchange_withdraw(struct exchanges *e, uint64_t nr)
{
	struct exchange *x = exchange_of(e, nr);
	if (x) {
		kept_withdraw(&e->kept[CLIENT], &x->part[CLIENT].head);
		x->target = x->host = x->agent = (struct part){ 0 };
	}
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
