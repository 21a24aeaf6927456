/* http1_exchange.h - the exchanges of a connection that are not yet told.
 *
 * Pairing  first in, first out. An exchange is told when both of its messages
 *          are settled and those before it are told. After a hole on the
 *          server's side the next response belongs to the newest request,
 *          unless responses were seen to queue up: a client that does not
 *          pipeline has had the others' answers.
 * Bounds   LIMIT_HTTP_PIPELINED exchanges. With more, the oldest is told as it
 *          is (one anomaly a connection); what still comes for it is passed
 *          over.
 * Names    an exchange is named by its nr, from 1; it is gone once told, so
 *          whoever keeps a nr asks exchange_of() each time.
 */
#ifndef HTTP1_EXCHANGE_H
#define HTTP1_EXCHANGE_H

#include "dissector.h"
#include "http1_head.h"
#include "http1_kept.h"
#include "limits.h"

/* AWAITED and UNFINISHED are not settled. NEVER: a response had no request. */
enum state { AWAITED, UNFINISHED, COMPLETE, CUT_BY_FIN, CUT_BY_RST, CUT_BY_GAP, OPEN, NEVER };

/* One message as it will be told. */
struct message {
	struct mark begin, head_end, end;
	int64_t     off, declared, bytes;
	struct kept_head head;
	uint8_t     state;               /* enum state */
	char        minor;               /* of the version; 0: not known */
};

struct exchange {
	struct message part[2];          /* by enum side of the sender */
	struct mark    body, cont;
	struct part    target, host, agent, reason;   /* the last of the response's head */
	int64_t        body_hash;        /* NONE */
	int16_t        status;
	bool           expect : 1, until_close : 1, close : 1;
	bool           in_gap : 1;       /* the answer may lie in a hole */
	bool           is_head : 1, is_connect : 1;
	char           method[METHOD_MAX + 1];
};

struct exchanges {
	uint64_t        first;           /* nr of the oldest open one, less 1 */
	uint64_t        answered;        /* nr of the last final response; 0: none yet */
	unsigned        open, unheard;   /* how many; answers due to those let go */
	bool            pipelined, overflowed, server_spoke;
	struct exchange ring[LIMIT_HTTP_PIPELINED];
	struct kept     kept[2];         /* by enum side */
};

/* The open exchange with that nr, or NULL. */
static inline struct exchange *exchange_of(struct exchanges *e, uint64_t nr)
{
	return nr > e->first && nr <= e->first + e->open ? &e->ring[nr % LIMIT_HTTP_PIPELINED]
	                                                 : NULL;
}

/* Open the next one, of which `side` began to speak at `off`; its nr. */
uint64_t exchange_open(struct exchanges *, struct sink *, enum side, uint64_t off);
bool exchanges_are_full(const struct exchanges *);

/* What was taken for the request of nr is none: forget it, unless it was answered. */
void exchange_withdraw(struct exchanges *, uint64_t nr);

/* The nr that the next response answers; 0: none. `unsure`: responses may have
 * been missed, and those they answered are then given up. */
uint64_t exchange_awaiting(struct exchanges *, bool unsure);

/* A hole where any of the answers may have been. */
void exchanges_in_gap(struct exchanges *);

/* Tell and forget what is settled, from the oldest on; or all, since nothing follows. */
void exchanges_tell(struct exchanges *, struct sink *);
void exchanges_end(struct exchanges *, struct sink *);

#endif
