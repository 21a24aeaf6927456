/* capture.c - see capture.h. libpcap reads the files. */
#include "capture.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

enum { PCAP_HEADER = 24, PCAP_RECORD = 16 };

struct capture {
	struct source     *source;
	pcap_t            *pcap;
	struct bpf_program filter;
	bool               filtered;
	const char        *format;
	char               path[512];
	uint64_t           frame;
	int64_t            next_offset;   /* of the next record; -1: not known */
};

/* What the first bytes say the file is. */
static const struct magic {
	uint8_t     bytes[6];
	size_t      n;
	const char *format;        /* NULL: not a capture, and `advice` says what to do */
	const char *advice;
} magics[] = {
	{ { 0xa1, 0xb2, 0xc3, 0xd4 }, 4, "pcap", 0 },
	{ { 0xd4, 0xc3, 0xb2, 0xa1 }, 4, "pcap", 0 },
	{ { 0xa1, 0xb2, 0x3c, 0x4d }, 4, "pcap-ns", 0 },
	{ { 0x4d, 0x3c, 0xb2, 0xa1 }, 4, "pcap-ns", 0 },
	{ { 0x0a, 0x0d, 0x0d, 0x0a }, 4, "pcapng", 0 },
	{ { 0xa1, 0xb2, 0xcd, 0x34 }, 4, "pcap-modified", 0 },
	{ { 0x34, 0xcd, 0xb2, 0xa1 }, 4, "pcap-modified", 0 },
	{ { 0x1f, 0x8b },             2, 0, "is compressed with gzip; unpack it first (gunzip)" },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, 0, "is compressed with zstd; unpack it first (unzstd)" },
	{ { 0xfd, '7', 'z', 'X', 'Z' }, 5, 0, "is compressed with xz; unpack it first (unxz)" },
	{ { 0x04, 0x22, 0x4d, 0x18 }, 4, 0, "is compressed with lz4; unpack it first (unlz4)" },
	{ { 'S', 'Q', 'L', 'i', 't', 'e' }, 6, 0,
	  "is a SQLite database, not a capture; a tcpwhy case is given alone, without captures" },
};

static const char *format_of(struct bytes head, const char *path, struct err *err)
{
	if (head.n == 0) {
		fail(err, "%s: is empty; was the capture stopped before a packet was written "
		     "(tcpdump -U writes each at once)?", path);
		return NULL;
	}
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		const struct magic *m = &magics[i];
		if (head.n < m->n || memcmp(head.p, m->bytes, m->n) != 0)
			continue;
		if (!m->format)
			fail(err, "%s: %s", path, m->advice);
		return m->format;
	}
	fail(err, "%s: is not a packet capture; pcap and pcapng files are understood "
	     "(tcpdump -w, dumpcap, Wireshark)", path);
	return NULL;
}

static bool pcap_begin(struct capture *c, const char *path, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	c->format = format_of(source_head(c->source), path, err);
	if (!c->format)
		return false;
	FILE *stream = source_stream(c->source);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!c->pcap) {
		fclose(stream);
		return fail(err, "%s: its header cannot be read (%s); is the file complete?", path, why);
	}
	bool classic = strcmp(c->format, "pcap") == 0 || strcmp(c->format, "pcap-ns") == 0;
	c->next_offset = classic ? PCAP_HEADER : -1;
	return true;
}

static bool filter_begin(struct capture *c, const char *text, struct err *err)
{
	if (pcap_compile(c->pcap, &c->filter, text, 1, PCAP_NETMASK_UNKNOWN))
		return fail(err, "the filter '%s' does not compile for %s: %s", text, c->path,
		            pcap_geterr(c->pcap));
	c->filtered = true;
	return true;
}

struct capture *capture_open(const char *path, const char *filter, bool *bad_filter, struct err *err)
{
	*bad_filter = false;
	struct source *source = source_open(path, err);
	if (!source)
		return NULL;
	struct capture *c = alloc_zeroed(1, sizeof *c);
	c->source = source;
	snprintf(c->path, sizeof c->path, "%s", path);
	if (!pcap_begin(c, path, err)) {
		capture_close(c);
		return NULL;
	}
	if (filter && !filter_begin(c, filter, err)) {
		*bad_filter = true;
		capture_close(c);
		return NULL;
	}
	return c;
}

/* Times stop at the ends of 1823 to 2116, so that no difference of two can
 * overflow 64 bits of nanoseconds, whatever a file says. */
static int64_t ns_of(const struct timeval *tv)
{
	const int64_t farthest = INT64_MAX / 2 - 1;
	int64_t ns;
	if (__builtin_mul_overflow((int64_t)tv->tv_sec, (int64_t)1000000000, &ns)
	    || __builtin_add_overflow(ns, (int64_t)tv->tv_usec, &ns))
		return tv->tv_sec < 0 ? -farthest : farthest;
	return ns < -farthest ? -farthest : ns > farthest ? farthest : ns;
}

/* The sentence for a file that ends before its end. */
static void broken(const struct capture *c, struct err *err)
{
	const char *why = source_trouble(c->source);
	if (why)
		fail(err, "%s: reading stopped after frame %llu: %s", c->path,
		     (unsigned long long)c->frame, why);
	else
		fail(err, "%s: breaks off after frame %llu (%s); what came before is used", c->path,
		     (unsigned long long)c->frame, pcap_geterr(c->pcap));
}

enum capture_next capture_next(struct capture *c, struct packet *packet, struct err *err)
{
	struct pcap_pkthdr *h;
	const u_char *p;
	int rc = pcap_next_ex(c->pcap, &h, &p);
	if (rc == PCAP_ERROR_BREAK && !source_trouble(c->source))
		return CAPTURE_END;
	if (rc != 1) {
		broken(c, err);
		return CAPTURE_BROKEN;
	}
	*packet = (struct packet){
		.frame = ++c->frame,
		.ns = ns_of(&h->ts),
		.wire_n = h->len > h->caplen ? h->len : h->caplen,
		.bytes = { p, h->caplen },
		.link = pcap_datalink(c->pcap),
		.file_offset = c->next_offset,
		.wanted = !c->filtered || pcap_offline_filter(&c->filter, h, p) != 0,
	};
	if (c->next_offset >= 0)
		c->next_offset += PCAP_RECORD + (int64_t)h->caplen;
	return CAPTURE_PACKET;
}

const char *capture_format(const struct capture *c)
{
	return c->format;
}

const char *capture_link_type(const struct capture *c)
{
	const char *name = pcap_datalink_val_to_name(pcap_datalink(c->pcap));
	return name ? name : "unknown";
}

int capture_snaplen(const struct capture *c)
{
	return pcap_snapshot(c->pcap);
}

struct source *capture_source(struct capture *c)
{
	return c->source;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->filtered)
		pcap_freecode(&c->filter);
	if (c->pcap)
		pcap_close(c->pcap);   /* and with it the stream */
	source_close(c->source);
	free(c);
}
