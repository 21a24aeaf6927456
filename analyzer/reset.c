/* reset.c - see reset.h. */
#include "reset.h"

#include "store.h"

/* How long after a segment a RST may still be its answer, where the numbers do
 * not say so: a LAN's or a continent's round trip, not a timer's. */
static const int64_t ANSWER_NS = 500 * 1000000LL;

/* The recent segment number i of `side`, from the oldest. */
static struct recent *recent_at(struct tcp_side *side, unsigned i)
{
	unsigned first = side->recent_n > LIMIT_RECENT_SEGMENTS ? side->recent_n - LIMIT_RECENT_SEGMENTS : 0;
	return first + i < side->recent_n ? &side->recent[(first + i) % LIMIT_RECENT_SEGMENTS] : NULL;
}

/* Whether a host without a socket for `r` would have formed this RST. */
static bool numbered_by(const struct segment *rst, const struct recent *r)
{
	if (!(r->flags & TCP_ACK))       /* RFC 9293, 3.10.7.1: sequence 0, and ACK of what came */
		return rst->flags & TCP_ACK && rst->seq == 0
		       && rst->ack == r->seq + r->len + (r->flags & TCP_SYN ? 1 : 0);
	return rst->seq == r->ack;
}

/* Whether a host may answer `r` with a RST at all, however likely: it had not
 * answered yet, with a RST or by going on. */
static bool open_to_answer(const struct tcp_side *own, const struct recent *r)
{
	uint64_t spoke = own->recent_n ? own->recent[(own->recent_n - 1) % LIMIT_RECENT_SEGMENTS].at.frame : 0;
	bool closing = own->rst.frame || own->fin.frame;   /* then its last words are no answer */
	return !r->answered && !(r->flags & TCP_RST) && (r->at.frame > spoke || closing);
}

/* The peer's segment that this RST answers. By the numbers: the oldest that fits,
 * of those that carry something, for a bare ACK seldom provokes an answer; else
 * the latest bare ACK that fits. A RST with ACK is not numbered by what it
 * answers: there it is the latest segment within a round trip. NULL: none. */
static struct recent *trigger_of(struct flow *f, enum side sender, const struct segment *rst)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	struct recent *bare = NULL, *latest = NULL, *r;
	for (unsigned i = 0; (r = recent_at(peer, i)); i++) {
		bool carries = r->len > 0 || r->flags & (TCP_SYN | TCP_FIN);
		if (!open_to_answer(own, r))
			continue;
		if (numbered_by(rst, r) && (!(rst->flags & TCP_ACK) || rst->seq == 0)) {
			if (carries)
				return r;
			bare = r;
		}
		if (rst->at.ns - r->at.ns <= ANSWER_NS)
			latest = r;
	}
	return bare ? bare : rst->flags & TCP_ACK ? latest : NULL;
}

/* Whether the receiver accepts it (RFC 5961, 3.2: in the window; the strict test for
 * equality is the receiver's affair). What goes on where the sender's own segments
 * ended is in order, though the capture may lack the ACKs that made room for it. */
static bool in_window(const struct flow *f, enum side sender, const struct segment *rst)
{
	const struct tcp_side *own = &f->side[sender];
	bool goes_on = own->top_off > 0 && rst->seq == own->top_seq + (own->fin.frame ? 1 : 0);
	return goes_on || side_takes(&f->side[other(sender)], rst->seq);
}

/* The opener's RST for an acknowledgement of a number that it did not send: it
 * clears an old connection away, and the opener goes on trying. */
static bool clears_old(const struct flow *f, enum side sender, const struct segment *rst)
{
	const struct tcp_side *own = &f->side[sender];
	return sender == CLIENT && !(rst->flags & TCP_ACK) && f->established.frame == 0 && own->has_isn
	       && rst->seq != own->isn + 1;
}

bool reset_tell(struct store *store, struct flow *f, enum side sender, const struct segment *s)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	struct recent *trigger = trigger_of(f, sender, s);
	struct reset r = {
		.flow_id = f->id, .at = s->at, .sender = sender,
		.has_ack = s->flags & TCP_ACK, .seq = s->seq, .ack = s->ack, .window = s->window,
		.has_timestamps = s->has_timestamps,
		.ttl = s->ttl, .usual_ttl = own->ttl, .ip_id = s->ip_id,
		.in_window = in_window(f, sender, s),
		.unread_bytes = peer->top_off - peer->acked_off,
		.after_own_fin = own->fin.frame, .after_own_rst = own->rst.frame,
		.after_peer_fin = peer->fin.frame,
		.own_bytes = own->top_off, .peer_bytes = peer->top_off,
		.peer_bytes_acked = peer->acked_off,
		.idle_ns = f->last_but_rst.frame ? s->at.ns - f->last_but_rst.ns : 0,
		.pause_from = own->pause_from, .pause_to = own->pause_to,
	};
	if (trigger) {
		trigger->answered = true;
		r.trigger = trigger->at;
		r.trigger_len = trigger->len;
		r.trigger_flags = trigger->flags;
		r.seq_matches_trigger_ack = numbered_by(s, trigger);
		r.trigger_acks_fin = own->fin.frame && trigger->flags & TCP_ACK
		                     && (int32_t)(trigger->ack - (own->first_seq + (uint32_t)own->fin_off)) > 0;
	}
	store_reset(store, &r);
	if (own->rst.frame == 0)
		own->rst = s->at;
	return r.in_window && !clears_old(f, sender, s);
}
