/* packet_label.c - see packet_label.h. */
#include "packet_label.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "embedded.h"

static const char last_sql[] = "SELECT max(nr) FROM http_exchange WHERE flow_id = ?1";
static const char request_sql[] = "SELECT coalesce(request_frame, response_frame) FROM http_exchange WHERE flow_id = ?1 AND nr = ?2";
static const char response_sql[] = "SELECT coalesce(response_frame, request_frame) FROM http_exchange WHERE flow_id = ?1 AND nr = ?2";

void labels_open(struct labels *l, struct model *m, bool detailed)
{
	*l = (struct labels){
		.model = m, .detailed = detailed, .label = model_query(m, embedded_text("analyzer/report/packet_label.sql"), 0, 0),
		.last = model_query(m, last_sql, 0, 0), .request = model_query(m, request_sql, 0, 0),
		.response = model_query(m, response_sql, 0, 0),
		.kept = alloc_zeroed(LABELS_KEPT, sizeof *l->kept),
	};
}

void labels_close(struct labels *l)
{
	sqlite3_finalize(l->label);
	sqlite3_finalize(l->last);
	sqlite3_finalize(l->request);
	sqlite3_finalize(l->response);
	free(l->kept);
	*l = (struct labels){ 0 };
}

/* A number by flow, and `nr` where it has that; 0: there is none. */
static int64_t number_at(struct sqlite3_stmt *s, int64_t flow_id, int64_t nr)
{
	int64_t number = 0;
	sqlite3_bind_int64(s, 1, flow_id);
	if (sqlite3_bind_parameter_count(s) > 1)
		sqlite3_bind_int64(s, 2, nr);
	if (sqlite3_step(s) == SQLITE_ROW)
		number = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return number;
}

/* The last exchange of `last` whose frame is this one or before it; 0: none. */
static int64_t exchange_up_to(struct sqlite3_stmt *s, int64_t flow_id, int64_t frame, int64_t last)
{
	int64_t from = 0;
	while (from < last) {
		int64_t middle = from + (last - from + 1) / 2;
		if (number_at(s, flow_id, middle) <= frame)
			from = middle;
		else
			last = middle - 1;
	}
	return from;
}

static void packet_bind(struct labels *l, const struct labelled *p)
{
	int64_t last = number_at(l->last, p->flow_id, 0);
	sqlite3_bind_int64(l->label, 1, p->flow_id);
	sqlite3_bind_int64(l->label, 2, p->frame);
	sqlite3_bind_int64(l->label, 3, p->ns);
	sqlite3_bind_int64(l->label, 4, p->flags);
	sqlite3_bind_int64(l->label, 5, p->len);
	sqlite3_bind_text(l->label, 6, p->client ? "client" : "server", -1, SQLITE_STATIC);
	sqlite3_bind_int64(l->label, 7, exchange_up_to(l->request, p->flow_id, p->frame, last));
	sqlite3_bind_int64(l->label, 8, exchange_up_to(l->response, p->flow_id, p->frame, last));
	sqlite3_bind_int(l->label, 9, l->detailed);
}

bool label_read(struct labels *l, const struct labelled *p, struct packet_label *label)
{
	struct kept *kept = &l->kept[p->frame & (LABELS_KEPT - 1)];
	*label = (struct packet_label){ .frame = p->frame };
	if (!l->label || !l->last || !l->request || !l->response)
		return false;
	if (kept->flow_id == p->flow_id && kept->frame == p->frame) {
		*label = kept->label;
		return true;
	}
	packet_bind(l, p);
	bool read = sqlite3_step(l->label) == SQLITE_ROW;
	if (read) {
		snprintf(label->text, sizeof label->text, "%s", model_text(l->label, 0));
		snprintf(label->marks, sizeof label->marks, "%s", model_text(l->label, 1));
		label->frame = sqlite3_column_int64(l->label, 2);
		*kept = (struct kept){ p->flow_id, p->frame, *label };
	}
	sqlite3_reset(l->label);
	return read;
}
