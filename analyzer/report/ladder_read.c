/* ladder_read.c - a finding's packets, taken from the case. See ladder.h.
 *
 * Whose: the flows of its evidence, and their other legs through address translation.
 * A leg behind a translation begins at the lifeline where the one before it ends.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "ladder.h"
#include "packet_label.h"
#include "report_model.h"

enum { LEGS = 6, AROUND = 200 };

/* A flow, and the lifelines between which its packets pass. */
struct leg { int64_t flow_id; int client, server; };

/* ---- lifelines ---- */

/* Flows before the legs that begin at them. Where connections of one client differ in
 * the port only, they share its lifeline. */
static const char legs_sql[] =
	"WITH named(flow_id, near) AS ("
	"  SELECT flow_id, 0 FROM finding WHERE id = ?1 AND flow_id IS NOT NULL"
	"  UNION ALL SELECT flow_id, 1 FROM evidence WHERE finding_id = ?1 AND flow_id IS NOT NULL"
	"), joined AS ("
	"  SELECT * FROM named"
	"  UNION ALL SELECT l.back, 2 FROM named JOIN nat_leg l ON l.front = flow_id"
	"  UNION ALL SELECT l.front, 2 FROM named JOIN nat_leg l ON l.back = flow_id"
	"), flows AS ("
	"  SELECT flow_id, min(near) AS near FROM joined GROUP BY flow_id ORDER BY 2, 1 LIMIT 6"
	"), legs AS ("
	"  SELECT g.flow_id, g.near, n.client, n.server,"
	"         coalesce((SELECT min(l.front) FROM nat_leg l WHERE l.back = g.flow_id"
	"                      AND l.front IN (SELECT flow_id FROM flows)),"
	"                  (SELECT min(r.front) FROM nat_remap r WHERE r.back = g.flow_id"
	"                      AND r.front IN (SELECT flow_id FROM flows))) AS front"
	"    FROM flows g JOIN flow_name n ON n.flow_id = g.flow_id"
	")"
	"SELECT flow_id, iif((SELECT count(DISTINCT client) FROM legs WHERE front IS NULL) = 1,"
	"                    client, address(client)), server, front,"
	"       (SELECT count(DISTINCT flow_id) FROM joined) > 6"
	"  FROM legs ORDER BY front IS NOT NULL, near, flow_id";

/* The lifeline of that name, a new one if need be; -1: there are enough. */
static int line_of(struct ladder *l, const char *name)
{
	for (int i = 0; i < l->lines; i++)
		if (strncmp(l->line[i], name, LADDER_NAME - 1) == 0)
			return i;
	if (l->lines == LADDER_LINES)
		return -1;
	snprintf(l->line[l->lines], LADDER_NAME, "%s", name);
	return l->lines++;
}

/* Where a leg behind a translation begins: the server of the leg in front; -1: not one. */
static int line_behind(const struct leg *leg, int n, int64_t front)
{
	for (int i = 0; i < n; i++)
		if (leg[i].flow_id == front)
			return leg[i].server;
	return -1;
}

static int legs_read(struct ladder *l, struct model *m, int64_t finding, struct leg leg[static LEGS])
{
	int n = 0;
	struct sqlite3_stmt *s = model_query(m, legs_sql, finding, 0);
	while (model_next(m, s)) {
		int lines = l->lines;
		struct leg new = { .flow_id = sqlite3_column_int64(s, 0), .client = -1 };
		if (sqlite3_column_type(s, 3) != SQLITE_NULL)
			new.client = line_behind(leg, n, sqlite3_column_int64(s, 3));
		if (new.client < 0)
			new.client = line_of(l, model_text(s, 1));
		new.server = line_of(l, model_text(s, 2));
		l->cut |= sqlite3_column_int(s, 4);
		if (n < LEGS && new.client >= 0 && new.server >= 0 && new.client != new.server) {
			leg[n++] = new;
		} else {
			l->lines = lines;
			l->cut = true;
		}
	}
	return n;
}

/* ---- packets ---- */

/* The packets of flow ?2, and the ICMP errors about it, around the evidence of finding ?1
 * where the flow is long. */
static const char packets_sql[] =
	"WITH span AS (SELECT iif(f.client_frames + f.server_frames > ?3, min(e.frame) - ?4, 0) AS first,"
	"                     iif(f.client_frames + f.server_frames > ?3, max(e.frame) + ?4, 1 << 62) AS last"
	"                FROM flow f LEFT JOIN evidence e ON e.finding_id = ?1 WHERE f.id = ?2)"
	"SELECT p.ns, p.frame, p.sender = 'client', p.flags, p.len FROM span JOIN packet p"
	" WHERE p.flow_id = ?2 AND p.frame >= span.first AND p.frame <= span.last "
	"UNION ALL SELECT ns, frame, sender <> 'client', 0, 0 FROM icmp WHERE flow_id = ?2"
	" LIMIT ?3";

static void leg_packets(struct ladder *l, struct model *m, int64_t finding, const struct leg *leg, int most)
{
	size_t room = 0, before = l->n;
	struct sqlite3_stmt *s = model_query(m, packets_sql, finding, leg->flow_id);
	if (s) {
		sqlite3_bind_int(s, 3, most);
		sqlite3_bind_int(s, 4, AROUND);
	}
	while (model_next(m, s)) {
		bool client = sqlite3_column_int(s, 2);
		if (room == 0)
			l->message = alloc_grown(l->message, l->n + (room = 64), sizeof *l->message);
		room--;
		l->message[l->n++] = (struct ladder_message){
			.ns = sqlite3_column_int64(s, 0), .flow_id = leg->flow_id,
			.capture_frame = sqlite3_column_int64(s, 1),
			.from = client ? leg->client : leg->server,
			.to = client ? leg->server : leg->client,
			.client = client,
			.flags = (unsigned)sqlite3_column_int(s, 3),
			.len = sqlite3_column_int64(s, 4),
		};
	}
	l->cut |= l->n - before < (size_t)model_number(m,
		"SELECT client_frames + server_frames FROM flow WHERE id = ?1", leg->flow_id);
}

static int by_time(const void *va, const void *vb)
{
	const struct ladder_message *a = va, *b = vb;
	int c = (a->ns > b->ns) - (a->ns < b->ns);
	c = c ? c : (a->capture_frame > b->capture_frame) - (a->capture_frame < b->capture_frame);
	return c ? c : (a->flow_id > b->flow_id) - (a->flow_id < b->flow_id);
}

static void evidence_mark(struct ladder *l, struct model *m, int64_t finding)
{
	struct sqlite3_stmt *s = model_query(m, "SELECT coalesce(e.flow_id, f.flow_id), e.frame"
		" FROM evidence e JOIN finding f ON f.id = e.finding_id WHERE e.finding_id = ?1", finding, 0);
	while (model_next(m, s))
		for (size_t i = 0; i < l->n; i++)
			if (l->message[i].capture_frame == sqlite3_column_int64(s, 1)
			    && l->message[i].flow_id == sqlite3_column_int64(s, 0))
				l->message[i].evidence = true;
}

/* ---- what is written at an arrow ---- */

static void label_take(struct labels *labels, struct ladder_message *m)
{
	struct packet_label label;
	label_read(labels, &(struct labelled){ m->flow_id, m->capture_frame, m->ns, m->flags, m->len, m->client }, &label);
	snprintf(m->label, sizeof m->label, "%.120s%s%.120s", label.text, *label.text && *label.marks ? ", " : "", label.marks);
	m->frame = label.frame;
	m->labelled = true;
}

/* Labels of what is drawn, and no more. */
static void labels_read(struct ladder *l, struct model *m)
{
	struct labels labels;
	labels_open(&labels, m, false);
	for (size_t i = 0; i < l->rows; i++)
		if (l->row[i].kind == LADDER_ARROW && !l->message[l->row[i].message].labelled)
			label_take(&labels, &l->message[l->row[i].message]);
	labels_close(&labels);
}

void ladder_fit(struct ladder *l, struct model *m, size_t most)
{
	l->most = most;
	ladder_lay_out(l);
	labels_read(l, m);
}

bool ladder_read(struct ladder *l, struct model *m, int64_t finding)
{
	struct leg leg[LEGS];
	*l = (struct ladder){ 0 };
	int legs = legs_read(l, m, finding, leg);
	for (int i = 0; i < legs; i++)
		leg_packets(l, m, finding, &leg[i], LADDER_PACKETS / legs);
	if (!l->n)
		return false;
	qsort(l->message, l->n, sizeof *l->message, by_time);
	evidence_mark(l, m, finding);
	l->origin_ns = model_number(m, "SELECT c.first_ns FROM capture c JOIN flow f ON f.capture_id = c.id"
	                            " WHERE f.id = ?1", leg[0].flow_id);
	ladder_fit(l, m, 0);
	return true;
}

void ladder_free(struct ladder *l)
{
	free(l->message);
	l->message = NULL;
}
