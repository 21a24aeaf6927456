/* inputs.h - which files there are to read, in which order, and which of them are
 * one capture.
 *
 * A folder stands for the captures in it, not for folders in it. Files are looked
 * at before they are read, so that they can be put in order by their first packet;
 * files of one series (series.h) stay together. What cannot be read twice
 * (standard input, a pipe) is not looked at and comes last.
 *
 * Owns     the paths; freed by inputs_free().
 * Bounds   LIMIT_INPUTS files of a folder.
 * Errors   a folder in which there is nothing to read is told, and counted.
 */
#ifndef INPUTS_H
#define INPUTS_H

#include "err.h"
#include "facts.h"

/* By name only: files of a series are one capture, others are not, whatever their times. */
enum joining { JOIN_BY_TIME, JOIN_BY_NAME, JOIN_ALL, JOIN_NONE };

struct input {
	char   *path;
	size_t  nr;             /* as given, from 0 */
	bool    regular;        /* can be read twice */
	int64_t size;           /* bytes on the disk; NONE: not regular */
	bool    opened;         /* a look at it told what follows */
	int64_t first_ns;       /* NO_TIME: no packet, or not known */
	int     link, snaplen;
	size_t  series;         /* the same for files that their names make one series */
	size_t  series_nr;      /* the first of its files as given */
	int64_t series_ns;      /* its first packet's time */
	bool    is_series;      /* there are others of it */
};

struct inputs { struct input *in; size_t n, failed; };

void inputs_find(struct inputs *, const char *const *paths, size_t n, void (*tell)(const char *));
void inputs_free(struct inputs *);

/* Put them in the order in which they were given, a series where its first file was. */
void inputs_as_given(struct inputs *);

/* Whether `in` goes on with the capture whose last file is `last`, and whose last
 * packet's time is last_ns. *why: capture.taken_for in either case. */
bool input_goes_on(const struct input *last, const struct input *in, int64_t last_ns,
                   enum joining, const char **why);

/* What is missing from a series, as a sentence without its end. False: nothing. */
bool inputs_missing(const struct inputs *, size_t series, char *text, size_t size);

/* What files were taken for, as a sentence that grows. */
struct taken { char text[400]; size_t files, captures; bool point, unlike, joined, apart; };

void taken_file(struct taken *, const char *path, bool new_capture);
void taken_capture(struct taken *, const char *taken_for);

/* NULL: there is nothing to say, for there was one file. */
const char *taken_sentence(struct taken *, struct err *);

#endif
