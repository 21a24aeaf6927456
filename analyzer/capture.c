/* capture.c - see capture.h: opening, and what both formats have in common. */
#include "capture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "capture_format.h"
#include "inflate.h"
#include "text.h"

static const struct format formats[] = {
	{ { 0xa1, 0xb2, 0xc3, 0xd4 }, "pcap", pcap_begin, pcap_walk, pcap_seek },
	{ { 0xd4, 0xc3, 0xb2, 0xa1 }, "pcap", pcap_begin, pcap_walk, pcap_seek },
	{ { 0xa1, 0xb2, 0x3c, 0x4d }, "pcap-ns", pcap_begin, pcap_walk, pcap_seek },
	{ { 0x4d, 0x3c, 0xb2, 0xa1 }, "pcap-ns", pcap_begin, pcap_walk, pcap_seek },
	{ { 0xa1, 0xb2, 0xcd, 0x34 }, "pcap-modified", pcap_begin, pcap_walk, pcap_seek },
	{ { 0x34, 0xcd, 0xb2, 0xa1 }, "pcap-modified", pcap_begin, pcap_walk, pcap_seek },
	{ { 0x0a, 0x0d, 0x0d, 0x0a }, "pcapng", pcapng_begin, pcapng_walk, pcapng_seek },
};

/* ---- opening ---- */

static const struct format *format_of(struct bytes head)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (head.n >= sizeof formats->magic
		    && memcmp(head.p, formats[i].magic, sizeof formats->magic) == 0)
			return &formats[i];
	return NULL;
}

/* What a file is that is no capture, and what to do. */
static bool fail_format(const struct capture *c, struct bytes head, struct err *err)
{
	const char *why = source_trouble(c->source), *packed = source_compression(c->source);
	if (why)
		return fail(err, "%s: nothing of it can be read: %s; is the file complete?",
		            c->path, why);
	if (head.n == 0)
		return fail(err,
		            "%s: is empty; was the capture stopped before a packet was written "
		            "(tcpdump -U writes each at once)?", c->path);
	if (packed && inflate_format(head))
		return fail(err, "%s: is compressed twice; unpack it once (%s, then %s)", c->path,
		            packed, inflate_format(head));
	if (head.n >= 6 && memcmp(head.p, "SQLite", 6) == 0)
		return fail(err, "%s: is a SQLite database, not a capture; a tcpwhy case is given "
		            "alone, without captures%s", c->path, packed ? ", and not compressed" : "");
	return fail(err, "%s: %sis not a packet capture; pcap and pcapng files are understood "
	            "(tcpdump -w, dumpcap, Wireshark)", c->path,
	            packed ? "what is compressed in it " : "");
}

bool capture_is(const char *path)
{
	struct err err;
	struct source *source = source_open(path, false, &err);
	bool is = source && format_of(source_peek(source, sizeof formats->magic));
	source_close(source);
	return is;
}

/* Whether the filter suits a link type of the file; where none is known yet it
 * must at least be an expression. */
static bool filter_suits(struct capture *c, struct err *err)
{
	if (c->interfaces_n == 0)
		program_for(c, DLT_EN10MB);
	if (!c->filter || program_any(c))
		return true;
	*err = c->filter_trouble;
	return false;
}

struct capture *capture_open(const char *path, const char *filter, bool hashed, bool *bad_filter,
                             struct err *err)
{
	*bad_filter = false;
	struct source *source = source_open(path, hashed, err);
	if (!source)
		return NULL;
	struct capture *c = alloc_zeroed(1, sizeof *c);
	c->source = source;
	c->filter = filter;
	snprintf(c->path, sizeof c->path, "%s", path);
	struct bytes head = source_peek(source, 6);
	c->format = format_of(head);
	bool ok = (c->format || fail_format(c, head, err)) && c->format->begin(c, err);
	if (ok && !filter_suits(c, err)) {
		*bad_filter = true;
		ok = false;
	}
	if (ok)
		return c;
	capture_close(c);
	return NULL;
}

/* ---- what walkers call ---- */

enum capture_next capture_broken(struct capture *c, struct err *err, const char *why, ...)
{
	const char *trouble = source_trouble(c->source);
	va_list ap;
	va_start(ap, why);
	vsnprintf(c->reason, sizeof c->reason, why, ap);
	va_end(ap);
	if (trouble)
		snprintf(c->reason, sizeof c->reason, "%s", trouble);
	fail(&c->why, "%.150s: breaks off after frame %llu (%s); what came before is used", c->path,
	     (unsigned long long)c->frame, c->reason);
	c->broken = true;
	*err = c->why;
	return CAPTURE_BROKEN;
}

enum capture_next capture_short(struct capture *c, struct err *err, const char *what, uint64_t want,
                                uint64_t have)
{
	if (have)
		return capture_broken(c, err, "of the %s, %llu bytes, there are %llu", what,
		                      (unsigned long long)want, (unsigned long long)have);
	return capture_broken(c, err, "the file ends inside a %s of %llu bytes", what,
	                      (unsigned long long)want);
}

struct interface *interface_add(struct capture *c, unsigned link_type, uint32_t snaplen)
{
	if (c->interfaces_n == LIMIT_INTERFACES)
		return NULL;
	if (c->interfaces_n == c->interfaces_room) {
		c->interfaces_room = c->interfaces_room ? 2 * c->interfaces_room : 4;
		c->interfaces = alloc_grown(c->interfaces, c->interfaces_room,
		                            sizeof *c->interfaces);
	}
	struct interface *i = &c->interfaces[c->interfaces_n++];
	*i = (struct interface){ .in = { .nr = 1 }, .link = link_of(link_type), .snaplen = snaplen,
	                         .received = NONE, .dropped = NONE, .passed_filter = NONE,
	                         .dropped_by_os = NONE, .delivered = NONE, .lost = NONE };
	i->program = program_for(c, i->link);
	return i;
}

/* A NUL in it would end it unseen. */
char *text_of(struct bytes b, size_t most)
{
	size_t n = b.n < most ? b.n : most;
	char *text = alloc_zeroed(n + 1, 1);
	for (size_t i = 0; i < n; i++)
		text[i] = b.p[i] ? (char)b.p[i] : i + 1 < n ? ' ' : '\0';
	return text;
}

void comment_add(struct capture *c, int64_t interface, struct bytes text)
{
	if (c->comments_n < LIMIT_FILE_COMMENTS && text.n)
		c->comments[c->comments_n++] = (struct comment){ interface,
		                                                 text_of(text, LIMIT_COMMENT) };
}

int64_t time_of(int64_t seconds, uint64_t ns)
{
	const int64_t farthest = INT64_MAX / 2 - 1;
	int64_t all;
	if (__builtin_mul_overflow(seconds, (int64_t)1000000000, &all)
	    || __builtin_add_overflow(all, ns, &all))
		return seconds < 0 ? -farthest : farthest;
	return all < -farthest ? -farthest : all > farthest ? farthest : all;
}

uint32_t packet_most(int link)
{
	switch (link) {
	case DLT_DBUS:
	case DLT_EBHSCR:
	case DLT_USBPCAP:
	case DLT_USB_LINUX:
	case DLT_USB_LINUX_MMAPPED:
		return LIMIT_PACKET_LONG;
	default:
		return LIMIT_PACKET;
	}
}

void frame_fill(struct capture *c, struct interface *i, struct packet *packet, int64_t ns,
                uint32_t wire_n, struct bytes bytes)
{
	*packet = (struct packet){
		.frame = ++c->frame, .ns = ns, .wire_n = wire_n, .bytes = bytes,
		.link = i ? i->link : NONE, .file_offset = (int64_t)source_offset(c->source),
	};
	c->last_ns = ns;
	if (!i) {
		packet->wanted = !c->filter;
		return;
	}
	i->frames++;
	packet->wanted = program_passes(c, i->program, packet);
}

/* ---- asking ---- */

bool capture_seek(struct capture *c, struct mark at, int64_t offset, int64_t interfaces,
                  struct err *err)
{
	c->broken = false;
	c->pending = 0;
	c->frame = at.frame - 1;
	c->last_ns = at.ns;              /* of a frame that has no time in the file */
	if (offset >= 0 && c->format->seek(c, (uint64_t)offset, interfaces))
		return true;
	return fail(err, "%s: the place of frame %llu cannot be reached%s%s", c->path,
	            (unsigned long long)at.frame, source_trouble(c->source) ? ": " : "",
	            source_trouble(c->source) ? source_trouble(c->source) : "");
}

enum capture_next capture_next(struct capture *c, struct packet *packet, struct err *err)
{
	if (c->broken) {
		*err = c->why;
		return CAPTURE_BROKEN;
	}
	enum capture_next next = c->format->next(c, packet, err);
	if (next == CAPTURE_END && source_trouble(c->source))
		return capture_broken(c, err, "%s", source_trouble(c->source));
	return next;
}

const char *capture_format(const struct capture *c)
{
	return c->format->name;
}

/* Add a name to the list unless it is there; what has no room any more is not told. */
static void name_add(char *list, size_t size, const char *name)
{
	size_t n = strlen(name), all = strlen(list);
	for (const char *at = list; (at = strstr(at, name)); at += n)
		if ((at == list || at[-1] == ',') && (at[n] == ',' || !at[n]))
			return;
	if (all + 1 + n < size)
		snprintf(list + all, size - all, "%s%s", all ? "," : "", name);
}

const char *capture_link_types(struct capture *c)
{
	char name[32];
	c->link_types[0] = '\0';
	for (size_t i = 0; i < c->interfaces_n; i++)
		if (i == 0 || c->interfaces[i].link != c->interfaces[i - 1].link)
			name_add(c->link_types, sizeof c->link_types,
			         link_name(c->interfaces[i].link, name));
	return c->link_types;
}

int capture_snaplen(const struct capture *c)
{
	uint32_t least = 0;
	for (size_t i = 0; i < c->interfaces_n; i++) {
		uint32_t snaplen = c->interfaces[i].snaplen;
		if (snaplen && (!least || snaplen < least))
			least = snaplen;
	}
	return least && least <= INT32_MAX ? (int)least : NONE;
}

bool capture_interface_at(const struct capture *c, size_t i, struct capture_interface *to)
{
	if (i >= c->interfaces_n)
		return false;
	const struct interface *from = &c->interfaces[i];
	*to = (struct capture_interface){
		.nr = (int64_t)i, .section = from->in.nr, .name = from->name,
		.description = from->description, .filter = from->filter,
		.os = from->os, .snaplen = from->snaplen ? (int64_t)from->snaplen : NONE,
		.frames = from->frames,
		.received = from->received, .dropped_by_interface = from->dropped,
		.passed_filter = from->passed_filter, .dropped_by_os = from->dropped_by_os,
		.delivered = from->delivered,
	};
	link_name(from->link, to->link_type);
	/* Where there is no statistics block, what the packets themselves told. */
	if (from->dropped == NONE && from->dropped_by_os == NONE)
		to->dropped_by_os = from->lost;
	return true;
}

bool capture_comment_at(const struct capture *c, size_t i, struct capture_comment *to)
{
	if (i >= c->comments_n)
		return false;
	*to = (struct capture_comment){ c->comments[i].interface, NONE, c->comments[i].text };
	return true;
}

const char *capture_filter_trouble(const struct capture *c)
{
	return *c->filter_trouble.text ? c->filter_trouble.text : NULL;
}

struct source *capture_source(struct capture *c)
{
	return c->source;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->interfaces_n; i++) {
		struct interface *f = &c->interfaces[i];
		free(f->name);
		free(f->description);
		free(f->filter);
		free(f->os);
	}
	for (size_t i = 0; i < c->comments_n; i++)
		free(c->comments[i].text);
	programs_free(c);
	free(c->programs);
	free(c->interfaces);
	free(c->section_os);
	source_close(c->source);
	free(c);
}
