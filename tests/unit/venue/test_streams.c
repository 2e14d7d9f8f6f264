#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/venue/binance/streams.h"
#include "tests/asserts.h"

static void
names_come_apart_into_symbol_type_and_option(void **state)
{
	static const struct {
		const char *name;
		enum stream_class class;
		const char *symbol, *type, *option;
		bool decoded;
	} rows[] = {
		{"btcusdt@trade", STREAM_TRADE, "btcusdt", "trade", "", true},
		{"btcusdt@aggTrade", STREAM_AGG_TRADE, "btcusdt", "aggTrade", "", true},
		{"a_perp@bookTicker", STREAM_BOOK_TICKER, "a_perp", "bookTicker", "", true},
		{"btcusdt@depth", STREAM_DEPTH, "btcusdt", "depth", "", true},
		{"btcusdt@depth@100ms", STREAM_DEPTH, "btcusdt", "depth", "100ms", true},
		{"btcusdt@depth5", STREAM_PARTIAL_DEPTH, "btcusdt", "depth5", "", true},
		{"abc@depth10@100ms", STREAM_PARTIAL_DEPTH, "abc", "depth10", "100ms", true},
		{"abc@depth20@500ms", STREAM_PARTIAL_DEPTH, "abc", "depth20", "500ms", true},
		{"btcusdt@depth50", STREAM_OTHER, "btcusdt", "depth50", "", false},
		{"btcusdt@rpiDepth@500ms", STREAM_RPI_DEPTH, "btcusdt", "rpiDepth", "500ms", false},
		{"btcusdt@kline_1M", STREAM_KLINE, "btcusdt", "kline_1M", "", true},
		{"btcusdt@kline_1d@+08:00", STREAM_KLINE, "btcusdt", "kline_1d", "+08:00", true},
		{"btcusdt@kline_", STREAM_OTHER, "btcusdt", "kline_", "", false},
		{"btcusdt@markPrice@1s", STREAM_MARK_PRICE, "btcusdt", "markPrice", "1s", true},
		{"btcusdt_perpetual@continuousKline_5m", STREAM_KLINE, "btcusdt_perpetual",
		    "continuousKline_5m", "", true},
		{"!miniTicker@arr", STREAM_MINI_TICKER, "", "miniTicker", "arr", true},
		{"!markPrice@arr@1s", STREAM_MARK_PRICE, "", "markPrice", "arr@1s", true},
		{"!ticker_4h@arr", STREAM_TICKER, "", "ticker_4h", "arr", true},
		{"btcusdt@ticker_2h", STREAM_OTHER, "btcusdt", "ticker_2h", "", false},
		{"btcusdt@avgPrice", STREAM_AVG_PRICE, "btcusdt", "avgPrice", "", true},
		{"btcusdt@blockTrade", STREAM_BLOCK_TRADE, "btcusdt", "blockTrade", "", true},
		{"a@referencePrice", STREAM_REFERENCE_PRICE, "a", "referencePrice", "", true},
		{"btcusd@indexPrice@1s", STREAM_INDEX_PRICE, "btcusd", "indexPrice", "1s", true},
		{"d@compositeIndex", STREAM_INDEX_PRICE, "d", "compositeIndex", "", true},
		{"!forceOrder@arr", STREAM_LIQUIDATION, "", "forceOrder", "arr", true},
		{"!contractInfo", STREAM_STATUS, "", "contractInfo", "", true},
		{"!assetIndex@arr", STREAM_OTHER, "", "assetIndex", "arr", false},
		{"!bookTicker", STREAM_BOOK_TICKER, "", "bookTicker", "", true},
		{"\xe5\xb8\x81\xe5\xae\x89usdt@trade", STREAM_TRADE, "\xe5\xb8\x81\xe5\xae\x89usdt",
		    "trade", "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream_name name;

		assert_int_equal(stream_parse(bytes_of(rows[i].name), &name), STREAM_FINE);
		assert_int_equal(name.class, rows[i].class);
		assert_int_equal(stream_classify(bytes_of(rows[i].name)), rows[i].class);
		assert_bytes(name.symbol, rows[i].symbol);
		assert_bytes(name.type, rows[i].type);
		assert_bytes(name.option, rows[i].option);
		assert_int_equal(name.decoded, rows[i].decoded);
	}
}

static void
bad_names_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *name;
		enum stream_fault fault;
	} rows[] = {
		{"", STREAM_EMPTY},
		{"@trade", STREAM_NO_SYMBOL},
		{"!", STREAM_NO_SYMBOL},
		{"!@arr", STREAM_NO_SYMBOL},
		{"btcusdt", STREAM_NO_TYPE},
		{"btcusdt@", STREAM_NO_TYPE},
		{"btcusdt@@100ms", STREAM_NO_TYPE},
		{"BTCUSDT@trade", STREAM_UPPER_CASE},
		{"btcUsdt@trade", STREAM_UPPER_CASE},
		{"btcusdt @trade", STREAM_BAD_CHARACTER},
		{"btcusdt@trade\n", STREAM_BAD_CHARACTER},
		{"btc\tusdt@trade", STREAM_BAD_CHARACTER},
		{"btc\"usdt@trade", STREAM_BAD_CHARACTER},
		{"btc'usdt@trade", STREAM_BAD_CHARACTER},
		{"btc\\usdt@trade", STREAM_BAD_CHARACTER},
		{"btcusdt@trade/ethusdt@trade", STREAM_BAD_CHARACTER},
		{"btc\x7fusdt@trade", STREAM_BAD_CHARACTER},
		{"btc\xc2\xa0usdt@trade", STREAM_BAD_CHARACTER},
		{"btc\xffusdt@trade", STREAM_BAD_UTF8},
		{"btc\xc0\x80@trade", STREAM_BAD_UTF8},
		{"btc\xe0\x80\x80@trade", STREAM_BAD_UTF8},
		{"btc\xed\xa0\x80@trade", STREAM_BAD_UTF8},
		{"btc\xf4\x90\x80\x80@trade", STREAM_BAD_UTF8},
		{"btc@trade\xe5\xb8", STREAM_BAD_UTF8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream_name name;

		assert_int_equal(stream_parse(bytes_of(rows[i].name), &name), rows[i].fault);
	}
}

static void
a_name_of_128_bytes_is_taken_and_one_of_129_is_not(void **state)
{
	char text[STREAM_NAME_MAX + 2];
	struct stream_name name;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + 10, "@trade", 6);
	assert_int_equal(stream_parse((struct bytes){text, STREAM_NAME_MAX}, &name), STREAM_FINE);
	assert_int_equal(
	    stream_parse((struct bytes){text, STREAM_NAME_MAX + 1}, &name), STREAM_TOO_LONG);
}

static void
every_fault_has_words(void **state)
{
	(void)state;
	for (int fault = 0; fault < STREAM_FAULTS; fault++)
		assert_true(strlen(stream_fault_text((enum stream_fault)fault)) > 3);
	assert_non_null(strstr(stream_fault_text(STREAM_UPPER_CASE), "lower case"));
}

static void
symbols_are_raised_to_upper_case_and_other_bytes_stay(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(stream_symbol_upper(BYTES_LIT("btc_1zaZ"), out, sizeof(out)), 8);
	assert_memory_equal(out, "BTC_1ZAZ", 8);
	assert_int_equal(stream_symbol_upper(BYTES_LIT("\xe5\xb8\x81z"), out, sizeof(out)), 4);
	assert_memory_equal(out, "\xe5\xb8\x81Z", 4);
	assert_int_equal(stream_symbol_upper(BYTES_LIT("btcusdt"), out, 6), 0);
	assert_int_equal(stream_symbol_upper(BYTES_LIT("btcusdt"), out, 7), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_apart_into_symbol_type_and_option),
		cmocka_unit_test(bad_names_are_refused_with_a_reason),
		cmocka_unit_test(a_name_of_128_bytes_is_taken_and_one_of_129_is_not),
		cmocka_unit_test(every_fault_has_words),
		cmocka_unit_test(symbols_are_raised_to_upper_case_and_other_bytes_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
