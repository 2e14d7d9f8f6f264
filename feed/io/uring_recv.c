/*
 * The receiving half of a line: TLS records to HTTP answer or frames, frames
 * to messages. Nothing in here waits, allocates or calls the kernel.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "feed/io/clock.h"
#include "feed/io/net_reason.h"
#include "feed/io/uring_line.h"

/* The TLS handshake or a record failed. */
static void
fail_tls(struct uring_line *line)
{
	const char *words = ERR_reason_error_string(ERR_peek_error());

	if (line->peer.reason != TICK_REASON_NONE)
		uring_line_end(line, line->peer.reason, "%s", line->peer.detail);
	else
		uring_line_end(line, TICK_REASON_TLS_ERROR, "%s: TLS: %s", line->host,
		    words != NULL ? words : "protocol error");
}

static void
ask_upgrade(struct uring_line *line)
{
	unsigned char nonce[UPGRADE_NONCE];
	char request[UPGRADE_REQUEST_MAX];
	size_t n = 0;

	line->state = URING_LINE_UPGRADING;
	line->owner->base.progress[line->index].secured = clock_mono();
	if (RAND_bytes(nonce, sizeof(nonce)) == 1)
		n = upgrade_begin(
		    &line->upgrade, request, line->host, line->port, line->path, nonce);
	if (n != 0 && line->inflate != NULL)
		n = upgrade_offer_deflate(&line->upgrade, request, n);
	if (n != 0 && line->api_key != NULL)
		n = upgrade_add(request, n, "X-MBX-APIKEY", line->api_key);
	if (n == 0 || !uring_line_write(line, request, n))
		uring_line_end(line, TICK_REASON_INTERNAL, "%s: the upgrade request cannot be made",
		    line->host);
	explicit_bzero(request, sizeof(request));
}

/* Returns whether there may be more to do with the bytes at hand. */
bool
uring_line_shake_hands(struct uring_line *line)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(line->ssl);
	uring_line_flush(line); /* an alert, too, is to reach the server */
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
	line->frames.deflates = line->upgrade.deflates;
	if (line->upgrade.deflates)
		inflate_begin(line->inflate, line->upgrade.fresh_each);
	snprintf(event.detail, sizeof(event.detail), "%.64s (%s:%u) %s %s%s%s", line->host,
	    line->address, line->dial_port, SSL_get_version(line->ssl),
	    SSL_get_cipher_name(line->ssl), SSL_session_reused(line->ssl) ? " resumed" : "",
	    line->upgrade.deflates ? " deflate" : "");
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
		uring_line_end(line, net_reason_of_status(line->upgrade.status), "%.60s%.30s: %s",
		    line->host, line->path, line->upgrade.detail);
		break;
	case UPGRADE_BROKEN:
		uring_line_end(line, TICK_REASON_PROTOCOL, "%.60s: %s", line->host,
		    line->upgrade.detail);
		break;
	}
}

/*
 * RFC 6455 5.5.3: the PONG carries the PING's payload; nothing waits for it.
 * The PING came when the kernel had it, however late we looked.
 */
static void
answer_ping(struct uring_line *line, struct bytes payload)
{
	mono_t came = {line->stamps.recv_mono.ns - line->stamps.waited.ns};

	line->owner->base.counts[line->index].pings++;
	uring_line_note(line, TRANSPORT_PING, came);
	if (uring_line_send(line, WSFRAME_OP_PONG, payload) == 0)
		line->pong_end = line->out_n;
}

static void
on_close_frame(struct uring_line *line, struct bytes reason)
{
	char code[2];

	if (line->state == URING_LINE_CLOSING) {
		uring_line_end(line, TICK_REASON_HUNG_UP, "%s: closed by us with code %d",
		    line->host, line->close_code);
		return;
	}
	line->close_seen = line->frames.close_code != 1005;
	line->close_code = line->close_seen ? line->frames.close_code : 0;
	net_reason_clean(reason, line->close_text, sizeof(line->close_text));
	wsframe_close_payload(code, line->close_seen ? line->close_code : 1000);
	(void)uring_line_send(line, WSFRAME_OP_CLOSE, (struct bytes){code, 2});
	uring_line_end(line, TICK_REASON_PEER_CLOSED, "%s: closed by the server with code %d %s",
	    line->host, line->close_code, line->close_text);
}

static void
deliver(struct uring_line *line, enum transport_payload kind, struct bytes message)
{
	struct transport *base = &line->owner->base;
	struct transport_counts *counts = &base->counts[line->index];

	if (line->state != URING_LINE_UP)
		return; /* we said good-bye already */
	counts->messages++;
	counts->bytes += message.n;
	base->cfg.sink(base->cfg.sink_context, line->index, kind, message, line->stamps);
}

/* A compressed message. Behind one that is lost, the others cannot be read: the line ends. */
static void
deliver_inflated(struct uring_line *line, enum transport_payload kind, struct bytes payload)
{
	struct bytes message;

	switch (inflate_message(line->inflate, payload, &message)) {
	case INFLATE_OK:
		deliver(line, kind, message);
		break;
	case INFLATE_OVERSIZE:
		line->owner->base.counts[line->index].oversize++;
		break;
	case INFLATE_BROKEN:
		uring_line_end(line, TICK_REASON_PROTOCOL,
		    "%s: a compressed message cannot be inflated", line->host);
		break;
	}
}

static void
take_message(struct uring_line *line, enum transport_payload kind, struct bytes message)
{
	if (line->frames.compressed)
		deliver_inflated(line, kind, message);
	else
		deliver(line, kind, message);
}

static void
take_oversize(struct uring_line *line)
{
	line->owner->base.counts[line->index].oversize++;
	if (line->frames.compressed)
		uring_line_end(line, TICK_REASON_PROTOCOL,
		    "%s: a compressed message is too long to be inflated", line->host);
}

/* Frames out of decrypted bytes; padded, as wsframe_next() wants it. */
static void
take_frames(struct uring_line *line, struct bytes in)
{
	struct bytes message;

	while (line->state >= URING_LINE_UP) {
		while (wsframe_next_usual(&line->frames, &in, &message))
			deliver(line, TRANSPORT_TEXT, message);
		switch (wsframe_next_any(&line->frames, &in, &message)) {
		case WSFRAME_MORE:
			return;
		case WSFRAME_TEXT:
			take_message(line, TRANSPORT_TEXT, message);
			break;
		case WSFRAME_BINARY:
			take_message(line, TRANSPORT_BINARY, message);
			break;
		case WSFRAME_PING:
			answer_ping(line, message);
			break;
		case WSFRAME_PONG:
			line->owner->base.counts[line->index].pongs++;
			uring_line_note(line, TRANSPORT_PONG, line->stamps.recv_mono);
			break;
		case WSFRAME_OVERSIZE:
			take_oversize(line);
			break;
		case WSFRAME_CLOSE:
			on_close_frame(line, message);
			return;
		case WSFRAME_BROKEN:
			uring_line_end(line, TICK_REASON_PROTOCOL, "%s: broken WebSocket frame: %s",
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

	if (SSL_read_ex(line->ssl, line->owner->plain, URING_LINE_PLAIN, &in.n) != 1) {
		int error = SSL_get_error(line->ssl, 0);

		if (error == SSL_ERROR_ZERO_RETURN)
			uring_line_on_receive_ended(line, 0);
		else if (error != SSL_ERROR_WANT_READ)
			fail_tls(line);
		else
			uring_line_flush(line); /* a key update may want to be answered */
		return false;
	}
	if (line->state == URING_LINE_UPGRADING)
		take_answer(line, &in);
	if (line->state >= URING_LINE_UP)
		take_frames(line, in);
	return line->state != URING_LINE_IDLE;
}

/* Returns whether the way is open. */
static bool
take_proxy_answer(struct uring_line *line)
{
	switch (proxy_next(&line->proxy, &line->in)) {
	case PROXY_MORE:
		return false;
	case PROXY_REFUSED:
		uring_line_end(line, TICK_REASON_REFUSED, "%.60s: %s", line->host,
		    line->proxy.detail);
		return false;
	case PROXY_BROKEN:
		uring_line_end(line, TICK_REASON_PROTOCOL, "%.60s: %s", line->host,
		    line->proxy.detail);
		return false;
	case PROXY_OPEN:
		break;
	}
	uring_line_secure(line);
	return line->state == URING_LINE_TLS;
}

void
uring_line_on_received(struct uring_line *line, struct bytes bytes, struct transport_stamps stamps)
{
	bool more = true;

	/* Once for all records: what succeeds leaves no errors. To look costs an eighth. */
	if (ERR_peek_error() != 0)
		ERR_clear_error();
	line->in = bytes;
	line->stamps = stamps;
	if (line->state == URING_LINE_PROXY)
		more = take_proxy_answer(line);
	while (more && line->state >= URING_LINE_TLS)
		more = line->state == URING_LINE_TLS ? uring_line_shake_hands(line)
						     : take_record(line);
	line->in = BYTES_NONE;
}

void
uring_line_on_receive_ended(struct uring_line *line, int result)
{
	if (result < 0)
		uring_line_lost(line, -result);
	else if (line->state == URING_LINE_CLOSING)
		uring_line_lost(line, 0);
	else if (line->state == URING_LINE_UP)
		uring_line_end(
		    line, TICK_REASON_PEER_CLOSED, "%s: closed without a close frame", line->host);
	else if (line->peer.reason != TICK_REASON_NONE)
		uring_line_end(line, line->peer.reason, "%s", line->peer.detail);
	else
		uring_line_end(line, TICK_REASON_PEER_CLOSED,
		    "%s (%s:%u): the %s closed the connection", line->host, line->address,
		    line->dial_port, line->state == URING_LINE_PROXY ? "proxy" : "server");
}
