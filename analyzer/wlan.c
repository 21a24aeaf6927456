/* wlan.c - 802.11 data frames, and the headers that capturing puts before them. See layer.h.
 *
 *   802.11    2 frame control | 2 duration | 6 | 6 | 6 addresses | 2 sequence |
 *             6 fourth address, between access points | 2 QoS | 4 HT control | LLC
 *                                                             IEEE 802.11, 9.3.2
 *   radiotap  1 version | 1 | 2 length | 4 present (more while bit 31) | fields
 *   PPI       1 version | 1 flags | 2 length | 4 link type | fields
 *   Prism     4 message | 4 length | 16 device | fields        AVS  4 version | 4 length | fields
 *
 * These headers are little endian, but for AVS.
 */
#include "layer.h"

enum { FLAG_PAD = 0x20 };   /* radiotap: the header is padded to four bytes */

static enum layer link_broken(struct walk *w)
{
	return walk_broken(w, "link header cut off");
}

static unsigned le16(struct rd *r)
{
	unsigned low = rd_u8(r);
	return (unsigned)rd_u8(r) << 8 | low;
}

static uint32_t le32(struct rd *r)
{
	uint32_t low = le16(r);
	return (uint32_t)le16(r) << 16 | low;
}

/* What was captured of a frame that is not encrypted. `padded`: see FLAG_PAD. */
static enum layer data_read(struct walk *w, bool padded)
{
	enum { DATA = 2, QOS = 8, NO_DATA = 4, TO_AND_FROM = 3, ENCRYPTED = 0x40, ORDER = 0x80,
	       AGGREGATE = 0x80 };
	unsigned control = rd_u8(&w->r), flags = rd_u8(&w->r), subtype = control >> 4, qos = 0;
	size_t size = 24;
	rd_be16(&w->r);
	w->s->link_id = link_mix(w->s->link_id ^ 2166136261u, rd_take(&w->r, 18));
	rd_be16(&w->r);
	if (!rd_ok(&w->r))
		return walk_end(w, "wlan");
	if ((control >> 2 & 3) != DATA || subtype & NO_DATA)
		return walk_end(w, "wlan control");
	if ((flags & TO_AND_FROM) == TO_AND_FROM) {
		rd_take(&w->r, 6);
		size += 6;
	}
	if (subtype & QOS) {
		qos = rd_u8(&w->r), rd_u8(&w->r);
		size += 2;
		if (flags & ORDER)
			rd_be32(&w->r), size += 4;
	}
	if (flags & ENCRYPTED)
		return walk_end(w, "encrypted wlan");
	if (qos & AGGREGATE)
		return walk_end(w, "aggregated wlan");
	if (padded && size % 4)
		rd_take(&w->r, 4 - size % 4);
	return rd_ok(&w->r) ? LAYER_LLC : link_broken(w);
}

enum layer wlan_read(struct walk *w)
{
	return data_read(w, false);
}

enum layer radiotap_read(struct walk *w)
{
	enum { HAS_TIME = 1, HAS_FLAGS = 2 };
	struct rd head = w->r;
	rd_be16(&head);
	size_t size = le16(&head);
	uint32_t present = le32(&head), more = present;
	while (more & 0x80000000u)
		more = le32(&head);
	size_t at = rd_left(&w->r) - rd_left(&head);
	if (present & HAS_TIME)
		rd_take(&head, 8 + (8 - at % 8) % 8);
	unsigned flags = present & HAS_FLAGS ? rd_u8(&head) : 0;
	if (!rd_ok(&head) || size < 8 || (rd_take(&w->r, size), !rd_ok(&w->r)))
		return link_broken(w);
	return data_read(w, flags & FLAG_PAD);
}

enum layer ppi_read(struct walk *w)
{
	struct rd head = w->r;
	size_t skip;
	rd_be16(&head);
	size_t size = le16(&head);
	int link = (int)(le32(&head) & 0xffff);
	if (!rd_ok(&head) || size < 8 || (rd_take(&w->r, size), !rd_ok(&w->r)))
		return link_broken(w);
	enum layer layer = link_layer(link, &skip);
	if (layer == LAYER_END || layer == LAYER_PPI)
		return walk_end(w, "link type that is not understood");
	rd_take(&w->r, skip);
	return layer;
}

/* Some cards put AVS's header where Prism's is announced. */
enum layer prism_read(struct walk *w)
{
	struct rd head = w->r;
	if (rd_be32(&head) >> 12 == 0x80211)
		return LAYER_AVS;
	size_t size = le32(&head);
	if (size < 8 || (rd_take(&w->r, size), !rd_ok(&w->r)))
		return link_broken(w);
	return LAYER_WLAN;
}

enum layer avs_read(struct walk *w)
{
	struct rd head = w->r;
	rd_be32(&head);
	size_t size = rd_be32(&head);
	if (size < 8 || (rd_take(&w->r, size), !rd_ok(&w->r)))
		return link_broken(w);
	return LAYER_WLAN;
}
