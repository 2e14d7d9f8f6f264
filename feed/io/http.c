#include "feed/io/http_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/host.h"
#include "feed/io/net_reason.h"

#define PROTOCOL "http-client" /* our own name for it */

/* ---- the end of a request ----------------------------------------------------- */

void
http_forget(struct transfer *t)
{
	struct lws *wsi = t->wsi;
	SSL *ssl = wsi == NULL ? NULL : lws_get_ssl(wsi);

	t->wsi = NULL;
	if (wsi == NULL)
		return;
	if (ssl != NULL)
		tls_release(ssl);
	lws_set_opaque_user_data(wsi, NULL);
}

void
http_drop(struct transfer *t)
{
	struct lws *wsi = t->wsi;

	http_forget(t);
	if (wsi != NULL)
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void
release(struct transfer *t)
{
	lws_sul_cancel(&t->timer);
	lws_sul_cancel(&t->again);
	free(t->body);
	free(t->got);
	t->body = t->got = NULL;
	t->state = TRANSFER_FREE;
}

static void
on_over(lws_sorted_usec_list_t *timer)
{
	struct transfer *t = lws_container_of(timer, struct transfer, timer);

	t->answer.body = (struct bytes){t->got, t->got_n};
	t->done(t->context, &t->answer);
	release(t);
}

/* Nobody is called from inside of the library: the done function comes at its next turn. */
void
http_end(struct transfer *t, enum tick_reason reason, const char *format, ...)
{
	va_list args;

	if (t->state == TRANSFER_OVER)
		return;
	va_start(args, format);
	vsnprintf(t->answer.detail, sizeof(t->answer.detail), format, args);
	va_end(args);
	t->answer.reason = reason;
	if (reason != TICK_REASON_NONE)
		t->got_n = 0;
	t->state = TRANSFER_OVER;
	lws_sul_cancel(&t->again);
	lws_sul_schedule(t->client->context, 0, &t->timer, on_over, 1);
}

static void
on_late(lws_sorted_usec_list_t *timer)
{
	struct transfer *t = lws_container_of(timer, struct transfer, timer);

	if (t->state == TRANSFER_OPEN && !t->asked)
		t->client->turn = t->turn + 1;
	http_drop(t);
	if (t->state == TRANSFER_RESOLVING)
		http_end(t, TICK_REASON_DNS, "%s: no answer from the name servers in time",
		    t->host);
	else
		http_end(t, TICK_REASON_CONNECT_TIMEOUT, "%s (%s:%u): no whole answer in time",
		    t->host, t->address, t->port);
}

/* ---- the way there -------------------------------------------------------------- */

static void
dial(struct transfer *t)
{
	static const lws_retry_bo_t no_policy;
	char host[HTTP_HOST_MAX + 16];
	bool v6 = strchr(t->host, ':') != NULL;
	struct lws_client_connect_info info = {
		.context = t->client->context,
		.vhost = t->client->vhost,
		.address = t->address,
		.port = t->port,
		.ssl_connection =
		    (t->plain ? 0 : LCCSCF_USE_SSL) | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.path = t->path,
		.host = host,
		.method = t->has_body ? "POST" : "GET",
		.alpn = "http/1.1",
		.local_protocol_name = PROTOCOL, /* unbound, a body would be swallowed */
		.pwsi = &t->wsi,
		.retry_and_idle_policy = &no_policy,
	};
	struct lws *wsi;

	/* RFC 9110 section 7.2: the port belongs into Host unless it is the default. */
	if (t->port == (t->plain ? 80 : 443))
		snprintf(host, sizeof(host), v6 ? "[%s]" : "%s", t->host);
	else
		snprintf(host, sizeof(host), v6 ? "[%s]:%u" : "%s:%u", t->host, t->port);
	t->state = TRANSFER_OPEN;
	errno = 0;
	/* What fails at once fails without CONNECTION_ERROR, so the two are tied later. */
	wsi = lws_client_connect_via_info(&info);
	if (wsi != NULL) {
		lws_set_opaque_user_data(wsi, t);
		return;
	}
	t->wsi = NULL;
	if (http_try_next(t))
		return;
	if (t->peer.reason != TICK_REASON_NONE)
		http_end(t, t->peer.reason, "%s", t->peer.detail);
	else
		http_end(t, net_reason_of_errno(errno), "%s (%s:%u): %s", t->host, t->address,
		    t->port, errno != 0 ? strerror(errno) : "cannot connect");
}

static void
dial_found(struct transfer *t)
{
	memcpy(t->address, t->found.address[t->turn % t->found.count], sizeof(t->address));
	dial(t);
}

/* At the library's next turn: the connection that failed is still being taken down. */
static void
on_again(lws_sorted_usec_list_t *again)
{
	dial_found(lws_container_of(again, struct transfer, again));
}

bool
http_try_next(struct transfer *t)
{
	/* A wrong certificate is told, not passed over. */
	if (t->peer.reason != TICK_REASON_NONE && t->peer.reason != TICK_REASON_TLS_ERROR)
		return false;
	if (t->state != TRANSFER_OPEN || t->asked || t->failed + 1 >= t->found.count)
		return false;
	t->peer = (struct tls_peer){.host = t->host};
	t->failed++;
	t->turn++;
	t->client->turn = t->turn;
	lws_sul_schedule(t->client->context, 0, &t->again, on_again, 1);
	return true;
}

void
http_take_answers(struct http_client *client)
{
	struct resolve_answer a;

	while (client->resolve != NULL && resolve_take(client->resolve, &a)) {
		struct transfer *t = &client->transfer[a.line];

		if (t->state != TRANSFER_RESOLVING || t->ticket != a.ticket)
			continue;
		if (a.count == 0) {
			http_end(t, TICK_REASON_DNS, "%s: %s", t->host, a.why);
			continue;
		}
		t->found = a;
		t->turn = client->turn;
		dial_found(t);
	}
}

static void
on_resolved(void *context)
{
	struct http_client *client = context;

	lws_cancel_service(client->context); /* EVENT_WAIT_CANCELLED follows */
}

static void
start(struct transfer *t, const struct http_request *r)
{
	const char *address = r->address != NULL && *r->address != '\0' ? r->address : t->host;

	t->ticket++;
	lws_sul_schedule(t->client->context, 0, &t->timer, on_late,
	    (lws_usec_t)(r->within.ns / 1000));
	if (host_is_numeric(address)) {
		snprintf(t->address, sizeof(t->address), "%.45s", address);
		dial(t);
		return;
	}
	t->state = TRANSFER_RESOLVING;
	if (resolve_ask(t->client->resolve, (unsigned)(t - t->client->transfer), t->ticket,
	        t->host) != 0)
		http_end(t, TICK_REASON_DNS, "%s: cannot be looked up now", t->host);
}

static bool
is_sound(const struct http_request *r)
{
	if (r->host == NULL || *r->host == '\0' || strlen(r->host) > HTTP_HOST_MAX ||
	    r->port == 0 || r->path == NULL || *r->path != '/' ||
	    strlen(r->path) > HTTP_PATH_MAX)
		return false;
	if (r->address != NULL && *r->address != '\0' && !host_is_numeric(r->address))
		return false;
	return !r->plain || (host_is_loopback(r->host) && r->api_key == NULL);
}

int
http_send(struct http_client *client, const struct http_request *r, http_done_fn *done,
    void *context)
{
	struct transfer *t = NULL;

	if (!is_sound(r))
		return -EINVAL;
	for (unsigned i = 0; i < HTTP_AT_ONCE_MAX && t == NULL; i++)
		if (client->transfer[i].state == TRANSFER_FREE)
			t = &client->transfer[i];
	if (t == NULL)
		return -EAGAIN;
	*t = (struct transfer){.client = client, .ticket = t->ticket, .port = r->port,
	    .plain = r->plain, .api_key = r->api_key, .answer_max = r->answer_max, .done = done,
	    .context = context,
	    .answer = {.retry_after_s = -1, .used_weight = -1}};
	snprintf(t->host, sizeof(t->host), "%s", r->host);
	snprintf(t->path, sizeof(t->path), "%s", r->path);
	snprintf(t->type, sizeof(t->type), "%s", r->content_type ? r->content_type : "text/plain");
	t->peer.host = t->host;
	if (r->body.p != NULL) {
		t->has_body = true;
		t->body = malloc(LWS_PRE + r->body.n);
		if (t->body == NULL)
			return -ENOMEM;
		memcpy(t->body + LWS_PRE, r->body.p, r->body.n);
		t->body_n = r->body.n;
	}
	start(t, r);
	return 0;
}

/* ---- start and end ---------------------------------------------------------------- */

static struct lws_vhost *
make_vhost(struct http_client *client)
{
	static const struct lws_protocols protocols[] = {
		{.name = PROTOCOL, .callback = http_on_lws},
		{0},
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.vhost_name = PROTOCOL,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.provided_client_ssl_ctx = client->tls,
		.http_proxy_address = "", /* or it takes $http_proxy */
		.timeout_secs = 60,       /* ours is shorter and decides */
		.user = client,
	};

	return lws_create_vhost(client->context, &info);
}

int
http_open(struct http_client **out, struct lws_context *context, const char *ca_file, char *why)
{
	struct http_client *client = calloc(1, sizeof(*client));
	int rc = client == NULL ? -ENOMEM : 0;

	snprintf(why, HTTP_DETAIL_MAX, "out of memory for the HTTP client");
	if (client == NULL)
		return rc;
	client->context = context;
	rc = tls_context(&client->tls, ca_file, why);
	if (rc == 0)
		rc = resolve_open(&client->resolve, on_resolved, client);
	if (rc == 0) {
		SSL_CTX_set_app_data(client->tls, client);
		SSL_CTX_set_info_callback(client->tls, http_on_tls_info);
		client->vhost = make_vhost(client);
		rc = client->vhost == NULL ? -ENOMEM : 0;
	}
	if (rc != 0) {
		http_close(&client);
		return rc;
	}
	why[0] = '\0';
	*out = client;
	return 0;
}

void
http_close(struct http_client **client)
{
	struct http_client *c = *client;

	*client = NULL;
	if (c == NULL)
		return;
	resolve_close(&c->resolve);
	for (unsigned i = 0; i < HTTP_AT_ONCE_MAX; i++) {
		http_forget(&c->transfer[i]);
		release(&c->transfer[i]);
	}
	if (c->vhost != NULL)
		lws_vhost_destroy(c->vhost);
	SSL_CTX_free(c->tls);
	free(c);
}

unsigned
http_under_way(const struct http_client *client)
{
	unsigned n = 0;

	for (unsigned i = 0; i < HTTP_AT_ONCE_MAX; i++)
		n += client->transfer[i].state != TRANSFER_FREE;
	return n;
}
