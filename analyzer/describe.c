/* describe.c - see describe.h: the packet, layer by layer, on decode()'s way. */
#include "describe.h"

#include <stdlib.h>
#include <string.h>

#include "describe_lines.h"
#include "text.h"

static part_describe *const parts[LAYERS] = {
	[LAYER_IP4] = ip4_describe,   [LAYER_IP6] = ip6_describe, [LAYER_PROTOCOL] = auth_describe,
	[LAYER_ICMP] = icmp_describe, [LAYER_TCP] = tcp_describe,
};

/* What is known of the packet without looking into it. */
static void frame_head(struct describing *d)
{
	const struct packet *p = d->packet;
	char time[TEXT_TIME_SIZE];
	line(d, 0, 0, p->bytes.n, "Frame %llu: %u bytes on wire, %zu bytes captured",
	     (unsigned long long)p->frame, p->wire_n, p->bytes.n);
	if (p->kind)
		line_add(d, " (%s)", p->kind);
	line(d, 1, 0, 0, "Arrival Time: %s", text_time(p->ns, time));
	for (size_t i = 0; i < p->comments_n; i++)
		line_bytes(d, 1, 0, 0, "Packet comment: ", p->comments[i]);
}

/* ---- layers ---- */

struct layers {
	struct describing *d;
	struct walk        w;
	struct segment     s;
	size_t             at;           /* in the packet */
	enum layer         last;         /* that was read */
	size_t             lines;        /* up to a UDP header whose port stands for a tunnel; 0: none */
	size_t             udp_end, udp_n;   /* where that ends, and the bytes behind it */
};

/* How many bytes of `left` the header has that the step read, from `before` on. Of TCP's,
 * and of an IPv4 header that is none, the step takes nothing. */
static size_t step_take(struct layers *l, enum layer layer, const uint8_t *before, size_t left)
{
	enum { TCP_HEADER = 20, IP4_HEADER = 20 };
	struct walk *w = &l->w;
	size_t n = w->r.p ? (size_t)(w->r.p - before) : left, least = 0;
	if (layer == LAYER_TCP && !w->quoted)
		least = w->kind ? left : TCP_HEADER + l->s.options.n;
	else if (layer == LAYER_IP4 && w->kind)
		least = IP4_HEADER;
	if (n || !least)
		return n;
	return rd_take(&w->r, least < left ? least : left).n;
}

/* A step without bytes only says what comes next. */
static enum layer layer_show(struct layers *l, enum layer layer)
{
	struct describing *d = l->d;
	const uint8_t *before = l->w.r.p;
	size_t left = rd_left(&l->w.r);
	unsigned next = l->w.next;
	enum layer then = layer_step(&l->w, layer);
	size_t n = step_take(l, layer, before, left);
	struct part p = { l->at, { d->shown.p + l->at, n }, next };
	if (n && parts[layer])
		parts[layer](d, &p);
	else if (n && !layer_describe(d, layer, &p))
		line(d, 0, p.off, n, "Header of %zu bytes", n);
	l->at += n;
	d->base = l->w.quoted;
	l->last = layer;
	if (layer == LAYER_UDP && then != LAYER_END) {
		l->lines = d->to->n;
		l->udp_end = l->at;
		l->udp_n = rd_left(&l->w.r);
	}
	return then;
}

/* No tunnel after all: what was shown behind UDP is taken back. */
static void guess_undo(struct layers *l)
{
	struct description *to = l->d->to;
	while (to->n > l->lines)
		free(to->lines[--to->n].text);
	to->cut = false;
	l->at = l->udp_end;
	l->w.r = rd_over((struct bytes){ l->d->packet->bytes.p + l->at, l->udp_n });
}

/* What is behind the last header. */
static void rest_show(struct layers *l)
{
	struct describing *d = l->d;
	size_t n = l->w.kind || l->w.quoted ? rd_left(&l->w.r) : l->s.payload.n;
	struct bytes b = { d->shown.p + l->at, n };
	if (l->w.quoted && n)
		line(d, 0, l->at, n, "[what is quoted goes on for %zu bytes]", n);
	else if (!l->w.quoted && !l->w.kind)
		payload_describe(d, l->at, b);
	else if (n)
		line(d, 0, l->at, n, "Data (%zu bytes): %s", n, l->w.kind);
	else if (l->w.kind)
		line(d, 0, l->at, 0, "[%s]", l->w.kind);
	l->at += n;
	d->base = 0;
	if (l->at < d->shown.n)
		line(d, 0, l->at, d->shown.n - l->at, "Trailer: %zu bytes", d->shown.n - l->at);
	if (d->packet->wire_n > d->packet->bytes.n)
		line(d, 0, d->packet->bytes.n, 0, "[%zu bytes more were not captured]",
		     d->packet->wire_n - d->packet->bytes.n);
}

static void layers_show(struct describing *d, struct decoder *decoder)
{
	struct layers l = { .d = d, .w = { .r = rd_over(d->packet->bytes), .decoder = decoder,
	                                   .cut = d->packet->wire_n - d->packet->bytes.n } };
	enum layer layer = link_layer(d->packet->link, &l.at);
	l.w.s = &l.s;
	d->walk = &l.w;
	if (layer == LAYER_END)
		l.w.kind = "link type that is not understood";
	if (l.at > d->shown.n) {
		l.at = d->shown.n;
		layer = walk_end(&l.w, "link header cut off");
	}
	if (l.at)
		line(d, 0, 0, l.at, "Link header, %zu bytes", l.at);
	rd_take(&l.w.r, l.at);
	for (int n = 0; layer != LAYER_END; n++)
		layer = n < LIMIT_LAYERS ? layer_show(&l, layer) : walk_end(&l.w, "too many headers");
	if (l.lines && l.last != LAYER_UDP && l.w.kind && strcmp(l.w.kind, l.w.guessed) == 0)
		guess_undo(&l);
	rest_show(&l);
}

void describe(struct description *to, const struct packet *packet, struct bytes shown)
{
	struct describing d = { .to = to, .packet = packet, .shown = shown };
	description_free(to);
	frame_head(&d);
	if (packet->kind)
		return;
	struct decoder *decoder = decoder_new();
	layers_show(&d, decoder);
	decoder_free(decoder);
}

void description_free(struct description *to)
{
	for (size_t i = 0; i < to->n; i++)
		free(to->lines[i].text);
	free(to->lines);
	*to = (struct description){ 0 };
}
