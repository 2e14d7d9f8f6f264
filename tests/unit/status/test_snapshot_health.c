/* What the status says for a verdict: limits, streams by class, recent attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/health.h>

#include "feed/status/snapshot_health.h"

static struct tick_status status;
static struct pool pool;
static struct recent recent;
static struct config cfg;

static int
setup(void **state)
{
	(void)state;
	memset(&status, 0, sizeof(status));
	memset(&pool, 0, sizeof(pool));
	recent_init(&recent, (mono_t){0});
	config_defaults(&cfg);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_free(&cfg);
	return 0;
}

static void
take_at(int64_t minute, uint64_t connects, uint64_t failures)
{
	status.counter[TICK_COUNTER_CONNECTS] = connects;
	status.counter[TICK_COUNTER_CONNECT_FAILURES] = failures;
	snapshot_take_health(
	    &status, &recent, &pool, &cfg, mono_add((mono_t){0}, span_s(60 * minute)));
}

static void
the_default_configuration_means_the_default_limits(void **state)
{
	struct tick_health_limits expected;

	(void)state;
	tick_health_limits_default(&expected);
	take_at(0, 0, 0);
	assert_memory_equal(&status.control.limits, &expected, sizeof(expected));
}

static void
limits_follow_the_configuration(void **state)
{
	(void)state;
	cfg.monitoring.throughput = (struct config_throughput){9, 7, 3};
	cfg.monitoring.connection_success = (struct config_connection_success){98, 60, 50};
	cfg.monitoring.health_check.threshold_permille = 800;
	cfg.monitoring.health_check.alert_threshold_permille = 600;
	cfg.monitoring.health_check.critical_threshold_permille = 100;
	cfg.resources.max_memory_bytes = 1000000000;
	cfg.resources.max_cpu_percent = 70;
	take_at(0, 0, 0);
	assert_int_equal(status.control.limits.messages_expected, 9);
	assert_int_equal(status.control.limits.messages_alert, 7);
	assert_int_equal(status.control.limits.messages_critical, 3);
	assert_int_equal(status.control.limits.success_expected, 980);
	assert_int_equal(status.control.limits.success_alert, 600);
	assert_int_equal(status.control.limits.success_critical, 500);
	assert_int_equal(status.control.limits.healthy, 800);
	assert_int_equal(status.control.limits.alert, 600);
	assert_int_equal(status.control.limits.critical, 100);
	assert_int_equal(status.control.limits.memory_alert, 800000000);
	assert_int_equal(status.control.limits.memory_critical, 950000000);
	assert_int_equal(status.control.limits.cpu_alert, 700);
	cfg.busy_poll = true;
	take_at(0, 0, 0);
	assert_int_equal(status.control.limits.cpu_alert, 0);
}

static void
attempts_count_for_a_quarter_of_an_hour(void **state)
{
	(void)state;
	take_at(0, 3, 1);
	assert_int_equal(status.control.recent_connects, 3);
	assert_int_equal(status.control.recent_failures, 1);
	for (int64_t minute = 1; minute <= 15; minute++)
		take_at(minute, 3, 5);
	/* At minute 15 the oldest that is left is that of minute 1. */
	assert_int_equal(status.control.recent_connects, 0);
	assert_int_equal(status.control.recent_failures, 0);
	take_at(15, 10, 6);
	assert_int_equal(status.control.recent_connects, 7);
	assert_int_equal(status.control.recent_failures, 1);
	for (int64_t minute = 16; minute <= 29; minute++) {
		take_at(minute, 10, 6);
		assert_int_equal(status.control.recent_connects, 7);
	}
	take_at(30, 10, 6);
	assert_int_equal(status.control.recent_connects, 0);
}

/* Two members, the second as told; and its successor, which is none. */
static void
set_lines(enum session_state state, bool stable)
{
	pool.nlines = 3;
	pool.line[0].role = pool.line[1].role = POOL_LINE_MEMBER;
	pool.line[2].role = POOL_LINE_SUCCESSOR;
	pool.session[0].state = SESSION_LIVE;
	pool.session[0].stable = true;
	pool.session[1].state = state;
	pool.session[1].stable = stable;
}

static void
an_outage_that_is_over_is_forgotten_once_all_lines_are_stable(void **state)
{
	(void)state;
	set_lines(SESSION_BACKOFF, false);
	take_at(0, 2, 20);
	assert_int_equal(status.control.recent_failures, 20);
	set_lines(SESSION_LIVE, false);
	take_at(1, 4, 20);
	take_at(2, 4, 20);
	assert_int_equal(status.control.recent_failures, 20); /* one of them is not stable */
	set_lines(SESSION_LIVE, true);
	take_at(2, 4, 20);
	assert_int_equal(status.control.recent_failures, 0);
	assert_int_equal(status.control.recent_connects, 0);
	take_at(3, 5, 31); /* a new one counts from its beginning */
	assert_int_equal(status.control.recent_failures, 11);
	assert_int_equal(status.control.recent_connects, 1);
}

static void
replacements_that_cannot_connect_are_not_forgotten_while_the_lines_live(void **state)
{
	(void)state;
	set_lines(SESSION_LIVE, true);
	for (int64_t minute = 0; minute < 10; minute += 2)
		take_at(minute, 2, 2 + 3 * (uint64_t)minute);
	take_at(10, 2, 26);
	take_at(12, 2, 26); /* the last one was a failure */
	assert_int_equal(status.control.recent_failures, 26);
	take_at(12, 3, 27);
	assert_int_equal(status.control.recent_failures, 27); /* one has failed just now */
	take_at(13, 3, 27);
	assert_int_equal(status.control.recent_failures, 0);
}

static void
successes_alone_are_not_forgotten(void **state)
{
	(void)state;
	set_lines(SESSION_LIVE, true);
	take_at(1, 12, 0);
	take_at(5, 12, 0);
	assert_int_equal(status.control.recent_connects, 12);
}

static void
streams_are_counted_by_class_while_they_are_wanted(void **state)
{
	static struct pool_stream streams[] = {
		{.class = STALL_TRADE, .wanted = true},
		{.class = STALL_TRADE, .wanted = true, .stale = true},
		{.class = STALL_QUOTE, .wanted = true, .stale = true},
		{.class = STALL_QUOTE, .wanted = false, .stale = true},
		{.class = STALL_RARE, .wanted = true},
	};

	(void)state;
	pool.stream = streams;
	pool.nstreams = sizeof(streams) / sizeof(streams[0]);
	take_at(0, 0, 0);
	take_at(0, 0, 0);
	assert_int_equal(status.class_streams[TICK_CLASS_TRADE], 2);
	assert_int_equal(status.class_stale[TICK_CLASS_TRADE], 1);
	assert_int_equal(status.class_streams[TICK_CLASS_QUOTE], 1);
	assert_int_equal(status.class_stale[TICK_CLASS_QUOTE], 1);
	assert_int_equal(status.class_streams[TICK_CLASS_RARE], 1);
	assert_int_equal(status.class_stale[TICK_CLASS_RARE], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    T(the_default_configuration_means_the_default_limits),
	    T(limits_follow_the_configuration),
	    T(attempts_count_for_a_quarter_of_an_hour),
	    T(an_outage_that_is_over_is_forgotten_once_all_lines_are_stable),
	    T(replacements_that_cannot_connect_are_not_forgotten_while_the_lines_live),
	    T(successes_alone_are_not_forgotten),
	    T(streams_are_counted_by_class_while_they_are_wanted),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
