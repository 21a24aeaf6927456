/* flow_rows.c - see flow_rows.h.
 *
 * The case is read by ids, a row at a time, so that a filter that lets nothing pass takes no
 * longer between two looks at the clock than one that lets all pass. Between two slices no
 * statement is left running: the next one goes on behind the last id.
 */
#include "flow_rows.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"

enum { ID_SIZE = 8, NUMBER_SIZE = KEY_NUMBER + ID_SIZE, TEXT_SIZE = KEY_TEXT + ID_SIZE,
       RUN = 8192, ROWS_A_LOOK = 16, FIRST_PARAM = 3 };

/* So long the old rows stay where the flow to keep is not among the new ones yet. */
static const int64_t PATIENCE_NS = 200000000;

static size_t record_size(const struct flow_rows *r)
{
	return r->text ? TEXT_SIZE : NUMBER_SIZE;
}

/* ---- beginning ---- */

static bool number_read(struct sqlite3 *db, const char *sql, int64_t a, int64_t *value, struct err *err)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		return fail(err, "%s", sqlite3_errmsg(db));
	sqlite3_bind_int64(s, 1, a);
	int rc = sqlite3_step(s);
	*value = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE || fail(err, "%s", sqlite3_errmsg(db));
}

bool flow_rows_begin(struct flow_rows *r, struct sqlite3 *db, struct err *err)
{
	*r = (struct flow_rows){ .db = db, .found = -1 };
	return number_read(db, "SELECT count(*) FROM flow", 0, &r->total, err)
	    && number_read(db, "SELECT count(*) FROM health_flow", 0, &r->health, err);
}

static void choice_end(struct flow_rows *r)
{
	sqlite3_finalize(r->scan);
	filter_free(&r->filter);
	free(r->next.at);
	free(r->record);
	free(r->heap);
	free(r->run_at);
	r->scan = NULL;
	r->filter = (struct filter){ 0 };
	r->next = (struct flow_ids){ 0 };
	r->record = NULL;
	r->heap = r->run_at = NULL;
	r->records = r->heaped = 0;
	r->phase = FLOW_DONE;
}

void flow_rows_free(struct flow_rows *r)
{
	choice_end(r);
	free(r->shown.at);
	r->shown = (struct flow_ids){ 0 };
}

/* From the last id to the first? */
static bool goes_back(const struct flow_rows *r)
{
	return r->reverse && !r->keyed;
}

/* Without a filter and a key only ids are asked for: a small index has them, of each capture in
 * order. Else the flows are read; that of an index, which SQLite might prefer for the filter's
 * sake, would be no order of ids. */
static char *scan_sql(const struct flow_rows *r, const struct flow_wish *w)
{
	const char *order = goes_back(r) ? "DESC" : "ASC", *than = goes_back(r) ? "<" : ">";
	const char *health = w->health || !r->health ? "1" : "NOT EXISTS (SELECT 1 FROM health_flow h WHERE h.flow_id = f.id)";
	return r->by_index
	    ? sqlite3_mprintf("SELECT f.id, %s FROM flow f INDEXED BY flow_by_capture WHERE f.capture_id = ?2 AND f.id %s ?1"
	                      " ORDER BY f.id %s", health, than, order)
	    : sqlite3_mprintf("SELECT f.id, %s AND (%s), %s FROM flow f NOT INDEXED WHERE f.id %s ?1 ORDER BY f.id %s",
	                      health, r->filter.sql, w->key ? w->key : "NULL", than, order);
}

/* Go to the next capture; false: there is none. */
static bool capture_next(struct flow_rows *r, struct err *err)
{
	if (!r->by_index)
		return false;
	return number_read(r->db, goes_back(r) ? "SELECT id FROM capture WHERE id < ?1 ORDER BY id DESC LIMIT 1"
	                                       : "SELECT id FROM capture WHERE id > ?1 ORDER BY id LIMIT 1",
	                   r->capture, &r->capture, err) && r->capture;
}

/* Room for all that can come; what stays unused costs no memory. */
static void rows_room(struct flow_rows *r)
{
	r->room = r->total < FLOW_ROWS_MOST ? (size_t)r->total : FLOW_ROWS_MOST;
	r->next.at = alloc_grown(NULL, r->room + 1, sizeof *r->next.at);
	if (r->keyed)
		r->record = alloc_grown(NULL, r->room + 1, record_size(r));
}

bool flow_rows_choose(struct flow_rows *r, const struct flow_wish *w, struct err *err)
{
	struct filter filter;
	if (!filter_parse(&filter, w->filter, FIRST_PARAM, err))
		return false;
	choice_end(r);
	r->filter = filter;
	r->keyed = w->key;
	r->text = w->text;
	r->reverse = w->reverse;
	r->by_index = !w->key && !filter.values_n && strcmp(filter.sql, "1") == 0;
	char *sql = scan_sql(r, w);
	int rc = sqlite3_prepare_v2(r->db, sql, -1, &r->scan, NULL);
	sqlite3_free(sql);
	if (rc != SQLITE_OK)
		return fail(err, "%s", sqlite3_errmsg(r->db));
	rows_room(r);
	r->last = goes_back(r) ? INT64_MAX : INT64_MIN;
	r->capture = r->last;
	r->scanned = 0;
	r->absent = 0;
	r->begun_ns = browser_now();
	r->swapped = false;
	r->phase = FLOW_SCAN;
	err->text[0] = '\0';
	if (r->by_index && !capture_next(r, err))
		choice_end(r);
	return !*err->text;
}

/* ---- keys ---- */

static void number_write(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (56 - 8 * i));
}

static uint64_t number_of(const unsigned char *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* Bytes 0xff, behind which no number and no UTF-8 comes, stand for no key, or an empty one;
 * turned around, all others are complemented. */
static void record_write(const struct flow_rows *r, unsigned char *p, int64_t id)
{
	size_t width = record_size(r) - ID_SIZE;
	size_t n = sqlite3_column_type(r->scan, 2) == SQLITE_NULL ? 0 : r->text ? (size_t)sqlite3_column_bytes(r->scan, 2) : KEY_NUMBER;
	memset(p, n ? 0 : 0xff, width);
	if (n && r->text)
		memcpy(p, sqlite3_column_blob(r->scan, 2), n < width ? n : width);
	else if (n)
		number_write(p, (uint64_t)sqlite3_column_int64(r->scan, 2) ^ UINT64_C(1) << 63);
	for (size_t i = 0; r->reverse && n && i < width; i++)
		p[i] = (unsigned char)~p[i];
	number_write(p + width, r->reverse ? ~(uint64_t)id : (uint64_t)id);
}

static int64_t record_id(const struct flow_rows *r, const unsigned char *p)
{
	uint64_t id = number_of(p + record_size(r) - ID_SIZE);
	return (int64_t)(r->reverse ? ~id : id);
}

static bool record_absent(const struct flow_rows *r, const unsigned char *p)
{
	for (size_t i = 0; i < record_size(r) - ID_SIZE; i++)
		if (p[i] != 0xff)
			return false;
	return true;
}

static int numbers_compare(const void *a, const void *b)
{
	return memcmp(a, b, NUMBER_SIZE);
}

static int texts_compare(const void *a, const void *b)
{
	return memcmp(a, b, TEXT_SIZE);
}

static void run_sort(struct flow_rows *r)
{
	size_t size = record_size(r), run = (r->records - 1) / RUN * RUN;
	qsort(r->record + run * size, r->records - run, size, r->text ? texts_compare : numbers_compare);
}

static void record_add(struct flow_rows *r, int64_t id)
{
	record_write(r, r->record + r->records++ * record_size(r), id);
	if (r->records % RUN == 0)
		run_sort(r);
}

/* ---- rows ---- */

/* Show the new rows; more are to come. */
static void rows_replace(struct flow_rows *r)
{
	free(r->shown.at);
	r->shown = r->next;
	r->next = (struct flow_ids){ 0 };
	r->swapped = r->replaced = true;
	r->found = -1;
	for (size_t i = 0; i < r->shown.n && r->found < 0; i++)
		if (r->shown.at[i] == r->keep)
			r->found = (int64_t)i;
}

static void row_add(struct flow_rows *r, int64_t id)
{
	struct flow_ids *to = r->swapped ? &r->shown : &r->next;
	to->at[to->n++] = id;
	if (r->swapped && id == r->keep)
		r->found = (int64_t)r->shown.n - 1;
}

static bool is_passed(const struct flow_rows *r)
{
	return !r->keep || (r->reverse ? r->last <= r->keep : r->last >= r->keep);
}

/* ---- merging ---- */

static const unsigned char *run_head(const struct flow_rows *r, size_t run)
{
	return r->record + r->run_at[run] * record_size(r);
}

static void heap_sink(struct flow_rows *r, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < r->heaped; i = child) {
		if (child + 1 < r->heaped && memcmp(run_head(r, r->heap[child + 1]), run_head(r, r->heap[child]), record_size(r)) < 0)
			child++;
		if (memcmp(run_head(r, r->heap[i]), run_head(r, r->heap[child]), record_size(r)) <= 0)
			return;
		size_t run = r->heap[i];
		r->heap[i] = r->heap[child];
		r->heap[child] = run;
	}
}

static void merge_begin(struct flow_rows *r)
{
	if (r->records % RUN)
		run_sort(r);
	r->heaped = (r->records + RUN - 1) / RUN;
	r->heap = alloc_zeroed(r->heaped + 1, sizeof *r->heap);
	r->run_at = alloc_zeroed(r->heaped + 1, sizeof *r->run_at);
	for (size_t i = 0; i < r->heaped; i++) {
		r->heap[i] = i;
		r->run_at[i] = i * RUN;
	}
	for (size_t i = r->heaped; i-- > 0;)
		heap_sink(r, i);
	rows_replace(r);
	r->phase = FLOW_MERGE;
}

static void merge_work(struct flow_rows *r, int64_t until_ns)
{
	for (size_t looked = 1; r->heaped; looked++) {
		size_t run = r->heap[0], end = (run + 1) * RUN < r->records ? (run + 1) * RUN : r->records;
		const unsigned char *least = run_head(r, run);
		r->absent += record_absent(r, least);
		row_add(r, record_id(r, least));
		if (++r->run_at[run] == end)
			r->heap[0] = r->heap[--r->heaped];
		heap_sink(r, 0);
		if (looked % (64 * ROWS_A_LOOK) == 0 && browser_now() >= until_ns)
			return;
	}
	choice_end(r);
}

/* ---- reading ---- */

/* A row of the scan; false: it is at its end, or the choice is full. */
static bool scan_row(struct flow_rows *r, struct err *err, bool *ok)
{
	int rc = sqlite3_step(r->scan);
	if (rc != SQLITE_ROW) {
		*ok = rc == SQLITE_DONE || fail(err, "%s", sqlite3_errmsg(r->db));
		return false;
	}
	r->last = sqlite3_column_int64(r->scan, 0);
	r->scanned++;
	if (!sqlite3_column_int(r->scan, 1))
		return true;
	if (r->keyed)
		record_add(r, r->last);
	else
		row_add(r, r->last);
	return (r->keyed ? r->records : r->swapped ? r->shown.n : r->next.n) < r->room;
}

static void scan_end(struct flow_rows *r, bool ok, struct err *err)
{
	if (ok && capture_next(r, err))
		return;
	if (r->keyed) {
		merge_begin(r);
		return;
	}
	if (!r->swapped)
		rows_replace(r);
	choice_end(r);
}

static void scan_work(struct flow_rows *r, int64_t until_ns, struct err *err)
{
	bool more = true, ok = true;
	sqlite3_bind_int64(r->scan, 1, r->last);
	if (r->by_index)
		sqlite3_bind_int64(r->scan, 2, r->capture);
	filter_bind(&r->filter, r->scan);
	for (int looked = 1; (more = scan_row(r, err, &ok)); looked++)
		if (looked % ROWS_A_LOOK == 0 && browser_now() >= until_ns)
			break;
	sqlite3_reset(r->scan);
	if (!more)
		scan_end(r, ok, err);
	else if (!r->keyed && !r->swapped && (is_passed(r) || browser_now() - r->begun_ns > PATIENCE_NS))
		rows_replace(r);
}

bool flow_rows_work(struct flow_rows *r, int64_t until_ns, int64_t keep, struct err *err)
{
	r->replaced = false;
	if (!r->swapped)
		r->keep = keep;
	err->text[0] = '\0';
	do {
		if (r->phase == FLOW_SCAN)
			scan_work(r, until_ns, err);
		else if (r->phase == FLOW_MERGE)
			merge_work(r, until_ns);
	} while (r->phase != FLOW_DONE && browser_now() < until_ns);
	return r->phase != FLOW_DONE;
}

/* ---- what is shown ---- */

static void ids_turn(int64_t *id, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		int64_t other = id[n - 1 - i];
		id[n - 1 - i] = id[i];
		id[i] = other;
	}
}

bool flow_rows_turn(struct flow_rows *r)
{
	if (r->phase != FLOW_DONE)
		return false;
	ids_turn(r->shown.at, r->shown.n - r->absent);
	ids_turn(r->shown.at + r->shown.n - r->absent, r->absent);
	return true;
}

int flow_rows_percent(const struct flow_rows *r)
{
	return r->phase == FLOW_DONE || !r->total ? 100 : (int)(r->scanned * 100 / r->total);
}
