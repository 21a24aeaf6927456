/* store.h - the case: a SQLite database into which facts are written.
 *
 * One transaction spans everything between store_open() and store_commit();
 * statements are prepared once. A new case is written beside its final name
 * and renamed into place by store_commit(), so the name never stands for half
 * a case; an existing case is added to inside the one transaction.
 *
 * Owns     the database, its statements, and the temporary file.
 * Borrows  all texts and blobs, for the call.
 * Errors   store_open() and store_commit() fail with a sentence. A write that
 *          fails in between (a full disk) is remembered, later writes do
 *          nothing, and store_commit() reports it: callers need not ask.
 * Order    store_open, any number of captures and facts, store_commit,
 *          store_close. Closing without a commit leaves what was there before.
 */
#ifndef STORE_H
#define STORE_H

#include "bytes.h"
#include "err.h"
#include "facts.h"

struct sqlite3;
struct store;

/* A case at `path`; NULL: a private one that vanishes when it is closed. */
struct store *store_open(const char *path, struct err *);

/* An existing case, for reading and a rules pass. Fails where `path` is none. */
struct store *store_open_existing(const char *path, struct err *);

/* Whether the file begins as a SQLite database does. */
bool store_is_case(const char *path);

/* The database itself, for the rules pass and the reports. */
struct sqlite3 *store_db(struct store *);

/* Whether a write failed since the store was opened: reading on is pointless. */
bool store_failed(const struct store *);

/* Resets and HTTP exchanges written since the store was opened. */
struct store_counts { uint64_t resets, exchanges; };
struct store_counts store_counts(const struct store *);

/* A new capture; its id. *flow_base: what is added to a frame to make a flow id. */
int64_t store_capture_begin(struct store *, const char *name, int64_t *flow_base);
void store_capture_end(struct store *, int64_t capture_id, const struct capture_facts *);

/* The file's place in its capture, from 1. */
int64_t store_capture_file(struct store *, int64_t capture_id, const struct capture_file_facts *);
void store_capture_interface(struct store *, int64_t capture_id, int64_t file_seq,
                             const struct capture_interface *);
void store_capture_comment(struct store *, int64_t capture_id, int64_t file_seq,
                           const struct capture_comment *);
void store_not_followed(struct store *, int64_t capture_id, const char *kind, uint64_t frames);

/* Whether the case holds captures, of this run or of earlier ones. */
bool store_has_captures(struct store *);

/* Whether it holds this very file, by its SHA-256, or by path and size where one of the two was
 * not hashed (""); its path as given then, copied into text. */
bool store_has_file(struct store *, const struct capture_file_facts *, char *text, size_t size);

void store_flow(struct store *, const struct flow_facts *);
void store_tcp_event(struct store *, const struct tcp_event *);
void store_reset(struct store *, const struct reset *);
void store_icmp(struct store *, const struct icmp_facts *);
void store_silence(struct store *, const struct silence *);
void store_http(struct store *, int64_t flow_id, const struct http_exchange *);
void store_http_interim(struct store *, int64_t flow_id, const struct http_interim *);
void store_websocket_close(struct store *, int64_t flow_id, const struct websocket_close *);
void store_amqp_connection(struct store *, int64_t flow_id, const struct amqp_connection *);
void store_amqp_channel(struct store *, int64_t flow_id, const struct amqp_channel *);
void store_amqp_method(struct store *, int64_t flow_id, const struct amqp_method *);
void store_heartbeat(struct store *, int64_t flow_id, struct mark, enum side sender,
                     const char *protocol);
void store_tls_record(struct store *, int64_t flow_id, struct mark, enum side sender,
                      size_t length);
void store_anomaly(struct store *, int64_t flow_id, struct mark, enum side sender, uint64_t off,
                   int64_t bytes, const char *what);
void store_packets(struct store *, int64_t flow_id, uint64_t first_frame, uint64_t last_frame,
                   struct bytes chunk);

/* The flow's roles turned out to be the other way round: in what was stored of
 * its segments so far, client and server change places. Costs a scan of these
 * tables; after LIMIT_SWAPS of them a capture's later calls return false and the
 * caller keeps the roles it took. */
bool store_swap_sides(struct store *, int64_t flow_id);

/* Make the indexes, which the rules and reports need. */
bool store_index(struct store *, struct err *);

/* Everything into the file at its final name. */
bool store_commit(struct store *, struct err *);

/* Let `change` write notes, which are then kept at once and durably, where the case is a
 * file: that, and all else that was written into an existing case, is committed, as by
 * store_commit() (temporary conclusions are not in the case: rules.h). In a private case, and in a new one that is
 * not committed yet, notes are kept with the rest. For note.h. */
typedef bool store_change(struct sqlite3 *, const void *what);
bool store_notes_change(struct store *, store_change *, const void *what, struct err *);

/* The case as it is now under another name, whole or not at all; a file that has that
 * name is not replaced. Temporary conclusions are not part of it. */
bool store_save_as(struct store *, const char *path, struct err *);

void store_close(struct store *);                              /* NULL is fine */

#endif
