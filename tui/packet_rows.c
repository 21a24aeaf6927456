/* packet_rows.c - see packet_rows.h. */
#include "packet_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

static const char known[] = "What the case knows of it";

/* ---- lines ---- */

void packet_rows_read(struct packet_rows *r, const struct packet *packet, struct bytes shown, int64_t own_frame)
{
	struct packet named = *packet;
	named.frame = (uint64_t)own_frame;
	describe(&r->lines, &named, shown);
	r->bytes = alloc_grown(r->bytes, shown.n + 1, 1);
	if (shown.n)
		memcpy(r->bytes, shown.p, shown.n);
	r->bytes_n = shown.n;
}

static void line_add(struct packet_rows *r, int depth, const char *label, const char *text)
{
	struct description *d = &r->lines;
	size_t n = strlen(label) + strlen(text) + 1;
	if (!*text && depth > 0)
		return;
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 32;
		d->lines = alloc_grown(d->lines, d->room, sizeof *d->lines);
	}
	char *line = alloc_grown(NULL, n, 1);
	snprintf(line, n, "%s%s", label, text);
	d->lines[d->n++] = (struct description_line){ .depth = depth, .text = line };
}

static void segment_know(struct packet_rows *r, const struct packet_facts *p)
{
	char text[80];
	if (p->relative_seq >= 0)
		snprintf(text, sizeof text, "%lld (relative), %u (raw)", (long long)p->relative_seq, p->seq);
	else
		snprintf(text, sizeof text, "%u (raw)", p->seq);
	line_add(r, 1, "Sequence Number: ", text);
	if (p->relative_ack >= 0)
		snprintf(text, sizeof text, "%lld (relative), %u (raw)", (long long)p->relative_ack, p->ack);
	else
		snprintf(text, sizeof text, "%u (raw)", p->ack);
	line_add(r, 1, "Acknowledgment Number: ", text);
	snprintf(text, sizeof text, "%lld bytes, %u in the header", (long long)p->scaled_window, p->window);
	line_add(r, 1, "Window: ", text);
	snprintf(text, sizeof text, "%lld bytes", (long long)p->len);
	line_add(r, 1, "Payload: ", text);
}

void packet_rows_know(struct packet_rows *r, const struct packet_facts *p)
{
	char time[TEXT_TIME_SIZE];
	line_add(r, 0, known, "");
	if (p->kind == PACKET_UNKNOWN)
		return;
	line_add(r, 1, "Arrival Time: ", text_time(p->ns, time));
	line_add(r, 1, p->kind == PACKET_ICMP ? "An ICMP error told to the " : "Sent by the ", p->from_client ? "client" : "server");
	line_add(r, 1, "Carries: ", p->label.text);
	line_add(r, 1, "Stands out: ", p->label.marks);
	line_add(r, 1, "Evidence of ", p->evidence);
	if (p->kind == PACKET_SEGMENT)
		segment_know(r, p);
}

void packet_rows_free(struct packet_rows *r)
{
	description_free(&r->lines);
	free(r->bytes);
	free(r->row);
	*r = (struct packet_rows){ 0 };
}

/* ---- layers ---- */

void packet_layer_name(const struct packet_rows *r, size_t line, char name[static LAYER_NAME])
{
	const char *text = r->lines.lines[line].text;
	snprintf(name, LAYER_NAME, "%.*s", (int)strcspn(text, ",:(0123456789"), text);
}

static size_t layer_choice(const struct packet_choice *c, const char *name)
{
	size_t i = 0;
	while (i < c->layers && strcmp(c->layer[i].name, name) != 0)
		i++;
	return i;
}

static size_t layer_end(const struct packet_rows *r, size_t line)
{
	do
		line++;
	while (line < r->lines.n && r->lines.lines[line].depth > 0);
	return line;
}

static bool is_layer(const struct packet_rows *r, size_t line, const char *name)
{
	return strncmp(r->lines.lines[line].text, name, strlen(name)) == 0;
}

bool packet_layer_folds(const struct packet_rows *r, size_t line)
{
	return line < r->lines.n && layer_end(r, line) > line + 1;
}

/* The innermost layers: TCP, or an ICMP error, and what follows; what the case knows, where there
 * is nothing else. */
static bool open_at_first(const struct packet_rows *r, size_t line)
{
	if (is_layer(r, line, known))
		return line == 0;
	for (size_t i = 0; i <= line; i = layer_end(r, i))
		if (is_layer(r, i, "Transmission Control Protocol") || is_layer(r, i, "Internet Control Message Protocol"))
			return true;
	return false;
}

bool packet_layer_open(const struct packet_rows *r, const struct packet_choice *c, size_t line)
{
	char name[LAYER_NAME];
	packet_layer_name(r, line, name);
	size_t i = layer_choice(c, name);
	return i < c->layers ? c->layer[i].open : open_at_first(r, line);
}

void packet_layer_turn(const struct packet_rows *r, struct packet_choice *c, size_t line, bool open)
{
	char name[LAYER_NAME];
	packet_layer_name(r, line, name);
	size_t i = layer_choice(c, name);
	if (i == PACKET_LAYERS) {             /* the oldest is forgotten */
		memmove(c->layer, c->layer + 1, sizeof c->layer - sizeof *c->layer);
		i = --c->layers;
	}
	if (i == c->layers)
		c->layers++;
	memcpy(c->layer[i].name, name, sizeof name);
	c->layer[i].open = open;
}

size_t packet_innermost(const struct packet_rows *r)
{
	size_t last = 0;
	for (size_t i = 0; i < r->lines.n && !is_layer(r, i, known); i = layer_end(r, i)) {
		bool carries = i && is_layer(r, last, "Transmission Control Protocol");
		last = i;
		if (carries)
			break;
	}
	return last;
}

/* ---- rows ---- */

void packet_rows_fold(struct packet_rows *r, const struct packet_choice *c)
{
	bool open = true;
	r->row = alloc_grown(r->row, r->lines.n + 1, sizeof *r->row);
	r->n = 0;
	for (size_t i = 0; i < r->lines.n; i++) {
		bool head = r->lines.lines[i].depth == 0;
		if (head)
			open = packet_layer_open(r, c, i);
		if (head || open)
			r->row[r->n++] = i;
	}
}

const struct description_line *packet_row(const struct packet_rows *r, int64_t row)
{
	return row >= 0 && row < (int64_t)r->n ? &r->lines.lines[r->row[row]] : NULL;
}

size_t packet_layer(const struct packet_rows *r, int64_t row)
{
	size_t line = row >= 0 && row < (int64_t)r->n ? r->row[row] : 0;
	while (line > 0 && r->lines.lines[line].depth > 0)
		line--;
	return line;
}

int64_t packet_row_of(const struct packet_rows *r, size_t line)
{
	size_t row = 0;
	while (row + 1 < r->n && r->row[row + 1] <= line)
		row++;
	return (int64_t)row;
}
