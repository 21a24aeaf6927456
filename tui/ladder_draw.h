/* ladder_draw.h - arrows between lifelines, on a canvas: rows of the ladder of a finding, and
 * of the packets of a flow.
 *
 *       frame      time, s  10.0.0.5:40000                            10.0.0.9:80
 *     *     4     0.000244  │══ POST /stop ═══════════════════════════════════►│
 *                           ┊               20.015 s of silence                ┊
 */
#ifndef LADDER_DRAW_H
#define LADDER_DRAW_H

#include "browser.h"
#include "canvas.h"
#include "ladder.h"
#include "sheet.h"

/* Where things stand; ladder_sketch() says for how many columns. */
struct sketch {
	const struct ladder *ladder;      /* its lifelines, and time 0 */
	enum clock           clock;
	int                  body, width; /* of the picture: its first column, and its columns */
};

/* The least columns that a ladder of so many lifelines needs. */
int ladder_least(int lines);

struct sketch ladder_sketch(const struct ladder *, enum clock, int cols);

/* Rows that the names of the lifelines take. */
int ladder_names_rows(const struct ladder *);

/* Draws them into the first rows of the area. */
void ladder_names(const struct sketch *, struct area);

/* All of a ladder, as it is laid out, below what the sheet has: nothing where it is too narrow.
 * Rows of packets are tagged with the message's index + 1. */
void ladder_sheet(const struct ladder *, enum clock, struct sheet *);

/* A packet, into the row. `before_ns`: of the row above, for CLOCK_DELTA. `marks`: what stands
 * out, behind the label. */
void ladder_arrow(const struct sketch *, struct area, int row, const struct ladder_message *, int64_t before_ns,
                  const char *marks);

/* A row without an arrow: what passes there in words. `pause`: it is a silence. */
void ladder_text_row(const struct sketch *, struct area, int row, bool pause, const char *words);

/* Numbers of a segment, to the right of the picture: columns they take of so many; 0: there is
 * no room for them. */
struct segment { int64_t seq, ack, window, len; };      /* -1: not known */
int segment_cols(int cols);
void segment_head(struct area, int row);
void segment_draw(struct area, int row, const struct segment *);

/* A time as `clock` has it, right aligned from `col` on, and in how many columns: a blank before 22:09:37.123456. */
int clock_cols(enum clock);
void clock_draw(struct area, int row, int col, enum clock, int64_t ns, int64_t origin_ns, int64_t before_ns);

#endif
