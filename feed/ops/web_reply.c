/* How answers of the HTTP interface go out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/io/clock.h"
#include "feed/ops/web_impl.h"

#define HEAD_MAX 1024

struct web_page *
web_page_new(char *bytes, size_t n, const char *type)
{
	struct web_page *page = bytes == NULL ? NULL : malloc(sizeof(*page));

	if (page == NULL) {
		free(bytes);
		return NULL;
	}
	*page = (struct web_page){.users = 1, .type = type, .n = n, .bytes = bytes};
	return page;
}

void
web_page_drop(struct web_page *page)
{
	if (page == NULL || --page->users > 0)
		return;
	free(page->bytes);
	free(page);
}

static bool
add(struct lws *wsi, const char *name, const char *value, unsigned char **p, unsigned char *end)
{
	return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
	    (const unsigned char *)value, (int)strlen(value), p, end) == 0;
}

/* Returns whether the head went out. `n`: bytes of the body, or LWS_ILLEGAL_HTTP_CONTENT_LEN. */
static bool
send_head(struct web_conn *conn, int status, const char *type, lws_filepos_t n,
    const char *extra, const char *value)
{
	unsigned char room[LWS_PRE + HEAD_MAX], *start = room + LWS_PRE, *p = start;
	unsigned char *end = start + HEAD_MAX - 1;

	if (lws_add_http_common_headers(conn->wsi, (unsigned)status, type, n, &p, end) != 0 ||
	    !add(conn->wsi, "cache-control:", "no-store", &p, end) ||
	    !add(conn->wsi, "x-content-type-options:", "nosniff", &p, end) ||
	    !add(conn->wsi, "content-security-policy:",
	        "default-src 'self'; frame-ancestors 'none'", &p, end))
		return false;
	if (extra != NULL && !add(conn->wsi, extra, value, &p, end))
		return false;
	return lws_finalize_write_http_header(conn->wsi, start, &p, end) == 0;
}

/* The answer is out. */
static int
finish(struct web_conn *conn)
{
	web_page_drop(conn->page);
	conn->page = NULL;
	free(conn->body);
	conn->body = NULL;
	conn->state = WEB_WAITING;
	conn->since = clock_mono();
	if (conn->closes || lws_http_transaction_completed(conn->wsi))
		return -1;
	return 0;
}

int
web_reply(struct web_conn *conn, int status, struct web_page *page, const char *extra,
    const char *value)
{
	struct web_counts *counts = &conn->web->counts;

	counts->requests++;
	counts->refused += status >= 400;
	conn->page = page;
	conn->sent = 0;
	conn->state = WEB_ANSWERING;
	conn->since = clock_mono();
	if (page == NULL || !send_head(conn, status, page->type, page->n, extra, value))
		return -1;
	if (conn->head || page->n == 0)
		return finish(conn);
	lws_callback_on_writable(conn->wsi);
	return 0;
}

int
web_reply_text(struct web_conn *conn, int status, const char *text)
{
	char *line = NULL;
	int n = asprintf(&line, "%s\n", text);

	return web_reply(conn, status,
	    web_page_new(n < 0 ? NULL : line, (size_t)n, "text/plain; charset=utf-8"), NULL, NULL);
}

int
web_refuse(struct web_conn *conn, int status, const char *text)
{
	unsigned char *piece = conn->web->piece + LWS_PRE;
	int n = snprintf((char *)piece, WEB_PIECE, "%s\n", text);

	conn->web->counts.requests++;
	conn->web->counts.refused++;
	if (send_head(conn, status, "text/plain; charset=utf-8", (lws_filepos_t)n, NULL, NULL))
		(void)!lws_write(conn->wsi, piece, (size_t)n, LWS_WRITE_HTTP_FINAL);
	return -1;
}

/* A piece of it, as much as the socket's buffer may hold at once. */
static int
send_piece(struct web_conn *conn)
{
	size_t left = conn->page->n - conn->sent, n = left < WEB_PIECE ? left : WEB_PIECE;
	unsigned char *piece = conn->web->piece + LWS_PRE;

	/* The library may write in front of what it is given. */
	memcpy(piece, conn->page->bytes + conn->sent, n);
	conn->sent += n;
	return lws_write(conn->wsi, piece, n,
	           n == left && conn->state == WEB_ANSWERING ? LWS_WRITE_HTTP_FINAL
	                                                    : LWS_WRITE_HTTP) < (int)n ? -1 : 0;
}

int
web_begin_events(struct web_conn *conn)
{
	struct web_counts *counts = &conn->web->counts;

	if (counts->event_streams >= WEB_EVENTS_MAX)
		return web_reply_text(conn, 503, "too many follow the events");
	counts->requests++;
	if (!send_head(conn, 200, "text/event-stream", LWS_ILLEGAL_HTTP_CONTENT_LEN, NULL, NULL))
		return -1;
	lws_http_mark_sse(conn->wsi);
	if (conn->head)
		return -1;
	counts->event_streams++;
	conn->state = WEB_EVENTS;
	conn->since = MONO_NEVER;
	conn->due = true;
	lws_callback_on_writable(conn->wsi);
	return 0;
}

/* The newest state, once what went before is out; who is slow misses what was between. */
static int
send_events(struct web_conn *conn)
{
	if (conn->page == NULL) {
		conn->since = MONO_NEVER; /* we may write: all of the last one is out */
		if (!conn->due)
			return 0;
		conn->page = web_kept(conn->web, WEB_EVENT);
		conn->sent = 0;
		conn->since = clock_mono();
		conn->due = false;
		if (conn->page == NULL)
			return -1;
	}
	if (send_piece(conn) != 0)
		return -1;
	if (conn->sent < conn->page->n) {
		lws_callback_on_writable(conn->wsi);
		return 0;
	}
	web_page_drop(conn->page);
	conn->page = NULL;
	conn->since = lws_partial_buffered(conn->wsi) ? conn->since : MONO_NEVER;
	return 0;
}

int
web_on_writeable(struct web_conn *conn)
{
	if (conn->state == WEB_EVENTS)
		return send_events(conn);
	if (conn->state != WEB_ANSWERING || conn->page == NULL)
		return 0;
	if (send_piece(conn) != 0)
		return -1;
	if (conn->sent < conn->page->n) {
		lws_callback_on_writable(conn->wsi);
		return 0;
	}
	return finish(conn);
}
