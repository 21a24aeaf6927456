/* amqp.c - AMQP 0-9-1, RabbitMQ's dialect included (specification, section 4.2.3).
 *
 *   octet   0     1..2      3..6    7..          7+size
 *         type | channel | size  | payload ... | 0xCE        1 method     2 content header
 *                                                            8 heartbeat  3 content body
 *   method  class(2) | method(2) | arguments (amqp_methods.h)
 *   header  class(2) | weight(2) | body size(8) | flags(2) | properties
 *
 * A connection opens with "AMQP" 0 0 9 1 from the client. Only methods are read;
 * contents are skipped unseen, so that a lost segment inside one costs nothing.
 *
 * Resynchronisation  After a gap or rubbish one frame is enough if all of it
 *          agrees: a protocol header; a heartbeat, whose eight bytes are fixed;
 *          a known method whose arguments fill the frame up to its 0xCE; a
 *          content header of class 60, weight 0, with its 0xCE. Each of these
 *          fixes at least 50 bits. To wait for a second frame would lose the
 *          last one of a direction, which is often the close that matters.
 * Unacked  Delivery tags rise by one on a channel, so what was delivered and not
 *          acknowledged follows from the tags, even if the capture lacks some
 *          deliveries. Exact while tags are acknowledged one by one, or in any
 *          order within 64 of the oldest; acks further ahead are only counted,
 *          which a later multiple one may count again. Deliveries need no ack
 *          where all consumers seen on the channel asked for that; where some
 *          did, all deliveries are taken to need one.
 * Closes   A channel is told at its close-ok, or without one at the next close
 *          of another channel, when its place is needed, or at the end.
 * Cost     3.8 KiB a connection, and 1.5 KiB of texts.
 */
#include <assert.h>
#include <string.h>

#include "amqp_methods.h"
#include "dissector.h"
#include "limits.h"

enum { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_HEARTBEAT = 8 };
enum { HEADER_SIZE = 7, ID_SIZE = 4, CONTENT_MIN = 14, FRAME_END = 0xCE, CLASS_BASIC = 60 };

/* Larger frames are not believed: RabbitMQ limits whole messages to 512 MiB, and
 * frames to 128 KiB unless it is told otherwise. */
enum { FRAME_SANE = 1 << 24, FRAME_SANE_UNLIMITED = 1 << 29 };

/* A tag that is further ahead than this starts the count anew. */
enum { TAG_LEAP = 65536 };

static const char not_a_frame[]  = "not an AMQP frame: bytes skipped";
static const char no_frame_end[] = "frame does not end in 0xCE";

static const uint8_t protocol[] = { 'A', 'M', 'Q', 'P', 0, 0, 9, 1 };

enum count {
	PUBLISHES, RETURNS, CONFIRMS, NACKS_FROM_SERVER, DELIVERIES, GETS, GET_EMPTY, ACKS, NACKS,
	REJECTS, REDELIVERIES, CONSUMERS, COUNTS
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
	bool        acked_consumer, unacked_consumer, unacked_get;
};

/* A close: who, why. The one of a channel is kept until its close-ok. */
struct closing { struct mark at; int sender, code, channel; };

struct direction {
	bool lost;                       /* not sure where frames begin */
	bool lost_told;
	bool in_frame;                   /* what follows is a frame's 0xCE */
	bool oversize_told;
};

struct texts {
	char product[LIMIT_AMQP_TEXT], version[LIMIT_AMQP_TEXT], platform[LIMIT_AMQP_TEXT],
	     client_product[LIMIT_AMQP_TEXT], client_version[LIMIT_AMQP_TEXT],
	     client_platform[LIMIT_AMQP_TEXT], connection_name[LIMIT_AMQP_TEXT],
	     mechanism[LIMIT_AMQP_TEXT], vhost[LIMIT_AMQP_TEXT], user[LIMIT_AMQP_TEXT],
	     close[LIMIT_AMQP_TEXT], channel_close[LIMIT_AMQP_TEXT];
};

struct amqp {
	struct direction direction[2];
	bool             begun;          /* zeroes have been made NONE */
	bool             greeted;        /* the client's protocol header was seen */
	bool             wrong_side_told, capable_of_blocked;
	int              ends;
	int              server_heartbeat, client_heartbeat, channel_max;
	int64_t          frame_max;      /* 0: no limit; NONE: not seen */
	struct mark      opened, close_ok;
	struct closing   close, channel_close;
	uint32_t         close_id;
	uint32_t         tick;
	int              recent;         /* index of the channel last used */
	uint16_t         number[LIMIT_AMQP_CHANNELS];   /* 0: a free place */
	struct channel   channel[LIMIT_AMQP_CHANNELS];
	struct texts     texts;
};

static_assert(sizeof(struct amqp) - sizeof(struct texts) <= 4096, "there is one a connection");

static struct amqp *amqp_state(void *state)
{
	struct amqp *a = state;
	if (!a->begun) {
		a->begun = true;
		a->server_heartbeat = a->client_heartbeat = a->channel_max = NONE;
		a->frame_max = NONE;
		a->close.sender = a->close.code = a->channel_close.sender = NONE;
	}
	return a;
}

/* ---- what is told at the end of a channel and of the connection ---- */

static int64_t tags_open(const struct tags *t)
{
	return (int64_t)(t->last - t->settled) - __builtin_popcountll(t->window) - t->beyond;
}

static void channel_tell(struct amqp *a, struct sink *sink, int i, struct mark closed)
{
	const struct channel *c = &a->channel[i];
	const struct closing *close = &a->channel_close;
	bool mine = close->channel == a->number[i];
	sink_amqp_channel(sink, &(struct amqp_channel){
		.channel = a->number[i], .opened = c->opened, .closed = closed,
		.close_sender = mine ? close->sender : NONE,
		.close_code = mine ? close->code : NONE,
		.close_text = mine ? a->texts.channel_close : NULL,
		.publishes = c->count[PUBLISHES], .returns = c->count[RETURNS],
		.confirms = c->count[CONFIRMS], .nacks_from_server = c->count[NACKS_FROM_SERVER],
		.deliveries = c->count[DELIVERIES], .gets = c->count[GETS],
		.get_empty = c->count[GET_EMPTY], .acks = c->count[ACKS], .nacks = c->count[NACKS],
		.rejects = c->count[REJECTS], .redeliveries = c->count[REDELIVERIES],
		.consumers = c->count[CONSUMERS], .prefetch = c->prefetch,
		.unacked_now = tags_open(&c->tags), .unacked_max = c->tags.max,
	});
	if (mine)
		a->channel_close.channel = 0;
	a->number[i] = 0;
}

/* An end without a close-ok: closed when the close came, if it did. */
static void channel_drop(struct amqp *a, struct sink *sink, int i)
{
	bool closing = a->channel_close.channel == a->number[i];
	channel_tell(a, sink, i, closing ? a->channel_close.at : (struct mark){ 0 });
}

static void connection_tell(const struct amqp *a, struct sink *sink)
{
	const struct texts *t = &a->texts;
	int class_id = (int)(a->close_id >> 16), method_id = (int)(a->close_id & 0xFFFF);
	sink_amqp_connection(sink, &(struct amqp_connection){
		.version = a->greeted ? "0-9-1" : NULL,
		.product = t->product, .product_version = t->version, .platform = t->platform,
		.client_product = t->client_product, .client_version = t->client_version,
		.client_platform = t->client_platform, .connection_name = t->connection_name,
		.mechanism = t->mechanism, .vhost = t->vhost, .user = t->user,
		.server_heartbeat_s = a->server_heartbeat,
		.client_heartbeat_s = a->client_heartbeat, .heartbeat_s = a->client_heartbeat,
		.frame_max = a->frame_max, .channel_max = a->channel_max, .opened = a->opened,
		.close_sender = a->close.sender, .close_code = a->close.code,
		.close_text = t->close, .close_class = class_id ? class_id : NONE,
		.close_method = class_id ? method_id : NONE,
		.close = a->close.at, .close_ok = a->close_ok,
		.client_capable_of_blocked = a->capable_of_blocked,
	});
}

/* ---- delivery tags ---- */

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
		if (!multiple)
			return;
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

/* ---- channels ---- */

static int channel_find(struct amqp *a, unsigned number)
{
	if (a->number[a->recent] == number)
		return a->recent;
	for (int i = 0; i < LIMIT_AMQP_CHANNELS; i++)
		if (a->number[i] == number)
			return a->recent = i;
	return NONE;
}

/* The channel, in a free place or the one least recently used if it is new. */
static int channel_need(struct amqp *a, struct sink *sink, unsigned number)
{
	int i = channel_find(a, number);
	if (i == NONE) {
		for (int k = 0; k < LIMIT_AMQP_CHANNELS; k++)
			if (i == NONE || (a->number[i] && (!a->number[k]
			    || a->channel[k].used < a->channel[i].used)))
				i = k;
		if (a->number[i])
			channel_drop(a, sink, i);
		a->channel[i] = (struct channel){ .prefetch = NONE };
		a->number[i] = (uint16_t)number;
		a->recent = i;
	}
	a->channel[i].used = ++a->tick;
	return i;
}

static void channel_closing(struct amqp *a, struct sink *sink, unsigned number, enum side side,
                            const struct amqp_value *v, struct mark at)
{
	struct closing *close = &a->channel_close;
	if (close->channel == (int)number)           /* both sides close: the first counts */
		return;
	int before = close->channel ? channel_find(a, (unsigned)close->channel) : NONE;
	if (before != NONE)                          /* one is kept: the older need not wait */
		channel_drop(a, sink, before);
	*close = (struct closing){ at, (int)side, (int)v[0].number, (int)number };
	amqp_text_keep(a->texts.channel_close, LIMIT_AMQP_TEXT, v[1].text);
}

/* What a method counts as; NONE: nothing. */
static int method_count(uint32_t id, enum side side)
{
	switch (id) {
	case BASIC_PUBLISH:    return PUBLISHES;
	case BASIC_RETURN:     return RETURNS;
	case BASIC_DELIVER:    return DELIVERIES;
	case BASIC_GET:        return GETS;
	case BASIC_GET_EMPTY:  return GET_EMPTY;
	case BASIC_REJECT:     return REJECTS;
	case BASIC_CONSUME_OK: return CONSUMERS;
	case BASIC_ACK:        return side == CLIENT ? ACKS : CONFIRMS;
	case BASIC_NACK:       return side == CLIENT ? NACKS : NACKS_FROM_SERVER;
	default:               return NONE;
	}
}

static void channel_delivered(struct channel *c, const struct amqp_value *tag, bool needs_ack)
{
	c->count[REDELIVERIES] += tag[1].number != 0;
	tags_deliver(&c->tags, tag->number);
	if (!needs_ack)
		tags_settle(&c->tags, tag->number, false);
}

static void channel_apply(struct channel *c, uint32_t id, enum side side,
                          const struct amqp_value *v)
{
	int count = method_count(id, side);
	if (count != NONE)
		c->count[count]++;
	switch (id) {
	case BASIC_QOS:
		c->prefetch = (int32_t)v[1].number;
		break;
	case BASIC_CONSUME:
		c->unacked_consumer |= v[4].number != 0;
		c->acked_consumer |= v[4].number == 0;
		c->count[CONSUMERS] += v[6].number != 0;     /* no-wait: no consume-ok */
		break;
	case BASIC_DELIVER:
		channel_delivered(c, &v[1], c->acked_consumer || !c->unacked_consumer);
		break;
	case BASIC_GET:
		c->unacked_get = v[2].number != 0;
		break;
	case BASIC_GET_OK:
		channel_delivered(c, &v[0], !c->unacked_get);
		break;
	case BASIC_ACK: case BASIC_NACK:
		if (side == CLIENT)
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

static void channel_method(struct amqp *a, struct sink *sink, unsigned number, uint32_t id,
                           enum side side, const struct amqp_value *v, struct mark at)
{
	int i = channel_find(a, number);
	if (id == CHANNEL_CLOSE_OK) {
		if (i != NONE)
			channel_tell(a, sink, i, at);
		return;
	}
	if (id == CHANNEL_OPEN && i != NONE)         /* its close was not captured */
		channel_drop(a, sink, i);
	i = channel_need(a, sink, number);
	if (id == CHANNEL_OPEN_OK)
		a->channel[i].opened = at;
	else if (id == CHANNEL_CLOSE)
		channel_closing(a, sink, number, side, v, at);
	else
		channel_apply(&a->channel[i], id, side, v);
}

/* ---- the connection ---- */

static void keep(char text[LIMIT_AMQP_TEXT], struct bytes table, const char *key)
{
	amqp_text_keep(text, LIMIT_AMQP_TEXT, amqp_table_get(table, key, 'S'));
}

/* The user's name out of the response, which holds the password too and is not
 * kept: PLAIN is NUL, name, NUL, password; AMQPLAIN is a table without its length. */
static void user_keep(struct amqp *a, struct bytes mechanism, struct bytes response)
{
	if (mechanism.n == 8 && !memcmp(mechanism.p, "AMQPLAIN", 8))
		keep(a->texts.user, response, "LOGIN");
	if (mechanism.n != 5 || memcmp(mechanism.p, "PLAIN", 5) != 0)
		return;
	struct rd r = rd_over(response);
	while (rd_left(&r) && rd_u8(&r) != 0)        /* the authorization identity */
		;
	size_t n = 0;
	while (n < r.n && r.p[n])
		n++;
	amqp_text_keep(a->texts.user, LIMIT_AMQP_TEXT, rd_take(&r, n));
}

static void connection_start_ok(struct amqp *a, struct sink *sink, const struct amqp_value *v)
{
	struct bytes properties = v[0].text;
	struct bytes blocked = amqp_table_get(amqp_table_get(properties, "capabilities", 'F'),
	                                      "connection.blocked", 't');
	a->capable_of_blocked = blocked.n && blocked.p[0];
	keep(a->texts.client_product, properties, "product");
	keep(a->texts.client_version, properties, "version");
	keep(a->texts.client_platform, properties, "platform");
	keep(a->texts.connection_name, properties, "connection_name");
	amqp_text_keep(a->texts.mechanism, LIMIT_AMQP_TEXT, v[1].text);
	if (sink_shows_secrets(sink))
		user_keep(a, v[1].text, v[2].text);
}

static void connection_method(struct amqp *a, struct sink *sink, uint32_t id, enum side side,
                              const struct amqp_value *v, struct mark at)
{
	switch (id) {
	case CONNECTION_START:
		keep(a->texts.product, v[2].text, "product");
		keep(a->texts.version, v[2].text, "version");
		keep(a->texts.platform, v[2].text, "platform");
		break;
	case CONNECTION_START_OK:
		connection_start_ok(a, sink, v);
		break;
	case CONNECTION_TUNE:
		a->server_heartbeat = (int)v[2].number;
		break;
	case CONNECTION_TUNE_OK:
		a->channel_max = (int)v[0].number;
		a->frame_max = (int64_t)v[1].number;
		a->client_heartbeat = (int)v[2].number;
		break;
	case CONNECTION_OPEN:
		amqp_text_keep(a->texts.vhost, LIMIT_AMQP_TEXT, v[0].text);
		break;
	case CONNECTION_OPEN_OK:
		a->opened = at;
		break;
	case CONNECTION_CLOSE:
		if (a->close.sender != NONE)         /* both sides close: the first counts */
			break;
		a->close = (struct closing){ at, (int)side, (int)v[0].number, 0 };
		a->close_id = (uint32_t)v[2].number;
		amqp_text_keep(a->texts.close, LIMIT_AMQP_TEXT, v[1].text);
		break;
	case CONNECTION_CLOSE_OK:
		a->close_ok = at;
		break;
	}
}

/* ---- frames ---- */

struct frame { unsigned type, channel; uint32_t size; };

static struct frame frame_read(struct rd *r)
{
	struct frame f = { .type = rd_u8(r) };
	f.channel = rd_be16(r);
	f.size = rd_be32(r);
	return f;
}

static size_t frame_size(const struct frame *f) { return HEADER_SIZE + (size_t)f->size + 1; }

/* Tell a method and take in what it says. `s` begins with its frame. */
static void method_read(struct amqp *a, struct sink *sink, enum side side, struct span s,
                        const struct frame *f)
{
	struct rd r = rd_over((struct bytes){ s.p + HEADER_SIZE, f->size });
	struct amqp_value v[AMQP_ARGUMENTS] = { 0 };
	char detail[LIMIT_AMQP_DETAIL] = "";
	uint32_t id = rd_be32(&r);
	const struct amqp_method_type *type = amqp_method_find(id);
	enum amqp_fit fit = AMQP_MISFIT;
	if (type) {
		fit = amqp_arguments_read(type, (struct bytes){ r.p, r.n }, r.n, v);
		amqp_arguments_text(type, v, detail, sizeof detail);
	}
	if (fit != AMQP_FITS)
		sink_anomaly(sink, side, s.off,
		             type ? "method arguments do not fit" : "unknown method");
	struct amqp_method told = {
		.sender = side, .channel = (int)f->channel, .name = type ? type->name : "unknown",
		.detail = detail, .code = NONE,
	};
	if (fit == AMQP_FITS
	    && (id == CONNECTION_CLOSE || id == CHANNEL_CLOSE || id == BASIC_RETURN))
		told.code = (int)v[0].number;
	/* The frame is here in full: neither mark lies ahead. */
	sink_mark(sink, side, s.off, MARK_BEGIN, &told.begin);
	sink_mark(sink, side, s.off + frame_size(f), MARK_END, &told.end);
	sink_amqp_method(sink, &told);
	if (fit != AMQP_FITS)
		return;
	if (!(type->sender & (side == CLIENT ? SENT_BY_CLIENT : SENT_BY_SERVER))
	    && !a->wrong_side_told) {
		a->wrong_side_told = true;
		sink_anomaly(sink, side, s.off, "method of the other side");
	}
	if (id >> 16 == CONNECTION_START >> 16)
		connection_method(a, sink, id, side, v, told.end);
	else if (f->channel)
		channel_method(a, sink, f->channel, id, side, v, told.end);
}

/* Whether a frame can be sure of itself (top of the file): enough of it is here
 * and agrees, it cannot be one, or it takes `need` bytes to tell. */
enum sight { NO_FRAME, UNDECIDED, SURE };

static enum sight short_of(size_t n, size_t *need)
{
	*need = n;
	return UNDECIDED;
}

static enum sight header_sight(struct bytes b, size_t *need)
{
	size_t n = b.n < sizeof protocol ? b.n : sizeof protocol;
	return memcmp(b.p, protocol, n) != 0 ? NO_FRAME
	     : n < sizeof protocol ? short_of(sizeof protocol, need) : SURE;
}

static enum sight frame_sight(struct bytes b, size_t *need)
{
	struct rd r = rd_over(b);
	struct frame f = frame_read(&r);
	if (f.type == 'A')
		return header_sight(b, need);
	if (f.type != FRAME_METHOD && f.type != FRAME_HEADER && f.type != FRAME_HEARTBEAT)
		return NO_FRAME;
	if (!rd_ok(&r))
		return short_of(HEADER_SIZE, need);
	const struct amqp_method_type *type = NULL;
	if (f.type == FRAME_HEARTBEAT) {
		if (f.channel || f.size)
			return NO_FRAME;
	} else {
		uint32_t least = f.type == FRAME_METHOD ? ID_SIZE : CONTENT_MIN;
		if (f.size < least || f.size > LIMIT_AMQP_METHOD)
			return NO_FRAME;
		uint32_t id = rd_be32(&r);
		if (!rd_ok(&r))
			return short_of(HEADER_SIZE + ID_SIZE, need);
		if (f.type == FRAME_HEADER ? id != CLASS_BASIC << 16 || f.channel == 0
		    : !(type = amqp_method_find(id)) || (id >> 16 == 10) != (f.channel == 0))
			return NO_FRAME;
	}
	if (b.n < frame_size(&f))
		return short_of(frame_size(&f), need);
	if (b.p[HEADER_SIZE + f.size] != FRAME_END)
		return NO_FRAME;
	struct amqp_value v[AMQP_ARGUMENTS];
	size_t n = f.size - (type ? ID_SIZE : 0);
	bool fits = !type || amqp_arguments_read(type, rd_take(&r, n), n, v) == AMQP_FITS;
	return fits ? SURE : NO_FRAME;
}

/* Look for the next sure frame. */
static struct step resync(struct direction *d, struct sink *sink, enum side side, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t need = 0;
		enum sight sight = frame_sight((struct bytes){ s.p + i, s.n - i }, &need);
		if (sight == NO_FRAME && !d->lost_told) {
			d->lost_told = true;
			sink_anomaly(sink, side, s.off + i,
			             "bytes skipped up to the next sure frame");
		}
		if (sight == NO_FRAME)
			continue;
		d->lost = sight == UNDECIDED;
		return i ? (struct step){ .used = i } : (struct step){ .need = need };
	}
	return (struct step){ .used = s.n };
}

/* No frame begins here, whatever this is: say so and look on. */
static struct step rubbish(struct direction *d, struct sink *sink, enum side side,
                           struct span s, uint64_t off, const char *what)
{
	sink_anomaly(sink, side, off, what);
	d->lost = d->lost_told = true;
	return resync(d, sink, side, s);
}

static struct step greeting_read(struct amqp *a, struct sink *sink, enum side side,
                                 struct span s)
{
	if (s.n < sizeof protocol)
		return (struct step){ .need = sizeof protocol };
	if (memcmp(s.p, protocol, 4) != 0)
		return rubbish(&a->direction[side], sink, side, s, s.off, not_a_frame);
	if (side == SERVER)
		sink_anomaly(sink, side, s.off, "server proposes another version");
	else if (memcmp(s.p, protocol, sizeof protocol) != 0)
		sink_anomaly(sink, side, s.off, "client asks for another version");
	else
		a->greeted = true;
	return (struct step){ .used = sizeof protocol };
}

/* Pass over a frame of which nothing but its end is looked at. */
static struct step frame_pass(struct direction *d, struct span s, const struct frame *f)
{
	if (s.n >= frame_size(f) && s.p[HEADER_SIZE + f->size] == FRAME_END)
		return (struct step){ .used = frame_size(f) };
	d->in_frame = true;
	return (struct step){ .used = HEADER_SIZE, .skip = f->size };
}

static bool frame_sane(const struct amqp *a, const struct frame *f)
{
	switch (f->type) {
	case FRAME_METHOD:
		return f->size >= ID_SIZE && f->size <= FRAME_SANE;
	case FRAME_HEADER:
		return f->size >= CONTENT_MIN && f->size <= FRAME_SANE && f->channel;
	case FRAME_BODY:
		return f->channel
		    && f->size <= (a->frame_max == 0 ? FRAME_SANE_UNLIMITED : FRAME_SANE);
	default:
		return f->type == FRAME_HEARTBEAT && f->size == 0 && f->channel == 0;
	}
}

static struct step amqp_data(void *state, struct sink *sink, enum side side, struct span s)
{
	struct amqp *a = amqp_state(state);
	struct direction *d = &a->direction[side];
	if (d->in_frame) {
		d->in_frame = false;
		if (s.p[0] == FRAME_END)
			return (struct step){ .used = 1 };
		d->lost = d->lost_told = true;
		sink_anomaly(sink, side, s.off, no_frame_end);
	}
	if (d->lost) {
		struct step did = resync(d, sink, side, s);
		if (d->lost || did.used)
			return did;
	}
	d->lost_told = false;
	if (s.p[0] == 'A')
		return greeting_read(a, sink, side, s);
	struct rd r = rd_over((struct bytes){ s.p, s.n });
	struct frame f = frame_read(&r);
	if (!rd_ok(&r))
		return (struct step){ .need = HEADER_SIZE };
	if (!frame_sane(a, &f))
		return rubbish(d, sink, side, s, s.off, not_a_frame);
	if (a->frame_max > 0 && frame_size(&f) > (uint64_t)a->frame_max && !d->oversize_told) {
		d->oversize_told = true;
		sink_anomaly(sink, side, s.off, "frame larger than frame_max");
	}
	if (f.type == FRAME_HEADER || f.type == FRAME_BODY)
		return frame_pass(d, s, &f);
	if (f.size > LIMIT_AMQP_METHOD) {
		sink_anomaly(sink, side, s.off, "method too long to be read");
		return frame_pass(d, s, &f);
	}
	if (s.n < frame_size(&f))
		return (struct step){ .need = frame_size(&f) };
	if (s.p[HEADER_SIZE + f.size] != FRAME_END)
		return rubbish(d, sink, side, s, s.off + HEADER_SIZE + f.size, no_frame_end);
	if (f.type == FRAME_HEARTBEAT)
		sink_heartbeat(sink, side, s.off, "amqp");
	else
		method_read(a, sink, side, s, &f);
	return (struct step){ .used = frame_size(&f) };
}

static void amqp_gap(void *state, struct sink *sink, enum side side, uint64_t off, uint64_t len)
{
	(void)sink, (void)off;
	struct direction *d = &amqp_state(state)->direction[side];
	if (d->in_frame && len == 1) {               /* nothing but the 0xCE */
		d->in_frame = false;
		return;
	}
	d->in_frame = false;
	d->lost = true;
}

static void amqp_end(void *state, struct sink *sink, enum side side, uint64_t off,
                     enum end_how how)
{
	(void)side, (void)off, (void)how;
	struct amqp *a = amqp_state(state);
	if (++a->ends < 2)
		return;
	for (;;) {
		int next = NONE;
		for (int i = 0; i < LIMIT_AMQP_CHANNELS; i++)
			if (a->number[i] && (next == NONE || a->number[i] < a->number[next]))
				next = i;
		if (next == NONE)
			break;
		channel_drop(a, sink, next);
	}
	connection_tell(a, sink);
}

/* ---- guessing ---- */

/* connection.start, the first frame of a server, as far as it does not vary. */
static enum guess start_guess(struct bytes head)
{
	static const uint8_t start[] = { FRAME_METHOD, 0, 0, 0, 0, 0, 0, 0, 10, 0, 10, 0, 9 };
	for (size_t i = 0; i < sizeof start; i++) {
		if (i >= head.n)
			return GUESS_MORE;
		bool size = i >= 4 && i < HEADER_SIZE;
		if (head.p[i] != start[i] && !size)
			return GUESS_NO;
	}
	return GUESS_SENT_BY_SERVER;
}

/* Of a frame in the middle of a connection that is sure, or longer than the head:
 * then its method must be known and its arguments agree so far. */
static enum guess frame_guess(struct bytes head, bool whole)
{
	struct rd r = rd_over(head);
	struct frame f = frame_read(&r);
	if (f.type == 'A')
		return GUESS_SENT_BY_CLIENT;
	if (f.type != FRAME_METHOD)
		return whole ? GUESS_SENT_BY_EITHER : GUESS_NO;
	const struct amqp_method_type *type = amqp_method_find(rd_be32(&r));
	struct amqp_value v[AMQP_ARGUMENTS];
	size_t n = f.size - ID_SIZE;
	struct bytes seen = { r.p, r.n < n ? r.n : n };
	if (!whole && (!type || amqp_arguments_read(type, seen, n, v) == AMQP_MISFIT))
		return GUESS_NO;
	return type->sender == SENT_BY_CLIENT ? GUESS_SENT_BY_CLIENT
	     : type->sender == SENT_BY_SERVER ? GUESS_SENT_BY_SERVER : GUESS_SENT_BY_EITHER;
}

static enum guess amqp_guess(struct bytes head, bool at_start)
{
	if (head.n == 0)
		return GUESS_MORE;
	size_t need = 0;
	if (at_start && head.p[0] != 'A')
		return start_guess(head);
	enum sight sight = frame_sight(head, &need);
	if (sight == NO_FRAME)
		return GUESS_NO;
	if (sight == UNDECIDED && head.n < LIMIT_GUESS)
		return GUESS_MORE;
	return frame_guess(head, sight == SURE);
}

const struct dissector amqp_dissector = {
	.name = "amqp", .state_size = sizeof(struct amqp),
	.max_pending = HEADER_SIZE + LIMIT_AMQP_METHOD + 1,
	.guess = amqp_guess, .data = amqp_data, .gap = amqp_gap, .end = amqp_end,
};
