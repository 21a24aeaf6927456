/* flow_closing.c - which flows are closed, and for how long. See flow.h. */
#include <string.h>

#include "flow.h"

/* How long after the end something may still come that matters: after a RST what was on
 * its way; after FINs also what was lost and comes again (twice the longest life of a
 * segment as Linux has it; RFC 9293, 3.4.2, would allow four minutes). */
static const int64_t CLOSED_NS[2] = { 2 * 1000000000LL, 60 * 1000000000LL };

/* By a reset (0), by FINs (1), or not (-1), as far as it can be told. */
static int closed_how(const struct flow *f)
{
	if (f->ended && strcmp(f->ended, "fin") != 0)
		return 0;
	return f->side[CLIENT].fin.frame && f->side[SERVER].fin.frame ? 1 : -1;
}

static void closing_push(struct flow_queue *queue, struct flow *f)
{
	f->closing = true;
	f->closing_ns = f->last.ns;
	f->closing_next = NULL;
	*(queue->first ? &queue->last->closing_next : &queue->first) = f;
	queue->last = f;
}

void flow_close_check(struct flow_table *t, struct flow *f)
{
	int how = closed_how(f);
	if (f->talk && !f->closing && !f->retired && how >= 0)
		closing_push(&t->closing[how], f);
}

struct flow *flow_closed(struct flow_table *t, int64_t now_ns)
{
	t->now_ns = now_ns;
	for (int i = 0; i < 2; i++) {
		struct flow_queue *queue = &t->closing[i];
		struct flow *f = queue->first;
		if (!f || now_ns - f->closing_ns < CLOSED_NS[i])
			continue;
		queue->first = f->closing_next;
		f->closing = false;
		if (now_ns - f->last.ns >= CLOSED_NS[i])
			return f;
		closing_push(queue, f);      /* somebody still speaks on it */
	}
	return NULL;
}

bool flow_long_closed(const struct flow_table *t, const struct flow *f)
{
	int how = closed_how(f);
	return how >= 0 && !f->retired && t->now_ns - f->last.ns >= CLOSED_NS[how];
}
