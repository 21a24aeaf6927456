/* packet_facts.c - see packet_facts.h. */
#include "packet_facts.h"

#include <sqlite3.h>
#include <stdio.h>

#include "flow_steps.h"

/* ---- the flow ---- */

static const char flow_sql[] =
	"SELECT n.client, n.server, c.first_ns, o.path, o.compression IS NULL AND o.path <> '-',"
	"       ?2 - coalesce(o.first_frame, 1) + 1,"
	"       coalesce(f.client_first_seq, -1), coalesce(f.server_first_seq, -1),"
	"       iif(f.window_scaling = 'on', f.client_window_scale, 0), iif(f.window_scaling = 'on', f.server_window_scale, 0)"
	"  FROM flow f JOIN flow_name n ON n.flow_id = f.id JOIN capture c ON c.id = f.capture_id"
	"  LEFT JOIN capture_file o ON o.capture_id = f.capture_id AND ?2 >= o.first_frame AND ?2 < o.first_frame + o.frames"
	" WHERE f.id = ?1";

struct sides { int64_t first_seq[2]; int scale[2]; };      /* client, server */

static bool flow_read(struct packet_facts *p, struct sides *sides, struct model *model)
{
	bool found = false;
	struct sqlite3_stmt *s = model_query(model, flow_sql, p->flow_id, p->frame);
	while (model_next(model, s)) {
		found = true;
		snprintf(p->client, sizeof p->client, "%s", model_text(s, 0));
		snprintf(p->server, sizeof p->server, "%s", model_text(s, 1));
		p->origin_ns = sqlite3_column_int64(s, 2);
		snprintf(p->path, sizeof p->path, "%s", model_text(s, 3));
		p->at_once = sqlite3_column_int(s, 4);
		p->own_frame = sqlite3_column_int64(s, 5);
		for (int side = 0; side < 2; side++) {
			sides->first_seq[side] = sqlite3_column_int64(s, 6 + side);
			sides->scale[side] = sqlite3_column_int(s, 8 + side) & 15;
		}
	}
	return found;
}

/* ---- the packet ---- */

static const char packet_sql[] =
	"SELECT ns, sender = 'client', flags, seq, ack, window, len, 1 FROM packet WHERE flow_id = ?1 AND frame = ?2"
	" UNION ALL SELECT ns, sender = 'client', 0, quoted_seq, 0, 0, 0, 2 FROM icmp WHERE flow_id = ?1 AND frame = ?2 LIMIT 1";

static int64_t relative(uint32_t number, int64_t first)
{
	return first < 0 ? -1 : (int64_t)(uint32_t)(number - (uint32_t)first + 1);
}

static void packet_numbers(struct packet_facts *p, const struct sides *sides, struct model *model)
{
	struct sqlite3_stmt *s = model_query(model, packet_sql, p->flow_id, p->frame);
	while (model_next(model, s)) {
		p->ns = sqlite3_column_int64(s, 0);
		p->from_client = sqlite3_column_int(s, 1);
		p->flags = (unsigned)sqlite3_column_int(s, 2);
		p->seq = (uint32_t)sqlite3_column_int64(s, 3);
		p->ack = (uint32_t)sqlite3_column_int64(s, 4);
		p->window = (uint32_t)sqlite3_column_int64(s, 5);
		p->len = sqlite3_column_int64(s, 6);
		p->kind = sqlite3_column_int(s, 7) == 1 ? PACKET_SEGMENT : PACKET_ICMP;
	}
	int me = p->from_client ? 0 : 1;
	p->relative_seq = relative(p->seq, sides->first_seq[me]);
	p->relative_ack = p->flags & 16 ? relative(p->ack, sides->first_seq[1 - me]) : -1;
	p->scaled_window = (int64_t)p->window << (p->flags & 2 ? 0 : sides->scale[me]);
}

/* ---- what is said of it ---- */

/* Findings are numbered from the gravest on. */
static const char evidence_sql[] =
	"SELECT min(f.id), r.title || ': ' || e.role FROM evidence e JOIN finding f ON f.id = e.finding_id JOIN rule r ON r.id = f.rule"
	" WHERE e.frame = ?2 AND coalesce(e.flow_id, f.flow_id) = ?1 GROUP BY r.id, e.role ORDER BY 1 LIMIT 8";

static void evidence_read(struct packet_facts *p, struct model *model)
{
	size_t used = 0;
	struct sqlite3_stmt *s = model_query(model, evidence_sql, p->flow_id, p->frame);
	while (model_next(model, s)) {
		p->finding = p->finding ? p->finding : sqlite3_column_int64(s, 0);
		if (used < sizeof p->evidence)
			used += (size_t)snprintf(p->evidence + used, sizeof p->evidence - used, "%s%s", used ? "; " : "", model_text(s, 1));
	}
}

/* The nearest before it. Chunks of packets are found by their first frame, so that no more
 * than one is unpacked. */
static const char before_sql[] =
	"SELECT frame, ns FROM (SELECT frame, ns FROM packet WHERE flow_id = ?1 AND frame < ?2 AND frame >="
	"    (SELECT max(first_frame) FROM packet_index WHERE flow_id = ?1 AND first_frame < ?2)"
	"  UNION ALL SELECT frame, ns FROM icmp WHERE flow_id = ?1 AND frame < ?2)"
	" ORDER BY frame DESC LIMIT 1";
static const char behind_sql[] =
	"SELECT min(frame) FROM (SELECT * FROM (SELECT frame FROM packet WHERE flow_id = ?1 AND frame > ?2 ORDER BY frame LIMIT 1)"
	"  UNION ALL SELECT min(frame) FROM icmp WHERE flow_id = ?1 AND frame > ?2)";

bool packet_facts_read(struct packet_facts *p, struct model *model, struct labels *labels, int64_t flow_id, int64_t frame)
{
	struct sides sides = { 0 };
	*p = (struct packet_facts){ .flow_id = flow_id, .frame = frame };
	if (!flow_read(p, &sides, model))
		return false;
	packet_numbers(p, &sides, model);
	p->before_ns = p->ns;
	struct sqlite3_stmt *s = model_query(model, before_sql, flow_id, frame);
	while (model_next(model, s))
		p->before_ns = sqlite3_column_int64(s, 1);
	evidence_read(p, model);
	if (p->kind != PACKET_UNKNOWN)
		label_read(labels, &(struct labelled){ flow_id, frame, p->ns, p->flags, p->len, p->from_client }, &p->label);
	return true;
}

int64_t packet_beside(struct model *model, int64_t flow_id, int64_t frame, bool backwards)
{
	int64_t found = 0;
	struct sqlite3_stmt *s = model_query(model, backwards ? before_sql : behind_sql, flow_id, frame);
	while (model_next(model, s))
		found = sqlite3_column_int64(s, 0);
	return found;
}

static const char marked_sql[] =
	"SELECT %s(f) FROM (SELECT %s(e.frame) AS f FROM evidence e JOIN finding g ON g.id = e.finding_id"
	"    WHERE coalesce(e.flow_id, g.flow_id) = ?1 AND e.frame %c ?2"
	"  UNION ALL SELECT %s(frame) FROM icmp WHERE flow_id = ?1 AND frame %c ?2)";

int64_t packet_marked(struct model *model, int64_t flow_id, int64_t frame, bool backwards)
{
	char sql[sizeof marked_sql + 16], sign = backwards ? '<' : '>';
	const char *nearest = backwards ? "max" : "min";
	int64_t event = flow_event_mark(model, flow_id, frame, backwards), other = 0;
	snprintf(sql, sizeof sql, marked_sql, nearest, nearest, sign, nearest, sign);
	struct sqlite3_stmt *s = model_query(model, sql, flow_id, frame);
	while (model_next(model, s))
		other = sqlite3_column_int64(s, 0);
	return !event ? other : !other ? event : (event < other) != backwards ? event : other;
}
