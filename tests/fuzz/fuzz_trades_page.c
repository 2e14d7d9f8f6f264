/*
 * Any bytes as a page of past trades: no crash, nothing written behind the
 * room, nothing decided by what lies behind the body, and what is accepted are
 * trades with rising ids out of those that are wanted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/trades_page.h"
#include "tests/fuzz/fuzz.h"

#define ROOM 8
#define FIRST 3
#define LAST 1000000

static enum trades_page_result
parse(bool aggregate, const uint8_t *data, size_t size, int pad, struct past_trade *trade)
{
	struct trades_page page = {.aggregate = aggregate, .price_exponent = -8,
		.qty_exponent = -8, .first = FIRST, .last = LAST, .trade = trade,
		.elements_max = ROOM};
	struct bytes copy = fuzz_copy(data, size, pad, SCAN_AHEAD);
	enum trades_page_result result = trades_page_parse(&page, copy);

	fuzz_free(copy);
	if (result != TRADES_PAGE_OK)
		return result;
	require(page.elements <= ROOM && page.trades + page.unfit <= page.elements);
	require(page.elements == 0 || page.highest >= 0);
	for (uint32_t i = 0; i < page.trades; i++) {
		const struct past_trade *t = &trade[i];

		require(t->id >= FIRST && t->id <= LAST && t->id <= page.highest);
		require(i == 0 || t->id > trade[i - 1].id);
		require(t->price > 0 && t->qty > 0 && t->trade_ns > 0);
		require(t->buyer_maker == 0 || t->buyer_maker == 1);
		require(t->first_id <= t->last_id);
	}
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char pads[] = {'7', '"', '}', ']'};

	for (int aggregate = 0; aggregate < 2; aggregate++) {
		struct past_trade *trade = calloc(ROOM, sizeof(*trade));
		struct past_trade *again = calloc(ROOM, sizeof(*again));
		enum trades_page_result result = parse(aggregate, data, size, 0, trade);

		for (size_t i = 0; i < sizeof(pads); i++) {
			require(parse(aggregate, data, size, pads[i], again) == result);
			require(memcmp(trade, again, ROOM * sizeof(*trade)) == 0);
		}
		free(trade);
		free(again);
	}
	return 0;
}
