/* options.h - the command line: argv -> what to do.
 *
 * Borrows  argv's strings, for as long as the options live.
 * Errors   a usage sentence, with what was likely meant; exit status 2.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "err.h"
#include "extract.h"
#include "inputs.h"
#include "report_choice.h"

enum verb { ANALYZE, REPORT, DOCTOR, EXTRACT, BROWSE, RULES_LIST, RULES_EXPLAIN, RULES_RUN, SHOW_HELP, SHOW_VERSION,
            SHOW_USAGE };

/* What a process of ours ends with (docs: "Exit status"). */
enum exit_status { EXIT_DONE, EXIT_FINDING, EXIT_USAGE, EXIT_UNREADABLE, EXIT_PARTIAL };

enum report_format { FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_HTML, FORMAT_JSON, FORMAT_NDJSON };

struct options {
	enum verb    verb;
	const char **files;             /* or the rule's id, for `rules explain` */
	size_t       files_n;
	const char  *case_path;         /* keep the case here; NULL: nowhere */
	const char  *output;            /* of report and extract; NULL or "-": standard output;
	                                   a folder where there is a report of each capture */
	const char  *filter;
	const char **decode_as;
	size_t       decode_as_n;
	const char **set;
	size_t       set_n;
	const char  *rules_dir;
	const char  *fail_on;           /* a severity or a rule's id; NULL: nothing */
	enum report_format format;
	const char  *zone;              /* of the times shown; NULL: UTC */
	struct report_choice which;     /* which findings to report */
	struct choice *choice;          /* what to extract */
	size_t       choice_n;
	bool         show_secrets, redact;
	bool         each;              /* a report of each capture */
	enum joining joining;           /* of the files given */
	bool         no_hash;           /* of the captures: no SHA-256 */
	bool         no_mouse;          /* of the browser: the terminal selects text itself */
	bool         colour;            /* wanted, as far as standard output goes */
};

bool options_read(struct options *, int argc, char **argv, struct err *);
void options_free(struct options *);

extern const char options_usage[], options_help[];

#endif
