#include "feed/io/http_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/io/clock.h"
#include "feed/io/lws_reason.h"
#include "feed/io/upgrade.h"

#define PIECE 4096 /* of a body, each way */

static void
on_failure(struct transfer *t, struct bytes words)
{
	struct lws_reason found;

	http_forget(t);
	if (http_try_next(t))
		return;
	if (t->peer.reason != TICK_REASON_NONE) {
		http_end(t, t->peer.reason, "%s", t->peer.detail);
		return;
	}
	found = lws_reason_of_words(words, t->plain || t->secured);
	http_end(t, found.reason, "%s (%s:%u): %s", t->host, t->address, t->port, found.text);
}

static bool
add_header(struct lws *wsi, const char *name, const char *value, unsigned char **p,
    unsigned char *limit)
{
	return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
	    (const unsigned char *)value, (int)strlen(value), p, limit) == 0;
}

/* Returns 0, or -1 to have the library give up. */
static int
on_request(struct transfer *t, void *in, size_t room)
{
	unsigned char **p = in, *limit = *p + room;
	char length[24];

	t->asked = true;
	t->answer.sent = clock_wall();
	if (!add_header(t->wsi, "user-agent:", "tickring", p, limit) ||
	    (t->api_key != NULL &&
	        !add_header(t->wsi, "x-mbx-apikey:", t->api_key, p, limit)))
		return -1;
	if (!t->has_body)
		return 0;
	snprintf(length, sizeof(length), "%zu", t->body_n);
	if (!add_header(t->wsi, "content-type:", t->type, p, limit) ||
	    !add_header(t->wsi, "content-length:", length, p, limit))
		return -1;
	if (t->body_n > 0) {
		lws_client_http_body_pending(t->wsi, 1);
		lws_callback_on_writable(t->wsi);
	}
	return 0;
}

static int
on_writeable(struct transfer *t)
{
	size_t left = t->body_n - t->body_sent, n = left < PIECE ? left : PIECE;
	bool last = n == left;
	unsigned char piece[LWS_PRE + PIECE];

	if (left == 0)
		return 0;
	/* The library writes its own bytes in front of what it is given. */
	memcpy(piece + LWS_PRE, t->body + LWS_PRE + t->body_sent, n);
	if (lws_write(t->wsi, piece + LWS_PRE, n,
	        last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
		return -1;
	t->body_sent += n;
	if (last)
		lws_client_http_body_pending(t->wsi, 0);
	else
		lws_callback_on_writable(t->wsi);
	return 0;
}

/* The digits of a header; -1 where it has none. */
static int64_t
number_of(const char *text, int n)
{
	int64_t number = 0;

	if (n < 1 || n > 15)
		return -1;
	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

static void
on_status(struct transfer *t)
{
	static const char weight[] = "x-mbx-used-weight-1m:"; /* Binance (2026-08) */
	char text[32];

	t->answer.came = clock_wall();
	t->answer.status = (int)lws_http_client_http_response(t->wsi);
	if (lws_hdr_copy(t->wsi, text, sizeof(text), WSI_TOKEN_HTTP_RETRY_AFTER) > 0)
		t->answer.retry_after_s = upgrade_retry_after(text);
	t->answer.used_weight = number_of(text,
	    lws_hdr_custom_copy(t->wsi, text, sizeof(text), weight, sizeof(weight) - 1));
}

/* Returns 0, or -1 when there is too much of it. */
static int
on_piece(struct transfer *t, const void *in, size_t n)
{
	char *more;
	size_t room;

	if (n > t->answer_max || t->got_n > t->answer_max - n) {
		http_drop(t);
		http_end(t, TICK_REASON_PROTOCOL, "%s: an answer of more than %zu bytes", t->host,
		    t->answer_max);
		return -1;
	}
	if (t->got_n + n > t->got_room) {
		room = 2 * (t->got_n + n);
		more = realloc(t->got, room);
		if (more == NULL) {
			http_drop(t);
			http_end(t, TICK_REASON_INTERNAL, "%s: no memory for the answer", t->host);
			return -1;
		}
		t->got = more;
		t->got_room = room;
	}
	memcpy(t->got + t->got_n, in, n);
	t->got_n += n;
	return 0;
}

static int
read_some(struct lws *wsi)
{
	char room[LWS_PRE + PIECE], *at = room + LWS_PRE;
	int n = PIECE;

	return lws_http_client_read(wsi, &at, &n) < 0 ? -1 : 0;
}

static void
on_closed(struct transfer *t)
{
	if (t->state == TRANSFER_OPEN && t->answer.status == 0)
		on_failure(t, BYTES_LIT("closed by the library"));
	else if (t->state == TRANSFER_OPEN)
		http_end(t, TICK_REASON_PEER_CLOSED, "%s: closed within the answer", t->host);
	http_forget(t);
}

static int
on_transfer(struct transfer *t, enum lws_callback_reasons reason, void *in, size_t n)
{
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		return on_request(t, in, n);
	case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
		return on_writeable(t);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		on_status(t);
		return 0;
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
		return read_some(t->wsi);
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
		return on_piece(t, in, n);
	case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
		/*
		 * -1 closes it, but not after an answer of no bytes (4.1.6): it would
		 * outlive the request, and be taken for the next one's in its place.
		 */
		http_drop(t);
		http_end(t, TICK_REASON_NONE, "%s", "");
		return -1;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		on_failure(t, (struct bytes){in, in == NULL ? 0 : n});
		return 0;
	default: /* CLOSED_CLIENT_HTTP, WSI_DESTROY */
		on_closed(t);
		return 0;
	}
}

int
http_on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct transfer *t = NULL;

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
	case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
	case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
	case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
	case LWS_CALLBACK_WSI_DESTROY:
		t = lws_get_opaque_user_data(wsi);
		break;
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		http_take_answers(lws_get_vhost_user(lws_get_vhost(wsi)));
		return 0;
	default:
		break;
	}
	return t == NULL ? 0 : on_transfer(t, reason, in, n);
}

/* OpenSSL's info callback: the only hook between SSL_new() and the ClientHello. */
void
http_on_tls_info(const SSL *ssl, int where, int ret)
{
	struct http_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	int fd = SSL_get_fd(ssl);

	for (unsigned i = 0; i < HTTP_AT_ONCE_MAX; i++) {
		struct transfer *t = &client->transfer[i];

		if (t->state != TRANSFER_OPEN || t->wsi == NULL ||
		    lws_get_socket_fd(t->wsi) != fd)
			continue;
		/* Out of memory: the SSL stays without a peer and accepts no certificate. */
		if ((where & SSL_CB_HANDSHAKE_START) && !tls_is_guarded(ssl))
			(void)tls_guard((SSL *)ssl, &t->peer);
		if (where & SSL_CB_HANDSHAKE_DONE)
			t->secured = true;
		tls_on_info(ssl, where, ret);
		return;
	}
}
