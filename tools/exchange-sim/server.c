#include "tools/exchange-sim/server.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/exchange-sim/report.h"

/*
 * libwebsockets 4.1.6 is used up to TLS: the connections have its "raw-skt"
 * role. Its HTTP and WebSocket roles answer PINGs unseen, drop a second one,
 * cut long request lines and send one frame per call; see wire.h.
 */

#define RECORD_MAX 16384         /* payload of a TLS record (RFC 8446, 5.1) */
#define BURST_MAX (256 << 10)    /* bytes to one client before others get their turn */

struct server {
	struct exchange *exchange;
	struct lws_context *context;
	struct lws_vhost *vhost;
	const struct cert *cert;
	uint32_t frames_per_record;
	mono_t ends;
	int timer;     /* timerfd: exact to the microsecond, poll()'s timeout is not */
	mono_t armed;  /* what it is set to */
	unsigned char record[LWS_PRE + RECORD_MAX];
};

/* What libwebsockets allocates for each connection. */
struct line {
	struct session session;
	bool joined;
};

static int64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static mono_t
mono_now(void)
{
	return (mono_t){clock_ns(CLOCK_MONOTONIC)};
}

static wall_t
wall_now(void)
{
	return (wall_t){clock_ns(CLOCK_REALTIME)};
}

static void
arm(struct server *s, mono_t at)
{
	struct itimerspec when = {0};

	if (at.ns == s->armed.ns)
		return;
	s->armed = at;
	if (!mono_is_never(at)) {
		/* 0 would switch it off. */
		if (at.ns < 1)
			at.ns = 1;
		when.it_value.tv_sec = (time_t)(at.ns / 1000000000);
		when.it_value.tv_nsec = (long)(at.ns % 1000000000);
	}
	timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* After anything that happened: lets due things happen, asks for writes, sets the timer. */
static void
settle(struct server *s)
{
	mono_t now = mono_now();
	wall_t wall = wall_now();

	exchange_wake(s->exchange, now, wall);
	for (struct session *p = s->exchange->sessions; p != NULL; p = p->next) {
		if (!p->wants_write && p->state != SESSION_OVER)
			continue;
		p->wants_write = false;
		lws_callback_on_writable(p->owner);
	}
	arm(s, mono_min(exchange_deadline(s->exchange, now, wall), s->ends));
}

/* How many bytes at the front go into the next record; keeps `unframed` up to date. */
static size_t
take_record(const struct server *s, struct session *p)
{
	const unsigned char *at = p->out.p + p->out.head;
	size_t used = outq_used(&p->out), n = 0, frame;

	if (p->unframed > 0) {
		n = p->unframed < RECORD_MAX ? p->unframed : RECORD_MAX;
		p->unframed -= n;
		return n;
	}
	for (uint32_t i = 0; i < s->frames_per_record && n < used; i++) {
		frame = wire_frame_length(at + n);
		if (n > 0 && n + frame > RECORD_MAX)
			break;
		n += frame;
	}
	if (n <= RECORD_MAX)
		return n;
	p->unframed = n - RECORD_MAX;
	return RECORD_MAX;
}

/* Writes what the socket takes. False: disconnect. */
static bool
drain(struct server *s, struct lws *wsi, struct session *p)
{
	size_t burst = 0, n;

	while (outq_used(&p->out) > 0) {
		if (burst >= BURST_MAX || lws_send_pipe_choked(wsi)) {
			lws_callback_on_writable(wsi);
			return true;
		}
		n = take_record(s, p);
		memcpy(s->record + LWS_PRE, p->out.p + p->out.head, n);
		/* What the socket does not take, libwebsockets keeps; then it is choked. */
		if (lws_write(wsi, s->record + LWS_PRE, n, LWS_WRITE_RAW) < (int)n)
			return false;
		outq_drop(&p->out, n);
		burst += n;
	}
	return !session_done(p);
}

static int
on_tick(struct server *s)
{
	uint64_t count;

	if (read(s->timer, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -1;
	s->armed = MONO_NEVER;
	return 0;
}

/* Puts the certificate into the context that libwebsockets has made. */
static int
use_cert(struct server *s, SSL_CTX *ctx)
{
	if (SSL_CTX_use_certificate(ctx, s->cert->x509) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, s->cert->key) != 1)
		return -1;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	/* The raw role speaks no ALPN; a client that offers it gets none back. */
	SSL_CTX_set_alpn_select_cb(ctx, NULL, NULL);
	return 0;
}

static int
on_join(struct server *s, struct lws *wsi, struct line *line)
{
	if (!exchange_join(s->exchange, &line->session, mono_now()))
		return -1;
	line->session.owner = wsi;
	line->joined = true;
	return 0;
}

/* libwebsockets' only callback: translates. */
static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct server *s = lws_context_user(lws_get_context(wsi));
	struct line *line = user;
	int r = 0;

	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		/* Comes with the context of TLS as `user`, while the server is set up. */
		return s->cert != NULL ? use_cert(s, user) : 0;
	case LWS_CALLBACK_RAW_ADOPT:
		r = on_join(s, wsi, line);
		break;
	case LWS_CALLBACK_RAW_RX:
		/* The timeout of the TLS handshake would stay armed in the raw role. */
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		exchange_on_bytes(s->exchange, &line->session, (struct bytes){in, len},
		    mono_now(), wall_now());
		break;
	case LWS_CALLBACK_RAW_WRITEABLE:
		r = drain(s, wsi, &line->session) ? 0 : -1;
		break;
	case LWS_CALLBACK_RAW_CLOSE:
		if (line != NULL && line->joined)
			exchange_leave(s->exchange, &line->session);
		break;
	case LWS_CALLBACK_RAW_RX_FILE:
		r = on_tick(s);
		break;
	default:
		return 0;
	}
	settle(s);
	return r;
}

static const struct lws_protocols protocols[] = {
	{.name = "exchange", .callback = on_lws, .per_session_data_size = sizeof(struct line),
	    .rx_buffer_size = 4096, .tx_packet_size = RECORD_MAX},
	{.name = "tick", .callback = on_lws},
	{0},
};

static void
on_lws_log(int level, const char *line)
{
	report(level & LLL_ERR ? REPORT_ERROR : level & LLL_WARN ? REPORT_WARN : REPORT_DEBUG,
	    "libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

static bool
open_timer(struct server *s)
{
	/* Its own vhost: the other one takes every descriptor for a TLS socket. */
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.vhost_name = "timer",
	};
	struct lws_vhost *vhost = lws_create_vhost(s->context, &info);
	lws_sock_file_fd_type fd;

	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer < 0 || vhost == NULL)
		return false;
	fd.filefd = s->timer;
	return lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "tick",
	    NULL) != NULL;
}

static bool
open_vhost(struct server *s, const struct options *o)
{
	struct lws_context_creation_info info = {
		.port = o->port,
		.iface = o->bind,
		.protocols = protocols,
		.listen_accept_role = "raw-skt",
		.listen_accept_protocol = "exchange",
		.alpn = "http/1.1",
		.vhost_name = "exchange-sim",
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
		    LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG |
		    (strchr(o->bind, ':') ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6),
	};

	s->vhost = lws_create_vhost(s->context, &info);
	return s->vhost != NULL && server_port(s) > 0;
}

struct server *
server_open(struct exchange *x, const struct options *o, const struct cert *cert)
{
	struct server *s = calloc(1, sizeof(*s));
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.user = s,
		.protocols = protocols,
		.fd_limit_per_thread = 1024,
		.pt_serv_buf_size = RECORD_MAX,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};

	if (s == NULL)
		return NULL;
	*s = (struct server){.exchange = x, .cert = cert, .timer = -1, .armed = MONO_NEVER,
		.frames_per_record = o->frames_per_record, .ends = MONO_NEVER};
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, on_lws_log);
	s->context = lws_create_context(&info);
	if (s->context == NULL || !open_vhost(s, o) || !open_timer(s)) {
		report(REPORT_ERROR, "cannot listen on %s port %u", o->bind, o->port);
		server_close(&s);
		return NULL;
	}
	if (o->duration.ns > 0)
		s->ends = mono_add(mono_now(), o->duration);
	settle(s);
	return s;
}

int
server_port(const struct server *s)
{
	return lws_get_vhost_listen_port(s->vhost);
}

void
server_run(struct server *s, const volatile sig_atomic_t *stop)
{
	while (!*stop && !mono_due(s->ends, mono_now()) && !exchange_finished(s->exchange))
		if (lws_service(s->context, 0) < 0)
			break;
}

void
server_interrupt(struct server *s)
{
	lws_cancel_service(s->context);
}

void
server_close(struct server **s)
{
	if (*s == NULL)
		return;
	if ((*s)->context != NULL)
		lws_context_destroy((*s)->context);
	free(*s);
	*s = NULL;
}
