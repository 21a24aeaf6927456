/* packet_choice.h - how packets look: what the user chose, for as long as the browser runs.
 *
 * Bounds  PACKET_LAYERS names of layers; the oldest is forgotten.
 */
#ifndef PACKET_CHOICE_H
#define PACKET_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

enum { PACKET_LAYERS = 24, LAYER_NAME = 40 };

struct packet_choice {
	bool   no_hex;
	struct { char name[LAYER_NAME]; bool open; } layer[PACKET_LAYERS];     /* that were folded or unfolded */
	size_t layers;
};

#endif
