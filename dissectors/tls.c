/* tls.c - the records of TLS, unopened (RFC 8446, section 5.1; RFC 5246, section 6.2.1).
 *
 *   octet   0      1..2      3..4     5..
 *         type | version | length | fragment, encrypted but for the first few
 *         20 change_cipher_spec  21 alert  22 handshake  23 application_data  24 heartbeat
 *
 * Heads are looked at, fragments are skipped unseen. What is told are small records of
 * application data: a heartbeat of the protocol inside is one of these, always as long as
 * the one before and at a regular pace. Whether there is such a pace is concluded by the
 * view heartbeat_inferred; here is no clock.
 *
 * Resynchronisation  After a gap outside of a fragment the next octets that could be a head
 *          are taken for one; 22 bits of 40 are fixed.
 */
#include <string.h>

#include "dissector.h"
#include "limits.h"

enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, APPLICATION_DATA = 23, HEARTBEAT = 24 };
enum { HEADER_SIZE = 5, CLIENT_HELLO = 1, SERVER_HELLO = 2, FRAGMENT_MAX = (1 << 14) + 2048 };

/* By enum side. unsure: since a gap; then what is no head is no anomaly either. */
struct tls { bool lost[2], unsure[2]; unsigned told; };

/* The head of a record; n: its fragment's length. */
static bool head_read(struct bytes b, unsigned *type, size_t *n)
{
	struct rd r = rd_over(b);
	*type = rd_u8(&r);
	unsigned version = rd_be16(&r);
	*n = rd_be16(&r);
	return rd_ok(&r) && *type >= CHANGE_CIPHER_SPEC && *type <= HEARTBEAT && version >= 0x0300
	    && version <= 0x0304 && *n > 0 && *n <= FRAGMENT_MAX;
}

/* Tell a small record; of those beyond the limit no more than that they are. */
static void small_tell(struct tls *t, struct sink *sink, enum side side, uint64_t off, size_t n)
{
	if (t->told > LIMIT_TLS_RECORDS)
		return;
	if (t->told++ < LIMIT_TLS_RECORDS)
		sink_tls_record(sink, side, off, n);
	else
		sink_anomaly(sink, side, off, "small TLS records are told no further");
}

/* Look for the next head. */
static struct step resync(struct tls *t, enum side side, struct span s)
{
	unsigned type;
	size_t n;
	for (size_t i = 0; i + HEADER_SIZE <= s.n; i++)
		if (head_read((struct bytes){ s.p + i, s.n - i }, &type, &n)) {
			t->lost[side] = false;
			return (struct step){ .used = i };
		}
	size_t passed = s.n < HEADER_SIZE ? 0 : s.n - HEADER_SIZE + 1;
	return (struct step){ .used = passed, .need = HEADER_SIZE };
}

static struct step tls_data(void *state, struct sink *sink, enum side side, struct span s)
{
	struct tls *t = state;
	struct step did = { 0 };
	if (t->lost[side])
		did = resync(t, side, s);
	if (t->lost[side] || did.used)
		return did;
	unsigned type;
	size_t n;
	if (s.n < HEADER_SIZE)
		return (struct step){ .need = HEADER_SIZE };
	if (!head_read((struct bytes){ s.p, s.n }, &type, &n)) {
		if (!t->unsure[side])
			sink_anomaly(sink, side, s.off, "not a TLS record");
		t->unsure[side] = t->lost[side] = true;
		return (struct step){ .used = 1 };
	}
	if (type == APPLICATION_DATA && n <= LIMIT_TLS_SMALL)
		small_tell(t, sink, side, s.off, n);
	return (struct step){ .used = HEADER_SIZE, .skip = n };
}

static void tls_gap(void *state, struct sink *sink, enum side side, uint64_t off, uint64_t len)
{
	(void)sink, (void)off, (void)len;
	struct tls *t = state;
	t->lost[side] = t->unsure[side] = true;
}

static void tls_end(void *state, struct sink *sink, enum side side, uint64_t off, enum end_how how)
{
	(void)state, (void)sink, (void)side, (void)off, (void)how;
}

/* In the middle of a connection: application data up to the very end of the segment, or
 * with another record behind it. */
static enum guess midway_guess(struct bytes head)
{
	unsigned type, next;
	size_t n, next_n;
	if (!head_read(head, &type, &n) || type != APPLICATION_DATA)
		return head.n < HEADER_SIZE && head.p[0] == APPLICATION_DATA ? GUESS_MORE : GUESS_NO;
	struct rd r = rd_over(head);
	rd_take(&r, HEADER_SIZE);
	rd_take(&r, n);
	if (!rd_ok(&r))
		return GUESS_NO;
	bool ends = rd_left(&r) == 0 && head.n < LIMIT_GUESS;
	bool more = head_read((struct bytes){ r.p, r.n }, &next, &next_n);
	return ends || more ? GUESS_SENT_BY_EITHER : GUESS_NO;
}

/* A hello at the start of a direction says who sent it. */
static enum guess tls_guess(struct bytes head, bool at_start)
{
	unsigned type;
	size_t n;
	if (!at_start)
		return head.n ? midway_guess(head) : GUESS_NO;
	if (head.n && head.p[0] != HANDSHAKE)
		return GUESS_NO;
	if (head.n <= HEADER_SIZE)
		return head.n < 2 || head.p[1] == 3 ? GUESS_MORE : GUESS_NO;
	if (!head_read(head, &type, &n))
		return GUESS_NO;
	return head.p[HEADER_SIZE] == CLIENT_HELLO ? GUESS_SENT_BY_CLIENT
	     : head.p[HEADER_SIZE] == SERVER_HELLO ? GUESS_SENT_BY_SERVER : GUESS_NO;
}

const struct dissector tls_dissector = {
	.name = "tls", .state_size = sizeof(struct tls), .max_pending = 64, .no_upgrade = true,
	.guess = tls_guess, .data = tls_data, .gap = tls_gap, .end = tls_end,
};
