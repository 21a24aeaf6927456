/* compare.c - see compare.h. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "err.h"
#include "text.h"

static const int64_t APART_NS = 100000000;

bool compare_apart(int64_t a, int64_t b)
{
	int64_t less = a < b ? a : b, more = a < b ? b : a;
	return more - less > APART_NS && more / 3 > less;
}

/* ---- steps ---- */

/* The first word, or what stands for it where that is a number. */
static void kind_of(struct compare_step *s)
{
	size_t digits = strspn(s->text, "0123456789"), n = strcspn(s->text, " ");
	if (s->silence)
		snprintf(s->kind, sizeof s->kind, "silence");
	else if (digits && digits == n)
		snprintf(s->kind, sizeof s->kind, strncmp(s->text + n, " byte", 5) == 0 ? "bytes" : "status");
	else if (strncmp(s->text, "end of ", 7) == 0)
		snprintf(s->kind, sizeof s->kind, "%.*s", COMPARE_KIND - 1, s->text);
	else
		snprintf(s->kind, sizeof s->kind, "%.*s", (int)(n < COMPARE_KIND - 1 ? n : COMPARE_KIND - 1), s->text);
}

static void step_add(struct compare *c, struct compare_side *side, const struct step *step)
{
	struct compare_step *s = &side->step[side->n++];
	char span[TEXT_DURATION_SIZE];
	*s = (struct compare_step){ .frame = step->frame, .ns = step->ns - side->origin_ns, .lasted_ns = step->lasted_ns,
	                            .silence = step->kind == STEP_SILENCE, .client = step->client };
	if (s->silence) {
		snprintf(s->text, sizeof s->text, "%s of silence", text_duration(step->lasted_ns, span));
	} else {
		struct packet_label label;
		label_read(&c->labels, &(struct labelled){ side->flow_id, step->frame, step->ns, step->flags, step->len, step->client }, &label);
		snprintf(s->text, sizeof s->text, "%.120s%s%.120s", label.text, *label.text && *label.marks ? ", " : "", label.marks);
	}
	kind_of(s);
}

/* Whether there is more to read of this side. */
static bool side_work(struct compare *c, struct compare_side *side, int64_t until_ns)
{
	if (flow_steps_work(&side->steps, until_ns))
		return true;
	int64_t count = flow_steps_count(&side->steps);
	while (side->n < COMPARE_STEPS && (int64_t)side->n < count) {
		if (browser_now() >= until_ns)
			return true;
		const struct step *there = flow_steps_at(&side->steps, (int64_t)side->n);
		if (!there)
			return false;
		struct step step = *there;
		step_add(c, side, &step);
	}
	side->whole = (int64_t)side->n == count && side->steps.whole_to == INT64_MAX;
	return false;
}

/* ---- alignment ---- */

enum { WORTH_KIND = 2, WORTH_TEXT = 3 };

static unsigned worth(const struct compare_step *a, const struct compare_step *b)
{
	if (strcmp(a->kind, b->kind) != 0 || (!a->silence && a->client != b->client))
		return 0;
	return strcmp(a->text, b->text) == 0 ? WORTH_TEXT : WORTH_KIND;
}

/* Words differ, in what is not a mere amount. */
static bool words_differ(const struct compare_step *a, const struct compare_step *b)
{
	return !a->silence && strcmp(a->kind, "bytes") != 0 && strcmp(a->text, b->text) != 0;
}

static void row_add(struct compare *c, int left, int right, const struct compare_step *before[static 2])
{
	struct compare_row *r = &c->row[c->rows++];
	const struct compare_step *a = left >= 0 ? &c->side[0].step[left] : NULL, *b = right >= 0 ? &c->side[1].step[right] : NULL;
	*r = (struct compare_row){ .step = { left, right } };
	if (!a || !b)
		return;
	r->took_ns[0] = a->silence ? a->lasted_ns : a->ns - (before[0] ? before[0]->ns : 0);
	r->took_ns[1] = b->silence ? b->lasted_ns : b->ns - (before[1] ? before[1]->ns : 0);
	r->differs = words_differ(a, b);
	r->apart = compare_apart(r->took_ns[0], r->took_ns[1]);
	before[0] = a;
	before[1] = b;
}

/* best[i][j]: what is common from these steps on is worth. */
static void align(struct compare *c)
{
	size_t n = c->side[0].n, m = c->side[1].n, width = m + 1, i = 0, j = 0;
	const struct compare_step *a = c->side[0].step, *b = c->side[1].step, *before[2] = { NULL, NULL };
	unsigned short *best = alloc_zeroed((n + 1) * width, sizeof *best);
	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;) {
			unsigned w = worth(&a[i], &b[j]), both = w ? w + best[(i + 1) * width + j + 1] : 0;
			unsigned down = best[(i + 1) * width + j], right = best[i * width + j + 1];
			unsigned most = down > right ? down : right;
			best[i * width + j] = (unsigned short)(both > most ? both : most);
		}
	c->row = alloc_zeroed(n + m + 1, sizeof *c->row);
	for (i = j = 0; i < n || j < m;) {
		unsigned w = i < n && j < m ? worth(&a[i], &b[j]) : 0, now = best[i * width + j];
		if (w && now == w + best[(i + 1) * width + j + 1])
			row_add(c, (int)i++, (int)j++, before);
		else if (i < n && (j == m || now == best[(i + 1) * width + j]))
			row_add(c, (int)i++, -1, before);
		else
			row_add(c, -1, (int)j++, before);
	}
	free(best);
}

/* ---- the whole ---- */

bool compare_work(struct compare *c, int64_t until_ns)
{
	if (c->ready)
		return false;
	if (side_work(c, &c->side[0], until_ns) || side_work(c, &c->side[1], until_ns))
		return true;
	align(c);
	c->ready = true;
	return false;
}

void compare_open(struct compare *c, struct model *m, int64_t flow_id, int64_t other, int64_t budget_ns)
{
	int64_t until_ns = browser_now() + budget_ns;
	*c = (struct compare){ .ready = false };
	labels_open(&c->labels, m, false);
	for (int i = 0; i < 2; i++) {
		struct compare_side *side = &c->side[i];
		side->flow_id = i ? other : flow_id;
		side->origin_ns = model_number(m, "SELECT first_ns FROM flow WHERE id = ?1", side->flow_id);
		side->step = alloc_zeroed(COMPARE_STEPS, sizeof *side->step);
		flow_steps_open(&side->steps, m, side->flow_id, 0, 0);
		flow_steps_zoom(&side->steps, ZOOM_MESSAGES);
	}
	compare_work(c, until_ns);
}

void compare_close(struct compare *c)
{
	labels_close(&c->labels);
	for (int i = 0; i < 2; i++) {
		flow_steps_close(&c->side[i].steps);
		free(c->side[i].step);
	}
	free(c->row);
	*c = (struct compare){ .ready = false };
}
