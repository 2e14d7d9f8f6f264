/*
 * The HTTP/1.1 upgrade to a WebSocket (RFC 6455 section 4), client side, sans
 * I/O: writes the request, reads the answer byte by byte. One per connection
 * attempt; feed thread.
 *
 * The answer is held to the letter: status 101, Upgrade, Connection and the
 * right Sec-WebSocket-Accept; no extension but permessage-deflate, and that
 * only if it was offered; no subprotocol, for none was. Redirects are refused:
 * where the data comes from is configuration.
 */
#ifndef FEED_IO_UPGRADE_H
#define FEED_IO_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define UPGRADE_NONCE 16          /* random bytes behind Sec-WebSocket-Key */
#define UPGRADE_ANSWER_MAX 16384  /* bytes of status line and header fields */
#define UPGRADE_REQUEST_MAX 2048
#define UPGRADE_DETAIL_MAX 120

enum upgrade_result {
	UPGRADE_MORE,     /* the answer goes on */
	UPGRADE_ACCEPTED, /* frames follow: *in stands at the first byte of them */
	UPGRADE_REFUSED,  /* a proper answer with another status: see status, retry_after_s */
	UPGRADE_BROKEN,   /* no proper answer: detail says why */
};

struct upgrade {
	char accept[32];  /* the Sec-WebSocket-Accept that must come */
	char line[1024];  /* the line that is being read */
	size_t line_n;
	size_t bytes;     /* of the answer so far */
	bool has_status;
	bool upgrade_seen, connection_seen, accept_seen;
	bool deflate_offered;
	bool deflates;    /* ACCEPTED: the server may send compressed messages ... */
	bool fresh_each;  /* ... each of them by itself (server_no_context_takeover) */
	int status;       /* HTTP status, 0 before it came */
	int32_t retry_after_s; /* as upgrade_retry_after(); -1 as well when none came */
	char detail[UPGRADE_DETAIL_MAX]; /* REFUSED, BROKEN: in words */
};

/*
 * Starts an attempt and writes its request into out[UPGRADE_REQUEST_MAX].
 * `host` and `port` make the Host field (the port is left out where it is
 * 443), `path` is used as it is. Returns its length, 0 when it has no room.
 */
size_t upgrade_begin(struct upgrade *u, char *out, const char *host, uint16_t port,
    const char *path, const unsigned char nonce[UPGRADE_NONCE]);

/*
 * Writes one more field at the end of a request of n bytes. Returns its new
 * length, 0 when it has no room, or the value is no visible ASCII.
 */
size_t upgrade_add(char *request, size_t n, const char *name, const char *value);

/*
 * Offers permessage-deflate (RFC 7692) at the end of a request of n bytes.
 * Returns its new length, 0 when it has no room.
 */
size_t upgrade_offer_deflate(struct upgrade *u, char *request, size_t n);

/*
 * What a Retry-After field says, in seconds; -1 for what is no such number: a
 * date (clocks need not agree), nonsense, and more than nine digits.
 */
int32_t upgrade_retry_after(const char *value);

/* Takes the answer's bytes from the front of *in and moves *in past them. */
enum upgrade_result upgrade_next(struct upgrade *u, struct bytes *in);

#endif
