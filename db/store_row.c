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
	while (p[good] && (n = character_length(p + good)))
		good += n;
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

static int bind_text(sqlite3_stmt *insert, int at, const char *text)
{
	char *repaired = text_repaired(text);
	if (repaired)
		return sqlite3_bind_text(insert, at, repaired, -1, free);
	return sqlite3_bind_text(insert, at, text, -1, SQLITE_STATIC);   /* outlives the step */
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

static int bind_side(sqlite3_stmt *insert, int at, int64_t side)
{
	if (side == NONE)
		return sqlite3_bind_null(insert, at);
	const char *word = side == CLIENT ? "client" : "server";
	return sqlite3_bind_text(insert, at, word, -1, SQLITE_STATIC);
}

/* `at` is bound to the number, or to NULL where that says "not known". */
static int bind_unless(sqlite3_stmt *insert, int at, bool unknown, int64_t v)
{
	return unknown ? sqlite3_bind_null(insert, at) : sqlite3_bind_int64(insert, at, v);
}

static int bind_column(sqlite3_stmt *insert, int at, const struct column *c, const void *field)
{
	const struct mark  *mark  = field;
	const struct bytes *bytes = field;
	switch (c->kind) {
	case AS_IS:
		return sqlite3_bind_int64(insert, at, number_at(field, c->type));
	case UNLESS_NONE: {
		int64_t v = number_at(field, c->type);
		return bind_unless(insert, at, v == NONE || v == NO_TIME, v);
	}
	case UNLESS_NO_TIME: {
		int64_t v = number_at(field, c->type);
		return bind_unless(insert, at, v == NO_TIME, v);
	}
	case MARK_NS:
		return bind_unless(insert, at, mark->frame == 0 || mark->ns == NO_TIME, mark->ns);
	case MARK_FRAME:
		return bind_unless(insert, at, mark->frame == 0, number_at(&mark->frame, U64));
	case TEXT_OR_NULL: {
		const char *text = text_at(field, c->type);
		return text && *text ? bind_text(insert, at, text) : sqlite3_bind_null(insert, at);
	}
	case TEXT_ALWAYS: {
		const char *text = text_at(field, c->type);
		return bind_text(insert, at, text ? text : "");
	}
	case SIDE_WORD:
	case SIDE_OR_NULL:
		return bind_side(insert, at, number_at(field, c->type));
	case BLOB:
		return bytes->n ? sqlite3_bind_blob64(insert, at, bytes->p, bytes->n, SQLITE_STATIC)
		                : sqlite3_bind_zeroblob(insert, at, 0);
	}
	die("column %s is of no known kind", c->name);
}

/* ------------------------------------------------------------- writing ---- */

static sqlite3_stmt *insert_prepare(struct store *s, const struct row_format *f)
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
	sqlite3_stmt *insert = NULL;
	if (!text || sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &insert, NULL))
		store_refused(s);
	sqlite3_free(text);
	return insert;
}

void row_insert(struct store *s, const struct row_format *f, const void *facts)
{
	if (s->failed)
		return;
	s->rows[f->table]++;
	sqlite3_stmt **insert = &s->insert[f->table];
	if (!*insert)
		*insert = insert_prepare(s, f);

	int rc = *insert ? SQLITE_OK : SQLITE_ERROR;
	for (size_t i = 0; i < f->n && rc == SQLITE_OK; i++)
		rc = bind_column(*insert, (int)i + 1, &f->columns[i],
		                 (const char *)facts + f->columns[i].offset);
	if (rc != SQLITE_OK || sqlite3_step(*insert) != SQLITE_DONE)
		store_refused(s);
	sqlite3_reset(*insert);
}
