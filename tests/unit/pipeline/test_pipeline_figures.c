/* Figures, states and arrays as ticks; streams of all symbols. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"

#define MS INT64_C(1000000)
#define WHOLE (TICK_FLAG_FIRST | TICK_FLAG_LAST)
#define MINI(symbol, ms, last) \
	"{\"e\":\"24hrMiniTicker\",\"E\":17000000" ms ",\"s\":\"" symbol "\",\"c\":\"" last "\"," \
	"\"o\":\"1\",\"h\":\"3.125\",\"l\":\"0.5\",\"v\":\"120.5\",\"q\":\"423075730671.12853\"}"

static struct tick
expect(struct pipeline_rig *rig, enum tick_type type, unsigned flags)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, type);
	assert_int_equal(t.flags, flags);
	assert_int_equal(t.leg, 2);
	return t;
}

static void
a_ticker_is_two_ticks_with_exponents_of_their_own(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"e\":\"4hTicker\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"p\":\"0.5\",\"P\":\"50.0\",\"w\":\"1.23456789\",\"c\":\"1.5\",\"Q\":\"10\","
	    "\"o\":\"1\","
	    "\"h\":\"2\",\"l\":\"0.5\",\"v\":\"10000.5\",\"q\":\"423075730671.12853\","
	    "\"O\":1699985600000,\"C\":1700000000120,\"F\":7,\"L\":15,\"n\":8,\"b\":\"1.4\","
	    "\"B\":\"11\",\"a\":\"1.6\",\"A\":\"100\"}");
	t = expect(rig, TICK_TICKER_24H, TICK_FLAG_FIRST);
	assert_int_equal(t.scale.window, TICK_WINDOW_4H);
	assert_int_equal(t.scale.price, -8);
	assert_int_equal(t.scale.qty, -1);
	assert_int_equal(t.scale.quote, -5);
	assert_int_equal(t.ticker.open, 100000000);
	assert_int_equal(t.ticker.last, 150000000);
	assert_int_equal(t.ticker2.volume, 100005);
	assert_int_equal(t.ticker2.quote_volume, 42307573067112853);
	assert_int_equal(t.ticker2.trades, 8);
	assert_int_equal(t.id, 15);
	assert_int_equal(t.first_id, 7);
	assert_int_equal(t.trade_ns, 1700000000120 * MS);
	t = expect(rig, TICK_TICKER_24H, TICK_FLAG_LAST);
	assert_int_equal(t.scale.price, -8);
	assert_int_equal(t.last_quote.bid_px, 140000000);
	assert_int_equal(t.last_quote.ask_qty, 1000);
	assert_int_equal(t.last_quote2.last_qty, 100);
	assert_int_equal(t.last_quote2.average, 123456789);
	assert_int_equal(t.last_quote2.previous, TICK_ABSENT);
	assert_int_equal(t.trade_ns, 1699985600000 * MS);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TICKERS), 1);
}

static void
mark_price_liquidation_and_state_have_their_words(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"e\":\"markPriceUpdate\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"p\":\"2.5\",\"ap\":\"2.25\",\"P\":\"2\",\"i\":\"3\",\"r\":\"-0.00004435\","
	    "\"T\":1700028800000}");
	t = expect(rig, TICK_MARK_PRICE, WHOLE);
	assert_int_equal(t.scale.price, -2);
	assert_int_equal(t.scale.rate, -8);
	assert_int_equal(t.mark.mark, 250);
	assert_int_equal(t.mark.index, 300);
	assert_int_equal(t.mark.settle, 200);
	assert_int_equal(t.mark.funding_rate, -4435);
	assert_int_equal(t.mark2.next_funding_ns, 1700028800000 * MS);
	assert_int_equal(t.mark2.average, 225);
	pipeline_rig_feedf(rig, "{\"e\":\"forceOrder\",\"E\":1700000000123,"
	    "\"o\":{\"s\":\"ABCUSDT\","
	    "\"S\":\"SELL\",\"q\":\"10\",\"p\":\"8.0\",\"ap\":\"7.92\",\"X\":\"FILLED\","
	    "\"l\":\"1\","
	    "\"z\":\"10\",\"T\":1700000000120}}");
	t = expect(rig, TICK_LIQUIDATION, WHOLE | TICK_FLAG_SIDE);
	assert_int_equal(t.liquidation.price, 800);
	assert_int_equal(t.liquidation.average, 792);
	assert_int_equal(t.liquidation.filled, 10);
	assert_int_equal(t.liquidation2.last_qty, 1);
	assert_int_equal(t.liquidation2.state, TICK_ORDER_FILLED);
	assert_int_equal(t.scale.price, -2);
	pipeline_rig_feedf(rig, "{\"e\":\"contractInfo\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"cs\":\"CLOSE\",\"dt\":1700028800000}");
	t = expect(rig, TICK_INSTRUMENT_STATUS, WHOLE);
	assert_int_equal(t.status.trading, TICK_TRADING_CLOSED);
	assert_int_equal(t.status.deliver_ns, 1700028800000 * MS);
	assert_int_equal(t.status.onboard_ns, TICK_ABSENT);
}

static void
average_and_reference_price_are_one_word(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"e\":\"avgPrice\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"i\":\"5m\",\"w\":\"99532.35935504\",\"T\":1700000000000}");
	t = expect(rig, TICK_AVG_PRICE, WHOLE);
	assert_int_equal(t.price.price, 9953235935504);
	assert_int_equal(t.price.interval_ns, 300000 * MS);
	assert_int_equal(t.scale.price, -8);
	pipeline_rig_feedf(
	    rig, "{\"e\":\"referencePrice\",\"s\":\"ABCUSDT\",\"r\":null,\"t\":1700000000012}");
	t = expect(rig, TICK_REFERENCE_PRICE, WHOLE);
	assert_int_equal(t.price.price, TICK_ABSENT);
	assert_int_equal(t.exch_ns, TICK_ABSENT);
	assert_int_equal(t.trade_ns, 1700000000012 * MS);
}

static void
a_block_trade_is_no_latest_trade(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_last_trade last;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"e\":\"blockTrade\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"t\":582,\"p\":\"0.052\",\"q\":\"5838\",\"T\":1700000000120,\"m\":true}");
	t = expect(rig, TICK_BLOCK_TRADE, WHOLE | TICK_FLAG_SIDE);
	assert_int_equal(t.id, 582);
	assert_int_equal(t.trade.price, 5200000);
	assert_int_not_equal(tick_board_trade(rig->look, 0, &last), 0);
}

static void
each_element_of_an_array_is_a_tick_of_its_own_instrument(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_feedf(rig, "[" MINI("A", "00123", "1.5") ",{\"e\":\"x\"},7,[],"
	    MINI("B", "00124", "2") "]");
	t = expect(rig, TICK_MINI_TICKER, WHOLE);
	assert_memory_equal(tick_reader_instrument(rig->reader, t.instrument)->symbol, "A", 2);
	assert_int_equal(t.ticker.last, 1500);
	assert_int_equal(t.ticker.high, 3125);
	assert_int_equal(t.scale.price, -3);
	assert_int_equal(t.ticker2.trades, TICK_ABSENT);
	t = expect(rig, TICK_MINI_TICKER, WHOLE);
	assert_memory_equal(tick_reader_instrument(rig->reader, t.instrument)->symbol, "B", 2);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_ARRAYS), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_MINI_TICKERS), 2);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_UNKNOWN), 3);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_MESSAGES), 1);
}

#define ARRAY(name, items) "{\"stream\":\"" name "\",\"data\":[" items "]}"

static void
two_lines_of_a_stream_of_all_symbols_publish_each_figure_once(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pool_heard heard[4];

	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 3, BYTES_LIT("!miniTicker@arr")), 0);
	pipeline_rig_feed(rig, 2, ARRAY("!miniTicker@arr",
	    MINI("A", "00123", "1") "," MINI("B", "00123", "1")));
	expect(rig, TICK_MINI_TICKER, WHOLE);
	expect(rig, TICK_MINI_TICKER, WHOLE);
	pipeline_rig_feed(rig, 1, ARRAY("!miniTicker@arr",
	    MINI("A", "00123", "1") "," MINI("B", "00125", "2")));
	assert_int_equal(pipeline_rig_tick(rig).ticker.last, 2000);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_DUPLICATES), 1);
	assert_int_equal(pipeline_take_heard(rig->pipeline, heard, 4), 1);
	assert_int_equal(heard[0].stream, 3);
	assert_int_equal(heard[0].lines, 1 << 2 | 1 << 1);
}

static void
a_stale_stream_of_all_symbols_concerns_no_instrument(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_add_stream(rig->pipeline, 3, BYTES_LIT("!miniTicker@arr"));
	pipeline_rig_feed(rig, 2, ARRAY("!miniTicker@arr", MINI("A", "00123", "1")));
	expect(rig, TICK_MINI_TICKER, WHOLE);
	pipeline_on_stream_stale(
	    rig->pipeline, 3, TICK_REASON_STALE, (wall_t){1}, (mono_t){1});
	t = pipeline_rig_event(rig, TICK_REASON_STALE);
	assert_int_equal(t.instrument, TICK_NO_INSTRUMENT);
	assert_int_equal(t.event.a, TICK_MINI_TICKER);
	assert_int_equal(t.event.b, 3);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	pipeline_rig_feed(rig, 2, ARRAY("!miniTicker@arr", MINI("A", "00124", "1")));
	assert_int_equal(
	    pipeline_rig_event(rig, TICK_REASON_LIVE).instrument, TICK_NO_INSTRUMENT);
	expect(rig, TICK_MINI_TICKER, WHOLE);
	pipeline_remove_stream(rig->pipeline, 3);
	pipeline_rig_feed(rig, 1, ARRAY("!miniTicker@arr", MINI("A", "00124", "1")));
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_MINI_TICKER);
}

static void
figures_of_a_group_that_do_not_fit_together_are_refused(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_feedf(rig, "{\"e\":\"markPriceUpdate\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"p\":\"0.000000000001\",\"i\":\"900000000000000000\"}");
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_UNFIT).event.a, TICK_MARK_PRICE);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_UNFIT), 1);
	pipeline_rig_no_tick(rig);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, pipeline_rig_setup, pipeline_rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_ticker_is_two_ticks_with_exponents_of_their_own),
		TEST(mark_price_liquidation_and_state_have_their_words),
		TEST(average_and_reference_price_are_one_word),
		TEST(a_block_trade_is_no_latest_trade),
		TEST(each_element_of_an_array_is_a_tick_of_its_own_instrument),
		TEST(two_lines_of_a_stream_of_all_symbols_publish_each_figure_once),
		TEST(a_stale_stream_of_all_symbols_concerns_no_instrument),
		TEST(figures_of_a_group_that_do_not_fit_together_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
