/* packet_read.c - see packet_read.h. */
#include "packet_read.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fragment.h"
#include "http1_head.h"
#include "limits.h"
#include "redact.h"
#include "secrets.h"

/* The flow that was asked about last. */
struct known_flow {
	int64_t  id, capture_id;             /* id NONE: none yet */
	uint32_t first_seq[2];
	bool     show_secrets;
};

/* The file that is open, and its frames of the capture, [first, end). */
struct open_file {
	struct capture *capture;             /* NULL: none is */
	int64_t         capture_id, interfaces;
	uint64_t        first, end;
	char            path[512];
};

struct packet_reader {
	sqlite3          *db;
	struct known_flow flow;
	struct open_file  file;
	struct decoder   *decoder;
	struct redactor  *redactor;          /* of the flow; NULL: nothing is hidden */
	sqlite3_stmt     *row;               /* row_sql, used again and again */
	uint8_t          *shown, *payload;   /* copies to overwrite secrets in */
};

/* What the case says of a frame. */
struct row {
	uint64_t  frame;
	int64_t   ns, file_offset;           /* NO_TIME, NONE: not known */
	bool      is_segment;
	enum side sender;
	uint32_t  seq, ack, len;
	uint8_t   flags;
};

/* ---- asking the case ---- */

static bool fail_case(struct packet_reader *r, struct err *err)
{
	return fail(err, "the case cannot be read: %s", sqlite3_errmsg(r->db));
}

/* A statement with its first numbers; NULL: the case cannot be read. */
static sqlite3_stmt *query(struct packet_reader *r, const char *sql, int64_t a, int64_t b,
                           struct err *err)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(r->db, sql, -1, &s, NULL) != SQLITE_OK) {
		fail_case(r, err);
		return NULL;
	}
	sqlite3_bind_int64(s, 1, a);
	sqlite3_bind_int64(s, 2, b);
	return s;
}

static int64_t number_or(sqlite3_stmt *s, int column, int64_t otherwise)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? otherwise
	                                                     : sqlite3_column_int64(s, column);
}

/* Whether the options, as typed, have the word: what is quoted may hold spaces. */
static bool options_have(const char *options, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = options; at && (at = strstr(at, word)); at += n)
		if ((at == options || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

static bool flow_know(struct packet_reader *r, int64_t flow_id, struct err *err)
{
	static const char sql[] =
		"SELECT f.capture_id, f.client_first_seq, f.server_first_seq, c.read_with"
		"  FROM flow f JOIN capture c ON c.id = f.capture_id WHERE f.id = ?1";
	if (r->flow.id == flow_id)
		return true;
	sqlite3_stmt *s = query(r, sql, flow_id, 0, err);
	if (!s)
		return false;
	redactor_free(r->redactor);
	r->redactor = NULL;
	r->flow = (struct known_flow){ .id = NONE };
	bool ok = sqlite3_step(s) == SQLITE_ROW
	       || fail(err, "the case has no connection %lld", (long long)flow_id);
	if (ok)
		r->flow = (struct known_flow){
			.id = flow_id, .capture_id = sqlite3_column_int64(s, 0),
			.first_seq = { (uint32_t)sqlite3_column_int64(s, 1),
			               (uint32_t)sqlite3_column_int64(s, 2) },
			.show_secrets = options_have((const char *)sqlite3_column_text(s, 3),
			                             "--show-secrets"),
		};
	sqlite3_finalize(s);
	if (ok && !r->flow.show_secrets && !(r->redactor = redactor_of_flow(r->db, flow_id, err))) {
		r->flow.id = NONE;
		return false;
	}
	return ok;
}

static const char row_sql[] =
	"SELECT ns, file_offset, sender = 'server', seq, ack, len, flags FROM packet"
	" WHERE flow_id = ?1 AND frame = ?2"
	" UNION ALL SELECT ns, NULL, NULL, NULL, NULL, NULL, NULL FROM icmp"
	" WHERE flow_id = ?1 AND frame = ?2 LIMIT 1";

/* A frame that the case has nothing about is no error: it is looked for. */
static bool row_read(struct packet_reader *r, uint64_t frame, struct row *row, struct err *err)
{
	*row = (struct row){ .frame = frame, .ns = NO_TIME, .file_offset = NONE };
	if (!r->row && !(r->row = query(r, row_sql, 0, 0, err)))
		return false;
	sqlite3_stmt *s = r->row;
	sqlite3_bind_int64(s, 1, r->flow.id);
	sqlite3_bind_int64(s, 2, (int64_t)frame);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*row = (struct row){
			.frame = frame, .ns = number_or(s, 0, NO_TIME), .file_offset = number_or(s, 1, NONE),
			.is_segment = sqlite3_column_type(s, 2) != SQLITE_NULL,
			.sender = (enum side)sqlite3_column_int(s, 2),
			.seq = (uint32_t)sqlite3_column_int64(s, 3),
			.ack = (uint32_t)sqlite3_column_int64(s, 4),
			.len = (uint32_t)sqlite3_column_int64(s, 5),
			.flags = (uint8_t)sqlite3_column_int(s, 6),
		};
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE || fail_case(r, err);
	sqlite3_reset(s);
	return ok;
}

/* ---- files ---- */

static bool file_reopen(struct packet_reader *r, struct err *err)
{
	bool bad_filter;
	capture_close(r->file.capture);
	r->file.capture = capture_open(r->file.path, NULL, false, &bad_filter, err);
	return r->file.capture != NULL;
}

/* Open the file that has this frame, unless it is open. */
static bool file_open(struct packet_reader *r, uint64_t frame, struct err *err)
{
	static const char sql[] =
		"SELECT path, first_frame, first_frame + frames,"
		"       (SELECT count(*) FROM capture_interface i"
		"         WHERE i.capture_id = f.capture_id AND i.file_seq = f.seq)"
		"  FROM capture_file f"
		" WHERE capture_id = ?1 AND first_frame <= ?2 AND ?2 < first_frame + frames";
	struct open_file *f = &r->file;
	if (f->capture && f->capture_id == r->flow.capture_id && frame >= f->first && frame < f->end)
		return true;
	sqlite3_stmt *s = query(r, sql, r->flow.capture_id, (int64_t)frame, err);
	if (!s)
		return false;
	bool ok = sqlite3_step(s) == SQLITE_ROW
	       || fail(err, "the capture has no frame %llu", (unsigned long long)frame);
	if (ok) {
		f->capture_id = r->flow.capture_id;
		f->first = (uint64_t)sqlite3_column_int64(s, 1);
		f->end = (uint64_t)sqlite3_column_int64(s, 2);
		f->interfaces = sqlite3_column_int64(s, 3);
		snprintf(f->path, sizeof f->path, "%s", (const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	if (ok && strcmp(f->path, "-") == 0)
		ok = fail(err, "the packets came through standard input, which cannot be read a second "
		          "time; save them to a file first");
	if (ok)
		return file_reopen(r, err);
	capture_close(f->capture);
	f->capture = NULL;
	return false;
}

static bool fail_changed(const struct packet_reader *r, uint64_t frame, struct err *err)
{
	return fail(err, "%s: is not what it was when the case was made: frame %llu is not at its place",
	            r->file.path, (unsigned long long)(frame - r->file.first + 1));
}

static bool file_seek(struct packet_reader *r, uint64_t frame, int64_t ns, int64_t offset,
                      struct err *err)
{
	struct mark at = { frame - r->file.first + 1, ns };
	return capture_seek(r->file.capture, at, offset, r->file.interfaces, err);
}

/* The next frame, with the capture's number. */
static bool file_next(struct packet_reader *r, struct packet *p)
{
	struct err err;
	if (capture_next(r->file.capture, p, &err) != CAPTURE_PACKET)
		return false;
	p->frame += r->file.first - 1;
	return true;
}

/* ---- one packet ---- */

/* Whether it is the frame that the case has. */
static bool is_same(const struct row *row, const struct read_packet *p, const char *kind)
{
	const struct segment *s = &p->segment;
	if (row->ns != NO_TIME && p->packet.ns != row->ns)
		return false;
	if (!row->is_segment || (kind && strcmp(kind, KIND_FRAGMENT) == 0))
		return true;
	return !kind && s->seq == row->seq && s->ack == row->ack && s->len == row->len
	    && s->flags == row->flags;
}

/* The nearest frame before this one, of its file, whose place is in the case; 0: none. */
static uint64_t place_before(struct packet_reader *r, uint64_t frame, int64_t *ns, int64_t *offset)
{
	static const char sql[] =
		"WITH near(flow_id, frame) AS ("
		"  SELECT id, max(first_frame) FROM flow WHERE capture_id = ?1 AND first_frame < ?2"
		"  UNION ALL SELECT ?3, max(frame) FROM packet WHERE flow_id = ?3 AND frame < ?2)"
		" SELECT p.frame, p.ns, p.file_offset FROM near n"
		"   JOIN packet p ON p.flow_id = n.flow_id AND p.frame = n.frame"
		"  WHERE p.frame >= ?4 AND p.file_offset IS NOT NULL ORDER BY p.frame DESC LIMIT 1";
	struct err err;
	sqlite3_stmt *s = query(r, sql, r->flow.capture_id, (int64_t)frame, &err);
	if (!s)
		return 0;
	sqlite3_bind_int64(s, 3, r->flow.id);
	sqlite3_bind_int64(s, 4, (int64_t)r->file.first);
	uint64_t place = sqlite3_step(s) == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
	if (place) {
		*ns = sqlite3_column_int64(s, 1);
		*offset = sqlite3_column_int64(s, 2);
	}
	sqlite3_finalize(s);
	return place;
}

/* Read what comes before the frame, too, from the nearest place that is known. */
static bool packet_walk_to(struct packet_reader *r, const struct row *row, struct read_packet *to,
                           const char **kind, struct err *err)
{
	int64_t ns, offset;
	uint64_t from = place_before(r, row->frame, &ns, &offset);
	if (!(from ? file_seek(r, from, ns, offset, err) : file_reopen(r, err)))
		return false;
	decoder_free(r->decoder);            /* pieces of datagrams that it holds come again */
	r->decoder = decoder_new();
	for (int passed = 0; passed < LIMIT_PACKET_WALK; passed++) {
		if (!file_next(r, &to->packet))
			return fail_changed(r, row->frame, err);
		*kind = to->packet.kind ? to->packet.kind
		                        : decode(r->decoder, &to->packet, &to->segment);
		if (to->packet.frame == row->frame)
			return true;
	}
	return fail(err, "%s: frame %llu lies too far from any whose place is known", r->file.path,
	            (unsigned long long)(row->frame - r->file.first + 1));
}

/* As it is in the file. */
static bool packet_read_raw(struct packet_reader *r, const struct row *row, struct read_packet *to,
                            struct err *err)
{
	const char *kind = KIND_FRAGMENT;
	*to = (struct read_packet){ 0 };
	if (!file_open(r, row->frame, err))
		return false;
	if (row->file_offset != NONE) {
		if (!file_seek(r, row->frame, row->ns, row->file_offset, err))
			return false;
		if (!file_next(r, &to->packet))
			return fail_changed(r, row->frame, err);
		kind = decode(r->decoder, &to->packet, &to->segment);
	}
	/* the last piece of a fragmented one: those before it are needed, too */
	if (kind && strcmp(kind, KIND_FRAGMENT) == 0 && !packet_walk_to(r, row, to, &kind, err))
		return false;
	if (!is_same(row, to, kind))
		return fail_changed(r, row->frame, err);
	to->is_segment = row->is_segment && !kind;
	if (kind)
		to->segment.payload = (struct bytes){ 0 };
	to->sender = row->sender;
	uint32_t first = r->flow.first_seq[row->sender] - (row->flags & TCP_SYN ? 1 : 0);
	to->off = row->seq - first;
	return true;
}

/* ---- secrets ---- */

/* Packets of a side, from the first byte of [?3, ?4) to the last; all numbers wrap. */
static const char reaching_sql[] =
	"SELECT frame FROM packet WHERE flow_id = ?1 AND frame BETWEEN ?5 AND ?6 AND (sender = 'server') = ?2 AND len > 0"
	"   AND ((seq - ?3) & 0xffffffff < ?4 OR (?3 - seq) & 0xffffffff < len)"
	" ORDER BY (seq - ?3 + 0x80000000) & 0xffffffff, frame";

/* Part of a flow, by frames; and part of what a side sent. */
struct frames { int64_t first, last; };
struct region_wanted { enum side sender; uint32_t from, to; };

/* Some two thousand packets of the flow about this one: chunks of packet_index before and behind it. */
static struct frames frames_about(struct packet_reader *r, uint64_t frame)
{
	static const char sql[] =
		"SELECT (SELECT min(f) FROM (SELECT first_frame AS f FROM packet_index WHERE flow_id = ?1 AND first_frame <= ?2"
		"                             ORDER BY f DESC LIMIT 8)),"
		"       (SELECT max(f) FROM (SELECT last_frame AS f FROM packet_index WHERE flow_id = ?1 AND first_frame >= ?2"
		"                             ORDER BY first_frame LIMIT 8))";
	struct frames about = { 0, INT64_MAX };
	struct err err;
	sqlite3_stmt *s = query(r, sql, r->flow.id, (int64_t)frame, &err);
	if (s && sqlite3_step(s) == SQLITE_ROW)
		about = (struct frames){ number_or(s, 0, 0), number_or(s, 1, INT64_MAX) };
	sqlite3_finalize(s);
	return about;
}

/* Learn a head or a method from the packets among these that brought it. *whole: nothing more
 * is wanted of it. */
static bool region_learn_from(struct packet_reader *r, const struct region_wanted *w, struct frames among, bool *whole,
                              struct err *err)
{
	struct read_packet p;
	struct row row;
	uint32_t still = w->from, end;
	bool ok = true;
	*whole = false;
	sqlite3_stmt *s = query(r, reaching_sql, r->flow.id, w->sender, err);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 3, (uint32_t)(r->flow.first_seq[w->sender] + w->from));
	sqlite3_bind_int64(s, 4, w->to - w->from);
	sqlite3_bind_int64(s, 5, among.first);
	sqlite3_bind_int64(s, 6, among.last);
	while (ok && !*whole && sqlite3_step(s) == SQLITE_ROW) {
		ok = row_read(r, (uint64_t)sqlite3_column_int64(s, 0), &row, err)
		  && packet_read_raw(r, &row, &p, err);
		if (ok && p.is_segment)
			redactor_learn(r->redactor, r->flow.id, w->sender, p.off, p.segment.payload);
		*whole = !redactor_wants(r->redactor, r->flow.id, w->sender, w->from, 1, &still, &end) || still != w->from;
	}
	sqlite3_finalize(s);
	return ok;
}

/* Those that brought it lie about the packet that has a part of it, nearly always. */
static bool region_learn(struct packet_reader *r, uint64_t frame, const struct region_wanted *w, struct err *err)
{
	static const struct frames all = { 0, INT64_MAX };
	bool whole;
	bool ok = region_learn_from(r, w, frames_about(r, frame), &whole, err)
	       && (whole || region_learn_from(r, w, all, &whole, err));
	redactor_learned_at(r->redactor, r->flow.id, w->sender, w->from);
	return ok;
}

/* Learn what must be known before the packet can be shown. */
static bool secrets_learn(struct packet_reader *r, const struct row *row, struct err *err)
{
	struct region_wanted w = { .sender = row->sender };
	uint32_t off = row->seq - r->flow.first_seq[row->sender];
	off += row->flags & TCP_SYN ? 1 : 0;
	while (r->redactor && row->is_segment
	       && redactor_wants(r->redactor, r->flow.id, row->sender, off, row->len, &w.from, &w.to))
		if (!region_learn(r, row->frame, &w, err))
			return false;
	return true;
}

/* What begins like a head is masked, too, where the case knows of none: in a body, or a
 * stream that was not understood. */
static void payload_hide(const struct packet_reader *r, const struct read_packet *p, uint8_t *payload,
                         size_t n)
{
	struct bytes head = { payload, n < LIMIT_GUESS ? n : LIMIT_GUESS };
	bool known = redactor_covers(r->redactor, r->flow.id, p->sender, p->off);
	enum guess guess = n && !known ? start_guess(head, true) : GUESS_NO;
	if (guess == GUESS_SENT_BY_CLIENT || guess == GUESS_SENT_BY_SERVER)
		http1_mask(payload, n, guess == GUESS_SENT_BY_CLIENT);
	redactor_apply(r->redactor, r->flow.id, p->sender, p->off, payload, n);
}

static uint8_t *copy_into(uint8_t **buffer, struct bytes b)
{
	*buffer = alloc_grown(*buffer, b.n + 1, 1);
	if (b.n)
		memcpy(*buffer, b.p, b.n);
	return *buffer;
}

static bool lies_in(struct bytes part, struct bytes whole)
{
	return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* What is no segment of the flow by itself may hold anything: a piece of a datagram, a
 * packet that an ICMP error quotes, another copy. Its payload is not shown. */
static void other_hide(const struct packet *p, uint8_t *shown)
{
	enum { IP4_LEAST = 20, IP6_HEADER = 40, FRAGMENT_HEADER = 8, TCP_LEAST = 20 };
	struct decoder *fresh = decoder_new();
	struct segment s;
	const char *kind = decode(fresh, p, &s);
	size_t at = lies_in(s.ip, p->bytes) && s.ip.n ? (size_t)(s.ip.p - p->bytes.p) : p->bytes.n;
	bool fragment = kind && strcmp(kind, KIND_FRAGMENT) == 0;
	if (fragment)
		at += s.ip4 ? IP4_LEAST : IP6_HEADER + FRAGMENT_HEADER;
	else if (decode_icmp(fresh))
		at += (s.ip4 ? (size_t)(*s.ip.p & 15) * 4 : IP6_HEADER) + TCP_LEAST;
	else if (!kind && s.payload.n)
		at = (size_t)(s.payload.p - p->bytes.p);
	if (at < p->bytes.n && (fragment || !kind || decode_icmp(fresh)))
		memset(shown + at, 'x', p->bytes.n - at);
	decoder_free(fresh);
}

static void secrets_hide(struct packet_reader *r, struct read_packet *p)
{
	struct bytes payload = p->segment.payload;
	p->shown = p->packet.bytes;
	p->payload = p->is_segment ? payload : (struct bytes){ 0 };
	if (!r->redactor)
		return;
	uint8_t *shown = copy_into(&r->shown, p->packet.bytes);
	p->shown.p = shown;
	if (p->is_segment && payload.n && lies_in(payload, p->packet.bytes)) {
		p->payload.p = shown + (payload.p - p->packet.bytes.p);
		payload_hide(r, p, shown + (payload.p - p->packet.bytes.p), payload.n);
	} else if (p->is_segment && payload.n) {
		p->payload.p = copy_into(&r->payload, payload);
		payload_hide(r, p, r->payload, payload.n);
	}
	if (!p->is_segment || (payload.n && !lies_in(payload, p->packet.bytes)))
		other_hide(&p->packet, shown);
}

/* ---- all of it ---- */

struct packet_reader *packet_reader_open(struct sqlite3 *db)
{
	struct packet_reader *r = alloc_zeroed(1, sizeof *r);
	r->db = db;
	r->flow.id = NONE;
	r->decoder = decoder_new();
	return r;
}

bool packet_read(struct packet_reader *r, int64_t flow_id, uint64_t frame, struct read_packet *to,
                 struct err *err)
{
	struct row row;
	if (!flow_know(r, flow_id, err) || !row_read(r, frame, &row, err)
	    || !secrets_learn(r, &row, err) || !packet_read_raw(r, &row, to, err))
		return false;
	secrets_hide(r, to);
	return true;
}

void packet_reader_close(struct packet_reader *r)
{
	if (!r)
		return;
	capture_close(r->file.capture);
	sqlite3_finalize(r->row);
	redactor_free(r->redactor);
	decoder_free(r->decoder);
	free(r->shown);
	free(r->payload);
	free(r);
}
