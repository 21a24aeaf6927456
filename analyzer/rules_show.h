/* rules_show.h - the rules themselves, for people: `rules list` and `rules explain`.
 *
 * Errors  told on standard error; the exit status.
 */
#ifndef RULES_SHOW_H
#define RULES_SHOW_H

#include <stdio.h>

struct options;
struct rules;

/* One a line, or as a document (--format md), into the output that the options name. */
int rules_list(const struct options *, const struct rules *);

/* The one that is named. */
int rules_explain(const struct options *, const struct rules *);

/* The document: contents, then what each rule's header says, by what they are about. */
void rules_markdown(FILE *, const struct rules *);

#endif
