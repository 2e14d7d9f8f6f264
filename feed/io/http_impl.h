/*
 * Inside of the HTTP client: what http.c (requests and their way) and
 * http_lws.c (what libwebsockets says of them) share. Nobody else includes it.
 * Ops thread.
 */
#ifndef FEED_IO_HTTP_IMPL_H
#define FEED_IO_HTTP_IMPL_H

#include "feed/io/http.h"
#include "feed/io/resolve.h"
#include "feed/io/tls.h"

_Static_assert(HTTP_DETAIL_MAX >= TLS_DETAIL_MAX, "room for what tls.c says");

enum transfer_state {
	TRANSFER_FREE,
	TRANSFER_RESOLVING,
	TRANSFER_OPEN, /* the library has it */
	TRANSFER_OVER, /* the done function is next */
};

struct transfer {
	struct http_client *client;
	enum transfer_state state;
	struct lws *wsi; /* OPEN, until the library let it go */
	lws_sorted_usec_list_t timer; /* patience; OVER: the next turn */
	lws_sorted_usec_list_t again; /* OPEN without a connection: dials the next address */
	struct resolve_answer found;  /* count 0: the address was given */
	unsigned turn, failed; /* of its addresses: which one, how many could not be reached */
	struct tls_peer peer;
	uint32_t ticket;
	bool secured, asked; /* asked: the request may have gone out, it is not sent twice */
	char host[HTTP_HOST_MAX + 1], path[HTTP_PATH_MAX + 1], type[64];
	char address[RESOLVE_ADDRESS_SIZE];
	uint16_t port;
	bool plain, has_body;
	const char *api_key; /* the caller's */
	char *body; /* what is sent, behind LWS_PRE spare bytes */
	size_t body_n, body_sent;
	char *got;
	size_t got_n, got_room, answer_max;
	struct http_answer answer;
	http_done_fn *done;
	void *context;
};

struct http_client {
	struct lws_context *context;
	struct lws_vhost *vhost;
	SSL_CTX *tls;
	struct resolve *resolve;
	unsigned turn; /* which of several addresses: the one after those that failed */
	struct transfer transfer[HTTP_AT_ONCE_MAX];
};

/*
 * Ends a request with these words; its done function comes at the library's
 * next turn. Nothing when it has ended already.
 */
void http_end(struct transfer *t, enum tick_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The request's address cannot be reached: dials the next one of its host.
 * Returns false when there is none, or the request may have gone out.
 */
bool http_try_next(struct transfer *t);

/* Nothing that the library still does with its connection reaches the request. */
void http_forget(struct transfer *t);

/* The same, and the library closes that connection at its next turn. */
void http_drop(struct transfer *t);

/* Answers of the resolver have come. */
void http_take_answers(struct http_client *client);

/* The vhost's callback; OpenSSL's info callback. */
int http_on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n);
void http_on_tls_info(const SSL *ssl, int where, int ret);

#endif
