/* series.h - what the names of files say about their order and what is missing.
 *
 * Programs that rotate their files number or date them: tcpdump -C (x, x1, x2, …),
 * tcpdump -W (x0, x1, …, the oldest of which may not be the first), tcpdump -G
 * (dates), dumpcap -b (x_00001_20261121013920). Names of one series are equal but
 * for their numbers; numbers of one width, or without great holes, make it one.
 *
 * Borrows  the paths.
 */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As people count: "file2" before "file10". */
int name_compare(const char *a, const char *b);

/* For each of the n paths the number of its series, from 0; two paths are of one
 * series when they have the same. */
void series_find(const char *const *paths, size_t n, size_t *series);

/* The paths are those of one series. Which numbers seem to be missing in it, as a
 * sentence without its end; false: none, or that cannot be told. */
bool series_missing(const char *const *paths, size_t n, char *text, size_t size);

#endif
