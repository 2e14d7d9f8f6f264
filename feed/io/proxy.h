/*
 * The way through an HTTP proxy: CONNECT (RFC 9110 section 9.3.6), client
 * side, sans I/O: writes the request, reads the answer byte by byte. What
 * follows is TLS with the exchange itself: the proxy sees names and sizes.
 * One per connection attempt; feed thread.
 */
#ifndef FEED_IO_PROXY_H
#define FEED_IO_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define PROXY_CREDENTIALS_MAX 256 /* bytes of "user:password" */
#define PROXY_REQUEST_MAX 1200
#define PROXY_ANSWER_MAX 8192 /* bytes of status line and header fields */
#define PROXY_DETAIL_MAX 100

enum proxy_result {
	PROXY_MORE,    /* the answer goes on */
	PROXY_OPEN,    /* *in stands behind the answer: all further bytes are the exchange's */
	PROXY_REFUSED, /* a proper answer with another status than 2xx: see status, detail */
	PROXY_BROKEN,  /* no proper answer: detail says why */
};

struct proxy {
	size_t bytes; /* of the answer so far */
	char line[64]; /* the beginning of the line that is being read */
	size_t line_n; /* its whole length so far */
	int status;   /* 0 before it came */
	char detail[PROXY_DETAIL_MAX]; /* REFUSED, BROKEN: in words */
};

/*
 * Starts an attempt and writes the request for a way to host:port into
 * out[PROXY_REQUEST_MAX]. `credentials`: "user:password", "" for none (RFC
 * 7617). Returns its length, 0 when it has no room.
 */
size_t proxy_begin(struct proxy *p, char *out, const char *host, uint16_t port,
    const char *credentials);

/* Takes the answer's bytes from the front of *in and moves *in past them. */
enum proxy_result proxy_next(struct proxy *p, struct bytes *in);

#endif
