/* source.c - see source.h.
 *
 * Two buffers, of which the first is there only for a compressed file:
 *
 *   disk -> packed (SOURCE_BLOCK) -> unpacked (WINDOW + BLOCK) -> whoever peeks
 *             \_ hasher                 \_ hasher, of a plain file
 *
 * The hasher reads where the bytes lie, and is waited for before they are overwritten. What a
 * compressed file has beyond its first block is unpacked in a thread of its own (`ahead`), to
 * which `packed`, `inflate` and the file belong while it runs: many are opened for a look at
 * their first packet.
 *
 * What is left of `unpacked` is moved to its front only when the rest is too
 * small: that is part of a record, once in a quarter of a mebibyte.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ahead.h"
#include "hasher.h"
#include "inflate.h"

enum { UNPACKED = SOURCE_WINDOW + SOURCE_BLOCK };

struct source {
	int             fd;
	struct hasher  *hasher;        /* NULL: not hashed, or no more */
	_Atomic uint64_t size;         /* asked for while another thread reads */
	bool            ended;         /* the file, or what can be read of it */
	const char     *compression;
	struct inflate *inflate;
	uint8_t        *packed;
	struct bytes    packed_left;
	uint8_t        *unpacked;
	size_t          begin, end;    /* of what was not taken yet */
	uint64_t        offset;        /* of `begin` */
	struct ahead   *ahead;         /* NULL: there is no thread (yet) */
	struct err      trouble, ahead_trouble;   /* "": none; ahead: the thread's, of what comes later */
	bool          (*waits)(void *context);   /* NULL: nobody asks */
	void           *waits_context;
};

/* Where trouble is noted: what is found ahead is told when that place is reached. */
static struct err *trouble_of(struct source *s)
{
	return s->ahead ? &s->ahead_trouble : &s->trouble;
}

static bool is_given_up(struct source *s)
{
	return s->ahead ? ahead_stopping(s->ahead) : !s->waits(s->waits_context);
}

/* Whether there is something to read, or the end, before who waits gives up. A signal, of another
 * size of the terminal or to leave, is no reason to read. */
static bool block_awaited(struct source *s)
{
	enum { LOOK_MS = 50 };
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };
	int ready;
	while ((s->waits || s->ahead) && ((ready = poll(&fd, 1, LOOK_MS)) == 0 || (ready < 0 && errno == EINTR)))
		if (is_given_up(s))
			return false;
	return true;
}

/* read() that goes on after a signal, and has hashed what it got. */
static size_t block_read(struct source *s, uint8_t *to, size_t n)
{
	ssize_t got;
	s->ended = s->ended || !block_awaited(s);
	if (s->ended)
		return 0;
	if (s->hasher)
		hasher_wait(s->hasher);
	do
		got = read(s->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		fail(trouble_of(s), "reading stopped: %s", strerror(errno));
	s->ended = got <= 0;
	if (got <= 0)
		return 0;
	if (s->hasher)
		hasher_give(s->hasher, (struct bytes){ to, (size_t)got });
	s->size += (uint64_t)got;
	return (size_t)got;
}

/* Unpack into the room; 0: there is no more. */
static size_t block_unpack(void *source, uint8_t *to, size_t room)
{
	struct source *s = source;
	struct err *trouble = trouble_of(s);
	size_t made = 0;
	while (made == 0 && !*trouble->text) {
		if (s->packed_left.n == 0)
			s->packed_left = (struct bytes){ s->packed,
			                                 block_read(s, s->packed, SOURCE_BLOCK) };
		bool at_end = s->packed_left.n == 0;
		if (inflate_run(s->inflate, &s->packed_left, at_end, to, room, &made)
		    == INFLATE_DAMAGED)
			fail(trouble, "the %s compression is damaged: %s", s->compression,
			     inflate_why(s->inflate));
		else if (at_end && made == 0 && inflate_whole(s->inflate))
			break;
		else if (at_end && made == 0 && !*trouble->text)
			fail(trouble, "the %s compression breaks off", s->compression);
	}
	return made;
}

/* The first block here, and then in the thread. What that had to tell is told at its end. */
static size_t block_unpacked(struct source *s, uint8_t *to, size_t room)
{
	if (!s->ahead && s->offset + (s->end - s->begin) < SOURCE_BLOCK)
		return block_unpack(s, to, room);
	if (!s->ahead) {
		s->ahead = ahead_new(block_unpack, s);
		s->ahead_trouble = s->trouble;
		ahead_begin(s->ahead);
	}
	size_t n = ahead_take(s->ahead, to, room, s->waits, s->waits_context);
	if (n == 0) {
		ahead_stop(s->ahead);
		s->trouble = s->ahead_trouble;
	}
	return n;
}

/* The file is this thread's again, as far as it was read. */
static void thread_end(struct source *s)
{
	if (!s->ahead)
		return;
	ahead_free(s->ahead);
	s->ahead = NULL;
	s->ended = false;                    /* it may just have been told to stop */
}

/* Read at least once into what is free of the window; false: the end. */
static bool fill(struct source *s)
{
	size_t room = UNPACKED - s->end;
	if (room < SOURCE_BLOCK) {
		if (s->hasher && !s->inflate)
			hasher_wait(s->hasher);
		memmove(s->unpacked, s->unpacked + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
		room = UNPACKED - s->end;
	}
	size_t n = room < SOURCE_BLOCK ? room : SOURCE_BLOCK;
	size_t got = s->inflate ? block_unpacked(s, s->unpacked + s->end, n)
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
	if (s->hasher)
		hasher_wait(s->hasher);
	s->begin = s->end = 0;
}

struct source *source_open(const char *path, bool hashed, struct err *err)
{
	int fd = file_open(path, err);
	if (fd < 0)
		return NULL;
	struct source *s = alloc_zeroed(1, sizeof *s);
	s->fd = fd;
	s->hasher = hashed ? hasher_new() : NULL;
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
	thread_end(s);
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
	if (s->hasher)
		die("what is hashed is read from end to end");
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
	thread_end(s);
	s->begin = s->end = 0;
	while (block_read(s, s->unpacked, SOURCE_BLOCK) > 0)
		;
}

const char *source_sha256(struct source *s, char hex[static SHA256_HEX])
{
	thread_end(s);
	return s->hasher ? hasher_sum(s->hasher, hex) : NULL;
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
	thread_end(s);
	hasher_free(s->hasher);
	inflate_free(s->inflate);
	close(s->fd);
	free(s->packed);
	free(s->unpacked);
	free(s);
}
