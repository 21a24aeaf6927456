/* http1.c - HTTP/1.x (RFC 9110; the messages of RFC 9112, section 2.1).
 *
 *   POST /orders HTTP/1.1 CRLF       start line: method SP target SP version,
 *   Content-Length: 5 CRLF           or version SP status SP reason
 *   CRLF                             end of the head
 *   hello                            body: Content-Length, chunked, or until close
 *
 * Heads are read line by line as they come; bodies are skipped unseen, so a
 * hole in one costs nothing, and no hash of a body is told.
 *
 * Pairing   first in, first out. An exchange is told when both of its messages
 *           are settled and those before it are told. After a hole on the
 *           server's side the next response belongs to the newest request,
 *           unless responses were seen to queue up: a client that does not
 *           pipeline has had the others' answers.
 * Expect    a request with Expect: 100-continue whose body was never sent,
 *           because a final status came first, is complete with 0 bytes: that
 *           is how it should be. Without Expect an early answer ends nothing.
 * Lost      after a hole, or rubbish, only an unmistakable start line counts.
 *           A message whose extent could not be made out ends as cut_by_gap.
 * Let go    with more than LIMIT_HTTP_PIPELINED exchanges open the oldest is
 *           told as it is (one anomaly a connection) and what still comes for
 *           it is passed over.
 * Cost      LIMIT_HTTP_PIPELINED exchanges and two sides, below 4 KiB, and
 *           12 KiB that the kept heads of all open exchanges share: whole ones
 *           (LIMIT_HTTP_HEAD_KEPT each) for the first, then ever shorter ones.
 *           Target, host, user agent and reason are parts of these heads.
 */
#define _GNU_SOURCE                      /* memmem */
#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "dissector.h"
#include "limits.h"

enum {
	METHOD     = 20,                 /* longest method */
	TEXTS      = 3 * LIMIT_HTTP_HEAD_KEPT,
	REASON     = 128,
	UPGRADE    = 24,
	LINE_LOST  = 8192,               /* a start line longer than this is not found again */
	CHUNK_LINE = 4096,
};

enum phase { START, HEAD, ASKED, CONNECTING, BODY, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE, LOST };
enum state { AWAITED, UNFINISHED, COMPLETE, CUT_BY_FIN, CUT_BY_RST, CUT_BY_GAP, OPEN, NEVER };

static const char *const state_names[] = {
	[AWAITED] = "none", [UNFINISHED] = "open", [COMPLETE] = "complete",
	[CUT_BY_FIN] = "cut_by_fin", [CUT_BY_RST] = "cut_by_rst", [CUT_BY_GAP] = "cut_by_gap",
	[OPEN] = "open", [NEVER] = "none",
};

enum field { OTHER, HOST, AGENT, LENGTH, CODING, CONNECTION, EXPECT, UPGRADE_TO, SECRET };

struct part { uint16_t at, n; };         /* of a kept head */

/* One message as it will be told. */
struct message {
	struct mark begin, head_end, end;
	int64_t     off, declared, bytes;
	uint16_t    text_n;              /* of its head in http1.text */
	uint8_t     state;               /* enum state */
	char        minor;               /* of the version; 0: not known */
	bool        text_full;
};

struct exchange {
	struct message part[2];          /* by enum side of the sender */
	struct mark    body, cont;
	struct part    target, host, agent, reason;   /* the last of the response's head */
	int16_t        status;
	bool           expect : 1, until_close : 1, close : 1;
	bool           in_gap : 1;       /* the answer may lie in a hole */
	char           method[METHOD + 1];
};

/* What the head being read says of its message. */
struct head {
	size_t     n;                    /* bytes so far */
	int64_t    length;               /* NONE: no Content-Length */
	int        status;
	enum field last;                 /* for a folded line */
	bool       chunked, coded, bad_length, keep_alive, close, expect, no_colon;
};

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
	struct mark body, end;           /* taken ahead, for the message in progress */
};

struct http1 {
	struct half     half[2];
	uint64_t        first;           /* nr of the oldest open exchange, less 1 */
	unsigned        open, unheard;   /* exchanges; answers due to those let go */
	bool            pipelined, overflowed, tunnel, server_spoke;
	char            upgrade[UPGRADE + 1];
	struct exchange ring[LIMIT_HTTP_PIPELINED];
	uint8_t         text[TEXTS];     /* heads: request, response, of each from the oldest on */
};

static_assert(offsetof(struct http1, text) <= 4096, "a built-in dissector stays small");

/* Where a call comes from and goes to. */
struct feed { struct http1 *h; struct sink *out; enum side side; struct half *half; };

static struct step wait_after(struct span s) { return (struct step){ .need = s.n + 1 }; }

/* ---- words ---- */

static bool is_tchar(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	    || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool is_blank(uint8_t c) { return c == ' ' || c == '\t'; }

static struct bytes from(struct bytes b, size_t at)
{
	return (struct bytes){ b.p + at, b.n - at };
}

static struct bytes trimmed(struct bytes b)
{
	while (b.n && is_blank(b.p[0]))
		b = from(b, 1);
	while (b.n && is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

static bool same(struct bytes b, const char *word)
{
	return b.n == strlen(word) && !strncasecmp((const char *)b.p, word, b.n);
}

static bool begins(struct bytes b, const char *word)
{
	size_t n = strlen(word);
	return b.n >= n && !memcmp(b.p, word, n);
}

/* Whether b and word agree as far as both go. */
static bool begins_or_may(struct bytes b, const char *word)
{
	size_t n = strlen(word);
	return !memcmp(b.p, word, b.n < n ? b.n : n);
}

static bool has(struct bytes b, const char *word)
{
	for (size_t n = strlen(word); b.n >= n; b = from(b, 1))
		if (!strncasecmp((const char *)b.p, word, n))
			return true;
	return false;
}

/* Cut the next element off a comma-separated list. */
static bool list_next(struct bytes *list, struct bytes *element)
{
	if (list->n == 0)
		return false;
	const uint8_t *comma = memchr(list->p, ',', list->n);
	size_t n = comma ? (size_t)(comma - list->p) : list->n;
	*element = trimmed((struct bytes){ list->p, n });
	*list = from(*list, comma ? n + 1 : n);
	return true;
}

enum got { LINE, LINE_PART, LINE_LONG };

/* The line at the start of s, without its end, and what it takes up. */
static enum got line_take(struct half *half, struct span s, size_t limit, struct bytes *line,
                          size_t *used)
{
	size_t n = s.n < limit ? s.n : limit;
	const uint8_t *lf = NULL;
	if (half->scanned < n)
		lf = memchr(s.p + half->scanned, '\n', n - half->scanned);
	half->scanned = lf || n == limit ? 0 : n;
	if (!lf)
		return n == limit ? LINE_LONG : LINE_PART;
	*line = (struct bytes){ s.p, (size_t)(lf - s.p) };
	*used = line->n + 1;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return LINE;
}

/* ---- start lines ---- */

static bool method_known(struct bytes m)
{
	static const char *const known[] = {
		"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT",
		"SEARCH", "MKCALENDAR", "PURGE", "BIND", "UNBIND", "ACL", "MERGE", "CHECKOUT",
		"MKACTIVITY", "VERSION-CONTROL", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "LINK",
		"UNLINK", "QUERY",
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (m.n == strlen(known[i]) && !memcmp(m.p, known[i], m.n))
			return true;
	return false;
}

/* The method in front of the first space; n 0: none. `more`: it may yet come. */
static struct bytes method_of(struct bytes b, bool *more)
{
	size_t n = 0;
	while (n < b.n && n <= METHOD && is_tchar(b.p[n]))
		n++;
	*more = n == b.n && n <= METHOD;
	return (struct bytes){ b.p, n < b.n && n <= METHOD && b.p[n] == ' ' ? n : 0 };
}

struct request_line { struct bytes method, target; char minor; };

/* Spaces in a target are wrong but happen: the version is looked for from the end. */
static bool request_parse(struct bytes line, struct request_line *r)
{
	static const char version[] = " HTTP/1.";
	enum { VERSION = sizeof version };       /* the digit stands in for the NUL */
	bool more;
	while (line.n && is_blank(line.p[line.n - 1]))
		line.n--;
	r->method = method_of(line, &more);
	if (r->method.n == 0 || line.n < r->method.n + 2 + VERSION)
		return false;
	struct bytes end = from(line, line.n - VERSION);
	if (!begins(end, version) || !is_digit(end.p[VERSION - 1]))
		return false;
	r->minor = (char)end.p[VERSION - 1];
	r->target = trimmed((struct bytes){ line.p + r->method.n + 1,
	                                    line.n - VERSION - r->method.n - 1 });
	return r->target.n > 0;
}

enum { STATUS_LINE = 12 };               /* "HTTP/1.1 200", without the reason */

/* The status of a status line, of which the part after it may be missing; 0: it is none. */
static int status_parse(struct bytes line)
{
	const uint8_t *p = line.p;
	if (line.n < STATUS_LINE || !begins(line, "HTTP/1.") || !is_digit(p[7]) || p[8] != ' '
	    || p[9] < '1' || p[9] > '9' || !is_digit(p[10]) || !is_digit(p[11]))
		return 0;
	if (line.n > STATUS_LINE && p[STATUS_LINE] != ' ' && p[STATUS_LINE] != '\r'
	    && p[STATUS_LINE] != '\n')
		return 0;
	return (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
}

/* What can follow a method in a request that is HTTP; RTSP, SIP and ICAP have other schemes. */
static enum guess target_guess(struct bytes method, struct bytes target)
{
	if (target.n == 0)
		return GUESS_MORE;
	if (same(method, "CONNECT"))
		return is_tchar(target.p[0]) || target.p[0] == '[' ? GUESS_SENT_BY_CLIENT : GUESS_NO;
	if (target.p[0] == '/' || (target.p[0] == '*' && same(method, "OPTIONS")))
		return GUESS_SENT_BY_CLIENT;
	if (begins(target, "http://") || begins(target, "https://"))
		return GUESS_SENT_BY_CLIENT;
	return begins_or_may(target, "https://") || begins_or_may(target, "http://") ? GUESS_MORE
	                                                                             : GUESS_NO;
}

/* Of the beginning of a first line: certain, undecided, or none. */
static enum guess part_guess(struct bytes b, bool at_start)
{
	bool more;
	struct bytes method = method_of(b, &more);
	if (method.n == 0)
		return more ? GUESS_MORE : GUESS_NO;
	struct bytes rest = from(b, method.n + 1);
	for (size_t i = 0; at_start && i < rest.n; i++)
		if ((rest.p[i] < ' ' && rest.p[i] != '\r') || rest.p[i] == 0x7F)
			return GUESS_NO;
	return method_known(method) ? target_guess(method, rest) : GUESS_MORE;
}

static enum guess request_guess(struct bytes b, bool at_start)
{
	struct request_line r;
	const uint8_t *lf = memchr(b.p, '\n', b.n);
	if (lf) {
		struct bytes line = { b.p, (size_t)(lf - b.p) };
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!request_parse(line, &r) || part_guess(line, at_start) == GUESS_NO
		    || same(r.method, "M-SEARCH")
		    || (same(r.method, "NOTIFY") && r.target.p[0] == '*'))
			return GUESS_NO;         /* SSDP borrows the start line */
		for (size_t i = 0; i < r.method.n; i++)
			if (r.method.p[i] >= 'a' && r.method.p[i] <= 'z')
				return GUESS_NO;
		return at_start || method_known(r.method) ? GUESS_SENT_BY_CLIENT : GUESS_NO;
	}
	enum guess g = part_guess(b, at_start);
	if (!at_start)                           /* a segment may have been cut short here */
		return g;
	if (g == GUESS_SENT_BY_CLIENT)
		return b.n < LIMIT_GUESS ? GUESS_MORE : g;
	return g == GUESS_MORE && b.n < LIMIT_GUESS ? GUESS_MORE : GUESS_NO;
}

static enum guess response_guess(struct bytes b, bool at_start)
{
	if (!begins_or_may(b, "HTTP/1."))
		return GUESS_NO;
	if (at_start ? b.n >= strlen("HTTP/1.") : b.n >= STATUS_LINE)
		return at_start || status_parse(b) ? GUESS_SENT_BY_SERVER : GUESS_NO;
	return GUESS_MORE;
}

static enum guess http1_guess(struct bytes head, bool at_start)
{
	if (head.n > LIMIT_GUESS)                /* more must not change the answer */
		head.n = LIMIT_GUESS;
	while (at_start && head.n && (head.p[0] == '\r' || head.p[0] == '\n'))
		head = from(head, 1);
	if (head.n == 0)
		return GUESS_MORE;
	enum guess g = response_guess(head, at_start);
	return g == GUESS_NO ? request_guess(head, at_start) : g;
}

/* ---- exchanges ---- */

static struct exchange *exchange_of(struct http1 *h, uint64_t nr)
{
	return nr > h->first && nr <= h->first + h->open ? &h->ring[nr % LIMIT_HTTP_PIPELINED]
	                                                 : NULL;
}

static struct exchange *exchange_now(const struct feed *f)
{
	return exchange_of(f->h, f->half->nr);
}

/* Where the head of nr's message from `side` begins in h->text. */
static size_t text_at(struct http1 *h, uint64_t nr, enum side side)
{
	size_t at = 0;
	for (uint64_t i = h->first + 1; i < nr; i++) {
		const struct exchange *x = exchange_of(h, i);
		at += (size_t)x->part[CLIENT].text_n + x->part[SERVER].text_n;
	}
	return side == SERVER ? at + exchange_of(h, nr)->part[CLIENT].text_n : at;
}

static size_t text_total(struct http1 *h) { return text_at(h, h->first + h->open + 1, CLIENT); }

/* Append to the kept head of the message in progress what there is room for.
 * Half of what is free is left to later ones. */
static void text_add(const struct feed *f, struct bytes b)
{
	struct http1 *h = f->h;
	struct exchange *x = exchange_now(f);
	if (!x || x->part[f->side].text_full)
		return;
	struct message *m = &x->part[f->side];
	size_t total = text_total(h), room = (TEXTS - total) / 2;
	if (room > (size_t)LIMIT_HTTP_HEAD_KEPT - m->text_n)
		room = (size_t)LIMIT_HTTP_HEAD_KEPT - m->text_n;
	m->text_full = b.n > room;
	size_t n = b.n < room ? b.n : room;
	size_t at = text_at(h, f->half->nr, f->side) + m->text_n;
	memmove(h->text + at + n, h->text + at, total - at);
	memcpy(h->text + at, b.p, n);
	m->text_n = (uint16_t)(m->text_n + n);
}

/* Forget the kept head of the message in progress. */
static void text_drop(const struct feed *f, struct exchange *x)
{
	struct http1 *h = f->h;
	size_t n = x->part[f->side].text_n, at = text_at(h, f->half->nr, f->side);
	memmove(h->text + at, h->text + at + n, text_total(h) - at - n);
	x->part[f->side].text_n = 0;
	x->target.n = 0;
}

/* Copy a part of a kept head to `to` as a C string; NULL if it is empty. */
static const char *text_copied(struct http1 *h, uint64_t nr, enum side side, struct part part,
                               char *to, size_t size)
{
	size_t kept = exchange_of(h, nr)->part[side].text_n;
	size_t n = part.at < kept ? kept - part.at : 0;
	if (n > part.n)
		n = part.n;
	if (n > size - 1)
		n = size - 1;
	if (n == 0)
		return NULL;
	memcpy(to, h->text + text_at(h, nr, side) + part.at, n);
	for (size_t i = 0; i < n; i++)
		if (to[i] == '\0')
			to[i] = '?';
	to[n] = '\0';
	return to;
}

static const char *version_name(char minor, char to[sizeof "HTTP/1.1"])
{
	memcpy(to, "HTTP/1.", sizeof "HTTP/1.");
	to[7] = minor;
	to[8] = '\0';
	return minor ? to : NULL;
}

static void exchange_tell(struct http1 *h, struct sink *out, uint64_t nr)
{
	const struct exchange *x = exchange_of(h, nr);
	const struct message *q = &x->part[CLIENT], *a = &x->part[SERVER];
	char target[LIMIT_HTTP_TARGET + 1], host[LIMIT_HTTP_HOST + 1], agent[LIMIT_HTTP_HOST + 1],
	     reason[REASON + 1], heads[2][LIMIT_HTTP_HEAD_KEPT + 1], versions[2][9];
	struct part all[2] = { { 0, q->text_n }, { 0, a->text_n } };
	sink_http(out, &(struct http_exchange){
		.nr = (int64_t)nr,
		.method = x->method[0] ? x->method : NULL,
		.target = text_copied(h, nr, CLIENT, x->target, target, sizeof target),
		.host = text_copied(h, nr, CLIENT, x->host, host, sizeof host),
		.version = version_name(q->minor, versions[CLIENT]),
		.user_agent = text_copied(h, nr, CLIENT, x->agent, agent, sizeof agent),
		.request_head = text_copied(h, nr, CLIENT, all[CLIENT], heads[CLIENT], sizeof heads[0]),
		.response_head = text_copied(h, nr, SERVER, all[SERVER], heads[SERVER], sizeof heads[0]),
		.request = q->begin, .request_head_end = q->head_end,
		.request_body = x->body, .request_end = q->end,
		.request_off = q->off, .request_declared = q->declared,
		.request_bytes = q->bytes, .request_body_hash = NONE,
		.expect_continue = x->expect, .cont = x->cont,
		.status = x->status,
		.response_version = version_name(a->minor, versions[SERVER]),
		.reason = text_copied(h, nr, SERVER, x->reason, reason, sizeof reason),
		.response = a->begin, .response_head_end = a->head_end, .response_end = a->end,
		.response_off = a->off, .response_declared = a->declared, .response_bytes = a->bytes,
		.response_until_close = x->until_close, .close_announced = x->close,
		.request_state = state_names[q->state], .response_state = state_names[a->state],
	});
}

/* Tell the oldest exchange and forget it. */
static void exchange_drop(struct http1 *h, struct sink *out)
{
	const struct exchange *x = exchange_of(h, h->first + 1);
	size_t n = (size_t)x->part[CLIENT].text_n + x->part[SERVER].text_n, total = text_total(h);
	exchange_tell(h, out, h->first + 1);
	memmove(h->text, h->text + n, total - n);
	h->first++;
	h->open--;
}

static bool message_settled(const struct message *m)
{
	return m->state != AWAITED && m->state != UNFINISHED;
}

/* Tell what is settled, from the oldest on. */
static void exchanges_tell(struct http1 *h, struct sink *out)
{
	const struct exchange *x;
	while ((x = exchange_of(h, h->first + 1)) && message_settled(&x->part[CLIENT])
	       && message_settled(&x->part[SERVER]))
		exchange_drop(h, out);
}

/* Open an exchange and make it the one in progress. */
static struct exchange *exchange_open(const struct feed *f, uint64_t off)
{
	struct http1 *h = f->h;
	if (h->open == LIMIT_HTTP_PIPELINED) {
		struct message *answer = &exchange_of(h, h->first + 1)->part[SERVER];
		if (answer->state == AWAITED && h->server_spoke) {
			h->unheard++;
			answer->state = OPEN;
		}
		if (!h->overflowed)
			sink_anomaly(f->out, f->side, off, "more requests open than are kept");
		h->overflowed = true;
		exchange_drop(h, f->out);
	}
	h->open++;
	f->half->nr = h->first + h->open;
	struct exchange *x = exchange_now(f);
	const struct message unseen = { .off = NONE, .declared = NONE, .bytes = NONE };
	*x = (struct exchange){ .part = { unseen, unseen }, .status = NONE };
	return x;
}

static void message_begin(const struct feed *f, struct exchange *x, uint64_t off, char minor)
{
	struct message *m = &x->part[f->side];
	m->state = UNFINISHED;
	m->off   = (int64_t)off;
	m->minor = minor;
	m->bytes = 0;
	sink_mark(f->out, f->side, off, MARK_BEGIN, &m->begin);
}

/* Body bytes that came, when the direction has reached `off`. */
static int64_t body_seen(const struct half *half, uint64_t off)
{
	uint64_t end = off < half->piece_end ? off : half->piece_end;
	return half->body_n + (end > half->piece ? (int64_t)(end - half->piece) : 0);
}

/* Settle the message in progress. *end counts only for one that is complete. */
static void message_end(const struct feed *f, enum state state, uint64_t off, struct mark end)
{
	struct half *half = f->half;
	struct exchange *x = exchange_now(f);
	if (x) {
		struct message *m = &x->part[f->side];
		bool no_body_known = state == CUT_BY_GAP && half->phase <= HEAD;
		m->state = (uint8_t)state;
		m->bytes = no_body_known ? NONE : body_seen(half, off);
		if (state == COMPLETE)
			m->end = end;
		if (f->side == CLIENT && half->body.frame)
			x->body = half->body;
	}
	half->nr = 0;
	half->begun = half->owed = false;
	half->phase = START;
	half->piece = half->piece_end = 0;
	half->body_n = 0;
	half->body = half->end = (struct mark){ 0 };
}

/* A body whose end lay ahead is complete once the stream got there. */
static void body_settle(const struct feed *f, uint64_t off)
{
	const struct half *half = f->half;
	if (half->phase == BODY && (off >= half->piece_end || (half->end.frame && !half->owed)))
		message_end(f, COMPLETE, half->piece_end, half->end);
}

static void lose(const struct feed *f, bool fresh)
{
	f->half->phase = LOST;
	f->half->unsure = true;
	f->half->fresh = fresh;
	f->half->line_start = !fresh;
	f->half->scanned = 0;
}

/* Rubbish: say so and look for the next start line. */
static struct step give_up(const struct feed *f, uint64_t off, const char *what)
{
	if (what)
		sink_anomaly(f->out, f->side, off, what);
	message_end(f, CUT_BY_GAP, off, (struct mark){ 0 });
	lose(f, false);
	return (struct step){ 0 };
}

/* ---- secrets ---- */

static bool name_is_secret(struct bytes name)
{
	static const char *const words[] = {
		"token", "passw", "secret", "key", "sig", "session", "auth", "pwd",
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (has(name, words[i]))
			return true;
	return false;
}

/* Text being composed; what does not fit is left out. */
struct text { uint8_t p[LIMIT_HTTP_HEAD_KEPT]; size_t n; };

static void put(struct text *t, struct bytes b)
{
	size_t n = b.n < sizeof t->p - t->n ? b.n : sizeof t->p - t->n;
	if (n)
		memcpy(t->p + t->n, b.p, n);
	t->n += n;
}

static void put_word(struct text *t, const char *word)
{
	put(t, (struct bytes){ (const uint8_t *)word, strlen(word) });
}

static size_t until(struct bytes b, const char *stops)
{
	size_t n = 0;
	while (n < b.n && !(b.p[n] && strchr(stops, b.p[n])))
		n++;
	return n;
}

/* An authority's user and password become ***; returns what was read. */
static size_t put_userinfo(struct text *t, struct bytes v)
{
	size_t n = until(v, "/?# \t\"<>,");
	while (n > 0 && v.p[n - 1] != '@')
		n--;
	if (n)
		put_word(t, "***@");
	return n;
}

/* A parameter's value becomes *** if its name is a secret's; returns what was read. */
static size_t put_parameter(struct text *t, struct bytes v, bool in_query)
{
	size_t blanks = 0;
	while (blanks < v.n && is_blank(v.p[blanks]))
		blanks++;
	size_t name = blanks + until(from(v, blanks), "=&;?#/ \t\",");
	if (name == v.n || v.p[name] != '=' || !name_is_secret((struct bytes){ v.p, name }))
		return 0;
	put(t, (struct bytes){ v.p, name + 1 });
	put_word(t, "***");
	size_t at = name + 1;
	if (at < v.n && v.p[at] == '"')
		at += 1 + until(from(v, at + 1), "\"");
	return at + until(from(v, at), in_query ? "&# \t<>" : "/?#;& \t<>");
}

/* Write v without the secrets of the URLs in it. */
static void put_url(struct text *t, struct bytes v, bool authority)
{
	bool in_query = false;
	size_t at = authority ? put_userinfo(t, v) : 0;
	if (begins(v, "//")) {
		put_word(t, "//");
		at = 2 + put_userinfo(t, from(v, 2));
	}
	while (at < v.n && t->n < sizeof t->p) {
		struct bytes rest = from(v, at);
		if (begins(rest, "://")) {
			put_word(t, "://");
			at += 3 + put_userinfo(t, from(rest, 3));
			continue;
		}
		put(t, (struct bytes){ rest.p, 1 });
		at++;
		in_query = in_query ? !is_blank(rest.p[0]) : rest.p[0] == '?';
		if (memchr("?#&;", rest.p[0], 4))
			at += put_parameter(t, from(rest, 1), in_query);
	}
}

static void put_value(const struct feed *f, struct text *t, struct bytes v, bool authority)
{
	if ((v.n && (memchr(v.p, '=', v.n) || memchr(v.p, '@', v.n))) && !sink_shows_secrets(f->out))
		put_url(t, v, authority);
	else
		put(t, v);
}

/* ---- fields ---- */

static enum field field_of(struct bytes name)
{
	static const struct { const char *name; enum field field; } fields[] = {
		{ "host", HOST }, { "user-agent", AGENT }, { "content-length", LENGTH },
		{ "transfer-encoding", CODING }, { "connection", CONNECTION }, { "expect", EXPECT },
		{ "upgrade", UPGRADE_TO }, { "authorization", SECRET }, { "cookie", SECRET },
		{ "proxy-authorization", SECRET }, { "set-cookie", SECRET },
		{ "set-cookie2", SECRET },
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if ((name.p[0] | 0x20) == fields[i].name[0] && same(name, fields[i].name))
			return fields[i].field;
	bool own = (name.p[0] | 0x20) == 'x' || has((struct bytes){ name.p, name.n < 3 ? name.n : 3 },
	                                            "api");
	return own && name_is_secret(name) ? SECRET : OTHER;
}

/* The number, or NONE. */
static int64_t length_parse(struct bytes digits)
{
	int64_t v = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (!is_digit(digits.p[i]) || v > (INT64_MAX >> 8) / 10)
			return NONE;
		v = v * 10 + (digits.p[i] - '0');
	}
	return digits.n ? v : NONE;
}

static void length_read(const struct feed *f, struct bytes value, uint64_t off)
{
	struct head *head = &f->half->head;
	struct bytes one;
	while (list_next(&value, &one)) {
		int64_t length = length_parse(one);
		if (length == NONE) {
			sink_anomaly(f->out, f->side, off, "Content-Length is not a number");
			head->bad_length = head->length == NONE;
		} else if (head->length == NONE) {
			head->length = length;
		} else if (head->length != length) {
			sink_anomaly(f->out, f->side, off, "Content-Length values differ");
		}
	}
}

/* "WebSocket" becomes "websocket", and nothing but [a-z0-9._/-] passes. */
static void upgrade_keep(struct http1 *h, struct bytes value)
{
	struct bytes one;
	if (!list_next(&value, &one))
		return;
	size_t n = one.n < UPGRADE ? one.n : UPGRADE;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = one.p[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		bool plain = (c >= 'a' && c <= 'z') || is_digit(c) || (c && strchr("._/-", c));
		h->upgrade[i] = plain ? (char)c : '_';
	}
	h->upgrade[n] = '\0';
}

/* Heed what a field says of its message. */
static void field_read(const struct feed *f, enum field field, struct bytes value, uint64_t off)
{
	struct head *head = &f->half->head;
	struct bytes one;
	if (field == LENGTH)
		length_read(f, value, off);
	else if (field == CODING)
		while (list_next(&value, &one)) {
			head->chunked = same(one, "chunked");    /* the last one frames */
			head->coded |= one.n && !same(one, "identity");
		}
	else if (field == CONNECTION)
		while (list_next(&value, &one)) {
			head->close |= same(one, "close");
			head->keep_alive |= same(one, "keep-alive");
		}
	else if (field == EXPECT)
		head->expect |= same(value, "100-continue");
	else if (field == UPGRADE_TO && (f->side == CLIENT || head->status == 101))
		upgrade_keep(f->h, value);
}

/* Keep a field's line for display. */
static void field_keep(const struct feed *f, enum field field, struct bytes name,
                       struct bytes value)
{
	struct exchange *x = exchange_now(f);
	if (!x || x->part[f->side].text_full)
		return;
	struct text t;
	t.n = 0;
	put(&t, name);
	put_word(&t, name.n ? ": " : " ");
	struct part part = { (uint16_t)(x->part[f->side].text_n + t.n), 0 };
	if (field == SECRET && !sink_shows_secrets(f->out))
		put_word(&t, "***");
	else
		put_value(f, &t, value, field == HOST);
	part.n = (uint16_t)(x->part[f->side].text_n + t.n - part.at);
	put_word(&t, "\n");
	text_add(f, (struct bytes){ t.p, t.n });
	if (f->side == CLIENT && name.n && field == HOST && x->host.n == 0)
		x->host = part;
	if (f->side == CLIENT && name.n && field == AGENT && x->agent.n == 0)
		x->agent = part;
}

static void field_line(const struct feed *f, struct bytes line, uint64_t off)
{
	struct head *head = &f->half->head;
	struct bytes name = { 0 }, value = trimmed(line);
	if (!is_blank(line.p[0])) {
		const uint8_t *colon = memchr(line.p, ':', line.n);
		name.p = line.p;
		name.n = colon ? (size_t)(colon - line.p) : 0;
		value = trimmed(from(line, name.n + (colon != NULL)));
		name = trimmed(name);
		if (name.n == 0) {
			if (!head->no_colon)
				sink_anomaly(f->out, f->side, off, "a line of the head is not a field");
			head->no_colon = true;
			head->last = SECRET;     /* it could be anything: it is not kept */
			return;
		}
		head->last = field_of(name);
	} else if (head->last == SECRET && !sink_shows_secrets(f->out)) {
		return;
	}
	field_read(f, head->last, value, off);
	field_keep(f, head->last, name, value);
}

/* ---- the start of a message ---- */

static void request_begin(const struct feed *f, uint64_t off, struct bytes method)
{
	struct exchange *x = exchange_open(f, off);
	memcpy(x->method, method.p, method.n);
	message_begin(f, x, off, 0);
	f->half->unsure = false;
}

static void target_keep(const struct feed *f, struct bytes method, struct bytes target)
{
	struct exchange *x = exchange_now(f);
	struct text t;
	t.n = 0;
	target = trimmed(target);
	if (!x || x->target.n || target.n == 0)
		return;
	put(&t, method);
	put_word(&t, " ");
	size_t at = t.n;
	put_value(f, &t, target, target.p[0] != '/' && !memmem(target.p, target.n, "://", 3));
	x->target = (struct part){ (uint16_t)at, (uint16_t)(t.n - at) };
	text_add(f, (struct bytes){ t.p, t.n });
}

/* An unfinished request line that can be nothing else opens its exchange, so
 * that one cut off here is not lost. */
static void request_part(const struct feed *f, struct span s)
{
	struct bytes b = { s.p, s.n };
	bool more;
	struct bytes method = method_of(b, &more);
	if (!f->half->begun) {
		if (method.n == 0 || !method_known(method)
		    || target_guess(method, from(b, method.n + 1)) != GUESS_SENT_BY_CLIENT)
			return;
		request_begin(f, s.off, method);
		f->half->begun = true;
	}
	b = from(b, method.n + 1);
	const uint8_t *version = memmem(b.p, b.n, " HTTP/1.", 8);
	if (version && version > b.p)
		target_keep(f, method, (struct bytes){ b.p, (size_t)(version - b.p) });
}

static void request_line_read(const struct feed *f, struct request_line r, uint64_t off)
{
	if (!f->half->begun)
		request_begin(f, off, r.method);
	target_keep(f, r.method, r.target);
	struct exchange *x = exchange_now(f);
	char line[] = " HTTP/1.?\n";
	line[8] = r.minor;
	if (x)
		x->part[CLIENT].minor = r.minor;
	text_add(f, (struct bytes){ (const uint8_t *)line, sizeof line - 1 });
	f->h->upgrade[0] = '\0';
}

/* The nr of the request that the next response answers; 0: none. */
static uint64_t awaiting_nr(struct http1 *h)
{
	uint64_t found = 0;
	unsigned waiting = 0;
	bool newest = h->half[SERVER].unsure && !h->pipelined;
	for (uint64_t nr = h->first + 1; nr <= h->first + h->open; nr++) {
		if (exchange_of(h, nr)->part[SERVER].state != AWAITED)
			continue;
		if (found && newest)
			exchange_of(h, found)->part[SERVER].state = CUT_BY_GAP;
		if (!found || newest)
			found = nr;
		waiting++;
	}
	if (waiting > 1 && !h->half[SERVER].unsure)
		h->pipelined = true;
	return found;
}

/* A final response begins: find its exchange, or make one. */
static void response_begin(const struct feed *f, uint64_t off, int status, char minor)
{
	struct http1 *h = f->h;
	struct half *half = f->half;
	half->nr = 0;
	if (h->unheard > 0 && !half->unsure) {
		h->unheard--;
		return;
	}
	half->nr = awaiting_nr(h);
	half->unsure = false;
	h->unheard = 0;
	struct exchange *x = exchange_now(f);
	if (!x) {
		x = exchange_open(f, off);
		x->part[CLIENT].state = h->half[CLIENT].phase == LOST ? CUT_BY_GAP : NEVER;
	}
	x->status = (int16_t)status;
	message_begin(f, x, off, minor);
}

static void interim_begin(const struct feed *f, uint64_t off, int status)
{
	f->half->nr = 0;
	if (f->h->unheard > 0 && !f->half->unsure)
		return;
	struct exchange *x = exchange_of(f->h, awaiting_nr(f->h));
	if (!x)
		sink_anomaly(f->out, f->side, off, "an interim response without a request");
	else if (status == 100 && x->cont.frame == 0)
		sink_mark(f->out, f->side, off, MARK_BEGIN, &x->cont);
}

static bool is_interim(int status) { return status < 200 && status != 101; }

static void status_begin(const struct feed *f, struct bytes line, uint64_t off)
{
	int status = status_parse(line);
	if (f->half->begun)
		return;
	f->half->begun = true;
	f->half->head.status = status;
	if (is_interim(status))
		interim_begin(f, off, status);
	else
		response_begin(f, off, status, (char)line.p[7]);
}

static void status_line_read(const struct feed *f, struct bytes line, uint64_t off)
{
	struct text t;
	t.n = 0;
	status_begin(f, line, off);
	struct exchange *x = exchange_now(f);
	if (!x)
		return;
	put(&t, (struct bytes){ line.p, line.n < sizeof t.p ? line.n : sizeof t.p - 1 });
	if (line.n > STATUS_LINE)
		x->reason = (struct part){ STATUS_LINE + 1, (uint16_t)(t.n - STATUS_LINE - 1) };
	put_word(&t, "\n");
	text_add(f, (struct bytes){ t.p, t.n });
}

/* Not a start line after all. */
static struct step start_refused(const struct feed *f, struct span s)
{
	struct http1 *h = f->h;
	struct half *half = f->half;
	struct exchange *x = exchange_now(f);
	if (half->begun && f->side == CLIENT && x)
		text_drop(f, x);
	if (half->begun && f->side == CLIENT && x && half->nr == h->first + h->open
	    && x->part[SERVER].state == AWAITED) {
		h->open--;                       /* nobody has heard of it */
		half->nr = 0;
	}
	const char *what = f->side == CLIENT ? "not a request line" : "not a status line";
	half->begun = false;
	return give_up(f, s.off, half->found_again ? NULL : what);
}

static struct step start_part(const struct feed *f, struct span s)
{
	struct bytes b = { s.p, s.n };
	if (f->side == CLIENT) {
		bool more;
		if (method_of(b, &more).n == 0 && !more)
			return start_refused(f, s);
		request_part(f, s);
	} else {
		if (!begins_or_may(b, "HTTP/1.") || (s.n > STATUS_LINE && !status_parse(b)))
			return start_refused(f, s);
		if (s.n > STATUS_LINE)
			status_begin(f, b, s.off);
	}
	return wait_after(s);
}

static struct step start_data(const struct feed *f, struct span s)
{
	struct half *half = f->half;
	struct bytes line;
	struct request_line r;
	size_t used;
	if (f->h->tunnel)
		return (struct step){ .skip = SKIP_REST };
	if (s.p[0] == '\r' && s.n == 1)
		return wait_after(s);
	if (s.p[0] == '\n' || (s.p[0] == '\r' && s.p[1] == '\n')) {
		half->scanned = 0;
		return (struct step){ .used = s.p[0] == '\r' ? 2 : 1 };
	}
	enum got got = line_take(half, s, LIMIT_HTTP_HEAD, &line, &used);
	if (got == LINE_PART)
		return start_part(f, s);
	if (!half->begun)
		half->head.status = 0;
	half->head = (struct head){ .n = 0, .length = NONE, .status = half->head.status };
	if (got == LINE && f->side == CLIENT && request_parse(line, &r))
		request_line_read(f, r, s.off);
	else if (got == LINE && f->side == SERVER && status_parse(line))
		status_line_read(f, line, s.off);
	else
		return start_refused(f, s);
	half->head.n = used;
	half->begun = half->found_again = false;
	half->phase = HEAD;
	return (struct step){ .used = used };
}

/* ---- the end of a head, and bodies ---- */

/* A body begins at off: chunked, or of head.length bytes. */
static struct step body_begin(const struct feed *f, uint64_t off, size_t used)
{
	struct half *half = f->half;
	half->phase = half->head.chunked ? CHUNK : BODY;
	if (half->head.chunked)
		return (struct step){ .used = used };
	half->piece = off;
	half->piece_end = off + (uint64_t)half->head.length;
	if (f->side == CLIENT)
		sink_mark(f->out, f->side, off, MARK_BEGIN, &half->body);
	sink_mark(f->out, f->side, half->piece_end, MARK_END, &half->end);
	return (struct step){ .used = used, .skip = (uint64_t)half->head.length };
}

static struct step request_head_end(const struct feed *f, uint64_t off, size_t used,
                                    struct mark end)
{
	struct half *half = f->half;
	struct head *head = &half->head;
	struct exchange *x = exchange_now(f);
	bool connect = x && !strcmp(x->method, "CONNECT");
	if (x)
		x->expect = head->expect;
	if ((head->coded && !head->chunked) || (head->bad_length && !head->chunked)) {
		give_up(f, off, "the end of a request body cannot be known");
		return (struct step){ .used = used };
	}
	if (!head->chunked && head->length <= 0) {
		message_end(f, COMPLETE, off, end);
		if (connect)
			half->phase = CONNECTING;
		return (struct step){ .used = used };
	}
	if (!head->expect)
		return body_begin(f, off, used);
	half->phase = ASKED;
	return (struct step){ .used = used };
}

/* The connection now speaks something else. */
static void tunnel_begin(const struct feed *f, const char *app)
{
	f->h->tunnel = true;
	sink_app(f->out, *app ? app : "tunnel");
}

static struct step response_head_end(const struct feed *f, uint64_t off, size_t used,
                                     struct mark end)
{
	struct half *half = f->half;
	const struct head *head = &half->head;
	struct exchange *x = exchange_now(f);
	bool connected = x && !strcmp(x->method, "CONNECT") && head->status / 100 == 2;
	if (is_interim(head->status)) {
		half->phase = START;
		return (struct step){ .used = used };
	}
	if (x && x->part[SERVER].minor == '0' && !head->keep_alive)
		x->close = true;
	if (connected || head->status == 101)
		tunnel_begin(f, connected ? "tunnel" : f->h->upgrade);
	if (connected || head->status == 101 || head->status == 204 || head->status == 304
	    || (x && !strcmp(x->method, "HEAD")) || (!head->coded && head->length == 0)) {
		if (x && (head->length != 0 || connected))
			x->part[SERVER].declared = NONE;
		message_end(f, COMPLETE, off, end);
		return (struct step){ .used = used };
	}
	if (head->chunked || (!head->coded && head->length > 0))
		return body_begin(f, off, used);
	half->phase = UNTIL_CLOSE;
	half->piece = off;
	half->piece_end = UINT64_MAX;
	half->end = end;
	if (x)
		x->until_close = true;
	return (struct step){ .used = used };
}

static struct step head_end(const struct feed *f, uint64_t off, size_t used)
{
	const struct head *head = &f->half->head;
	struct exchange *x = exchange_now(f);
	struct mark end;
	sink_mark(f->out, f->side, off, MARK_END, &end);
	if (head->coded && head->length != NONE)
		sink_anomaly(f->out, f->side, off, "Content-Length and Transfer-Encoding together");
	if (x) {
		x->part[f->side].head_end = end;
		x->part[f->side].declared = head->coded ? NONE : head->length;
		x->close = x->close || head->close;
	}
	return f->side == CLIENT ? request_head_end(f, off, used, end)
	                         : response_head_end(f, off, used, end);
}

static struct step head_data(const struct feed *f, struct span s)
{
	struct head *head = &f->half->head;
	struct bytes line;
	size_t used;
	enum got got = line_take(f->half, s, LIMIT_HTTP_HEAD - head->n, &line, &used);
	if (got == LINE_PART)
		return wait_after(s);
	if (got == LINE_LONG)
		return give_up(f, s.off, "a head longer than is read");
	head->n += used;
	bool trailer = f->half->phase == TRAILER;
	if (line.n > 0 && !trailer)
		field_line(f, line, s.off);
	if (line.n > 0)
		return (struct step){ .used = used };
	if (!trailer)
		return head_end(f, s.off + used, used);
	struct mark end;
	sink_mark(f->out, f->side, s.off + used, MARK_END, &end);
	message_end(f, COMPLETE, s.off, end);
	return (struct step){ .used = used };
}

/* After a head with Expect: the body, or the next request once this was refused. */
static struct step asked_data(const struct feed *f, struct span s)
{
	struct exchange *x = exchange_now(f);
	if (x && x->status != NONE) {
		enum guess g = http1_guess((struct bytes){ s.p, s.n }, true);
		if (g == GUESS_MORE && s.n < LIMIT_GUESS)
			return wait_after(s);
		if (g == GUESS_SENT_BY_CLIENT) {
			message_end(f, COMPLETE, s.off, x->part[CLIENT].head_end);
			return (struct step){ 0 };
		}
	}
	return body_begin(f, s.off, 0);
}

/* After a CONNECT: the next request if it was refused; else not ours to read. */
static struct step connecting_data(const struct feed *f, struct span s)
{
	if (f->h->tunnel)
		return (struct step){ .skip = SKIP_REST };
	enum guess g = http1_guess((struct bytes){ s.p, s.n }, true);
	if (g == GUESS_MORE && s.n < LIMIT_GUESS)
		return wait_after(s);
	if (g != GUESS_SENT_BY_CLIENT)
		return (struct step){ .skip = SKIP_REST };
	f->half->phase = START;
	return (struct step){ 0 };
}

static struct step body_data(const struct feed *f, struct span s)
{
	struct half *half = f->half;
	if (half->phase == BODY) {
		half->owed = false;
		return (struct step){ .skip = half->piece_end - s.off };
	}
	sink_mark(f->out, f->side, s.off + s.n, MARK_END, &half->end);
	return (struct step){ .used = s.n };
}

/* The size at the start of a chunk line; NONE if there is none. */
static int64_t chunk_size(struct bytes line)
{
	int64_t size = 0;
	size_t i = 0;
	for (; i < line.n; i++) {
		uint8_t c = line.p[i], low = c | 0x20;
		int digit = is_digit(c) ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : NONE;
		if (digit == NONE)
			break;
		if (size > INT64_MAX >> 8)
			return NONE;
		size = size << 4 | digit;
	}
	bool ended = i == line.n || line.p[i] == ';' || is_blank(line.p[i]);
	return i > 0 && ended ? size : NONE;
}

static struct step chunk_data(const struct feed *f, struct span s)
{
	struct half *half = f->half;
	struct bytes line;
	size_t used;
	enum got got = line_take(half, s, CHUNK_LINE, &line, &used);
	if (got == LINE_PART)
		return wait_after(s);
	int64_t size = got == LINE ? chunk_size(line) : NONE;
	if (size == NONE)
		return give_up(f, s.off, "a chunk does not begin with its size");
	if (size == 0) {
		half->phase = TRAILER;
		half->head.n = 0;
		return (struct step){ .used = used };
	}
	half->phase = CHUNK_END;
	half->piece = s.off + used;
	half->piece_end = half->piece + (uint64_t)size;
	if (f->side == CLIENT && half->body_n == 0)
		sink_mark(f->out, f->side, half->piece, MARK_BEGIN, &half->body);
	return (struct step){ .used = used, .skip = (uint64_t)size };
}

static struct step chunk_end_data(const struct feed *f, struct span s)
{
	struct half *half = f->half;
	if (s.p[0] == '\r' && s.n == 1)
		return wait_after(s);
	if (s.p[0] != '\n' && !(s.p[0] == '\r' && s.p[1] == '\n'))
		return give_up(f, s.off, "a chunk does not end where it should");
	half->body_n += (int64_t)(half->piece_end - half->piece);
	half->piece = half->piece_end = 0;
	half->phase = CHUNK;
	return (struct step){ .used = s.p[0] == '\r' ? 2 : 1 };
}

/* ---- finding the next message ---- */

/* Where in the line a start line begins, or line.n. */
static size_t start_find(enum side side, struct bytes line)
{
	struct request_line r;
	if (side == SERVER) {
		for (size_t at = 0; at < line.n; at++) {
			const uint8_t *p = memmem(line.p + at, line.n - at, "HTTP/1.", 7);
			if (!p)
				break;
			at = (size_t)(p - line.p);
			if (status_parse(from(line, at)))
				return at;
		}
		return line.n;
	}
	if (line.n < 14 || !memmem(line.p + line.n - 12, 12, "HTTP/1.", 7))
		return line.n;
	for (size_t at = 0; at < line.n; at++) {
		bool begins_word = line.p[at] >= 'A' && line.p[at] <= 'Z';
		if (begins_word && request_parse(from(line, at), &r) && method_known(r.method)
		    && target_guess(r.method, r.target) == GUESS_SENT_BY_CLIENT
		    && !memchr(r.target.p, ' ', r.target.n))
			return at;
	}
	return line.n;
}

/* Whether b begins like a field, or the end of a head. */
static enum guess field_guess(struct bytes b)
{
	size_t n = 0;
	if (b.n && (b.p[0] == '\r' || b.p[0] == '\n'))
		return GUESS_SENT_BY_EITHER;
	while (n < b.n && n < LIMIT_GUESS && is_tchar(b.p[n]))
		n++;
	if (n == b.n)
		return GUESS_MORE;
	return n && b.p[n] == ':' ? GUESS_SENT_BY_EITHER : GUESS_NO;
}

static struct step start_found(const struct feed *f, size_t used)
{
	f->half->phase = START;
	f->half->found_again = true;
	f->half->scanned = 0;
	return (struct step){ .used = used };
}

/* Right after a hole a segment begins, and often a message with it. A line's
 * start is as good; elsewhere a field must follow to make it sure. */
static struct step lost_data(const struct feed *f, struct span s)
{
	struct half *half = f->half;
	struct bytes line, b = { s.p, s.n };
	size_t used;
	if (f->h->tunnel)
		return (struct step){ .skip = SKIP_REST };
	if (half->fresh) {
		enum guess g = http1_guess(b, false);
		if (g == GUESS_MORE && s.n < LIMIT_GUESS)
			return wait_after(s);
		half->fresh = false;
		if (g == (f->side == CLIENT ? GUESS_SENT_BY_CLIENT : GUESS_SENT_BY_SERVER))
			return start_found(f, 0);
	}
	if (line_take(half, s, SIZE_MAX, &line, &used) == LINE_PART) {
		if (s.n <= LINE_LOST)
			return wait_after(s);
		half->line_start = false;
		half->scanned = LINE_LOST;
		return (struct step){ .used = s.n - LINE_LOST };
	}
	size_t cut = used > LINE_LOST ? used - LINE_LOST : 0;
	if (cut > line.n)
		cut = line.n;
	line = from(line, cut);
	size_t at = start_find(f->side, line);
	if (at < line.n && at == 0 && cut == 0 && half->line_start)
		return start_found(f, 0);
	enum guess g = at < line.n ? field_guess(from(b, used)) : GUESS_NO;
	if (g == GUESS_MORE)
		return wait_after(s);
	if (g != GUESS_NO)
		return start_found(f, cut + at);
	half->line_start = true;
	return (struct step){ .used = used };
}

/* ---- the interface ---- */

static struct step phase_data(const struct feed *f, struct span s)
{
	switch (f->half->phase) {
	case START:       return start_data(f, s);
	case HEAD:
	case TRAILER:     return head_data(f, s);
	case ASKED:       return asked_data(f, s);
	case CONNECTING:  return connecting_data(f, s);
	case CHUNK:       return chunk_data(f, s);
	case CHUNK_END:   return chunk_end_data(f, s);
	case LOST:        return lost_data(f, s);
	case BODY:
	case UNTIL_CLOSE: break;
	}
	return body_data(f, s);
}

/* Settle and tell what the marks taken ahead say by now. */
static void catch_up(struct http1 *h, struct sink *out, enum side side, uint64_t off)
{
	struct feed one = { h, out, side, &h->half[side] };
	struct feed two = { h, out, other(side), &h->half[other(side)] };
	body_settle(&one, off);
	body_settle(&two, 0);
	exchanges_tell(h, out);
}

static struct step http1_data(void *state, struct sink *out, enum side side, struct span s)
{
	struct http1 *h = state;
	struct feed f = { h, out, side, &h->half[side] };
	struct step all = { 0 };
	h->server_spoke |= side == SERVER;
	while (all.used < s.n && all.skip == 0) {
		struct span rest = { s.p + all.used, s.n - all.used, s.off + all.used };
		catch_up(h, out, side, rest.off);
		struct step did = phase_data(&f, rest);
		all.used += did.used;
		all.skip = did.skip;
		all.need = did.need;
		if (did.need)
			break;
	}
	catch_up(h, out, side, 0);
	return all;
}

/* A hole right where the body of a request with Expect would begin is that
 * body, as far as its length allows. */
static bool gap_is_body(const struct feed *f, uint64_t off, uint64_t len)
{
	const struct exchange *x = exchange_now(f);
	if (f->half->phase != ASKED || f->half->head.chunked || (x && x->status != NONE))
		return false;
	body_begin(f, off, 0);
	f->half->owed = true;
	return off + len <= f->half->piece_end;
}

static void http1_gap(void *state, struct sink *out, enum side side, uint64_t off, uint64_t len)
{
	struct http1 *h = state;
	struct half *half = &h->half[side];
	struct feed f = { h, out, side, half };
	catch_up(h, out, side, off);
	if (half->phase == UNTIL_CLOSE) {
		sink_mark(out, side, off + len, MARK_END, &half->end);
		return;
	}
	if (gap_is_body(&f, off, len))
		return;
	body_settle(&f, off + len);
	if (half->phase == ASKED && exchange_now(&f) && exchange_now(&f)->status != NONE)
		message_end(&f, COMPLETE, off, exchange_now(&f)->part[CLIENT].head_end);
	message_end(&f, CUT_BY_GAP, off, (struct mark){ 0 });
	for (uint64_t nr = h->first + 1; side == SERVER && nr <= h->first + h->open; nr++)
		exchange_of(h, nr)->in_gap = true;
	lose(&f, true);
	exchanges_tell(h, out);
}

/* Nothing more will come from this side: settle its message in progress. */
static void half_end(const struct feed *f, uint64_t off, enum end_how how)
{
	struct half *half = f->half;
	const struct exchange *x = exchange_now(f);
	enum state cut = how == END_FIN ? CUT_BY_FIN : how == END_RST ? CUT_BY_RST : OPEN;
	half->ended = true;
	if (half->phase == CONNECTING)
		return;
	if (half->phase == UNTIL_CLOSE && how == END_FIN)
		message_end(f, COMPLETE, off, half->end);
	else if (half->phase == ASKED && x && x->status != NONE)
		message_end(f, COMPLETE, off, x->part[CLIENT].head_end);
	else
		message_end(f, cut, off, (struct mark){ 0 });
}

static void http1_end(void *state, struct sink *out, enum side side, uint64_t off,
                      enum end_how how)
{
	struct http1 *h = state;
	struct feed f = { h, out, side, &h->half[side] };
	catch_up(h, out, side, off);
	half_end(&f, off, how);
	exchanges_tell(h, out);
	if (!h->half[other(side)].ended)
		return;
	while (h->open > 0) {
		struct exchange *x = exchange_of(h, h->first + 1);
		if (x->part[SERVER].state == AWAITED && x->in_gap)
			x->part[SERVER].state = CUT_BY_GAP;
		exchange_drop(h, out);
	}
}

const struct dissector http1_dissector = {
	.name = "http", .state_size = sizeof(struct http1), .max_pending = LIMIT_HTTP_HEAD,
	.guess = http1_guess, .data = http1_data, .gap = http1_gap, .end = http1_end,
};
