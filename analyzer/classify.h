/* classify.h - names for flows that no dissector of ours knows, by nDPI.
 *
 * The one file that includes nDPI. Its engine takes about 20 ms to start, so it
 * starts when the first flow needs it; a flow's state is made for its first
 * payload segment and freed with the answer.
 *
 * Bounds  LIMIT_CLASSIFY_SEGMENTS payload segments of a flow are looked at.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <stdbool.h>

#include "decode.h"

struct classifier;
struct classifying;        /* one flow being looked at */

enum { APP_NAME_SIZE = 32 };

struct classifier *classifier_new(void);
void classifier_free(struct classifier *);

/* Look at one payload segment. *state begins as NULL. True: it is settled and
 * *state is freed; `name` is lower case, or empty where nDPI does not know. */
bool classify(struct classifier *, struct classifying **state, const struct segment *,
              char name[static APP_NAME_SIZE]);

void classify_drop(struct classifying *);                      /* NULL is fine */

#endif
