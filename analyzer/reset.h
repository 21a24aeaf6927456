/* reset.h - the anatomy of a RST: what it answers, and what its header tells.
 *
 * RFC 9293, 3.5.2 and 3.10.7, say how a stack must form a reset: one without a
 * socket for a segment takes its sequence number from that segment's ACK field
 * and sets no ACK; a live socket that aborts goes on with its own numbers and
 * sets ACK. Hence the header says who reset, and why; the view reset_anatomy
 * (db/derived.sql) draws that conclusion from the facts written here.
 */
#ifndef RESET_H
#define RESET_H

#include "flow.h"

struct store;

/* Tell the store about this RST, and mark the side as having reset. To be called
 * before the segment is counted among the side's recent ones. True: its receiver
 * takes it, so it ends the connection; one outside the window, or an opener's
 * answer to an acknowledgement of something it never sent, ends nothing
 * (RFC 5961, 3.2; RFC 9293, 3.10.7.3). */
bool reset_tell(struct store *, struct flow *, enum side sender, const struct segment *);

#endif
