/* browser.h - the browser without a terminal: keys in, a canvas out.
 *
 * Views lie on one another: Enter puts one on top, q takes it away. There is such a pile
 * for each tab, so that who comes back to a tab finds it as it was.
 *
 *     row 0      the tabs
 *     row 1      how the user came here, and where in it he is
 *     then       the view
 *     last row   a prompt, or a message, or the keys that work here
 *
 * Owns     the views' states. Borrows the store and the outside.
 * Bounds   BROWSER_DEPTH views in a pile; the one at the bottom but one gives way.
 */
#ifndef BROWSER_H
#define BROWSER_H

#include "canvas.h"
#include "flow_columns.h"
#include "later.h"
#include "packet_choice.h"
#include "prompt.h"
#include "report_model.h"
#include "seek.h"
#include "view.h"

struct store;

enum { BROWSER_ROWS = 15, BROWSER_COLS = 60, BROWSER_DEPTH = 32, BROWSER_TABS = 9, BROWSER_MARKS = 2, BROWSER_HINTS = 32 };

/* What only a terminal, or who stands in for it, can do. */
struct outside {
	void *context;
	void (*copy)(void *context, const char *text);      /* to the clipboard */
	bool (*key_waits)(void *context);                   /* the user wants to be heard */
	void (*suspend)(void *context);                     /* Ctrl-Z */
};

/* How times of packets are shown. */
enum clock { CLOCK_RELATIVE, CLOCK_ABSOLUTE, CLOCK_DELTA, CLOCKS };

/* A view that is open. */
struct opened { const struct view *view; void *state; };

/* What is done with a line that was asked for. */
typedef void asked_done(struct browser *, const char *line);

/* Lines of a kind, remembered apart. */
enum asked { ASKED_SEARCH, ASKED_FILTER, ASKED_COMMAND, ASKED_SQL, ASKED_NOTE, ASKED_FILE, ASKED_KINDS };

struct browser {
	struct store         *store;
	struct sqlite3       *db;
	struct model          model;
	struct err            err;               /* of the model's questions */
	const struct outside *outside;
	bool                  done;              /* the user leaves */

	struct opened pile[BROWSER_TABS][BROWSER_DEPTH];
	int           depth[BROWSER_TABS];
	int           tab;

	enum clock    clock;
	char          filter[PROMPT_SIZE];       /* of the flows that are shown */
	bool          health;                    /* health checks are shown too */
	char          search[PROMPT_SIZE];
	int64_t       marked[BROWSER_MARKS];     /* flows to compare, the older first; 0: none */
	struct flow_choice flows;                /* how the list of flows looks */
	struct packet_choice packets;            /* how packets look */
	struct seek   seek;                      /* what is looked for */

	struct prompt prompt;
	char          label[96];                 /* before its line */
	const char   *keys;                      /* one of these is the answer; NULL: a line is */
	asked_done   *asked, *asked_before;      /* what the prompt is for; NULL: there is none */
	struct prompt_history history[ASKED_KINDS];

	char          message[2048];             /* "": none */
	enum look     message_look;

	struct later  later;
	int           drawn_rows, drawn_cols;    /* of the last canvas */
	bool          drawn_ascii;

	char          sql[PROMPT_SIZE];          /* the query that view_sql is opened on */
	char        **words;                     /* names of the case that complete one; NULL: not read yet */
	size_t        words_n;

	struct about  pointed;                   /* what the prompt is about */
	int64_t       sought_ns;                 /* by :time */
	struct saving { char kind, path[PROMPT_SIZE]; } saving;
	uint64_t      notes_lost;                /* changes of notes that are kept nowhere */
	bool          notes_told;

	struct area   rows;                      /* where the view drew its list, for the mouse */
	int           cursor;                    /* column in the last row; -1: none */
	struct hint { int from, to, key; } hint[BROWSER_HINTS];   /* the keys in the last row, for the mouse */
	int           hints;
};

/* The case must have conclusions. False: it cannot be read. */
bool browser_begin(struct browser *, struct store *, const struct outside *, struct err *);
void browser_end(struct browser *);

void browser_key(struct browser *, int key);

/* K_CLICK and the wheel. */
void browser_mouse(struct browser *, int key, int row, int col);

/* The whole canvas anew. */
void browser_draw(struct browser *, struct canvas *);

/* Go on with what takes time, for about so long; whether there is more to do. */
bool browser_work(struct browser *, int64_t budget_ns);

/* ---- for views ---- */

/* Put a view on top. One that cannot be opened says why in the message. */
void browser_open(struct browser *, const struct view *, struct subject);
void browser_back(struct browser *);

/* There is nothing to go back to: then browser_back() leaves. */
bool browser_is_first(const struct browser *);
void browser_tab(struct browser *, int tab);

/* The user wants to go; once he may be told what he would lose. */
void browser_leave(struct browser *);

/* The view on top, of the tab that is shown. */
struct opened *browser_top(struct browser *);

/* What the user points at. */
struct about browser_about(struct browser *);

/* The same, without a finding where that is only more about the connection in the view. */
struct about browser_pointed(struct browser *);

/* A message in the last row, until the next key. */
__attribute__((format(printf, 3, 4)))
void browser_say(struct browser *, enum look, const char *fmt, ...);

/* Ask for a line; the label is copied. */
void browser_ask(struct browser *, enum asked kind, const char *label, const char *text, asked_done *);

/* From an asked_done(): the line cannot be taken. The same question once more, with the text
 * that was typed, and over it the reason. */
void browser_ask_again(struct browser *, const char *text, const char *reason);

/* Ask for one of these keys, which is what the asked_done() is given. Esc leaves, as always. */
void browser_choose(struct browser *, const char *label, const char *keys, asked_done *);

/* Words to complete it with; after browser_ask(). */
void browser_offer(struct browser *, prompt_words *, void *context);

/* The view drew its rows there: list->top in the first row. */
void browser_rows(struct browser *, struct area);

/* Open the help page of the view on top. */
void browser_help(struct browser *);

/* Nanoseconds of the monotonic clock. */
int64_t browser_now(void);

#endif
