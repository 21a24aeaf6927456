/* options.c - see options.h. */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "text.h"

const char options_usage[] =
	"usage: tcpwhy FILE...                    say why connections in these captures broke\n"
	"       tcpwhy report FILE... [-o OUT]    a report to send on (.md, .html, …)\n"
	"       tcpwhy doctor FILE...             how good these captures are\n"
	"       tcpwhy extract FILE... -o OUT     packets of a finding or a connection\n"
	"       tcpwhy browse FILE...             look around in the terminal\n"
	"       tcpwhy rules list|explain|run     what is concluded, and from what\n"
	"       tcpwhy --help                     all of it, with examples\n";

const char options_help[] =
	"tcpwhy - reads packet captures and says why connections broke\n"
	"\n"
	"  tcpwhy [analyze] FILE...         findings on the terminal\n"
	"  tcpwhy report FILE...            a report to send on\n"
	"  tcpwhy doctor FILE...            how good a capture is, how to do better\n"
	"  tcpwhy extract FILE...           the packets of a finding or a connection, as pcap\n"
	"  tcpwhy browse FILE...            findings, connections and packets in the terminal\n"
	"  tcpwhy rules list                the rules, one a line; with --format md a document\n"
	"  tcpwhy rules explain RULE        what a rule looks for, and what to do about it\n"
	"  tcpwhy rules run CASE            conclude anew from a kept case\n"
	"\n"
	"FILE is a pcap or pcapng capture, also compressed (gzip, zstd, xz, lz4), a\n"
	"folder of captures, - for standard input, or one case that was kept with -o.\n"
	"Files whose times follow one another are one capture; files whose times overlap\n"
	"are captures of different places.\n"
	"\n"
	"  -r FILE                  a capture, as tcpdump and tshark have it\n"
	"  -f FILTER                read only what this capture filter (BPF) lets through\n"
	"      --each               report: one of each capture, into the folder that -o names\n"
	"  -d tcp.port==N,PROTOCOL  what is spoken on a port: http or amqp\n"
	"  -o FILE                  analyze, browse: keep the case there; others: write there\n"
	"      --case FILE          keep the case there, for any verb\n"
	"      --join, --separate   all files are one capture; each is one of its own\n"
	"      --format text|md|html|json|ndjson\n"
	"                           of the output; otherwise its name tells (-o report.html)\n"
	"      --rules DIR          add the rules (.sql) of a folder, or replace by id\n"
	"      --set RULE.PARAMETER=NUMBER\n"
	"      --fail-on error|warning|note|RULE\n"
	"                           exit status 1 when there is such a finding, or a graver\n"
	"      --finding RULE, --flow N, --stream N\n"
	"                           extract: the connections of a rule's findings (or of one\n"
	"                           fingerprint), a flow.id, a tcp.stream; may be repeated\n"
	"      --redact             extract: overwrite passwords, cookies and tokens\n"
	"  -Y FILTER                only findings about connections like these; extract: their\n"
	"                           packets. ip.addr == 10.0.0.0/8 && amqp && finding, much as\n"
	"                           Wireshark has it; tcpwhy(1) lists the fields\n"
	"      --at TIME, --window SPAN\n"
	"                           only findings within 30 s (or SPAN: 5m) of an alert's time\n"
	"                           (2026-11-21T22:09:37+08:00, or 22:09:37, in UTC)\n"
	"      --ip ADDRESS, --port N\n"
	"                           only findings about this address, this port\n"
	"      --baseline CASE      only findings that an earlier case does not have\n"
	"      --tz ZONE            of the times shown: UTC (unless said otherwise), local,\n"
	"                           +08:00, Asia/Shanghai\n"
	"      --no-hash            leave out the SHA-256 of the captures\n"
	"      --no-mouse           browse: leave the mouse to the terminal\n"
	"      --show-secrets       keep passwords, cookies and tokens\n"
	"      --color auto|always|never\n"
	"  -h, --help               this text\n"
	"  -V, --version\n"
	"\n"
	"Exit status: 0 done; 1 a finding that --fail-on asks for; 2 wrong usage;\n"
	"3 no input could be read; 4 done in part: a capture is cut short, another input\n"
	"could not be read, or the output could not be written; 70 a fault of tcpwhy.\n"
	"\n"
	"Examples:\n"
	"  tcpwhy incident.pcap\n"
	"  tcpwhy -f 'port 5672' -o case.db rabbit*.pcap\n"
	"  tcpwhy report incident.pcap -o incident.html\n"
	"  tcpwhy report case.db --format json -o findings.json\n"
	"  tcpwhy report captures/ --each -o reports/\n"
	"  tcpwhy doctor rabbit*.pcap\n"
	"  tcpwhy browse incident.pcap\n"
	"  tcpwhy extract incident.pcap --finding tcp.refused -o refused.pcap\n"
	"  tcpwhy extract case.db -Y 'http.response.code >= 500' -o errors.pcap\n"
	"  tcpwhy rules explain tcp.refused\n"
	"  tcpdump -r big.pcap -w - 'host 10.0.0.5' | tcpwhy -\n";

enum { OPT_CASE = 256, OPT_FORMAT, OPT_FAIL_ON, OPT_SET, OPT_RULES, OPT_SHOW_SECRETS, OPT_COLOUR,
       OPT_JOIN, OPT_SEPARATE, OPT_FINDING, OPT_FLOW, OPT_STREAM, OPT_REDACT,
       OPT_AT, OPT_WINDOW, OPT_IP, OPT_PORT, OPT_BASELINE, OPT_ZONE, OPT_EACH, OPT_NO_HASH, OPT_NO_MOUSE };

static const struct option long_options[] = {
	{ "help",         no_argument,       NULL, 'h' },
	{ "version",      no_argument,       NULL, 'V' },
	{ "at",           required_argument, NULL, OPT_AT },
	{ "baseline",     required_argument, NULL, OPT_BASELINE },
	{ "case",         required_argument, NULL, OPT_CASE },
	{ "color",        required_argument, NULL, OPT_COLOUR },
	{ "colour",       required_argument, NULL, OPT_COLOUR },
	{ "display-filter", required_argument, NULL, 'Y' },
	{ "each",         no_argument,       NULL, OPT_EACH },
	{ "fail-on",      required_argument, NULL, OPT_FAIL_ON },
	{ "finding",      required_argument, NULL, OPT_FINDING },
	{ "flow",         required_argument, NULL, OPT_FLOW },
	{ "format",       required_argument, NULL, OPT_FORMAT },
	{ "ip",           required_argument, NULL, OPT_IP },
	{ "join",         no_argument,       NULL, OPT_JOIN },
	{ "no-hash",      no_argument,       NULL, OPT_NO_HASH },
	{ "no-mouse",     no_argument,       NULL, OPT_NO_MOUSE },
	{ "port",         required_argument, NULL, OPT_PORT },
	{ "redact",       no_argument,       NULL, OPT_REDACT },
	{ "rules",        required_argument, NULL, OPT_RULES },
	{ "separate",     no_argument,       NULL, OPT_SEPARATE },
	{ "set",          required_argument, NULL, OPT_SET },
	{ "show-secrets", no_argument,       NULL, OPT_SHOW_SECRETS },
	{ "stream",       required_argument, NULL, OPT_STREAM },
	{ "tz",           required_argument, NULL, OPT_ZONE },
	{ "window",       required_argument, NULL, OPT_WINDOW },
	{ NULL, 0, NULL, 0 },
};

static void list_add(const char ***list, size_t *n, const char *s)
{
	*list = alloc_grown(*list, *n + 1, sizeof **list);
	(*list)[(*n)++] = s;
}

static bool colour_wanted(const char *when, bool *colour, struct err *err)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	if (strcmp(when, "always") == 0)
		*colour = true;
	else if (strcmp(when, "never") == 0)
		*colour = false;
	else if (strcmp(when, "auto") == 0)
		*colour = isatty(STDOUT_FILENO) && !(no && *no)
		          && !(term && strcmp(term, "dumb") == 0);
	else
		return fail(err, "--color takes auto, always or never, not \"%.40s\"", when);
	return true;
}

/* What getopt made nothing of. */
static bool fail_option(int argc, char **argv, int answer, struct err *err)
{
	const char *names[sizeof long_options / sizeof *long_options];
	size_t n = 0;
	const char *typed = optind > 0 && optind <= argc ? argv[optind - 1] : "";
	bool is_long = strncmp(typed, "--", 2) == 0;
	if (answer == ':')
		return is_long ? fail(err, "%.60s wants a value", typed)
		               : fail(err, "-%c wants a value", optopt);
	if (is_long && optopt)
		return fail(err, "%.60s takes no value", typed);
	if (!is_long)
		return fail(err, "there is no option -%c", optopt);
	while (long_options[n].name) {
		names[n] = long_options[n].name;
		n++;
	}
	char word[64];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
	const char *nearest = text_nearest(word, names, n);
	return fail(err, "there is no option --%s%s%s%s", word, nearest ? "; did you mean --" : "",
	            nearest ? nearest : "", nearest ? "?" : "");
}

/* What --format and the ending of a name say. */
static const struct { const char *name, *ending; enum report_format format; } formats[] = {
	{ "text", ".txt", FORMAT_TEXT },      { "md", ".md", FORMAT_MARKDOWN },
	{ "html", ".html", FORMAT_HTML },     { "json", ".json", FORMAT_JSON },
	{ "ndjson", ".ndjson", FORMAT_NDJSON },
	{ "markdown", ".markdown", FORMAT_MARKDOWN }, { "htm", ".htm", FORMAT_HTML },
};
enum { FORMATS = sizeof formats / sizeof *formats };

static bool format_set(struct options *o, const char *format, struct err *err)
{
	for (int i = 0; i < FORMATS; i++)
		if (strcmp(format, formats[i].name) == 0) {
			o->format = formats[i].format;
			return true;
		}
	return fail(err, "--format takes text, md, html, json or ndjson, not \"%.40s\"", format);
}

/* Where none is named, the name of the output tells. */
static void format_by_ending(struct options *o)
{
	const char *slash = o->output ? strrchr(o->output, '/') : NULL;
	const char *ending = o->output ? strrchr(slash ? slash : o->output, '.') : NULL;
	for (int i = 0; ending && i < FORMATS; i++)
		if (strcasecmp(ending, formats[i].ending) == 0)
			o->format = formats[i].format;
}

static bool joining_set(struct options *o, enum joining joining, struct err *err)
{
	bool both = o->joining != JOIN_BY_TIME && o->joining != joining;
	o->joining = joining;
	return !both || fail(err, "--join and --separate contradict each other; give one of them");
}

static bool choice_add(struct options *o, enum choice_kind kind, const char *value, struct err *err)
{
	if ((kind == CHOOSE_FLOW || kind == CHOOSE_STREAM) && (!*value || strspn(value, "0123456789") != strlen(value)))
		return fail(err, "--%s takes a number, not \"%.40s\"", kind == CHOOSE_FLOW ? "flow" : "stream",
		            value);
	o->choice = alloc_grown(o->choice, o->choice_n + 1, sizeof *o->choice);
	o->choice[o->choice_n++] = (struct choice){ kind, value };
	return true;
}

/* The options that name where and how to write are looked at when all are known. */
struct given { const char *output, *format; };

static bool option_take(struct options *o, int c, struct given *given, struct err *err)
{
	switch (c) {
	case 'h': o->verb = SHOW_HELP; break;
	case 'V': o->verb = SHOW_VERSION; break;
	case 'r': list_add(&o->files, &o->files_n, optarg); break;
	case 'f': o->filter = optarg; break;
	case 'd': list_add(&o->decode_as, &o->decode_as_n, optarg); break;
	case 'o': given->output = optarg; break;
	case OPT_CASE: o->case_path = optarg; break;
	case OPT_FAIL_ON: o->fail_on = optarg; break;
	case OPT_SET: list_add(&o->set, &o->set_n, optarg); break;
	case OPT_RULES: o->rules_dir = optarg; break;
	case OPT_ZONE: o->zone = optarg; break;
	case OPT_SHOW_SECRETS: o->show_secrets = true; break;
	case OPT_JOIN: return joining_set(o, JOIN_ALL, err);
	case OPT_SEPARATE: return joining_set(o, JOIN_NONE, err);
	case 'Y': o->which.filter = optarg; break;
	case OPT_AT: o->which.at = optarg; break;
	case OPT_WINDOW: o->which.window = optarg; break;
	case OPT_IP: o->which.ip = optarg; break;
	case OPT_PORT: o->which.port = optarg; break;
	case OPT_BASELINE: o->which.baseline = optarg; break;
	case OPT_EACH: o->each = true; break;
	case OPT_NO_HASH: o->no_hash = true; break;
	case OPT_NO_MOUSE: o->no_mouse = true; break;
	case OPT_REDACT: o->redact = true; break;
	case OPT_FINDING: return choice_add(o, CHOOSE_FINDING, optarg, err);
	case OPT_FLOW: return choice_add(o, CHOOSE_FLOW, optarg, err);
	case OPT_STREAM: return choice_add(o, CHOOSE_STREAM, optarg, err);
	case OPT_FORMAT: given->format = optarg; return format_set(o, optarg, err);
	case OPT_COLOUR: return colour_wanted(optarg, &o->colour, err);
	default: break;
	}
	return true;
}

/* In the order of enum verb; then what is two words. */
static const char *const verbs[] = { "analyze", "report", "doctor", "extract", "browse", "rules" };
enum { VERBS = sizeof verbs / sizeof *verbs };

/* The verb that a word is, or -1. */
static int verb_of(const char *word)
{
	for (int i = 0; i < VERBS; i++)
		if (strcmp(word, verbs[i]) == 0)
			return i;
	return -1;
}

static const char *const rules_verbs[] = { "list", "explain", "run" };

static bool rules_verb_take(struct options *o, char **word, int n, int *taken, struct err *err)
{
	static const enum verb which[] = { RULES_LIST, RULES_EXPLAIN, RULES_RUN };
	o->verb = RULES_LIST;
	if (n < 2)
		return true;
	*taken = 2;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(word[1], rules_verbs[i]) == 0) {
			o->verb = which[i];
			return true;
		}
	const char *nearest = text_nearest(word[1], rules_verbs, 3);
	return fail(err, "`rules` is followed by list, explain or run, not \"%.40s\"%s%s%s",
	            word[1], nearest ? "; did you mean " : "", nearest ? nearest : "",
	            nearest ? "?" : "");
}

/* The words that are no options: a verb, perhaps, and files. */
static bool words_take(struct options *o, char **word, int n, struct err *err)
{
	int verb = n ? verb_of(word[0]) : -1, taken = verb >= 0;
	if (verb == VERBS - 1) {
		if (!rules_verb_take(o, word, n, &taken, err))
			return false;
	} else if (verb >= 0) {
		o->verb = (enum verb)verb;
	} else if (n && access(word[0], F_OK) != 0 && !strpbrk(word[0], "./")) {
		const char *nearest = text_nearest(word[0], verbs, VERBS);
		if (nearest)
			return fail(err, "\"%.40s\" is neither a verb nor a file; did you mean %s?",
			            word[0], nearest);
	}
	for (int i = taken; i < n; i++)
		list_add(&o->files, &o->files_n, word[i]);
	return true;
}

/* A report of each capture: files that are one by their names alone, for the times of
 * captures that have nothing to do with one another follow one another too. */
static bool each_fits(struct options *o, const struct given *given, struct err *err)
{
	if (o->verb != REPORT)
		return fail(err, "--each is for `report`");
	if (!o->output || !*o->output || strcmp(o->output, "-") == 0)
		return fail(err, "--each writes a report of each capture; -o names the folder for them");
	if (o->case_path)
		return fail(err, "--each and --case contradict each other; without --each all captures go into one case");
	if (o->joining == JOIN_ALL)
		return fail(err, "--each and --join contradict each other; give one of them");
	if (o->joining == JOIN_BY_TIME)
		o->joining = JOIN_BY_NAME;
	if (!given->format)
		o->format = FORMAT_HTML;
	return true;
}

/* What a verb needs, and what it cannot use. */
static bool options_fit(struct options *o, const struct given *given, struct err *err)
{
	const char *output = given->output;
	bool output_is_case = o->verb == ANALYZE || o->verb == BROWSE;
	if (output_is_case && output && o->case_path)
		return fail(err, "-o and --case both name a case to keep; give one of them");
	if (output_is_case && output)
		o->case_path = output;
	else
		o->output = output;
	if (o->each && !each_fits(o, given, err))
		return false;
	if (!given->format && !o->each)
		format_by_ending(o);
	if (o->verb == DOCTOR && o->format != FORMAT_TEXT && o->format != FORMAT_JSON)
		return fail(err, "doctor writes text or json");
	if (o->case_path && strcmp(o->case_path, "-") == 0)
		return fail(err, "a case cannot be kept on standard output; name a file");
	if (o->verb == RULES_LIST && o->format != FORMAT_TEXT && o->format != FORMAT_MARKDOWN)
		return fail(err, "`rules list` writes text or md");
	if (o->verb == RULES_LIST && o->files_n)
		return fail(err, "`rules list` takes no file");
	if (o->verb == RULES_EXPLAIN && o->files_n != 1)
		return fail(
			err,
			"`rules explain` takes the id of one rule; `tcpwhy rules list` names them");
	if (o->verb == RULES_RUN && o->files_n != 1)
		return fail(err, "`rules run` takes one case");
	if (!choice_check(&o->which, err))
		return false;
	if (o->which.filter && (o->verb == DOCTOR || o->verb == RULES_LIST || o->verb == RULES_EXPLAIN))
		return fail(err, "-Y chooses connections, and %s; it is for `analyze`, `report`, `extract` and `rules run`",
		            o->verb == DOCTOR ? "`doctor` is about whole captures" : "this verb reads none");
	if (o->which.filter && o->verb == EXTRACT && !choice_add(o, CHOOSE_FILTER, o->which.filter, err))
		return false;
	if (o->choice_n && o->verb != EXTRACT)
		return fail(err, "--finding, --flow and --stream choose what `extract` writes");
	if (o->no_mouse && o->verb != BROWSE)
		return fail(err, "--no-mouse is for `browse`");
	if (o->redact && o->verb != EXTRACT)
		return fail(err, "--redact is for `extract`; elsewhere secrets are left out unless --show-secrets");
	if (o->verb == EXTRACT && !o->choice_n && !o->filter)
		return fail(err, "`extract` takes --finding RULE, --flow N, --stream N, -Y FILTER or -f FILTER");
	if (o->verb == EXTRACT && !output && isatty(STDOUT_FILENO))
		return fail(err, "`extract` writes packets, and standard output is a terminal; give -o FILE");
	if (o->verb <= BROWSE && !o->files_n)
		return fail(err, "no capture was given; `tcpwhy FILE...` reads one");
	return true;
}

bool options_read(struct options *o, int argc, char **argv, struct err *err)
{
	struct given given = { 0 };
	int c;
	*o = (struct options){ .verb = ANALYZE };
	if (!colour_wanted("auto", &o->colour, err))
		return false;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hVr:f:d:o:Y:", long_options, NULL)) != -1)
		if (c == '?' || c == ':' ? !fail_option(argc, argv, c, err)
		                         : !option_take(o, c, &given, err))
			return false;
	if (o->verb == SHOW_HELP || o->verb == SHOW_VERSION)
		return true;
	if (argc == 1) {
		o->verb = SHOW_USAGE;
		return true;
	}
	return words_take(o, argv + optind, argc - optind, err) && options_fit(o, &given, err);
}

void options_free(struct options *o)
{
	free(o->files);
	free(o->decode_as);
	free(o->set);
	free(o->choice);
}
