/* filter_value.c - see filter_value.h; and what a statement gets of a filter: bound values,
 * the function ip_key(). */
#include "filter_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter.h"
#include "text.h"
#include "when.h"

static const int64_t DAY = 86400 * INT64_C(1000000000);

enum { SHOWN = 60, WORDS_MAX = 16, WORD_SIZE = 16 };   /* of a text in a sentence; of a field's words */

/* ---- addresses ---- */

static bool ip_key_read(const char *text, unsigned char key[static IP_KEY_SIZE])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char ip[16] = { 0 };
	bool ip4 = inet_pton(AF_INET, text, ip + 12) == 1;
	if (!ip4 && inet_pton(AF_INET6, text, ip) != 1)
		return false;
	if (!ip4 && memcmp(ip, mapped, sizeof mapped) == 0) {
		ip4 = true;
		memset(ip, 0, sizeof mapped);
	}
	key[0] = ip4 ? 4 : 6;
	memcpy(key + 1, ip, sizeof ip);
	return true;
}

/* The case's spelling of it. */
static char *ip_key_text(const unsigned char key[static IP_KEY_SIZE])
{
	char text[INET6_ADDRSTRLEN];
	bool ip4 = key[0] == 4;
	inet_ntop(ip4 ? AF_INET : AF_INET6, key + (ip4 ? 13 : 1), text, sizeof text);
	return text_copy(text);
}

/* Of the network with so many bits the first address and the last. */
static void network_span(struct filter_operand *o, unsigned bits)
{
	unsigned first = o->low.key[0] == 4 ? 8 * 13 : 8;
	o->high = o->low;
	for (unsigned bit = first + bits; bit < 8 * IP_KEY_SIZE; bit++) {
		unsigned char mask = (unsigned char)(0x80 >> bit % 8);
		o->low.key[bit / 8] &= (unsigned char)~mask;
		o->high.key[bit / 8] |= mask;
	}
	o->is_range = true;
}

static bool fail_address(const struct filter_field *f, const char *text, struct err *err)
{
	return fail(err, "%s takes an address, or a network such as 10.0.0.0/8, not \"%.*s\"", f->name,
	            SHOWN, text);
}

/* 10.0.0.1, 10.0.0.0/8, fe80::/10 */
static bool address_read(struct filter_operand *o, const struct filter_field *f, const char *text,
                         struct err *err)
{
	char address[INET6_ADDRSTRLEN + 1];
	size_t n = strcspn(text, "/");
	snprintf(address, sizeof address, "%.*s", n < sizeof address ? (int)n : 0, text);
	o->low.type = VALUE_IP_KEY;
	if (!ip_key_read(address, o->low.key))
		return fail_address(f, text, err);
	if (!text[n]) {
		o->low.type = VALUE_TEXT;
		o->low.text = ip_key_text(o->low.key);
		return true;
	}
	const char *bits = text + n + 1;
	size_t digits = strspn(bits, "0123456789");
	int most = o->low.key[0] == 4 ? 32 : 128;
	if (digits == 0 || digits > 3 || bits[digits] || atoi(bits) > most)
		return fail(err, "the network %.*s is written with the bits of its prefix, 0 to %d, behind the /",
		            SHOWN, text, most);
	network_span(o, (unsigned)atoi(bits));
	return true;
}

static bool addresses_read(struct filter_operand *o, const struct filter_field *f, const char *from,
                           const char *to, struct err *err)
{
	if (!to)
		return address_read(o, f, from, err);
	o->low.type = o->high.type = VALUE_IP_KEY;
	o->is_range = true;
	if (!ip_key_read(from, o->low.key))
		return fail_address(f, from, err);
	return ip_key_read(to, o->high.key) || fail_address(f, to, err);
}

/* ---- numbers, spans, moments ---- */

static bool number_read(int64_t *number, const struct filter_field *f, const char *text, struct err *err)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = text + (hex ? 2 : 0);
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	if (n == 0 || digits[n] || n > (hex ? 15 : 18))       /* fits into 63 bits */
		return fail(err, "%s takes a number, not \"%.*s\"", f->name, SHOWN, text);
	*number = strtoll(digits, NULL, hex ? 16 : 10);
	return true;
}

/* A time of day comes from when_parse() as one of the days around 1970-01-01. */
static bool moment_read(struct filter_value *v, const char *text, struct err *err)
{
	if (!when_parse(text, 0, 0, &v->number, err))
		return false;
	if (v->number > -2 * DAY && v->number < 3 * DAY) {
		v->type = VALUE_TIME_OF_DAY;
		v->number = (v->number % DAY + DAY) % DAY;
	}
	return true;
}

/* ---- words ---- */

/* The `typed` one of the words as the field has it, and its place, from 1, in the list. */
static bool word_read(struct filter_value *v, const struct filter_field *f, const char *typed, struct err *err)
{
	char words[WORDS_MAX][WORD_SIZE];
	const char *list[WORDS_MAX];
	size_t n = 0;
	for (const char *p = f->words; *p && n < WORDS_MAX; n++) {
		size_t length = strcspn(p, " ");
		snprintf(words[n], WORD_SIZE, "%.*s", (int)length, p);
		list[n] = words[n];
		if (strcasecmp(words[n], typed) == 0) {
			v->number = p - f->words + 1;
			v->text = f->kind == FIELD_WORD ? text_copy(words[n]) : NULL;
			return true;
		}
		p += length + (p[length] == ' ');
	}
	const char *nearest = strlen(typed) < WORD_SIZE ? text_nearest(typed, list, n) : NULL;
	return nearest ? fail(err, "%s is never \"%.*s\"; did you mean %s?", f->name, SHOWN, typed, nearest)
	               : fail(err, "%s is never \"%.*s\", but one of: %s", f->name, SHOWN, typed, f->words);
}

static bool flag_read(int64_t *number, const struct filter_field *f, const char *text, struct err *err)
{
	*number = strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0;
	return *number || strcmp(text, "0") == 0 || strcasecmp(text, "false") == 0
	    || fail(err, "%s holds or not: compare it with 1 or 0, not with \"%.*s\"", f->name, SHOWN, text);
}

static char *lower_case(const char *text)
{
	char *copy = text_copy(text);
	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/* ---- all of them ---- */

static bool value_read(struct filter_value *v, const struct filter_field *f, const char *text, struct err *err)
{
	switch (f->kind) {
	case FIELD_FLAG:
		return flag_read(&v->number, f, text, err);
	case FIELD_NUMBER:
	case FIELD_FRAME:
		return number_read(&v->number, f, text, err);
	case FIELD_SPAN:
		return span_parse(text, &v->number, err);
	case FIELD_MOMENT:
		return moment_read(v, text, err);
	case FIELD_RANK:
		return word_read(v, f, text, err);
	case FIELD_WORD:
		v->type = VALUE_TEXT;
		return word_read(v, f, text, err);
	case FIELD_TEXT:
	case FIELD_NAME:
		v->type = VALUE_TEXT;
		v->text = f->kind == FIELD_NAME ? lower_case(text) : text_copy(text);
		return true;
	case FIELD_ADDRESS:
		break;
	}
	die("%s is of no known kind", f->name);
}

bool filter_operand_read(struct filter_operand *o, const struct filter_field *f, const char *from,
                         const char *to, struct err *err)
{
	*o = (struct filter_operand){ .is_range = to != NULL };
	if (f->kind == FIELD_ADDRESS)
		return addresses_read(o, f, from, to, err);
	if (to && (f->kind == FIELD_TEXT || f->kind == FIELD_NAME || f->kind == FIELD_WORD))
		return fail(err, "%s has no order, so no range; write the values with commas between", f->name);
	return value_read(&o->low, f, from, err) && (!to || value_read(&o->high, f, to, err));
}

/* ---- in a statement ---- */

void filter_bind(const struct filter *filter, sqlite3_stmt *s)
{
	for (size_t i = 0; i < filter->values_n; i++) {
		const struct filter_value *v = &filter->values[i];
		int at = filter->first_param + (int)i;
		if (v->type == VALUE_TEXT)
			sqlite3_bind_text(s, at, v->text, -1, SQLITE_TRANSIENT);
		else if (v->type == VALUE_IP_KEY)
			sqlite3_bind_blob(s, at, v->key, IP_KEY_SIZE, SQLITE_TRANSIENT);
		else
			sqlite3_bind_int64(s, at, v->number);
	}
}

void filter_free(struct filter *filter)
{
	for (size_t i = 0; i < filter->values_n; i++)
		free(filter->values[i].text);
	free(filter->values);
	sqlite3_free(filter->sql);
	*filter = (struct filter){ 0 };
}

/* ip_key(text): what orders addresses; NULL: it is none. */
static void ip_key_function(sqlite3_context *out, int argc, sqlite3_value **argv)
{
	(void)argc;
	unsigned char key[IP_KEY_SIZE];
	const char *text = (const char *)sqlite3_value_text(argv[0]);
	if (text && ip_key_read(text, key))
		sqlite3_result_blob(out, key, IP_KEY_SIZE, SQLITE_TRANSIENT);
}

bool filter_register(sqlite3 *db)
{
	int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
	return sqlite3_create_function_v2(db, "ip_key", 1, how, NULL, ip_key_function, NULL, NULL, NULL) == SQLITE_OK;
}
