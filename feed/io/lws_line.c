#include "feed/io/lws_line.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "feed/base/host.h"
#include "feed/io/clock.h"
#include "feed/io/lws_reason.h"
#include "feed/io/net_reason.h"

/*
 * No pings and no hang-ups by libwebsockets' own clock: silence is watched by
 * the session core. (Zero switches both off, lib/core-net/wsi-timeout.c.)
 */
static const lws_retry_bo_t no_policy;

int
lws_line_init(struct lws_line *line, struct transport_lws *owner, unsigned index)
{
	*line = (struct lws_line){.owner = owner, .index = index, .deadline = MONO_NEVER};
	line->peer.host = line->host;
	if (lws_tx_init(&line->tx) != 0 || recv_bio_init(&line->bio) != 0)
		return -ENOMEM;
	return assemble_init(&line->assemble, (size_t)owner->base.cfg.message_bytes_max);
}

void
lws_line_fini(struct lws_line *line)
{
	lws_tx_fini(&line->tx);
	recv_bio_fini(&line->bio);
	assemble_fini(&line->assemble);
}

void
lws_line_let_go(struct lws_line *line)
{
	struct lws *wsi = line->wsi;
	SSL *ssl = wsi == NULL ? NULL : lws_get_ssl(wsi);

	line->wsi = NULL;
	if (wsi == NULL)
		return;
	if (ssl != NULL) {
		tls_release(ssl);
		recv_bio_detach(&line->bio, ssl);
	}
	lws_set_opaque_user_data(wsi, NULL);
}

/* The same, and has the library close it at its next turn, without ceremony. */
static void
drop(struct lws_line *line)
{
	struct lws *wsi = line->wsi;

	lws_line_let_go(line);
	if (wsi != NULL)
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void __attribute__((format(printf, 3, 4)))
end(struct lws_line *line, enum tick_reason reason, const char *format, ...)
{
	bool was_up = line->state >= LWS_LINE_UP;
	struct transport_event event = {
		.kind = was_up ? TRANSPORT_DOWN : TRANSPORT_FAILED,
		.line = line->index,
		.attempt = line->attempt,
		.reason = reason,
		.close_code = was_up && line->close_seen ? line->close_code : 0,
		.http_status = was_up ? 0 : line->http_status,
		.retry_after_s = was_up ? -1 : line->retry_after_s,
		.at = clock_mono(),
	};
	va_list args;

	va_start(args, format);
	vsnprintf(event.detail, sizeof(event.detail), format, args);
	va_end(args);
	line->turn += was_up ? 0 : 1;
	line->state = LWS_LINE_IDLE;
	line->deadline = MONO_NEVER;
	lws_tx_reset(&line->tx);
	assemble_reset(&line->assemble);
	transport_post(&line->owner->base, &event);
}

static void
dial(struct lws_line *line)
{
	char host[LWS_LINE_HOST_MAX + 16];
	bool v6 = strchr(line->host, ':') != NULL;
	struct lws_client_connect_info info = {
		.context = line->owner->context,
		.address = line->address,
		.port = line->port,
		.iface = line->source[0] != '\0' ? line->source : NULL,
		.ssl_connection = LCCSCF_USE_SSL | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.path = line->path,
		.host = host,
		.ietf_version_or_minus_one = -1,
		.pwsi = &line->wsi,
		.alpn = "http/1.1", /* h2 would be negotiated and then hang (4.1.6) */
		.retry_and_idle_policy = &no_policy,
	};
	struct lws *wsi;

	/* RFC 9110 section 7.2: the port belongs into Host unless it is the default. */
	if (line->port == 443)
		snprintf(host, sizeof(host), v6 ? "[%s]" : "%s", line->host);
	else
		snprintf(host, sizeof(host), v6 ? "[%s]:%u" : "%s:%u", line->host, line->port);
	line->state = LWS_LINE_DIALING;
	errno = 0;
	/* What fails at once fails without CONNECTION_ERROR, so the line is tied to it later. */
	wsi = lws_client_connect_via_info(&info);
	if (wsi != NULL) {
		lws_set_opaque_user_data(wsi, line);
		return;
	}
	line->wsi = NULL;
	if (line->peer.reason != TICK_REASON_NONE)
		end(line, line->peer.reason, "%s", line->peer.detail);
	else
		end(line, net_reason_of_errno(errno), "%s (%s:%u): %s", line->host, line->address,
		    line->port, errno != 0 ? strerror(errno) : "cannot connect");
}

int
lws_line_connect(struct lws_line *line, uint32_t attempt, const struct transport_target *target,
    mono_t now)
{
	const char *address = target->address != NULL ? target->address : target->host;

	if (line->state != LWS_LINE_IDLE)
		return -EBUSY;
	snprintf(line->host, sizeof(line->host), "%s", target->host);
	snprintf(line->source, sizeof(line->source), "%s",
	    target->source != NULL ? target->source : "");
	snprintf(line->path, sizeof(line->path), "%s", target->path);
	line->port = target->port;
	line->api_key = target->api_key;
	line->attempt = attempt;
	line->deadline = mono_add(now, line->owner->base.cfg.connect_within);
	line->peer = (struct tls_peer){.host = line->host};
	line->http_status = 0;
	line->retry_after_s = -1;
	line->close_seen = false;
	line->close_begun = false;
	line->close_code = 0;
	line->close_text[0] = '\0';
	line->ticket++;
	if (host_is_numeric(address)) {
		snprintf(line->address, sizeof(line->address), "%s", address);
		dial(line);
		return 0;
	}
	line->address[0] = '\0';
	line->state = LWS_LINE_RESOLVING;
	if (resolve_ask(line->owner->resolve, line->index, line->ticket, line->host) != 0)
		end(line, TICK_REASON_DNS, "%s: the resolver takes no more questions", line->host);
	return 0;
}

void
lws_line_on_answer(struct lws_line *line, const struct resolve_answer *answer)
{
	const char *address = resolve_pick(answer, line->turn, line->source);

	if (line->state != LWS_LINE_RESOLVING || answer->ticket != line->ticket)
		return;
	if (address == NULL) {
		end(line, TICK_REASON_DNS, "%s: %s", line->host,
		    answer->count == 0 ? answer->why : "no address of the source's family");
		return;
	}
	snprintf(line->address, sizeof(line->address), "%s", address);
	dial(line);
}

void
lws_line_hang_up(struct lws_line *line, int close_code, mono_t now)
{
	if (line->state == LWS_LINE_IDLE || line->state == LWS_LINE_CLOSING)
		return;
	if (line->state != LWS_LINE_UP) {
		drop(line);
		end(line, TICK_REASON_HUNG_UP, "%s: given up by us", line->host);
		return;
	}
	line->state = LWS_LINE_CLOSING;
	line->close_code = close_code;
	line->deadline = mono_add(now, span_s(LWS_LINE_CLOSE_WITHIN_S));
	lws_callback_on_writable(line->wsi);
}

void
lws_line_on_time(struct lws_line *line, mono_t now)
{
	static const char *const stuck[] = {
		[LWS_LINE_DIALING] = "no answer to TCP connect",
		[LWS_LINE_TLS] = "no end of the TLS handshake",
		[LWS_LINE_UPGRADING] = "no answer to the WebSocket upgrade",
	};

	if (!mono_due(line->deadline, now))
		return;
	drop(line);
	if (line->state == LWS_LINE_CLOSING)
		end(line, TICK_REASON_HUNG_UP, "%s: closed by us, the server did not answer",
		    line->host);
	else if (line->state == LWS_LINE_RESOLVING)
		end(line, TICK_REASON_DNS, "%s: no answer from the name servers in time",
		    line->host);
	else
		end(line, TICK_REASON_CONNECT_TIMEOUT, "%s (%s:%u): %s in time", line->host,
		    line->address, line->port, stuck[line->state]);
}

void
lws_line_on_dialed(struct lws_line *line, int error)
{
	if (line->state != LWS_LINE_DIALING)
		return;
	if (error == 0) {
		line->state = LWS_LINE_TLS;
		line->owner->base.progress[line->index].connected = clock_mono();
		return;
	}
	drop(line);
	end(line, net_reason_of_errno(error), "%s (%s:%u): %s", line->host, line->address,
	    line->port, strerror(error));
}

void
lws_line_on_handshake(struct lws_line *line, SSL *ssl)
{
	if (line->state != LWS_LINE_TLS)
		line->owner->base.progress[line->index].connected = clock_mono();
	line->state = LWS_LINE_TLS;
	/* Out of memory: the SSL stays without a peer and accepts no certificate. */
	(void)tls_guard(ssl, &line->peer);
}

void
lws_line_on_secured(struct lws_line *line)
{
	if (line->state != LWS_LINE_TLS)
		return;
	line->state = LWS_LINE_UPGRADING;
	line->owner->base.progress[line->index].secured = clock_mono();
}

bool
lws_line_on_response(struct lws_line *line, int status, int32_t retry_after_s)
{
	if (status == 101)
		return true;
	line->http_status = status;
	line->retry_after_s = retry_after_s;
	return false;
}

void
lws_line_on_up(struct lws_line *line)
{
	SSL *ssl = lws_get_ssl(line->wsi);
	struct transport_event event = {
		.kind = TRANSPORT_UP,
		.line = line->index,
		.attempt = line->attempt,
		.retry_after_s = -1,
		.at = clock_mono(),
	};

	(void)recv_bio_attach(&line->bio, ssl); /* or it reads the library's way: slower */
	line->state = LWS_LINE_UP;
	line->deadline = MONO_NEVER;
	snprintf(event.detail, sizeof(event.detail), "%s (%s:%u) %s %s", line->host, line->address,
	    line->port, SSL_get_version(ssl), SSL_get_cipher_name(ssl));
	transport_post(&line->owner->base, &event);
}

void
lws_line_on_error(struct lws_line *line, struct bytes words)
{
	struct lws_reason found;

	lws_line_let_go(line);
	if (line->http_status != 0) {
		end(line, net_reason_of_status(line->http_status), "%s%.60s: HTTP status %d",
		    line->host, line->path, line->http_status);
	} else if (line->peer.reason != TICK_REASON_NONE) {
		end(line, line->peer.reason, "%s", line->peer.detail);
	} else {
		found = lws_reason_of_words(words, line->state == LWS_LINE_UPGRADING);
		end(line, found.reason, "%s (%s:%u): %s", line->host, line->address, line->port,
		    found.text);
	}
}

/* The error on an established connection that just ended, 0 when there was none. */
static int
error_of(const struct lws_line *line, int error)
{
	socklen_t size = sizeof(int);
	int pending = 0;

	if (line->bio.error != 0)
		return line->bio.error;
	if (getsockopt(line->bio.fd, SOL_SOCKET, SO_ERROR, &pending, &size) == 0 && pending != 0)
		return pending;
	return error == EPIPE || error == ECONNRESET || error == ETIMEDOUT ? error : 0;
}

void
lws_line_on_closed(struct lws_line *line, int error)
{
	SSL *ssl = lws_get_ssl(line->wsi);
	bool ended = line->bio.eof ||
	    (ssl != NULL && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN));

	if (line->state < LWS_LINE_UP) {
		lws_line_on_error(line, BYTES_LIT("closed by the library"));
		return;
	}
	error = line->bio.eof ? 0 : error_of(line, error); /* what follows the end is its echo */
	lws_line_let_go(line);
	if (line->state == LWS_LINE_CLOSING)
		end(line, TICK_REASON_HUNG_UP, "%s: closed by us with code %d", line->host,
		    line->close_code);
	else if (line->close_seen)
		end(line, TICK_REASON_PEER_CLOSED, "%s: closed by the server with code %d%s %s",
		    line->host, line->close_code,
		    line->close_code == 1002 ? " (which stands for 1012 to 1014, too)" : "",
		    line->close_text);
	else if (error != 0)
		end(line, TICK_REASON_PEER_RESET, "%s: %s", line->host, strerror(error));
	else if (ended)
		end(line, TICK_REASON_PEER_CLOSED, "%s: closed without a close frame", line->host);
	else if (line->peer.reason != TICK_REASON_NONE)
		end(line, line->peer.reason, "%s", line->peer.detail);
	else
		end(line, TICK_REASON_PROTOCOL, "%s: broken WebSocket frame", line->host);
}

void
lws_line_on_close_frame(struct lws_line *line, struct bytes payload)
{
	if (line->state != LWS_LINE_UP)
		return;
	line->close_seen = true;
	if (payload.n < 2)
		return;
	line->close_code = (unsigned char)payload.p[0] << 8 | (unsigned char)payload.p[1];
	net_reason_clean((struct bytes){payload.p + 2, payload.n - 2}, line->close_text,
	    sizeof(line->close_text));
}

void
lws_line_on_piece(struct lws_line *line, struct bytes piece, bool first, bool last,
    enum transport_payload kind)
{
	struct transport *base = &line->owner->base;
	struct transport_counts *counts = &base->counts[line->index];
	struct transport_stamps stamps = {.recv = clock_wall(), .recv_mono = clock_mono()};
	/* The library's buffer is longer than its pieces: mostly there is room for the padding. */
	bool padded = piece.n <= LWS_LINE_RX_BUFFER - TRANSPORT_PADDING;
	struct bytes message;

	if (line->state != LWS_LINE_UP)
		return;
	switch (assemble_add(&line->assemble, piece, first, last, padded, &message)) {
	case ASSEMBLE_MORE:
		return;
	case ASSEMBLE_OVERSIZE:
		counts->oversize++;
		return;
	case ASSEMBLE_WHOLE:
		break;
	}
	counts->messages++;
	counts->bytes += message.n;
	base->cfg.sink(base->cfg.sink_context, line->index, kind, message, stamps);
}

void
lws_line_on_pong(struct lws_line *line)
{
	struct transport_event event = {
		.kind = TRANSPORT_PONG,
		.line = line->index,
		.attempt = line->attempt,
		.retry_after_s = -1,
		.at = clock_mono(),
	};

	line->owner->base.counts[line->index].pongs++;
	transport_post(&line->owner->base, &event);
}

int
lws_line_on_writeable(struct lws_line *line)
{
	if (line->state == LWS_LINE_CLOSING) {
		if (line->close_begun)
			return 0; /* the library asks on; another -1 would cut the line */
		line->close_begun = true;
		lws_close_reason(line->wsi, (enum lws_close_status)line->close_code, NULL, 0);
		return -1;
	}
	return lws_tx_write(&line->tx, line->wsi) == 0 ? 0 : -1;
}

int
lws_line_dialing_fd(const struct lws_line *line)
{
	if (line->state != LWS_LINE_DIALING || line->wsi == NULL)
		return -1;
	return lws_get_socket_fd(line->wsi);
}

void
lws_line_serve_buffered(struct lws_line *line)
{
	size_t before = 0;

	/* While it takes some: it takes none when it only wants to close. */
	while (line->wsi != NULL && line->state >= LWS_LINE_UP &&
	       recv_bio_buffered(&line->bio) != before) {
		struct lws_pollfd fd = {.fd = lws_get_socket_fd(line->wsi),
		    .events = LWS_POLLIN, .revents = LWS_POLLIN};

		before = recv_bio_buffered(&line->bio);
		if (before == 0)
			return;
		lws_service_fd(line->owner->context, &fd);
	}
}
