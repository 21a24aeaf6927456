/* loading.c - see loading.h. */
#include "loading.h"

#include <inttypes.h>
#include <string.h>

#include "facts.h"
#include "key.h"
#include "text.h"

enum { HEAD = 4, STARTED_COLS = 14, APP_COLS = 10, FRAMES_COLS = 9, BYTES_COLS = 12 };

void loading_key(struct loading *l, int key)
{
	switch (key) {
	case K_ENTER: case K_ESC: case 'q':    l->stop = true; break;
	case K_CTRL('C'): case 'Q':            l->stop = l->leave = true; break;
	default:                               l->moved |= list_key(&l->list, key); break;
	}
}

static void bar_draw(struct area a, int row, double part)
{
	int filled = (int)(part * a.cols);
	int end = area_repeat(a, row, 0, filled, LOOK_HEAD, "\xe2\x96\x88");
	area_repeat(a, row, end, a.cols - end, LOOK_DIM, "\xe2\x96\x91");
}

static void head_draw(struct area a, const struct run_progress *p)
{
	bool known = p->bytes_all != NONE && p->bytes_all > 0;
	double part = known ? (double)p->bytes / (double)p->bytes_all : 0;
	area_look(a, 0, LOOK_BAR);
	area_printf(a, 0, 1, LOOK_BAR, known ? "Reading: %.0f %%" : "Reading", 100 * part);
	area_field(a, 0, a.cols - 9, 8, LOOK_BAR, "  tcpwhy");
	int col = area_printf(a, 1, 0, LOOK_PLAIN, "%" PRIu64 " frames, %" PRIu64 " connections, %" PRIu64
	                      " resets, %" PRIu64 " HTTP exchanges: ", p->frames, p->flows_before + p->flows, p->resets,
	                      p->exchanges);
	area_field(a, 1, col, a.cols - col, LOOK_DIM, p->path ? p->path : "");
	if (known)
		bar_draw(a, 2, part > 1 ? 1 : part);
}

/* Where the columns behind the two hosts begin. */
static int hosts_end(struct area a)
{
	int end = a.cols - APP_COLS - FRAMES_COLS - BYTES_COLS - 6;
	return end < STARTED_COLS + 20 ? STARTED_COLS + 20 : end;
}

static void flow_draw(struct area a, int row, const struct run_flow *f, int64_t origin_ns)
{
	char text[80];
	int64_t at = f->first_ns - origin_ns;
	int end = hosts_end(a), half = (end - STARTED_COLS - 2) / 2;
	snprintf(text, sizeof text, "%.6f", (double)at / 1e9);
	area_field(a, row, 0, -STARTED_COLS, LOOK_DIM, text);
	snprintf(text, sizeof text, "%s:%u", f->client_ip, f->client_port);
	area_field(a, row, STARTED_COLS + 1, half, LOOK_CLIENT, text);
	snprintf(text, sizeof text, "%s:%u", f->server_ip, f->server_port);
	area_field(a, row, STARTED_COLS + 2 + half, half, LOOK_SERVER, text);
	area_field(a, row, end, APP_COLS, LOOK_PLAIN, f->app);
	snprintf(text, sizeof text, "%" PRIu64, f->frames);
	area_field(a, row, end + APP_COLS, -FRAMES_COLS, LOOK_PLAIN, text);
	snprintf(text, sizeof text, "%" PRIu64, f->bytes);
	area_field(a, row, end + APP_COLS + FRAMES_COLS, -BYTES_COLS, LOOK_PLAIN, text);
	area_put(a, row, end + APP_COLS + FRAMES_COLS + BYTES_COLS + 1, f->rst ? LOOK_ERROR : LOOK_DIM,
	         f->rst ? "RST" : f->fin ? "FIN" : "");
}

static void columns_draw(struct area a, int row)
{
	int end = hosts_end(a), half = (end - STARTED_COLS - 2) / 2;
	area_field(a, row, 0, -STARTED_COLS, LOOK_DIM, "time, s");
	area_put(a, row, STARTED_COLS + 1, LOOK_DIM, "client");
	area_put(a, row, STARTED_COLS + 2 + half, LOOK_DIM, "server");
	area_put(a, row, end, LOOK_DIM, "protocol");
	area_field(a, row, end + APP_COLS, -FRAMES_COLS, LOOK_DIM, "frames");
	area_field(a, row, end + APP_COLS + FRAMES_COLS, -BYTES_COLS, LOOK_DIM, "bytes");
}

static void last_row_draw(struct area a)
{
	int col = area_put(a, 0, 0, LOOK_KEY, "Enter");
	col = area_put(a, 0, col + 1, LOOK_DIM, "read no further, and look at what was read");
	col = area_put(a, 0, col + 2, LOOK_KEY, "Q");
	area_put(a, 0, col + 1, LOOK_DIM, "quit");
}

void loading_draw_run(struct loading *l, const struct run_progress *p, struct canvas *c)
{
	struct area all = canvas_area(c), rows = area_part(all, HEAD, 0, all.rows - HEAD - 1, all.cols);
	struct run_flow first, f;
	head_draw(all, p);
	columns_draw(all, HEAD - 1);
	list_count(&l->list, (int64_t)p->flows);
	if (!l->moved)
		list_go(&l->list, l->list.n - 1);
	list_show(&l->list, rows.rows);
	if (run_flow_at(p, 0, &first))
		for (int row = 0; row < rows.rows && run_flow_at(p, (size_t)(l->list.top + row), &f); row++)
			flow_draw(rows, row, &f, first.first_ns);
	if (l->list.n && l->moved)
		area_select(rows, (int)(l->list.at - l->list.top));
	last_row_draw(area_part(all, all.rows - 1, 0, 1, all.cols));
}

void loading_draw_rules(const struct rules_progress *p, struct canvas *c)
{
	struct area all = canvas_area(c);
	area_look(all, 0, LOOK_BAR);
	area_printf(all, 0, 1, LOOK_BAR, "Concluding: rule %zu of %zu", p->done + (p->done < p->all), p->all);
	area_put(all, 1, 0, LOOK_DIM, p->rule ? p->rule : "what several rules need");
	bar_draw(all, 2, p->all ? (double)p->done / (double)p->all : 0);
}
