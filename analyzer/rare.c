/* rare.c - see rare.h. */
#include "rare.h"

#include "flow.h"

/* How long the answer to a suspicious segment may take: a round trip. */
static const int64_t ANSWER_NS = 1000000000;

const char *const rare_names[RARES] = { "urgent", "data_after_fin", "d_sack", "challenge_ack" };

/* a before b in a space that wraps (RFC 9293, 3.4). */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static bool is_bare_ack(const struct segment *s)
{
	return s->len == 0 && (s->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK;
}

/* Its first block reports what is acknowledged, or lies within the second. */
static bool is_d_sack(const struct segment *s)
{
	if (s->sack_n == 0 || !(s->flags & TCP_ACK))
		return false;
	if (!before(s->ack, s->sack[0].right))
		return true;
	return s->sack_n > 1 && !before(s->sack[0].left, s->sack[1].left)
	       && !before(s->sack[1].right, s->sack[0].right);
}

/* Whether this segment, if its receiver doubts it, is answered by a challenge: a
 * SYN within a connection, or a RST that has not exactly the number expected. */
static bool provokes(const struct flow *f, enum side sender, const struct segment *s)
{
	const struct tcp_side *peer = &f->side[other(sender)];
	if (!peer->analysis.has_ack)
		return false;
	if (s->flags & TCP_RST)
		return s->seq != peer->analysis.ack;
	return (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool is_challenge(const struct flow *f, enum side sender, const struct segment *s)
{
	const struct tcp_side *peer = &f->side[other(sender)];
	if (!is_bare_ack(s))
		return false;
	if (sender == SERVER && f->syn.frame && !f->syn_ack.frame)   /* of an older connection's */
		return s->ack != peer->isn + 1;
	return f->provoked.frame && f->provoked_side == sender && s->ack == f->provoked_ack
	       && s->at.ns - f->provoked.ns <= ANSWER_NS;
}

unsigned rare_of(struct flow *f, enum side sender, const struct segment *s, int64_t off)
{
	const struct tcp_side *own = &f->side[sender];
	bool behind_fin = own->fin_off != NONE && s->len > 0 && off + s->len > own->fin_off + 1;
	unsigned rare = (s->flags & TCP_URG && s->urgent ? RARE_URGENT : 0)
	              | (behind_fin ? RARE_DATA_AFTER_FIN : 0)
	              | (is_d_sack(s) ? RARE_D_SACK : 0)
	              | (is_challenge(f, sender, s) ? RARE_CHALLENGE_ACK : 0);
	if (f->provoked_side == sender)
		f->provoked.frame = 0;                /* it has answered now, one way or another */
	if (provokes(f, sender, s)) {
		f->provoked = s->at;
		f->provoked_side = other(sender);
		f->provoked_ack = f->side[other(sender)].analysis.ack;
	}
	return rare;
}
