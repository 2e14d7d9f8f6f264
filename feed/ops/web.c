/*
 * The HTTP interface: its start and end, its times, and what libwebsockets says
 * of its connections.
 */
#include "feed/ops/web_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/conf/config_listen.h"
#include "feed/io/clock.h"

#define SWEEP_MS 500  /* between two looks for connections that are too slow */
#define BEAT_MS 500   /* between two events */
#define BACKLOG 1024  /* who finds no place waits its turn there */
#define ATTEMPTS 8    /* at a count while more comes in */
#define ESTABLISHED 1 /* tcpi_state, by linux/net/tcp_states.h */

/* ---- time ------------------------------------------------------------------------- */

/* Cuts off who keeps us waiting. Who was answered and asks for nothing more is no offender. */
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
			web_cut(c, c->state == WEB_WAITING && c->served ? NULL
			                                                : &web->counts.slow);
	}
	ops_timer_start(web->ops, &web->sweep, span_ms(SWEEP_MS));
}

static void
on_pause_over(void *context)
{
	struct web *web = context;

	lws_rx_flow_control(web->listener, 1);
	if (web->held >= 0)
		web_accept(web);
}

static void
on_beat(void *context)
{
	struct web *web = context;
	mono_t now = clock_mono();

	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		struct web_conn *c = &web->conn[i];

		if (c->state != WEB_EVENTS)
			continue;
		c->due = true;
		if (mono_is_never(c->since)) /* it may never be writeable again */
			c->since = now;
		lws_callback_on_writable(c->wsi);
	}
	ops_timer_start(web->ops, &web->beat, span_ms(BEAT_MS));
}

/* ---- what the library has read ----------------------------------------------------- */

/*
 * Asked twice, so that nothing came in between. Behind the client's end, which
 * counts as a byte, the connection has left this state.
 */
int64_t
web_taken(const struct web_conn *conn)
{
	int fd = lws_get_socket_fd(conn->wsi);

	for (int i = 0; i < ATTEMPTS; i++) {
		struct tcp_info before = {0}, after = {0};
		socklen_t one = sizeof(before), other = sizeof(after);
		int waiting;

		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &before, &one) != 0 ||
		    ioctl(fd, FIONREAD, &waiting) != 0 ||
		    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &after, &other) != 0)
			return -1;
		if (before.tcpi_bytes_received == after.tcpi_bytes_received &&
		    before.tcpi_state == after.tcpi_state)
			return (int64_t)after.tcpi_bytes_received - waiting -
			    (after.tcpi_state != ESTABLISHED);
	}
	return -1;
}

/* ---- what the library says -------------------------------------------------------- */

/*
 * It ends, and we did not end it. Where something came and was never answered it
 * was no request, too long a one, or broken off: the library does not say which.
 */
static void
note_end(struct web_conn *conn)
{
	struct web_counts *counts = &conn->web->counts;
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);
	int fd = lws_get_socket_fd(conn->wsi);
	char byte;

	if (conn->state != WEB_WAITING || conn->closes)
		return;
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
	/* The end itself may be counted as a byte. */
	if ((!conn->served && info.tcpi_bytes_received > 1) ||
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		counts->malformed++;
		counts->dropped++;
	}
}

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
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_WSI_DESTROY:
		conn = lws_get_opaque_user_data(wsi);
		break;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return -1; /* nobody gets a WebSocket here */
	default:
		break;
	}
	if (conn == NULL)
		return 0;
	if (reason == LWS_CALLBACK_WSI_DESTROY) {
		web_release(conn);
		return 0;
	}
	if (conn->state == WEB_DYING)
		return -1;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return web_on_request(conn);
	case LWS_CALLBACK_HTTP_BODY:
		return web_on_body(conn, (struct bytes){in, n});
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return web_on_body_end(conn);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return web_on_writeable(conn);
	case LWS_CALLBACK_CLOSED_HTTP:
		note_end(conn);
		return 0;
	default:
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
		web_accept(lws_get_vhost_user(lws_get_vhost(wsi)));
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
		/* Times are ours: on_sweep(). The library's only come later. */
		.timeout_secs_ah_idle = 2 * WEB_REQUEST_WITHIN_S,
		.keepalive_timeout = 2 * WEB_REQUEST_WITHIN_S,
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
	web->held = -1;
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
	if (w->held >= 0)
		close(w->held);
	w->held = -1;
	for (unsigned i = 0; i < WEB_CONNECTIONS_MAX; i++) {
		if (w->conn[i].state == WEB_FREE)
			continue;
		lws_set_opaque_user_data(w->conn[i].wsi, NULL);
		web_release(&w->conn[i]);
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
