/* tcp.c - see tcp.h. */
#include "tcp.h"

#include <string.h>

#include "community_id.h"
#include "conn_state.h"
#include "rare.h"
#include "reset.h"
#include "store.h"

static const int64_t SILENCE_NS = 1000000000;        /* the shortest that is told */

/* ---- sequence numbers and offsets ---- */

/* The offset of `seq` in this side's payload; may lie before its beginning. */
static int64_t off_of(const struct tcp_side *side, uint32_t seq)
{
	return side->top_off + (int32_t)(seq - side->top_seq);
}

/* What tshark calls base_seq: what a SYN is compared with, to tell a new connection. */
static void base_see(struct tcp_side *side, uint32_t base)
{
	side->base_seq = side->has_base ? side->base_seq : base;
	side->has_base = true;
}

static void side_see(struct tcp_side *own, struct tcp_side *peer, const struct segment *s)
{
	base_see(own, s->flags & TCP_SYN ? s->seq : s->seq - 1);
	if (s->flags & TCP_ACK)
		base_see(peer, s->ack - 1);
	if (s->flags & TCP_SYN)
		own->base_seq = s->seq;
	if (!own->has_seq) {
		own->has_seq = true;
		own->first_seq = s->flags & TCP_SYN ? s->seq + 1 : s->seq;
		own->top_seq = own->first_seq;
		own->has_timestamps = s->has_timestamps;
		own->tsval = s->tsval;
	}
	if (s->flags & TCP_SYN && !own->has_isn) {
		own->has_isn = true;
		own->isn = s->seq;
		own->mss = s->mss;
		own->window_scale = s->window_scale;
	}
	own->frames++;
	own->bytes += s->len;
	if (!(s->flags & TCP_RST))
		own->ttl = s->ttl;
}

/* Whether this side's SYN was captured, and offered no window scale. */
static bool refuses_scale(const struct tcp_side *side)
{
	return side->has_isn && side->window_scale < 0;
}

static bool is_syn_ack(const struct segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

/* Whether the opener has so far only opened: then what the other side sends, but for
 * a SYN or a RST, is for another connection, or forged (RFC 9293, 3.10.7.3). */
static bool too_early(const struct flow *f, enum side sender, const struct segment *s)
{
	const struct tcp_side *client = &f->side[CLIENT];
	bool unanswered = sender == SERVER && f->syn.frame && !f->syn_ack.frame && !client->analysis.has_ack;
	if (!unanswered || s->flags & (TCP_SYN | TCP_RST))
		return false;
	bool acks_syn = s->flags & TCP_ACK && off_of(client, s->ack) >= 0 && off_of(client, s->ack) <= client->top_off;
	return !(acks_syn && s->len > 0);        /* else the capture lacks the SYN,ACK */
}

/* A SYN,ACK with another number, before its side said anything: it begins there. */
static void side_begin_again(const struct flow *f, struct tcp_side *own, const struct segment *s)
{
	if (!is_syn_ack(s) || f->established.frame || !own->has_seq || own->top_off > 0 || s->seq + 1 == own->first_seq)
		return;
	own->isn = s->seq;
	own->has_isn = true;
	own->first_seq = own->top_seq = s->seq + 1;
	own->top_off = own->acked_off = 0;
	own->mss = s->mss;
	own->window_scale = s->window_scale;
}

/* The window that this segment advertises, in bytes; NONE where its scale was not
 * seen. Scaling holds only where both sides offered it, and never in a SYN
 * (RFC 7323, 2.2); a peer whose SYN was not captured is taken to have. */
static int64_t window_of(const struct tcp_side *own, const struct tcp_side *peer,
                         const struct segment *s)
{
	if (s->flags & TCP_SYN || refuses_scale(own) || refuses_scale(peer))
		return s->window;
	return own->has_isn ? (int64_t)s->window << own->window_scale : NONE;
}

/* ---- events ---- */

static void event(const struct talk_context *context, const struct flow *f, enum side sender,
                  const struct segment *s, const char *kind)
{
	store_tcp_event(context->store, &(struct tcp_event){
		.flow_id = f->id, .at = s->at, .sender = sender, .kind = kind,
		.seq = s->seq, .ack = s->ack, .len = s->len,
		.ttl = s->ttl, .flags = s->flags, .ip_id = s->ip_id,
	});
}

static void events(const struct talk_context *context, const struct flow *f, enum side sender,
                   const struct segment *s, unsigned kinds, unsigned rare)
{
	if (s->flags & TCP_SYN)
		event(context, f, sender, s, s->flags & TCP_ACK ? "syn_ack" : "syn");
	if (s->flags & TCP_FIN)
		event(context, f, sender, s, "fin");
	if (s->flags & TCP_RST)
		event(context, f, sender, s, "rst");
	for (int i = 0; i < ANALYSIS_KINDS; i++)
		if (kinds & 1u << i)
			event(context, f, sender, s, analysis_kind_names[i]);
	for (int i = 0; i < RARES; i++)
		if (rare & 1u << i)
			event(context, f, sender, s, rare_names[i]);
}

/* ---- silences ---- */

static const char *what_ended(const struct segment *s, unsigned kinds, enum told told)
{
	return s->flags & TCP_RST                             ? "rst"
	     : s->flags & TCP_SYN                             ? "syn"
	     : kinds & (KIND_KEEP_ALIVE | KIND_KEEP_ALIVE_ACK) ? "keep_alive"
	     : s->len                                         ? told == TOLD_HEARTBEAT ? "heartbeat" : "data"
	     : s->flags & TCP_FIN                             ? "fin"
	                                                      : "ack";
}

static void silence(const struct talk_context *context, const struct flow *f,
                    enum silence_scope scope, struct mark from, struct mark to,
                    const char *ended_by, int ended_sender)
{
	if (from.frame && to.ns - from.ns >= SILENCE_NS)
		store_silence(context->store, &(struct silence){
			.flow_id = f->id, .scope = scope, .from = from, .to = to,
			.ended_by = ended_by, .ended_sender = ended_sender,
		});
}

/* Whether a side's program spoke: not its kernel's ACKs, keep-alives and
 * retransmissions. */
static bool speaks(const struct segment *s, unsigned kinds, int64_t new_bytes)
{
	if (s->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return true;
	return s->len > 0 && new_bytes > 0 && !(kinds & (KIND_KEEP_ALIVE | KIND_ZERO_WINDOW_PROBE));
}

static void silences(const struct talk_context *context, struct flow *f, enum side sender,
                     const struct segment *s, unsigned kinds, int64_t new_bytes, enum told told)
{
	const char *ended_by = what_ended(s, kinds, told);
	struct tcp_side *own = &f->side[sender];
	silence(context, f, SILENT_BOTH, f->last, s->at, ended_by, (int)sender);
	if (!speaks(s, kinds, new_bytes))
		return;
	silence(context, f, sender == CLIENT ? SILENT_CLIENT : SILENT_SERVER, own->last_speech, s->at,
	        ended_by, (int)sender);
	own->last_speech = s->at;
}

/* The longest pause of the flow since each side last sent: what a reset of that
 * side, after the peer's first segment, may be about. */
static void pauses(struct flow *f, enum side sender, struct mark at)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	if (f->last.frame == 0)
		return;
	if (peer->pause_to.frame == 0 || at.ns - f->last.ns > peer->pause_to.ns - peer->pause_from.ns) {
		peer->pause_from = f->last;
		peer->pause_to = at;
	}
	own->pause_from = own->pause_to = (struct mark){ 0 };
}

/* ---- the states of a connection ---- */

static void end_with(struct flow *f, const char *how, enum side by, struct mark at)
{
	if (f->ended)
		return;
	f->ended = how;
	f->ended_by = by;
	f->ended_at = at;
}

static void handshake(struct flow *f, enum side sender, const struct segment *s)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	unsigned syn = s->flags & (TCP_SYN | TCP_ACK);
	if (syn == TCP_SYN && f->syn.frame == 0)
		f->syn = s->at;
	if (syn == TCP_SYN) {
		own->sent_syn = true;
		f->fast_open |= s->fast_open || s->len > 0;
	}
	if (syn == TCP_SYN && f->established.frame == 0)
		f->last_syn = s->at;
	if (syn == (TCP_SYN | TCP_ACK)) {
		if (f->syn_ack.frame == 0)
			f->syn_ack = s->at;
		own->state = ESTABLISHED;
		if (peer->state == SYN_SENT || peer->state == INACTIVE)
			peer->state = ESTABLISHED;
	} else if (syn == TCP_SYN && own->state == INACTIVE) {
		own->state = SYN_SENT;
	} else if (own->state == INACTIVE) {
		own->state = PARTIAL;
	}
	bool acks_syn = sender == CLIENT && syn == TCP_ACK && f->syn_ack.frame
	                && !(s->flags & TCP_RST) && s->ack == peer->isn + 1;
	if (acks_syn && f->established.frame == 0)
		f->established = s->at;
}

/* The side's FIN, behind `end_off` bytes of payload. */
static void fin_take(struct flow *f, enum side sender, struct mark at, int64_t end_off, int64_t acks_off)
{
	struct tcp_side *own = &f->side[sender];
	own->fin = at;
	own->fin_off = end_off;
	own->fin_acks_off = acks_off;
	if (own->state != RESET)
		own->state = CLOSED;
	end_with(f, "fin", sender, at);
	talk_fin(f, sender, end_off > 0 ? (uint64_t)end_off : 0);
}

/* A FIN, behind `end_off` bytes. One that its receiver would not take is doubted until
 * it is acknowledged: forged, or the capture lacks what made room for it. */
static void fin_see(struct flow *f, enum side sender, const struct segment *s, int64_t end_off,
                    bool doubted)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	int64_t acks_off = peer->has_seq ? peer->acked_off : NONE;
	if (!(s->flags & TCP_FIN) || s->flags & TCP_SYN || own->fin.frame)
		return;
	if (!doubted && end_off >= own->top_off) {
		fin_take(f, sender, s->at, end_off, acks_off);
		return;
	}
	own->doubted_fin = s->at;
	own->doubted_fin_off = end_off;
	own->doubted_fin_acks_off = acks_off;
}

/* A RST that its receiver takes. */
static void rst_take(struct flow *f, enum side sender, struct mark at)
{
	bool refused = sender == SERVER && f->syn.frame && !f->syn_ack.frame;
	f->side[sender].state = RESET;
	end_with(f, refused ? "refused" : "rst", sender, at);
}

/* Whoever goes on speaking after a RST that was challenged has not sent it: it ended
 * nothing after all. (The challenge alone may as well have been on its way.) */
static void disbelieve(struct flow *f, enum side sender, const struct segment *s)
{
	bool goes_on = s->flags & TCP_ACK && !(s->flags & TCP_RST);
	if (!f->challenged || !goes_on || f->ended_by != sender || !f->ended || strcmp(f->ended, "rst") != 0)
		return;
	f->ended = NULL;
	f->ended_at = (struct mark){ 0 };
	f->challenged = false;
	f->side[sender].state = f->syn_ack.frame ? ESTABLISHED : PARTIAL;
}

/* Whether an acknowledgement up to `off` of the peer is to be believed: what the peer
 * sent, or could have sent into the window; or more, when the one before said so, too
 * (then the capture lacks a part). RFC 9293, 3.10.7.4; RFC 5961, 5.2. */
static bool ack_believed(struct tcp_side *own, const struct tcp_side *peer, int64_t off)
{
	enum { MAX_SCALE = 14 };
	int64_t window = own->scaled_window != NONE ? own->scaled_window
	               : (int64_t)own->analysis.window << MAX_SCALE;
	int64_t doubted = own->doubted_ack_off;
	int64_t most = peer->top_off > peer->acked_off ? peer->top_off : peer->acked_off;
	bool confirms_fin = peer->doubted_fin.frame && off == peer->doubted_fin_off + 1;
	if (off <= most + window || confirms_fin)
		return true;
	own->doubted_ack_off = off;
	return doubted && off >= doubted && off - doubted <= window;
}

/* The side's payload below `off` is acknowledged. */
static void acked_take(struct flow *f, enum side side, int64_t off, struct mark at)
{
	if (off <= f->side[side].acked_off)
		return;
	f->side[side].acked_off = off;
	talk_acked(f, side, (uint64_t)off, at);
}

/* What the segment acknowledges of the peer. */
static void acknowledgement(struct flow *f, enum side sender, const struct segment *s)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	if (!(s->flags & TCP_ACK) || !peer->has_seq)
		return;
	int64_t off = off_of(peer, s->ack);
	if (!ack_believed(own, peer, off))
		return;
	if (!peer->fin.frame && peer->doubted_fin.frame && off == peer->doubted_fin_off + 1)
		fin_take(f, other(sender), peer->doubted_fin, peer->doubted_fin_off,
		         peer->doubted_fin_acks_off);
	if (peer->fin.frame && peer->fin_acked.frame == 0 && off > peer->fin_off)
		peer->fin_acked = s->at;
	if (peer->fin_off != NONE && off > peer->fin_off)
		off = peer->fin_off;
	acked_take(f, other(sender), off, s->at);
}

/* Payload that begins where a doubted acknowledgement said, or behind it, confirms it:
 * the capture lacks what lies before. */
static void doubted_ack_confirm(struct flow *f, enum side sender, const struct segment *s, int64_t off)
{
	struct tcp_side *peer = &f->side[other(sender)];
	if (s->len == 0 || peer->doubted_ack_off == 0 || off < peer->doubted_ack_off)
		return;
	acked_take(f, sender, peer->doubted_ack_off, s->at);
	peer->doubted_ack_off = 0;
}

/* Move the highest offset on; the payload bytes that are new. */
static int64_t extend(struct tcp_side *own, const struct segment *s, int64_t off)
{
	int64_t end = off + s->len;
	if (own->fin_off != NONE && end > own->fin_off)
		end = own->fin_off;                          /* the FIN's own number is no payload */
	int64_t fresh = end - own->top_off;
	if (fresh <= 0)
		return 0;
	own->top_seq += (uint32_t)fresh;
	own->top_off += fresh;
	return fresh < s->len ? fresh : s->len;
}

static void recent_keep(struct tcp_side *own, const struct segment *s)
{
	if (!own->recent)
		own->recent = alloc_zeroed(LIMIT_RECENT_SEGMENTS, sizeof *own->recent);
	own->recent[own->recent_n++ % LIMIT_RECENT_SEGMENTS] = (struct recent){
		.at = s->at, .ack = s->ack, .seq = s->seq, .len = s->len, .flags = s->flags,
	};
}

static void index_add(const struct talk_context *context, struct flow *f, enum side sender,
                      const struct segment *s)
{
	packet_chunk_add(&f->packets, &(struct indexed_packet){
		.at = s->at, .file_offset = s->file_offset, .sender = sender, .flags = s->flags,
		.seq = s->seq, .ack = s->ack, .len = s->len, .window = s->window,
	});
	if (f->packets.packets < LIMIT_INDEX_CHUNK)
		return;
	store_packets(context->store, f->id, f->packets.first_frame, s->at.frame,
	              (struct bytes){ f->packets.bytes, f->packets.n });
	packet_chunk_reset(&f->packets);
}

/* The segment's payload within [0, end) of its side's, which begins at *off. */
static struct segment clipped(const struct segment *s, int64_t *off, int64_t end)
{
	struct segment part = *s;
	uint32_t before = *off < 0 ? (uint32_t)-*off : 0;
	if (before >= s->len || *off + before >= end) {
		part.len = 0;
		return part;
	}
	*off += before;
	part.len = s->len - before < end - *off ? s->len - before : (uint32_t)(end - *off);
	size_t kept = before < s->payload.n ? s->payload.n - before : 0;
	part.payload = (struct bytes){ kept ? s->payload.p + before : NULL, kept < part.len ? kept : part.len };
	return part;
}

/* The payload, to the dissector: not what a keep-alive has before the beginning, nor
 * what comes behind a FIN. */
static enum told payload(const struct talk_context *context, struct flow *f,
                         const struct segment *s, int64_t off, unsigned kinds)
{
	const struct tcp_side *own = &f->side[flow_sender(f, s)];
	struct segment part = clipped(s, &off, own->fin_off == NONE ? INT64_MAX : own->fin_off);
	bool conflict;
	if (part.len == 0 || s->flags & TCP_RST)
		return TOLD_NOTHING;
	enum told told = talk_segment(context, f, &part, (uint64_t)off, &conflict);
	if (conflict && !(kinds & (KIND_KEEP_ALIVE | KIND_ZERO_WINDOW_PROBE)))   /* these carry rubbish */
		event(context, f, flow_sender(f, s), s, "overlap_conflict");
	return told;
}

/* The handshake's, from the SYN that was answered; 0: not captured. */
static int64_t round_trip(const struct flow *f)
{
	return f->established.frame && f->last_syn.frame ? f->established.ns - f->last_syn.ns : 0;
}

/* What the segment is in its sequence space, told; and what of it is new payload. */
static unsigned segment_analysis(const struct talk_context *context, struct flow *f,
                                 enum side sender, const struct segment *s, int64_t off)
{
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	unsigned kinds = analysis_of(&own->analysis, &peer->analysis, s, f->first_rtt_ns,
	                             peer->scaled_window);
	if (f->first_rtt_ns == 0 && f->last_syn.frame && (s->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK)
		f->first_rtt_ns = s->at.ns - f->last_syn.ns;
	own->ack_lost += (kinds & KIND_ACK_LOST_SEGMENT) != 0;
	handshake(f, sender, s);
	conn_segment(f, sender, s, kinds);
	unsigned rare = rare_of(f, sender, s, off);
	disbelieve(f, sender, s);
	if (rare & RARE_CHALLENGE_ACK && f->ended && f->ended_by != sender)
		f->challenged = true;
	events(context, f, sender, s, kinds, rare);
	return kinds;
}

void tcp_segment(const struct talk_context *context, struct flow *f, const struct segment *s)
{
	enum side sender = flow_sender(f, s);
	struct tcp_side *own = &f->side[sender], *peer = &f->side[other(sender)];
	bool early = too_early(f, sender, s);

	if (is_syn_ack(s) && own->has_base && own->base_seq != s->seq)
		event(context, f, sender, s, "port_reuse");
	side_begin_again(f, own, s);
	side_see(own, peer, s);
	int64_t off = off_of(own, s->flags & TCP_SYN ? s->seq + 1 : s->seq);
	bool bare = s->len == 0 || s->flags & TCP_FIN;   /* its number alone says where its side is */
	bool doubted = bare && off != own->top_off && !side_takes(peer, s->seq);
	unsigned kinds = segment_analysis(context, f, sender, s, off);
	int64_t fresh = s->flags & TCP_RST || early || doubted ? 0 : extend(own, s, off);
	acknowledgement(f, sender, s);
	doubted_ack_confirm(f, sender, s, off);

	enum told told = early ? TOLD_NOTHING : payload(context, f, s, off, kinds);
	sender = flow_sender(f, s);                          /* the payload may have told otherwise */
	own = &f->side[sender];
	peer = &f->side[other(sender)];

	silences(context, f, sender, s, kinds, fresh, told);
	bool resets = s->flags & TCP_RST && reset_tell(context->store, f, sender, s);
	if (!early)
		fin_see(f, sender, s, off + s->len, doubted);
	if (resets)
		rst_take(f, sender, s->at);
	pauses(f, sender, s->at);
	own->scaled_window = window_of(own, peer, s);
	if (fresh && !(kinds & KIND_KEEP_ALIVE)) {
		own->last_data = s->at;
		if (own->first_data.frame == 0)
			own->first_data = s->at;
	}
	recent_keep(own, s);
	f->last = s->at;
	if (!(s->flags & TCP_RST))
		f->last_but_rst = s->at;
	index_add(context, f, sender, s);
}

void tcp_reused(const struct talk_context *context, struct flow *f, const struct segment *s)
{
	event(context, f, flow_sender(f, s), s, "port_reuse");
}

/* ---- the flow's row ---- */

static void side_facts(const struct flow *f, enum side i, struct flow_facts *x)
{
	const struct tcp_side *side = &f->side[i];
	x->frames[i] = side->frames;
	x->bytes[i] = side->bytes;
	x->duplicates[i] = side->duplicates;
	x->gap_bytes[i] = side->gap_bytes;
	x->fin[i] = side->fin;
	x->fin_off[i] = side->fin_off;
	x->fin_acks_off[i] = side->fin_acks_off;
	x->fin_acked[i] = side->fin_acked;
	x->acked_off[i] = side->acked_off;
	x->isn[i] = side->has_isn ? (int64_t)side->isn : NONE;
	x->first_seq[i] = side->has_seq ? (int64_t)side->first_seq : NONE;
	x->mss[i] = side->mss;
	x->window_scale[i] = side->window_scale;
	x->tsval[i] = side->has_timestamps ? (int64_t)side->tsval : NONE;
	x->ttl[i] = side->ttl;
	x->first_data[i] = side->first_data;
	x->last_data[i] = side->last_data;
}

/* As in flow.window_scaling. */
static const char *window_scaling(const struct flow *f)
{
	const struct tcp_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
	return refuses_scale(c) || refuses_scale(v) ? "off" : c->has_isn && v->has_isn ? "on" : "unknown";
}

static void flow_row(const struct talk_context *context, const struct flow *f, int64_t capture_id)
{
	char id[COMMUNITY_ID_SIZE];
	const struct endpoint *client = &f->side[CLIENT].at, *server = &f->side[SERVER].at;
	bool unanswered = f->syn.frame && f->side[SERVER].frames == 0;
	struct flow_facts x = {
		.id = f->id, .capture_id = capture_id, .stream = (int64_t)f->stream,
		.client_port = client->port, .server_port = server->port,
		.client_known_by = f->client_known_by, .path = f->path,
		.first = f->first, .last = f->last,
		.syn = f->syn, .syn_ack = f->syn_ack, .established = f->established,
		.rtt_ns = round_trip(f) ? round_trip(f) : NONE,
		.window_scaling = window_scaling(f), .fast_open = f->fast_open,
		.simultaneous_open = f->side[CLIENT].sent_syn && f->side[SERVER].sent_syn,
		.conn_state = conn_state(f), .history = f->history, .completeness = f->completeness,
		.ended = f->ended ? f->ended : unanswered ? "unanswered" : "open",
		.ended_by = f->ended ? (int)f->ended_by : NONE, .ended_at = f->ended_at,
		.app = f->app, .app_known_by = f->app_known_by,
		.community_id = community_id(client, server, id),
	};
	ip_text(client->ip, x.client_ip);
	ip_text(server->ip, x.server_ip);
	side_facts(f, CLIENT, &x);
	side_facts(f, SERVER, &x);
	store_flow(context->store, &x);
}

/* Silences that nobody ended: of sides that could still have spoken. */
static void last_silences(const struct talk_context *context, const struct flow *f, struct mark at)
{
	bool reset = f->side[CLIENT].state == RESET || f->side[SERVER].state == RESET;
	bool client_done = f->side[CLIENT].fin.frame, server_done = f->side[SERVER].fin.frame;
	if (reset || (client_done && server_done))
		return;
	silence(context, f, SILENT_BOTH, f->last, at, "end_of_capture", NONE);
	if (!client_done)
		silence(context, f, SILENT_CLIENT, f->side[CLIENT].last_speech, at, "end_of_capture", NONE);
	if (!server_done)
		silence(context, f, SILENT_SERVER, f->side[SERVER].last_speech, at, "end_of_capture", NONE);
}

static void index_flush(const struct talk_context *context, struct flow *f)
{
	if (f->packets.n)
		store_packets(context->store, f->id, f->packets.first_frame, f->last.frame,
		              (struct bytes){ f->packets.bytes, f->packets.n });
	packet_chunk_reset(&f->packets);
}

/* How the payload of sides without a FIN ends. */
static enum end_how ended_how(const struct flow *f)
{
	bool reset = f->side[CLIENT].state == RESET || f->side[SERVER].state == RESET;
	return reset ? END_RST : END_CAPTURE;
}

void tcp_retire(const struct talk_context *context, struct flow *f)
{
	if (f->talk)
		talk_end(f, ended_how(f));
	index_flush(context, f);
	flow_retire(f);
	f->retired = true;
}

void tcp_finish(const struct talk_context *context, struct flow *f, int64_t capture_id,
                struct mark at, bool end_of_capture)
{
	talk_end(f, ended_how(f));
	if (end_of_capture)
		last_silences(context, f, at);
	index_flush(context, f);
	flow_row(context, f, capture_id);
	flow_retire(f);
}
