/* views.h - all screens of the browser, and which of them are tabs. */
#ifndef VIEWS_H
#define VIEWS_H

#include "view.h"

/* What each is opened on. */
extern const struct view view_findings;         /* nothing */
extern const struct view view_finding;          /* id: finding.id */
extern const struct view view_flows;            /* nothing: the flows that browser.filter lets pass */
extern const struct view view_columns;          /* nothing: of view_flows */
extern const struct view view_flow;             /* id: flow.id; frame: where to stand (0: the beginning);
                                                   other: finding.id whose evidence is marked (0: of all) */
extern const struct view view_packet;           /* id: flow.id; frame: the capture's */
extern const struct view view_follow;           /* id: flow.id; frame: where to stand, or 0 */
extern const struct view view_compare;          /* id, other: two flows */
extern const struct view view_exchanges;        /* id: flow.id, or 0 for all */
extern const struct view view_exchange;         /* id: http_exchange.rowid */
extern const struct view view_channels;         /* id: flow.id, or 0 for all */
extern const struct view view_servers;          /* nothing */
extern const struct view view_server;           /* id: a flow.id to the server */
extern const struct view view_capture;          /* nothing */
extern const struct view view_sql;              /* nothing: browser.sql */
extern const struct view view_notes;            /* nothing */
extern const struct view view_tshark;           /* what is pointed at: id: flow.id; frame; other: finding.id */
extern const struct view view_help;             /* nothing; of the view below it */

/* A tab's view, and its name in the first row; the last has no name. */
struct tab { const struct view *view; const char *name; };
extern const struct tab tabs[];

#endif
