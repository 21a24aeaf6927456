/* run.c - see run.h. The way of a packet, on one page:
 *
 *   files -> capture -> decode -> dedup -> flow -> tcp -> talk -> store
 *            records    segment   copies   table   facts  bytes   rows
 *                                                         in order, dissectors
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "decode.h"
#include "dedup.h"
#include "flow.h"
#include "fragment.h"
#include "source.h"
#include "store.h"
#include "tcp.h"
#include "text.h"
#include "watch.h"

static const int64_t CLOCK_STEP_NS = 1000000;   /* disorder between queues is less */

/* Kinds of frames that are not followed, and how many. decode() has few. */
enum { KINDS = 80 };
struct kind_count { const char *kind; uint64_t frames; };

/* One capture on its way through the pipeline. */
struct pipeline {
	const struct run_options *options;
	struct run_result        *result;
	struct watch             *watch;
	struct talk_context       talk;
	size_t                    held;          /* bytes of payload that wait for others */
	struct decoder           *decoder;
	struct dedup             *dedup;
	struct flow_table         flows;
	int64_t                   capture_id, flow_base;
	struct capture_facts      facts;
	char                      link_types[128];
	int64_t                   file_seq;      /* of the file being read, from 1 */
	int                       comments;      /* of frames, stored so far */
	char                      series_trouble[400];
	char                      read_with[512];
	bool                      series_told;   /* what is missing from `series` */
	size_t                    series;
	struct taken              taken;
	const struct input       *open;          /* the last of the capture that is open; NULL: none is */
	bool                      adding;        /* to a case that holds captures */
	struct mark               last;          /* the last frame, followed or not */
	struct kind_count         kinds[KINDS];
};

static void trouble(const struct pipeline *p, const char *sentence)
{
	if (p->options->trouble)
		p->options->trouble(sentence);
}

/* ---- one packet ---- */

static void kind_count(struct pipeline *p, const char *kind)
{
	for (int i = 0; i < KINDS; i++) {
		if (!p->kinds[i].kind)
			p->kinds[i].kind = kind;
		if (strcmp(p->kinds[i].kind, kind) == 0) {
			p->kinds[i].frames++;
			return;
		}
	}
	die("more kinds of frames than there is room for");
}

static void flow_finish(struct pipeline *p, struct flow *f, bool end_of_capture)
{
	bool payload = f->side[CLIENT].bytes + f->side[SERVER].bytes > 0;
	bool one_way = f->side[CLIENT].frames == 0 || f->side[SERVER].frames == 0;
	p->facts.one_way_flows += payload && one_way;
	p->facts.midstream_flows += !f->syn.frame && !f->syn_ack.frame;
	p->facts.ack_lost_segments += f->side[CLIENT].ack_lost + f->side[SERVER].ack_lost;
	tcp_finish(&p->talk, f, p->capture_id, p->last, end_of_capture);
	f->finished = true;
}

/* Something odd about the packet that the segment came in. */
static void oddity_note(struct pipeline *p, const struct flow *f, const struct segment *s)
{
	enum side sender = flow_sender(f, s);
	const struct tcp_side *own = &f->side[sender];
	int64_t off = own->top_off + (int32_t)(s->seq - own->top_seq);
	store_anomaly(p->talk.store, f->id, s->at, sender, off > 0 ? (uint64_t)off : 0, NONE, s->odd);
}

static void segment_process(struct pipeline *p, const struct segment *s)
{
	struct flow *reused, *f;
	p->facts.tcp_frames++;
	p->facts.snapped_frames += s->payload.n < s->len;
	bool copy = dedup_seen(p->dedup, s);
	p->facts.duplicate_frames += copy;
	f = flow_find(&p->flows, s, &reused);
	if (copy) {
		if (f)
			f->side[flow_sender(f, s)].duplicates++;
		return;
	}
	if (f && flow_long_closed(&p->flows, f))
		tcp_retire(&p->talk, f);
	if (reused)
		flow_finish(p, reused, false);
	if (!f)
		f = flow_begin(&p->flows, s, p->flow_base + (int64_t)s->at.frame);
	if (reused)
		tcp_reused(&p->talk, f, s);
	tcp_segment(&p->talk, f, s);
	if (s->odd)
		oddity_note(p, f, s);
	flow_close_check(&p->flows, f);
	if ((f = flow_closed(&p->flows, s->at.ns)) && !f->finished)
		tcp_retire(&p->talk, f);
}

/* An ICMP error: of a flow that is known, or a frame like others that are not followed. */
static void icmp_process(struct pipeline *p, const struct icmp_error *e, const struct segment *s,
                         const char *kind)
{
	struct flow *reused;
	struct segment of_flow = { .src = e->src, .dst = e->dst };
	struct segment as_sent = { .at = s->at, .link_id = s->link_id, .ip_id = e->ip_id, .ttl = e->ttl,
	                           .src.port = e->src.port, .dst.port = e->dst.port, .seq = e->seq,
	                           .ack = (uint32_t)(e->type << 8 | e->code), .len = 1 };
	memcpy(as_sent.src.ip, e->from, 16);
	memcpy(as_sent.dst.ip, e->to, 16);
	struct flow *f = flow_find(&p->flows, &of_flow, &reused);
	if (!f) {
		kind_count(p, kind);
		if (e->whole_header)
			flow_reserve(&p->flows, &of_flow);
		return;
	}
	p->facts.icmp_frames++;
	if (dedup_seen(p->dedup, &as_sent)) {
		p->facts.duplicate_frames++;
		return;
	}
	struct icmp_facts facts = { .flow_id = f->id, .at = s->at, .sender = flow_sender(f, &of_flow),
		.protocol = e->ip6 ? "icmpv6" : "icmp", .type = e->type, .code = e->code,
		.word = icmp_word(e->ip6, e->type, e->code), .mtu = e->mtu, .quoted_seq = e->seq,
		.quoted_ttl = e->quoted_ttl };
	ip_text(e->from, facts.source_ip);
	store_icmp(p->talk.store, &facts);
}

/* A frame that is no TCP segment. One whose TCP header is wrong has a stream's
 * number in Wireshark. */
static void other_process(struct pipeline *p, const struct segment *s, const char *kind)
{
	struct flow *reused;
	struct segment of_flow = { .src = s->src, .dst = s->dst };
	kind_count(p, kind);
	if (strcmp(kind, KIND_BAD_TCP) == 0 && !flow_find(&p->flows, &of_flow, &reused))
		flow_reserve(&p->flows, &of_flow);
}

static void packet_process(struct pipeline *p, const struct packet *packet)
{
	struct segment s;
	struct capture_facts *facts = &p->facts;
	facts->frames++;
	if (facts->first_ns == NO_TIME)
		facts->first_ns = facts->last_ns = packet->ns;
	else if (packet->ns < p->last.ns - CLOCK_STEP_NS)
		facts->clock_steps_back++;
	if (packet->ns > facts->last_ns)
		facts->last_ns = packet->ns;
	if (packet->ns < facts->first_ns)
		facts->first_ns = packet->ns;
	facts->bytes += packet->wire_n;
	p->last = (struct mark){ packet->frame, packet->ns };
	if (!packet->wanted) {
		facts->filtered_frames++;
		return;
	}
	const char *not_tcp = decode(p->decoder, packet, &s);
	const struct icmp_error *icmp = decode_icmp(p->decoder);
	if (!not_tcp)
		segment_process(p, &s);
	else if (icmp)
		icmp_process(p, icmp, &s, not_tcp);
	else
		other_process(p, &s, not_tcp);
	flow_table_trim(&p->flows);
}

/* ---- one file ---- */

/* Note a link type once in the comma-separated list. */
static void link_type_add(struct pipeline *p, const char *name)
{
	size_t n = strlen(p->link_types), size = strlen(name);
	const char *at = p->link_types;
	while ((at = strstr(at, name)) && ((at > p->link_types && at[-1] != ',') || (at[size] && at[size] != ',')))
		at += size;
	if (!at)
		snprintf(p->link_types + n, sizeof p->link_types - n, "%s%s", n ? "," : "", name);
}

/* The comments on a frame. Text ends at a NUL, so a NUL inside becomes a space. */
static void frame_comments(struct pipeline *p, const struct packet *packet)
{
	char text[LIMIT_COMMENT + 1];
	struct capture_comment comment = { NONE, (int64_t)packet->frame, text };
	for (size_t i = 0; i < packet->comments_n && p->comments < LIMIT_COMMENTS; i++) {
		struct bytes b = packet->comments[i];
		size_t n = b.n < LIMIT_COMMENT ? b.n : LIMIT_COMMENT;
		for (size_t at = 0; at < n; at++)
			text[at] = b.p[at] ? (char)b.p[at] : ' ';
		text[n] = '\0';
		store_capture_comment(p->talk.store, p->capture_id, p->file_seq, &comment);
		p->comments++;
	}
}

/* Of counts that may be NONE: not reported. */
static int64_t count_sum(int64_t a, int64_t b)
{
	int64_t sum;
	if (a == NONE || b == NONE)
		return a == NONE ? b : a;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* The interfaces and what is said about them; adds up what they dropped. */
static void interfaces_store(struct pipeline *p, const struct capture *c)
{
	struct capture_interface face;
	struct capture_comment comment;
	int64_t dropped = NONE;
	for (size_t i = 0; capture_interface_at(c, i, &face); i++) {
		store_capture_interface(p->talk.store, p->capture_id, p->file_seq, &face);
		link_type_add(p, face.link_type);
		dropped = count_sum(dropped, face.dropped_by_interface);
		dropped = count_sum(dropped, face.dropped_by_os);
	}
	if (dropped > p->facts.dropped_frames)       /* counts go on through a series */
		p->facts.dropped_frames = dropped;
	for (size_t i = 0; capture_comment_at(c, i, &comment); i++)
		store_capture_comment(p->talk.store, p->capture_id, p->file_seq, &comment);
}

static void file_facts(struct pipeline *p, struct capture *c, struct capture_file_facts *file)
{
	char sha256[SHA256_HEX];
	if (!p->watch->stopped)
		source_drain(capture_source(c));
	const char *hash = source_sha256(capture_source(c), sha256);
	file->sha256 = hash ? hash : "";
	file->size = (int64_t)source_size(capture_source(c));
	file->format = capture_format(c);
	file->compression = source_compression(capture_source(c));
	file->link_type = capture_link_types(c);
	file->snaplen = capture_snaplen(c);
	if (file->snaplen != NONE && (p->facts.snaplen == NONE || file->snaplen < p->facts.snaplen))
		p->facts.snaplen = file->snaplen;
	store_capture_file(p->talk.store, p->capture_id, file);
	interfaces_store(p, c);
}

/* Reading was stopped inside the file: why, as a sentence. */
static void stop_note(struct pipeline *p, const struct capture_file_facts *file, struct err *why)
{
	size_t left = p->watch->files_left;
	char and[60] = "";
	if (left)
		snprintf(and, sizeof and, ", and %zu more file%s not read", left, left == 1 ? " was" : "s were");
	fail(why, "%.150s: reading was stopped after frame %llu; what came before is used%s", file->path,
	     (unsigned long long)file->frames, and);
	p->result->stopped = true;
}

/* What is wrong with the file goes into its facts, and is told. */
static void file_trouble(struct pipeline *p, const struct capture *c, enum capture_next end,
                         struct err *why, struct capture_file_facts *file)
{
	const char *filter = capture_filter_trouble(c);
	if (p->watch->stopped)
		stop_note(p, file, why);
	else if (end == CAPTURE_BROKEN)
		p->result->files_cut_short++;
	if (p->watch->stopped || end == CAPTURE_BROKEN) {
		file->cut_short_at = (int64_t)file->frames;
		file->trouble = why->text;
		trouble(p, why->text);
	}
	if (filter) {
		struct err told;
		fail(&told, "%.440s; frames of that link type are passed over", filter);
		trouble(p, told.text);
	}
}

/* A frame that is no packet may have no time of its own: none is taken of it. */
static void record_process(struct pipeline *p, const struct packet *packet)
{
	p->facts.frames++;
	p->last.frame = packet->frame;
	if (packet->wanted)
		kind_count(p, packet->kind);
	else
		p->facts.filtered_frames++;
}

static void file_packet(struct pipeline *p, const struct packet *packet,
                        struct capture_file_facts *file)
{
	if (file->first_ns == NO_TIME)
		file->first_ns = packet->ns;
	if (file->last_ns == NO_TIME || packet->ns > file->last_ns)
		file->last_ns = packet->ns;
	packet_process(p, packet);
}

static bool watcher_told(struct pipeline *p, uint64_t bytes, size_t flows_told)
{
	return watch_tell(p->watch, &(struct watched){ .store = p->talk.store, .flows = &p->flows, .bytes = bytes,
	                                               .frames = p->facts.frames, .flows_told = flows_told });
}

/* A file on its way. */
struct reading { struct pipeline *p; struct capture *c; };

/* Whether there is sense in reading on. */
static bool goes_on(void *reading)
{
	struct reading *r = reading;
	return !store_failed(r->p->talk.store) && watcher_told(r->p, source_size(capture_source(r->c)), 0);
}

/* Read one file to its end, or until it is stopped. Frames go on counting where the file before ended. */
static void file_read(struct pipeline *p, struct capture *c, const char *path)
{
	struct capture_file_facts file = { .path = path, .first_frame = p->facts.frames + 1,
	                                   .first_ns = NO_TIME, .last_ns = NO_TIME,
	                                   .cut_short_at = NONE };
	struct packet packet;
	struct err why;
	enum capture_next next = CAPTURE_END;
	p->file_seq++;
	struct reading reading = { p, c };
	if (p->watch->progress)
		source_while_waiting(capture_source(c), goes_on, &reading);
	bool on = !p->result->files_read || goes_on(&reading);
	while (on && (next = capture_next(c, &packet, &why)) == CAPTURE_PACKET) {
		file.frames = packet.frame;
		packet.frame += file.first_frame - 1;
		if (packet.comments_n)
			frame_comments(p, &packet);
		if (packet.kind)
			record_process(p, &packet);
		else
			file_packet(p, &packet, &file);
		if ((packet.frame & 1023) == 0)
			on = goes_on(&reading);
	}
	source_while_waiting(capture_source(c), NULL, NULL);
	file_trouble(p, c, next, &why, &file);
	file_facts(p, c, &file);
	p->result->files_read++;
}

/* ---- one capture ---- */

static void capture_begin(struct pipeline *p, const char *name)
{
	p->facts = (struct capture_facts){ .name = name, .first_ns = NO_TIME, .last_ns = NO_TIME,
	                                   .snaplen = NONE, .dropped_frames = NONE,
	                                   .taken_for = "file",
	                                   .read_with = *p->read_with ? p->read_with : NULL };
	p->link_types[0] = 0;
	p->series_trouble[0] = '\0';
	p->file_seq = 0;
	p->comments = 0;
	p->last = (struct mark){ 0 };
	memset(p->kinds, 0, sizeof p->kinds);
	flow_table_init(&p->flows, p->options->flows_at_hand ? p->options->flows_at_hand : LIMIT_FLOWS_AT_HAND);
	p->decoder = decoder_new();
	p->dedup = dedup_new();
	p->capture_id = store_capture_begin(p->talk.store, name, &p->flow_base);
	watch_capture(p->watch);
}

/* Each fragment was counted as one when it came; those that became part of a whole
 * packet are taken out again, for what the packet is was counted when it was whole. */
static void fragments_settle(struct pipeline *p)
{
	p->facts.fragment_frames = decode_fragments(p->decoder)->parts;
	for (int i = 0; i < KINDS && p->kinds[i].kind; i++)
		if (strcmp(p->kinds[i].kind, KIND_FRAGMENT) == 0)
			p->kinds[i].frames -= p->facts.fragment_frames;
}

static void capture_end(struct pipeline *p)
{
	fragments_settle(p);
	for (size_t i = 0; i < p->flows.n; i++) {
		struct flow room, *f = flow_nth(&p->flows, i, &room);
		if (!f->finished)
			flow_finish(p, f, true);
		flow_drop(f);
		if (((i + 1) & 1023) == 0)
			watcher_told(p, 0, i + 1);
	}
	for (int i = 0; i < KINDS && p->kinds[i].kind; i++)
		if (p->kinds[i].frames)
			store_not_followed(p->talk.store, p->capture_id, p->kinds[i].kind,
			                   p->kinds[i].frames);
	p->facts.link_types = p->link_types;
	store_capture_end(p->talk.store, p->capture_id, &p->facts);
	watch_capture_end(p->watch, p->facts.frames, p->flows.n);
	flow_table_free(&p->flows);
	dedup_free(p->dedup);
	decoder_free(p->decoder);
}

/* ---- all files ---- */

/* Whether the case holds this very file already, or cannot tell. Both are told. */
static bool input_known(struct pipeline *p, const struct input *in)
{
	char sha256[SHA256_HEX] = "", known[200], sentence[512];
	struct err err;
	if (!in->regular) {
		snprintf(sentence, sizeof sentence, "%s: goes into a case that holds captures only as a "
		         "file, for it must be read twice to tell whether the case has it; save it first",
		         in->path);
		trouble(p, sentence);
		p->result->files_failed++;
		return true;
	}
	if (!p->options->no_hash) {
		struct source *source = source_open(in->path, true, &err);
		if (!source)
			return false;
		source_drain(source);
		source_sha256(source, sha256);
		source_close(source);
	}
	struct capture_file_facts file = { .path = in->path, .sha256 = sha256, .size = in->size };
	if (!store_has_file(p->talk.store, &file, known, sizeof known))
		return false;
	snprintf(sentence, sizeof sentence, "%.200s is in the case already, as %s; it was not added again",
	         in->path, known);
	trouble(p, sentence);
	p->result->files_known++;
	return true;
}

/* Files of one capture whose times overlap are read one after the other, so frames
 * of the later one go back in time. */
static void overlap_note(struct pipeline *p, const struct input *in)
{
	char span[TEXT_DURATION_SIZE];
	size_t n = strlen(p->series_trouble);
	if (in->first_ns == NO_TIME || p->facts.last_ns == NO_TIME
	    || in->first_ns >= p->facts.last_ns)
		return;
	if (n + strlen(in->path) + 100 < sizeof p->series_trouble)
		snprintf(p->series_trouble + n, sizeof p->series_trouble - n,
		         "%s%s begins %s before the end of what comes before it", n ? "; " : "",
		         in->path, text_duration(p->facts.last_ns - in->first_ns, span));
	p->facts.series_trouble = p->series_trouble;
	trouble(p, p->series_trouble + (n ? n + 2 : 0));
}

/* What is missing from a series is told once, with the capture that begins it. */
static void missing_note(struct pipeline *p, const struct inputs *all, const struct input *in)
{
	if (p->options->joining == JOIN_NONE || (p->series_told && p->series == in->series)
	    || !inputs_missing(all, in->series, p->series_trouble, sizeof p->series_trouble))
		return;
	p->facts.series_trouble = p->series_trouble;
	p->series_told = true;
	p->series = in->series;
	trouble(p, p->series_trouble);
}

/* A file that is read into a capture: the one that is open, or a new one. */
static void input_place(struct pipeline *p, const struct inputs *all, const struct input *last,
                        const struct input *in)
{
	const char *why = p->options->joining == JOIN_NONE ? "separate" : "file";
	bool goes_on = last && input_goes_on(last, in, p->facts.last_ns, p->options->joining, &why);
	if (last && !goes_on) {
		if (strcmp(why, "point") == 0 && strcmp(p->facts.taken_for, "file") == 0)
			p->facts.taken_for = why;
		capture_end(p);
	}
	if (!goes_on) {
		capture_begin(p, in->path);
		missing_note(p, all, in);
	} else {
		overlap_note(p, in);
	}
	p->facts.taken_for = why;
	taken_capture(&p->taken, why);
	taken_file(&p->taken, in->path, !goes_on);
}

/* Read an input. False: the filter is bad. */
static bool input_read(struct pipeline *p, const struct inputs *all, const struct input *in, struct err *err)
{
	bool bad_filter;
	watch_input(p->watch, in);
	struct capture *c = capture_open(in->path, p->options->filter, !p->options->no_hash, &bad_filter, err);
	if (!c && bad_filter)
		return false;
	if (!c) {
		p->result->files_failed++;
		trouble(p, err->text);
	} else if (!p->adding || !input_known(p, in)) {
		input_place(p, all, p->open, in);
		p->open = in;
		file_read(p, c, in->path);
	}
	watch_input_end(p->watch, in, c ? source_size(capture_source(c)) : 0);
	capture_close(c);
	return true;
}

/* "tcp.port==18000,http" */
static bool decode_as_parse(const char *text, struct decode_as *as, struct err *err)
{
	char protocol[32];
	unsigned port;
	int end = 0;
	if (sscanf(text, "tcp.port==%u,%31s%n", &port, protocol, &end) != 2 || text[end]
	    || port == 0 || port > UINT16_MAX)
		return fail(err, "-d %s: write it as tcp.port==PORT,PROTOCOL", text);
	as->port = (uint16_t)port;
	for (size_t i = 0; dissectors[i]; i++)
		if (strcmp(dissectors[i]->name, protocol) == 0)
			as->dissector = dissectors[i];
	return as->dissector || fail(err, "-d %s: there is no dissector named %s (http, amqp, tls)", text, protocol);
}

/* The options that decide what is read, as they would be typed; cut where they are long. */
static void options_note(struct pipeline *p)
{
	const struct run_options *o = p->options;
	size_t size = sizeof p->read_with, n = 0;
	if (o->filter)
		n = (size_t)snprintf(p->read_with, size, "-f '%.200s' ", o->filter);
	for (size_t i = 0; i < o->decode_as_n && n < size - 64; i++)
		n += (size_t)snprintf(p->read_with + n, size - n, "-d %.40s ", o->decode_as[i]);
	snprintf(p->read_with + n, size - n, "%s%s",
	         o->joining == JOIN_ALL ? "--join " : o->joining == JOIN_NONE ? "--separate " : "",
	         o->show_secrets ? "--show-secrets " : "");
	n = strlen(p->read_with);
	if (n)
		p->read_with[n - 1] = '\0';
}

/* ---- a run ---- */

struct run {
	struct run_options options;
	struct decode_as  *as;
	struct inputs      in;
	size_t             next;             /* of the inputs */
	struct watch       watch;
};

static struct pipeline *pipeline_new(struct run *run, struct store *store, struct run_result *result)
{
	struct pipeline *p = alloc_zeroed(1, sizeof *p);
	p->options = &run->options;
	p->result = result;
	p->watch = &run->watch;
	p->adding = store_has_captures(store);
	options_note(p);
	p->talk = (struct talk_context){
		.store = store, .classifier = classifier_new(), .decode_as = run->as,
		.decode_as_n = run->options.decode_as_n, .show_secrets = run->options.show_secrets,
		.held = &p->held,
	};
	return p;
}

/* All is read, or, where `ok` is false, to be given up. */
static void pipeline_end(struct pipeline *p, bool ok)
{
	struct err told;
	if (p->open)
		capture_end(p);
	const char *taken = ok ? taken_sentence(&p->taken, &told) : NULL;
	if (taken)
		trouble(p, taken);
	classifier_free(p->talk.classifier);
	free(p);
}

static bool run_begin(struct run *run, const char *const *paths, size_t n, const struct run_options *options,
                      struct err *err)
{
	*run = (struct run){ .options = *options, .as = alloc_zeroed(options->decode_as_n, sizeof *run->as) };
	for (size_t i = 0; i < options->decode_as_n; i++)
		if (!decode_as_parse(options->decode_as[i], &run->as[i], err))
			return false;
	inputs_find(&run->in, paths, n, options->trouble);
	watch_begin(&run->watch, &run->options, &run->in);
	return true;
}

static void run_end(struct run *run)
{
	inputs_free(&run->in);
	free(run->as);
}

bool run_analysis(struct store *store, const char *const *paths, size_t n,
                  const struct run_options *options, struct run_result *result, struct err *err)
{
	struct run run;
	bool ok = run_begin(&run, paths, n, options, err);
	*result = (struct run_result){ .files_failed = run.in.failed };
	if (ok) {
		struct pipeline *p = pipeline_new(&run, store, result);
		while (ok && run_next(&run))
			ok = input_read(p, &run.in, &run.in.in[run.next++], err);
		pipeline_end(p, ok);
	}
	run_end(&run);
	return ok;
}

/* ---- one capture after another ---- */

struct run *run_open(const char *const *paths, size_t n, const struct run_options *options, struct err *err)
{
	struct run *run = alloc_zeroed(1, sizeof *run);
	if (run_begin(run, paths, n, options, err)) {
		inputs_as_given(&run->in);
		return run;
	}
	run_close(run);
	return NULL;
}

const struct inputs *run_inputs(const struct run *run)
{
	return &run->in;
}

const struct input *run_next(const struct run *run)
{
	return run->next < run->in.n && !run->watch.stopped ? &run->in.in[run->next] : NULL;
}

bool run_capture(struct run *run, struct store *store, struct run_result *result, struct err *err)
{
	const struct input *in;
	const char *why;
	*result = (struct run_result){ 0 };
	struct pipeline *p = pipeline_new(run, store, result);
	bool ok = true;
	do
		ok = input_read(p, &run->in, &run->in.in[run->next++], err);
	while (ok && p->open && (in = run_next(run))
	       && input_goes_on(p->open, in, p->facts.last_ns, run->options.joining, &why));
	pipeline_end(p, ok);
	return ok;
}

void run_close(struct run *run)
{
	if (run)
		run_end(run);
	free(run);
}
