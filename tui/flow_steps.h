/* flow_steps.h - the rows of a flow's ladder: packets, ICMP errors and silences, by their numbers.
 *
 * A flow may have ten million packets. Packets are kept in chunks of LIMIT_INDEX_CHUNK, so
 * which chunk a row is in follows from its number once it is known where chunks begin; that
 * is read in pieces, as are the rows of the coarser zooms, which are lists of frames. A row
 * whose place is not known yet is not there yet: flow_steps_at() gives NULL.
 *
 * Bounds  STEPS_EXTRAS silences and ICMP errors; STEPS_SOURCE rows of each kind of message,
 *         and nothing from the first one on that this leaves out; STEPS_WINDOW rows in memory.
 * Owns    its lists and running statements; flow_steps_close() frees them. Borrows the model.
 */
#ifndef FLOW_STEPS_H
#define FLOW_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "numbers.h"

struct model;
struct sqlite3_stmt;

enum { STEPS_EXTRAS = 100000, STEPS_SOURCE = 100000, STEPS_WINDOW = 512 };

/* What has a row: everything; what means something; what findings name. */
enum zoom { ZOOM_PACKETS, ZOOM_MESSAGES, ZOOM_EVIDENCE, ZOOMS };

enum step_kind { STEP_PACKET, STEP_ICMP, STEP_SILENCE };

struct step {
	enum step_kind kind;
	int64_t  frame;                      /* the capture's; of a silence, the packet that ends it: INT64_MAX, the capture's end */
	int64_t  ns;                         /* when; of a silence, when it ended */
	int64_t  lasted_ns;                  /* of a silence */
	bool     client;                     /* who sent it; of an ICMP error, whom it tells */
	bool     evidence;
	unsigned flags;
	uint32_t seq, ack, window;           /* as on the wire */
	int64_t  len;
};

struct flow_steps {
	struct model        *model;
	int64_t              flow_id, finding;
	int64_t              packets;        /* of the flow; exact when all chunks are known */
	struct numbers       chunk;          /* the first frame of each */
	struct step         *extra;          /* silences and ICMP errors, by frame */
	size_t               extras;
	struct numbers       evidence;       /* frames */
	struct numbers       messages;       /* frames */
	struct numbers       list[ZOOMS];    /* rows of the coarser zooms: frames, and extras as -(index + 1) */
	enum zoom            zoom;
	int                  stage;          /* what is read next: flow_steps.c */
	struct sqlite3_stmt *running;
	size_t               of_source;      /* rows of it */
	size_t               run_from;       /* its first among the messages */
	char                 turn[8];        /* who speaks */
	int64_t              whole_to;       /* frames from here on are not all among the messages */
	struct step          window[STEPS_WINDOW];
	int64_t              window_row;     /* of its first */
	size_t               window_n;
};

/* The frames of `finding` are the evidence; 0: those of all findings. Reads for up to so many
 * nanoseconds. */
void flow_steps_open(struct flow_steps *, struct model *, int64_t flow_id, int64_t finding, int64_t budget_ns);
void flow_steps_close(struct flow_steps *);

/* Go on reading, until then on the monotonic clock; whether there is more to read. */
bool flow_steps_work(struct flow_steps *, int64_t until_ns);

void flow_steps_zoom(struct flow_steps *, enum zoom);

/* How many rows there are, and whether that will not change any more. */
int64_t flow_steps_count(const struct flow_steps *);
bool flow_steps_ready(const struct flow_steps *);

/* A row, good until the next call. NULL: its place is not known yet, or there is none. */
const struct step *flow_steps_at(struct flow_steps *, int64_t row);

/* The row of that frame, or the first behind it; -1: not known yet. */
int64_t flow_steps_row(struct flow_steps *, int64_t frame);

/* The next frame with a mark, an ICMP error or evidence behind this one, or before it; 0: none. */
int64_t flow_steps_mark(struct flow_steps *, int64_t frame, bool backwards);

/* The next frame that stands out by itself; 0: none. By index: no flow_steps is needed. */
int64_t flow_event_mark(struct model *, int64_t flow_id, int64_t frame, bool backwards);

/* The row of the next silence; -1: none. */
int64_t flow_steps_silence(struct flow_steps *, int64_t row, bool backwards);

/* Frames that are evidence, and whether one is. */
size_t flow_steps_evidence(const struct flow_steps *);
bool flow_steps_is_evidence(const struct flow_steps *, int64_t frame);

#endif
