/* amqp_connection.c - see amqp_connection.h. */
#include "amqp_connection.h"

#include <string.h>

static void keep(char text[LIMIT_AMQP_TEXT], struct bytes table, const char *key)
{
	amqp_text_keep(text, LIMIT_AMQP_TEXT, amqp_table_get(table, key, 'S'));
}

static bool is(struct bytes b, const char *text)
{
	return b.n == strlen(text) && !memcmp(b.p, text, b.n);
}

/* The user's name out of the response, which holds the password too and is not
 * kept: PLAIN is NUL, name, NUL, password; AMQPLAIN is a table without its length. */
static void user_keep(char text[LIMIT_AMQP_TEXT], struct bytes mechanism, struct bytes response)
{
	if (is(mechanism, "AMQPLAIN"))
		keep(text, response, "LOGIN");
	if (!is(mechanism, "PLAIN"))
		return;
	struct rd r = rd_over(response);
	while (rd_left(&r) && rd_u8(&r) != 0)        /* the authorization identity */
		;
	size_t n = 0;
	while (n < r.n && r.p[n])
		n++;
	amqp_text_keep(text, LIMIT_AMQP_TEXT, rd_take(&r, n));
}

static void start_ok(struct connection *c, struct sink *sink, const struct amqp_value *v)
{
	struct connection_texts *t = &c->texts;
	struct bytes properties = v[0].text, mechanism = v[1].text, response = v[2].text;
	struct bytes capabilities = amqp_table_get(properties, "capabilities", 'F');
	struct bytes blocked = amqp_table_get(capabilities, "connection.blocked", 't');
	c->capable_of_blocked = blocked.n && blocked.p[0];
	keep(t->client_product, properties, "product");
	keep(t->client_version, properties, "version");
	keep(t->client_platform, properties, "platform");
	keep(t->connection_name, properties, "connection_name");
	amqp_text_keep(t->mechanism, sizeof t->mechanism, mechanism);
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
	amqp_text_keep(c->texts.close, sizeof c->texts.close, m->v[1].text);
}

void connection_method(struct connection *c, struct sink *sink, const struct amqp_call *m)
{
	struct connection_texts *t = &c->texts;
	switch (m->id) {
	case CONNECTION_START:
		keep(t->product, m->v[2].text, "product");
		keep(t->version, m->v[2].text, "version");
		keep(t->platform, m->v[2].text, "platform");
		break;
	case CONNECTION_START_OK:
		start_ok(c, sink, m->v);
		break;
	case CONNECTION_TUNE:
		c->proposed = true;
		c->server_heartbeat = (uint16_t)m->v[2].number;
		break;
	case CONNECTION_TUNE_OK:
		tune_ok(c, m->v);
		break;
	case CONNECTION_OPEN:
		amqp_text_keep(t->vhost, sizeof t->vhost, m->v[0].text);
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
	int heartbeat = c->tuned ? c->heartbeat : NONE;
	sink_amqp_connection(sink, &(struct amqp_connection){
		.version = c->greeted ? "0-9-1" : NULL,
		.product = t->product, .product_version = t->version, .platform = t->platform,
		.client_product = t->client_product, .client_version = t->client_version,
		.client_platform = t->client_platform, .connection_name = t->connection_name,
		.mechanism = t->mechanism, .vhost = t->vhost, .user = t->user,
		.server_heartbeat_s = c->proposed ? c->server_heartbeat : NONE,
		.client_heartbeat_s = heartbeat, .heartbeat_s = heartbeat,
		.frame_max = c->tuned ? (int64_t)c->frame_max : NONE,
		.channel_max = c->tuned ? c->channel_max : NONE,
		.opened = c->opened, .close = c->close, .close_ok = c->close_ok,
		.close_sender = c->closing ? (int)c->close_sender : NONE,
		.close_code = c->closing ? c->close_code : NONE, .close_text = t->close,
		.close_class = class_id ? class_id : NONE,
		.close_method = class_id ? method_id : NONE,
		.client_capable_of_blocked = c->capable_of_blocked,
	});
}
