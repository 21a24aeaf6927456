/* conn_state.c - see conn_state.h.
 *
 * Zeek      base/protocols/conn/main.zeek: conn_state, history
 * Wireshark tcp.completeness
 */
#include "conn_state.h"

#include <string.h>

#include "flow.h"

/* ---- Zeek's history: upper case for the client ---- */

static const char history_letters[HISTORY_LETTERS + 1] = "shadfrgtwiq";

/* Letters that are told again at every power of ten, the others once. */
static bool history_due(char letter, uint32_t count)
{
	if (!strchr("gtw", letter))
		return count == 1;
	while (count >= 10 && count % 10 == 0)
		count /= 10;
	return count == 1;
}

static void history_add(struct flow *f, enum side sender, char letter)
{
	size_t i = (size_t)(strchr(history_letters, letter) - history_letters);
	if (history_due(letter, ++f->history_counts[sender][i]) && f->history_n < sizeof f->history - 1)
		f->history[f->history_n++] = (char)(sender == CLIENT ? letter - 'a' + 'A' : letter);
}

/* Zeek's letters of one segment. */
static void history_segment(struct flow *f, enum side sender, const struct segment *s, unsigned kinds)
{
	unsigned control = s->flags & (TCP_SYN | TCP_FIN | TCP_RST);
	if (control & TCP_SYN)
		history_add(f, sender, control & ~(unsigned)TCP_SYN ? 'q' : s->flags & TCP_ACK ? 'h' : 's');
	if (s->len)
		history_add(f, sender, 'd');
	else if (!control && s->flags & TCP_ACK)
		history_add(f, sender, 'a');
	if (kinds & (KIND_RETRANSMISSION | KIND_FAST_RETRANSMISSION | KIND_SPURIOUS_RETRANSMISSION))
		history_add(f, sender, 't');
	if (kinds & KIND_ZERO_WINDOW)
		history_add(f, sender, 'w');
	if (control & TCP_FIN)
		history_add(f, sender, control & TCP_RST ? 'i' : 'f');
	if (control & TCP_RST)
		history_add(f, sender, 'r');
}

/* ---- Wireshark's completeness ---- */

/* As Wireshark has it, a SYN counts only as a flow's first segment, and no other first
 * segment counts; nor does a FIN without ACK. */
static void completeness_segment(struct flow *f, const struct segment *s)
{
	enum { SEEN_SYN = 1, SEEN_SYN_ACK = 2, SEEN_ACK = 4, SEEN_DATA = 8, SEEN_FIN = 16, SEEN_RST = 32 };
	unsigned syn = s->flags & (TCP_SYN | TCP_ACK);
	bool first = f->last.frame == 0;
	if (first && syn != TCP_SYN)
		return;
	f->completeness |= (syn == TCP_SYN && first ? SEEN_SYN : 0)
	                 | (syn == (TCP_SYN | TCP_ACK) ? SEEN_SYN_ACK : 0)
	                 | (syn == TCP_ACK && s->len == 0 ? SEEN_ACK : 0)
	                 | (s->len ? SEEN_DATA : 0)
	                 | (s->flags & TCP_FIN && s->flags & TCP_ACK ? SEEN_FIN : 0)
	                 | (s->flags & TCP_RST ? SEEN_RST : 0);
}

void conn_segment(struct flow *f, enum side sender, const struct segment *s, unsigned kinds)
{
	history_segment(f, sender, s, kinds);
	completeness_segment(f, s);
}

void conn_gap(struct flow *f, enum side side)
{
	history_add(f, side, 'g');
}

/* ---- Zeek's state ---- */

/* As Zeek's base/protocols/conn derives it from the states of the endpoints. */
const char *conn_state(const struct flow *f)
{
	enum endpoint_state c = f->side[CLIENT].state, v = f->side[SERVER].state;
	bool c_idle = c == INACTIVE || c == PARTIAL, v_idle = v == INACTIVE || v == PARTIAL;
	if (v == RESET) {
		bool nothing = f->side[CLIENT].bytes == 0 && f->side[SERVER].bytes == 0;
		return c == SYN_SENT || (c == RESET && nothing) ? "REJ" : c_idle ? "RSTRH" : "RSTR";
	}
	if (c == RESET)
		return v_idle ? "RSTOS0" : "RSTO";
	if (c == CLOSED && v == CLOSED)
		return "SF";
	if (c == CLOSED)
		return v_idle ? "SH" : "S2";
	if (v == CLOSED)
		return c_idle ? "SHR" : "S3";
	if (c == SYN_SENT && v == INACTIVE)
		return "S0";
	return c == ESTABLISHED && v == ESTABLISHED ? "S1" : "OTH";
}
