/*
 * Inside of the HTTP interface: web.c (start, end, what the library says),
 * web_accept.c (connections), web_reply.c (answers), web_pages.c (what stands in
 * them), web_change.c (PATCH). Ops thread.
 */
#ifndef FEED_OPS_WEB_IMPL_H
#define FEED_OPS_WEB_IMPL_H

#include <stdatomic.h>

#include "feed/base/bytes.h"
#include "feed/ops/lookout.h"
#include "feed/ops/stale.h"
#include "feed/ops/web.h"

#define WEB_PEER_MAX 64
#define WEB_HEAD_MAX 320 /* header fields of a page */
#define WEB_LINE_MAX 160 /* status line, and header fields of one answer */
#define WEB_TEXT_MAX 160 /* a body of one line */

/*
 * An answer's body, and the header fields that belong to it: sent as it is to
 * all that ask for it. Nothing is composed or copied per request.
 */
struct web_page {
	unsigned users; /* 0: nobody counts, it is part of something else */
	char *owned;    /* bytes to be freed, or NULL */
	const char *bytes;
	size_t n, head_n;
	char head[WEB_HEAD_MAX]; /* with the empty line at its end */
};

/* Pages that are made once per look at the status. */
enum web_kept {
	WEB_METRICS,
	WEB_OPENMETRICS,
	WEB_HEALTH,
	WEB_STATUS,
	WEB_STALE,
	WEB_EVENT,
	WEB_KEPT
};

enum web_state {
	WEB_FREE,
	WEB_WAITING,   /* for a request */
	WEB_BODY,      /* for the body of a PATCH */
	WEB_CHANGING,  /* for the feed thread */
	WEB_ANSWERING,
	WEB_EVENTS,
	WEB_DYING,     /* the library was told to close it */
};

struct web_conn {
	struct web *web;
	struct lws *wsi;
	enum web_state state;
	mono_t since;  /* that it waits, or has something to send that does not go */
	uint32_t serial; /* another connection in the same place, another number */
	bool head;     /* HEAD: no body */
	bool closes;   /* after this answer */
	bool served;   /* at least once */
	int64_t taken; /* web_taken() when the last request came, or the last of its body */
	struct web_page *page;
	size_t sent;   /* of line, head and body together */
	bool due;      /* EVENTS: time for the next */
	int denied;    /* BODY: 0, or the status that comes after it */
	char *body;    /* of the request */
	size_t body_n, body_room;
	char peer[WEB_PEER_MAX];
	unsigned line_n;
	char line[WEB_LINE_MAX];
	struct web_page own; /* an answer for this one only; its text: */
	char text[WEB_TEXT_MAX];
};

struct web {
	struct ops *ops;
	struct keeper *keeper;
	const struct alarm *alarm;
	const struct tracer *tracer;
	char *feed, *token_file; /* copies: the configuration is replaced now and then */
	struct lws_vhost *vhost;
	struct lws *listener;
	int held; /* a connection that was taken and has no place yet, or -1 */
	char held_peer[WEB_PEER_MAX];
	struct ops_timer sweep, beat, pause;
	struct lookout lookout;
	struct stale stale;
	struct web_counts counts;
	_Atomic unsigned connections;
	struct web_page *kept[WEB_KEPT];
	uint64_t kept_look[WEB_KEPT];
	struct web_conn *changing; /* who waits for the feed thread, or NULL */
	uint32_t changing_serial;
	char changing_for[WEB_PEER_MAX];
	struct web_conn conn[WEB_CONNECTIONS_MAX];
};

/* ---- web.c ---- */

/*
 * Bytes that the library has read from the connection's socket; -1: that cannot
 * be told. What it has read and not looked at yet is among them.
 */
int64_t web_taken(const struct web_conn *conn);

/* ---- web_accept.c ---- */

/* The listening socket has connections: takes as many as there is room for, or makes room. */
void web_accept(struct web *web);

/* Has the library close it at its next turn. `count`: of struct web_counts; NULL: no offence. */
void web_cut(struct web_conn *conn, int64_t *count);

/* The library has closed it. */
void web_release(struct web_conn *conn);

/* ---- web_reply.c ---- */

#define WEB_TEXT "text/plain; charset=utf-8"

/*
 * A page of `n` bytes, which it owns from now on (free()). NULL: out of memory,
 * as it is when `bytes` is. `type` NULL: no header fields, a part of /events.
 */
struct web_page *web_page_new(char *bytes, size_t n, const char *type);
void web_page_drop(struct web_page *page);

/*
 * Answers with `page`, whose use passes over (NULL: the connection ends).
 * `extra`: one more header field, a whole line, or NULL. Returns what the
 * library's callback does.
 */
int web_reply(struct web_conn *conn, int status, struct web_page *page, const char *extra);

/* The same with bytes that stay where they are. */
int web_reply_bytes(struct web_conn *conn, int status, struct bytes bytes, const char *type,
    const char *extra);

/* The same with a text, of one line to which a line feed is added, which is cut when too long. */
int web_reply_text(struct web_conn *conn, int status, const char *text, const char *extra);

/* Answers at once and has the connection closed: what the client still sends is not read. */
int web_refuse(struct web_conn *conn, int status, const char *text);

/* Begins to send events. */
int web_begin_events(struct web_conn *conn);

/* The connection takes data. */
int web_on_writeable(struct web_conn *conn);

/* ---- web_pages.c ---- */

/* A request came: its head. */
int web_on_request(struct web_conn *conn);

/* The page of that kind, made anew when there is a new status; one more use of it. */
struct web_page *web_kept(struct web *web, enum web_kept kind);

/* ---- web_change.c ---- */

/* PATCH /config: the head, a piece of the body, its end. */
int web_begin_change(struct web_conn *conn, int64_t length);
int web_on_body(struct web_conn *conn, struct bytes piece);
int web_on_body_end(struct web_conn *conn);

#endif
