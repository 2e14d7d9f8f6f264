/*
 * Typed values out of the members of one message (json_market.h). What is
 * wrong is noted and something harmless returned; the notes count at the end.
 * Pure.
 */
#ifndef FEED_VENUE_BINANCE_MARKET_VALUE_H
#define FEED_VENUE_BINANCE_MARKET_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/* One message on its way. */
struct market {
	char *room; /* for texts that are written anew */
	size_t left;
	bool malformed; /* a value has the wrong type or form */
	bool unfit;     /* a decimal does not fit 64 bits */
};

/* A string; without its escapes, if it has some. */
struct bytes market_text(struct market *m, struct bytes value);

/* `head` and a string, with a '_' between them. */
struct bytes market_tail(struct market *m, struct bytes head, struct bytes value);

/* A quoted decimal; where it is optional, null and "" are VENUE_NO_DECIMAL. */
struct fixed market_decimal(struct market *m, struct bytes value, bool optional);

/* An integer of 64 bits. */
int64_t market_integer(struct market *m, struct bytes value);

/* A stamp of 13 or 16 digits, in ns. */
int64_t market_time(struct market *m, struct bytes value);

/* The same; what is less than any stamp, but no less than 0, is VENUE_NO_TIME. */
int64_t market_stamp(struct market *m, struct bytes value);

/* true or false. */
bool market_flag(struct market *m, struct bytes value);

/* Is it "SELL", and not "BUY"? */
bool market_sell(struct market *m, struct bytes value);

/* "5m" in ns: a number and s, m, h, d or w. */
int64_t market_interval(struct market *m, struct bytes value);

/* The exchange's word for the state of an instrument. */
enum tick_trading market_trading(struct market *m, struct bytes value);

/* The exchange's word for the state of an order. */
enum tick_order_state market_order(struct market *m, struct bytes value);

#endif
