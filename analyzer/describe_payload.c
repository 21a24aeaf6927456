/* describe_payload.c - see describe_lines.h: what one segment shows of the protocols it
 * carries. Only what begins with the segment is known for what it is: the rest of a
 * message that began before is a number of bytes.
 *
 *   AMQP  1 type | 2 channel | 4 length | … | 1 ce; or "AMQP" 0 0 9 1   (0-9-1, 4.2)
 *   TLS   1 type | 2 version | 2 length | …                            (RFC 8446, 5.1)
 */
#include <stdio.h>
#include <string.h>

#include "amqp_methods.h"
#include "describe_lines.h"
#include "http1_head.h"

static void rest_describe(struct describing *d, size_t off, size_t n, const char *what)
{
	if (n)
		line(d, 1, off, n, "%s: %zu bytes", what, n);
}

/* ---- HTTP ---- */

static bool http_describe(struct describing *d, size_t off, struct bytes b)
{
	enum guess guess = start_guess((struct bytes){ b.p, b.n < LIMIT_GUESS ? b.n : LIMIT_GUESS }, true);
	if (guess != GUESS_SENT_BY_CLIENT && guess != GUESS_SENT_BY_SERVER)
		return false;
	line(d, 0, off, b.n, "Hypertext Transfer Protocol");
	size_t at = 0, n, text_n = 1;
	for (; at < b.n && text_n && !d->to->cut; at += n) {
		const uint8_t *end = memchr(b.p + at, '\n', b.n - at);
		n = text_n = end ? (size_t)(end - b.p) - at + 1 : b.n - at;
		while (text_n && (b.p[at + text_n - 1] == '\n' || b.p[at + text_n - 1] == '\r'))
			text_n--;
		line_bytes(d, 1, off + at, n, text_n ? "" : "[end of the head]",
		           (struct bytes){ b.p + at, text_n });
	}
	rest_describe(d, off + at, b.n - at, "Body, or what follows");
	return true;
}

/* ---- AMQP ---- */

enum { FRAME_HEAD = 7, METHOD_HEAD = 4, FRAME_END = 0xce, METHOD = 1, PROTOCOL_HEADER = 8 };

static const struct named frame_types[] = {
	{ METHOD, "Method" }, { 2, "Content header" }, { 3, "Content body" }, { 8, "Heartbeat" }, { 0, NULL },
};

/* Whether a frame lies wholly in b; *n: its bytes. */
static bool frame_is_whole(struct bytes b, size_t *n)
{
	uint64_t size = bits_of(b, 24, 32);
	if (b.n <= FRAME_HEAD || size > b.n - FRAME_HEAD - 1 || !name_of(frame_types, b.p[0], NULL))
		return false;
	*n = FRAME_HEAD + (size_t)size + 1;
	return b.p[*n - 1] == FRAME_END;
}

/* Arguments by their names; what is never shown elsewhere is not shown here. */
static void method_add(struct describing *d, struct bytes frame)
{
	struct amqp_value v[AMQP_ARGUMENTS] = { { 0 } };
	char text[LIMIT_AMQP_DETAIL] = "";
	struct bytes body = { frame.p + FRAME_HEAD, frame.n - FRAME_HEAD - 1 };
	const struct amqp_method_type *m = amqp_method_find((uint32_t)bits_of(body, 0, 32));
	if (body.n < METHOD_HEAD || !m) {
		line_add(d, ", unknown");
		return;
	}
	struct bytes arguments = { body.p + METHOD_HEAD, body.n - METHOD_HEAD };
	line_add(d, ", %s", m->name);
	if (amqp_arguments_read(m, arguments, arguments.n, v) == AMQP_FITS)
		amqp_arguments_text(m, v, text, sizeof text);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	line_add(d, "%s%s", *text && *text != ' ' ? " " : "", text);
}

static void frame_describe(struct describing *d, size_t off, struct bytes frame)
{
	static const struct bit_field fields[] = {
		{ "Type", 0, 8, FORM_DECIMAL }, { "Channel", 8, 16, FORM_DECIMAL },
		{ "Length", 24, 32, FORM_DECIMAL }, { NULL, 0, 0, FORM_DECIMAL } };
	struct part p = { off, frame, 0 };
	line(d, 0, off, frame.n, "Advanced Message Queuing Protocol, %s",
	     name_of(frame_types, frame.p[0], ""));
	if (frame.p[0] == METHOD)
		method_add(d, frame);
	fields_describe(d, 1, &p, fields);
}

static bool amqp_describe(struct describing *d, size_t off, struct bytes b)
{
	size_t at = 0, n;
	if (b.n >= PROTOCOL_HEADER && memcmp(b.p, "AMQP", 4) == 0) {
		line(d, 0, off, PROTOCOL_HEADER, "Advanced Message Queuing Protocol, Protocol-Header %u-%u-%u",
		     b.p[5], b.p[6], b.p[7]);
		at = PROTOCOL_HEADER;
	}
	while (at < b.n && !d->to->cut && frame_is_whole((struct bytes){ b.p + at, b.n - at }, &n)) {
		frame_describe(d, off + at, (struct bytes){ b.p + at, n });
		at += n;
	}
	if (at)
		rest_describe(d, off + at, b.n - at, "Part of a frame");
	return at > 0;
}

/* ---- TLS ---- */

static const struct named record_types[] = {
	{ 20, "Change Cipher Spec" }, { 21, "Alert" }, { 22, "Handshake" }, { 23, "Application Data" },
	{ 24, "Heartbeat" }, { 0, NULL },
};

static const struct named versions[] = {
	{ 0x0300, "SSLv3" }, { 0x0301, "TLSv1" }, { 0x0302, "TLSv1.1" }, { 0x0303, "TLSv1.2" },
	{ 0x0304, "TLSv1.3" }, { 0, NULL },
};

static const struct named handshakes[] = {
	{ 1, "Client Hello" }, { 2, "Server Hello" }, { 4, "New Session Ticket" }, { 11, "Certificate" },
	{ 12, "Server Key Exchange" }, { 13, "Certificate Request" }, { 14, "Server Hello Done" },
	{ 15, "Certificate Verify" }, { 16, "Client Key Exchange" }, { 20, "Finished" }, { 0, NULL },
};

static void record_describe(struct describing *d, size_t off, struct bytes b, size_t length)
{
	enum { HANDSHAKE = 22, HEAD = 5 };
	static const struct bit_field fields[] = {
		{ "Content Type", 0, 8, FORM_DECIMAL }, { "Version", 8, 16, FORM_HEX },
		{ "Length", 24, 16, FORM_DECIMAL }, { NULL, 0, 0, FORM_DECIMAL } };
	struct part p = { off, b, 0 };
	line(d, 0, off, b.n, "%s Record Layer: %s, Length: %zu",
	     name_of(versions, (unsigned)bits_of(b, 8, 16), "TLS"), name_of(record_types, b.p[0], ""), length);
	if (b.n < HEAD + length)
		line_add(d, ", of which %zu in this packet", b.n - HEAD);
	fields_describe(d, 1, &p, fields);
	if (b.p[0] == HANDSHAKE && b.n > HEAD)
		line(d, 1, off + HEAD, 1, "Handshake Type: %s (%u)",
		     name_of(handshakes, b.p[HEAD], "encrypted, or unknown"), b.p[HEAD]);
}

static bool tls_describe(struct describing *d, size_t off, struct bytes b)
{
	enum { HEAD = 5, FRAGMENT_MAX = (1 << 14) + 2048 };
	size_t at = 0;
	while (b.n - at >= HEAD && !d->to->cut) {
		struct bytes left = { b.p + at, b.n - at };
		size_t length = (size_t)bits_of(left, 24, 16);
		if (!name_of(record_types, left.p[0], NULL) || length == 0 || length > FRAGMENT_MAX
		    || !name_of(versions, (unsigned)bits_of(left, 8, 16), NULL))
			break;
		size_t n = HEAD + length < left.n ? HEAD + length : left.n;
		record_describe(d, off + at, (struct bytes){ left.p, n }, length);
		at += n;
	}
	if (at)
		rest_describe(d, off + at, b.n - at, "Part of a record");
	return at > 0;
}

void payload_describe(struct describing *d, size_t off, struct bytes b)
{
	if (b.n && !http_describe(d, off, b) && !amqp_describe(d, off, b) && !tls_describe(d, off, b))
		line(d, 0, off, b.n, "TCP payload (%zu bytes)", b.n);
}
