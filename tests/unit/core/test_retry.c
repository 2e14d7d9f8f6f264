#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/retry.h"

static const struct retry_cfg plain = {
	.base = {1000000000},
	.cap = {60000000000},
	.exponential_base = 2,
	.jitter_percent = 0,
	.max_retries = 15,
	.reset_after = 3,
};

/* Milliseconds from `now` to the next try. */
static int64_t
delay_ms(const struct retry *retry, mono_t now)
{
	return mono_diff(retry_deadline(retry), now).ns / 1000000;
}

static void
nothing_is_due_before_a_failure(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, &plain, 1);
	assert_true(mono_is_never(retry_deadline(&retry)));
	assert_false(retry_exhausted(&retry));
}

static void
delays_double_up_to_the_cap(void **state)
{
	static const int64_t expected_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct retry retry;
	mono_t now = {5000};

	(void)state;
	retry_init(&retry, &plain, 1);
	for (size_t i = 0; i < sizeof(expected_s) / sizeof(expected_s[0]); i++) {
		retry_on_failure(&retry, now, -1);
		assert_int_equal(delay_ms(&retry, now), expected_s[i] * 1000);
		now = retry_deadline(&retry);
	}
}

static void
an_exponential_base_of_one_keeps_the_delay(void **state)
{
	struct retry_cfg cfg = plain;
	struct retry retry;

	(void)state;
	cfg.exponential_base = 1;
	retry_init(&retry, &cfg, 1);
	for (int i = 0; i < 15; i++) {
		retry_on_failure(&retry, MONO_ZERO, -1);
		assert_int_equal(delay_ms(&retry, MONO_ZERO), 1000);
	}
}

static void
after_the_budget_it_goes_on_at_the_cap_for_ever(void **state)
{
	struct retry_cfg cfg = plain;
	struct retry retry;

	(void)state;
	cfg.max_retries = 2;
	retry_init(&retry, &cfg, 1);
	retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_failure(&retry, MONO_ZERO, -1);
	assert_false(retry_exhausted(&retry));
	assert_int_equal(delay_ms(&retry, MONO_ZERO), 2000);
	for (int i = 0; i < 1000; i++) {
		retry_on_failure(&retry, MONO_ZERO, -1);
		assert_true(retry_exhausted(&retry));
		assert_int_equal(delay_ms(&retry, MONO_ZERO), 60000);
	}
}

static void
jitter_stays_in_its_band_and_below_the_cap(void **state)
{
	struct retry_cfg cfg = plain;
	int64_t lowest = INT64_MAX, highest = 0, ms;
	struct retry retry;

	(void)state;
	cfg.jitter_percent = 25;
	for (uint64_t seed = 0; seed < 500; seed++) {
		retry_init(&retry, &cfg, seed);
		retry_on_failure(&retry, MONO_ZERO, -1);
		ms = delay_ms(&retry, MONO_ZERO);
		assert_in_range(ms, 750, 1250);
		lowest = ms < lowest ? ms : lowest;
		highest = ms > highest ? ms : highest;
		for (int i = 0; i < 9; i++)
			retry_on_failure(&retry, MONO_ZERO, -1);
		assert_in_range(delay_ms(&retry, MONO_ZERO), 45000, 60000);
	}
	/* It does use the band. */
	assert_true(lowest < 800);
	assert_true(highest > 1200);
}

static void
full_jitter_leaves_the_shortest_delay(void **state)
{
	struct retry_cfg cfg = plain;
	struct retry retry;

	(void)state;
	cfg.jitter_percent = 100;
	cfg.base = RETRY_DELAY_MIN;
	for (uint64_t seed = 0; seed < 200; seed++) {
		retry_init(&retry, &cfg, seed);
		retry_on_failure(&retry, MONO_ZERO, -1);
		assert_true(retry_deadline(&retry).ns >= RETRY_DELAY_MIN.ns);
	}
}

static void
the_same_seed_gives_the_same_delays(void **state)
{
	struct retry_cfg cfg = plain;
	struct retry a, b, c;
	int differing = 0;

	(void)state;
	cfg.jitter_percent = 25;
	retry_init(&a, &cfg, 7);
	retry_init(&b, &cfg, 7);
	retry_init(&c, &cfg, 8);
	for (int i = 0; i < 20; i++) {
		retry_on_failure(&a, MONO_ZERO, -1);
		retry_on_failure(&b, MONO_ZERO, -1);
		retry_on_failure(&c, MONO_ZERO, -1);
		assert_int_equal(a.at.ns, b.at.ns);
		differing += a.at.ns != c.at.ns;
	}
	assert_true(differing > 15);
}

static void
a_longer_retry_after_is_honoured_a_shorter_one_is_not(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, &plain, 1);
	retry_on_failure(&retry, MONO_ZERO, 120);
	assert_in_range(delay_ms(&retry, MONO_ZERO), 120000, 121000);
	for (int i = 0; i < 5; i++)
		retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_failure(&retry, MONO_ZERO, 3);
	assert_int_equal(delay_ms(&retry, MONO_ZERO), 60000);
}

static void
an_absurd_retry_after_is_cut_to_three_days(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, &plain, 1);
	retry_on_failure(&retry, MONO_ZERO, INT32_MAX);
	assert_in_range(delay_ms(&retry, MONO_ZERO), 259200000, 259201000);
}

static void
only_a_ban_and_a_rate_limit_may_ask_for_days(void **state)
{
	(void)state;
	assert_int_equal(retry_after_honoured(INT32_MAX, 418), 259200);
	assert_int_equal(retry_after_honoured(86400, 429), 86400);
	assert_int_equal(retry_after_honoured(INT32_MAX, 500), 300);
	assert_int_equal(retry_after_honoured(INT32_MAX, 403), 300);
	assert_int_equal(retry_after_honoured(INT32_MAX, 0), 300);
	assert_int_equal(retry_after_honoured(120, 503), 120);
	assert_int_equal(retry_after_honoured(0, 503), 0);
	assert_int_equal(retry_after_honoured(-1, 418), -1);
	assert_int_equal(retry_after_honoured(INT32_MIN, 503), -1);
}

static void
success_ends_the_wait_but_keeps_the_failures(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, &plain, 1);
	retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_success(&retry);
	assert_true(mono_is_never(retry_deadline(&retry)));
	retry_on_failure(&retry, MONO_ZERO, -1);
	assert_int_equal(delay_ms(&retry, MONO_ZERO), 4000);
}

static void
three_good_connections_in_a_row_reset_the_delay(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, &plain, 1);
	for (int i = 0; i < 3; i++)
		retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_success(&retry);
	retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_success(&retry);
	retry_on_failure(&retry, MONO_ZERO, -1);
	assert_int_equal(delay_ms(&retry, MONO_ZERO), 16000);
	retry_on_success(&retry);
	retry_on_failure(&retry, MONO_ZERO, -1);
	assert_int_equal(delay_ms(&retry, MONO_ZERO), 1000);
}

static void
a_failed_try_breaks_the_row_of_good_ones(void **state)
{
	struct retry retry;

	(void)state;
	retry_init(&retry, &plain, 1);
	retry_on_success(&retry);
	retry_on_failure(&retry, MONO_ZERO, -1); /* the end of the good one */
	retry_on_success(&retry);
	retry_on_failure(&retry, MONO_ZERO, -1);
	retry_on_failure(&retry, MONO_ZERO, -1); /* a try that failed */
	retry_on_success(&retry);
	retry_on_failure(&retry, MONO_ZERO, -1);
	assert_int_equal(delay_ms(&retry, MONO_ZERO), 8000);
}

static void
at_once_counts_no_failure(void **state)
{
	struct retry retry;
	mono_t now = {77};

	(void)state;
	retry_init(&retry, &plain, 1);
	retry_at_once(&retry, now);
	assert_int_equal(retry_deadline(&retry).ns, now.ns);
	retry_on_failure(&retry, now, -1);
	assert_int_equal(delay_ms(&retry, now), 1000);
	retry_cancel(&retry);
	assert_true(mono_is_never(retry_deadline(&retry)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_before_a_failure),
		cmocka_unit_test(delays_double_up_to_the_cap),
		cmocka_unit_test(an_exponential_base_of_one_keeps_the_delay),
		cmocka_unit_test(after_the_budget_it_goes_on_at_the_cap_for_ever),
		cmocka_unit_test(jitter_stays_in_its_band_and_below_the_cap),
		cmocka_unit_test(full_jitter_leaves_the_shortest_delay),
		cmocka_unit_test(the_same_seed_gives_the_same_delays),
		cmocka_unit_test(a_longer_retry_after_is_honoured_a_shorter_one_is_not),
		cmocka_unit_test(an_absurd_retry_after_is_cut_to_three_days),
		cmocka_unit_test(only_a_ban_and_a_rate_limit_may_ask_for_days),
		cmocka_unit_test(success_ends_the_wait_but_keeps_the_failures),
		cmocka_unit_test(three_good_connections_in_a_row_reset_the_delay),
		cmocka_unit_test(a_failed_try_breaks_the_row_of_good_ones),
		cmocka_unit_test(at_once_counts_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
