/* amqp_connection.c - see amqp_connection.h. */
#include "amqp_connection.h"

#include <stdio.h>
#include <string.h>

/* What is kept of a side's properties. */
enum property { PRODUCT, VERSION, PLATFORM, CAPABILITIES, CONNECTION_NAME, PROPERTIES };
static const struct amqp_key properties[PROPERTIES] = {
	AMQP_KEY("product", 'S'), AMQP_KEY("version", 'S'), AMQP_KEY("platform", 'S'),
	AMQP_KEY("capabilities", 'F'), AMQP_KEY("connection_name", 'S'),
};
static const struct amqp_key blocked = AMQP_KEY("connection.blocked", 't');
static const struct amqp_key login = AMQP_KEY("LOGIN", 'S');

static void keep(char text[LIMIT_AMQP_TEXT], struct bytes b)
{
	amqp_text_keep(text, LIMIT_AMQP_TEXT, b);
}

static bool is(struct bytes b, const char *text)
{
	return b.n == strlen(text) && !memcmp(b.p, text, b.n);
}

/* The user's name out of the response, which holds the password too and is not
 * kept: PLAIN is NUL, name, NUL, password; AMQPLAIN is a table without its length. */
static void user_keep(char text[LIMIT_AMQP_TEXT], struct bytes mechanism, struct bytes response)
{
	struct bytes name;
	if (is(mechanism, "AMQPLAIN")) {
		amqp_table_find(response, &login, 1, &name);
		keep(text, name);
	}
	if (!is(mechanism, "PLAIN"))
		return;
	struct rd r = rd_over(response);
	while (rd_left(&r) && rd_u8(&r) != 0)        /* the authorization identity */
		;
	size_t n = 0;
	while (n < r.n && r.p[n])
		n++;
	if (n < r.n)                                 /* else it is none: it may be the password */
		keep(text, rd_take(&r, n));
}

static void start(struct connection *c, const struct amqp_value *v)
{
	struct connection_texts *t = &c->texts;
	struct bytes p[PROPERTIES];
	amqp_table_find(v[2].text, properties, PROPERTIES, p);
	keep(t->product, p[PRODUCT]);
	keep(t->version, p[VERSION]);
	keep(t->platform, p[PLATFORM]);
	amqp_table_names(p[CAPABILITIES], t->capabilities, sizeof t->capabilities);
}

static void start_ok(struct connection *c, struct sink *sink, const struct amqp_value *v)
{
	struct connection_texts *t = &c->texts;
	struct bytes p[PROPERTIES], capable, mechanism = v[1].text, response = v[2].text;
	amqp_table_find(v[0].text, properties, PROPERTIES, p);
	amqp_table_find(p[CAPABILITIES], &blocked, 1, &capable);
	c->capable_of_blocked = capable.n && capable.p[0];
	keep(t->client_product, p[PRODUCT]);
	keep(t->client_version, p[VERSION]);
	keep(t->client_platform, p[PLATFORM]);
	keep(t->connection_name, p[CONNECTION_NAME]);
	amqp_table_names(p[CAPABILITIES], t->client_capabilities, sizeof t->client_capabilities);
	keep(t->mechanism, mechanism);
	if (sink_shows_secrets(sink))
		user_keep(t->user, mechanism, response);
}

static void tune_ok(struct connection *c, const struct amqp_value *v)
{
	c->tuned = true;
	c->channel_max = (uint16_t)v[0].number;
	c->frame_max = (uint32_t)v[1].number;
	c->heartbeat = (uint16_t)v[2].number;
}

static void closing(struct connection *c, const struct amqp_call *m)
{
	if (c->closing)                              /* both sides close: the first counts */
		return;
	c->closing = true;
	c->close = m->at;
	c->close_sender = m->sender;
	c->close_code = (int)m->v[0].number;
	c->close_cause = (uint32_t)m->v[2].number;
	keep(c->texts.close, m->v[1].text);
}

/* Octets 4 to 7 of a header: before 0-9-1 the protocol's id, its instance and the
 * version; 1.0 has an id (0 plain, 2 TLS, 3 SASL), major, minor and revision. */
static const struct version { uint8_t id[4]; bool spoken; const char *name; } versions[] = {
	{ { 0, 0, 9, 1 }, true, "0-9-1" }, { { 1, 1, 0, 9 }, true, "0-9" },
	{ { 1, 1, 9, 0 }, true, "0-9" }, { { 1, 1, 8, 0 }, true, "0-8" },
	{ { 1, 1, 0, 10 }, false, "0-10" }, { { 0, 1, 0, 0 }, false, "1.0" },
	{ { 2, 1, 0, 0 }, false, "1.0 (TLS)" }, { { 3, 1, 0, 0 }, false, "1.0 (SASL)" },
};

static const struct version *version_find(const uint8_t id[4])
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (!memcmp(versions[i].id, id, sizeof versions->id))
			return &versions[i];
	return NULL;
}

bool connection_version_known(const uint8_t id[4])
{
	return version_find(id) != NULL;
}

bool connection_header(struct connection *c, enum side side, const uint8_t id[4])
{
	char *text = side == CLIENT ? c->texts.asked : c->texts.proposed;
	const struct version *version = version_find(id);
	if (version)
		snprintf(text, AMQP_VERSION, "%s", version->name);
	else
		snprintf(text, AMQP_VERSION, "%u-%u-%u-%u", id[0], id[1], id[2], id[3]);
	return version && version->spoken;
}

void connection_method(struct connection *c, struct sink *sink, const struct amqp_call *m)
{
	switch (m->id) {
	case CONNECTION_START:
		start(c, m->v);
		break;
	case CONNECTION_START_OK:
		start_ok(c, sink, m->v);
		break;
	case CONNECTION_TUNE:
		c->proposed = true;
		c->server_channel_max = (uint16_t)m->v[0].number;
		c->server_frame_max = (uint32_t)m->v[1].number;
		c->server_heartbeat = (uint16_t)m->v[2].number;
		break;
	case CONNECTION_TUNE_OK:
		tune_ok(c, m->v);
		break;
	case CONNECTION_OPEN:
		keep(c->texts.vhost, m->v[0].text);
		break;
	case CONNECTION_OPEN_OK:
		c->opened = m->at;
		break;
	case CONNECTION_CLOSE:
		closing(c, m);
		break;
	case CONNECTION_CLOSE_OK:
		c->close_ok = m->at;
		break;
	}
}

void connection_tell(const struct connection *c, struct sink *sink)
{
	const struct connection_texts *t = &c->texts;
	int class_id = (int)(c->close_cause >> 16), method_id = (int)(c->close_cause & 0xFFFF);
	const struct amqp_method_type *cause = amqp_method_find(c->close_cause);
	int heartbeat = c->tuned ? c->heartbeat : NONE;
	sink_amqp_connection(sink, &(struct amqp_connection){
		.version = t->asked, .server_version = t->proposed,
		.capabilities = t->capabilities, .client_capabilities = t->client_capabilities,
		.product = t->product, .product_version = t->version, .platform = t->platform,
		.client_product = t->client_product, .client_version = t->client_version,
		.client_platform = t->client_platform, .connection_name = t->connection_name,
		.mechanism = t->mechanism, .vhost = t->vhost, .user = t->user,
		.server_heartbeat_s = c->proposed ? c->server_heartbeat : NONE,
		.client_heartbeat_s = heartbeat, .heartbeat_s = heartbeat,
		.server_frame_max = c->proposed ? (int64_t)c->server_frame_max : NONE,
		.server_channel_max = c->proposed ? c->server_channel_max : NONE,
		.frame_max = c->tuned ? (int64_t)c->frame_max : NONE,
		.channel_max = c->tuned ? c->channel_max : NONE,
		.opened = c->opened, .close = c->close, .close_ok = c->close_ok,
		.close_sender = c->closing ? (int)c->close_sender : NONE,
		.close_code = c->closing ? c->close_code : NONE, .close_text = t->close,
		.close_class = class_id ? class_id : NONE,
		.close_method = class_id ? method_id : NONE,
		.close_cause = cause ? cause->name : NULL,
		.content_off = c->content_off ? (int64_t)c->content_off : NONE,
		.client_capable_of_blocked = c->capable_of_blocked,
	});
}
