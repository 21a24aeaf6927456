/* words.c - reads what a line of a story is made of. See pkt.h. */
#include "pkt.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { const char *path; unsigned line; const char *rest; } here;

void story_begin(const char *path)
{
	here.path = path;
}

void line_begin(const char *line)
{
	here.line++;
	here.rest = line;
}

const char *line_rest(void)
{
	return here.rest;
}

void wrong(const char *fmt, ...)
{
	va_list args;
	fprintf(stderr, "%s:%u: ", here.path, here.line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* ---- words ---- */

bool line_ends(void)
{
	here.rest += strspn(here.rest, " \t\n");
	return *here.rest == 0 || *here.rest == '#';
}

const char *word(const char *what)
{
	static char text[4096];
	if (line_ends())
		wrong("%s is missing", what);
	size_t n = strcspn(here.rest, " \t\n");
	snprintf(text, sizeof text, "%.*s", (int)n, here.rest);
	here.rest += n;
	return text;
}

bool word_is(const char *wanted)
{
	size_t n = strlen(wanted);
	if (line_ends() || strncmp(here.rest, wanted, n) != 0 || (here.rest[n] && !isspace(here.rest[n])))
		return false;
	here.rest += n;
	return true;
}

int64_t number_of(const char *text, const char *what)
{
	char *end;
	long long n = strtoll(text, &end, 0);
	if (end == text || *end)
		wrong("%s: \"%s\" is no number", what, text);
	return n;
}

int64_t number(const char *what)
{
	return number_of(word(what), what);
}

void numbers(const char *what, int64_t *client, int64_t *server)
{
	char text[WORD], *slash;
	snprintf(text, sizeof text, "%s", word(what));
	slash = strchr(text, '/');
	if (slash)
		*slash++ = 0;
	*client = number_of(text, what);
	*server = slash ? number_of(slash, what) : *client;
}

/* Seconds with up to six decimals. */
void range(const char *what, int64_t *from, int64_t *to)
{
	char text[WORD];
	snprintf(text, sizeof text, "%s", word(what));
	char *dash = strchr(text, '-');
	if (!dash)
		wrong("%s takes A-B, not %s", what, text);
	*dash = 0;
	*from = number_of(text, what);
	*to = number_of(dash + 1, what);
}

int64_t time_of(const char *text)
{
	const char *p = text + strspn(text, "0123456789");
	int64_t at = p > text ? strtoll(text, NULL, 10) * SECOND : 0, unit = SECOND / 10;
	bool good = p > text;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p) && unit; p++, unit /= 10)
			at += (*p - '0') * unit;
	if (!good || *p)
		wrong("\"%s\" is no time in seconds with up to six decimals", text);
	return at;
}

/* ---- payload ---- */

void put(struct payload *p, int byte, bool fills)
{
	if (p->n == PAYLOAD_MAX)
		wrong("more than %d bytes in a segment", PAYLOAD_MAX);
	p->bytes[p->n] = (uint8_t)byte;
	p->fills[p->n++] = fills;
}

static void put_be(struct payload *p, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		put(p, (int)(value >> 8 * bytes & 0xff), false);
}

static void put_text(struct payload *p, const char *text)
{
	while (*text)
		put(p, *text++, false);
}

/* The escape at *s, behind its backslash. */
static int escape(const char **s)
{
	static const char names[] = "rnt0\\\"", values[] = "\r\n\t\0\\\"";
	const char *at = **s ? strchr(names, **s) : NULL;
	unsigned byte;
	if (at) {
		++*s;
		return values[at - names];
	}
	if (**s != 'x' || sscanf(*s + 1, "%2x", &byte) != 1 || !isxdigit((unsigned char)(*s)[2]))
		wrong("there is no escape \\%c", **s);
	*s += 3;
	return (int)byte;
}

/* A string; the line stands at its opening quote. */
void put_string(struct payload *p)
{
	const char *s = here.rest + 1;
	while (*s && *s != '"') {
		int byte = (unsigned char)*s++;
		put(p, byte == '\\' ? escape(&s) : byte, false);
	}
	if (*s++ != '"')
		wrong("a text without its closing quote");
	here.rest = s;
}

void put_hex(struct payload *p, const char *digits)
{
	for (; *digits; digits += 2) {
		unsigned byte;
		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1])
		    || sscanf(digits, "%2x", &byte) != 1)
			wrong("hex takes pairs of hexadecimal digits");
		put(p, (int)byte, false);
	}
}

/* ---- AMQP 0-9-1 ---- */

/* Arguments: a literal of hexadecimal digits, or one of
 *   H heartbeat N   C code   T "text" as a short string   N number, 8 bytes
 *   K a word as a short string   B "by METHOD", what caused it, or nothing
 *   + a message of 5 bytes follows */
static const struct amqp_method {
	const char *name;
	uint16_t    class_id, method;
	int         channel;
	const char *args;
} amqp_methods[] = {
	{ "start",           10, 10, 0, "0009 00000000 00000005504c41494e 00000005656e5f5553" },
	{ "start-ok",        10, 11, 0, "00000000 05504c41494e 0000000400750070 05656e5f5553" },
	{ "tune",            10, 30, 0, "07ff 00020000 H" },
	{ "tune-ok",         10, 31, 0, "07ff 00020000 H" },
	{ "open",            10, 40, 0, "012f 00 00" },
	{ "open-ok",         10, 41, 0, "00" },
	{ "close",           10, 50, 0, "C T B" },
	{ "close-ok",        10, 51, 0, "" },
	{ "blocked",         10, 60, 0, "T" },
	{ "unblocked",       10, 61, 0, "" },
	{ "channel-open",    20, 10, 1, "00" },
	{ "channel-open-ok", 20, 11, 1, "00000000" },
	{ "channel-close",   20, 40, 1, "C T B" },
	{ "channel-close-ok", 20, 41, 1, "" },
	{ "declare",         50, 10, 1, "0000 K 00 00000000" },
	{ "declare-passive", 50, 10, 1, "0000 K 01 00000000" },
	{ "consume",         60, 20, 1, "0000 K 0163 00 00000000" },
	{ "consume-ok",      60, 21, 1, "0163" },
	{ "cancel",          60, 30, 1, "0163 01" },
	{ "publish",         60, 40, 1, "0000 00 K 00 +" },
	{ "return",          60, 50, 1, "C T 00 K +" },
	{ "deliver",         60, 60, 1, "0163 N 00 00 K +" },
	{ "redeliver",       60, 60, 1, "0163 N 01 00 K +" },
	{ "get",             60, 70, 1, "0000 K 00" },
	{ "get-ok",          60, 71, 1, "N 00 00 K 00000000 +" },
	{ "get-empty",       60, 72, 1, "00" },
	{ "ack",             60, 80, 1, "N 00" },
	{ "nack",            60, 120, 1, "N 00" },
	{ "requeue",         60, 120, 1, "N 02" },
	{ "confirm-select",  85, 10, 1, "00" },
	{ "confirm-select-ok", 85, 11, 1, "" },
};

static void put_frame_head(struct payload *p, int type, int channel, uint64_t size)
{
	put_be(p, (uint64_t)type, 1);
	put_be(p, (uint64_t)channel, 2);
	put_be(p, size, 4);
}

static void put_short_string(struct payload *p)
{
	size_t at = p->n;
	put(p, 0, false);
	if (line_ends())
		wrong("a text is missing");
	if (*here.rest == '"')
		put_string(p);
	else
		put_text(p, word("a name"));
	p->bytes[at] = (uint8_t)(p->n - at - 1);
}

static const struct amqp_method *method_find(const char *name)
{
	for (size_t i = 0; i < sizeof amqp_methods / sizeof *amqp_methods; i++)
		if (strcmp(name, amqp_methods[i].name) == 0)
			return &amqp_methods[i];
	wrong("amqp %s is not known here", name);
	return NULL;
}

/* Class and method of what caused a close; 0 where the line does not say. */
static void put_cause(struct payload *p)
{
	const struct amqp_method *m = word_is("by") ? method_find(word("a method")) : NULL;
	put_be(p, m ? m->class_id : 0, 2);
	put_be(p, m ? m->method : 0, 2);
}

static void put_method(struct payload *p, const struct amqp_method *m)
{
	size_t at = p->n;
	bool message = false;
	put_frame_head(p, 1, m->channel, 0);
	put_be(p, m->class_id, 2);
	put_be(p, m->method, 2);
	for (const char *a = m->args; *a; a += strcspn(a, " "), a += *a == ' ') {
		char digits[WORD];
		switch (*a) {
		case 'H':
			if (!word_is("heartbeat"))
				wrong("amqp %s is followed by heartbeat SECONDS", m->name);
			put_be(p, (uint64_t)number("heartbeat"), 2);
			break;
		case 'C': put_be(p, (uint64_t)number("a reply code"), 2); break;
		case 'N': put_be(p, (uint64_t)number("a delivery tag"), 8); break;
		case 'T':
		case 'K': put_short_string(p); break;
		case 'B': put_cause(p); break;
		case '+': message = true; break;
		default:
			snprintf(digits, sizeof digits, "%.*s", (int)strcspn(a, " "), a);
			put_hex(p, digits);
		}
	}
	for (size_t i = 0, size = p->n - at - 7; i < 4; i++)
		p->bytes[at + 3 + i] = (uint8_t)(size >> 8 * (3 - i));
	put(p, 0xce, false);
	if (message) {
		put_frame_head(p, 2, m->channel, 14);
		put_hex(p, "003c0000" "0000000000000005" "0000" "ce");
		put_frame_head(p, 3, m->channel, 5);
		put_text(p, "hello\xce");
	}
}

void put_amqp(struct payload *p)
{
	char name[WORD];
	snprintf(name, sizeof name, "%s", word("an AMQP frame"));
	if (strcmp(name, "header") == 0) {
		put_text(p, "AMQP");
		put_be(p, 0x00000901, 4);
		return;
	}
	if (strcmp(name, "heartbeat") == 0) {
		put_frame_head(p, 8, 0, 0);
		put(p, 0xce, false);
		return;
	}
	put_method(p, method_find(name));
}
