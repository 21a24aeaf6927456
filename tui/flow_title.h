/* flow_title.h - what a connection is called in titles: "stream 12", the number that Wireshark
 * shows, and where a case has several captures, "stream 12 of client.pcap". */
#ifndef FLOW_TITLE_H
#define FLOW_TITLE_H

#include <stdint.h>

struct browser;

enum { FLOW_TITLE_SIZE = 96 };

/* By its flow.id; "" where there is no such flow. A capture's long name is cut in front: its end
 * tells more. */
void flow_title_of(struct browser *, int64_t flow, char text[FLOW_TITLE_SIZE]);

#endif
