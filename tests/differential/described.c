/* described.c - prints what describe.h says of every packet of a capture.
 *
 *     described CAPTURE
 *
 *     FRAME DEPTH OFFSET LENGTH TEXT
 */
#include <stdio.h>

#include "describe.h"
#include "text.h"

int main(int argc, char **argv)
{
	struct description d = { 0 };
	struct packet p;
	struct err err;
	bool bad_filter;
	struct capture *c = argc == 2 ? capture_open(argv[1], NULL, false, &bad_filter, &err) : NULL;
	if (!c) {
		fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: described CAPTURE");
		return argc == 2 ? 3 : 2;
	}
	while (capture_next(c, &p, &err) == CAPTURE_PACKET) {
		describe(&d, &p, p.bytes);
		for (size_t i = 0; i < d.n; i++) {
			printf("%llu %d %zu %zu ", (unsigned long long)p.frame, d.lines[i].depth,
			       d.lines[i].off, d.lines[i].n);
			text_put_terminal(stdout, d.lines[i].text);
			printf("\n");
		}
	}
	description_free(&d);
	capture_close(c);
	return 0;
}
