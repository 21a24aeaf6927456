/* dedup.h - packets that the capture holds twice.
 *
 * A router captured on all interfaces, a bridge, a mirrored port: one packet,
 * several records. TCP would take the second for a retransmission. Copies agree
 * in everything that a hop leaves alone: addresses, ports, the TCP header but
 * for its checksum, the payload, the IP identification. NAT changes addresses:
 * the legs of a translated connection are flows of their own, not copies.
 *
 * Bounds  the last LIMIT_DEDUP_SLOTS distinct packets are remembered.
 */
#ifndef DEDUP_H
#define DEDUP_H

#include <stdbool.h>

struct dedup;
struct segment;

struct dedup *dedup_new(void);

/* Whether this segment is a copy of an earlier one. */
bool dedup_seen(struct dedup *, const struct segment *);

void dedup_free(struct dedup *);

#endif
