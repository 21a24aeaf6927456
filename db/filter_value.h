/* filter_value.h - what a field of a filter is compared with: text -> a value to bind. For
 * the files db/filter*.c alone.
 */
#ifndef FILTER_VALUE_H
#define FILTER_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "filter_fields.h"

/* An address that can be ordered: 4 or 6, then 16 bytes, those of IPv4 behind zeros. */
enum { IP_KEY_SIZE = 17 };

enum value_type {
	VALUE_NUMBER,
	VALUE_TIME_OF_DAY,        /* nanoseconds since midnight, UTC */
	VALUE_TEXT,
	VALUE_IP_KEY,
};

struct filter_value {
	enum value_type type;
	int64_t         number;
	char           *text;                  /* owned */
	unsigned char   key[IP_KEY_SIZE];
};

/* One value, or those from low to high, both ends with them. */
struct filter_operand { struct filter_value low, high; bool is_range; };

/* `to`: the end of a range; NULL: there is only `from`, which may be a network and thereby a
 * range. False: err says what the field takes; there is nothing to free. */
bool filter_operand_read(struct filter_operand *, const struct filter_field *, const char *from,
                         const char *to, struct err *);

#endif
