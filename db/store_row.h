/* store_row.h - how a struct becomes a row; for the files db/store*.c alone.
 *
 * A table is described once: each column's name beside the field that fills
 * it. The INSERT and the binding are both made of that description, so they
 * cannot get out of step; a field's C type is asked of the compiler.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include <sqlite3.h>
#include <stddef.h>

#include "store.h"

enum table {
	TABLE_CAPTURE, TABLE_CAPTURE_FILE, TABLE_CAPTURE_INTERFACE, TABLE_CAPTURE_COMMENT,
	TABLE_NOT_FOLLOWED, TABLE_FLOW, TABLE_TCP_EVENT, TABLE_RESET, TABLE_ICMP, TABLE_SILENCE,
	TABLE_HTTP_EXCHANGE, TABLE_HTTP_INTERIM, TABLE_WEBSOCKET_CLOSE, TABLE_AMQP_CONNECTION,
	TABLE_AMQP_CHANNEL, TABLE_AMQP_METHOD, TABLE_HEARTBEAT, TABLE_TLS_RECORD, TABLE_ANOMALY,
	TABLE_PACKET_INDEX, TABLES
};

struct store {
	sqlite3      *db;
	char         *path;            /* the case's name; NULL: a private one */
	char         *growing;         /* the file to be renamed to it, while there is one */
	int           growing_fd;
	bool          read_only, committed;
	bool          failed;          /* and why: the first time */
	struct err    why;
	unsigned      swaps;           /* of the current capture */
	struct insert {                /* prepared when first needed */
		sqlite3_stmt *stmt;
		struct value *bound;   /* to each of its columns, by the row before */
	} insert[TABLES];
	uint64_t      rows[TABLES];    /* inserted */
};

/* ------------------------------------------------------ describing rows ---- */

enum column_kind {
	AS_IS,            /* a number, for NOT NULL */
	UNLESS_NONE,      /* a number; NULL for NONE and NO_TIME */
	UNLESS_NO_TIME,   /* a time or a difference of times, which may be -1 */
	MARK_NS,          /* of a struct mark; NULL for frame 0 */
	MARK_FRAME,
	TEXT_OR_NULL,     /* NULL for an empty text too */
	TEXT_ALWAYS,      /* '' for NULL */
	CONSTANT,         /* the same of a text of the program's own, which stays where and what it is */
	SIDE_WORD,        /* enum side: 'client', 'server' */
	SIDE_OR_NULL,     /* int: the same, or NONE */
	BLOB,
};

enum field_type { BOOL, U8, U16, U32, U64, I32, I64, MARK_, POINTER, ARRAY, BYTES };

struct column {
	const char     *name;
	enum column_kind kind;
	enum field_type  type;
	size_t           offset;
};

struct row_format {
	enum table           table;
	const char          *name;
	const struct column *columns;
	size_t               n;
};

/* An array of char decays to char *, and text elsewhere is const char *. */
#define FIELD_TYPE(field) _Generic((field), bool: BOOL, uint8_t: U8, uint16_t: U16, uint32_t: U32, \
	uint64_t: U64, int: I32, int64_t: I64, struct mark: MARK_, const char *: POINTER, \
	char *: ARRAY, struct bytes: BYTES)

/* ROW is the tag of the struct that is being described. */
#define COLUMN(kind, name, field) \
	{ name, kind, FIELD_TYPE(((struct ROW *)0)->field), offsetof(struct ROW, field) }

#define NUMBER(name, field)   COLUMN(AS_IS, name, field)
#define OPTIONAL(name, field) COLUMN(UNLESS_NONE, name, field)
#define TIME(name, field)     COLUMN(UNLESS_NO_TIME, name, field)
#define TEXT(name, field)     COLUMN(TEXT_OR_NULL, name, field)
#define WORD(name, field)     COLUMN(TEXT_ALWAYS, name, field)
#define OWN(name, field)      COLUMN(CONSTANT, name, field)
#define SIDE(name, field)     COLUMN(SIDE_WORD, name, field)
#define NO_SIDE(name, field)  COLUMN(SIDE_OR_NULL, name, field)
#define MARK(name, field)     COLUMN(MARK_NS, name "_ns", field), \
                              COLUMN(MARK_FRAME, name "_frame", field)

#define ROW_FORMAT(id, table_name, list) \
	static const struct row_format table_name##_format = \
		{ id, #table_name, list, sizeof list / sizeof *list }

/* --------------------------------------------------------- writing them ---- */

struct insert;
void insert_free(struct insert *);

/* Insert the row that the struct at `facts` describes; where there is one with
 * its primary key, only `capture` is replaced. */
void row_insert(struct store *, const struct row_format *, const void *facts);

/* Remember that the database refused something. Always false. */
bool store_refused(struct store *);

/* A write that failed, as a whole sentence. Always false. */
bool store_trouble(const struct store *, struct err *);

/* A new database beside the name `path`, with nothing in it; and its file's way to that
 * name, which fails as a write does. */
struct store *store_begin(const char *path, struct err *);
void store_finish(struct store *);

/* An existing case for adding to it, with a transaction begun. */
struct store *store_join(const char *path, struct err *);

/* UTF-8 as it should be, with U+FFFD for every byte that is not: a new text to
 * be freed by free(); NULL where `text` is in order as it is. */
char *text_repaired(const char *text);

#endif
