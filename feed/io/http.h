/*
 * HTTP/1.1 requests to others: REST of the exchange, webhooks, collectors of
 * traces. Over libwebsockets, on a context that the caller drives; TLS by the
 * policy of tls.h; redirects are not followed, connections are not kept. A host
 * with several addresses is tried at each that refuses until one can be reached,
 * and the next request begins there; one that is silent takes the request's
 * whole time, and the next request begins behind it.
 *
 * One thread, the context's, makes every call. A request ends exactly once,
 * by its done function, never inside of the call that started it; those that
 * are open at http_close() end without it.
 */
#ifndef FEED_IO_HTTP_H
#define FEED_IO_HTTP_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"
#include "feed/base/wall.h"

#define HTTP_AT_ONCE_MAX 16 /* requests under way */
#define HTTP_HOST_MAX 100   /* libwebsockets builds the Host header in 128 bytes */
#define HTTP_PATH_MAX 1000
#define HTTP_DETAIL_MAX 160

/* Everything is copied but the key. */
struct http_request {
	const char *host;    /* name or numeric address: SNI, Host and certificate check use it */
	uint16_t port;
	const char *address; /* numeric address in place of a lookup; NULL or "": none */
	bool plain;          /* without TLS: for this machine only, host_is_loopback() */
	const char *path;    /* with query, begins with "/" */
	const char *content_type; /* of the body */
	struct bytes body;   /* POST when p is not NULL, else GET */
	const char *api_key; /* X-MBX-APIKEY, not copied: it outlives the request; NULL: none */
	span_t within;       /* longest time until the answer is whole */
	size_t answer_max;   /* longest body of an answer in bytes */
};

struct http_answer {
	enum tick_reason reason; /* NONE: the answer is whole; else why there is none */
	char detail[HTTP_DETAIL_MAX]; /* that in words, "" when whole */
	int status;              /* 0: none came */
	int32_t retry_after_s;   /* Retry-After, -1: none */
	int64_t used_weight;     /* X-MBX-USED-WEIGHT-1M of the exchange, -1: none */
	wall_t sent, came;       /* request and head of the answer; 0: not that far */
	struct bytes body;       /* valid during the call */
};

typedef void http_done_fn(void *context, const struct http_answer *answer);

struct http_client;

/*
 * `ca_file` as for tls_context(). Returns 0 or as tls_context(); `why`
 * (HTTP_DETAIL_MAX bytes) then says it in words.
 */
int http_open(struct http_client **out, struct lws_context *context, const char *ca_file,
    char *why);

/* Ends every request without a word. Before the context goes. Nulls; NULL is fine. */
void http_close(struct http_client **client);

/*
 * Starts a request. Returns 0, -EAGAIN (HTTP_AT_ONCE_MAX are under way),
 * -EINVAL (host, port, address or path are none, or too long; plain to another
 * machine, or with a key) or -ENOMEM.
 */
int http_send(struct http_client *client, const struct http_request *request, http_done_fn *done,
    void *context);

/* How many requests are under way; each may have a socket. */
unsigned http_under_way(const struct http_client *client);

#endif
