/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

static bool fail_errno(struct err *err, const char *path)
{
	return fail(err, "%s: %s", path, strerror(errno));
}

static bool write_beside(const char *path, output_writer *write, void *context, struct err *err)
{
	size_t size = strlen(path) + 8;
	char *beside = alloc_zeroed(size, 1);
	snprintf(beside, size, "%s.XXXXXX", path);
	int fd = mkstemp(beside);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool made = f != NULL, ok = made || fail_errno(err, path);
	mode_t mask = umask(0);
	umask(mask);
	if (ok && fchmod(fd, 0666 & ~mask) != 0)
		ok = fail_errno(err, path);
	ok = ok && write(context, f, err);
	if (f && fclose(f) != 0 && ok)
		ok = fail_errno(err, path);
	if (ok && rename(beside, path) != 0)
		ok = fail_errno(err, path);
	if (made && !ok)
		unlink(beside);
	free(beside);
	return ok;
}

static bool write_into(const char *path, output_writer *write, void *context, struct err *err)
{
	FILE *f = fopen(path, "w");
	if (!f)
		return fail_errno(err, path);
	bool ok = write(context, f, err);
	if (fclose(f) != 0 && ok)
		ok = fail_errno(err, path);
	return ok;
}

bool output_write(const char *path, output_writer *write, void *context, struct err *err)
{
	struct stat st;
	if (!path || strcmp(path, "-") == 0) {
		errno = 0;
		return write(context, stdout, err) || errno == EPIPE;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return fail(err, "%s: this is a folder; -o takes a file", path);
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_into(path, write, context, err);
	return write_beside(path, write, context, err);
}
