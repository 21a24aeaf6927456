/* view_channels.c - AMQP connections of all flows, or of one, each with its channels below it:
 * what was agreed, how long either side was silent and how long it may have been, what is
 * unacknowledged, how it was closed. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "bars.h"
#include "browser.h"
#include "flow_title.h"
#include "key.h"
#include "row_order.h"
#include "text.h"
#include "views.h"

enum { INDENT = 2, WHO_LEAST = 12, DETAIL_ROWS = 5 };

/* Rows are in the order of their flow's id; in a flow its connection is id 1, and channels are
 * one more than their rowid. */
enum { CONNECTION = 1 };

struct channels {
	struct row_order order;
	int64_t          flow;            /* 0: of all */
	char             of[FLOW_TITLE_SIZE];     /* what that is called */
	struct sqlite3_stmt *connection, *channel;     /* the questions for a row, used again and again */
};

/* ---- rows ---- */

/* Of the connection of flow ?1; of one inside of TLS (AMQPS has port 5671) only what the rule
 * infers that looks at the sizes of records. A side may be silent for twice the heartbeat (AMQP 0-9-1,
 * 4.2.7); its longest silence may be the one in which all ended. */
static const char connection_sql[] =
	"SELECT n.client, n.server, iif(a.flow_id IS NULL, 'inside of TLS', a.product || coalesce(' ' || a.product_version, '')),"
	"       a.vhost, coalesce(a.heartbeat_s, CAST(json_extract(i.numbers, '$.heartbeat_inferred_s') AS INTEGER)),"
	"       max(coalesce((SELECT max(to_ns - from_ns) FROM silence WHERE flow_id = w.id AND scope = 'client'), 0),"
	"           coalesce(max(coalesce(w.ended_ns, 0), w.last_ns) - coalesce(w.client_last_data_ns, w.first_ns), 0)),"
	"       max(coalesce((SELECT max(to_ns - from_ns) FROM silence WHERE flow_id = w.id AND scope = 'server'), 0),"
	"           coalesce(max(coalesce(w.ended_ns, 0), w.last_ns) - coalesce(w.server_last_data_ns, w.first_ns), 0)),"
	"       CASE WHEN a.close_code IS NOT NULL THEN a.close_code || ' by ' || a.close_sender"
	"            WHEN w.ended IN ('fin', 'rst') THEN w.ended_by || ' ' || upper(w.ended) ELSE w.ended END,"
	"       coalesce(a.close_code <> 200, 0) OR a.close_code IS NULL AND w.ended IN ('fin', 'rst'),"
	"       a.client_product || coalesce(' ' || a.client_version, ''), a.connection_name,"
	"       a.server_heartbeat_s, a.client_heartbeat_s,"
	"       duration(a.opened_ns - c.first_ns), a.close_text, a.close_cause, a.close_ok_ns IS NULL,"
	"       duration(a.close_ns - c.first_ns),"
	"       duration((SELECT max(ns) FROM heartbeat WHERE flow_id = w.id AND sender = 'client') - c.first_ns),"
	"       duration((SELECT max(ns) FROM heartbeat WHERE flow_id = w.id AND sender = 'server') - c.first_ns),"
	"       coalesce(a.close_frame, w.ended_frame, w.first_frame), nullif(w.client_frames, 0), nullif(w.server_frames, 0),"
	"       a.flow_id IS NULL"
	"  FROM flow w JOIN flow_name n ON n.flow_id = w.id JOIN capture c ON c.id = w.capture_id"
	"  LEFT JOIN amqp_connection a ON a.flow_id = w.id"
	"  LEFT JOIN finding i ON i.flow_id = w.id AND i.rule = 'amqp.encrypted-heartbeat-stopped' WHERE w.id = ?1";

enum { CLIENT, SERVER, PRODUCT, VHOST, HEARTBEAT, CLIENT_SILENT, SERVER_SILENT, CLOSED, CLOSED_BADLY, CLIENT_PRODUCT, NAME,
       SERVER_OFFER, CLIENT_OFFER, OPENED, CLOSE_TEXT, CLOSE_CAUSE, CLOSE_UNANSWERED, CLOSE_AT, CLIENT_BEAT, SERVER_BEAT,
       CLOSE_FRAME, CLIENT_FRAMES, SERVER_FRAMES, TLS };

/* Of the channel with rowid ?1. */
static const char channel_sql[] =
	"SELECT h.channel, h.publishes, h.confirms, h.deliveries + h.gets, h.acks, h.unacked_now, h.unacked_max,"
	"       h.prefetch, h.close_code || ' by ' || h.close_sender, coalesce(h.close_code <> 200, 0), h.returns,"
	"       h.nacks_from_server, h.nacks + h.rejects, h.redeliveries, h.consumers, h.cancels_from_server, h.get_empty,"
	"       duration(h.opened_ns - c.first_ns), duration(h.closed_ns - c.first_ns), h.close_text, h.close_cause,"
	"       coalesce(h.closed_frame, h.opened_frame, w.first_frame)"
	"  FROM amqp_channel h JOIN flow w ON w.id = h.flow_id JOIN capture c ON c.id = w.capture_id WHERE h.rowid = ?1";

enum { CHANNEL, PUBLISHES, CONFIRMS, DELIVERIES, ACKS, UNACKED, UNACKED_MAX, PREFETCH, CHANNEL_CLOSED, CHANNEL_BADLY, RETURNS,
       SERVER_NACKS, NACKS, REDELIVERIES, CONSUMERS, CANCELS, GET_EMPTY, CHANNEL_OPENED, CHANNEL_CLOSE_AT, CHANNEL_TEXT,
       CHANNEL_CAUSE, CHANNEL_FRAME };

static bool channels_open(void *state, struct browser *b, struct subject subject, struct err *err)
{
	struct channels *c = state;
	c->flow = subject.id;
	flow_title_of(b, c->flow, c->of);
	c->connection = model_query(&b->model, connection_sql, 0, 0);
	c->channel = model_query(&b->model, channel_sql, 0, 0);
	row_order_begin(&c->order, model_query(&b->model, subject.id
		? "SELECT flow_id, 1 FROM amqp_connection WHERE flow_id = ?1"
		  " UNION ALL SELECT flow_id, 1 + rowid FROM amqp_channel WHERE flow_id = ?1"
		  " UNION ALL SELECT id, 1 FROM flow f WHERE id = ?1 AND server_port = 5671"
		  "   AND EXISTS (SELECT 1 FROM tls_record t WHERE t.flow_id = f.id)"
		: "SELECT flow_id, 1 FROM amqp_connection UNION ALL SELECT flow_id, 1 + rowid FROM amqp_channel"
		  " UNION ALL SELECT t.flow_id, iif((SELECT server_port FROM flow f WHERE f.id = t.flow_id) = 5671, 1, NULL)"
		  "   FROM (SELECT DISTINCT flow_id FROM tls_record) t", subject.id, 0), false);
	return !b->model.failed || fail(err, "%s", b->err.text);
}

static void channels_close(void *state)
{
	struct channels *c = state;
	sqlite3_finalize(c->connection);
	sqlite3_finalize(c->channel);
	row_order_free(&c->order);
}

static bool channels_work(void *state, struct browser *b, int64_t until_ns)
{
	struct channels *c = state;
	return row_order_work(&c->order, &b->model, until_ns);
}

/* The row's question, with its answer; to be reset. NULL: there is no such row. */
static struct sqlite3_stmt *row_get(struct channels *c, int64_t row, bool *connection)
{
	int64_t id = row_order_id(&c->order, row);
	struct sqlite3_stmt *s = id == CONNECTION ? c->connection : c->channel;
	*connection = id == CONNECTION;
	if (!id)
		return NULL;
	sqlite3_bind_int64(s, 1, id == CONNECTION ? c->order.row[row].key : id - 1);
	if (sqlite3_step(s) == SQLITE_ROW)
		return s;
	sqlite3_reset(s);
	return NULL;
}

static void channels_title(void *state, char *text, size_t size)
{
	struct channels *c = state;
	if (c->flow)
		snprintf(text, size, "AMQP of %s", c->of);
	else
		snprintf(text, size, "AMQP connections%s", c->order.question ? " (reading)" : "");
}

/* ---- the table ---- */

/* Columns are the same for both kinds of rows, a word over them for each. Where they begin;
 * 0: left out. */
struct columns { int who, agreed, beat, client, server, bar_cols, closed; };

static struct columns columns_for(int cols)
{
	struct columns c = { .bar_cols = cols < 110 ? 0 : cols < 150 ? 8 : 16 };
	int side = c.bar_cols + (c.bar_cols ? 1 : 0) + 9;
	c.closed = cols - (cols < 72 ? 13 : 16);
	c.server = c.closed - side - 1;
	c.client = c.server - side - 1;
	c.beat = cols >= 72 ? c.client - 6 : 0;
	if (cols >= 140)
		c.agreed = (c.beat ? c.beat : c.client) - 32;
	c.who = c.agreed ? c.agreed : c.beat ? c.beat : c.client;
	return c;
}

static void head_draw(struct area a, const struct columns *c)
{
	area_put(a, 0, 0, LOOK_DIM, "client \xe2\x86\x92 server");
	if (c->agreed)
		area_put(a, 0, c->agreed, LOOK_DIM, "product, vhost");
	if (c->beat)
		area_put(a, 0, c->beat, LOOK_DIM, "beat");
	area_put(a, 0, c->client, LOOK_DIM, c->bar_cols ? "client silent" : "cl.silent");
	area_put(a, 0, c->server, LOOK_DIM, c->bar_cols ? "server silent" : "sv.silent");
	area_put(a, 0, c->closed, LOOK_DIM, "closed");
}

/* The longest silence of a side, as a bar against what it may be. */
static void silence_put(struct area a, int col, const struct columns *c, int64_t ns, int64_t limit_ns, bool seen)
{
	char text[TEXT_DURATION_SIZE] = "";
	int look = limit_ns > 0 && ns > limit_ns ? LOOK_ERROR : LOOK_PLAIN;
	if (!seen)
		return;
	if (c->bar_cols && limit_ns > 0)
		bar_draw(a, 0, col, c->bar_cols, look, ns, limit_ns);
	area_field(a, 0, col + c->bar_cols + (c->bar_cols ? 1 : 0), -9, look, text_duration(ns, text));
}

/* How long a side may be silent; 0: for ever, or that is not known. AMQP has 16 bits for the heartbeat. */
static int64_t silence_limit(struct sqlite3_stmt *s)
{
	int64_t beat_s = sqlite3_column_int64(s, HEARTBEAT);
	return beat_s > 0 && beat_s <= UINT16_MAX ? 2 * beat_s * 1000000000 : 0;
}

static void connection_put(struct area a, const struct columns *c, struct sqlite3_stmt *s)
{
	int64_t limit_ns = silence_limit(s);
	char text[256];
	struct area who = area_part(a, 0, 0, 1, c->who - 1);
	int client = text_width(model_text(s, CLIENT)), server = text_width(model_text(s, SERVER));
	/* the client gives way: many are of one host, and its port is in the detail */
	int room = who.cols - server - 3;
	int at = area_field(who, 0, 0, client < room ? client : room > WHO_LEAST ? room : WHO_LEAST, LOOK_BOLD, model_text(s, CLIENT));
	at = area_put(who, 0, at, LOOK_DIM, " \xe2\x86\x92 ");
	area_field(who, 0, at, who.cols - at, LOOK_BOLD, model_text(s, SERVER));
	if (c->agreed) {
		snprintf(text, sizeof text, "%s%s%s", model_text(s, PRODUCT), *model_text(s, VHOST) ? ", " : "", model_text(s, VHOST));
		area_field(a, 0, c->agreed, (c->beat ? c->beat : c->client) - c->agreed - 1, LOOK_PLAIN, text);
	}
	if (c->beat && sqlite3_column_type(s, HEARTBEAT) != SQLITE_NULL) {
		snprintf(text, sizeof text, "%s s", model_text(s, HEARTBEAT));
		area_put(a, 0, c->beat, limit_ns ? LOOK_PLAIN : LOOK_WARNING, limit_ns ? text : "off");
	}
	silence_put(a, c->client, c, sqlite3_column_int64(s, CLIENT_SILENT), limit_ns, sqlite3_column_type(s, CLIENT_FRAMES) != SQLITE_NULL);
	silence_put(a, c->server, c, sqlite3_column_int64(s, SERVER_SILENT), limit_ns, sqlite3_column_type(s, SERVER_FRAMES) != SQLITE_NULL);
	area_field(a, 0, c->closed, a.cols - c->closed, sqlite3_column_int(s, CLOSED_BADLY) ? LOOK_ERROR : LOOK_DIM,
	           model_text(s, CLOSED));
}

/* "published 3": a count that is not 0, into a line of such; returns its length. */
static size_t count_add(char *text, size_t size, size_t n, struct sqlite3_stmt *s, int column, const char *word)
{
	int64_t count = sqlite3_column_int64(s, column);
	if (count && n < size)
		n += (size_t)snprintf(text + n, size - n, "%s%s %lld", n ? ", " : "", word, (long long)count);
	return n;
}

/* What a channel carried; `all`: the rare things too. */
static void counts_write(char *text, size_t size, struct sqlite3_stmt *s, bool all)
{
	static const struct { int column; const char *word; bool rare; } counts[] = {
		{ PUBLISHES, "published", false }, { CONFIRMS, "confirms", false }, { SERVER_NACKS, "refused by the server", true },
		{ RETURNS, "returned", true }, { DELIVERIES, "delivered", false }, { REDELIVERIES, "redelivered", true },
		{ GET_EMPTY, "gets of nothing", true }, { ACKS, "acks", false }, { NACKS, "rejected", true },
		{ CONSUMERS, "consumers", true }, { CANCELS, "consumers cancelled", true },
	};
	size_t n = 0;
	*text = '\0';
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (all || !counts[i].rare)
			n = count_add(text, size, n, s, counts[i].column, counts[i].word);
	if (!n)
		snprintf(text, size, "nothing was carried");
}

static void channel_put(struct area a, const struct columns *c, struct sqlite3_stmt *s)
{
	char text[256] = "";
	int64_t now = sqlite3_column_int64(s, UNACKED), most = sqlite3_column_int64(s, UNACKED_MAX);
	counts_write(text, sizeof text, s, false);
	int at = area_printf(a, 0, INDENT, LOOK_PLAIN, "channel %s  ", model_text(s, CHANNEL));
	area_field(a, 0, at, (most ? c->client : c->closed) - at - 1, LOOK_DIM, text);
	if (most) {
		int64_t limit = sqlite3_column_int64(s, PREFETCH);
		at = c->client;
		if (c->bar_cols)
			at = bar_draw(a, 0, at, c->bar_cols, LOOK_PLAIN, now, limit > most ? limit : most) + 1;
		int used = snprintf(text, sizeof text, "%lld unacked of %lld", (long long)now, (long long)most);
		if (limit && c->bar_cols)
			snprintf(text + used, sizeof text - (size_t)used, ", prefetch %lld", (long long)limit);
		area_field(a, 0, at, c->closed - at - 1, now ? LOOK_PLAIN : LOOK_DIM, text);
	}
	area_field(a, 0, c->closed, a.cols - c->closed, sqlite3_column_int(s, CHANNEL_BADLY) ? LOOK_ERROR : LOOK_DIM,
	           model_text(s, CHANNEL_CLOSED));
}

static void rows_draw(struct channels *c, struct browser *b, struct area a, const struct columns *columns)
{
	struct list *list = &c->order.list;
	bool connection;
	list_show(list, a.rows);
	browser_rows(b, a);
	for (int row = 0; row < a.rows; row++) {
		struct sqlite3_stmt *s = row_get(c, list->top + row, &connection);
		struct area line = area_part(a, row, 0, 1, a.cols);
		if (!s)
			continue;
		if (connection)
			connection_put(line, columns, s);
		else
			channel_put(line, columns, s);
		sqlite3_reset(s);
	}
	area_select(a, (int)(list->at - list->top));
}

/* ---- the selected one ---- */

/* A side's longest silence over the width, and in it the mark of what it may be. `beat`: when
 * its last heartbeat came; NULL: these cannot be seen. */
static void silence_detail(struct area a, int row, const char *side, int look, int64_t ns, int64_t limit_ns, const char *beat)
{
	char text[TEXT_DURATION_SIZE], words[160];
	snprintf(words, sizeof words, " silent for %s%s%s", text_duration(ns, text),
	         beat && *beat ? ", last heartbeat at " : beat && limit_ns ? ", no heartbeat" : "", beat ? beat : "");
	int end = a.cols - text_width(words);
	int at = area_put(a, row, 0, look, side) + 1;
	if (limit_ns > 0 && end - at > 8) {
		int64_t most = ns > limit_ns ? ns : limit_ns;
		bar_draw(a, row, at, end - at, ns > limit_ns ? LOOK_ERROR : look, ns, most);
		if (ns > limit_ns)
			area_put(a, row, at + bar_columns(limit_ns, most, end - at), LOOK_BOLD, "\xe2\x94\x82");
	}
	area_put(a, row, limit_ns > 0 ? end : at - 1, LOOK_PLAIN, words);
}

/* What was agreed of heartbeats, and with whom. */
static void agreed_write(char *text, size_t size, struct sqlite3_stmt *s)
{
	int n = 0;
	if (sqlite3_column_int(s, TLS) && sqlite3_column_type(s, HEARTBEAT) != SQLITE_NULL)
		n = snprintf(text, size, "nothing of it was read; heartbeat %s s inferred", model_text(s, HEARTBEAT));
	else if (sqlite3_column_type(s, HEARTBEAT) == SQLITE_NULL)
		n = snprintf(text, size, sqlite3_column_int(s, TLS) ? "nothing of it was read" : "heartbeat not seen");
	else if (sqlite3_column_int64(s, HEARTBEAT) == 0)
		n = snprintf(text, size, "heartbeat switched off");
	else
		n = snprintf(text, size, "heartbeat %s s (server %s, client %s)", model_text(s, HEARTBEAT),
		             *model_text(s, SERVER_OFFER) ? model_text(s, SERVER_OFFER) : "?",
		             *model_text(s, CLIENT_OFFER) ? model_text(s, CLIENT_OFFER) : "?");
	static const struct { int column; const char *word; } of[] = {
		{ VHOST, "vhost " }, { PRODUCT, "" }, { CLIENT_PRODUCT, "" } };
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (*model_text(s, of[i].column) && (size_t)n < size)
			n += snprintf(text + n, size - (size_t)n, ", %s%s", of[i].word, model_text(s, of[i].column));
}

static void connection_words(struct area a, struct sqlite3_stmt *s)
{
	char text[1024];
	int64_t limit_ns = silence_limit(s);
	snprintf(text, sizeof text, "%s \xe2\x86\x92 %s%s%s%s%s", model_text(s, CLIENT), model_text(s, SERVER),
	         *model_text(s, NAME) ? ", " : "", model_text(s, NAME), *model_text(s, OPENED) ? ", opened at " : "", model_text(s, OPENED));
	area_field(a, 0, 0, a.cols, LOOK_BOLD, text);
	agreed_write(text, sizeof text, s);
	area_field(a, 1, 0, a.cols, LOOK_PLAIN, text);
	if (sqlite3_column_type(s, CLIENT_FRAMES) != SQLITE_NULL)
		silence_detail(a, 2, "client", LOOK_CLIENT, sqlite3_column_int64(s, CLIENT_SILENT), limit_ns,
		               sqlite3_column_int(s, TLS) ? NULL : model_text(s, CLIENT_BEAT));
	if (sqlite3_column_type(s, SERVER_FRAMES) != SQLITE_NULL)
		silence_detail(a, 3, "server", LOOK_SERVER, sqlite3_column_int64(s, SERVER_SILENT), limit_ns,
		               sqlite3_column_int(s, TLS) ? NULL : model_text(s, SERVER_BEAT));
	if (*model_text(s, CLOSE_AT))
		snprintf(text, sizeof text, "closed at %s: %s %s%s%s%s", model_text(s, CLOSE_AT), model_text(s, CLOSED),
		         model_text(s, CLOSE_TEXT), *model_text(s, CLOSE_CAUSE) ? ", because of " : "", model_text(s, CLOSE_CAUSE),
		         sqlite3_column_int(s, CLOSE_UNANSWERED) ? "; not answered" : "");
	else
		snprintf(text, sizeof text, "%s%s", sqlite3_column_int(s, TLS) ? "ended: " : "no connection.close: ", model_text(s, CLOSED));
	area_field(a, 4, 0, a.cols, sqlite3_column_int(s, CLOSED_BADLY) ? LOOK_ERROR : LOOK_PLAIN, text);
}

static void channel_words(struct area a, struct sqlite3_stmt *s)
{
	char text[1024];
	int64_t now = sqlite3_column_int64(s, UNACKED), most = sqlite3_column_int64(s, UNACKED_MAX);
	area_printf(a, 0, 0, LOOK_BOLD, "channel %s", model_text(s, CHANNEL));
	counts_write(text, sizeof text, s, true);
	area_field(a, 1, 0, a.cols, LOOK_PLAIN, text);
	area_printf(a, 2, 0, LOOK_PLAIN, "%lld not acknowledged at the end, %lld at most; %s%s", (long long)now, (long long)most,
	            sqlite3_column_type(s, PREFETCH) == SQLITE_NULL ? "no prefetch was asked for" : "prefetch ", model_text(s, PREFETCH));
	area_printf(a, 3, 0, LOOK_PLAIN, *model_text(s, CHANNEL_OPENED) ? "opened at %s" : "its opening was not seen%s",
	            model_text(s, CHANNEL_OPENED));
	if (*model_text(s, CHANNEL_CLOSE_AT)) {
		snprintf(text, sizeof text, "closed at %s: %s %s%s%s", model_text(s, CHANNEL_CLOSE_AT), model_text(s, CHANNEL_CLOSED),
		         model_text(s, CHANNEL_TEXT), *model_text(s, CHANNEL_CAUSE) ? ", because of " : "", model_text(s, CHANNEL_CAUSE));
		area_field(a, 4, 0, a.cols, sqlite3_column_int(s, CHANNEL_BADLY) ? LOOK_ERROR : LOOK_PLAIN, text);
	}
}

static void detail_draw(struct channels *c, struct area a)
{
	bool connection;
	struct sqlite3_stmt *s = row_get(c, c->order.list.at, &connection);
	if (!s)
		return;
	if (connection)
		connection_words(a, s);
	else
		channel_words(a, s);
	sqlite3_reset(s);
}

static void channels_draw(void *state, struct browser *b, struct area a)
{
	struct channels *c = state;
	struct columns columns = columns_for(a.cols);
	if (!c->order.list.n) {
		area_put(a, 0, 0, LOOK_PLAIN, c->order.question ? "Reading the connections." : c->flow
		         ? "No AMQP was seen in this flow." : "No AMQP was seen in this case.");
		return;
	}
	head_draw(a, &columns);
	rows_draw(c, b, area_part(a, 1, 0, a.rows - DETAIL_ROWS - 2, a.cols), &columns);
	area_repeat(a, a.rows - DETAIL_ROWS - 1, 0, a.cols, LOOK_DIM, "\xe2\x94\x80");
	detail_draw(c, area_part(a, a.rows - DETAIL_ROWS, 0, DETAIL_ROWS, a.cols));
}

/* ---- keys ---- */

static void channels_about(void *state, struct browser *b, struct about *about)
{
	struct channels *c = state;
	bool connection;
	struct sqlite3_stmt *s = row_get(c, c->order.list.at, &connection);
	(void)b;
	if (!s)
		return;
	about->flow = c->order.row[c->order.list.at].key;
	about->frame = sqlite3_column_int64(s, connection ? CLOSE_FRAME : CHANNEL_FRAME);
	sqlite3_reset(s);
}

static void flow_open(struct browser *b, void *state, int key)
{
	struct about about = { 0 };
	(void)key;
	channels_about(state, b, &about);
	if (about.flow)
		browser_open(b, &view_flow, (struct subject){ .id = about.flow, .frame = about.frame });
}

/* To the next connection, or the one before: over its channels. */
static void connection_next(struct browser *b, void *state, int key)
{
	struct channels *c = state;
	struct list *list = &c->order.list;
	int64_t row = list->at, step = key == ']' ? 1 : -1;
	(void)b;
	do
		row += step;
	while (row >= 0 && row < list->n && row_order_id(&c->order, row) != CONNECTION);
	if (row >= 0 && row < list->n)
		list_go(list, row);
}

static struct list *channels_list(void *state)
{
	struct channels *c = state;
	return &c->order.list;
}

static bool channels_row_has(void *state, struct browser *b, int64_t row, const char *text)
{
	bool connection, has = false;
	struct sqlite3_stmt *s = row_get(state, row, &connection);
	(void)b;
	for (int i = 0; s && i < sqlite3_column_count(s); i++)
		has |= text_contains(model_text(s, i), text);
	sqlite3_reset(s);
	return has;
}

static const struct binding channels_bindings[] = {
	{ { K_ENTER, K_RIGHT, 'l', 'w' }, "flow", "the whole connection, where the connection or the channel was closed", flow_open },
	{ { ']', '[' }, "connection", "the next connection, or the one before", connection_next },
	{ .act = NULL },
};

const struct view view_channels = {
	.name = "channels",
	.help = "AMQP connections, and their channels below them; those inside of TLS (port 5671) too. A side that sends nothing for twice the heartbeat is taken for"
	        " dead: the bars show its longest silence against that. Beside channels: messages that await an acknowledgement"
	        " at the end, and at most.",
	.size = sizeof(struct channels), .open = channels_open, .close = channels_close, .title = channels_title,
	.draw = channels_draw, .list = channels_list, .row_has = channels_row_has, .about = channels_about,
	.work = channels_work, .bindings = channels_bindings,
};
