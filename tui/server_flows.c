/* server_flows.c - see server_flows.h. */
#include "server_flows.h"

#include <sqlite3.h>
#include <stdio.h>

#include "views.h"

void server_flows_show(struct browser *b, int64_t flow)
{
	struct sqlite3_stmt *s = model_query(&b->model, "SELECT server_ip, server_port FROM flow WHERE id = ?1", flow, 0);
	while (model_next(&b->model, s)) {
		int tab = 0;
		while (tabs[tab].name && tabs[tab].view != &view_flows)
			tab++;
		snprintf(b->filter, sizeof b->filter, "server.ip == %s && server.port == %s", model_text(s, 0), model_text(s, 1));
		if (tabs[tab].name)
			browser_tab(b, tab);
	}
}
