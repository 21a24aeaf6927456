/* dedup.c - see dedup.h. */
#include "dedup.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "err.h"
#include "hash.h"

/* A copy follows its original within these times. What tells a copy from a
 * retransmission: a sender gives each packet its own IP identification (except
 * 0, which many use for all packets that must not be fragmented), and a
 * retransmission takes the same way as its original, a copy was caught at
 * another place or another hop. */
static const int64_t SAME_PLACE_NS    =    10 * 1000000LL;   /* identified; a mirrored port */
static const int64_t OTHER_PLACE_NS   =  3000 * 1000000LL;   /* identified; it may wait for ARP */
static const int64_t UNIDENTIFIED_NS  =        500000LL;    /* same place, with payload: hosts do
	repeat bare ACKs, SYN,ACKs and RSTs within microseconds */
static const int64_t UNIDENTIFIED_OTHER_NS = 100 * 1000000LL;

/* Of the payload the first bytes are compared; at the same place TCP's checksum, which
 * is over all of it, as well. (Elsewhere it may differ: a host whose network card makes
 * the checksums has packets without.) */
enum { PAYLOAD_COMPARED = 64 };

/* A sender whose identification never changed over so many packets does not identify. */
enum { CONSTANT = 3 };

struct slot { uint64_t hash; int64_t ns; uint32_t link_id; uint16_t checksum; uint8_t ttl; };

/* The identifications of one host, as far as it has not given its place to another. */
struct host { uint32_t tag; uint16_t ip_id; uint8_t same; bool varies; };

struct dedup {
	struct slot slots[LIMIT_DEDUP_SLOTS];
	struct host hosts[LIMIT_DEDUP_HOSTS];
};

/* A fixed key: which slots collide must be the same in every run, and whoever
 * makes them collide only makes copies go unnoticed. */
static const struct hash_key key = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u } };

struct dedup *dedup_new(void)
{
	return alloc_zeroed(1, sizeof(struct dedup));
}

void dedup_free(struct dedup *d)
{
	free(d);
}

/* The hash of all that copies share. */
static uint64_t segment_hash(const struct segment *s)
{
	uint8_t b[192], *p = b;
	size_t payload = s->payload.n < PAYLOAD_COMPARED ? s->payload.n : PAYLOAD_COMPARED;
	size_t options = s->options.n < 40 ? s->options.n : 40;
	const uint32_t words[] = { s->seq, s->ack, s->len, (uint32_t)s->flags << 16 | s->window,
	                           s->ip_id, (uint32_t)s->src.port << 16 | s->dst.port };
	memcpy(p, s->src.ip, 16), p += 16;
	memcpy(p, s->dst.ip, 16), p += 16;
	memcpy(p, words, sizeof words), p += sizeof words;
	if (options)
		memcpy(p, s->options.p, options), p += options;
	if (payload)
		memcpy(p, s->payload.p, payload), p += payload;
	return hash_bytes(&key, b, (size_t)(p - b));
}

static struct host *host_of(struct dedup *d, const struct segment *s)
{
	uint64_t h = hash_bytes(&key, s->src.ip, sizeof s->src.ip);
	struct host *host = &d->hosts[h & (LIMIT_DEDUP_HOSTS - 1)];
	uint32_t tag = (uint32_t)(h >> 32);
	if (host->tag != tag)
		*host = (struct host){ .tag = tag, .ip_id = s->ip_id };
	return host;
}

/* One more packet, no copy, of a host. */
static void host_see(struct host *host, const struct segment *s)
{
	host->varies |= host->ip_id != s->ip_id;
	host->ip_id = s->ip_id;
	if (host->same < CONSTANT)
		host->same++;
}

static bool is_copy(const struct slot *slot, const struct host *host, const struct segment *s)
{
	bool elsewhere = slot->link_id != s->link_id || slot->ttl != s->ttl;
	bool identified = s->ip_id != 0 && (host->varies || host->same < CONSTANT);
	int64_t apart = s->at.ns > slot->ns ? s->at.ns - slot->ns : slot->ns - s->at.ns;
	if (elsewhere)
		return apart <= (identified ? OTHER_PLACE_NS : UNIDENTIFIED_OTHER_NS);
	if (slot->checksum != s->checksum)
		return false;
	return identified ? apart <= SAME_PLACE_NS : s->len > 0 && apart <= UNIDENTIFIED_NS;
}

bool dedup_seen(struct dedup *d, const struct segment *s)
{
	uint64_t hash = segment_hash(s);
	struct slot *slot = &d->slots[hash & (LIMIT_DEDUP_SLOTS - 1)];
	struct host *host = host_of(d, s);
	if (slot->hash == hash && is_copy(slot, host, s))
		return true;   /* the original stays: a third copy is compared with it too */
	host_see(host, s);
	*slot = (struct slot){ hash, s->at.ns, s->link_id, s->checksum, s->ttl };
	return false;
}
