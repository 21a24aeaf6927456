/* community_id.c - see community_id.h. What is hashed, in network order:
 *
 *   seed (2 bytes), address, address, protocol (1), zero (1), port (2), port (2)
 *
 * with the lesser address first, or the lesser port where both are the same.
 */
#include "community_id.h"

#include <string.h>

#include "decode.h"
#include "digest.h"

enum { TCP = 6, SEED = 2, TUPLE_MAX = SEED + 16 + 16 + 2 + 2 + 2 };

static bool is_ip4(const struct endpoint *e)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	return memcmp(e->ip, mapped, sizeof mapped) == 0;
}

static uint8_t *port_put(uint8_t *to, uint16_t port)
{
	*to++ = (uint8_t)(port >> 8);
	*to++ = (uint8_t)port;
	return to;
}

const char *community_id(const struct endpoint *a, const struct endpoint *b, char text[static COMMUNITY_ID_SIZE])
{
	uint8_t tuple[TUPLE_MAX] = { 0 }, *to = tuple + SEED;
	size_t skipped = is_ip4(a) && is_ip4(b) ? 12 : 0, n = 16 - skipped;
	int order = memcmp(a->ip, b->ip, 16);
	bool turned = order > 0 || (order == 0 && a->port > b->port);
	const struct endpoint *low = turned ? b : a, *high = turned ? a : b;
	memcpy(to, low->ip + skipped, n);
	memcpy(to + n, high->ip + skipped, n);
	to += 2 * n;
	*to = TCP;
	to = port_put(port_put(to + 2, low->port), high->port);
	memcpy(text, "1:", 2);
	sha1_base64((struct bytes){ tuple, (size_t)(to - tuple) }, text + 2);
	return text;
}
