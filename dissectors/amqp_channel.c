/* amqp_channel.c - see amqp_channel.h. */
#include "amqp_channel.h"

/* A tag that is further ahead than this starts the count anew. */
enum { TAG_LEAP = 65536 };

/* ---- delivery tags ---- */

static int64_t tags_open(const struct tags *t)
{
	return (int64_t)(t->last - t->settled) - __builtin_popcountll(t->window) - t->beyond;
}

static void tags_slide(struct tags *t, uint64_t n)
{
	t->window = n < 64 ? t->window >> n : 0;
	t->settled += n;
}

/* A tag that does not follow those before it. */
static void tags_restart(struct tags *t, uint64_t tag)
{
	t->last = t->settled = tag;
	t->window = t->beyond = 0;
}

static void tags_deliver(struct tags *t, uint64_t tag)
{
	if (tag == 0)
		return;
	if (t->last == 0 || tag <= t->last || tag - t->last > TAG_LEAP)
		tags_restart(t, tag - 1);
	t->last = tag;
	int64_t open = tags_open(t);
	if (open > t->max)
		t->max = open < UINT32_MAX ? (uint32_t)open : UINT32_MAX;
}

static void tags_settle(struct tags *t, uint64_t tag, bool multiple)
{
	if (tag == 0 && multiple)                    /* all there are */
		tag = t->last;
	if (tag <= t->settled)
		return;
	if (tag > t->last) {                         /* deliveries that were not captured */
		if (multiple)
			tags_restart(t, tag);
		return;
	}
	uint64_t nth = tag - t->settled - 1;         /* the oldest is 0 */
	if (multiple)
		tags_slide(t, nth + 1);
	else if (nth < 64)
		t->window |= (uint64_t)1 << nth;
	else
		t->beyond++;
	while (t->window & 1)
		tags_slide(t, 1);
	uint64_t left = t->last - t->settled;
	if (t->beyond > left)
		t->beyond = (uint32_t)left;
	if (tags_open(t) <= 0)
		tags_restart(t, t->last);
}

/* ---- telling ---- */

/* Tell a channel and free its place. */
static void channel_tell(struct channels *all, struct sink *sink, struct channel *c,
                         struct mark closed)
{
	struct channel_close *close = &all->close;
	bool mine = close->channel == c->number;
	const struct amqp_method_type *cause = mine ? amqp_method_find(close->cause) : NULL;
	sink_amqp_channel(sink, &(struct amqp_channel){
		.channel = c->number, .opened = c->opened, .closed = closed,
		.close_sender = mine ? (int)close->sender : NONE,
		.close_code = mine ? close->code : NONE,
		.close_text = mine ? close->text : NULL,
		.close_cause = cause ? cause->name : NULL,
		.publishes = c->count[PUBLISHES], .returns = c->count[RETURNS],
		.confirms = c->count[CONFIRMS], .nacks_from_server = c->count[NACKS_FROM_SERVER],
		.deliveries = c->count[DELIVERIES], .gets = c->count[GETS],
		.get_empty = c->count[GET_EMPTY], .acks = c->count[ACKS], .nacks = c->count[NACKS],
		.rejects = c->count[REJECTS], .redeliveries = c->count[REDELIVERIES],
		.consumers = c->count[CONSUMERS],
		.cancels_from_server = c->count[CANCELS_FROM_SERVER], .prefetch = c->prefetch,
		.unacked_now = tags_open(&c->tags), .unacked_max = c->tags.max,
	});
	if (mine)
		close->channel = 0;
	*c = (struct channel){ 0 };
}

/* An end without a close-ok: closed when the close came, if it did. */
static void channel_drop(struct channels *all, struct sink *sink, struct channel *c)
{
	bool closing = all->close.channel == c->number;
	channel_tell(all, sink, c, closing ? all->close.at : (struct mark){ 0 });
}

void channels_end(struct channels *all, struct sink *sink)
{
	for (;;) {
		struct channel *next = NULL;
		for (struct channel *c = all->place; c < all->place + LIMIT_AMQP_CHANNELS; c++)
			if (c->number && (!next || c->number < next->number))
				next = c;
		if (!next)
			return;
		channel_drop(all, sink, next);
	}
}

/* ---- places ---- */

static struct channel *channel_find(struct channels *all, unsigned number)
{
	if (all->place[all->latest].number == number)
		return &all->place[all->latest];
	for (unsigned i = 0; i < LIMIT_AMQP_CHANNELS; i++)
		if (all->place[i].number == number) {
			all->latest = i;
			return &all->place[i];
		}
	return NULL;
}

/* A new channel, in a free place (it was never used) or the one least recently used. */
static struct channel *channel_add(struct channels *all, struct sink *sink, unsigned number)
{
	struct channel *oldest = all->place;
	for (struct channel *c = all->place; c < all->place + LIMIT_AMQP_CHANNELS; c++)
		if (c->used < oldest->used)
			oldest = c;
	if (oldest->number)
		channel_drop(all, sink, oldest);
	*oldest = (struct channel){ .number = (uint16_t)number, .prefetch = NONE };
	return oldest;
}

/* ---- methods ---- */

/* What a method counts as; NONE: nothing. */
static int method_count(const struct amqp_call *m)
{
	switch (m->id) {
	case BASIC_PUBLISH:    return PUBLISHES;
	case BASIC_RETURN:     return RETURNS;
	case BASIC_DELIVER:    return DELIVERIES;
	case BASIC_GET:        return GETS;
	case BASIC_GET_EMPTY:  return GET_EMPTY;
	case BASIC_REJECT:     return REJECTS;
	case BASIC_CONSUME_OK: return CONSUMERS;
	case BASIC_CANCEL:     return m->sender == SERVER ? CANCELS_FROM_SERVER : NONE;
	case BASIC_ACK:        return m->sender == CLIENT ? ACKS : CONFIRMS;
	case BASIC_NACK:       return m->sender == CLIENT ? NACKS : NACKS_FROM_SERVER;
	default:               return NONE;
	}
}

static void channel_consume(struct channel *c, bool no_ack, bool no_wait)
{
	if (no_ack)
		c->unacked_consumer = true;
	else
		c->acked_consumer = true;
	if (no_wait)                                 /* no consume-ok follows */
		c->count[CONSUMERS]++;
}

/* Whether deliveries to its consumers are to be acknowledged. */
static bool awaits_ack(const struct channel *c)
{
	return c->acked_consumer || !c->unacked_consumer;
}

static void channel_deliver(struct channel *c, uint64_t tag, bool redelivered, bool needs_ack)
{
	if (redelivered)
		c->count[REDELIVERIES]++;
	tags_deliver(&c->tags, tag);
	if (!needs_ack)
		tags_settle(&c->tags, tag, false);
}

static void channel_apply(struct channel *c, const struct amqp_call *m)
{
	const struct amqp_value *v = m->v;
	int count = method_count(m);
	if (count != NONE)
		c->count[count]++;
	switch (m->id) {
	case BASIC_PUBLISH:
		c->published++;
		break;
	case CONFIRM_SELECT:
		c->published = c->confirming ? c->published : 0;
		c->confirming = true;
		break;
	case BASIC_QOS:
		c->prefetch = (int32_t)v[1].number;
		break;
	case BASIC_CONSUME:
		channel_consume(c, v[4].number, v[6].number);
		break;
	case BASIC_DELIVER:
		channel_deliver(c, v[1].number, v[2].number, awaits_ack(c));
		break;
	case BASIC_GET:
		c->unacked_get = v[2].number;
		break;
	case BASIC_GET_OK:
		channel_deliver(c, v[0].number, v[1].number, !c->unacked_get);
		break;
	case BASIC_ACK: case BASIC_NACK:
		if (m->sender == CLIENT)
			tags_settle(&c->tags, v[0].number, v[1].number);
		break;
	case BASIC_REJECT:
		tags_settle(&c->tags, v[0].number, false);
		break;
	case BASIC_RECOVER_ASYNC: case BASIC_RECOVER_OK:     /* all go back to their queues */
		tags_settle(&c->tags, 0, true);
		break;
	}
}

static void channel_close(struct channels *all, struct sink *sink, const struct amqp_call *m)
{
	struct channel_close *close = &all->close;
	if (close->channel == m->channel)            /* both sides close: the first counts */
		return;
	if (close->channel)                          /* one is kept: the older need not wait */
		channel_drop(all, sink, channel_find(all, close->channel));
	*close = (struct channel_close){
		.at = m->at, .sender = m->sender, .code = (int)m->v[0].number,
		.cause = (uint32_t)m->v[2].number,
		.channel = m->channel,
	};
	amqp_text_keep(close->text, sizeof close->text, m->v[1].text);
}

/* A tag of the wire as SQL can hold it. */
static int64_t tag_number(uint64_t tag) { return tag <= INT64_MAX ? (int64_t)tag : INT64_MAX; }

int64_t channels_tag(struct channels *all, const struct amqp_call *m, bool *multiple)
{
	const struct channel *c = channel_find(all, m->channel);
	const struct amqp_value *v = m->v;
	*multiple = false;
	switch (m->id) {
	case BASIC_PUBLISH:
		return c && c->confirming ? (int64_t)c->published + 1 : NONE;
	case BASIC_DELIVER:
		return !c || awaits_ack(c) ? tag_number(v[1].number) : NONE;
	case BASIC_GET_OK:
		return !c || !c->unacked_get ? tag_number(v[0].number) : NONE;
	case BASIC_REJECT:
		return tag_number(v[0].number);
	case BASIC_ACK: case BASIC_NACK:
		*multiple = v[1].number;
		if (v[0].number || !*multiple || !c) /* 0: all there are */
			return tag_number(v[0].number);
		return tag_number(m->sender == CLIENT ? c->tags.last : c->published);
	case BASIC_RECOVER_ASYNC: case BASIC_RECOVER_OK:
		*multiple = true;
		return c ? tag_number(c->tags.last) : NONE;
	default:
		return NONE;
	}
}

void channels_method(struct channels *all, struct sink *sink, const struct amqp_call *m)
{
	struct channel *c = channel_find(all, m->channel);
	if (m->id == CHANNEL_CLOSE_OK) {
		if (c)
			channel_tell(all, sink, c, m->at);
		return;
	}
	if (m->id == CHANNEL_OPEN && c) {            /* its close was not captured */
		channel_drop(all, sink, c);
		c = NULL;
	}
	if (!c)
		c = channel_add(all, sink, m->channel);
	c->used = ++all->tick;
	if (m->id == CHANNEL_OPEN_OK)
		c->opened = m->at;
	else if (m->id == CHANNEL_CLOSE)
		channel_close(all, sink, m);
	else
		channel_apply(c, m);
}
