/* rare.h - what a segment does that most connections never see.
 *
 *   urgent          urgent data (RFC 9293, 3.8.5)
 *   data_after_fin  payload numbered behind the sender's own FIN
 *   d_sack          a report of data that came twice (RFC 2883, section 4)
 *   challenge_ack   the answer to a RST or SYN that the receiver does not believe
 *                   (RFC 5961, 3.2 and 4.2; RFC 9293, 3.10.7.3), as far as the
 *                   segments tell: a bare ACK of nothing new, right after it
 */
#ifndef RARE_H
#define RARE_H

#include "facts.h"

struct flow;
struct segment;

enum rare { RARE_URGENT = 1, RARE_DATA_AFTER_FIN = 2, RARE_D_SACK = 4, RARE_CHALLENGE_ACK = 8 };

enum { RARES = 4 };

/* The schema's words, by bit number. */
extern const char *const rare_names[RARES];

/* What of these the segment does, which begins at `off` of its side's payload. To
 * be called once for each, after its side's analysis, before its FIN is noted. */
unsigned rare_of(struct flow *, enum side sender, const struct segment *, int64_t off);

#endif
