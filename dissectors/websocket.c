/* websocket.c - see websocket.h.
 *
 *   RFC 6455, 5.2          FIN RSV1-3 opcode (1) | MASK length (1)
 *                          length of 126: (2) more, of 127: (8) more
 *                          masking key (4), from clients
 *                          payload: of a close, code (2) and reason
 */
#include "websocket.h"

#include "limits.h"

enum opcode { CONTINUATION, TEXT, BINARY, CLOSE = 8, PING, PONG };
enum { FIN = 0x80, RSV = 0x70, MASK = 0x80, CONTROL = 0x08, CONTROL_MAX = 125 };

struct frame { unsigned opcode, flags; bool masked; uint64_t length; uint8_t key[4]; size_t head_n; };

/* False: its head is not all there. */
static bool frame_head(struct span s, struct frame *fr)
{
	struct rd r = rd_over((struct bytes){ s.p, s.n });
	uint8_t first = rd_u8(&r), second = rd_u8(&r);
	*fr = (struct frame){ .opcode = first & 0x0F, .flags = first & (FIN | RSV),
	                      .masked = second & MASK, .length = second & 0x7F };
	if (fr->length == 126)
		fr->length = rd_be16(&r);
	else if (fr->length == 127)
		fr->length = rd_be(&r, 8);
	struct bytes key = rd_take(&r, fr->masked ? 4 : 0);
	for (size_t i = 0; i < key.n; i++)
		fr->key[i] = key.p[i];
	fr->head_n = s.n - rd_left(&r);
	return rd_ok(&r);
}

/* RSV1 may stand for compression; the others are for nothing that is in use. */
static bool frame_is_sound(const struct frame *fr, enum side side)
{
	bool control = fr->opcode & CONTROL;
	return (fr->opcode <= BINARY || (fr->opcode >= CLOSE && fr->opcode <= PONG))
	    && fr->masked == (side == CLIENT) && !(fr->flags & 0x30) && fr->length <= INT64_MAX
	    && (!control || (fr->flags == FIN && fr->length <= CONTROL_MAX));
}

static void close_tell(struct sink *out, enum side side, uint64_t off, const struct frame *fr,
                       struct bytes payload)
{
	uint8_t plain[CONTROL_MAX];
	char reason[CONTROL_MAX + 1] = "";
	size_t n = payload.n < sizeof plain ? payload.n : sizeof plain;
	for (size_t i = 0; i < n; i++)
		plain[i] = payload.p[i] ^ fr->key[i % 4];
	struct rd r = rd_over((struct bytes){ plain, n });
	int code = n < 2 ? NONE : rd_be16(&r);
	for (size_t i = 2; i < n; i++)
		reason[i - 2] = plain[i] ? (char)plain[i] : '?';
	struct websocket_close c = { .sender = side, .code = code, .reason = reason };
	sink_mark(out, side, off, MARK_BEGIN, &c.at);
	sink_websocket_close(out, &c);
}

struct step websocket_data(struct sink *out, enum side side, struct span s)
{
	struct frame fr;
	if (!frame_head(s, &fr))
		return (struct step){ .need = s.n + 1 };
	if (!frame_is_sound(&fr, side)) {
		sink_anomaly(out, side, s.off, "not a WebSocket frame");
		return (struct step){ .skip = SKIP_REST };
	}
	if (fr.opcode == CLOSE && s.n - fr.head_n < fr.length)
		return (struct step){ .need = fr.head_n + (size_t)fr.length };
	if (fr.opcode == CLOSE)
		close_tell(out, side, s.off, &fr, (struct bytes){ s.p + fr.head_n, (size_t)fr.length });
	else if (fr.opcode == PING || fr.opcode == PONG)
		sink_heartbeat(out, side, s.off, "websocket");
	return (struct step){ .used = fr.head_n, .skip = fr.length };
}
