/* What stands in the answers of the HTTP interface, and which request gets which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/io/clock.h"
#include "feed/ops/accept.h"
#include "feed/ops/status_json.h"
#include "feed/ops/web_assets.h"
#include "feed/ops/web_impl.h"

#define JSON "application/json"
#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

static const struct lookout *
look(struct web *web)
{
	lookout_look(&web->lookout, clock_wall(), clock_mono());
	return &web->lookout;
}

static void
print_kept(FILE *out, struct web *web, enum web_kept kind)
{
	const struct lookout *l = &web->lookout;
	const struct metrics_source metrics = {
	    web->feed, &l->status, &l->health, &web->counts, alarm_view(web->alarm),
	    tracer_counts(web->tracer)};

	switch (kind) {
	case WEB_METRICS:
	case WEB_OPENMETRICS:
		metrics_print(out, &metrics, kind == WEB_OPENMETRICS);
		break;
	case WEB_HEALTH:
		status_json_health(out, web->feed, &l->status, &l->health);
		fputc('\n', out);
		break;
	case WEB_STATUS:
		status_json_status(out, web->feed, &l->status, alarm_view(web->alarm));
		fputc('\n', out);
		break;
	case WEB_STALE:
		stale_json(out, &web->stale, web->feed);
		fputc('\n', out);
		break;
	case WEB_EVENT:
		fputs("event: stale\ndata: ", out);
		stale_json(out, &web->stale, web->feed);
		fputs("\n\n", out);
		fputs("event: health\ndata: ", out);
		status_json_health(out, web->feed, &l->status, &l->health);
		fputs("\n\nevent: status\ndata: ", out);
		status_json_status(out, web->feed, &l->status, alarm_view(web->alarm));
		fputs("\n\n", out);
		break;
	case WEB_KEPT:
		break;
	}
}

struct web_page *
web_kept(struct web *web, enum web_kept kind)
{
	static const char *const types[WEB_KEPT] = {
		[WEB_METRICS] = PROMETHEUS,
		[WEB_OPENMETRICS] = OPENMETRICS,
		[WEB_HEALTH] = JSON,
		[WEB_STATUS] = JSON,
		[WEB_STALE] = JSON,
		[WEB_EVENT] = NULL,
	};
	char *bytes = NULL;
	size_t n = 0;
	FILE *out;

	look(web);
	if (web->kept[kind] == NULL || web->kept_look[kind] != web->lookout.looks) {
		web_page_drop(web->kept[kind]);
		web->kept[kind] = NULL;
		out = open_memstream(&bytes, &n);
		if (out == NULL)
			return NULL;
		print_kept(out, web, kind);
		if (fclose(out) != 0) {
			free(bytes);
			return NULL;
		}
		web->kept[kind] = web_page_new(bytes, n, types[kind]);
		web->kept_look[kind] = web->lookout.looks;
	}
	if (web->kept[kind] != NULL)
		web->kept[kind]->users++;
	return web->kept[kind];
}

static int
reply_kept(struct web_conn *conn, int status, enum web_kept kind)
{
	return web_reply(conn, status, web_kept(conn->web, kind), NULL);
}

/* ---- one function per path --------------------------------------------------------- */

/* "ok", or the first reason in words. */
static int
reply_probe(struct web_conn *conn, bool good)
{
	const struct tick_health *h = &conn->web->lookout.health;

	if (good)
		return web_reply_text(conn, 200, "ok", NULL);
	return web_reply_text(conn, 503,
	    h->reasons > 0 ? tick_health_text(h->reason[0].what) : "the feed is not ready", NULL);
}

static int
get_livez(struct web_conn *conn)
{
	return reply_probe(conn, look(conn->web)->health.alive != 0);
}

static int
get_readyz(struct web_conn *conn)
{
	return reply_probe(conn, look(conn->web)->health.ready != 0);
}

static int
get_health(struct web_conn *conn)
{
	int64_t level = look(conn->web)->health.level;

	return reply_kept(conn, level < TICK_HEALTH_CRITICAL ? 200 : 503, WEB_HEALTH);
}

static int
get_status(struct web_conn *conn)
{
	return reply_kept(conn, 200, WEB_STATUS);
}

static int
get_stale(struct web_conn *conn)
{
	return reply_kept(conn, 200, WEB_STALE);
}

static int
get_metrics(struct web_conn *conn)
{
	char accept[1024];
	bool open = lws_hdr_copy(conn->wsi, accept, sizeof(accept), WSI_TOKEN_HTTP_ACCEPT) > 0 &&
	    accept_wants_openmetrics(accept);

	return reply_kept(conn, 200, open ? WEB_OPENMETRICS : WEB_METRICS);
}

static int
get_config(struct web_conn *conn)
{
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);

	if (out == NULL)
		return -1;
	config_show(out, &conn->web->keeper->mine);
	if (fclose(out) != 0) {
		free(bytes);
		return -1;
	}
	return web_reply(conn, 200, web_page_new(bytes, n, JSON), NULL);
}

static const struct path {
	const char *path;
	int (*get)(struct web_conn *conn);
	bool changes; /* PATCH, too */
} paths[] = {
	{"/livez", get_livez, false},
	{"/readyz", get_readyz, false},
	{"/health", get_health, false},
	{"/status", get_status, false},
	{"/stale", get_stale, false},
	{"/metrics", get_metrics, false},
	{"/events", web_begin_events, false},
	{"/config", get_config, true},
};

/* ---- which of them ------------------------------------------------------------------- */

static const struct path *
path_find(const char *uri, size_t n)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strlen(paths[i].path) == n && memcmp(paths[i].path, uri, n) == 0)
			return &paths[i];
	return NULL;
}

/* Bytes of the request's body that were announced; -1: some number that we do not believe. */
static int64_t
body_length(struct lws *wsi)
{
	char text[24];
	int n = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	int64_t length = 0;

	/* Whatever length stands beside it: who is between us and the client may go by this. */
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		return -1;
	if (n == 0)
		return 0;
	if (n > 10 || lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) != n)
		return -1;
	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		length = length * 10 + (text[i] - '0');
	}
	return length;
}

/* Does the client want the connection closed after this? */
static bool
wants_end(struct lws *wsi)
{
	char text[64];

	return lws_hdr_total_length(wsi, WSI_TOKEN_CONNECTION) > 0 &&
	    lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_CONNECTION) > 0 &&
	    strcasestr(text, "close") != NULL;
}

/*
 * Did the library read this request together with the one before it? It then
 * takes the head for the body, if there is one, and (4.1.6) never comes back.
 * Nobody has to send so: RFC 9112, 9.3.2, has a client wait after a PATCH, and
 * none of ours sends one without having seen the answer before it.
 */
static bool
came_along(struct web_conn *conn)
{
	int64_t before = conn->taken;

	conn->taken = web_taken(conn);
	return conn->served && (conn->taken < 0 || conn->taken == before);
}

int
web_on_request(struct web_conn *conn)
{
	char *uri = NULL;
	int length = 0, method = lws_http_get_uri_and_method(conn->wsi, &uri, &length);
	int64_t body = body_length(conn->wsi);
	const struct path *path;
	struct web_asset asset;
	bool along;

	if (conn->state != WEB_WAITING || method < 0 || uri == NULL || length < 1)
		return -1;
	path = path_find(uri, (size_t)length);
	conn->head = method == LWSHUMETH_HEAD;
	conn->closes = wants_end(conn->wsi);
	along = came_along(conn);
	if (method == LWSHUMETH_PATCH && path != NULL && path->changes)
		return along ? web_refuse(conn, 400, "a change waits for the answer before it")
		             : web_begin_change(conn, body);
	conn->closes = conn->closes || body != 0; /* nobody reads it */
	if (path == NULL && !web_asset_find(uri, (size_t)length, &asset))
		return web_reply_text(conn, 404, "there is no such page", NULL);
	if (method != LWSHUMETH_GET && method != LWSHUMETH_HEAD)
		return web_reply_text(conn, 405, "this page knows other methods only",
		    path != NULL && path->changes ? "allow: GET, HEAD, PATCH\r\n"
		                                  : "allow: GET, HEAD\r\n");
	if (body != 0)
		return web_reply_text(conn, 400, "a request with a body is not wanted here", NULL);
	if (path != NULL)
		return path->get(conn);
	return web_reply_bytes(
	    conn, 200, (struct bytes){asset.bytes, asset.n}, asset.type, NULL);
}
