#include "tools/exchange-sim/server.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/exchange-sim/gate.h"
#include "tools/exchange-sim/panel.h"
#include "tools/exchange-sim/peer.h"
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
	struct lws_vhost *secure, *plain;
	SSL_CTX *tls;                /* of `secure` */
	const struct cert *certs;    /* by enum cert_fault */
	enum cert_fault in_use;
	struct gate gate;            /* doors: the endpoints, then the control port */
	struct endpoint *endpoint;
	uint32_t nendpoints;
	int control_port;            /* or -1 */
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
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

mono_t
server_now(void)
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

static void
cut(struct session *p)
{
	int fd = lws_get_socket_fd(p->owner);

	if (p->cut == SESSION_CUT_RST)
		peer_reset(fd);
	else
		peer_finish(fd);
	p->cut = SESSION_CUT_NOT;
	lws_set_timeout(p->owner, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static void
use_cert(struct server *s, enum cert_fault fault)
{
	if (fault == s->in_use)
		return;
	if (SSL_CTX_use_certificate(s->tls, s->certs[fault].x509) != 1 ||
	    SSL_CTX_use_PrivateKey(s->tls, s->certs[fault].key) != 1)
		report(REPORT_ERROR, "cannot change the certificate");
	s->in_use = fault;
}

/* Hands an accepted socket to libwebsockets, which owns it from here on. */
static void
begin_tls(struct server *s, struct gate_guest guest)
{
	struct fault_target target = {.endpoint = s->endpoint[guest.door].name};
	const struct fault *f = faults_hit(&s->exchange->faults, FAULT_CERT, &target);
	lws_sock_file_fd_type fd;

	/* OpenSSL copies the certificate into the connection when that is made. */
	use_cert(s, f != NULL ? (enum cert_fault)f->choice : CERT_GOOD);
	fd.sockfd = guest.fd;
	lws_adopt_descriptor_vhost(s->secure, LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL, fd,
	    "exchange", NULL);
}

static void
let_in(struct server *s, struct gate_guest guest)
{
	struct fault_target target = {0};
	const struct fault *f;
	lws_sock_file_fd_type fd;

	if (guest.door == s->nendpoints) {
		fd.sockfd = guest.fd;
		lws_adopt_descriptor_vhost(s->plain, LWS_ADOPT_SOCKET, fd, "panel", NULL);
		return;
	}
	target.endpoint = s->endpoint[guest.door].name;
	f = faults_hit(&s->exchange->faults, FAULT_SLOW_TLS, &target);
	if (f != NULL)
		gate_postpone(&s->gate, guest, mono_add(server_now(), f->ms));
	else
		begin_tls(s, guest);
}

/* After anything that happened: lets due things happen, asks for writes, sets the timer. */
static void
settle(struct server *s)
{
	mono_t now = server_now();
	wall_t wall = wall_now();
	struct gate_guest guest;

	while (gate_release(&s->gate, now, &guest))
		begin_tls(s, guest);
	exchange_wake(s->exchange, now, wall);
	for (uint32_t i = 0; i < s->nendpoints; i++)
		gate_set_open(&s->gate, i, !exchange_refuses(s->exchange, &s->endpoint[i]));
	for (struct session *p = s->exchange->sessions; p != NULL; p = p->next) {
		if (!p->wants_write && p->state != SESSION_OVER)
			continue;
		p->wants_write = false;
		if (p->cut != SESSION_CUT_NOT)
			cut(p);
		else
			lws_callback_on_writable(p->owner);
	}
	now = mono_min(exchange_deadline(s->exchange, now, wall), s->ends);
	arm(s, mono_min(now, gate_deadline(&s->gate)));
}

/* How many bytes at the front go into the next record; keeps `unframed` up to date. */
static size_t
take_record(const struct server *s, struct session *p)
{
	const unsigned char *at = p->out.p + p->out.head;
	size_t used = outq_used(&p->out) - p->hold.bytes, n = 0, frame;

	if (p->unframed > 0) {
		n = p->unframed < RECORD_MAX ? p->unframed : RECORD_MAX;
		n = n < used ? n : used;
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

	while (outq_used(&p->out) > p->hold.bytes) {
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

/* Puts the good certificate into the context that libwebsockets has made. */
static int
set_up_tls(struct server *s, SSL_CTX *ctx)
{
	if (s->certs == NULL)
		return 0;
	s->tls = ctx;
	if (SSL_CTX_use_certificate(ctx, s->certs[CERT_GOOD].x509) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, s->certs[CERT_GOOD].key) != 1)
		return -1;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	/* The raw role speaks no ALPN; a client that offers it gets none back. */
	SSL_CTX_set_alpn_select_cb(ctx, NULL, NULL);
	return 0;
}

static int
on_join(struct server *s, struct lws *wsi, struct line *line)
{
	char peer[VISITOR_ADDRESS_MAX];
	uint16_t port = peer_addresses(lws_get_socket_fd(wsi), peer, sizeof(peer));
	const struct endpoint *e = NULL;

	for (uint32_t i = 0; i < s->nendpoints; i++)
		if (s->endpoint[i].port == port)
			e = &s->endpoint[i];
	if (!exchange_join(s->exchange, &line->session, e, peer, server_now()))
		return -1;
	line->session.owner = wsi;
	line->joined = true;
	return 0;
}

/* Somebody is at a door, or it is the timer. */
static int
on_file(struct server *s, struct lws *wsi)
{
	struct gate_guest guest;
	uint64_t count;

	if (lws_get_socket_fd(wsi) == s->timer) {
		s->armed = MONO_NEVER;
		return read(s->timer, &count, sizeof(count)) < 0 && errno != EAGAIN ? -1 : 0;
	}
	while (gate_accept(&s->gate, &guest))
		let_in(s, guest);
	return 0;
}

static bool
drain_panel(struct server *s, struct lws *wsi, struct panel *panel)
{
	struct bytes piece;

	while (panel_take(panel, RECORD_MAX, &piece)) {
		if (lws_send_pipe_choked(wsi)) {
			lws_callback_on_writable(wsi);
			return true;
		}
		memcpy(s->record + LWS_PRE, piece.p, piece.n);
		if (lws_write(wsi, s->record + LWS_PRE, piece.n, LWS_WRITE_RAW) < (int)piece.n)
			return false;
		outq_drop(&panel->out, piece.n);
	}
	return !panel->closes;
}

/* libwebsockets' callback of the control port: translates. */
static int
on_panel(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct server *s = lws_context_user(lws_get_context(wsi));
	struct panel *panel = user;
	bool good;

	switch (reason) {
	case LWS_CALLBACK_RAW_ADOPT:
		panel_init(panel);
		return 0;
	case LWS_CALLBACK_RAW_RX:
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		good = panel_on_bytes(panel, s->exchange, (struct bytes){in, len}, server_now());
		lws_callback_on_writable(wsi);
		settle(s);
		return good ? 0 : -1;
	case LWS_CALLBACK_RAW_WRITEABLE:
		return drain_panel(s, wsi, panel) ? 0 : -1;
	case LWS_CALLBACK_RAW_CLOSE:
		if (panel != NULL)
			panel_fini(panel);
		return 0;
	default:
		return 0;
	}
}

/* libwebsockets' callback of everything else: translates. */
static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct server *s = lws_context_user(lws_get_context(wsi));
	struct line *line = user;
	int r = 0;

	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		/* Comes with the context of TLS as `user`, while the server is set up. */
		return set_up_tls(s, user);
	case LWS_CALLBACK_RAW_ADOPT:
		r = on_join(s, wsi, line);
		break;
	case LWS_CALLBACK_RAW_RX:
		/* The timeout of the TLS handshake would stay armed in the raw role. */
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		exchange_on_bytes(s->exchange, &line->session, (struct bytes){in, len},
		    server_now(), wall_now());
		break;
	case LWS_CALLBACK_RAW_WRITEABLE:
		r = drain(s, wsi, &line->session) ? 0 : -1;
		break;
	case LWS_CALLBACK_RAW_CLOSE:
		if (line != NULL && line->joined)
			exchange_leave(s->exchange, &line->session);
		break;
	case LWS_CALLBACK_RAW_RX_FILE:
		r = on_file(s, wsi);
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
	{.name = "file", .callback = on_lws},
	{.name = "panel", .callback = on_panel, .per_session_data_size = sizeof(struct panel),
	    .rx_buffer_size = 4096, .tx_packet_size = RECORD_MAX},
	{0},
};

static void
on_lws_log(int level, const char *line)
{
	report(level & LLL_ERR ? REPORT_ERROR : level & LLL_WARN ? REPORT_WARN : REPORT_DEBUG,
	    "libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

/* Lets libwebsockets wait for a descriptor; it closes it at the end. */
static bool
watch(struct server *s, int file)
{
	lws_sock_file_fd_type fd;

	fd.filefd = file;
	return file >= 0 && lws_adopt_descriptor_vhost(s->plain, LWS_ADOPT_RAW_FILE_DESC, fd,
	    "file", NULL) != NULL;
}

static bool
open_vhosts(struct server *s)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.alpn = "http/1.1",
		.vhost_name = "exchange-sim",
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX,
	};

	s->secure = lws_create_vhost(s->context, &info);
	/* Its own vhost: the other one takes every descriptor for a TLS socket. */
	info = (struct lws_context_creation_info){.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols, .vhost_name = "plain"};
	s->plain = lws_create_vhost(s->context, &info);
	return s->secure != NULL && s->plain != NULL && s->tls != NULL;
}

/* Opens a door; its port, or -1 and a line in the log. */
static int
open_port(struct server *s, const char *address, int port)
{
	int r = gate_add(&s->gate, address, (uint16_t)port);

	if (r >= 0)
		return r;
	report(REPORT_ERROR, "cannot listen on %s port %d: %s", address, port, strerror(-r));
	return -1;
}

static bool
open_doors(struct server *s, struct options *o)
{
	for (uint32_t i = 0; i < o->nendpoints; i++) {
		int port = open_port(s, o->bind, o->endpoint[i].port);

		if (port < 0)
			return false;
		o->endpoint[i].port = (uint16_t)port;
	}
	if (o->control_port >= 0)
		s->control_port = open_port(s, strchr(o->bind, ':') ? "::1" : "127.0.0.1",
		    (int)o->control_port);
	return o->control_port < 0 || s->control_port >= 0;
}

struct server *
server_open(struct exchange *x, struct options *o, const struct cert *certs)
{
	struct server *s = calloc(1, sizeof(*s));
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.user = s,
		.protocols = protocols,
		.fd_limit_per_thread = 2048,
		.pt_serv_buf_size = RECORD_MAX,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};

	if (s == NULL)
		return NULL;
	*s = (struct server){.exchange = x, .certs = certs, .armed = MONO_NEVER,
		.endpoint = o->endpoint, .nendpoints = o->nendpoints, .control_port = -1,
		.frames_per_record = o->frames_per_record, .ends = MONO_NEVER};
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, on_lws_log);
	s->context = lws_create_context(&info);
	if (gate_init(&s->gate) < 0 || s->context == NULL || !open_vhosts(s) ||
	    !watch(s, s->timer) || !watch(s, s->gate.epoll)) {
		report(REPORT_ERROR, "cannot set up the server");
		server_close(&s);
	} else if (!open_doors(s, o)) {
		server_close(&s);
	} else {
		if (o->duration.ns > 0)
			s->ends = mono_add(server_now(), o->duration);
		settle(s);
	}
	return s;
}

int
server_control_port(const struct server *s)
{
	return s->control_port;
}

void
server_run(struct server *s, const volatile sig_atomic_t *stop)
{
	while (!*stop && !mono_due(s->ends, server_now()) && !exchange_finished(s->exchange))
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
	/* libwebsockets closes what it watches, the gate's epoll among it. */
	if ((*s)->context != NULL)
		lws_context_destroy((*s)->context);
	(*s)->gate.epoll = -1;
	gate_fini(&(*s)->gate);
	free(*s);
	*s = NULL;
}
