/* result.c - see result.h. */
#include "result.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "limits.h"
#include "text.h"

/* Columns that a canvas needs for it. */
static int width_of(const struct result *r, const char *text, size_t n)
{
	int width = r->ascii ? 0 : text_width_n(text, n);
	for (size_t i = 0; r->ascii && i < n; i++)
		width += text[i] < ' ' || text[i] > '~' ? 4 : 1;
	return width;
}

void result_begin(struct result *r, struct sqlite3_stmt *s, bool ascii)
{
	int n = sqlite3_column_count(s);
	*r = (struct result){ .ascii = ascii, .columns = n < LIMIT_QUERY_COLUMNS ? n : LIMIT_QUERY_COLUMNS };
	r->column = alloc_zeroed((size_t)r->columns, sizeof *r->column);
	for (int i = 0; i < r->columns; i++) {
		const char *name = sqlite3_column_name(s, i);
		r->column[i] = (struct result_column){ .name = text_copy(name ? name : ""), .number = true };
		r->column[i].width = width_of(r, r->column[i].name, strlen(r->column[i].name));
	}
}

/* Room for what doubles when it is full. */
static bool doubles(size_t n)
{
	return (n & (n - 1)) == 0;
}

static void bytes_add(struct result *r, const void *bytes, size_t n)
{
	size_t room = 4096;
	while (room < r->bytes_n)
		room *= 2;
	if (!r->bytes || r->bytes_n + n > room) {
		while (room < r->bytes_n + n)
			room *= 2;
		r->bytes = alloc_grown(r->bytes, room, 1);
	}
	if (n)
		memcpy(r->bytes + r->bytes_n, bytes, n);
	r->bytes_n += n;
}

/* x'0A1B' */
static void blob_add(struct result *r, const uint8_t *p, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	bytes_add(r, "x'", 2);
	for (size_t i = 0; i < n; i++)
		bytes_add(r, (char[]){ hex[p[i] >> 4], hex[p[i] & 15] }, 2);
	bytes_add(r, "'", 1);
}

static struct value value_keep(struct result *r, struct sqlite3_stmt *s, int column)
{
	struct value v = { .at = (uint32_t)r->bytes_n, .type = (uint8_t)sqlite3_column_type(s, column) };
	const void *p = v.type == SQLITE_BLOB ? sqlite3_column_blob(s, column) : sqlite3_column_text(s, column);
	size_t n = p ? (size_t)sqlite3_column_bytes(s, column) : 0;
	size_t most = v.type == SQLITE_BLOB ? LIMIT_QUERY_CELL / 2 : LIMIT_QUERY_CELL;
	v.cut = n > most;
	n = v.cut ? most : n;
	if (v.type == SQLITE_BLOB)
		blob_add(r, p, n);
	else if (v.type == SQLITE_NULL)
		bytes_add(r, "NULL", 4);
	else
		bytes_add(r, p, n);
	v.n = (uint32_t)(r->bytes_n - v.at);
	return v;
}

bool result_row(struct result *r, struct sqlite3_stmt *s)
{
	size_t held = r->bytes_n + r->rows * (size_t)r->columns * sizeof *r->value;
	if (r->rows >= LIMIT_QUERY_ROWS || held >= LIMIT_QUERY_BYTES) {
		r->full = true;
		return false;
	}
	if (doubles(r->rows))
		r->value = alloc_grown(r->value, (r->rows ? 2 * r->rows : 1) * (size_t)r->columns, sizeof *r->value);
	for (int i = 0; i < r->columns; i++) {
		struct value v = value_keep(r, s, i);
		int width = width_of(r, r->bytes + v.at, v.n) + v.cut;
		struct result_column *c = &r->column[i];
		c->width = width > c->width ? width : c->width;
		c->number &= v.type == SQLITE_INTEGER || v.type == SQLITE_FLOAT || v.type == SQLITE_NULL;
		r->value[r->rows * (size_t)r->columns + (size_t)i] = v;
	}
	r->rows++;
	return true;
}

const struct value *result_at(const struct result *r, size_t row, int column)
{
	return &r->value[row * (size_t)r->columns + (size_t)column];
}

int64_t result_number(const struct result *r, size_t row, const char *name)
{
	char text[24] = "";
	for (int i = 0; row < r->rows && i < r->columns; i++) {
		const struct value *v = result_at(r, row, i);
		if (sqlite3_stricmp(r->column[i].name, name) != 0 || v->type != SQLITE_INTEGER || v->n >= sizeof text)
			continue;
		memcpy(text, r->bytes + v->at, v->n);
		return strtoll(text, NULL, 10);
	}
	return 0;
}

void result_free(struct result *r)
{
	for (int i = 0; i < r->columns; i++)
		free(r->column[i].name);
	free(r->column);
	free(r->value);
	free(r->bytes);
	*r = (struct result){ 0 };
}
