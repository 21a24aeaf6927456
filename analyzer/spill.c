/* spill.c - see spill.h. Each piece lies behind its length, 4 bytes of this machine's order. */
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

typedef uint32_t length;

/* OUT is written at once; IN is read at once, and what is behind a piece is often the next. */
enum { OUT = 256 * 1024, IN = 4096, PIECE_MAX = sizeof(length) + SPILL_MAX };

struct spill {
	int      fd;             /* -1: not made yet */
	bool     refused;        /* nothing more can be written */
	int64_t  written;        /* bytes in the file; those in `out` come behind them */
	uint8_t *out, *in;       /* of OUT and PIECE_MAX bytes */
	size_t   out_n, in_n;
	int64_t  in_at;          /* the place of in[0] */
};

struct spill *spill_new(void)
{
	struct spill *s = alloc_zeroed(1, sizeof *s);
	s->fd = -1;
	return s;
}

void spill_free(struct spill *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->out);
	free(s->in);
	free(s);
}

/* A file without a name; -1: not in this folder. */
static int file_in(const char *folder)
{
	static const char pattern[] = "/tcpwhy-XXXXXX";
	size_t n = strlen(folder);
	char *name = alloc_zeroed(n + sizeof pattern, 1);
	memcpy(name, folder, n);
	memcpy(name + n, pattern, sizeof pattern);
	int fd = mkstemp(name);
	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		unlink(name);
	}
	free(name);
	return fd;
}

static bool made(struct spill *s)
{
	const char *folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	for (size_t i = 0; i < sizeof folders / sizeof *folders && s->fd < 0; i++)
		if (folders[i] && *folders[i])
			s->fd = file_in(folders[i]);
	if (s->fd < 0)
		return false;
	s->out = alloc_grown(NULL, OUT, 1);
	s->in = alloc_grown(NULL, PIECE_MAX, 1);
	return true;
}

/* Empty `out` into the file. A part that was written stands in nobody's way: it is
 * written again at the same place, or never read. */
static bool flushed(struct spill *s)
{
	size_t done = 0;
	while (done < s->out_n) {
		ssize_t n = pwrite(s->fd, s->out + done, s->out_n - done, (off_t)(s->written + (int64_t)done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	s->written += (int64_t)s->out_n;
	s->out_n = 0;
	return true;
}

int64_t spill_put(struct spill *s, struct bytes b)
{
	length n = (length)b.n;
	if (b.n > SPILL_MAX)
		die("too much to put aside at once: %zu bytes", b.n);
	if (s->refused)
		return -1;
	s->refused = (s->fd < 0 && !made(s)) || (sizeof n + n > OUT - s->out_n && !flushed(s));
	if (s->refused)
		return -1;
	int64_t at = s->written + (int64_t)s->out_n;
	memcpy(s->out + s->out_n, &n, sizeof n);
	memcpy(s->out + s->out_n + sizeof n, b.p, n);
	s->out_n += sizeof n + n;
	return at;
}

/* At least n bytes from `at` on into `in`. */
static void fill(struct spill *s, int64_t at, size_t n)
{
	size_t most = n > IN ? n : IN;
	s->in_at = at;
	s->in_n = 0;
	while (s->in_n < n) {
		ssize_t got = pread(s->fd, s->in + s->in_n, most - s->in_n, (off_t)(at + (int64_t)s->in_n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("a temporary file cannot be read back: %s", got ? strerror(errno) : "it was cut short");
		s->in_n += (size_t)got;
	}
}

/* Where n bytes from `at` on are in memory; NULL: they are not. */
static const uint8_t *at_hand(const struct spill *s, int64_t at, size_t n)
{
	if (at >= s->written)
		return s->out + (at - s->written);
	bool within = at >= s->in_at && at - s->in_at + (int64_t)n <= (int64_t)s->in_n;
	return within ? s->in + (at - s->in_at) : NULL;
}

static const uint8_t *bytes_at(struct spill *s, int64_t at, size_t n)
{
	if (!at_hand(s, at, n))
		fill(s, at, n);
	return at_hand(s, at, n);
}

struct bytes spill_get(struct spill *s, int64_t at)
{
	length n;
	memcpy(&n, bytes_at(s, at, sizeof n), sizeof n);
	return (struct bytes){ bytes_at(s, at, sizeof n + n) + sizeof n, n };
}
