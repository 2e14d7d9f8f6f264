/* Which streams a market has, and what a misspelt one was meant to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/venue/binance/stream_types.h"

static enum stream_type_fault
check(const char *text, unsigned markets)
{
	struct stream_name name;

	assert_int_equal(stream_parse(bytes_of(text), &name), STREAM_FINE);
	return stream_type_check(&name, markets);
}

static void
expect_all(const char *const *names, size_t n, unsigned markets, enum stream_type_fault fault)
{
	for (size_t i = 0; i < n; i++) {
		if (check(names[i], markets) != fault)
			print_error("%s\n", names[i]);
		assert_int_equal(check(names[i], markets), fault);
	}
}

#define EXPECT(names, markets, fault) \
	expect_all(names, sizeof(names) / sizeof((names)[0]), markets, fault)

static void
the_streams_of_a_market_are_known(void **state)
{
	static const char *const spot[] = {"btcusdt@trade", "btcusdt@aggTrade",
	    "btcusdt@blockTrade", "btcusdt@bookTicker", "btcusdt@depth", "btcusdt@depth@100ms",
	    "btcusdt@depth@1000ms", "btcusdt@depth5", "btcusdt@depth20@100ms", "btcusdt@kline_1s",
	    "btcusdt@kline_1M", "btcusdt@kline_1d@+08:00", "!miniTicker@arr", "!ticker_4h@arr",
	    "btcusdt@ticker_1d", "btcusdt@avgPrice", "btcusdt@referencePrice", "*usdt@ticker"};
	static const char *const usdm[] = {"btcusdt@depth@0ms", "btcusdt@depth10@500ms",
	    "btcusdt@markPrice@1s", "!markPrice@arr", "!markPrice@arr@1s", "!bookTicker",
	    "btcusdt_perpetual@continuousKline_15m", "!forceOrder@arr", "defiusdt@compositeIndex",
	    "!contractInfo", "!assetIndex@arr", "btcusdt@rpiDepth@500ms", "btcusdt@trade"};
	static const char *const coinm[] = {"btcusd@indexPrice@1s", "!indexPrice@arr",
	    "btcusd@indexPriceKline_1m",
	    "btcusd_perp@markPriceKline_4h", "btcusd_perp@depth@0ms"};

	(void)state;
	EXPECT(spot, STREAM_SPOT, STREAM_TYPE_FINE);
	EXPECT(spot, STREAM_SBE, STREAM_TYPE_FINE); /* without a key it is spot */
	EXPECT(usdm, STREAM_USDM, STREAM_TYPE_FINE);
	EXPECT(coinm, STREAM_COINM, STREAM_TYPE_FINE);
	assert_int_equal(check("btcusdt@bestBidAsk", STREAM_SBE), STREAM_TYPE_FINE);
}

static void
a_type_that_no_market_has_is_unknown(void **state)
{
	static const char *const names[] = {"btcusdt@bookticker", "btcusdt@foo", "btcusdt@depth7",
	    "btcusdt@kline_", "btcusdt@kline_7m", "btcusdt@kline_1H", "btcusdt@Trade",
	    "btcusdt@trades", "!foo@arr", "btcusdt@ticker_2h"};

	(void)state;
	EXPECT(names, ~0u, STREAM_TYPE_UNKNOWN);
}

static void
a_type_of_another_market_an_option_and_a_form_are_told_apart(void **state)
{
	static const char *const absent[] = {"btcusdt@markPrice", "btcusdt@forceOrder",
	    "btcusdt@bestBidAsk", "!contractInfo"};
	static const char *const option[] = {"btcusdt@depth@10ms", "btcusdt@depth@250ms",
	    "btcusdt@trade@100ms", "btcusdt@kline_1m@+09:00", "!miniTicker"};
	static const char *const form[] = {"!trade", "!bookTicker", "!kline_1m@arr"};

	(void)state;
	EXPECT(absent, STREAM_SPOT, STREAM_TYPE_ABSENT);
	EXPECT(option, STREAM_SPOT, STREAM_TYPE_OPTION);
	EXPECT(form, STREAM_SPOT, STREAM_TYPE_FORM);
}

static void
the_name_that_was_meant_is_suggested_if_it_is_near(void **state)
{
	static const struct {
		const char *name, *meant;
	} rows[] = {
		{"btcusdt@bookticker", "btcusdt@bookTicker"},
		{"btcusdt@BOOKTICKER", "btcusdt@bookTicker"},
		{"btcusdt@depth7", "btcusdt@depth5"},
		{"btcusdt@depht@100ms", "btcusdt@depth@100ms"},
		{"btcusdt@trades", "btcusdt@trade"},
		{"btcusdt@kline1m", "btcusdt@kline_1m"},
		{"btcusdt@kline_1H", "btcusdt@kline_1h"},
		{"*usdt@aggtrade", "*usdt@aggTrade"},
		{"!miniticker@arr", "!miniTicker@arr"},
		{"btcusdt@foo", NULL},
		{"btcusdt@", NULL},
		{"btcusdt", NULL},
		{"!", NULL},
		{"", NULL},
		{"btcusdt@depht@7ms", NULL}, /* still wrong with the type mended */
		{"btcusdt@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	};
	char meant[STREAM_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool near = stream_type_suggest(bytes_of(rows[i].name), STREAM_SPOT, meant);

		if (near != (rows[i].meant != NULL))
			print_error("%s: %s\n", rows[i].name, near ? meant : "nothing");
		assert_int_equal(near, rows[i].meant != NULL);
		if (near)
			assert_string_equal(meant, rows[i].meant);
	}
}

static void
a_suggestion_never_gets_longer_than_a_name_may_be(void **state)
{
	char name[STREAM_NAME_MAX + 1], meant[STREAM_NAME_MAX + 1];
	static const char end[] = "@trad";

	(void)state;
	memset(name, 'a', sizeof(name));
	memcpy(name + STREAM_NAME_MAX - (sizeof(end) - 1), end, sizeof(end));
	assert_false(stream_type_suggest(bytes_of(name), STREAM_SPOT, meant));
	assert_true(stream_type_suggest(bytes_of(name + 1), STREAM_SPOT, meant));
	assert_int_equal(strlen(meant), STREAM_NAME_MAX);
}

static void
what_would_be_right_is_listed(void **state)
{
	struct stream_name name;
	char list[STREAM_TYPES_TEXT_MAX];

	(void)state;
	assert_int_equal(stream_parse(BYTES_LIT("btcusdt@depth@7ms"), &name), STREAM_FINE);
	stream_type_list(&name, STREAM_TYPE_OPTION, STREAM_SPOT, list);
	assert_string_equal(list, "100ms, 1000ms");
	stream_type_list(&name, STREAM_TYPE_UNKNOWN, STREAM_SPOT, list);
	assert_string_equal(list,
	    "trade, aggTrade, blockTrade, bookTicker, depth, depth5, depth10, depth20, kline_, "
	    "miniTicker, ticker, ticker_1h, ticker_4h, ticker_1d, avgPrice, referencePrice");
	stream_type_list(&name, STREAM_TYPE_UNKNOWN, ~0u, list);
	assert_non_null(strstr(list, "bestBidAsk"));
	assert_non_null(strstr(list, "assetIndex")); /* the last row: all of them fit */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_streams_of_a_market_are_known),
		cmocka_unit_test(a_type_that_no_market_has_is_unknown),
		cmocka_unit_test(a_type_of_another_market_an_option_and_a_form_are_told_apart),
		cmocka_unit_test(the_name_that_was_meant_is_suggested_if_it_is_near),
		cmocka_unit_test(a_suggestion_never_gets_longer_than_a_name_may_be),
		cmocka_unit_test(what_would_be_right_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
