/* How far the exchange's clock is ahead, by what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/clock_offset.h"
#include "feed/venue/binance/server_time.h"

#define MS INT64_C(1000000)

static struct clock_offset offset;

static mono_t
at_s(int64_t s)
{
	return mono_add(MONO_ZERO, span_s(s));
}

/* At `s` seconds an answer took `trip_ms`; the exchange was `ahead_ms` ahead halfway. */
static void
answer(int64_t s, int64_t trip_ms, int64_t ahead_ms)
{
	const wall_t sent = {s * 1000 * MS};
	const wall_t came = {sent.ns + trip_ms * MS};

	clock_offset_add(&offset, sent, came,
	    (wall_t){sent.ns + (trip_ms / 2 + ahead_ms) * MS}, 1000, at_s(s));
}

static void
without_an_answer_nothing_is_known(void **state)
{
	(void)state;
	offset = (struct clock_offset){0};
	assert_int_equal(clock_offset_now(&offset, at_s(1)).within, 0);
	clock_offset_add(&offset, (wall_t){5 * MS}, (wall_t){4 * MS}, (wall_t){9 * MS}, 1000,
	    at_s(1)); /* the clock was set back in between */
	assert_int_equal(clock_offset_now(&offset, at_s(1)).within, 0);
}

static void
the_quickest_answer_counts(void **state)
{
	struct clock_estimate is;

	(void)state;
	offset = (struct clock_offset){0};
	answer(10, 200, 300);
	is = clock_offset_now(&offset, at_s(10));
	assert_in_range(is.ns, 300 * MS, 300 * MS + 1000);
	assert_in_range(is.within, 100 * MS, 100 * MS + 1000);
	answer(20, 20, 280);
	assert_in_range(clock_offset_now(&offset, at_s(20)).ns, 280 * MS, 280 * MS + 1000);
	answer(30, 400, 310);
	assert_in_range(clock_offset_now(&offset, at_s(30)).ns, 280 * MS, 280 * MS + 1000);
	/* Clocks drift: by then the younger one bounds it better. */
	is = clock_offset_now(&offset, at_s(30));
	assert_true(clock_offset_now(&offset, at_s(3600)).within > is.within);
	answer(7200, 100, 305);
	assert_in_range(clock_offset_now(&offset, at_s(7200)).ns, 305 * MS, 305 * MS + 1000);
}

static void
a_clock_that_was_set_makes_the_past_forgotten(void **state)
{
	(void)state;
	offset = (struct clock_offset){0};
	for (int i = 0; i < 20; i++)
		answer(i, 10, 0);
	answer(20, 50, -3000);
	assert_in_range(-clock_offset_now(&offset, at_s(20)).ns, 2999 * MS, 3000 * MS);
	assert_in_range(clock_offset_now(&offset, at_s(20)).within, 25 * MS, 26 * MS);
}

static void
a_cut_digit_is_part_of_the_doubt(void **state)
{
	struct clock_estimate is;

	(void)state;
	offset = (struct clock_offset){0};
	clock_offset_add(&offset, (wall_t){100 * MS}, (wall_t){100 * MS}, (wall_t){100 * MS}, MS,
	    at_s(0));
	is = clock_offset_now(&offset, at_s(0));
	assert_int_equal(is.ns, MS / 2);
	assert_in_range(is.within, MS / 2, MS / 2 + 1);
}

static void
the_time_of_an_answer_has_milliseconds_or_microseconds(void **state)
{
	static const char *const none[] = {"", "{}", "{\"serverTime\":}", "{\"serverTime\":17}",
	    "{\"serverTime\":99999999999999999999999}", "{\"serverTime\":-1700000000120}"};
	int64_t ns = 5, unit = 6;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(server_time_parse(bytes_of(none[i]), &ns, &unit));
	assert_int_equal(ns, 5);
	assert_true(server_time_parse(BYTES_LIT("{\"serverTime\": 1700000000120}"), &ns, &unit));
	assert_int_equal(ns, 1700000000120 * MS);
	assert_int_equal(unit, MS);
	assert_true(server_time_parse(BYTES_LIT("{\"serverTime\":1700000000120456}"), &ns, &unit));
	assert_int_equal(ns, 1700000000120456 * 1000);
	assert_int_equal(unit, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_answer_nothing_is_known),
		cmocka_unit_test(the_quickest_answer_counts),
		cmocka_unit_test(a_clock_that_was_set_makes_the_past_forgotten),
		cmocka_unit_test(a_cut_digit_is_part_of_the_doubt),
		cmocka_unit_test(the_time_of_an_answer_has_milliseconds_or_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
