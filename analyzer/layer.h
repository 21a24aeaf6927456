/* layer.h - for the files that read the headers around a TCP segment, alone.
 *
 * Each header has one function. It takes its bytes from the walk and says what
 * comes next; decode.c has the loop and the table. So no header calls another,
 * and however a packet nests them, the loop's count bounds the work.
 *
 *   link.c, wlan.c   what a capture's link type begins with
 *   shim.c           between link and network: VLAN, LLC, MPLS, PPPoE, PPP
 *   ip.c             IPv4, IPv6, fragments      tunnel.c   UDP and GRE, and what they carry
 *   icmp.c           errors that quote TCP      tcp_header.c
 *
 * Sizes    `cut` bytes of the wire lie behind what was kept of the packet, so
 *          that reading need not count what it took.
 */
#ifndef LAYER_H
#define LAYER_H

#include "decode.h"

enum layer {
	LAYER_END,                     /* walk.kind says what it came to */
	LAYER_ETHERNET, LAYER_SLL, LAYER_SLL2, LAYER_FAMILY, LAYER_PPP_SERIAL, LAYER_CHDLC,
	LAYER_FRAME_RELAY, LAYER_PFLOG, LAYER_NFLOG, LAYER_JUNIPER, LAYER_ARCNET, LAYER_ARCNET_LINUX,
	LAYER_WLAN, LAYER_RADIOTAP, LAYER_PPI, LAYER_PRISM, LAYER_AVS,
	LAYER_TYPE,                    /* walk.next is an EtherType */
	LAYER_TYPE_FIRST,              /* an EtherType, then what it says */
	LAYER_LLC, LAYER_MPLS, LAYER_PPPOE, LAYER_PPP, LAYER_NSH,
	LAYER_IP,                      /* IPv4 or IPv6, by its version */
	LAYER_IP4, LAYER_IP6,
	LAYER_PROTOCOL,                /* walk.next is an IP protocol */
	LAYER_ICMP, LAYER_TCP,
	LAYER_UDP, LAYER_VXLAN, LAYER_VXLAN_GPE, LAYER_GENEVE, LAYER_GTP, LAYER_TEREDO, LAYER_L2TP,
	LAYER_AYIYA, LAYER_GUE, LAYER_LISP, LAYER_TZSP, LAYER_GRE, LAYER_ETHERIP,
	LAYERS
};

struct walk {
	struct rd       r;             /* what is left of the packet, as kept */
	size_t          cut;
	unsigned        next;
	const char     *kind;          /* what the packet is; NULL: a TCP segment */
	const char     *guessed;       /* what it is if the headers behind turn out to be none */
	bool            quoted;        /* inside an ICMP error */
	struct segment *s;
	struct decoder *decoder;
};

struct decoder {
	struct fragments *fragments;
	bool              has_icmp;    /* the packet is the error `icmp` */
	struct icmp_error icmp;
};

typedef enum layer layer_read(struct walk *);

layer_read ethernet_read, sll_read, sll2_read, family_read, ppp_serial_read, chdlc_read,
	frame_relay_read, pflog_read, nflog_read, juniper_read, arcnet_read, arcnet_linux_read;
layer_read wlan_read, radiotap_read, ppi_read, prism_read, avs_read;
layer_read type_read, type_first_read, llc_read, mpls_read, pppoe_read, ppp_read, nsh_read;
layer_read ip_read, ip4_read, ip6_read, protocol_read;
layer_read icmp_read, tcp_read;
layer_read udp_read, vxlan_read, vxlan_gpe_read, geneve_read, gtp_read, teredo_read, l2tp_read,
	ayiya_read, gue_read, lisp_read, tzsp_read, gre_read, etherip_read;

/* Read one header, as decode() does: what comes next. */
enum layer layer_step(struct walk *, enum layer);

/* What a packet of this link type (DLT_*) begins with; *skip bytes come before. */
enum layer link_layer(int link, size_t *skip);

/* ---- ways to go on ---- */

static inline size_t walk_wire(const struct walk *w)
{
	return rd_left(&w->r) + w->cut;
}

/* No more than n bytes are left, whatever the frame has behind them. */
static inline void walk_confine(struct walk *w, size_t n)
{
	size_t kept = rd_left(&w->r);
	if (n <= kept) {
		w->r = rd_sub(&w->r, n);
		w->cut = 0;
	} else if (n - kept < w->cut) {
		w->cut = n - kept;
	}
}

static inline enum layer walk_on(struct walk *w, enum layer layer, unsigned next)
{
	w->next = next;
	return layer;
}

/* The packet is of a kind that is not followed. */
static inline enum layer walk_end(struct walk *w, const char *kind)
{
	w->kind = kind;
	return LAYER_END;
}

/* What should be a header is none. */
static inline enum layer walk_broken(struct walk *w, const char *kind)
{
	return walk_end(w, w->guessed ? w->guessed : kind);
}

/* FNV-1a, for telling links and tunnels apart: no security rests on it. */
static inline uint32_t link_mix(uint32_t h, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 16777619u;
	return h;
}

/* Note a header that names what the packet is wrapped in; one too many is not
 * noted. A copy in another wrapping was caught at another place. */
static inline void walk_outer(struct walk *w, enum outer_kind kind, uint32_t id)
{
	struct segment *s = w->s;
	const uint8_t b[] = { (uint8_t)kind, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
	                      (uint8_t)(id >> 8), (uint8_t)id };
	s->link_id = link_mix(s->link_id, (struct bytes){ b, sizeof b });
	s->path_id = link_mix(s->path_id, (struct bytes){ b, sizeof b });
	if (s->outer_n < LIMIT_OUTER)
		s->outer[s->outer_n++] = (struct outer){ kind, id };
}

struct named { unsigned value; const char *name; };

/* What walk.next is called in the table, which ends with a NULL name. A number that
 * has no name says that a guess was wrong. */
static inline enum layer walk_named(struct walk *w, const struct named *table, const char *otherwise)
{
	for (; table->name; table++)
		if (table->value == w->next)
			return walk_end(w, table->name);
	return walk_broken(w, otherwise);
}

#endif
