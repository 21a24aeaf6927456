/* dissector.h - what a protocol parser offers, and what it may rely on.
 *
 * A dissector turns the two byte streams of one connection into facts. It is
 * a pure function of those bytes: no clock, no I/O, no allocation, no globals.
 * The core owns buffering, time and storage (analyzer/stream.h).
 *
 * Offsets  count the payload bytes of one direction, from 0 (facts.h). What a
 *          dissector says of a place in the stream it says with an offset, or
 *          with a mark that the core fills in.
 * Sides    CLIENT and SERVER are settled before the first byte is offered.
 * Chunks   how the bytes were cut into segments must not show in what is told
 *          (tests/http1.c and tests/amqp.c feed every row in all piece sizes).
 * Gaps     bytes that the capture lacks are never passed over in silence:
 *          gap() is called in their place, in order, unless they lay wholly
 *          inside a skip. Afterwards the dissector finds the next place where
 *          it can be sure. A stream joined in the middle begins with gap().
 * Errors   there are none to return: malformed input is an anomaly, a fact
 *          about the capture like any other.
 * Bounds   state_size bytes a connection, at most 4 KiB for a built-in one
 *          apart from texts it keeps (limits.h), in the state or in its
 *          sink_room(); max_pending bytes a side are held for an unfinished
 *          message.
 */
#ifndef DISSECTOR_H
#define DISSECTOR_H

#include "bytes.h"
#include "facts.h"

/* Bytes on offer: p[0] is at offset off. Never empty. */
struct span { const uint8_t *p; size_t n; uint64_t off; };

/* What was done with a span: `used` bytes (<= n) are finished with; then `skip`
 * bytes need not be seen. What is left is offered again at once when used or
 * skip is not 0; otherwise when at least `need` bytes (more than n; 0: any
 * more) are there. SKIP_REST passes over all that follows in this direction. */
struct step { size_t used; uint64_t skip; size_t need; };
#define SKIP_REST UINT64_MAX

/* Why a direction ends: its FIN; a RST from either side; the capture's end. */
enum end_how { END_FIN, END_RST, END_CAPTURE };

/* A mark is taken at the frame that carried the byte at `off` (MARK_BEGIN), or
 * at the frame with which all bytes below `off` had been captured (MARK_END). */
enum mark_edge { MARK_BEGIN, MARK_END };

struct sink;

/* Fills *mark. A mark that lies ahead is filled when the stream gets there, and
 * its frame stays 0 if it never does; so *mark must live in the dissector's
 * state. There can be one ahead for each side and edge: a later one replaces it. */
void sink_mark(struct sink *, enum side, uint64_t off, enum mark_edge, struct mark *);

/* A buffer of at least n bytes for what is kept of a side between calls: it lives as
 * long as the state, grows, and may move; what was in it stays. The caller caps n. */
uint8_t *sink_room(struct sink *, enum side, size_t n);

/* Facts. Texts are borrowed for the call. */
void sink_http(struct sink *, const struct http_exchange *);
void sink_http_interim(struct sink *, const struct http_interim *);
void sink_websocket_close(struct sink *, const struct websocket_close *);
void sink_amqp_connection(struct sink *, const struct amqp_connection *);
void sink_amqp_channel(struct sink *, const struct amqp_channel *);
void sink_amqp_method(struct sink *, const struct amqp_method *);
/* A heartbeat frame that began at `off`; protocol is lower case: "amqp". */
void sink_heartbeat(struct sink *, enum side, uint64_t off, const char *protocol);
/* A record of application data of TLS whose head is at `off`; n: its fragment's length. */
void sink_tls_record(struct sink *, enum side, uint64_t off, size_t n);
/* What was not understood at `off`, in a few constant words. */
void sink_anomaly(struct sink *, enum side, uint64_t off, const char *what);
/* `bytes` bytes from `off` on, which was captured at `from`, were passed over. */
void sink_skipped(struct sink *, enum side, struct mark from, uint64_t off, uint64_t bytes,
                  const char *what);
/* The connection changed protocol (Upgrade, CONNECT): the new flow.app. */
void sink_app(struct sink *, const char *app);
/* Whether secrets may be kept (--show-secrets). */
bool sink_shows_secrets(const struct sink *);

/* What a guess says of the first bytes of a direction. */
enum guess {
	GUESS_NO,
	GUESS_MORE,      /* undecided: more bytes may tell (at most LIMIT_GUESS) */
	GUESS_SENT_BY_CLIENT,   /* mine, and this is what a client sends */
	GUESS_SENT_BY_SERVER,   /* mine, and this is what a server sends */
	GUESS_SENT_BY_EITHER,   /* mine; either side may send this */
};

struct dissector {
	const char *name;         /* lower case, unique: the value of flow.app */
	size_t      state_size;   /* zeroed by the core, one per connection */
	size_t      max_pending;  /* bytes; a longer unfinished message becomes a gap */
	bool        no_upgrade;   /* where a connection's beginning was captured it is claimed
	                             there or not at all (what begins later was asked for) */
	/* `at_start`: head is the very beginning of the direction; else it is some
	 * segment's beginning in a connection joined midway, and only what is
	 * unmistakable may be claimed. */
	enum guess  (*guess)(struct bytes head, bool at_start);
	struct step (*data)(void *state, struct sink *, enum side, struct span);
	/* The same for what data() left, when nothing will follow it: the direction ends
	 * or a gap comes. NULL: it need not be asked again. */
	struct step (*last)(void *state, struct sink *, enum side, struct span);
	void        (*gap)(void *state, struct sink *, enum side, uint64_t off, uint64_t len);
	/* Once a side, in the order of their ends. The later of the two calls must
	 * tell all that is still untold. */
	void        (*end)(void *state, struct sink *, enum side, uint64_t off, enum end_how);
};

extern const struct dissector *const dissectors[];   /* registry.c; NULL ends it */

#endif
