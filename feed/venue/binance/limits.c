#include "feed/venue/binance/limits.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/*
 * From Binance's API documentation as of 2026-08 (spot and SBE market streams,
 * USD-M, COIN-M and options websocket pages; /api/v3/depth, /fapi/v1/depth,
 * /dapi/v1/depth):
 *   spot:    PING every 20 s, PONG within 60 s, 5 messages/s, 1024 streams
 *   futures: PING every 3 min, PONG within 10 min, 10 messages/s, 1024 streams
 *   options: PING every 5 min, PONG within 15 min, 10 messages/s, 200 streams
 *   all:     300 connection attempts in 5 min per address, 24 h per connection
 *
 * Not documented: a control frame over 4096 bytes gets no answer (practice,
 * 2026-08), so requests stay at or below 4000. Options' depth weights are not
 * stated where we looked; futures' ones stand in.
 *
 * Trades of the past (market data pages of each product's REST API, looked at
 * 2026-11; the numbers have changed often):
 *   spot aggTrades 4, historicalTrades 25 (since 2024-04-04), 1000 a page; the
 *   latter is listed without a security type, so no key is asked for any more
 *   futures aggTrades 20, 1000 a page; historicalTrades 200 (change log of
 *   2026-07-29, 20 before), 500 a page (since 2025-01-14), MARKET_DATA: with a key
 */
#define REQUEST_BYTES 4000
#define CONNECTS 300, {5 * MINUTE}, {24 * HOUR}
#define SPOT_REST \
	6000, {{100, 5}, {500, 25}, {1000, 50}, {5000, 250}}, {4, 1000, false}, {25, 1000, false}
#define FUTURES_DEPTH 2400, {{50, 2}, {100, 5}, {500, 10}, {1000, 20}}
#define FUTURES_REST FUTURES_DEPTH, {20, 1000, false}, {200, 500, true}
#define OPTIONS_REST FUTURES_DEPTH, {0, 0, false}, {0, 0, false}

static const struct limits table[] = {
	{"spot", {20 * SECOND}, {60 * SECOND}, 5, 1024, CONNECTS, REQUEST_BYTES, SPOT_REST},
	{"spot-sbe", {20 * SECOND}, {60 * SECOND}, 5, 1024, CONNECTS, REQUEST_BYTES, SPOT_REST},
	{"usdm", {3 * MINUTE}, {10 * MINUTE}, 10, 1024, CONNECTS, REQUEST_BYTES, FUTURES_REST},
	{"coinm", {3 * MINUTE}, {10 * MINUTE}, 10, 1024, CONNECTS, REQUEST_BYTES, FUTURES_REST},
	{"options", {5 * MINUTE}, {15 * MINUTE}, 10, 200, CONNECTS, REQUEST_BYTES, OPTIONS_REST},
};

const struct limits *
limits_at(size_t index)
{
	return index < sizeof(table) / sizeof(table[0]) ? &table[index] : NULL;
}

const struct limits *
limits_find(struct bytes name)
{
	const struct limits *limits;

	for (size_t i = 0; (limits = limits_at(i)) != NULL; i++)
		if (bytes_equal(name, bytes_of(limits->name)))
			return limits;
	return NULL;
}
