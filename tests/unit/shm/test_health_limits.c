/* tick_health_judge(): whose limits count, damage, and the words of a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tickring/health.h>
#include <tickring/reader.h>

#include "tests/health_example.h"

static struct tick_status status;
static struct tick_health health;

static int
setup(void **state)
{
	(void)state;
	health_example(&status);
	return 0;
}

static void
judge(void)
{
	tick_health_judge(&health, &status, TICK_END, EXAMPLE_WALL, EXAMPLE_MONO, NULL);
}

static void
limits_are_the_callers_then_the_feeds_then_the_defaults(void **state)
{
	struct tick_health_limits limits;

	(void)state;
	status.messages_per_s = 10;
	tick_health_limits_default(&limits);
	limits.messages_expected = limits.messages_alert = limits.messages_critical = 0;
	status.control.limits = limits;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_OK);
	limits.messages_expected = 30;
	limits.messages_alert = 20;
	tick_health_judge(&health, &status, TICK_END, EXAMPLE_WALL, EXAMPLE_MONO, &limits);
	assert_int_equal(health.level, TICK_HEALTH_WARNING);
	assert_int_equal(health.reason[0].limit, 20);
	status.control.limits = (struct tick_health_limits){0};
	judge();
	assert_int_equal(health.level, TICK_HEALTH_CRITICAL);
	assert_int_equal(health.reason[0].limit, 300);
}

static void
other_bands_of_the_score_move_with_their_limits(void **state)
{
	struct tick_health_limits limits;

	(void)state;
	tick_health_limits_default(&limits);
	limits.healthy = 600;
	limits.alert = 300;
	limits.critical = 100;
	status.messages_per_s = 499;
	tick_health_judge(&health, &status, TICK_END, EXAMPLE_WALL, EXAMPLE_MONO, &limits);
	assert_in_range(health.score, 100, 299);
	assert_int_equal(health.level, TICK_HEALTH_WARNING);
}

/* Whatever stands there: no trap under the sanitizers, and everything within its range. */
static void
damage_leads_to_a_verdict_like_anything_else(void **state)
{
	static const int64_t words[] = {INT64_MIN, INT64_MAX, -1, 0, 1, 1000, INT64_MIN + 1};
	int64_t *all = (int64_t *)&status;
	size_t n = sizeof(status) / sizeof(*all);
	uint64_t seed = 88172645463325252ull;

	(void)state;
	for (size_t fill = 0; fill < 7 + 200; fill++) {
		for (size_t i = 0; i < n; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			all[i] = fill < 7      ? words[fill]
			         : fill % 2 ? words[seed % 7]
			                    : (int64_t)seed;
		}
		if (fill % 3 == 0)
			status.at_mono_ns = EXAMPLE_MONO;
		judge();
		assert_in_range(health.score, 0, 1000);
		assert_in_range(health.level, 0, 3);
		assert_in_range(health.reasons, 0, TICK_HEALTH_REASONS_MAX);
		for (int64_t i = 0; i < health.reasons; i++)
			assert_in_range(health.reason[i].what, 0, TICK_HEALTH_REASON_COUNT - 1);
	}
}

static void
every_reason_has_a_label_a_text_and_a_unit(void **state)
{
	(void)state;
	for (int what = 0; what < TICK_HEALTH_REASON_COUNT; what++) {
		assert_string_not_equal(tick_health_label(what), "unknown");
		assert_string_not_equal(tick_health_text(what), "unknown reason");
		assert_in_range(tick_health_unit(what), TICK_UNIT_NONE, TICK_UNIT_PER_S);
	}
	assert_string_equal(tick_health_label(TICK_HEALTH_STALE_STREAMS), "stale_streams");
	assert_int_equal(tick_health_unit(TICK_HEALTH_MEMORY), TICK_UNIT_BYTES);
	assert_string_equal(tick_health_label(-1), "unknown");
	assert_string_equal(tick_health_text(TICK_HEALTH_REASON_COUNT), "unknown reason");
	assert_int_equal(tick_health_unit(1000), TICK_UNIT_NONE);
	assert_string_equal(tick_health_level_name(TICK_HEALTH_CRITICAL), "critical");
	assert_string_equal(tick_health_level_name(9), "unknown");
	assert_string_equal(tick_class_name(TICK_CLASS_RARE), "rare");
	assert_string_equal(tick_class_name(7), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, setup)
	    T(limits_are_the_callers_then_the_feeds_then_the_defaults),
	    T(other_bands_of_the_score_move_with_their_limits),
	    T(damage_leads_to_a_verdict_like_anything_else),
	    T(every_reason_has_a_label_a_text_and_a_unit),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
