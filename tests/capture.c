/* capture.c - our reading of files against libpcap's: the same frames, times,
 * lengths and bytes of every sample, and of files made here that are as odd as the
 * formats allow. Arguments: captures to compare instead. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glob.h>

#include "capture.h"
#include "check.h"

int check_failed;

/* ---- libpcap as the oracle ---- */

/* libpcap takes seconds for signed, and gives no more of a packet than its snaplen. */
static bool same(const struct packet *ours, const struct pcap_pkthdr *h, const u_char *bytes)
{
	int64_t ns = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;
	uint32_t wire = h->len > h->caplen ? h->len : h->caplen;
	return (ours->ns - ns) % (((int64_t)1 << 32) * 1000000000) == 0 && ours->wire_n >= wire
	    && ours->bytes.n >= h->caplen && memcmp(ours->bytes.p, bytes, h->caplen) == 0;
}

/* libpcap ends at a second link type, we do not; so it may see less, never more. */
static void compare(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	bool bad_filter;
	struct err err = { "" };
	struct packet packet;
	struct pcap_pkthdr *h;
	const u_char *bytes;
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO,
	                                                       why);
	struct capture *c = capture_open(path, NULL, false, &bad_filter, &err);
	int frames = 0, rc;
	if (!pcap || !c) {
		if (pcap && !c)
			CHECK(!fprintf(stderr, "%s: only libpcap opens it: %s\n", path, err.text));
		capture_close(c);
		if (pcap)
			pcap_close(pcap);
		return;
	}
	while ((rc = pcap_next_ex(pcap, &h, &bytes)) == 1) {
		enum capture_next next = capture_next(c, &packet, &err);
		while (next == CAPTURE_PACKET && packet.kind)
			next = capture_next(c, &packet, &err);
		frames++;
		if (next != CAPTURE_PACKET || !same(&packet, h, bytes)) {
			CHECK(!fprintf(stderr, "%s: packet %d differs\n", path, frames));
			break;
		}
	}
	if (rc == PCAP_ERROR_BREAK)
		CHECK(capture_next(c, &packet, &err) == CAPTURE_END);
	pcap_close(pcap);
	capture_close(c);
}

static void samples_compare(const char *pattern)
{
	glob_t files;
	if (glob(pattern, 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++)
		compare(files.gl_pathv[i]);
	CHECK(files.gl_pathc > 0);
	globfree(&files);
}

/* ---- files made here ---- */

struct made { uint8_t bytes[4096]; size_t n; bool big; };

static void put(struct made *m, size_t width, uint64_t v)
{
	for (size_t i = 0; i < width; i++)
		m->bytes[m->n++] = (uint8_t)(v >> 8 * (m->big ? width - 1 - i : i));
}

static void block_begin(struct made *m, uint32_t type, uint32_t n)
{
	put(m, 4, type);
	put(m, 4, n);
}

static void section(struct made *m, bool big)
{
	m->big = big;
	block_begin(m, 0x0A0D0D0A, 28);
	put(m, 4, 0x1A2B3C4D);
	put(m, 4, big ? 1 << 16 : 1);
	put(m, 8, UINT64_MAX);
	put(m, 4, 28);
}

/* An interface with if_tsresol and if_tsoffset. */
static void interface(struct made *m, unsigned link, unsigned resolution, int64_t offset_s)
{
	block_begin(m, 1, 44);
	put(m, 2, link);
	put(m, 2, 0);
	put(m, 4, 0);
	put(m, 2, 9), put(m, 2, 1);
	m->bytes[m->n] = (uint8_t)resolution;
	memset(m->bytes + m->n + 1, 0, 3);
	m->n += 4;
	put(m, 2, 14), put(m, 2, 8), put(m, 8, (uint64_t)offset_s);
	put(m, 4, 0);
	put(m, 4, 44);
}

static void packet_put(struct made *m, uint32_t nr, uint64_t ticks, uint32_t again)
{
	block_begin(m, 6, 36);
	put(m, 4, nr);
	put(m, 4, ticks >> 32), put(m, 4, ticks & UINT32_MAX);
	put(m, 4, 4), put(m, 4, 60);
	memcpy(m->bytes + m->n, "abcd", 4);
	m->n += 4;
	put(m, 4, again);
}

/* "frame ns link bytes @offset" of each frame, then how it ended. */
static void made_read(const struct made *m, const char *filter, char *said, size_t size)
{
	char path[] = "/tmp/tcpwhy-capture.XXXXXX", *end = said;
	int fd = mkstemp(path);
	bool bad;
	struct err err = { "" };
	struct packet p;
	CHECK(fd >= 0 && write(fd, m->bytes, m->n) == (ssize_t)m->n);
	close(fd);
	struct capture *c = capture_open(path, filter, false, &bad, &err);
	enum capture_next next = CAPTURE_BROKEN;
	*said = '\0';
	while (c && (next = capture_next(c, &p, &err)) == CAPTURE_PACKET)
		end += snprintf(end, size - (size_t)(end - said), "%llu %lld %d %zu @%lld%s%s; ",
		                (unsigned long long)p.frame, (long long)p.ns, p.link, p.bytes.n,
		                (long long)p.file_offset, p.wanted ? "" : " unwanted",
		                p.kind ? " other" : "");
	char *name = strstr(err.text, path);
	if (name)                  /* without the random end of it */
		memmove(name + sizeof path - 8, name + sizeof path - 1,
		        strlen(name + sizeof path - 1) + 1);
	const char *why = strchr(err.text, '(');
	snprintf(end, size - (size_t)(end - said), "%s",
	         next == CAPTURE_END ? "end" : why ? why : err.text);
	if (c && filter && capture_filter_trouble(c))
		strcat(said, " trouble");
	capture_close(c);
	unlink(path);
}

static void expect(const char *name, const struct made *m, const char *filter, const char *wanted)
{
	char said[2048];
	made_read(m, filter, said, sizeof said);
	if (strcmp(said, wanted) != 0)
		CHECK(!fprintf(stderr, "%s: %s\n  not %s\n", name, said, wanted));
}

static void test_sections(void)
{
	struct made m = { 0 };
	section(&m, false);
	interface(&m, 1, 6, 0);
	packet_put(&m, 0, 1000001, 36);
	section(&m, true);
	interface(&m, 101, 9, 5);
	interface(&m, 113, 0x8a, 0);
	packet_put(&m, 1, 1024 + 512, 36);
	packet_put(&m, 0, 7, 36);
	expect("two sections", &m, NULL, "1 1000001000 1 4 @72; 2 1500000000 113 4 @224; "
	       "3 5000000007 12 4 @260; end");
	struct made none = { 0 };
	section(&none, true);
	expect("a section without an interface", &none, "tcp port 80", "end");
	expect("that, and no filter at all", &none, "prot 80", "the filter 'prot 80' does not "
	       "compile for /tmp/tcpwhy-capture, link type EN10MB: can't parse filter "
	       "expression: syntax error");
	expect("a filter for one link type of three", &m, "ether host 1:2:3:4:5:6",
	       "1 1000001000 1 4 @72 unwanted; 2 1500000000 113 4 @224 unwanted; "
	       "3 5000000007 12 4 @260 unwanted; end trouble");
}

static void test_resolutions(void)
{
	static const struct { unsigned resolution; uint64_t ticks; const char *ns; } rows[] = {
		{ 0, 3, "3000000000" }, { 3, 1500, "1500000000" },
		{ 12, 1999999999999, "1999999999" }, { 19, 15000000000000000000u, "1500000000" },
		{ 20, 15000000000000000000u, "150000000" },
		{ 0x80, 3, "3000000000" }, { 0xbf, (uint64_t)3 << 62, "1500000000" },
		{ 0xc0, UINT64_MAX, "0" }, { 0, UINT64_MAX, "4611686018427387902" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made m = { 0 };
		char wanted[200];
		section(&m, false);
		interface(&m, 1, rows[i].resolution, 0);
		packet_put(&m, 0, rows[i].ticks, 36);
		snprintf(wanted, sizeof wanted, "1 %s 1 4 @72; end", rows[i].ns);
		expect("resolution", &m, NULL, wanted);
	}
}

static void test_lies(void)
{
	struct made m = { 0 };
	section(&m, false);
	interface(&m, 1, 6, 0);
	packet_put(&m, 0, 1, 36);
	struct made good = m;
	packet_put(&m, 0, 1, 40);
	expect("lengths differ", &m, NULL,
	       "1 1000 1 4 @72; (a block says at its beginning that it is 36 "
	       "bytes long, and at its end 40); what came before is used");
	m = good;
	packet_put(&m, 1, 1, 36);
	expect("no such interface", &m, NULL,
	       "1 1000 1 4 @72; (the next frame names an interface that was "
	       "not described); what came before is used");
	m = good;
	block_begin(&m, 0x77, 8);
	put(&m, 4, 8);
	expect("less than a block", &m, NULL,
	       "1 1000 1 4 @72; (a block says that it is 8 bytes long, which "
	       "is less than a block can be); what came before is used");
	m = good;
	block_begin(&m, 0x77, 0xfffffff0);
	put(&m, 8, 0);
	expect("longer than the file", &m, NULL,
	       "1 1000 1 4 @72; (of the next block, 4294967280 bytes, "
	       "there are 16); what came before is used");
	m = good;
	block_begin(&m, 0x77, 16), put(&m, 4, 0), put(&m, 4, 16);
	block_begin(&m, 0xBAD, 16), put(&m, 4, 0), put(&m, 4, 16);
	packet_put(&m, 0, 2, 36);
	expect("unknown and custom", &m, NULL,
	       "1 1000 1 4 @72; 2 1000 -1 0 @124 other; 3 2000 1 4 @140; end");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		compare(argv[i]);
	if (argc == 1) {
		samples_compare("samples/*.pcap*");
		test_sections();
		test_resolutions();
		test_lies();
	}
	return check_failed != 0;
}
