/* describe_tcp.c - see describe_lines.h: the TCP header and its options (RFC 9293, 3.1;
 * https://www.iana.org/assignments/tcp-parameters). */
#include <stdio.h>

#include "describe_lines.h"

enum { TCP_HEADER = 20, PROTOCOL_TCP = 6 };

/* ---- options ---- */

enum { END = 0, NOP = 1, MSS = 2, WINDOW_SCALE = 3, SACK_PERMITTED = 4, SACK = 5, TIMESTAMPS = 8,
       FAST_OPEN = 34 };

static const struct named options[] = {
	{ END, "End of Option List (EOL)" }, { NOP, "No-Operation (NOP)" },
	{ MSS, "Maximum segment size" }, { WINDOW_SCALE, "Window scale" },
	{ SACK_PERMITTED, "SACK permitted" }, { SACK, "SACK" }, { TIMESTAMPS, "Timestamps" },
	{ 19, "TCP MD5 signature" }, { 28, "User Timeout" }, { 29, "TCP Authentication Option" },
	{ 30, "Multipath TCP" }, { FAST_OPEN, "TCP Fast Open Cookie" }, { 253, "Experimental 253" },
	{ 254, "Experimental 254" }, { 0, NULL },
};

/* An option from its kind on. */
static void sack_blocks(struct describing *d, size_t off, struct bytes b)
{
	for (size_t at = 2; at + 8 <= b.n; at += 8)
		line(d, 3, off + at, 8, "SACK block: %u-%u",
		     (unsigned)bits_of(b, at * 8, 32), (unsigned)bits_of(b, at * 8 + 32, 32));
}

static void cookie_add(struct describing *d, struct bytes b)
{
	line_add(d, b.n > 2 ? ": " : ": request");
	for (size_t i = 2; i < b.n; i++)
		line_add(d, "%02x", b.p[i]);
}

/* One of a length that its kind does not have is shown by its length alone. */
static void option_describe(struct describing *d, size_t off, struct bytes b)
{
	unsigned kind = b.p[0];
	line(d, 2, off, b.n, "TCP Option - %s", name_of(options, kind, "Unknown"));
	if (kind == MSS && b.n == 4)
		line_add(d, ": %u bytes", (unsigned)bits_of(b, 16, 16));
	else if (kind == WINDOW_SCALE && b.n == 3)
		line_add(d, ": %u (multiply by %u)", b.p[2], 1u << (b.p[2] < 14 ? b.p[2] : 14));
	else if (kind == TIMESTAMPS && b.n == 10)
		line_add(d, ": TSval %u, TSecr %u", (unsigned)bits_of(b, 16, 32),
		         (unsigned)bits_of(b, 48, 32));
	else if (kind == SACK && b.n > 2 && (b.n - 2) % 8 == 0)
		sack_blocks(d, off, b);
	else if (kind == FAST_OPEN)
		cookie_add(d, b);
	else if (kind > NOP && !(kind == SACK_PERMITTED && b.n == 2))
		line_add(d, " (kind %u, %zu bytes)", kind, b.n);
}

static void options_describe(struct describing *d, size_t off, struct bytes b)
{
	line(d, 1, off, b.n, "Options: (%zu bytes)", b.n);
	for (size_t at = 0, n; at < b.n; at += n) {
		unsigned kind = b.p[at];
		size_t left = b.n - at, says = left > 1 ? b.p[at + 1] : 0;
		n = kind <= NOP ? 1 : says;
		if (n == 0 || n > left || (kind > NOP && n < 2)) {
			line(d, 2, off + at, left, "[TCP Option of kind %u: its length cannot be]", kind);
			return;
		}
		option_describe(d, off + at, (struct bytes){ b.p + at, n });
		if (kind == END)
			return;
	}
}

/* ---- flags ---- */

static void flags_describe(struct describing *d, const struct part *p)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR",
	                                     "AE" };
	unsigned flags = (unsigned)bits_of(p->b, 100, 12);
	bool any = false;
	line(d, 1, p->off + 12, 2, "Flags: 0x%03x (", flags);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & 1u << i) {
			line_add(d, "%s%s", any ? ", " : "", names[i]);
			any = true;
		}
	line_add(d, "%s)", any ? "" : "<None>");
}

/* ---- the checksum ---- */

/* Addresses, protocol and length, which the checksum covers, too (RFC 9293, 3.1; RFC 8200, 8.1). */
static uint32_t pseudo_sum(const struct segment *s, size_t size)
{
	size_t skip = s->ip4 ? 12 : 0;
	uint32_t sum = sum_of(0, (struct bytes){ s->src.ip + skip, 16 - skip });
	sum = sum_of(sum, (struct bytes){ s->dst.ip + skip, 16 - skip });
	return sum + PROTOCOL_TCP + (uint32_t)(size >> 16) + (uint32_t)(size & 0xffff);
}

/* A host whose network card computes it leaves the pseudo header's sum there. */
static void checksum_describe(struct describing *d, const struct part *p)
{
	const struct segment *s = d->walk->s;
	unsigned sum = (unsigned)bits_of(p->b, 128, 16);
	size_t header = (size_t)bits_of(p->b, 96, 4) * 4, size = header + s->len;
	line(d, 1, p->off + 16, 2, "Checksum: 0x%04x", sum);
	if (d->walk->kind || s->payload.n < s->len || header > p->b.n) {
		line_add(d, " [not checked: not all that it covers was captured]");
		return;
	}
	struct bytes raw = { d->packet->bytes.p + p->off, size };
	struct bytes before = { raw.p, 16 }, behind = { raw.p + 18, raw.n - 18 };
	uint32_t pseudo = pseudo_sum(s, size);
	unsigned right = sum_fold(sum_of(sum_of(pseudo, before), behind));
	if (right == sum)
		line_add(d, " [correct]");
	else if (sum == (uint16_t)~sum_fold(pseudo))
		line_add(d, " [not filled in: left to the network card (offload); it would be 0x%04x]", right);
	else
		line_add(d, " [incorrect, should be 0x%04x]", right);
}

/* ---- the header ---- */

void tcp_describe(struct describing *d, const struct part *p)
{
	static const struct bit_field first[] = {
		{ "Source Port", 0, 16, FORM_DECIMAL }, { "Destination Port", 16, 16, FORM_DECIMAL },
		{ "Sequence Number (raw)", 32, 32, FORM_DECIMAL },
		{ "Acknowledgment number (raw)", 64, 32, FORM_DECIMAL },
		{ "Header Length", 96, 4, FORM_WORDS }, { NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field window[] = { { "Window", 112, 16, FORM_DECIMAL },
	                                       { NULL, 0, 0, FORM_DECIMAL } };
	static const struct bit_field urgent[] = { { "Urgent Pointer", 144, 16, FORM_DECIMAL },
	                                       { NULL, 0, 0, FORM_DECIMAL } };
	line(d, 0, p->off, p->b.n, "Transmission Control Protocol");
	if (p->b.n >= 4)
		line_add(d, ", Src Port: %u, Dst Port: %u", (unsigned)bits_of(p->b, 0, 16),
		         (unsigned)bits_of(p->b, 16, 16));
	if (!d->walk->kind && !d->walk->quoted)
		line_add(d, ", Len: %u", d->walk->s->len);
	fields_describe(d, 1, p, first);
	if (p->b.n < TCP_HEADER)
		return;
	flags_describe(d, p);
	fields_describe(d, 1, p, window);
	checksum_describe(d, p);
	fields_describe(d, 1, p, urgent);
	if (p->b.n > TCP_HEADER && !d->walk->kind)
		options_describe(d, p->off + TCP_HEADER,
		                 (struct bytes){ p->b.p + TCP_HEADER, p->b.n - TCP_HEADER });
}
