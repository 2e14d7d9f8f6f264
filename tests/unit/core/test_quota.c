#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/quota.h"

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){ms * 1000000};
}

static void
a_burst_up_to_the_limit_is_allowed_and_no_more(void **state)
{
	struct quota quota;
	mono_t taken[4];

	(void)state;
	quota_init(&quota, 4, span_s(1), taken);
	for (int i = 0; i < 4; i++) {
		assert_true(quota_allows(&quota, MONO_ZERO));
		assert_int_equal(quota_deadline(&quota).ns, 0);
		quota_take(&quota, MONO_ZERO);
	}
	assert_false(quota_allows(&quota, MONO_ZERO));
	assert_int_equal(quota_used(&quota, MONO_ZERO), 4);
}

static void
each_place_comes_back_one_window_after_it_was_taken(void **state)
{
	struct quota quota;
	mono_t taken[3];

	(void)state;
	quota_init(&quota, 3, span_s(1), taken);
	quota_take(&quota, at_ms(100));
	quota_take(&quota, at_ms(400));
	quota_take(&quota, at_ms(900));
	assert_int_equal(quota_deadline(&quota).ns, at_ms(1100).ns);
	assert_false(quota_allows(&quota, (mono_t){at_ms(1100).ns - 1}));
	assert_true(quota_allows(&quota, at_ms(1100)));
	quota_take(&quota, at_ms(1100));
	assert_int_equal(quota_deadline(&quota).ns, at_ms(1400).ns);
	assert_int_equal(quota_used(&quota, at_ms(1399)), 3);
	assert_int_equal(quota_used(&quota, at_ms(1400)), 2);
	assert_int_equal(quota_used(&quota, at_ms(5000)), 0);
}

static void
no_window_ever_holds_more_than_the_limit(void **state)
{
	enum { TAKEN_MAX = 4000 };
	static mono_t at[TAKEN_MAX];
	struct quota quota;
	mono_t taken[5];
	uint32_t random = 1;
	mono_t now = MONO_ZERO;
	int n = 0;

	(void)state;
	quota_init(&quota, 5, span_s(1), taken);
	while (n < TAKEN_MAX) {
		random = random * 1664525 + 1013904223;
		now = mono_add(now, span_ms(random >> 24));
		if (!quota_allows(&quota, now))
			continue;
		quota_take(&quota, now);
		at[n++] = now;
	}
	for (int i = 5; i < TAKEN_MAX; i++)
		assert_true(mono_diff(at[i], at[i - 5]).ns >= span_s(1).ns);
	/* And it is used: hardly any window holds less, as the tries outnumber the limit. */
	assert_true(mono_diff(at[TAKEN_MAX - 1], at[0]).ns < span_s(TAKEN_MAX / 4).ns);
}

static void
one_per_window_works(void **state)
{
	struct quota quota;
	mono_t taken[1];

	(void)state;
	quota_init(&quota, 1, span_ms(10), taken);
	quota_take(&quota, at_ms(3));
	assert_false(quota_allows(&quota, at_ms(12)));
	assert_true(quota_allows(&quota, at_ms(13)));
	quota_take(&quota, at_ms(13));
	assert_int_equal(quota_deadline(&quota).ns, at_ms(23).ns);
}

static void
what_is_reserved_is_left_for_what_cannot_be_put_off(void **state)
{
	struct quota quota;
	mono_t taken[3];

	(void)state;
	quota_init(&quota, 3, span_s(1), taken);
	quota_reserve(&quota, 1);
	quota_take(&quota, at_ms(0));
	quota_take(&quota, at_ms(100));
	assert_false(quota_allows(&quota, at_ms(999)));
	quota_take_reserved(&quota, at_ms(200));
	assert_int_equal(quota_used(&quota, at_ms(999)), 3);
	/* Two may be in a window beside the reserved one: the first leaves, the other not yet. */
	assert_false(quota_allows(&quota, at_ms(1099)));
	assert_true(quota_allows(&quota, at_ms(1100)));
	/* Beyond the limit, too, it counts: others wait for it. */
	for (int i = 0; i < 3; i++)
		quota_take_reserved(&quota, at_ms(1100 + i));
	assert_int_equal(quota_deadline(&quota).ns, at_ms(2101).ns);
}

static void
an_event_that_may_have_been_later_counts_as_the_newest(void **state)
{
	struct quota quota;
	mono_t taken[3];

	(void)state;
	quota_init(&quota, 3, span_s(1), taken);
	quota_reserve(&quota, 1);
	quota_take(&quota, at_ms(0));
	quota_take(&quota, at_ms(100));
	quota_renew(&quota, at_ms(0), at_ms(900));
	assert_int_equal(quota_deadline(&quota).ns, at_ms(1100).ns);
	quota_take(&quota, at_ms(1100));
	assert_int_equal(quota_used(&quota, at_ms(1100)), 2);
	assert_int_equal(quota_deadline(&quota).ns, at_ms(1900).ns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_up_to_the_limit_is_allowed_and_no_more),
		cmocka_unit_test(each_place_comes_back_one_window_after_it_was_taken),
		cmocka_unit_test(no_window_ever_holds_more_than_the_limit),
		cmocka_unit_test(one_per_window_works),
		cmocka_unit_test(what_is_reserved_is_left_for_what_cannot_be_put_off),
		cmocka_unit_test(an_event_that_may_have_been_later_counts_as_the_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
