/* amqp_mask.c - see secrets.h. Long texts that are never shown are what the sides
 * prove themselves with: responses, challenges, tokens (amqp_methods.c). */
#include "secrets.h"

#include <string.h>

#include "amqp_methods.h"

enum { FRAME_METHOD = 1, FRAME_HEAD = 7, METHOD_HEAD = 4 };

/* What of the frame's arguments may be shown cannot be told: none of it is. */
static void mask_all(uint8_t *p, size_t n)
{
	if (n > FRAME_HEAD + METHOD_HEAD)
		memset(p + FRAME_HEAD + METHOD_HEAD, 'x', n - FRAME_HEAD - METHOD_HEAD);
}

void amqp_mask(uint8_t *frame, size_t n)
{
	struct amqp_value v[AMQP_ARGUMENTS] = { { 0 } };
	struct rd r = rd_over((struct bytes){ frame, n });
	bool is_method = rd_u8(&r) == FRAME_METHOD;
	rd_be16(&r);
	size_t size = rd_be32(&r);
	const struct amqp_method_type *m = amqp_method_find(rd_be32(&r));
	if (!rd_ok(&r) || !is_method || !m || size < METHOD_HEAD) {
		mask_all(frame, n);
		return;
	}
	struct bytes seen = { frame + FRAME_HEAD + METHOD_HEAD, n - FRAME_HEAD - METHOD_HEAD };
	if (seen.n > size - METHOD_HEAD)
		seen.n = size - METHOD_HEAD;
	if (amqp_arguments_read(m, seen, size - METHOD_HEAD, v) != AMQP_FITS) {
		mask_all(frame, n);
		return;
	}
	for (size_t i = 0; i < AMQP_ARGUMENTS && m->arguments[i].kind; i++)
		if (m->arguments[i].kind == ARG_LONG && !m->arguments[i].n && v[i].text.n)
			memset(frame + (v[i].text.p - frame), 'x', v[i].text.n);
}
