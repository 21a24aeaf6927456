/* http1_start.c - the first line of a message, and the exchange it belongs to.
 *
 * A line that arrives in pieces is acted upon as soon as it can be nothing
 * else, and read again when it is complete.
 */
#define _GNU_SOURCE                      /* memmem */
#include "http1_message.h"
#include "http1_secrets.h"
#include "http1_words.h"

static const char VERSION[] = " HTTP/1.";

/* ---- request lines ---- */

static void request_begin(const struct feed *f, uint64_t off, struct bytes method)
{
	f->half->nr = exchange_open(&f->h->exchanges, f->out, f->side, off);
	struct exchange *x = exchange_now(f);
	memcpy(x->method, method.p, method.n);
	x->is_head = equals(method, "HEAD");
	x->is_connect = equals(method, "CONNECT");
	message_begin(f, off, 0);
}

/* Keep what is known of a request line: its method and target, and the rest. */
static void request_keep(const struct feed *f, struct bytes method, struct bytes target,
                         struct bytes rest)
{
	struct exchange *x = exchange_now(f);
	struct text t;
	target = trimmed(target);
	if (!x)
		return;
	kept_empty(&x->part[CLIENT].head);
	x->target = (struct part){ 0 };
	if (!head_keep(f, method.n + target.n + rest.n, &t))
		return;
	text_put(&t, method);
	text_put_word(&t, " ");
	size_t at = t.n;
	if (sink_shows_secrets(f->out))
		text_put(&t, target);
	else
		text_put_redacted(&t, target, target_is_authority(target));
	x->target = (struct part){ (uint16_t)at, (uint16_t)(t.n - at) };
	text_put(&t, rest);
	head_kept(f, &t);
}

/* An unfinished request line that can be nothing else opens its exchange, so
 * that one cut off here is not lost: with its target, once a version follows
 * (the line's end may yet show a later one). No other is let go for it. The
 * first `seen` bytes were here before. */
static void request_part(const struct feed *f, const struct span *s, struct bytes method, size_t seen)
{
	struct bytes b = { s->p, s->n };
	if (!f->half->begun) {
		if (exchanges_are_full(&f->h->exchanges) || !request_is_sure(b, method))
			return;
		request_begin(f, s->off, method);
		f->half->begun = true;
		seen = 0;
	}
	const struct exchange *x = exchange_now(f);
	if (!x || x->target.n)
		return;
	size_t at = method.n + 1, overlap = strlen(VERSION) - 1;
	size_t search = seen > at + overlap ? seen - overlap : at;
	const uint8_t *version = memmem(b.p + search, b.n - search, VERSION, strlen(VERSION));
	if (version)
		request_keep(f, method, (struct bytes){ b.p + at, (size_t)(version - b.p) - at },
		             (struct bytes){ 0 });
}

static void request_line_read(const struct feed *f, struct request_line r, uint64_t off)
{
	uint8_t version[] = { ' ', 'H', 'T', 'T', 'P', '/', '1', '.', (uint8_t)r.minor, '\n' };
	if (!f->half->begun)
		request_begin(f, off, r.method);
	request_keep(f, r.method, r.target, (struct bytes){ version, sizeof version });
	if (exchange_now(f))
		exchange_now(f)->part[CLIENT].minor = r.minor;
	f->half->head = (struct head){ .length = NONE };
}

/* ---- status lines ---- */

/* A final response begins: find its exchange, or make one. */
static void response_begin(const struct feed *f, uint64_t off, int status, char minor)
{
	struct exchanges *e = &f->h->exchanges;
	struct half *half = f->half;
	half->nr = 0;
	if (e->unheard > 0 && !half->unsure) {
		e->unheard--;
		return;
	}
	half->nr = exchange_awaiting(e, half->unsure);
	half->unsure = false;
	e->unheard = 0;
	if (half->nr == 0) {
		half->nr = exchange_open(e, f->out, f->side, off);
		exchange_now(f)->part[CLIENT].state = f->h->half[CLIENT].phase == LOST ? CUT_BY_GAP
		                                                                       : NEVER;
	}
	exchange_now(f)->status = (int16_t)status;
	e->answered = half->nr;
	message_begin(f, off, minor);
}

/* One that nobody waits for came late, if anything was answered before. */
static void interim_begin(const struct feed *f, uint64_t off, int status)
{
	struct exchanges *e = &f->h->exchanges;
	struct http_interim told = { .exchange_nr = NONE, .status = status };
	f->half->nr = 0;
	if (e->unheard > 0 && !f->half->unsure)
		return;
	uint64_t nr = exchange_awaiting(e, f->half->unsure);
	struct exchange *x = exchange_of(e, nr);
	sink_mark(f->out, f->side, off, MARK_BEGIN, &told.at);
	if (x && status == 100 && x->cont.frame == 0)
		x->cont = told.at;
	if (!x && e->answered == 0)
		sink_anomaly(f->out, f->side, off, "an interim response without a request");
	told.late = !x && e->answered;
	if (x || e->answered)
		told.exchange_nr = (int64_t)(x ? nr : e->answered);
	sink_http_interim(f->out, &told);
}

/* The line's end need not be there. */
static void status_begin(const struct feed *f, struct bytes line, int status, uint64_t off)
{
	if (f->half->begun)
		return;
	f->half->begun = true;
	if (is_interim(status))
		interim_begin(f, off, status);
	else
		response_begin(f, off, status, (char)line.p[7]);
}

static void status_line_read(const struct feed *f, struct bytes line, int status, uint64_t off)
{
	struct text t;
	status_begin(f, line, status, off);
	f->half->head = (struct head){ .length = NONE, .status = status };
	struct exchange *x = exchange_now(f);
	if (!x || !head_keep(f, line.n, &t))
		return;
	text_put(&t, line);
	if (t.n > STATUS_LINE + 1)
		x->reason = (struct part){ STATUS_LINE + 1, (uint16_t)(t.n - STATUS_LINE - 1) };
	text_put_word(&t, "\n");
	head_kept(f, &t);
}

/* ---- the start line ---- */

static struct step start_refused(const struct feed *f, const struct span *s)
{
	const char *what = f->side == CLIENT ? "not a request line" : "not a status line";
	if (f->half->begun && f->side == CLIENT)
		exchange_withdraw(&f->h->exchanges, f->half->nr);
	return message_give_up(f, s->off, f->half->found_again ? NULL : what);
}

/* Of a line whose end is not there: whether it can still become a start line. */
static bool start_part(const struct feed *f, const struct span *s, size_t seen)
{
	struct bytes b = { s->p, s->n };
	if (f->side == CLIENT) {
		bool more;
		struct bytes method = method_parse(b, &more);
		if (method.n > 0)
			request_part(f, s, method, seen);
		return method.n > 0 || more;
	}
	if (s->n <= STATUS_LINE)
		return begins_or_may(b, "HTTP/1.");
	int status = status_parse(b);
	if (status)
		status_begin(f, b, status, s->off);
	return status != 0;
}

struct step start_data(const struct feed *f, const struct span *s)
{
	struct half *half = f->half;
	struct request_line r;
	struct bytes line;
	size_t used, seen = half->scanned;
	bool more;
	int status;
	if (f->h->tunnel)
		return tunnel_data(f, s);
	if ((used = line_end((struct bytes){ s->p, s->n }, &more))) {
		half->scanned = 0;
		return (struct step){ .used = used };
	}
	if (more)
		return wait_after(s);
	enum got got = line_take(half, (struct bytes){ s->p, s->n }, LIMIT_HTTP_HEAD, &line, &used);
	if (got != LINE)
		return start_part(f, s, seen) && got == LINE_PART ? wait_after(s) : start_refused(f, s);
	if (f->side == CLIENT && request_parse(line, &r))
		request_line_read(f, r, s->off);
	else if (f->side == SERVER && (status = status_parse(line)))
		status_line_read(f, line, status, s->off);
	else
		return start_refused(f, s);
	half->head.n = used;
	half->begun = half->found_again = false;
	half->phase = HEAD;
	return (struct step){ .used = used };
}
