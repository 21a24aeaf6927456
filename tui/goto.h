/* goto.h - going to a connection or a packet by what people call it. */
#ifndef GOTO_H
#define GOTO_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct browser;

/* Each opens the connection, and stands at the packet where there is one. What takes long is
 * done later, and tells itself how it went. False: there can be none. */
bool goto_flow(struct browser *, int64_t id, struct err *);
bool goto_stream(struct browser *, int64_t stream, struct err *);

/* A file's own number: of the file of what is pointed at, else of the first. */
bool goto_frame(struct browser *, int64_t frame, struct err *);

/* What happened nearest to a time (when.h), as --at looks for it. */
bool goto_time(struct browser *, const char *time, struct err *);

#endif
