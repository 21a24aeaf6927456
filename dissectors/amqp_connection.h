/* amqp_connection.h - what the two sides of a connection agree on, and how they close it.
 *
 * Bounds   texts of LIMIT_AMQP_TEXT bytes. Of the secrets in a response only the
 *          user's name is kept, and only where secrets may be shown.
 */
#ifndef AMQP_CONNECTION_H
#define AMQP_CONNECTION_H

#include "amqp_methods.h"
#include "dissector.h"
#include "limits.h"

enum { AMQP_VERSION = 20 };

struct connection_texts {
	char product[LIMIT_AMQP_TEXT], version[LIMIT_AMQP_TEXT], platform[LIMIT_AMQP_TEXT],
	     client_product[LIMIT_AMQP_TEXT], client_version[LIMIT_AMQP_TEXT],
	     client_platform[LIMIT_AMQP_TEXT], connection_name[LIMIT_AMQP_TEXT],
	     mechanism[LIMIT_AMQP_TEXT], vhost[LIMIT_AMQP_TEXT], user[LIMIT_AMQP_TEXT],
	     close[LIMIT_AMQP_TEXT];
	char capabilities[LIMIT_AMQP_CAPABILITIES], client_capabilities[LIMIT_AMQP_CAPABILITIES];
	char asked[AMQP_VERSION], proposed[AMQP_VERSION];   /* by the protocol headers */
};

/* All zeroes at first. */
struct connection {
	bool        proposed;            /* connection.tune was seen */
	bool        tuned;               /* connection.tune-ok was seen */
	bool        closing;             /* connection.close was seen: the first counts */
	bool        capable_of_blocked;
	uint16_t    server_heartbeat, server_channel_max;   /* proposed; seconds */
	uint16_t    heartbeat, channel_max;      /* tuned */
	uint32_t    server_frame_max;    /* proposed */
	uint32_t    frame_max;           /* tuned; 0: no limit */
	uint64_t    content_off;         /* the end of the client's last content; 0: none */
	struct mark opened, close, close_ok;
	enum side   close_sender;
	int         close_code;
	uint32_t    close_cause;         /* an id, or 0 */
	struct connection_texts texts;
};

/* Whether the header's octets 4 to 7 are those of a version of AMQP. */
bool connection_version_known(const uint8_t id[4]);

/* Take in a protocol header; false: no version that is spoken here (0-9-1, 0-9, 0-8,
 * which have the same frames). */
bool connection_header(struct connection *, enum side, const uint8_t id[4]);

/* Take in a method of class connection. */
void connection_method(struct connection *, struct sink *, const struct amqp_call *);

void connection_tell(const struct connection *, struct sink *);

#endif
