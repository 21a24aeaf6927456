/* flow_columns.c - see flow_columns.h. */
#include "flow_columns.h"

#define NAME(ip, port) "iif(instr(" ip ", ':'), '[' || " ip " || ']', " ip ") || ':' || " port
/* The address as a number, then the port, all of one length: they sort as bytes. */
#define PLACE(ip, port) "ip_key(" ip ") || (100000 + " port ")"
#define BY_ITSELF(sql) sql, sql

const struct flow_column flow_columns[FLOW_COLUMNS] = {
	{ "stream", "nr", BY_ITSELF("f.stream"), FLOW_NUMBER, 0, 9, 16, false,
	  "the number of the connection in Wireshark: tcp.stream" },
	{ "start", "start", "f.first_ns", NULL, FLOW_CLOCK, 0, 15, 5, false,
	  "its first packet, as t has it: since the capture's start, of the day, since the row before" },
	{ "client", "client", NAME("f.client_ip", "f.client_port"), PLACE("f.client_ip", "f.client_port"),
	  FLOW_TAIL, 16, 47, 1, false, "who opened it" },
	{ "server", "server", NAME("f.server_ip", "f.server_port"), PLACE("f.server_ip", "f.server_port"),
	  FLOW_TAIL, 16, 47, 2, false, "whom it was opened to" },
	{ "app", "app", BY_ITSELF("f.app"), FLOW_TEXT, 4, 12, 4, false, "what is spoken" },
	{ "state", "state", BY_ITSELF("f.conn_state"), FLOW_TEXT, 0, 6, 9, false,
	  "Zeek's conn_state; below the list in words" },
	{ "history", "history", BY_ITSELF("f.history"), FLOW_TEXT, 8, 24, 12, false,
	  "Zeek's letters, in capitals the client's: S SYN, h SYN,ACK, a ACK, d data, f FIN, r RST, ..." },
	{ "end", "end", BY_ITSELF("CASE f.ended WHEN 'fin' THEN coalesce(f.ended_by || ' ', '') || 'FIN'"
	  " WHEN 'rst' THEN coalesce(f.ended_by || ' ', '') || 'RST' WHEN 'unanswered' THEN 'no answer'"
	  " ELSE f.ended END"), FLOW_TEXT, 0, 10, 3, false, "who sent the first FIN, or the RST; or that nobody did" },
	{ "duration", "duration", BY_ITSELF("f.last_ns - f.first_ns"), FLOW_SPAN, 0, 12, 6, false,
	  "from its first packet to its last" },
	{ "packets", "packets", BY_ITSELF("f.client_frames + f.server_frames"), FLOW_COUNT, 0, 9, 13, false,
	  "of both sides, copies left out" },
	{ "client bytes", "\xe2\x86\x92" "bytes", BY_ITSELF("f.client_bytes"), FLOW_BYTES, 0, 6, 10, false,
	  "payload of the client, with retransmissions" },
	{ "server bytes", "\xe2\x86\x90" "bytes", BY_ITSELF("f.server_bytes"), FLOW_BYTES, 0, 6, 11, false,
	  "payload of the server, with retransmissions" },
	{ "round trip", "rtt", BY_ITSELF("f.rtt_ns"), FLOW_SPAN, 0, 12, 15, false, "of the handshake" },
	{ "silence", "silence", BY_ITSELF("(SELECT max(s.to_ns - s.from_ns) FROM silence s WHERE s.flow_id = f.id"
	  " AND s.scope = 'both')"), FLOW_SPAN, 0, 12, 14, false, "its longest time without a packet, from 1 s up" },
	{ "retransmissions", "resent", BY_ITSELF("(SELECT nullif(count(*), 0) FROM tcp_event e WHERE e.flow_id = f.id"
	  " AND e.kind = 'retransmission')"), FLOW_COUNT, 0, 8, 17, false, "segments that were sent again" },
	{ "exchanges", "HTTP", BY_ITSELF("(SELECT nullif(count(*), 0) FROM http_exchange x WHERE x.flow_id = f.id)"),
	  FLOW_COUNT, 0, 8, 18, false, "HTTP requests with their responses" },
	{ "path", "path", BY_ITSELF("f.path"), FLOW_TEXT, 8, 24, 19, true,
	  "VLANs and tunnels that it came through; takes no room where there are none" },
	{ "capture", "capture", BY_ITSELF("(SELECT file_name(c.name) FROM capture c WHERE c.id = f.capture_id"
	  " AND (SELECT count(*) FROM capture) > 1)"), FLOW_TAIL, 14, 30, 7, true, "where the case has several" },
	{ "finding", "finding", "(SELECT r.title FROM finding n JOIN rule r ON r.id = n.rule WHERE n.id = w.finding_id)",
	  "(SELECT (100 + 100 * w.benign + instr('error warning note', n.severity)) || r.title FROM flow_finding w"
	  " JOIN finding n ON n.id = w.finding_id JOIN rule r ON r.id = n.rule WHERE w.flow_id = f.id)",
	  FLOW_FINDING, 16, 80, 8, false, "the gravest that was found about it" },
};

bool flow_column_right(const struct flow_column *c)
{
	return c->kind == FLOW_SPAN || c->kind == FLOW_BYTES || c->kind == FLOW_COUNT || c->kind == FLOW_NUMBER || c->kind == FLOW_CLOCK;
}

void flow_choice_begin(struct flow_choice *c)
{
	*c = (struct flow_choice){ .changes = 1 };
	for (int i = 0; i < FLOW_COLUMNS; i++) {
		c->order[i] = (uint8_t)i;
		if (!flow_columns[i].key)
			c->sort = (uint8_t)i;
	}
}

uint8_t flow_choice_beside(const struct flow_choice *c, uint8_t column, int by)
{
	int place = 0;
	while (c->order[place] != column)
		place++;
	do
		place = (place + by + FLOW_COLUMNS) % FLOW_COLUMNS;
	while (c->hidden[c->order[place]] && c->order[place] != column);
	return c->order[place];
}

int flow_choice_move(struct flow_choice *c, int place, int by)
{
	int to = place + by;
	if (to < 0 || to >= FLOW_COLUMNS)
		return place;
	uint8_t moved = c->order[place];
	c->order[place] = c->order[to];
	c->order[to] = moved;
	c->changes++;
	return to;
}
