/* filter_fields.c - see filter_fields.h. Names are Wireshark's where it has one. */
#include "filter_fields.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "filter.h"
#include "text.h"

/* Facts of other tables; each is found by flow_id. */
#define HTTP     "EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = f.id AND $)"
#define METHOD   "EXISTS (SELECT 1 FROM amqp_method m WHERE m.flow_id = f.id AND $)"
#define VHOST    "EXISTS (SELECT 1 FROM amqp_connection a WHERE a.flow_id = f.id AND $)"
#define CHANNEL  "EXISTS (SELECT 1 FROM amqp_channel c WHERE c.flow_id = f.id AND $)"

/* Findings about a connection, and those that have evidence of it. TROUBLE leaves out what
 * explains that there is no problem, and what is about the capture. */
#define FINDING(and) "EXISTS (SELECT 1 FROM finding n WHERE n.id IN (SELECT id FROM finding WHERE flow_id = f.id" \
                     " UNION ALL SELECT finding_id FROM evidence WHERE flow_id = f.id) AND " and ")"
#define TROUBLE      "(SELECT NOT r.benign AND r.about <> 'capture' FROM rule r WHERE r.id = n.rule)"

/* Notes are few, and not looked for by connection: the list of those on it and of those on a
 * finding about it is made once. */
#define NOTE     "f.id IN (SELECT o.flow_id FROM note o WHERE $" \
                 " UNION ALL SELECT n.flow_id FROM note o JOIN finding n ON n.fingerprint = o.fingerprint WHERE $" \
                 " UNION ALL SELECT e.flow_id FROM note o JOIN finding n ON n.fingerprint = o.fingerprint" \
                 " JOIN evidence e ON e.finding_id = n.id WHERE $)"

#define FLAG(name, sql, what)    { name, FIELD_FLAG, what, { sql }, NULL, NULL, NULL }
#define ENDED(word, what)        FLAG(word, "f.ended = '" word "'", what)
#define EVENT(name, kinds, what) FLAG(name, "EXISTS (SELECT 1 FROM tcp_event e WHERE e.flow_id = f.id" \
                                            " AND e.kind IN (" kinds "))", what)
#define PLAIN(name, kind, sql, what)       { name, kind, what, { sql }, NULL, NULL, NULL }
#define EITHER(name, kind, a, b, what)     { name, kind, what, { a, b }, NULL, NULL, NULL }
#define FOUND(name, kind, sql, where, what) { name, kind, what, { sql }, where, NULL, NULL }
#define WORDS(name, sql, list, what)       { name, FIELD_WORD, what, { sql }, NULL, list, NULL }

#define SEVERITIES  "note warning error"
#define CONFIDENCES "possible likely proven"

static const struct filter_field fields[] = {
	/* where */
	EITHER("ip.addr", FIELD_ADDRESS, "f.client_ip", "f.server_ip", "an address or network of either side"),
	PLAIN("client.ip", FIELD_ADDRESS, "f.client_ip", "the client's address"),
	PLAIN("server.ip", FIELD_ADDRESS, "f.server_ip", "the server's address"),
	PLAIN("ip.src", FIELD_ADDRESS, "f.client_ip", "the same as client.ip"),
	PLAIN("ip.dst", FIELD_ADDRESS, "f.server_ip", "the same as server.ip"),
	EITHER("tcp.port", FIELD_NUMBER, "f.client_port", "f.server_port", "a port of either side"),
	PLAIN("client.port", FIELD_NUMBER, "f.client_port", "the client's port"),
	PLAIN("server.port", FIELD_NUMBER, "f.server_port", "the server's port"),
	PLAIN("tcp.srcport", FIELD_NUMBER, "f.client_port", "the same as client.port"),
	PLAIN("tcp.dstport", FIELD_NUMBER, "f.server_port", "the same as server.port"),
	PLAIN("tcp.stream", FIELD_NUMBER, "f.stream", "the connection's number in Wireshark"),
	{ "frame.number", FIELD_FRAME, "a packet of the connection", { "f.first_frame", "f.last_frame" },
	  "EXISTS (SELECT 1 FROM packet p WHERE p.flow_id = f.id AND $)", NULL, NULL },
	EITHER("frame.time", FIELD_MOMENT, "f.first_ns", "f.last_ns", "a time at which it lasted (UTC)"),
	PLAIN("path", FIELD_TEXT, "f.path", "the headers around it: \"vlan 5 vxlan 42\""),

	/* what is spoken */
	PLAIN("app", FIELD_NAME, "f.app", "the protocol: http, amqp, tls, or nDPI's name"),
	FLAG("http", "(f.app = 'http' OR EXISTS (SELECT 1 FROM http_exchange x WHERE x.flow_id = f.id))",
	     "HTTP was spoken"),
	FLAG("amqp", "f.app = 'amqp'", "AMQP was spoken"),
	FLAG("tls", "f.app = 'tls'", "TLS was spoken"),
	FLAG("websocket", "f.app = 'websocket'", "it became a WebSocket"),

	/* what was found */
	{ "finding", FIELD_TEXT, "a finding about it: alone, or the rule's id", { "n.rule" }, FINDING("$"), NULL,
	  FINDING(TROUBLE) },
	FOUND("rule", FIELD_TEXT, "n.rule", FINDING("$"), "the id of the rule of a finding"),
	{ "severity", FIELD_RANK, "of a finding: note, warning, error", { "instr('" SEVERITIES "', n.severity)" },
	  FINDING(TROUBLE " AND $"), SEVERITIES, NULL },
	{ "confidence", FIELD_RANK, "of a finding: possible, likely, proven",
	  { "instr('" CONFIDENCES "', n.confidence)" }, FINDING(TROUBLE " AND $"), CONFIDENCES, NULL },
	FLAG("health", FINDING("n.rule LIKE '%.health-check'"), "a health check"),
	FOUND("note", FIELD_TEXT, "o.text", NOTE, "a note of an analyst on it, or on a finding about it"),

	/* how it went */
	WORDS("ended", "f.ended", "fin rst refused unanswered open", "how: fin, rst, refused, unanswered, open"),
	ENDED("rst", "it ended with a RST"),
	ENDED("fin", "it ended with a FIN"),
	ENDED("refused", "a RST answered its SYN"),
	ENDED("unanswered", "nothing answered its SYN"),
	ENDED("open", "it had not ended when the capture did"),
	WORDS("ended_by", "f.ended_by", "client server", "who ended it: client, server"),
	WORDS("conn_state", "f.conn_state", "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH",
	      "Zeek's: S0, SF, RSTR, ..."),
	PLAIN("history", FIELD_TEXT, "f.history", "Zeek's letters"),
	PLAIN("duration", FIELD_SPAN, "f.last_ns - f.first_ns", "from its first packet to its last"),
	FOUND("silence", FIELD_SPAN, "(SELECT max(s.to_ns - s.from_ns) FROM silence s WHERE s.flow_id = f.id"
	      " AND s.scope = 'both')", NULL, "its longest time without a packet, from 1 s up"),
	PLAIN("rtt", FIELD_SPAN, "f.rtt_ns", "the round-trip time of its handshake"),
	PLAIN("tcp.analysis.initial_rtt", FIELD_SPAN, "f.rtt_ns", "the same as rtt"),
	PLAIN("frames", FIELD_NUMBER, "f.client_frames + f.server_frames", "how many packets"),
	PLAIN("bytes", FIELD_NUMBER, "f.client_bytes + f.server_bytes", "of payload, both ways"),
	PLAIN("client.bytes", FIELD_NUMBER, "f.client_bytes", "of payload from the client"),
	PLAIN("server.bytes", FIELD_NUMBER, "f.server_bytes", "of payload from the server"),

	/* TCP */
	EVENT("tcp.flags.syn", "'syn', 'syn_ack'", "it has a SYN"),
	EVENT("tcp.flags.fin", "'fin'", "it has a FIN"),
	EVENT("tcp.flags.reset", "'rst'", "it has a RST"),
	EVENT("tcp.flags.urg", "'urgent'", "urgent data"),
	EVENT("tcp.analysis.retransmission", "'retransmission'", "a retransmission, of any sort"),
	EVENT("tcp.analysis.fast_retransmission", "'fast_retransmission'", "one after duplicate ACKs"),
	EVENT("tcp.analysis.spurious_retransmission", "'spurious_retransmission'", "one of what was acknowledged"),
	EVENT("tcp.analysis.out_of_order", "'out_of_order'", "a segment out of order"),
	EVENT("tcp.analysis.lost_segment", "'lost_segment'", "a segment that was not captured"),
	EVENT("tcp.analysis.ack_lost_segment", "'ack_lost_segment'", "an ACK of what was not captured"),
	EVENT("tcp.analysis.duplicate_ack", "'dup_ack'", "a duplicate ACK"),
	EVENT("tcp.analysis.zero_window", "'zero_window'", "a window of zero"),
	EVENT("tcp.analysis.zero_window_probe", "'zero_window_probe'", "a probe of a zero window"),
	EVENT("tcp.analysis.zero_window_probe_ack", "'zero_window_probe_ack'", "an answer to one"),
	EVENT("tcp.analysis.window_full", "'window_full'", "a sender that filled the window"),
	EVENT("tcp.analysis.window_update", "'window_update'", "a window update"),
	EVENT("tcp.analysis.keep_alive", "'keep_alive'", "a TCP keep-alive"),
	EVENT("tcp.analysis.keep_alive_ack", "'keep_alive_ack'", "an answer to one"),
	EVENT("tcp.analysis.reused_ports", "'port_reuse'", "its ports had another connection before"),
	EVENT("tcp.segment.overlap.conflict", "'overlap_conflict'", "bytes sent again as other bytes"),
	EVENT("data_after_fin", "'data_after_fin'", "payload behind its sender's FIN"),
	EVENT("d_sack", "'d_sack'", "a report that data came twice (RFC 2883)"),
	EVENT("challenge_ack", "'challenge_ack'", "a RST or SYN was not believed (RFC 5961)"),
	FLAG("icmp", "EXISTS (SELECT 1 FROM icmp i WHERE i.flow_id = f.id)", "an ICMP error about it"),

	/* HTTP and AMQP */
	FOUND("http.request.method", FIELD_TEXT, "x.method", HTTP, "GET, POST, ..."),
	FOUND("http.host", FIELD_TEXT, "x.host", HTTP, "the Host of a request"),
	FOUND("http.request.uri", FIELD_TEXT, "x.target", HTTP, "the target of a request"),
	FOUND("http.user_agent", FIELD_TEXT, "x.user_agent", HTTP, "the User-Agent of a request"),
	FOUND("http.response.code", FIELD_NUMBER, "x.status", HTTP, "the status of a response"),
	FOUND("http.time", FIELD_SPAN, "x.response_ns - x.request_end_ns", HTTP, "from a request's end to its response"),
	FOUND("amqp.method", FIELD_NAME, "m.name", METHOD, "a method: basic.publish"),
	FOUND("amqp.channel", FIELD_NUMBER, "c.channel", CHANNEL, "a channel's number"),
	FOUND("amqp.vhost", FIELD_TEXT, "a.vhost", VHOST, "the virtual host"),
};

enum { FIELDS = sizeof fields / sizeof *fields, NAME_MAX_LEN = 48 };

const struct filter_field *filter_field(size_t i)
{
	return i < FIELDS ? &fields[i] : NULL;
}

const struct filter_field *filter_field_find(const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcasecmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

const char *filter_field_nearest(const char *name)
{
	const char *names[FIELDS];
	if (strlen(name) >= NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < FIELDS; i++)
		names[i] = fields[i].name;
	return text_nearest(name, names, FIELDS);
}

bool filter_word(size_t i, const char **word, const char **what)
{
	const struct filter_field *field = filter_field(i);
	if (!field)
		return false;
	*word = field->name;
	*what = field->what;
	return true;
}
