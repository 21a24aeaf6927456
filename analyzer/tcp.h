/* tcp.h - from segments to TCP facts: handshake, numbers, silences, FIN and RST.
 *
 * Facts of single segments go to the store at once; what sums up a flow is kept
 * in it and written by tcp_finish().
 *
 * Standards  RFC 9293; window scale and timestamps RFC 7323; reset validity
 *            RFC 5961; conn_state and history as Zeek defines them.
 * Order      segments in the order of the capture, tcp_finish() once at the end.
 */
#ifndef TCP_H
#define TCP_H

#include "flow.h"
#include "talk.h"

/* One more segment of the flow; it is no duplicate. */
void tcp_segment(const struct talk_context *, struct flow *, const struct segment *);

/* This SYN begins a flow on the endpoints of an earlier one. */
void tcp_reused(const struct talk_context *, struct flow *, const struct segment *);

/* The flow was closed a while ago: what only its payload needed is given back. */
void tcp_retire(const struct talk_context *, struct flow *);

/* The flow ends, at the capture's last frame or because its endpoints begin a
 * new connection at `at`. Writes what is still to be told, and its row. */
void tcp_finish(const struct talk_context *, struct flow *, int64_t capture_id, struct mark at,
                bool end_of_capture);

#endif
