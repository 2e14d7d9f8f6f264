/* The simulator's table of what is served at which path of futures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/venue/binance/streams.h"
#include "feed/venue/venues.h"
#include "tools/exchange-sim/served.h"

static void
streams_are_served_at_their_path_only(void **state)
{
	static const struct {
		const char *name;
		bool public, market;
	} streams[] = {
		{"btcusdt@bookTicker", true, false},
		{"!bookTicker", true, false},
		{"btcusdt@depth", true, false},
		{"btcusdt@depth20@100ms", true, false},
		{"btcusdt@aggTrade", false, true},
		{"btcusdt@markPrice@1s", false, true},
		{"!markPrice@arr@1s", false, true},
		{"btcusdt@kline_1m", false, true},
		{"!forceOrder@arr", false, true},
		{"!miniTicker@arr", false, true},
		{"btcusdt@trade", true, true}, /* disputed */
		{"btcusdt", true, true},
		{"", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct bytes name = bytes_of(streams[i].name);

		assert_true(served_at(SERVED_ALL, name));
		assert_int_equal(served_at(SERVED_PUBLIC, name), streams[i].public);
		assert_int_equal(served_at(SERVED_MARKET, name), streams[i].market);
	}
}

static void
the_feed_asks_where_they_are_served(void **state)
{
	static const char *const names[] = {"btcusdt@bookTicker", "btcusdt@depth@100ms",
	    "btcusdt@depth5", "btcusdt@rpiDepth@500ms", "btcusdt@aggTrade", "btcusdt@markPrice",
	    "btcusdt@kline_1m", "btcusdt@ticker", "btcusdt@miniTicker", "btcusdt@forceOrder"};
	const struct venue *usdm = venue_find(BYTES_LIT("usdm"));

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes name = bytes_of(names[i]);
		bool market = venue_path_of(usdm, stream_classify(name)) == 1;

		assert_true(served_at(market ? SERVED_MARKET : SERVED_PUBLIC, name));
		assert_false(served_at(market ? SERVED_PUBLIC : SERVED_MARKET, name));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_served_at_their_path_only),
		cmocka_unit_test(the_feed_asks_where_they_are_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
