/* asked.h - the times that a request itself asks for.
 *
 * Where a connection ends after just such a time, the two have one cause: a time-out that is
 * no longer than the work it waits for.
 */
#ifndef ASKED_H
#define ASKED_H

/* A JSON array, for free(), with an object for each number of the query that may be a time, and
 * for each field of the head that is one (Prefer: wait, Keep-Alive: timeout, Grpc-Timeout,
 * X-Envoy-Expected-Rq-Timeout-Ms), in their order:
 *
 *     [{"name":"query_t","as":"t=20","seconds":20,"named":1}]
 *
 * named: 1 where its name says that it is a time; a number under any other name is one only if
 * something lasted as long. Names hold letters, digits and _ only. target and head are those of
 * http_exchange; either may be NULL. At most 16 are given. */
char *asked_times(const char *target, const char *head);

#endif
