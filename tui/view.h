/* view.h - one screen of the browser, and what it may ask of the browser.
 *
 * A view reads the case and draws on an area of a canvas. It knows no terminal: a test
 * gives it keys and compares the canvas, as text, with tests/screens/.
 *
 * Keys    come through the view's table of bindings, of which the help page and the bottom
 *         line are made as well. Keys that move (list.h), search, leave and lead to other
 *         screens are the browser's, the same in all views.
 * Time    a key is answered at once: what takes longer is done in pieces, in work().
 * Errors  open() fails with a sentence. A question that fails later is told by the browser
 *         (model.h keeps the sentence); the view shows what it has.
 */
#ifndef VIEW_H
#define VIEW_H

#include "canvas.h"
#include "err.h"
#include "list.h"
#include "sheet.h"

struct browser;

/* What a view is opened on: a flow, a finding, ... */
struct subject { int64_t id, frame, other; };

/* What the user points at, for what works in every view: notes, copying, saving, following,
 * comparing. 0: no such thing. The frame is the capture's. */
struct about { int64_t finding, flow, frame; };

enum { BINDING_KEYS = 8 };

struct binding {
	int         keys[BINDING_KEYS];   /* any of these; 0 ends them */
	const char *hint;                 /* a word or two for the bottom line; NULL: not there */
	const char *help;                 /* what it does, for the help page */
	void      (*act)(struct browser *, void *state, int key);
};

struct view {
	const char *name;                 /* one word, small letters: `:name` */
	const char *help;                 /* what it shows, in a sentence or two */
	size_t      size;                 /* of its state, zeroed before open() */

	bool (*open)(void *state, struct browser *, struct subject, struct err *);
	void (*close)(void *state);       /* NULL: nothing to free */

	/* Its place in the breadcrumbs: "Flow 12". */
	void (*title)(void *state, char *text, size_t size);

	void (*draw)(void *state, struct browser *, struct area);

	/* Its rows. A view that is one sheet gives that; another one its list, and says
	 * whether a row has a text (NULL: it cannot be searched). */
	struct sheet *(*sheet)(void *state);
	struct list  *(*list)(void *state);
	bool (*row_has)(void *state, struct browser *, int64_t row, const char *text);

	void (*about)(void *state, struct browser *, struct about *);   /* NULL: nothing */

	/* Go on with what takes time, until `until_ns` on the monotonic clock. Whether there
	 * is more to do. NULL: nothing takes time. */
	bool (*work)(void *state, struct browser *, int64_t until_ns);

	const struct binding *bindings;   /* ends with one without keys; NULL: none */
};

#endif
