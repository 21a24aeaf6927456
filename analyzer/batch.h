/* batch.h - `report --each`: a report for each capture, in a folder, and a table of them
 * on standard output.
 *
 * A report is made whole or not at all (output.h). Names come from the captures' and are
 * told apart by a number; a report of that name from an earlier run is replaced.
 * One capture at a time is in memory.
 *
 * Errors  told on standard error; one capture that cannot be read, or one report that
 *         cannot be written, does not keep the others. The exit status is that of all:
 *         EXIT_FINDING before EXIT_PARTIAL, EXIT_UNREADABLE where none could be read.
 */
#ifndef BATCH_H
#define BATCH_H

struct options;
struct rules;

int batch_report(const struct options *, const struct rules *);

#endif
