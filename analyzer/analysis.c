/* analysis.c - see analysis.h. */
#include "analysis.h"

#include "decode.h"

static const int64_t OUT_OF_ORDER_NS = 3000000;      /* without a handshake to measure */
static const int64_t FAST_RETRANSMISSION_NS = 20000000;

const char *const analysis_kind_names[ANALYSIS_KINDS] = {
	"retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
	"lost_segment", "ack_lost_segment", "dup_ack", "zero_window", "zero_window_probe",
	"zero_window_probe_ack", "window_full", "window_update", "keep_alive", "keep_alive_ack",
};

/* a before b in a space that wraps (RFC 9293, 3.4). */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* A clock that was set back makes no two segments near. */
static bool within(int64_t apart_ns, int64_t most_ns)
{
	return apart_ns >= 0 && apart_ns < most_ns;
}

/* Kinds that a segment without payload may have by repeating the last one. */
static unsigned repeated_ack_kind(const struct analysis *own, const struct analysis *peer,
                                  const struct segment *s)
{
	bool repeats = s->len == 0 && s->window == own->window && own->has_next_seq
	               && s->seq == own->next_seq && own->has_ack && s->ack == own->ack;
	if (!repeats)
		return 0;
	if (s->window == 0)
		return peer->last_kinds & KIND_ZERO_WINDOW_PROBE ? KIND_ZERO_WINDOW_PROBE_ACK : 0;
	return peer->last_kinds & KIND_KEEP_ALIVE ? KIND_KEEP_ALIVE_ACK : KIND_DUP_ACK;
}

static unsigned window_kinds(const struct analysis *own, const struct analysis *peer,
                             const struct segment *s, int64_t peer_window)
{
	unsigned kinds = 0;
	if (s->window == 0)
		kinds |= KIND_ZERO_WINDOW;
	if (s->len == 0 && s->window != 0 && s->window != own->window && own->has_next_seq
	    && s->seq == own->next_seq && own->has_ack && s->ack == own->ack)
		kinds |= KIND_WINDOW_UPDATE;
	if (s->len > 0 && peer_window >= 0 && peer->has_ack
	    && s->seq + s->len == peer->ack + (uint32_t)peer_window)
		kinds |= KIND_WINDOW_FULL;
	return kinds;
}

/* What a segment that carries something, and does not go on where the last one
 * ended, is. */
static unsigned old_data_kind(const struct analysis *own, const struct analysis *peer,
                              const struct segment *s, int64_t rtt_ns)
{
	uint32_t end = s->seq + s->len;
	uint32_t end_counted = end + (s->flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	bool not_advanced = own->has_next_seq && before(s->seq, own->next_seq);

	/* One byte before the expected one and more than a byte: what a window probe
	 * carried comes again with new data behind it. */
	if (s->len > 1 && own->next_seq - 1 == s->seq)
		not_advanced = false;
	if (s->len > 0 && peer->has_ack && !before(peer->ack, end))
		return KIND_RETRANSMISSION | KIND_SPURIOUS_RETRANSMISSION;
	if (!not_advanced)
		return 0;
	if (peer->dup_acks >= 2 && peer->ack == s->seq
	    && within(s->at.ns - peer->ack_ns, FAST_RETRANSMISSION_NS))
		return KIND_RETRANSMISSION | KIND_FAST_RETRANSMISSION;
	if (within(s->at.ns - own->next_seq_ns, rtt_ns ? rtt_ns : OUT_OF_ORDER_NS)
	    && own->next_seq != end_counted)
		return KIND_OUT_OF_ORDER;
	return KIND_RETRANSMISSION;
}

/* Whether the segment acknowledges what was never captured. Told once: again only
 * when there is a new hole, or the peer has gone on (it acknowledged something
 * else since, which a peer that repeats itself does not). */
static unsigned acked_lost_kind(struct analysis *peer, const struct segment *s)
{
	bool at_end = peer->top_ackable == peer->next_seq;
	if (!(s->flags & TCP_ACK) || !peer->has_top_ackable || !before(peer->top_ackable, s->ack)
	    || (at_end && peer->loss_told))
		return 0;
	peer->loss_told |= at_end;
	peer->top_ackable = peer->next_seq;
	return KIND_ACK_LOST_SEGMENT;
}

static void advance(struct analysis *own, const struct segment *s, unsigned kinds)
{
	uint32_t next = s->seq + s->len + (s->flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	bool unnumbered = s->flags & TCP_RST && next == 0;   /* of no connection: RFC 9293, 3.10.7.1 */
	if (!(kinds & KIND_ZERO_WINDOW_PROBE) && !unnumbered) {
		if (!own->has_next_seq || before(own->next_seq, next)) {
			own->next_seq = next;
			own->next_seq_ns = s->at.ns;
			own->has_next_seq = true;
		}
		if (!own->has_top_ackable || s->seq == own->top_ackable) {
			own->top_ackable = own->next_seq;
			own->has_top_ackable = true;
		}
	}
	own->window = s->window;
	own->ack = s->ack;
	own->has_ack = s->flags & TCP_ACK;
	own->ack_ns = s->at.ns;
	own->last_kinds = kinds;
}

unsigned analysis_of(struct analysis *own, struct analysis *peer, const struct segment *s,
                     int64_t rtt_ns, int64_t peer_window)
{
	bool control = s->flags & (TCP_SYN | TCP_FIN | TCP_RST);
	bool carries = s->len > 0 || s->flags & (TCP_SYN | TCP_FIN);
	unsigned kinds = 0;

	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && own->has_top_ackable)
		own->next_seq = own->top_ackable;     /* begun again: forget what came behind a hole */
	if (s->len == 1 && own->has_next_seq && s->seq == own->next_seq && peer->has_next_seq
	    && peer->window == 0) {
		kinds = KIND_ZERO_WINDOW_PROBE;
	} else {
		if (own->has_next_seq && before(own->next_seq, s->seq) && !(s->flags & TCP_RST))
			kinds |= KIND_LOST_SEGMENT;
		if (!control) {
			if (s->len <= 1 && own->has_next_seq && s->seq == own->next_seq - 1)
				kinds |= KIND_KEEP_ALIVE;
			kinds |= window_kinds(own, peer, s, peer_window);
			kinds |= repeated_ack_kind(own, peer, s);
		}
	}
	if (s->ack != own->ack) {
		own->dup_acks = 0;
		own->loss_told = false;
	}
	if (kinds & KIND_DUP_ACK) {
		own->dup_acks++;
		own->loss_told = true;
	}
	kinds |= acked_lost_kind(peer, s);
	if (carries && !(kinds & KIND_KEEP_ALIVE))
		kinds |= old_data_kind(own, peer, s, rtt_ns);
	advance(own, s, kinds);
	return kinds;
}
