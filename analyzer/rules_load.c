/* rules_load.c - from .sql files to struct rules: the header, and what can be
 * said of the SQL without a database. See rules.h.
 *
 *     -- key: text                   a key stands one space after the dashes
 *     --      more of it             deeper: the text goes on
 *     --          a command          deeper than the text: a line of its own
 *     --                             a new paragraph
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "limits.h"
#include "rules.h"
#include "text.h"

#define BUILT_IN "analyzer/rules/"

/* Where in which file we are, for the sentences. */
struct place { const char *path; int line; };

/* ---- the header ---- */

/* The text of a key under construction. */
struct value {
	char  *text;
	size_t n;
	size_t column;       /* where its text began; 0: not known yet */
	bool   own_line;     /* its last line keeps to itself */
	bool   paragraph;    /* an empty line came before */
};

static void value_append(struct value *v, const char *s, size_t n)
{
	v->text = alloc_grown(v->text, v->n + n + 1, 1);
	memcpy(v->text + v->n, s, n);
	v->n += n;
	v->text[v->n] = '\0';
}

/* Add a line whose text begins at `column` of the file's line. */
static void value_line(struct value *v, const char *s, size_t n, size_t column)
{
	if (!v->column)
		v->column = column;
	bool own = column >= v->column + 2;
	if (v->n && v->paragraph)
		value_append(v, "\n\n", 2);
	else if (v->n)
		value_append(v, own || v->own_line ? "\n" : " ", 1);
	for (size_t i = v->column; own && i < column; i++)
		value_append(v, " ", 1);
	value_append(v, s, n);
	v->own_line = own;
	v->paragraph = false;
}

/* Where a key's text is kept; NULL: no such key. */
static char **key_slot(struct rule *r, const char *key, size_t n)
{
	const struct { const char *name; char **slot; } keys[] = {
		{ "id", &r->id }, { "title", &r->title }, { "severity", &r->severity },
		{ "explains", &r->explains }, { "remedy", &r->remedy }, { "confirm", &r->confirm },
		{ "not", &r->not_when }, { "reference", &r->reference }, { "needs", &r->needs },
		{ "yields", &r->yields }, { "over", &r->over },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strlen(keys[i].name) == n && memcmp(keys[i].name, key, n) == 0)
			return keys[i].slot;
	return NULL;
}

static bool is_number(const char *s)
{
	if (strspn(s, "0123456789.+-eE") != strlen(s))
		return false;
	char *end;
	double number = strtod(s, &end);
	return end != s && *end == '\0' && number - number == 0;     /* not infinite */
}

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* "name = value   text" */
static bool param_add(struct rule *r, char *s, struct place at, struct err *err)
{
	size_t name_n = strspn(s, name_letters);
	char *p = s + name_n + strspn(s + name_n, " ");
	if (name_n == 0 || *p != '=')
		return fail(err, "%s:%d: a parameter is written `name = number   what it is`",
		            at.path, at.line);
	char *value = p + 1 + strspn(p + 1, " ");
	size_t value_n = strcspn(value, " \n");
	char *what = value + value_n + strspn(value + value_n, " \n");
	value[value_n] = '\0';
	s[name_n] = '\0';
	if (!is_number(value))
		return fail(err, "%s:%d: the parameter %.40s must be a number, not \"%.40s\"",
		            at.path, at.line, s, value);
	for (size_t i = 0; i < r->params_n; i++)
		if (strcmp(r->params[i].name, s) == 0)
			return fail(err, "%s:%d: the parameter %.40s is there twice", at.path,
			            at.line, s);
	if (r->params_n == LIMIT_RULE_PARAMS)
		return fail(err, "%s:%d: more than %d parameters", at.path, at.line,
		            LIMIT_RULE_PARAMS);
	r->params = alloc_grown(r->params, r->params_n + 1, sizeof *r->params);
	r->params[r->params_n++] = (struct rule_param){ text_copy(s), text_copy(value),
		                                        text_copy(what) };
	return true;
}

/* What a finding can depend on: the words of the view flow_lack. */
static const char *const lacks[] = { "payload", "both-sides", "beginning", "end", "frames" };

/* "payload, frames": each of the words above, written so that SQL can look for one. */
static bool needs_check(const char *s, struct place at, struct err *err)
{
	for (;;) {
		size_t n = strcspn(s, ","), i = 0, words = sizeof lacks / sizeof *lacks;
		while (i < words && !(strlen(lacks[i]) == n && memcmp(lacks[i], s, n) == 0))
			i++;
		if (i < words && s[n] == '\0')
			return true;
		if (i == words || s[n + 1] != ' ')
			return fail(err, "%s:%d: needs names payload, both-sides, beginning, end or "
			            "frames, separated by \", \"", at.path, at.line);
		s += n + 2;
	}
}

/* File a finished value under a key of few words. */
static bool word_set(struct rule *r, const char *key, size_t n, const char *text, struct place at,
                     struct err *err)
{
	bool is_benign = n == 6 && memcmp(key, "benign", 6) == 0;
	const char *yes = is_benign ? "yes" : "capture", *no = is_benign ? "no" : "connections";
	*(is_benign ? &r->benign : &r->about_capture) = strcmp(text, yes) == 0;
	return strcmp(text, yes) == 0 || strcmp(text, no) == 0
	    || fail(err, "%s:%d: %.*s is %s or %s", at.path, at.line, (int)n, key, yes, no);
}

/* File a finished value under its key. Takes its text. */
static bool key_set(struct rule *r, const char *key, size_t n, char *text, struct place at,
                    struct err *err)
{
	char **slot = key_slot(r, key, n);
	bool ok = true;
	if (slot && *slot) {
		ok = fail(err, "%s:%d: the key %.*s is there twice", at.path, at.line, (int)n, key);
	} else if (slot) {
		*slot = text;
		return slot != &r->needs || needs_check(text, at, err);
	} else if (n == 5 && memcmp(key, "param", 5) == 0) {
		ok = param_add(r, text, at, err);
	} else if ((n == 6 && memcmp(key, "benign", 6) == 0)
	           || (n == 5 && memcmp(key, "about", 5) == 0)) {
		ok = word_set(r, key, n, text, at, err);
	} else {
		ok = fail(
			err,
			"%s:%d: unknown key \"%.*s\"; known are id, title, severity, about, benign, "
			"needs, yields, over, param, explains, remedy, confirm, not and reference",
			at.path, at.line, n < 40 ? (int)n : 40, key);
	}
	free(text);
	return ok;
}

/* The length of the key in "-- key: text", or 0 where a line is none. */
static size_t key_length(const char *line, size_t n)
{
	if (n < 5 || memcmp(line, "-- ", 3) != 0 || line[3] == ' ')
		return 0;
	const char *colon = memchr(line + 3, ':', n - 3);
	return colon ? (size_t)(colon - line) - 3 : 0;
}

static size_t line_length(const char *s)
{
	size_t n = strcspn(s, "\n");
	return n && s[n - 1] == '\r' ? n - 1 : n;
}

/* Read one key with the lines that belong to it; returns what follows, or NULL. */
static const char *key_read(struct rule *r, const char *s, struct place *at, struct err *err)
{
	struct place begun = *at;
	struct value v = { 0 };
	const char *key = s + 3;
	size_t n = line_length(s), key_n = key_length(s, n);
	if (!key_n) {
		fail(err, "%s:%d: a header line is `-- key: text`, or deeper to go on", at->path,
		     at->line);
		return NULL;
	}
	value_append(&v, "", 0);
	for (size_t from = 3 + key_n + 1;; from = 2) {
		while (from < n && s[from] == ' ')
			from++;
		if (from < n)
			value_line(&v, s + from, n - from, from);
		else
			v.paragraph = v.n > 0;
		s += strcspn(s, "\n");
		s += *s == '\n';
		at->line++;
		n = line_length(s);
		if (n < 2 || memcmp(s, "--", 2) != 0 || (n > 3 && (s[2] != ' ' || s[3] != ' ')))
			break;
	}
	return key_set(r, key, key_n, v.text, begun, err) ? s : NULL;
}

static bool header_complete(const struct rule *r, const char *path, struct err *err)
{
	const struct { const char *name, *text; } keys[] = {
		{ "id", r->id }, { "title", r->title }, { "severity", r->severity },
		{ "explains", r->explains }, { "remedy", r->remedy }, { "confirm", r->confirm },
		{ "not", r->not_when }, { "reference", r->reference },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!keys[i].text || !*keys[i].text)
			return fail(err, "%s:1: the header lacks `-- %s:`", path, keys[i].name);
	if (strspn(r->id, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(r->id))
		return fail(err,
		            "%s:1: an id is made of small letters, digits, dots and hyphens, not "
		            "\"%.60s\"",
		            path, r->id);
	if (strcmp(r->severity, "error") != 0 && strcmp(r->severity, "warning") != 0
	    && strcmp(r->severity, "note") != 0)
		return fail(err, "%s:1: severity is error, warning or note, not \"%.40s\"", path,
		            r->severity);
	if (r->over && strspn(r->over, name_letters) != strlen(r->over))
		return fail(err, "%s:1: over names one table, not \"%.60s\"", path, r->over);
	return true;
}

/* ---- the SQL ---- */

/* Pass over a comment, a string or a quoted name; 0 where there is none. */
static size_t sql_opaque(const char *s)
{
	if (s[0] == '-' && s[1] == '-')
		return strcspn(s, "\n");
	if (s[0] == '/' && s[1] == '*') {
		const char *end = strstr(s + 2, "*/");
		return end ? (size_t)(end - s) + 2 : strlen(s);
	}
	char close = *s == '[' ? ']' : *s;
	if (*s != '\'' && *s != '"' && *s != '`' && *s != '[')
		return 0;
	const char *end = strchr(s + 1, close);
	return end ? (size_t)(end - s) + 1 : strlen(s);
}

static bool param_used(const struct rule *r, bool *used, const char *name, struct place at,
                       struct err *err)
{
	size_t n = strspn(name, name_letters);
	for (size_t i = 0; n && i < r->params_n; i++)
		if (strlen(r->params[i].name) == n && memcmp(r->params[i].name, name, n) == 0)
			return used[i] = true;
	return fail(err, "%s:%d: no `-- param:` says what \"%.*s\" is", at.path, at.line,
	            n < 40 ? (int)n + 1 : 41, name - 1);
}

/* One statement, and just the parameters that the header names. */
static bool sql_check(const struct rule *r, const char *s, struct place at, struct err *err)
{
	bool used[LIMIT_RULE_PARAMS] = { false }, any = false, ended = false;
	while (*s) {
		size_t n = sql_opaque(s);
		bool blank = strchr(" \t\r\n", *s) || (n && (*s == '-' || *s == '/'));
		if (ended && !blank)
			return fail(err, "%s:%d: a rule is one statement; here a second one begins",
			            at.path, at.line);
		any = any || !blank;
		if (*s == ';')
			ended = true;
		if (strchr(":?@$#", *s) && !param_used(r, used, s + 1, at, err))
			return false;
		for (n = n ? n : 1; n; n--)
			at.line += *s++ == '\n';
	}
	if (!any)
		return fail(err, "%s:%d: no SELECT follows the header", at.path, at.line);
	for (size_t i = 0; i < r->params_n; i++)
		if (!used[i])
			return fail(err, "%s:1: the parameter %.40s is not used", at.path,
			            r->params[i].name);
	return true;
}

/* ---- files ---- */

static void rule_free(struct rule *r)
{
	char *texts[] = { r->id, r->title, r->severity, r->explains, r->remedy, r->confirm,
	                  r->not_when, r->reference, r->needs, r->yields, r->over, r->origin, r->sql };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	for (size_t i = 0; i < r->params_n; i++) {
		free(r->params[i].name);
		free(r->params[i].value);
		free(r->params[i].what);
	}
	free(r->params);
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rule_free(&rules->rule[i]);
	free(rules->rule);
	*rules = (struct rules){ 0 };
}

static bool rule_parse(struct rule *r, const char *text, const char *path, struct err *err)
{
	struct place at = { path, 1 };
	const char *s = text;
	while (s && strncmp(s, "--", 2) == 0)
		s = key_read(r, s, &at, err);
	return s && header_complete(r, path, err) && sql_check(r, s, at, err);
}

static struct rule *find(const struct rules *rules, const char *id)
{
	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->rule[i].id, id) == 0)
			return &rules->rule[i];
	return NULL;
}

/* Add a rule, or put it in place of one from the built-in set. */
static bool rule_add(struct rules *rules, const char *text, const char *path, const char *origin,
                     struct err *err)
{
	struct rule r = { .origin = text_copy(origin), .sql = text_copy(text) };
	if (!rule_parse(&r, text, path, err)) {
		rule_free(&r);
		return false;
	}
	struct rule *old = find(rules, r.id);
	if (old && strcmp(old->origin, "built in") != 0) {
		fail(err, "%s:1: the rule %.60s is in %s too", path, r.id, old->origin);
		rule_free(&r);
		return false;
	}
	if (old && strcmp(origin, "built in") == 0) {
		fail(err, "%s:1: two built-in rules are called %.60s", path, r.id);
		rule_free(&r);
		return false;
	}
	if (old) {
		rule_free(old);
		*old = r;
		return true;
	}
	rules->rule = alloc_grown(rules->rule, rules->n + 1, sizeof *rules->rule);
	rules->rule[rules->n++] = r;
	return true;
}

/* A whole file, ending with a NUL; NULL with a sentence. */
static char *file_text(const char *path, struct err *err)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		fail(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	char *text = alloc_zeroed(LIMIT_RULE_FILE + 2, 1);
	size_t n = fread(text, 1, LIMIT_RULE_FILE + 1, f);
	bool bad = ferror(f) != 0;
	fclose(f);
	if (!bad && n <= LIMIT_RULE_FILE && strlen(text) == n)
		return alloc_grown(text, n + 1, 1);
	if (bad)
		fail(err, "%s: could not be read", path);
	else if (n > LIMIT_RULE_FILE)
		fail(err, "%s:1: a rule has at most %d bytes", path, LIMIT_RULE_FILE);
	else
		fail(err, "%s:1: this is no text, it holds a zero byte", path);
	free(text);
	return NULL;
}

static int names_rule(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 4 && e->d_name[0] != '.' && strcmp(e->d_name + n - 4, ".sql") == 0;
}

static bool rule_add_file(struct rules *rules, const char *dir, const char *name, struct err *err)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = alloc_zeroed(size, 1);
	snprintf(path, size, "%s/%s", dir, name);
	char *text = file_text(path, err);
	bool ok = text && rule_add(rules, text, path, path, err);
	free(text);
	free(path);
	return ok;
}

static bool load_dir(struct rules *rules, const char *dir, struct err *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, names_rule, alphasort);
	if (n < 0)
		return fail(err, "%s: %s; --rules takes a folder of .sql files", dir,
		            strerror(errno));
	bool ok = n > 0 || fail(err, "%s: this folder holds no .sql file", dir);
	for (int i = 0; i < n; i++) {
		ok = ok && rule_add_file(rules, dir, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return ok;
}

/* Whether "a, b, c" names an id. */
static bool list_names(const char *list, const char *id)
{
	size_t n = strlen(id);
	for (const char *s = list; s && *s; s += strcspn(s, ",") + strspn(s + strcspn(s, ","), ", "))
		if (strncmp(s, id, n) == 0 && (s[n] == ',' || s[n] == '\0'))
			return true;
	return false;
}

/* Who is yielded to. Two rules that yield to one another would both be silent. */
static bool yields_check(struct rules *rules, struct err *err)
{
	for (size_t i = 0; i < rules->n; i++)
		for (size_t j = 0; j < rules->n; j++) {
			struct rule *a = &rules->rule[i], *b = &rules->rule[j];
			if (!list_names(a->yields, b->id))
				continue;
			b->is_yielded_to = true;
			if (list_names(b->yields, a->id))
				return fail(err, "%s and %s yield to one another; one of them must speak",
				            a->id, b->id);
		}
	return true;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct rule *)a)->id, ((const struct rule *)b)->id);
}

bool rules_load(struct rules *rules, const char *dir, struct err *err)
{
	*rules = (struct rules){ 0 };
	bool ok = true;
	for (size_t i = 0; ok && i < embedded_files_n; i++) {
		const struct embedded *e = &embedded_files[i];
		size_t n = strlen(e->path);
		if (strncmp(e->path, BUILT_IN, strlen(BUILT_IN)) == 0 && n > 4
		    && strcmp(e->path + n - 4, ".sql") == 0)
			ok = rule_add(rules, e->text, e->path, "built in", err);
	}
	if (ok && dir)
		ok = load_dir(rules, dir, err);
	ok = ok && yields_check(rules, err);
	if (!ok)
		rules_free(rules);
	else if (rules->n)
		qsort(rules->rule, rules->n, sizeof *rules->rule, by_id);
	return ok;
}

const struct rule *rules_find(const struct rules *rules, const char *id)
{
	return find(rules, id);
}

/* ---- --set ---- */

static const char **names_of(const struct rules *rules, const struct rule *r, size_t *n)
{
	*n = r ? r->params_n : rules->n;
	const char **names = alloc_zeroed(*n, sizeof *names);
	for (size_t i = 0; i < *n; i++)
		names[i] = r ? r->params[i].name : rules->rule[i].id;
	return names;
}

/* "there is no X Y", with the name that was likely meant. */
static bool fail_unknown(const struct rules *rules, const struct rule *r, const char *name,
                         struct err *err)
{
	size_t n;
	const char **names = names_of(rules, r, &n);
	const char *nearest = text_nearest(name, names, n);
	char what[128], hint[128] = "";
	snprintf(what, sizeof what, "%s%.60s%s", r ? "the rule " : "there is no rule",
	         r ? r->id : "", r ? " has no parameter" : "");
	if (nearest)
		snprintf(hint, sizeof hint, "; did you mean %.60s?", nearest);
	else if (!r || n)
		snprintf(hint, sizeof hint, "; `tcpwhy rules %s%.60s` names them",
		         r ? "explain " : "list", r ? r->id : "");
	else
		snprintf(hint, sizeof hint, "; it has none at all");
	fail(err, "%s \"%.60s\"%s", what, name, hint);
	free(names);
	return false;
}

bool rules_set(struct rules *rules, const char *assignment, struct err *err)
{
	char *text = text_copy(assignment), *equals = strchr(text, '=');
	if (equals)
		*equals = '\0';
	char *dot = strrchr(text, '.');
	bool ok = false;
	if (!equals || !dot) {
		free(text);
		return fail(err, "--set takes RULE.PARAMETER=NUMBER, not \"%.80s\"", assignment);
	}
	*dot = '\0';
	struct rule *r = find(rules, text);
	struct rule_param *p = NULL;
	for (size_t i = 0; r && i < r->params_n; i++)
		if (strcmp(r->params[i].name, dot + 1) == 0)
			p = &r->params[i];
	if (!p) {
		fail_unknown(rules, r, r ? dot + 1 : text, err);
	} else if (!is_number(equals + 1)) {
		fail(err, "%s.%s must be a number, not \"%.40s\"", text, dot + 1, equals + 1);
	} else {
		free(p->value);
		p->value = text_copy(equals + 1);
		ok = true;
	}
	free(text);
	return ok;
}
