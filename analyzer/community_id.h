/* community_id.h - the name that a connection has in the logs of other programs, too.
 *
 * Standard  Community ID v1, https://github.com/corelight/community-id-spec, seed 0.
 */
#ifndef COMMUNITY_ID_H
#define COMMUNITY_ID_H

struct endpoint;

/* "1:...", the same for both directions; `text` is given back. */
enum { COMMUNITY_ID_SIZE = 31 };
const char *community_id(const struct endpoint *, const struct endpoint *, char text[static COMMUNITY_ID_SIZE]);

#endif
