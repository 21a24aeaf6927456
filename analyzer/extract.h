/* extract.h - the packets of chosen connections as a capture of their own.
 *
 * Records are those of the input, byte for byte: time, length on the wire, bytes.
 * They come from the files that the case names, in the order of the case; frames that
 * the case knows to be copies of others are left out, as everywhere. An ICMP error goes
 * with the connection that it is about.
 *
 * The file is a classic pcap, in nanoseconds where an input has them. It holds one
 * link type.
 *
 * Errors  a sentence: nothing was chosen, a file of the case is gone or is not what it
 *         was, frames of two link types. Then nothing stands under the output's name.
 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct sqlite3;

enum choice_kind {
	CHOOSE_FINDING,                /* a rule's id, or a fingerprint */
	CHOOSE_FLOW,                   /* flow.id */
	CHOOSE_STREAM,                 /* tcp.stream, of every capture */
	CHOOSE_FILTER,                 /* a filter of connections (filter.h) */
};

struct choice { enum choice_kind kind; const char *value; };

/* Note all connections that any of the choices names, for the extract() that follows.
 * False: one of them names none. */
bool extract_choose(struct sqlite3 *, const struct choice *, size_t n, struct err *);

struct extract_options {
	bool        chosen_only;       /* packets of what was chosen; else every packet */
	bool        redact;            /* overwrite secrets (redact.h): of all connections, where
	                                  none was chosen; frames that are no segments of theirs
	                                  are left out */
	const char *filter;            /* BPF, in addition; NULL: none */
	const char *output;            /* as output.h has it */
};

/* *frames: how many were written. */
bool extract(struct sqlite3 *, const struct extract_options *, size_t *frames, struct err *);

#endif
