/* classify.c - see classify.h. */
#include "classify.h"

#include <ctype.h>
#include <ndpi_api.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

struct classifier { struct ndpi_detection_module_struct *engine; };

struct classifying { struct ndpi_flow_struct *flow; unsigned segments; };

struct classifier *classifier_new(void)
{
	return alloc_zeroed(1, sizeof(struct classifier));
}

void classifier_free(struct classifier *c)
{
	if (c && c->engine)
		ndpi_exit_detection_module(c->engine);
	free(c);
}

static void engine_start(struct classifier *c)
{
	NDPI_PROTOCOL_BITMASK all;
	c->engine = ndpi_init_detection_module(ndpi_dont_load_tor_hosts | ndpi_dont_init_libgcrypt);
	if (!c->engine)
		die("nDPI does not start: out of memory");
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(c->engine, &all);
	ndpi_finalize_initialization(c->engine);
}

static bool known(ndpi_protocol p)
{
	return p.app_protocol != NDPI_PROTOCOL_UNKNOWN || p.master_protocol != NDPI_PROTOCOL_UNKNOWN;
}

/* The protocol under a service ("TLS.Google" is tls): what is spoken counts. */
static void name_take(struct classifier *c, ndpi_protocol p, char name[static APP_NAME_SIZE])
{
	uint16_t id = p.master_protocol != NDPI_PROTOCOL_UNKNOWN ? p.master_protocol : p.app_protocol;
	const char *text = id == NDPI_PROTOCOL_UNKNOWN ? "" : ndpi_get_proto_name(c->engine, id);
	size_t n = 0;
	for (; text[n] && n < APP_NAME_SIZE - 1; n++)
		name[n] = (char)tolower((unsigned char)text[n]);
	name[n] = 0;
}

bool classify(struct classifier *c, struct classifying **state, const struct segment *s,
              char name[static APP_NAME_SIZE])
{
	if (!c->engine)
		engine_start(c);
	if (!*state) {
		*state = alloc_zeroed(1, sizeof **state);
		(*state)->flow = alloc_zeroed(1, SIZEOF_FLOW_STRUCT);
	}
	struct bytes ip = s->ip;
	uint16_t n = ip.n > UINT16_MAX ? UINT16_MAX : (uint16_t)ip.n;
	ndpi_protocol p = ndpi_detection_process_packet(c->engine, (*state)->flow, ip.p, n,
	                                                (uint64_t)(s->at.ns / 1000000));
	if (!known(p) && ++(*state)->segments < LIMIT_CLASSIFY_SEGMENTS)
		return false;
	name_take(c, p, name);
	classify_drop(*state);
	*state = NULL;
	return true;
}

void classify_drop(struct classifying *state)
{
	if (!state)
		return;
	ndpi_free_flow(state->flow);
	free(state);
}
