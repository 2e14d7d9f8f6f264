/*
 * Exact decimals of an event as integers at its instrument's exponents. Pure.
 * What does not fit exactly is refused, never rounded or cut.
 */
#ifndef FEED_PIPELINE_NORMALIZE_H
#define FEED_PIPELINE_NORMALIZE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/layout.h>

#include "feed/venue/venue.h"

/* The payload of one tick of figures. */
struct normal_figures {
	int64_t v[4], w[4];
	int64_t trade_ns;
};

/* The numbers of one event, ready to be published. */
struct normal {
	int64_t value[6]; /* trade: price qty; quote: bid_px bid_qty ask_px ask_qty;
	                     kline: open high low close volume taker_volume */
	const struct tick_level *bids, *asks; /* depth in message order; a whole book best first */
	uint32_t nbids, nasks;
	struct normal_figures figures[2]; /* figures and states: their ticks */
	uint32_t nfigures;
};

/*
 * Market events only. `room` takes the levels: VENUE_LEVELS_MAX of them.
 * Returns false when a value does not fit; *out then holds nothing of use.
 */
bool normalize(const struct event *e, const struct tick_instrument *i, struct tick_level *room,
    struct normal *out);

#endif
