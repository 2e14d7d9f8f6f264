/*
 * The clock by the processor's counter says what CLOCK_MONOTONIC says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/io/clock_near.h"

/* Long enough for the rate to be known; where the counter is no use, for nothing. */
#define WATCH_NS 400000000
#define LAG_NS_MAX 5000 /* a reading takes at most 4096 stamps */
#define AHEAD_NS_MAX 1000

static void
it_never_goes_back_and_agrees_with_the_clock(void **state)
{
	struct clock_near near;
	mono_t begun = clock_mono(), before, now, after, last = begun;
	unsigned by_counter = 0;

	(void)state;
	clock_near_init(&near);
	do {
		uint64_t stamp = near.stamp;

		before = clock_mono();
		now = clock_near(&near);
		after = clock_mono();
		assert_true(now.ns >= last.ns);
		assert_true(now.ns >= before.ns - LAG_NS_MAX);
		assert_true(now.ns <= after.ns + AHEAD_NS_MAX);
		last = now;
		by_counter += near.known && near.stamp == stamp;
	} while (after.ns - begun.ns < WATCH_NS);
	assert_int_equal(near.usable, by_counter > 0);
}

static void
a_counter_that_leapt_is_not_believed(void **state)
{
	struct clock_near near;
	mono_t begun = clock_mono(), before, now;

	(void)state;
	clock_near_init(&near);
	while (clock_near(&near).ns - begun.ns < WATCH_NS)
		;
	/* As if the counter had run twice as fast since the last measurement. */
	near.from_stamp -= near.stamp - near.from_stamp + (1u << 28);
	near.from_ns -= 60000000;
	near.stamp -= CLOCK_NEAR_STAMPS;
	before = clock_mono();
	now = clock_near(&near);
	assert_true(now.ns >= before.ns - LAG_NS_MAX);
	assert_true(now.ns <= clock_mono().ns + AHEAD_NS_MAX);
	assert_false(near.known);
}

static void
without_a_counter_each_call_reads_the_clock(void **state)
{
	struct clock_near near = {.usable = false, .last = INT64_MIN};
	mono_t before = clock_mono(), now = clock_near(&near);

	(void)state;
	assert_true(now.ns >= before.ns && now.ns <= clock_mono().ns);
	assert_int_equal(near.stamp, 0);
	near.last = now.ns + 1000000000;
	assert_int_equal(clock_near(&near).ns, now.ns + 1000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_never_goes_back_and_agrees_with_the_clock),
		cmocka_unit_test(a_counter_that_leapt_is_not_believed),
		cmocka_unit_test(without_a_counter_each_call_reads_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
