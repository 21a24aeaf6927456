/* flow_pack.h - a flow as a few bytes, and back, exactly as it was.
 *
 * What is zero takes an eighth of a byte a word; a word takes as many bytes as it has,
 * and one that is near the time at which the flow began (its other times) as many as the
 * distance has. The bytes mean something to this process alone: there are addresses of
 * constants among them.
 *
 * Bounds   FLOW_PACKED_MAX bytes.
 */
#ifndef FLOW_PACK_H
#define FLOW_PACK_H

#include "flow.h"

enum { FLOW_PACKED_MAX = 2 * sizeof(struct flow) + 4 * LIMIT_RECENT_SEGMENTS * sizeof(struct recent)
                         + LIMIT_INDEX_CHUNK * 64 + LIMIT_PATH + 64 };

/* Whether the flow can be packed: it has no talk, nor waits for anything. */
bool flow_packs(const struct flow *);

/* Pack it; the bytes it took. It is unchanged. */
size_t flow_pack(const struct flow *, uint8_t to[static FLOW_PACKED_MAX]);

/* The flow alone, without what it owns: to be looked at. */
void flow_peek(struct bytes packed, struct flow *);

/* The flow with what it owns, which flow_retire() and free(path) give back. */
void flow_unpack(struct bytes packed, struct flow *);

#endif
