/* amqp_methods.c - see amqp_methods.h.
 *
 *   arguments       u8 u16 u32 u64 | bits, 8 to an octet | short text | long text | table
 *   short text      length(1) bytes         long text   length(4) bytes
 *   table           length(4) { name: short text | type(1) | value } ...
 *   array 'A'       length(4) { type(1) | value } ...
 *
 * AMQP 0-9-1, sections 1 and 4.2.5. Where RabbitMQ and the specification give a
 * field type different meanings ('s' above all), RabbitMQ's is taken.
 */
#include "amqp_methods.h"

#include <stdio.h>
#include <string.h>

#include "limits.h"

#define C SENT_BY_CLIENT
#define S SENT_BY_SERVER
#define E SENT_BY_BOTH

#define SHOWN(kind, name) { kind, sizeof " " name "=" - 1, " " name "=" }
#define HIDDEN(kind) { kind, 0, "" }
#define RESERVED     HIDDEN(ARG_U16)
#define TEXT(name)   SHOWN(ARG_SHORT, name)
#define BIT(name)    SHOWN(ARG_BIT, name)
#define FLAG(name)   SHOWN(ARG_FLAG, name)
#define U16(name)    SHOWN(ARG_U16, name)
#define U32(name)    SHOWN(ARG_U32, name)
#define TAG          SHOWN(ARG_U64, "delivery_tag")
#define TABLE        SHOWN(ARG_TABLE, "arguments")
#define NOTHING      { { 0 } }
#define CLOSE        { U16("reply_code"), TEXT("reply_text"), SHOWN(ARG_ID, "caused_by") }

/* Where a method has its place: none shares it (the compiler would warn of a field that
 * is overwritten). */
enum { SLOTS = 256 };
#define SLOT(id) ((((id) >> 16) * 7 + (id)) % SLOTS)
#define METHOD(id, ...) [SLOT(id)] = { id, __VA_ARGS__ }

static const struct amqp_method_type methods[SLOTS] = {
	METHOD(CONNECTION_START, "connection.start", S, { SHOWN(ARG_U8, "version_major"),
	  SHOWN(ARG_U8, "version_minor"), HIDDEN(ARG_TABLE), SHOWN(ARG_LONG, "mechanisms"),
	  SHOWN(ARG_LONG, "locales") }),
	METHOD(CONNECTION_START_OK, "connection.start-ok", C, { HIDDEN(ARG_TABLE), TEXT("mechanism"),
	  HIDDEN(ARG_LONG), TEXT("locale") }),
	METHOD(10 << 16 | 20, "connection.secure", S, { HIDDEN(ARG_LONG) }),
	METHOD(10 << 16 | 21, "connection.secure-ok", C, { HIDDEN(ARG_LONG) }),
	METHOD(CONNECTION_TUNE, "connection.tune", S, { U16("channel_max"), U32("frame_max"),
	  U16("heartbeat") }),
	METHOD(CONNECTION_TUNE_OK, "connection.tune-ok", C, { U16("channel_max"), U32("frame_max"),
	  U16("heartbeat") }),
	METHOD(CONNECTION_OPEN, "connection.open", C, { TEXT("vhost"), HIDDEN(ARG_SHORT),
	  HIDDEN(ARG_BIT) }),
	METHOD(CONNECTION_OPEN_OK, "connection.open-ok", S, { HIDDEN(ARG_SHORT) }),
	METHOD(CONNECTION_CLOSE, "connection.close", E, CLOSE),
	METHOD(CONNECTION_CLOSE_OK, "connection.close-ok", E, NOTHING),
	METHOD(10 << 16 | 60, "connection.blocked", S, { TEXT("reason") }),
	METHOD(10 << 16 | 61, "connection.unblocked", S, NOTHING),
	METHOD(10 << 16 | 70, "connection.update-secret", C, { HIDDEN(ARG_LONG), TEXT("reason") }),
	METHOD(10 << 16 | 71, "connection.update-secret-ok", S, NOTHING),

	METHOD(CHANNEL_OPEN, "channel.open", C, { HIDDEN(ARG_SHORT) }),
	METHOD(CHANNEL_OPEN_OK, "channel.open-ok", S, { HIDDEN(ARG_LONG) }),
	METHOD(20 << 16 | 20, "channel.flow", E, { FLAG("active") }),
	METHOD(20 << 16 | 21, "channel.flow-ok", E, { FLAG("active") }),
	METHOD(CHANNEL_CLOSE, "channel.close", E, CLOSE),
	METHOD(CHANNEL_CLOSE_OK, "channel.close-ok", E, NOTHING),

	METHOD(30 << 16 | 10, "access.request", C, { TEXT("realm"), BIT("exclusive"), BIT("passive"),
	  BIT("active"), BIT("write"), BIT("read") }),
	METHOD(30 << 16 | 11, "access.request-ok", S, { RESERVED }),

	METHOD(40 << 16 | 10, "exchange.declare", C, { RESERVED, TEXT("exchange"), TEXT("type"),
	  BIT("passive"), BIT("durable"), BIT("auto_delete"), BIT("internal"), BIT("no_wait"),
	  TABLE }),
	METHOD(40 << 16 | 11, "exchange.declare-ok", S, NOTHING),
	METHOD(40 << 16 | 20, "exchange.delete", C, { RESERVED, TEXT("exchange"), BIT("if_unused"),
	  BIT("no_wait") }),
	METHOD(40 << 16 | 21, "exchange.delete-ok", S, NOTHING),
	METHOD(40 << 16 | 30, "exchange.bind", C, { RESERVED, TEXT("destination"), TEXT("source"),
	  TEXT("routing_key"), BIT("no_wait"), TABLE }),
	METHOD(40 << 16 | 31, "exchange.bind-ok", S, NOTHING),
	METHOD(40 << 16 | 40, "exchange.unbind", C, { RESERVED, TEXT("destination"), TEXT("source"),
	  TEXT("routing_key"), BIT("no_wait"), TABLE }),
	METHOD(40 << 16 | 51, "exchange.unbind-ok", S, NOTHING),

	METHOD(50 << 16 | 10, "queue.declare", C, { RESERVED, TEXT("queue"), BIT("passive"),
	  BIT("durable"), BIT("exclusive"), BIT("auto_delete"), BIT("no_wait"), TABLE }),
	METHOD(50 << 16 | 11, "queue.declare-ok", S, { TEXT("queue"), U32("message_count"),
	  U32("consumer_count") }),
	METHOD(50 << 16 | 20, "queue.bind", C, { RESERVED, TEXT("queue"), TEXT("exchange"),
	  TEXT("routing_key"), BIT("no_wait"), TABLE }),
	METHOD(50 << 16 | 21, "queue.bind-ok", S, NOTHING),
	METHOD(50 << 16 | 30, "queue.purge", C, { RESERVED, TEXT("queue"), BIT("no_wait") }),
	METHOD(50 << 16 | 31, "queue.purge-ok", S, { U32("message_count") }),
	METHOD(50 << 16 | 40, "queue.delete", C, { RESERVED, TEXT("queue"), BIT("if_unused"),
	  BIT("if_empty"), BIT("no_wait") }),
	METHOD(50 << 16 | 41, "queue.delete-ok", S, { U32("message_count") }),
	METHOD(50 << 16 | 50, "queue.unbind", C, { RESERVED, TEXT("queue"), TEXT("exchange"),
	  TEXT("routing_key"), TABLE }),
	METHOD(50 << 16 | 51, "queue.unbind-ok", S, NOTHING),

	METHOD(BASIC_QOS, "basic.qos", C, { U32("prefetch_size"), U16("prefetch_count"),
	  BIT("global") }),
	METHOD(60 << 16 | 11, "basic.qos-ok", S, NOTHING),
	METHOD(BASIC_CONSUME, "basic.consume", C, { RESERVED, TEXT("queue"), TEXT("consumer_tag"),
	  BIT("no_local"), BIT("no_ack"), BIT("exclusive"), BIT("no_wait"), TABLE }),
	METHOD(BASIC_CONSUME_OK, "basic.consume-ok", S, { TEXT("consumer_tag") }),
	METHOD(BASIC_CANCEL, "basic.cancel", E, { TEXT("consumer_tag"), BIT("no_wait") }),
	METHOD(60 << 16 | 31, "basic.cancel-ok", E, { TEXT("consumer_tag") }),
	METHOD(BASIC_PUBLISH, "basic.publish", C, { RESERVED, TEXT("exchange"), TEXT("routing_key"),
	  BIT("mandatory"), BIT("immediate") }),
	METHOD(BASIC_RETURN, "basic.return", S, { U16("reply_code"), TEXT("reply_text"),
	  TEXT("exchange"), TEXT("routing_key") }),
	METHOD(BASIC_DELIVER, "basic.deliver", S, { TEXT("consumer_tag"), TAG, BIT("redelivered"),
	  TEXT("exchange"), TEXT("routing_key") }),
	METHOD(BASIC_GET, "basic.get", C, { RESERVED, TEXT("queue"), BIT("no_ack") }),
	METHOD(BASIC_GET_OK, "basic.get-ok", S, { TAG, BIT("redelivered"), TEXT("exchange"),
	  TEXT("routing_key"), U32("message_count") }),
	METHOD(BASIC_GET_EMPTY, "basic.get-empty", S, { HIDDEN(ARG_SHORT) }),
	METHOD(BASIC_ACK, "basic.ack", E, { TAG, BIT("multiple") }),
	METHOD(BASIC_REJECT, "basic.reject", C, { TAG, FLAG("requeue") }),
	METHOD(BASIC_RECOVER_ASYNC, "basic.recover-async", C, { FLAG("requeue") }),
	METHOD(60 << 16 | 110, "basic.recover", C, { FLAG("requeue") }),
	METHOD(BASIC_RECOVER_OK, "basic.recover-ok", S, NOTHING),
	METHOD(BASIC_NACK, "basic.nack", E, { TAG, BIT("multiple"), FLAG("requeue") }),

	METHOD(CONFIRM_SELECT, "confirm.select", C, { BIT("no_wait") }),
	METHOD(85 << 16 | 11, "confirm.select-ok", S, NOTHING),

	METHOD(90 << 16 | 10, "tx.select", C, NOTHING),
	METHOD(90 << 16 | 11, "tx.select-ok", S, NOTHING),
	METHOD(90 << 16 | 20, "tx.commit", C, NOTHING),
	METHOD(90 << 16 | 21, "tx.commit-ok", S, NOTHING),
	METHOD(90 << 16 | 30, "tx.rollback", C, NOTHING),
	METHOD(90 << 16 | 31, "tx.rollback-ok", S, NOTHING),
};

const struct amqp_method_type *amqp_method_find(uint32_t id)
{
	const struct amqp_method_type *type = &methods[SLOT(id)];
	return type->name && type->id == id ? type : NULL;
}

/* ---- reading ---- */

static inline bool is_bit(unsigned kind) { return kind == ARG_BIT || kind == ARG_FLAG; }
static inline bool is_text(unsigned kind) { return kind >= ARG_SHORT; }

static inline uint64_t number_read(struct rd *r, unsigned kind)
{
	switch (kind) {
	case ARG_U8:  return rd_u8(r);
	case ARG_U16: return rd_be16(r);
	case ARG_U64: return rd_be64(r);
	default:      return rd_be32(r);
	}
}

enum amqp_fit amqp_arguments_read(const struct amqp_method_type *type, struct bytes seen,
                                  size_t declared, struct amqp_value values[AMQP_ARGUMENTS])
{
	struct rd r = rd_over(seen);
	struct amqp_value *v = values;
	unsigned octet = 0, bits = 0;
	bool too_long = false;
	for (const struct amqp_argument *a = type->arguments; a->kind; a++, v++) {
		if (is_bit(a->kind)) {
			octet = bits++ % 8 ? octet >> 1 : rd_u8(&r);
			v->number = octet & 1;
			continue;
		}
		bits = 0;
		if (!is_text(a->kind)) {
			v->number = number_read(&r, a->kind);
			continue;
		}
		size_t n = a->kind == ARG_SHORT ? rd_u8(&r) : rd_be32(&r);
		too_long |= n > declared - (seen.n - rd_left(&r));
		v->text = rd_take(&r, n);
	}
	if (seen.n < declared)                       /* all read, and more to come? */
		return too_long || rd_ok(&r) ? AMQP_MISFIT : AMQP_CUT;
	return rd_ok(&r) && rd_left(&r) == 0 ? AMQP_FITS : AMQP_MISFIT;
}

/* How long the next value of a table or an array is, behind its length if it has one. */
static inline size_t field_size(struct rd *r, uint8_t type)
{
	switch (type) {
	case 'V':
		return 0;
	case 't': case 'b': case 'B':
		return 1;
	case 's': case 'u': case 'U':
		return 2;
	case 'i': case 'I': case 'f':
		return 4;
	case 'D':
		return 5;
	case 'l': case 'L': case 'd': case 'T':
		return 8;
	case 'S': case 'x': case 'A': case 'F':
		return rd_be32(r);
	default:                                     /* unknown, so is its length */
		return SIZE_MAX;
	}
}

/* The next value, without its length. Nested ones carry theirs in front, so passing over
 * them takes no recursion. */
static inline struct bytes field_take(struct rd *r, uint8_t type)
{
	return rd_take(r, field_size(r, type));
}

/* The next field of a table; false: the table is broken there. */
struct field { struct bytes name, value; uint8_t type; };

static inline bool field_next(struct rd *r, struct field *f)
{
	f->name = rd_take(r, rd_u8(r));
	f->type = rd_u8(r);
	f->value = field_take(r, f->type);
	return rd_ok(r);
}

void amqp_table_find(struct bytes table, const struct amqp_key *keys, size_t n,
                     struct bytes *values)
{
	struct rd r = rd_over(table);
	struct field f;
	memset(values, 0, n * sizeof *values);
	while (rd_left(&r) && field_next(&r, &f))
		for (size_t i = 0; i < n; i++)
			if (f.name.n == keys[i].n && f.type == keys[i].type && !values[i].p
			    && !memcmp(f.name.p, keys[i].name, keys[i].n))
				values[i] = f.value;
}

/* ---- text for people ---- */

/* Where the next byte goes, and where the NUL goes at last: a text is full there. */
struct out { char *at, *end; };

static struct out out_over(char *text, size_t size) { return (struct out){ text, text + size - 1 }; }
static bool out_full(const struct out *o) { return o->at == o->end; }
static size_t out_room(const struct out *o) { return (size_t)(o->end - o->at); }

/* Of text that is known to be in order; it ends where there is no more room. */
static void put_known(struct out *o, const char *text, size_t n)
{
	n = n < out_room(o) ? n : out_room(o);
	memcpy(o->at, text, n);
	o->at += n;
}

/* " name=", of n bytes with the space or without: a copy of fixed length is cheap. */
static inline void put_name(struct out *o, const char name[AMQP_NAME], size_t n)
{
	if (out_room(o) < AMQP_NAME) {
		put_known(o, name, n);
		return;
	}
	memcpy(o->at, name, AMQP_NAME);
	o->at += n;
}

/* Copies eight bytes; false: not all of them are ASCII and printable (0x20 to 0x7E). */
static inline bool word_copy(char *to, const uint8_t *from)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t eight;
	memcpy(&eight, from, sizeof eight);
	memcpy(to, &eight, sizeof eight);
	return !(((eight - ones * ' ') | (eight + ones)) & ones * 128);
}

/* With '?' for control characters; most texts are plain, and are copied by words. */
static void text_copy(char *to, const uint8_t *from, size_t n)
{
	enum { WORD = 8 };
	size_t i = 0;
	if (n >= WORD) {
		while (i + WORD < n && word_copy(to + i, from + i))
			i += WORD;
		if (i + WORD >= n && word_copy(to + n - WORD, from + n - WORD))   /* may overlap */
			return;
	}
	for (; i < n; i++)
		to[i] = from[i] < ' ' || from[i] == 0x7F ? '?' : (char)from[i];
}

/* What does not fit ends the text: nothing is put behind it. */
static void put_bytes(struct out *o, struct bytes b)
{
	size_t n = b.n;
	if (n > out_room(o)) {
		n = out_room(o);
		while (n > 0 && (b.p[n] & 0xC0) == 0x80)
			n--;                         /* cut before a sequence, not in it */
		o->end = o->at + n;
	}
	text_copy(o->at, b.p, n);
	o->at += n;
}

static void put(struct out *o, const char *text)
{
	put_known(o, text, strlen(text));
}

static void put_number(struct out *o, uint64_t number)
{
	char digits[20];
	char *end = digits + sizeof digits, *p = end;
	do
		*--p = (char)('0' + number % 10);
	while (number /= 10);
	while (p < end && !out_full(o))              /* by bytes: a wider read would wait for them */
		*o->at++ = *p++;
}

static void put_signed(struct out *o, struct bytes b)
{
	struct rd r = rd_over(b);
	uint64_t number = rd_be(&r, b.n), sign = (uint64_t)1 << (8 * b.n - 1);
	if (number & sign)
		put(o, "-");
	put_number(o, number & sign ? sign - (number ^ sign) : number);
}

static void put_real(struct out *o, struct bytes b)
{
	struct rd r = rd_over(b);
	uint64_t bits = rd_be(&r, b.n);
	uint32_t low = (uint32_t)bits;
	float single;
	double real;
	memcpy(&single, &low, sizeof single);
	memcpy(&real, &bits, sizeof real);
	char text[32];
	snprintf(text, sizeof text, "%g", b.n == sizeof single ? (double)single : real);
	put(o, text);
}

static void put_table(struct out *, struct bytes, bool named, int depth);

static void put_field(struct out *o, uint8_t type, struct bytes b, int depth)
{
	struct rd r = rd_over(b);
	switch (type) {
	case 'V':
		put(o, "void");
		break;
	case 't':
		put(o, rd_u8(&r) ? "true" : "false");
		break;
	case 'b': case 's': case 'U': case 'I': case 'l': case 'L':
		put_signed(o, b);
		break;
	case 'f': case 'd':
		put_real(o, b);
		break;
	case 'D': {                                  /* as written: digits, then the scale */
		unsigned scale = rd_u8(&r);
		put_signed(o, rd_take(&r, 4));
		put(o, "e-");
		put_number(o, scale);
		break;
	}
	case 'S':
		put_bytes(o, b);
		break;
	case 'x':
		put_number(o, b.n);
		put(o, " bytes");
		break;
	case 'A': case 'F':
		put_table(o, b, type == 'F', depth);
		break;
	default:
		put_number(o, rd_be(&r, b.n));
	}
}

/* A table {name=value ...}, or an array {value ...}. Stops where the text is full. */
static void put_table(struct out *o, struct bytes table, bool named, int depth)
{
	struct rd r = rd_over(table);
	put(o, "{");
	if (depth == LIMIT_AMQP_NESTING) {
		put(o, "...}");
		return;
	}
	while (rd_left(&r) && !out_full(o)) {
		bool first = rd_left(&r) == table.n;
		struct bytes name = named ? rd_take(&r, rd_u8(&r)) : (struct bytes){ 0 };
		uint8_t type = rd_u8(&r);
		struct bytes value = field_take(&r, type);
		put(o, first ? "" : " ");
		if (!rd_ok(&r)) {
			put(o, "?");
			break;
		}
		put_bytes(o, name);
		put(o, named ? "=" : "");
		put_field(o, type, value, depth + 1);
	}
	put(o, "}");
}

static void put_argument(struct out *o, unsigned kind, const struct amqp_value *value)
{
	const struct amqp_method_type *cause;
	if (kind == ARG_TABLE)
		put_table(o, value->text, true, 0);
	else if (is_text(kind))
		put_bytes(o, value->text);
	else if (kind == ARG_ID && (cause = amqp_method_find((uint32_t)value->number)))
		put(o, cause->name);
	else if (kind == ARG_ID) {
		put_number(o, value->number >> 16);
		put(o, ".");
		put_number(o, value->number & 0xFFFF);
	} else
		put_number(o, value->number);
}

/* Whether nothing is said of it: of a bit that is not set, and of what is empty. */
static bool is_silent(unsigned kind, const struct amqp_value *v)
{
	if (is_text(kind))
		return v->text.n == 0;
	return v->number == 0 && (kind == ARG_BIT || kind == ARG_ID);
}

void amqp_arguments_text(const struct amqp_method_type *type, const struct amqp_value *values,
                         char *text, size_t size)
{
	struct out o = out_over(text, size);
	const struct amqp_value *v = values;
	for (const struct amqp_argument *a = type->arguments; a->kind; a++, v++) {
		if (a->n == 0 || is_silent(a->kind, v))
			continue;
		size_t first = o.at == text;         /* without the space */
		put_name(&o, a->name + first, a->n - first);
		put_argument(&o, a->kind, v);
	}
	*o.at = '\0';
}

void amqp_table_names(struct bytes table, char *text, size_t size)
{
	struct out o = out_over(text, size);
	struct rd r = rd_over(table);
	struct field f;
	while (rd_left(&r) && !out_full(&o) && field_next(&r, &f)) {
		if (f.type == 't' && f.value.p[0] == 0)
			continue;
		put(&o, o.at == text ? "" : " ");
		put_bytes(&o, f.name);
	}
	*o.at = '\0';
}

void amqp_text_keep(char *text, size_t size, struct bytes b)
{
	struct out o = out_over(text, size);
	put_bytes(&o, b);
	*o.at = '\0';
}
