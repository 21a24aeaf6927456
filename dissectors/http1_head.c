/* http1_head.c - see http1_head.h.
 *
 *   POST /orders HTTP/1.1          method SP target SP version
 *   HTTP/1.1 200 OK                version SP status SP reason
 *   Content-Length: 5              name : value, or a folded line: SP value
 */
#define _GNU_SOURCE                      /* memmem */
#include "http1_head.h"

#include "http1_secrets.h"
#include "http1_words.h"
#include "limits.h"

/* ---- start lines ---- */

static bool method_known(struct bytes m)
{
	static const char *const known[] = {
		"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT",
		"SEARCH", "MKCALENDAR", "PURGE", "BIND", "UNBIND", "ACL", "MERGE", "CHECKOUT",
		"MKACTIVITY", "VERSION-CONTROL", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "LINK",
		"UNLINK", "QUERY",
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (m.n == strlen(known[i]) && !memcmp(m.p, known[i], m.n))
			return true;
	return false;
}

struct bytes method_parse(struct bytes b, bool *more)
{
	size_t n = 0;
	while (n < b.n && n <= METHOD_MAX && is_tchar(b.p[n]))
		n++;
	*more = n == b.n && n <= METHOD_MAX;
	return (struct bytes){ b.p, n < b.n && n <= METHOD_MAX && b.p[n] == ' ' ? n : 0 };
}

bool target_is_authority(struct bytes target)
{
	return target.n && target.p[0] != '/' && !memmem(target.p, target.n, "://", 3);
}

bool request_parse(struct bytes line, struct request_line *r)
{
	static const char version[] = " HTTP/1.";
	enum { VERSION = sizeof version };       /* the digit stands in for the NUL */
	bool more;
	while (line.n && is_blank(line.p[line.n - 1]))
		line.n--;
	r->method = method_parse(line, &more);
	if (r->method.n == 0 || line.n < r->method.n + 2 + VERSION)
		return false;
	struct bytes end = from(line, line.n - VERSION);
	if (!begins(end, version) || !is_digit(end.p[VERSION - 1]))
		return false;
	r->minor = (char)end.p[VERSION - 1];
	r->target = trimmed((struct bytes){ line.p + r->method.n + 1,
	                                    line.n - VERSION - r->method.n - 1 });
	return r->target.n > 0;
}

int status_parse(struct bytes line)
{
	const uint8_t *p = line.p;
	if (line.n < STATUS_LINE || !begins(line, "HTTP/1.") || !is_digit(p[7]) || p[8] != ' '
	    || p[9] < '1' || p[9] > '9' || !is_digit(p[10]) || !is_digit(p[11]))
		return 0;
	if (line.n > STATUS_LINE && !is_in(p[STATUS_LINE], CHAR(' ') | CHAR('\r') | CHAR('\n')))
		return 0;
	return (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
}

/* What can follow a method in a request that is HTTP; RTSP, SIP and ICAP have other schemes. */
static enum guess target_guess(struct bytes method, struct bytes target)
{
	if (target.n == 0)
		return GUESS_MORE;
	if (equals(method, "CONNECT"))
		return is_tchar(target.p[0]) || target.p[0] == '[' ? GUESS_SENT_BY_CLIENT : GUESS_NO;
	if (target.p[0] == '/' || (target.p[0] == '*' && equals(method, "OPTIONS")))
		return GUESS_SENT_BY_CLIENT;
	for (int i = 0; i < 2; i++) {
		const char *scheme = i ? "https://" : "http://";
		size_t n = strlen(scheme);
		if (!strncasecmp((const char *)target.p, scheme, target.n < n ? target.n : n))
			return target.n >= n ? GUESS_SENT_BY_CLIENT : GUESS_MORE;
	}
	return GUESS_NO;
}

bool request_is_sure(struct bytes line, struct bytes method)
{
	return method.n && method_known(method)
	    && target_guess(method, from(line, method.n + 1)) == GUESS_SENT_BY_CLIENT;
}

/* Of the beginning of a first line: certain, undecided, or none. */
static enum guess part_guess(struct bytes b, bool at_start)
{
	bool more;
	struct bytes method = method_parse(b, &more);
	if (method.n == 0)
		return more ? GUESS_MORE : GUESS_NO;
	struct bytes rest = from(b, method.n + 1);
	for (size_t i = 0; at_start && i < rest.n; i++)
		if ((rest.p[i] < ' ' && rest.p[i] != '\r') || rest.p[i] == 0x7F)
			return GUESS_NO;
	return method_known(method) ? target_guess(method, rest) : GUESS_MORE;
}

/* Of a whole first line. SSDP borrows the start line. */
static enum guess line_guess(struct bytes line, bool at_start)
{
	struct request_line r;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (!request_parse(line, &r) || part_guess(line, at_start) == GUESS_NO
	    || equals(r.method, "M-SEARCH") || (equals(r.method, "NOTIFY") && r.target.p[0] == '*'))
		return GUESS_NO;
	for (size_t i = 0; i < r.method.n; i++)
		if (r.method.p[i] >= 'a' && r.method.p[i] <= 'z')
			return GUESS_NO;
	return at_start || method_known(r.method) ? GUESS_SENT_BY_CLIENT : GUESS_NO;
}

static enum guess request_guess(struct bytes b, bool at_start)
{
	const uint8_t *lf = memchr(b.p, '\n', b.n);
	if (lf)
		return line_guess((struct bytes){ b.p, (size_t)(lf - b.p) }, at_start);
	enum guess g = part_guess(b, at_start);
	if (!at_start || g == GUESS_NO)          /* a segment may have been cut short here */
		return g;
	if (b.n < LIMIT_GUESS)
		return GUESS_MORE;
	return g == GUESS_SENT_BY_CLIENT ? g : GUESS_NO;
}

static enum guess response_guess(struct bytes b, bool at_start)
{
	if (!begins_or_may(b, "HTTP/1."))
		return GUESS_NO;
	if (b.n < (at_start ? strlen("HTTP/1.") : STATUS_LINE))
		return GUESS_MORE;
	return at_start || status_parse(b) ? GUESS_SENT_BY_SERVER : GUESS_NO;
}

enum guess start_guess(struct bytes head, bool at_start)
{
	if (head.n > LIMIT_GUESS)                /* more must not change the answer */
		head.n = LIMIT_GUESS;
	while (at_start && head.n && is_one_of(head.p[0], "\r\n"))
		head = from(head, 1);
	if (head.n == 0)
		return GUESS_MORE;
	enum guess g = response_guess(head, at_start);
	return g == GUESS_NO ? request_guess(head, at_start) : g;
}

static size_t status_find(struct bytes line)
{
	for (size_t at = 0; at < line.n; at++) {
		const uint8_t *p = memmem(line.p + at, line.n - at, "HTTP/1.", 7);
		if (!p)
			break;
		at = (size_t)(p - line.p);
		if (status_parse(from(line, at)))
			return at;
	}
	return line.n;
}

/* The version's place is looked at first: a line of a body seldom ends in one. */
static size_t request_find(struct bytes line)
{
	struct request_line r;
	if (line.n < 14 || !memmem(line.p + line.n - 12, 12, "HTTP/1.", 7))
		return line.n;
	for (size_t at = 0; at < line.n; at++) {
		bool begins_word = line.p[at] >= 'A' && line.p[at] <= 'Z';
		if (begins_word && request_parse(from(line, at), &r) && method_known(r.method)
		    && target_guess(r.method, r.target) == GUESS_SENT_BY_CLIENT
		    && !memchr(r.target.p, ' ', r.target.n))
			return at;
	}
	return line.n;
}

size_t start_find(enum side sender, struct bytes line)
{
	return sender == SERVER ? status_find(line) : request_find(line);
}

/* ---- fields ---- */

/* The names that matter lie where length and first letter say: no two in one place. */
#define PLACE(n, first) (((n) + (first)) & 31)
enum field field_of(struct bytes name)
{
	static const struct { size_t n; const char *name; enum field field; } fields[32] = {
		[PLACE(4, 'h')]  = { 4, "host", HOST },
		[PLACE(6, 'e')]  = { 6, "expect", EXPECT },
		[PLACE(6, 'c')]  = { 6, "cookie", SECRET },
		[PLACE(7, 'u')]  = { 7, "upgrade", UPGRADE },
		[PLACE(10, 'u')] = { 10, "user-agent", AGENT },
		[PLACE(10, 'c')] = { 10, "connection", CONNECTION },
		[PLACE(10, 's')] = { 10, "set-cookie", SECRET },
		[PLACE(11, 's')] = { 11, "set-cookie2", SECRET },
		[PLACE(13, 'a')] = { 13, "authorization", SECRET },
		[PLACE(14, 'c')] = { 14, "content-length", LENGTH },
		[PLACE(17, 't')] = { 17, "transfer-encoding", CODING },
		[PLACE(19, 'p')] = { 19, "proxy-authorization", SECRET },
	};
	uint8_t first = name.p[0] | 0x20;        /* lower case, if it is a letter */
	size_t at = PLACE(name.n, first);
	if (fields[at].n == name.n && same_bytes(name.p, fields[at].name, name.n))
		return fields[at].field;
	bool own = first == 'x' || (name.n >= 3 && same_bytes(name.p, "api", 3));
	return own && name_is_secret(name) ? SECRET : OTHER;
}

enum guess field_guess(struct bytes b)
{
	size_t n = 0;
	if (b.n && is_one_of(b.p[0], "\r\n"))
		return GUESS_SENT_BY_EITHER;
	while (n < b.n && n < LIMIT_GUESS && is_tchar(b.p[n]))
		n++;
	if (n == b.n)
		return GUESS_MORE;
	return n && b.p[n] == ':' ? GUESS_SENT_BY_EITHER : GUESS_NO;
}

/* The number, or NONE. */
static int64_t length_parse(struct bytes digits)
{
	int64_t v = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (!is_digit(digits.p[i]) || v > (INT64_MAX >> 8) / 10)
			return NONE;
		v = v * 10 + (digits.p[i] - '0');
	}
	return digits.n ? v : NONE;
}

static const char *length_read(struct head *head, struct bytes value)
{
	const char *wrong = NULL;
	struct bytes one;
	while (list_next(&value, &one)) {
		int64_t length = length_parse(one);
		if (length == NONE) {
			wrong = "Content-Length is not a number";
			head->bad_length = head->length == NONE;
		} else if (head->length == NONE) {
			head->length = length;
		} else if (head->length != length) {
			wrong = "Content-Length values differ";
		}
	}
	return wrong;
}

static void upgrade_read(struct head *head, struct bytes value)
{
	struct bytes one;
	if (!list_next(&value, &one))
		return;
	size_t n = one.n < UPGRADE_MAX ? one.n : UPGRADE_MAX;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = lower(one.p[i]);
		bool plain = (c >= 'a' && c <= 'z') || is_digit(c) || is_one_of(c, "._/-");
		head->upgrade[i] = plain ? (char)c : '_';
	}
	head->upgrade[n] = '\0';
}

const char *head_read(struct head *head, const struct field_line *f)
{
	struct bytes value = f->value, one;
	if (f->field == LENGTH)
		return length_read(head, value);
	if (f->field == UPGRADE)
		upgrade_read(head, value);
	if (f->field == EXPECT)
		head->expect |= same(value, "100-continue");
	while (f->field == CODING && list_next(&value, &one)) {
		head->chunked = same(one, "chunked");    /* the last one frames */
		head->coded |= one.n && !same(one, "identity");
	}
	while (f->field == CONNECTION && list_next(&value, &one)) {
		head->close |= same(one, "close");
		head->keep_alive |= same(one, "keep-alive");
	}
	return NULL;
}
