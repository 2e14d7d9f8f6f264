/* The command line of feed-health, and the line that it prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>

#include "tests/health_example.h"
#include "tests/words.h"
#include "tools/feed-health/line.h"
#include "tools/feed-health/options.h"

static struct options options;
static struct tick_status status;
static struct probe probe;

static int
setup(void **state)
{
	(void)state;
	health_example(&status);
	return 0;
}

static int
read_words(const char *text)
{
	static struct words words;

	words_cut(&words, text);
	return options_read(&options, words.argc, words.argv);
}

static void
expect_line(const char *feed, const struct tick_status *of, int outcome, const char *expected)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	tick_health_limits_default(&probe.limits);
	tick_health_judge(
	    &probe.health, of, outcome, EXAMPLE_WALL, EXAMPLE_MONO, &probe.limits);
	probe.level = (int)probe.health.level;
	line_print(out, feed, &probe);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void
a_feed_that_is_well_is_one_line_with_its_figures(void **state)
{
	(void)state;
	expect_line("binance", &status, TICK_END,
	    "FEED OK: binance, score 1.000, 3 of 3 lines live, 1000 messages/s"
	    " | score=1000;500:;300:;0;1000 age=0.100s;;;0 lines_live=3;;;0;3"
	    " streams_stale=0;;;0;240 messages=1000;500:;300:;0"
	    " connections=100.0%;50:;30:;0;100 success=100.0%;95:;90:;0;100"
	    " pongs=100.0%;95:;90:;0;100 memory=20971520B;83886080;99614720;0"
	    " cpu=3.0%;;;0;100 silence=0.010s;;;0\n");
}

static void
what_is_wrong_is_told_worst_first_with_its_limit(void **state)
{
	(void)state;
	status.messages_per_s = 400;
	status.class_stale[TICK_CLASS_QUOTE] = 5;
	status.line[1].pongs_permille = -1;
	status.line[0].pongs_permille = status.line[2].pongs_permille = -1;
	status.control.recent_connects = 0;
	status.control.memory_bytes = status.control.cpu_permille = -1;
	expect_line("f", &status, TICK_END,
	    "FEED WARNING: f, score 0.400, 3 of 3 lines live, 400 messages/s,"
	    " streams are stale (quote): 12.5 %, limit 1.0 %; few messages: 400/s, limit 500/s"
	    " | score=400;500:;300:;0;1000 age=0.100s;;;0 lines_live=3;;;0;3"
	    " streams_stale=5;;;0;240 messages=400;500:;300:;0"
	    " connections=100.0%;50:;30:;0;100 silence=0.010s;;;0\n");
}

static void
more_than_three_reasons_are_counted(void **state)
{
	(void)state;
	for (int i = 0; i < EXAMPLE_LINES; i++)
		status.line[i].state = TICK_LINE_BACKOFF;
	status.control.streams_refused = 3;
	status.control.streams_shed = 1;
	status.control.cpu_permille = 999;
	expect_line("f", &status, TICK_END,
	    "FEED CRITICAL: f, score 0.000, 0 of 3 lines live, 1000 messages/s,"
	    " no line is live: 3; much processor time is used: 99.9 %, limit 50.0 %;"
	    " the exchange refuses streams: 3; and 1 more"
	    " | score=0;500:;300:;0;1000 age=0.100s;;;0 lines_live=0;;;0;3"
	    " streams_stale=0;;;0;240 messages=1000;500:;300:;0"
	    " connections=0.0%;50:;30:;0;100 success=100.0%;95:;90:;0;100"
	    " memory=20971520B;83886080;99614720;0 cpu=99.9%;;;0;100 silence=0.010s;;;0\n");
}

static void
notes_are_told_of_a_feed_that_is_well(void **state)
{
	(void)state;
	status.control.health_permille[1] = 400;
	expect_line("f", &status, TICK_END,
	    "FEED OK: f, score 0.800, 3 of 3 lines live, 1000 messages/s,"
	    " a line is unhealthy (line 1): 40.0 %, limit 50.0 %"
	    " | score=800;500:;300:;0;1000 age=0.100s;;;0 lines_live=3;;;0;3"
	    " streams_stale=0;;;0;240 messages=1000;500:;300:;0"
	    " connections=80.0%;50:;30:;0;100 success=100.0%;95:;90:;0;100"
	    " pongs=100.0%;95:;90:;0;100 memory=20971520B;83886080;99614720;0"
	    " cpu=3.0%;;;0;100 silence=0.010s;;;0\n");
}

static void
of_a_feed_that_does_not_run_only_that_is_told(void **state)
{
	(void)state;
	expect_line("f", &status, TICK_E_DEAD,
	    "FEED CRITICAL: f, there is no writer"
	    " | score=0;500:;300:;0;1000 age=0.100s;;;0\n");
	expect_line("f", &status, TICK_E_STALE,
	    "FEED CRITICAL: f, the writer shows no sign of life"
	    " | score=0;500:;300:;0;1000 age=0.100s;;;0\n");
	expect_line("f", NULL, TICK_E_ABSENT,
	    "FEED CRITICAL: f, there is no such segment | score=0;500:;300:;0;1000\n");
	expect_line("f", NULL, TICK_E_FOREIGN,
	    "FEED UNKNOWN: f, the file is no tickring segment of this kind"
	    " | score=0;500:;300:;0;1000\n");
}

static void
a_feeds_name_cannot_break_the_line(void **state)
{
	(void)state;
	expect_line("a|b\nc\033[2J", NULL, TICK_E_RANGE,
	    "FEED UNKNOWN: a?b?c?[2J, no such instrument, or a bad argument"
	    " | score=0;500:;300:;0;1000\n");
}

static void
nothing_given_leaves_the_limits_as_they_are(void **state)
{
	struct tick_health_limits limits, before;

	(void)state;
	assert_int_equal(read_words(""), -1);
	assert_string_equal(options.feed, "feed");
	assert_int_equal(options.wait_ns, 0);
	tick_health_limits_default(&limits);
	before = limits;
	options_limit(&options, &limits);
	assert_memory_equal(&limits, &before, sizeof(limits));
}

static void
each_limit_is_laid_over_in_its_unit(void **state)
{
	struct tick_health_limits l;

	(void)state;
	assert_int_equal(read_words("-w 2.5 --messages 50,20 --memory 30,40.5 b --ready"), -1);
	assert_string_equal(options.feed, "b");
	assert_true(options.ready);
	assert_int_equal(options.wait_ns, 2500000000);
	tick_health_limits_default(&l);
	options_limit(&options, &l);
	assert_int_equal(l.messages_expected, 50);
	assert_int_equal(l.messages_alert, 50);
	assert_int_equal(l.messages_critical, 20);
	assert_int_equal(l.memory_alert, 30 << 20);
	assert_int_equal(l.memory_critical, 81 << 19);
	assert_int_equal(l.success_alert, 950);
	assert_int_equal(read_words("--success 99.5,70 --pongs 80,60 --stale 5,20 --cpu 90"), -1);
	options_limit(&options, &l);
	assert_int_equal(l.success_alert, 995);
	assert_int_equal(l.success_critical, 700);
	assert_int_equal(l.pongs_alert, 800);
	assert_int_equal(l.pongs_critical, 600);
	assert_int_equal(l.stale_alert, 50);
	assert_int_equal(l.stale_critical, 200);
	assert_int_equal(l.cpu_alert, 900);
	assert_int_equal(read_words("--silence 10 --line-down 0 --score 0.9,0.4"), -1);
	options_limit(&options, &l);
	assert_int_equal(l.silence_ns, 10000000000);
	assert_int_equal(l.line_down_ns, 0);
	assert_int_equal(l.healthy, 900);
	assert_int_equal(l.alert, 900);
	assert_int_equal(l.critical, 400);
}

static void
what_is_wrong_is_unknown_to_a_monitoring_system(void **state)
{
	static const char *const wrong[] = {
		"--nope", "-x", "a b", "-w", "-w x", "-w -1", "--messages", "--messages 5",
		"--messages 5,x", "--messages ,5", "--messages 300,500", "--memory 95,80",
		"--memory 1,2,3", "--cpu 1,2", "--cpu", "--silence x", "--score 0.3,0.5",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(read_words(wrong[i]), TICK_HEALTH_UNKNOWN);
	assert_int_equal(read_words("--help"), TICK_HEALTH_OK);
	assert_int_equal(read_words("--version"), TICK_HEALTH_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup(name, setup)
	    T(a_feed_that_is_well_is_one_line_with_its_figures),
	    T(what_is_wrong_is_told_worst_first_with_its_limit),
	    T(more_than_three_reasons_are_counted),
	    T(notes_are_told_of_a_feed_that_is_well),
	    T(of_a_feed_that_does_not_run_only_that_is_told),
	    T(a_feeds_name_cannot_break_the_line),
	    T(nothing_given_leaves_the_limits_as_they_are),
	    T(each_limit_is_laid_over_in_its_unit),
	    T(what_is_wrong_is_unknown_to_a_monitoring_system),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
