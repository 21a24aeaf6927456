/* websocket.h - the frames of a connection that became a WebSocket (RFC 6455).
 *
 * Told     each ping and pong as a heartbeat, each close with its code; other
 *          frames are passed over by their lengths.
 * Lost     after a hole outside of a payload, or what is no frame, the rest of
 *          that direction is not read: nothing in it says where a frame begins.
 */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "dissector.h"

/* Bytes of one direction behind the head of the 101; a frame begins at s. */
struct step websocket_data(struct sink *, enum side, struct span);

#endif
