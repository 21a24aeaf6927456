/* packet_read.c - packets of cases, read again from their files, against those that a walk
 * through the files gives: every sample, forwards and backwards, large ones and packed, pcapng
 * of two byte orders with an interface in its midst, damaged at every byte; files that are
 * gone or others; secrets. */
#include <glob.h>
#include <pcap/pcap.h>
#include <sqlite3.h>
#include <zlib.h>

#include "check.h"
#include "little_capture.h"
#include "packet_read.h"

int check_failed;

/* ---- every packet of a capture ---- */

struct kept { struct packet packet; uint8_t *bytes; };
struct frames { struct kept *kept; size_t n; };

static struct frames frames_of(const char *path)
{
	struct frames f = { 0 };
	struct packet p;
	struct err err;
	bool bad_filter;
	struct capture *c = capture_open(path, NULL, false, &bad_filter, &err);
	while (c && capture_next(c, &p, &err) == CAPTURE_PACKET) {
		f.kept = alloc_grown(f.kept, f.n + 1, sizeof *f.kept);
		uint8_t *bytes = alloc_zeroed(p.bytes.n + 1, 1);
		if (p.bytes.n)
			memcpy(bytes, p.bytes.p, p.bytes.n);
		f.kept[f.n++] = (struct kept){ p, bytes };
	}
	capture_close(c);
	return f;
}

static void frames_free(struct frames *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->kept[i].bytes);
	free(f->kept);
}

static bool same(const struct frames *f, uint64_t frame, const struct read_packet *p)
{
	const struct kept *k = &f->kept[frame - 1];
	return frame <= f->n && p->packet.frame == frame && p->packet.ns == k->packet.ns
	    && p->packet.wire_n == k->packet.wire_n && p->packet.link == k->packet.link
	    && p->packet.bytes.n == k->packet.bytes.n && p->shown.n == k->packet.bytes.n
	    && memcmp(p->packet.bytes.p, k->bytes, k->packet.bytes.n) == 0;
}

/* In the order that the SQL gives; how many were read. */
static size_t read_all(struct store *store, const struct frames *f, const char *path, const char *sql)
{
	struct packet_reader *r = packet_reader_open(store_db(store));
	sqlite3_stmt *s = NULL;
	size_t n = 0;
	CHECK(sqlite3_prepare_v2(store_db(store), sql, -1, &s, NULL) == SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct read_packet p;
		struct err err = { "" };
		uint64_t frame = (uint64_t)sqlite3_column_int64(s, 1);
		bool read = packet_read(r, sqlite3_column_int64(s, 0), frame, &p, &err);
		if (!read || !same(f, frame, &p)) {
			CHECK(!fprintf(stderr, "%s: frame %llu differs: %s\n", path,
			               (unsigned long long)frame, err.text));
			break;
		}
		n++;
	}
	sqlite3_finalize(s);
	packet_reader_close(r);
	return n;
}

static size_t capture_check(const char *path, bool show_secrets)
{
	struct frames f = frames_of(path);
	struct store *store = case_of(path, show_secrets);
	size_t n = read_all(store, &f, path, "SELECT flow_id, frame FROM packet ORDER BY frame");
	CHECK(n == read_all(store, &f, path, "SELECT flow_id, frame FROM packet ORDER BY frame DESC"));
	/* frames without a place: they are looked for */
	read_all(store, &f, path, "SELECT flow_id, frame FROM icmp ORDER BY frame LIMIT 20");
	read_all(store, &f, path, "WITH all_frames(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_frames"
	         " WHERE n < (SELECT frames FROM capture))"
	         " SELECT (SELECT min(id) FROM flow), n FROM all_frames WHERE n % 97 = 0"
	         " AND EXISTS(SELECT 1 FROM flow) AND n NOT IN (SELECT frame FROM packet)");
	store_close(store);
	frames_free(&f);
	return n;
}

static void samples_check(void)
{
	glob_t found;
	size_t n = 0;
	CHECK(glob("samples/*.pcap*", 0, NULL, &found) == 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		n += capture_check(found.gl_pathv[i], i % 2);
	CHECK(n > 1000);
	globfree(&found);
}

/* Of several windows' size, plain and packed: going back is then really going back. */
static void large_check(void)
{
	enum { SEGMENTS = 200, BYTES = 12000 };
	static char text[BYTES + 1];
	char plain[64], packed[64];
	struct made m = { .n = 0 };
	FILE *f = fopen(file_name(plain, ".pcap"), "wb");
	gzFile gz = gzopen(file_name(packed, ".pcap.gz"), "wb1");
	CHECK(f && gz);
	put_pcap_head(&m);
	for (uint32_t i = 0; f && gz && i < SEGMENTS; i++) {
		memset(text, 'a' + (int)i % 26, BYTES);
		put_record(&m, 0, &(struct said){ CLIENT, P | A, i * BYTES, 1, text }, 65535);
		CHECK(fwrite(m.bytes, 1, m.n, f) == m.n && gzwrite(gz, m.bytes, (unsigned)m.n) == (int)m.n);
		m.n = 0;
	}
	CHECK(f && fclose(f) == 0 && gz && gzclose(gz) == Z_OK);
	CHECK(capture_check(plain, false) == SEGMENTS);
	CHECK(capture_check(packed, false) == SEGMENTS);
	unlink(plain);
	unlink(packed);
}

/* ---- pcapng ---- */

static const struct said talk[] = {
	{ CLIENT, S, 99, 0, "" },         { SERVER, S | A, 499, 100, "" },   { CLIENT, A, 100, 500, "" },
	{ CLIENT, P | A, 100, 500, "one" }, { SERVER, P | A, 500, 103, "two" }, { CLIENT, P | A, 103, 503, "three" },
	{ SERVER, P | A, 503, 108, "four" }, { CLIENT, A, 108, 507, "" },
};
enum { TALK = sizeof talk / sizeof *talk };

/* A block of which the body was put behind `at`, whose first 8 bytes are its head's. */
static void block_end(struct made *m, size_t at, uint32_t type, bool big)
{
	while ((m->n - at) % 4)
		m->bytes[m->n++] = 0;
	size_t n = m->n - at + 4;
	put(m, n, 4, big);
	struct made head = { .n = 0 };
	put(&head, type, 4, big);
	put(&head, n, 4, big);
	memcpy(m->bytes + at, head.bytes, head.n);
}

static void put_section(struct made *m, bool big)
{
	size_t at = m->n;
	m->n += 8;
	put(m, 0x1a2b3c4d, 4, big);
	put(m, 1, 2, big);
	put(m, 0, 2, big);
	put(m, UINT64_MAX, 8, big);
	block_end(m, at, 0x0a0d0d0a, big);
}

static void put_interface(struct made *m, unsigned resolution, bool big)
{
	size_t at = m->n;
	m->n += 8;
	put(m, LINK_RAW, 4, big);
	if (big)                           /* two halves: link type and nothing */
		m->n -= 4, put(m, LINK_RAW, 2, big), put(m, 0, 2, big);
	put(m, 0, 4, big);
	put(m, 9, 2, big);
	put(m, 1, 2, big);
	put(m, resolution, 4, false);
	put(m, 0, 4, big);
	block_end(m, at, 1, big);
}

static void put_packet(struct made *m, unsigned interface, uint64_t ticks, const struct said *s, bool big)
{
	size_t at = m->n, n = HEADERS + strlen(s->text);
	m->n += 8;
	put(m, interface, 4, big);
	put(m, ticks >> 32, 4, big);
	put(m, ticks & UINT32_MAX, 4, big);
	put(m, n, 4, big);
	put(m, n, 4, big);
	put_ip(m, s->sender, n - 20, 0, false);
	put_tcp(m, s);
	block_end(m, at, 6, big);
}

/* Two sections of different byte orders; the second names its second interface, with another
 * unit of time, after its first packets. */
static void sections_make(struct made *to)
{
	struct made m = { .n = 0 };
	const uint64_t us = FIRST_S * (uint64_t)1000000;
	put_section(&m, false);
	put_interface(&m, 6, false);
	for (size_t i = 0; i < 3; i++)
		put_packet(&m, 0, us + i, &talk[i], false);
	put_section(&m, true);
	put_interface(&m, 6, true);
	put_packet(&m, 0, us + 10, &talk[3], true);
	put_packet(&m, 0, us + 20, &talk[4], true);
	put_interface(&m, 9, true);
	put_packet(&m, 1, (us + 30) * 1000 + 7, &talk[5], true);
	put_packet(&m, 0, us + 40, &talk[6], true);
	put_packet(&m, 1, (us + 50) * 1000, &talk[7], true);
	*to = m;
}

static void sections_check(void)
{
	struct made m;
	char name[64];
	sections_make(&m);
	file_write(file_name(name, ".pcapng"), m.bytes, m.n);
	CHECK(capture_check(name, false) == TALK);
	unlink(name);
}

/* The case of a file of which one byte is then another: what is given is what the case has. */
static void damaged_read(struct store *store, const struct frames *f)
{
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct read_packet p;
	struct err err;
	for (uint64_t frame = TALK; frame; frame--)
		if (packet_read(r, 1, frame, &p, &err))
			CHECK(p.packet.ns == f->kept[frame - 1].packet.ns && p.shown.n == p.packet.bytes.n);
		else
			CHECK(*err.text);
	packet_reader_close(r);
}

static void damage_check(void)
{
	struct made m;
	char name[64];
	sections_make(&m);
	file_write(file_name(name, ".pcapng"), m.bytes, m.n);
	struct store *store = case_of(name, false);
	struct frames f = frames_of(name);
	for (size_t i = 0; i < m.n; i++) {
		m.bytes[i] ^= i % 2 ? 0xff : 0x10;
		file_write(name, m.bytes, m.n);
		damaged_read(store, &f);
		m.bytes[i] ^= i % 2 ? 0xff : 0x10;
	}
	for (size_t n = m.n; n--; ) {
		file_write(name, m.bytes, n);
		damaged_read(store, &f);
	}
	frames_free(&f);
	store_close(store);
	unlink(name);
}

/* ---- a rotated capture ---- */

/* Frames are the capture's; the reader finds the file, and its own number of the frame. */
static void series_check(void)
{
	char first[64], second[64];
	const struct run_options options = { .joining = JOIN_ALL };
	struct run_result result;
	struct err err;
	pcap_make(file_name(first, ".pcap1"), talk, 5, 65535);
	struct made m = { .n = 0 };
	put_pcap_head(&m);
	for (size_t i = 5; i < TALK; i++)
		put_record(&m, i, &talk[i], 65535);
	file_write(file_name(second, ".pcap2"), m.bytes, m.n);
	const char *const paths[] = { first, second };
	struct store *store = store_open(NULL, &err);
	CHECK(store && run_analysis(store, paths, 2, &options, &result, &err) && result.files_read == 2);
	struct packet_reader *r = packet_reader_open(store_db(store));
	for (size_t i = 0; i < 3 * TALK; i++) {
		struct read_packet p;
		size_t nr = i * 5 % TALK;
		const struct said *said = &talk[nr];
		CHECK(packet_read(r, 1, nr + 1, &p, &err) && p.packet.frame == nr + 1 && p.is_segment);
		CHECK(p.sender == said->sender && p.payload.n == strlen(said->text)
		      && memcmp(p.payload.p, said->text, p.payload.n) == 0);
	}
	packet_reader_close(r);
	store_close(store);
	unlink(first);
	unlink(second);
}

/* ---- what cannot be read ---- */

/* What reading frame 4 says; "": nothing, it can be read. */
static const char *trouble(struct store *store, struct err *err)
{
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct read_packet p;
	if (packet_read(r, 4, 4, &p, err) || packet_read(r, 1, 4, &p, err))
		err->text[0] = '\0';
	packet_reader_close(r);
	return err->text;
}

static void trouble_check(void)
{
	char name[64];
	struct err err;
	struct said other[TALK];
	pcap_make(file_name(name, ".pcap"), talk, TALK, 65535);
	struct store *store = case_of(name, false);
	CHECK(*trouble(store, &err) == '\0');
	memcpy(other, talk, sizeof talk);
	other[3].seq++;
	pcap_make(name, other, TALK, 65535);
	CHECK(strstr(trouble(store, &err), "is not what it was when the case was made: frame 4 is not at its place"));
	pcap_make(name, talk + 1, TALK - 1, 65535);
	CHECK(strstr(trouble(store, &err), "is not what it was"));
	pcap_make(name, talk, 2, 65535);
	CHECK(strstr(trouble(store, &err), "is not what it was"));
	file_write(name, "nothing", 7);
	CHECK(strstr(trouble(store, &err), "is not a packet capture"));
	unlink(name);
	CHECK(strstr(trouble(store, &err), "No such file"));
	CHECK(sqlite3_exec(store_db(store), "UPDATE capture_file SET path = '-'", NULL, NULL, NULL) == SQLITE_OK);
	CHECK(strstr(trouble(store, &err), "standard input"));
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct read_packet p;
	CHECK(!packet_read(r, 77, 1, &p, &err) && strstr(err.text, "no connection 77"));
	CHECK(!packet_read(r, 1, 100, &p, &err) && strstr(err.text, "no frame 100"));
	packet_reader_close(r);
	store_close(store);
}

/* ---- secrets ---- */

static const struct said secret_talk[] = {
	{ CLIENT, S, 99, 0, "" }, { SERVER, S | A, 499, 100, "" }, { CLIENT, A, 100, 500, "" },
	{ CLIENT, P | A, 100, 500, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t0p" },
	{ CLIENT, P | A, 150, 500, ".s3cr3t\r\nX-A: b\r\n\r\n" },
	{ SERVER, P | A, 500, 169, "HTTP/1.1 200 OK\r\nSet-Cookie: sid=h1dden\r\nContent-Length: 0\r\n\r\n" },
	{ CLIENT, P | A, 150, 500, ".s3cr3t\r\nX-A: b\r\n\r\n" },
};
enum { SECRET_TALK = sizeof secret_talk / sizeof *secret_talk };

static bool has(struct bytes b, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= b.n; i++)
		if (memcmp(b.p + i, word, n) == 0)
			return true;
	return false;
}

/* A field's name over two segments is no secret; a head in a body may hold one. */
static const struct said odd_talk[] = {
	{ CLIENT, S, 99, 0, "" }, { SERVER, S | A, 499, 100, "" }, { CLIENT, A, 100, 500, "" },
	{ CLIENT, P | A, 100, 500, "POST / HTTP/1.1\r\nHost: a\r\nX-" },
	{ CLIENT, P | A, 128, 500, "A: b\r\nContent-Length: 50\r\n\r\n" },
	{ CLIENT, P | A, 156, 500, "GET / HTTP/1.1\r\nAuthorization: Basic s3cr3t\r\n\r\n" },
};

/* The frame's payload as it may be shown, copied. */
static void payload_shown(const char *name, bool show_secrets, uint64_t frame, char text[static 256])
{
	struct store *store = case_of(name, show_secrets);
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct read_packet p;
	struct err err = { "" };
	CHECK(packet_read(r, 1, frame, &p, &err) || !fprintf(stderr, "%s\n", err.text));
	CHECK(p.is_segment && p.payload.n < 256);
	CHECK(!has(p.shown, "s3cr3t") || show_secrets);
	CHECK(p.shown.n == p.packet.bytes.n);
	snprintf(text, 256, "%.*s", (int)p.payload.n, (const char *)p.payload.p);
	packet_reader_close(r);
	store_close(store);
}

static void secrets_check(void)
{
	char name[64], text[256];
	pcap_make(file_name(name, ".pcap"), secret_talk, SECRET_TALK, 65535);
	payload_shown(name, false, 4, text);
	CHECK(strcmp(text, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: xxxxxxxxxx") == 0);
	payload_shown(name, false, 5, text);
	CHECK(strcmp(text, "xxxxxxx\r\nX-A: b\r\n\r\n") == 0);
	payload_shown(name, false, 6, text);
	CHECK(!strstr(text, "h1dden") && strstr(text, "Content-Length: 0"));
	payload_shown(name, false, 7, text);
	CHECK(strcmp(text, "xxxxxxx\r\nX-A: b\r\n\r\n") == 0);
	payload_shown(name, true, 5, text);
	CHECK(strcmp(text, ".s3cr3t\r\nX-A: b\r\n\r\n") == 0);
	pcap_make(name, odd_talk, sizeof odd_talk / sizeof *odd_talk, 65535);
	payload_shown(name, false, 4, text);
	CHECK(strcmp(text, odd_talk[3].text) == 0);
	payload_shown(name, false, 5, text);
	CHECK(strcmp(text, odd_talk[4].text) == 0);
	payload_shown(name, false, 6, text);
	CHECK(strcmp(text, "GET / HTTP/1.1\r\nAuthorization: xxxxxxxxxxxx\r\n\r\n") == 0);
	unlink(name);
}

/* A request in two IP fragments: the first shows nothing, the second completes it. */
static void fragments_check(void)
{
	char name[64], text[256];
	struct made m = { .n = 0 }, whole = { .n = 0 };
	put_pcap_head(&m);
	for (size_t i = 0; i < 3; i++)
		put_record(&m, i, &secret_talk[i], 65535);
	const struct said request = { CLIENT, P | A, 100, 500,
	                              "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t0p.s3cr3t\r\n\r\n" };
	enum { FIRST = 64 };
	put_tcp(&whole, &request);
	put_record_head(&m, 3, 20 + FIRST, 20 + FIRST);
	put_ip(&m, CLIENT, FIRST, 0, true);
	memcpy(m.bytes + m.n, whole.bytes, FIRST);
	m.n += FIRST;
	put_record_head(&m, 4, 20 + whole.n - FIRST, 20 + whole.n - FIRST);
	put_ip(&m, CLIENT, whole.n - FIRST, FIRST, false);
	memcpy(m.bytes + m.n, whole.bytes + FIRST, whole.n - FIRST);
	m.n += whole.n - FIRST;
	file_write(file_name(name, ".pcap"), m.bytes, m.n);
	payload_shown(name, false, 5, text);
	CHECK(strcmp(text, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: xxxxxxxxxxxxxxxxx\r\n\r\n") == 0);
	payload_shown(name, true, 5, text);
	CHECK(strcmp(text, request.text) == 0);

	struct store *store = case_of(name, false);
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct read_packet p;
	struct err err;
	CHECK(packet_read(r, 1, 4, &p, &err) && !p.is_segment && has(p.packet.bytes, "GET /"));
	CHECK(!has(p.shown, "GET /"));
	packet_reader_close(r);
	store_close(store);
	unlink(name);
}

/* An ICMP error that quotes a segment with its payload, which is not shown. It has no place
 * in the case, and is found behind the frame before it. */
static void icmp_check(void)
{
	enum { PROTOCOL = 9, ICMP = 1, ICMP_HEADER = 8 };
	char name[64];
	struct made m = { .n = 0 }, quoted = { .n = 0 };
	const struct said segment = { CLIENT, P | A, 100, 500, "GET /?token=s3cr3t HTTP/1.1\r\n\r\n" };
	put_ip(&quoted, CLIENT, 20 + strlen(segment.text), 0, false);
	put_tcp(&quoted, &segment);
	put_pcap_head(&m);
	for (size_t i = 0; i < 3; i++)
		put_record(&m, i, &talk[i], 65535);
	put_record(&m, 3, &segment, 65535);
	put_record_head(&m, 4, 20 + ICMP_HEADER + quoted.n, 20 + ICMP_HEADER + quoted.n);
	size_t ip = m.n;
	put_ip(&m, SERVER, ICMP_HEADER + quoted.n, 0, false);
	m.bytes[ip + PROTOCOL] = ICMP;
	put(&m, 0x0303, ICMP_HEADER, false);
	memcpy(m.bytes + m.n, quoted.bytes, quoted.n);
	m.n += quoted.n;
	file_write(file_name(name, ".pcap"), m.bytes, m.n);

	struct store *store = case_of(name, false);
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct read_packet p;
	struct err err;
	CHECK(packet_read(r, 1, 5, &p, &err) && !p.is_segment && p.payload.n == 0);
	CHECK(p.packet.frame == 5 && has(p.packet.bytes, "s3cr3t") && !has(p.shown, "GET /"));
	CHECK(memcmp(p.shown.p, p.packet.bytes.p, 20 + ICMP_HEADER + HEADERS) == 0);
	packet_reader_close(r);
	store_close(store);
	unlink(name);
}

int main(void)
{
	icmp_check();
	trouble_check();
	secrets_check();
	fragments_check();
	sections_check();
	series_check();
	damage_check();
	large_check();
	samples_check();
	return check_failed != 0;
}
