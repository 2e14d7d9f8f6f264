/*
 * How answers of the HTTP interface go out: straight to the socket, status line,
 * header fields and body in one system call, from where they are. What the
 * socket does not take at once waits for its next turn. (libwebsockets' own
 * writing takes two calls and two turns at least, and keeps a copy of the rest.)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "feed/io/clock.h"
#include "feed/ops/web_impl.h"

#define FIELDS                                                                                     \
	"cache-control: no-store\r\n"                                                              \
	"x-content-type-options: nosniff\r\n"                                                      \
	"content-security-policy: default-src 'self'; frame-ancestors 'none'\r\n\r\n"

/* ---- pages ----------------------------------------------------------------------- */

static void
fill(struct web_page *page, const char *bytes, size_t n, const char *type)
{
	page->bytes = bytes;
	page->n = n;
	page->head_n = 0;
	if (type != NULL)
		page->head_n = (size_t)snprintf(page->head, sizeof(page->head),
		    "content-type: %s\r\ncontent-length: %zu\r\n" FIELDS, type, n);
}

struct web_page *
web_page_new(char *bytes, size_t n, const char *type)
{
	struct web_page *page = bytes == NULL ? NULL : malloc(sizeof(*page));

	if (page == NULL) {
		free(bytes);
		return NULL;
	}
	page->users = 1;
	page->owned = bytes;
	fill(page, bytes, n, type);
	return page;
}

void
web_page_drop(struct web_page *page)
{
	if (page == NULL || page->users == 0 || --page->users > 0)
		return;
	free(page->owned);
	free(page);
}

/* ---- sending ---------------------------------------------------------------------- */

static size_t
total(const struct web_conn *conn)
{
	return conn->line_n + conn->page->head_n + (conn->head ? 0 : conn->page->n);
}

/* Sends as much of the page as goes. Returns 0, or -1: the connection is broken. */
static int
push(struct web_conn *conn)
{
	const struct web_page *page = conn->page;
	struct iovec part[] = {
		{conn->line, conn->line_n},
		{(char *)page->head, page->head_n},
		{(char *)page->bytes, conn->head ? 0 : page->n},
	};
	struct msghdr message = {.msg_iov = part, .msg_iovlen = 3};
	size_t skip = conn->sent;
	ssize_t n;

	for (unsigned i = 0; i < 3; i++) {
		size_t gone = skip < part[i].iov_len ? skip : part[i].iov_len;

		part[i].iov_base = (char *)part[i].iov_base + gone;
		part[i].iov_len -= gone;
		skip -= gone;
	}
	n = sendmsg(lws_get_socket_fd(conn->wsi), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	conn->sent += (size_t)n;
	return 0;
}

static void
drop_page(struct web_conn *conn)
{
	web_page_drop(conn->page);
	conn->page = NULL;
	conn->line_n = 0;
	conn->sent = 0;
}

/* The answer is out. */
static int
finish(struct web_conn *conn)
{
	drop_page(conn);
	free(conn->body);
	conn->body = NULL;
	conn->state = WEB_WAITING;
	conn->served = true;
	conn->since = clock_mono();
	conn->closes = conn->closes || lws_http_transaction_completed(conn->wsi) != 0;
	return conn->closes ? -1 : 0;
}

static int
send_answer(struct web_conn *conn)
{
	if (push(conn) != 0)
		return -1;
	if (conn->sent == total(conn))
		return finish(conn);
	lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0); /* it has one of its own: 5 s */
	lws_callback_on_writable(conn->wsi);
	return 0;
}

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
		{404, "Not Found"}, {405, "Method Not Allowed"}, {411, "Length Required"},
		{413, "Content Too Large"}, {503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

static void
put_line(struct web_conn *conn, int status, const char *extra)
{
	conn->line_n = (unsigned)snprintf(conn->line, sizeof(conn->line), "HTTP/1.1 %d %s\r\n%s%s",
	    status, reason_of(status), conn->closes ? "connection: close\r\n" : "",
	    extra != NULL ? extra : "");
}

int
web_reply(struct web_conn *conn, int status, struct web_page *page, const char *extra)
{
	struct web_counts *counts = &conn->web->counts;

	counts->requests++;
	counts->refused += status >= 400;
	if (page == NULL)
		return -1;
	conn->page = page;
	conn->sent = 0;
	conn->state = WEB_ANSWERING;
	conn->since = clock_mono();
	put_line(conn, status, extra);
	return send_answer(conn);
}

int
web_reply_bytes(struct web_conn *conn, int status, struct bytes bytes, const char *type,
    const char *extra)
{
	fill(&conn->own, bytes.p, bytes.n, type);
	return web_reply(conn, status, &conn->own, extra);
}

int
web_reply_text(struct web_conn *conn, int status, const char *text, const char *extra)
{
	size_t n = strnlen(text, sizeof(conn->text) - 1);

	memcpy(conn->text, text, n);
	conn->text[n] = '\n';
	return web_reply_bytes(conn, status, (struct bytes){conn->text, n + 1}, WEB_TEXT, extra);
}

int
web_refuse(struct web_conn *conn, int status, const char *text)
{
	conn->closes = true;
	return web_reply_text(conn, status, text, NULL);
}

/* ---- events ------------------------------------------------------------------------ */

static bool
may_follow(const struct web_conn *conn)
{
	const struct web *web = conn->web;
	unsigned same = 0;

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++)
		same += web->conn[i].state == WEB_EVENTS &&
		    strcmp(web->conn[i].peer, conn->peer) == 0;
	return web->counts.event_streams < WEB_EVENTS_MAX && same < WEB_EVENTS_PER_PEER_MAX;
}

int
web_begin_events(struct web_conn *conn)
{
	struct web_counts *counts = &conn->web->counts;
	struct web_page *head = &conn->own;

	if (!may_follow(conn)) {
		counts->events_refused++;
		return web_reply_text(conn, 503, "too many follow the events", NULL);
	}
	counts->requests++;
	lws_http_mark_sse(conn->wsi);
	*head = (struct web_page){0};
	head->head_n = (size_t)snprintf(
	    head->head, sizeof(head->head), "content-type: text/event-stream\r\n" FIELDS);
	conn->page = head;
	conn->sent = 0;
	conn->closes = true; /* whenever it ends */
	put_line(conn, 200, NULL);
	if (conn->head) {
		conn->state = WEB_ANSWERING;
		return send_answer(conn);
	}
	counts->event_streams++;
	conn->state = WEB_EVENTS;
	conn->since = clock_mono();
	conn->due = true;
	lws_callback_on_writable(conn->wsi);
	return 0;
}

/* The newest state, once what went before is out; who is slow misses what was between. */
static int
send_events(struct web_conn *conn)
{
	if (conn->page == NULL && conn->due) {
		conn->page = web_kept(conn->web, WEB_EVENT);
		if (conn->page == NULL)
			return -1;
		conn->due = false;
		conn->since = clock_mono();
	}
	if (conn->page == NULL)
		return 0;
	if (push(conn) != 0)
		return -1;
	if (conn->sent < total(conn)) {
		lws_callback_on_writable(conn->wsi);
		return 0;
	}
	drop_page(conn);
	conn->since = conn->due ? clock_mono() : MONO_NEVER;
	if (conn->due)
		lws_callback_on_writable(conn->wsi);
	return 0;
}

int
web_on_writeable(struct web_conn *conn)
{
	if (conn->state == WEB_EVENTS)
		return send_events(conn);
	if (conn->state != WEB_ANSWERING || conn->page == NULL)
		return 0;
	return send_answer(conn);
}
