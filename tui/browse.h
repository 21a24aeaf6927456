/* browse.h - the verb `browse`: captures or a case in, a browser on the terminal.
 *
 * Errors  told on standard error, once the terminal is as it was; the exit status says what
 *         became of it.
 */
#ifndef BROWSE_H
#define BROWSE_H

struct options;
struct rules;

int browse(const struct options *, const struct rules *);

#endif
