#include "feed/venue/venues.h"

#include "feed/venue/binance/json.h"
#include "feed/venue/binance/sbe.h"
#include "feed/venue/binance/stream_types.h"
#include "feed/venue/binance/streams.h"

#define CLASS(name) (UINT64_C(1) << STREAM_##name)

/*
 * Binance, 2026-08: hosts and paths from the pages of each product. USD-M has
 * had routes since 2026-04-23; a stream that is subscribed at the other one is
 * acknowledged and stays silent. Where futures trades belong is disputed; aggTrade
 * is at the last route.
 */
#define PUBLIC (CLASS(BOOK_TICKER) | CLASS(DEPTH) | CLASS(PARTIAL_DEPTH) | CLASS(RPI_DEPTH))
#define MARKET \
	(CLASS(AGG_TRADE) | CLASS(MARK_PRICE) | CLASS(KLINE) | CLASS(TICKER) | \
	    CLASS(MINI_TICKER) | CLASS(LIQUIDATION) | CLASS(INDEX_PRICE) | CLASS(STATUS))

static const struct venue table[] = {
	{.name = "spot", .id = TICK_VENUE_BINANCE_SPOT, .limits = "spot",
	    .markets = STREAM_SPOT,
	    .host = "stream.binance.com", .port = 9443, .path = "/stream",
	    .rest_host = "api.binance.com", .rest_depth = "/api/v3/depth",
	    .rest_info = "/api/v3/exchangeInfo",
	    .rest_aggregates = "/api/v3/aggTrades", .rest_trades = "/api/v3/historicalTrades",
	    .join = VENUE_JOIN_SPOT, .text = json_decode},
	{.name = "usdm", .id = TICK_VENUE_BINANCE_USDM, .limits = "usdm",
	    .markets = STREAM_USDM,
	    .host = "fstream.binance.com", .port = 443, .path = "/stream",
	    .rest_host = "fapi.binance.com", .rest_depth = "/fapi/v1/depth",
	    .rest_info = "/fapi/v1/exchangeInfo",
	    .rest_aggregates = "/fapi/v1/aggTrades", .rest_trades = "/fapi/v1/historicalTrades",
	    .join = VENUE_JOIN_FUTURES, .text = json_decode,
	    .route = {{"/public/stream", PUBLIC}, {"/market/stream", MARKET}}},
	{.name = "coinm", .id = TICK_VENUE_BINANCE_COINM, .limits = "coinm",
	    .markets = STREAM_COINM,
	    .host = "dstream.binance.com", .port = 443, .path = "/stream",
	    .rest_host = "dapi.binance.com", .rest_depth = "/dapi/v1/depth",
	    .rest_info = "/dapi/v1/exchangeInfo",
	    .rest_aggregates = "/dapi/v1/aggTrades", .rest_trades = "/dapi/v1/historicalTrades",
	    .join = VENUE_JOIN_FUTURES, .text = json_decode},
	{.name = "options", .id = TICK_VENUE_BINANCE_OPTIONS, .limits = "options",
	    .markets = STREAM_OPTIONS,
	    .host = "fstream.binance.com", .port = 443, .path = "/stream",
	    .rest_host = "eapi.binance.com", .rest_depth = "/eapi/v1/depth",
	    .rest_info = "/eapi/v1/exchangeInfo", .join = VENUE_JOIN_NONE, .text = json_decode},
	{.name = "spot-sbe", .id = TICK_VENUE_BINANCE_SPOT, .limits = "spot-sbe",
	    .markets = STREAM_SBE,
	    .host = "stream-sbe.binance.com", .port = 9443, .path = "/stream",
	    .rest_host = "api.binance.com", .rest_depth = "/api/v3/depth",
	    .rest_info = "/api/v3/exchangeInfo",
	    .rest_aggregates = "/api/v3/aggTrades", .rest_trades = "/api/v3/historicalTrades",
	    .join = VENUE_JOIN_SPOT, .text = json_decode,
	    .binary = sbe_decode, .keyless = "spot"},
	{.name = "us", .id = TICK_VENUE_BINANCE_US, .limits = "spot",
	    .markets = STREAM_SPOT,
	    .host = "stream.binance.us", .port = 9443, .path = "/stream",
	    .rest_host = "api.binance.us", .rest_depth = "/api/v3/depth",
	    .rest_info = "/api/v3/exchangeInfo",
	    .rest_aggregates = "/api/v3/aggTrades", .rest_trades = "/api/v3/historicalTrades",
	    .join = VENUE_JOIN_SPOT, .text = json_decode},
	{.name = "testnet", .id = TICK_VENUE_BINANCE_TESTNET, .limits = "spot",
	    .markets = STREAM_SPOT,
	    .host = "stream.testnet.binance.vision", .port = 9443, .path = "/stream",
	    .rest_host = "testnet.binance.vision", .rest_depth = "/api/v3/depth",
	    .rest_info = "/api/v3/exchangeInfo",
	    .rest_aggregates = "/api/v3/aggTrades", .rest_trades = "/api/v3/historicalTrades",
	    .join = VENUE_JOIN_SPOT, .text = json_decode},
	{.name = "testnet-sbe", .id = TICK_VENUE_BINANCE_TESTNET, .limits = "spot-sbe",
	    .markets = STREAM_SBE,
	    .host = "stream-sbe.testnet.binance.vision", .port = 9443, .path = "/stream",
	    .rest_host = "testnet.binance.vision", .rest_depth = "/api/v3/depth",
	    .rest_info = "/api/v3/exchangeInfo",
	    .rest_aggregates = "/api/v3/aggTrades", .rest_trades = "/api/v3/historicalTrades",
	    .join = VENUE_JOIN_SPOT, .text = json_decode,
	    .binary = sbe_decode, .keyless = "testnet"},
	{.name = "demo", .id = TICK_VENUE_BINANCE_DEMO, .limits = "spot",
	    .markets = STREAM_SPOT,
	    .host = "demo-stream.binance.com", .port = 9443, .path = "/stream",
	    .rest_host = "demo-api.binance.com", .rest_depth = "/api/v3/depth",
	    .rest_info = "/api/v3/exchangeInfo",
	    .rest_aggregates = "/api/v3/aggTrades", .rest_trades = "/api/v3/historicalTrades",
	    .join = VENUE_JOIN_SPOT, .text = json_decode},
};

const struct venue *
venue_at(size_t index)
{
	return index < sizeof(table) / sizeof(table[0]) ? &table[index] : NULL;
}

const struct venue *
venue_find(struct bytes name)
{
	const struct venue *venue;

	for (size_t i = 0; (venue = venue_at(i)) != NULL; i++)
		if (bytes_equal(name, bytes_of(venue->name)))
			return venue;
	return NULL;
}

unsigned
venue_paths(const struct venue *venue)
{
	unsigned n = 0;

	while (n < VENUE_ROUTES_MAX && venue->route[n].path != NULL)
		n++;
	return n > 0 ? n : 1;
}

const char *
venue_path(const struct venue *venue, unsigned number)
{
	if (number < VENUE_ROUTES_MAX && venue->route[number].path != NULL)
		return venue->route[number].path;
	return venue->path;
}

unsigned
venue_path_of(const struct venue *venue, unsigned class)
{
	unsigned n = venue_paths(venue);

	for (unsigned i = 0; i < n; i++)
		if ((venue->route[i].classes & UINT64_C(1) << class) != 0)
			return i;
	return n - 1;
}
