/* packet_label.h - what a packet carries, and what stands out in it, in a few words:
 * "POST /stop", "FIN,ACK", "512 bytes"; "retransmission".
 *
 * Cost  of a label: some lookups by index, however long the flow is. Exchanges are looked
 *       for by halving, for they follow one another through a flow.
 *       The last ones are kept: LABELS_KEPT of them.
 * Owns  its statements; labels_close() frees them. Borrows the model.
 */
#ifndef PACKET_LABEL_H
#define PACKET_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "report_model.h"

enum { LABEL_SIZE = 256, LABEL_MARKS = 128, LABELS_KEPT = 128 };

/* A packet, or an ICMP error about one: flags are 0. */
struct labelled {
	int64_t  flow_id, frame, ns;         /* the frame is the capture's */
	unsigned flags;                      /* the TCP header's */
	int64_t  len;                        /* payload */
	bool     client;                     /* who sent it, or what the error is about */
};

struct packet_label {
	char    text[LABEL_SIZE];            /* UTF-8 or what the capture has; one line */
	char    marks[LABEL_MARKS];          /* "" where nothing stands out */
	int64_t frame;                       /* the file's own number */
};

struct labels {
	struct model        *model;
	bool                 detailed;       /* with channels, arguments and how long it took */
	struct sqlite3_stmt *label, *last, *request, *response;
	struct kept { int64_t flow_id, frame; struct packet_label label; } *kept;
};

void labels_open(struct labels *, struct model *, bool detailed);
void labels_close(struct labels *);

/* False: the case cannot be read; the label is empty then. */
bool label_read(struct labels *, const struct labelled *, struct packet_label *);

#endif
