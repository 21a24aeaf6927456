/* flow.h - one TCP connection as far as it was captured, and the table of them.
 *
 * A flow is found by its endpoints in either direction. A SYN with another
 * initial sequence number on known endpoints begins a new flow (as tshark does:
 * port reuse); nothing else ends one, least of all a silence.
 *
 * No clock says when a flow's last segment has come, so none is forgotten before the
 * capture ends. But one that has no payload waiting or being read (it is half-open, or
 * closed) and was quiet while many others came is put aside: packed (flow_pack.h), into a
 * temporary file (spill.h), whence its next segment fetches it as it was.
 *
 * Owns     the table owns its flows, numbered from 0 as they began.
 * Bounds   LIMIT_FLOWS_AT_HAND flows, and all that have payload to read, are in memory;
 *          of the others two numbers, 20 to 40 bytes. Where there is no room for the
 *          temporary file, they stay. Nothing grows with bytes or time.
 */
#ifndef FLOW_H
#define FLOW_H

#include "analysis.h"
#include "classify.h"
#include "decode.h"
#include "map.h"
#include "hash.h"
#include "packet_index.h"

struct spill;
struct talk;

enum { HISTORY_LETTERS = 11 };   /* of Zeek's that are told here: see conn_state.c */

/* A segment of one side, kept as a candidate for what a reset answers. */
struct recent { struct mark at; uint32_t ack, seq, len; uint8_t flags; bool answered; };

/* How far one side's part of the connection has come (for Zeek's conn_state). */
enum endpoint_state { INACTIVE, PARTIAL, SYN_SENT, ESTABLISHED, CLOSED, RESET };

/* One direction. `seq`s are of the wire, `off`s count its payload (facts.h). */
struct tcp_side {
	struct endpoint     at;
	struct analysis     analysis;
	enum endpoint_state state;
	uint64_t            frames, bytes, duplicates;
	int64_t             gap_bytes;
	uint64_t            ack_lost;           /* times it acknowledged what was never captured */
	bool                has_isn, has_seq, has_base, has_timestamps, sent_syn;
	uint32_t            isn, first_seq;     /* first_seq: what offset 0 stands for */
	uint32_t            base_seq;           /* its ISN, or what its or its peer's first segment makes it */
	uint32_t            top_seq;            /* the highest seen, and its offset */
	int64_t             top_off;
	int64_t             acked_off;          /* its payload that the peer has acknowledged */
	int64_t             doubted_ack_off;    /* what it acknowledged beyond all that the peer could send; 0 */
	int                 mss, window_scale, ttl;
	uint32_t            tsval;
	int64_t             scaled_window;      /* its last advertisement, in bytes; NONE: scale unknown */
	struct mark         first_data, last_data, last_speech;
	struct mark         fin, fin_acked, rst;
	int64_t             fin_off, fin_acks_off;
	struct mark         doubted_fin;        /* one that the peer would not take, and its numbers */
	int64_t             doubted_fin_off, doubted_fin_acks_off;
	struct mark         pause_from, pause_to;   /* the longest pause since it last sent */
	struct recent      *recent;             /* a ring of LIMIT_RECENT_SEGMENTS; NULL: none yet */
	unsigned            recent_n;           /* ever kept; the ring's next place is this mod its size */
};

struct flow {
	int64_t         id;
	uint64_t        stream;
	struct tcp_side side[2];                /* by enum side */
	const char     *client_known_by;
	char           *path;                   /* as in flow.path; NULL: nothing is around it */
	struct mark     first, last;
	struct mark     last_but_rst;           /* its last segment that was no RST */
	struct mark     syn, syn_ack, established;   /* the first of each */
	struct mark     last_syn;               /* the SYN that was answered, for the round trip */
	struct mark     provoked;               /* a RST or SYN that may be challenged; frame 0: none */
	enum side       provoked_side;          /* who would, */
	uint32_t        provoked_ack;           /* repeating this ACK */
	bool            challenged;             /* the RST that ended it was */
	bool            fast_open;              /* the SYN asked for it, or carried data */
	int64_t         first_rtt_ns;           /* from a SYN to the first ACK after it, as tshark has it; 0 */
	const char     *ended;                  /* as in flow.ended; NULL: not (yet) */
	enum side       ended_by;
	struct mark     ended_at;
	char            history[64];
	size_t          history_n;
	int             completeness;           /* as in flow.completeness */
	uint32_t        history_counts[2][HISTORY_LETTERS];   /* by enum side */
	struct packet_chunk packets;
	char            app[APP_NAME_SIZE];     /* as in flow.app; "": not known */
	const char     *app_known_by;
	bool            talk_over;              /* both sides said their last byte; talk is freed */
	struct talk    *talk;                   /* from the first payload on; else NULL */
	bool            finished;               /* its row is written */
	bool            retired;                /* closed long ago: flow_retire() was called */
	bool            closing;                /* waits in flow_table.closing */
	uint32_t        number;                 /* in its table */
	uint64_t        queued;                 /* its last frame when it came to the end of at_hand */
	struct flow    *next;                   /* in at_hand, or unused */
	struct flow    *closing_next;
	int64_t         closing_ns;             /* since when it waits */
};

struct flow_queue { struct flow *first, *last; size_t n; };

struct flow_table {
	struct flow_slot  *slots;               /* flows by endpoints: those that began last on them */
	size_t             slots_n, slots_used; /* a power of two */
	uint64_t          *places;              /* by number: the flow's address, or where it is put aside */
	size_t             n;                   /* flows */
	struct flow_queue  at_hand;             /* those in memory: who was not looked at for longest is first */
	size_t             at_hand_max;
	unsigned           came;                /* into memory since the last flow_table_trim() */
	struct flow_slab  *slabs;               /* where they live */
	struct flow       *unused;
	struct spill      *spill;
	struct map         servers;             /* server endpoints seen */
	struct map         reserved;            /* struct reserved, by endpoints */
	size_t             reserved_n;
	struct hash_key    key;
	struct flow_queue  closing[2];          /* closed with payload to read: reset; by FINs */
	int64_t            now_ns;              /* of the last segment */
	uint64_t           streams;             /* flows ever, for Wireshark's tcp.stream */
	size_t             servers_n;
};

/* Empty; at_hand_max flows are held in memory though nothing needs them there. */
void flow_table_init(struct flow_table *, size_t at_hand_max);

/* The flow of this segment; NULL: none, or the segment's SYN begins a new one
 * on the endpoints of *reused (else NULL), which the caller should end. */
struct flow *flow_find(struct flow_table *, const struct segment *, struct flow **reused);

/* A new flow that begins with this segment. */
struct flow *flow_begin(struct flow_table *, const struct segment *, int64_t id);

/* No flow yet, but a packet that quoted one: Wireshark gives it a number, which the
 * flow's first segment will find. Only LIMIT_RESERVED_STREAMS are remembered. */
void flow_reserve(struct flow_table *, const struct segment *);

/* Put aside what is too many. Invalidates every struct flow *. */
void flow_table_trim(struct flow_table *);

/* What flow number i < n is, without what it owns. */
void flow_look(const struct flow_table *, size_t i, struct flow *);

/* Flow number i < n itself, in memory or unpacked into *room: for flow_drop(). */
struct flow *flow_nth(const struct flow_table *, size_t i, struct flow *room);

/* Free what a flow owns, but for its talk. */
void flow_drop(struct flow *);

/* A flow with payload to read that is closed, as far as it can be told: to be called after
 * its segments. */
void flow_close_check(struct flow_table *, struct flow *);

/* Such a flow that was closed longer ago than segments of it may come, for its memory to
 * be given back; each is given once. NULL: none (now). To be called after every segment. */
struct flow *flow_closed(struct flow_table *, int64_t now_ns);

/* Whether the flow was closed as long ago when the last segment came (that of any flow),
 * and has not been retired: to be called before its own next one. */
bool flow_long_closed(const struct flow_table *, const struct flow *);

/* Free what only a flow that goes on needs. */
void flow_retire(struct flow *);

/* Which side sent this segment. */
enum side flow_sender(const struct flow *, const struct segment *);

/* Whether this side, as far as it is known, takes a segment with this number: RFC 9293,
 * 3.10.7.4. Where the scale of its window is not known, the window may be the largest. */
bool side_takes(const struct tcp_side *, uint32_t seq);

/* The roles were guessed wrong: client and server change places. */
void flow_swap_sides(struct flow *);

/* Forget and free every flow; the caller has told their facts. */
void flow_table_free(struct flow_table *);

#endif
