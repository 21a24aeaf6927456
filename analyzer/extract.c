/* extract.c - see extract.h. */
#include "extract.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "decode.h"
#include "filter.h"
#include "output.h"
#include "redact.h"
#include "source.h"
#include "text.h"

enum { SNAPLEN = 262144 };         /* of the new file: more than any record */

struct extraction {
	struct sqlite3               *db;
	const struct extract_options *options;
	FILE                         *out;
	pcap_t                       *pcap;      /* of the link type that is written; NULL: none yet */
	pcap_dumper_t                *dump;
	int                           link;
	bool                          in_ns;     /* the file's unit of time */
	sqlite3_stmt                 *frames;    /* of the capture, that are wanted; NULL: all */
	uint64_t                      next;      /* of these; 0: there are no more */
	struct redactor              *redactor;  /* NULL: nothing is redacted */
	bool                          learning;  /* it is the first of two walks */
	struct decoder               *decoder;
	uint8_t                      *copy;      /* of a packet, to overwrite secrets in */
	size_t                        written;
};

/* ---- what is wanted ---- */

/* Connections of what was chosen: of findings their own and those of their evidence. */
static const char *const choice_sql[] = {
	[CHOOSE_FINDING] =
	"INSERT OR IGNORE INTO temp.chosen"
	" WITH named AS (SELECT id, flow_id FROM finding WHERE rule = ?1 OR fingerprint = ?1)"
	" SELECT flow_id FROM named WHERE flow_id IS NOT NULL"
	" UNION SELECT e.flow_id FROM evidence e JOIN named n ON n.id = e.finding_id"
	"        WHERE e.flow_id IS NOT NULL",
	[CHOOSE_FLOW] = "INSERT OR IGNORE INTO temp.chosen SELECT id FROM flow WHERE id = ?1",
	[CHOOSE_STREAM] = "INSERT OR IGNORE INTO temp.chosen SELECT id FROM flow WHERE stream = ?1",
	[CHOOSE_FILTER] = "INSERT OR IGNORE INTO temp.chosen SELECT f.id FROM flow f WHERE %s",
};

static const char *const choice_words[][2] = {
	[CHOOSE_FINDING] = { "--finding", "no finding of that rule, or with that fingerprint, names a connection" },
	[CHOOSE_FLOW]    = { "--flow", "there is no such flow.id" },
	[CHOOSE_STREAM]  = { "--stream", "there is no such tcp.stream" },
	[CHOOSE_FILTER]  = { "-Y", "no connection is like that" },
};

static bool fail_case(struct sqlite3 *db, struct err *err)
{
	return fail(err, "the case cannot be read: %s", sqlite3_errmsg(db));
}

static sqlite3_stmt *filter_choice(struct sqlite3 *db, const char *text, struct err *err)
{
	struct filter filter;
	sqlite3_stmt *s = NULL;
	if (!filter_parse(&filter, text, 1, err))
		return NULL;
	char *sql = sqlite3_mprintf(choice_sql[CHOOSE_FILTER], filter.sql);
	if (sql && sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK)
		filter_bind(&filter, s);
	else
		fail_case(db, err);
	sqlite3_free(sql);
	filter_free(&filter);
	return s;
}

static sqlite3_stmt *choice_statement(struct sqlite3 *db, const struct choice *c, struct err *err)
{
	sqlite3_stmt *s = NULL;
	if (c->kind == CHOOSE_FILTER)
		return filter_choice(db, c->value, err);
	if (sqlite3_prepare_v2(db, choice_sql[c->kind], -1, &s, NULL) != SQLITE_OK)
		fail_case(db, err);
	else if (c->kind == CHOOSE_FINDING)
		sqlite3_bind_text(s, 1, c->value, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(s, 1, strtoll(c->value, NULL, 10));
	return s;
}

/* A choice that names nothing is a mistake, and told. */
static bool choose(struct sqlite3 *db, const struct choice *c, struct err *err)
{
	sqlite3_stmt *s = choice_statement(db, c, err);
	if (!s)
		return false;
	sqlite3_int64 before = sqlite3_total_changes64(db);
	bool ok = sqlite3_step(s) == SQLITE_DONE || fail_case(db, err);
	sqlite3_finalize(s);
	if (ok && sqlite3_total_changes64(db) == before)
		return fail(err, "%s %.80s: %s", choice_words[c->kind][0], c->value, choice_words[c->kind][1]);
	return ok;
}

bool extract_choose(struct sqlite3 *db, const struct choice *choice, size_t n, struct err *err)
{
	// an old one is emptied: it cannot be dropped while the connection reads anything
	bool ok = sqlite3_exec(db, "CREATE TEMP TABLE IF NOT EXISTS chosen(id INTEGER PRIMARY KEY);"
	                       "DELETE FROM temp.chosen", NULL, NULL, NULL) == SQLITE_OK
	       || fail_case(db, err);
	for (size_t i = 0; ok && i < n; i++)
		ok = choose(db, &choice[i], err);
	return ok;
}

/* Frames, and of segments where their payload lies in the stream. */
static const char frames_sql[] =
	"SELECT p.frame, f.id, p.sender = 'server',"
	"       p.seq - iif(p.sender = 'client', f.client_first_seq, f.server_first_seq)"
	"  FROM temp.chosen c JOIN flow f ON f.id = c.id JOIN packet p ON p.flow_id = f.id"
	" WHERE f.capture_id = ?1"
	" UNION ALL SELECT i.frame, NULL, NULL, NULL FROM temp.chosen c JOIN flow f ON f.id = c.id JOIN icmp i ON i.flow_id = f.id"
	" WHERE f.capture_id = ?1 ORDER BY 1";

static void frames_next(struct extraction *x)
{
	x->next = x->frames && sqlite3_step(x->frames) == SQLITE_ROW
	        ? (uint64_t)sqlite3_column_int64(x->frames, 0) : 0;
}

/* Whether a frame is wanted; frames are asked about in rising order. */
static bool is_wanted(struct extraction *x, uint64_t frame)
{
	if (!x->frames)
		return true;
	while (x->next && x->next < frame)
		frames_next(x);
	return x->next == frame;
}

/* ---- writing ---- */

static bool dump_begin(struct extraction *x, int link, struct err *err)
{
	unsigned unit = x->in_ns ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
	x->link = link;
	x->pcap = pcap_open_dead_with_tstamp_precision(link, SNAPLEN, unit);
	x->dump = x->pcap ? pcap_dump_fopen(x->pcap, x->out) : NULL;
	return x->dump || fail(err, "the extract cannot be written: %s",
	                       x->pcap ? pcap_geterr(x->pcap) : strerror(errno));
}

static bool packet_write(struct extraction *x, const struct packet *p, struct err *err)
{
	if (!x->dump && !dump_begin(x, p->link, err))
		return false;
	if (p->link != x->link)
		return fail(err, "frame %llu has another link type than those before it, and one pcap file "
		            "holds one; choose fewer connections", (unsigned long long)p->frame);
	int64_t s = p->ns / 1000000000 - (p->ns % 1000000000 < 0), ns = p->ns - s * 1000000000;
	struct pcap_pkthdr head = { .ts = { s, x->in_ns ? ns : ns / 1000 },
	                            .caplen = (bpf_u_int32)p->bytes.n, .len = p->wire_n };
	pcap_dump((u_char *)x->dump, &head, p->bytes.p);
	x->written++;
	return true;
}

/* ---- redacting ---- */

/* The Internet checksum of what changed, from the old one (RFC 1624, equation 3). `at` is
 * counted from the beginning of what the checksum covers. */
static uint16_t checksum_changed(uint16_t sum, const uint8_t *old, const uint8_t *new, size_t n)
{
	uint32_t s = (uint16_t)~sum;
	for (size_t at = 0; at < n; at += 2) {
		bool odd = at + 1 == n;
		s += (uint16_t)~(old[at] << 8 | (odd ? 0 : old[at + 1]));
		s += (uint32_t)(new[at] << 8 | (odd ? 0 : new[at + 1]));
	}
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* The copy's segment without its secrets; the checksum stays as right as it was. */
static void segment_redact(struct extraction *x, const struct packet *p, const struct segment *s)
{
	size_t payload = (size_t)(s->payload.p - p->bytes.p);
	uint8_t *sum = x->copy + payload - s->options.n - 4;      /* RFC 9293, 3.1 */
	memcpy(x->copy, p->bytes.p, p->bytes.n);
	if (!redactor_apply(x->redactor, sqlite3_column_int64(x->frames, 1),
	                    (enum side)sqlite3_column_int(x->frames, 2),
	                    (uint32_t)sqlite3_column_int64(x->frames, 3), x->copy + payload, s->payload.n))
		return;
	uint16_t changed = checksum_changed((uint16_t)(sum[0] << 8 | sum[1]), s->payload.p, x->copy + payload,
	                                    s->payload.n);
	sum[0] = (uint8_t)(changed >> 8);
	sum[1] = (uint8_t)changed;
}

static bool lies_in(struct bytes part, struct bytes whole)
{
	return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* Learn from a wanted packet, or write it redacted. What is no whole segment could hold
 * anything: it is left out. */
static bool packet_redact(struct extraction *x, const struct packet *p, struct err *err)
{
	struct segment s;
	struct packet redacted = *p;
	if (sqlite3_column_type(x->frames, 1) == SQLITE_NULL || decode(x->decoder, p, &s)
	    || (s.payload.n && !lies_in(s.payload, p->bytes)))
		return true;
	if (x->learning) {
		redactor_learn(x->redactor, sqlite3_column_int64(x->frames, 1),
		               (enum side)sqlite3_column_int(x->frames, 2),
		               (uint32_t)sqlite3_column_int64(x->frames, 3), s.payload);
		return true;
	}
	if (s.payload.n) {
		x->copy = alloc_grown(x->copy, p->bytes.n, 1);
		segment_redact(x, p, &s);
		redacted.bytes.p = x->copy;
	}
	return packet_write(x, &redacted, err);
}

/* ---- reading ---- */

/* As it was when the case was made; one that was not hashed then has the same size at least. */
static bool file_is_same(struct capture *c, const char *path, const char *sha256, int64_t size, struct err *err)
{
	char hex[SHA256_HEX];
	source_drain(capture_source(c));
	if (!*sha256)
		return (int64_t)source_size(capture_source(c)) == size
		    || fail(err, "%s is not the file that the case was made of: its size is another", path);
	return strcmp(source_sha256(capture_source(c), hex), sha256) == 0
	    || fail(err, "%s is not the file that the case was made of: its SHA-256 is another", path);
}

/* Of one file, whose frame 1 is the capture's frame `first`. */
static bool file_extract(struct extraction *x, const char *path, uint64_t first, const char *sha256,
                         int64_t size, struct err *err)
{
	struct packet p;
	struct err why;
	bool bad_filter, ok = true;
	if (strcmp(path, "-") == 0)
		return fail(err, "standard input cannot be read a second time; save it to a file first");
	struct capture *c = capture_open(path, x->options->filter, *sha256, &bad_filter, err);
	while (c && ok && capture_next(c, &p, &why) == CAPTURE_PACKET) {
		uint64_t frame = p.frame;
		p.frame += first - 1;
		if (!p.kind && p.wanted && is_wanted(x, p.frame))
			ok = x->redactor ? packet_redact(x, &p, err) : packet_write(x, &p, err);
		p.frame = frame;
	}
	ok = c && ok && file_is_same(c, path, sha256, size, err);
	capture_close(c);
	return ok;
}

static bool files_extract(struct extraction *x, struct err *err)
{
	static const char sql[] =
		"SELECT path, first_frame, sha256, capture_id, seq = 1, size FROM capture_file ORDER BY capture_id, seq";
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(x->db, sql, -1, &s, NULL) != SQLITE_OK)
		return fail_case(x->db, err);
	bool ok = true;
	while (ok && sqlite3_step(s) == SQLITE_ROW) {
		if (x->frames && sqlite3_column_int(s, 4)) {
			sqlite3_reset(x->frames);
			sqlite3_bind_int64(x->frames, 1, sqlite3_column_int64(s, 3));
			frames_next(x);
		}
		if (x->frames && !x->next)
			continue;
		ok = file_extract(x, (const char *)sqlite3_column_text(s, 0),
		                  (uint64_t)sqlite3_column_int64(s, 1),
		                  (const char *)sqlite3_column_text(s, 2), sqlite3_column_int64(s, 5), err);
	}
	sqlite3_finalize(s);
	return ok;
}

/* ---- all of it ---- */

static bool all_write(void *context, FILE *out, struct err *err)
{
	struct extraction *x = context;
	x->out = out;
	bool ok = true;
	if (x->redactor) {
		x->learning = true;
		ok = files_extract(x, err);
		redactor_learned(x->redactor);
		x->learning = false;
	}
	ok = ok && files_extract(x, err);
	if (ok && !x->dump)
		ok = dump_begin(x, DLT_EN10MB, err);      /* a capture of nothing is one */
	if (ok && (pcap_dump_flush(x->dump) != 0 || ferror(out)))
		ok = fail(err, "the extract could not be written: %s", strerror(errno));
	if (x->pcap)
		pcap_close(x->pcap);
	return ok;
}

/* Whether the output would replace one of the inputs. */
static bool output_is_input(const struct extraction *x, struct err *err)
{
	struct stat in, out;
	const char *path = x->options->output;
	bool is = false;
	sqlite3_stmt *s = NULL;
	if (!path || stat(path, &out) != 0
	    || sqlite3_prepare_v2(x->db, "SELECT path FROM capture_file", -1, &s, NULL) != SQLITE_OK)
		return false;
	while (!is && sqlite3_step(s) == SQLITE_ROW)
		is = stat((const char *)sqlite3_column_text(s, 0), &in) == 0 && in.st_dev == out.st_dev
		  && in.st_ino == out.st_ino;
	sqlite3_finalize(s);
	if (is)
		fail(err, "%s is one of the captures; write the extract under another name", path);
	return is;
}

static bool case_in_ns(struct sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	static const char sql[] = "SELECT EXISTS(SELECT 1 FROM capture_file WHERE format IN ('pcap-ns', 'pcapng'))";
	bool in_ns = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK
	          && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return in_ns;
}

/* Where nothing was chosen, every connection is, for only theirs can be redacted. */
static bool redaction_begin(struct extraction *x, struct err *err)
{
	if (!x->options->chosen_only
	    && sqlite3_exec(x->db, "INSERT INTO temp.chosen SELECT id FROM flow", NULL, NULL, NULL))
		return fail_case(x->db, err);
	x->redactor = redactor_new(x->db, err);
	x->decoder = decoder_new();
	return x->redactor != NULL;
}

bool extract(struct sqlite3 *db, const struct extract_options *options, size_t *frames, struct err *err)
{
	struct extraction x = { .db = db, .options = options, .in_ns = case_in_ns(db) };
	bool ok = !options->redact || redaction_begin(&x, err);
	bool by_frame = options->chosen_only || options->redact;
	ok = ok && (!by_frame || sqlite3_prepare_v2(db, frames_sql, -1, &x.frames, NULL) == SQLITE_OK
	               || fail_case(db, err));
	ok = ok && !output_is_input(&x, err) && output_write(options->output, all_write, &x, err);
	sqlite3_finalize(x.frames);
	redactor_free(x.redactor);
	decoder_free(x.decoder);
	free(x.copy);
	*frames = x.written;
	return ok;
}
