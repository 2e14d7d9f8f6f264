/*
 * The transport over libwebsockets 4.1: one context, one callback, no decision
 * in it: it translates the library's reasons for the lines.
 *
 * What 4.1.6 keeps to itself: the server's PINGs (answered, never shown; the
 * second is dropped while a PONG waits to be written), close codes 1012 to
 * 1014 (shown as 1002), the errno of a failed connect() (see wait_dialing()),
 * the TLS error (see tls.c).
 */
#include <errno.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "feed/io/lws_line.h"
#include "feed/io/transport_impl.h"
#include "feed/io/upgrade.h"

/* Per line: at most so much (of 64 KiB each) is taken before the caller is back. */
#define RECV_CALLS_PER_TURN 2

static struct transport_lws *
impl_of(struct transport *transport)
{
	return (struct transport_lws *)transport;
}

static int32_t
retry_after(struct lws *wsi)
{
	char text[32];

	/* What has no room is no number of ours either. */
	if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_RETRY_AFTER) <= 0)
		return -1;
	return upgrade_retry_after(text);
}

/*
 * Adds the key to the request, which the library then encrypts; the buffer is
 * its own, used again for what is received, and not ours to wipe.
 */
static int
add_key(struct lws *wsi, const char *key, void *in, size_t len)
{
	unsigned char **at = in;

	return key == NULL ? 0
			   : lws_add_http_header_by_name(wsi,
				 (const unsigned char *)"x-mbx-apikey:",
				 (const unsigned char *)key, (int)strlen(key), at, *at + len);
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct lws_line *line = NULL;
	struct bytes bytes = {in, in == NULL ? 0 : len};
	int error = errno;

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
	case LWS_CALLBACK_CLIENT_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
	case LWS_CALLBACK_CLIENT_CLOSED:
	case LWS_CALLBACK_WSI_DESTROY:
		line = lws_get_opaque_user_data(wsi);
		break;
	default:
		break;
	}
	if (line == NULL)
		return 0; /* not about a connection, or about one that its line let go */
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		return add_key(wsi, line->api_key, in, len);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		return !lws_line_on_response(line, (int)lws_http_client_http_response(wsi),
		    retry_after(wsi));
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		lws_line_on_up(line);
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		lws_line_on_piece(line, bytes, lws_is_first_fragment(wsi) != 0,
		    lws_is_final_fragment(wsi) != 0,
		    lws_frame_is_binary(wsi) ? TRANSPORT_BINARY : TRANSPORT_TEXT);
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		lws_line_on_pong(line);
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return lws_line_on_writeable(line);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		lws_line_on_close_frame(line, bytes);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		lws_line_on_error(line, bytes);
		return 0;
	default: /* CLIENT_CLOSED; WSI_DESTROY if the library said nothing before */
		lws_line_on_closed(line, error);
		return 0;
	}
}

/* OpenSSL's info callback: the only hook between SSL_new() and the ClientHello. */
static void
on_tls_info(const SSL *ssl, int where, int ret)
{
	struct transport_lws *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	int fd = SSL_get_fd(ssl);

	for (unsigned i = 0; i < t->base.cfg.lines; i++) {
		struct lws_line *line = &t->lines[i];

		if (line->wsi == NULL || lws_get_socket_fd(line->wsi) != fd)
			continue;
		if ((where & SSL_CB_HANDSHAKE_START) && !tls_is_guarded(ssl))
			lws_line_on_handshake(line, (SSL *)ssl);
		if (where & SSL_CB_HANDSHAKE_DONE)
			lws_line_on_secured(line);
		tls_on_info(ssl, where, ret);
		return;
	}
}

static void
on_alarm(lws_sorted_usec_list_t *alarm)
{
	struct transport_lws *t = lws_container_of(alarm, struct transport_lws, alarm);

	/* Due before the library went to sleep: it would not return for it (4.1.6). */
	lws_cancel_service(t->context);
}

static void
wake(struct transport *transport)
{
	struct transport_lws *t = impl_of(transport);
	int saved = errno;

	(void)!eventfd_write(t->wake_fd, 1);
	lws_cancel_service(t->context); /* writes to an eventfd, too */
	errno = saved;
}

static void
notify(void *context)
{
	wake(context);
}

static struct lws_context *
make_context(struct transport_lws *t)
{
	static const struct lws_protocols protocols[] = {
		{.name = "exchange", .callback = on_lws, .rx_buffer_size = LWS_LINE_RX_BUFFER},
		{0},
	};
	static const lws_retry_bo_t no_policy;
	unsigned patience_s = (unsigned)(t->base.cfg.connect_within.ns / 1000000000) + 5;
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
		.provided_client_ssl_ctx = t->tls,
		.http_proxy_address = "", /* or it takes $http_proxy */
		.retry_and_idle_policy = &no_policy,
		.timeout_secs = patience_s, /* ours is shorter and decides */
		.connect_timeout_secs = patience_s,
		.pt_serv_buf_size = LWS_LINE_RX_BUFFER,
		.max_http_header_pool = (unsigned short)(t->base.cfg.lines + 4),
		.fd_limit_per_thread = 2 * t->base.cfg.lines + 16,
		.ka_time = 30,
		.ka_interval = 5,
		.ka_probes = 3,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.user = t,
	};

	lws_set_log_level(0, NULL); /* a library does not print */
	return lws_create_context(&info);
}

static void
transport_lws_close(struct transport *transport)
{
	struct transport_lws *t = impl_of(transport);

	resolve_close(&t->resolve); /* no wake() from there any more */
	if (t->context != NULL) {
		for (unsigned i = 0; i < t->base.cfg.lines; i++)
			lws_line_let_go(&t->lines[i]);
		lws_context_destroy(t->context);
	}
	for (unsigned i = 0; i < t->base.cfg.lines; i++)
		lws_line_fini(&t->lines[i]);
	SSL_CTX_free(t->tls);
	if (t->wake_fd >= 0)
		close(t->wake_fd);
	free(t);
}

static int
transport_lws_open(struct transport **out, const struct transport_cfg *cfg, char *why)
{
	struct transport_lws *t;
	int rc = 0;

	if (cfg->proxy.host != NULL) {
		/* Its own way looks the proxy's name up in the feed thread (4.1.6). */
		snprintf(why, TRANSPORT_DETAIL_MAX,
		    "libwebsockets is not to go through a proxy: io_uring is wanted");
		return -EOPNOTSUPP;
	}
	t = calloc(1, sizeof(*t));
	snprintf(why, TRANSPORT_DETAIL_MAX, "out of memory for the transport");
	if (t == NULL)
		return -ENOMEM;
	t->base.cfg = *cfg;
	t->wake_fd = -1;
	for (unsigned i = 0; i < cfg->lines && rc == 0; i++)
		rc = lws_line_init(&t->lines[i], t, i);
	if (rc == 0)
		rc = tls_context(&t->tls, cfg->ca_file, why);
	if (rc == 0)
		rc = resolve_open(&t->resolve, notify, t);
	if (rc == 0 && (t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		rc = -ENOMEM;
	if (rc == 0) {
		SSL_CTX_set_app_data(t->tls, t);
		SSL_CTX_set_info_callback(t->tls, on_tls_info);
		t->context = make_context(t);
		/* One turn: it begins with a wake of its own. */
		rc = t->context == NULL || lws_service(t->context, -1) < 0 ? -ENOMEM : 0;
	}
	if (rc != 0) {
		transport_lws_close(&t->base);
		return rc;
	}
	*out = &t->base;
	return 0;
}

static int
transport_lws_connect(struct transport *transport, unsigned line, uint32_t attempt,
    const struct transport_target *target)
{
	return lws_line_connect(&impl_of(transport)->lines[line], attempt, target, clock_mono());
}

static int
queue(struct transport *transport, unsigned index, enum lws_tx_kind kind, struct bytes payload)
{
	struct lws_line *line = &impl_of(transport)->lines[index];
	int rc;

	if (line->state != LWS_LINE_UP)
		return -ENOTCONN;
	rc = lws_tx_put(&line->tx, kind, payload);
	if (rc == 0)
		lws_callback_on_writable(line->wsi);
	return rc;
}

static int
transport_lws_send(struct transport *transport, unsigned line, struct bytes text)
{
	return queue(transport, line, LWS_TX_TEXT, text);
}

static int
transport_lws_ping(struct transport *transport, unsigned line, struct bytes payload)
{
	return queue(transport, line, LWS_TX_PING, payload);
}

static void
transport_lws_hang_up(struct transport *transport, unsigned line, int close_code)
{
	lws_line_hang_up(&impl_of(transport)->lines[line], close_code, clock_mono());
}

static void
take_answers(struct transport_lws *t)
{
	struct resolve_answer answer;

	while (resolve_take(t->resolve, &answer))
		lws_line_on_answer(&t->lines[answer.line], &answer);
}

/* Ends what is overdue; returns when the next line wants that. */
static mono_t
look_at_time(struct transport_lws *t, mono_t now)
{
	mono_t next = MONO_NEVER;

	for (unsigned i = 0; i < t->base.cfg.lines; i++) {
		lws_line_on_time(&t->lines[i], now);
		next = mono_min(next, t->lines[i].deadline);
	}
	return next;
}

/*
 * Sleeps while connect() is under way somewhere. Here we sleep ourselves,
 * because the library reads SO_ERROR and keeps the answer to itself: whoever
 * reads it first knows why. What the library itself would wait for beyond the
 * lines' sockets (timers, a full send buffer) waits 10 ms at most.
 */
static void
wait_dialing(struct transport_lws *t, int64_t span_ns)
{
	struct pollfd fds[TRANSPORT_LINES_MAX + 1];
	struct lws_line *of[TRANSPORT_LINES_MAX];
	const int64_t slice_ns = 10 * 1000000;
	struct timespec timeout = {.tv_nsec = span_ns < slice_ns ? span_ns : slice_ns};
	eventfd_t ignored;
	nfds_t n = 0;

	for (unsigned i = 0; i < t->base.cfg.lines; i++) {
		struct lws_line *line = &t->lines[i];
		bool dialing = lws_line_dialing_fd(line) >= 0;

		if (line->wsi == NULL)
			continue;
		of[n] = dialing ? line : NULL;
		fds[n++] = (struct pollfd){.fd = lws_get_socket_fd(line->wsi),
		    .events = dialing ? POLLOUT : POLLIN};
	}
	fds[n] = (struct pollfd){.fd = t->wake_fd, .events = POLLIN};
	if (ppoll(fds, n + 1, &timeout, NULL) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++) {
		socklen_t size = sizeof(int);
		int error = 0;

		if (of[i] != NULL && fds[i].revents != 0 &&
		    getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
			lws_line_on_dialed(of[i], error);
	}
	if (fds[n].revents != 0)
		(void)!eventfd_read(t->wake_fd, &ignored);
}

static bool
any_dialing(const struct transport_lws *t)
{
	for (unsigned i = 0; i < t->base.cfg.lines; i++)
		if (lws_line_dialing_fd(&t->lines[i]) >= 0)
			return true;
	return false;
}

/*
 * One turn of the library, which sleeps until `span_ns` from now at most. It
 * counts in whole milliseconds and rounds down: we ask for one more.
 */
static int
serve(struct transport_lws *t, int64_t span_ns)
{
	int rc;

	for (unsigned i = 0; i < t->base.cfg.lines; i++)
		recv_bio_allow(&t->lines[i].bio, RECV_CALLS_PER_TURN);
	errno = 0; /* so that a callback sees errors of this turn only */
	if (span_ns > 0 && span_ns != INT64_MAX)
		lws_sul_schedule(t->context, 0, &t->alarm, on_alarm,
		    (lws_usec_t)(span_ns / 1000 + 999));
	rc = lws_service(t->context, span_ns > 0 ? 0 : -1);
	lws_sul_cancel(&t->alarm);
	for (unsigned i = 0; i < t->base.cfg.lines; i++)
		lws_line_serve_buffered(&t->lines[i]);
	return rc < 0 ? -EIO : 0;
}

static int
transport_lws_wait(struct transport *transport, mono_t deadline)
{
	struct transport_lws *t = impl_of(transport);
	mono_t now = clock_mono();
	int64_t span_ns;
	int rc;

	take_answers(t);
	deadline = mono_min(deadline, look_at_time(t, now));
	if (mono_is_never(deadline))
		span_ns = INT64_MAX;
	else
		span_ns = mono_diff(deadline, now).ns;
	if (transport_has_events(transport))
		span_ns = 0;
	if (span_ns > 0 && any_dialing(t)) {
		wait_dialing(t, span_ns);
		span_ns = 0;
	}
	rc = serve(t, span_ns);
	take_answers(t);
	look_at_time(t, clock_mono());
	return rc;
}

const struct transport_ops transport_lws_ops = {
	.name = "lws",
	.has_pings = false,
	.host_max = LWS_LINE_HOST_MAX,
	.open = transport_lws_open,
	.close = transport_lws_close,
	.connect = transport_lws_connect,
	.send = transport_lws_send,
	.ping = transport_lws_ping,
	.hang_up = transport_lws_hang_up,
	.wait = transport_lws_wait,
	.wake = wake,
};
