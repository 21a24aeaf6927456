/* conn_state.h - other programs' words for a connection as a whole: Zeek's
 * conn_state and history, Wireshark's tcp.completeness.
 */
#ifndef CONN_STATE_H
#define CONN_STATE_H

#include "facts.h"

struct flow;
struct segment;

/* One more segment, with what analysis.h says of it; before flow.last is moved on. */
void conn_segment(struct flow *, enum side sender, const struct segment *, unsigned kinds);

/* Bytes of this side that the capture lacks. */
void conn_gap(struct flow *, enum side);

/* "SF", "S0", …: what flow.conn_state is now. */
const char *conn_state(const struct flow *);

#endif
