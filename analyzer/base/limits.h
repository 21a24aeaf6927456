/* limits.h - a named cap for everything that input can make grow.
 *
 * Sizes are bytes unless the name says otherwise. A cap that is reached is a
 * fact in the case (an anomaly, a count), never a failure.
 */
#ifndef LIMITS_H
#define LIMITS_H

enum {
	/* inputs.c */
	LIMIT_INPUTS           = 10000,   /* captures of one folder */

	/* inflate.c */
	LIMIT_INFLATE_MEMORY   = 128 << 20, /* for the dictionary of one compressed file */

	/* capture*.c */
	LIMIT_PACKET           = 262144,  /* bytes handed out of one packet; of nearly every link
	                                     type a longer record is nonsense, and ends the file */
	LIMIT_PACKET_LONG      = 128 << 20, /* where it may be longer (USB, D-Bus) */
	LIMIT_BLOCK_OPTIONS    = 65536,   /* bytes of a pcapng block's options looked at */
	LIMIT_INTERFACES       = 16384,   /* of one file */
	LIMIT_COMMENT          = 4096,    /* bytes kept of one comment */
	LIMIT_FILE_COMMENTS    = 64,      /* kept about a file and its interfaces */
	LIMIT_FRAME_COMMENTS   = 8,       /* kept about one frame */
	LIMIT_COMMENTS         = 10000,   /* kept of one capture */
	LIMIT_INTERFACE_TEXT   = 256,     /* name, description, filter of an interface */

	/* decode.c and the files of layer.h */
	LIMIT_LAYERS           = 40,      /* headers of a packet, from the link to TCP */
	LIMIT_OUTER            = 8,       /* headers around a segment that its path names */
	LIMIT_SACK_BLOCKS      = 4,       /* more do not fit into the TCP options */
	LIMIT_IP6_EXTENSIONS   = 16,      /* chained IPv6 extension headers */
	LIMIT_PATH             = 128,     /* text of flow.path */

	/* fragment.c */
	LIMIT_FRAGMENT_DATAGRAMS = 1024,  /* waited for at once */
	LIMIT_FRAGMENT_BYTES   = 16 << 20, /* held for them */
	LIMIT_FRAGMENT_SPANS   = 1024,    /* pieces of a datagram that do not touch */

	/* flow.c */
	LIMIT_FLOWS_AT_HAND    = 16384,   /* in memory of those without payload to read; the rest is put aside */
	LIMIT_RESERVED_STREAMS = 4096,    /* numbers kept for connections that only an ICMP error named */

	/* dedup.c */
	LIMIT_DEDUP_SLOTS      = 8192,    /* packets remembered, a power of two */
	LIMIT_DEDUP_HOSTS      = 1024,    /* senders whose identifications are judged, a power of two */

	/* tcp.c and stream.c */
	LIMIT_RECENT_SEGMENTS  = 8,       /* per side, candidates for a reset's trigger */
	LIMIT_OUT_OF_ORDER     = 16 << 20, /* bytes per side held behind a hole: what a window may hold */
	LIMIT_OUT_OF_ORDER_PARTS = 16384, /* segments per side held behind a hole */
	LIMIT_OUT_OF_ORDER_ALL = 64 << 20, /* bytes held behind holes, of all connections together */
	LIMIT_TAIL             = 2048,    /* bytes per side that repeated ones are compared with */
	LIMIT_STREAM_PARTS     = 256,     /* segments a pending message may span exactly */
	LIMIT_GUESS            = 64,      /* bytes of a stream a guess may ask for */
	LIMIT_GUESS_SEGMENTS   = 64,      /* segments tried in a stream joined midway */
	LIMIT_CLASSIFY_SEGMENTS = 12,     /* payload segments nDPI may look at */

	/* dissectors */
	LIMIT_HTTP_HEAD        = 65536,   /* a longer head is given up as a gap */
	LIMIT_HTTP_HEAD_KEPT   = 4096,    /* of it kept for display */
	LIMIT_HTTP_HEADS_KEPT  = 8192,    /* a side, of all heads that are not told yet */
	LIMIT_HTTP_TARGET      = 1024,    /* request target kept */
	LIMIT_HTTP_HOST        = 256,
	LIMIT_HTTP_BODY_HASHED = 4096,    /* of a request's body; the schema says so too */
	LIMIT_HTTP_PIPELINED   = 14,      /* exchanges open at once; older ones are let go */
	LIMIT_TLS_SMALL        = 96,      /* a longer record cannot be a heartbeat in disguise */
	LIMIT_TLS_RECORDS      = 4096,    /* small records told of a connection */
	LIMIT_AMQP_METHOD      = 131072,  /* a longer method frame is given up as a gap */
	LIMIT_AMQP_CHANNELS    = 24,      /* channels counted at once on a connection */
	LIMIT_AMQP_DETAIL      = 256,     /* text of one method's arguments */
	LIMIT_AMQP_TEXT        = 128,     /* product, vhost, close text */
	LIMIT_AMQP_CAPABILITIES = 256,    /* text of all capabilities of a side */
	LIMIT_AMQP_NESTING     = 4,       /* tables inside of tables that are shown */

	/* packet_read.c, describe*.c and conversation.c */
	LIMIT_PACKET_WALK      = 1 << 20, /* frames passed to find one whose place is not known */
	LIMIT_DESCRIBE_LINES   = 1000,    /* about one packet */
	LIMIT_DESCRIBE_TEXT    = 512,     /* bytes of one of them */
	LIMIT_CONVERSATION_PIECES = 1 << 18, /* of one flow, shown or written at once */

	/* db */
	LIMIT_SWAPS            = 256,     /* flows whose guessed roles may be corrected */
	LIMIT_INDEX_CHUNK      = 128,     /* packets in one row of packet_index */
	LIMIT_NOTE             = 4096,    /* text of one note */

	/* filter.c; SQLite's parser and the depth of its expressions set the bounds */
	LIMIT_FILTER           = 4096,
	LIMIT_FILTER_VALUES    = 256,     /* fields and values */
	LIMIT_FILTER_NESTING   = 16,      /* parentheses and ! inside of one another */

	/* rules and report */
	LIMIT_RULE_FILE        = 1 << 20,
	LIMIT_RULE_PARAMS      = 32,
	LIMIT_EVIDENCE         = 64,      /* evidence frames kept of one finding */
	LIMIT_SERVERS          = 65536,   /* of one capture that are counted apart */
	LIMIT_FLOW_KINDS       = 4096,    /* protocols and paths of one capture that are counted apart */
	LIMIT_SERVER_CLIENTS   = 1 << 20, /* pairs of server and client that are told apart */

	/* tui */
	LIMIT_NOTES_SHOWN      = 10000,
	LIMIT_QUERY_ROWS       = 20000,   /* of a query's result kept */
	LIMIT_QUERY_BYTES      = 16 << 20, /* of all its values kept */
	LIMIT_QUERY_VALUE      = 16 << 20, /* of one value while it is being made */
	LIMIT_QUERY_CELL       = 4096,    /* of one value kept */
	LIMIT_QUERY_COLUMNS    = 200,     /* kept */
	LIMIT_QUERY_WORDS      = 5000,    /* names of tables and columns that are completed */
};

#endif
