#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/endpoints.h"

enum { N = 4, ALL = 15 };

/* Back after 5 minutes; below 500 an endpoint is unfit. */
static const struct endpoints_cfg cfg = {.return_after = {300000000000}, .unfit_below = 500};
static const uint8_t regions[N] = {0, 0, 1, 1};

static struct endpoint list[N];
static struct endpoints endpoints;

static int
new_endpoints(void **state)
{
	(void)state;
	endpoints_init(&endpoints, &cfg, list, regions, N);
	return 0;
}

static mono_t
at_s(int64_t s)
{
	return (mono_t){s * 1000000000};
}

static uint32_t
choose(endpoint_set usable, endpoint_set avoid, const uint8_t *lines)
{
	struct endpoints_query query = {.usable = usable, .avoid = avoid, .lines = lines};

	return endpoints_choose(&endpoints, &query);
}

static uint32_t
probe(endpoint_set usable, const uint8_t *lines)
{
	struct endpoints_query query = {.usable = usable, .lines = lines};

	return endpoints_probe(&endpoints, &query);
}

static void
lose(unsigned i, int times)
{
	while (times-- > 0)
		endpoints_on_failure(&endpoints, i);
}

static void
lines_spread_over_the_preferred_region(void **state)
{
	uint8_t lines[N] = {0};
	uint32_t i;

	(void)state;
	for (int line = 0; line < 6; line++) {
		i = choose(ALL, 0, lines);
		assert_int_equal(i, line % 2);
		lines[i]++;
	}
	assert_int_equal(choose(ALL, 0, NULL), 0);
}

static void
legs_go_apart_even_into_another_region(void **state)
{
	(void)state;
	assert_int_equal(choose(ALL, 1 << 0, NULL), 1);
	assert_int_equal(choose(ALL, 1 << 0 | 1 << 1, NULL), 2);
	assert_int_equal(choose(1 << 0 | 1 << 1, 1 << 0 | 1 << 1, NULL), 0);
	assert_int_equal(choose(1 << 3, 1 << 3, NULL), 3);
	assert_int_equal(choose(0, 0, NULL), ENDPOINTS_NONE);
}

static void
health_and_round_trip_decide_between_equals(void **state)
{
	uint8_t lines[N] = {1, 1, 0, 0};

	(void)state;
	endpoints_on_round_trip(&endpoints, 0, span_ms(20));
	endpoints_on_round_trip(&endpoints, 1, span_ms(10));
	assert_int_equal(choose(ALL, 0, lines), 1);
	endpoints_on_health(&endpoints, 1, 600, at_s(0));
	assert_int_equal(choose(ALL, 0, lines), 0);
	/* 900 a line, or 500 a line. */
	lines[1] = 0;
	assert_int_equal(choose(ALL, 0, lines), 1);
	endpoints_on_round_trip(&endpoints, 0, span_ms(100));
	assert_int_equal(list[0].round_trip.ns, 30000000);
	endpoints_on_round_trip(&endpoints, 0, span_ms(0));
	assert_int_equal(list[0].round_trip.ns, 30000000);
}

static void
an_unfit_endpoint_is_the_last_resort(void **state)
{
	(void)state;
	lose(0, 1);
	assert_int_equal(list[0].score, 500);
	assert_int_equal(choose(1 << 0 | 1 << 2, 0, NULL), 0);
	lose(0, 1);
	assert_int_equal(list[0].score, 250);
	assert_int_equal(choose(1 << 0 | 1 << 2, 0, NULL), 2);
	assert_int_equal(choose(1 << 0 | 1 << 2, 1 << 2, NULL), 2);
	assert_int_equal(choose(1 << 0, 0, NULL), 0);
}

static void
when_a_region_has_no_fit_endpoint_the_next_one_takes_over(void **state)
{
	(void)state;
	lose(0, 2);
	assert_false(endpoints_review(&endpoints, ALL, at_s(0)));
	lose(1, 2);
	assert_true(endpoints_review(&endpoints, ALL, at_s(0)));
	assert_int_equal(endpoints.current, 1);
	assert_int_equal(endpoints.failovers, 1);
	assert_int_equal(choose(ALL, 0, NULL), 2);
	assert_false(endpoints_review(&endpoints, ALL, at_s(1)));
}

static void
open_circuits_fail_over_and_nowhere_to_go_is_no_failover(void **state)
{
	(void)state;
	assert_false(endpoints_review(&endpoints, 0, at_s(0)));
	assert_int_equal(endpoints.current, 0);
	assert_true(endpoints_review(&endpoints, 1 << 3, at_s(0)));
	assert_int_equal(endpoints.current, 1);
}

static void
a_failover_goes_where_an_endpoint_is_fit_and_usable(void **state)
{
	static const uint8_t three[3] = {0, 1, 2};

	(void)state;
	endpoints_init(&endpoints, &cfg, list, three, 3);
	lose(1, 2);
	assert_true(endpoints_review(&endpoints, 1 << 1 | 1 << 2, at_s(0)));
	assert_int_equal(endpoints.current, 2);
	endpoints_init(&endpoints, &cfg, list, three, 3);
	assert_true(endpoints_review(&endpoints, 1 << 2, at_s(0)));
	assert_int_equal(endpoints.current, 2);
}

static void
an_unknown_round_trip_decides_nothing(void **state)
{
	(void)state;
	endpoints_on_round_trip(&endpoints, 1, span_ms(10));
	assert_int_equal(choose(ALL, 0, NULL), 0);
	endpoints_on_round_trip(&endpoints, 0, span_ms(10));
	assert_int_equal(choose(ALL, 0, NULL), 0);
	endpoints_init(&endpoints, &cfg, list, regions, N);
	endpoints_on_round_trip(&endpoints, 0, span_ms(10));
	assert_int_equal(choose(ALL, 0, NULL), 0);
}

static void
it_returns_when_the_better_region_was_good_long_enough(void **state)
{
	(void)state;
	endpoints_review(&endpoints, 1 << 2 | 1 << 3, at_s(0));
	assert_false(endpoints_review(&endpoints, ALL, at_s(1000)));
	endpoints_on_up(&endpoints, 1, at_s(2000));
	endpoints_on_up(&endpoints, 1, at_s(2200)); /* does not start the time anew */
	assert_false(endpoints_review(&endpoints, ALL, at_s(2299)));
	assert_true(endpoints_review(&endpoints, ALL, at_s(2300)));
	assert_int_equal(endpoints.current, 0);
	assert_int_equal(endpoints.returns, 1);
}

static void
a_failure_or_a_sick_line_starts_the_time_anew(void **state)
{
	(void)state;
	endpoints_review(&endpoints, 1 << 2, at_s(0));
	endpoints_on_up(&endpoints, 0, at_s(0));
	endpoints_on_failure(&endpoints, 0);
	assert_false(endpoints_review(&endpoints, ALL, at_s(300)));
	endpoints_on_up(&endpoints, 0, at_s(400));
	endpoints_on_health(&endpoints, 0, 499, at_s(500));
	assert_true(mono_is_never(list[0].good_since));
	endpoints_on_health(&endpoints, 0, 500, at_s(600));
	assert_false(endpoints_review(&endpoints, ALL, at_s(899)));
	assert_true(endpoints_review(&endpoints, ALL, at_s(900)));
}

static void
after_a_failover_one_line_tries_the_better_region(void **state)
{
	uint8_t lines[N] = {0, 0, 3, 3};

	(void)state;
	assert_int_equal(probe(ALL, lines), ENDPOINTS_NONE);
	endpoints_review(&endpoints, 1 << 2 | 1 << 3, at_s(0));
	assert_int_equal(probe(1 << 2 | 1 << 3, lines), ENDPOINTS_NONE);
	assert_int_equal(probe(1 << 1 | 1 << 2, lines), 1);
	assert_int_equal(probe(ALL, lines), 0);
	lines[1] = 1; /* being tried */
	assert_int_equal(probe(ALL, lines), ENDPOINTS_NONE);
	lines[1] = 0;
	endpoints_on_up(&endpoints, 1, at_s(10));
	assert_int_equal(probe(ALL, lines), ENDPOINTS_NONE);
	endpoints_on_failure(&endpoints, 1);
	assert_int_equal(probe(ALL, lines), 0);
}

static void
numbers_that_are_no_endpoints_are_ignored(void **state)
{
	(void)state;
	endpoints_on_up(&endpoints, N, at_s(0));
	endpoints_on_failure(&endpoints, N);
	endpoints_on_round_trip(&endpoints, N, span_ms(5));
	endpoints_on_health(&endpoints, N, 0, at_s(0));
	assert_int_equal(choose(1u << 31, 0, NULL), ENDPOINTS_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_spread_over_the_preferred_region, new_endpoints),
		cmocka_unit_test_setup(legs_go_apart_even_into_another_region, new_endpoints),
		cmocka_unit_test_setup(health_and_round_trip_decide_between_equals, new_endpoints),
		cmocka_unit_test_setup(an_unfit_endpoint_is_the_last_resort, new_endpoints),
		cmocka_unit_test_setup(when_a_region_has_no_fit_endpoint_the_next_one_takes_over,
		    new_endpoints),
		cmocka_unit_test_setup(
		    open_circuits_fail_over_and_nowhere_to_go_is_no_failover, new_endpoints),
		cmocka_unit_test_setup(a_failover_goes_where_an_endpoint_is_fit_and_usable,
		    new_endpoints),
		cmocka_unit_test_setup(an_unknown_round_trip_decides_nothing, new_endpoints),
		cmocka_unit_test_setup(it_returns_when_the_better_region_was_good_long_enough,
		    new_endpoints),
		cmocka_unit_test_setup(a_failure_or_a_sick_line_starts_the_time_anew,
		    new_endpoints),
		cmocka_unit_test_setup(after_a_failover_one_line_tries_the_better_region,
		    new_endpoints),
		cmocka_unit_test_setup(numbers_that_are_no_endpoints_are_ignored, new_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
