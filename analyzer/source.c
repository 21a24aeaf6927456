/* source.c - see source.h.
 *
 * Two buffers, of which the first is there only for a compressed file:
 *
 *   disk -> packed (SOURCE_BLOCK) -> unpacked (WINDOW + BLOCK) -> whoever peeks
 *
 * What is left of `unpacked` is moved to its front only when the rest is too
 * small: that is part of a record, once in a quarter of a mebibyte.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "inflate.h"

enum { UNPACKED = SOURCE_WINDOW + SOURCE_BLOCK };

struct source {
	int             fd;
	gcry_md_hd_t    hash;
	uint64_t        size;
	bool            ended;         /* the file, or what can be read of it */
	bool            sought;        /* not read from end to end: the hash would be of nothing */
	const char     *compression;
	struct inflate *inflate;
	uint8_t        *packed;
	struct bytes    packed_left;
	uint8_t        *unpacked;
	size_t          begin, end;    /* of what was not taken yet */
	uint64_t        offset;        /* of `begin` */
	struct err      trouble;       /* "": none */
	bool          (*waits)(void *context);   /* NULL: nobody asks */
	void           *waits_context;
};

/* Whether there is something to read, or the end, before who waits gives up. A signal, of another
 * size of the terminal or to leave, is no reason to read. */
static bool block_awaited(struct source *s)
{
	enum { LOOK_MS = 50 };
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };
	int ready;
	while (s->waits && ((ready = poll(&fd, 1, LOOK_MS)) == 0 || (ready < 0 && errno == EINTR)))
		if (!s->waits(s->waits_context))
			return false;
	return true;
}

/* read() that goes on after a signal, and hashes what it got. */
static size_t block_read(struct source *s, uint8_t *to, size_t n)
{
	ssize_t got;
	s->ended = s->ended || !block_awaited(s);
	if (s->ended)
		return 0;
	do
		got = read(s->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		fail(&s->trouble, "reading stopped: %s", strerror(errno));
	s->ended = got <= 0;
	if (got <= 0)
		return 0;
	if (!s->sought)
		gcry_md_write(s->hash, to, (size_t)got);
	s->size += (uint64_t)got;
	return (size_t)got;
}

/* Unpack into the room; 0: there is no more. */
static size_t block_unpack(struct source *s, uint8_t *to, size_t room)
{
	size_t made = 0;
	while (made == 0 && !*s->trouble.text) {
		if (s->packed_left.n == 0)
			s->packed_left = (struct bytes){ s->packed,
			                                 block_read(s, s->packed, SOURCE_BLOCK) };
		bool at_end = s->packed_left.n == 0;
		if (inflate_run(s->inflate, &s->packed_left, at_end, to, room, &made)
		    == INFLATE_DAMAGED)
			fail(&s->trouble, "the %s compression is damaged: %s", s->compression,
			     inflate_why(s->inflate));
		else if (at_end && made == 0 && inflate_whole(s->inflate))
			break;
		else if (at_end && made == 0 && !*s->trouble.text)
			fail(&s->trouble, "the %s compression breaks off", s->compression);
	}
	return made;
}

/* Read at least once into what is free of the window; false: the end. */
static bool fill(struct source *s)
{
	size_t room = UNPACKED - s->end;
	if (room < SOURCE_BLOCK) {
		memmove(s->unpacked, s->unpacked + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
		room = UNPACKED - s->end;
	}
	size_t n = room < SOURCE_BLOCK ? room : SOURCE_BLOCK;
	size_t got = s->inflate ? block_unpack(s, s->unpacked + s->end, n)
	                        : block_read(s, s->unpacked + s->end, n);
	s->end += got;
	return got > 0;
}

struct bytes source_peek(struct source *s, size_t n)
{
	if (n > SOURCE_WINDOW)
		die("more is to be peeked at than a window holds");
	while (s->end - s->begin < n && fill(s))
		;
	return (struct bytes){ s->unpacked + s->begin, s->end - s->begin };
}

void source_take(struct source *s, size_t n)
{
	s->begin += n;
	s->offset += n;
}

bool source_skip(struct source *s, uint64_t n)
{
	for (;;) {
		size_t have = s->end - s->begin;
		size_t take = n < have ? (size_t)n : have;
		source_take(s, take);
		n -= take;
		if (n == 0)
			return true;
		if (!fill(s))
			return false;
	}
}

uint64_t source_offset(const struct source *s)
{
	return s->offset;
}

const char *source_compression(const struct source *s)
{
	return s->compression;
}

/* A descriptor of a file that can be read, or -1 and a sentence. */
static int file_open(const char *path, struct err *err)
{
	struct stat st;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fail(err, "%s: %s%s", path, strerror(errno),
		     errno == ENOENT   ? "; is the name right, and the folder?"
		     : errno == EACCES ? "; ask for permission to read it, or run as who "
		                         "captured it" : "");
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		fail(err, "%s: is a folder; name the capture files in it", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* What the first bytes are decides whether there is something to unpack. */
static void compression_find(struct source *s)
{
	enum { MAGIC = 6 };
	struct bytes head = source_peek(s, MAGIC);
	s->compression = inflate_format(head);
	if (!s->compression)
		return;
	s->inflate = inflate_new(head);
	if (!s->packed)
		s->packed = alloc_zeroed(SOURCE_BLOCK + MAGIC, 1);   /* what a peek may have read */
	memcpy(s->packed, head.p, head.n);
	s->packed_left = (struct bytes){ s->packed, head.n };
	s->begin = s->end = 0;
}

struct source *source_open(const char *path, struct err *err)
{
	int fd = file_open(path, err);
	if (fd < 0)
		return NULL;

	digest_ready();
	struct source *s = alloc_zeroed(1, sizeof *s);
	s->fd = fd;
	if (gcry_md_open(&s->hash, GCRY_MD_SHA256, 0))
		die("libgcrypt offers no SHA-256");
	s->unpacked = alloc_zeroed(UNPACKED, 1);
	compression_find(s);
	return s;
}

/* Nothing is held any more, and the file is read from `offset` of the disk on. */
static bool disk_seek(struct source *s, uint64_t offset)
{
	if (offset > INT64_MAX || lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
		return false;
	s->begin = s->end = 0;
	s->offset = offset;
	s->ended = false;
	s->trouble = (struct err){ 0 };
	return true;
}

/* Unpack from the file's beginning again. */
static bool unpack_again(struct source *s)
{
	if (!disk_seek(s, 0))
		return false;
	inflate_free(s->inflate);
	s->inflate = NULL;
	compression_find(s);
	return s->inflate != NULL;
}

bool source_seek(struct source *s, uint64_t offset)
{
	uint64_t from = s->offset - s->begin, to = s->offset + (s->end - s->begin);
	s->sought = true;
	if (offset >= from && offset <= to) {
		s->begin = (size_t)(offset - from);
		s->offset = offset;
		return true;
	}
	if (!s->inflate && disk_seek(s, offset))
		return true;
	if (offset < s->offset && !(s->inflate && unpack_again(s)))
		return false;
	return source_skip(s, offset - s->offset);
}

void source_while_waiting(struct source *s, bool (*waits)(void *context), void *context)
{
	s->waits = waits;
	s->waits_context = context;
}

void source_drain(struct source *s)
{
	s->begin = s->end = 0;
	while (block_read(s, s->unpacked, SOURCE_BLOCK) > 0)
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
	return *s->trouble.text ? s->trouble.text : NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	inflate_free(s->inflate);
	gcry_md_close(s->hash);
	close(s->fd);
	free(s->packed);
	free(s->unpacked);
	free(s);
}
