/* http1_body.c - the bytes behind a head: the phases BODY to UNTIL_CLOSE of http1_message.h.
 *
 *   5;ext=1 CRLF hello CRLF            chunks (RFC 9112, 7.1): size in hex, data
 *   0 CRLF X-Sum: 1 CRLF CRLF          the last one, and the trailer fields
 *
 * Bodies are skipped unseen, but for the first bytes of a request's, which are
 * hashed so that a request sent again can be told.
 */
#include "http1_message.h"
#include "http1_words.h"
#include "websocket.h"

enum { CHUNK_LINE = 4096 };

/* ---- the hash ---- */

static void hash_mix(struct body_hash *h)
{
	h->mixed = (h->mixed ^ h->word) * 0x9e3779b97f4a7c15;
	h->mixed ^= h->mixed >> 32;
	h->word = 0;
}

/* Eight bytes at a time, wherever they were cut. */
static void hash_put(struct body_hash *h, struct bytes b)
{
	struct rd r = rd_over(b);
	while (rd_left(&r) && h->n % 8) {
		h->word = h->word << 8 | rd_u8(&r);
		if (++h->n % 8 == 0)
			hash_mix(h);
	}
	for (; rd_left(&r) >= 8; h->n += 8) {
		h->word = rd_be64(&r);
		hash_mix(h);
	}
	for (; rd_left(&r); h->n++)
		h->word = h->word << 8 | rd_u8(&r);
}

int64_t body_hash(const struct half *half, bool complete)
{
	struct body_hash h = half->hash;
	if (h.broken || h.n == 0 || (!complete && h.n < LIMIT_HTTP_BODY_HASHED))
		return NONE;
	hash_mix(&h);
	h.word = h.n;
	hash_mix(&h);
	return (int64_t)(h.mixed >> 32);
}

static bool hash_wants_more(const struct feed *f)
{
	return f->side == CLIENT && !f->half->hash.broken && f->half->hash.n < LIMIT_HTTP_BODY_HASHED;
}

/* ---- a body, or a chunk of one, of known length ---- */

/* Pass over what is left of the piece at `off`, of which s is at hand (if anything). */
static struct step piece_pass(const struct feed *f, const struct span *s)
{
	struct half *half = f->half;
	uint64_t left = half->piece_end - s->off;
	if (!hash_wants_more(f)) {
		half->owed = false;
		return (struct step){ .skip = left };
	}
	size_t n = LIMIT_HTTP_BODY_HASHED - half->hash.n;
	n = n < s->n ? n : s->n;
	n = n < left ? n : (size_t)left;
	hash_put(&half->hash, (struct bytes){ s->p, n });
	half->owed = n < left && hash_wants_more(f);
	return (struct step){ .used = n, .skip = half->owed ? 0 : left - n };
}

struct step body_begin(const struct feed *f, uint64_t off, size_t used)
{
	struct half *half = f->half;
	half->phase = half->head.chunked ? CHUNK : BODY;
	if (half->head.chunked)
		return (struct step){ .used = used };
	half->piece = off;
	half->piece_end = off + (uint64_t)half->head.length;
	half->owed = hash_wants_more(f);
	if (f->side == CLIENT)
		sink_mark(f->out, f->side, off, MARK_BEGIN, &half->body);
	sink_mark(f->out, f->side, half->piece_end, MARK_END, &half->end);
	return (struct step){ .used = used, .skip = half->owed ? 0 : (uint64_t)half->head.length };
}

static struct step until_close_data(const struct feed *f, const struct span *s)
{
	sink_mark(f->out, f->side, s->off + s->n, MARK_END, &f->half->end);
	return (struct step){ .used = s->n };
}

/* The size at the start of a chunk line; NONE if there is none. */
static int64_t chunk_size(struct bytes line)
{
	int64_t size = 0;
	size_t i = 0;
	for (; i < line.n && hex_digit(line.p[i]) >= 0; i++) {
		if (size > INT64_MAX >> 8)
			return NONE;
		size = size << 4 | hex_digit(line.p[i]);
	}
	bool ended = i == line.n || line.p[i] == ';' || is_blank(line.p[i]);
	return i > 0 && ended ? size : NONE;
}

static struct step chunk_data(const struct feed *f, const struct span *s)
{
	struct half *half = f->half;
	struct bytes line;
	size_t used;
	enum got got = line_take(half, (struct bytes){ s->p, s->n }, CHUNK_LINE, &line, &used);
	if (got == LINE_PART)
		return wait_after(s);
	int64_t size = got == LINE ? chunk_size(line) : NONE;
	if (size == NONE)
		return message_give_up(f, s->off, "a chunk does not begin with its size");
	if (size == 0) {
		half->phase = TRAILER;
		half->head.n = 0;
		return (struct step){ .used = used };
	}
	half->phase = CHUNK_END;
	half->piece = s->off + used;
	half->piece_end = half->piece + (uint64_t)size;
	if (f->side == CLIENT && half->body_n == 0)
		sink_mark(f->out, f->side, half->piece, MARK_BEGIN, &half->body);
	return (struct step){ .used = used, .skip = hash_wants_more(f) ? 0 : (uint64_t)size };
}

static struct step chunk_end_data(const struct feed *f, const struct span *s)
{
	struct half *half = f->half;
	bool more;
	if (s->off < half->piece_end)
		return piece_pass(f, s);
	size_t used = line_end((struct bytes){ s->p, s->n }, &more);
	if (more)
		return wait_after(s);
	if (used == 0)
		return message_give_up(f, s->off, "a chunk does not end where it should");
	half->body_n += (int64_t)(half->piece_end - half->piece);
	half->piece = half->piece_end = 0;
	half->phase = CHUNK;
	return (struct step){ .used = used };
}

struct step body_data(const struct feed *f, const struct span *s)
{
	switch (f->half->phase) {
	case BODY:      return piece_pass(f, s);
	case CHUNK:     return chunk_data(f, s);
	case CHUNK_END: return chunk_end_data(f, s);
	default:        return until_close_data(f, s);
	}
}

struct step tunnel_data(const struct feed *f, const struct span *s)
{
	if (f->h->websocket && f->half->phase != LOST)
		return websocket_data(f->out, f->side, *s);
	return (struct step){ .skip = SKIP_REST };
}

/* ---- holes ---- */

/* In a piece that is being hashed, a hole costs no more than the hash. */
static bool piece_spans_gap(struct half *half, uint64_t off, uint64_t len)
{
	half->hash.broken = true;
	if (off + len > half->piece_end && half->phase == CHUNK_END) {
		half->body_n += (int64_t)(half->piece_end - half->piece);
		half->piece = half->piece_end = 0;
		return false;
	}
	half->owed = half->phase == BODY;
	return off + len <= half->piece_end;
}

/* A hole right where the body of a request with Expect would begin is that
 * body, as far as its length allows. */
bool message_spans_gap(const struct feed *f, uint64_t off, uint64_t len)
{
	struct half *half = f->half;
	if (half->phase == UNTIL_CLOSE) {
		sink_mark(f->out, f->side, off + len, MARK_END, &half->end);
		return true;
	}
	if (half->phase == ASKED && !half->head.chunked && !message_refused(f))
		body_begin(f, off, 0);
	if ((half->phase == BODY || half->phase == CHUNK_END) && off < half->piece_end)
		return piece_spans_gap(half, off, len);
	return false;
}
