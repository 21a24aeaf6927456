/* filter.c - see filter.h. The grammar, which is turned into SQL as it is read, for AND, OR
 * and parentheses mean the same there:
 *
 *   any    = all { ("||" | "or") all }
 *   all    = one { ("&&" | "and") one }
 *   one    = ("!" | "not") one | "(" any ")" | FIELD [ OPERATOR VALUE | ["not"] "in" set ]
 *   set    = "{" VALUE [ ".." VALUE ] { [","] VALUE [ ".." VALUE ] } "}"
 *
 * A condition is NULL where it asks about what is not known. AND and OR take that for false
 * in the end, and "not" is IS NOT TRUE, so that it becomes true.
 */
#include "filter.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter_fields.h"
#include "filter_token.h"
#include "filter_value.h"
#include "limits.h"

struct parser {
	const char         *text;
	struct filter_token now;
	struct filter      *filter;
	sqlite3_str        *sql;
	unsigned            nesting, values;
	struct err         *err;
};

static void advance(struct parser *p)
{
	p->now = filter_token_at(p->now.p + p->now.n);
}

/* ---- mistakes ---- */

/* A sentence about a place, whose columns are characters and count from 1. */
__attribute__((format(printf, 3, 4), cold))
static bool wrong(struct parser *p, const char *at, const char *fmt, ...)
{
	struct err why;
	int column = 1;
	va_list ap;
	for (const char *c = p->text; c < at; c++)
		column += (*c & 0xC0) != 0x80;
	va_start(ap, fmt);
	vsnprintf(why.text, sizeof why.text, fmt, ap);
	va_end(ap);
	return fail(p->err, "at column %d: %.470s", column, why.text);
}

static int shown(const struct filter_token *t)
{
	return t->n < 60 ? (int)t->n : 60;
}

/* The token is not what may stand here. */
static bool wrong_token(struct parser *p, const char *expected)
{
	const struct filter_token *t = &p->now;
	if (t->kind == MISTAKE)
		return wrong(p, t->p, "%s", t->advice);
	if (t->kind == END)
		return wrong(p, t->p, "here the filter ends, and %s is missing", expected);
	return wrong(p, t->p, "%.*s stands where %s should", shown(t), t->p, expected);
}

static bool wrong_field(struct parser *p, const char *name)
{
	const char *nearest = filter_field_nearest(name);
	return nearest ? wrong(p, p->now.p, "there is no field \"%.60s\"; did you mean %s?", name, nearest)
	               : wrong(p, p->now.p, "there is no field \"%.60s\"; tcpwhy(1) lists them", name);
}

/* What stands behind a condition, and goes on in no way that is known. */
static bool wrong_rest(struct parser *p)
{
	const struct filter_token *t = &p->now;
	if (t->kind == MISTAKE)
		return wrong(p, t->p, "%s", t->advice);
	if (t->kind == CLOSE)
		return wrong(p, t->p, "no ( stands before this )");
	if (t->kind == WORD && (*t->p == '~' || (t->n == 7 && strncasecmp(t->p, "matches", t->n) == 0)))
		return wrong(p, t->p, "there is no matches; contains looks for a text");
	return wrong(p, t->p, "%.*s is not understood here; compare with ==, and join with && or ||", shown(t), t->p);
}

static bool wrong_operator(struct parser *p, const struct filter_field *f, const char *operators)
{
	return wrong(p, p->now.p, "%s takes %s, not %s", f->name, operators, filter_operator_name(p->now.operator));
}

/* Count what makes the SQL deeper. */
static bool value_counted(struct parser *p)
{
	return ++p->values <= LIMIT_FILTER_VALUES
	    || wrong(p, p->now.p, "here are more than %d fields and values, which is too many", LIMIT_FILTER_VALUES);
}

/* ---- conditions ---- */

/* What a comparison is with: parameters, from and to. Of a flag `low` is what it should be. */
struct bound { int low, high; bool is_range; };

struct comparison {
	const struct filter_field *field;
	enum filter_operator       operator;
	struct bound               with[LIMIT_FILTER_VALUES];
	size_t                     n;
};

static char *finished(sqlite3_str *s)
{
	char *text = sqlite3_str_finish(s);
	if (!text)
		die("out of memory");
	return text;
}

__attribute__((format(printf, 1, 2)))
static char *printed(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	if (!text)
		die("out of memory");
	return text;
}

static int value_add(struct parser *p, struct filter_value v)
{
	struct filter *f = p->filter;
	f->values = alloc_grown(f->values, f->values_n + 1, sizeof *f->values);
	f->values[f->values_n++] = v;
	return f->first_param + (int)f->values_n - 1;
}

/* A parameter. A time of day is that of the capture's first day, or, where the capture
 * began later than that and goes on into the next day, of that (as in when.h). */
static void param_put(struct parser *p, sqlite3_str *s, int param)
{
	static const char of_day[] =
		"(SELECT d.ns + iif(d.ns < d.first_ns AND d.ns + 86400000000000 <= d.last_ns, 86400000000000, 0)"
		" FROM (SELECT first_ns, last_ns, first_ns - first_ns %% 86400000000000 + ?%d AS ns"
		" FROM capture WHERE id = f.capture_id) d)";
	bool is_of_day = p->filter->values[param - p->filter->first_param].type == VALUE_TIME_OF_DAY;
	sqlite3_str_appendf(s, is_of_day ? of_day : "?%d", param);
}

/* A template with every $ replaced. */
static void template_put(sqlite3_str *s, const char *template, const char *condition)
{
	for (const char *place; (place = strchr(template, '$')); template = place + 1) {
		sqlite3_str_append(s, template, (int)(place - template));
		sqlite3_str_appendall(s, condition);
	}
	sqlite3_str_appendall(s, template);
}

/* Of what has a first and a last value, as a connection has packets: they share one with
 * the range, and, where that is not sure yet, the field's `within` holds of it. */
static void span_condition_put(struct parser *p, sqlite3_str *s, const struct filter_field *f, struct bound with)
{
	sqlite3_str_appendf(s, "(%s <= ", f->value[0]);
	param_put(p, s, with.high);
	sqlite3_str_appendf(s, " AND %s >= ", f->value[1]);
	param_put(p, s, with.low);
	if (f->within) {
		char *of_frame = printed("p.frame BETWEEN ?%d AND ?%d", with.low, with.high);
		sqlite3_str_appendall(s, " AND ");
		template_put(s, f->within, of_frame);
		sqlite3_free(of_frame);
	}
	sqlite3_str_appendall(s, ")");
}

static bool has_span(const struct filter_field *f)
{
	return f->kind == FIELD_FRAME || f->kind == FIELD_MOMENT;
}

/* One value of the field, compared with one of those that were typed. */
static void condition_put(struct parser *p, sqlite3_str *s, const struct comparison *c, const char *value,
                          struct bound with)
{
	static const char *const sql[] = { [GT] = " > ", [LT] = " < ", [GE] = " >= ", [LE] = " <= " };
	if (c->operator == CONTAINS) {
		sqlite3_str_appendf(s, "instr(%s, ?%d) > 0", value, with.low);
	} else if (c->operator >= GT && c->operator <= LE) {
		sqlite3_str_appendf(s, "%s%s", value, sql[c->operator]);
		param_put(p, s, with.low);
	} else if (has_span(c->field)) {
		span_condition_put(p, s, c->field, with);
	} else if (with.is_range) {
		sqlite3_str_appendf(s, c->field->kind == FIELD_ADDRESS ? "ip_key(%s) BETWEEN ?%d AND ?%d"
		                    : "%s BETWEEN ?%d AND ?%d", value, with.low, with.high);
	} else {
		sqlite3_str_appendf(s, "%s = ?%d", value, with.low);
	}
}

/* That the comparison holds for any of the field's values, as if != were ==. */
static void any_put(struct parser *p, sqlite3_str *s, const struct comparison *c)
{
	const struct filter_field *f = c->field;
	sqlite3_str *any = sqlite3_str_new(NULL);
	bool last_only = has_span(f) && (c->operator == GT || c->operator == GE);
	size_t begin = last_only, end = has_span(f) ? begin + 1 : f->value[1] ? 2 : 1;
	for (size_t v = begin; v < end; v++)
		for (size_t i = 0; i < c->n; i++) {
			sqlite3_str_appendall(any, sqlite3_str_length(any) ? " OR " : "(");
			condition_put(p, any, c, f->value[v], c->with[i]);
		}
	sqlite3_str_appendall(any, ")");
	char *text = finished(any);
	template_put(s, f->within && !has_span(f) ? f->within : "$", text);
	sqlite3_free(text);
}

/* That there is one at all. */
static void has_put(sqlite3_str *s, const struct filter_field *f)
{
	if (f->kind == FIELD_FLAG || f->has) {
		sqlite3_str_appendall(s, f->kind == FIELD_FLAG ? f->value[0] : f->has);
		return;
	}
	char *known = printed("%s IS NOT NULL", f->value[0]);
	template_put(s, f->within && !has_span(f) ? f->within : "$", known);
	sqlite3_free(known);
}

static void comparison_put(struct parser *p, const struct comparison *c)
{
	sqlite3_str *s = p->sql;
	if (c->field->kind == FIELD_FLAG) {
		bool holds = c->with[0].low == (c->operator == EQ);
		sqlite3_str_appendf(s, "(%s) %s", c->field->value[0], holds ? "IS TRUE" : "IS NOT TRUE");
	} else if (c->operator == NE) {
		sqlite3_str_appendall(s, "(");
		has_put(s, c->field);
		sqlite3_str_appendall(s, " AND (");
		any_put(p, s, c);
		sqlite3_str_appendall(s, ") IS NOT TRUE)");
	} else {
		any_put(p, s, c);
	}
}

/* ---- the grammar ---- */

static bool operator_fits(struct parser *p, const struct filter_field *f)
{
	enum filter_operator o = p->now.operator;
	switch (f->kind) {
	case FIELD_FLAG:
		return o == EQ || o == NE || wrong_operator(p, f, "== and !=");
	case FIELD_TEXT:
	case FIELD_NAME:
		return o < GT || o > LE || wrong_operator(p, f, "==, !=, contains and in");
	case FIELD_WORD:
	case FIELD_ADDRESS:
		return o < GT || o == IN || wrong_operator(p, f, "==, != and in");
	default:
		return o != CONTAINS || wrong_operator(p, f, "==, !=, >, <, >=, <= and in");
	}
}

static bool value_next(struct parser *p, const char *expected, char text[static LIMIT_FILTER + 1])
{
	enum filter_token_kind kind = p->now.kind;
	if (kind != WORD && kind != QUOTED)
		return wrong_token(p, expected);
	filter_token_text(&p->now, text);
	advance(p);
	return true;
}

/* A value, or where they may stand, two with ".." between. */
static bool operand(struct parser *p, struct comparison *c, bool may_be_range)
{
	char from[LIMIT_FILTER + 1], to[LIMIT_FILTER + 1];
	const char *at = p->now.p;
	struct filter_operand o;
	struct err why;
	if (!value_counted(p) || !value_next(p, "a value", from))
		return false;
	bool range = may_be_range && p->now.kind == RANGE;
	if (range) {
		advance(p);
		if (!value_next(p, "the end of the range", to))
			return false;
	}
	if (!filter_operand_read(&o, c->field, from, range ? to : NULL, &why))
		return wrong(p, at, "%s", why.text);
	struct bound *with = &c->with[c->n++];
	with->is_range = o.is_range;
	with->low = with->high = c->field->kind == FIELD_FLAG ? o.low.number != 0 : value_add(p, o.low);
	if (o.is_range)
		with->high = value_add(p, o.high);
	return true;
}

/* { a, b, c..d } */
static bool set(struct parser *p, struct comparison *c)
{
	if (p->now.kind != SET_OPEN)
		return wrong_token(p, "a set in braces, such as {80, 8000..8100},");
	advance(p);
	do {
		if (!operand(p, c, true))
			return false;
		if (p->now.kind == COMMA)
			advance(p);
	} while (p->now.kind == WORD || p->now.kind == QUOTED);
	if (p->now.kind != SET_CLOSE)
		return wrong_token(p, "a , or the } of the set");
	advance(p);
	return true;
}

static bool comparison(struct parser *p, const struct filter_field *f)
{
	struct comparison c = { .field = f, .operator = p->now.operator };
	if (!operator_fits(p, f))
		return false;
	advance(p);
	if (!(c.operator == IN ? set(p, &c) : operand(p, &c, false)))
		return false;
	comparison_put(p, &c);
	return true;
}

/* FIELD, or what it is compared with behind it. */
static bool field(struct parser *p)
{
	char name[LIMIT_FILTER + 1];
	if (!value_counted(p))
		return false;
	if (p->now.kind != WORD)
		return wrong_token(p, "a field");
	filter_token_text(&p->now, name);
	const struct filter_field *f = filter_field_find(name);
	if (!f)
		return wrong_field(p, name);
	advance(p);
	struct filter_token behind = filter_token_at(p->now.p + p->now.n);
	bool not_in = p->now.kind == NOT && behind.kind == OPERATOR && behind.operator == IN;
	if (not_in) {
		advance(p);
		sqlite3_str_appendall(p->sql, "(");
	}
	bool ok = true;
	if (p->now.kind == OPERATOR)
		ok = comparison(p, f);
	else
		has_put(p->sql, f);
	if (not_in)
		sqlite3_str_appendall(p->sql, ") IS NOT TRUE");
	return ok;
}

static bool any(struct parser *);

static bool one(struct parser *p)
{
	bool negated = p->now.kind == NOT, ok;
	const char *at = p->now.p;
	if (!negated && p->now.kind != OPEN)
		return field(p);
	if (++p->nesting > LIMIT_FILTER_NESTING)
		return wrong(p, at, "more than %d ( and ! stand inside of one another here; write it flatter",
		             LIMIT_FILTER_NESTING);
	advance(p);
	sqlite3_str_appendall(p->sql, "(");
	ok = negated ? one(p) : any(p);
	if (ok && !negated && p->now.kind != CLOSE)
		return p->now.kind == END ? wrong(p, at, "this ( has no )") : wrong_rest(p);
	if (ok && !negated)
		advance(p);
	sqlite3_str_appendall(p->sql, negated ? ") IS NOT TRUE" : ")");
	p->nesting--;
	return ok;
}

static bool all(struct parser *p)
{
	bool ok = one(p);
	while (ok && p->now.kind == AND) {
		advance(p);
		sqlite3_str_appendall(p->sql, " AND ");
		ok = one(p);
	}
	return ok;
}

static bool any(struct parser *p)
{
	bool ok = all(p);
	while (ok && p->now.kind == OR) {
		advance(p);
		sqlite3_str_appendall(p->sql, " OR ");
		ok = all(p);
	}
	return ok;
}

bool filter_parse(struct filter *filter, const char *text, int first_param, struct err *err)
{
	*filter = (struct filter){ .first_param = first_param };
	if (strlen(text) > LIMIT_FILTER)
		return fail(err, "the filter is longer than %d bytes, which is too long", LIMIT_FILTER);
	struct parser p = { .text = text, .now = filter_token_at(text), .filter = filter, .err = err };
	bool ok = true;
	p.sql = sqlite3_str_new(NULL);
	if (p.now.kind == END)
		sqlite3_str_appendall(p.sql, "1");
	else
		ok = any(&p) && (p.now.kind == END || wrong_rest(&p));
	if (ok) {
		filter->sql = finished(p.sql);
		return true;
	}
	sqlite3_free(sqlite3_str_finish(p.sql));
	filter_free(filter);
	return false;
}
