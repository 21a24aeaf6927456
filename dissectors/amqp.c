/* amqp.c - AMQP 0-9-1, RabbitMQ's dialect included (specification, section 4.2.3).
 *
 *   octet   0     1..2      3..6    7..          7+size
 *         type | channel | size  | payload ... | 0xCE        1 method     2 content header
 *                                                            8 heartbeat  3 content body
 *   method  class(2) | method(2) | arguments (amqp_methods.h)
 *   header  class(2) | weight(2) | body size(8) | flags(2) | properties
 *
 * A connection opens with "AMQP" 0 0 9 1 from the client; a server that does not
 * speak the version answers with a header of its own. Only methods are read;
 * contents are skipped unseen, so that a lost segment inside one costs nothing.
 * Other versions than 0-8 to 0-9-1 (AMQP 1.0, 0-10) are named and passed over.
 *
 *   amqp.c             frames; finding the next one when lost; guessing
 *   amqp_methods.c     the methods and their arguments
 *   amqp_connection.c  what a connection's sides agree on
 *   amqp_channel.c     channels: their counts and delivery tags
 *
 * Resynchronisation  After a gap or rubbish a frame counts if all of it agrees and
 *          another follows it: a known method whose arguments fill the frame up
 *          to its 0xCE, or a content header of class 60, weight 0, with its 0xCE;
 *          and then seven bytes that may begin a frame, or nothing more: the
 *          direction's end or the next gap (a close is often the last there is).
 *          A protocol header and a heartbeat need nothing behind them: all their
 *          64 bits are fixed. What was passed over is told, with its length.
 * Cost     3.0 KiB a connection, and 2.0 KiB of texts.
 */
#include <assert.h>
#include <string.h>

#include "amqp_channel.h"
#include "amqp_connection.h"

enum { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_HEARTBEAT = 8 };
enum { HEADER_SIZE = 7, ID_SIZE = 4, CONTENT_MIN = 14, FRAME_END = 0xCE };
enum { CLASS_CONNECTION = 10, CLASS_BASIC = 60 };

/* Larger frames are not believed: RabbitMQ limits whole messages to 512 MiB, and
 * frames to 128 KiB unless it is told otherwise. */
enum { FRAME_SANE = 1 << 24, FRAME_SANE_UNLIMITED = 1 << 29 };

static const char not_a_frame[]  = "not an AMQP frame";
static const char passed_over[]  = "bytes skipped up to the next sure frame";
static const char rest_skipped[] = "bytes skipped: no sure frame followed";
static const char no_frame_end[] = "frame does not end in 0xCE";

static const uint8_t protocol[] = { 'A', 'M', 'Q', 'P', 0, 0, 9, 1 };

struct direction {
	bool        lost;                /* not sure where frames begin */
	bool        in_frame;            /* what follows is a frame's 0xCE */
	bool        oversize_told;
	uint64_t    skipped;             /* bytes passed over in search of one, not yet told: */
	uint64_t    skipped_off;         /* where the first was, */
	struct mark skipped_from;        /* and its frame */
};

struct amqp {
	struct direction  direction[2];
	bool              wrong_side_told;
	bool              foreign;       /* the client asks for a version that is not spoken here */
	int               ends;
	struct connection connection;
	struct channels   channels;
};

static_assert(sizeof(struct amqp) - sizeof(struct connection_texts) - LIMIT_AMQP_TEXT <= 4000,
              "a built-in dissector stays small");

/* Where a call comes from and goes to. */
struct feed {
	struct amqp      *a;
	struct sink      *out;
	enum side         side;
	struct direction *d;
	bool              last;          /* nothing follows the bytes on offer */
};

static void complain(const struct feed *f, uint64_t off, const char *what)
{
	sink_anomaly(f->out, f->side, off, what);
}

/* ---- what is passed over ---- */

static void skip_note(const struct feed *f, uint64_t off, uint64_t n)
{
	struct direction *d = f->d;
	if (n == 0)
		return;
	if (d->skipped == 0) {
		d->skipped_off = off;
		sink_mark(f->out, f->side, off, MARK_BEGIN, &d->skipped_from);
	}
	d->skipped += n;
}

static void skip_tell(const struct feed *f, const char *what)
{
	struct direction *d = f->d;
	if (d->skipped)
		sink_skipped(f->out, f->side, d->skipped_from, d->skipped_off, d->skipped, what);
	d->skipped = 0;
}

/* ---- frames ---- */

struct frame { unsigned type, channel; uint32_t size; };

/* False, and all zeroes, where the header breaks off. */
static inline bool frame_read(struct rd *r, struct frame *fr)
{
	struct rd header = rd_sub(r, HEADER_SIZE);
	fr->type = rd_u8(&header);
	fr->channel = rd_be16(&header);
	fr->size = rd_be32(&header);
	return rd_ok(&header);
}

static size_t frame_size(const struct frame *fr) { return HEADER_SIZE + (size_t)fr->size + 1; }

/* Whether the frame that p begins with, and which is here in full, ends as it must. */
static bool frame_ends(const struct frame *fr, const uint8_t *p)
{
	return p[frame_size(fr) - 1] == FRAME_END;
}

/* Whether a frame may have such a header. */
static inline bool frame_sane(const struct connection *c, const struct frame *fr)
{
	bool unlimited = c->tuned && c->frame_max == 0;
	switch (fr->type) {
	case FRAME_METHOD:
		return fr->size >= ID_SIZE && fr->size <= FRAME_SANE;
	case FRAME_HEADER:
		return fr->size >= CONTENT_MIN && fr->size <= FRAME_SANE && fr->channel;
	case FRAME_BODY:
		return fr->size <= (unlimited ? FRAME_SANE_UNLIMITED : FRAME_SANE) && fr->channel;
	default:
		return fr->type == FRAME_HEARTBEAT && fr->size == 0 && fr->channel == 0;
	}
}

/* ---- frames that can be sure of themselves (top of the file) ---- */

/* Enough of it is here and agrees, it cannot be one, or it takes `need` bytes to tell. */
enum sight { NO_FRAME, UNDECIDED, SURE };

static enum sight short_of(size_t n, size_t *need)
{
	*need = n;
	return UNDECIDED;
}

static enum sight protocol_sight(struct bytes b, size_t *need)
{
	size_t n = b.n < sizeof protocol ? b.n : sizeof protocol;
	if (memcmp(b.p, protocol, n) != 0)
		return NO_FRAME;
	return n < sizeof protocol ? short_of(sizeof protocol, need) : SURE;
}

static enum sight end_sight(const struct frame *fr, struct bytes b, size_t *need)
{
	if (b.n < frame_size(fr))
		return short_of(frame_size(fr), need);
	return frame_ends(fr, b.p) ? SURE : NO_FRAME;
}

/* A method or a content header, of which r holds the payload. */
static enum sight payload_sight(const struct frame *fr, struct rd r, struct bytes b, size_t *need)
{
	bool is_method = fr->type == FRAME_METHOD;
	if (fr->size < (is_method ? ID_SIZE : CONTENT_MIN) || fr->size > LIMIT_AMQP_METHOD)
		return NO_FRAME;
	uint32_t id = rd_be32(&r);
	if (!rd_ok(&r))
		return short_of(HEADER_SIZE + ID_SIZE, need);
	if (!is_method)
		return id == CLASS_BASIC << 16 && fr->channel ? end_sight(fr, b, need) : NO_FRAME;
	const struct amqp_method_type *type = amqp_method_find(id);
	if (!type || (id >> 16 == CLASS_CONNECTION) != (fr->channel == 0))
		return NO_FRAME;
	enum sight sight = end_sight(fr, b, need);
	if (sight != SURE)
		return sight;
	struct amqp_value v[AMQP_ARGUMENTS];
	size_t n = fr->size - ID_SIZE;
	return amqp_arguments_read(type, rd_take(&r, n), n, v) == AMQP_FITS ? SURE : NO_FRAME;
}

static enum sight frame_sight(struct bytes b, size_t *need)
{
	struct rd r = rd_over(b);
	struct frame fr;
	unsigned type = b.p[0];
	if (type == 'A')
		return protocol_sight(b, need);
	if (type != FRAME_METHOD && type != FRAME_HEADER && type != FRAME_HEARTBEAT)
		return NO_FRAME;
	if (!frame_read(&r, &fr))
		return short_of(HEADER_SIZE, need);
	if (fr.type != FRAME_HEARTBEAT)
		return payload_sight(&fr, r, b, need);
	return fr.channel || fr.size ? NO_FRAME : end_sight(&fr, b, need);
}

/* Of a sure frame that b begins with: whether another may follow it, or nothing does. */
static enum sight next_sight(const struct feed *f, struct bytes b, size_t *need)
{
	struct rd r = rd_over(b);
	struct frame fr, next;
	frame_read(&r, &fr);
	if (fr.type == 'A' || fr.type == FRAME_HEARTBEAT)
		return SURE;
	r = rd_over((struct bytes){ b.p + frame_size(&fr), b.n - frame_size(&fr) });
	size_t left = rd_left(&r);
	if (frame_read(&r, &next))
		return frame_sane(&f->a->connection, &next) ? SURE : NO_FRAME;
	if (f->last)
		return left ? NO_FRAME : SURE;
	return short_of(frame_size(&fr) + HEADER_SIZE, need);
}

/* Look for the next sure frame. */
static struct step resync(const struct feed *f, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		struct bytes b = { s.p + i, s.n - i };
		size_t need = 0;
		enum sight sight = frame_sight(b, &need);
		if (sight == SURE)
			sight = next_sight(f, b, &need);
		if (sight == NO_FRAME || (sight == UNDECIDED && f->last))
			continue;
		skip_note(f, s.off, i);
		f->d->lost = sight == UNDECIDED;
		if (sight == SURE)
			skip_tell(f, passed_over);
		return i ? (struct step){ .used = i } : (struct step){ .need = need };
	}
	skip_note(f, s.off, s.n);
	return (struct step){ .used = s.n };
}

/* No frame begins here, whatever this is: say so and look on. */
static struct step rubbish(const struct feed *f, struct span s, uint64_t off, const char *what)
{
	complain(f, off, what);
	f->d->lost = true;
	return resync(f, s);
}

/* ---- methods ---- */

/* Tell a method, with its arguments for people and its reply code or NONE; its end.
 * The call is NULL where the arguments are not to be trusted. */
static struct mark method_tell(const struct feed *f, struct span s, const struct frame *fr,
                               const char *name, const char *detail, int code,
                               const struct amqp_call *call)
{
	struct mark begin, end;                      /* the frame is here in full: none lies ahead */
	uint64_t end_off = s.off + frame_size(fr);
	bool multiple = false;
	int64_t tag = call && fr->channel ? channels_tag(&f->a->channels, call, &multiple) : NONE;
	sink_mark(f->out, f->side, s.off, MARK_BEGIN, &begin);
	sink_mark(f->out, f->side, end_off, MARK_END, &end);
	sink_amqp_method(f->out, &(struct amqp_method){
		.begin = begin, .end = end, .sender = f->side, .channel = (int)fr->channel,
		.name = name, .detail = detail, .code = code, .begin_off = s.off, .end_off = end_off,
		.tag = tag, .multiple = multiple,
	});
	return end;
}

/* Tell a method and take in what it says. `s` begins with its frame. */
static void method_read(const struct feed *f, struct span s, const struct frame *fr)
{
	struct rd r = rd_over((struct bytes){ s.p + HEADER_SIZE, fr->size });
	struct amqp_call call;                       /* not cleared: arguments are read into it */
	call.id = rd_be32(&r);
	call.sender = f->side;
	call.channel = fr->channel;
	const struct amqp_method_type *type = amqp_method_find(call.id);
	if (!type) {
		complain(f, s.off, "unknown method");
		method_tell(f, s, fr, "unknown", "", NONE, NULL);
		return;
	}
	struct bytes arguments = { r.p, r.n };
	bool fits = amqp_arguments_read(type, arguments, r.n, call.v) == AMQP_FITS;
	char detail[LIMIT_AMQP_DETAIL];
	amqp_arguments_text(type, call.v, detail, sizeof detail);
	if (!fits) {
		complain(f, s.off, "method arguments do not fit");
		method_tell(f, s, fr, type->name, detail, NONE, NULL);
		return;
	}
	bool has_code = call.id == CONNECTION_CLOSE || call.id == CHANNEL_CLOSE
	             || call.id == BASIC_RETURN;
	int code = has_code ? (int)call.v[0].number : NONE;
	call.at = method_tell(f, s, fr, type->name, detail, code, &call);
	enum amqp_sender sender = f->side == CLIENT ? SENT_BY_CLIENT : SENT_BY_SERVER;
	if (!(type->sender & sender) && !f->a->wrong_side_told) {
		f->a->wrong_side_told = true;
		complain(f, s.off, "method of the other side");
	}
	if (call.id >> 16 == CLASS_CONNECTION)
		connection_method(&f->a->connection, f->out, &call);
	else if (call.channel)
		channels_method(&f->a->channels, f->out, &call);
}

/* ---- one frame after the other ---- */

static struct step greeting_read(const struct feed *f, struct span s)
{
	if (s.n < sizeof protocol)
		return (struct step){ .need = sizeof protocol };
	if (memcmp(s.p, protocol, 4) != 0)
		return rubbish(f, s, s.off, not_a_frame);
	bool spoken = connection_header(&f->a->connection, f->side, s.p + 4);
	if (f->side == CLIENT)
		f->a->foreign = !spoken;
	if (f->side == CLIENT && memcmp(s.p, protocol, sizeof protocol) != 0)
		complain(f, s.off, "client asks for another version");
	if (f->side == SERVER && !f->a->foreign)
		complain(f, s.off, "server proposes another version");
	return (struct step){ .used = sizeof protocol, .skip = spoken ? 0 : SKIP_REST };
}

/* Pass over a frame of which nothing but its end is looked at. */
static struct step frame_pass(const struct feed *f, struct span s, const struct frame *fr)
{
	if (f->side == CLIENT)
		f->a->connection.content_off = s.off + frame_size(fr);
	if (s.n >= frame_size(fr) && frame_ends(fr, s.p))
		return (struct step){ .used = frame_size(fr) };
	f->d->in_frame = true;
	return (struct step){ .used = HEADER_SIZE, .skip = fr->size };
}

static struct step frame_data(const struct feed *f, struct span s)
{
	const struct connection *c = &f->a->connection;
	struct rd r = rd_over((struct bytes){ s.p, s.n });
	struct frame fr;
	if (!frame_read(&r, &fr))
		return (struct step){ .need = HEADER_SIZE };
	if (!frame_sane(c, &fr))
		return rubbish(f, s, s.off, not_a_frame);
	if (c->frame_max && frame_size(&fr) > c->frame_max && !f->d->oversize_told) {
		f->d->oversize_told = true;
		complain(f, s.off, "frame larger than frame_max");
	}
	if (fr.type == FRAME_HEADER || fr.type == FRAME_BODY)
		return frame_pass(f, s, &fr);
	if (fr.size > LIMIT_AMQP_METHOD) {
		complain(f, s.off, "method too long to be read");
		return frame_pass(f, s, &fr);
	}
	if (s.n < frame_size(&fr))
		return (struct step){ .need = frame_size(&fr) };
	if (!frame_ends(&fr, s.p))
		return rubbish(f, s, s.off + frame_size(&fr) - 1, no_frame_end);
	if (fr.type == FRAME_HEARTBEAT)
		sink_heartbeat(f->out, f->side, s.off, "amqp");
	else
		method_read(f, s, &fr);
	return (struct step){ .used = frame_size(&fr) };
}

static struct step frame_next(const struct feed *f, struct span s)
{
	struct direction *d = f->d;
	if (d->in_frame) {
		d->in_frame = false;
		if (s.p[0] == FRAME_END)
			return (struct step){ .used = 1 };
		d->lost = true;
		complain(f, s.off, no_frame_end);
	}
	if (d->lost) {
		struct step did = resync(f, s);
		if (d->lost || did.used)
			return did;
	}
	return s.p[0] == 'A' ? greeting_read(f, s) : frame_data(f, s);
}

/* As many frames as there are. */
static struct step data_read(struct amqp *a, struct sink *sink, enum side side, struct span s,
                             bool last)
{
	const struct feed f = { a, sink, side, &a->direction[side], last };
	struct step all = { 0 };
	while (all.used < s.n) {
		struct step did = frame_next(&f, (struct span){ s.p + all.used, s.n - all.used,
		                                                s.off + all.used });
		all.used += did.used;
		all.skip = did.skip;
		all.need = did.need;
		if (did.skip || did.used == 0)
			break;
	}
	return all;
}

static struct step amqp_data(void *state, struct sink *sink, enum side side, struct span s)
{
	return data_read(state, sink, side, s, false);
}

static struct step amqp_last(void *state, struct sink *sink, enum side side, struct span s)
{
	return data_read(state, sink, side, s, true);
}

static void amqp_gap(void *state, struct sink *sink, enum side side, uint64_t off, uint64_t len)
{
	(void)sink, (void)off;
	struct amqp *a = state;
	struct direction *d = &a->direction[side];
	if (!d->in_frame || len > 1)                 /* else it is nothing but the 0xCE */
		d->lost = true;
	d->in_frame = false;
}

static void amqp_end(void *state, struct sink *sink, enum side side, uint64_t off,
                     enum end_how how)
{
	(void)off, (void)how;
	struct amqp *a = state;
	skip_tell(&(struct feed){ a, sink, side, &a->direction[side], true }, rest_skipped);
	if (++a->ends < 2)
		return;
	channels_end(&a->channels, sink);
	connection_tell(&a->connection, sink);
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

/* A client's protocol header, of any version that is known. */
static enum guess header_guess(struct bytes head)
{
	size_t n = head.n < 4 ? head.n : 4;
	if (memcmp(head.p, protocol, n) != 0)
		return GUESS_NO;
	if (head.n < sizeof protocol)
		return GUESS_MORE;
	return connection_version_known(head.p + 4) ? GUESS_SENT_BY_CLIENT : GUESS_NO;
}

/* Of a frame in the middle of a connection that is sure, or longer than the head:
 * then its method must be known and its arguments agree so far. */
static enum guess frame_guess(struct bytes head, bool whole)
{
	struct rd r = rd_over(head);
	struct frame f;
	frame_read(&r, &f);
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
	if (at_start)
		return head.p[0] == 'A' ? header_guess(head) : start_guess(head);
	enum sight sight = frame_sight(head, &need);
	if (sight == NO_FRAME)
		return GUESS_NO;
	if (sight == UNDECIDED && head.n < LIMIT_GUESS)
		return GUESS_MORE;
	return frame_guess(head, sight == SURE);
}

const struct dissector amqp_dissector = {
	.name = "amqp", .state_size = sizeof(struct amqp),
	.max_pending = HEADER_SIZE + LIMIT_AMQP_METHOD + 1 + HEADER_SIZE,
	.guess = amqp_guess, .data = amqp_data, .last = amqp_last, .gap = amqp_gap, .end = amqp_end,
};
