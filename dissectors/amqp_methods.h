/* amqp_methods.h - the methods of AMQP 0-9-1 and how their arguments are read.
 *
 * Covers the specification and what RabbitMQ adds to it (confirm, basic.nack,
 * exchange.bind, connection.blocked, connection.update-secret).
 *
 * Borrows  the frame's bytes: what is read points into them.
 * Bounds   texts end at the size given, never inside a UTF-8 sequence; nested
 *          tables are shown LIMIT_AMQP_NESTING deep and passed over below that.
 */
#ifndef AMQP_METHODS_H
#define AMQP_METHODS_H

#include "bytes.h"
#include "facts.h"

enum { AMQP_ARGUMENTS = 9, AMQP_NAME = 16 };

/* The class in the upper half, the method in the lower. */
enum amqp_id {
	CONNECTION_START    = 10 << 16 | 10,
	CONNECTION_START_OK = 10 << 16 | 11,
	CONNECTION_TUNE     = 10 << 16 | 30,
	CONNECTION_TUNE_OK  = 10 << 16 | 31,
	CONNECTION_OPEN     = 10 << 16 | 40,
	CONNECTION_OPEN_OK  = 10 << 16 | 41,
	CONNECTION_CLOSE    = 10 << 16 | 50,
	CONNECTION_CLOSE_OK = 10 << 16 | 51,
	CHANNEL_OPEN        = 20 << 16 | 10,
	CHANNEL_OPEN_OK     = 20 << 16 | 11,
	CHANNEL_CLOSE       = 20 << 16 | 40,
	CHANNEL_CLOSE_OK    = 20 << 16 | 41,
	BASIC_QOS           = 60 << 16 | 10,
	BASIC_CONSUME       = 60 << 16 | 20,
	BASIC_CONSUME_OK    = 60 << 16 | 21,
	BASIC_CANCEL        = 60 << 16 | 30,
	BASIC_PUBLISH       = 60 << 16 | 40,
	BASIC_RETURN        = 60 << 16 | 50,
	BASIC_DELIVER       = 60 << 16 | 60,
	BASIC_GET           = 60 << 16 | 70,
	BASIC_GET_OK        = 60 << 16 | 71,
	BASIC_GET_EMPTY     = 60 << 16 | 72,
	BASIC_ACK           = 60 << 16 | 80,
	BASIC_REJECT        = 60 << 16 | 90,
	BASIC_RECOVER_ASYNC = 60 << 16 | 100,
	BASIC_RECOVER_OK    = 60 << 16 | 111,
	BASIC_NACK          = 60 << 16 | 120,
	CONFIRM_SELECT      = 85 << 16 | 10,
};

enum amqp_sender { SENT_BY_CLIENT = 1, SENT_BY_SERVER = 2, SENT_BY_BOTH = 3 };

/* How an argument lies in the frame. Bits in a row share an octet, lowest first. */
enum amqp_kind {
	NO_ARGUMENT,             /* ends a method's list */
	ARG_U8, ARG_U16, ARG_U32, ARG_U64,
	ARG_BIT,                 /* shown only when it is set */
	ARG_FLAG,                /* a bit that is always shown */
	ARG_ID,                  /* class and method that caused a close; 0: none */
	ARG_SHORT, ARG_LONG,     /* text of at most 255 bytes, of at most 2^32 - 1 */
	ARG_TABLE,
};

/* Without a name it is never shown: it is reserved, long-winded, or a secret. The name is
 * " name=", of n characters. */
struct amqp_argument { uint8_t kind, n; char name[AMQP_NAME + 1]; };   /* enum amqp_kind */

struct amqp_method_type {
	uint32_t             id;
	const char          *name;       /* "basic.publish" */
	enum amqp_sender     sender;
	struct amqp_argument arguments[AMQP_ARGUMENTS + 1];      /* NO_ARGUMENT ends them */
};

/* One argument: numbers and bits have the one, texts and tables the other; what a method
 * does not have is not set. */
struct amqp_value { uint64_t number; struct bytes text; };

/* A method that was heard, all of its arguments included. */
struct amqp_call {
	uint32_t          id;
	enum side         sender;
	unsigned          channel;       /* 0: the connection */
	struct amqp_value v[AMQP_ARGUMENTS];
	struct mark       at;            /* its end */
};

/* NULL: no such method. */
const struct amqp_method_type *amqp_method_find(uint32_t id);

/* How bytes agree with a method's arguments: they fill them exactly; they break
 * off before `declared` bytes but agree so far; they do not agree. */
enum amqp_fit { AMQP_FITS, AMQP_CUT, AMQP_MISFIT };

/* Reads the arguments that lie in the first `declared` bytes, of which `seen`
 * are at hand. What is not there is 0 or empty. */
enum amqp_fit amqp_arguments_read(const struct amqp_method_type *, struct bytes seen,
                                  size_t declared, struct amqp_value[AMQP_ARGUMENTS]);

/* "exchange=x routing_key=k"; empty texts and unset bits are left out. */
void amqp_arguments_text(const struct amqp_method_type *, const struct amqp_value *,
                         char *text, size_t size);

/* The name and the type ('S', 'F', 't') of a table's value. */
struct amqp_key { const char *name; uint8_t n, type; };
#define AMQP_KEY(name, type) { name, sizeof(name) - 1, type }

/* The values of the n keys in a table, the first of each; none where there is none. */
void amqp_table_find(struct bytes table, const struct amqp_key *, size_t n, struct bytes *values);

/* The names of a table's values that are not false, with spaces between. */
void amqp_table_names(struct bytes table, char *text, size_t size);

/* Keeps text that someone else chose: control bytes become '?'. */
void amqp_text_keep(char *text, size_t size, struct bytes);

#endif
