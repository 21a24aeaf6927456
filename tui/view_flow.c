/* view_flow.c - one connection: its packets between client and server, the messages in step with
 * them, silences, and what stands out. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "browser.h"
#include "flow_steps.h"
#include "flow_title.h"
#include "key.h"
#include "ladder_draw.h"
#include "packet_label.h"
#include "text.h"
#include "views.h"

enum { OPEN_NS = 15000000, SMALL = 200 };

struct flow_view {
	int64_t           id;
	char              name[FLOW_TITLE_SIZE];
	struct flow_steps steps;
	struct labels     labels;
	struct ladder     ladder;         /* its lifelines and its time 0 */
	struct list       list;
	int64_t           goal;           /* the frame to stand at, once its place is known; 0: none */
	char              how[256], sums[256];        /* the head's lines */
	int64_t           gravest;        /* finding; 0: none */
	char              severity[16], found[256];
	int64_t           first_seq[2];   /* client, server; -1: not known */
	int               scale[2];       /* of the window: shift */
};

static const char *const zoom_words[ZOOMS] = { "all packets", "messages", "evidence" };

/* ---- the head ---- */

static const char head_sql[] =
	"SELECT n.client, n.server, c.first_ns,"
	"       coalesce(f.app, 'protocol unknown') || ' \xc2\xb7 ' || CASE f.ended"
	"         WHEN 'fin' THEN 'closed by the ' || f.ended_by || ' after ' || duration(f.ended_ns - f.first_ns)"
	"         WHEN 'rst' THEN 'reset by the ' || f.ended_by || ' after ' || duration(f.ended_ns - f.first_ns)"
	"         WHEN 'refused' THEN 'refused by the server' WHEN 'unanswered' THEN 'nobody answered'"
	"         ELSE 'open when the capture ended' END"
	"         || ' \xc2\xb7 ' || f.conn_state || ' ' || f.history,"
	"       coalesce('RTT ' || duration(f.rtt_ns) || ' \xc2\xb7 ', '')"
	"         || 'client ' || plural(f.client_bytes, 'byte') || ' in ' || plural(f.client_frames, 'packet')"
	"         || ', server ' || f.server_bytes || ' in ' || f.server_frames"
	"         || coalesce(' \xc2\xb7 ' || f.path, '') || ' \xc2\xb7 tcp.stream ' || f.stream,"
	"       coalesce(f.client_first_seq, -1), coalesce(f.server_first_seq, -1),"
	"       iif(f.window_scaling = 'on', f.client_window_scale, 0), iif(f.window_scaling = 'on', f.server_window_scale, 0)"
	"  FROM flow f JOIN flow_name n ON n.flow_id = f.id JOIN capture c ON c.id = f.capture_id WHERE f.id = ?1";

/* The one that the user comes from (?2), else the gravest. */
static const char found_sql[] =
	"SELECT f.id, f.severity, r.title || iif(count(*) OVER () > 1, ', and ' || (count(*) OVER () - 1) || ' more', '')"
	"  FROM finding f JOIN rule r ON r.id = f.rule"
	" WHERE f.id IN (SELECT id FROM finding WHERE flow_id = ?1 UNION SELECT finding_id FROM evidence WHERE flow_id = ?1)"
	"   AND r.about <> 'capture'"
	" ORDER BY f.id <> ?2, r.benign, f.severity = 'note', f.severity = 'warning', f.confidence = 'possible',"
	"          f.confidence = 'likely', f.id LIMIT 1";

static bool head_read(struct flow_view *f, struct browser *b, int64_t finding)
{
	bool found = false;
	struct sqlite3_stmt *s = model_query(&b->model, head_sql, f->id, 0);
	while (model_next(&b->model, s)) {
		found = true;
		f->ladder = (struct ladder){ .lines = 2, .origin_ns = sqlite3_column_int64(s, 2) };
		snprintf(f->ladder.line[0], LADDER_NAME, "%s", model_text(s, 0));
		snprintf(f->ladder.line[1], LADDER_NAME, "%s", model_text(s, 1));
		snprintf(f->how, sizeof f->how, "%s", model_text(s, 3));
		snprintf(f->sums, sizeof f->sums, "%s", model_text(s, 4));
		for (int side = 0; side < 2; side++) {
			f->first_seq[side] = sqlite3_column_int64(s, 5 + side);
			f->scale[side] = sqlite3_column_int(s, 7 + side) & 15;
		}
	}
	s = model_query(&b->model, found_sql, f->id, finding);
	while (model_next(&b->model, s)) {
		f->gravest = sqlite3_column_int64(s, 0);
		snprintf(f->severity, sizeof f->severity, "%s", model_text(s, 1));
		snprintf(f->found, sizeof f->found, "%s", model_text(s, 2));
	}
	return found;
}

static int head_draw(struct flow_view *f, struct area a)
{
	int look = strcmp(f->severity, "error") == 0 ? LOOK_ERROR : strcmp(f->severity, "warning") == 0 ? LOOK_WARNING : LOOK_NOTE;
	area_field(a, 0, 0, a.cols, LOOK_PLAIN, f->how);
	area_field(a, 1, 0, a.cols, LOOK_DIM, f->sums);
	if (!f->gravest)
		return 2;
	int col = area_put(a, 2, 0, look, severity_word(f->severity));
	area_field(a, 2, col + 1, a.cols - col - 1, LOOK_PLAIN, f->found);
	return 3;
}

/* ---- opening ---- */

/* To the frame that is wanted, once it is known where that is. */
static void goal_settle(struct flow_view *f)
{
	list_count(&f->list, flow_steps_count(&f->steps));
	int64_t row = f->goal ? flow_steps_row(&f->steps, f->goal) : -1;
	if (row >= 0) {
		list_go(&f->list, row);
		f->goal = 0;
	}
}

static bool flow_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct flow_view *f = state;
	f->id = subject.id;
	if (!head_read(f, b, subject.other))
		return fail(err, "There is no flow %lld.", (long long)subject.id);
	flow_title_of(b, f->id, f->name);
	labels_open(&f->labels, &b->model, true);
	flow_steps_open(&f->steps, &b->model, f->id, subject.other, OPEN_NS);
	if (!subject.frame && f->steps.packets > SMALL)
		flow_steps_zoom(&f->steps, ZOOM_MESSAGES);
	f->goal = subject.frame;
	goal_settle(f);
	return true;
}

static void flow_close(void *state)
{
	struct flow_view *f = state;
	flow_steps_close(&f->steps);
	labels_close(&f->labels);
}

static void flow_title(void *state, char *text, size_t size)
{
	struct flow_view *f = state;
	bool part = f->steps.zoom == ZOOM_MESSAGES && f->steps.whole_to < INT64_MAX;
	snprintf(text, size, "%s, %s%s", f->name, part ? "the first " : "", zoom_words[f->steps.zoom]);
}

/* ---- rows ---- */

static const char *silence_words(const struct step *step, char words[static LADDER_WORDS])
{
	char span[TEXT_DURATION_SIZE];
	snprintf(words, LADDER_WORDS, "%s of silence%s", text_duration(step->lasted_ns, span),
	         step->frame == INT64_MAX ? ", then the capture ends" : "");
	return words;
}

static bool step_label(struct flow_view *f, const struct step *step, struct packet_label *label)
{
	return label_read(&f->labels, &(struct labelled){ f->id, step->frame, step->ns, step->flags, step->len, step->client }, label);
}

static int64_t relative(uint32_t number, int64_t first)
{
	return first < 0 ? -1 : (int64_t)(uint32_t)(number - (uint32_t)first + 1);
}

static struct segment segment_of(const struct flow_view *f, const struct step *step)
{
	int me = step->client ? 0 : 1;
	return (struct segment){
		.seq = relative(step->seq, f->first_seq[me]),
		.ack = step->flags & 16 ? relative(step->ack, f->first_seq[1 - me]) : -1,
		.window = (int64_t)step->window << (step->flags & 2 ? 0 : f->scale[me]),
		.len = step->len,
	};
}

/* When the row above was, for times that count from it. */
static int64_t before_ns(struct flow_view *f, int64_t row, int64_t ns)
{
	const struct step *above = flow_steps_at(&f->steps, row - 1);
	return !above ? ns : above->kind == STEP_SILENCE ? above->ns - above->lasted_ns : above->ns;
}

static void packet_draw(struct flow_view *f, const struct sketch *sketch, struct area a, int row, const struct step *step,
                        int64_t before)
{
	struct packet_label label;
	int cols = sketch->body + sketch->width;
	step_label(f, step, &label);
	struct ladder_message m = { .ns = step->ns, .frame = label.frame, .from = step->client ? 0 : 1, .to = step->client ? 1 : 0,
	                            .evidence = step->evidence };
	snprintf(m.label, sizeof m.label, "%s", label.text);
	ladder_arrow(sketch, a, row, &m, before, label.marks);
	if (step->kind == STEP_PACKET && a.cols > cols) {
		struct segment segment = segment_of(f, step);
		segment_draw(area_part(a, row, cols, 1, a.cols - cols), 0, &segment);
	}
}

static void row_draw(struct flow_view *f, const struct sketch *sketch, struct area a, int row, int64_t at)
{
	const struct step *there = flow_steps_at(&f->steps, at);
	char words[LADDER_WORDS];
	if (!there) {
		ladder_text_row(sketch, a, row, false, "\xe2\x80\xa6");
		return;
	}
	struct step step = *there;
	if (step.kind == STEP_SILENCE)
		ladder_text_row(sketch, a, row, true, silence_words(&step, words));
	else
		packet_draw(f, sketch, a, row, &step, before_ns(f, at, step.ns));
}

static void flow_draw(void *state, struct browser *b, struct area a)
{
	struct flow_view *f = state;
	int side = segment_cols(a.cols), head = head_draw(f, a);
	struct sketch sketch = ladder_sketch(&f->ladder, b->clock, a.cols - side);
	struct area names = area_part(a, head, 0, 1, a.cols), rows = area_part(a, head + 1, 0, a.rows - head - 1, a.cols);
	ladder_names(&sketch, area_part(names, 0, 0, 1, a.cols - side));
	if (side)
		segment_head(area_part(names, 0, a.cols - side, 1, side), 0);
	goal_settle(f);
	list_show(&f->list, rows.rows);
	browser_rows(b, rows);
	for (int row = 0; row < rows.rows && f->list.top + row < f->list.n; row++)
		row_draw(f, &sketch, rows, row, f->list.top + row);
	if (f->list.n)
		area_select(rows, (int)(f->list.at - f->list.top));
	else
		area_put(rows, 0, 0, LOOK_DIM, flow_steps_ready(&f->steps) ? "There is nothing here." : "Reading \xe2\x80\xa6");
}

static bool flow_work(void *state, struct browser *b, int64_t until_ns)
{
	struct flow_view *f = state;
	(void)b;
	bool more = flow_steps_work(&f->steps, until_ns);
	goal_settle(f);
	return more;
}

/* ---- keys ---- */

static struct list *flow_list(void *state)
{
	struct flow_view *f = state;
	return &f->list;
}

/* The frame of the row; of a silence, the one that ends it. 0: none. */
static int64_t frame_at(struct flow_view *f)
{
	const struct step *step = flow_steps_at(&f->steps, f->list.at);
	return step && step->frame < INT64_MAX ? step->frame : 0;
}

static bool flow_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	struct flow_view *f = state;
	const struct step *step = flow_steps_at(&f->steps, row);
	struct packet_label label;
	char words[LADDER_WORDS];
	(void)b;
	if (!step)
		return false;
	if (step->kind == STEP_SILENCE)
		return text_contains(silence_words(step, words), text);
	step_label(f, step, &label);
	return text_contains(label.text, text) || text_contains(label.marks, text);
}

static void flow_about(void *state, struct browser *b, struct about *about)
{
	struct flow_view *f = state;
	(void)b;
	about->flow = f->id;
	about->frame = frame_at(f);
	about->finding = f->gravest;
}

static void packet_open(struct browser *b, void *state, int key)
{
	struct flow_view *f = state;
	(void)key;
	if (frame_at(f))
		browser_open(b, &view_packet, (struct subject){ .id = f->id, .frame = frame_at(f) });
}

static void zoom_turn(struct browser *b, void *state, int key)
{
	struct flow_view *f = state;
	int zoom = (int)f->steps.zoom + (key == 'z' || key == '-' ? 1 : -1);
	if (zoom < 0 || zoom == ZOOMS) {
		browser_say(b, LOOK_DIM, zoom < 0 ? "All packets are shown." : "Only the evidence is shown.");
		return;
	}
	if (zoom == ZOOM_EVIDENCE && flow_steps_evidence(&f->steps) == 0) {
		browser_say(b, LOOK_DIM, "No finding names a packet of this connection.");
		return;
	}
	f->goal = frame_at(f);
	flow_steps_zoom(&f->steps, (enum zoom)zoom);
	goal_settle(f);
	if (zoom == ZOOM_MESSAGES && f->steps.whole_to < INT64_MAX)
		browser_say(b, LOOK_WARNING, "There are very many messages: later ones are seen among all packets (Z) alone.");
}

static void mark_go(struct browser *b, void *state, int key)
{
	struct flow_view *f = state;
	const struct step *step = flow_steps_at(&f->steps, f->list.at);
	bool backwards = key == '[';
	if (f->steps.zoom == ZOOM_EVIDENCE) {
		list_go(&f->list, f->list.at + (backwards ? -1 : 1));
		return;
	}
	/* a silence stands before its frame, which may be the next mark */
	int64_t from = !step ? 0 : step->kind == STEP_SILENCE && !backwards && step->frame < INT64_MAX ? step->frame - 1 : step->frame;
	int64_t frame = flow_steps_mark(&f->steps, from, backwards);
	if (!frame)
		browser_say(b, LOOK_DIM, backwards ? "Nothing stands out before this row." : "Nothing stands out behind this row.");
	else
		f->goal = frame;
	goal_settle(f);
}

static void silence_go(struct browser *b, void *state, int key)
{
	struct flow_view *f = state;
	int64_t row = flow_steps_silence(&f->steps, f->list.at, key == '{');
	if (row < 0)
		browser_say(b, LOOK_DIM, key == '{' ? "There is no silence of 1 s before this row." : "There is no silence of 1 s behind this row.");
	else
		list_go(&f->list, row);
}

static void finding_show(struct browser *b, void *state, int key)
{
	struct flow_view *f = state;
	(void)key;
	if (f->gravest)
		browser_open(b, &view_finding, (struct subject){ .id = f->gravest });
	else
		browser_say(b, LOOK_DIM, "Nothing was found about this connection.");
}

/* A connection that went well, of the hundreds nearest to this one to the same server: with the
 * same request, if there is one, and near in time. */
static const char good_sql[] =
	"WITH me AS (SELECT *, (SELECT method || ' ' || target FROM http_exchange x WHERE x.flow_id = flow.id AND x.nr = 1) AS asked"
	"              FROM flow WHERE id = ?1),"
	"near AS (SELECT * FROM (SELECT f.id, f.ended, f.app, f.first_ns FROM me JOIN flow f ON f.server_ip = me.server_ip"
	"                           AND f.server_port = me.server_port WHERE f.id > ?1 ORDER BY f.id LIMIT 200)"
	"         UNION ALL SELECT * FROM (SELECT f.id, f.ended, f.app, f.first_ns FROM me JOIN flow f ON f.server_ip = me.server_ip"
	"                           AND f.server_port = me.server_port WHERE f.id < ?1 ORDER BY f.id DESC LIMIT 200))"
	"SELECT g.id FROM me JOIN near g ON g.ended = 'fin' AND g.app IS me.app"
	" WHERE NOT EXISTS (SELECT 1 FROM finding d JOIN rule r ON r.id = d.rule WHERE d.flow_id = g.id AND NOT r.benign AND r.about <> 'capture')"
	"   AND NOT EXISTS (SELECT 1 FROM evidence e JOIN finding d ON d.id = e.finding_id JOIN rule r ON r.id = d.rule"
	"                    WHERE e.flow_id = g.id AND NOT r.benign AND r.about <> 'capture')"
	" ORDER BY me.asked IS NOT (SELECT method || ' ' || target FROM http_exchange x WHERE x.flow_id = g.id AND x.nr = 1),"
	"          abs(g.first_ns - me.first_ns) LIMIT 1";

static void good_show(struct browser *b, void *state, int key)
{
	struct flow_view *f = state;
	int64_t good = model_number(&b->model, good_sql, f->id);
	(void)key;
	if (good)
		browser_open(b, &view_compare, (struct subject){ .id = f->id, .other = good });
	else
		browser_say(b, LOOK_DIM, "There is no connection to this server that went well.");
}

static const struct binding flow_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l' }, "open", "the packet of this row", packet_open },
	{ { 'z', '-' }, "fewer", "fewer rows: only messages, opens, closes and what stands out; then only evidence", zoom_turn },
	{ { 'Z', '+' }, NULL, "more rows, up to all packets", zoom_turn },
	{ { ']', '[' }, NULL, "the next packet that stands out or is evidence, or the one before", mark_go },
	{ { '}', '{' }, NULL, "the next silence, or the one before", silence_go },
	{ { 'v' }, "good one", "compare with a connection to the same server that went well", good_show },
	{ { 'i' }, "finding", "the gravest finding about this connection", finding_show },
	{ .act = NULL },
};

const struct view view_flow = {
	.name = "flow",
	.help = "One connection, packet by packet: what each carries and how long it took, what stands out, and silences of 1 s"
	        " and more. A dot marks the evidence of findings; #1 is an AMQP channel. Sequence numbers begin at 1 with the first byte of payload.",
	.size = sizeof(struct flow_view), .open = flow_open, .close = flow_close, .title = flow_title,
	.draw = flow_draw, .list = flow_list, .row_has = flow_row_has, .about = flow_about, .work = flow_work,
	.bindings = flow_bindings,
};
