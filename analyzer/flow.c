/* flow.c - see flow.h. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

enum { SERVERS_MAX = 65536 };   /* server endpoints remembered, for roles without a SYN */
enum { SLAB = 64 };

/* The same for both directions: the lesser endpoint first. */
struct flow_key { struct endpoint low, high; };

/* Endpoints as bytes without padding, for hashing and comparing. */
static void endpoint_pack(const struct endpoint *e, uint8_t b[18])
{
	memcpy(b, e->ip, 16);
	b[16] = (uint8_t)(e->port >> 8);
	b[17] = (uint8_t)e->port;
}

static bool endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

static uint64_t pair_hash(const struct flow_table *t, const struct endpoint *a,
                          const struct endpoint *b)
{
	uint8_t packed[36];
	endpoint_pack(a, packed);
	endpoint_pack(b, packed + 18);
	if (memcmp(packed, packed + 18, 18) > 0) {
		endpoint_pack(b, packed);
		endpoint_pack(a, packed + 18);
	}
	return hash_bytes(&t->key, packed, sizeof packed);
}

static bool flow_same(const void *value, const void *key)
{
	const struct flow *f = value;
	const struct segment *s = key;
	const struct endpoint *c = &f->side[CLIENT].at, *v = &f->side[SERVER].at;
	return (endpoint_same(c, &s->src) && endpoint_same(v, &s->dst))
	    || (endpoint_same(c, &s->dst) && endpoint_same(v, &s->src));
}

void flow_table_init(struct flow_table *t)
{
	*t = (struct flow_table){ .key = hash_key_random() };
}

/* A SYN whose number is not the one its side began with is another connection's:
 * tshark's test. */
static bool begins_anew(const struct flow *f, const struct segment *s)
{
	const struct tcp_side *own = &f->side[flow_sender(f, s)];
	if ((s->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	return own->has_base && own->base_seq != s->seq;
}

struct flow *flow_find(struct flow_table *t, const struct segment *s, struct flow **reused)
{
	struct flow *f = map_find(&t->map, pair_hash(t, &s->src, &s->dst), s, flow_same);
	*reused = NULL;
	if (f && begins_anew(f, s)) {
		*reused = f;
		return NULL;
	}
	return f;
}

/* ---- numbers that flows will have ---- */

struct reserved { struct endpoint a, b; uint64_t stream; bool taken; };

static bool reserved_same(const void *value, const void *key)
{
	const struct reserved *r = value;
	const struct segment *s = key;
	return (endpoint_same(&r->a, &s->src) && endpoint_same(&r->b, &s->dst))
	    || (endpoint_same(&r->a, &s->dst) && endpoint_same(&r->b, &s->src));
}

void flow_reserve(struct flow_table *t, const struct segment *s)
{
	uint64_t hash = pair_hash(t, &s->src, &s->dst);
	if (map_find(&t->reserved, hash, s, reserved_same))
		return;
	uint64_t stream = t->streams++;
	if (t->reserved_n == LIMIT_RESERVED_STREAMS)
		return;
	struct reserved *r = alloc_zeroed(1, sizeof *r);
	*r = (struct reserved){ .a = s->src, .b = s->dst, .stream = stream };
	map_put(&t->reserved, hash, s, reserved_same, r);
	t->reserved_n++;
}

static uint64_t stream_number(struct flow_table *t, const struct segment *s)
{
	struct reserved *r = t->reserved_n
		? map_find(&t->reserved, pair_hash(t, &s->src, &s->dst), s, reserved_same) : NULL;
	if (!r || r->taken)
		return t->streams++;
	r->taken = true;
	return r->stream;
}

/* ---- who is the client ---- */

static bool server_same(const void *value, const void *key)
{
	return endpoint_same(value, key);
}

static uint64_t server_hash(const struct flow_table *t, const struct endpoint *e)
{
	uint8_t packed[18];
	endpoint_pack(e, packed);
	return hash_bytes(&t->key, packed, sizeof packed);
}

static bool server_known(const struct flow_table *t, const struct endpoint *e)
{
	return map_find(&t->servers, server_hash(t, e), e, server_same) != NULL;
}

static void server_remember(struct flow_table *t, const struct endpoint *e)
{
	if (t->servers_n == SERVERS_MAX || server_known(t, e))
		return;
	struct endpoint *kept = alloc_zeroed(1, sizeof *kept);
	*kept = *e;
	map_put(&t->servers, server_hash(t, e), kept, server_same, kept);
	t->servers_n++;
}

/* How much a port looks like a service's: the less, the likelier. */
static unsigned port_rank(uint16_t port)
{
	static const uint16_t services[] = { 1433, 1521, 1883, 2181, 2375, 3000, 3128, 3306, 5000, 5432,
	                                     5671, 5672, 6379, 8000, 8080, 8081, 8443, 8883, 8888, 9000,
	                                     9042, 9092, 9200, 11211, 15672, 25672, 27017, 50051 };
	enum { RESERVED = 1024, EPHEMERAL = 32768 };   /* Linux: ip_local_port_range */
	if (port < RESERVED)
		return 0;
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (services[i] == port)
			return 1;
	return port < EPHEMERAL ? 2 : 3;
}

/* Who of src and dst is the client, and how that is known. */
static const struct endpoint *client_of(const struct flow_table *t, const struct segment *s,
                                        const char **known_by)
{
	*known_by = "syn";
	if (s->flags & TCP_SYN && !(s->flags & TCP_ACK))
		return &s->src;
	*known_by = "syn_ack";
	if (s->flags & TCP_SYN)
		return &s->dst;
	*known_by = "server";
	bool src_serves = server_known(t, &s->src), dst_serves = server_known(t, &s->dst);
	if (src_serves != dst_serves)
		return src_serves ? &s->dst : &s->src;
	*known_by = "port";
	unsigned src = port_rank(s->src.port), dst = port_rank(s->dst.port);
	if (src != dst)
		return src > dst ? &s->src : &s->dst;
	return s->src.port >= s->dst.port ? &s->src : &s->dst;
}

enum side flow_sender(const struct flow *f, const struct segment *s)
{
	return endpoint_same(&f->side[CLIENT].at, &s->src) ? CLIENT : SERVER;
}

/* Flows lie side by side: what they own comes and goes, and leaves no gaps between them. */
struct flow_slab { struct flow flows[SLAB]; };

static struct flow *flow_new(struct flow_table *t)
{
	size_t slab = t->n / SLAB;
	if (t->n % SLAB == 0) {
		t->slabs = alloc_grown(t->slabs, slab + 1, sizeof *t->slabs);
		t->slabs[slab] = alloc_zeroed(1, sizeof **t->slabs);
	}
	return &t->slabs[slab]->flows[t->n++ % SLAB];
}

const struct flow *flow_at(const struct flow_table *t, size_t i)
{
	return &t->slabs[i / SLAB]->flows[i % SLAB];
}

struct flow *flow_begin(struct flow_table *t, const struct segment *s, int64_t id)
{
	struct flow *f = flow_new(t);
	const struct endpoint *client = client_of(t, s, &f->client_known_by);
	f->id = id;
	f->stream = stream_number(t, s);
	f->side[CLIENT].at = *client;
	f->side[SERVER].at = client == &s->src ? s->dst : s->src;
	f->first = s->at;
	for (int i = CLIENT; i <= SERVER; i++) {
		struct tcp_side *side = &f->side[i];
		side->mss = side->window_scale = side->ttl = NONE;
		side->fin_off = side->fin_acks_off = NONE;
		side->scaled_window = NONE;
		side->last_speech = s->at;
	}
	char path[LIMIT_PATH];
	if (*path_text(s, path))
		f->path = text_copy(path);
	if (s->flags & TCP_SYN)
		server_remember(t, &f->side[SERVER].at);
	map_put(&t->map, pair_hash(t, &s->src, &s->dst), s, flow_same, f);
	*(t->last ? &t->last->next : &t->first) = f;
	t->last = f;
	return f;
}

bool side_takes(const struct tcp_side *side, uint32_t seq)
{
	enum { MAX_SCALE = 14 };   /* RFC 7323, 2.3 */
	int64_t window = side->scaled_window != NONE ? side->scaled_window
	               : (int64_t)side->analysis.window << MAX_SCALE;
	return !side->analysis.has_ack || seq - side->analysis.ack <= window;
}

/* ---- closed flows ---- */

/* How long after the end something may still come that matters: after a RST what was on
 * its way; after FINs also what was lost and comes again (twice the longest life of a
 * segment as Linux has it; RFC 9293, 3.4.2, would allow four minutes). */
static const int64_t CLOSED_NS[2] = { 2 * 1000000000LL, 60 * 1000000000LL };

static void closing_push(struct closing *queue, struct flow *f)
{
	f->closing = true;
	f->closing_ns = f->last.ns;
	f->closing_next = NULL;
	*(queue->first ? &queue->last->closing_next : &queue->first) = f;
	queue->last = f;
}

void flow_close_check(struct flow_table *t, struct flow *f)
{
	bool reset = f->ended && strcmp(f->ended, "fin") != 0;
	bool both_fins = f->side[CLIENT].fin.frame && f->side[SERVER].fin.frame;
	if (!f->closing && (reset || both_fins))
		closing_push(&t->closing[reset ? 0 : 1], f);
}

struct flow *flow_closed(struct flow_table *t, int64_t now_ns)
{
	for (int i = 0; i < 2; i++) {
		struct closing *queue = &t->closing[i];
		struct flow *f = queue->first;
		if (!f || now_ns - f->closing_ns < CLOSED_NS[i])
			continue;
		queue->first = f->closing_next;
		if (now_ns - f->last.ns >= CLOSED_NS[i])
			return f;
		closing_push(queue, f);      /* somebody still speaks on it */
	}
	return NULL;
}

void flow_retire(struct flow *f)
{
	packet_chunk_free(&f->packets);
	for (int i = CLIENT; i <= SERVER; i++) {
		free(f->side[i].recent);
		f->side[i].recent = NULL;
		f->side[i].recent_n = 0;
	}
}

void flow_swap_sides(struct flow *f)
{
	struct tcp_side client = f->side[CLIENT];
	f->side[CLIENT] = f->side[SERVER];
	f->side[SERVER] = client;
	f->ended_by = other(f->ended_by);
	f->provoked_side = other(f->provoked_side);
	for (size_t i = 0; i < HISTORY_LETTERS; i++) {
		uint32_t count = f->history_counts[CLIENT][i];
		f->history_counts[CLIENT][i] = f->history_counts[SERVER][i];
		f->history_counts[SERVER][i] = count;
	}
	for (size_t i = 0; i < f->history_n; i++)
		f->history[i] ^= 'a' ^ 'A';
}

void flow_table_free(struct flow_table *t)
{
	for (struct flow *f = t->first; f; f = f->next) {
		flow_retire(f);
		free(f->path);
	}
	for (size_t i = 0; i * SLAB < t->n; i++)
		free(t->slabs[i]);
	free(t->slabs);
	for (size_t i = 0; i < t->servers.size; i++)
		free(t->servers.slots[i].value);
	for (size_t i = 0; i < t->reserved.size; i++)
		free(t->reserved.slots[i].value);
	map_free(&t->reserved);
	map_free(&t->map);
	map_free(&t->servers);
}
