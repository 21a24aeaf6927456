/* flow_columns.h - what the list of flows can show of one, and what of that is shown.
 *
 * Each column is SQL over `flow f`: a value to read, and a key by which flows are sorted.
 */
#ifndef FLOW_COLUMNS_H
#define FLOW_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FLOW_TAIL: a text of which the end tells most. */
enum flow_kind { FLOW_TEXT, FLOW_TAIL, FLOW_CLOCK, FLOW_SPAN, FLOW_BYTES, FLOW_COUNT, FLOW_NUMBER, FLOW_FINDING };

struct flow_column {
	const char    *name;              /* in the chooser, and behind "by" */
	const char    *head;
	const char    *value;             /* NULL: nothing to say */
	const char    *key;               /* an integer or a text; NULL: the order of flow.id */
	enum flow_kind kind;
	int            squeeze;           /* it may be cut down to so many columns; 0: it may not */
	int            most;              /* columns, at the most */
	int            priority;          /* 1 is the last that gives way on a narrow screen */
	bool           rare;              /* it takes no room while none of the flows seen has it */
	const char    *help;
};

enum { FLOW_COLUMNS = 19 };

extern const struct flow_column flow_columns[FLOW_COLUMNS];

/* Numbers are written to the right of their columns. */
bool flow_column_right(const struct flow_column *);

/* What the user chose, for as long as the browser runs. */
struct flow_choice {
	uint8_t  order[FLOW_COLUMNS];     /* from left to right */
	bool     hidden[FLOW_COLUMNS];
	uint8_t  sort;                    /* the column */
	bool     reverse;
	unsigned changes;                 /* of columns, 0: not begun */
};

/* As it is at the beginning. */
void flow_choice_begin(struct flow_choice *);

/* The column that is shown `by` places to the right of it (or to the left), for sorting. */
uint8_t flow_choice_beside(const struct flow_choice *, uint8_t column, int by);

/* The place in `order` takes the column `by` places further; the new place. */
int flow_choice_move(struct flow_choice *, int place, int by);

#endif
