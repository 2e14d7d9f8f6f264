/*
 * The JSON of our requests to Binance. Pure: writes into the caller's buffer.
 *
 * Requests over 4096 bytes are never answered (practice, 2026-08), so none is
 * made that is longer than REQUEST_BYTES_MAX.
 */
#ifndef FEED_VENUE_BINANCE_REQUEST_H
#define FEED_VENUE_BINANCE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define REQUEST_BYTES_MAX 4000

/* The longest without a stream: {"method":"UNSUBSCRIBE","params":[],"id":-9223372036854775808} */
#define REQUEST_BYTES_OVERHEAD 62

/* More names than any request can hold: a name takes four bytes at least. */
#define REQUEST_STREAMS_MAX (REQUEST_BYTES_MAX / 4)

enum request_method {
	REQUEST_METHOD_SUBSCRIBE,
	REQUEST_METHOD_UNSUBSCRIBE,
	REQUEST_METHOD_LIST, /* LIST_SUBSCRIPTIONS: no names */
	REQUEST_METHODS
};

/* What a stream name adds to a request at most: quotes, comma, escapes included. */
size_t request_stream_bytes(struct bytes name);

/*
 * Writes {"method":"SUBSCRIBE","params":["..."],"id":ID}, no NUL; without
 * "params" for LIST_SUBSCRIPTIONS. Names are UTF-8; quotes, backslashes and
 * control characters are escaped. Returns the length, or 0 when n is 0 (LIST:
 * is not), `cap` is too small or it would exceed REQUEST_BYTES_MAX.
 */
size_t request_format(char *out, size_t cap, enum request_method method, int64_t id,
    const struct bytes *names, size_t n);

#endif
