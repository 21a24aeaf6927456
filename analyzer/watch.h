/* watch.h - how far a run has come, told to who watches it (run.h, run_options.progress).
 *
 * Costs    without a watcher nothing; with one a look at a clock every 1024 frames.
 * Borrows  the inputs' paths, for the run.
 */
#ifndef WATCH_H
#define WATCH_H

#include "pace.h"
#include "run.h"

struct watch {
	bool  (*progress)(void *context, const struct run_progress *);
	void   *context;
	struct run_progress now;         /* as it was told last */
	size_t  files_left;              /* not begun */
	int64_t bytes_before;            /* of inputs that are done with */
	uint64_t frames_before;          /* of captures that are */
	struct pace pace;
	bool    stopped;                 /* by the watcher */
};

/* What the pipeline knows about the capture that is being read. */
struct watched {
	const struct store      *store;
	const struct flow_table *flows;
	uint64_t frames;                 /* of the capture */
	uint64_t bytes;                  /* of the file */
	size_t   flows_told;
};

void watch_begin(struct watch *, const struct run_options *, const struct inputs *);

/* Tell, if it is time to; false: the watcher wants no more. */
bool watch_tell(struct watch *, const struct watched *);

/* A capture begins; one ends, with so many frames and flows. */
void watch_capture(struct watch *);
void watch_capture_end(struct watch *, uint64_t frames, size_t flows);

/* An input is looked at; it is done with, of which so many bytes were read. */
void watch_input(struct watch *, const struct input *);
void watch_input_end(struct watch *, const struct input *, uint64_t bytes);

#endif
