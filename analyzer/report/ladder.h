/* ladder.h - the picture of an incident: lifelines of hosts, and an arrow a packet.
 *
 * ladder_lay_out() is a function of the packets alone: it chooses what is drawn and
 * says in which rows. What is left out is a row too, and so is a silence. How a row
 * looks is the drawings' business: ladder_text.c, ladder_svg.c.
 *
 * ladder_read() (ladder_read.c) takes the packets of a finding from the case.
 *
 * Frames  are the file's own.
 * Bounds  LADDER_LINES lifelines, LADDER_ROWS rows, LADDER_PACKETS packets looked at.
 * Owns    messages and their texts; ladder_free() frees them.
 */
#ifndef LADDER_H
#define LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LADDER_LINES = 4, LADDER_ROWS = 40, LADDER_PACKETS = 50000, LADDER_NAME = 64, LADDER_LABEL = 256 };

/* A packet, or an ICMP error about one, in order of time. */
struct ladder_message {
	int64_t  ns;
	int64_t  flow_id, capture_frame;     /* where its label is found */
	int64_t  frame;                      /* the file's own */
	int      from, to;                   /* lifelines */
	bool     client;                     /* who sent it; of an ICMP error, whom it tells */
	unsigned flags;                      /* the TCP header's; 0 for ICMP */
	int64_t  len;                        /* payload */
	bool     evidence;
	bool     labelled;                   /* its frame and label are known */
	char     label[LADDER_LABEL];        /* "POST /stop", "FIN,ACK" */
};

enum ladder_kind { LADDER_ARROW, LADDER_SILENCE, LADDER_MORE };

struct ladder_row {
	enum ladder_kind kind;
	size_t           message;            /* of an arrow: index; else of the first left out */
	size_t           n;                  /* LADDER_MORE: packets left out */
	int64_t          ns;                 /* how long that lasts */
};

struct ladder {
	char                   line[LADDER_LINES][LADDER_NAME];   /* who they are, from the left */
	int                    lines;
	int64_t                origin_ns;    /* time 0: the capture's start */
	struct ladder_message *message;
	size_t                 n;
	size_t                 most;         /* rows that may be filled; 0: LADDER_ROWS */
	struct ladder_row      row[LADDER_ROWS];
	size_t                 rows;
	bool                   cut;          /* there are packets that were not looked at */
};

/* Fill the rows from the messages. */
void ladder_lay_out(struct ladder *);

/* What stands in a row without an arrow: "20.015 s of silence", "12 more packets". */
enum { LADDER_WORDS = 96 };
const char *ladder_words(const struct ladder_row *, char buf[static LADDER_WORDS]);

struct model;

/* The ladder of a finding. False: there is nothing to draw. */
bool ladder_read(struct ladder *, struct model *, int64_t finding);

/* Lay it out anew in so many rows (0: LADDER_ROWS). */
void ladder_fit(struct ladder *, struct model *, size_t most);
void ladder_free(struct ladder *);

/* An empty line, then the picture; nothing where there is no room for one. */
struct page;
void ladder_draw_text(const struct page *, const struct ladder *, int indent);

void ladder_draw_svg(FILE *, const struct ladder *);

#endif
