/* pieces.c - conversations: which pieces little captures have, in which order, and what is
 * written of them. */
#include "check.h"
#include "conversation.h"
#include "limits.h"
#include "little_capture.h"
#include "packet_read.h"

int check_failed;

#define OPENING { CLIENT, S, 99, 0, "" }, { SERVER, S | A, 499, 100, "" }, { CLIENT, A, 100, 500, "" }

/* Pieces as text: sender, frame, offset, and bytes or what is missing. */
static const struct row {
	const char *name;
	struct said said[10];                /* ends with no flags */
	size_t      snaplen;
	const char *pieces, *text;
} rows[] = {
	{ "as they spoke",
	  { OPENING, { CLIENT, P | A, 100, 500, "one\n" }, { SERVER, P | A, 500, 104, "two\n" },
	    { CLIENT, P | A, 104, 504, "three" }, { CLIENT, P | A, 109, 504, "!\r\n" } }, 65535,
	  "C4 0 one\n|S5 0 two\n|C6 4 three|C7 9 !\r\n|", "> one\n< two\n> three!\n" },
	{ "sent again, in other pieces: the first copies",
	  { OPENING, { CLIENT, P | A, 100, 500, "abc" }, { CLIENT, P | A, 100, 500, "ABCdef" },
	    { CLIENT, P | A, 101, 500, "xy" } }, 65535,
	  "C4 0 abc|C5 3 def|", "> abcdef\n" },
	{ "out of order: where they came to be in order",
	  { OPENING, { CLIENT, P | A, 103, 500, "def" }, { SERVER, P | A, 500, 100, "S" },
	    { CLIENT, P | A, 100, 501, "abc" } }, 65535,
	  "S5 0 S|C6 0 abc|C4 3 def|", "< S\n> abcdef\n" },
	{ "a hole that the capture has, at its end",
	  { OPENING, { CLIENT, P | A, 100, 500, "abc" }, { CLIENT, P | A, 108, 500, "xyz" },
	    { SERVER, A, 500, 111, "" } }, 65535,
	  "C4 0 abc|C gap 3 5|C5 8 xyz|", "> abc\n> [5 bytes are missing in the capture]\n> xyz\n" },
	{ "acknowledged and never seen",
	  { OPENING, { CLIENT, P | A, 100, 500, "abc" }, { SERVER, A, 500, 109, "" } }, 65535,
	  "C4 0 abc|C gap 3 6|", "> abc\n> [6 bytes are missing in the capture]\n" },
	{ "a keep-alive before the beginning, payload behind a FIN, a RST with words",
	  { OPENING, { CLIENT, A, 99, 500, "k" }, { CLIENT, P | A, 100, 500, "abc" },
	    { CLIENT, F | A, 103, 500, "" }, { CLIENT, P | A, 104, 500, "late" },
	    { SERVER, R | A, 500, 104, "why" } }, 65535,
	  "C5 0 abc|", "> abc\n" },
	{ "cut off by the snaplen", { OPENING, { CLIENT, P | A, 100, 500, "abcdefgh" } }, HEADERS + 3,
	  "C4 0 abc+5|", "> abc\n> [5 bytes are missing in the capture]\n" },
	{ "numbers that wrap",
	  { { CLIENT, S, 0xfffffffd, 0, "" }, { SERVER, S | A, 499, 0xfffffffe, "" },
	    { CLIENT, P | A, 0xfffffffe, 500, "abcd" }, { CLIENT, P | A, 2, 500, "ef" } }, 65535,
	  "C3 0 abcd|C4 4 ef|", "> abcdef\n" },
	{ "what would move a terminal", { OPENING, { SERVER, P | A, 500, 100, "a\033[2Jb\rc\r\n\n\xff" } }, 65535,
	  "S4 0 a\033[2Jb\rc\r\n\n\xff|", "< a\\x1B[2Jb\\x0Dc\n< \n< \\xFF\n" },
	{ "a line feed alone in a piece", { OPENING, { CLIENT, P | A, 100, 500, "a\r" }, { CLIENT, P | A, 102, 500, "\nb\r" },
	    { CLIENT, P | A, 105, 500, "c" } }, 65535,
	  "C4 0 a\r|C5 2 \nb\r|C6 5 c|", "> a\n> b\\x0Dc\n" },
	{ "nothing was said", { OPENING }, 65535, "", "" },
};

static struct conversation *conversation_in(struct store *store)
{
	struct err err = { "" };
	struct conversation *c = conversation_of(store_db(store), 1, &err);
	CHECK(c || !fprintf(stderr, "%s\n", err.text));
	return c;
}

static void pieces_put(FILE *f, const struct conversation *c, struct packet_reader *r)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct piece *p = &c->pieces[i];
		struct bytes b;
		struct err err;
		CHECK(conversation_read(c, r, i, 0, SIZE_MAX, &b, &err));
		if (p->kind == PIECE_GAP) {
			fprintf(f, "%c gap %d %d|", "CS"[p->sender], (int)p->off, (int)p->n);
			continue;
		}
		fprintf(f, "%c%d %d %.*s", "CS"[p->sender], (int)p->at.frame, (int)p->off, (int)b.n,
		        (const char *)b.p);
		if (b.n < p->n)
			fprintf(f, "+%d", (int)(p->n - b.n));
		fputc('|', f);
		/* parts of it are parts of it */
		struct bytes part;
		for (size_t from = 0; from <= p->n; from++) {
			char want[64];
			snprintf(want, sizeof want, "%.*s", (int)b.n, (const char *)b.p);
			size_t left = from < b.n ? b.n - from : 0, n = left < 2 ? left : 2;
			CHECK(conversation_read(c, r, i, from, 2, &part, &err));
			CHECK(part.n == n && (n == 0 || memcmp(part.p, want + from, n) == 0));
			CHECK(conversation_read(c, r, i, 0, SIZE_MAX, &b, &err));
		}
	}
}

static void said_is(const char *name, const char *what, const char *said, const char *expected)
{
	if (strcmp(said, expected) != 0)
		CHECK(!fprintf(stderr, "%s: %s are\n%s\nand not\n%s\n", name, what, said, expected));
}

static void row_check(const struct row *row)
{
	char path[64], *text = NULL;
	size_t n = 0, text_n;
	struct err err;
	while (n < 10 && row->said[n].flags)
		n++;
	pcap_make(file_name(path, ".pcap"), row->said, n, row->snaplen);
	struct store *store = case_of(path, false);
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct conversation *c = conversation_in(store);
	FILE *f = open_memstream(&text, &text_n);
	pieces_put(f, c, r);
	fclose(f);
	said_is(row->name, "pieces", text, row->pieces);
	free(text);
	f = open_memstream(&text, &text_n);
	CHECK(conversation_write(f, c, r, NONE, CONVERSATION_TEXT, &err));
	fclose(f);
	said_is(row->name, "texts", text, row->text);
	free(text);
	conversation_free(c);
	packet_reader_close(r);
	store_close(store);
	unlink(path);
}

static void written_is(const struct conversation *c, struct packet_reader *r, int side,
                       enum conversation_form form, const char *expected)
{
	char *text = NULL;
	size_t n;
	struct err err;
	FILE *f = open_memstream(&text, &n);
	CHECK(conversation_write(f, c, r, side, form, &err));
	fclose(f);
	said_is("one side", "bytes", text, expected);
	free(text);
}

/* One side alone, bytes as they are; a file that is gone; secrets. */
static void writing_check(void)
{
	static const struct said said[] = {
		OPENING, { CLIENT, P | A, 100, 500, "GET /?token=s3cr3t HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ SERVER, P | A, 500, 140, "HTTP/1.1 204 No Content\r\n\r\n" },
	};
	char path[64];
	struct err err = { "" };
	pcap_make(file_name(path, ".pcap"), said, sizeof said / sizeof *said, 65535);
	struct store *store = case_of(path, false);
	struct packet_reader *r = packet_reader_open(store_db(store));
	struct conversation *c = conversation_in(store);
	CHECK(c->n == 2 && c->bytes[CLIENT] == 40 && c->bytes[SERVER] == 27 && !c->cut);
	written_is(c, r, SERVER, CONVERSATION_RAW, said[4].text);
	written_is(c, r, CLIENT, CONVERSATION_RAW, "GET /?token=xxxxxx HTTP/1.1\r\nHost: a\r\n\r\n");
	written_is(c, r, CLIENT, CONVERSATION_TEXT, "> GET /?token=xxxxxx HTTP/1.1\n> Host: a\n> \n");
	packet_reader_close(r);
	r = packet_reader_open(store_db(store));
	unlink(path);
	CHECK(!conversation_write(stderr, c, r, NONE, CONVERSATION_RAW, &err) && *err.text);
	CHECK(!conversation_of(store_db(store), 77, &err) && strstr(err.text, "no connection 77"));
	conversation_free(c);
	packet_reader_close(r);
	store_close(store);
}

/* A connection of more segments than are shown. */
static void limit_check(void)
{
	enum { MORE = LIMIT_CONVERSATION_PIECES + 10 };
	char path[64];
	struct made m = { .n = 0 };
	FILE *f = fopen(file_name(path, ".pcap"), "wb");
	put_pcap_head(&m);
	for (uint32_t i = 0; f && i < MORE; i++) {
		struct said s = { CLIENT, P | A, i, 1, "x" };
		put_record(&m, 0, &s, 65535);
		fwrite(m.bytes, 1, m.n, f);
		m.n = 0;
	}
	CHECK(f && fclose(f) == 0);
	struct store *store = case_of(path, false);
	struct conversation *c = conversation_in(store);
	CHECK(c->n == LIMIT_CONVERSATION_PIECES && c->cut);
	conversation_free(c);
	store_close(store);
	unlink(path);
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_check(&rows[i]);
	writing_check();
	limit_check();
	return check_failed != 0;
}
