/* screen.c - see screen.h. */
#include "screen.h"

#define NCURSES_WIDECHAR 1           /* the functions of X/Open that take wide characters */
#include <curses.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "key.h"

enum { ESCAPE_MS = 25, COPY_MOST = 65536 };

/* The process has one terminal, and a signal's handler nothing else to go by. */
static struct {
	bool            open;
	SCREEN         *curses;
	FILE           *keys;             /* the terminal, where standard input is something else */
	int             in;
	struct termios  before;
	char            restore[256];     /* what puts the terminal back */
	volatile sig_atomic_t ended;      /* a signal asks the program to leave */
	struct appearance { attr_t attr; short pair; } look[LOOKS][2];      /* and selected */
} term;

/* ---- leaving, whatever the reason ---- */

static size_t capability_add(char *to, size_t n, size_t size, const char *name)
{
	const char *s = tigetstr(name);
	size_t len = s && s != (char *)-1 ? strlen(s) : 0;
	if (n + len >= size)
		return n;
	memcpy(to + n, len ? s : "", len);
	return n + len;
}

/* Known in advance, for a handler cannot ask for it. Delays in it ($<5>) do not matter. */
static void restore_prepare(void)
{
	static const char mouse_off[] = "\033[?1000l\033[?1006l";
	size_t size = sizeof term.restore - sizeof mouse_off;
	size_t n = capability_add(term.restore, 0, size, "sgr0");
	n = capability_add(term.restore, n, size, "cnorm");
	n = capability_add(term.restore, n, size, "rmkx");
	n = capability_add(term.restore, n, size, "rmcup");
	memcpy(term.restore + n, mouse_off, sizeof mouse_off);
}

static void crashed(int signal_nr)
{
	ssize_t n = write(STDOUT_FILENO, term.restore, strlen(term.restore));
	(void)n;
	tcsetattr(term.in, TCSANOW, &term.before);
	signal(signal_nr, SIG_DFL);
	raise(signal_nr);
}

static void asked_to_leave(int signal_nr)
{
	signal(signal_nr, crashed);       /* who asks twice is not made to wait */
	term.ended = 1;
}

static void signals_set(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	static const int requests[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct sigaction old;
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		if (sigaction(crashes[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			signal(crashes[i], crashed);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		sigaction(requests[i], &(struct sigaction){ .sa_handler = asked_to_leave }, NULL);
}

void screen_close(void)
{
	if (!term.open)
		return;
	term.open = false;
	endwin();
	delscreen(term.curses);
	if (term.keys)
		fclose(term.keys);
}

/* ---- colours ---- */

/* Of 256 colours, and of these on the ground of what is selected; of 8; and what says it without
 * any. The first are of middling brightness, for nobody can tell whether the terminal is dark or
 * light. */
static const struct { short many, selected, few; attr_t attr, mono; } palette[LOOKS] = {
	[LOOK_PLAIN]    = { -1, 231, -1, A_NORMAL, A_NORMAL },
	[LOOK_BOLD]     = { -1, 231, -1, A_BOLD, A_BOLD },
	[LOOK_DIM]      = { 244, 250, -1, A_NORMAL, A_DIM },
	[LOOK_HEAD]     = { 33, 117, COLOR_CYAN, A_BOLD, A_BOLD },
	[LOOK_BAR]      = { 252, 231, -1, A_NORMAL, A_REVERSE },
	[LOOK_TAB]      = { 231, 231, COLOR_CYAN, A_BOLD, A_BOLD | A_UNDERLINE },
	[LOOK_KEY]      = { 33, 117, COLOR_CYAN, A_NORMAL, A_BOLD },
	[LOOK_ERROR]    = { 203, 217, COLOR_RED, A_BOLD, A_BOLD | A_UNDERLINE },
	[LOOK_WARNING]  = { 172, 222, COLOR_YELLOW, A_BOLD, A_BOLD },
	[LOOK_NOTE]     = { 33, 117, COLOR_CYAN, A_NORMAL, A_NORMAL },
	[LOOK_GOOD]     = { 71, 157, COLOR_GREEN, A_NORMAL, A_NORMAL },
	[LOOK_CLIENT]   = { 37, 123, COLOR_CYAN, A_NORMAL, A_NORMAL },
	[LOOK_SERVER]   = { 170, 219, COLOR_MAGENTA, A_NORMAL, A_NORMAL },
	[LOOK_EVIDENCE] = { 172, 222, COLOR_YELLOW, A_BOLD, A_BOLD },
	[LOOK_MATCH]    = { 178, 178, COLOR_YELLOW, A_REVERSE, A_REVERSE | A_BOLD },
};

/* With 256 colours, behind the bar, the tab that is shown, and what is selected; else these are
 * reversed. */
enum { BAR_GROUND = 238, TAB_GROUND = 25, SELECTED_GROUND = 24 };

static short pair_made(int nr, short colour, short ground)
{
	return (colour >= 0 || ground >= 0) && init_pair((short)nr, colour, ground) == OK ? (short)nr : 0;
}

static void colours_set(bool wanted)
{
	bool any = wanted && has_colors() && start_color() == OK && COLORS >= 8, many = any && COLORS >= 256;
	if (any)
		use_default_colors();
	for (int look = 0; look < LOOKS; look++) {
		short colour = many ? palette[look].many : palette[look].few;
		short ground = !many ? -1 : look == LOOK_BAR ? BAR_GROUND : look == LOOK_TAB ? TAB_GROUND : -1;
		struct appearance *plain = &term.look[look][0], *selected = &term.look[look][1];
		plain->attr = any ? palette[look].attr : palette[look].mono;
		if (any && !many && (look == LOOK_DIM || look == LOOK_BAR))
			plain->attr = palette[look].mono;
		*selected = *plain;
		if (many)
			selected->pair = pair_made(LOOKS + look + 1, palette[look].selected, SELECTED_GROUND);
		else
			selected->attr ^= A_REVERSE;
		if (any)
			plain->pair = pair_made(look + 1, colour, ground);
		if (any && !many)
			selected->pair = plain->pair;
	}
}

/* ---- opening ---- */

bool screen_possible(void)
{
	const char *name = getenv("TERM");
	return isatty(STDOUT_FILENO) && name && *name && strcmp(name, "dumb") != 0;
}

/* Keys come from the terminal even where a capture comes from standard input. */
static bool keys_open(struct err *err)
{
	term.in = STDIN_FILENO;
	if (isatty(STDIN_FILENO))
		return true;
	term.keys = fopen("/dev/tty", "r");
	if (!term.keys)
		return fail(err, "there is no terminal to read keys from; `tcpwhy FILE` prints a report");
	term.in = fileno(term.keys);
	return true;
}

bool screen_open(const struct screen_options *options, struct err *err)
{
	if (!keys_open(err))
		return false;
	tcgetattr(term.in, &term.before);
	set_escdelay(ESCAPE_MS);
	term.curses = newterm(NULL, stdout, term.keys ? term.keys : stdin);
	if (!term.curses)
		return fail(err, "the terminal \"%.40s\" is not known here; set TERM, or use `tcpwhy FILE`",
		            getenv("TERM") ? getenv("TERM") : "");
	term.open = true;
	restore_prepare();
	signals_set();
	atexit(screen_close);
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	colours_set(options->colour);
	if (options->mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0);
	}
	return true;
}

bool screen_ascii(void)
{
	const char *name = getenv("TERM");
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || (name && strcmp(name, "linux") == 0);
}

/* ---- showing ---- */

void screen_size(struct canvas *c)
{
	canvas_size(c, LINES, COLS);
}

static void cell_show(int row, int col, const struct cell *cell)
{
	wchar_t text[3] = { (wchar_t)cell->ch, (wchar_t)cell->mark, 0 };
	int look = cell->look & ~LOOK_SELECTED;
	const struct appearance *as = &term.look[look < LOOKS ? look : 0][(cell->look & LOOK_SELECTED) != 0];
	cchar_t out;
	if (setcchar(&out, text, as->attr, as->pair, NULL) == OK)
		mvadd_wch(row, col, &out);
}

void screen_show(const struct canvas *c, int cursor)
{
	for (int row = 0; row < c->rows && row < LINES; row++)
		for (int col = 0; col < c->cols && col < COLS; col++) {
			const struct cell *cell = &c->cell[(size_t)row * (size_t)c->cols + (size_t)col];
			if (cell->ch)
				cell_show(row, col, cell);
		}
	curs_set(cursor >= 0);
	if (cursor >= 0)
		move(LINES - 1, cursor);
	refresh();
}

/* ---- keys ---- */

static const struct { int curses, key; } special[] = {
	{ KEY_UP, K_UP }, { KEY_DOWN, K_DOWN }, { KEY_LEFT, K_LEFT }, { KEY_RIGHT, K_RIGHT },
	{ KEY_PPAGE, K_PAGE_UP }, { KEY_NPAGE, K_PAGE_DOWN }, { KEY_HOME, K_HOME }, { KEY_END, K_END },
	{ KEY_DC, K_DELETE }, { KEY_BACKSPACE, K_BACKSPACE }, { KEY_ENTER, K_ENTER }, { KEY_BTAB, K_BACK_TAB },
	{ KEY_RESIZE, K_RESIZE },
};

static struct press mouse_press(void)
{
	MEVENT event;
	if (getmouse(&event) != OK)
		return (struct press){ K_NONE, 0, 0 };
	int key = event.bstate & BUTTON4_PRESSED ? K_WHEEL_UP : event.bstate & BUTTON5_PRESSED ? K_WHEEL_DOWN
	        : event.bstate & BUTTON1_PRESSED ? K_CLICK : K_NONE;
	return (struct press){ key, event.y, event.x };
}

static struct press special_press(wint_t c)
{
	if (c == KEY_MOUSE)
		return mouse_press();
	if (c >= KEY_F(1) && c <= KEY_F(12))
		return (struct press){ K_F1 + (int)(c - KEY_F(1)), 0, 0 };
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (special[i].curses == (int)c)
			return (struct press){ special[i].key, 0, 0 };
	return (struct press){ K_NONE, 0, 0 };
}

/* Whether nobody will ever type again: the terminal is closed, and no signal told so. */
static bool terminal_gone(void)
{
	struct pollfd in = { .fd = term.in, .events = POLLIN };
	return poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

struct press screen_key(int timeout_ms)
{
	wint_t c = 0;
	timeout(timeout_ms);
	int got = term.ended ? ERR : get_wch(&c);
	if (got == ERR && !term.ended && terminal_gone())
		term.ended = 1;
	if (term.ended)
		return (struct press){ K_CTRL('C'), 0, 0 };
	if (got == KEY_CODE_YES)
		return special_press(c);
	if (got != OK)
		return (struct press){ K_NONE, 0, 0 };
	return (struct press){ c == '\n' ? K_ENTER : c == 8 ? K_BACKSPACE : (int)c, 0, 0 };
}

bool screen_key_waits(void)
{
	struct pollfd in = { .fd = term.in, .events = POLLIN };
	return term.ended || poll(&in, 1, 0) > 0;
}

/* ---- what else terminals do ---- */

void screen_copy(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)text;
	const char *name = getenv("TERM");
	size_t n = strlen(text);
	if (n > COPY_MOST || !name || strncmp(name, "linux", 5) == 0 || strncmp(name, "vt", 2) == 0)
		return;
	fputs("\033]52;c;", stdout);
	for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
		unsigned long bits = (unsigned long)p[0] << 16 | (n > 1 ? p[1] : 0UL) << 8 | (n > 2 ? p[2] : 0UL);
		for (size_t i = 0; i < 4; i++)
			putchar(i <= n ? digits[bits >> (18 - 6 * i) & 63] : '=');
	}
	fputs("\a", stdout);
	fflush(stdout);
}

void screen_suspend(void)
{
	struct sigaction of_curses;
	def_prog_mode();
	endwin();
	sigaction(SIGTSTP, &(struct sigaction){ .sa_handler = SIG_DFL }, &of_curses);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &of_curses, NULL);
	reset_prog_mode();
	clearok(curscr, TRUE);
	refresh();
}
