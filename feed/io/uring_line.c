#include "feed/io/uring_line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/rand.h>

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
	return wsframe_init(&line->frames, (size_t)owner->base.cfg.message_bytes_max);
}

void
uring_line_fini(struct uring_line *line)
{
	uring_line_drop(line);
	free(line->out);
	line->out = NULL;
	wsframe_fini(&line->frames);
}

void
uring_line_drop(struct uring_line *line)
{
	SSL_free(line->ssl);
	line->ssl = NULL;
	if (line->fd >= 0) {
		/*
		 * What was prepared goes out first: an answer, an alert; and no entry
		 * may be left that names this descriptor when it names another socket.
		 */
		io_uring_submit(&line->owner->ring);
		/* Ends what the ring still waits for on this socket. */
		shutdown(line->fd, SHUT_RDWR);
		close(line->fd);
	}
	line->fd = -1;
	line->serial++;
	line->receiving = false;
	line->sending = 0;
	line->out_n = 0;
	line->in = BYTES_NONE;
	wsframe_reset(&line->frames);
}

static void __attribute__((format(printf, 3, 4)))
end(struct uring_line *line, enum tick_reason reason, const char *format, ...)
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
	uring_line_drop(line);
	line->state = URING_LINE_IDLE;
	line->deadline = MONO_NEVER;
	transport_post(&line->owner->base, &event);
}

/* ---- connecting -------------------------------------------------------------- */

static bool
to_address(struct uring_line *line)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&line->peer_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&line->peer_address;

	memset(&line->peer_address, 0, sizeof(line->peer_address));
	if (inet_pton(AF_INET, line->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(line->port);
		return true;
	}
	if (inet_pton(AF_INET6, line->address, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(line->port);
	return true;
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
	end(line, net_reason_of_errno(error), "%s (%s:%u): %s", line->host, line->address,
	    line->port, strerror(error));
}

static void
dial(struct uring_line *line)
{
	struct io_uring_sqe *sqe;
	socklen_t n;

	line->state = URING_LINE_DIALING;
	if (!to_address(line)) {
		fail_errno(line, EINVAL);
		return;
	}
	line->fd = socket(line->peer_address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->fd < 0) {
		fail_errno(line, errno);
		return;
	}
	set_options(line->fd);
	n = line->peer_address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                                            : sizeof(struct sockaddr_in6);
	sqe = transport_uring_sqe(line, URING_OP_CONNECT);
	io_uring_prep_connect(sqe, line->fd, (struct sockaddr *)&line->peer_address, n);
}

static bool
is_numeric(const char *host)
{
	unsigned char scratch[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, scratch) == 1 || inet_pton(AF_INET6, host, scratch) == 1;
}

int
uring_line_connect(struct uring_line *line, uint32_t attempt, const struct transport_target *target,
    mono_t now)
{
	const char *address = target->address != NULL ? target->address : target->host;

	if (line->state != URING_LINE_IDLE)
		return -EBUSY;
	if (strlen(target->host) > URING_LINE_HOST_MAX || target->port == 0 ||
	    (target->address != NULL && !is_numeric(target->address)))
		return -EINVAL;
	snprintf(line->host, sizeof(line->host), "%s", target->host);
	snprintf(line->path, sizeof(line->path), "%s", target->path);
	line->port = target->port;
	line->attempt = attempt;
	line->deadline = mono_add(now, line->owner->base.cfg.connect_within);
	line->peer = (struct tls_peer){.host = line->host};
	line->upgrade = (struct upgrade){.retry_after_s = -1};
	line->close_seen = false;
	line->close_code = 0;
	line->close_text[0] = '\0';
	line->serial++;
	if (is_numeric(address)) {
		snprintf(line->address, sizeof(line->address), "%s", address);
		dial(line);
		return 0;
	}
	line->address[0] = '\0';
	line->state = URING_LINE_RESOLVING;
	if (resolve_ask(line->owner->resolve, line->index, line->serial, line->host) != 0)
		end(line, TICK_REASON_DNS, "%s: the resolver takes no more questions", line->host);
	return 0;
}

void
uring_line_on_answer(struct uring_line *line, const struct resolve_answer *answer)
{
	if (line->state != URING_LINE_RESOLVING || answer->ticket != line->serial)
		return;
	if (answer->count == 0) {
		end(line, TICK_REASON_DNS, "%s: %s", line->host, answer->why);
		return;
	}
	snprintf(line->address, sizeof(line->address), "%s",
	    answer->address[line->turn % answer->count]);
	dial(line);
}

/* ---- sending ----------------------------------------------------------------- */

/* Has the ring send what waits, one operation at a time. */
static void
flush(struct uring_line *line)
{
	struct io_uring_sqe *sqe;

	if (line->sending > 0 || line->out_n == 0 || line->fd < 0)
		return;
	line->sending = line->out_n;
	sqe = transport_uring_sqe(line, URING_OP_SEND);
	io_uring_prep_send(sqe, line->fd, line->out, line->sending, MSG_NOSIGNAL);
}

static void
lost(struct uring_line *line, int error)
{
	if (line->state == URING_LINE_CLOSING)
		end(line, TICK_REASON_HUNG_UP, "%s: closed by us with code %d", line->host,
		    line->close_code);
	else if (line->state == URING_LINE_UP)
		end(line, TICK_REASON_PEER_RESET, "%s: %s", line->host, strerror(error));
	else
		fail_errno(line, error);
}

void
uring_line_on_sent(struct uring_line *line, int result)
{
	line->sending = 0;
	if (result < 0 && result != -EINTR && result != -EAGAIN) {
		/* What the server said before it went away may still be there to read. */
		if (line->state < URING_LINE_UP)
			lost(line, -result);
		return;
	}
	if (result > 0) {
		line->out_n -= (size_t)result;
		memmove(line->out, line->out + result, line->out_n);
	}
	flush(line);
}

static bool
write_tls(struct uring_line *line, const char *bytes, size_t n)
{
	size_t written;

	ERR_clear_error();
	if (URING_LINE_OUT_MAX - line->out_n < n + TLS_OVERHEAD_MAX ||
	    SSL_write_ex(line->ssl, bytes, n, &written) != 1)
		return false;
	flush(line);
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
	return write_tls(line, frame, n) ? 0 : -EAGAIN;
}

void
uring_line_hang_up(struct uring_line *line, int close_code, mono_t now)
{
	char code[2];

	if (line->state == URING_LINE_IDLE || line->state == URING_LINE_CLOSING)
		return;
	if (line->state != URING_LINE_UP) {
		end(line, TICK_REASON_HUNG_UP, "%s: given up by us", line->host);
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
		[URING_LINE_TLS] = "no end of the TLS handshake",
		[URING_LINE_UPGRADING] = "no answer to the WebSocket upgrade",
	};

	if (!mono_due(line->deadline, now))
		return;
	if (line->state == URING_LINE_CLOSING)
		end(line, TICK_REASON_HUNG_UP, "%s: closed by us, the server did not answer",
		    line->host);
	else if (line->state == URING_LINE_RESOLVING)
		end(line, TICK_REASON_DNS, "%s: no answer from the name servers in time",
		    line->host);
	else
		end(line, TICK_REASON_CONNECT_TIMEOUT, "%s (%s:%u): %s in time", line->host,
		    line->address, line->port, stuck[line->state]);
}

/* ---- receiving --------------------------------------------------------------- */

/* The TLS handshake or a record failed. */
static void
fail_tls(struct uring_line *line)
{
	const char *words = ERR_reason_error_string(ERR_peek_error());

	if (line->peer.reason != TICK_REASON_NONE)
		end(line, line->peer.reason, "%s", line->peer.detail);
	else
		end(line, TICK_REASON_TLS_ERROR, "%s: TLS: %s", line->host,
		    words != NULL ? words : "protocol error");
}

static void
ask_upgrade(struct uring_line *line)
{
	unsigned char nonce[UPGRADE_NONCE];
	char request[UPGRADE_REQUEST_MAX];
	size_t n = 0;

	line->state = URING_LINE_UPGRADING;
	if (RAND_bytes(nonce, sizeof(nonce)) == 1)
		n = upgrade_begin(&line->upgrade, request, line->host, line->port, line->path, nonce);
	if (n == 0 || !write_tls(line, request, n))
		end(line, TICK_REASON_INTERNAL, "%s: the upgrade request cannot be made",
		    line->host);
}

/* Returns whether there may be more to do with the bytes at hand. */
static bool
shake_hands(struct uring_line *line)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(line->ssl);
	flush(line); /* an alert, too, is to reach the server */
	if (rc == 1) {
		ask_upgrade(line);
		return line->state == URING_LINE_UPGRADING;
	}
	if (SSL_get_error(line->ssl, rc) != SSL_ERROR_WANT_READ)
		fail_tls(line);
	return false;
}

static void
go_up(struct uring_line *line)
{
	struct transport_event event = {
		.kind = TRANSPORT_UP,
		.line = line->index,
		.attempt = line->attempt,
		.retry_after_s = -1,
		.at = line->stamps.recv_mono,
	};

	line->state = URING_LINE_UP;
	line->deadline = MONO_NEVER;
	snprintf(event.detail, sizeof(event.detail), "%.80s (%s:%u) %s %s", line->host,
	    line->address, line->port, SSL_get_version(line->ssl), SSL_get_cipher_name(line->ssl));
	transport_post(&line->owner->base, &event);
}

static void
take_answer(struct uring_line *line, struct bytes *in)
{
	switch (upgrade_next(&line->upgrade, in)) {
	case UPGRADE_MORE:
		break;
	case UPGRADE_ACCEPTED:
		go_up(line);
		break;
	case UPGRADE_REFUSED:
		end(line, net_reason_of_status(line->upgrade.status), "%.60s%.30s: %s", line->host,
		    line->path, line->upgrade.detail);
		break;
	case UPGRADE_BROKEN:
		end(line, TICK_REASON_PROTOCOL, "%.60s: %s", line->host,
		    line->upgrade.detail);
		break;
	}
}

static void
note(struct uring_line *line, enum transport_event_kind kind)
{
	struct transport_event event = {
		.kind = kind,
		.line = line->index,
		.attempt = line->attempt,
		.retry_after_s = -1,
		.at = line->stamps.recv_mono,
	};

	transport_post(&line->owner->base, &event);
}

/* RFC 6455 5.5.3: the PONG carries the PING's payload; nothing waits for it. */
static void
answer_ping(struct uring_line *line, struct bytes payload)
{
	line->owner->base.counts[line->index].pings++;
	if (uring_line_send(line, WSFRAME_OP_PONG, payload) == 0)
		note(line, TRANSPORT_PING);
}

static void
on_close_frame(struct uring_line *line, struct bytes reason)
{
	char code[2];

	if (line->state == URING_LINE_CLOSING) {
		end(line, TICK_REASON_HUNG_UP, "%s: closed by us with code %d", line->host,
		    line->close_code);
		return;
	}
	line->close_seen = line->frames.close_code != 1005;
	line->close_code = line->close_seen ? line->frames.close_code : 0;
	net_reason_clean(reason, line->close_text, sizeof(line->close_text));
	wsframe_close_payload(code, line->close_seen ? line->close_code : 1000);
	(void)uring_line_send(line, WSFRAME_OP_CLOSE, (struct bytes){code, 2});
	end(line, TICK_REASON_PEER_CLOSED, "%s: closed by the server with code %d %s", line->host,
	    line->close_code, line->close_text);
}

static void
deliver(struct uring_line *line, enum transport_payload kind, struct bytes message)
{
	struct transport *base = &line->owner->base;

	if (line->state != URING_LINE_UP)
		return; /* we said good-bye already */
	base->counts[line->index].messages++;
	base->counts[line->index].bytes += message.n;
	base->cfg.sink(base->cfg.sink_context, line->index, kind, message, line->stamps);
}

/* Frames out of decrypted bytes; padded, as wsframe_next() wants it. */
static void
take_frames(struct uring_line *line, struct bytes in)
{
	struct bytes message;

	while (line->state >= URING_LINE_UP) {
		switch (wsframe_next(&line->frames, &in, &message)) {
		case WSFRAME_MORE:
			return;
		case WSFRAME_TEXT:
			deliver(line, TRANSPORT_TEXT, message);
			break;
		case WSFRAME_BINARY:
			deliver(line, TRANSPORT_BINARY, message);
			break;
		case WSFRAME_PING:
			answer_ping(line, message);
			break;
		case WSFRAME_PONG:
			line->owner->base.counts[line->index].pongs++;
			note(line, TRANSPORT_PONG);
			break;
		case WSFRAME_OVERSIZE:
			line->owner->base.counts[line->index].oversize++;
			break;
		case WSFRAME_CLOSE:
			on_close_frame(line, message);
			return;
		case WSFRAME_BROKEN:
			end(line, TICK_REASON_PROTOCOL, "%s: broken WebSocket frame: %s",
			    line->host, wsframe_fault_text(line->frames.fault));
			return;
		}
	}
}

/* Decrypts and takes one record's worth. Returns whether there may be more. */
static bool
take_record(struct uring_line *line)
{
	struct bytes in = {line->owner->plain, 0};

	ERR_clear_error();
	if (SSL_read_ex(line->ssl, line->owner->plain, URING_LINE_PLAIN, &in.n) != 1) {
		int error = SSL_get_error(line->ssl, 0);

		if (error == SSL_ERROR_ZERO_RETURN)
			uring_line_on_receive_ended(line, 0);
		else if (error != SSL_ERROR_WANT_READ)
			fail_tls(line);
		else
			flush(line); /* a key update may want to be answered */
		return false;
	}
	if (line->state == URING_LINE_UPGRADING)
		take_answer(line, &in);
	if (line->state >= URING_LINE_UP)
		take_frames(line, in);
	return line->state != URING_LINE_IDLE;
}

void
uring_line_on_received(struct uring_line *line, struct bytes bytes, struct transport_stamps stamps)
{
	bool more = true;

	line->in = bytes;
	line->stamps = stamps;
	while (more && line->state >= URING_LINE_TLS)
		more = line->state == URING_LINE_TLS ? shake_hands(line) : take_record(line);
	line->in = BYTES_NONE;
}

void
uring_line_on_receive_ended(struct uring_line *line, int result)
{
	if (result < 0)
		lost(line, -result);
	else if (line->state == URING_LINE_CLOSING)
		lost(line, 0);
	else if (line->state == URING_LINE_UP)
		end(line, TICK_REASON_PEER_CLOSED, "%s: closed without a close frame", line->host);
	else if (line->peer.reason != TICK_REASON_NONE)
		end(line, line->peer.reason, "%s", line->peer.detail);
	else
		end(line, TICK_REASON_PEER_CLOSED, "%s (%s:%u): the server closed the connection",
		    line->host, line->address, line->port);
}

void
uring_line_on_connected(struct uring_line *line, int result)
{
	if (result < 0) {
		fail_errno(line, -result);
		return;
	}
	line->state = URING_LINE_TLS;
	if (uring_tls_begin(line) != 0) {
		end(line, TICK_REASON_INTERNAL, "%s: out of memory for TLS", line->host);
		return;
	}
	shake_hands(line);
}
