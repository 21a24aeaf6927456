/* view_follow.c - what both sides of a connection said, in order: as text or in hexadecimal. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "clock.h"
#include "flow_title.h"
#include "follow_draw.h"
#include "hex_draw.h"
#include "key.h"
#include "packet_read.h"
#include "text.h"
#include "views.h"

enum { HEAD_ROWS = 2, DIGITS = 8, SIGN_COLS = 2, FRAME_COLS = 8, TIME_COLS = 16, TEXT_LEAST = 60, PACKETS = 500, SAMPLES = 2 };

static const int64_t OPEN_NS = 15000000, DRAW_NS = 15000000;

struct follow_view {
	int64_t             id;
	char                title[FLOW_TITLE_SIZE];
	char                name[2][64];  /* client, server */
	int64_t             origin_ns;
	int64_t             goal;         /* the frame to stand at, once its piece is there; 0: none */
	struct follow_rows  rows;
	struct follow_show  show;         /* how the user wants it */
	bool                decided;      /* text or hexadecimal: it is known what it is */
	bool                at_once;      /* its files are not compressed */
	int64_t            *file;         /* the capture's number of frame 1 of each file */
	size_t              files;
	struct list         list;
	char                sought[PROMPT_SIZE];     /* found in the piece that is stood at; "": nothing */
};

static const struct piece *piece_of(const struct follow_view *v, size_t i)
{
	return &v->rows.talk->pieces[i];
}

/* ---- opening ---- */

static const char head_sql[] =
	"SELECT n.client, n.server, c.first_ns,"
	"       NOT EXISTS (SELECT 1 FROM capture_file o WHERE o.capture_id = c.id AND o.compression IS NOT NULL)"
	"  FROM flow f JOIN flow_name n ON n.flow_id = f.id JOIN capture c ON c.id = f.capture_id WHERE f.id = ?1";

static bool head_read(struct follow_view *v, struct browser *b)
{
	bool found = false;
	struct sqlite3_stmt *s = model_query(&b->model, head_sql, v->id, 0);
	while (model_next(&b->model, s)) {
		found = true;
		snprintf(v->name[CLIENT], sizeof v->name[CLIENT], "%s", model_text(s, 0));
		snprintf(v->name[SERVER], sizeof v->name[SERVER], "%s", model_text(s, 1));
		v->origin_ns = sqlite3_column_int64(s, 2);
		v->at_once = sqlite3_column_int(s, 3);
	}
	return found;
}

static void files_read(struct follow_view *v, struct browser *b)
{
	struct sqlite3_stmt *s = model_query(&b->model,
		"SELECT first_frame FROM capture_file WHERE capture_id = (SELECT capture_id FROM flow WHERE id = ?1) ORDER BY 1", v->id, 0);
	while (model_next(&b->model, s)) {
		v->file = alloc_grown(v->file, v->files + 1, sizeof *v->file);
		v->file[v->files++] = sqlite3_column_int64(s, 0);
	}
}

/* The file's own number. */
static int64_t own_frame(const struct follow_view *v, int64_t frame)
{
	size_t from = 0, to = v->files;
	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		*(v->file[middle] <= frame ? &from : &to) = middle;
	}
	return v->files ? frame - v->file[from] + 1 : frame;
}

/* To the piece of the frame that is wanted, or the first behind it. */
static void goal_settle(struct follow_view *v, size_t from)
{
	struct follow_rows *f = &v->rows;
	for (size_t i = from; v->goal && i < f->n; i++)
		if ((int64_t)piece_of(v, i)->at.frame >= v->goal) {
			v->goal = 0;
			list_count(&v->list, f->total);
			list_go(&v->list, follow_row_of(f, i));
			v->list.top = v->list.at;
		}
	if (f->talk->ordering || !v->goal)
		return;
	v->goal = 0;
	list_count(&v->list, f->total);
	list_go(&v->list, f->total);
}

/* Find more pieces until then; whether there are more to find. */
static bool pieces_find(struct follow_view *v, struct browser *b, int64_t until_ns)
{
	struct follow_rows *f = &v->rows;
	struct err err;
	while (f->talk->ordering && browser_now() < until_ns) {
		size_t before = f->n;
		if (!conversation_go_on(f->talk, PACKETS, &err))
			browser_say(b, LOOK_ERROR, "%s", err.text);
		if (!v->rows.show.cols)
			continue;
		follow_count(f);
		goal_settle(v, before);
	}
	return f->talk->ordering;
}

static bool follow_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct follow_view *v = state;
	v->id = subject.id;
	v->goal = subject.frame;
	v->show.side = NONE;
	if (!head_read(v, b))
		return fail(err, "There is no flow %lld.", (long long)subject.id);
	flow_title_of(b, v->id, v->title);
	v->rows.talk = conversation_begin(b->db, v->id, err);
	if (!v->rows.talk)
		return false;
	files_read(v, b);
	v->rows.reader = packet_reader_open(b->db);
	v->rows.in_order = !v->at_once;
	pieces_find(v, b, browser_now() + OPEN_NS);
	return true;
}

static void follow_close(void *state)
{
	struct follow_view *v = state;
	follow_rows_free(&v->rows);
	packet_reader_close(v->rows.reader);
	conversation_free(v->rows.talk);
	free(v->file);
}

static void follow_title(void *state, char *text, size_t size)
{
	struct follow_view *v = state;
	static const char *const sides[] = { "both sides", "client only", "server only" };
	snprintf(text, size, "Follow %s, %s%s", v->title, sides[v->show.side == NONE ? 0 : v->show.side == CLIENT ? 1 : 2],
	         v->show.hex ? ", hex" : "");
}

/* ---- how it is shown ---- */

static int gutter_cols(int cols, bool hex)
{
	int room = cols - (hex ? hex_cols(16, DIGITS) : TEXT_LEAST);
	return room >= SIGN_COLS + FRAME_COLS + TIME_COLS ? SIGN_COLS + FRAME_COLS + TIME_COLS
	     : room >= SIGN_COLS + FRAME_COLS ? SIGN_COLS + FRAME_COLS : SIGN_COLS;
}

/* By what is said first. */
static void form_decide(struct follow_view *v)
{
	struct follow_rows *f = &v->rows;
	int seen = 0;
	for (size_t i = 0; i < f->n && i < 64 && seen < SAMPLES && !v->show.hex; i++)
		if (piece_of(v, i)->kind == PIECE_DATA) {
			v->show.hex = bytes_are_binary(follow_bytes(f, i));
			seen++;
		}
	v->decided = f->n > 0;
}

/* The same byte stays where the user stands. */
static void show_set(struct follow_view *v, struct follow_show show)
{
	struct follow_rows *f = &v->rows;
	struct follow_row r = { 0 };
	bool stands = f->show.cols && follow_row(f, v->list.at, &r);
	size_t at = r.kind == FOLLOW_BYTES ? r.at : 0, piece = stands ? r.piece : 0;
	int64_t depth = v->list.at - v->list.top, from;
	follow_show(f, show);
	if (!stands) {
		goal_settle(v, 0);
		return;
	}
	if (v->at_once || at > 0)
		follow_settle(f, piece, &from);
	int64_t row = follow_row_of(f, piece);
	while (at > 0 && follow_row(f, row + 1, &r) && r.piece == piece && r.kind == FOLLOW_BYTES && r.at <= at)
		row++;
	list_count(&v->list, f->total);
	list_go(&v->list, row);
	v->list.top = row - depth;
}

static void show_fit(struct follow_view *v, int cols, bool ascii)
{
	int room = cols - gutter_cols(cols, v->show.hex);
	struct follow_show show = v->show;
	show.cols = room;
	show.ascii = ascii;
	show.per_row = hex_per_row(room, DIGITS);
	if (show.cols != v->rows.show.cols || show.ascii != v->rows.show.ascii || show.hex != v->rows.show.hex || show.side != v->rows.show.side)
		show_set(v, show);
}

/* ---- reading what is seen ---- */

/* The piece at hand was found by what it says: to the row that does. */
static void sought_settle(struct follow_view *v, struct browser *b)
{
	struct follow_rows *f = &v->rows;
	struct follow_row r;
	if (!*v->sought || !f->n)
		return;
	size_t piece = follow_piece_of(f, v->list.at);
	if (!follow_known(f, piece))
		return;
	int64_t found = -1;
	for (int64_t row = follow_row_of(f, piece); follow_row(f, row, &r) && r.piece == piece; row++)
		if (r.kind == FOLLOW_BYTES && bytes_contain(r.bytes, r.at, r.end, v->sought) && (found < 0 || b->seek.backwards))
			found = row;
	if (found >= 0)
		list_go(&v->list, found);
	v->sought[0] = '\0';
}

static void row_moved(int64_t *row, int64_t first, int64_t from, int64_t by)
{
	if (*row >= from)
		*row += by;
	else if (*row > first && *row >= from + by)
		*row = from + by > first ? from + by - 1 : first;
}

static void piece_settle(struct follow_view *v, size_t piece)
{
	struct follow_rows *f = &v->rows;
	bool last = v->list.at == v->list.n - 1;
	int64_t first = follow_row_of(f, piece), from = 0, by = follow_settle(f, piece, &from);
	row_moved(&v->list.top, first, from, by);
	row_moved(&v->list.at, first, from, by);
	list_count(&v->list, f->total);
	if (last)
		list_go(&v->list, v->list.n - 1);
	list_show(&v->list, v->list.page);
}

/* Read the pieces that are seen, until then; whether one is still to be read. */
static bool seen_settle(struct follow_view *v, int64_t until_ns)
{
	struct follow_rows *f = &v->rows;
	for (int64_t top = v->list.top, row = top; row < top + v->list.page && row < f->total; ) {
		size_t piece = follow_piece_of(f, row);
		if (follow_known(f, piece)) {
			row++;
			continue;
		}
		if (browser_now() >= until_ns)
			return true;
		piece_settle(v, piece);
		if (v->list.top != top)
			row = top = v->list.top;
	}
	return false;
}

static bool follow_work(void *state, struct browser *b, int64_t until_ns)
{
	struct follow_view *v = state;
	if (!v->rows.show.cols)
		return false;
	if (!v->decided && v->rows.n) {
		form_decide(v);
		return true;
	}
	bool more = seen_settle(v, until_ns);
	sought_settle(v, b);
	return pieces_find(v, b, until_ns) || more;
}

/* ---- drawing ---- */

/* Who speaks, and how much, where there is room. */
static void side_draw(struct follow_view *v, struct area a, enum side side)
{
	const struct conversation *c = v->rows.talk;
	char bytes[64];
	int look = side == CLIENT ? LOOK_CLIENT : LOOK_SERVER;
	int col = area_put(a, 0, area_put(a, 0, 0, look, side == CLIENT ? "> " : "< "), look, v->name[side]) + 2;
	snprintf(bytes, sizeof bytes, "%llu byte%s%s", (unsigned long long)c->bytes[side], c->bytes[side] == 1 ? "" : "s",
	         c->ordering ? " \xe2\x80\xa6" : "");
	if (col + text_width(bytes) <= a.cols)
		area_put(a, 0, col, LOOK_DIM, bytes);
}

static void head_draw(struct follow_view *v, struct browser *b, struct area a)
{
	const struct conversation *c = v->rows.talk;
	char time[TEXT_TIME_SIZE];
	side_draw(v, area_part(a, 0, 0, 1, a.cols / 2 - 1), CLIENT);
	side_draw(v, area_part(a, 0, a.cols / 2, 1, a.cols - a.cols / 2), SERVER);
	if (v->list.at >= v->rows.total)
		return;
	size_t i = follow_piece_of(&v->rows, v->list.at);
	const struct piece *p = piece_of(v, i);
	int col = area_printf(a, 1, 0, LOOK_DIM, "Frame %lld  %s  %llu bytes at offset %llu", (long long)own_frame(v, (int64_t)p->at.frame),
	                      clock_text(b->clock, p->at.ns, v->origin_ns, follow_before(&v->rows, i), time),
	                      (unsigned long long)p->n, (unsigned long long)p->off);
	if (c->cut)
		area_printf(a, 1, col + 2, LOOK_WARNING, "(only the first %zu pieces are shown)", c->n);
}

static int trouble_draw(struct follow_view *v, struct area a, int row)
{
	char text[sizeof v->rows.trouble.text + 40];
	snprintf(text, sizeof text, "The packets cannot be read: %s", v->rows.trouble.text);
	return *v->rows.trouble.text ? sheet_put(a, row, LOOK_ERROR, text) : row;
}

static void gutter_draw(struct follow_view *v, struct browser *b, struct area a, int row, const struct follow_row *r)
{
	const struct piece *p = piece_of(v, r->piece);
	char time[TEXT_TIME_SIZE];
	int gutter = gutter_cols(a.cols, v->show.hex);
	area_put(a, row, 0, p->sender == CLIENT ? LOOK_CLIENT : LOOK_SERVER, p->sender == CLIENT ? ">" : "<");
	if (!r->first)
		return;
	if (gutter > SIGN_COLS)
		area_printf(a, row, SIGN_COLS, LOOK_DIM, "%*lld", FRAME_COLS - 2, (long long)own_frame(v, (int64_t)p->at.frame));
	if (gutter > SIGN_COLS + FRAME_COLS)
		area_field(a, row, SIGN_COLS + FRAME_COLS, -(TIME_COLS - 2), LOOK_DIM,
		           clock_text(b->clock, p->at.ns, v->origin_ns, follow_before(&v->rows, r->piece), time));
}

static void row_draw(struct follow_view *v, struct browser *b, struct area a, int row, int64_t at)
{
	struct follow_row r;
	char words[FOLLOW_WORDS];
	if (!follow_row(&v->rows, at, &r))
		return;
	const struct piece *p = piece_of(v, r.piece);
	int col = gutter_cols(a.cols, v->show.hex), look = p->sender == CLIENT ? LOOK_CLIENT : LOOK_SERVER;
	if (r.kind == FOLLOW_SILENCE) {
		follow_silence_draw(a, row, r.ns);
		return;
	}
	gutter_draw(v, b, a, row, &r);
	if (r.kind != FOLLOW_BYTES)
		area_put(a, row, col, r.kind == FOLLOW_UNREAD ? LOOK_DIM : LOOK_WARNING, follow_words(&r, words));
	else if (v->show.hex)
		hex_row(a, row, col, look, p->off + r.at, DIGITS, r.bytes, r.at, v->rows.show.per_row, (struct hex_part){ 0 });
	else
		follow_text_draw(&r, a, row, col, look);
}

static void follow_draw(void *state, struct browser *b, struct area a)
{
	struct follow_view *v = state;
	show_fit(v, a.cols, a.on->ascii);
	if (!v->decided && v->at_once && v->rows.n) {
		form_decide(v);
		show_fit(v, a.cols, a.on->ascii);
	}
	list_count(&v->list, v->rows.total);
	list_show(&v->list, a.rows - HEAD_ROWS);
	seen_settle(v, v->at_once ? browser_now() + DRAW_NS : 0);
	sought_settle(v, b);
	head_draw(v, b, a);
	int head = trouble_draw(v, a, HEAD_ROWS);
	struct area rows = area_part(a, head, 0, a.rows - head, a.cols);
	list_show(&v->list, rows.rows);
	browser_rows(b, rows);
	for (int row = 0; row < rows.rows && v->list.top + row < v->list.n; row++)
		row_draw(v, b, rows, row, v->list.top + row);
	if (v->list.n)
		area_select(rows, (int)(v->list.at - v->list.top));
	else
		area_put(rows, 0, 0, LOOK_DIM, v->rows.talk->ordering ? "Reading \xe2\x80\xa6" : "Nothing was said here.");
}

/* ---- keys ---- */

static struct list *follow_list(void *state)
{
	struct follow_view *v = state;
	return &v->list;
}

/* A piece that is not read is looked through as a whole, so that no row moves meanwhile: which
 * row it is comes out when it is shown. */
static bool follow_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct follow_view *v = state;
	struct follow_row r;
	char words[FOLLOW_WORDS];
	(void)b;
	if (!follow_row(&v->rows, row, &r))
		return false;
	if (r.kind == FOLLOW_BYTES)
		return bytes_contain(r.bytes, r.at, r.end, text);
	if (r.kind != FOLLOW_UNREAD)
		return text_contains(follow_words(&r, words), text);
	if (!r.first)
		return false;
	struct bytes bytes = follow_bytes(&v->rows, r.piece);
	if (!bytes_contain(bytes, 0, bytes.n, text))
		return false;
	snprintf(v->sought, sizeof v->sought, "%s", text);
	return true;
}

static void follow_about(void *state, struct browser *b, struct about *about)
{
	struct follow_view *v = state;
	struct follow_rows *f = &v->rows;
	(void)b;
	about->flow = v->id;
	if (v->list.at < f->total)
		about->frame = (int64_t)piece_of(v, follow_piece_of(f, v->list.at))->at.frame;
}

static void packet_open(struct browser *b, void *state, int key)
{
	struct about about = { 0 };
	(void)key;
	follow_about(state, b, &about);
	if (about.frame)
		browser_open(b, &view_packet, (struct subject){ .id = about.flow, .frame = about.frame });
}

static void hex_turn(struct browser *b, void *state, int key)
{
	struct follow_view *v = state;
	(void)b, (void)key;
	v->show.hex = !v->show.hex;
	v->decided = true;
}

static void side_turn(struct browser *b, void *state, int key)
{
	static const char *const words[] = { "Both sides are shown.", "Only what the client said.", "Only what the server said." };
	struct follow_view *v = state;
	(void)key;
	v->show.side = v->show.side == NONE ? CLIENT : v->show.side == CLIENT ? SERVER : NONE;
	browser_say(b, LOOK_DIM, "%s", words[v->show.side == NONE ? 0 : v->show.side == CLIENT ? 1 : 2]);
}

/* The row ahead of a piece stands for its silence. */
static void piece_go(struct browser *b, struct follow_view *v, size_t piece, bool silence, const char *none)
{
	if (piece == SIZE_MAX)
		browser_say(b, LOOK_DIM, "%s", none);
	else
		list_go(&v->list, follow_row_of(&v->rows, piece) - (silence ? 1 : 0));
}

static void silence_go(struct browser *b, void *state, int key)
{
	struct follow_view *v = state;
	bool back = key == '{';
	size_t from = v->rows.n ? follow_piece_of(&v->rows, v->list.at) : 0;
	piece_go(b, v, follow_next_silence(&v->rows, from, back), true,
	         back ? "There is no silence of 1 s before this row." : "There is no silence of 1 s behind this row.");
}

static void gap_go(struct browser *b, void *state, int key)
{
	struct follow_view *v = state;
	bool back = key == '[';
	size_t from = v->rows.n ? follow_piece_of(&v->rows, v->list.at) : 0;
	piece_go(b, v, follow_next_gap(&v->rows, from, back), false,
	         back ? "Nothing is missing before this row." : "Nothing is missing behind this row.");
}

static const struct binding follow_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "packet", "the packet that brought this row", packet_open },
	{ { 'x' }, "hex", "text or hexadecimal", hex_turn },
	{ { 'd' }, "side", "what the client said, what the server said, or both", side_turn },
	{ { ']', '[' }, "gap", "the next bytes that are not in the capture, or those before", gap_go },
	{ { '}', '{' }, NULL, "the next silence, or the one before", silence_go },
	{ .act = NULL },
};

const struct view view_follow = {
	.name = "follow",
	.help = "What the client (>) and the server (<) said, in the order in which it arrived: bytes that came twice once, bytes"
	        " that are not in the capture told. Each packet's payload begins a row. Secrets are overwritten."
	        " What begins with bytes that are no text is shown in hexadecimal.",
	.size = sizeof(struct follow_view), .open = follow_open, .close = follow_close, .title = follow_title,
	.draw = follow_draw, .list = follow_list, .row_has = follow_row_has, .about = follow_about, .work = follow_work,
	.bindings = follow_bindings,
};
