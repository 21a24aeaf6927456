/* http1_head.h - what the lines of a head say (RFC 9112, sections 3 to 5).
 *
 * Pure functions of the bytes, which they borrow. A line is given without its
 * end.
 */
#ifndef HTTP1_HEAD_H
#define HTTP1_HEAD_H

#include "dissector.h"
#include "http1_words.h"

enum {
	METHOD_MAX  = 20,
	UPGRADE_MAX = 24,
	STATUS_LINE = 12,                /* "HTTP/1.1 200", without the reason */
};

/* ---- start lines ---- */

struct request_line { struct bytes method, target; char minor; };

/* Spaces in a target are wrong but happen: the version is the last one. */
bool request_parse(struct bytes line, struct request_line *);

/* Whether a target has the authority form, as CONNECT's (RFC 9112, 3.2.3). */
bool target_is_authority(struct bytes target);

/* The method in front of the first space; n 0: none. *more: it may yet come. */
struct bytes method_parse(struct bytes, bool *more);

/* Whether an unfinished line with this method can only become a request's. */
bool request_is_sure(struct bytes line, struct bytes method);

/* The status of a status line, of which the part after it may be missing; 0: it is none. */
int status_parse(struct bytes line);

/* Whether a final response follows. 101 is one: nothing else comes in HTTP. */
static inline bool is_interim(int status) { return status < 200 && status != 101; }

/* struct dissector's guess(). */
enum guess start_guess(struct bytes head, bool at_start);

/* Where in a line of anything a start line begins, or line.n. */
size_t start_find(enum side sender, struct bytes line);

/* ---- fields ---- */

enum field { OTHER, HOST, AGENT, LENGTH, CODING, CONNECTION, EXPECT, UPGRADE, SECRET };

/* What a head says of its message. */
struct head {
	size_t     n;                    /* bytes so far */
	int64_t    length;               /* NONE: no Content-Length */
	int        status;
	enum field last;                 /* for a folded line */
	bool       chunked, coded, bad_length, keep_alive, close, expect, no_colon;
	char       upgrade[UPGRADE_MAX + 1];   /* lower case, nothing but [a-z0-9._/-] */
};

struct field_line { enum field field; struct bytes name, value; };

/* What a name (not empty) means. */
enum field field_of(struct bytes name);

/* A line that begins with a blank goes on with the `last` field: it has no name.
 * False: the line is no field. */
static inline bool field_parse(struct bytes line, enum field last, struct field_line *f)
{
	if (is_blank(line.p[0])) {
		*f = (struct field_line){ .field = last, .value = trimmed(line) };
		return true;
	}
	const uint8_t *colon = memchr(line.p, ':', line.n);
	if (!colon)
		return false;
	size_t n = (size_t)(colon - line.p);
	f->name = trimmed_end((struct bytes){ line.p, n });
	f->value = trimmed(from(line, n + 1));
	if (f->name.n == 0)
		return false;
	f->field = field_of(f->name);
	return true;
}

/* Whether b begins like a field, or the end of a head: GUESS_SENT_BY_EITHER. */
enum guess field_guess(struct bytes);

/* Take in a field; what is wrong with it, or NULL. */
const char *head_read(struct head *, const struct field_line *);

#endif
