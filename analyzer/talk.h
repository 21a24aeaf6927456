/* talk.h - what the two sides of a flow say: payload in order, to the dissector
 * that knows it, or to nDPI for a name.
 *
 * The first bytes of each direction are shown to every dissector. A flow whose
 * beginning was not captured is tried again at each segment, but then only what
 * is unmistakable counts. Where the payload shows that client and server were
 * guessed wrong, they change places.
 *
 * Owns     the dissector's state and all buffers, from a flow's first payload
 *          until talk_end().
 * Order    talk_end() after the flow's last segment, before its facts are read.
 */
#ifndef TALK_H
#define TALK_H

#include "decode.h"
#include "dissector.h"

struct classifier;
struct flow;
struct store;

/* A port whose flows are given to one dissector unasked (-d). */
struct decode_as { uint16_t port; const struct dissector *dissector; };

struct talk_context {
	struct store           *store;
	struct classifier      *classifier;
	const struct decode_as *decode_as;
	size_t                  decode_as_n;
	bool                    show_secrets;
	size_t                 *held;            /* bytes that wait for others, of all flows */
};

/* What a segment said, beyond its bytes. */
enum told { TOLD_NOTHING, TOLD_HEARTBEAT, TOLD_OTHER };

/* A segment with payload, which begins at `off`. *conflict: it repeats bytes that
 * were others before (as far as reorder.h knows them). */
enum told talk_segment(const struct talk_context *, struct flow *, const struct segment *,
                       uint64_t off, bool *conflict);

/* The bytes of `side` below `off` were acknowledged. */
void talk_acked(struct flow *, enum side, uint64_t off, struct mark at);

/* `side` said its last byte, at `off`. */
void talk_fin(struct flow *, enum side, uint64_t off);

/* The flow ends; `how` for the sides that sent no FIN. Frees the talk; what the
 * payload was stays in flow.app. */
void talk_end(struct flow *, enum end_how how);

#endif
