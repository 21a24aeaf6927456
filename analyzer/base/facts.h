/* facts.h - what the stages tell one another about a capture: plain structs,
 * one for each fact table of db/schema.sql, whose comments say what every
 * column means. Names are the columns' names.
 *
 * Time     int64_t nanoseconds since 1970-01-01 UTC; NO_TIME where unknown.
 * Frames   count from 1 through a capture, as Wireshark does; 0 is none.
 * Offsets  `off` is a 64-bit offset in one direction's payload, from 0 at the
 *          byte after the SYN (or the first byte captured, where none was);
 *          `seq` and `ack` are the 32-bit numbers of the wire, which wrap.
 * Counts   NONE (-1) where a number is not known; it is stored as NULL.
 * Borrows  text is borrowed for the call; NULL or empty is stored as NULL.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum side { CLIENT, SERVER };

static inline enum side other(enum side s) { return s == CLIENT ? SERVER : CLIENT; }

#define NO_TIME INT64_MIN
enum { NONE = -1 };

/* Where and when something was captured; frame 0: it was not (yet). */
struct mark { uint64_t frame; int64_t ns; };

/* tcp_event. `kind` is one of the schema's words. */
struct tcp_event {
	int64_t     flow_id;
	struct mark at;
	enum side   sender;
	const char *kind;
	uint32_t    seq, ack, len;
	uint8_t     ttl, flags;
	uint16_t    ip_id;
};

struct reset {
	int64_t     flow_id;
	struct mark at;
	enum side   sender;
	bool        has_ack;
	uint32_t    seq, ack, window;
	bool        has_timestamps;
	int         ttl, usual_ttl;          /* usual: of the sender's other segments; NONE */
	uint16_t    ip_id;
	struct mark trigger;                 /* the segment it answers; frame 0: none found */
	uint32_t    trigger_len;
	uint8_t     trigger_flags;
	bool        trigger_acks_fin;        /* it acknowledged the resetter's FIN */
	bool        seq_matches_trigger_ack;
	bool        in_window;
	int64_t     unread_bytes;            /* the peer's payload the resetter had not acknowledged */
	bool        after_own_fin, after_own_rst, after_peer_fin;
	int64_t     own_bytes, peer_bytes;   /* payload offsets reached by both sides so far */
	int64_t     peer_bytes_acked;        /* of the peer's payload, acknowledged by the resetter */
	int64_t     idle_ns;                 /* since the flow's last segment before the RST */
	struct mark pause_from, pause_to;    /* the flow's longest pause since the resetter last sent */
};

/* An ICMP error about one of the sender's segments. */
struct icmp_facts {
	int64_t     flow_id;
	struct mark at;
	char        source_ip[46];
	enum side   sender;
	const char *protocol;                /* "icmp", "icmpv6" */
	uint8_t     type, code;
	const char *word;
	int         mtu;                     /* NONE: the error names none */
	uint32_t    quoted_seq;
	uint8_t     quoted_ttl;
};

enum silence_scope { SILENT_CLIENT, SILENT_SERVER, SILENT_BOTH };

struct silence {
	int64_t            flow_id;
	enum silence_scope scope;
	struct mark        from, to;
	const char        *ended_by;
	int                ended_sender;     /* enum side, or NONE: the capture ended */
};

/* One HTTP exchange. States: complete cut_by_fin cut_by_rst cut_by_gap open none. */
struct http_exchange {
	int64_t     nr;                      /* from 1 within the flow */
	const char *method, *target, *host, *version;
	const char *user_agent, *request_head, *response_head;   /* heads with secrets removed */
	struct mark request, request_head_end, request_body, request_end;
	int64_t     request_off, request_declared, request_bytes, request_body_hash;
	bool        expect_continue;
	struct mark cont;                    /* the 100 (Continue) */
	int         status;                  /* final; NONE */
	const char *response_version, *reason;
	struct mark response, response_head_end, response_end;
	int64_t     response_off, response_declared, response_bytes;
	bool        response_until_close;    /* body framed by the end of the connection */
	bool        close_announced;         /* Connection: close, or HTTP/1.0 without keep-alive */
	const char *request_state, *response_state;
	const char *expect_answer, *expect_body; /* words of the schema; NULL */
};

/* A 1xx response, other than 101, which is final. */
struct http_interim {
	struct mark at;
	int64_t     exchange_nr;             /* NONE */
	int         status;
	bool        late;                    /* it came after the final response */
};

struct websocket_close {
	struct mark at;
	enum side   sender;
	int         code;                    /* NONE: the frame has none */
	const char *reason;
};

struct amqp_connection {
	const char *version;                 /* "0-9-1"; as the client's header asks */
	const char *server_version;          /* another one that the server proposes */
	const char *product, *product_version, *platform;               /* the server's */
	const char *client_product, *client_version, *client_platform, *connection_name;
	const char *capabilities, *client_capabilities;   /* "basic.nack connection.blocked" */
	const char *mechanism, *vhost, *user;
	int64_t     server_heartbeat_s, client_heartbeat_s, heartbeat_s;  /* offers; the result */
	int64_t     server_frame_max, server_channel_max, frame_max, channel_max;   /* offers; results */
	struct mark opened;                  /* connection.open-ok */
	int         close_sender;            /* enum side of connection.close; NONE */
	int         close_code;              /* NONE */
	const char *close_text;
	int         close_class, close_method;   /* what caused it; NONE */
	const char *close_cause;             /* "basic.publish" */
	struct mark close, close_ok;
	bool        client_capable_of_blocked;
	int64_t     content_off;             /* where the client's last content ends; NONE */
};

struct amqp_channel {
	int         channel;
	struct mark opened, closed;
	int         close_sender, close_code;    /* enum side, reply code; NONE */
	const char *close_text, *close_cause;
	int64_t     publishes, returns, confirms, nacks_from_server, deliveries, gets, get_empty,
	            acks, nacks, rejects, redeliveries, unacked_now, unacked_max, consumers,
	            cancels_from_server, prefetch;                    /* NONE: no basic.qos seen */
};

struct amqp_method {
	struct mark begin, end;
	enum side   sender;
	int         channel;
	const char *name;                    /* "basic.publish" */
	const char *detail;                  /* arguments for people: "exchange=x routing_key=k" */
	int         code;                    /* reply code of a close or return; NONE */
	uint64_t    begin_off, end_off;
	int64_t     tag;                     /* what an ack names, or is named by; NONE */
	bool        multiple;
};

/* A flow's row: written once, when the flow ends. */
struct flow_facts {
	int64_t     id, capture_id, stream;
	char        client_ip[46], server_ip[46];
	uint16_t    client_port, server_port;
	const char *client_known_by, *path;
	struct mark first, last;
	uint64_t    frames[2], bytes[2], duplicates[2];   /* by enum side, as are the pairs below */
	int64_t     gap_bytes[2];
	struct mark syn, syn_ack, established, fin[2];
	int64_t     fin_off[2], fin_acks_off[2];
	struct mark fin_acked[2];
	int64_t     acked_off[2];
	int64_t     rtt_ns;
	int64_t     isn[2], first_seq[2], mss[2], window_scale[2], tsval[2];
	int         ttl[2];
	struct mark first_data[2], last_data[2];
	const char *window_scaling;
	bool        fast_open, simultaneous_open;
	const char *conn_state, *history, *ended;
	int         completeness;
	int         ended_by;                /* enum side; NONE */
	struct mark ended_at;
	const char *app, *app_known_by, *community_id;
};

struct capture_file_facts {
	const char *path, *sha256, *format;
	int64_t     size;
	uint64_t    first_frame, frames;
	int64_t     first_ns, last_ns;
	int64_t     cut_short_at;            /* frame after which the file broke off; NONE */
	const char *trouble;                 /* what was wrong, in words; NULL */
	int         snaplen;
	const char *link_type;
	const char *compression;             /* NULL: none */
};

/* An interface of a file; counts as the capturing program reported them, or NONE. */
struct capture_interface {
	int64_t     nr, section;             /* from 0, and from 1, through the file */
	const char *name, *description, *filter, *os;
	char        link_type[32];
	int64_t     snaplen;                 /* NONE: no limit */
	uint64_t    frames;
	int64_t     received, dropped_by_interface, passed_filter, dropped_by_os, delivered;
};

/* What somebody wrote about a frame, an interface, or (both unset) the file. */
struct capture_comment {
	int64_t     interface;               /* NONE */
	int64_t     frame;                   /* NONE */
	const char *text;
};

struct capture_facts {
	const char *name, *link_types;
	int64_t     first_ns, last_ns;
	uint64_t    frames, bytes, tcp_frames, filtered_frames, snapped_frames, duplicate_frames,
	            fragment_frames, icmp_frames, clock_steps_back, one_way_flows, midstream_flows, ack_lost_segments;
	int64_t     snaplen;
	int64_t     dropped_frames;          /* NONE: not reported */
	const char *taken_for, *series_trouble, *read_with;
};

#endif
