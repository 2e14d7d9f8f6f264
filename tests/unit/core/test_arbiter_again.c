/*
 * Ids that the exchange counts anew, close below the last ones: told from legs
 * that lag, from repetitions, and from nonsense of one leg.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/arbiter.h"

enum { ROW = ARBITER_AGAIN_MIN, HIGH = 50000, LOW = 1000 };

static struct arbiter_last memory[1];
static struct arbiter arbiter;
static struct arbiter_gap gap;

static int
new_arbiter(void **state)
{
	(void)state;
	arbiter_init(&arbiter, memory, 1);
	return 0;
}

/* The line of that leg is gone. */
static void
leg_lost(unsigned leg)
{
	for (uint32_t i = 0; i < arbiter.instruments_max; i++)
		for (unsigned class = 0; class < ARBITER_CLASSES; class++)
			arbiter_on_leg_down(&arbiter, i, (enum arbiter_class)class, leg);
}

/* A message of the second `s` by the exchange's clock. */
static enum arbiter_verdict
on_trade(unsigned leg, int64_t id, int64_t s)
{
	struct arbiter_message m = {.class = ARBITER_TRADE, .id = id,
	    .first_id = ARBITER_NO_ID, .prev_id = ARBITER_NO_ID, .leg = leg,
	    .exch_ns = s * 1000000000};

	return arbiter_on_id(&arbiter, &m, &gap);
}

/* One without a time, as quotes of spot are, at the second `s` by our clock. */
static enum arbiter_verdict
on_quote(unsigned leg, int64_t id, int64_t s)
{
	struct arbiter_message m = {.class = ARBITER_QUOTE, .id = id,
	    .first_id = ARBITER_NO_ID, .prev_id = ARBITER_NO_ID, .leg = leg,
	    .exch_ns = ARBITER_NO_TIME, .arrived = {s * 1000000000}, .now = {s * 1000000000}};

	return arbiter_on_id(&arbiter, &m, &gap);
}

static void
on_trades(unsigned leg, int64_t first, int64_t n, int64_t s, enum arbiter_verdict expected)
{
	for (int64_t i = 0; i < n; i++)
		assert_int_equal(on_trade(leg, first + i, s), expected);
}

static void
a_row_of_younger_ids_on_one_connection_is_a_new_count(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	on_trades(0, LOW, ROW - 1, 101, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, LOW + ROW, 101), ARBITER_RESET);
	assert_int_equal(gap.first, HIGH);
	assert_int_equal(gap.last, LOW + ROW);
	assert_int_equal(on_trade(0, LOW + ROW + 1, 101), ARBITER_NEW);
	assert_int_equal(on_trade(0, LOW + ROW + 3, 101), ARBITER_GAP);
	assert_int_equal(on_trade(0, LOW, 101), ARBITER_DUPLICATE);
}

static void
what_is_not_younger_is_a_repetition(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	on_trades(0, LOW, 10 * ROW, 100, ARBITER_DUPLICATE);
	on_trades(0, LOW, 10 * ROW, 99, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, HIGH + 1, 100), ARBITER_NEW);
}

static void
a_message_that_is_no_evidence_begins_the_row_anew(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	on_trades(0, LOW, ROW - 1, 101, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, HIGH, 100), ARBITER_DUPLICATE);
	on_trades(0, LOW + ROW, ROW - 1, 101, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, HIGH + 1, 101), ARBITER_NEW);
	on_trades(0, LOW + 2 * ROW, ROW - 1, 102, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, LOW + 3 * ROW, 102), ARBITER_RESET);
}

static void
the_same_low_id_again_and_again_is_no_new_count(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	for (int i = 0; i < 10 * ROW; i++)
		assert_int_equal(on_trade(0, LOW, 101), ARBITER_DUPLICATE);
}

static void
a_new_connection_that_lags_catches_up(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	leg_lost(0);
	/* Younger, by the clock of another server: still less than again_after. */
	on_trades(0, HIGH - 5 * ROW, 5 * ROW + 1, 109, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, HIGH + 1, 101), ARBITER_NEW);
}

static void
a_new_connection_far_younger_shows_a_new_count(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	leg_lost(0);
	on_trades(0, LOW, 5 * ROW, 109, ARBITER_DUPLICATE);
	on_trades(0, LOW + 5 * ROW, ROW - 1, 110, ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, LOW + 6 * ROW, 110), ARBITER_RESET);
}

static void
without_times_what_falls_on_its_own_connection_counts(void **state)
{
	(void)state;
	on_quote(0, HIGH, 1);
	for (int i = 0; i < ROW - 1; i++)
		assert_int_equal(on_quote(0, LOW + 3 * i, 1), ARBITER_OLD);
	assert_int_equal(on_quote(0, LOW + 3 * ROW, 1), ARBITER_RESET);
	assert_int_equal(on_quote(0, HIGH, 1), ARBITER_NEW);
}

static void
without_times_a_new_connection_has_a_while_to_catch_up(void **state)
{
	(void)state;
	on_quote(0, HIGH, 1);
	leg_lost(0);
	for (int i = 0; i < 10 * ROW; i++)
		assert_int_equal(on_quote(0, LOW + 3 * i, 10), ARBITER_OLD);
	assert_int_equal(on_quote(0, HIGH + 1, 10), ARBITER_NEW);
	leg_lost(0);
	for (int i = 0; i < ROW - 1; i++)
		assert_int_equal(on_quote(0, LOW + i, 20), ARBITER_OLD);
	assert_int_equal(on_quote(0, LOW + ROW, 20), ARBITER_RESET);
}

static void
after_a_seed_the_while_begins_with_the_first_message(void **state)
{
	(void)state;
	arbiter_seed(&arbiter, 0, ARBITER_QUOTE, HIGH);
	for (int i = 0; i < 10 * ROW; i++)
		assert_int_equal(on_quote(0, LOW + i, 100 + i * 9 / (10 * ROW)), ARBITER_OLD);
	for (int i = 10 * ROW; i < 11 * ROW - 1; i++)
		assert_int_equal(on_quote(0, LOW + i, 110), ARBITER_OLD);
	assert_int_equal(on_quote(0, LOW + 11 * ROW, 110), ARBITER_RESET);
}

static void
the_slower_leg_that_is_left_alone_catches_up(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 10 * ROW; i++) {
		on_trade(0, HIGH + i, 100 + i);
		if (i < ROW)
			assert_int_equal(on_trade(1, HIGH + i, 100 + i), ARBITER_DUPLICATE);
	}
	leg_lost(0);
	for (int64_t i = ROW; i < 10 * ROW; i++)
		assert_int_equal(on_trade(1, HIGH + i, 100 + i), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(1, HIGH + 10 * ROW, 100 + 10 * ROW), ARBITER_NEW);
}

static void
one_leg_s_nonsense_is_outvoted(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	on_trade(1, HIGH, 100);
	for (int64_t i = 1; i < 10 * ROW; i++) {
		assert_int_equal(on_trade(1, LOW + i, 200 + i), ARBITER_DUPLICATE);
		if (i % (ROW / 2) == 0)
			assert_int_equal(
			    on_trade(0, HIGH + i / (ROW / 2), 200 + i), ARBITER_NEW);
	}
	/* Nor does the other leg's silence help it. */
	for (int64_t i = 0; i < 10 * ROW; i++)
		assert_int_equal(on_trade(1, LOW + 10 * ROW + i, 1000), ARBITER_DUPLICATE);
}

static void
a_leg_that_says_nothing_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	on_quote(0, HIGH, 100);
	on_quote(1, HIGH, 100);
	for (int i = 0; i < 5 * ROW; i++)
		assert_int_equal(on_quote(0, LOW + i, 101 + i / ROW), ARBITER_OLD);
	assert_int_equal(on_quote(0, LOW + 5 * ROW, 110), ARBITER_OLD);
	assert_int_equal(on_quote(0, LOW + 5 * ROW + 1, 111), ARBITER_RESET);
}

static void
both_legs_together_show_a_new_count(void **state)
{
	(void)state;
	on_trade(0, HIGH, 100);
	on_trade(1, HIGH, 100);
	for (int i = 0; i < ROW - 1; i++) {
		assert_int_equal(on_trade(0, LOW + i, 101), ARBITER_DUPLICATE);
		assert_int_equal(on_trade(1, LOW + i, 101), ARBITER_DUPLICATE);
	}
	assert_int_equal(on_trade(1, LOW + ROW, 101), ARBITER_RESET);
	assert_int_equal(on_trade(0, LOW + ROW, 101), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, LOW + ROW + 1, 101), ARBITER_NEW);
}

/* What begins a row may be an old message of the old count: nothing rises above it. */
static void
a_row_that_does_not_rise_any_more_gives_way(void **state)
{
	(void)state;
	on_quote(0, HIGH, 100);
	on_quote(1, HIGH, 100);
	assert_int_equal(on_quote(1, HIGH - 1, 111), ARBITER_OLD);
	for (int i = 0; i < ROW - 1; i++) {
		assert_int_equal(on_quote(0, LOW + i, 121 + i), ARBITER_OLD);
		assert_int_equal(on_quote(1, LOW + i, 121 + i), ARBITER_OLD);
	}
	assert_int_equal(on_quote(0, LOW + ROW, 122 + ROW), ARBITER_RESET);
}

static void
a_row_far_below_that_does_not_rise_any_more_gives_way(void **state)
{
	const int64_t far = 150000, high = 3 * far;

	(void)state;
	on_quote(0, high, 100);
	on_quote(1, high, 100);
	assert_int_equal(on_quote(1, high - far, 101), ARBITER_OLD);
	for (int i = 0; i < 30; i++)
		assert_int_equal(on_quote(0, LOW + i, 111 + i), ARBITER_OLD);
	assert_int_equal(on_quote(0, LOW + 30, 141), ARBITER_RESET);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, new_arbiter)
	const struct CMUnitTest tests[] = {
		TEST(a_row_of_younger_ids_on_one_connection_is_a_new_count),
		TEST(what_is_not_younger_is_a_repetition),
		TEST(a_message_that_is_no_evidence_begins_the_row_anew),
		TEST(the_same_low_id_again_and_again_is_no_new_count),
		TEST(a_new_connection_that_lags_catches_up),
		TEST(a_new_connection_far_younger_shows_a_new_count),
		TEST(without_times_what_falls_on_its_own_connection_counts),
		TEST(without_times_a_new_connection_has_a_while_to_catch_up),
		TEST(after_a_seed_the_while_begins_with_the_first_message),
		TEST(the_slower_leg_that_is_left_alone_catches_up),
		TEST(one_leg_s_nonsense_is_outvoted),
		TEST(a_leg_that_says_nothing_is_not_waited_for_for_ever),
		TEST(both_legs_together_show_a_new_count),
		TEST(a_row_that_does_not_rise_any_more_gives_way),
		TEST(a_row_far_below_that_does_not_rise_any_more_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
