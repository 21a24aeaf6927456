/* amqp_channel.h - the channels of a connection: what went over them, what is unacknowledged.
 *
 * Unacked  delivery tags rise by one on a channel, so what was delivered and not
 *          acknowledged follows from the tags, even if the capture lacks some
 *          deliveries. Exact while tags are acknowledged one by one, or in any
 *          order within 64 of the oldest; acks further ahead are only counted,
 *          which a later multiple one may count again. Deliveries need no ack
 *          where all consumers seen on the channel asked for that; where some
 *          did, all deliveries are taken to need one.
 * Confirms the server acknowledges publishes by their number since confirm.select.
 * Closes   a channel is told at its close-ok, or without one at the next close
 *          of another channel, when its place is needed, or at the end.
 * Bounds   LIMIT_AMQP_CHANNELS channels; a further one takes the place of the
 *          least recently used. One close and its text are kept.
 */
#ifndef AMQP_CHANNEL_H
#define AMQP_CHANNEL_H

#include "amqp_methods.h"
#include "dissector.h"
#include "limits.h"

enum count {
	PUBLISHES, RETURNS, CONFIRMS, NACKS_FROM_SERVER, DELIVERIES, GETS, GET_EMPTY, ACKS, NACKS,
	REJECTS, REDELIVERIES, CONSUMERS, CANCELS_FROM_SERVER, COUNTS
};

/* Of the tags (settled, last], those acknowledged: 64 of them by a bit each, from
 * the lowest; the ones beyond by their number. */
struct tags { uint64_t last, settled, window; uint32_t beyond, max; };

struct channel {
	struct mark opened;
	struct tags tags;
	uint32_t    used;                /* when, by the ticks of the connection */
	uint32_t    count[COUNTS];
	int32_t     prefetch;            /* NONE: no basic.qos seen */
	uint32_t    published;           /* since confirm.select */
	uint16_t    number;              /* 0: a free place, all zeroes */
	bool        acked_consumer : 1, unacked_consumer : 1, unacked_get : 1, confirming : 1;
};

/* The close of a channel whose close-ok is to come, and which still has its place;
 * channel 0: there is none. */
struct channel_close {
	struct mark at;
	enum side   sender;
	int         code;
	uint32_t    cause;               /* an id, or 0 */
	unsigned    channel;
	char        text[LIMIT_AMQP_TEXT];
};

/* All zeroes at first. */
struct channels {
	uint32_t             tick;
	unsigned             latest;     /* the place last found: most methods are for it again */
	struct channel       place[LIMIT_AMQP_CHANNELS];
	struct channel_close close;
};

/* Take in a method of a channel. */
void channels_method(struct channels *, struct sink *, const struct amqp_call *);

/* What an acknowledgement of this method will name, or what it names, before it is
 * taken in (as in amqp_method.tag); NONE. *multiple: all up to that. */
int64_t channels_tag(struct channels *, const struct amqp_call *, bool *multiple);

/* Tell those still open, by their numbers. */
void channels_end(struct channels *, struct sink *);

#endif
