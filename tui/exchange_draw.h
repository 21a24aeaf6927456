/* exchange_draw.h - one HTTP exchange: what its rows in the case say, and its time as a bar of
 * three looks.
 *
 *     ▓▓▓░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░██✗
 *     request    until the response      response, cut
 *
 * Times that are not known (a request that was not captured, a response that never came) are
 * taken to the end of what there was: then the bar ends in a cross.
 */
#ifndef EXCHANGE_DRAW_H
#define EXCHANGE_DRAW_H

#include "canvas.h"
#include "report_model.h"

#define EXCHANGE_SENT     "\xe2\x96\x93"
#define EXCHANGE_WAIT     "\xe2\x96\x91"
#define EXCHANGE_RECEIVED "\xe2\x96\x88"
#define EXCHANGE_CUT      "\xe2\x9c\x97"

/* A wait from which on an exchange is called slow. */
#define EXCHANGE_SLOW_NS "1000000000"

/* Of SQL over http_exchange x and its flow w: where an exchange ends that had no end of its own.
 * A request may come behind the FIN. */
#define EXCHANGE_END_NS "iif(w.ended_ns > x.request_ns, w.ended_ns, w.last_ns)"

/* Of SQL over http_exchange x: how long the client waited, to that end where nothing came
 * (NULL: there was no request); whether something was wrong. */
#define EXCHANGE_WAIT_NS \
	"iif(x.method IS NULL, NULL, max(0, coalesce(x.response_ns, (SELECT " EXCHANGE_END_NS \
	" FROM flow w WHERE w.id = x.flow_id)) - coalesce(x.request_end_ns, x.request_ns)))"
#define EXCHANGE_TROUBLE \
	"(x.request_state <> 'complete' AND x.method IS NOT NULL OR x.response_state <> 'complete' OR x.status >= 500" \
	" OR " EXCHANGE_WAIT_NS " >= " EXCHANGE_SLOW_NS ")"

struct exchange {
	int64_t flow, nr;
	int64_t frame;                    /* the request's first, the capture's number */
	int64_t origin_ns;                /* of the capture */
	int64_t ns;                       /* when it began */
	int64_t sent_ns, wait_ns, received_ns;     /* how long each part took */
	bool    answered;                 /* a response began */
	bool    cut;                      /* it did not come whole, or not at all */
	bool    bad;                      /* EXCHANGE_TROUBLE */
	int64_t request_bytes, response_bytes;     /* of the bodies; -1: not known */
	int64_t status;                   /* 0: none */
	char    client[64], server[64];
	char    what[512];                /* "GET /index.html" */
	char    outcome[24];              /* "200", "200 RST", "FIN": the status, and what cut it */
	char    expect[24];               /* of Expect: 100-continue: "", "100 ✓", … */
};

/* A question for model_query(): one exchange by ?1, its rowid. */
extern const char exchange_sql[];

/* Its row. */
void exchange_read(struct exchange *, struct sqlite3_stmt *);

int64_t exchange_total_ns(const struct exchange *);

/* Its bar in a field of `width` columns, of which `full` are as long as it took (bars.h). */
void exchange_bar(const struct exchange *, struct area, int row, int col, int width, int full);

/* LOOK_ERROR, LOOK_WARNING, … of its outcome. */
int exchange_look(const struct exchange *);

#endif
