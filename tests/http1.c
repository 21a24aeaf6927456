/* http1.c - conversations, and what the HTTP dissector tells of them.
 *
 * A conversation is fed through the pump whole, then in pieces of every size,
 * each in a heap block of its own size: what is told must not change. So it is
 * for conversations made from these by random changes, and for those of samples/,
 * which tests/run.sh hands over. The n-th
 * turn is frame n. An exchange is told as two lines, the second being
 * frames of request head end, body, end, 100; and of response head end, end:
 *
 *   nr METHOD target off/declared/bytes state > status off/declared/bytes state flags
 *     > head_end body end 100 < head_end end
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "turns.h"
#include "limits.h"
#include "stream.h"

int check_failed;
extern const struct dissector http1_dissector;

/* Of an exchange that was told, the lengths of its texts; and the hash. */
struct measure { size_t target, host, agent, head; int64_t hash; };

struct sink {
	struct measure measures[LIMIT_HTTP_PIPELINED + 2];
	size_t        told;
	char          text[65536];
	size_t        n;
	bool          shows_secrets, heads;
	struct stream stream[2];
};

__attribute__((format(printf, 2, 3)))
static void say(struct sink *k, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(k->text + k->n, sizeof k->text - k->n, fmt, ap);
	va_end(ap);
	k->n += n < (int)(sizeof k->text - k->n) ? (size_t)n : sizeof k->text - k->n - 1;
}

static void say_number(struct sink *k, int64_t v, char after)
{
	if (v == NONE)
		say(k, "-%c", after);
	else
		say(k, "%" PRId64 "%c", v, after);
}

void sink_mark(struct sink *k, enum side side, uint64_t off, enum mark_edge edge, struct mark *m)
{
	stream_mark(&k->stream[side], off, edge, m);
}

uint8_t *sink_room(struct sink *k, enum side side, size_t n)
{
	return stream_room(&k->stream[side], n);
}

static size_t length_of(const char *text) { return text ? strlen(text) : 0; }

void sink_http(struct sink *k, const struct http_exchange *x)
{
	if (k->told < sizeof k->measures / sizeof *k->measures)
		k->measures[k->told++] = (struct measure){ length_of(x->target), length_of(x->host),
			length_of(x->user_agent), length_of(x->request_head), x->request_body_hash };
	say(k, "%" PRId64 " %s %s ", x->nr, x->method ? x->method : "-", x->target ? x->target : "-");
	say_number(k, x->request_off, '/');
	say_number(k, x->request_declared, '/');
	say_number(k, x->request_bytes, ' ');
	say(k, "%s > ", x->request_state);
	say_number(k, x->status, ' ');
	say_number(k, x->response_off, '/');
	say_number(k, x->response_declared, '/');
	say_number(k, x->response_bytes, ' ');
	say(k, "%s%s%s%s\n", x->response_state, x->expect_continue ? " expect" : "",
	    x->response_until_close ? " until_close" : "", x->close_announced ? " close" : "");
	const struct mark *marks[] = { &x->request, &x->request_head_end, &x->request_body,
		&x->request_end, &x->cont, &x->response, &x->response_head_end, &x->response_end };
	say(k, " ");
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		say(k, " %" PRIu64, marks[i]->frame);
	say(k, "\n");
	if (x->expect_answer || x->expect_body)
		say(k, "  answer %s body %s\n", x->expect_answer, x->expect_body ? x->expect_body : "-");
	if (k->heads && x->request_body_hash != NONE)
		say(k, "  hash %08" PRIx64 "\n", (uint64_t)x->request_body_hash);
	if (k->heads)
		say(k, "[%s|%s|%s|%s|%s]\n%s---\n%s", x->version ? x->version : "-",
		    x->host ? x->host : "-", x->user_agent ? x->user_agent : "-",
		    x->response_version ? x->response_version : "-", x->reason ? x->reason : "-",
		    x->request_head ? x->request_head : "", x->response_head ? x->response_head : "");
}

void sink_anomaly(struct sink *k, enum side side, uint64_t off, const char *what)
{
	say(k, "! %c%" PRIu64 " %s\n", side == CLIENT ? 'c' : 's', off, what);
}

void sink_http_interim(struct sink *k, const struct http_interim *i)
{
	say(k, "interim %d of %" PRId64 "%s at %" PRIu64 "\n", i->status, i->exchange_nr,
	    i->late ? " late" : "", i->at.frame);
}

void sink_heartbeat(struct sink *k, enum side side, uint64_t off, const char *protocol)
{
	say(k, "heartbeat %c%" PRIu64 " %s\n", side == CLIENT ? 'c' : 's', off, protocol);
}

void sink_websocket_close(struct sink *k, const struct websocket_close *c)
{
	say(k, "websocket close %c %d %s at %" PRIu64 "\n", c->sender == CLIENT ? 'c' : 's', c->code,
	    c->reason, c->at.frame);
}

void sink_app(struct sink *k, const char *app) { say(k, "app %s\n", app); }
bool sink_shows_secrets(const struct sink *k) { return k->shows_secrets; }

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK5         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define EMPTY       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define ASK         "POST /u HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
#define NO417       "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"
#define HUGE_FITS \
	"1 GET /big 0/-/0 complete > - -/-/- none\n" \
	"  1 1 0 1 0 0 0 0\n" \
	"2 GET /b 60015/-/0 complete > - -/-/- none\n" \
	"  1 1 0 1 0 0 0 0\n"
#define HUGE_DOES_NOT \
	"! c65467 a head longer than is read\n" \
	"1 GET /big 0/-/- cut_by_gap > - -/-/- none\n" \
	"  1 0 0 0 0 0 0 0\n" \
	"2 GET /b 90012/-/0 complete > - -/-/- none\n" \
	"  1 1 0 1 0 0 0 0\n"

/* ---- conversations ----
 *
 * Each turn is 'c' or 's' for who speaks; '<' and '>' are holes in the server's
 * and the client's bytes, as many as the text says; 'f' and 'F' the FIN of client and server, 'r' a RST. */
struct turn { char who; const char *text; };

enum { TURNS = 12, CHANGED_ROWS = 10000 };

static const struct row {
	const char *name;
	struct turn turns[TURNS];
	const char *told;
	bool        heads, shows_secrets;
} rows[] = {
	{ "keep-alive", { { 'c', GET("/a") }, { 's', OK5 }, { 'c', GET("/b") }, { 's', OK5 },
	    { 'f', "" }, { 'F', "" } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/5/5 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "2 GET /b 28/-/0 complete > 200 43/5/5 complete\n"
	  "  3 3 0 3 0 4 4 4\n" },
	{ "four pipelined in one segment", { { 'c', GET("/a") GET("/b") GET("/c") GET("/d") },
	    { 's', OK5 EMPTY }, { 's', OK5 OK5 } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/5/5 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "2 GET /b 28/-/0 complete > 200 43/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "3 GET /c 56/-/0 complete > 200 81/5/5 complete\n"
	  "  1 1 0 1 0 3 3 3\n"
	  "4 GET /d 84/-/0 complete > 200 124/5/5 complete\n"
	  "  1 1 0 1 0 3 3 3\n" },
	{ "no body after HEAD, 204, 304", { { 'c', "HEAD /a HTTP/1.1\r\n\r\n" },
	    { 's', "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" }, { 'c', GET("/b") },
	    { 's', "HTTP/1.1 204 No Content\r\n\r\n" }, { 'c', GET("/c") },
	    { 's', "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n" },
	    { 'c', GET("/d") }, { 's', EMPTY } },
	  .told =
	  "1 HEAD /a 0/-/0 complete > 200 0/-/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "2 GET /b 20/-/0 complete > 204 38/-/0 complete\n"
	  "  3 3 0 3 0 4 4 4\n"
	  "3 GET /c 48/-/0 complete > 304 65/-/0 complete\n"
	  "  5 5 0 5 0 6 6 6\n"
	  "4 GET /d 76/-/0 complete > 200 113/0/0 complete\n"
	  "  7 7 0 7 0 8 8 8\n" },
	{ "the head of a body that is not sent", {
	    { 'c', "HEAD /a HTTP/1.1\r\n\r\n" }, { 's', EMPTY }, { 'c', GET("/b") },
	    { 's', "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n" }, { 'c', GET("/c") },
	    { 's', "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n" }, { 'c', GET("/d") },
	    { 's', "HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n" },
	    { 'c', "HEAD /e HTTP/1.1\r\n\r\n" },
	    { 's', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
	    { 'c', GET("/f") }, { 's', EMPTY } },
	  .told =
	  "1 HEAD /a 0/-/0 complete > 200 0/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "2 GET /b 20/-/0 complete > 204 38/0/0 complete\n"
	  "  3 3 0 3 0 4 4 4\n"
	  "3 GET /c 48/-/0 complete > 204 84/-/0 complete\n"
	  "  5 5 0 5 0 6 6 6\n"
	  "4 GET /d 76/-/0 complete > 304 130/0/0 complete\n"
	  "  7 7 0 7 0 8 8 8\n"
	  "5 HEAD /e 104/-/0 complete > 200 178/-/0 complete\n"
	  "  9 9 0 9 0 10 10 10\n"
	  "6 GET /f 124/-/0 complete > 200 225/0/0 complete\n"
	  "  11 11 0 11 0 12 12 12\n" },
	{ "a later version in a request line", {
	    { 'c', "GET /a HTTP/1.1\rGET /b HTTP/1.0\r\n\r\n" }, { 's', EMPTY },
	    { 'c', "GET /c HTTP/1.1\rGET /d" } },
	  .told =
	  "1 GET /a HTTP/1.1\rGET /b 0/-/0 complete > 200 0/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "[HTTP/1.0|-|-|HTTP/1.1|OK]\n"
	  "GET /a HTTP/1.1\rGET /b HTTP/1.0\n"
	  "---\n"
	  "HTTP/1.1 200 OK\n"
	  "Content-Length: 0\n"
	  "2 GET /c 35/-/0 open > - -/-/- none\n"
	  "  3 0 0 0 0 0 0 0\n"
	  "[-|-|-|-|-]\n"
	  "GET /c---\n", .heads = true },
	{ "secrets in percent-encoding", {
	    { 'c', "GET /a?%74oken=abc&q=%74oken&p%61ss%77ord=x%26y;z&next=https%3A%2F%2Fme%3Apw%40"
	    "h%2F%3Fs%69g%3D9%26n%3D1&100%=2 HTTP/1.1\r\nReferer: /?a&%6%6bey=1&%6Bey=2\r\n\r\n" },
	    { 's', EMPTY } },
	  .told =
	  "1 GET /a?%74oken=***&q=%74oken&p%61ss%77ord=***&next=https%3A%2F%2F***%40h%2F%3Fs%69g%3D***%26n%3D1&100%=2 0/-/0 complete > 200 0/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "[HTTP/1.1|-|-|HTTP/1.1|OK]\n"
	  "GET /a?%74oken=***&q=%74oken&p%61ss%77ord=***&next=https%3A%2F%2F***%40h%2F%3Fs%69g%3D***%26n%3D1&100%=2 HTTP/1.1\n"
	  "Referer: /?a&%6%6bey=***&%6Bey=***\n"
	  "---\n"
	  "HTTP/1.1 200 OK\n"
	  "Content-Length: 0\n", .heads = true },
	{ "chunked, extension, trailer", { { 'c', GET("/a") },
	    { 's', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n" },
	    { 's', "A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n" }, { 'c', GET("/b") },
	    { 's', EMPTY } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/-/15 complete\n"
	  "  1 1 0 1 0 2 2 3\n"
	  "2 GET /b 28/-/0 complete > 200 91/0/0 complete\n"
	  "  4 4 0 4 0 5 5 5\n" },
	{ "chunked request", { { 'c', "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" },
	    { 'c', "3\r\nabc\r\n0\r\n\r\n" }, { 's', EMPTY } },
	  .told =
	  "1 POST /a 0/-/3 complete > 200 0/0/0 complete\n"
	  "  1 1 2 2 0 3 3 3\n" },
	{ "until close", { { 'c', GET("/a") }, { 's', "HTTP/1.1 200 OK\r\n\r\nsome" },
	    { 's', "HTTP/1.1 200 OK\r\n\r\n" }, { 'F', "" }, { 'f', "" } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/-/23 complete until_close\n"
	  "  1 1 0 1 0 2 2 3\n" },
	{ "until close, but reset", { { 'c', GET("/a") }, { 's', "HTTP/1.1 200 OK\r\n\r\nsome" },
	    { 'r', "" } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/-/4 cut_by_rst until_close\n"
	  "  1 1 0 1 0 2 2 0\n" },
	{ "HTTP/1.0", { { 'c', "GET /a HTTP/1.0\r\n\r\n" },
	    { 's', "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi" },
	    { 'c', "GET /b HTTP/1.0\r\n\r\n" }, { 's', "HTTP/1.0 200 OK\r\n\r\nhi" },
	    { 'F', "" } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/2/2 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "2 GET /b 19/-/0 complete > 200 64/-/2 complete until_close close\n"
	  "  3 3 0 3 0 4 4 4\n" },
	{ "100, then 200", { { 'c', ASK }, { 's', "HTTP/1.1 100 Continue\r\n\r\n" },
	    { 'c', "hello" }, { 's', OK5 } },
	  .told =
	  "interim 100 of 1 at 2\n"
	  "1 POST /u 0/5/5 complete > 200 25/5/5 complete expect\n"
	  "  1 1 3 3 2 4 4 4\n"
	  "  answer 100 body after\n" },
	{ "417 three times", { { 'c', ASK }, { 's', NO417 }, { 'c', ASK }, { 's', NO417 },
	    { 'c', ASK }, { 's', NO417 }, { 'f', "" }, { 'F', "" } },
	  .told =
	  "1 POST /u 0/5/0 complete > 417 0/0/0 complete expect\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "  answer final body unsent\n"
	  "2 POST /u 61/5/0 complete > 417 38/0/0 complete expect\n"
	  "  3 3 0 3 0 4 4 4\n"
	  "  answer final body unsent\n"
	  "3 POST /u 122/5/0 complete > 417 76/0/0 complete expect\n"
	  "  5 5 0 5 0 6 6 6\n"
	  "  answer final body unsent\n" },
	{ "403 instead of 100, body sent all the same", { { 'c', ASK },
	    { 's', "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" }, { 'c', "hello" GET("/b") },
	    { 's', EMPTY } },
	  .told =
	  "1 POST /u 0/5/5 complete > 403 0/0/0 complete expect\n"
	  "  1 1 3 3 0 2 2 2\n"
	  "  answer final body after\n"
	  "2 GET /b 66/-/0 complete > 200 38/0/0 complete\n"
	  "  3 3 0 3 0 4 4 4\n" },
	{ "403 instead of 100, then close", { { 'c', ASK },
	    { 's', "HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
	    { 'F', "" }, { 'f', "" } },
	  .told =
	  "1 POST /u 0/5/0 complete > 403 0/0/0 complete expect close\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "  answer final body unsent\n" },
	{ "body sent without waiting, late 100", { { 'c', ASK }, { 'c', "hello" }, { 's', EMPTY },
	    { 's', "HTTP/1.1 100 Continue\r\n\r\n" } },
	  .told =
	  "1 POST /u 0/5/5 complete > 200 0/0/0 complete expect\n"
	  "  1 1 2 2 0 3 3 3\n"
	  "  answer final body before\n"
	  "interim 100 of 1 late at 4\n" },
	{ "never a 100, never a body", { { 'c', ASK }, { 'r', "" } },
	  .told =
	  "1 POST /u 0/5/0 cut_by_rst > - -/-/- none expect\n"
	  "  1 1 0 0 0 0 0 0\n"
	  "  answer none body unsent\n" },
	{ "response before the body", { { 'c', "POST /a HTTP/1.1\r\nContent-Length: 36\r\n\r\n" },
	    { 's', EMPTY }, { 'c', "GET /not/a/request HTTP/1.1\r\nHost:\r\n" }, { 'c', GET("/b") },
	    { 's', EMPTY } },
	  .told =
	  "1 POST /a 0/36/36 complete > 200 0/0/0 complete\n"
	  "  1 1 3 3 0 2 2 2\n"
	  "2 GET /b 76/-/0 complete > 200 38/0/0 complete\n"
	  "  4 4 0 4 0 5 5 5\n" },
	{ "103, 102, 200", { { 'c', GET("/a") }, { 's', "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" },
	    { 's', "HTTP/1.1 102 Busy\r\n\r\n" EMPTY } },
	  .told =
	  "interim 103 of 1 at 2\n"
	  "interim 102 of 1 at 3\n"
	  "1 GET /a 0/-/0 complete > 200 52/0/0 complete\n"
	  "  1 1 0 1 0 3 3 3\n" },
	{ "body cut by RST", { { 'c', GET("/a") },
	    { 's', "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello" }, { 'r', "" } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/50/5 cut_by_rst\n"
	  "  1 1 0 1 0 2 2 0\n" },
	{ "bodies cut by FIN", { { 'c', "PUT /a HTTP/1.1\r\nContent-Length: 50\r\n\r\nhello" },
	    { 'f', "" }, { 's', "HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\nbad" },
	    { 'F', "" } },
	  .told =
	  "1 PUT /a 0/50/5 cut_by_fin > 400 0/9/3 cut_by_fin\n"
	  "  1 1 1 0 0 3 3 0\n" },
	{ "the capture ends in a chunk", { { 'c', GET("/a") },
	    { 's', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n20\r\nhello" }, },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/-/8 open\n"
	  "  1 1 0 1 0 2 2 0\n" },
	{ "request line cut by RST", { { 'c', "GET /abc" }, { 'r', "" } },
	  .told =
	  "1 GET - 0/-/0 cut_by_rst > - -/-/- none\n"
	  "  1 0 0 0 0 0 0 0\n" },
	{ "hole inside a body", { { 'c', GET("/a") },
	    { 's', "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" }, { '<', "45" },
	    { 's', "HTTP/" }, { 'c', GET("/b") }, { 's', EMPTY } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/50/50 complete\n"
	  "  1 1 0 1 0 2 2 4\n"
	  "2 GET /b 28/-/0 complete > 200 89/0/0 complete\n"
	  "  5 5 0 5 0 6 6 6\n" },
	{ "hole in a head", { { 'c', GET("/a") }, { 's', "HTTP/1.1 200 OK\r\nContent-Len" },
	    { '<', "30" }, { 'c', GET("/b") }, { 's', EMPTY } },
	  .told =
	  "1 GET /a 0/-/0 complete > 200 0/-/- cut_by_gap\n"
	  "  1 1 0 1 0 2 0 0\n"
	  "2 GET /b 28/-/0 complete > 200 58/0/0 complete\n"
	  "  4 4 0 4 0 5 5 5\n" },
	{ "a whole response in a hole", { { 'c', GET("/a") }, { '<', "99" }, { 'c', GET("/b") },
	    { 's', EMPTY } },
	  .told =
	  "1 GET /a 0/-/0 complete > - -/-/- cut_by_gap\n"
	  "  1 1 0 1 0 0 0 0\n"
	  "2 GET /b 28/-/0 complete > 200 99/0/0 complete\n"
	  "  3 3 0 3 0 4 4 4\n" },
	{ "cut short by the snaplen", { { 'c', "POST /api/v1/orders HTTP/1.1\r\nH" }, { '>', "70" },
	    { 's', "HTTP/1.1 200 OK\r\nDa" }, { '<', "80" },
	    { 'c', "GET /a/path/too/long/to/see?x=" }, { '>', "70" },
	    { 's', "HTTP/1.1 404 Not Found\r\nServ" }, { '<', "20" } },
	  .told =
	  "1 POST /api/v1/orders 0/-/- cut_by_gap > 200 0/-/- cut_by_gap\n"
	  "  1 0 0 0 0 3 0 0\n"
	  "2 GET - 101/-/- cut_by_gap > 404 99/-/- cut_by_gap\n"
	  "  5 0 0 0 0 7 0 0\n" },
	{ "joined midway", { { '>', "1" }, { '<', "1" }, { 's', "rest of a body\nGET / HTTP/1.1\n" },
	    { 'c', "x=1&y=2" GET("/a") }, { 's', "tail}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
	    { 'c', GET("/b") }, { 's', EMPTY } },
	  .told =
	  "1 GET /a 8/-/0 complete > 200 36/0/0 complete\n"
	  "  4 4 0 4 0 5 5 5\n"
	  "2 GET /b 36/-/0 complete > 200 74/0/0 complete\n"
	  "  6 6 0 6 0 7 7 7\n" },
	{ "joined before a response", { { '>', "1" }, { '<', "1" }, { 's', OK5 },
	    { 'c', GET("/a") }, { 's', OK5 } },
	  .told =
	  "1 - - -/-/- cut_by_gap > 200 1/5/5 complete\n"
	  "  0 0 0 0 0 3 3 3\n"
	  "2 GET /a 1/-/0 complete > 200 44/5/5 complete\n"
	  "  4 4 0 4 0 5 5 5\n" },
	{ "408 without a request", { { 's', "HTTP/1.1 408 Late\r\nConnection: close\r\n"
	    "Content-Length: 0\r\n\r\n" }, { 'F', "" }, { 'f', "" } },
	  .told =
	  "1 - - -/-/- none > 408 0/0/0 complete close\n"
	  "  0 0 0 0 0 1 1 1\n" },
	{ "both lengths, and two that differ", { { 'c', GET("/a") GET("/b") },
	    { 's', "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "2\r\nhi\r\n0\r\n\r\n" },
	    { 's', "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 6\r\n\r\nhello" }, },
	  .told =
	  "! s66 Content-Length and Transfer-Encoding together\n"
	  "1 GET /a 0/-/0 complete > 200 0/-/2 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "! s117 Content-Length values differ\n"
	  "2 GET /b 28/-/0 complete > 200 78/5/5 complete\n"
	  "  1 1 0 1 0 3 3 3\n" },
	{ "folded fields, bare LF, blank lines", { { 'c', "\r\n\nPOST /a HTTP/1.1\nContent-Length:\n"
	    " 3\nX: a\n\tb\n\nabc\r\n" }, { 's', "HTTP/1.1 200\nContent-Length: 0\n\n" } },
	  .told =
	  "1 POST /a 3/3/3 complete > 200 0/0/0 complete\n"
	  "  1 1 1 1 0 2 2 2\n"
	  "  hash 3f70c8cc\n"
	  "[HTTP/1.1|-|-|HTTP/1.1|-]\n"
	  "POST /a HTTP/1.1\n"
	  "Content-Length: \n"
	  " 3\n"
	  "X: a\n"
	  " b\n"
	  "---\n"
	  "HTTP/1.1 200\n"
	  "Content-Length: 0\n", .heads = true },
	{ "secrets removed", { { 'c', "GET http://u:p@h/a;jsessionid=7?q=1&access_token=abc&z=2 HTTP/1.1\r\n"
	    "Host: h\r\nUser-Agent: t/1\r\nAuthorization: Basic eHg=\r\n folded\r\n"
	    "Cookie: a=b\r\nReferer: https://me:pw@x/?sig=99\r\nX-Api-Key: k\r\n\r\n" },
	    { 's', "HTTP/1.1 302 Found\r\nSet-Cookie: s=1\r\nLocation: /cb#auth=5\r\n"
	    "Content-Length: 0\r\n\r\n" } },
	  .told =
	  "1 GET http://***@h/a;jsessionid=***?q=1&access_token=***&z=2 0/-/0 complete > 302 0/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "[HTTP/1.1|h|t/1|HTTP/1.1|Found]\n"
	  "GET http://***@h/a;jsessionid=***?q=1&access_token=***&z=2 HTTP/1.1\n"
	  "Host: h\n"
	  "User-Agent: t/1\n"
	  "Authorization: ***\n"
	  "Cookie: ***\n"
	  "Referer: https://***@x/?sig=***\n"
	  "X-Api-Key: ***\n"
	  "---\n"
	  "HTTP/1.1 302 Found\n"
	  "Set-Cookie: ***\n"
	  "Location: /cb#auth=***\n"
	  "Content-Length: 0\n", .heads = true },
	{ "secrets shown", { { 'c', "GET /?token=abc HTTP/1.1\r\nCookie: a=b\r\n\r\n" },
	    { 's', EMPTY } },
	  .told =
	  "1 GET /?token=abc 0/-/0 complete > 200 0/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "[HTTP/1.1|-|-|HTTP/1.1|OK]\n"
	  "GET /?token=abc HTTP/1.1\n"
	  "Cookie: a=b\n"
	  "---\n"
	  "HTTP/1.1 200 OK\n"
	  "Content-Length: 0\n", .heads = true, .shows_secrets = true },
	{ "CONNECT", { { 'c', "CONNECT u:p@h:443 HTTP/1.1\r\n\r\n" },
	    { 's', "HTTP/1.1 200 Yes\r\n\r\n\x16\x03\x01" }, { 'c', "\x16\x03\x01GET / HTTP/1.1\r\n" }, },
	  .told =
	  "app tunnel\n"
	  "1 CONNECT ***@h:443 0/-/0 complete > 200 0/-/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n" },
	{ "CONNECT refused", { { 'c', "CONNECT h:443 HTTP/1.1\r\n\r\n" },
	    { 's', "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" },
	    { 'c', "CONNECT h:443 HTTP/1.1\r\nA: b\r\n\r\n" }, { 's', "HTTP/1.1 200 Yes\r\n\r\n" },
	    { 'c', "abc" } },
	  .told =
	  "1 CONNECT h:443 0/-/0 complete > 407 0/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "app tunnel\n"
	  "2 CONNECT h:443 26/-/0 complete > 200 38/-/0 complete\n"
	  "  3 3 0 3 0 4 4 4\n" },
	{ "Upgrade", { { 'c', "GET /ws HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n" },
	    { 's', "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x01x" },
	    { 'c', "\x81\x81" "abcde" }, { 's', "HTTP/1.1 200 OK\r\n\r\n" } },
	  .told =
	  "app websocket\n"
	  "1 GET /ws 0/-/0 complete > 101 0/-/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "! s49 not a WebSocket frame\n" },
	{ "WebSocket frames", { { 'c', "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" },
	    { 's', "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x01\x03" "abc\x89\x02hi" },
	    { 'c', "\x8a\x82" "abcdhi\x82\xfe\x01\x01" "abcd" }, { '>', "257" },
	    { 'c', "\x88\x85\x01\x01\x01\x01\x02\xe9" "bxd" }, { 's', "\x88\x02\x03\xe8" "\x8f" },
	    { '>', "2" }, { 'c', "\x89\x80" "abcd" } },
	  .told =
	  "app websocket\n"
	  "1 GET /ws 0/-/0 complete > 101 0/-/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n"
	  "heartbeat s51 websocket\n"
	  "heartbeat c40 websocket\n"
	  "websocket close c 1000 cye at 5\n"
	  "websocket close s 1000  at 6\n"
	  "! c324 WebSocket frames behind a hole are not read\n" },
	{ "the same body twice, chunked and not", {
	    { 'c', "POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\nhello, world" }, { 's', EMPTY },
	    { 'c', "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world" },
	    { 'c', "\r\n0\r\n\r\n" }, { 's', EMPTY },
	    { 'c', "POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\nhello" }, { '>', "2" },
	    { 'c', "world" }, { 's', EMPTY },
	    { 'c', "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe" },
	    { '>', "3" }, { 'c', "\r\n0\r\n\r\n" GET("/b") } },
	  .told =
	  "1 POST /a 0/12/12 complete > 200 0/0/0 complete\n"
	  "  1 1 1 1 0 2 2 2\n"
	  "  hash b9552668\n"
	  "[HTTP/1.1|-|-|HTTP/1.1|OK]\n"
	  "POST /a HTTP/1.1\n"
	  "Content-Length: 12\n"
	  "---\n"
	  "HTTP/1.1 200 OK\n"
	  "Content-Length: 0\n"
	  "2 POST /a 52/-/12 complete > 200 38/0/0 complete\n"
	  "  3 3 3 4 0 5 5 5\n"
	  "  hash b9552668\n"
	  "[HTTP/1.1|-|-|HTTP/1.1|OK]\n"
	  "POST /a HTTP/1.1\n"
	  "Transfer-Encoding: chunked\n"
	  "---\n"
	  "HTTP/1.1 200 OK\n"
	  "Content-Length: 0\n"
	  "3 POST /a 127/12/12 complete > 200 76/0/0 complete\n"
	  "  6 6 6 8 0 9 9 9\n"
	  "[HTTP/1.1|-|-|HTTP/1.1|OK]\n"
	  "POST /a HTTP/1.1\n"
	  "Content-Length: 12\n"
	  "---\n"
	  "HTTP/1.1 200 OK\n"
	  "Content-Length: 0\n"
	  "4 POST /a 179/-/5 complete > - -/-/- none\n"
	  "  10 10 10 12 0 0 0 0\n"
	  "[HTTP/1.1|-|-|-|-]\n"
	  "POST /a HTTP/1.1\n"
	  "Transfer-Encoding: chunked\n"
	  "---\n"
	  "5 GET /b 242/-/0 complete > - -/-/- none\n"
	  "  12 12 0 12 0 0 0 0\n"
	  "[HTTP/1.1|h|-|-|-]\n"
	  "GET /b HTTP/1.1\n"
	  "Host: h\n"
	  "---\n", .heads = true },
	{ "100 unasked, 100 before a waiting body, body before and without", {
	    { 'c', "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n" },
	    { 's', "HTTP/1.1 100 Continue\r\n\r\n" }, { 'c', "hi" }, { 's', EMPTY },
	    { 'c', ASK }, { 'c', "hello" }, { 's', "HTTP/1.1 100 Continue\r\n\r\n" EMPTY },
	    { 'c', ASK }, { 'c', "hello" } },
	  .told =
	  "interim 100 of 1 at 2\n"
	  "1 POST /a 0/2/2 complete > 200 25/0/0 complete\n"
	  "  1 1 3 3 2 4 4 4\n"
	  "  answer unasked body -\n"
	  "interim 100 of 2 at 7\n"
	  "2 POST /u 41/5/5 complete > 200 88/0/0 complete expect\n"
	  "  5 5 6 6 7 7 7 7\n"
	  "  answer 100 body before\n"
	  "3 POST /u 107/5/5 complete > - -/-/- none expect\n"
	  "  8 8 9 9 0 0 0 0\n"
	  "  answer none body without\n" },
	{ "garbage, then a request", { { 'c', "what is this\r\nnothing\r\n" GET("/a") },
	    { 's', "\x01\x02\x03\r\n" EMPTY } },
	  .told =
	  "! c0 not a request line\n"
	  "! s0 not a status line\n"
	  "1 GET /a 23/-/0 complete > 200 5/0/0 complete\n"
	  "  1 1 0 1 0 2 2 2\n" },
	{ "bad chunk size", { { 'c', GET("/a") },
	    { 's', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" EMPTY } },
	  .told =
	  "! s47 a chunk does not begin with its size\n"
	  "1 GET /a 0/-/0 complete > 200 0/-/0 cut_by_gap\n"
	  "  1 1 0 1 0 2 2 0\n"
	  "2 - - -/-/- none > 200 51/0/0 complete\n"
	  "  0 0 0 0 0 2 2 2\n" },
};

static void feed_bytes(struct sink *k, enum side side, const char *text, size_t n, size_t piece,
                       uint64_t frame)
{
	struct mark at = { frame, (int64_t)frame };
	for (size_t i = 0, len; i < n; i += len) {
		len = n - i < piece ? n - i : piece;
		uint8_t *copy = malloc(len);             /* exact size: an overread shows */
		memcpy(copy, text + i, len);
		stream_data(&k->stream[side], (struct bytes){ copy, len }, at, at);
		free(copy);
	}
}

static void sink_open(struct sink *k)
{
	void *state = calloc(1, http1_dissector.state_size);
	for (int side = CLIENT; side <= SERVER; side++)
		k->stream[side] = (struct stream){ .dissector = &http1_dissector, .state = state,
		                                   .sink = k, .side = (enum side)side };
}

static void sink_close(struct sink *k)
{
	stream_end(&k->stream[CLIENT], END_CAPTURE);
	stream_end(&k->stream[SERVER], END_CAPTURE);
	free(k->stream[CLIENT].state);
	stream_free(&k->stream[CLIENT]);
	stream_free(&k->stream[SERVER]);
}

static void feed_row(const struct row *row, size_t piece, struct sink *k)
{
	k->heads = row->heads;
	k->shows_secrets = row->shows_secrets;
	sink_open(k);
	for (uint64_t i = 0; i < TURNS && row->turns[i].text; i++) {
		const struct turn *t = &row->turns[i];
		enum side side = t->who == 's' || t->who == '<' || t->who == 'F' ? SERVER : CLIENT;
		if (t->who == 'c' || t->who == 's')
			feed_bytes(k, side, t->text, strlen(t->text), piece, i + 1);
		else if (t->who == '<' || t->who == '>')
			stream_gap(&k->stream[side], strtoull(t->text, NULL, 10), (struct mark){ i + 1, 0 });
		else
			stream_end(&k->stream[side], t->who == 'r' ? END_RST : END_FIN);
		if (t->who == 'r')
			stream_end(&k->stream[SERVER], END_RST);
	}
	sink_close(k);
}

static void row_check(const struct row *row)
{
	static struct sink whole, cut;
	size_t longest = 1;
	for (size_t i = 0; i < TURNS && row->turns[i].text; i++)
		if (strlen(row->turns[i].text) > longest)
			longest = strlen(row->turns[i].text);
	whole = (struct sink){ 0 };
	feed_row(row, longest, &whole);
	if (strcmp(whole.text, row->told)) {
		printf("%s: told\n%sand not\n%s", row->name, whole.text, row->told);
		check_failed++;
	}
	for (size_t piece = 1; piece < longest; piece++) {
		cut = (struct sink){ 0 };
		feed_row(row, piece, &cut);
		if (strcmp(cut.text, whole.text)) {
			printf("%s: in pieces of %zu told\n%sand not\n%s", row->name, piece, cut.text,
			       whole.text);
			check_failed++;
			break;
		}
	}
}

/* ---- rows with random changes: what is told need only be the same ---- */

enum { CHANGED_MAX = 2000 };

static uint32_t below(uint32_t *seed, size_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (uint32_t)((*seed >> 8) % n);
}

static const struct row *row_any(uint32_t *seed)
{
	return &rows[below(seed, sizeof rows / sizeof *rows)];
}

/* Change a text: a byte, a piece left out, the rest said twice, or a piece of
 * another row put in. */
static void text_change(char *text, uint32_t *seed)
{
	static const char bytes[] = "\r\n\t :;,=/%?&@1GH\x80";
	size_t n = strlen(text), at = below(seed, n + 1), some = below(seed, n - at + 1);
	const char *more = row_any(seed)->turns[below(seed, 3)].text;
	uint32_t kind = below(seed, 5);
	char rest[CHANGED_MAX];
	snprintf(rest, sizeof rest, "%s", text + at);
	if (kind < 2 && at < n)
		text[at] = bytes[below(seed, sizeof bytes - 1)];
	else if (kind == 2)
		memmove(text + at, rest + some, n - at - some + 1);
	else if (kind == 3 || more)
		snprintf(text + at, CHANGED_MAX - at, "%s%s", kind == 3 ? rest : more, rest);
}

static void row_change(struct row *row, char texts[TURNS][CHANGED_MAX], uint32_t *seed)
{
	*row = *row_any(seed);
	size_t n = 0;
	for (; n < TURNS && row->turns[n].text; n++) {
		snprintf(texts[n], CHANGED_MAX, "%s", row->turns[n].text);
		row->turns[n].text = texts[n];
	}
	for (uint32_t changes = 1 + below(seed, 4); changes > 0; changes--) {
		struct turn *t = &row->turns[below(seed, n)];
		if (t->who == 'c' || t->who == 's')
			text_change(texts[t - row->turns], seed);
		if (below(seed, 8) == 0 && t + 1 < row->turns + n) {
			struct turn swapped = t[0];
			t[0] = t[1];
			t[1] = swapped;
		}
	}
	row->heads = true;
}

static void changed_check(void)
{
	static char texts[TURNS][CHANGED_MAX];
	static struct sink whole, cut;
	uint32_t seed = 1;
	for (int i = 0; i < CHANGED_ROWS && !check_failed; i++) {
		struct row row;
		row_change(&row, texts, &seed);
		size_t piece = below(&seed, 2) ? 1 : 1 + below(&seed, 50);
		whole.n = cut.n = 0;
		whole.text[0] = cut.text[0] = '\0';
		feed_row(&row, CHANGED_MAX, &whole);
		feed_row(&row, piece, &cut);
		if (strcmp(cut.text, whole.text)) {
			printf("change %d of \"%s\": in pieces of %zu told\n%sand not\n%s", i, row.name,
			       piece, cut.text, whole.text);
			for (size_t j = 0; j < TURNS && row.turns[j].text; j++)
				printf("%c <<%s>>\n", row.turns[j].who, row.turns[j].text);
			check_failed++;
		}
	}
}

/* A head of n bytes of fields and a request after it, in pieces. */
static void huge_check(size_t n, size_t piece, const char *told)
{
	static struct sink k;
	static char text[3 * 65536];
	size_t at = (size_t)sprintf(text, "GET /big HTTP/1.1\r\n");
	while (at < n)
		at += (size_t)sprintf(text + at, "X-Field: %090d\r\n", 1);
	at += (size_t)sprintf(text + at, "\r\n%s", GET("/b"));
	k = (struct sink){ 0 };
	sink_open(&k);
	feed_bytes(&k, CLIENT, text, at, piece, 1);
	sink_close(&k);
	if (strcmp(k.text, told)) {
		printf("huge head of %zu in pieces of %zu: told\n%sand not\n%s", n, piece, k.text, told);
		check_failed++;
	}
}

/* More requests than are kept open at once; the answers still find theirs. */
static void overflow_check(void)
{
	static struct sink k;
	k = (struct sink){ 0 };
	sink_open(&k);
	feed_bytes(&k, SERVER, "HTTP/1.1 100 Continue\r\n\r\n", 25, 25, 1);
	for (int i = 0; i < LIMIT_HTTP_PIPELINED + 2; i++)
		feed_bytes(&k, CLIENT, GET("/a"), strlen(GET("/a")), 99, 2);
	for (int i = 0; i < LIMIT_HTTP_PIPELINED + 1; i++)
		feed_bytes(&k, SERVER, OK5, strlen(OK5), 99, 3);
	sink_close(&k);
	CHECK(strstr(k.text, "more requests open than are kept"));
	CHECK(strstr(k.text, "\n2 GET /a 28/-/0 complete > - -/-/- open\n"));
	CHECK(strstr(k.text, "\n15 GET /a 392/-/0 complete > 200 "));
	CHECK(strstr(k.text, "\n16 GET /a 420/-/0 complete > - -/-/- none\n"));
}

/* ---- limits: one below, reached, one beyond ---- */

/* What is told of a client's begin, n times x, end. */
static struct sink *limit_feed(const char *begin, size_t n, const char *end)
{
	static struct sink k;
	static char text[2 * LIMIT_HTTP_HEAD];
	size_t at = strlen(begin);
	memcpy(text, begin, at);
	memset(text + at, 'x', n);
	at += n;
	memcpy(text + at, end, strlen(end));
	at += strlen(end);
	k = (struct sink){ 0 };
	sink_open(&k);
	feed_bytes(&k, CLIENT, text, at, 999, 1);
	sink_close(&k);
	return &k;
}

/* A text of n bytes is told up to its limit. */
static void texts_limit_check(void)
{
	for (int beyond = -1; beyond <= 1; beyond++) {
		size_t less = beyond < 0, target = LIMIT_HTTP_TARGET + (size_t)beyond,
		       host = LIMIT_HTTP_HOST + (size_t)beyond,
		       head = LIMIT_HTTP_HEAD_KEPT + (size_t)beyond;
		const struct sink *k = limit_feed("GET /", target - 1, " HTTP/1.1\r\n\r\n");
		CHECK(k->told == 1 && k->measures[0].target == LIMIT_HTTP_TARGET - less);
		k = limit_feed("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n");
		CHECK(k->told == 1 && k->measures[0].host == LIMIT_HTTP_HOST - less);
		k = limit_feed("GET / HTTP/1.1\r\nUser-Agent: ", host, "\r\n\r\n");
		CHECK(k->told == 1 && k->measures[0].agent == LIMIT_HTTP_HOST - less);
		k = limit_feed("GET / HTTP/1.1\r\nX: ", head - strlen("GET / HTTP/1.1\nX: \n"), "\r\n\r\n");
		CHECK(k->told == 1 && k->measures[0].head == LIMIT_HTTP_HEAD_KEPT - less);
	}
}

/* A head may be so long, with the empty line at its end. */
static void head_limit_check(void)
{
	static const char begin[] = "GET / HTTP/1.1\r\nX: ", end[] = "\r\n\r\n" GET("/b");
	size_t n = LIMIT_HTTP_HEAD - strlen(begin) - strlen("\r\n\r\n");
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		const struct sink *k = limit_feed(begin, n + beyond, end);
		CHECK(k->told == 2);
		CHECK(!strstr(k->text, "a head longer than is read") == !beyond);
	}
}

/* Behind a head that takes all it can, one gets half of what is left; and many get no
 * more than there is. */
static void heads_limit_check(void)
{
	static struct sink k;
	static const char begin[] = "GET / HTTP/1.1\r\nX: ", kept[] = "GET / HTTP/1.1\nX: \n";
	const size_t left = (LIMIT_HTTP_HEADS_KEPT - (LIMIT_HTTP_HEAD_KEPT + 1)) / 2;
	char text[LIMIT_HTTP_HEAD_KEPT + 64];
	for (int beyond = -1; beyond <= 1; beyond++) {
		k = (struct sink){ 0 };
		sink_open(&k);
		for (int i = 0; i < LIMIT_HTTP_PIPELINED; i++) {
			int n = i == 1 ? (int)(left - strlen(kept)) + beyond : LIMIT_HTTP_HEAD_KEPT;
			n = sprintf(text, "%s%0*d\r\n\r\n", begin, n, 0);
			feed_bytes(&k, CLIENT, text, (size_t)n, 999, 1);
		}
		CHECK(k.told == 0 && k.stream[CLIENT].room_size <= LIMIT_HTTP_HEADS_KEPT + 512);
		sink_close(&k);
		size_t sum = 0;
		for (size_t i = 0; i < k.told; i++)
			sum += k.measures[i].head + 1;
		CHECK(k.told == LIMIT_HTTP_PIPELINED && sum <= LIMIT_HTTP_HEADS_KEPT + k.told);
		CHECK(k.measures[0].head == LIMIT_HTTP_HEAD_KEPT);
		CHECK(k.measures[1].head == left - (beyond < 0));
	}
}

static int64_t hash_of(size_t n, const char *end)
{
	char head[64];
	sprintf(head, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", n + strlen(end));
	return limit_feed(head, n, end)->measures[0].hash;
}

/* So many bytes of a body count: not the next. */
static void hash_limit_check(void)
{
	int64_t full = hash_of(LIMIT_HTTP_BODY_HASHED, "");
	CHECK(full != NONE);
	CHECK(hash_of(LIMIT_HTTP_BODY_HASHED - 1, "") != full);
	CHECK(hash_of(LIMIT_HTTP_BODY_HASHED - 1, "y") != full);
	CHECK(hash_of(LIMIT_HTTP_BODY_HASHED, "y") == full);
	CHECK(hash_of(LIMIT_HTTP_BODY_HASHED, "yz") == full);
}

static void pipelined_limit_check(void)
{
	static char text[(LIMIT_HTTP_PIPELINED + 1) * sizeof GET("/a")];
	for (int beyond = 0; beyond <= 1; beyond++) {
		text[0] = '\0';
		for (int i = 0; i < LIMIT_HTTP_PIPELINED + beyond; i++)
			strcat(text, GET("/a"));
		const struct sink *k = limit_feed("", 0, text);
		CHECK(k->told == (size_t)(LIMIT_HTTP_PIPELINED + beyond));
		CHECK(!strstr(k->text, "more requests open than are kept") == !beyond);
	}
}

static enum guess guess_of(const char *text, bool at_start)
{
	uint8_t *copy = malloc(strlen(text));
	memcpy(copy, text, strlen(text));
	enum guess g = http1_dissector.guess((struct bytes){ copy, strlen(text) }, at_start);
	free(copy);
	return g;
}

static void guess_check(void)
{
	CHECK(guess_of("GET / HTTP/1.1\r\n", true) == GUESS_SENT_BY_CLIENT);
	CHECK(guess_of("BREW /pot HTTP/1.1\r\n", true) == GUESS_SENT_BY_CLIENT);
	CHECK(guess_of("BREW /pot HTTP/1.1\r\n", false) == GUESS_NO);
	CHECK(guess_of("HTTP/1.", true) == GUESS_SENT_BY_SERVER);
	CHECK(guess_of("HTT", true) == GUESS_MORE);
	CHECK(guess_of("HTTP/1.1 200 OK\r\n", false) == GUESS_SENT_BY_SERVER);
	CHECK(guess_of("HTTP/1.1 says", false) == GUESS_NO);
	CHECK(guess_of("PO", true) == GUESS_MORE);
	CHECK(guess_of("POST /a", false) == GUESS_SENT_BY_CLIENT);
	CHECK(guess_of("OPTIONS rtsp://h/ RTSP/1.0\r\n", true) == GUESS_NO);
	CHECK(guess_of("OPTIONS rtsp://h/a/very/long/path/that/does/not/end/within/limits/at/all",
	               true) == GUESS_NO);
	CHECK(guess_of("GET /a/very/long/path/that/does/not/end/within/the/limits/at/all/xx", true)
	      == GUESS_SENT_BY_CLIENT);
	CHECK(guess_of("GET HTTP://h/ HTTP/1.1\r\n", true) == GUESS_SENT_BY_CLIENT);
	CHECK(guess_of("RTSP/1.0 200 OK\r\n", true) == GUESS_NO);
	CHECK(guess_of("SIP/2.0 200 OK\r\n", true) == GUESS_NO);
	CHECK(guess_of("M-SEARCH * HTTP/1.1\r\n", true) == GUESS_NO);
	CHECK(guess_of("PRI * HTTP/2.0\r\n", true) == GUESS_NO);
	CHECK(guess_of("\x16\x03\x01", true) == GUESS_NO);
}

/* ---- conversations of real captures: `http1 FILE.talk...` ---- */

static void recorded_feed(struct sink *k, struct bytes b, size_t piece)
{
	struct rd r = rd_over(b);
	struct turn_said t;
	sink_open(k);
	for (struct mark at = { 1, 1 }; turn_next(&r, &t); at.frame++) {
		if (t.what == SAID)
			feed_bytes(k, t.side, (const char *)t.said.p, t.said.n, piece, at.frame);
		else if (t.what == HOLE && t.n)
			stream_gap(&k->stream[t.side], t.n, at);
		else if (t.what == HOLE)
			http1_dissector.gap(k->stream[t.side].state, k, t.side, 0, 0);
		else
			stream_end(&k->stream[t.side], (enum end_how)t.how);
	}
	sink_close(k);
}

/* All sizes up to 64, then ever fewer of the larger ones. */
static void recorded_check(const char *path)
{
	static struct sink whole, cut;
	static uint8_t bytes[1 << 22];
	FILE *in = fopen(path, "rb");
	struct bytes b = { bytes, in ? fread(bytes, 1, sizeof bytes, in) : 0 };
	CHECK(in && b.n > 0);
	if (in)
		fclose(in);
	memset(&whole, 0, sizeof whole);
	whole.heads = true;
	recorded_feed(&whole, b, SIZE_MAX);
	for (size_t piece = 1; piece < 1500; piece += 1 + piece / 64 * 8) {
		memset(&cut, 0, sizeof cut);
		cut.heads = true;
		recorded_feed(&cut, b, piece);
		if (strcmp(cut.text, whole.text)) {
			printf("%s: in pieces of %zu told\n%sand not\n%s", path, piece, cut.text, whole.text);
			check_failed++;
			return;
		}
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		recorded_check(argv[i]);
	if (argc > 1)
		return check_failed != 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		row_check(&rows[i]);
	changed_check();
	guess_check();
	overflow_check();
	texts_limit_check();
	head_limit_check();
	heads_limit_check();
	hash_limit_check();
	pipelined_limit_check();
	huge_check(60000, 1000, HUGE_FITS);
	huge_check(90000, 200000, HUGE_DOES_NOT);
	huge_check(90000, 1000, HUGE_DOES_NOT);
	huge_check(90000, 777, HUGE_DOES_NOT);
	return check_failed != 0;
}
