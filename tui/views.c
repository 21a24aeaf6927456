/* views.c - see views.h. */
#include "views.h"

const struct tab tabs[] = {
	{ &view_findings, "Findings" },
	{ &view_flows, "Flows" },
	{ &view_exchanges, "HTTP" },
	{ &view_channels, "AMQP" },
	{ &view_servers, "Servers" },
	{ &view_capture, "Capture" },
	{ 0 },
};
