/* flow.c - see flow.h; closed flows are in flow_closing.c. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "flow_pack.h"
#include "spill.h"

enum { SERVERS_MAX = 65536 };   /* server endpoints remembered, for roles without a SYN */

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

static bool flow_same(const struct flow *f, const struct segment *s)
{
	const struct endpoint *c = &f->side[CLIENT].at, *v = &f->side[SERVER].at;
	return (endpoint_same(c, &s->src) && endpoint_same(v, &s->dst))
	    || (endpoint_same(c, &s->dst) && endpoint_same(v, &s->src));
}

void flow_table_init(struct flow_table *t, size_t at_hand_max)
{
	*t = (struct flow_table){ .key = hash_key_random(), .at_hand_max = at_hand_max, .spill = spill_new(),
	                          .now_ns = NO_TIME };
}

/* ---- in memory, and put aside ---- */

/* Flows lie side by side: what they own comes and goes, and leaves no gaps between them. */
enum { SLAB = 64 };
struct flow_slab { struct flow_slab *next; struct flow flows[SLAB]; };

/* A place is an address, which is even, or twice the place in the spill, and one. */
static bool is_aside(uint64_t place)
{
	return place & 1;
}

static struct flow *flow_of(uint64_t place)
{
	return (struct flow *)(uintptr_t)place;
}

static struct bytes packed_of(const struct flow_table *t, uint64_t place)
{
	return spill_get(t->spill, (int64_t)(place >> 1));
}

static void queue_push(struct flow_queue *q, struct flow *f)
{
	f->next = NULL;
	f->queued = f->last.frame;
	*(q->first ? &q->last->next : &q->first) = f;
	q->last = f;
	q->n++;
}

static struct flow *queue_pop(struct flow_queue *q)
{
	struct flow *f = q->first;
	q->first = f->next;
	q->n--;
	return f;
}

/* Room for a flow in memory, as it was left. */
static struct flow *room_take(struct flow_table *t)
{
	if (!t->unused) {
		struct flow_slab *slab = alloc_zeroed(1, sizeof *slab);
		slab->next = t->slabs;
		t->slabs = slab;
		for (size_t i = SLAB; i-- > 0; t->unused = &slab->flows[i])
			slab->flows[i].next = t->unused;
	}
	struct flow *f = t->unused;
	t->unused = f->next;
	t->came++;
	return f;
}

/* The flow that was put aside, in memory again. */
static struct flow *flow_fetch(struct flow_table *t, uint32_t number)
{
	struct flow *f = room_take(t);
	flow_unpack(packed_of(t, t->places[number]), f);
	t->places[number] = (uintptr_t)f;
	queue_push(&t->at_hand, f);
	return f;
}

/* False: there is no room for it anywhere else. */
static bool flow_put_aside(struct flow_table *t, struct flow *f)
{
	uint8_t packed[FLOW_PACKED_MAX];
	int64_t at = spill_put(t->spill, (struct bytes){ packed, flow_pack(f, packed) });
	if (at < 0) {
		t->at_hand_max = SIZE_MAX;       /* nor for others */
		return false;
	}
	t->places[f->number] = (uint64_t)at << 1 | 1;
	flow_drop(f);
	f->next = t->unused;
	t->unused = f;
	return true;
}

/* Of those that came last as many stay as is allowed; who has spoken since it was last
 * looked at, and who cannot be packed, is behind them again. A few looks for each that came
 * find enough, unless most have payload to read. */
void flow_table_trim(struct flow_table *t)
{
	enum { LOOKS = 4 };
	for (unsigned looks = LOOKS * t->came; looks > 0 && t->at_hand.n > t->at_hand_max; looks--) {
		struct flow *f = queue_pop(&t->at_hand);
		bool spoke = f->last.frame != f->queued;
		if (spoke || !flow_packs(f) || !flow_put_aside(t, f))
			queue_push(&t->at_hand, f);
	}
	t->came = 0;
}

void flow_look(const struct flow_table *t, size_t i, struct flow *f)
{
	if (is_aside(t->places[i]))
		flow_peek(packed_of(t, t->places[i]), f);
	else
		*f = *flow_of(t->places[i]);
}

struct flow *flow_nth(const struct flow_table *t, size_t i, struct flow *room)
{
	if (!is_aside(t->places[i]))
		return flow_of(t->places[i]);
	flow_unpack(packed_of(t, t->places[i]), room);
	return room;
}

/* ---- by endpoints ---- */

/* Where a flow is told by half of its hash; number_1: one more than its number, 0: none. */
struct flow_slot { uint32_t tag, number_1; };

static uint32_t tag_of(const struct flow_table *t, const struct segment *s)
{
	return (uint32_t)pair_hash(t, &s->src, &s->dst);
}

/* Whether the flow of this number is the segment's. */
static bool number_same(const struct flow_table *t, uint32_t number, const struct segment *s)
{
	uint64_t place = t->places[number];
	struct flow aside;
	if (!is_aside(place))
		return flow_same(flow_of(place), s);
	flow_peek(packed_of(t, place), &aside);
	return flow_same(&aside, s);
}

/* The slot of the segment's flow, or the empty one where it belongs. There are slots. */
static struct flow_slot *slot_of(const struct flow_table *t, uint32_t tag, const struct segment *s)
{
	size_t i = tag & (t->slots_n - 1);
	while (t->slots[i].number_1
	       && !(t->slots[i].tag == tag && number_same(t, t->slots[i].number_1 - 1, s)))
		i = (i + 1) & (t->slots_n - 1);
	return &t->slots[i];
}

static void slots_grow(struct flow_table *t)
{
	enum { FIRST = 1024 };
	size_t n = t->slots_n ? 2 * t->slots_n : FIRST;
	struct flow_slot *slots = alloc_zeroed(n, sizeof *slots);
	for (size_t i = 0; i < t->slots_n; i++) {
		size_t at = t->slots[i].tag & (n - 1);
		if (!t->slots[i].number_1)
			continue;
		while (slots[at].number_1)
			at = (at + 1) & (n - 1);
		slots[at] = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->slots_n = n;
}

/* A new flow in memory, zeroed but for its number. */
static struct flow *flow_new(struct flow_table *t)
{
	if (t->n == UINT32_MAX)
		die("more connections in one capture than can be numbered");
	if ((t->n & (t->n - 1)) == 0)             /* doubled when it is full */
		t->places = alloc_grown(t->places, t->n ? 2 * t->n : 1, sizeof *t->places);
	struct flow *f = room_take(t);
	*f = (struct flow){ .number = (uint32_t)t->n };
	t->places[t->n++] = (uintptr_t)f;
	return f;
}

/* The flow is the one of its endpoints from now on. */
static void flow_enter(struct flow_table *t, const struct segment *s, const struct flow *f)
{
	if (3 * (t->slots_used + 1) > 2 * t->slots_n)
		slots_grow(t);
	uint32_t tag = tag_of(t, s);
	struct flow_slot *slot = slot_of(t, tag, s);
	t->slots_used += !slot->number_1;
	*slot = (struct flow_slot){ tag, f->number + 1 };
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
	uint32_t number_1 = t->slots_n ? slot_of(t, tag_of(t, s), s)->number_1 : 0;
	struct flow *f = NULL;
	if (number_1)
		f = is_aside(t->places[number_1 - 1]) ? flow_fetch(t, number_1 - 1) : flow_of(t->places[number_1 - 1]);
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
	flow_enter(t, s, f);
	queue_push(&t->at_hand, f);
	return f;
}

bool side_takes(const struct tcp_side *side, uint32_t seq)
{
	enum { MAX_SCALE = 14 };   /* RFC 7323, 2.3 */
	int64_t window = side->scaled_window != NONE ? side->scaled_window
	               : (int64_t)side->analysis.window << MAX_SCALE;
	return !side->analysis.has_ack || seq - side->analysis.ack <= window;
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

void flow_drop(struct flow *f)
{
	flow_retire(f);
	free(f->path);
	f->path = NULL;
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
	for (struct flow *f = t->at_hand.first; f; f = f->next)
		flow_drop(f);
	while (t->slabs) {
		struct flow_slab *next = t->slabs->next;
		free(t->slabs);
		t->slabs = next;
	}
	free(t->slots);
	free(t->places);
	spill_free(t->spill);
	for (size_t i = 0; i < t->servers.size; i++)
		free(t->servers.slots[i].value);
	for (size_t i = 0; i < t->reserved.size; i++)
		free(t->reserved.slots[i].value);
	map_free(&t->reserved);
	map_free(&t->servers);
}
