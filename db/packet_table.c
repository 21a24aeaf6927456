/* packet_table.c - the virtual table `packet`: packet_index as SQL sees it.
 *
 * Chunks are found through the primary key of packet_index, by flow and then
 * by frame. A flow's chunks follow one another without overlap, so the chunk
 * that holds a frame is the last one that begins at or before it. SQLite checks
 * every condition again on the rows it is given; chunks that are read for
 * nothing cost time and nothing else.
 *
 * The inner statements read main.packet_index, and nothing else: an authorizer
 * that allows SQLITE_SELECT, _READ and _FUNCTION leaves the table usable.
 */
#include <sqlite3.h>
#include <stddef.h>

#include "packet_index.h"

enum column { FLOW_ID, FRAME, NS, SENDER, FLAGS, SEQ, ACK, LEN, WINDOW, FILE_OFFSET };

static const char declaration[] =
	"CREATE TABLE packet(flow_id INTEGER, frame INTEGER, ns INTEGER, sender TEXT,"
	" flags INTEGER, seq INTEGER, ack INTEGER, len INTEGER, window INTEGER,"
	" file_offset INTEGER)";

/* Plans, as idxNum: which of the values below are passed to xFilter, in this
 * order. FRAME_IS counts as both bounds. */
enum { FLOW_IS = 1, FRAME_IS = 2, FRAME_FROM = 4, FRAME_TO = 8 };

/* How to read chunks: ?1 the flow, ?2 and ?3 the first and last frame. */
enum reading { WHOLE_TABLE, ONE_FLOW, READINGS };

static const char *const reading_sql[READINGS] = {
	[WHOLE_TABLE] =
		"SELECT flow_id, packets FROM main.packet_index"
		" WHERE last_frame >= ?2 AND first_frame <= ?3 ORDER BY flow_id, first_frame",
	[ONE_FLOW] =
		"SELECT flow_id, packets FROM main.packet_index"
		" WHERE flow_id = ?1 AND first_frame <= ?3 AND last_frame >= ?2"
		" AND first_frame >= (SELECT coalesce(max(first_frame), ?2) FROM main.packet_index"
		"                      WHERE flow_id = ?1 AND first_frame <= ?2)"
		" ORDER BY first_frame",
};

/* A statement that no cursor uses at the moment is kept: a correlated subquery
 * opens a cursor for every row, and preparing costs more than reading a chunk. */
struct packet_table {
	sqlite3_vtab  base;
	sqlite3      *db;
	sqlite3_stmt *spare[READINGS];
};

struct table_cursor {
	sqlite3_vtab_cursor   base;
	enum reading          reading;
	sqlite3_stmt         *chunks;
	bool                  at_end;
	int64_t               flow_id, row;
	struct packet_cursor  chunk;       /* over the statement's current blob */
	struct indexed_packet packet;
};

/* ----------------------------------------------------------- the table ---- */

static int table_connect(sqlite3 *db, void *unused, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message)
{
	(void)unused, (void)argc, (void)argv, (void)message;
	int rc = sqlite3_declare_vtab(db, declaration);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);   /* it tells what the case holds anyway */
	struct packet_table *t = sqlite3_malloc(sizeof *t);
	if (!t)
		return SQLITE_NOMEM;
	*t = (struct packet_table){ .db = db };
	*out = &t->base;
	return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
	struct packet_table *t = (struct packet_table *)base;
	for (int i = 0; i < READINGS; i++)
		sqlite3_finalize(t->spare[i]);
	sqlite3_free(t);
	return SQLITE_OK;
}

/* ------------------------------------------------------------ planning ---- */

/* What a condition is good for: one of the plan's bits, or 0. */
static int condition_use(const struct sqlite3_index_constraint *c)
{
	if (!c->usable)
		return 0;
	if (c->iColumn == FLOW_ID)
		return c->op == SQLITE_INDEX_CONSTRAINT_EQ ? FLOW_IS : 0;
	if (c->iColumn != FRAME)
		return 0;
	switch (c->op) {
	case SQLITE_INDEX_CONSTRAINT_EQ: return FRAME_IS;
	case SQLITE_INDEX_CONSTRAINT_GE:
	case SQLITE_INDEX_CONSTRAINT_GT: return FRAME_FROM;
	case SQLITE_INDEX_CONSTRAINT_LE:
	case SQLITE_INDEX_CONSTRAINT_LT: return FRAME_TO;
	default:                         return 0;
	}
}

/* One flow's rows come by frame. */
static bool order_is_ours(const sqlite3_index_info *info)
{
	for (int i = 0; i < info->nOrderBy; i++) {
		int column = info->aOrderBy[i].iColumn;
		if (info->aOrderBy[i].desc || (column != FLOW_ID && column != FRAME))
			return false;
	}
	return true;
}

/* The whole table is never the cheaper way where the flow is known. */
static void plan_cost(sqlite3_index_info *info)
{
	static const struct { int needs; int cost, rows; } costs[] = {
		{ FLOW_IS | FRAME_IS,                   20,       1 },
		{ FLOW_IS | FRAME_FROM | FRAME_TO,      40,       25 },
		{ FLOW_IS | FRAME_FROM,                 100,      100 },
		{ FLOW_IS | FRAME_TO,                   100,      100 },
		{ FLOW_IS,                              200,      200 },
		{ FRAME_IS,                             20000000, 1 },
		{ 0,                                    90000000, 10000000 },
	};
	size_t i = 0;
	while ((info->idxNum & costs[i].needs) != costs[i].needs)
		i++;
	info->estimatedCost = costs[i].cost;
	info->estimatedRows = costs[i].rows;
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	(void)base;
	int argument = 0;
	for (int use = FLOW_IS; use <= FRAME_TO; use <<= 1)
		for (int i = 0; i < info->nConstraint; i++)
			if (condition_use(&info->aConstraint[i]) == use) {
				info->aConstraintUsage[i].argvIndex = ++argument;
				info->idxNum |= use;
				break;
			}
	plan_cost(info);
	info->orderByConsumed = info->idxNum & FLOW_IS && order_is_ours(info);
	return SQLITE_OK;
}

/* ------------------------------------------------------------- reading ---- */

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	(void)base;
	struct table_cursor *c = sqlite3_malloc(sizeof *c);
	if (!c)
		return SQLITE_NOMEM;
	*c = (struct table_cursor){ .at_end = true };
	*out = &c->base;
	return SQLITE_OK;
}

/* Give the statement back. */
static void cursor_release(struct table_cursor *c)
{
	struct packet_table *t = (struct packet_table *)c->base.pVtab;
	if (!c->chunks)
		return;
	sqlite3_reset(c->chunks);
	sqlite3_clear_bindings(c->chunks);
	if (t->spare[c->reading])
		sqlite3_finalize(c->chunks);
	else
		t->spare[c->reading] = c->chunks;
	c->chunks = NULL;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
	struct table_cursor *c = (struct table_cursor *)base;
	cursor_release(c);
	sqlite3_free(c);
	return SQLITE_OK;
}

static int cursor_trouble(struct table_cursor *c, int rc)
{
	struct packet_table *t = (struct packet_table *)c->base.pVtab;
	sqlite3_free(t->base.zErrMsg);
	t->base.zErrMsg = sqlite3_mprintf("packet: %s", sqlite3_errmsg(t->db));
	return rc;
}

static int cursor_prepare(struct table_cursor *c, enum reading reading)
{
	struct packet_table *t = (struct packet_table *)c->base.pVtab;
	c->reading = reading;
	c->chunks = t->spare[reading];
	t->spare[reading] = NULL;
	if (c->chunks)
		return SQLITE_OK;
	int rc = sqlite3_prepare_v2(t->db, reading_sql[reading], -1, &c->chunks, NULL);
	return rc == SQLITE_OK ? rc : cursor_trouble(c, rc);
}

/* To the next packet, through as many chunks as that takes. */
static int cursor_next(sqlite3_vtab_cursor *base)
{
	struct table_cursor *c = (struct table_cursor *)base;
	c->row++;
	while (!packet_next(&c->chunk, &c->packet)) {
		int rc = sqlite3_step(c->chunks);
		if (rc != SQLITE_ROW) {
			c->at_end = true;
			return rc == SQLITE_DONE ? SQLITE_OK : cursor_trouble(c, rc);
		}
		c->flow_id = sqlite3_column_int64(c->chunks, 0);
		const void *blob = sqlite3_column_blob(c->chunks, 1);
		size_t n = (size_t)sqlite3_column_bytes(c->chunks, 1);
		c->chunk = packet_cursor_over((struct bytes){ blob, blob ? n : 0 });
	}
	return SQLITE_OK;
}

/* Values are bound as they come: SQL compares texts, fractions and NULL with
 * the columns of packet_index as it would with our own. */
static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc,
                         sqlite3_value **argv)
{
	(void)unused, (void)argc;
	struct table_cursor *c = (struct table_cursor *)base;
	cursor_release(c);
	c->chunk = (struct packet_cursor){ 0 };
	c->at_end = false;
	int rc = cursor_prepare(c, plan & FLOW_IS ? ONE_FLOW : WHOLE_TABLE);
	if (rc != SQLITE_OK)
		return rc;

	sqlite3_bind_int64(c->chunks, 2, 0);
	sqlite3_bind_int64(c->chunks, 3, INT64_MAX);
	if (plan & FLOW_IS)
		sqlite3_bind_value(c->chunks, 1, *argv++);
	if (plan & FRAME_IS) {
		sqlite3_bind_value(c->chunks, 2, *argv);
		sqlite3_bind_value(c->chunks, 3, *argv++);
	}
	if (plan & FRAME_FROM)
		sqlite3_bind_value(c->chunks, 2, *argv++);
	if (plan & FRAME_TO)
		sqlite3_bind_value(c->chunks, 3, *argv++);
	return cursor_next(base);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
	return ((struct table_cursor *)base)->at_end;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
	const struct table_cursor *c = (struct table_cursor *)base;
	const struct indexed_packet *p = &c->packet;
	switch ((enum column)column) {
	case FLOW_ID: sqlite3_result_int64(out, c->flow_id); break;
	case FRAME:   sqlite3_result_int64(out, (int64_t)p->at.frame); break;
	case NS:      sqlite3_result_int64(out, p->at.ns); break;
	case FLAGS:   sqlite3_result_int64(out, p->flags); break;
	case SEQ:     sqlite3_result_int64(out, p->seq); break;
	case ACK:     sqlite3_result_int64(out, p->ack); break;
	case LEN:     sqlite3_result_int64(out, p->len); break;
	case WINDOW:  sqlite3_result_int64(out, p->window); break;
	case SENDER:
		sqlite3_result_text(out, p->sender == CLIENT ? "client" : "server", -1,
		                    SQLITE_STATIC);
		break;
	case FILE_OFFSET:
		if (p->file_offset != NONE)
			sqlite3_result_int64(out, p->file_offset);
		break;
	}
	return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	*out = ((struct table_cursor *)base)->row;
	return SQLITE_OK;
}

/* Without xCreate the table is there by itself, in every case, and belongs to
 * the program and not to the file. */
static const sqlite3_module packet_module = {
	.xConnect    = table_connect,
	.xBestIndex  = table_best_index,
	.xDisconnect = table_disconnect,
	.xOpen       = cursor_open,
	.xClose      = cursor_close,
	.xFilter     = cursor_filter,
	.xNext       = cursor_next,
	.xEof        = cursor_eof,
	.xColumn     = cursor_column,
	.xRowid      = cursor_rowid,
};

/* The first mention connects the table, which declares its columns, and that an
 * authorizer which forbids CREATE TABLE would refuse: so it is mentioned here. */
bool packet_table_register(sqlite3 *db)
{
	sqlite3_stmt *mention = NULL;
	bool ok = sqlite3_create_module(db, "packet", &packet_module, NULL) == SQLITE_OK
	       && sqlite3_prepare_v2(db, "SELECT 1 FROM packet", -1, &mention, NULL) == SQLITE_OK;
	sqlite3_finalize(mention);
	return ok;
}
