#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/venue/binance/limits.h"

static void
each_product_is_found_by_its_name(void **state)
{
	static const char *const names[] = {"spot", "spot-sbe", "usdm", "coinm", "options"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_non_null(limits_find(bytes_of(names[i])));
		assert_ptr_equal(limits_find(bytes_of(names[i])), limits_at(i));
	}
	assert_null(limits_at(5));
	assert_null(limits_find(BYTES_LIT("margin")));
	assert_null(limits_find(BYTES_NONE));
}

static void
spot_pings_every_20_s_and_takes_5_messages_per_second(void **state)
{
	const struct limits *spot = limits_find(BYTES_LIT("spot"));

	(void)state;
	assert_int_equal(spot->ping_every.ns, span_s(20).ns);
	assert_int_equal(spot->pong_within.ns, span_s(60).ns);
	assert_int_equal(spot->messages_per_s, 5);
	assert_int_equal(spot->streams_per_line, 1024);
	assert_int_equal(spot->rest_weight_per_min, 6000);
}

static void
futures_ping_every_3_minutes_and_take_10_messages_per_second(void **state)
{
	const struct limits *usdm = limits_find(BYTES_LIT("usdm"));

	(void)state;
	assert_int_equal(usdm->ping_every.ns, span_s(180).ns);
	assert_int_equal(usdm->pong_within.ns, span_s(600).ns);
	assert_int_equal(usdm->messages_per_s, 10);
	assert_int_equal(limits_find(BYTES_LIT("options"))->streams_per_line, 200);
}

static void
every_product_has_300_connects_in_5_minutes_and_24_hours(void **state)
{
	const struct limits *row;

	(void)state;
	for (size_t i = 0; (row = limits_at(i)) != NULL; i++) {
		assert_int_equal(row->connects_max, 300);
		assert_int_equal(row->connects_window.ns, span_s(300).ns);
		assert_int_equal(row->line_life.ns, span_s(86400).ns);
		assert_int_equal(row->request_bytes_max, 4000);
		assert_true(row->ping_every.ns < row->pong_within.ns);
	}
}

static void
expect_depth(const struct limits *limits, unsigned step, uint32_t levels, uint32_t weight)
{
	assert_int_equal(limits->depth[step].levels, levels);
	assert_int_equal(limits->depth[step].weight, weight);
}

static void
a_snapshot_weighs_by_its_levels(void **state)
{
	const struct limits *spot = limits_find(BYTES_LIT("spot"));
	const struct limits *coinm = limits_find(BYTES_LIT("coinm"));

	(void)state;
	expect_depth(spot, 0, 100, 5);
	expect_depth(spot, 1, 500, 25);
	expect_depth(spot, 2, 1000, 50);
	expect_depth(spot, 3, 5000, 250);
	expect_depth(coinm, 0, 50, 2);
	expect_depth(coinm, 3, 1000, 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_product_is_found_by_its_name),
		cmocka_unit_test(spot_pings_every_20_s_and_takes_5_messages_per_second),
		cmocka_unit_test(futures_ping_every_3_minutes_and_take_10_messages_per_second),
		cmocka_unit_test(every_product_has_300_connects_in_5_minutes_and_24_hours),
		cmocka_unit_test(a_snapshot_weighs_by_its_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
