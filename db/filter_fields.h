/* filter_fields.h - the fields of a filter (filter.h): what each is called, what it may be
 * compared with, and where in the case it is found. For the files db/filter*.c alone.
 */
#ifndef FILTER_FIELDS_H
#define FILTER_FIELDS_H

#include <stddef.h>

enum filter_kind {
	FIELD_FLAG,       /* it holds or not; compared with 1 and 0 */
	FIELD_NUMBER,
	FIELD_SPAN,       /* nanoseconds; typed as when.h has it */
	FIELD_TEXT,       /* as it is, small and capital letters apart */
	FIELD_NAME,       /* a text of small letters, however it is typed */
	FIELD_WORD,       /* one of `words` */
	FIELD_RANK,       /* one of `words`, which rise: by its place among them */
	FIELD_ADDRESS,
	FIELD_FRAME,      /* a number of each packet: value[0] of the first, value[1] of the last */
	FIELD_MOMENT,     /* the same of a time */
};

struct filter_field {
	const char      *name;
	enum filter_kind kind;
	const char      *what;        /* in a few words */
	const char      *value[2];    /* SQL, over f and the tables of `within`; [1] NULL: one only */
	const char      *within;      /* where values are found, $ for the condition on them; NULL: in f.
	                                 Of frames: what must hold besides of the one that is named */
	const char      *words;       /* with spaces between */
	const char      *has;         /* SQL: whether there is one; NULL: a value that is not NULL */
};

/* The i-th field; NULL: there are no more. */
const struct filter_field *filter_field(size_t i);

/* NULL: there is none of that name. */
const struct filter_field *filter_field_find(const char *name);

/* The name of the field that was most likely meant; NULL: none comes near. */
const char *filter_field_nearest(const char *name);

#endif
