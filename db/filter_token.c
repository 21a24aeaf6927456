/* filter_token.c - see filter_token.h. */
#include "filter_token.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct { const char *sign; enum filter_token_kind kind; enum filter_operator operator; const char *advice; } signs[] = {
	{ "==", OPERATOR, EQ, NULL }, { "!=", OPERATOR, NE, NULL }, { ">=", OPERATOR, GE, NULL },
	{ "<=", OPERATOR, LE, NULL }, { ">", OPERATOR, GT, NULL },  { "<", OPERATOR, LT, NULL },
	{ "&&", AND, 0, NULL },       { "||", OR, 0, NULL },        { "!", NOT, 0, NULL },
	{ "(", OPEN, 0, NULL },       { ")", CLOSE, 0, NULL },      { "{", SET_OPEN, 0, NULL },
	{ "}", SET_CLOSE, 0, NULL },  { ",", COMMA, 0, NULL },      { "..", RANGE, 0, NULL },
	{ "=", MISTAKE, 0, "write == to compare, and text that holds a = in quotes" },
	{ "&", MISTAKE, 0, "write && for and, and text that holds a & in quotes" },
	{ "|", MISTAKE, 0, "write || for or, and text that holds a | in quotes" },
};

static const struct { const char *word; enum filter_token_kind kind; enum filter_operator operator; } words[] = {
	{ "eq", OPERATOR, EQ }, { "ne", OPERATOR, NE }, { "gt", OPERATOR, GT }, { "lt", OPERATOR, LT },
	{ "ge", OPERATOR, GE }, { "le", OPERATOR, LE }, { "contains", OPERATOR, CONTAINS },
	{ "in", OPERATOR, IN }, { "and", AND, 0 },      { "or", OR, 0 },      { "not", NOT, 0 },
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t word_length(const char *p)
{
	size_t n = 0;
	while (p[n] && !is_space(p[n]) && !strchr("=!<>&|(){},\"'", p[n]) && !(p[n] == '.' && p[n + 1] == '.'))
		n++;
	return n;
}

static struct filter_token quoted_at(const char *p)
{
	size_t n = 1;
	while (p[n] && p[n] != *p)
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return p[n] ? (struct filter_token){ .kind = QUOTED, .p = p, .n = n + 1 }
	            : (struct filter_token){ .kind = MISTAKE, .p = p, .n = n, .advice = "the text in quotes has no end" };
}

static struct filter_token word_at(const char *p)
{
	struct filter_token t = { .kind = WORD, .p = p, .n = word_length(p) };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].word) == t.n && strncasecmp(p, words[i].word, t.n) == 0) {
			t.kind = words[i].kind;
			t.operator = words[i].operator;
		}
	return t;
}

struct filter_token filter_token_at(const char *p)
{
	while (is_space(*p))
		p++;
	if (!*p)
		return (struct filter_token){ .kind = END, .p = p };
	if (*p == '"' || *p == '\'')
		return quoted_at(p);
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t n = strlen(signs[i].sign);
		if (strncmp(p, signs[i].sign, n) == 0)
			return (struct filter_token){ signs[i].kind, signs[i].operator, p, n, signs[i].advice };
	}
	return word_at(p);
}

void filter_token_text(const struct filter_token *t, char text[static LIMIT_FILTER + 1])
{
	size_t n = 0, quote = t->kind == QUOTED;
	for (size_t i = quote; i < t->n - quote; i++) {
		if (quote && t->p[i] == '\\' && strchr("\\\"'", t->p[i + 1]))
			i++;
		text[n++] = t->p[i];
	}
	text[n] = '\0';
}

const char *filter_operator_name(enum filter_operator o)
{
	static const char *const names[] = { "==", "!=", ">", "<", ">=", "<=", "contains", "in" };
	return names[o];
}
