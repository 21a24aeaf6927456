/* registry.c - the dissectors there are, in the order in which they may guess. */
#include "dissector.h"

extern const struct dissector amqp_dissector, http1_dissector, tls_dissector;

const struct dissector *const dissectors[] = { &amqp_dissector, &http1_dissector, &tls_dissector, 0 };
