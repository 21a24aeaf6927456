/* store_facts.c - the tables of facts: which field fills which column.
 *
 * Structs whose table has columns that others know (the flow, the capture) are
 * wrapped in a row of their own.
 */
#include "store_row.h"

/* ----------------------------------------------- captures and their files ---- */

struct file_row { int64_t capture_id, seq; struct capture_file_facts f; };
#define ROW file_row
static const struct column file_columns[] = {
	NUMBER("capture_id", capture_id), NUMBER("seq", seq), WORD("path", f.path),
	WORD("sha256", f.sha256), NUMBER("size", f.size), WORD("format", f.format),
	TEXT("link_type", f.link_type), OPTIONAL("snaplen", f.snaplen),
	NUMBER("first_frame", f.first_frame), NUMBER("frames", f.frames),
	TIME("first_ns", f.first_ns), TIME("last_ns", f.last_ns),
	OPTIONAL("cut_short_at", f.cut_short_at), TEXT("trouble", f.trouble),
	TEXT("compression", f.compression),
};
#undef ROW
ROW_FORMAT(TABLE_CAPTURE_FILE, capture_file, file_columns);

/* The file's place in its capture: behind those that are there. */
static int64_t next_seq(struct store *s, int64_t capture_id)
{
	static const char sql[] = "SELECT count(*) + 1 FROM main.capture_file WHERE capture_id = ?";
	sqlite3_stmt *q = NULL;
	int64_t seq = 1;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK
	    && sqlite3_bind_int64(q, 1, capture_id) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		seq = sqlite3_column_int64(q, 0);
	else
		store_refused(s);
	sqlite3_finalize(q);
	return seq;
}

int64_t store_capture_file(struct store *s, int64_t capture_id, const struct capture_file_facts *f)
{
	int64_t seq = s->failed ? 1 : next_seq(s, capture_id);
	row_insert(s, &capture_file_format, &(struct file_row){ capture_id, seq, *f });
	return seq;
}

struct interface_row { int64_t capture_id, file_seq; struct capture_interface i; };
#define ROW interface_row
static const struct column interface_columns[] = {
	NUMBER("capture_id", capture_id), NUMBER("file_seq", file_seq), NUMBER("nr", i.nr),
	NUMBER("section", i.section), TEXT("name", i.name), TEXT("description", i.description),
	TEXT("link_type", i.link_type), OPTIONAL("snaplen", i.snaplen), TEXT("filter", i.filter),
	TEXT("os", i.os), NUMBER("frames", i.frames), OPTIONAL("received", i.received),
	OPTIONAL("dropped_by_interface", i.dropped_by_interface),
	OPTIONAL("passed_filter", i.passed_filter), OPTIONAL("dropped_by_os", i.dropped_by_os),
	OPTIONAL("delivered", i.delivered),
};
#undef ROW
ROW_FORMAT(TABLE_CAPTURE_INTERFACE, capture_interface, interface_columns);

void store_capture_interface(struct store *s, int64_t capture_id, int64_t file_seq,
                             const struct capture_interface *i)
{
	row_insert(s, &capture_interface_format, &(struct interface_row){ capture_id, file_seq, *i });
}

struct comment_row { int64_t capture_id, file_seq; struct capture_comment c; };
#define ROW comment_row
static const struct column comment_columns[] = {
	NUMBER("capture_id", capture_id), NUMBER("file_seq", file_seq),
	OPTIONAL("interface", c.interface), OPTIONAL("frame", c.frame), WORD("text", c.text),
};
#undef ROW
ROW_FORMAT(TABLE_CAPTURE_COMMENT, capture_comment, comment_columns);

void store_capture_comment(struct store *s, int64_t capture_id, int64_t file_seq,
                           const struct capture_comment *c)
{
	row_insert(s, &capture_comment_format, &(struct comment_row){ capture_id, file_seq, *c });
}

struct not_followed_row { int64_t capture_id; const char *kind; uint64_t frames; };
#define ROW not_followed_row
static const struct column not_followed_columns[] = {
	NUMBER("capture_id", capture_id), WORD("kind", kind), NUMBER("frames", frames),
};
#undef ROW
ROW_FORMAT(TABLE_NOT_FOLLOWED, not_followed, not_followed_columns);

void store_not_followed(struct store *s, int64_t capture_id, const char *kind, uint64_t frames)
{
	row_insert(s, &not_followed_format, &(struct not_followed_row){ capture_id, kind, frames });
}

/* ----------------------------------------------------------------- flows ---- */

#define ROW flow_facts
static const struct column flow_columns[] = {
	NUMBER("id", id), NUMBER("capture_id", capture_id), NUMBER("stream", stream),
	WORD("client_ip", client_ip), NUMBER("client_port", client_port),
	WORD("server_ip", server_ip), NUMBER("server_port", server_port),
	OWN("client_known_by", client_known_by), TEXT("path", path),
	NUMBER("first_frame", first.frame), NUMBER("last_frame", last.frame),
	NUMBER("first_ns", first.ns), NUMBER("last_ns", last.ns),
	NUMBER("client_frames", frames[CLIENT]), NUMBER("server_frames", frames[SERVER]),
	NUMBER("client_bytes", bytes[CLIENT]), NUMBER("server_bytes", bytes[SERVER]),
	NUMBER("client_duplicates", duplicates[CLIENT]),
	NUMBER("server_duplicates", duplicates[SERVER]),
	NUMBER("client_gap_bytes", gap_bytes[CLIENT]),
	NUMBER("server_gap_bytes", gap_bytes[SERVER]),
	MARK("syn", syn), MARK("syn_ack", syn_ack), COLUMN(MARK_NS, "established_ns", established),
	OPTIONAL("rtt_ns", rtt_ns),
	OPTIONAL("client_isn", isn[CLIENT]), OPTIONAL("server_isn", isn[SERVER]),
	OPTIONAL("client_first_seq", first_seq[CLIENT]),
	OPTIONAL("server_first_seq", first_seq[SERVER]),
	OPTIONAL("client_mss", mss[CLIENT]), OPTIONAL("server_mss", mss[SERVER]),
	OPTIONAL("client_window_scale", window_scale[CLIENT]),
	OPTIONAL("server_window_scale", window_scale[SERVER]),
	OPTIONAL("client_tsval", tsval[CLIENT]), OPTIONAL("server_tsval", tsval[SERVER]),
	OPTIONAL("client_ttl", ttl[CLIENT]), OPTIONAL("server_ttl", ttl[SERVER]),
	MARK("client_first_data", first_data[CLIENT]), MARK("client_last_data", last_data[CLIENT]),
	MARK("server_first_data", first_data[SERVER]), MARK("server_last_data", last_data[SERVER]),
	MARK("client_fin", fin[CLIENT]), OPTIONAL("client_fin_off", fin_off[CLIENT]),
	OPTIONAL("client_fin_acks_off", fin_acks_off[CLIENT]),
	MARK("client_fin_acked", fin_acked[CLIENT]), NUMBER("client_acked_off", acked_off[CLIENT]),
	MARK("server_fin", fin[SERVER]), OPTIONAL("server_fin_off", fin_off[SERVER]),
	OPTIONAL("server_fin_acks_off", fin_acks_off[SERVER]),
	MARK("server_fin_acked", fin_acked[SERVER]), NUMBER("server_acked_off", acked_off[SERVER]),
	OWN("window_scaling", window_scaling), NUMBER("fast_open", fast_open),
	NUMBER("simultaneous_open", simultaneous_open),
	OWN("conn_state", conn_state), WORD("history", history),
	NUMBER("completeness", completeness), OWN("ended", ended),
	NO_SIDE("ended_by", ended_by), MARK("ended", ended_at),
	TEXT("app", app), TEXT("app_known_by", app_known_by), TEXT("community_id", community_id),
};
#undef ROW
ROW_FORMAT(TABLE_FLOW, flow, flow_columns);

void store_flow(struct store *s, const struct flow_facts *f)
{
	row_insert(s, &flow_format, f);
}

#define ROW tcp_event
static const struct column tcp_event_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", at.frame), NUMBER("ns", at.ns),
	SIDE("sender", sender), OWN("kind", kind), NUMBER("seq", seq), NUMBER("ack", ack),
	NUMBER("len", len), NUMBER("ttl", ttl), NUMBER("ip_id", ip_id), NUMBER("flags", flags),
};
#undef ROW
ROW_FORMAT(TABLE_TCP_EVENT, tcp_event, tcp_event_columns);

void store_tcp_event(struct store *s, const struct tcp_event *e)
{
	row_insert(s, &tcp_event_format, e);
}

#define ROW icmp_facts
static const struct column icmp_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", at.frame), NUMBER("ns", at.ns),
	WORD("source_ip", source_ip), SIDE("sender", sender), WORD("protocol", protocol),
	NUMBER("type", type), NUMBER("code", code), WORD("word", word), OPTIONAL("mtu", mtu),
	NUMBER("quoted_seq", quoted_seq), NUMBER("quoted_ttl", quoted_ttl),
};
#undef ROW
ROW_FORMAT(TABLE_ICMP, icmp, icmp_columns);

void store_icmp(struct store *s, const struct icmp_facts *f)
{
	row_insert(s, &icmp_format, f);
}

/* What is known of the trigger is NULL where there is none. */
struct reset_row {
	struct reset r;
	int64_t delay_ns, trigger_len, trigger_flags, trigger_acks_fin;
};
#define ROW reset_row
static const struct column reset_columns[] = {
	NUMBER("flow_id", r.flow_id), NUMBER("frame", r.at.frame), NUMBER("ns", r.at.ns),
	SIDE("sender", r.sender), NUMBER("has_ack", r.has_ack), NUMBER("seq", r.seq),
	NUMBER("ack", r.ack), NUMBER("window", r.window),
	NUMBER("has_timestamps", r.has_timestamps),
	OPTIONAL("ttl", r.ttl), OPTIONAL("usual_ttl", r.usual_ttl), NUMBER("ip_id", r.ip_id),
	MARK("trigger", r.trigger), TIME("trigger_delay_ns", delay_ns),
	OPTIONAL("trigger_len", trigger_len), OPTIONAL("trigger_flags", trigger_flags),
	OPTIONAL("trigger_acks_fin", trigger_acks_fin),
	NUMBER("seq_matches_trigger_ack", r.seq_matches_trigger_ack),
	NUMBER("in_window", r.in_window), NUMBER("unread_bytes", r.unread_bytes),
	NUMBER("after_own_fin", r.after_own_fin), NUMBER("after_own_rst", r.after_own_rst),
	NUMBER("after_peer_fin", r.after_peer_fin), NUMBER("own_bytes", r.own_bytes),
	NUMBER("peer_bytes", r.peer_bytes), NUMBER("peer_bytes_acked", r.peer_bytes_acked),
	NUMBER("idle_ns", r.idle_ns),
	MARK("pause_from", r.pause_from), MARK("pause_to", r.pause_to),
};
#undef ROW
ROW_FORMAT(TABLE_RESET, reset, reset_columns);

void store_reset(struct store *s, const struct reset *r)
{
	bool found = r->trigger.frame != 0;
	row_insert(s, &reset_format, &(struct reset_row){
		.r = *r,
		.delay_ns         = found ? r->at.ns - r->trigger.ns : NO_TIME,
		.trigger_len      = found ? (int64_t)r->trigger_len : NONE,
		.trigger_flags    = found ? r->trigger_flags : NONE,
		.trigger_acks_fin = found ? r->trigger_acks_fin : NONE,
	});
}

struct silence_row { struct silence s; const char *scope; };
#define ROW silence_row
static const struct column silence_columns[] = {
	NUMBER("flow_id", s.flow_id), OWN("scope", scope), NUMBER("from_ns", s.from.ns),
	NUMBER("to_ns", s.to.ns), NUMBER("from_frame", s.from.frame),
	NUMBER("to_frame", s.to.frame),
	OWN("ended_by", s.ended_by), NO_SIDE("ended_sender", s.ended_sender),
};
#undef ROW
ROW_FORMAT(TABLE_SILENCE, silence, silence_columns);

void store_silence(struct store *s, const struct silence *silence)
{
	static const char *const scopes[] = {
		[SILENT_CLIENT] = "client", [SILENT_SERVER] = "server", [SILENT_BOTH] = "both",
	};
	row_insert(s, &silence_format, &(struct silence_row){ *silence, scopes[silence->scope] });
}

/* ------------------------------------------------------------- protocols ---- */

struct http_row { int64_t flow_id; struct http_exchange x; };
#define ROW http_row
static const struct column http_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("nr", x.nr), TEXT("method", x.method),
	TEXT("target", x.target), TEXT("host", x.host), TEXT("version", x.version),
	TEXT("user_agent", x.user_agent), TEXT("request_head", x.request_head),
	TEXT("response_head", x.response_head), MARK("request", x.request),
	MARK("request_head_end", x.request_head_end), MARK("request_body", x.request_body),
	MARK("request_end", x.request_end), OPTIONAL("request_off", x.request_off),
	OPTIONAL("request_declared", x.request_declared),
	OPTIONAL("request_bytes", x.request_bytes),
	OPTIONAL("request_body_hash", x.request_body_hash),
	NUMBER("expect_continue", x.expect_continue), MARK("continue", x.cont),
	OPTIONAL("status", x.status), TEXT("reason", x.reason),
	TEXT("response_version", x.response_version), MARK("response", x.response),
	MARK("response_head_end", x.response_head_end), MARK("response_end", x.response_end),
	OPTIONAL("response_off", x.response_off),
	OPTIONAL("response_declared", x.response_declared),
	OPTIONAL("response_bytes", x.response_bytes),
	NUMBER("response_until_close", x.response_until_close),
	NUMBER("close_announced", x.close_announced),
	OWN("request_state", x.request_state), OWN("response_state", x.response_state),
	TEXT("expect_answer", x.expect_answer), TEXT("expect_body", x.expect_body),
};
#undef ROW
ROW_FORMAT(TABLE_HTTP_EXCHANGE, http_exchange, http_columns);

void store_http(struct store *s, int64_t flow_id, const struct http_exchange *x)
{
	row_insert(s, &http_exchange_format, &(struct http_row){ flow_id, *x });
}

struct http_interim_row { int64_t flow_id; struct http_interim i; };
#define ROW http_interim_row
static const struct column http_interim_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", i.at.frame), NUMBER("ns", i.at.ns),
	OPTIONAL("exchange_nr", i.exchange_nr), NUMBER("status", i.status), NUMBER("late", i.late),
};
#undef ROW
ROW_FORMAT(TABLE_HTTP_INTERIM, http_interim, http_interim_columns);

void store_http_interim(struct store *s, int64_t flow_id, const struct http_interim *i)
{
	row_insert(s, &http_interim_format, &(struct http_interim_row){ flow_id, *i });
}

struct websocket_close_row { int64_t flow_id; struct websocket_close c; };
#define ROW websocket_close_row
static const struct column websocket_close_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", c.at.frame), NUMBER("ns", c.at.ns),
	SIDE("sender", c.sender), OPTIONAL("code", c.code), TEXT("reason", c.reason),
};
#undef ROW
ROW_FORMAT(TABLE_WEBSOCKET_CLOSE, websocket_close, websocket_close_columns);

void store_websocket_close(struct store *s, int64_t flow_id, const struct websocket_close *c)
{
	row_insert(s, &websocket_close_format, &(struct websocket_close_row){ flow_id, *c });
}

struct amqp_connection_row { int64_t flow_id; struct amqp_connection c; };
#define ROW amqp_connection_row
static const struct column amqp_connection_columns[] = {
	NUMBER("flow_id", flow_id), TEXT("version", c.version), TEXT("product", c.product),
	TEXT("product_version", c.product_version), TEXT("platform", c.platform),
	TEXT("client_product", c.client_product), TEXT("client_version", c.client_version),
	TEXT("client_platform", c.client_platform), TEXT("connection_name", c.connection_name),
	TEXT("mechanism", c.mechanism), TEXT("vhost", c.vhost), TEXT("user", c.user),
	OPTIONAL("server_heartbeat_s", c.server_heartbeat_s),
	OPTIONAL("client_heartbeat_s", c.client_heartbeat_s),
	OPTIONAL("heartbeat_s", c.heartbeat_s),
	OPTIONAL("server_frame_max", c.server_frame_max),
	OPTIONAL("server_channel_max", c.server_channel_max),
	OPTIONAL("frame_max", c.frame_max), OPTIONAL("channel_max", c.channel_max),
	TEXT("server_version", c.server_version), TEXT("capabilities", c.capabilities),
	TEXT("client_capabilities", c.client_capabilities),
	NUMBER("client_capable_of_blocked", c.client_capable_of_blocked),
	OPTIONAL("content_off", c.content_off), MARK("opened", c.opened),
	NO_SIDE("close_sender", c.close_sender), OPTIONAL("close_code", c.close_code),
	TEXT("close_text", c.close_text), OPTIONAL("close_class", c.close_class),
	OPTIONAL("close_method", c.close_method), TEXT("close_cause", c.close_cause),
	MARK("close", c.close),
	MARK("close_ok", c.close_ok),
};
#undef ROW
ROW_FORMAT(TABLE_AMQP_CONNECTION, amqp_connection, amqp_connection_columns);

void store_amqp_connection(struct store *s, int64_t flow_id, const struct amqp_connection *c)
{
	row_insert(s, &amqp_connection_format, &(struct amqp_connection_row){ flow_id, *c });
}

struct amqp_channel_row { int64_t flow_id; struct amqp_channel c; };
#define ROW amqp_channel_row
static const struct column amqp_channel_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("channel", c.channel), MARK("opened", c.opened),
	MARK("closed", c.closed), NO_SIDE("close_sender", c.close_sender),
	OPTIONAL("close_code", c.close_code), TEXT("close_text", c.close_text),
	TEXT("close_cause", c.close_cause),
	NUMBER("publishes", c.publishes), NUMBER("returns", c.returns),
	NUMBER("confirms", c.confirms),
	NUMBER("nacks_from_server", c.nacks_from_server), NUMBER("deliveries", c.deliveries),
	NUMBER("gets", c.gets), NUMBER("get_empty", c.get_empty), NUMBER("acks", c.acks),
	NUMBER("nacks", c.nacks), NUMBER("rejects", c.rejects),
	NUMBER("redeliveries", c.redeliveries),
	NUMBER("unacked_now", c.unacked_now), NUMBER("unacked_max", c.unacked_max),
	NUMBER("consumers", c.consumers),
	NUMBER("cancels_from_server", c.cancels_from_server), OPTIONAL("prefetch", c.prefetch),
};
#undef ROW
ROW_FORMAT(TABLE_AMQP_CHANNEL, amqp_channel, amqp_channel_columns);

void store_amqp_channel(struct store *s, int64_t flow_id, const struct amqp_channel *c)
{
	row_insert(s, &amqp_channel_format, &(struct amqp_channel_row){ flow_id, *c });
}

struct amqp_method_row { int64_t flow_id; struct amqp_method m; };
#define ROW amqp_method_row
static const struct column amqp_method_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", m.end.frame), NUMBER("ns", m.end.ns),
	SIDE("sender", m.sender), NUMBER("channel", m.channel), WORD("name", m.name),
	TEXT("detail", m.detail), OPTIONAL("code", m.code), NUMBER("begin_frame", m.begin.frame),
	NUMBER("begin_off", m.begin_off), NUMBER("end_off", m.end_off), OPTIONAL("tag", m.tag),
	NUMBER("multiple", m.multiple),
};
#undef ROW
ROW_FORMAT(TABLE_AMQP_METHOD, amqp_method, amqp_method_columns);

void store_amqp_method(struct store *s, int64_t flow_id, const struct amqp_method *m)
{
	row_insert(s, &amqp_method_format, &(struct amqp_method_row){ flow_id, *m });
}

struct heartbeat_row { int64_t flow_id; struct mark at; enum side sender; const char *protocol; };
#define ROW heartbeat_row
static const struct column heartbeat_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", at.frame), NUMBER("ns", at.ns),
	SIDE("sender", sender), WORD("protocol", protocol),
};
#undef ROW
ROW_FORMAT(TABLE_HEARTBEAT, heartbeat, heartbeat_columns);

void store_heartbeat(struct store *s, int64_t flow_id, struct mark at, enum side sender,
                     const char *protocol)
{
	row_insert(s, &heartbeat_format, &(struct heartbeat_row){ flow_id, at, sender, protocol });
}

struct tls_record_row { int64_t flow_id; struct mark at; enum side sender; int64_t length; };
#define ROW tls_record_row
static const struct column tls_record_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", at.frame), NUMBER("ns", at.ns),
	SIDE("sender", sender), NUMBER("length", length),
};
#undef ROW
ROW_FORMAT(TABLE_TLS_RECORD, tls_record, tls_record_columns);

void store_tls_record(struct store *s, int64_t flow_id, struct mark at, enum side sender,
                      size_t length)
{
	row_insert(s, &tls_record_format,
	           &(struct tls_record_row){ flow_id, at, sender, (int64_t)length });
}

struct anomaly_row {
	int64_t flow_id; struct mark at; enum side sender; uint64_t off; int64_t bytes;
	const char *what;
};
#define ROW anomaly_row
static const struct column anomaly_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("frame", at.frame), NUMBER("ns", at.ns),
	SIDE("sender", sender), NUMBER("off", off), OPTIONAL("bytes", bytes), WORD("what", what),
};
#undef ROW
ROW_FORMAT(TABLE_ANOMALY, anomaly, anomaly_columns);

void store_anomaly(struct store *s, int64_t flow_id, struct mark at, enum side sender, uint64_t off,
                   int64_t bytes, const char *what)
{
	row_insert(s, &anomaly_format,
	           &(struct anomaly_row){ flow_id, at, sender, off, bytes, what });
}

struct packets_row { int64_t flow_id; uint64_t first_frame, last_frame; struct bytes packets; };
#define ROW packets_row
static const struct column packets_columns[] = {
	NUMBER("flow_id", flow_id), NUMBER("first_frame", first_frame),
	NUMBER("last_frame", last_frame), COLUMN(BLOB, "packets", packets),
};
#undef ROW
ROW_FORMAT(TABLE_PACKET_INDEX, packet_index, packets_columns);

void store_packets(struct store *s, int64_t flow_id, uint64_t first_frame, uint64_t last_frame,
                   struct bytes chunk)
{
	row_insert(s, &packet_index_format,
	           &(struct packets_row){ flow_id, first_frame, last_frame, chunk });
}
