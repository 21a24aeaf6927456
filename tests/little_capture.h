/* little_capture.h - for tests: captures of a few segments, made in memory, and cases of
 * them. One connection, 10.0.0.1:40000 > 10.0.0.2:80, over raw IP, a segment a millisecond. */
#ifndef LITTLE_CAPTURE_H
#define LITTLE_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "facts.h"
#include "run.h"
#include "store.h"

enum { F = 1, S = 2, R = 4, P = 8, A = 16 };

struct said { enum side sender; unsigned flags; uint32_t seq, ack; const char *text; };

enum { LINK_RAW = 101, HEADERS = 40, FIRST_S = 1000 };

struct made { uint8_t bytes[16384]; size_t n; };

static inline void put(struct made *m, uint64_t v, size_t width, bool big)
{
	for (size_t i = 0; i < width; i++)
		m->bytes[m->n++] = (uint8_t)(v >> 8 * (big ? width - 1 - i : i));
}

static inline void put_text(struct made *m, const char *text)
{
	size_t n = strlen(text);
	memcpy(m->bytes + m->n, text, n);
	m->n += n;
}

/* An IP header of a piece of the segment at `off`. */
static inline void put_ip(struct made *m, enum side sender, size_t payload, size_t off, bool more)
{
	put(m, 0x45, 2, false);
	put(m, 20 + payload, 2, true);
	put(m, 7, 2, true);
	put(m, (more ? 0x2000 : 0) | off / 8, 2, true);
	put(m, 64 << 8 | 6, 2, true);
	put(m, 0, 2, true);
	put(m, sender == CLIENT ? 0x0a000001 : 0x0a000002, 4, true);
	put(m, sender == CLIENT ? 0x0a000002 : 0x0a000001, 4, true);
}

static inline void put_tcp(struct made *m, const struct said *s)
{
	put(m, s->sender == CLIENT ? 40000 : 80, 2, true);
	put(m, s->sender == CLIENT ? 80 : 40000, 2, true);
	put(m, s->seq, 4, true);
	put(m, s->ack, 4, true);
	put(m, 0x5000 | s->flags, 2, true);
	put(m, 8192, 2, true);
	put(m, 0, 4, true);
	put_text(m, s->text);
}

static inline void put_pcap_head(struct made *m)
{
	put(m, 0xa1b2c3d4, 4, false);
	put(m, 2 | 4 << 16, 4, false);
	put(m, 0, 8, false);
	put(m, 65535, 4, false);
	put(m, LINK_RAW, 4, false);
}

static inline void put_record_head(struct made *m, size_t nr, size_t kept, size_t wire)
{
	put(m, FIRST_S, 4, false);
	put(m, nr * 1000, 4, false);
	put(m, kept, 4, false);
	put(m, wire, 4, false);
}

static inline void put_record(struct made *m, size_t nr, const struct said *s, size_t snaplen)
{
	struct made packet = { .n = 0 };
	put_ip(&packet, s->sender, 20 + strlen(s->text), 0, false);
	put_tcp(&packet, s);
	size_t kept = packet.n < snaplen ? packet.n : snaplen;
	put_record_head(m, nr, kept, packet.n);
	memcpy(m->bytes + m->n, packet.bytes, kept);
	m->n += kept;
}

static inline void file_write(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static inline void pcap_make(const char *path, const struct said *said, size_t n, size_t snaplen)
{
	struct made m = { .n = 0 };
	put_pcap_head(&m);
	for (size_t i = 0; i < n; i++)
		put_record(&m, i, &said[i], snaplen);
	file_write(path, m.bytes, m.n);
}

/* A name for a file of this process alone. */
static inline const char *file_name(char name[static 64], const char *suffix)
{
	snprintf(name, 64, "/tmp/tcpwhy-test-%ld%s", (long)getpid(), suffix);
	return name;
}

/* A private case of one capture. */
static inline struct store *case_of(const char *path, bool show_secrets)
{
	const struct run_options options = { .show_secrets = show_secrets };
	struct run_result result;
	struct err err;
	struct store *store = store_open(NULL, &err);
	if (!store || !run_analysis(store, &path, 1, &options, &result, &err) || !result.files_read) {
		fprintf(stderr, "%s: no case can be made of it\n", path);
		abort();
	}
	return store;
}

#endif
