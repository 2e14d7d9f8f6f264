/*
 * Any bytes as an order book body: no crash, nothing written behind the room,
 * nothing decided by what lies behind the body, and what is accepted is an
 * order book, best level first.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/depth_snapshot.h"
#include "feed/venue/binance/scan.h"
#include "tests/fuzz/fuzz.h"

#define ROOM 8

static enum depth_snapshot_result
parse(const uint8_t *data, size_t size, int pad, struct tick_level *levels)
{
	struct depth_snapshot s = {.price_exponent = -8, .qty_exponent = -8, .bids = levels,
		.asks = levels + ROOM, .room = ROOM};
	struct bytes copy = fuzz_copy(data, size, pad, SCAN_AHEAD);
	enum depth_snapshot_result result = depth_snapshot_parse(&s, copy);

	fuzz_free(copy);
	if (result != DEPTH_SNAPSHOT_OK)
		return result;
	require(s.nbids <= ROOM && s.nasks <= ROOM && s.last_update_id >= 0);
	for (uint32_t i = 0; i < s.nbids; i++)
		require(s.bids[i].price > 0 && s.bids[i].qty > 0 &&
		    (i == 0 || s.bids[i].price < s.bids[i - 1].price));
	for (uint32_t i = 0; i < s.nasks; i++)
		require(s.asks[i].price > 0 && s.asks[i].qty > 0 &&
		    (i == 0 || s.asks[i].price > s.asks[i - 1].price));
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char pads[] = {'7', '"', '}', ']'};
	struct tick_level *levels = calloc(2 * ROOM, sizeof(*levels));
	struct tick_level *again = calloc(2 * ROOM, sizeof(*again));
	enum depth_snapshot_result result = parse(data, size, 0, levels);

	for (size_t i = 0; i < sizeof(pads); i++) {
		require(parse(data, size, pads[i], again) == result);
		require(memcmp(levels, again, 2 * ROOM * sizeof(*levels)) == 0);
	}
	free(levels);
	free(again);
	return 0;
}
