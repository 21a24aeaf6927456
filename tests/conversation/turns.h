/* turns.h - what two sides said, in a file: turns, one after the other.
 *
 *   kind (1) | length (4, least byte first) | bytes: as many, for c and s
 *
 *   c s   bytes of the client, of the server       f r e   the client's FIN, RST, end
 *   > <   a hole in the client's, the server's     F R E   the server's
 *
 * Any bytes are a conversation: what is no kind is taken for one, and a length
 * ends with the file, so that the fuzzer may change what it likes.
 */
#ifndef TURNS_H
#define TURNS_H

#include "bytes.h"
#include "facts.h"

enum { TURN_HEAD = 5, HOLE_MAX = 1 << 20 };

struct turn_said { enum { SAID, HOLE, ENDED } what; enum side side; int how; struct bytes said; uint64_t n; };

/* Cut the next turn off; false: that was all. */
static inline bool turn_next(struct rd *r, struct turn_said *t)
{
	static const char kinds[] = "cs><fFrReE";
	if (rd_left(r) < TURN_HEAD)
		return false;
	uint8_t c = rd_u8(r);
	unsigned kind = 0;
	while (kinds[kind] && kinds[kind] != (char)c)
		kind++;
	kind %= 10;
	t->side = kind % 2 ? SERVER : CLIENT;
	t->what = kind < 2 ? SAID : kind < 4 ? HOLE : ENDED;
	t->how = kind < 4 ? 0 : (int)(kind - 4) / 2;
	t->n = (uint32_t)rd_le(r, 4);
	if (t->what == SAID && t->n > rd_left(r))
		t->n = rd_left(r);
	if (t->what == HOLE && t->n > HOLE_MAX)
		t->n = HOLE_MAX;
	t->said = t->what == SAID ? rd_take(r, (size_t)t->n) : (struct bytes){ 0 };
	return true;
}

#endif
