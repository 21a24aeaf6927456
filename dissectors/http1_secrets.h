/* http1_secrets.h - compose the text that is kept of a head, without secrets.
 *
 * A secret is told by its name: of a field, or of a parameter in a URL; and a
 * URL's user and password are one. It is replaced by ***. Names, and URLs
 * inside a parameter, are judged percent-decoded, once.
 *
 * Bounds  LIMIT_HTTP_HEAD_KEPT bytes; what does not fit is left out.
 */
#ifndef HTTP1_SECRETS_H
#define HTTP1_SECRETS_H

#include "bytes.h"
#include "limits.h"

/* Set n to 0 before the first put. */
struct text { uint8_t p[LIMIT_HTTP_HEAD_KEPT]; size_t n; };

void text_put(struct text *, struct bytes);
void text_put_word(struct text *, const char *);

/* Put a target or a field's value. `authority`: it begins with one, like a Host. */
void text_put_redacted(struct text *, struct bytes, bool authority);

bool name_is_secret(struct bytes name);

#endif
