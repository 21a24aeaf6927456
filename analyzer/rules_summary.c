/* rules_summary.c - how many flows of each server began, ended, and how, and what they speak,
 * counted in one scan of the flows: SQLite takes four times as long to sort and group a million
 * of them.
 *
 * Memory is that of the largest capture: LIMIT_SERVERS servers, a number for each of
 * LIMIT_SERVER_CLIENTS pairs of a server and a client, LIMIT_FLOW_KINDS words. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "hash.h"
#include "limits.h"
#include "map.h"
#include "rules_pass.h"

enum { BUCKETS = 120 };          /* as in summary.sql */

/* Ways to end, as flow.ended and flow.ended_by have them. */
enum ending { REFUSED, UNANSWERED, OPEN, RST_BY_CLIENT, RST_BY_SERVER, FIN_BY_CLIENT, FIN_BY_SERVER, ENDINGS };

struct server {
	struct server *next;
	char    ip[46], app[32];
	int     port, apps;              /* apps: 2 where there are several */
	int64_t flows, clients, client_bytes, server_bytes, endings[ENDINGS];
	int64_t rtts, rtt_min_ns, rtt_max_ns, rtt_sum_ns;
};

/* Hashes of what was seen. 0 is an empty place. */
struct seen { uint64_t *slots; size_t size, used; };

/* Flows of one protocol, or of one path. */
struct kind {
	struct kind *next;
	const char  *what;               /* 'app', 'path' */
	char         name[LIMIT_PATH];
	int64_t      flows, spoken;
};

/* One capture. */
struct count {
	struct pass    *pass;
	struct hash_key key;
	int64_t         capture_id, first_ns, width_ns;
	struct map      map;
	struct server  *servers, *others;    /* others: all beyond LIMIT_SERVERS */
	size_t          servers_n;
	struct seen     clients;
	struct map      kind_map;
	struct kind    *kinds;
	struct kind    *last_app, *last_path;    /* most flows are of the same kind as the one before */
	size_t          kinds_n;
	int64_t         begins[BUCKETS], ends[BUCKETS];
};

/* The columns of scan_sql. */
enum { CAPTURE, CLIENT_IP, SERVER_IP, SERVER_PORT, BEGAN, CLIENT_BYTES, SERVER_BYTES, RTT, ENDED, ENDED_BY, ENDED_NS, APP,
       PATH };

static const char scan_sql[] =
	"SELECT capture_id, client_ip, server_ip, server_port, first_ns, client_bytes, server_bytes, rtt_ns,"
	" ended, ended_by, ended_ns, app, path FROM main.flow ORDER BY id";

/* ---- servers ---- */

struct server_key { const char *ip; int port; };

static bool server_same(const void *value, const void *key)
{
	const struct server *s = value;
	const struct server_key *k = key;
	return s->port == k->port && strcmp(s->ip, k->ip) == 0;
}

/* Of an address and a port, or of a place in memory that stands for these. */
static uint64_t pair_hash(const struct count *c, const char *ip, int64_t with)
{
	uint8_t text[64] = { 0 };
	size_t n = strlen(ip) < sizeof text - 8 ? strlen(ip) : sizeof text - 8;
	memcpy(text, ip, n);
	memcpy(text + n, &with, 8);
	return hash_bytes(&c->key, text, n + 8);
}

static struct server *server_new(struct count *c, const char *ip, int port)
{
	struct server *s = alloc_zeroed(1, sizeof *s);
	snprintf(s->ip, sizeof s->ip, "%s", ip);
	s->port = port;
	s->next = c->servers;
	c->servers = s;
	c->servers_n++;
	return s;
}

static struct server *server_of(struct count *c, const char *ip, int port)
{
	struct server_key key = { ip, port };
	uint64_t hash = pair_hash(c, ip, port);
	struct server *s = map_find(&c->map, hash, &key, server_same);
	if (s)
		return s;
	if (c->servers_n >= LIMIT_SERVERS)
		return c->others ? c->others : (c->others = server_new(c, "", 0));
	s = server_new(c, ip, port);
	map_put(&c->map, hash, &key, server_same, s);
	return s;
}

/* ---- clients ---- */

static void seen_place(struct seen *s, uint64_t hash)
{
	size_t at = hash & (s->size - 1);
	while (s->slots[at])
		at = (at + 1) & (s->size - 1);
	s->slots[at] = hash;
}

static void seen_grow(struct seen *s)
{
	struct seen old = *s;
	s->size = old.size ? 2 * old.size : 1024;
	s->slots = alloc_zeroed(s->size, sizeof *s->slots);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i])
			seen_place(s, old.slots[i]);
	free(old.slots);
}

/* Whether this is the first time, and it could be remembered. */
static bool seen_first(struct seen *s, uint64_t hash)
{
	hash |= !hash;
	if (2 * s->used >= s->size && s->used < LIMIT_SERVER_CLIENTS)
		seen_grow(s);
	size_t at = hash & (s->size - 1);
	while (s->slots[at] && s->slots[at] != hash)
		at = (at + 1) & (s->size - 1);
	if (s->slots[at] || s->used >= LIMIT_SERVER_CLIENTS)
		return false;
	s->slots[at] = hash;
	s->used++;
	return true;
}

/* ---- kinds ---- */

struct kind_key { const char *what, *name; };

static bool kind_same(const void *value, const void *key)
{
	const struct kind *k = value;
	const struct kind_key *of = key;
	return strcmp(k->what, of->what) == 0 && strcmp(k->name, of->name) == 0;
}

/* One that is new where there are too many is counted with the others, which have no name. */
static struct kind *kind_of(struct count *c, const char *what, const char *text_of)
{
	char name[sizeof ((struct kind *)0)->name];
	snprintf(name, sizeof name, "%s", text_of);
	struct kind_key key = { what, c->kinds_n < LIMIT_FLOW_KINDS ? name : "" };
	uint64_t hash = hash_bytes(&c->key, name, strlen(name)) + (uint64_t)*what;
	struct kind *k = map_find(&c->kind_map, hash, &(struct kind_key){ what, name }, kind_same);
	if (!k && !*key.name) {
		hash = (uint64_t)*what;
		k = map_find(&c->kind_map, hash, &key, kind_same);
	}
	if (!k) {
		k = alloc_zeroed(1, sizeof *k);
		*k = (struct kind){ .next = c->kinds, .what = what };
		snprintf(k->name, sizeof k->name, "%s", key.name);
		map_put(&c->kind_map, hash, &key, kind_same, k);
		c->kinds = k;
		c->kinds_n++;
	}
	return k;
}

static void kind_add(struct count *c, const char *what, struct kind **last, const char *name, bool spoken)
{
	if (!*last || strcmp((*last)->name, name) != 0)
		*last = kind_of(c, what, name);
	(*last)->flows++;
	(*last)->spoken += spoken;
}

/* ---- a flow ---- */

static const char *text(sqlite3_stmt *s, int column)
{
	const unsigned char *t = sqlite3_column_text(s, column);
	return t ? (const char *)t : "";
}

static enum ending ending_of(sqlite3_stmt *s)
{
	const char *ended = text(s, ENDED);
	bool by_server = strcmp(text(s, ENDED_BY), "server") == 0;
	switch (*ended) {
	case 'r': return strcmp(ended, "rst") != 0 ? REFUSED : by_server ? RST_BY_SERVER : RST_BY_CLIENT;
	case 'f': return by_server ? FIN_BY_SERVER : FIN_BY_CLIENT;
	case 'u': return UNANSWERED;
	default:  return OPEN;
	}
}

static void bucket_add(struct count *c, int64_t buckets[BUCKETS], sqlite3_stmt *s, int column)
{
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return;
	int64_t nr = (sqlite3_column_int64(s, column) - c->first_ns) / c->width_ns;
	buckets[nr < 0 ? 0 : nr < BUCKETS ? nr : BUCKETS - 1]++;
}

static void rtt_add(struct server *v, int64_t ns)
{
	v->rtt_min_ns = !v->rtts || ns < v->rtt_min_ns ? ns : v->rtt_min_ns;
	v->rtt_max_ns = !v->rtts || ns > v->rtt_max_ns ? ns : v->rtt_max_ns;
	v->rtt_sum_ns += ns;
	v->rtts++;
}

static void flow_add(struct count *c, sqlite3_stmt *s)
{
	struct server *v = server_of(c, text(s, SERVER_IP), sqlite3_column_int(s, SERVER_PORT));
	const char *app = text(s, APP);
	v->flows++;
	v->clients += seen_first(&c->clients, pair_hash(c, text(s, CLIENT_IP), (int64_t)(intptr_t)v));
	v->client_bytes += sqlite3_column_int64(s, CLIENT_BYTES);
	v->server_bytes += sqlite3_column_int64(s, SERVER_BYTES);
	v->endings[ending_of(s)]++;
	if (sqlite3_column_type(s, RTT) != SQLITE_NULL)
		rtt_add(v, sqlite3_column_int64(s, RTT));
	if (*app && !v->apps)
		v->apps = snprintf(v->app, sizeof v->app, "%s", app) > 0;
	else if (*app && strcmp(app, v->app) != 0)
		v->apps = 2;
	bool spoken = sqlite3_column_int64(s, CLIENT_BYTES) + sqlite3_column_int64(s, SERVER_BYTES) > 0;
	kind_add(c, "app", &c->last_app, *app ? app : "unknown", spoken);
	if (*text(s, PATH))
		kind_add(c, "path", &c->last_path, text(s, PATH), spoken);
	bucket_add(c, c->begins, s, BEGAN);
	bucket_add(c, c->ends, s, ENDED_NS);
}

/* ---- a capture ---- */

/* Where its buckets are. */
static void capture_begin(struct count *c, struct pass *p, int64_t id)
{
	sqlite3_stmt *s = NULL;
	*c = (struct count){ .pass = p, .key = hash_key_random(), .capture_id = id, .width_ns = 1 };
	if (sqlite3_prepare_v2(p->db, "SELECT first_ns, last_ns FROM main.capture WHERE id = ?1", -1, &s, NULL) == SQLITE_OK
	    && sqlite3_bind_int64(s, 1, id) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		c->first_ns = sqlite3_column_int64(s, 0);
		c->width_ns = (sqlite3_column_int64(s, 1) - c->first_ns) / BUCKETS + 1;
	}
	sqlite3_finalize(s);
}

static bool server_insert(struct count *c, sqlite3_stmt *s, const struct server *v)
{
	int at = 1;
	sqlite3_bind_int64(s, at++, c->capture_id);
	sqlite3_bind_text(s, at++, v->ip, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, at++, v->port);
	bind_text(s, at++, v->apps ? v->app : NULL);
	sqlite3_bind_int(s, at++, v->apps > 1);
	sqlite3_bind_int64(s, at++, v->flows);
	sqlite3_bind_int64(s, at++, v->clients);
	sqlite3_bind_int64(s, at++, v->client_bytes);
	sqlite3_bind_int64(s, at++, v->server_bytes);
	for (int i = 0; i < ENDINGS; i++)
		sqlite3_bind_int64(s, at++, v->endings[i]);
	int64_t rtt[] = { v->rtt_min_ns, v->rtts ? v->rtt_sum_ns / v->rtts : 0, v->rtt_max_ns };
	for (int i = 0; i < 3; i++, at++)
		if (v->rtts)
			sqlite3_bind_int64(s, at, rtt[i]);
		else
			sqlite3_bind_null(s, at);
	bool ok = sqlite3_step(s) == SQLITE_DONE;
	sqlite3_reset(s);
	return ok;
}

static bool bucket_insert(struct count *c, sqlite3_stmt *s, int nr)
{
	sqlite3_bind_int64(s, 1, c->capture_id);
	sqlite3_bind_int(s, 2, nr);
	sqlite3_bind_int64(s, 3, c->begins[nr]);
	sqlite3_bind_int64(s, 4, c->ends[nr]);
	bool ok = sqlite3_step(s) == SQLITE_DONE;
	sqlite3_reset(s);
	return ok;
}

static bool kind_insert(struct count *c, sqlite3_stmt *s, const struct kind *k)
{
	sqlite3_bind_int64(s, 1, c->capture_id);
	sqlite3_bind_text(s, 2, k->what, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, k->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, k->flows);
	sqlite3_bind_int64(s, 5, k->spoken);
	bool ok = sqlite3_step(s) == SQLITE_DONE;
	sqlite3_reset(s);
	return ok;
}

static const char kind_sql[] = "INSERT INTO flow_kind VALUES(?, ?, ?, ?, ?)";

static const char server_sql[] =
	"INSERT INTO server_count VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

static const char bucket_sql[] =
	"INSERT INTO capture_bucket(capture_id, bucket, begins, ends) VALUES(?1, ?2, ?3, ?4)"
	" ON CONFLICT DO UPDATE SET begins = ?3, ends = ?4";

/* Write down what was counted, and forget it. */
static bool capture_end(struct count *c)
{
	sqlite3 *db = c->pass->db;
	sqlite3_stmt *server = NULL, *bucket = NULL, *kind = NULL;
	bool ok = sqlite3_prepare_v2(db, server_sql, -1, &server, NULL) == SQLITE_OK
	       && sqlite3_prepare_v2(db, bucket_sql, -1, &bucket, NULL) == SQLITE_OK
	       && sqlite3_prepare_v2(db, kind_sql, -1, &kind, NULL) == SQLITE_OK;
	for (int i = 0; i < BUCKETS; i++)
		if (c->begins[i] || c->ends[i])
			ok = ok && bucket_insert(c, bucket, i);
	for (struct server *v = c->servers, *next; v; v = next) {
		ok = ok && server_insert(c, server, v);
		next = v->next;
		free(v);
	}
	for (struct kind *k = c->kinds, *next; k; k = next) {
		ok = ok && kind_insert(c, kind, k);
		next = k->next;
		free(k);
	}
	sqlite3_finalize(server);
	sqlite3_finalize(bucket);
	sqlite3_finalize(kind);
	map_free(&c->map);
	map_free(&c->kind_map);
	free(c->clients.slots);
	return ok;
}

bool flows_count(struct pass *p)
{
	struct count c;
	sqlite3_stmt *s = NULL;
	bool open = false, ok = sqlite3_prepare_v2(p->db, scan_sql, -1, &s, NULL) == SQLITE_OK;
	while (ok && sqlite3_step(s) == SQLITE_ROW) {
		int64_t capture = sqlite3_column_int64(s, CAPTURE);
		if (open && capture != c.capture_id) {
			ok = capture_end(&c);
			open = false;
		}
		if (!open)
			capture_begin(&c, p, capture);
		open = true;
		flow_add(&c, s);
	}
	ok = (!open || capture_end(&c)) && ok;
	return sqlite3_finalize(s) == SQLITE_OK && ok;
}
