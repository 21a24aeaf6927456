/* community_id.c - the names that other programs give: the first is an example of the
 * specification, the others are what tshark's communityid says. */
#include <string.h>

#include "check.h"
#include "community_id.h"
#include "decode.h"

int check_failed;

static void check_id(struct endpoint a, struct endpoint b, const char *wanted)
{
	char text[COMMUNITY_ID_SIZE];
	CHECK(strcmp(community_id(&a, &b, text), wanted) == 0);
	CHECK(strcmp(community_id(&b, &a, text), wanted) == 0);
}

#define IP4(a, b, c, d) { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }
#define DOC6(last) { 0x20, 0x01, 0x0d, 0xb8, [15] = last }

int main(void)
{
	check_id((struct endpoint){ IP4(128, 232, 110, 120), 34855 }, (struct endpoint){ IP4(66, 35, 250, 204), 80 },
	         "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	check_id((struct endpoint){ IP4(127, 0, 0, 1), 40000 }, (struct endpoint){ IP4(127, 0, 0, 1), 8080 },
	         "1:KtokAHyz+LpmkWAFBK/+HjzP3tE=");
	check_id((struct endpoint){ DOC6(1), 50000 }, (struct endpoint){ DOC6(2), 443 }, "1:YXqXufkGr4i6TbJJYF83fvyDLZ8=");
	return check_failed != 0;
}
