/* From one set of streams to another: what goes, what comes, in which order, in how many steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/log.h"
#include "feed/plan/change.h"

#define STREAMS 2000
#define NAME_BYTES 32

struct rig {
	struct config cfg;
	struct pool pool;
	struct plan plan;
	struct change change;
	char text[2 * STREAMS][NAME_BYTES];
	char *item[2 * STREAMS];
};

/* Streams first..first + n - 1 as of a configuration, out of the rig's names. */
static struct config_strings
streams_of(struct rig *rig, size_t first, size_t n)
{
	return (struct config_strings){rig->item + first, n};
}

static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct config_strings first;

	assert_non_null(rig);
	*state = rig;
	log_set_level(LOG_LEVEL_ERROR);
	config_defaults(&rig->cfg);
	for (size_t i = 0; i < 2 * STREAMS; i++) {
		snprintf(rig->text[i], NAME_BYTES, "s%zuusdt@trade", i);
		rig->item[i] = rig->text[i];
	}
	first = streams_of(rig, 0, STREAMS);
	return plan_pool(&rig->plan, &rig->cfg, &first, &rig->pool, 1);
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	plan_free(&rig->plan);
	config_free(&rig->cfg);
	free(rig);
	return 0;
}

/* Takes all steps; returns how many they were. Nothing goes once something came. */
static size_t
take_all(struct rig *rig)
{
	enum change_step step;
	struct pool_event event;
	const char *name;
	uint32_t number;
	size_t n = 0;

	while ((step = change_next(&rig->change, &rig->plan, &number, &name)) != CHANGE_END) {
		n++;
		if (step == CHANGE_DROP) {
			assert_int_equal(rig->change.added, 0);
			assert_true(rig->plan.wanted[number]);
			rig->plan.wanted[number] = false;
		}
		if (step == CHANGE_ADD)
			assert_true(plan_add(&rig->plan, name, &event));
	}
	assert_false(change_goes_on(&rig->change));
	return n;
}

static void
assert_wanted(const struct rig *rig, size_t first, size_t n)
{
	size_t wanted = 0;

	for (size_t i = first; i < first + n; i++) {
		uint32_t number = plan_find(&rig->plan, rig->text[i]);

		assert_true(number != NAMES_NONE && rig->plan.wanted[number]);
	}
	for (uint32_t i = 0; i < rig->plan.n; i++)
		wanted += rig->plan.wanted[i];
	assert_int_equal(wanted, n);
}

static void
all_are_replaced_in_as_many_steps_as_there_are_streams(void **state)
{
	struct rig *rig = *state;
	struct config_strings next = streams_of(rig, STREAMS, STREAMS);
	size_t steps;

	change_begin(&rig->change, &rig->plan, &next, NULL);
	assert_true(change_goes_on(&rig->change));
	steps = take_all(rig);
	assert_wanted(rig, STREAMS, STREAMS);
	assert_int_equal(rig->change.removed, STREAMS);
	assert_int_equal(rig->change.added, STREAMS);
	/* Twice through the new ones, once through the old ones, and the ends. */
	assert_true(steps <= 3 * STREAMS + 3);
	/* Back again: they have their numbers still. */
	next = streams_of(rig, 0, STREAMS);
	change_begin(&rig->change, &rig->plan, &next, NULL);
	take_all(rig);
	assert_wanted(rig, 0, STREAMS);
	assert_int_equal(rig->plan.n, 2 * STREAMS);
}

static void
of_unused_numbers_the_one_that_was_dropped_first_is_used_anew(void **state)
{
	struct rig *rig = *state;
	struct pool_event event;

	rig->plan.memory.streams_max = rig->plan.n; /* all numbers are in use */
	plan_drop(&rig->plan, 7);
	plan_drop(&rig->plan, 3); /* its UNSUBSCRIBE may not be sent yet */
	plan_drop(&rig->plan, 5);
	assert_true(plan_add(&rig->plan, rig->text[STREAMS], &event));
	assert_int_equal(event.stream, 7);
	assert_true(plan_add(&rig->plan, rig->text[STREAMS + 1], &event));
	assert_int_equal(event.stream, 3);
	plan_drop(&rig->plan, 3);
	assert_true(plan_add(&rig->plan, rig->text[STREAMS + 2], &event));
	assert_int_equal(event.stream, 5);
}

static void
what_stays_is_not_touched(void **state)
{
	struct rig *rig = *state;
	struct config_strings next = streams_of(rig, 10, STREAMS);

	change_begin(&rig->change, &rig->plan, &next, NULL);
	take_all(rig);
	assert_wanted(rig, 10, STREAMS);
	assert_int_equal(rig->change.removed, 10);
	assert_int_equal(rig->change.added, 10);
	change_begin(&rig->change, &rig->plan, &next, NULL);
	take_all(rig);
	assert_int_equal(rig->change.removed + rig->change.added, 0);
}

static void
a_change_that_is_begun_anew_ends_as_the_last_one_says(void **state)
{
	struct rig *rig = *state;
	struct config_strings next = streams_of(rig, STREAMS, STREAMS);
	struct pool_event event;
	const char *name;
	uint32_t number;

	change_begin(&rig->change, &rig->plan, &next, NULL);
	for (size_t i = 0; i < 2 * STREAMS + STREAMS / 2; i++)
		switch (change_next(&rig->change, &rig->plan, &number, &name)) {
		case CHANGE_DROP:
			rig->plan.wanted[number] = false;
			break;
		case CHANGE_ADD:
			assert_true(plan_add(&rig->plan, name, &event));
			break;
		case CHANGE_NOTHING:
		case CHANGE_END:
			break;
		}
	next = streams_of(rig, 5, STREAMS);
	change_begin(&rig->change, &rig->plan, &next, NULL);
	take_all(rig);
	assert_wanted(rig, 5, STREAMS);
}

static void
a_new_list_adds_what_patterns_did_not_mean_before_and_drops_nothing(void **state)
{
	char pattern[] = "*usdt@trade";
	char *item[] = {pattern};
	const struct config_strings streams = {item, 1};
	struct listing *before = calloc(1, sizeof(*before) + sizeof(before->item[0]));
	struct listing *now = calloc(1, sizeof(*now) + 2 * sizeof(now->item[0]));
	struct rig *rig = *state;

	assert_true(before != NULL && now != NULL);
	now->n = 2;
	now->item[0] = (struct listed){"NEWUSDT", 7, .trading = TICK_TRADING_ON};
	now->item[1] = (struct listed){"OLDUSDT", 7, .trading = TICK_TRADING_ON};
	before->n = 1;
	before->item[0] = now->item[1];
	change_follow(&rig->change, &streams, now, before);
	take_all(rig);
	assert_int_equal(rig->change.added, 1);
	assert_int_equal(rig->change.removed, 0);
	assert_true(plan_find(&rig->plan, "newusdt@trade") != NAMES_NONE);
	assert_true(plan_find(&rig->plan, "oldusdt@trade") == NAMES_NONE); /* was given up */
	free(before);
	free(now);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_are_replaced_in_as_many_steps_as_there_are_streams),
		TEST(of_unused_numbers_the_one_that_was_dropped_first_is_used_anew),
		TEST(what_stays_is_not_touched),
		TEST(a_change_that_is_begun_anew_ends_as_the_last_one_says),
		TEST(a_new_list_adds_what_patterns_did_not_mean_before_and_drops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
