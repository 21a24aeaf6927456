/* flow_steps.c - the rows of a long connection, by their numbers and by their frames, read at once
 * and in pieces. */
#include "flow_steps.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "embedded.h"
#include "limits.h"
#include "packet_index.h"
#include "report_model.h"
#include "store.h"

int check_failed;

static const int64_t SECOND = 1000000000;

/* Packets have the frames 10, 20, ...; before every 50th there is a silence of 2 s. ICMP errors
 * are in between: frames 1005, 2005. Findings name the frames 3000 and 3010. */
enum { PACKETS = 5 * LIMIT_INDEX_CHUNK + 7, SILENT = 50, SILENCES = (PACKETS - 1) / SILENT, ERRORS = 2 };

static void run(struct sqlite3 *db, const char *sql)
{
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", message, sql);
		exit(1);
	}
}

static void packets_insert(struct store *s)
{
	struct packet_chunk c = { 0 };
	int64_t ns = SECOND;
	for (int i = 0; i < PACKETS; i++) {
		bool silent = i && i % SILENT == 0;
		char sql[256];
		ns += silent ? 2 * SECOND : 1000;
		snprintf(sql, sizeof sql, "INSERT INTO silence VALUES (1, 'both', %lld, %lld, %d, %d, 'data', 'client')",
		         (long long)(ns - 2 * SECOND), (long long)ns, i * 10, i * 10 + 10);
		if (silent)
			run(store_db(s), sql);
		packet_chunk_add(&c, &(struct indexed_packet){ .at = { (uint64_t)i * 10 + 10, ns }, .sender = i % 2 ? SERVER : CLIENT,
		                                               .flags = 16, .len = 1 });
		if (c.packets == LIMIT_INDEX_CHUNK || i + 1 == PACKETS) {
			store_packets(s, 1, c.first_frame, c.last.at.frame, (struct bytes){ c.bytes, c.n });
			packet_chunk_reset(&c);
		}
	}
	packet_chunk_free(&c);
}

static struct store *filled(void)
{
	struct err err;
	struct store *s = store_open(NULL, &err);
	struct sqlite3 *db = s ? store_db(s) : NULL;
	if (!s)
		exit(1);
	store_flow(s, &(struct flow_facts){ .id = 1, .frames = { PACKETS - 7, 7 }, .conn_state = "OTH", .ended = "open" });
	packets_insert(s);
	CHECK(!store_failed(s));
	run(db, "INSERT INTO icmp VALUES (1, 1005, 1, 'r', 'client', 'icmp', 3, 4, 'w', NULL, 0, 0);"
	        "INSERT INTO icmp VALUES (1, 2005, 1, 'r', 'client', 'icmp', 3, 4, 'w', NULL, 0, 0);"
	        "INSERT INTO icmp VALUES (2, 3005, 1, 'r', 'client', 'icmp', 3, 4, 'w', NULL, 0, 0);");
	run(db, embedded_text("db/derived.sql"));
	run(db, "INSERT INTO evidence VALUES (1, 1, 1, 3000, 0, 'x'); INSERT INTO evidence VALUES (2, 1, 1, 3010, 0, 'x')");
	return s;
}

/* Every row is where it belongs, and its frame leads back to it. */
static void check_packets(struct flow_steps *s)
{
	int64_t rows = PACKETS + SILENCES + ERRORS, frame = 0, silences = 0, errors = 0;
	CHECK(flow_steps_ready(s) && flow_steps_count(s) == rows);
	for (int64_t row = 0; row < rows; row++) {
		const struct step *there = flow_steps_at(s, row);
		CHECK(there);
		if (!there)
			return;
		struct step step = *there;
		silences += step.kind == STEP_SILENCE;
		errors += step.kind == STEP_ICMP;
		CHECK(step.kind == STEP_SILENCE ? step.frame > frame && step.lasted_ns == 2 * SECOND : step.frame > frame);
		if (step.kind != STEP_SILENCE)
			frame = step.frame;
		CHECK(flow_steps_row(s, step.frame) == row + (step.kind == STEP_SILENCE));
		CHECK(step.kind != STEP_PACKET || step.evidence == (frame == 3000 || frame == 3010));
	}
	CHECK(frame == 10 * PACKETS && silences == SILENCES && errors == ERRORS);
	CHECK(!flow_steps_at(s, rows) && !flow_steps_at(s, -1));
}

/* The same by jumps, so that windows are filled from every place. */
static void check_jumps(struct flow_steps *s)
{
	int64_t rows = flow_steps_count(s), row = 0;
	for (int i = 0; i < 500; i++, row = (row + 379) % rows) {
		const struct step *step = flow_steps_at(s, row);
		CHECK(step && flow_steps_row(s, step->frame) == row + (step->kind == STEP_SILENCE));
	}
}

static void check_places(struct flow_steps *s)
{
	CHECK(flow_steps_mark(s, 10, false) == 1005 && flow_steps_mark(s, 1005, false) == 2005);
	CHECK(flow_steps_mark(s, 2005, false) == 3000 && flow_steps_mark(s, 3010, false) == 0);
	CHECK(flow_steps_mark(s, 3010, true) == 3000 && flow_steps_mark(s, 1005, true) == 0);
	int64_t row = 0;
	for (int i = 0; i < SILENCES; i++) {
		int64_t next = flow_steps_silence(s, row, false);
		CHECK(next > row && flow_steps_at(s, next)->kind == STEP_SILENCE);
		CHECK(flow_steps_silence(s, next, true) == (i ? row : -1));
		row = next;
	}
	CHECK(flow_steps_silence(s, row, false) == -1);
}

/* Without a dissector's messages: who speaks, and then the other; here all take turns. */
static void check_zooms(struct flow_steps *s)
{
	flow_steps_zoom(s, ZOOM_MESSAGES);
	CHECK(flow_steps_count(s) == PACKETS + SILENCES + ERRORS);
	for (int64_t row = 0, frame = 0; row < flow_steps_count(s); row++) {
		const struct step *step = flow_steps_at(s, row);
		CHECK(step && step->frame >= frame);
		frame = step ? step->frame : frame;
	}
	flow_steps_zoom(s, ZOOM_EVIDENCE);
	CHECK(flow_steps_count(s) == 3 && flow_steps_at(s, 1)->kind == STEP_SILENCE);
	CHECK(flow_steps_at(s, 2)->frame == 3010 && flow_steps_row(s, 3005) == 2);
	flow_steps_zoom(s, ZOOM_PACKETS);
}

int main(void)
{
	struct store *store = filled();
	struct err err;
	struct model m = { .db = store_db(store), .err = &err };
	struct flow_steps s;
	flow_steps_open(&s, &m, 1, 0, 10 * SECOND);
	check_packets(&s);
	check_jumps(&s);
	check_places(&s);
	check_zooms(&s);
	flow_steps_close(&s);

	/* in the smallest pieces; the evidence of one finding alone */
	flow_steps_open(&s, &m, 1, 2, 0);
	CHECK(!flow_steps_ready(&s) && flow_steps_row(&s, 6000) == -1);
	while (flow_steps_work(&s, 0))
		;
	CHECK(flow_steps_evidence(&s) == 1 && flow_steps_is_evidence(&s, 3010) && !flow_steps_is_evidence(&s, 3000));
	check_jumps(&s);
	flow_steps_close(&s);

	/* a flow of which nothing is known */
	flow_steps_open(&s, &m, 9, 0, SECOND);
	CHECK(flow_steps_ready(&s) && flow_steps_count(&s) == 0 && !flow_steps_at(&s, 0) && flow_steps_row(&s, 5) == 0);
	flow_steps_close(&s);
	CHECK(!m.failed);
	store_close(store);
	return check_failed != 0;
}
