/* views.c - see views.h. */
#include "views.h"

const struct tab tabs[] = {
	{ &view_findings, "Findings" },
<<<<<<< HEAD
	{ &view_flows, "Flows" },
=======
	{ &view_exchanges, "HTTP" },
	{ &view_channels, "AMQP" },
>>>>>>> cc73437cfd748d31a3ebfe0c4388de952dc3a4a4
	{ 0 },
};
