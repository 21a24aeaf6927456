/* http1_mask.c - see secrets.h. */
#include "secrets.h"

#include "http1_head.h"
#include "http1_secrets.h"
#include "limits.h"

/* The value of a field that may hold a URL, or a request's target. */
static void url_mask(uint8_t *p, size_t n, bool authority)
{
	uint8_t masked[LIMIT_HTTP_HEAD];
	struct text t = { .p = masked, .size = sizeof masked, .mask = true };
	text_put_redacted(&t, (struct bytes){ p, n }, authority);
	if (t.n == n)
		memcpy(p, masked, n);
	else
		memset(p, 'x', n);               /* too long to be looked through */
}

static void request_mask(uint8_t *line, size_t n)
{
	struct request_line r;
	struct bytes target = { line, n };       /* cut off, or no request line: all of it */
	if (request_parse((struct bytes){ line, n }, &r))
		target = r.target;
	url_mask(line + (target.p - line), target.n, target.n != n && target_is_authority(target));
}

/* One line of the head; the field it belongs to, for a folded one that follows. */
static enum field field_mask(uint8_t *line, size_t n, enum field last)
{
	struct field_line l;
	if (!field_parse((struct bytes){ line, n }, last, &l)) {
		memset(line, 'x', n);            /* it could be anything */
		return SECRET;
	}
	uint8_t *value = line + (l.value.p - line);
	if (l.field == SECRET)
		memset(value, 'x', l.value.n);
	else
		url_mask(value, l.value.n, l.field == HOST);
	return l.field;
}

void http1_mask(uint8_t *head, size_t n, bool request)
{
	enum field last = OTHER;
	for (size_t at = 0, line_n; at < n; at += line_n) {
		const uint8_t *end = memchr(head + at, '\n', n - at);
		size_t text_n = line_n = end ? (size_t)(end - head) - at + 1 : n - at;
		while (text_n && (head[at + text_n - 1] == '\n' || head[at + text_n - 1] == '\r'))
			text_n--;
		if (at && !text_n)
			return;                  /* the head's end */
		if (at)
			last = field_mask(head + at, text_n, last);
		else if (request && text_n)
			request_mask(head, text_n);
	}
}
