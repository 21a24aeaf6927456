/* sql.c - see sql.h. */
#include "sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "limits.h"
#include "query.h"
#include "views.h"

static const char *const keywords[] = {
	"SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "JOIN", "LEFT JOIN", "USING", "HAVING", "DISTINCT",
	"UNION ALL", "IS NULL", "NOT", "LIKE", "GLOB", "BETWEEN", "DESC", "count(", "sum(", "min(", "max(", "avg(",
	"group_concat(", "coalesce(", "round(", "iif(", "clock(", "duration(", "tcp_flags(",
};
enum { KEYWORDS = sizeof keywords / sizeof *keywords };

/* The report's own views are for reports. */
static const char names_sql[] =
	"SELECT 'packet' UNION SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
	"UNION SELECT name FROM pragma_table_info('packet') "
	"UNION SELECT p.name FROM main.sqlite_schema s JOIN pragma_table_info(s.name) p WHERE s.type IN ('table', 'view') "
	"ORDER BY 1 LIMIT ?1";

static void words_read(struct browser *b)
{
	struct sqlite3_stmt *s = model_query(&b->model, names_sql, LIMIT_QUERY_WORDS, 0);
	b->words = alloc_zeroed(LIMIT_QUERY_WORDS, sizeof *b->words);
	while (model_next(&b->model, s))
		b->words[b->words_n++] = text_copy(model_text(s, 0));
}

bool sql_words(void *browser, size_t i, const char **word, const char **what)
{
	struct browser *b = browser;
	if (!b->words)
		words_read(b);
	*what = "";
	if (i >= KEYWORDS + b->words_n)
		return false;
	*word = i < KEYWORDS ? keywords[i] : b->words[i - KEYWORDS];
	return true;
}

bool sql_run(struct browser *b, const char *text, struct err *err)
{
	struct query_ids ids;
	struct sqlite3_stmt *s = query_prepare(b->db, text, &ids, err);
	if (!s)
		return false;
	sqlite3_finalize(s);
	snprintf(b->sql, sizeof b->sql, "%s", text);
	if (browser_top(b)->view == &view_sql)
		browser_back(b);
	browser_open(b, &view_sql, (struct subject){ 0 });
	return true;
}

static void sql_typed(struct browser *b, const char *line)
{
	struct err err;
	if (*line && !sql_run(b, line, &err))
		browser_ask_again(b, line, err.text);
}

/* In the result of a query, that query is what one goes on from. */
void sql_ask(struct browser *b, void *state, int key)
{
	(void)state, (void)key;
	browser_ask(b, ASKED_SQL, "SQL: ", browser_top(b)->view == &view_sql ? b->sql : "", sql_typed);
	browser_offer(b, sql_words, b);
}
