/* packet_rows.h - a packet's lines (describe.h), layers of which are folded to their first line.
 *
 * Owns    the description, a copy of the packet's bytes; packet_rows_free() frees them.
 * Bounds  describe.h's.
 */
#ifndef PACKET_ROWS_H
#define PACKET_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "describe.h"
#include "packet_choice.h"
#include "packet_facts.h"

struct packet_rows {
	struct description lines;
	uint8_t *bytes;                   /* those that people may see */
	size_t   bytes_n;
	size_t  *row;                     /* its line */
	size_t   n;
};

/* What was read of it; frames are told as the file's own. */
void packet_rows_read(struct packet_rows *, const struct packet *, struct bytes shown, int64_t own_frame);

/* Behind that, or without it, a layer of what the case knows. */
void packet_rows_know(struct packet_rows *, const struct packet_facts *);

/* Choose the rows. */
void packet_rows_fold(struct packet_rows *, const struct packet_choice *);

/* The line of a row; NULL: there is no such row. */
const struct description_line *packet_row(const struct packet_rows *, int64_t row);

/* The line with which the row's layer begins, and the row of that. */
size_t packet_layer(const struct packet_rows *, int64_t row);
int64_t packet_row_of(const struct packet_rows *, size_t line);

/* "Frame", "Transmission Control Protocol": up to where the packet's own values begin. */
void packet_layer_name(const struct packet_rows *, size_t line, char name[static LAYER_NAME]);

/* Whether the layer that begins with the line has more, and shows it. */
bool packet_layer_folds(const struct packet_rows *, size_t line);
bool packet_layer_open(const struct packet_rows *, const struct packet_choice *, size_t line);

/* From now on it shows its lines, or not; as all layers of that name. */
void packet_layer_turn(const struct packet_rows *, struct packet_choice *, size_t line, bool open);

/* The layer with which what the packet carries begins, else the last one. */
size_t packet_innermost(const struct packet_rows *);

void packet_rows_free(struct packet_rows *);

#endif
