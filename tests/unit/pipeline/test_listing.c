/* The exchange's list of instruments, and what patterns of streams mean by it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/pipeline/listing.h"
#include "feed/plan/patterns.h"

#define SYMBOL(name, status) \
	"{\"symbol\":\"" name "\",\"status\":\"" status "\",\"filters\":[" \
	"{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"0.01000000\"," \
	"\"maxPrice\":\"1000000.00000000\",\"tickSize\":\"0.01000000\"}," \
	"{\"filterType\":\"LOT_SIZE\",\"minQty\":\"0.00001000\"," \
	"\"maxQty\":\"9000.00000000\",\"stepSize\":\"0.00001000\"}]}"
#define BODY(symbols) "{\"timezone\":\"UTC\",\"symbols\":[" symbols "]}"

static struct listing *
read_list(const char *body)
{
	struct listing *list;

	assert_int_equal(listing_read(&list, bytes_of(body)), 0);
	assert_non_null(list);
	return list;
}

static void
symbols_are_found_whatever_their_order(void **state)
{
	struct listing *list = read_list(
	    BODY(SYMBOL("ETHUSDT", "TRADING") "," SYMBOL("ETH", "HALT") ","
	        SYMBOL("BTCUSDT", "BREAK")));
	const struct listed *btc = listing_find(list, BYTES_LIT("BTCUSDT"));

	(void)state;
	assert_int_equal(list->n, 3);
	assert_non_null(btc);
	assert_int_equal(btc->trading, TICK_TRADING_BREAK);
	assert_int_equal(btc->price_exponent, -2);
	assert_int_equal(btc->price_step, 1);
	assert_int_equal(btc->qty_exponent, -5);
	assert_int_equal(listing_find(list, BYTES_LIT("ETH"))->trading, TICK_TRADING_HALT);
	assert_int_equal(listing_find(list, BYTES_LIT("ETHUSDT"))->trading, TICK_TRADING_ON);
	assert_null(listing_find(list, BYTES_LIT("ETHUSD")));
	assert_null(listing_find(list, BYTES_LIT("")));
	assert_null(listing_find(NULL, BYTES_LIT("ETHUSDT")));
	free(list);
}

static void
what_one_list_has_and_another_has_not_is_counted(void **state)
{
	struct listing *long_one = read_list(BODY(SYMBOL("B", "TRADING") "," SYMBOL("D", "BREAK")
	    "," SYMBOL("A", "TRADING") "," SYMBOL("AB", "TRADING")));
	struct listing *short_one = read_list(
	    BODY(SYMBOL("C", "TRADING") "," SYMBOL("B", "HALT") "," SYMBOL("E", "TRADING")));
	struct listing *none = read_list(BODY(""));

	(void)state;
	assert_int_equal(listing_lost(long_one, short_one), 3);
	assert_int_equal(listing_lost(short_one, long_one), 2);
	assert_int_equal(listing_lost(long_one, long_one), 0);
	assert_int_equal(listing_lost(long_one, none), 4);
	assert_int_equal(listing_lost(none, long_one), 0);
	free(long_one);
	free(short_one);
	free(none);
}

static void
a_body_that_is_cut_off_is_no_list(void **state)
{
	static const char body[] = BODY(SYMBOL("ETHUSDT", "TRADING"));
	struct listing *list;

	(void)state;
	for (size_t n = 0; n < sizeof(body) - 1; n++) {
		assert_int_equal(listing_read(&list, (struct bytes){body, n}), -EBADMSG);
		assert_null(list);
	}
}

static void
a_step_is_told_at_other_exponents_where_it_is_whole(void **state)
{
	(void)state;
	assert_int_equal(listing_step(5, -2, -8), 5000000);
	assert_int_equal(listing_step(500, -4, -2), 5);
	assert_int_equal(listing_step(5, -3, -2), 0);
	assert_int_equal(listing_step(INT64_MAX, 0, -8), 0);
}

static void
expect_list(const struct config_strings *list, const char *const *expected, size_t n)
{
	assert_int_equal(list->n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(list->item[i], expected[i]);
}

static void
a_pattern_means_instruments_that_trade_will_or_pause(void **state)
{
	char text[][24] = {
		"ethusdt@trade", "*usdt@bookTicker", "eth*@trade", "ethusdt@bookTicker"};
	char *item[] = {text[0], text[1], text[2], text[3]};
	const struct config_strings streams = {item, 4};
	static const char *const expected[] = {"ethusdt@trade", "btcusdt@bookTicker",
		"ethusdt@bookTicker", "newusdt@bookTicker", "ethbtc@trade"};
	struct listing *list = read_list(BODY(SYMBOL("ETHUSDT", "TRADING") ","
	    SYMBOL("ETHBTC", "TRADING") "," SYMBOL("OLDUSDT", "BREAK") ","
	    SYMBOL("NEWUSDT", "PENDING_TRADING") "," SYMBOL("BTCUSDT", "HALT")));
	struct config_strings out;

	(void)state;
	assert_int_equal(patterns_count(&streams), 2);
	assert_int_equal(patterns_expand(&streams, list, &out), 0);
	expect_list(&out, expected, 5);
	patterns_free(&out);
	free(list);
}

static void
without_a_list_only_names_are_meant(void **state)
{
	char text[][24] = {"*@trade", "ethusdt@trade", "ethusdt@trade"};
	char *item[] = {text[0], text[1], text[2]};
	const struct config_strings streams = {item, 3};
	static const char *const expected[] = {"ethusdt@trade"};
	struct config_strings out;

	(void)state;
	assert_int_equal(patterns_expand(&streams, NULL, &out), 0);
	expect_list(&out, expected, 1);
	patterns_free(&out);
}

static void
only_new_listings_are_new(void **state)
{
	char text[][24] = {"bnbusdt@trade", "*usdt@trade"};
	char *item[] = {text[0], text[1]};
	const struct config_strings streams = {item, 2};
	static const char *const expected[] = {"newusdt@trade", "oldusdt@trade"};
	struct listing *before = read_list(
	    BODY(SYMBOL("ETHUSDT", "TRADING") "," SYMBOL("OLDUSDT", "BREAK")));
	struct listing *list = read_list(BODY(SYMBOL("ETHUSDT", "TRADING") ","
	    SYMBOL("OLDUSDT", "TRADING") "," SYMBOL("NEWUSDT", "TRADING")));
	struct pattern_walk walk;
	enum pattern_step step;
	const char *name;
	size_t n = 0;

	(void)state;
	patterns_begin(&walk, &streams, list, before, true);
	while ((step = patterns_next(&walk, &name)) != PATTERN_END) {
		if (step != PATTERN_NAME)
			continue;
		assert_true(n < 2);
		assert_string_equal(name, expected[n++]);
	}
	assert_int_equal(n, 2);
	assert_int_equal(patterns_next(&walk, &name), PATTERN_END);
	free(before);
	free(list);
}

static void
a_star_behind_the_at_is_no_pattern(void **state)
{
	(void)state;
	assert_true(pattern_is("*@trade"));
	assert_true(pattern_is("btc*@trade"));
	assert_false(pattern_is("btcusdt@tr*"));
	assert_false(pattern_is("!ticker@arr"));
	assert_false(pattern_is("btcusdt@trade"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_found_whatever_their_order),
		cmocka_unit_test(what_one_list_has_and_another_has_not_is_counted),
		cmocka_unit_test(a_body_that_is_cut_off_is_no_list),
		cmocka_unit_test(a_step_is_told_at_other_exponents_where_it_is_whole),
		cmocka_unit_test(a_pattern_means_instruments_that_trade_will_or_pause),
		cmocka_unit_test(without_a_list_only_names_are_meant),
		cmocka_unit_test(only_new_listings_are_new),
		cmocka_unit_test(a_star_behind_the_at_is_no_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
