/* embedded.h - files that the program carries inside itself: the schema, the
 * built-in rules, the table of known timers. Made by embed.sh at build time. */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include <stddef.h>

struct embedded { const char *path, *text; };   /* text ends with a NUL */

extern const struct embedded embedded_files[];
extern const size_t embedded_files_n;

/* The text of the file at `path` ("db/schema.sql"); dies when there is none. */
const char *embedded_text(const char *path);

#endif
