/* copy.c - see copy.h. */
#include "copy.h"

#include <sqlite3.h>
#include <string.h>

#include "browser.h"
#include "text.h"
#include "views.h"

/* ---- filters ---- */

#define ADDRESSES "ip || '==' || client_ip || ' && ' || ip || '==' || server_ip || ' && tcp.port=='" \
	" || client_port || ' && tcp.port==' || server_port"
#define FLOW "(SELECT *, iif(instr(client_ip, ':'), 'ipv6.addr', 'ip.addr') AS ip FROM flow WHERE id = ?1) f"

/* The numbers of streams hold for a capture, and for a file where it is the only one. */
static const char flow_sql[] =
	"SELECT 1 AS nr, 'tcp.stream eq ' || stream, c.path FROM flow f JOIN capture_file c USING (capture_id)"
	" WHERE f.id = ?1 GROUP BY f.id HAVING count(*) = 1 "
	"UNION ALL SELECT 2, " ADDRESSES ", NULL FROM " FLOW " ORDER BY nr";

/* A sequence number tells a packet from others in any file. */
static const char packet_sql[] =
	"SELECT 1 AS nr, 'frame.number == ' || (?2 - c.first_frame + 1), c.path"
	"  FROM flow f JOIN capture_file c ON c.capture_id = f.capture_id AND ?2 >= c.first_frame AND ?2 < c.first_frame + c.frames"
	" WHERE f.id = ?1 "
	"UNION ALL SELECT 2, " ADDRESSES " || coalesce((SELECT ' && tcp.seq_raw == ' || seq FROM packet"
	"                                         WHERE flow_id = ?1 AND frame = ?2), ''), NULL FROM " FLOW " ORDER BY nr";

struct sqlite3_stmt *copy_filters(struct browser *b, const struct about *about)
{
	if (about->frame && about->flow)
		return model_query(&b->model, packet_sql, about->flow, about->frame);
	if (about->finding)
		return model_filters(&b->model, about->finding);
	return about->flow ? model_query(&b->model, flow_sql, about->flow, 0) : NULL;
}

void copy_text(struct browser *b, const char *text, const char *remark)
{
	if (b->outside->copy)
		b->outside->copy(b->outside->context, text);
	browser_say(b, LOOK_GOOD, "Copied%s: %s", remark, text);
}

void copy_filter(struct browser *b, void *state, int key)
{
	struct about about = browser_pointed(b);
	struct sqlite3_stmt *s = copy_filters(b, &about);
	bool by_addresses = key == 'Y', found = false;
	char remark[300] = "";
	(void)state;
	while (model_next(&b->model, s)) {
		if (found || (by_addresses && sqlite3_column_int(s, 0) != 2))
			continue;
		if (sqlite3_column_type(s, 2) != SQLITE_NULL
		    && model_number(&b->model, "SELECT count(*) FROM capture_file", 0) > 1)
			snprintf(remark, sizeof remark, " for %s", model_text(s, 2));
		copy_text(b, model_text(s, 1), remark);
		found = true;
	}
	if (!found)
		browser_say(b, LOOK_WARNING, "Nothing here has a filter: it is no packet, connection or finding of one.");
}

/* ---- a shell's words ---- */

static bool is_printable(const char *s)
{
	size_t n = strlen(s);
	while (n) {
		uint32_t c;
		int columns;
		size_t len = text_character(s, n, &c, &columns);
		if (!c)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

void copy_shell_word(struct sqlite3_str *out, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/@%+:,-";
	if (*word && word[strspn(word, plain)] == '\0') {
		sqlite3_str_appendall(out, word);
		return;
	}
	bool printable = is_printable(word);
	sqlite3_str_appendall(out, printable ? "'" : "$'");
	for (; *word; word++) {
		bool special = *word == '\'' || *word == '\\' || *word < ' ' || *word > '~';
		if (printable && *word == '\'')
			sqlite3_str_appendall(out, "'\\''");
		else if (!printable && special)
			sqlite3_str_appendf(out, "\\x%02x", (unsigned char)*word);
		else
			sqlite3_str_appendchar(out, 1, *word);
	}
	sqlite3_str_appendchar(out, 1, '\'');
}

void copy_command(struct browser *b, void *state, int key)
{
	struct about about = browser_pointed(b);
	(void)state, (void)key;
	browser_open(b, &view_tshark, (struct subject){ about.flow, about.frame, about.finding });
}
