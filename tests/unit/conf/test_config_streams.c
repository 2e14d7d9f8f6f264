/* Streams that the product does not have: what a configuration says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/config_text.h"

#define SPOT_TYPES "trade, aggTrade, blockTrade, bookTicker, depth, depth5, depth10, depth20, " \
	"kline_, miniTicker, ticker, ticker_1h, ticker_4h, ticker_1d, avgPrice, referencePrice"

static const struct wrong {
	const char *text, *problems;
} rows[] = {
	{"{\n\"streams\": [\"btcusdt@bookticker\"]}",
	    ":2: key \"streams\": value \"btcusdt@bookticker\" is of no type that is known of "
	    "product \"spot\"; did you mean \"btcusdt@bookTicker\"? (\"extra_stream_types\" with "
	    "\"bookticker\" takes it as it is)\n"},
	{"{\"streams\": [\"btcusdt@trade\", \"btcusdt@foo\"]}",
	    ":1: key \"streams\": value \"btcusdt@foo\" is of no type that is known of product "
	    "\"spot\", allowed: " SPOT_TYPES " (\"extra_stream_types\" with \"foo\" takes it as it "
	    "is)\n"},
	{"{\"streams\": [\"btcusdt@depth7\"]}",
	    ":1: key \"streams\": value \"btcusdt@depth7\" is of no type that is known of product "
	    "\"spot\"; did you mean \"btcusdt@depth5\"? (\"extra_stream_types\" with \"depth7\" "
	    "takes it as it is)\n"},
	{"{\"streams\": [\"btcusdt@markPrice\"]}",
	    ":1: key \"streams\": value \"btcusdt@markPrice\" is of a type that other products "
	    "have, not \"spot\", allowed: " SPOT_TYPES " (\"extra_stream_types\" with "
	    "\"markPrice\" takes it as it is)\n"},
	{"{\"streams\": [\"btcusdt@depth@250ms\"]}",
	    ":1: key \"streams\": value \"btcusdt@depth@250ms\" has an option that its type does "
	    "not take, of product \"spot\", allowed: 100ms, 1000ms (\"extra_stream_types\" with "
	    "\"depth\" takes it as it is)\n"},
	{"{\"product\": \"coinm\", \"streams\": [\"!kline_1m@arr\"]}",
	    ":1: key \"streams\": value \"!kline_1m@arr\" has a form (of one symbol, or of all) "
	    "that its type lacks, of product \"coinm\", allowed: trade, aggTrade, bookTicker, "
	    "depth, depth5, depth10, depth20, kline_, continuousKline_, indexPriceKline_, "
	    "markPriceKline_, miniTicker, ticker, markPrice, indexPrice, forceOrder "
	    "(\"extra_stream_types\" with \"kline_1m\" takes it as it is)\n"},
	/* A name that is none has one problem, not two. */
	{"{\"streams\": [\"BTCUSDT@foo\"]}",
	    ":1: key \"streams\": value \"BTCUSDT@foo\" has a symbol in upper case: stream names "
	    "have it in lower case\n"},
	{"{\"streams\": [\"btcusdt@trade\"], \"extra_stream_types\": [\"@foo\"]}",
	    ":1: key \"extra_stream_types\": value \"@foo\" is no type of a stream: letters, "
	    "digits and _ only, without symbol and \"@\"\n"},
	/* What is wanted all the same. */
	{"{\"streams\": [\"btcusdt@foo@1s\", \"!foo\"], \"extra_stream_types\": [\"foo\"]}", ""},
	{"{\"streams\": [\"btcusdt@depth@250ms\"], \"extra_stream_types\": [\"depth\"]}", ""},
	{"{\"product\": \"usdm\", \"streams\": [\"btcusdt@depth@250ms\"]}", ""},
};

static void
streams_that_the_product_does_not_have_are_refused_with_what_was_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config cfg;
		char *problems = config_of_text(rows[i].text, NULL, 0, &cfg);

		assert_string_equal(problems, rows[i].problems);
		free(problems);
		config_free(&cfg);
	}
}

static void
a_live_change_to_such_a_stream_is_refused_as_well(void **state)
{
	struct config_problems problems = {0};
	struct config cfg, next;

	(void)state;
	free(config_of_text("{\"streams\": [\"btcusdt@trade\"]}", NULL, 0, &cfg));
	assert_false(config_amend(&cfg, "PATCH /config",
	    BYTES_LIT("{\"streams\": [\"btcusdt@bookticker\"]}"), &next, &problems));
	assert_int_equal(problems.n, 1);
	assert_non_null(strstr(problems.line[0], "did you mean \"btcusdt@bookTicker\"?"));
	config_problems_free(&problems);
	config_free(&next);
	config_free(&cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    streams_that_the_product_does_not_have_are_refused_with_what_was_meant),
		cmocka_unit_test(a_live_change_to_such_a_stream_is_refused_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
