#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/tick.h>

#include "feed/venue/binance/exchange_info.h"
#include "feed/venue/binance/scan.h"

#define FILTERS(tick, min, step, least) \
	"\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"" min "\"," \
	"\"maxPrice\":\"9\",\"tickSize\":\"" tick "\"}," \
	"{\"filterType\":\"LOT_SIZE\",\"minQty\":\"" least \
	"\",\"maxQty\":\"9\",\"stepSize\":\"" step "\"}]"
#define SPOT(name, status) \
	"{\"symbol\":\"" name "\",\"status\":\"" status "\"," \
	FILTERS("0.01000000", "0.01000000", "0.00001000", "0.00001000") "}"
#define BODY(symbols) "{\"timezone\":\"UTC\",\"symbols\":[" symbols "],\"more\":{}}"

static struct exchange_info info;
static struct exchange_symbol symbol;
static char *copy;

/* Begins with a copy of its own size, so that a sanitizer sees what is read behind it. */
static void
begin(const char *text, size_t n)
{
	free(copy);
	copy = malloc(n + SCAN_AHEAD);
	memcpy(copy, text, n);
	memset(copy + n, '"', SCAN_AHEAD);
	exchange_info_begin(&info, (struct bytes){copy, n});
}

static void
take_one(const char *body)
{
	begin(body, strlen(body));
	assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_SYMBOL);
}

static int
forget(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

static void
a_spot_symbol_has_the_coarsest_exponents_that_are_exact(void **state)
{
	(void)state;
	take_one(BODY(SPOT("BTCUSDT", "TRADING")));
	assert_true(bytes_equal(symbol.name, BYTES_LIT("BTCUSDT")));
	assert_true(bytes_equal(symbol.status, BYTES_LIT("TRADING")));
	assert_int_equal(symbol.trading, TICK_TRADING_ON);
	assert_int_equal(symbol.contract.n, 0);
	assert_int_equal(symbol.deliver_ns, TICK_ABSENT);
	assert_int_equal(symbol.price_exponent, -2);
	assert_int_equal(symbol.price_step, 1);
	assert_int_equal(symbol.qty_exponent, -5);
	assert_int_equal(symbol.qty_step, 1);
	assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_END);
	assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_END);
}

static void
a_step_of_more_than_one_unit_keeps_its_mantissa(void **state)
{
	(void)state;
	take_one(BODY("{\"symbol\":\"X\"," FILTERS("0.25000000", "0", "10", "1") "}"));
	assert_int_equal(symbol.price_exponent, -2);
	assert_int_equal(symbol.price_step, 25);
	assert_int_equal(symbol.qty_exponent, 0);
	assert_int_equal(symbol.qty_step, 10);
	assert_int_equal(symbol.trading, TICK_TRADING_UNKNOWN);
}

static void
a_smallest_price_that_is_finer_than_the_step_decides(void **state)
{
	(void)state;
	take_one(BODY("{\"symbol\":\"X\"," FILTERS("0.5", "556.72", "0.1", "0.001") "}"));
	assert_int_equal(symbol.price_exponent, -2);
	assert_int_equal(symbol.price_step, 50);
	assert_int_equal(symbol.qty_exponent, -3);
	assert_int_equal(symbol.qty_step, 100);
}

static void
a_switched_off_step_falls_back_on_the_stated_precision_or_the_default(void **state)
{
	(void)state;
	take_one(BODY("{\"symbol\":\"X\",\"pricePrecision\":3,"
		      FILTERS("0.00000000", "0.0", "0.00000000", "0.0") "}"));
	assert_int_equal(symbol.price_exponent, -3);
	assert_int_equal(symbol.price_step, 0);
	assert_int_equal(symbol.qty_exponent, EXCHANGE_EXPONENT_DEFAULT);
	assert_int_equal(symbol.qty_step, 0);
}

static void
coin_margined_and_option_bodies_use_their_own_keys(void **state)
{
	(void)state;
	take_one(BODY("{\"symbol\":\"BTCUSD_211231\",\"contractType\":\"NEXT_QUARTER\","
		      "\"deliveryDate\":1640937600000,\"contractStatus\":\"DELIVERING\","
		      FILTERS("0.1", "1000", "1", "1") "}"));
	assert_int_equal(symbol.trading, TICK_TRADING_SETTLING);
	assert_true(bytes_equal(symbol.contract, BYTES_LIT("NEXT_QUARTER")));
	assert_int_equal(symbol.deliver_ns, 1640937600000000000);
	assert_int_equal(symbol.qty_exponent, 0);

	take_one("{\"optionContracts\":[{\"id\":1}],\"optionSymbols\":["
		 "{\"expiryDate\":1660521600000,"
		 FILTERS("0.01", "0.02", "0.01", "0.01")
		 ",\"symbol\":\"BTC-220815-50000-C\",\"side\":\"CALL\",\"priceScale\":2}]}");
	assert_true(bytes_equal(symbol.name, BYTES_LIT("BTC-220815-50000-C")));
	assert_true(bytes_equal(symbol.contract, BYTES_LIT("CALL")));
	assert_int_equal(symbol.deliver_ns, 1660521600000000000);
	assert_int_equal(symbol.price_step, 1);
}

static void
names_may_be_utf8_and_written_with_escapes(void **state)
{
	(void)state;
	take_one(BODY(SPOT("币安人生USDT", "BREAK")));
	assert_true(bytes_equal(symbol.name, BYTES_LIT("币安人生USDT")));
	assert_int_equal(symbol.trading, TICK_TRADING_BREAK);
	take_one(BODY("{\"s\\u0079mbol\" : \"\\u5e01USDT\" }"));
	assert_true(bytes_equal(symbol.name, BYTES_LIT("币USDT")));
}

static void
an_entry_that_cannot_be_used_does_not_hide_the_next(void **state)
{
	static const char *const wrong[] = {
		"{\"status\":\"TRADING\"}", "{\"symbol\":\"\"}", "{\"symbol\":7}", "17",
		"{\"symbol\":\"A\",\"symbol\":\"B\"}", "{\"symbol\":\"A B\"}",
		"{\"symbol\":\"A\\u0000B\"}", "{\"symbol\":\"\xff\xfe\"}",
		"{\"symbol\":\"A0123456789012345678901234567890123456789012345678\"}",
		"{\"symbol\":\"A\"," FILTERS("1e-2", "0", "1", "1") "}",
		"{\"symbol\":\"A\"," FILTERS("-0.01", "0", "1", "1") "}",
		"{\"symbol\":\"A\"," FILTERS("99999999999999999999", "0", "1", "1") "}",
		"{\"symbol\":\"A\"," FILTERS("9999999999999999", "0.0000001", "1", "1") "}",
		"{\"symbol\":\"A\",\"filters\":[1]}", "{\"symbol\":\"A\",\"filters\":{}}",
		"{\"symbol\":\"A\",\"filters\":[{\"filterType\":\"LOT_SIZE\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char body[1024];

		snprintf(body, sizeof(body), BODY("%s," SPOT("GOOD", "HALT")), wrong[i]);
		begin(body, strlen(body));
		if (exchange_info_next(&info, &symbol) != EXCHANGE_INFO_UNUSABLE)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_SYMBOL);
		assert_true(bytes_equal(symbol.name, BYTES_LIT("GOOD")));
		assert_int_equal(symbol.trading, TICK_TRADING_HALT);
		assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_END);
	}
}

static void
a_body_cut_off_anywhere_never_ends_well(void **state)
{
	static const char body[] = BODY(SPOT("A", "HALT") "," SPOT("B", "TRADING"));

	(void)state;
	for (size_t n = 0; n < sizeof(body) - 1; n++) {
		enum exchange_info_result result;

		begin(body, n);
		do
			result = exchange_info_next(&info, &symbol);
		while (result == EXCHANGE_INFO_SYMBOL || result == EXCHANGE_INFO_UNUSABLE);
		assert_int_equal(result, EXCHANGE_INFO_MALFORMED);
		assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_MALFORMED);
	}
}

static void
what_is_no_exchange_info_is_malformed(void **state)
{
	static const char *const wrong[] = {"[]", "{}", "{\"code\":-1003,\"msg\":\"too much\"}",
		"{\"symbols\":{}}", "{\"symbols\":[]} x", "{\"symbols\":[],\"symbols\":[]}", "null",
		""};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin(wrong[i], strlen(wrong[i]));
		if (exchange_info_next(&info, &symbol) != EXCHANGE_INFO_MALFORMED)
			fail_msg("taken: %s", wrong[i]);
	}
	begin(" {\"symbols\":[]}\n", 16);
	assert_int_equal(exchange_info_next(&info, &symbol), EXCHANGE_INFO_END);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spot_symbol_has_the_coarsest_exponents_that_are_exact),
		cmocka_unit_test(a_step_of_more_than_one_unit_keeps_its_mantissa),
		cmocka_unit_test(a_smallest_price_that_is_finer_than_the_step_decides),
		cmocka_unit_test(
		    a_switched_off_step_falls_back_on_the_stated_precision_or_the_default),
		cmocka_unit_test(coin_margined_and_option_bodies_use_their_own_keys),
		cmocka_unit_test(names_may_be_utf8_and_written_with_escapes),
		cmocka_unit_test(an_entry_that_cannot_be_used_does_not_hide_the_next),
		cmocka_unit_test(a_body_cut_off_anywhere_never_ends_well),
		cmocka_unit_test(what_is_no_exchange_info_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
