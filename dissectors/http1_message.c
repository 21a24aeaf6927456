/* http1_message.c - see http1_message.h. */
#include "http1_message.h"

#include "http1_secrets.h"
#include "http1_words.h"

size_t line_end(struct bytes s, bool *more)
{
	*more = s.n == 1 && s.p[0] == '\r';
	if (s.p[0] == '\n')
		return 1;
	return s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n' ? 2 : 0;
}

/* ---- the beginning and the end of a message ---- */

void message_begin(const struct feed *f, uint64_t off, char minor)
{
	struct message *m = &exchange_now(f)->part[f->side];
	m->state = UNFINISHED;
	m->off   = (int64_t)off;
	m->minor = minor;
	m->bytes = 0;
	sink_mark(f->out, f->side, off, MARK_BEGIN, &m->begin);
	kept_begin(&f->h->exchanges.kept[f->side], &m->head);
}

bool head_keep(const struct feed *f, size_t n, struct text *t)
{
	const struct exchange *x = exchange_now(f);
	return x && kept_open(&f->h->exchanges.kept[f->side], f->out, f->side,
	                      &x->part[f->side].head, n, t);
}

void head_kept(const struct feed *f, const struct text *t)
{
	kept_close(&f->h->exchanges.kept[f->side], &exchange_now(f)->part[f->side].head, t);
}

/* Body bytes that came, when the direction has reached `off`. */
static int64_t body_seen(const struct half *half, uint64_t off)
{
	uint64_t end = off < half->piece_end ? off : half->piece_end;
	return half->body_n + (end > half->piece ? (int64_t)(end - half->piece) : 0);
}

void message_end(const struct feed *f, enum state state, uint64_t off, struct mark end)
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
		if (f->side == CLIENT && half->body.frame) {
			x->body = half->body;
			x->body_hash = body_hash(half, state == COMPLETE);
		}
	}
	half->nr = 0;
	half->begun = half->owed = false;
	half->phase = START;
	half->piece = half->piece_end = 0;
	half->body_n = 0;
	half->hash = (struct body_hash){ 0 };
	half->body = half->end = (struct mark){ 0 };
}

bool message_refused(const struct feed *f)
{
	const struct exchange *x = exchange_now(f);
	return f->half->phase == ASKED && x && x->status != NONE;
}

void half_lose(const struct feed *f, bool fresh)
{
	f->half->phase = LOST;
	f->half->unsure = true;
	f->half->fresh = fresh;
	f->half->line_start = !fresh;
	f->half->scanned = 0;
}

struct step message_give_up(const struct feed *f, uint64_t off, const char *what)
{
	if (what)
		sink_anomaly(f->out, f->side, off, what);
	message_end(f, CUT_BY_GAP, off, (struct mark){ 0 });
	half_lose(f, false);
	return (struct step){ 0 };
}

/* ---- fields ---- */

enum { LOOK_AHEAD = 256 };

/* What is known while the fields of a head are read: that nothing before `clean` is
 * suspect (http1_secrets.h), of the bytes up to `end`. */
struct reading {
	struct exchange  *x;
	struct kept_head *kept;
	struct text       text;
	const uint8_t    *clean, *end;
	bool              keeps, shown;
};

static void reading_begin(const struct feed *f, const struct span *s, struct reading *r)
{
	*r = (struct reading){ .clean = s->p, .end = s->p + s->n };
	if (f->half->phase != HEAD || !(r->x = exchange_now(f)))
		return;
	r->shown = sink_shows_secrets(f->out);
	r->kept = &r->x->part[f->side].head;
	r->keeps = kept_open(&f->h->exchanges.kept[f->side], f->out, f->side, r->kept, 0, &r->text);
}

static void reading_end(const struct feed *f, struct reading *r)
{
	if (r->keeps)
		kept_close(&f->h->exchanges.kept[f->side], r->kept, &r->text);
	r->keeps = false;
}

/* Whether there is room for what becomes of a line of n bytes, or the caps leave none. */
static bool reading_keeps(const struct feed *f, struct reading *r, size_t n)
{
	if (!r->keeps || r->text.cut)
		return false;
	if (kept_need(n) > r->text.size - r->text.n && r->text.size < r->kept->max) {
		reading_end(f, r);
		r->keeps = kept_open(&f->h->exchanges.kept[f->side], f->out, f->side, r->kept, n,
		                     &r->text);
	}
	return r->keeps;
}

/* Whether a value can be shown as it is. Values are looked through some lines at a
 * time, since in most heads none is suspect. */
static bool value_is_clean(struct reading *r, struct bytes value)
{
	const uint8_t *end = value.p + value.n;
	if (end > r->clean) {
		size_t left = (size_t)(r->end - value.p), look = value.n + LOOK_AHEAD;
		r->clean = value.p + clean_length((struct bytes){ value.p, left < look ? left : look });
	}
	return end <= r->clean || !value_is_suspect(value);
}

/* Put a field as it is shown; its value's place in the text. */
static struct part field_put(struct reading *r, const struct field_line *l)
{
	static const char divider[] = ": ";
	struct text *t = &r->text;
	bool plain = r->shown || (l->field != SECRET && value_is_clean(r, l->value));
	size_t at = t->n + l->name.n + 2;
	if (plain && l->name.n && l->value.p == l->name.p + l->name.n + 2
	    && !memcmp(l->value.p - 2, divider, 2)) {
		text_put_line(t, (struct bytes){ l->name.p, l->name.n + 2 + l->value.n });
		return (struct part){ (uint16_t)at, (uint16_t)l->value.n };
	}
	text_put(t, l->name);
	text_put_word(t, l->name.n ? divider : " ");
	at = t->n;
	if (plain)
		text_put(t, l->value);
	else if (l->field == SECRET)
		text_put_word(t, "***");
	else
		text_put_redacted(t, l->value, l->field == HOST);
	struct part part = { (uint16_t)at, (uint16_t)(t->n - at) };
	text_put_word(t, "\n");
	return part;
}

/* Keep a field's line for display. */
static void field_keep(const struct feed *f, struct reading *r, const struct field_line *l)
{
	if ((l->field == SECRET && l->name.n == 0 && !r->shown)
	    || !reading_keeps(f, r, l->name.n + l->value.n))
		return;
	struct part value = field_put(r, l);
	if (f->side == SERVER || l->name.n == 0 || (l->field != HOST && l->field != AGENT))
		return;
	struct part *first = l->field == HOST ? &r->x->host : &r->x->agent;
	if (first->n == 0)
		*first = value;
}

static void field_read(const struct feed *f, struct reading *r, struct bytes line, uint64_t off)
{
	struct head *head = &f->half->head;
	struct field_line l;
	if (!field_parse(line, head->last, &l)) {
		if (!head->no_colon)
			sink_anomaly(f->out, f->side, off, "a line of the head is not a field");
		head->no_colon = true;
		head->last = SECRET;             /* it could be anything: it is not kept */
		return;
	}
	head->last = l.field;
	if (l.field > AGENT && l.field < SECRET) {
		const char *wrong = head_read(head, &l);
		if (wrong)
			sink_anomaly(f->out, f->side, off, wrong);
	}
	if (r->keeps)
		field_keep(f, r, &l);
}

/* ---- the end of a head ---- */

static struct step request_head_end(const struct feed *f, uint64_t off, size_t used,
                                    struct mark end)
{
	struct half *half = f->half;
	struct head *head = &half->head;
	struct exchange *x = exchange_now(f);
	bool connect = x && x->is_connect;
	if (x)
		x->expect = head->expect;
	if (!head->chunked && (head->coded || head->bad_length)) {
		message_give_up(f, off, "the end of a request body cannot be known");
	} else if (!head->chunked && head->length <= 0) {
		message_end(f, COMPLETE, off, end);
		if (connect)
			half->phase = CONNECTING;
	} else if (head->expect) {
		half->phase = ASKED;
	} else {
		return body_begin(f, off, used);
	}
	return (struct step){ .used = used };
}

static struct step response_head_end(const struct feed *f, uint64_t off, size_t used,
                                     struct mark end)
{
	struct half *half = f->half;
	const struct head *head = &half->head;
	struct exchange *x = exchange_now(f);
	bool connected = x && x->is_connect && head->status / 100 == 2;
	bool no_length = head->coded || head->length == NONE;
	if (is_interim(head->status)) {
		half->phase = START;
		return (struct step){ .used = used };
	}
	if (x && x->part[SERVER].minor == '0' && !head->keep_alive)
		x->close = true;
	if (connected || head->status == 101) {
		const char *to = *head->upgrade ? head->upgrade : f->h->half[CLIENT].head.upgrade;
		f->h->tunnel = true;
		f->h->websocket = !connected && !strcmp(to, "websocket");
		sink_app(f->out, connected || !*to ? "tunnel" : to);
	}
	bool bodiless = connected || head->status == 101 || head->status == 204
	             || head->status == 304 || (x && x->is_head);
	if (bodiless && x && (head->length != 0 || connected))
		x->part[SERVER].declared = NONE;     /* not this message's length */
	if (bodiless || (!no_length && head->length == 0)) {
		message_end(f, COMPLETE, off, end);
		return (struct step){ .used = used };
	}
	if (head->chunked || !no_length)
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
	if (f->half->phase == TRAILER) {
		message_end(f, COMPLETE, off, end);
		return (struct step){ .used = used };
	}
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

/* Read the fields there are. *used: how far that went, up to the line where it ended. */
static enum got fields_read(const struct feed *f, const struct span *s, struct bytes *line, size_t *used)
{
	struct head *head = &f->half->head;
	struct reading r;
	size_t at = 0, n, most = LIMIT_HTTP_HEAD - head->n;
	enum got got;
	reading_begin(f, s, &r);
	while ((got = line_take(f->half, (struct bytes){ s->p + at, s->n - at }, most - at,
	                        line, &n)) == LINE && line->n > 0) {
		if (f->half->phase == HEAD)
			field_read(f, &r, *line, s->off + at);
		at += n;
	}
	reading_end(f, &r);
	head->n += at;
	*used = got == LINE ? at + n : at;
	return got;
}

static struct step head_data(const struct feed *f, const struct span *s)
{
	struct bytes line;
	size_t used;
	enum got got = fields_read(f, s, &line, &used);
	if (got == LINE)
		return head_end(f, s->off + used, used);
	if (got == LINE_PART)
		return (struct step){ .used = used, .need = s->n - used + 1 };
	message_give_up(f, s->off + used, "a head longer than is read");
	return (struct step){ .used = used };
}

/* After a head with Expect: the body, or the next request once this was refused. */
static struct step asked_data(const struct feed *f, const struct span *s)
{
	if (!message_refused(f))
		return body_begin(f, s->off, 0);
	enum guess g = start_guess((struct bytes){ s->p, s->n }, true);
	if (g == GUESS_MORE && s->n < LIMIT_GUESS)
		return wait_after(s);
	if (g != GUESS_SENT_BY_CLIENT)
		return body_begin(f, s->off, 0);
	message_end(f, COMPLETE, s->off, exchange_now(f)->part[CLIENT].head_end);
	return (struct step){ 0 };
}

/* After a CONNECT: the next request if it was refused; else not ours to read. */
static struct step connecting_data(const struct feed *f, const struct span *s)
{
	enum guess g = f->h->tunnel ? GUESS_NO : start_guess((struct bytes){ s->p, s->n }, true);
	if (g == GUESS_MORE && s->n < LIMIT_GUESS)
		return wait_after(s);
	if (g != GUESS_SENT_BY_CLIENT)
		return (struct step){ .skip = SKIP_REST };
	f->half->phase = START;
	return (struct step){ 0 };
}

struct step message_data(const struct feed *f, const struct span *s)
{
	switch (f->half->phase) {
	case START:       return start_data(f, s);
	case HEAD:
	case TRAILER:     return head_data(f, s);
	case ASKED:       return asked_data(f, s);
	case CONNECTING:  return connecting_data(f, s);
	case BODY:
	case CHUNK:
	case CHUNK_END:
	case UNTIL_CLOSE: return body_data(f, s);
	case LOST:        break;
	}
	return (struct step){ .used = s->n };
}
