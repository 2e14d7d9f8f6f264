#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/health.h"

static const struct health_cfg cfg = {
	.fall = {5000000000},
	.rise = {30000000000},
	.unhealthy = 500,
};

static const struct health_input faultless = {
	.up = true,
	.silence = {1000000000},
	.silence_expected = {1000000000},
	.max_missed = 3,
	.round_trip = {10000000},
	.round_trip_usual = {10000000},
	.messages = 1000,
	.streams = 10,
	.producing = 10,
	.pongs_permille = 1000,
};

static mono_t
at_s(int64_t s)
{
	return (mono_t){s * 1000000000};
}

static void
a_faultless_line_has_full_marks_and_a_line_that_is_down_none(void **state)
{
	struct health_input in = faultless;

	(void)state;
	assert_int_equal(health_score(&in), 1000);
	in.up = false;
	assert_int_equal(health_score(&in), 0);
}

static void
unknown_figures_cost_nothing(void **state)
{
	struct health_input in = {.up = true, .max_missed = 3, .pongs_permille = -1};

	(void)state;
	in.silence = span_s(1000);
	in.round_trip = span_s(1000);
	assert_int_equal(health_score(&in), 1000);
}

static void
every_penalty_grows_linearly_to_its_weight(void **state)
{
	struct health_input in;

	(void)state;
	for (unsigned missed = 0; missed <= 4; missed++) {
		in = faultless;
		in.missed_pings = missed;
		assert_int_equal(health_score(&in),
		    missed >= 3 ? 0 : 1000 - (int)missed * 1000 / 3);
	}
	in = faultless;
	in.silence = span_ms(2500);
	assert_int_equal(health_score(&in), 700);
	in.silence = span_ms(3999);
	assert_int_equal(health_score(&in), 401);
	in.silence = span_s(4);
	assert_int_equal(health_score(&in), 400);
	in.silence = span_ns(INT64_MAX);
	assert_int_equal(health_score(&in), 400);
	in = faultless;
	in.producing = 5;
	assert_int_equal(health_score(&in), 700);
	in.producing = 0;
	assert_int_equal(health_score(&in), 400);
	in.producing = 11; /* more than expected is no harm */
	assert_int_equal(health_score(&in), 1000);
	in = faultless;
	in.pongs_permille = 500;
	assert_int_equal(health_score(&in), 850);
	in = faultless;
	in.round_trip = span_ms(25);
	assert_int_equal(health_score(&in), 900);
	in.round_trip = span_s(10);
	assert_int_equal(health_score(&in), 800);
}

static void
faults_and_failures_have_their_full_marks(void **state)
{
	static const struct {
		uint64_t faults, messages;
		int score;
	} rows[] = {{0, 1000, 1000}, {10, 1000, 800}, {19, 1000, 620}, {20, 1000, 600},
	    {21, 1000, 600}, {1, 0, 600}, {1, 1, 600}, {UINT64_MAX, 5, 600}, {0, 0, 1000}};
	struct health_input in;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in = faultless;
		in.faults = rows[i].faults;
		in.messages = rows[i].messages;
		assert_int_equal(health_score(&in), rows[i].score);
	}
	for (unsigned failures = 0; failures < 8; failures++) {
		in = faultless;
		in.failures = failures;
		assert_int_equal(health_score(&in),
		    failures >= 5 ? 700 : 1000 - (int)failures * 60);
	}
}

static void
penalties_add_and_end_at_zero(void **state)
{
	struct health_input in = faultless;

	(void)state;
	in.silence = span_s(4);
	in.failures = 5;
	assert_int_equal(health_score(&in), 100);
	in.producing = 0;
	assert_int_equal(health_score(&in), 0);
}

static void
what_only_makes_it_second_choice_never_makes_it_unhealthy_alone(void **state)
{
	struct health_input in = faultless;

	(void)state;
	in.round_trip = span_s(100);
	assert_true(health_score(&in) >= 700);
	in = faultless;
	in.failures = 1000;
	assert_true(health_score(&in) >= cfg.unhealthy);
	in = faultless;
	in.pongs_permille = 0;
	assert_true(health_score(&in) >= cfg.unhealthy);
	in = faultless;
	in.silence = span_s(100);
	assert_true(health_score(&in) < cfg.unhealthy);
}

static void
the_first_input_counts_whole_then_it_falls_fast_and_rises_slowly(void **state)
{
	struct health_input down = {.up = false};
	struct health health;

	(void)state;
	health_init(&health, &cfg);
	assert_int_equal(health.score, 1000);
	assert_int_equal(health_update(&health, &faultless, at_s(0)), 1000);
	assert_int_equal(health_update(&health, &down, at_s(5)), 500);
	assert_false(health_is_unhealthy(&health));
	assert_int_equal(health_update(&health, &down, at_s(5)), 500);
	assert_int_equal(health_update(&health, &down, at_s(10)), 250);
	assert_true(health_is_unhealthy(&health));
	assert_int_equal(health_update(&health, &faultless, at_s(40)), 625);
	health_begin(&health);
	assert_int_equal(health_update(&health, &down, at_s(41)), 0);
	assert_int_equal(health.raw, 0);
}

static void
many_small_steps_move_it_as_well(void **state)
{
	struct health_input down = {.up = false};
	struct health health;

	(void)state;
	health_init(&health, &cfg);
	health_update(&health, &faultless, at_s(0));
	for (int64_t us = 500; us <= 5000000; us += 500)
		health_update(&health, &down, (mono_t){us * 1000});
	/* 1000 / e after one time constant. */
	assert_in_range(health.score, 360, 376);
}

static void
below_its_threshold_a_line_is_unhealthy(void **state)
{
	static const int scores[] = {1000, 700, 500, 499, 0};
	struct health_input in = faultless;
	struct health health;

	(void)state;
	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		health_init(&health, &cfg);
		in.max_missed = 1000;
		in.missed_pings = (unsigned)(1000 - scores[i]);
		health_update(&health, &in, at_s(0));
		assert_int_equal(health.score, scores[i]);
		assert_int_equal(health_is_unhealthy(&health), scores[i] < 500);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_faultless_line_has_full_marks_and_a_line_that_is_down_none),
		cmocka_unit_test(unknown_figures_cost_nothing),
		cmocka_unit_test(every_penalty_grows_linearly_to_its_weight),
		cmocka_unit_test(faults_and_failures_have_their_full_marks),
		cmocka_unit_test(penalties_add_and_end_at_zero),
		cmocka_unit_test(what_only_makes_it_second_choice_never_makes_it_unhealthy_alone),
		cmocka_unit_test(the_first_input_counts_whole_then_it_falls_fast_and_rises_slowly),
		cmocka_unit_test(many_small_steps_move_it_as_well),
		cmocka_unit_test(below_its_threshold_a_line_is_unhealthy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
