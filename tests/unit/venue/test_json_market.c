/* Figures, states and arrays: every field, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/venue/binance/json_market.h"
#include "tests/asserts.h"
#include "tests/json_examples.h"

#define MS INT64_C(1000000)

static struct event event;

static void
decode_ok(const char *text, enum event_kind kind)
{
	assert_int_equal(json_example_decode_text(text, &event), DECODE_OK);
	assert_int_equal(event.kind, kind);
}

static void
assert_none(struct fixed ours)
{
	assert_int_equal(ours.mantissa, VENUE_NO_DECIMAL.mantissa);
}

static void
a_futures_ticker_lacks_what_spot_has(void **state)
{
	(void)state;
	decode_ok("{\"e\":\"24hrTicker\",\"E\":1700000000123,\"s\":\"A_PERP\",\"ps\":\"A\","
		  "\"p\":\"-0.03\",\"P\":\"-4.920\",\"w\":\"0.62978119\",\"c\":\"0.61\","
		  "\"Q\":\"75\","
		  "\"o\":\"0.64\",\"h\":\"0.65\",\"l\":\"0.60\",\"v\":\"7642536\",\"q\":\"12.917\","
		  "\"O\":1699913580000,\"C\":1700000000111,\"F\":7,\"L\":9,\"n\":3}", EVENT_TICKER);
	assert_bytes(event.symbol, "A_PERP");
	assert_int_equal(event.exch_ns, 1700000000123 * MS);
	assert_int_equal(event.trade_ns, 1700000000111 * MS);
	assert_int_equal(event.u.ticker.start_ns, 1699913580000 * MS);
	assert_int_equal(event.first_id, 7);
	assert_int_equal(event.id, 9);
	assert_int_equal(event.u.ticker.trades, 3);
	assert_int_equal(event.u.ticker.window, TICK_WINDOW_24H);
	assert_fixed(event.u.ticker.change, -3, -2);
	assert_fixed(event.u.ticker.change_percent, -4920, -3);
	assert_fixed(event.u.ticker.average, 62978119, -8);
	assert_fixed(event.u.ticker.quote_volume, 12917, -3);
	assert_fixed(event.u.ticker.last_qty, 75, 0);
	assert_none(event.u.ticker.bid_px);
	assert_none(event.u.ticker.ask_qty);
	assert_none(event.u.ticker.previous);
}

static void
a_mark_price_may_have_no_funding(void **state)
{
	(void)state;
	decode_ok("{\"e\":\"markPriceUpdate\",\"E\":1700000000123,\"s\":\"A_231229\","
	    "\"p\":\"29.5\","
		  "\"P\":\"29.6\",\"r\":\"\",\"T\":0}", EVENT_MARK_PRICE);
	assert_fixed(event.u.mark.mark, 295, -1);
	assert_fixed(event.u.mark.settle, 296, -1);
	assert_none(event.u.mark.funding_rate);
	assert_none(event.u.mark.index);
	assert_none(event.u.mark.average);
	assert_int_equal(event.u.mark.next_funding_ns, VENUE_NO_TIME);

	decode_ok("{\"e\":\"indexPriceUpdate\",\"E\":1700000000123,\"i\":\"BTCUSD\",\"p\":\"7\"}",
	    EVENT_MARK_PRICE);
	assert_bytes(event.symbol, "BTCUSD");
	assert_none(event.u.mark.mark);
	assert_fixed(event.u.mark.index, 7, 0);
}

static void
a_liquidation_is_taken_from_inside_its_order(void **state)
{
	(void)state;
	decode_ok("{\"o\":{\"X\":\"PARTIALLY_FILLED\",\"T\":1700000000120,\"s\":\"AUSDT\","
		  "\"S\":\"SELL\",\"q\":\"10.5\",\"p\":\"8.037\",\"ap\":\"7.92055\",\"l\":\"1.4\","
		  "\"z\":\"2.5\",\"f\":\"IOC\",\"o\":\"LIMIT\"},\"E\":1700000000123,"
		  "\"e\":\"forceOrder\"}", EVENT_LIQUIDATION);
	assert_bytes(event.symbol, "AUSDT");
	assert_true(event.u.liquidation.sell);
	assert_int_equal(event.u.liquidation.state, TICK_ORDER_PARTIALLY_FILLED);
	assert_fixed(event.u.liquidation.average, 792055, -5);
	assert_fixed(event.u.liquidation.filled, 25, -1);
	assert_fixed(event.u.liquidation.last_qty, 14, -1);
	assert_int_equal(event.trade_ns, 1700000000120 * MS);
}

static void
a_continuous_kline_is_called_after_pair_and_contract(void **state)
{
	(void)state;
	decode_ok("{\"e\":\"continuous_kline\",\"E\":1700000000123,\"ps\":\"B\\u0054C\","
		  "\"ct\":\"CURRENT_QUARTER\",\"k\":{\"t\":1700000000000,\"T\":1700000299999,"
		  "\"i\":\"5m\",\"f\":473,\"L\":474,\"o\":\"4\",\"c\":\"3\",\"h\":\"5\","
		  "\"l\":\"2\","
		  "\"v\":\"6\",\"n\":64,\"x\":true,\"q\":\"1\",\"V\":\"2\",\"Q\":\"0\","
		  "\"B\":\"0\"}}",
	    EVENT_KLINE);
	assert_bytes(event.symbol, "BTC_CURRENT_QUARTER");
	assert_bytes(event.u.kline.interval, "5m");
	assert_true(event.u.kline.closed);
	assert_int_equal(event.u.kline.trades, 64);
	assert_fixed(event.u.kline.taker_volume, 2, 0);
}

static void
a_reference_price_may_be_none_and_a_contract_has_a_state(void **state)
{
	(void)state;
	decode_ok("{\"e\":\"referencePrice\",\"s\":\"A\",\"r\":null,\"t\":1700000000012}",
	    EVENT_REFERENCE_PRICE);
	assert_none(event.u.price.price);
	assert_int_equal(event.exch_ns, VENUE_NO_TIME);
	assert_int_equal(event.trade_ns, 1700000000012 * MS);
	decode_ok("{\"e\":\"avgPrice\",\"E\":1700000000123,\"s\":\"A\",\"i\":\"5m\",\"w\":\"1.5\","
		  "\"T\":1700000000000}", EVENT_AVG_PRICE);
	assert_int_equal(event.u.price.interval_ns, 300000 * MS);
	decode_ok("{\"e\":\"contractInfo\",\"E\":1700000000123,\"s\":\"A\",\"cs\":\"SETTLING\"}",
	    EVENT_STATUS);
	assert_int_equal(event.u.status.trading, TICK_TRADING_SETTLING);
	assert_int_equal(event.u.status.deliver_ns, VENUE_NO_TIME);
}

static void
elements_of_an_array_come_one_by_one(void **state)
{
	struct bytes items, element;

	(void)state;
	decode_ok(" [ {\"a\":[1]} , 2,\"]\" ] ", EVENT_LIST);
	items = event.u.list.items;
	assert_true(json_market_next(&items, &element));
	assert_bytes(element, "{\"a\":[1]}");
	assert_true(json_market_next(&items, &element));
	assert_bytes(element, "2");
	assert_true(json_market_next(&items, &element));
	assert_bytes(element, "\"]\"");
	assert_false(json_market_next(&items, &element));
	assert_false(json_market_next(&items, &element));
	decode_ok("[ ]", EVENT_LIST);
	items = event.u.list.items;
	assert_false(json_market_next(&items, &element));
}

static void
a_field_missing_wrong_or_twice_is_malformed(void **state)
{
	static const char *const rows[] = {
		"{\"e\":\"avgPrice\",\"E\":1700000000123,\"s\":\"A\",\"i\":\"5x\",\"w\":\"1\","
		"\"T\":1700000000000}",
		"{\"e\":\"avgPrice\",\"E\":1700000000123,\"s\":\"A\",\"i\":\"5m\",\"w\":1,"
		"\"T\":1700000000000}",
		"{\"e\":\"avgPrice\",\"E\":1700000000123,\"s\":\"A\",\"i\":\"5m\",\"w\":\"1\","
		"\"w\":\"1\",\"T\":1700000000000}",
		"{\"e\":\"avgPrice\",\"E\":17,\"s\":\"A\",\"i\":\"5m\",\"w\":\"1\","
		"\"T\":1700000000000}",
		"{\"e\":\"referencePrice\",\"s\":\"A\",\"r\":1,\"t\":1700000000012}",
		"{\"e\":\"referencePrice\",\"s\":\"A\",\"t\":1700000000012}",
		"{\"e\":\"referencePrice\",\"r\":null,\"t\":1700000000012}",
		"{\"e\":\"forceOrder\",\"E\":1700000000123}",
		"{\"e\":\"forceOrder\",\"E\":1700000000123,\"o\":[]}",
		"{\"e\":\"forceOrder\",\"E\":1700000000123,\"o\":{\"s\":\"A\"}}",
		"{\"e\":\"continuous_kline\",\"k\":{}}",
		"{\"e\":\"contractInfo\",\"E\":1700000000123,\"s\":\"A\",\"cs\":5}",
		"{\"e\":\"markPriceUpdate\",\"E\":1700000000123,\"s\":\"A\",\"p\":\"1\",\"T\":-1}",
		"{\"e\":\"markPriceUpdate\",\"E\":1700000000123,\"s\":\"A\",\"p\":\"\"}",
		"{\"e\":\"blockTrade\",\"E\":1700000000123,\"s\":\"A\",\"t\":5,\"p\":\"1\","
		"\"q\":\"2\","
		"\"T\":1700000000123,\"m\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (json_example_decode_text(rows[i], &event) != DECODE_MALFORMED)
			fail_msg("taken: %s", rows[i]);
	assert_int_equal(json_example_decode_text("{\"e\":\"indexPriceUpdate\",\"i\":\"A\","
		"\"E\":1700000000123,\"p\":\"99999999999999999999\"}", &event), DECODE_UNFIT);
	assert_bytes(event.symbol, "A");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_futures_ticker_lacks_what_spot_has),
		cmocka_unit_test(a_mark_price_may_have_no_funding),
		cmocka_unit_test(a_liquidation_is_taken_from_inside_its_order),
		cmocka_unit_test(a_continuous_kline_is_called_after_pair_and_contract),
		cmocka_unit_test(a_reference_price_may_be_none_and_a_contract_has_a_state),
		cmocka_unit_test(elements_of_an_array_come_one_by_one),
		cmocka_unit_test(a_field_missing_wrong_or_twice_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
