/* run.h - the whole pipeline: capture files in, facts in the store.
 *
 * Errors  a file that cannot be read at all is told through `trouble` and the
 *         others go on; what is wrong inside a capture is a fact in the case.
 */
#ifndef RUN_H
#define RUN_H

#include "err.h"
#include "inputs.h"

struct flow_table;
struct store;

/* How far reading has come, for who watches it. Counts are of the whole run but where
 * they say otherwise; texts and flows are borrowed until the call returns. */
struct run_progress {
	size_t      capture;               /* that is being read, from 1 */
	const char *path;                  /* of its file that is being read */
	int64_t     bytes, bytes_all;      /* of input, as it is on the disk; bytes_all: NONE where it is
	                                      not known, for standard input or a pipe is among it */
	uint64_t    frames, resets, exchanges;
	uint64_t    flows_before;          /* of the captures that are read to their end */
	size_t      flows;                 /* of this capture */
	size_t      flows_told;            /* of these, in the store: more than 0 where it was read to its end */
	const struct flow_table *table;    /* for run_flow_at() */
};

/* A flow of the capture that is being read, as far as it was. */
struct run_flow {
	int64_t     id;                    /* as it will be in the case */
	char        client_ip[46], server_ip[46];
	uint16_t    client_port, server_port;
	uint64_t    frames, bytes;         /* of both sides; payload */
	bool        rst, fin;              /* one was seen, of either side */
	const char *app;                   /* as in flow.app; "": not known (yet) */
	int64_t     first_ns, last_ns;
};

/* The i-th flow in the order of beginning, from 0; false: there are not so many. */
bool run_flow_at(const struct run_progress *, size_t i, struct run_flow *);

struct run_options {
	const char        *filter;         /* BPF; NULL: none */
	const char *const *decode_as;      /* "tcp.port==18000,http" */
	size_t             decode_as_n;
	bool               show_secrets;
	bool               no_hash;        /* capture_file.sha256 stays '' */
	enum joining       joining;        /* which files are one capture */
	size_t             flows_at_hand;  /* as LIMIT_FLOWS_AT_HAND, which 0 stands for; the case is the same */
	/* Told one sentence for each thing the user should know about an input. */
	void (*trouble)(const char *sentence);
	/* Told how far reading has come, at most every 50 ms and every 1024 frames, at a file's
	 * beginning, and while a pipe has nothing to read; NULL: nobody watches. False: read no further. What was read is concluded as if
	 * the captures ended there, and the case says so (capture_file.trouble). While flows are told
	 * to the store (flows_told) nothing is left to stop. */
	bool (*progress)(void *context, const struct run_progress *);
	void  *context;
};

struct run_result {
	size_t files_read;                 /* wholly or in part */
	size_t files_known;                /* in the case already, and left alone */
	size_t files_failed;               /* could not be opened, or are no captures */
	size_t files_cut_short;            /* broke off; what came before was used */
	bool   stopped;                    /* by progress() */
};

/* Read them all into one store. False: the whole run is to be given up (bad filter, bad decode-as); the store
 * must then not be committed. */
bool run_analysis(struct store *, const char *const *paths, size_t n, const struct run_options *,
                  struct run_result *, struct err *);

/* The same, one capture after another, each into a store of its own. The paths are
 * borrowed until run_close(). */
struct run;

/* Captures in the order in which they were given; folders in which there is nothing
 * are told. NULL: to be given up. Where reading is stopped, run_next() gives no more. */
struct run *run_open(const char *const *paths, size_t n, const struct run_options *, struct err *);

const struct inputs *run_inputs(const struct run *);

/* The first file of the next capture; NULL: there is none. */
const struct input *run_next(const struct run *);

/* Read the next capture. One that cannot be read is told and counted, and the store is
 * as it was. False: to be given up. */
bool run_capture(struct run *, struct store *, struct run_result *, struct err *);

void run_close(struct run *);

#endif
