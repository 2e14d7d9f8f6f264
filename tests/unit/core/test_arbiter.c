#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/arbiter.h"

enum { INSTRUMENTS = 3 };

static struct arbiter_last memory[INSTRUMENTS];
static struct arbiter arbiter;
static struct arbiter_gap gap;

static int
new_arbiter(void **state)
{
	(void)state;
	arbiter_init(&arbiter, memory, INSTRUMENTS);
	gap = (struct arbiter_gap){-7, -7};
	return 0;
}

static enum arbiter_verdict
on_id(enum arbiter_class class, int64_t id)
{
	return arbiter_on_id(&arbiter,
	    &(struct arbiter_message){.instrument = 1, .class = class, .id = id,
	        .first_id = ARBITER_NO_ID, .prev_id = ARBITER_NO_ID}, &gap);
}

static enum arbiter_verdict
on_depth(int64_t first_id, int64_t id, int64_t prev_id)
{
	return arbiter_on_id(&arbiter,
	    &(struct arbiter_message){.instrument = 1, .class = ARBITER_DEPTH, .id = id,
	        .first_id = first_id, .prev_id = prev_id}, &gap);
}

static void
assert_gap(int64_t first, int64_t last)
{
	assert_int_equal(gap.first, first);
	assert_int_equal(gap.last, last);
}

static void
the_first_id_is_new_whatever_it_is(void **state)
{
	(void)state;
	assert_int_equal(on_id(ARBITER_TRADE, 1000000), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_AGG_TRADE, 0), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_QUOTE, 55), ARBITER_NEW);
	assert_int_equal(on_depth(70, 80, ARBITER_NO_ID), ARBITER_NEW);
	assert_gap(-7, -7);
}

static void
consecutive_trades_are_new_and_seen_ones_are_duplicates(void **state)
{
	(void)state;
	assert_int_equal(on_id(ARBITER_TRADE, 10), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_TRADE, 11), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_TRADE, 11), ARBITER_DUPLICATE);
	assert_int_equal(on_id(ARBITER_TRADE, 10), ARBITER_DUPLICATE);
	assert_int_equal(on_id(ARBITER_TRADE, 12), ARBITER_NEW);
	assert_int_equal(arbiter_last_id(&arbiter, 1, ARBITER_TRADE), 12);
	assert_int_equal(arbiter.counts[ARBITER_TRADE][ARBITER_NEW], 3);
	assert_int_equal(arbiter.counts[ARBITER_TRADE][ARBITER_DUPLICATE], 2);
}

static void
a_gap_names_the_missing_ids_and_is_told_once(void **state)
{
	(void)state;
	assert_int_equal(on_id(ARBITER_AGG_TRADE, 10), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_AGG_TRADE, 14), ARBITER_GAP);
	assert_gap(11, 13);
	assert_int_equal(on_id(ARBITER_AGG_TRADE, 15), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_AGG_TRADE, 17), ARBITER_GAP);
	assert_gap(16, 16);
	assert_int_equal(arbiter.missing[ARBITER_AGG_TRADE], 4);
	assert_int_equal(arbiter.counts[ARBITER_AGG_TRADE][ARBITER_GAP], 2);
}

static void
of_quotes_the_highest_wins_and_nothing_is_missing(void **state)
{
	(void)state;
	assert_int_equal(on_id(ARBITER_QUOTE, 100), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_QUOTE, 9000), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_QUOTE, 9000), ARBITER_DUPLICATE);
	assert_int_equal(on_id(ARBITER_QUOTE, 8999), ARBITER_OLD);
	assert_int_equal(on_id(ARBITER_QUOTE, 9001), ARBITER_NEW);
	assert_int_equal(arbiter.missing[ARBITER_QUOTE], 0);
}

static void
spot_depth_goes_on_where_the_last_ended(void **state)
{
	(void)state;
	assert_int_equal(on_depth(100, 110, ARBITER_NO_ID), ARBITER_NEW);
	assert_int_equal(on_depth(111, 111, ARBITER_NO_ID), ARBITER_NEW);
	assert_int_equal(on_depth(112, 120, ARBITER_NO_ID), ARBITER_NEW);
	assert_int_equal(on_depth(112, 120, ARBITER_NO_ID), ARBITER_DUPLICATE);
	assert_int_equal(on_depth(122, 130, ARBITER_NO_ID), ARBITER_GAP);
	assert_gap(121, 121);
	assert_int_equal(on_depth(131, 140, ARBITER_NO_ID), ARBITER_NEW);
}

static void
depth_that_reaches_back_over_the_last_id_misses_nothing(void **state)
{
	(void)state;
	arbiter_seed(&arbiter, 1, ARBITER_DEPTH, 105);
	assert_int_equal(on_depth(100, 110, ARBITER_NO_ID), ARBITER_NEW);
	assert_int_equal(on_depth(105, 112, 104), ARBITER_NEW);
	assert_int_equal(arbiter_last_id(&arbiter, 1, ARBITER_DEPTH), 112);
}

static void
futures_depth_goes_on_by_pu_and_not_by_first_id(void **state)
{
	(void)state;
	assert_int_equal(on_depth(100, 110, 90), ARBITER_NEW);
	assert_int_equal(on_depth(125, 130, 110), ARBITER_NEW);
	assert_int_equal(on_depth(131, 140, 135), ARBITER_GAP);
	assert_gap(131, 135);
	assert_int_equal(on_depth(160, 170, 140), ARBITER_NEW);
}

static void
instruments_and_classes_do_not_mix(void **state)
{
	struct arbiter_message other = {.instrument = 2, .class = ARBITER_TRADE, .id = 10};

	(void)state;
	assert_int_equal(on_id(ARBITER_TRADE, 10), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_AGG_TRADE, 10), ARBITER_NEW);
	assert_int_equal(arbiter_on_id(&arbiter, &other, &gap), ARBITER_NEW);
	assert_int_equal(arbiter_last_id(&arbiter, 0, ARBITER_TRADE), ARBITER_NO_ID);
}

static void
after_a_restart_the_seed_decides_what_is_missing(void **state)
{
	(void)state;
	arbiter_seed(&arbiter, 1, ARBITER_TRADE, 500);
	assert_int_equal(on_id(ARBITER_TRADE, 500), ARBITER_DUPLICATE);
	assert_int_equal(on_id(ARBITER_TRADE, 600), ARBITER_GAP);
	assert_gap(501, 599);
	arbiter_seed(&arbiter, 1, ARBITER_TRADE, ARBITER_NO_ID);
	assert_int_equal(on_id(ARBITER_TRADE, 3), ARBITER_NEW);
}

static void
nonsense_is_refused_counted_and_changes_nothing(void **state)
{
	struct arbiter_message bad = {.instrument = INSTRUMENTS, .class = ARBITER_TRADE, .id = 1};

	(void)state;
	assert_int_equal(arbiter_on_id(&arbiter, &bad, &gap), ARBITER_INVALID);
	bad.instrument = 0;
	bad.class = ARBITER_CLASSES;
	assert_int_equal(arbiter_on_id(&arbiter, &bad, &gap), ARBITER_INVALID);
	assert_int_equal(arbiter.invalid, 2);
	assert_int_equal(on_id(ARBITER_TRADE, -1), ARBITER_INVALID);
	assert_int_equal(on_id(ARBITER_QUOTE, ARBITER_NO_ID), ARBITER_INVALID);
	assert_int_equal(on_depth(11, 10, ARBITER_NO_ID), ARBITER_INVALID);
	assert_int_equal(on_depth(ARBITER_NO_ID, 10, ARBITER_NO_ID), ARBITER_INVALID);
	assert_int_equal(on_depth(5, 10, 11), ARBITER_INVALID);
	assert_int_equal(on_depth(5, 10, -3), ARBITER_INVALID);
	assert_int_equal(arbiter.counts[ARBITER_DEPTH][ARBITER_INVALID], 4);
	for (int class = 0; class < ARBITER_CLASSES; class++)
		assert_int_equal(arbiter_last_id(&arbiter, 1, class), ARBITER_NO_ID);
	arbiter_seed(&arbiter, INSTRUMENTS, ARBITER_TRADE, 5);
	assert_int_equal(arbiter_last_id(&arbiter, INSTRUMENTS, ARBITER_TRADE), ARBITER_NO_ID);
}

static void
the_largest_ids_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(on_id(ARBITER_TRADE, 0), ARBITER_NEW);
	assert_int_equal(on_id(ARBITER_TRADE, INT64_MAX), ARBITER_GAP);
	assert_gap(1, INT64_MAX - 1);
	assert_int_equal(on_id(ARBITER_TRADE, INT64_MAX), ARBITER_DUPLICATE);
}

static void
ids_that_start_anew_far_below_are_news(void **state)
{
	const int64_t high = 5000000;

	(void)state;
	assert_int_equal(on_id(ARBITER_TRADE, high), ARBITER_NEW);
	assert_int_equal(
	    on_id(ARBITER_TRADE, high - ARBITER_RESET_DISTANCE + 1), ARBITER_DUPLICATE);
	assert_int_equal(on_id(ARBITER_TRADE, high - ARBITER_RESET_DISTANCE), ARBITER_RESET);
	assert_int_equal(on_id(ARBITER_TRADE, high - ARBITER_RESET_DISTANCE + 1), ARBITER_NEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_id_is_new_whatever_it_is, new_arbiter),
		cmocka_unit_test_setup(consecutive_trades_are_new_and_seen_ones_are_duplicates,
		    new_arbiter),
		cmocka_unit_test_setup(a_gap_names_the_missing_ids_and_is_told_once, new_arbiter),
		cmocka_unit_test_setup(of_quotes_the_highest_wins_and_nothing_is_missing,
		    new_arbiter),
		cmocka_unit_test_setup(spot_depth_goes_on_where_the_last_ended, new_arbiter),
		cmocka_unit_test_setup(depth_that_reaches_back_over_the_last_id_misses_nothing,
		    new_arbiter),
		cmocka_unit_test_setup(futures_depth_goes_on_by_pu_and_not_by_first_id,
		    new_arbiter),
		cmocka_unit_test_setup(instruments_and_classes_do_not_mix, new_arbiter),
		cmocka_unit_test_setup(after_a_restart_the_seed_decides_what_is_missing,
		    new_arbiter),
		cmocka_unit_test_setup(nonsense_is_refused_counted_and_changes_nothing,
		    new_arbiter),
		cmocka_unit_test_setup(the_largest_ids_do_not_overflow, new_arbiter),
		cmocka_unit_test_setup(ids_that_start_anew_far_below_are_news, new_arbiter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
