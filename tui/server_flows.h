/* server_flows.h - from a server to the list of its flows. */
#ifndef SERVER_FLOWS_H
#define SERVER_FLOWS_H

#include "browser.h"

/* Show the flows to the server of this flow: in their tab, by a filter, which stays. */
void server_flows_show(struct browser *, int64_t flow);

#endif
