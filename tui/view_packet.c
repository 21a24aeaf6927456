/* view_packet.c - one packet from its file: its layers as lines, and its bytes, those of the line
 * at hand selected; without the file, what the case knows of it. */
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "clock.h"
#include "hex_draw.h"
#include "key.h"
#include "notes.h"
#include "packet_read.h"
#include "packet_rows.h"
#include "text.h"
#include "views.h"

enum { BESIDE_COLS = 130, DIGITS = 4, NOTE_SIZE = 256 };

struct packet_view {
	struct packet_facts   facts;
	struct labels         labels;
	struct packet_reader *reader;
	struct packet_choice *choice;     /* the browser's */
	struct packet_rows    rows;
	struct list           list;
	bool                  wanted;     /* it is still to be read from its file */
	uint32_t              wire_n;     /* bytes it had */
	char                  trouble[640];          /* why it could not be read; "": it was */
	char                  was[LAYER_NAME];       /* the layer at hand in the packet before */
	int64_t               was_row;               /* and which of its rows; -1: there was none */
	int64_t               hex_top;    /* the first row of bytes that is seen */
};

/* ---- reading ---- */

/* Where the user stands: in the same layer as in the packet before, else at what it carries. */
static void place_keep(struct packet_view *v)
{
	size_t layer = packet_layer(&v->rows, v->list.at);
	v->was_row = v->rows.n ? v->list.at - packet_row_of(&v->rows, layer) : -1;
	if (v->rows.n)
		packet_layer_name(&v->rows, layer, v->was);
}

static void place_take(struct packet_view *v)
{
	char name[LAYER_NAME];
	int64_t row = packet_row_of(&v->rows, packet_innermost(&v->rows));
	v->list.top = row - 2;
	for (size_t i = 0; v->was_row >= 0 && i < v->rows.lines.n; i++) {
		packet_layer_name(&v->rows, i, name);
		if (v->rows.lines.lines[i].depth > 0 || strcmp(name, v->was) != 0)
			continue;
		row = packet_row_of(&v->rows, i);
		for (int64_t j = 0; j < v->was_row && packet_layer(&v->rows, row + 1) == i && row + 1 < (int64_t)v->rows.n; j++)
			row++;
		break;
	}
	list_count(&v->list, (int64_t)v->rows.n);
	list_go(&v->list, row);
}

static void packet_take(struct packet_view *v)
{
	struct read_packet p;
	struct err err;
	v->wanted = false;
	packet_rows_free(&v->rows);
	v->trouble[0] = '\0';
	v->hex_top = 0;
	if (packet_read(v->reader, v->facts.flow_id, (uint64_t)v->facts.frame, &p, &err)) {
		packet_rows_read(&v->rows, &p.packet, p.shown, v->facts.own_frame);
		v->wire_n = p.packet.wire_n;
	} else {
		snprintf(v->trouble, sizeof v->trouble, "The packet cannot be read: %s", err.text);
	}
	packet_rows_know(&v->rows, &v->facts);
	packet_rows_fold(&v->rows, v->choice);
	place_take(v);
}

/* A compressed file is unpacked up to the packet, and an ICMP error is looked for: the screen
 * tells of that before it is done. */
static bool packet_show(struct packet_view *v, struct browser *b, int64_t flow_id, int64_t frame)
{
	place_keep(v);
	if (!packet_facts_read(&v->facts, &b->model, &v->labels, flow_id, frame))
		return false;
	v->wanted = !v->facts.at_once || v->facts.kind != PACKET_SEGMENT;
	if (!v->wanted)
		packet_take(v);
	return true;
}

static bool packet_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct packet_view *v = state;
	labels_open(&v->labels, &b->model, true);
	v->reader = packet_reader_open(b->db);
	v->choice = &b->packets;
	return packet_show(v, b, subject.id, subject.frame) || fail(err, "There is no flow %lld.", (long long)subject.id);
}

static void packet_close(void *state)
{
	struct packet_view *v = state;
	packet_rows_free(&v->rows);
	packet_reader_close(v->reader);
	labels_close(&v->labels);
}

static bool packet_work(void *state, struct browser *b, int64_t until_ns)
{
	struct packet_view *v = state;
	(void)b, (void)until_ns;
	if (v->wanted)
		packet_take(v);
	return false;
}

static void packet_title(void *state, char *text, size_t size)
{
	struct packet_view *v = state;
	snprintf(text, size, "Frame %lld", (long long)v->facts.own_frame);
}

/* ---- the head ---- */

static int direction_draw(struct packet_view *v, struct area a, int row, int col)
{
	const struct packet_facts *p = &v->facts;
	bool client = p->from_client;
	if (p->kind == PACKET_UNKNOWN)
		return area_printf(a, row, col, LOOK_DIM, "of %s \xe2\x86\x92 %s", p->client, p->server);
	if (p->kind == PACKET_ICMP)
		return area_printf(a, row, col, LOOK_WARNING, "ICMP error to %s", client ? p->client : p->server);
	col = area_put(a, row, col, client ? LOOK_CLIENT : LOOK_SERVER, client ? p->client : p->server);
	col = area_put(a, row, col, LOOK_PLAIN, " \xe2\x86\x92 ");
	return area_put(a, row, col, client ? LOOK_SERVER : LOOK_CLIENT, client ? p->server : p->client);
}

/* Which one, when, from whom to whom, how long. */
static void identity_draw(struct packet_view *v, struct browser *b, struct area a)
{
	const struct packet_facts *p = &v->facts;
	char time[TEXT_TIME_SIZE], size[64];
	int col = area_printf(a, 0, 0, LOOK_BOLD, "%lld", (long long)p->own_frame) + 2;
	if (p->kind != PACKET_UNKNOWN)
		col = area_put(a, 0, col, LOOK_PLAIN, clock_text(b->clock, p->ns, p->origin_ns, p->before_ns, time)) + 2;
	col = direction_draw(v, a, 0, col) + 2;
	if (v->rows.bytes_n) {
		bool cut = v->rows.bytes_n < v->wire_n;
		snprintf(size, sizeof size, cut ? "%u bytes, %zu captured" : "%u bytes", v->wire_n, v->rows.bytes_n);
		if (text_width(size) <= a.cols - col)
			col = area_put(a, 0, col, cut ? LOOK_WARNING : LOOK_PLAIN, size) + 2;
	}
	if (a.cols - col >= text_width(p->path))
		area_put(a, 0, a.cols - text_width(p->path), LOOK_DIM, p->path);
}

/* Returns the row behind it. */
static int text_draw(struct area a, int row, int look, const char *label, const char *text)
{
	if (!*text)
		return row;
	int col = area_put(a, row, 0, LOOK_DIM, label);
	area_field(a, row, col, a.cols - col, look, text);
	return row + 1;
}

/* What it carries, and what stands out: behind that, or below it where there is no room. */
static int label_draw(struct area a, int row, const struct packet_label *label)
{
	int col = area_put(a, row, 0, LOOK_BOLD, label->text);
	if (!*label->marks)
		return row + (*label->text != '\0');
	col += *label->text ? 2 : 0;
	if (col + text_width(label->marks) > a.cols) {
		row++;
		col = 0;
	}
	area_field(a, row, col, a.cols - col, LOOK_WARNING, label->marks);
	return row + 1;
}

static int head_draw(struct packet_view *v, struct browser *b, struct area a)
{
	const struct packet_facts *p = &v->facts;
	struct about about = { .flow = p->flow_id, .frame = p->frame };
	char note[NOTE_SIZE];
	int row = 1;
	identity_draw(v, b, a);
	row = label_draw(a, row, &p->label);
	row = text_draw(a, row, LOOK_EVIDENCE, "Evidence of ", p->evidence);
	if (note_of(b, &about, note, sizeof note))
		row = text_draw(a, row, LOOK_NOTE, "Note: ", *note ? note : "bookmark");
	return *v->trouble ? sheet_put(a, row, LOOK_ERROR, v->trouble) : row;
}

/* ---- layers and bytes ---- */

static void line_draw(struct packet_view *v, struct area a, int row, int64_t at)
{
	const struct description_line *line = packet_row(&v->rows, at);
	size_t layer = packet_layer(&v->rows, at);
	bool head = line->depth == 0;
	if (head && packet_layer_folds(&v->rows, layer))
		area_put(a, row, 0, LOOK_KEY, packet_layer_open(&v->rows, v->choice, layer) ? "-" : "+");
	int col = 2 + 2 * (line->depth < 8 ? line->depth : 8);
	area_field(a, row, col, a.cols - col, head ? LOOK_HEAD : LOOK_PLAIN, line->text);
}

static void lines_draw(struct packet_view *v, struct browser *b, struct area a)
{
	list_show(&v->list, a.rows);
	browser_rows(b, a);
	for (int row = 0; row < a.rows && v->list.top + row < v->list.n; row++)
		line_draw(v, a, row, v->list.top + row);
	if (v->list.n)
		area_select(a, (int)(v->list.at - v->list.top));
}

/* The first row of bytes, so that the selected ones are seen, at least their beginning. */
static void hex_scroll(struct packet_view *v, const struct hex_part *part, int per_row, int rows)
{
	int64_t all = ((int64_t)v->rows.bytes_n + per_row - 1) / per_row;
	int64_t first = (int64_t)part->from / per_row, last = ((int64_t)(part->from + part->n) - 1) / per_row;
	if (part->n && last > v->hex_top + rows - 1)
		v->hex_top = last - rows + 1;
	if (part->n && first < v->hex_top)
		v->hex_top = first;
	if (v->hex_top > all - rows)
		v->hex_top = all - rows;
	if (v->hex_top < 0)
		v->hex_top = 0;
}

static void hex_draw(struct packet_view *v, struct area a)
{
	const struct description_line *line = packet_row(&v->rows, v->list.at);
	struct bytes bytes = { v->rows.bytes, v->rows.bytes_n };
	struct hex_part part = { line ? line->off : 0, line ? line->n : 0 };
	int per_row = hex_per_row(a.cols, DIGITS);
	if (part.from >= bytes.n)
		part = (struct hex_part){ 0 };
	if (part.n > bytes.n - part.from)
		part.n = bytes.n - part.from;
	hex_scroll(v, &part, per_row, a.rows);
	for (int row = 0; row < a.rows; row++) {
		size_t at = (size_t)(v->hex_top + row) * (size_t)per_row;
		if (at < bytes.n)
			hex_row(a, row, 0, LOOK_PLAIN, at, DIGITS, bytes, at, per_row, part);
	}
}

static int hex_rows(const struct packet_view *v, int cols, int most)
{
	int per_row = hex_per_row(cols, DIGITS);
	size_t rows = (v->rows.bytes_n + (size_t)per_row - 1) / (size_t)per_row;
	return rows < (size_t)most ? (int)rows : most;
}

static void packet_draw(void *state, struct browser *b, struct area a)
{
	struct packet_view *v = state;
	int head = head_draw(v, b, a);
	struct area body = area_part(a, head, 0, a.rows - head, a.cols);
	if (v->wanted) {
		area_put(body, 0, 0, LOOK_DIM, "Reading \xe2\x80\xa6");
	} else if (v->choice->no_hex || !v->rows.bytes_n) {
		lines_draw(v, b, body);
	} else if (a.cols >= BESIDE_COLS) {
		int width = hex_cols(hex_per_row(a.cols, DIGITS), DIGITS), left = a.cols - width - 2;
		lines_draw(v, b, area_part(body, 0, 0, body.rows, left));
		hex_draw(v, area_part(body, 0, left + 2, body.rows, width));
	} else {
		int rows = hex_rows(v, a.cols, body.rows / 2), top = body.rows - rows - 1;
		lines_draw(v, b, area_part(body, 0, 0, top, a.cols));
		area_repeat(body, top, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
		hex_draw(v, area_part(body, top + 1, 0, rows, a.cols));
	}
}

/* ---- keys ---- */

static struct list *packet_list(void *state)
{
	struct packet_view *v = state;
	return &v->list;
}

static bool packet_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct packet_view *v = state;
	const struct description_line *line = packet_row(&v->rows, row);
	(void)b;
	return line && text_contains(line->text, text);
}

static void packet_about(void *state, struct browser *b, struct about *about)
{
	struct packet_view *v = state;
	(void)b;
	*about = (struct about){ .finding = v->facts.finding, .flow = v->facts.flow_id, .frame = v->facts.frame };
}

static void layer_turn(struct packet_view *v, size_t layer, bool open)
{
	packet_layer_turn(&v->rows, v->choice, layer, open);
	packet_rows_fold(&v->rows, v->choice);
	list_count(&v->list, (int64_t)v->rows.n);
	list_go(&v->list, packet_row_of(&v->rows, layer));
}

static void fold_turn(struct browser *b, void *state, int key)
{
	struct packet_view *v = state;
	size_t layer = packet_layer(&v->rows, v->list.at);
	(void)b, (void)key;
	if (!v->wanted && packet_layer_folds(&v->rows, layer))
		layer_turn(v, layer, !packet_layer_open(&v->rows, v->choice, layer));
}

static void unfold(struct browser *b, void *state, int key)
{
	struct packet_view *v = state;
	size_t layer = packet_layer(&v->rows, v->list.at);
	(void)b, (void)key;
	if (!v->wanted && packet_layer_folds(&v->rows, layer) && !packet_layer_open(&v->rows, v->choice, layer))
		layer_turn(v, layer, true);
}

/* A layer that is folded already has nothing more to fold: back. */
static void fold(struct browser *b, void *state, int key)
{
	struct packet_view *v = state;
	size_t layer = packet_layer(&v->rows, v->list.at);
	(void)key;
	if (!v->wanted && packet_layer_folds(&v->rows, layer) && packet_layer_open(&v->rows, v->choice, layer))
		layer_turn(v, layer, false);
	else
		browser_back(b);
}

static void hex_turn(struct browser *b, void *state, int key)
{
	struct packet_view *v = state;
	(void)b, (void)key;
	v->choice->no_hex = !v->choice->no_hex;
}

static void packet_go(struct browser *b, struct packet_view *v, int64_t frame, const char *none)
{
	if (frame)
		packet_show(v, b, v->facts.flow_id, frame);
	else
		browser_say(b, LOOK_DIM, "%s", none);
}

static void beside_go(struct browser *b, void *state, int key)
{
	struct packet_view *v = state;
	bool back = key == 'K';
	packet_go(b, v, packet_beside(&b->model, v->facts.flow_id, v->facts.frame, back),
	          back ? "This is the first packet of the connection." : "This is the last packet of the connection.");
}

static void marked_go(struct browser *b, void *state, int key)
{
	struct packet_view *v = state;
	bool back = key == '[';
	packet_go(b, v, packet_marked(&b->model, v->facts.flow_id, v->facts.frame, back),
	          back ? "Nothing stands out before this packet." : "Nothing stands out behind this packet.");
}

static const struct binding packet_bindings[] = {
	{ { K_ENTER }, "fold", "fold the layer to a line, or unfold it", fold_turn },
	{ { K_RIGHT, 'l' }, NULL, "unfold the layer", unfold },
	{ { K_LEFT }, NULL, "fold the layer; where it is folded, back", fold },
	{ { 'J', 'K' }, "packet", "the connection's next packet, or the one before", beside_go },
	{ { ']', '[' }, "mark", "the next packet that stands out or is evidence, or the one before", marked_go },
	{ { 'h' }, "hex", "show the bytes, or do not", hex_turn },
	{ .act = NULL },
};

const struct view view_packet = {
	.name = "packet",
	.help = "One packet, read from its file: its layers, named as in Wireshark, and its bytes, those of the selected line"
	        " marked. Secrets are overwritten. Without the file it shows what the case knows. Layers stay folded as you leave them.",
	.size = sizeof(struct packet_view), .open = packet_open, .close = packet_close, .title = packet_title,
	.draw = packet_draw, .list = packet_list, .row_has = packet_row_has, .about = packet_about, .work = packet_work,
	.bindings = packet_bindings,
};
