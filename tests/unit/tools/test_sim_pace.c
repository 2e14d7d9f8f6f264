/* The simulator's clockwork: pace of the market, limit of incoming messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tools/exchange-sim/limiter.h"
#include "tools/exchange-sim/pace.h"

static mono_t
at_us(int64_t us)
{
	return mono_add(MONO_ZERO, span_us(us));
}

static void
any_second_has_the_rate_within_one_batch(void **state)
{
	static const int64_t rates[] = {1, 3, 7, 1000, 9999, 50000, 333333};
	struct pace p;

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		int64_t total = 0, batch = rates[r] / 10000 + 1;

		pace_start(&p, rates[r], MONO_ZERO);
		for (mono_t now = MONO_ZERO; now.ns <= 5000000000; now = pace_deadline(&p, now)) {
			int64_t due = pace_due(&p, now), seconds = now.ns / 1000000;

			assert_in_range(due, 0, batch);
			total += due;
			pace_sent(&p, due);
			assert_in_range(total + batch, rates[r] * seconds / 1000,
			    rates[r] * (seconds + 1) / 1000 + 2 * batch);
		}
		assert_in_range(total, 5 * rates[r] - batch, 5 * rates[r]);
	}
}

static void
a_message_is_due_exactly_at_its_time(void **state)
{
	struct pace p;

	(void)state;
	pace_start(&p, 1000, at_us(0));
	assert_int_equal(pace_deadline(&p, at_us(0)).ns, 1000000);
	assert_int_equal(pace_due(&p, at_us(999)), 0);
	assert_int_equal(pace_due(&p, at_us(1000)), 1);
	pace_sent(&p, 1);
	assert_int_equal(pace_deadline(&p, at_us(1000)).ns, 2000000);
	assert_int_equal(pace_due(&p, at_us(3500)), 2);
}

static void
a_stop_is_caught_up_within_bounds(void **state)
{
	struct pace p;

	(void)state;
	pace_start(&p, 1000, at_us(0));
	assert_int_equal(pace_due(&p, at_us(50000)), 50);
	pace_sent(&p, 50);
	assert_in_range(pace_due(&p, at_us(60000000)), 100, 101);
	pace_sent(&p, 101);
	assert_int_equal(pace_due(&p, at_us(60000500)), 0);
}

static void
what_is_sent_too_much_is_owed(void **state)
{
	struct pace p;

	(void)state;
	pace_start(&p, 1000, at_us(0));
	pace_sent(&p, 5);
	assert_int_equal(pace_due(&p, at_us(5000)), 0);
	assert_int_equal(pace_due(&p, at_us(6000)), 1);
	pace_sent(&p, 100000);
	assert_int_equal(pace_due(&p, at_us(7000)), 0);
	assert_int_equal(pace_due(&p, at_us(1006000)), 0);
	assert_int_equal(pace_due(&p, at_us(1007000)), 1);
}

static void
rate_zero_never_sends(void **state)
{
	struct pace p;

	(void)state;
	pace_start(&p, 0, at_us(0));
	assert_true(mono_is_never(pace_deadline(&p, at_us(1))));
	assert_int_equal(pace_due(&p, at_us(1000000)), 0);
}

static void
the_sixth_message_within_any_second_is_refused(void **state)
{
	struct limiter l;

	(void)state;
	limiter_init(&l, 5, span_s(1));
	assert_true(limiter_admits(&l, at_us(0)));
	for (int i = 0; i < 4; i++)
		assert_true(limiter_admits(&l, at_us(900000)));
	assert_false(limiter_admits(&l, at_us(999999)));
	assert_true(limiter_admits(&l, at_us(1000000)));
	/* A token bucket would be full again by now; the window is not. */
	assert_false(limiter_admits(&l, at_us(1899999)));
	assert_true(limiter_admits(&l, at_us(1900000)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_second_has_the_rate_within_one_batch),
		cmocka_unit_test(a_message_is_due_exactly_at_its_time),
		cmocka_unit_test(a_stop_is_caught_up_within_bounds),
		cmocka_unit_test(what_is_sent_too_much_is_owed),
		cmocka_unit_test(rate_zero_never_sends),
		cmocka_unit_test(the_sixth_message_within_any_second_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
