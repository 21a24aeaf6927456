/* pkt.c - turns a readable time line into a capture: pkt STORY.pkt > STORY.pcap
 *
 *     # The client hangs up while the server still sends.
 *     tcp 10.0.0.5:40000 > 10.0.0.9:80   mss 1460 wscale 7 ts ttl 64/63
 *      0.000  >  connect
 *      0.002  >  P.  "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
 *      0.010  <  .   bytes 1460 x 20
 *      0.011  >  R.
 *
 * One line a segment; a line says only what is special about it. Numbers of
 * sequence are relative, as Wireshark shows them: a SYN has 0, the first byte 1.
 *
 * For the whole file, before the first connection:
 *   link ethernet|sll|sll2|raw|ppp|null|loop   what is captured (ethernet)
 *   snap N                         keep so many bytes of each packet
 *
 * A connection, and what is true of all of it; C/S is the client's and the server's:
 *   tcp [NAME:] IP:PORT > IP:PORT  IPv6 as [::1]:80
 *     mss N  wscale N  ts          options in the SYNs; ts: timestamps in every segment
 *     ttl C/S  win C/S  isn C/S    win as it stands in the header of all but SYNs
 *     vlan N  mpls N  pppoe N  vxlan N  geneve N  gtp N  gre  ipip  6in4
 *                                  what its packets are wrapped in, from the outside in
 *     both                         each packet is captured twice, plain where the side is the
 *                                  client's and then wrapped, as on the client's host
 *     at TIME                      times of its lines count from here
 *     x N every TIME               the whole connection N times, from the next port each
 *
 * A segment, of the connection above or of the one NAMEd; lines go into the capture
 * by their time, those of the same time as they stand:
 *   [NAME:] TIME >|< WHAT …        TIME in seconds; +TIME counts from the line above
 *     WHAT  S S. . P. F. R R. …    flags as tcpdump writes them (S F R P . U E W)
 *           connect                S, S. and ., a millisecond apart
 *           again                  the side's last segment that carried something
 *           keepalive              an empty . numbered one too low
 *           icmp TYPE/CODE         an ICMP error about the last packet of the other side
 *     "text\r\n\x00"  hex 0a0b     payload; several are joined
 *     bytes N                      payload that is the same wherever it has the same number
 *     amqp …                       AMQP frames: see amqp_methods[]
 *     seq N|+N|-N  ack N|+N|-N     a number, or off from what it would be
 *     ack same                     acknowledge nothing new
 *     seq trigger                  the ack of the peer's last segment (R has it by itself)
 *     win N  ttl N  id N  urg N
 *     sack A-B                     a SACK block of the peer's numbers; up to four
 *     fastopen                     the option that asks for a cookie (in a SYN)
 *     unscaled                     no window scale (in a SYN of a connection that has one)
 *     x N [every TIME]             N of them, 10 us apart unless said otherwise
 *     lost                         sent, but not captured
 *     dup                          captured twice, one hop later the second time
 *     frag N                       cut into IP fragments of N bytes, 10 us apart
 *       overlap N                  each begins N bytes early, with other bytes there
 *       loses N                    fragment N, from 1, is not captured
 *       backwards                  the last one comes first
 *     mtu N  from IP  quote N      of icmp: the next hop's MTU; who sends it; how many bytes
 *                                  behind the quoted IP header (8)
 *
 * R answers what comes for a connection that is not known: no ACK, window 0, no
 * options, id 0. R. goes on with its own numbers, or refuses a SYN.
 *
 * The same story gives the same bytes: the first second is 2026-01-01 00:00:00 UTC.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "pkt.h"

enum { CONNS_MAX = 256 };

static const int64_t START_S = 1767225600;
static const int64_t CONNECT_STEP = 1000, REPEAT_STEP = 10, DUP_STEP = 20, FRAGMENT_STEP = 10;

/* A line that has said nothing yet. */
static const struct segment unset = { .seq = UNSET, .ack = UNSET, .window = UNSET,
                                      .ttl = UNSET, .id = UNSET };

/* Whatever of a line is not of one segment. */
struct extent { int64_t times, every; bool lost, dup; struct cut cut; struct icmp icmp; };

struct record { int64_t at; size_t nr, n, wire_n; uint8_t *bytes; };

static struct {
	struct conn   *conns[CONNS_MAX];
	size_t         conns_n;
	int64_t        before;                /* time of the line above */
	uint32_t       link;
	int64_t        snap;
	struct record *records;
	size_t         records_n;
} story = { .link = LINK_ETHERNET, .snap = 262144 };

static void record_add(const struct packet *p, int64_t at)
{
	size_t n = p->n < (size_t)story.snap ? p->n : (size_t)story.snap;
	story.records = alloc_grown(story.records, story.records_n + 1, sizeof *story.records);
	struct record *r = &story.records[story.records_n];
	*r = (struct record){ .at = at, .nr = story.records_n++, .n = n, .wire_n = p->n,
	                      .bytes = alloc_zeroed(n, 1) };
	memcpy(r->bytes, p->b, n);
}

/* ---- segments ---- */

/* What the line did not say of this segment. */
static void segment_complete(struct conn *c, int dir, struct segment *s)
{
	struct side *own = &c->side[dir], *peer = &c->side[!dir];
	bool rst_only = (s->flags & (RST | ACK)) == RST;
	s->refuses = (s->flags & (RST | ACK)) == (RST | ACK) && s->seq == UNSET && !own->sent
	             && peer->sent_syn;
	s->bare = rst_only || s->refuses;
	if (s->seq == UNSET && rst_only) {
		if (peer->last_ack == UNSET)
			wrong("R: nothing with an ACK that it could answer; say seq N");
		s->seq = peer->last_ack;
	}
	if (s->seq == UNSET)
		s->seq = s->flags & SYN ? 0 : own->next;
	if (s->ack == UNSET)
		s->ack = peer->next;
	if (s->window == UNSET)
		s->window = s->bare ? 0 : s->flags & SYN ? 64240 : own->window;
	if (s->ttl == UNSET)
		s->ttl = own->ttl;
	if (s->id == UNSET)
		s->id = s->bare ? 0 : own->id++;
}

/* An IP packet goes into the capture: plain, wrapped, or both. */
static void packet_capture(const struct packet *ip, const struct conn *c, int dir, int64_t at,
                           bool hop)
{
	static struct packet p;
	for (int i = 0; i <= c->both; i++) {
		bool wrapped = !c->both || (i == 0) == (dir == 1);
		p = *ip;
		packet_wrap(&p, story.link, c, dir, wrapped, hop);
		record_add(&p, at + i * DUP_STEP);
	}
}

static void packet_cut(const struct packet *ip, const struct conn *c, int dir, int64_t at, bool hop,
                       const struct cut *cut)
{
	static struct packet part;
	int64_t n = 0, id = 77;
	if (!cut->size) {
		packet_capture(ip, c, dir, at, hop);
		return;
	}
	while (packet_fragment(&part, ip, cut, n, id))
		n++;
	for (int64_t i = 0; i < n; i++) {
		int64_t nr = cut->backwards ? n - 1 - i : i;
		packet_fragment(&part, ip, cut, nr, id);
		if (nr + 1 != cut->lost)
			packet_capture(&part, c, dir, at + i * FRAGMENT_STEP, hop);
	}
}

static void segment_send(struct conn *c, int dir, const struct segment *line, int64_t at,
                         const struct extent *e)
{
	static struct packet p;
	static struct segment s;
	struct side *own = &c->side[dir];
	s = *line;
	segment_complete(c, dir, &s);
	for (int64_t k = 0; k < c->copies; k++) {
		own->tsval = (uint32_t)(1000000 * (dir + 1) + (at + k * c->every) / 1000);
		packet_build(&p, c, dir, &s, k, false);
		own->head_n = p.n < HEAD_MAX ? p.n : HEAD_MAX;
		memcpy(own->head, p.b, own->head_n);
		if (e->lost)
			continue;
		packet_cut(&p, c, dir, at + k * c->every, false, &e->cut);
		if (e->dup) {
			packet_build(&p, c, dir, &s, k, true);
			packet_cut(&p, c, dir, at + k * c->every + DUP_STEP, true, &e->cut);
		}
	}
	int64_t end = s.seq + (int64_t)s.payload.n + (s.flags & (SYN | FIN) ? 1 : 0);
	if (s.flags & RST)
		end = own->next;
	if (end > own->next)
		own->next = end;
	if (s.flags & ACK)
		own->last_ack = s.ack;
	if (s.payload.n || s.flags & (SYN | FIN))
		own->last = s;
	own->sent = own->sent || !s.refuses;
	own->sent_syn = own->sent_syn || s.flags & SYN;
}

static int flags_of(const char *text)
{
	static const char letters[] = "FSRP.UEW";
	int flags = 0;
	for (const char *p = text; *p; p++) {
		const char *at = strchr(letters, *p);
		if (!at)
			wrong("\"%s\" is neither flags (SFRP.UEW) nor connect, again, keepalive", text);
		flags |= 1 << (at - letters);
	}
	return flags;
}

/* "N", "+N" or "-N": the latter two from where it would stand. */
static int64_t relative(const char *what, int64_t from)
{
	const char *text = word(what);
	return number_of(text, what) + (strchr("+-", *text) ? from : 0);
}

/* Who sends an ICMP error, if not the host itself. */
static void address_read(const struct conn *c, struct icmp *m)
{
	const char *text = word("an address");
	m->has_from = true;
	if (inet_pton(c->v6 ? AF_INET6 : AF_INET, text, m->from + (c->v6 ? 0 : 12)) != 1)
		wrong("from: \"%s\" is no address", text);
}

static void icmp_send(struct conn *c, int dir, const struct extent *e, int64_t at)
{
	static struct packet p;
	if (!c->side[!dir].head_n)
		wrong("icmp: the other side has sent nothing yet");
	packet_icmp(&p, c, dir, &e->icmp);
	for (int i = 0; i < e->times; i++) {
		packet_capture(&p, c, dir, at + i * e->every, false);
		if (e->dup)
			packet_capture(&p, c, dir, at + i * e->every + DUP_STEP, true);
	}
}

static void put_filler(struct payload *p, int64_t n)
{
	while (n-- > 0)
		put(p, 0, true);
}

/* The words behind what the segment is. */
static void segment_words(struct conn *c, int dir, struct segment *s, struct extent *e)
{
	struct side *own = &c->side[dir], *peer = &c->side[!dir];
	while (!line_ends()) {
		if (*line_rest() == '"')   put_string(&s->payload);
		else if (word_is("hex"))   put_hex(&s->payload, word("hexadecimal digits"));
		else if (word_is("amqp"))  put_amqp(&s->payload);
		else if (word_is("bytes")) put_filler(&s->payload, number("bytes"));
		else if (word_is("seq"))   s->seq = word_is("trigger") ? peer->last_ack
		                                                       : relative("seq", own->next);
		else if (word_is("ack"))   s->ack = word_is("same") ? own->last_ack
		                                                    : relative("ack", peer->next);
		else if (word_is("win"))   s->window = number("win");
		else if (word_is("ttl"))   s->ttl = number("ttl");
		else if (word_is("urg"))   s->urgent = number("urg");
		else if (word_is("fastopen")) s->fast_open = true;
		else if (word_is("unscaled")) s->unscaled = true;
		else if (word_is("sack")) {
			if (s->sacks == SACKS_MAX)
				wrong("there is room for %d sack blocks", SACKS_MAX);
			range("sack", &s->sack[2 * s->sacks], &s->sack[2 * s->sacks + 1]);
			s->sacks++;
		}
		else if (word_is("id"))    s->id = number("id");
		else if (word_is("x"))     e->times = number("x");
		else if (word_is("every")) e->every = time_of(word("a time"));
		else if (word_is("lost"))  e->lost = true;
		else if (word_is("dup"))   e->dup = true;
		else if (word_is("frag"))  e->cut.size = number("frag");
		else if (word_is("overlap")) e->cut.overlap = number("overlap");
		else if (word_is("loses")) e->cut.lost = number("loses");
		else if (word_is("backwards")) e->cut.backwards = true;
		else if (word_is("mtu"))   e->icmp.mtu = number("mtu");
		else if (word_is("quote")) e->icmp.quote = number("quote");
		else if (word_is("from"))  address_read(c, &e->icmp);
		else wrong("\"%s\" is not known here", word("a word"));
	}
}

static void connect_send(struct conn *c, int64_t at, const struct extent *e)
{
	static const int dirs[] = { 0, 1, 0 }, flags[] = { SYN, SYN | ACK, ACK };
	for (int i = 0; i < 3; i++) {
		static struct segment s;
		s = unset;
		s.flags = flags[i];
		segment_send(c, dirs[i], &s, at + i * CONNECT_STEP, e);
	}
}

/* TIME >|< WHAT … */
static void segment_read(struct conn *c)
{
	static struct segment s;
	struct extent e = { .times = 1, .every = REPEAT_STEP,
	                    .icmp = { .mtu = UNSET, .quote = UNSET } };
	const char *text = word("a time");
	int64_t at = *text == '+' ? story.before + time_of(text + 1) : c->at + time_of(text);
	story.before = at;
	text = word("> or <");
	if (strcmp(text, ">") != 0 && strcmp(text, "<") != 0)
		wrong("behind the time stands > (the client sends) or <, not \"%s\"", text);
	int dir = *text == '<';
	struct side *own = &c->side[dir];
	s = unset;

	text = word("what is sent");
	bool connects = strcmp(text, "connect") == 0, icmp = strcmp(text, "icmp") == 0;
	if (strcmp(text, "again") == 0) {
		s.flags = own->last.flags;
		s.seq = own->last.seq;
		s.payload = own->last.payload;
	} else if (strcmp(text, "keepalive") == 0) {
		s.flags = ACK;
		s.seq = own->next - 1;
	} else if (icmp) {
		numbers("icmp", &e.icmp.type, &e.icmp.code);
	} else if (!connects) {
		s.flags = flags_of(text);
	}
	segment_words(c, dir, &s, &e);
	if (connects) {
		connect_send(c, at, &e);
		return;
	}
	if (icmp) {
		icmp_send(c, dir, &e, at);
		return;
	}
	for (int64_t i = 0; i < e.times; i++)
		segment_send(c, dir, &s, at + i * e.every, &e);
}

/* ---- connections and the file ---- */

/* "10.0.0.5:80" or "[::1]:80". */
static bool endpoint_read(struct side *side, const char *what)
{
	char text[128], *port;
	snprintf(text, sizeof text, "%s", word(what));
	port = strrchr(text, ':');
	if (!port)
		wrong("%s: write it as IP:PORT", what);
	*port++ = 0;
	side->port = (uint16_t)number_of(port, what);
	bool v6 = *text == '[';
	text[strcspn(text, "]")] = 0;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text + v6, side->ip + (v6 ? 0 : 12)) != 1)
		wrong("%s: \"%s\" is no address", what, text);
	return v6;
}

/* Whether the next word is a wrapping. */
static bool wrap_read(struct conn *c)
{
	static const struct { const char *name; enum wrap_kind kind; bool has_id; } wraps[] = {
		{ "vlan", WRAP_VLAN, true }, { "mpls", WRAP_MPLS, true }, { "pppoe", WRAP_PPPOE, true },
		{ "vxlan", WRAP_VXLAN, true }, { "geneve", WRAP_GENEVE, true }, { "gtp", WRAP_GTP, true },
		{ "gre", WRAP_GRE, false }, { "ipip", WRAP_IPIP, false }, { "6in4", WRAP_6IN4, false },
	};
	for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++)
		if (word_is(wraps[i].name)) {
			if (c->wraps_n == WRAPS_MAX)
				wrong("%s: more than %d wrappings", wraps[i].name, WRAPS_MAX);
			c->wraps[c->wraps_n].kind = wraps[i].kind;
			c->wraps[c->wraps_n++].id = wraps[i].has_id ? number(wraps[i].name) : 0;
			return true;
		}
	return false;
}

static void conn_words(struct conn *c)
{
	int64_t client, server;
	while (!line_ends()) {
		if (word_is("mss"))         c->mss = number("mss");
		else if (word_is("wscale")) c->wscale = number("wscale");
		else if (word_is("ts"))     c->timestamps = true;
		else if (word_is("ttl"))    numbers("ttl", &c->side[0].ttl, &c->side[1].ttl);
		else if (word_is("win"))    numbers("win", &c->side[0].window, &c->side[1].window);
		else if (word_is("at"))     c->at = time_of(word("a time"));
		else if (word_is("x"))      c->copies = number("x");
		else if (word_is("every"))  c->every = time_of(word("a time"));
		else if (word_is("isn")) {
			numbers("isn", &client, &server);
			c->side[0].isn = (uint32_t)client, c->side[1].isn = (uint32_t)server;
		} else if (word_is("both")) {
			c->both = true;
		} else if (!wrap_read(c)) {
			wrong("\"%s\" is not known here", word("a word"));
		}
	}
}

static void conn_read(void)
{
	size_t nr = story.conns_n;
	if (nr == CONNS_MAX)
		wrong("more than %d connections", CONNS_MAX);
	struct conn *c = alloc_zeroed(1, sizeof *c);
	c->mss = 1460, c->wscale = UNSET, c->copies = 1;
	line_ends();
	size_t n = strcspn(line_rest(), " \t\n");
	if (n > 1 && n < WORD && line_rest()[n - 1] == ':')
		snprintf(c->name, sizeof c->name, "%.*s", (int)n, word("a name"));
	c->v6 = endpoint_read(&c->side[0], "the client");
	if (!word_is(">"))
		wrong("the client's and the server's address are parted by >");
	if (endpoint_read(&c->side[1], "the server") != c->v6)
		wrong("one address is IPv4, the other IPv6");
	for (int dir = 0; dir < 2; dir++) {
		struct side *side = &c->side[dir];
		side->isn = 0x10000000u * (uint32_t)(dir + 1) + (uint32_t)nr * 7000000u;
		side->next = 1, side->last_ack = UNSET, side->ttl = 64, side->window = UNSET;
		side->id = (uint16_t)(1000 + 20000 * dir + (int)nr * 500);
	}
	conn_words(c);
	for (int dir = 0; dir < 2; dir++)
		if (c->side[dir].window == UNSET)
			c->side[dir].window = c->wscale >= 0 ? 64240 >> c->wscale : 64240;
	story.conns[story.conns_n++] = c;
}

static void link_read(void)
{
	static const struct { const char *name; uint32_t type; } links[] = {
		{ "ethernet", LINK_ETHERNET }, { "raw", LINK_RAW }, { "sll", LINK_SLL },
		{ "sll2", LINK_SLL2 }, { "ppp", LINK_PPP }, { "null", LINK_NULL }, { "loop", LINK_LOOP },
	};
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (word_is(links[i].name)) {
			story.link = links[i].type;
			return;
		}
	wrong("link is followed by ethernet, sll, sll2, raw, ppp, null or loop");
}

/* The connection of a line: named before the time, or the one above. */
static struct conn *conn_of_line(void)
{
	char name[WORD];
	size_t n = strcspn(line_rest(), " \t\n");
	if (n < WORD && line_rest()[n - 1] == ':') {
		snprintf(name, sizeof name, "%s", word("a name"));
		for (size_t i = 0; i < story.conns_n; i++)
			if (strcmp(story.conns[i]->name, name) == 0)
				return story.conns[i];
		wrong("there is no connection %s", name);
	}
	if (!story.conns_n)
		wrong("a connection (tcp IP:PORT > IP:PORT) must come first");
	return story.conns[story.conns_n - 1];
}

static void line_read(const char *line)
{
	line_begin(line);
	if (line_ends())
		return;
	bool whole_file = !story.conns_n;
	if (word_is("tcp"))                      conn_read();
	else if (whole_file && word_is("link"))  link_read();
	else if (whole_file && word_is("snap"))  story.snap = number("snap");
	else                                     segment_read(conn_of_line());
	if (!line_ends())
		wrong("\"%s\" is too much", word(""));
}

static int record_order(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

/* Little endian, microseconds: what tcpdump writes on most machines. */
static void put_le32(uint32_t value)
{
	for (int i = 0; i < 4; i++)
		putchar((int)(value >> 8 * i & 0xff));
}

static void capture_write(void)
{
	put_le32(0xa1b2c3d4);
	put_le32(4u << 16 | 2);                              /* version 2.4 */
	put_le32(0), put_le32(0), put_le32((uint32_t)story.snap), put_le32(story.link);
	if (story.records_n)
		qsort(story.records, story.records_n, sizeof *story.records, record_order);
	for (size_t i = 0; i < story.records_n; i++) {
		const struct record *r = &story.records[i];
		put_le32((uint32_t)(START_S + r->at / SECOND)), put_le32((uint32_t)(r->at % SECOND));
		put_le32((uint32_t)r->n), put_le32((uint32_t)r->wire_n);
		fwrite(r->bytes, 1, r->n, stdout);
		free(r->bytes);
	}
	free(story.records);
	for (size_t i = 0; i < story.conns_n; i++)
		free(story.conns[i]);
}

int main(int argc, char **argv)
{
	static char line[8192];
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	if (!in) {
		fprintf(stderr, argc == 2 ? "pkt: %s cannot be read\n"
		                          : "usage: pkt STORY.pkt > STORY.pcap\n", argv[1]);
		return 2;
	}
	story_begin(argv[1]);
	while (fgets(line, sizeof line, in))
		line_read(line);
	fclose(in);
	capture_write();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("pkt: the capture could not be written\n", stderr);
		return 1;
	}
	return 0;
}
