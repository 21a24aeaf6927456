/* err.c - see err.h. */
#include "err.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_OUR_FAULT = 70 };   /* EX_SOFTWARE of sysexits.h */

bool fail(struct err *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return false;
}

void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("tcpwhy: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_OUR_FAULT);
}

void *alloc_zeroed(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);
	if (!p)
		die("out of memory");
	return p;
}

void *alloc_grown(void *old, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		die("out of memory");
	void *p = realloc(old, n && size ? n * size : 1);
	if (!p)
		die("out of memory");
	return p;
}

char *text_copy(const char *s)
{
	size_t n = strlen(s) + 1;
	return memcpy(alloc_zeroed(n, 1), s, n);
}
