/* packet_facts.h - what the case knows of one packet, without its file: what is left when the
 * capture is gone, and what stands over the packet when it is there.
 *
 * Owns  nothing; borrows the model and the labels for the calls.
 */
#ifndef PACKET_FACTS_H
#define PACKET_FACTS_H

#include "packet_label.h"

enum packet_kind { PACKET_UNKNOWN, PACKET_SEGMENT, PACKET_ICMP };

struct packet_facts {
	int64_t  flow_id, frame;             /* the frame is the capture's */
	enum packet_kind kind;               /* PACKET_UNKNOWN: the case has no row of it; only the names below are known */
	char     client[64], server[64];
	char     path[256];                  /* of its file */
	bool     at_once;                    /* the file is gone to its place in no time: it is not compressed */
	int64_t  own_frame;                  /* the file's own number */
	int64_t  origin_ns;                  /* of the capture */
	int64_t  ns, before_ns;              /* when it came; the flow's packet before it */
	bool     from_client;                /* who sent it, or whom the ICMP error tells */
	unsigned flags;
	int64_t  len;                        /* payload */
	uint32_t seq, ack, window;           /* as on the wire */
	int64_t  relative_seq, relative_ack; /* Wireshark's; -1: not known */
	int64_t  scaled_window;
	struct packet_label label;
	int64_t  finding;                    /* the gravest that names it; 0: none */
	char     evidence[256];              /* "Reset after idle: the RST; …"; "": no finding names it */
};

/* False: there is no such flow. */
bool packet_facts_read(struct packet_facts *, struct model *, struct labels *, int64_t flow_id, int64_t frame);

/* The flow's next packet or ICMP error, or the one before; 0: none. */
int64_t packet_beside(struct model *, int64_t flow_id, int64_t frame, bool backwards);

/* The next one that stands out or is evidence, as in the view of the flow; 0: none. */
int64_t packet_marked(struct model *, int64_t flow_id, int64_t frame, bool backwards);

#endif
