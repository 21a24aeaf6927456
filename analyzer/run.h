/* run.h - the whole pipeline: capture files in, facts in the store.
 *
 * Errors  a file that cannot be read at all is told through `trouble` and the
 *         others go on; what is wrong inside a capture is a fact in the case.
 */
#ifndef RUN_H
#define RUN_H

#include "err.h"
#include "inputs.h"

struct store;

struct run_options {
	const char        *filter;         /* BPF; NULL: none */
	const char *const *decode_as;      /* "tcp.port==18000,http" */
	size_t             decode_as_n;
	bool               show_secrets;
	enum joining       joining;        /* which files are one capture */
	/* Told one sentence for each thing the user should know about an input. */
	void (*trouble)(const char *sentence);
};

struct run_result {
	size_t files_read;                 /* wholly or in part */
	size_t files_known;                /* in the case already, and left alone */
	size_t files_failed;               /* could not be opened, or are no captures */
	size_t files_cut_short;            /* broke off; what came before was used */
};

/* Read them all into one store. False: the whole run is to be given up (bad filter, bad decode-as); the store
 * must then not be committed. */
bool run_analysis(struct store *, const char *const *paths, size_t n, const struct run_options *,
                  struct run_result *, struct err *);

/* The same, one capture after another, each into a store of its own. The paths are
 * borrowed until run_close(). */
struct run;

/* Captures in the order in which they were given; folders in which there is nothing
 * are told. NULL: to be given up. */
struct run *run_open(const char *const *paths, size_t n, const struct run_options *, struct err *);

const struct inputs *run_inputs(const struct run *);

/* The first file of the next capture; NULL: there is none. */
const struct input *run_next(const struct run *);

/* Read the next capture. One that cannot be read is told and counted, and the store is
 * as it was. False: to be given up. */
bool run_capture(struct run *, struct store *, struct run_result *, struct err *);

void run_close(struct run *);

#endif
