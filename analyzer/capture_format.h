/* capture_format.h - what the files capture*.c share: a file being walked.
 *
 * A walker has two functions. `begin` reads the file's head, and as far as the
 * interfaces go that come before the first frame; `next` is capture_next(). Both
 * see the bytes in the source's window and take a record only when the next one
 * is asked for, because its packet is lent until then.
 */
#ifndef CAPTURE_FORMAT_H
#define CAPTURE_FORMAT_H

#include <pcap/pcap.h>

#include "capture.h"
#include "limits.h"
#include "source.h"

/* Of a pcapng file: its number from 1, its interface 0, its byte order. */
struct section { int64_t nr; size_t first; bool big; };

/* One of the file's interfaces. A pcap file has one. */
struct interface {
	int      link;                 /* DLT_* */
	uint32_t snaplen;              /* 0: no limit */
	char    *name, *description, *filter, *os;
	uint64_t frames;
	int64_t  received, dropped, passed_filter, dropped_by_os, delivered;   /* or NONE */
	int64_t  lost;                 /* told by its packets, one by one; NONE */
	uint64_t units;                /* of its clock in a second; 0: too fine for 64 bits */
	uint32_t unit_ns;              /* what one of them is; 0: no whole number */
	uint8_t  resolution;           /* if_tsresol */
	int64_t  offset_s;             /* if_tsoffset */
	size_t   program;              /* its link type's filter */
	uint64_t offset;               /* of its block; 0: it has none */
	struct section in;
};

/* The filter, compiled for one link type. */
struct program { int link; bool compiled; struct bpf_program bpf; };

struct comment { int64_t interface; char *text; };

struct capture {
	struct source     *source;
	const struct format *format;
	char               path[512];
	struct section     in;             /* where the walk is; of a pcap file, the byte order */
	uint64_t           frame;          /* of the last frame */
	int64_t            last_ns;
	uint64_t           pending;        /* bytes of the record that is lent out */
	struct interface  *interfaces;
	size_t             interfaces_n, interfaces_room;
	struct comment     comments[LIMIT_FILE_COMMENTS];
	size_t             comments_n;
	struct bytes       frame_comments[LIMIT_FRAME_COMMENTS];
	const char        *filter;         /* NULL: none */
	struct program    *programs;
	size_t             programs_n;
	struct err         filter_trouble;
	char               link_types[128];
	bool               broken;         /* nothing is to be read any more, and why: */
	char               reason[300];    /* as part of a sentence */
	struct err         why;            /* the sentence */

	/* capture_pcap.c */
	size_t             head_n;         /* of a record */
	uint32_t           sub_ns;         /* the unit of the second half of a time */
	bool               swapped;        /* lengths in the other order: before version 2.3, */
	bool               maybe_swapped;  /* or perhaps: 2.3 */

	/* capture_pcapng.c */
	char              *section_os;
	uint64_t           learned;        /* blocks before this offset were read, */
	struct section     learned_in;     /* and this is the section there */
};

/* What the first bytes say the file is. */
struct format {
	uint8_t     magic[4];
	const char *name;
	bool (*begin)(struct capture *, struct err *);
	enum capture_next (*next)(struct capture *, struct packet *, struct err *);
	bool (*seek)(struct capture *, uint64_t offset, int64_t interfaces);   /* capture_seek() */
};

bool pcap_begin(struct capture *, struct err *);
enum capture_next pcap_walk(struct capture *, struct packet *, struct err *);
bool pcap_seek(struct capture *, uint64_t offset, int64_t interfaces);

bool pcapng_begin(struct capture *, struct err *);
enum capture_next pcapng_walk(struct capture *, struct packet *, struct err *);
bool pcapng_seek(struct capture *, uint64_t offset, int64_t interfaces);

/* ---- what walkers call ---- */

static inline uint64_t rd_int(struct rd *r, size_t width, bool big)
{
	return big ? rd_be(r, width) : rd_le(r, width);
}

/* CAPTURE_BROKEN, and the sentence: where, and why. */
__attribute__((format(printf, 3, 4), cold))
enum capture_next capture_broken(struct capture *, struct err *, const char *why, ...);

/* The same where of `want` bytes fewer are left. */
enum capture_next capture_short(struct capture *, struct err *, const char *what, uint64_t want,
                                uint64_t have);

/* A new interface; NULL: there are too many. `link_type` is the file's number. */
struct interface *interface_add(struct capture *, unsigned link_type, uint32_t snaplen);

/* Keep a comment that is not about a frame; interface: NONE, or its number. */
void comment_add(struct capture *, int64_t interface, struct bytes text);

/* A text of its own, with at most `most` bytes of what the file says. */
char *text_of(struct bytes, size_t most);

/* Seconds and nanoseconds as one; they stop at the ends of 1823 to 2116, so that no
 * difference of two can overflow, whatever a file says. */
int64_t time_of(int64_t seconds, uint64_t ns);

/* The longest record that is believed. */
uint32_t packet_most(int link);

/* Fill in what every frame has, and count it. */
void frame_fill(struct capture *, struct interface *, struct packet *, int64_t ns, uint32_t wire_n,
                struct bytes);

/* ---- capture_filter.c ---- */

/* Link types of files are numbers of their own, most of them the DLT_*. */
int link_of(unsigned link_type);

/* libpcap's name of it, or "LINKTYPE 999". */
const char *link_name(int link, char text[static 32]);

/* The filter for a link type, compiled when it first occurs: its place. */
size_t program_for(struct capture *, int link);

/* Whether a filter was compiled for any of the link types so far. */
bool program_any(const struct capture *);

bool program_passes(const struct capture *, size_t program, const struct packet *);
void programs_free(struct capture *);

#endif
