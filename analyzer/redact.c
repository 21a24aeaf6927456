/* redact.c - see redact.h. */
#include "redact.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "secrets.h"
#include "text.h"

enum kind { REQUEST, RESPONSE, AMQP_METHOD };

struct range { uint32_t from, to; };         /* in a region, half open */

/* A head or a method in the stream. Regions do not overlap. */
struct region {
	int64_t       flow_id;
	enum side     sender;
	enum kind     kind;
	uint32_t      off, most;             /* it ends before off + most */
	uint8_t      *p, *seen;              /* what was learned, and of which bytes; NULL: done */
	uint32_t      n, room, whole;        /* up to the last byte; allocated; without a hole */
	struct range *secret;
	size_t        secret_n;
};

struct redactor { struct region *region; size_t n; };

/* ---- where they are ---- */

#define REGIONS_WHERE(flow) \
	"SELECT flow_id, 0, 0, request_off, ?1 FROM http_exchange" \
	" WHERE " flow " AND request_off IS NOT NULL" \
	" UNION ALL SELECT flow_id, 1, 1, response_off, ?1 FROM http_exchange" \
	" WHERE " flow " AND response_off IS NOT NULL" \
	" UNION ALL SELECT flow_id, sender = 'server', 2, begin_off, end_off - begin_off FROM amqp_method" \
	" WHERE " flow " AND name IN ('connection.start-ok', 'connection.secure'," \
	"                             'connection.secure-ok', 'connection.update-secret')"

static const char chosen_sql[] = REGIONS_WHERE("flow_id IN (SELECT id FROM temp.chosen)");
static const char flow_sql[] = REGIONS_WHERE("flow_id = ?2");

static int by_place(const void *va, const void *vb)
{
	const struct region *a = va, *b = vb;
	if (a->flow_id != b->flow_id)
		return a->flow_id < b->flow_id ? -1 : 1;
	if (a->sender != b->sender)
		return a->sender < b->sender ? -1 : 1;
	return (a->off > b->off) - (a->off < b->off);
}

/* A region ends where the next begins. */
static void regions_part(struct redactor *r)
{
	for (size_t i = 0; i + 1 < r->n; i++) {
		struct region *a = &r->region[i], *b = a + 1;
		if (a->flow_id == b->flow_id && a->sender == b->sender && b->off - a->off < a->most)
			a->most = b->off - a->off;
	}
}

static struct redactor *regions_read(struct sqlite3 *db, const char *sql, int64_t flow_id, struct err *err)
{
	struct redactor *r = alloc_zeroed(1, sizeof *r);
	sqlite3_stmt *s = NULL;
	size_t room = 0;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	sqlite3_bind_int(s, 1, LIMIT_HTTP_HEAD);
	if (flow_id != NONE)
		sqlite3_bind_int64(s, 2, flow_id);
	while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		if (r->n == room) {
			room = room ? 2 * room : 16;
			r->region = alloc_grown(r->region, room, sizeof *r->region);
		}
		r->region[r->n++] = (struct region){
			.flow_id = sqlite3_column_int64(s, 0), .sender = (enum side)sqlite3_column_int(s, 1),
			.kind = (enum kind)sqlite3_column_int(s, 2), .off = (uint32_t)sqlite3_column_int64(s, 3),
			.most = (uint32_t)sqlite3_column_int64(s, 4),
		};
	}
	if (sqlite3_finalize(s) != SQLITE_OK || rc != SQLITE_OK) {
		fail(err, "the case cannot be read: %s", sqlite3_errmsg(db));
		redactor_free(r);
		return NULL;
	}
	if (r->n)
		qsort(r->region, r->n, sizeof *r->region, by_place);
	regions_part(r);
	return r;
}

struct redactor *redactor_new(struct sqlite3 *db, struct err *err)
{
	return regions_read(db, chosen_sql, NONE, err);
}

struct redactor *redactor_of_flow(struct sqlite3 *db, int64_t flow_id, struct err *err)
{
	return regions_read(db, flow_sql, flow_id, err);
}

/* The last region that begins at or before this place; NULL: none of this side does. */
static struct region *region_at(const struct redactor *r, int64_t flow_id, enum side sender, uint32_t off)
{
	const struct region place = { .flow_id = flow_id, .sender = sender, .off = off };
	size_t low = 0, high = r->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_place(&r->region[middle], &place) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	struct region *g = low ? &r->region[low - 1] : NULL;
	return g && g->flow_id == flow_id && g->sender == sender ? g : NULL;
}

static struct region *region_before(const struct redactor *r, const struct region *g)
{
	struct region *b = g > r->region ? &r->region[g - r->region - 1] : NULL;
	return b && b->flow_id == g->flow_id && b->sender == g->sender ? b : NULL;
}

/* ---- what they say ---- */

static void secret_add(struct region *g, uint32_t from, uint32_t to)
{
	g->secret = alloc_grown(g->secret, g->secret_n + 1, sizeof *g->secret);
	g->secret[g->secret_n++] = (struct range){ from, to };
}

/* Compare the whole part with what masking makes of it; nothing more is to be learned. */
static void region_finish(struct region *g)
{
	uint8_t *masked = alloc_zeroed(g->whole + 1, 1);
	memcpy(masked, g->p, g->whole);
	if (g->kind == AMQP_METHOD)
		amqp_mask(masked, g->whole);
	else
		http1_mask(masked, g->whole, g->kind == REQUEST);
	for (uint32_t i = 0, from; i < g->whole; i++)
		if (masked[i] != g->p[i]) {
			for (from = i; i < g->whole && masked[i] != g->p[i]; i++)
				;
			secret_add(g, from, i);
		}
	if (g->whole < g->n)
		secret_add(g, g->whole, g->n);
	free(masked);
	free(g->p);
	free(g->seen);
	g->p = g->seen = NULL;
	g->most = g->n;
}

/* Whether all of it is there: a head ends with an empty line. */
static bool region_is_whole(struct region *g, uint32_t before)
{
	if (g->whole == g->most)
		return true;
	if (g->kind == AMQP_METHOD)
		return false;
	for (uint32_t i = before > 3 ? before - 3 : 0; i + 1 < g->whole; i++)
		if (g->p[i] == '\n' && (g->p[i + 1] == '\n'
		                        || (g->p[i + 1] == '\r' && i + 2 < g->whole && g->p[i + 2] == '\n')))
			return true;
	return false;
}

/* Bytes from `at` on; the first copy of a byte stays. */
static void region_learn(struct region *g, uint32_t at, struct bytes b)
{
	uint32_t n = b.n < g->most - at ? (uint32_t)b.n : g->most - at, before = g->whole;
	if (at + n > g->room) {
		uint32_t room = at + n;
		g->p = alloc_grown(g->p, room, 1);
		g->seen = alloc_grown(g->seen, room, 1);
		memset(g->seen + g->room, 0, room - g->room);
		g->room = room;
	}
	for (uint32_t i = 0; i < n; i++)
		if (!g->seen[at + i]) {
			g->p[at + i] = b.p[i];
			g->seen[at + i] = 1;
		}
	g->n = at + n > g->n ? at + n : g->n;
	while (g->whole < g->n && g->seen[g->whole])
		g->whole++;
	if (g->whole > before && region_is_whole(g, before)) {
		g->n = g->whole;
		region_finish(g);
	}
}

/* Whether more of it is to be learned. */
static bool region_is_open(const struct region *g)
{
	return g->most && (g->seen || !g->room);
}

void redactor_learn(struct redactor *r, int64_t flow_id, enum side sender, uint32_t off, struct bytes b)
{
	if (!b.n)
		return;
	uint32_t last = off + (uint32_t)b.n - 1;
	for (struct region *g = region_at(r, flow_id, sender, last); g; g = region_before(r, g)) {
		if (g->off <= off && off - g->off >= g->most)
			return;
		bool begins_inside = g->off > off;
		uint32_t skip = begins_inside ? g->off - off : 0, at = begins_inside ? 0 : off - g->off;
		if (region_is_open(g) && at < g->most)
			region_learn(g, at, (struct bytes){ b.p + skip, b.n - skip });
		if (!begins_inside)
			return;
	}
}

bool redactor_wants(const struct redactor *r, int64_t flow_id, enum side sender, uint32_t off, size_t n,
                    uint32_t *from, uint32_t *to)
{
	if (!n)
		return false;
	for (const struct region *g = region_at(r, flow_id, sender, off + (uint32_t)n - 1); g;
	     g = region_before(r, g)) {
		bool begins_before = g->off <= off;
		if (region_is_open(g) && (!begins_before || off - g->off < g->most)) {
			*from = g->off;
			*to = g->off + g->most;
			return true;
		}
		if (begins_before)
			break;
	}
	return false;
}

void redactor_learned_at(struct redactor *r, int64_t flow_id, enum side sender, uint32_t from)
{
	struct region *g = region_at(r, flow_id, sender, from);
	if (g && g->seen)
		region_finish(g);
	else if (g && !g->room)
		g->most = 0;                     /* not a byte of it was captured */
}

void redactor_learned(struct redactor *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->region[i].seen)
			region_finish(&r->region[i]);
}

bool redactor_covers(const struct redactor *r, int64_t flow_id, enum side sender, uint32_t off)
{
	const struct region *g = region_at(r, flow_id, sender, off);
	return g && off - g->off < g->most;
}

/* ---- overwriting ---- */

static bool range_apply(const struct region *g, struct range secret, uint32_t off, uint8_t *p, size_t n)
{
	uint64_t from = (uint64_t)g->off + secret.from, to = (uint64_t)g->off + secret.to,
	         end = (uint64_t)off + n;
	from = from > off ? from : off;
	to = to < end ? to : end;
	if (from >= to)
		return false;
	memset(p + (from - off), 'x', to - from);
	return true;
}

bool redactor_apply(const struct redactor *r, int64_t flow_id, enum side sender, uint32_t off,
                    uint8_t *p, size_t n)
{
	bool any = false;
	if (!n)
		return false;
	for (struct region *g = region_at(r, flow_id, sender, off + (uint32_t)n - 1); g;
	     g = region_before(r, g)) {
		for (size_t i = 0; i < g->secret_n; i++)
			any |= range_apply(g, g->secret[i], off, p, n);
		if (g->off <= off)
			break;
	}
	return any;
}

void redactor_free(struct redactor *r)
{
	for (size_t i = 0; r && i < r->n; i++) {
		free(r->region[i].p);
		free(r->region[i].seen);
		free(r->region[i].secret);
	}
	if (r)
		free(r->region);
	free(r);
}
