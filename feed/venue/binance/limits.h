/*
 * What Binance allows per product, one row each. Pure: a constant table, read
 * from any thread. Everything that obeys a limit takes it from here.
 */
#ifndef FEED_VENUE_BINANCE_LIMITS_H
#define FEED_VENUE_BINANCE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"

#define LIMITS_DEPTH_STEPS 4

/* What GET .../depth costs: `weight` for at most `levels` levels a side. */
struct limits_depth {
	uint32_t levels;
	uint32_t weight;
};

/* What trades of the past cost: GET .../aggTrades, .../historicalTrades. */
struct limits_past {
	uint32_t weight;   /* of a request, however many it brings */
	uint32_t page_max; /* trades that one brings at most; 0: there is no such request */
	bool needs_key;    /* X-MBX-APIKEY */
};

struct limits {
	const char *name;              /* "spot", "spot-sbe", "usdm", "coinm", "options" */
	span_t ping_every;             /* the server's PING interval */
	span_t pong_within;            /* without a PONG for so long it disconnects */
	uint32_t messages_per_s;       /* what we may send: PING, PONG and requests each count */
	uint32_t streams_per_line;     /* subscriptions on one connection */
	uint32_t connects_max;         /* connection attempts per address ... */
	span_t connects_window;        /* ... within this time */
	span_t line_life;              /* the server ends a connection after that */
	uint32_t request_bytes_max;    /* longest request that gets an answer for sure */
	uint32_t rest_weight_per_min;  /* REST budget per address */
	struct limits_depth depth[LIMITS_DEPTH_STEPS]; /* ascending; unused rows are 0 */
	struct limits_past aggregates, trades;
};

/* The row of a product; NULL when there is none of that name. */
const struct limits *limits_find(struct bytes name);

/* The row number `index`, from 0; NULL behind the last one. */
const struct limits *limits_at(size_t index);

#endif
