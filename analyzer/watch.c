/* watch.c - see watch.h. */
#include "watch.h"

#include "flow.h"
#include "store.h"

void watch_begin(struct watch *w, const struct run_options *options, const struct inputs *in)
{
	*w = (struct watch){ .progress = options->progress, .context = options->context, .files_left = in->n };
	for (size_t i = 0; i < in->n; i++)
		if (in->in[i].size == NONE)
			w->now.bytes_all = NONE;
		else if (w->now.bytes_all != NONE)
			w->now.bytes_all += in->in[i].size;
}

/* Between two calls there is a pause, however long the watcher takes. Where all was read
 * and is being concluded there is nothing to stop any more. */
bool watch_tell(struct watch *w, const struct watched *x)
{
	uint64_t frames = w->frames_before + x->frames;
	if (!w->progress || w->stopped || !pace_due(&w->pace))
		return !w->stopped;
	struct store_counts counts = store_counts(x->store);
	w->now.bytes = w->bytes_before + (int64_t)x->bytes;
	w->now.frames = frames;
	w->now.resets = counts.resets;
	w->now.exchanges = counts.exchanges;
	w->now.table = x->flows;
	w->now.flows = x->flows->n;
	w->now.flows_told = x->flows_told;
	w->stopped = !w->progress(w->context, &w->now) && !x->flows_told;
	pace_done(&w->pace);
	return !w->stopped;
}

void watch_capture(struct watch *w)
{
	w->now.capture++;
}

void watch_capture_end(struct watch *w, uint64_t frames, size_t flows)
{
	w->frames_before += frames;
	w->now.flows_before += flows;
}

void watch_input(struct watch *w, const struct input *in)
{
	w->now.path = in->path;
	w->files_left--;
}

void watch_input_end(struct watch *w, const struct input *in, uint64_t bytes)
{
	w->bytes_before += in->size == NONE ? (int64_t)bytes : in->size;
}

bool run_flow_at(const struct run_progress *now, size_t i, struct run_flow *to)
{
	if (i >= now->flows)
		return false;
	struct flow f;
	flow_look(now->table, i, &f);
	const struct tcp_side *client = &f.side[CLIENT], *server = &f.side[SERVER];
	*to = (struct run_flow){
		.id = f.id, .client_port = client->at.port, .server_port = server->at.port,
		.frames = client->frames + server->frames, .bytes = client->bytes + server->bytes,
		.rst = client->rst.frame || server->rst.frame, .fin = client->fin.frame || server->fin.frame,
		.app = f.app, .first_ns = f.first.ns, .last_ns = f.last.ns,
	};
	ip_text(client->at.ip, to->client_ip);
	ip_text(server->at.ip, to->server_ip);
	return true;
}
