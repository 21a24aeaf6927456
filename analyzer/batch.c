/* batch.c - see batch.h. */
#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "document.h"
#include "finish.h"
#include "options.h"
#include "page.h"
#include "report_model.h"
#include "rules.h"
#include "run.h"
#include "store.h"
#include "text.h"

/* ---- the folder, and names in it ---- */

/* Make it, and those it is in. */
static bool folder_make(const char *path, struct err *err)
{
	struct stat st;
	char *part = text_copy(path);
	for (size_t i = 1; part[i]; i++)
		if (part[i] == '/') {
			part[i] = '\0';
			mkdir(part, 0777);              /* one that is missing is told below */
			part[i] = '/';
		}
	free(part);
	if (mkdir(path, 0777) == 0)
		return true;
	if (errno != EEXIST)
		return fail(err, "%s: %s", path, strerror(errno));
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return fail(err, "%s: this is a file; with --each -o takes a folder", path);
}

/* A name that was taken, and how many captures wanted it. */
struct name { char *text; size_t n; };

struct names { struct name *name; size_t n; };

static struct name *name_find(const struct names *names, const char *text, size_t n)
{
	for (size_t i = 0; i < names->n; i++)
		if (strncmp(names->name[i].text, text, n) == 0 && !names->name[i].text[n])
			return &names->name[i];
	return NULL;
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i].text);
	free(names->name);
}

/* How much of a file's name is no ending that captures have. */
static size_t stem_length(const char *name)
{
	static const char *const endings[] = { ".gz", ".zst", ".xz", ".lz4",      /* goes around */
	                                       ".pcap", ".pcapng", ".cap", ".dmp", ".ntar" };
	size_t n = strlen(name);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t end = strlen(endings[i]);
		if (n > end && strncasecmp(name + n - end, endings[i], end) == 0)
			n -= end;
	}
	return n;
}

/* "router.pcap.gz" -> "router", and the next one "router-2"; lives as long as names. */
static const char *name_take(struct names *names, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *file = strcmp(path, "-") == 0 ? "standard-input" : slash ? slash + 1 : path;
	size_t n = stem_length(file), size = n + 24;
	char *text = alloc_zeroed(size, 1);
	struct name *same = name_find(names, file, n);
	snprintf(text, size, "%.*s", (int)n, file);
	while (same && name_find(names, text, strlen(text)))
		snprintf(text, size, "%.*s-%zu", (int)n, file, ++same->n);
	names->name = alloc_grown(names->name, names->n + 1, sizeof *names->name);
	names->name[names->n++] = (struct name){ text, 1 };
	return text;
}

/* ---- the table ---- */

enum { CAPTURE_MAX = 60, GAP = 2, WORST = 9, INCIDENTS = 9 };

/* Rows are written as reports are made, so the width of names comes from all inputs. */
static int capture_width(const struct inputs *in)
{
	int widest = (int)strlen("capture");
	for (size_t i = 0; i < in->n; i++) {
		int width = text_width(in->in[i].path);
		widest = width > widest && width <= CAPTURE_MAX ? width : widest;
	}
	return widest;
}

static void cell(const struct page *page, enum style style, const char *text, int width)
{
	page_put(page, style, text);
	page_pad(page, text_width(text), width);
	page_pad(page, 0, GAP);
}

static void head(const struct page *page, int width)
{
	cell(page, DIM, "capture", width);
	cell(page, DIM, "worst", WORST);
	cell(page, DIM, "incidents", INCIDENTS);
	page_put(page, DIM, "verdict");
	fputc('\n', page->out);
}

static void row(const struct page *page, int width, const char *capture, const char *severity,
                const char *incidents, const char *title)
{
	bool none = !*severity;
	cell(page, PLAIN, capture, width);
	cell(page, none ? GREEN : severity_style(severity), none ? "-" : severity_word(severity), WORST);
	page_pad(page, text_width(incidents), INCIDENTS);
	cell(page, PLAIN, incidents, 0);
	page_put(page, none ? PLAIN : BOLD, title);
	fputc('\n', page->out);
	fflush(page->out);                       /* a batch may take long */
}

/* The worst severity is that of the verdict: report.sql takes the gravest. */
static const char row_sql[] =
	"SELECT severity, others + 1, title FROM temp.shown_verdict "
	"UNION ALL SELECT '', 0, text FROM temp.shown_nothing WHERE NOT EXISTS (SELECT 1 FROM temp.shown_verdict)";

static bool row_read(const struct page *page, int width, const char *capture, struct sqlite3 *db, struct err *err)
{
	struct model model;
	if (!model_open(&model, db, err))
		return false;
	struct sqlite3_stmt *s = model_query(&model, row_sql, 0, 0);
	while (model_next(&model, s))
		row(page, width, capture, model_text(s, 0), model_text(s, 1), model_text(s, 2));
	return model_close(&model);
}

/* ---- all captures ---- */

static const char *const endings[] = {
	[FORMAT_TEXT] = "txt", [FORMAT_MARKDOWN] = "md", [FORMAT_HTML] = "html", [FORMAT_JSON] = "json",
	[FORMAT_NDJSON] = "ndjson",
};

struct batch {
	const struct options *options;
	const struct rules   *rules;
	struct run           *run;
	struct page           page;
	int                   width;         /* of the captures' names */
	struct names          names;
	size_t                read;          /* captures */
	bool                  partial, found;
};

static void status_add(struct batch *b, int status)
{
	b->found |= status == EXIT_FINDING;
	b->partial |= status == EXIT_PARTIAL;
}

/* The report, and the row for it. Statuses of which no other capture will do better are
 * handed back; others are added up, and it is EXIT_DONE. */
static int capture_report(struct batch *b, const char *path, struct store *store, const struct run_result *result)
{
	struct err err;
	const char *folder = b->options->output, *ending = endings[b->options->format];
	const char *name = name_take(&b->names, path);
	size_t size = strlen(folder) + strlen(name) + 16;
	char *output = alloc_zeroed(size, 1);
	bool slash = folder[strlen(folder) - 1] == '/';
	snprintf(output, size, "%s%s%s.%s", folder, slash ? "" : "/", name, ending);
	int status = captures_end(b->options, output, b->rules, store, result);
	free(output);
	if (status == EXIT_UNREADABLE || status == EXIT_USAGE)
		return status;
	if (!b->read++)
		head(&b->page, b->width);
	if (!row_read(&b->page, b->width, path, store_db(store), &err))
		status = give_up(&err, EXIT_PARTIAL);
	status_add(b, status);
	return EXIT_DONE;
}

static int capture_next_report(struct batch *b)
{
	struct err err;
	struct run_result result;
	const char *path = run_next(b->run)->path;
	struct store *store = store_open(NULL, &err);
	if (!store)
		return give_up(&err, EXIT_UNREADABLE);
	int status = EXIT_DONE;
	if (!run_capture(b->run, store, &result, &err))
		status = give_up(&err, EXIT_USAGE);
	else if (result.files_read)
		status = capture_report(b, path, store, &result);
	else
		b->partial = true;
	store_close(store);
	return status;
}

static int batch_run(struct batch *b)
{
	int status = EXIT_DONE;
	b->width = capture_width(run_inputs(b->run));
	b->partial = run_inputs(b->run)->failed > 0;
	while (status == EXIT_DONE && run_next(b->run))
		status = capture_next_report(b);
	if (status != EXIT_DONE)
		return status;
	if (!b->read)
		return EXIT_UNREADABLE;
	return output_end(b->found ? EXIT_FINDING : b->partial ? EXIT_PARTIAL : EXIT_DONE);
}

int batch_report(const struct options *o, const struct rules *rules)
{
	struct err err;
	struct batch b = { .options = o, .rules = rules,
	                   .page = { .out = stdout, .colour = o->colour, .width = terminal_width() } };
	struct run_options how = {
		.filter = o->filter, .decode_as = o->decode_as, .decode_as_n = o->decode_as_n,
		.show_secrets = o->show_secrets, .no_hash = o->no_hash, .joining = o->joining, .trouble = trouble,
	};
	if (!folder_make(o->output, &err))
		return give_up(&err, EXIT_PARTIAL);
	b.run = run_open(o->files, o->files_n, &how, &err);
	if (!b.run)
		return give_up(&err, EXIT_USAGE);
	int status = batch_run(&b);
	run_close(b.run);
	names_free(&b.names);
	return status;
}
