/* flow_steps.c - see flow_steps.h. What is read in pieces comes in this order: evidence, silences,
 * ICMP errors, where chunks begin; then one kind of message after the other. */
#include "flow_steps.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "err.h"
#include "limits.h"
#include "report_model.h"

/* ---- silences and ICMP errors ---- */

static int by_frame(const void *va, const void *vb)
{
	const struct step *a = va, *b = vb;
	int c = (a->frame > b->frame) - (a->frame < b->frame);
	return c ? c : (int)b->kind - (int)a->kind;
}

static size_t extras_before(const struct flow_steps *s, int64_t frame)
{
	size_t from = 0, to = s->extras;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (s->extra[middle].frame < frame)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void extra_add(struct flow_steps *s, struct step step)
{
	if ((s->extras & (s->extras + 1)) == 0)
		s->extra = alloc_grown(s->extra, 2 * s->extras + 1, sizeof *s->extra);
	s->extra[s->extras++] = step;
}

static void silence_take(struct flow_steps *s, struct sqlite3_stmt *row)
{
	extra_add(s, (struct step){ .kind = STEP_SILENCE, .frame = sqlite3_column_int64(row, 0),
	                            .ns = sqlite3_column_int64(row, 1), .lasted_ns = sqlite3_column_int64(row, 2) });
}

static void icmp_take(struct flow_steps *s, struct sqlite3_stmt *row)
{
	extra_add(s, (struct step){ .kind = STEP_ICMP, .frame = sqlite3_column_int64(row, 0),
	                            .ns = sqlite3_column_int64(row, 1), .client = sqlite3_column_int(row, 2),
	                            .evidence = flow_steps_is_evidence(s, sqlite3_column_int64(row, 0)) });
}

/* ---- what is read in pieces ---- */

/* Frames count from 1. In the lists negative numbers stand for something else, and the largest
 * one for the end: no case that was damaged or made to harm brings these in. */
static void frame_add(struct numbers *to, struct sqlite3_stmt *row, int column)
{
	int64_t frame = sqlite3_column_int64(row, column);
	if (frame > 0 && frame < INT64_MAX)
		numbers_add(to, frame);
}

static void evidence_take(struct flow_steps *s, struct sqlite3_stmt *row)
{
	frame_add(&s->evidence, row, 0);
}

static void chunk_take(struct flow_steps *s, struct sqlite3_stmt *row)
{
	frame_add(&s->chunk, row, 0);
}

/* All columns are frames. */
static void frames_take(struct flow_steps *s, struct sqlite3_stmt *row)
{
	for (int i = 0; i < sqlite3_column_count(row); i++)
		frame_add(&s->messages, row, i);
}

#define EVENTS "SELECT frame FROM tcp_event WHERE flow_id = ?1 AND kind = ?3 ORDER BY frame"

/* What is read: ?1 the flow, ?2 the finding whose evidence is marked, ?3 a word. */
static const struct source {
	const char *sql, *word;
	void (*take)(struct flow_steps *, struct sqlite3_stmt *);
	size_t most;
} sources[] = {
	{ "SELECT frame FROM evidence WHERE flow_id = ?1 AND ?2 IN (0, finding_id)"
	  " UNION ALL SELECT e.frame FROM finding f JOIN evidence e ON e.finding_id = f.id AND e.flow_id IS NULL"
	  " WHERE f.flow_id = ?1 AND ?2 IN (0, f.id)", NULL, evidence_take, STEPS_SOURCE },
	{ "SELECT iif(ended_by = 'end_of_capture', 0x7fffffffffffffff, to_frame), to_ns, to_ns - from_ns FROM silence"
	  " WHERE flow_id = ?1 AND scope = 'both' ORDER BY from_ns", NULL, silence_take, STEPS_EXTRAS / 2 },
	{ "SELECT frame, ns, sender <> 'client' FROM icmp WHERE flow_id = ?1 ORDER BY frame", NULL, icmp_take, STEPS_EXTRAS / 2 },
	{ "SELECT first_frame FROM packet_index WHERE flow_id = ?1 ORDER BY first_frame", NULL, chunk_take, SIZE_MAX },
	{ "SELECT request_frame, request_end_frame, response_frame, response_end_frame FROM http_exchange"
	  " WHERE flow_id = ?1 ORDER BY nr", NULL, frames_take, STEPS_SOURCE },
	{ "SELECT frame FROM http_interim WHERE flow_id = ?1 ORDER BY frame", NULL, frames_take, STEPS_SOURCE },
	{ "SELECT frame FROM websocket_close WHERE flow_id = ?1 ORDER BY frame", NULL, frames_take, STEPS_SOURCE },
	{ "SELECT frame FROM amqp_method WHERE flow_id = ?1 ORDER BY ns", NULL, frames_take, STEPS_SOURCE },
	{ "SELECT frame FROM heartbeat WHERE flow_id = ?1 AND sender = ?3 ORDER BY ns", "client", frames_take, STEPS_SOURCE },
	{ "SELECT frame FROM heartbeat WHERE flow_id = ?1 AND sender = ?3 ORDER BY ns", "server", frames_take, STEPS_SOURCE },
	/* where no dissector tells messages: who speaks, and then the other */
	{ "SELECT iif(p.len > 0, p.frame, NULL), p.sender FROM flow f CROSS JOIN packet p ON p.flow_id = f.id"
	  " WHERE f.id = ?1 AND coalesce(f.app, '') NOT IN ('http', 'amqp', 'websocket')", NULL, NULL, STEPS_SOURCE },
	{ EVENTS, "syn", frames_take, STEPS_SOURCE },
	{ EVENTS, "syn_ack", frames_take, STEPS_SOURCE },
	{ EVENTS, "fin", frames_take, STEPS_SOURCE },
	{ EVENTS, "rst", frames_take, STEPS_SOURCE },
	{ EVENTS, "retransmission", frames_take, STEPS_SOURCE },
	{ EVENTS, "out_of_order", frames_take, STEPS_SOURCE },
	{ EVENTS, "lost_segment", frames_take, STEPS_SOURCE },
	{ EVENTS, "ack_lost_segment", frames_take, STEPS_SOURCE },
	{ EVENTS, "dup_ack", frames_take, STEPS_SOURCE },
	{ EVENTS, "zero_window", frames_take, STEPS_SOURCE },
	{ EVENTS, "zero_window_probe", frames_take, STEPS_SOURCE },
	{ EVENTS, "zero_window_probe_ack", frames_take, STEPS_SOURCE },
	{ EVENTS, "window_full", frames_take, STEPS_SOURCE },
	{ EVENTS, "keep_alive", frames_take, STEPS_SOURCE },
	{ EVENTS, "keep_alive_ack", frames_take, STEPS_SOURCE },
	{ EVENTS, "overlap_conflict", frames_take, STEPS_SOURCE },
	{ EVENTS, "port_reuse", frames_take, STEPS_SOURCE },
	{ EVENTS, "urgent", frames_take, STEPS_SOURCE },
	{ EVENTS, "data_after_fin", frames_take, STEPS_SOURCE },
	{ EVENTS, "d_sack", frames_take, STEPS_SOURCE },
	{ EVENTS, "challenge_ack", frames_take, STEPS_SOURCE },
};

enum { READ_EVIDENCE, READ_SILENCES, READ_ICMP, READ_CHUNKS, READ_MESSAGES, READ_ALL = sizeof sources / sizeof *sources };

static void source_begin(struct flow_steps *s, const struct source *source)
{
	s->of_source = 0;
	s->run_from = s->messages.n;
	s->turn[0] = '\0';
	s->running = model_query(s->model, source->sql, s->flow_id, s->finding);
	if (s->running && sqlite3_bind_parameter_count(s->running) > 2)
		sqlite3_bind_text(s->running, 3, source->word, -1, SQLITE_STATIC);
}

/* The first of what a side sends before the other speaks. Whether that is this one. */
static bool turn_take(struct flow_steps *s, struct sqlite3_stmt *row)
{
	if (sqlite3_column_type(row, 0) == SQLITE_NULL || strcmp(s->turn, model_text(row, 1)) == 0)
		return false;
	snprintf(s->turn, sizeof s->turn, "%s", model_text(row, 1));
	frame_add(&s->messages, row, 0);
	return true;
}

/* A row of the source that is running; false: it is at its end, or has given enough. */
static bool source_step(struct flow_steps *s, const struct source *source)
{
	if (!model_next(s->model, s->running)) {
		s->running = NULL;
		return false;
	}
	if (s->of_source >= source->most) {
		int64_t frame = s->stage >= READ_MESSAGES ? sqlite3_column_int64(s->running, 0) : 0;
		if (frame)
			s->whole_to = frame < s->whole_to ? frame : s->whole_to;
		if (frame || s->stage < READ_MESSAGES) {
			sqlite3_finalize(s->running);
			s->running = NULL;
			return false;
		}
	}
	if (source->take) {
		source->take(s, s->running);
		s->of_source++;
	} else {
		s->of_source += turn_take(s, s->running);
	}
	return true;
}

/* ---- rows of the coarser zooms ---- */

/* All messages, evidence, silences and errors. */
static void messages_list(struct flow_steps *s)
{
	struct numbers *list = &s->list[ZOOM_MESSAGES];
	size_t run = s->messages.n, extra = 0;
	for (size_t i = 0; i < s->evidence.n; i++)
		numbers_add(&s->messages, s->evidence.at[i]);
	numbers_merge(&s->messages, run);
	for (size_t i = 0; i <= s->messages.n; i++) {
		int64_t frame = i < s->messages.n && s->messages.at[i] < s->whole_to ? s->messages.at[i] : INT64_MAX;
		bool told = false;
		for (; extra < s->extras && s->extra[extra].frame <= frame && (frame < INT64_MAX || s->whole_to == INT64_MAX); extra++) {
			numbers_add(list, -(int64_t)extra - 1);
			told |= s->extra[extra].frame == frame && s->extra[extra].kind == STEP_ICMP;
		}
		if (frame == INT64_MAX)
			return;
		if (!told)
			numbers_add(list, frame);
	}
}

/* Evidence, and between two of them the longest silence. */
static void evidence_list(struct flow_steps *s)
{
	struct numbers *list = &s->list[ZOOM_EVIDENCE];
	for (size_t i = 0; i < s->evidence.n; i++) {
		int64_t frame = s->evidence.at[i];
		size_t from = i ? extras_before(s, s->evidence.at[i - 1] + 1) : s->extras, longest = s->extras;
		for (size_t k = from; k < s->extras && s->extra[k].frame <= frame; k++)
			if (s->extra[k].kind == STEP_SILENCE
			    && (longest == s->extras || s->extra[k].lasted_ns > s->extra[longest].lasted_ns))
				longest = k;
		if (longest < s->extras)
			numbers_add(list, -(int64_t)longest - 1);
		numbers_add(list, frame);
	}
}

/* What can be concluded at the end of a stage. */
static void stage_end(struct flow_steps *s)
{
	if (s->stage == READ_EVIDENCE)
		numbers_merge(&s->evidence, 0);
	if (s->stage == READ_ICMP && s->extras)
		qsort(s->extra, s->extras, sizeof *s->extra, by_frame);
	if (s->stage == READ_ICMP)
		evidence_list(s);
	if (s->stage == READ_CHUNKS && s->chunk.n)
		s->packets = (int64_t)(s->chunk.n - 1) * LIMIT_INDEX_CHUNK + model_number(s->model,
			"SELECT count(*) FROM packet WHERE flow_id = ?1 AND frame >="
			" (SELECT max(first_frame) FROM packet_index WHERE flow_id = ?1)", s->flow_id);
	if (s->stage >= READ_MESSAGES)
		numbers_merge(&s->messages, s->run_from);
	if (++s->stage == READ_ALL)
		messages_list(s);
	s->window_n = 0;
}

bool flow_steps_work(struct flow_steps *s, int64_t until_ns)
{
	while (s->stage < READ_ALL) {
		const struct source *source = &sources[s->stage];
		bool more;
		int steps = 0;
		if (!s->running)
			source_begin(s, source);
		do
			more = source_step(s, source);
		while (more && (++steps % 64 || browser_now() < until_ns));
		if (more)
			return true;
		stage_end(s);
		if (browser_now() >= until_ns)
			break;
	}
	return s->stage < READ_ALL;
}

/* ---- rows ---- */

bool flow_steps_ready(const struct flow_steps *s)
{
	return s->stage > (s->zoom == ZOOM_PACKETS ? READ_CHUNKS : s->zoom == ZOOM_MESSAGES ? READ_ALL - 1 : READ_ICMP);
}

int64_t flow_steps_count(const struct flow_steps *s)
{
	return s->zoom == ZOOM_PACKETS ? s->packets + (int64_t)s->extras : (int64_t)s->list[s->zoom].n;
}

/* The row in which a chunk begins, with the silence before it. */
static int64_t chunk_row(const struct flow_steps *s, size_t chunk)
{
	return chunk ? (int64_t)(chunk * LIMIT_INDEX_CHUNK + extras_before(s, s->chunk.at[chunk])) : 0;
}

static const char packet_sql[] =
	"SELECT frame, ns, sender = 'client', flags, seq, ack, window, len FROM packet WHERE flow_id = ?1 AND frame >= ?2";

static struct step packet_step(const struct flow_steps *s, struct sqlite3_stmt *row)
{
	return (struct step){
		.kind = STEP_PACKET, .frame = sqlite3_column_int64(row, 0), .ns = sqlite3_column_int64(row, 1),
		.client = sqlite3_column_int(row, 2), .flags = (unsigned)sqlite3_column_int(row, 3),
		.seq = (uint32_t)sqlite3_column_int64(row, 4), .ack = (uint32_t)sqlite3_column_int64(row, 5),
		.window = (uint32_t)sqlite3_column_int64(row, 6), .len = sqlite3_column_int64(row, 7),
		.evidence = flow_steps_is_evidence(s, sqlite3_column_int64(row, 0)),
	};
}

/* A row that was come to: those before window_row are passed over. False: the window is full. */
static bool window_add(struct flow_steps *s, int64_t *row, const struct step *step)
{
	if ((*row)++ >= s->window_row)
		s->window[s->window_n++] = *step;
	return s->window_n < STEPS_WINDOW;
}

/* Packets and what lies between them, from a chunk near the row on. */
static void packets_fill(struct flow_steps *s, int64_t row)
{
	size_t from = 0, to = s->chunk.n;
	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		if (chunk_row(s, middle) <= row)
			from = middle;
		else
			to = middle;
	}
	from -= from > 0;
	int64_t at = chunk_row(s, from), first = s->chunk.n ? s->chunk.at[from] : 0;
	size_t extra = from ? extras_before(s, first) : 0;
	bool room = true;
	s->window_row = at > row - STEPS_WINDOW / 2 ? at : row - STEPS_WINDOW / 2;
	struct sqlite3_stmt *p = model_query(s->model, packet_sql, s->flow_id, first);
	while (room && model_next(s->model, p)) {
		struct step step = packet_step(s, p);
		while (room && extra < s->extras && s->extra[extra].frame <= step.frame)
			room = window_add(s, &at, &s->extra[extra++]);
		room = room && window_add(s, &at, &step);
		if (!room)
			sqlite3_finalize(p);
	}
	while (room && extra < s->extras)
		room = window_add(s, &at, &s->extra[extra++]);
}

/* A frame of a list: a packet, or an error. */
static struct step frame_step(struct flow_steps *s, struct sqlite3_stmt *p, int64_t frame)
{
	struct step step = { .frame = frame, .evidence = flow_steps_is_evidence(s, frame) };
	for (size_t i = extras_before(s, frame); i < s->extras && s->extra[i].frame == frame; i++)
		if (s->extra[i].kind == STEP_ICMP)
			return s->extra[i];
	sqlite3_bind_int64(p, 2, frame);
	if (sqlite3_step(p) == SQLITE_ROW)
		step = packet_step(s, p);
	sqlite3_reset(p);
	return step;
}

static void list_fill(struct flow_steps *s, int64_t row)
{
	const struct numbers *list = &s->list[s->zoom];
	struct sqlite3_stmt *p = model_query(s->model, packet_sql, s->flow_id, 0);
	s->window_row = row > STEPS_WINDOW / 4 ? row - STEPS_WINDOW / 4 : 0;
	for (size_t i = (size_t)s->window_row; p && i < list->n && s->window_n < STEPS_WINDOW / 2; i++)
		s->window[s->window_n++] = list->at[i] < 0 ? s->extra[-list->at[i] - 1] : frame_step(s, p, list->at[i]);
	sqlite3_finalize(p);
}

const struct step *flow_steps_at(struct flow_steps *s, int64_t row)
{
	bool known = flow_steps_ready(s) || (s->zoom == ZOOM_PACKETS && s->stage == READ_CHUNKS && s->chunk.n > 1
	                                     && row < chunk_row(s, s->chunk.n - 1));
	if (!known || row < 0 || row >= flow_steps_count(s))
		return NULL;
	if (row < s->window_row || row >= s->window_row + (int64_t)s->window_n) {
		s->window_n = 0;
		if (s->zoom == ZOOM_PACKETS)
			packets_fill(s, row);
		else
			list_fill(s, row);
	}
	int64_t at = row - s->window_row;
	return at >= 0 && at < (int64_t)s->window_n ? &s->window[at] : NULL;
}

/* ---- where things are ---- */

size_t flow_steps_evidence(const struct flow_steps *s)
{
	return s->evidence.n;
}

bool flow_steps_is_evidence(const struct flow_steps *s, int64_t frame)
{
	return numbers_has(&s->evidence, frame);
}

/* The list has frames, and between them extras, which are behind the frame they follow. */
static int64_t list_row(const struct flow_steps *s, int64_t frame)
{
	const struct numbers *list = &s->list[s->zoom];
	for (size_t i = 0; i < list->n; i++) {
		const struct step *extra = list->at[i] < 0 ? &s->extra[-list->at[i] - 1] : NULL;
		if (extra ? extra->kind == STEP_ICMP && extra->frame >= frame : list->at[i] >= frame)
			return (int64_t)i;
	}
	return list->n ? (int64_t)list->n - 1 : 0;
}

int64_t flow_steps_row(struct flow_steps *s, int64_t frame)
{
	size_t chunk = numbers_below(&s->chunk, frame + 1);
	if (!flow_steps_ready(s) && (s->zoom != ZOOM_PACKETS || chunk >= s->chunk.n))
		return -1;
	if (s->zoom != ZOOM_PACKETS)
		return list_row(s, frame);
	int64_t packets = chunk ? (int64_t)(chunk - 1) * LIMIT_INDEX_CHUNK : 0;
	struct sqlite3_stmt *p = model_query(s->model,
		"SELECT count(*) FROM packet WHERE flow_id = ?1 AND frame >= ?2 AND frame < ?3",
		s->flow_id, chunk ? s->chunk.at[chunk - 1] : 0);
	if (p)
		sqlite3_bind_int64(p, 3, frame);
	while (model_next(s->model, p))
		packets += sqlite3_column_int64(p, 0);
	size_t extra = extras_before(s, frame);
	bool broken = extra < s->extras && s->extra[extra].frame == frame && s->extra[extra].kind == STEP_SILENCE;
	return packets + (int64_t)extra + broken;
}

/* Kinds of event that are marks. */
static const char mark_sql[] =
	"SELECT %s(f) FROM (SELECT (SELECT %s(frame) FROM tcp_event WHERE flow_id = ?1 AND kind = k.value AND frame %c ?2) AS f"
	" FROM json_each('[\"rst\",\"retransmission\",\"out_of_order\",\"lost_segment\",\"ack_lost_segment\",\"dup_ack\","
	"\"zero_window\",\"zero_window_probe\",\"zero_window_probe_ack\",\"window_full\",\"keep_alive\",\"keep_alive_ack\","
	"\"overlap_conflict\",\"port_reuse\",\"urgent\",\"data_after_fin\",\"d_sack\",\"challenge_ack\"]') k)";

static int64_t nearer(int64_t a, int64_t b, bool backwards)
{
	return !a ? b : !b ? a : (a < b) != backwards ? a : b;
}

int64_t flow_event_mark(struct model *model, int64_t flow_id, int64_t frame, bool backwards)
{
	char sql[sizeof mark_sql + 16];
	int64_t found = 0;
	snprintf(sql, sizeof sql, mark_sql, backwards ? "max" : "min", backwards ? "max" : "min", backwards ? '<' : '>');
	struct sqlite3_stmt *q = model_query(model, sql, flow_id, frame);
	while (model_next(model, q))
		found = sqlite3_column_int64(q, 0);
	return found;
}

int64_t flow_steps_mark(struct flow_steps *s, int64_t frame, bool backwards)
{
	int64_t found = flow_event_mark(s->model, s->flow_id, frame, backwards);
	size_t at = numbers_below(&s->evidence, backwards ? frame : frame + 1), extra = extras_before(s, backwards ? frame : frame + 1);
	if (backwards ? at > 0 : at < s->evidence.n)
		found = nearer(found, s->evidence.at[backwards ? at - 1 : at], backwards);
	if (backwards)
		while (extra > 0 && s->extra[extra - 1].kind != STEP_ICMP)
			extra--;
	else
		while (extra < s->extras && s->extra[extra].kind != STEP_ICMP)
			extra++;
	if (backwards ? extra > 0 : extra < s->extras)
		found = nearer(found, s->extra[backwards ? extra - 1 : extra].frame, backwards);
	return found;
}

static int64_t list_silence(const struct flow_steps *s, int64_t row, bool backwards)
{
	const struct numbers *list = &s->list[s->zoom];
	for (int64_t i = row + (backwards ? -1 : 1); i >= 0 && i < (int64_t)list->n; i += backwards ? -1 : 1)
		if (list->at[i] < 0 && s->extra[-list->at[i] - 1].kind == STEP_SILENCE)
			return i;
	return -1;
}

int64_t flow_steps_silence(struct flow_steps *s, int64_t row, bool backwards)
{
	const struct step *step = flow_steps_at(s, row);
	if (s->zoom != ZOOM_PACKETS)
		return list_silence(s, row, backwards);
	if (!step)
		return -1;
	/* those before this row; the first of the others may be this row itself */
	size_t at = extras_before(s, step->frame);
	if (step->kind == STEP_PACKET && at < s->extras && s->extra[at].frame == step->frame)
		at++;
	for (int64_t i = backwards ? (int64_t)at - 1 : (int64_t)at + (step->kind != STEP_PACKET); i >= 0 && i < (int64_t)s->extras;
	     i += backwards ? -1 : 1)
		if (s->extra[i].kind == STEP_SILENCE) {
			int64_t behind = s->extra[i].frame == INT64_MAX ? flow_steps_count(s) : flow_steps_row(s, s->extra[i].frame);
			return behind > 0 ? behind - 1 : -1;
		}
	return -1;
}

/* ---- the whole ---- */

void flow_steps_zoom(struct flow_steps *s, enum zoom zoom)
{
	s->zoom = zoom;
	s->window_n = 0;
}

void flow_steps_open(struct flow_steps *s, struct model *m, int64_t flow_id, int64_t finding, int64_t budget_ns)
{
	*s = (struct flow_steps){ .model = m, .flow_id = flow_id, .finding = finding, .whole_to = INT64_MAX };
	s->packets = model_number(m, "SELECT client_frames + server_frames FROM flow WHERE id = ?1", flow_id);
	flow_steps_work(s, browser_now() + budget_ns);
}

void flow_steps_close(struct flow_steps *s)
{
	sqlite3_finalize(s->running);
	free(s->chunk.at);
	free(s->extra);
	free(s->evidence.at);
	free(s->messages.at);
	for (int i = 0; i < ZOOMS; i++)
		free(s->list[i].at);
	*s = (struct flow_steps){ 0 };
}
