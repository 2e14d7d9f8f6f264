/*
 * What Binance allows, one row per product. Pure, constant.
 */
#ifndef FEED_VENUE_BINANCE_LIMITS_H
#define FEED_VENUE_BINANCE_LIMITS_H

#include <stdint.h>

#include "feed/base/mono.h"

struct limits {
	const char *product;
	span_t ping_every;          /* of the server */
	span_t pong_within;         /* the server hangs up afterwards */
	int messages_per_second;    /* PING, PONG and requests of ours, per connection */
	int streams_per_connection;
	int connects_max;           /* per connects_window and IP */
	span_t connects_window;
	span_t life;                /* of a connection */
	int request_bytes_max;      /* longer requests get no answer */
};

/* The row of "spot", "usdm", "coinm" or "options"; NULL for another word. */
const struct limits *limits_find(const char *product);

#endif
