/* analysis.h - what a segment is in its sequence space: retransmission, lost
 * segment, duplicate ACK, keep-alive, windows.
 *
 * The words and their conditions are those of Wireshark's tcp.analysis.*, so
 * that a user finds the same in both; order of evaluation included. They read
 * each side's numbers as captured, without knowing what the receiver got. As in
 * Wireshark, a fast or spurious retransmission is a retransmission as well.
 */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

struct segment;

enum analysis_kind {
	KIND_RETRANSMISSION          = 1 << 0,
	KIND_FAST_RETRANSMISSION     = 1 << 1,
	KIND_SPURIOUS_RETRANSMISSION = 1 << 2,
	KIND_OUT_OF_ORDER            = 1 << 3,
	KIND_LOST_SEGMENT            = 1 << 4,
	KIND_ACK_LOST_SEGMENT        = 1 << 5,
	KIND_DUP_ACK                 = 1 << 6,
	KIND_ZERO_WINDOW             = 1 << 7,
	KIND_ZERO_WINDOW_PROBE       = 1 << 8,
	KIND_ZERO_WINDOW_PROBE_ACK   = 1 << 9,
	KIND_WINDOW_FULL             = 1 << 10,
	KIND_WINDOW_UPDATE           = 1 << 11,
	KIND_KEEP_ALIVE              = 1 << 12,
	KIND_KEEP_ALIVE_ACK          = 1 << 13,
};

enum { ANALYSIS_KINDS = 14 };

/* The schema's words, by bit number. */
extern const char *const analysis_kind_names[ANALYSIS_KINDS];

/* What is remembered of one side's segments. Zero to begin. */
struct analysis {
	bool     has_next_seq, has_ack, has_top_ackable;
	uint32_t next_seq;        /* behind the highest byte seen */
	uint32_t top_ackable;     /* behind the highest byte seen without a hole before it */
	uint32_t ack, window;     /* of the last segment; window as on the wire, 0 before it */
	int64_t  next_seq_ns, ack_ns;
	bool     loss_told;       /* that bytes behind next_seq were acknowledged */
	unsigned dup_acks;
	unsigned last_kinds;      /* of its last segment */
};

/* The kinds of segment `s` of the side `own`, whose peer is `peer`; both are
 * brought up to date. `rtt_ns`: of the handshake, 0 where not known.
 * `peer_window`: the peer's advertised window in bytes, or -1 where its scale is
 * not known. */
unsigned analysis_of(struct analysis *own, struct analysis *peer, const struct segment *s,
                     int64_t rtt_ns, int64_t peer_window);

#endif
