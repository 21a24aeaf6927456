/* output.h - writing a file so that its name never stands for half of it.
 *
 * A regular file is written beside its name and renamed into place. What cannot be
 * replaced (a device, a pipe) or should stay what it is (a link: /dev/stdout is one)
 * is written into. NULL and "-" are standard output.
 *
 * Errors  a sentence that names the path. Who reads standard output may have seen
 *         enough (`tcpwhy … | head`): that is no error.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "err.h"

/* What goes into the file; false, with a sentence: nothing stands under its name. */
typedef bool output_writer(void *context, FILE *out, struct err *err);

bool output_write(const char *path, output_writer *write, void *context, struct err *err);

#endif
