/* decode.c - see decode.h. The way of a packet through its headers, the most common:
 *
 *   Ethernet  SLL  SLL2  NULL  PPP  802.11 …     by the capture's link type
 *       └─► EtherType ─► VLAN ─┐  MPLS  PPPoE  LLC
 *               ▲   └──────────┘
 *               │   IPv4  IPv6 ─► fragments ─► IP protocol ─► TCP
 *               │      ▲                            ├─► ICMP ─► (quoted) IP ─► TCP
 *               └──────┴─ VXLAN  Geneve  GRE … ◄────┘
 */
#include "decode.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "err.h"
#include "fragment.h"
#include "layer.h"

static layer_read *const layers[LAYERS] = {
	[LAYER_ETHERNET] = ethernet_read,   [LAYER_SLL] = sll_read,
	[LAYER_SLL2] = sll2_read,           [LAYER_FAMILY] = family_read,
	[LAYER_PPP_SERIAL] = ppp_serial_read, [LAYER_CHDLC] = chdlc_read,
	[LAYER_FRAME_RELAY] = frame_relay_read, [LAYER_PFLOG] = pflog_read,
	[LAYER_NFLOG] = nflog_read,         [LAYER_JUNIPER] = juniper_read,
	[LAYER_ARCNET] = arcnet_read,       [LAYER_ARCNET_LINUX] = arcnet_linux_read,
	[LAYER_WLAN] = wlan_read,           [LAYER_RADIOTAP] = radiotap_read,
	[LAYER_PPI] = ppi_read,             [LAYER_PRISM] = prism_read,
	[LAYER_AVS] = avs_read,             [LAYER_TYPE] = type_read,
	[LAYER_TYPE_FIRST] = type_first_read, [LAYER_LLC] = llc_read,
	[LAYER_MPLS] = mpls_read,           [LAYER_PPPOE] = pppoe_read,
	[LAYER_PPP] = ppp_read,             [LAYER_NSH] = nsh_read,
	[LAYER_IP] = ip_read,               [LAYER_IP4] = ip4_read,
	[LAYER_IP6] = ip6_read,             [LAYER_PROTOCOL] = protocol_read,
	[LAYER_ICMP] = icmp_read,           [LAYER_TCP] = tcp_read,
	[LAYER_UDP] = udp_read,             [LAYER_VXLAN] = vxlan_read,
	[LAYER_VXLAN_GPE] = vxlan_gpe_read, [LAYER_GENEVE] = geneve_read,
	[LAYER_GTP] = gtp_read,             [LAYER_TEREDO] = teredo_read,
	[LAYER_L2TP] = l2tp_read,           [LAYER_AYIYA] = ayiya_read,
	[LAYER_GUE] = gue_read,             [LAYER_LISP] = lisp_read,
	[LAYER_TZSP] = tzsp_read,           [LAYER_GRE] = gre_read,
	[LAYER_ETHERIP] = etherip_read,
};

enum layer layer_step(struct walk *w, enum layer layer)
{
	return layers[layer](w);
}

struct decoder *decoder_new(void)
{
	struct decoder *d = alloc_zeroed(1, sizeof *d);
	d->fragments = fragments_new();
	return d;
}

void decoder_free(struct decoder *d)
{
	if (d)
		fragments_free(d->fragments);
	free(d);
}

const char *decode(struct decoder *d, const struct packet *packet, struct segment *s)
{
	struct walk w = { .r = rd_over(packet->bytes), .cut = packet->wire_n - packet->bytes.n,
	                  .s = s, .decoder = d };
	size_t skip;
	*s = (struct segment){ .at = { packet->frame, packet->ns },
	                       .file_offset = packet->file_offset };
	d->has_icmp = false;
	fragments_release(d->fragments);
	enum layer layer = link_layer(packet->link, &skip);
	if (layer == LAYER_END)
		return "link type that is not understood";
	if (skip)
		rd_take(&w.r, skip);
	for (int n = 0; layer != LAYER_END; n++) {
		if (n == LIMIT_LAYERS) {
			w.kind = "too many headers";
			break;
		}
		layer = layer_step(&w, layer);
	}
	/* whatever a quoted packet came to, the frame is the error that quotes it */
	return w.quoted ? d->icmp.ip6 ? "icmpv6" : "icmp" : w.kind;
}

const struct icmp_error *decode_icmp(const struct decoder *d)
{
	return d->has_icmp ? &d->icmp : NULL;
}

const struct fragment_counts *decode_fragments(const struct decoder *d)
{
	return fragments_counts(d->fragments);
}

/* ---- as text ---- */

/* As inet_ntop() writes it, which takes ten times as long: every flow has two. */
static const char *ip4_text(const uint8_t ip[4], char *text)
{
	char *to = text;
	for (int i = 0; i < 4; i++) {
		if (ip[i] >= 100)
			*to++ = (char)('0' + ip[i] / 100);
		if (ip[i] >= 10)
			*to++ = (char)('0' + ip[i] / 10 % 10);
		*to++ = (char)('0' + ip[i] % 10);
		*to++ = i < 3 ? '.' : '\0';
	}
	return text;
}

const char *ip_text(const uint8_t ip[16], char text[static 46])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(ip, mapped, 12) == 0)
		return ip4_text(ip + 12, text);
	return inet_ntop(AF_INET6, ip, text, 46);
}

/* How the number of a header is written: not at all, as decimal, as hexadecimal. */
static const struct { const char *name; enum { NO_NUMBER, DECIMAL, HEX } number; } outers[] = {
	[OUTER_VLAN] = { "vlan", DECIMAL },     [OUTER_ETAG] = { "e-tag", DECIMAL },
	[OUTER_VNTAG] = { "vn-tag", NO_NUMBER }, [OUTER_PBB] = { "pbb", DECIMAL },
	[OUTER_MPLS] = { "mpls", DECIMAL },     [OUTER_PPPOE] = { "pppoe", DECIMAL },
	[OUTER_NSH] = { "nsh", DECIMAL },       [OUTER_VXLAN] = { "vxlan", DECIMAL },
	[OUTER_GENEVE] = { "geneve", DECIMAL }, [OUTER_GRE] = { "gre", NO_NUMBER },
	[OUTER_GRE_KEY] = { "gre", DECIMAL },   [OUTER_PPTP] = { "pptp", DECIMAL },
	[OUTER_ERSPAN] = { "erspan", DECIMAL }, [OUTER_IPIP] = { "ipip", NO_NUMBER },
	[OUTER_6IN4] = { "6in4", NO_NUMBER },   [OUTER_4IN6] = { "4in6", NO_NUMBER },
	[OUTER_6IN6] = { "6in6", NO_NUMBER },   [OUTER_GTP] = { "gtp-u", HEX },
	[OUTER_TEREDO] = { "teredo", NO_NUMBER }, [OUTER_L2TP] = { "l2tp", DECIMAL },
	[OUTER_AYIYA] = { "ayiya", NO_NUMBER }, [OUTER_GUE] = { "gue", NO_NUMBER },
	[OUTER_LISP] = { "lisp", NO_NUMBER },   [OUTER_TZSP] = { "tzsp", NO_NUMBER },
	[OUTER_ETHERIP] = { "etherip", NO_NUMBER },
};

const char *path_text(const struct segment *s, char text[static LIMIT_PATH])
{
	size_t n = 0;
	text[0] = 0;
	for (int i = 0; i < s->outer_n; i++) {
		const struct outer *o = &s->outer[i];
		char one[32];
		const char *gap = i ? " " : "", *name = outers[o->kind].name;
		int m = 0;
		switch (outers[o->kind].number) {
		case NO_NUMBER: m = snprintf(one, sizeof one, "%s%s", gap, name); break;
		case DECIMAL:   m = snprintf(one, sizeof one, "%s%s %u", gap, name, o->id); break;
		case HEX:       m = snprintf(one, sizeof one, "%s%s 0x%x", gap, name, o->id); break;
		}
		if (n + (size_t)m >= LIMIT_PATH)
			break;
		memcpy(text + n, one, (size_t)m + 1);
		n += (size_t)m;
	}
	return text;
}
