/* store_row.c - see store_row.h. */
#include "store_row.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- text ---- */

/* Bytes of the UTF-8 character at p, which ends with a NUL; 0: it is none
 * (RFC 3629, section 4: no overlong forms, no surrogates). */
static size_t character_length(const unsigned char *p)
{
	size_t n = *p < 0x80 ? 1 : *p < 0xC2 ? 0
	         : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : *p < 0xF5 ? 4 : 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	bool wrong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)
	          || (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F);
	return wrong ? 0 : n;
}

char *text_repaired(const char *text)
{
	static const char replacement[] = "\xEF\xBF\xBD";   /* U+FFFD */
	const unsigned char *p = (const unsigned char *)text;
	size_t good = 0, n;
	while (p[good]) {
		if (p[good] < 0x80)          /* nearly all are */
			good++;
		else if ((n = character_length(p + good)))
			good += n;
		else
			break;
	}
	if (!p[good])
		return NULL;

	char *out = alloc_zeroed(good + 3 * strlen(text + good) + 1, 1), *end = out;
	for (; *p; p += n ? n : 1) {
		n = character_length(p);
		size_t width = n ? n : sizeof replacement - 1;
		memcpy(end, n ? (const void *)p : replacement, width);
		end += width;
	}
	return out;
}

/* ------------------------------------------------------------- binding ---- */

static int64_t number_at(const void *p, enum field_type type)
{
	switch (type) {
	case BOOL: return *(const bool *)p;
	case U8:   return *(const uint8_t *)p;
	case U16:  return *(const uint16_t *)p;
	case U32:  return *(const uint32_t *)p;
	case I32:  return *(const int *)p;
	case I64:  return *(const int64_t *)p;
	case U64:  {
		uint64_t v = *(const uint64_t *)p;
		return v > INT64_MAX ? INT64_MAX : (int64_t)v;
	}
	default:   die("a column that is not numeric is bound as a number");
	}
}

static const char *text_at(const void *p, enum field_type type)
{
	return type == ARRAY ? p : *(const char *const *)p;
}

/* What a column is given. NOTHING_YET: the statement is new. */
enum value_type { NOTHING_YET, IS_NULL, IS_NUMBER, IS_CONSTANT, IS_TEXT, IS_BYTES };
struct value { enum value_type type; size_t n; union { int64_t number; const char *text; const uint8_t *p; }; };

static struct value number_or_null(bool unknown, int64_t v)
{
	return unknown ? (struct value){ .type = IS_NULL } : (struct value){ .type = IS_NUMBER, .number = v };
}

static struct value text_or_null(enum value_type type, const char *text)
{
	return text ? (struct value){ .type = type, .text = text } : (struct value){ .type = IS_NULL };
}

static struct value side_value(int64_t side)
{
	return text_or_null(IS_CONSTANT, side == NONE ? NULL : side == CLIENT ? "client" : "server");
}

static struct value column_value(const struct column *c, const void *field)
{
	const struct mark  *mark  = field;
	const struct bytes *bytes = field;
	switch (c->kind) {
	case AS_IS:
		return number_or_null(false, number_at(field, c->type));
	case UNLESS_NONE: {
		int64_t v = number_at(field, c->type);
		return number_or_null(v == NONE || v == NO_TIME, v);
	}
	case UNLESS_NO_TIME: {
		int64_t v = number_at(field, c->type);
		return number_or_null(v == NO_TIME, v);
	}
	case MARK_NS:
		return number_or_null(mark->frame == 0 || mark->ns == NO_TIME, mark->ns);
	case MARK_FRAME:
		return number_or_null(mark->frame == 0, number_at(&mark->frame, U64));
	case TEXT_OR_NULL: {
		const char *text = text_at(field, c->type);
		return text_or_null(IS_TEXT, text && *text ? text : NULL);
	}
	case TEXT_ALWAYS: {
		const char *text = text_at(field, c->type);
		return text_or_null(IS_TEXT, text ? text : "");
	}
	case CONSTANT: {
		const char *text = text_at(field, c->type);
		return text_or_null(IS_CONSTANT, text ? text : "");
	}
	case SIDE_WORD:
	case SIDE_OR_NULL:
		return side_value(number_at(field, c->type));
	case BLOB:
		return (struct value){ .type = IS_BYTES, .n = bytes->n, .p = bytes->p };
	}
	die("column %s is of no known kind", c->name);
}

static int bind_text(sqlite3_stmt *insert, int at, const char *text)
{
	char *repaired = text_repaired(text);
	if (repaired)
		return sqlite3_bind_text(insert, at, repaired, -1, free);
	return sqlite3_bind_text(insert, at, text, -1, SQLITE_STATIC);   /* outlives the step */
}

static int bind_value(sqlite3_stmt *insert, int at, const struct value *v)
{
	switch (v->type) {
	case IS_NUMBER:   return sqlite3_bind_int64(insert, at, v->number);
	case IS_CONSTANT: return sqlite3_bind_text(insert, at, v->text, -1, SQLITE_STATIC);
	case IS_TEXT:     return bind_text(insert, at, v->text);
	case IS_BYTES:    return v->n ? sqlite3_bind_blob64(insert, at, v->p, v->n, SQLITE_STATIC)
	                              : sqlite3_bind_zeroblob(insert, at, 0);
	case IS_NULL:
	case NOTHING_YET: break;
	}
	return sqlite3_bind_null(insert, at);
}

/* Whether the row before left the column with just this: then it still has it. Of other
 * texts and bytes only the place is known, and who owns it may have changed what is there. */
static bool still_bound(const struct value *bound, const struct value *v)
{
	return bound->type == v->type
	       && (v->type == IS_NULL || (v->type == IS_NUMBER && bound->number == v->number)
	           || (v->type == IS_CONSTANT && bound->text == v->text));
}

static int bind_column(struct insert *insert, size_t i, const struct column *c, const void *facts)
{
	struct value v = column_value(c, (const char *)facts + c->offset), *bound = &insert->bound[i];
	if (still_bound(bound, &v))
		return SQLITE_OK;
	*bound = v;
	return bind_value(insert->stmt, (int)i + 1, &v);
}

/* ------------------------------------------------------------- writing ---- */

static void insert_prepare(struct store *s, const struct row_format *f, struct insert *insert)
{
	sqlite3_str *sql = sqlite3_str_new(s->db);
	sqlite3_str_appendf(sql, "%s INTO main.%s(",
	                    f->table == TABLE_CAPTURE ? "REPLACE" : "INSERT", f->name);
	for (size_t i = 0; i < f->n; i++)
		sqlite3_str_appendf(sql, "%s%s", i ? ", " : "", f->columns[i].name);
	sqlite3_str_appendall(sql, ") VALUES(?");
	for (size_t i = 1; i < f->n; i++)
		sqlite3_str_appendall(sql, ", ?");
	sqlite3_str_appendall(sql, ")");

	char *text = sqlite3_str_finish(sql);
	if (!text || sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &insert->stmt, NULL))
		store_refused(s);
	sqlite3_free(text);
	insert->bound = alloc_zeroed(f->n, sizeof *insert->bound);
}

void insert_free(struct insert *insert)
{
	sqlite3_finalize(insert->stmt);
	free(insert->bound);
}

void row_insert(struct store *s, const struct row_format *f, const void *facts)
{
	if (s->failed)
		return;
	s->rows[f->table]++;
	struct insert *insert = &s->insert[f->table];
	if (!insert->stmt)
		insert_prepare(s, f, insert);

	int rc = insert->stmt ? SQLITE_OK : SQLITE_ERROR;
	for (size_t i = 0; i < f->n && rc == SQLITE_OK; i++)
		rc = bind_column(insert, i, &f->columns[i], facts);
	if (rc != SQLITE_OK || sqlite3_step(insert->stmt) != SQLITE_DONE)
		store_refused(s);
	sqlite3_reset(insert->stmt);
}
