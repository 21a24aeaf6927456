/* inflate.c - see inflate.h.
 *
 *   gzip  1f 8b        RFC 1952; members may follow one another (2.2)
 *   zstd  28 b5 2f fd  RFC 8878; frames too, also skippable ones (50..5f 2a 4d 18)
 *   xz    fd 37 7a 58 5a 00   the .xz file format, 1.1; streams too, with padding
 *   lz4   04 22 4d 18  the LZ4 frame format, 1.6; frames too, also skippable ones
 */
#define ZLIB_CONST       /* next_in is const */
#include "inflate.h"

#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "err.h"
#include "limits.h"

enum { WINDOW_LOG = 27 };    /* zstd: 2^27 is LIMIT_INFLATE_MEMORY */
_Static_assert(1L << WINDOW_LOG == LIMIT_INFLATE_MEMORY, "zstd's limit is the one of limits.h");

struct inflate {
	const struct method *method;
	union { z_stream gzip; ZSTD_DStream *zstd; lzma_stream xz; LZ4F_dctx *lz4; };
	bool        whole;       /* between two members */
	bool        padding;     /* the last member has ended, and zeroes follow */
	const char *why;
};

/* One format. `run` unpacks within a member and clears or sets `whole`. */
struct method {
	const char *name;
	uint8_t     magic[6];
	size_t      magic_n;
	bool        pads_itself;     /* the library knows about padding between streams */
	bool        skips;           /* there are frames to be skipped */
	bool (*begin)(struct inflate *);
	enum inflate_next (*run)(struct inflate *, struct bytes *in, bool at_end, uint8_t *out,
	                         size_t room, size_t *made);
	void (*end)(struct inflate *);
};

static enum inflate_next damaged(struct inflate *s, const char *why)
{
	s->why = why;
	return INFLATE_DAMAGED;
}

static void advance(struct bytes *in, size_t n)
{
	in->p += n;
	in->n -= n;
}

/* ---- gzip ---- */

static bool gzip_begin(struct inflate *s)
{
	return inflateInit2(&s->gzip, 15 + 16) == Z_OK;   /* 15: any window; 16: gzip's header */
}

static enum inflate_next gzip_run(struct inflate *s, struct bytes *in, bool at_end, uint8_t *out,
                                  size_t room, size_t *made)
{
	z_stream *z = &s->gzip;
	(void)at_end;
	z->next_in = in->p;
	z->avail_in = (uInt)in->n;
	z->next_out = out;
	z->avail_out = (uInt)room;
	int rc = inflate(z, Z_NO_FLUSH);
	advance(in, in->n - z->avail_in);
	*made = room - z->avail_out;
	if (rc == Z_STREAM_END) {
		s->whole = true;
		inflateReset(z);
		return INFLATE_MORE;
	}
	s->whole = false;
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return damaged(s, z->msg ? z->msg : "not the gzip format");
	return INFLATE_MORE;
}

static void gzip_end(struct inflate *s)
{
	inflateEnd(&s->gzip);
}

/* ---- zstd ---- */

static bool zstd_begin(struct inflate *s)
{
	s->zstd = ZSTD_createDStream();
	return s->zstd
	    && !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG));
}

static enum inflate_next zstd_run(struct inflate *s, struct bytes *in, bool at_end, uint8_t *out,
                                  size_t room, size_t *made)
{
	ZSTD_inBuffer from = { in->p, in->n, 0 };
	ZSTD_outBuffer to = { out, room, 0 };
	(void)at_end;
	size_t rc = ZSTD_decompressStream(s->zstd, &to, &from);
	advance(in, from.pos);
	*made = to.pos;
	if (ZSTD_isError(rc))
		return damaged(s, ZSTD_getErrorName(rc));
	s->whole = rc == 0;
	return INFLATE_MORE;
}

static void zstd_end(struct inflate *s)
{
	ZSTD_freeDStream(s->zstd);
}

/* ---- xz ---- */

static bool xz_begin(struct inflate *s)
{
	s->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&s->xz, LIMIT_INFLATE_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
}

static const char *xz_why(lzma_ret rc)
{
	switch (rc) {
	case LZMA_MEMLIMIT_ERROR: return "unpacking it takes more memory than 128 MiB";
	case LZMA_FORMAT_ERROR:   return "not the xz format";
	case LZMA_OPTIONS_ERROR:  return "it uses options of xz that are not known";
	default:                  return "the data are corrupt";
	}
}

/* liblzma goes from stream to stream by itself, and must be told the end. */
static enum inflate_next xz_run(struct inflate *s, struct bytes *in, bool at_end, uint8_t *out,
                                size_t room, size_t *made)
{
	lzma_stream *x = &s->xz;
	x->next_in = in->p;
	x->avail_in = in->n;
	x->next_out = out;
	x->avail_out = room;
	lzma_ret rc = lzma_code(x, at_end ? LZMA_FINISH : LZMA_RUN);
	advance(in, in->n - x->avail_in);
	*made = room - x->avail_out;
	s->whole = rc == LZMA_STREAM_END;
	if (rc != LZMA_OK && rc != LZMA_STREAM_END && rc != LZMA_BUF_ERROR)
		return damaged(s, xz_why(rc));
	return INFLATE_MORE;
}

static void xz_end(struct inflate *s)
{
	lzma_end(&s->xz);
}

/* ---- lz4 ---- */

static bool lz4_begin(struct inflate *s)
{
	return !LZ4F_isError(LZ4F_createDecompressionContext(&s->lz4, LZ4F_VERSION));
}

static enum inflate_next lz4_run(struct inflate *s, struct bytes *in, bool at_end, uint8_t *out,
                                 size_t room, size_t *made)
{
	size_t taken = in->n;
	(void)at_end;
	*made = room;
	size_t rc = LZ4F_decompress(s->lz4, out, made, in->p, &taken, NULL);
	if (LZ4F_isError(rc)) {
		*made = 0;           /* after an error the counts say nothing */
		return damaged(s, LZ4F_getErrorName(rc));
	}
	advance(in, taken);
	s->whole = rc == 0;
	return INFLATE_MORE;
}

static void lz4_end(struct inflate *s)
{
	LZ4F_freeDecompressionContext(s->lz4);
}

/* ---- all of them ---- */

static const struct method methods[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, false, false, gzip_begin, gzip_run, gzip_end },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, false, true, zstd_begin, zstd_run, zstd_end },
	{ "xz",   { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, true, false, xz_begin, xz_run, xz_end },
	{ "lz4",  { 0x04, 0x22, 0x4d, 0x18 }, 4, false, true, lz4_begin, lz4_run, lz4_end },
};

static const struct method *method_of(struct bytes head)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (head.n >= methods[i].magic_n
		    && memcmp(head.p, methods[i].magic, methods[i].magic_n) == 0)
			return &methods[i];
	return NULL;
}

const char *inflate_format(struct bytes head)
{
	const struct method *method = method_of(head);
	return method ? method->name : NULL;
}

struct inflate *inflate_new(struct bytes head)
{
	struct inflate *s = alloc_zeroed(1, sizeof *s);
	s->method = method_of(head);
	if (!s->method || !s->method->begin(s))
		die("out of memory");
	return s;
}

/* Between members: zeroes are padding, and after the first of them nothing else may
 * come. False: this is neither a zero nor the beginning of a member, as far as its
 * first byte tells (50 to 5f: that of a frame of zstd's or lz4's to be skipped). */
static bool padding_skip(struct inflate *s, struct bytes *in)
{
	while (in->n && *in->p == 0) {
		s->padding = true;
		advance(in, 1);
	}
	return in->n == 0 || (!s->padding && (*in->p == s->method->magic[0]
	                                      || (s->method->skips && *in->p >> 4 == 5)));
}

enum inflate_next inflate_run(struct inflate *s, struct bytes *in, bool at_end, uint8_t *out,
                              size_t room, size_t *made)
{
	*made = 0;
	if (s->why)
		return INFLATE_DAMAGED;
	if (s->whole && !s->method->pads_itself) {
		if (!padding_skip(s, in))
			return damaged(s, "something else follows it");
		if (in->n == 0)
			return INFLATE_MORE;
	}
	return s->method->run(s, in, at_end, out, room, made);
}

bool inflate_whole(const struct inflate *s)
{
	return s->whole;
}

const char *inflate_why(const struct inflate *s)
{
	return s->why;
}

void inflate_free(struct inflate *s)
{
	if (!s)
		return;
	s->method->end(s);
	free(s);
}
