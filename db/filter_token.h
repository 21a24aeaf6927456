/* filter_token.h - the words and signs of a filter. For the files db/filter*.c alone.
 *
 * Borrows  tokens point into the text they were found in.
 */
#ifndef FILTER_TOKEN_H
#define FILTER_TOKEN_H

#include <stddef.h>

#include "limits.h"

enum filter_token_kind {
	END, WORD, QUOTED, OPERATOR, NOT, AND, OR, OPEN, CLOSE, SET_OPEN, SET_CLOSE, COMMA, RANGE, MISTAKE
};
enum filter_operator { EQ, NE, GT, LT, GE, LE, CONTAINS, IN };

struct filter_token {
	enum filter_token_kind kind;
	enum filter_operator   operator;
	const char            *p;              /* where it stands */
	size_t                 n;
	const char            *advice;         /* of a mistake */
};

/* The token at p, behind blanks; END at the end of the text. */
struct filter_token filter_token_at(const char *p);

/* What it says; of one in quotes what is in them. Of a text of LIMIT_FILTER bytes at most. */
void filter_token_text(const struct filter_token *, char text[static LIMIT_FILTER + 1]);

/* "==", "contains" */
const char *filter_operator_name(enum filter_operator);

#endif
