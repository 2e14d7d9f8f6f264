#include "feed/io/uring_line.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "feed/base/host.h"
#include "feed/io/clock.h"
#include "feed/io/net_reason.h"

/* TLS adds at most this to a frame: record header, padding, tag. */
#define TLS_OVERHEAD_MAX 256

int
uring_line_init(struct uring_line *line, struct transport_uring *owner, unsigned index)
{
	*line = (struct uring_line){
		.owner = owner,
		.index = index,
		.fd = -1,
		.deadline = MONO_NEVER,
	};
	line->peer.host = line->host;
	line->out = malloc(URING_LINE_OUT_MAX);
	if (line->out == NULL)
		return -ENOMEM;
	if (owner->base.cfg.permessage_deflate &&
	    inflate_open(&line->inflate, (size_t)owner->base.cfg.message_bytes_max) != 0)
		return -ENOMEM;
	return wsframe_init(&line->frames, (size_t)owner->base.cfg.message_bytes_max);
}

void
uring_line_fini(struct uring_line *line)
{
	uring_line_drop(line);
	free(line->out);
	line->out = NULL;
	inflate_close(&line->inflate);
	wsframe_fini(&line->frames);
}

/*
 * What came behind the operation that is being sent: PONGs, the answer to a
 * CLOSE that was read with what they answer. As much as the socket takes now.
 */
static void
send_rest(const struct uring_line *line)
{
	if (line->out_n > line->sending)
		(void)!send(line->fd, line->out + line->sending, line->out_n - line->sending,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
uring_line_drop(struct uring_line *line)
{
	/* Or OpenSSL takes the end for a truncation and its session for spoilt (RFC 8446 6.1). */
	if (line->ssl != NULL && SSL_is_init_finished(line->ssl))
		SSL_set_shutdown(line->ssl, SSL_SENT_SHUTDOWN);
	SSL_free(line->ssl);
	line->ssl = NULL;
	if (line->fd >= 0) {
		/*
		 * What was prepared goes out first: an answer, an alert; and no entry
		 * may be left that names this descriptor when it names another socket.
		 */
		transport_uring_forget(line->owner, line->fd);
		send_rest(line);
		/* Ends what the ring still waits for on this socket. */
		shutdown(line->fd, SHUT_RDWR);
		close(line->fd);
	}
	line->fd = -1;
	line->serial++;
	line->receiving = false;
	line->sending = 0;
	line->out_n = 0;
	line->pong_end = 0;
	line->in = BYTES_NONE;
	line->record_left = 0;
	line->header_n = 0;
	wsframe_reset(&line->frames);
}

void
uring_line_end(struct uring_line *line, enum tick_reason reason, const char *format, ...)
{
	bool was_up = line->state >= URING_LINE_UP;
	struct transport_event event = {
		.kind = was_up ? TRANSPORT_DOWN : TRANSPORT_FAILED,
		.line = line->index,
		.attempt = line->attempt,
		.reason = reason,
		.close_code = was_up && line->close_seen ? line->close_code : 0,
		.http_status = was_up ? 0 : line->upgrade.status == 101 ? 0 : line->upgrade.status,
		.retry_after_s = was_up ? -1 : line->upgrade.retry_after_s,
		.at = clock_mono(),
	};
	va_list args;

	va_start(args, format);
	vsnprintf(event.detail, sizeof(event.detail), format, args);
	va_end(args);
	line->turn += was_up ? 0 : 1;
	if (line->state == URING_LINE_TLS && line->resuming && reason != TICK_REASON_HUNG_UP)
		tls_sessions_distrust(line->ssl);
	uring_line_drop(line);
	line->state = URING_LINE_IDLE;
	line->deadline = MONO_NEVER;
	transport_post(&line->owner->base, &event);
}

void
uring_line_note(struct uring_line *line, enum transport_event_kind kind, mono_t at)
{
	struct transport_event event = {
		.kind = kind,
		.line = line->index,
		.attempt = line->attempt,
		.retry_after_s = -1,
		.at = at,
	};

	transport_post(&line->owner->base, &event);
}

/* ---- connecting -------------------------------------------------------------- */

/* The port is found by connect(), which knows more than bind() of those in use. */
static int
bind_source(struct uring_line *line)
{
	struct sockaddr_storage source;
	socklen_t n = host_address(&source, line->source, 0);
	const int on = 1;

	setsockopt(line->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(line->fd, (struct sockaddr *)&source, n) == 0 ? 0 : errno;
}

static void
set_options(int fd)
{
	const int on = 1, idle_s = 30, interval_s = 5, probes = 3;

	/* Without them the line works, only slower to notice trouble: no error. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static void
fail_errno(struct uring_line *line, int error)
{
	uring_line_end(line, net_reason_of_errno(error), "%s (%s:%u): %s", line->host,
	    line->address, line->dial_port, strerror(error));
}

static void
dial(struct uring_line *line)
{
	socklen_t n = host_address(&line->peer_address, line->address, line->dial_port);
	struct io_uring_sqe *sqe;
	int error;

	line->state = URING_LINE_DIALING;
	if (n == 0) {
		fail_errno(line, EINVAL);
		return;
	}
	line->fd = socket(line->peer_address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->fd < 0) {
		fail_errno(line, errno);
		return;
	}
	set_options(line->fd);
	if (line->owner->base.cfg.kernel_stamps)
		uring_stamp_ask(line->fd, &line->shape);
	if (line->source[0] != '\0' && (error = bind_source(line)) != 0) {
		uring_line_end(line, net_reason_of_errno(error), "%s (%s from %s): %s", line->host,
		    line->address, line->source, strerror(error));
		return;
	}
	sqe = transport_uring_sqe(line, URING_OP_CONNECT);
	if (sqe == NULL) {
		fail_errno(line, EAGAIN);
		return;
	}
	io_uring_prep_connect(sqe, line->fd, (struct sockaddr *)&line->peer_address, n);
}

static void
aim(struct uring_line *line, const struct transport_target *target)
{
	const struct transport_uring *t = line->owner;

	snprintf(line->host, sizeof(line->host), "%s", target->host);
	snprintf(line->path, sizeof(line->path), "%s", target->path);
	snprintf(line->target, sizeof(line->target), "%s",
	    target->address != NULL ? target->address : "");
	snprintf(line->source, sizeof(line->source), "%s",
	    target->source != NULL ? target->source : "");
	line->api_key = target->api_key;
	line->port = target->port;
	line->dial_port = t->proxy_host[0] != '\0' ? t->proxy_port : target->port;
}

int
uring_line_connect(struct uring_line *line, uint32_t attempt, const struct transport_target *target,
    mono_t now)
{
	const char *proxy = line->owner->proxy_host, *address;

	if (line->state != URING_LINE_IDLE)
		return -EBUSY;
	aim(line, target);
	address = proxy[0] != '\0' ? proxy : line->target[0] != '\0' ? line->target : line->host;
	line->attempt = attempt;
	line->deadline = mono_add(now, line->owner->base.cfg.connect_within);
	line->peer = (struct tls_peer){.host = line->host};
	line->upgrade = (struct upgrade){.retry_after_s = -1};
	line->close_seen = false;
	line->close_code = 0;
	line->close_text[0] = '\0';
	line->serial++;
	if (host_is_numeric(address)) {
		snprintf(line->address, sizeof(line->address), "%.45s", address);
		dial(line);
		return 0;
	}
	line->address[0] = '\0';
	line->state = URING_LINE_RESOLVING;
	if (resolve_ask(line->owner->resolve, line->index, line->serial, address) != 0)
		uring_line_end(
		    line, TICK_REASON_DNS, "%s: the resolver takes no more questions", address);
	return 0;
}

void
uring_line_on_answer(struct uring_line *line, const struct resolve_answer *answer)
{
	const char *address = resolve_pick(answer, line->turn, line->source);
	const char *proxy = line->owner->proxy_host;

	if (line->state != URING_LINE_RESOLVING || answer->ticket != line->serial)
		return;
	if (address == NULL) {
		uring_line_end(line, TICK_REASON_DNS, "%s: %s", proxy[0] ? proxy : line->host,
		    answer->count == 0 ? answer->why : "no address of the source's family");
		return;
	}
	snprintf(line->address, sizeof(line->address), "%s", address);
	dial(line);
}

/* ---- sending ----------------------------------------------------------------- */

/* Has the ring send what waits, one operation at a time. */
void
uring_line_flush(struct uring_line *line)
{
	struct io_uring_sqe *sqe;

	if (line->sending > 0 || line->out_n == 0 || line->fd < 0)
		return;
	sqe = transport_uring_sqe(line, URING_OP_SEND);
	if (sqe == NULL)
		return;
	line->sending = line->out_n;
	io_uring_prep_send(sqe, line->fd, line->out, line->sending, MSG_NOSIGNAL);
}

void
uring_line_lost(struct uring_line *line, int error)
{
	if (line->state == URING_LINE_CLOSING)
		uring_line_end(line, TICK_REASON_HUNG_UP, "%s: closed by us with code %d",
		    line->host, line->close_code);
	else if (line->state == URING_LINE_UP)
		uring_line_end(line, TICK_REASON_PEER_RESET, "%s: %s", line->host, strerror(error));
	else
		fail_errno(line, error);
}

/* So many bytes are in the kernel's hands now: was a PONG among them? */
static void
note_answers(struct uring_line *line, size_t sent)
{
	if (line->pong_end == 0)
		return;
	line->pong_end -= sent < line->pong_end ? sent : line->pong_end;
	if (line->pong_end == 0)
		uring_line_note(line, TRANSPORT_ANSWERED, clock_mono());
}

void
uring_line_on_sent(struct uring_line *line, int result)
{
	line->sending = 0;
	if (result < 0 && result != -EINTR && result != -EAGAIN) {
		/* What the server said before it went away may still be there to read. */
		if (line->state < URING_LINE_UP)
			uring_line_lost(line, -result);
		return;
	}
	if (result > 0) {
		line->out_n -= (size_t)result;
		memmove(line->out, line->out + result, line->out_n);
		note_answers(line, (size_t)result);
	}
	uring_line_flush(line);
}

bool
uring_line_write(struct uring_line *line, const char *bytes, size_t n)
{
	size_t written;

	ERR_clear_error();
	if (URING_LINE_OUT_MAX - line->out_n < n + TLS_OVERHEAD_MAX ||
	    SSL_write_ex(line->ssl, bytes, n, &written) != 1)
		return false;
	uring_line_flush(line);
	return true;
}

int
uring_line_send(struct uring_line *line, enum wsframe_opcode opcode, struct bytes payload)
{
	char frame[TRANSPORT_SEND_MAX + WSFRAME_HEADER_MAX];
	uint32_t mask;
	size_t n;

	if (line->state != URING_LINE_UP)
		return -ENOTCONN;
	if (RAND_bytes((unsigned char *)&mask, sizeof(mask)) != 1)
		return -EAGAIN;
	n = wsframe_write(frame, sizeof(frame), opcode, payload, mask);
	if (n == 0)
		return -EMSGSIZE;
	return uring_line_write(line, frame, n) ? 0 : -EAGAIN;
}

void
uring_line_hang_up(struct uring_line *line, int close_code, mono_t now)
{
	char code[2];

	if (line->state == URING_LINE_IDLE || line->state == URING_LINE_CLOSING)
		return;
	if (line->state != URING_LINE_UP) {
		uring_line_end(line, TICK_REASON_HUNG_UP, "%s: given up by us", line->host);
		return;
	}
	wsframe_close_payload(code, close_code);
	(void)uring_line_send(line, WSFRAME_OP_CLOSE, (struct bytes){code, 2});
	line->state = URING_LINE_CLOSING;
	line->close_code = close_code;
	line->deadline = mono_add(now, span_s(URING_LINE_CLOSE_WITHIN_S));
}

void
uring_line_on_time(struct uring_line *line, mono_t now)
{
	static const char *const stuck[] = {
		[URING_LINE_DIALING] = "no answer to TCP connect",
		[URING_LINE_PROXY] = "no answer of the proxy",
		[URING_LINE_TLS] = "no end of the TLS handshake",
		[URING_LINE_UPGRADING] = "no answer to the WebSocket upgrade",
	};

	if (!mono_due(line->deadline, now))
		return;
	if (line->state == URING_LINE_CLOSING)
		uring_line_end(line, TICK_REASON_HUNG_UP,
		    "%s: closed by us, the server did not answer", line->host);
	else if (line->state == URING_LINE_RESOLVING)
		uring_line_end(line, TICK_REASON_DNS, "%s: no answer from the name servers in time",
		    line->host);
	else
		uring_line_end(line, TICK_REASON_CONNECT_TIMEOUT, "%s (%s:%u): %s in time",
		    line->host, line->address, line->dial_port, stuck[line->state]);
}

void
uring_line_secure(struct uring_line *line)
{
	line->state = URING_LINE_TLS;
	line->owner->base.progress[line->index].connected = clock_mono();
	if (uring_tls_begin(line) != 0) {
		uring_line_end(line, TICK_REASON_INTERNAL, "%s: out of memory for TLS", line->host);
		return;
	}
	uring_line_shake_hands(line);
}

/* Asks the proxy for a way to the exchange. */
static void
ask_proxy(struct uring_line *line)
{
	const char *host = line->target[0] != '\0' ? line->target : line->host;

	line->state = URING_LINE_PROXY;
	line->out_n = proxy_begin(
	    &line->proxy, line->out, host, line->port, line->owner->proxy_credentials);
	if (line->out_n == 0)
		uring_line_end(line, TICK_REASON_INTERNAL, "%s: the proxy cannot be asked",
		    line->host);
	else
		uring_line_flush(line);
}

void
uring_line_on_connected(struct uring_line *line, int result)
{
	if (result < 0)
		fail_errno(line, -result);
	else if (line->owner->proxy_host[0] != '\0')
		ask_proxy(line);
	else
		uring_line_secure(line);
}
