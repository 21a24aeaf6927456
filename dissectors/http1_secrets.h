/* http1_secrets.h - compose the text that is kept of a head, without secrets.
 *
 * A secret is told by its name: of a field, or of a parameter in a URL; and a
 * URL's user and password are one. It is replaced by ***. Names, and URLs
 * inside a parameter, are judged percent-decoded, once.
 *
 * Bounds  the text's size; what does not fit is left out.
 */
#ifndef HTTP1_SECRETS_H
#define HTTP1_SECRETS_H

#include <string.h>

#include "bytes.h"

/* n of size bytes are used; cut: not everything fitted. mask: secrets keep their length. */
struct text { uint8_t *p; size_t n, size; bool cut, mask; };

static inline void text_put(struct text *t, struct bytes b)
{
	if (b.n > t->size - t->n) {
		b.n = t->size - t->n;
		t->cut = true;
	}
	if (b.n)
		memcpy(t->p + t->n, b.p, b.n);
	t->n += b.n;
}

static inline void text_put_word(struct text *t, const char *word)
{
	text_put(t, (struct bytes){ (const uint8_t *)word, strlen(word) });
}

/* Put what stands for a secret: ***, or as many x. */
static inline void text_put_secret(struct text *t, size_t n)
{
	if (!t->mask)
		text_put_word(t, "***");
	for (; t->mask && n; n--)
		text_put_word(t, "x");
}

/* Put b and a line end. */
static inline void text_put_line(struct text *t, struct bytes b)
{
	if (b.n >= t->size - t->n) {
		text_put(t, b);
		t->cut = true;
		return;
	}
	memcpy(t->p + t->n, b.p, b.n);
	t->p[t->n + b.n] = '\n';
	t->n += b.n + 1;
}

/* Whether there may be a secret in a target or a field's value: quick, and mostly no. */
bool value_is_suspect(struct bytes value);

/* What comes before the first character that makes a value suspect, in any text. */
size_t clean_length(struct bytes);

/* Put a target or a field's value. `authority`: it begins with one, like a Host. */
void text_put_redacted(struct text *, struct bytes, bool authority);

bool name_is_secret(struct bytes name);

#endif
