/* views.h - all screens of the browser, and which of them are tabs. */
#ifndef VIEWS_H
#define VIEWS_H

#include "view.h"

/* Until all are there: the address of one that is not is NULL, and browser_open() says so. */
#define LATER __attribute__((weak))

/* What each is opened on. */
extern const struct view view_findings;         /* nothing */
extern const struct view view_finding;          /* id: finding.id */
extern const struct view view_flows;            /* nothing: the flows that browser.filter lets pass */
extern const struct view view_columns;          /* nothing: of view_flows */
extern const struct view view_flow;             /* id: flow.id; frame: where to stand (0: the beginning);
                                                   other: finding.id whose evidence is marked (0: of all) */
extern const struct view view_packet;           /* id: flow.id; frame: the capture's */
extern const struct view view_follow;           /* id: flow.id; frame: where to stand, or 0 */
extern const struct view view_compare LATER;    /* id, other: two flows */
extern const struct view view_exchanges;        /* id: flow.id, or 0 for all */
extern const struct view view_exchange;         /* id: http_exchange.rowid */
extern const struct view view_channels;         /* id: flow.id, or 0 for all */
extern const struct view view_servers LATER;    /* nothing */
extern const struct view view_server LATER;     /* id: a flow.id to the server */
extern const struct view view_capture LATER;    /* nothing */
extern const struct view view_sql;              /* nothing: browser.sql */
extern const struct view view_notes;            /* nothing */
extern const struct view view_tshark;           /* what is pointed at: id: flow.id; frame; other: finding.id */
extern const struct view view_help;             /* nothing; of the view below it */

/* What commands ask of the list of connections. False: it is no filter, or no column. "" takes
 * the filter away; the view is opened if it is not there. The second is for when it is on top. */
bool flows_filter(struct browser *, const char *filter, struct err *) LATER;
bool flows_sort(struct browser *, const char *column, struct err *) LATER;

/* A tab's view, and its name in the first row; the last has no name. */
struct tab { const struct view *view; const char *name; };
extern const struct tab tabs[];

#endif
