/* rules_show.h - the rules themselves, for people: `rules list` and `rules explain`.
 *
 * Errors  told on standard error; the exit status.
 */
#ifndef RULES_SHOW_H
#define RULES_SHOW_H

struct options;
struct rules;

/* One a line. */
int rules_list(const struct rules *);

/* The one that is named. */
int rules_explain(const struct options *, const struct rules *);

#endif
