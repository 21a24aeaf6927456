/* replay.h - the payload of real connections, for tests that feed it to a dissector again.
 *
 * Read from what tests/differential/streams prints of a capture: the pieces of all its
 * connections, in the order in which they became readable.
 *
 * Owns     the pieces and their bytes, until replay_free().
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissector.h"
#include "err.h"

/* Bytes at an offset, or (bytes.p NULL) a gap of bytes.n. */
struct replay_piece { unsigned connection; enum side side; uint64_t off; struct bytes bytes; };

struct replay { struct replay_piece *pieces; size_t n; unsigned connections; };

static inline struct bytes replay_unhex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = alloc_zeroed(n ? n : 1, 1);
	for (size_t i = 0; i < n; i++) {
		const char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		p[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return (struct bytes){ p, n };
}

static inline void replay_line(struct replay *r, char *line)
{
	char *field[6];
	size_t n = 0;
	for (char *p = strtok(line, " \n"); p && n < 6; p = strtok(NULL, " \n"))
		field[n++] = p;
	if (n < 6)
		return;
	if ((r->n & (r->n - 1)) == 0)                /* a power of two: full */
		r->pieces = alloc_grown(r->pieces, r->n ? 2 * r->n : 1, sizeof *r->pieces);
	struct replay_piece *piece = &r->pieces[r->n++];
	*piece = (struct replay_piece){
		.connection = (unsigned)strtoul(field[4], NULL, 10),
		.side = field[5][0] == 'C' ? CLIENT : SERVER, .off = strtoull(field[2], NULL, 10),
	};
	if (strcmp(field[1], "gap") == 0)
		piece->bytes.n = strtoul(field[3], NULL, 10);
	else
		piece->bytes = replay_unhex(field[3]);
	if (piece->connection > r->connections)
		r->connections = piece->connection;
}

/* What the program `streams` says of a capture. */
static inline struct replay replay_read(const char *streams, const char *capture)
{
	struct replay r = { 0 };
	char command[4096];
	size_t size = 0;
	char *line = NULL;
	snprintf(command, sizeof command, "'%s' '%s' 2>/dev/null", streams, capture);
	FILE *in = popen(command, "r");
	while (in && getline(&line, &size, in) > 0)
		replay_line(&r, line);
	free(line);
	if (in)
		pclose(in);
	return r;
}

static inline void replay_free(struct replay *r)
{
	for (size_t i = 0; i < r->n; i++)
		free((void *)(uintptr_t)r->pieces[i].bytes.p);
	free(r->pieces);
	*r = (struct replay){ 0 };
}

/* Whether the dissector claims this connection by what some side says first. */
static inline bool replay_claims(const struct replay *r, unsigned connection,
                                 const struct dissector *d)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct replay_piece *p = &r->pieces[i];
		for (int at_start = 0; p->connection == connection && p->bytes.p && at_start < 2; at_start++) {
			enum guess guess = d->guess(p->bytes, at_start);
			if (guess != GUESS_NO && guess != GUESS_MORE)
				return true;
		}
	}
	return false;
}

#endif
