/* tick_health_judge(): every indicator on both sides of each of its limits. */
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

static const struct tick_health_reason *
reason_of(enum tick_health_what what)
{
	for (int64_t i = 0; i < health.reasons; i++)
		if (health.reason[i].what == what)
			return &health.reason[i];
	return NULL;
}

/*
 * Judges; there is that reason and no other, at that level and with that limit
 * (level -1: no reason at all), and the score lies in the band of the level.
 */
static void
expect(enum tick_health_what what, int level, int64_t value, int64_t limit)
{
	judge();
	if (level < 0) {
		assert_int_equal(health.reasons, 0);
		assert_int_equal(health.level, TICK_HEALTH_OK);
		assert_in_range(health.score, 700, 1000);
		return;
	}
	assert_int_equal(health.reasons, 1);
	assert_int_equal(health.reason[0].what, what);
	assert_int_equal(health.reason[0].level, level);
	assert_int_equal(health.reason[0].value, value);
	assert_int_equal(health.reason[0].limit, limit);
	assert_int_equal(health.level, level);
	if (level == TICK_HEALTH_OK)
		assert_in_range(health.score, 500, 699);
	else if (level == TICK_HEALTH_WARNING)
		assert_in_range(health.score, 300, 499);
	else
		assert_in_range(health.score, 0, 299);
}

static void
a_feed_in_good_health_has_the_full_score_and_no_reason(void **state)
{
	(void)state;
	expect(TICK_HEALTH_SILENT, -1, 0, 0);
	assert_int_equal(health.score, 1000);
	assert_true(health.alive && health.ready);
	assert_int_equal(health.lines, 3);
	assert_int_equal(health.lines_live, 3);
	assert_int_equal(health.line_permille[2], 1000);
	assert_int_equal(health.line_permille[3], -1);
	assert_int_equal(health.connection_permille, 1000);
	assert_int_equal(health.fresh_permille, 1000);
	assert_int_equal(health.heartbeat_permille, 1000);
	assert_int_equal(health.success_permille, 1000);
	assert_int_equal(health.streams, 240);
	assert_int_equal(health.age_ns, EXAMPLE_S / 10);
	assert_int_equal(health.silence_ns, EXAMPLE_S / 100);
}

static void
throughput_is_judged_at_670_500_and_300(void **state)
{
	(void)state;
	status.messages_per_s = 670;
	expect(TICK_HEALTH_THROUGHPUT, -1, 0, 0);
	status.messages_per_s = 669;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_OK, 669, 670);
	status.messages_per_s = 500;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_OK, 500, 670);
	assert_int_equal(health.score, 500);
	status.messages_per_s = 499;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_WARNING, 499, 500);
	status.messages_per_s = 300;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_WARNING, 300, 500);
	assert_int_equal(health.score, 300);
	status.messages_per_s = 299;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_CRITICAL, 299, 300);
	status.messages_per_s = 0;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_CRITICAL, 0, 300);
	assert_int_equal(health.score, 0);
	assert_true(health.ready);
}

static void
throughput_is_not_judged_in_the_first_minute(void **state)
{
	(void)state;
	status.messages_per_s = 0;
	status.started_ns = EXAMPLE_WALL - TICK_HEALTH_STARTING_NS + 1;
	expect(TICK_HEALTH_THROUGHPUT, -1, 0, 0);
	status.started_ns--;
	expect(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_CRITICAL, 0, 300);
}

static void
memory_is_judged_at_80_and_95_mib(void **state)
{
	(void)state;
	status.control.memory_bytes = 80 << 20;
	expect(TICK_HEALTH_MEMORY, -1, 0, 0);
	status.control.memory_bytes++;
	expect(TICK_HEALTH_MEMORY, TICK_HEALTH_WARNING, (80 << 20) + 1, 80 << 20);
	status.control.memory_bytes = 95 << 20;
	expect(TICK_HEALTH_MEMORY, TICK_HEALTH_WARNING, 95 << 20, 80 << 20);
	status.control.memory_bytes++;
	expect(TICK_HEALTH_MEMORY, TICK_HEALTH_CRITICAL, (95 << 20) + 1, 95 << 20);
	status.control.memory_bytes = -1;
	expect(TICK_HEALTH_MEMORY, -1, 0, 0);
	assert_int_equal(health.memory_bytes, -1);
}

static void
connection_success_is_judged_at_99_95_and_90_percent(void **state)
{
	static const struct {
		int64_t connects, failures;
		int level;
		int64_t value, limit;
	} rows[] = {
		{990, 10, -1, 0, 0},
		{989, 11, TICK_HEALTH_OK, 989, 990},
		{950, 50, TICK_HEALTH_OK, 950, 990},
		{949, 51, TICK_HEALTH_WARNING, 949, 950},
		{900, 100, TICK_HEALTH_WARNING, 900, 950},
		{899, 101, TICK_HEALTH_CRITICAL, 899, 900},
		{0, 10, TICK_HEALTH_CRITICAL, 0, 900},
		{0, 9, -1, 0, 0}, /* too few to be a rate */
		{0, 0, -1, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		status.control.recent_connects = rows[i].connects;
		status.control.recent_failures = rows[i].failures;
		expect(TICK_HEALTH_CONNECTION_SUCCESS, rows[i].level, rows[i].value,
		    rows[i].limit);
	}
	assert_int_equal(health.success_permille, -1);
}

static void
heartbeats_are_judged_on_the_worst_line(void **state)
{
	(void)state;
	status.line[1].pongs_permille = 999;
	expect(TICK_HEALTH_HEARTBEAT, TICK_HEALTH_OK, 999, 1000);
	assert_int_equal(health.reason[0].of, 1);
	status.line[2].pongs_permille = 949;
	expect(TICK_HEALTH_HEARTBEAT, TICK_HEALTH_WARNING, 949, 950);
	assert_int_equal(health.reason[0].of, 2);
	status.line[0].pongs_permille = 899;
	expect(TICK_HEALTH_HEARTBEAT, TICK_HEALTH_CRITICAL, 899, 900);
	for (int i = 0; i < EXAMPLE_LINES; i++)
		status.line[i].pongs_permille = -1; /* hidden by the transport */
	expect(TICK_HEALTH_HEARTBEAT, -1, 0, 0);
	assert_int_equal(health.heartbeat_permille, -1);
}

static void
connection_health_is_judged_at_700_500_and_300(void **state)
{
	static const struct {
		int64_t score;
		int level;
		int64_t limit;
	} rows[] = {
		{700, -1, 0}, {699, TICK_HEALTH_OK, 700}, {500, TICK_HEALTH_OK, 700},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int line = 0; line < EXAMPLE_LINES; line++)
			status.control.health_permille[line] = rows[i].score;
		expect(TICK_HEALTH_CONNECTION_HEALTH, rows[i].level, rows[i].score, rows[i].limit);
		assert_int_equal(health.score, rows[i].score);
	}
	for (int line = 0; line < EXAMPLE_LINES; line++)
		status.control.health_permille[line] = 499;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_WARNING);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_CONNECTION_HEALTH);
	assert_int_equal(reason_of(TICK_HEALTH_LINE_UNHEALTHY)->level, TICK_HEALTH_OK);
	for (int line = 0; line < EXAMPLE_LINES; line++)
		status.control.health_permille[line] = 299;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_CRITICAL);
	assert_int_equal(health.score, 299);
}

static void
one_sick_line_is_noted_and_lowers_the_mean(void **state)
{
	(void)state;
	status.control.health_permille[1] = 400;
	judge();
	assert_int_equal(health.line_permille[1], 400);
	assert_int_equal(health.connection_permille, 800);
	assert_int_equal(health.score, 800);
	assert_int_equal(health.level, TICK_HEALTH_OK);
	assert_int_equal(health.reasons, 1);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_LINE_UNHEALTHY);
	assert_int_equal(health.reason[0].of, 1);
}

static void
a_line_that_is_down_is_noted_and_after_a_minute_warned_of(void **state)
{
	(void)state;
	status.line[0].state = TICK_LINE_BACKOFF;
	status.line[0].last_message_ns = EXAMPLE_WALL - 60 * EXAMPLE_S;
	judge();
	assert_int_equal(health.lines_live, 2);
	assert_int_equal(health.line_permille[0], 0);
	assert_int_equal(health.connection_permille, 666);
	assert_int_equal(reason_of(TICK_HEALTH_LINE_DOWN)->level, TICK_HEALTH_OK);
	assert_int_equal(reason_of(TICK_HEALTH_CONNECTION_HEALTH)->level, TICK_HEALTH_OK);
	assert_int_equal(health.level, TICK_HEALTH_OK);
	assert_true(health.ready);
	status.line[0].last_message_ns--;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_WARNING);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_LINE_DOWN);
	assert_int_equal(health.score, 499);
}

static void
a_line_that_was_never_up_is_not_judged_while_it_is_young(void **state)
{
	(void)state;
	status.line[0].state = TICK_LINE_CONNECTING;
	status.line[0].connected_ns = status.line[0].last_message_ns = TICK_ABSENT;
	status.line[0].since_ns = EXAMPLE_WALL - TICK_HEALTH_STARTING_NS + 1;
	judge();
	assert_int_equal(health.reasons, 0);
	assert_int_equal(health.connection_permille, 1000);
	status.line[0].since_ns--;
	judge();
	assert_int_equal(health.connection_permille, 666);
	assert_int_equal(reason_of(TICK_HEALTH_LINE_DOWN)->value, 3600 * EXAMPLE_S);
}

static void
all_lines_down_is_an_alarm_but_for_the_first_minute(void **state)
{
	(void)state;
	for (int i = 0; i < EXAMPLE_LINES; i++)
		status.line[i].state = TICK_LINE_BACKOFF;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_CRITICAL);
	assert_int_equal(health.score, 0);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_ALL_LINES_DOWN);
	assert_int_equal(health.reason[0].value, 3);
	assert_true(health.alive && !health.ready);
	status.started_ns = EXAMPLE_WALL - 5 * EXAMPLE_S;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_WARNING);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_STARTING);
	assert_true(health.alive && !health.ready);
}

static void
stale_streams_are_judged_within_their_class(void **state)
{
	static const struct {
		int64_t streams, stale;
		int level;
		int64_t value, limit;
		int ready;
	} rows[] = {
		{2000, 1, TICK_HEALTH_OK, 1, 0, 1},
		{2000, 20, TICK_HEALTH_OK, 10, 0, 1},
		{2000, 21, TICK_HEALTH_WARNING, 11, 10, 1},
		{2, 1, TICK_HEALTH_WARNING, 500, 10, 1},
		{2000, 1001, TICK_HEALTH_CRITICAL, 501, 500, 0},
		{1, 1, TICK_HEALTH_CRITICAL, 1000, 500, 0},
	};

	(void)state;
	for (int class = 0; class < TICK_CLASS_COUNT; class++) {
		health_example(&status);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			status.class_streams[class] = rows[i].streams;
			status.class_stale[class] = rows[i].stale;
			expect(TICK_HEALTH_STALE_STREAMS, rows[i].level, rows[i].value,
			    rows[i].limit);
			assert_int_equal(health.reason[0].of, class);
			assert_int_equal(health.ready, rows[i].ready);
			assert_int_equal(health.fresh_permille, 1000 - rows[i].value);
			assert_int_equal(health.streams_stale, rows[i].stale);
		}
		assert_int_equal(health.score, 0);
	}
}

static void
freshness_comes_first_among_equals(void **state)
{
	(void)state;
	status.messages_per_s = 400;
	status.class_stale[TICK_CLASS_QUOTE] = 4;
	status.line[1].pongs_permille = 999;
	judge();
	assert_int_equal(health.reasons, 3);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_STALE_STREAMS);
	assert_int_equal(health.reason[1].what, TICK_HEALTH_THROUGHPUT);
	assert_int_equal(health.reason[2].what, TICK_HEALTH_HEARTBEAT);
	status.control.memory_bytes = 100 << 20;
	judge();
	assert_int_equal(health.reason[0].what, TICK_HEALTH_MEMORY);
	assert_int_equal(health.level, TICK_HEALTH_CRITICAL);
}

static void
silence_counts_where_there_are_streams_that_are_never_silent(void **state)
{
	(void)state;
	for (int i = 0; i < EXAMPLE_LINES; i++)
		status.line[i].last_message_ns = EXAMPLE_WALL - 60 * EXAMPLE_S;
	expect(TICK_HEALTH_SILENT, -1, 0, 0);
	for (int i = 0; i < EXAMPLE_LINES; i++)
		status.line[i].last_message_ns--;
	expect(TICK_HEALTH_SILENT, TICK_HEALTH_WARNING, 60 * EXAMPLE_S + 1, 60 * EXAMPLE_S);
	for (int i = 0; i < EXAMPLE_LINES; i++)
		status.line[i].last_message_ns = EXAMPLE_WALL - 300 * EXAMPLE_S - 1;
	expect(TICK_HEALTH_SILENT, TICK_HEALTH_CRITICAL, 300 * EXAMPLE_S + 1, 300 * EXAMPLE_S);
	status.class_streams[TICK_CLASS_QUOTE] = status.class_streams[TICK_CLASS_DEPTH] = 0;
	status.class_streams[TICK_CLASS_PERIODIC] = 0;
	expect(TICK_HEALTH_SILENT, -1, 0, 0);
}

static void
what_was_refused_given_up_or_takes_the_processor_is_warned_of(void **state)
{
	(void)state;
	status.control.cpu_permille = 500;
	expect(TICK_HEALTH_CPU, -1, 0, 0);
	status.control.cpu_permille = 501;
	expect(TICK_HEALTH_CPU, TICK_HEALTH_WARNING, 501, 500);
	status.control.cpu_permille = -1;
	status.control.streams_refused = 2;
	expect(TICK_HEALTH_STREAMS_REFUSED, TICK_HEALTH_WARNING, 2, 0);
	status.control.streams_refused = 0;
	status.control.streams_shed = 1;
	expect(TICK_HEALTH_STREAMS_SHED, TICK_HEALTH_WARNING, 1, 0);
	status.control.streams_shed = 0;
	status.streams_undecoded = 3;
	expect(TICK_HEALTH_STREAMS_UNDECODED, TICK_HEALTH_WARNING, 3, 0);
	status.streams_undecoded = 0;
	status.streams_unlisted = 2;
	expect(TICK_HEALTH_STREAMS_UNLISTED, TICK_HEALTH_WARNING, 2, 0);
}

static void
without_a_writer_that_works_nothing_else_counts(void **state)
{
	static const struct {
		int outcome, level;
		enum tick_health_what what;
	} rows[] = {
		{TICK_E_DEAD, TICK_HEALTH_CRITICAL, TICK_HEALTH_WRITER_DEAD},
		{TICK_E_STALE, TICK_HEALTH_CRITICAL, TICK_HEALTH_WRITER_STALE},
		{TICK_E_ABSENT, TICK_HEALTH_CRITICAL, TICK_HEALTH_UNREADABLE},
		{TICK_E_FOREIGN, TICK_HEALTH_UNKNOWN, TICK_HEALTH_UNREADABLE},
		{TICK_E_ABI, TICK_HEALTH_UNKNOWN, TICK_HEALTH_UNREADABLE},
		{TICK_E_ACCESS, TICK_HEALTH_UNKNOWN, TICK_HEALTH_UNREADABLE},
		{TICK_E_TRUNCATED, TICK_HEALTH_UNKNOWN, TICK_HEALTH_UNREADABLE},
		{TICK_E_BUSY, TICK_HEALTH_UNKNOWN, TICK_HEALTH_UNREADABLE},
		{TICK_E_REPLACED, TICK_HEALTH_UNKNOWN, TICK_HEALTH_UNREADABLE},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		tick_health_judge(&health, i % 2 ? &status : NULL, rows[i / 2].outcome,
		    EXAMPLE_WALL, EXAMPLE_MONO, NULL);
		assert_int_equal(health.level, rows[i / 2].level);
		assert_int_equal(health.score, 0);
		assert_int_equal(health.reasons, 1);
		assert_int_equal(health.reason[0].what, rows[i / 2].what);
		assert_false(health.alive || health.ready);
		assert_int_equal(health.age_ns, i % 2 ? EXAMPLE_S / 10 : -1);
	}
	tick_health_judge(&health, NULL, TICK_END, EXAMPLE_WALL, EXAMPLE_MONO, NULL);
	assert_int_equal(health.level, TICK_HEALTH_UNKNOWN);
}

static void
an_old_copy_is_not_trusted_by_the_monotonic_clock(void **state)
{
	(void)state;
	status.at_mono_ns = EXAMPLE_MONO - TICK_HEALTH_OLD_NS;
	status.at_ns = 5; /* a wall clock that was set says nothing */
	judge();
	assert_int_equal(health.level, TICK_HEALTH_OK);
	status.at_mono_ns--;
	judge();
	assert_int_equal(health.level, TICK_HEALTH_CRITICAL);
	assert_int_equal(health.reason[0].what, TICK_HEALTH_STATUS_OLD);
	assert_false(health.alive);
}

/* Between two updates of the status somebody sets the clock: that is no silence of an hour. */
static void
a_wall_clock_that_was_set_changes_no_verdict(void **state)
{
	static const int64_t by_s[] = {3600, -3600, 86400 * 365, -86400 * 365};

	(void)state;
	for (size_t i = 0; i < sizeof(by_s) / sizeof(by_s[0]); i++) {
		health_example(&status);
		tick_health_judge(&health, &status, TICK_END, EXAMPLE_WALL + by_s[i] * EXAMPLE_S,
		    EXAMPLE_MONO, NULL);
		assert_int_equal(health.level, TICK_HEALTH_OK);
		assert_int_equal(health.reasons, 0);
		assert_int_equal(health.silence_ns, EXAMPLE_S / 100);
		assert_int_equal(health.age_ns, EXAMPLE_S / 10);
		for (int line = 0; line < EXAMPLE_LINES; line++)
			status.line[line].last_message_ns -= 61 * EXAMPLE_S;
		tick_health_judge(&health, &status, TICK_END, EXAMPLE_WALL + by_s[i] * EXAMPLE_S,
		    EXAMPLE_MONO, NULL);
		assert_int_equal(health.level, TICK_HEALTH_WARNING);
		assert_int_equal(health.reason[0].what, TICK_HEALTH_SILENT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, setup)
	    T(a_feed_in_good_health_has_the_full_score_and_no_reason),
	    T(throughput_is_judged_at_670_500_and_300),
	    T(throughput_is_not_judged_in_the_first_minute),
	    T(memory_is_judged_at_80_and_95_mib),
	    T(connection_success_is_judged_at_99_95_and_90_percent),
	    T(heartbeats_are_judged_on_the_worst_line),
	    T(connection_health_is_judged_at_700_500_and_300),
	    T(one_sick_line_is_noted_and_lowers_the_mean),
	    T(a_line_that_is_down_is_noted_and_after_a_minute_warned_of),
	    T(a_line_that_was_never_up_is_not_judged_while_it_is_young),
	    T(all_lines_down_is_an_alarm_but_for_the_first_minute),
	    T(stale_streams_are_judged_within_their_class),
	    T(freshness_comes_first_among_equals),
	    T(silence_counts_where_there_are_streams_that_are_never_silent),
	    T(what_was_refused_given_up_or_takes_the_processor_is_warned_of),
	    T(without_a_writer_that_works_nothing_else_counts),
	    T(an_old_copy_is_not_trusted_by_the_monotonic_clock),
	    T(a_wall_clock_that_was_set_changes_no_verdict),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
