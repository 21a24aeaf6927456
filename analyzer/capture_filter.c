/* capture_filter.c - link types and filters: what libpcap does for us.
 *
 * A filter is a program about the bytes of one link type, so a file with several
 * has one program each. Where the expression makes no sense for a link type (no
 * ports on a USB bus) it selects nothing there: those frames do not pass.
 */
#include <string.h>

#include "capture_format.h"

/* LINKTYPE_* that are not the number of their DLT_* (libpcap, pcap-common.c). */
static const struct { unsigned link_type; int link; } links[] = {
	{ 100, DLT_ATM_RFC1483 }, { 101, DLT_RAW }, { 102, DLT_SLIP_BSDOS }, { 103, DLT_PPP_BSDOS },
	{ 106, DLT_ATM_CLIP },
};

int link_of(unsigned link_type)
{
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (links[i].link_type == link_type)
			return links[i].link;
	return (int)link_type;
}

const char *link_name(int link, char text[static 32])
{
	const char *name = pcap_datalink_val_to_name(link);
	snprintf(text, 32, name ? "%s" : "", name);
	if (!name)
		snprintf(text, 32, "LINKTYPE %d", link);
	return text;
}

/* A NULL header has the byte order of the host that captured. libpcap takes that
 * for ours; a big-endian host's is the same as LOOP, which has the network's. */
static int link_to_compile(const struct capture *c, int link)
{
	return link == DLT_NULL && c->in.big ? DLT_LOOP : link;
}

static void program_compile(struct capture *c, struct program *p)
{
	char name[32], whole[512];
	pcap_t *dead = pcap_open_dead(link_to_compile(c, p->link), LIMIT_PACKET);
	p->compiled = dead && pcap_compile(dead, &p->bpf, c->filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!p->compiled && !*c->filter_trouble.text) {
		snprintf(whole, sizeof whole, "the filter '%.200s' does not compile for %.200s",
		         c->filter, c->path);
		fail(&c->filter_trouble, "%s, link type %s: %s", whole, link_name(p->link, name),
		     dead ? pcap_geterr(dead) : "it is not known");
	}
	if (dead)
		pcap_close(dead);
}

size_t program_for(struct capture *c, int link)
{
	if (!c->filter)
		return 0;
	for (size_t i = 0; i < c->programs_n; i++)
		if (c->programs[i].link == link)
			return i;
	c->programs = alloc_grown(c->programs, c->programs_n + 1, sizeof *c->programs);
	c->programs[c->programs_n] = (struct program){ .link = link };
	program_compile(c, &c->programs[c->programs_n]);
	return c->programs_n++;
}

bool program_any(const struct capture *c)
{
	for (size_t i = 0; i < c->programs_n; i++)
		if (c->programs[i].compiled)
			return true;
	return false;
}

bool program_passes(const struct capture *c, size_t program, const struct packet *packet)
{
	if (!c->filter)
		return true;
	const struct program *p = &c->programs[program];
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)packet->bytes.n, .len = packet->wire_n };
	return p->compiled && pcap_offline_filter(&p->bpf, &h, packet->bytes.p) != 0;
}

void programs_free(struct capture *c)
{
	for (size_t i = 0; i < c->programs_n; i++)
		if (c->programs[i].compiled)
			pcap_freecode(&c->programs[i].bpf);
}
