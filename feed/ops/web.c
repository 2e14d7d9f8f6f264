/*
 * Connections of the HTTP interface: taken from a listening socket of our own,
 * so that we decide how many there are, and given to libwebsockets.
 */
#include "feed/ops/web_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/conf/config_listen.h"
#include "feed/io/clock.h"

#define SWEEP_MS 500  /* between two looks for connections that are too slow */
#define BEAT_MS 500   /* between two events */
#define PAUSE_MS 100  /* when nothing can be accepted */
#define BACKLOG 256
#define SEND_BUFFER 65536 /* of a socket, so that slow readers hold little memory */

/* ---- the life of a connection --------------------------------------------------- */

void
web_cut(struct web_conn *conn)
{
	if (conn->state == WEB_FREE || conn->state == WEB_DYING)
		return;
	if (conn->state == WEB_EVENTS)
		conn->web->counts.event_streams--;
	conn->state = WEB_DYING;
	conn->web->counts.dropped++;
	lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void
release(struct web_conn *conn)
{
	struct web *web = conn->web;

	if (conn->state == WEB_EVENTS)
		web->counts.event_streams--;
	web_page_drop(conn->page);
	free(conn->body);
	conn->page = NULL;
	conn->body = NULL;
	conn->wsi = NULL;
	conn->state = WEB_FREE;
	web->counts.connections--;
	atomic_store_explicit(
	    &web->connections, (unsigned)web->counts.connections, memory_order_relaxed);
}

static struct web_conn *
free_place(struct web *web)
{
	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++)
		if (web->conn[i].state == WEB_FREE)
			return &web->conn[i];
	return NULL;
}

/* Makes room: whoever has waited longest for its request goes; nobody does before that. */
static void
cut_oldest(struct web *web)
{
	struct web_conn *oldest = NULL;

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		struct web_conn *c = &web->conn[i];

		if (c->state == WEB_DYING)
			return; /* room is being made */
		if (c->state == WEB_WAITING &&
		    (oldest == NULL || mono_before(c->since, oldest->since)))
			oldest = c;
	}
	if (oldest != NULL)
		web_cut(oldest);
}

static void
adopt(struct web *web, struct web_conn *conn, int fd)
{
	int size = SEND_BUFFER, on = 1;
	struct lws *wsi;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	wsi = lws_adopt_socket_vhost(web->vhost, fd);
	if (wsi == NULL)
		return; /* the library has closed it */
	*conn = (struct web_conn){.web = web, .wsi = wsi, .state = WEB_WAITING,
	    .since = clock_mono(), .serial = conn->serial + 1};
	if (lws_get_peer_simple(wsi, conn->peer, sizeof(conn->peer)) == NULL)
		snprintf(conn->peer, sizeof(conn->peer), "?");
	lws_set_opaque_user_data(wsi, conn);
	web->counts.connections++;
	atomic_store_explicit(
	    &web->connections, (unsigned)web->counts.connections, memory_order_relaxed);
}

static void
on_pause_over(void *context)
{
	struct web *web = context;

	lws_rx_flow_control(web->listener, 1);
}

/* The listening socket has connections. */
static void
accept_some(struct web *web)
{
	struct web_conn *place;
	int fd;

	for (unsigned n = 0; n < WEB_CONNECTIONS_MAX; n++) {
		place = free_place(web);
		if (place == NULL) {
			cut_oldest(web);
			return;
		}
		fd = accept4(lws_get_socket_fd(web->listener), NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			adopt(web, place, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* It stays readable: without a pause we would do nothing else. */
			lws_rx_flow_control(web->listener, 0);
			ops_timer_start(web->ops, &web->pause, span_ms(PAUSE_MS));
		}
		return;
	}
}

/* Cuts off who keeps us waiting. */
static void
on_sweep(void *context)
{
	struct web *web = context;
	mono_t now = clock_mono();

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		struct web_conn *c = &web->conn[i];
		bool sends = c->state == WEB_ANSWERING || c->state == WEB_EVENTS;
		int64_t limit_s = sends ? WEB_ANSWER_WITHIN_S : WEB_REQUEST_WITHIN_S;

		if (c->state != WEB_FREE && !mono_is_never(c->since) &&
		    mono_due(mono_add(c->since, span_s(limit_s)), now))
			web_cut(c);
	}
	ops_timer_start(web->ops, &web->sweep, span_ms(SWEEP_MS));
}

static void
on_beat(void *context)
{
	struct web *web = context;

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++)
		if (web->conn[i].state == WEB_EVENTS) {
			web->conn[i].due = true;
			lws_callback_on_writable(web->conn[i].wsi);
		}
	ops_timer_start(web->ops, &web->beat, span_ms(BEAT_MS));
}

/* ---- what the library says -------------------------------------------------------- */

static int
on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct web_conn *conn = NULL;

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
	case LWS_CALLBACK_HTTP_BODY:
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_WSI_DESTROY:
		conn = lws_get_opaque_user_data(wsi);
		break;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return -1; /* nobody gets a WebSocket here */
	default:
		break;
	}
	if (conn == NULL || (conn->state == WEB_DYING && reason != LWS_CALLBACK_WSI_DESTROY))
		return conn == NULL ? 0 : -1;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return web_on_request(conn);
	case LWS_CALLBACK_HTTP_BODY:
		return web_on_body(conn, (struct bytes){in, n});
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return web_on_body_end(conn);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return web_on_writeable(conn);
	default:
		release(conn);
		return 0;
	}
}

static int
on_listener(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	(void)user;
	(void)in;
	(void)n;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		accept_some(lws_get_vhost_user(lws_get_vhost(wsi)));
	return 0;
}

/* ---- start and end ---------------------------------------------------------------- */

static struct lws_vhost *
make_vhost(struct web *web)
{
	static const struct lws_protocols protocols[] = {
		{.name = "http", .callback = on_http},
		{.name = "listener", .callback = on_listener},
		{0},
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.vhost_name = "web",
		.protocols = protocols,
		.timeout_secs = WEB_REQUEST_WITHIN_S,
		.keepalive_timeout = WEB_REQUEST_WITHIN_S,
		.user = web,
	};

	return lws_create_vhost(ops_context(web->ops), &info);
}

/* A socket that listens there, or -errno. */
static int
listen_at(const struct config_listen *at)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(at->port)};
	const struct sockaddr *address = at->v6 ? (void *)&six : (void *)&four;
	socklen_t size = at->v6 ? sizeof(six) : sizeof(four);
	int on = 1, error;
	int fd = socket(at->v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	inet_pton(AF_INET6, at->address, &six.sin6_addr);
	inet_pton(AF_INET, at->address, &four.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static void
tell(int fd, const struct config_listen *at)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	uint16_t port = at->port;

	if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		port = ntohs(at->v6 ? ((struct sockaddr_in6 *)&address)->sin6_port
		                    : ((struct sockaddr_in *)&address)->sin_port);
	LOG(INFO, "http_listening", LOG_STR("address", at->address), LOG_U64("port", port));
	if (!at->loopback)
		LOG(WARNING, "security", LOG_STR("name", "http_open_to_network"),
		    LOG_STR("address", at->address),
		    LOG_THEN("whoever reaches it reads the state of the feed"));
}

static int
begin(struct web *web, int fd)
{
	lws_sock_file_fd_type descriptor = {.filefd = fd};

	web->vhost = make_vhost(web);
	if (web->vhost != NULL)
		web->listener = lws_adopt_descriptor_vhost(
		    web->vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, "listener", NULL);
	else
		close(fd);
	if (web->listener == NULL)
		return -ENOMEM;
	web->sweep = (struct ops_timer){.fn = on_sweep, .context = web};
	web->beat = (struct ops_timer){.fn = on_beat, .context = web};
	web->pause = (struct ops_timer){.fn = on_pause_over, .context = web};
	ops_timer_start(web->ops, &web->sweep, span_ms(SWEEP_MS));
	ops_timer_start(web->ops, &web->beat, span_ms(BEAT_MS));
	return 0;
}

static int
open_lookout(struct web *web, char *why)
{
	int outcome = lookout_open(&web->lookout, web->feed);

	if (outcome == 0)
		outcome = stale_open(&web->stale, web->feed);
	if (outcome == 0)
		return 0;
	snprintf(why, WEB_WHY_MAX, "segments of \"%.64s\": %s", web->feed,
	    tick_outcome_text(outcome));
	return -EIO;
}

int
web_listen(const char *listen, char *why)
{
	struct config_listen at;
	int fd = config_listen_parse(listen, &at) != NULL ? -EINVAL : listen_at(&at);

	if (fd < 0)
		snprintf(why, WEB_WHY_MAX, "ops.listen \"%.64s\": %s", listen, strerror(-fd));
	return fd;
}

int
web_open(struct web **out, struct ops *ops, const struct web_cfg *cfg, char *why)
{
	struct web *web = calloc(1, sizeof(*web));
	struct config_listen at;
	int rc;

	snprintf(why, WEB_WHY_MAX, "out of memory for the HTTP interface");
	if (web == NULL) {
		close(cfg->fd);
		return -ENOMEM;
	}
	web->ops = ops;
	web->keeper = cfg->keeper;
	web->alarm = cfg->alarm;
	web->tracer = cfg->tracer;
	web->feed = strdup(cfg->feed);
	web->token_file = strdup(cfg->token_file);
	rc = web->feed == NULL || web->token_file == NULL ? -ENOMEM : 0;
	if (rc == 0 && config_listen_parse(cfg->listen, &at) != NULL)
		rc = -EINVAL;
	if (rc == 0)
		rc = open_lookout(web, why);
	if (rc == 0)
		rc = begin(web, cfg->fd);
	else
		close(cfg->fd);
	if (rc != 0) {
		web_close(&web);
		return rc;
	}
	tell(cfg->fd, &at);
	*out = web;
	return 0;
}

void
web_close(struct web **web)
{
	struct web *w = *web;

	*web = NULL;
	if (w == NULL)
		return;
	ops_timer_stop(&w->sweep);
	ops_timer_stop(&w->beat);
	ops_timer_stop(&w->pause);
	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		if (w->conn[i].state == WEB_FREE)
			continue;
		lws_set_opaque_user_data(w->conn[i].wsi, NULL);
		release(&w->conn[i]);
	}
	for (unsigned i = 0; i < WEB_KEPT; i++)
		web_page_drop(w->kept[i]);
	if (w->vhost != NULL)
		lws_vhost_destroy(w->vhost);
	stale_close(&w->stale);
	lookout_close(&w->lookout);
	free(w->feed);
	free(w->token_file);
	free(w);
}

unsigned
web_connections(const struct web *web)
{
	return web == NULL ? 0 : atomic_load_explicit(&web->connections, memory_order_relaxed);
}
