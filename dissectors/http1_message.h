/* http1_message.h - read the messages of one direction, phase by phase.
 *
 *   START -> HEAD -> START                          no body
 *                 -> BODY -> START                  Content-Length
 *                 -> CHUNK <-> CHUNK_END            chunked,
 *                    CHUNK -> TRAILER -> START      until a chunk of size 0
 *                 -> UNTIL_CLOSE                    a response without a length
 *                 -> ASKED -> BODY, CHUNK or START  Expect: sent, or refused
 *                 -> CONNECTING -> START            CONNECT, refused
 *
 * (http1_body.c has BODY to UNTIL_CLOSE)
 * and from everywhere to LOST when what comes cannot be what should.
 *
 * Order   message_settle() before bytes are read: a skipped body ends unseen.
 * Offsets of the direction's payload (facts.h).
 */
#ifndef HTTP1_MESSAGE_H
#define HTTP1_MESSAGE_H

#include <string.h>

#include "dissector.h"
#include "http1_exchange.h"
#include "http1_head.h"

enum phase { START, HEAD, ASKED, CONNECTING, BODY, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE, LOST };

/* Of a body's first LIMIT_HTTP_BODY_HASHED bytes: `word` has those not yet mixed in;
 * broken: some were not captured. */
struct body_hash { uint64_t mixed, word; uint32_t n; bool broken; };

/* One direction. */
struct half {
	enum phase  phase;
	bool        begun;               /* its start line is incomplete but the message is known */
	bool        found_again;         /* this start line was found while lost */
	bool        fresh, line_start;   /* while lost: right after a hole; at a line's start */
	bool        unsure;              /* messages may have been missed since the last one */
	bool        owed;                /* a body began in a hole: its rest must yet be skipped */
	bool        ended;
	size_t      scanned;             /* bytes on offer that hold no line end */
	uint64_t    nr;                  /* exchange of the message in progress; 0: none */
	struct head head;
	uint64_t    piece, piece_end;    /* the body, or its present chunk */
	int64_t     body_n;              /* body bytes before it */
	struct body_hash hash;
	struct mark body, end;           /* taken ahead, for the message in progress */
};

struct http1 {
	struct half      half[2];
	bool             tunnel;         /* it now speaks something else */
	bool             websocket;      /* which is this */
	struct exchanges exchanges;
};

/* Where a call comes from and goes to. */
struct feed { struct http1 *h; struct sink *out; enum side side; struct half *half; };

/* The exchange of the message in progress, or NULL. */
static inline struct exchange *exchange_now(const struct feed *f)
{
	return exchange_of(&f->h->exchanges, f->half->nr);
}

/* The line at the start of s, without its end, and what it takes up. Bytes that
 * were searched for an end are not searched again. */
enum got { LINE, LINE_PART, LINE_LONG };
static inline enum got line_take(struct half *half, struct bytes s, size_t limit,
                                 struct bytes *line, size_t *used)
{
	size_t n = s.n < limit ? s.n : limit;
	const uint8_t *lf = NULL;
	if (half->scanned < n)
		lf = memchr(s.p + half->scanned, '\n', n - half->scanned);
	if (!lf) {
		half->scanned = n == limit ? 0 : n;
		return n == limit ? LINE_LONG : LINE_PART;
	}
	half->scanned = 0;
	*line = (struct bytes){ s.p, (size_t)(lf - s.p) };
	*used = line->n + 1;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return LINE;
}

/* How long the line end is that s begins with; 0: none. *more: it may yet be one. */
size_t line_end(struct bytes, bool *more);

static inline struct step wait_after(const struct span *s) { return (struct step){ .need = s->n + 1 }; }

/* Go on with the head that is kept of the message in progress: with what becomes of
 * n bytes. False: no room, or no exchange. */
bool head_keep(const struct feed *, size_t n, struct text *);
void head_kept(const struct feed *, const struct text *);

/* Read on in any phase but LOST. */
struct step message_data(const struct feed *, const struct span *);

/* The phase START (http1_start.c). */
struct step start_data(const struct feed *, const struct span *);

/* The message in progress, whose exchange is known, begins at `off`. */
void message_begin(const struct feed *, uint64_t off, char minor);

/* Rubbish: say so (unless NULL), and look for the next start line. */
struct step message_give_up(const struct feed *, uint64_t off, const char *what);

/* Settle the message in progress. *end counts only for one that is complete. */
void message_end(const struct feed *, enum state, uint64_t off, struct mark end);

/* A body whose end lay ahead is complete once the stream got there. */
static inline void message_settle(const struct feed *f, uint64_t off)
{
	const struct half *half = f->half;
	if (half->phase == BODY && (off >= half->piece_end || (half->end.frame && !half->owed)))
		message_end(f, COMPLETE, half->piece_end, half->end);
}

/* A final response came instead of the body that it was asked for. */
bool message_refused(const struct feed *);

/* A body begins at off, as the head says; `used`: the end of that head. */
struct step body_begin(const struct feed *, uint64_t off, size_t used);

/* Read on in the phases of a body. */
struct step body_data(const struct feed *, const struct span *);

/* The hash of the body that was read, or NONE. */
int64_t body_hash(const struct half *, bool complete);

/* The connection speaks another protocol by now. */
struct step tunnel_data(const struct feed *, const struct span *);

/* A hole at `off`: whether the message in progress can go on behind it. */
bool message_spans_gap(const struct feed *, uint64_t off, uint64_t len);

/* Look for the next start line; `fresh`: a segment begins here, after a hole. */
void half_lose(const struct feed *, bool fresh);

#endif
