/* source.c - see source.h. */
#define _GNU_SOURCE   /* fopencookie() */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

struct source {
	int          fd;
	gcry_md_hd_t hash;
	uint8_t      head[SOURCE_HEAD];
	size_t       head_n, head_given;
	uint64_t     size;
	int          error;            /* errno of a failed read; 0 */
};

/* read() that goes on after a signal, and hashes what it got. */
static ssize_t block_read(struct source *s, void *to, size_t n)
{
	ssize_t got;
	do
		got = read(s->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		s->error = errno;
	if (got > 0) {
		gcry_md_write(s->hash, to, (size_t)got);
		s->size += (uint64_t)got;
	}
	return got;
}

static ssize_t cookie_read(void *cookie, char *to, size_t n)
{
	struct source *s = cookie;
	size_t left = s->head_n - s->head_given;
	if (left == 0)
		return block_read(s, to, n);
	size_t take = n < left ? n : left;
	memcpy(to, s->head + s->head_given, take);
	s->head_given += take;
	return (ssize_t)take;
}

static void head_fill(struct source *s)
{
	ssize_t got = 1;
	while (s->head_n < SOURCE_HEAD && got > 0) {
		got = block_read(s, s->head + s->head_n, SOURCE_HEAD - s->head_n);
		s->head_n += got > 0 ? (size_t)got : 0;
	}
}

/* A descriptor of a file that can be read, or -1 and a sentence. */
static int file_open(const char *path, struct err *err)
{
	struct stat st;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fail(err, "%s: %s%s", path, strerror(errno),
		     errno == ENOENT   ? "; is the name right, and the folder?"
		     : errno == EACCES ? "; ask for permission to read it, or run as who captured it" : "");
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		fail(err, "%s: is a folder; name the capture files in it (%s/*.pcap)", path, path);
		close(fd);
		return -1;
	}
	return fd;
}

struct source *source_open(const char *path, struct err *err)
{
	int fd = file_open(path, err);
	if (fd < 0)
		return NULL;

	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		gcry_check_version(NULL);
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	struct source *s = alloc_zeroed(1, sizeof *s);
	s->fd = fd;
	if (gcry_md_open(&s->hash, GCRY_MD_SHA256, 0))
		die("libgcrypt offers no SHA-256");
	head_fill(s);
	return s;
}

struct bytes source_head(const struct source *s)
{
	return (struct bytes){ s->head, s->head_n };
}

FILE *source_stream(struct source *s)
{
	FILE *stream = fopencookie(s, "rb", (cookie_io_functions_t){ .read = cookie_read });
	if (!stream || setvbuf(stream, NULL, _IOFBF, BLOCK))
		die("out of memory");
	return stream;
}

void source_drain(struct source *s)
{
	char block[8192];
	while (block_read(s, block, sizeof block) > 0)
		;
}

const char *source_sha256(struct source *s, char hex[static SHA256_HEX])
{
	const uint8_t *sum = gcry_md_read(s->hash, GCRY_MD_SHA256);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}

uint64_t source_size(const struct source *s)
{
	return s->size;
}

const char *source_trouble(const struct source *s)
{
	return s->error ? strerror(s->error) : NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	gcry_md_close(s->hash);
	close(s->fd);
	free(s);
}
