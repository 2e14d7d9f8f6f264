#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/arbiter.h"
#include "feed/core/hold.h"

enum { TRADE = ARBITER_TRADE, IDS = 400, LEGS = 3 };

static struct arbiter_last memory[2];
static struct arbiter arbiter;
static struct hold hold;
static struct arbiter_gap gap;

/* What a reader of instrument 0's trades has seen. */
static struct {
	int64_t id[2 * IDS];
	unsigned n;
	bool told_missing[IDS];
} seen;

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){ms * 1000000};
}

static int
new_arbiter(void **state)
{
	(void)state;
	arbiter_init(&arbiter, memory, 2);
	hold_init(&hold, arbiter.cfg.wait_max);
	memset(&seen, 0, sizeof(seen));
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

static enum arbiter_verdict
judge(unsigned leg, int64_t id, mono_t arrived, mono_t now)
{
	struct arbiter_message m = {.class = ARBITER_TRADE, .id = id,
	    .first_id = ARBITER_NO_ID, .prev_id = ARBITER_NO_ID, .leg = leg,
	    .arrived = arrived, .now = now};
	enum arbiter_verdict verdict = arbiter_on_id(&arbiter, &m, &gap);

	if (verdict == ARBITER_GAP)
		for (int64_t i = gap.first; i <= gap.last && i < IDS; i++) {
			assert_false(seen.told_missing[i]);
			seen.told_missing[i] = true;
		}
	if (verdict == ARBITER_NEW || verdict == ARBITER_GAP || verdict == ARBITER_RESET)
		seen.id[seen.n++] = id;
	return verdict;
}

static enum arbiter_verdict
on_trade(unsigned leg, int64_t id, int64_t ms)
{
	return judge(leg, id, at_ms(ms), at_ms(ms));
}

/* The whole way of a message, as a pipeline does it. */
static void
show_held(mono_t now)
{
	struct held held;

	while (hold_take(&hold, TRADE, &held))
		if (judge(held.leg, held.id, held.arrived, now) == ARBITER_HOLD) {
			hold_add(&hold, TRADE, held.id, held.leg, held.arrived);
			break;
		}
}

static void
feed_message(unsigned leg, int64_t id, mono_t now)
{
	switch (judge(leg, id, now, now)) {
	case ARBITER_HOLD:
		assert_true(hold_add(&hold, TRADE, id, leg, now) >= 0);
		show_held(now);
		break;
	case ARBITER_NEW:
	case ARBITER_GAP:
		show_held(now);
		break;
	default:
		break;
	}
}

static void
release_due(mono_t now)
{
	struct held held;

	while (hold_take_due(&hold, now, &held)) {
		assert_int_not_equal(judge(held.leg, held.id, held.arrived, now), ARBITER_HOLD);
		show_held(now);
	}
}

static void
one_leg_never_waits(void **state)
{
	(void)state;
	assert_int_equal(on_trade(0, 10, 0), ARBITER_NEW);
	assert_int_equal(on_trade(0, 13, 0), ARBITER_GAP);
	assert_int_equal(gap.first, 11);
	assert_int_equal(gap.last, 12);
}

static void
the_first_leg_wins_and_the_second_is_the_duplicate(void **state)
{
	(void)state;
	for (int i = 16; i < 116; i++) {
		assert_int_equal(on_trade(i % 4 == 0, i, i * 10), ARBITER_NEW);
		assert_int_equal(on_trade(i % 4 != 0, i, i * 10 + 3), ARBITER_DUPLICATE);
	}
	assert_int_equal(arbiter.leg[0].duplicates, 25);
	assert_int_equal(arbiter.leg[1].duplicates, 75);
	/* 16, 32, ... 112 were measured; leg 1 brought them first. */
	assert_int_equal(arbiter.skew[0].count, 7);
	assert_int_equal(arbiter.skew[0].max_ns, 3000000);
	assert_int_equal(arbiter.skew[1].count, 0);
	assert_int_equal(arbiter.leg[0].held + arbiter.leg[1].held, 0);
}

static void
a_hole_waits_for_the_leg_behind_until_the_time_is_over(void **state)
{
	(void)state;
	on_trade(0, 10, 0);
	on_trade(1, 10, 1);
	assert_int_equal(on_trade(0, 12, 2), ARBITER_HOLD);
	assert_int_equal(gap.first, 11);
	assert_int_equal(gap.last, 11);
	assert_int_equal(arbiter_last_id(&arbiter, 0, ARBITER_TRADE), 10);
	assert_int_equal(judge(0, 12, at_ms(2), (mono_t){at_ms(22).ns - 1}), ARBITER_HOLD);
	assert_int_equal(judge(0, 12, at_ms(2), at_ms(22)), ARBITER_GAP);
	assert_int_equal(arbiter.missing[ARBITER_TRADE], 1);
}

static void
a_leg_that_has_passed_the_hole_or_is_down_is_not_waited_for(void **state)
{
	(void)state;
	on_trade(0, 10, 0);
	on_trade(1, 10, 0);
	on_trade(0, 11, 0);
	assert_int_equal(on_trade(0, 13, 1), ARBITER_HOLD); /* leg 1 at 10 */
	assert_int_equal(on_trade(1, 13, 2), ARBITER_GAP);  /* both passed 12 */
	assert_int_equal(on_trade(0, 15, 3), ARBITER_HOLD);
	arbiter_on_leg_down(&arbiter, 0, ARBITER_TRADE, 1);
	assert_int_equal(judge(0, 15, at_ms(3), at_ms(4)), ARBITER_GAP);
	on_trade(1, 15, 5);
	assert_int_equal(on_trade(0, 17, 6), ARBITER_HOLD);
	leg_lost(1);
	assert_int_equal(judge(0, 17, at_ms(6), at_ms(6)), ARBITER_GAP);
	assert_int_equal(judge(1, 18, ARBITER_AT_ONCE, at_ms(7)), ARBITER_NEW);
	on_trade(0, 18, 8);
	assert_int_equal(judge(1, 20, ARBITER_AT_ONCE, at_ms(9)), ARBITER_GAP);
}

static void
a_new_line_ahead_of_the_old_one_makes_no_gap(void **state)
{
	(void)state;
	feed_message(0, 10, at_ms(0));
	feed_message(1, 14, at_ms(1));
	feed_message(1, 15, at_ms(2));
	feed_message(0, 11, at_ms(3));
	feed_message(0, 12, at_ms(4));
	assert_int_equal(seen.n, 3);
	feed_message(0, 13, at_ms(5));
	assert_int_equal(seen.n, 6);
	assert_int_equal(arbiter_last_id(&arbiter, 0, ARBITER_TRADE), 15);
	assert_true(hold_is_empty(&hold));
	assert_int_equal(arbiter.missing[ARBITER_TRADE], 0);
	/* The old line dies: what it had not brought is told at the due time, once. */
	feed_message(1, 18, at_ms(6));
	leg_lost(0);
	assert_int_equal(hold_deadline(&hold).ns, at_ms(26).ns);
	release_due(at_ms(26));
	assert_int_equal(seen.n, 7);
	assert_int_equal(arbiter.missing[ARBITER_TRADE], 2);
}

static void
what_is_held_goes_before_what_comes_after_it(void **state)
{
	(void)state;
	for (unsigned leg = 0; leg < 3; leg++)
		feed_message(leg, 10, at_ms(0));
	feed_message(0, 12, at_ms(1)); /* 11 may come from legs 1 and 2 */
	feed_message(1, 14, at_ms(2)); /* 11 may come from leg 2, 13 from leg 0 */
	assert_int_equal(seen.n, 1);
	feed_message(2, 14, at_ms(3)); /* 11 is lost, 12 is there, 13 may come from leg 0 */
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.id[1], 12);
	assert_true(seen.told_missing[11]);
	assert_false(seen.told_missing[13]);
	feed_message(0, 13, at_ms(4));
	assert_int_equal(seen.n, 4);
	assert_int_equal(arbiter_last_id(&arbiter, 0, ARBITER_TRADE), 14);
	assert_true(hold_is_empty(&hold));
}

static void
an_id_that_was_told_missing_is_late_once(void **state)
{
	(void)state;
	on_trade(0, 10, 0);
	on_trade(0, 15, 0);
	assert_int_equal(on_trade(1, 10, 30), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(1, 11, 30), ARBITER_LATE);
	assert_int_equal(on_trade(1, 11, 30), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(1, 14, 30), ARBITER_LATE);
	assert_int_equal(on_trade(2, 13, 30), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(1, 15, 30), ARBITER_DUPLICATE);
	assert_int_equal(arbiter.leg[1].late, 2);
}

static void
ids_that_start_anew_are_recognized_by_time_distance_and_number(void **state)
{
	(void)state;
	on_trade(0, 1000000, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(on_trade(0, 5 + i, 1 + i), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, 104, 40000), ARBITER_DUPLICATE); /* not rising */
	assert_int_equal(on_trade(0, 105, 30000), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, 106, 30001), ARBITER_RESET);
	assert_int_equal(on_trade(0, 107, 30002), ARBITER_NEW);
	assert_int_equal(on_trade(1, 107, 30003), ARBITER_DUPLICATE);
}

static void
only_a_leg_without_another_starts_anew_at_once(void **state)
{
	int64_t high = 100 + ARBITER_RESET_DISTANCE;

	(void)state;
	on_trade(0, high, 0);
	assert_int_equal(on_trade(0, 101, 1), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, 100, 1), ARBITER_RESET);
	assert_int_equal(on_trade(0, 101, 2), ARBITER_NEW);
	arbiter_seed(&arbiter, 0, ARBITER_TRADE, high);
	on_trade(1, high, 3);
	assert_int_equal(on_trade(0, 5, 4), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, 6, 4), ARBITER_DUPLICATE);
	leg_lost(1);
	assert_int_equal(on_trade(0, 7, 5), ARBITER_RESET);
}

static void
fifteen_old_ids_are_not_enough_sixteen_are(void **state)
{
	(void)state;
	on_trade(0, 1000000, 0);
	for (int i = 1; i <= 15; i++)
		assert_int_equal(on_trade(0, i, i * 10000), ARBITER_DUPLICATE);
	assert_int_equal(on_trade(0, 16, 160000), ARBITER_RESET);
}

static void
a_lagging_leg_is_no_new_start(void **state)
{
	(void)state;
	on_trade(0, 1000000, 0);
	/* Near enough to catch up. */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(on_trade(1, 900000 + i, i * 1000), ARBITER_DUPLICATE);
	/* Far below, but the other leg goes on. */
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(on_trade(1, 5 + i, i * 1000), ARBITER_DUPLICATE);
		if (i % 20 == 0)
			assert_int_equal(on_trade(0, 1000001 + i / 20, i * 1000), ARBITER_NEW);
	}
	/* The border itself. */
	arbiter_seed(&arbiter, 0, ARBITER_TRADE, 2000000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(on_trade(1, 1900000, 2000000 + i * 1000), ARBITER_DUPLICATE);
	assert_true(mono_is_never(memory[0].cell[ARBITER_TRADE].low_since));
	on_trade(1, 1899999, 3000000);
	assert_int_equal(memory[0].cell[ARBITER_TRADE].low_since.ns, at_ms(3000000).ns);
}

static void
bad_legs_and_seeds_are_refused(void **state)
{
	(void)state;
	assert_int_equal(on_trade(ARBITER_LEGS_MAX, 1, 0), ARBITER_INVALID);
	assert_int_equal(arbiter.invalid, 1);
	arbiter_on_leg_down(&arbiter, 0, ARBITER_TRADE, ARBITER_LEGS_MAX);
	arbiter_on_leg_down(&arbiter, 9, ARBITER_TRADE, 0);
	arbiter_seed(&arbiter, 0, ARBITER_TRADE, INT64_MIN + 1);
	assert_int_equal(arbiter_last_id(&arbiter, 0, ARBITER_TRADE), ARBITER_NO_ID);
}

static void
quotes_never_wait(void **state)
{
	struct arbiter_message m = {.class = ARBITER_QUOTE, .id = 5};

	(void)state;
	arbiter_on_id(&arbiter, &m, &gap);
	m.leg = 1;
	arbiter_on_id(&arbiter, &m, &gap);
	m.id = 1000;
	assert_int_equal(arbiter_on_id(&arbiter, &m, &gap), ARBITER_NEW);
	assert_int_equal(arbiter.leg[1].held, 0);
}

/* Legs of random delay (below wait_max) and loss: what one has, the reader gets. */
static void
run_random_legs(uint64_t seed, unsigned loss_percent)
{
	int64_t due_ms[LEGS][IDS], lag, now, last = 0;
	bool had[IDS] = {false}, lost;
	unsigned next[LEGS] = {0};
	struct rng rng;

	new_arbiter(NULL);
	rng_seed(&rng, seed);
	for (unsigned leg = 0; leg < LEGS; leg++) {
		lag = rng_between(&rng, 0, 15);
		for (int id = 0; id < IDS; id++) {
			/* Nobody waits for a leg that has shown nothing yet. */
			lost = id > 8 && id < IDS - 1 && rng_below(&rng, 100) < loss_percent;
			due_ms[leg][id] = lost ? -1 : id * 3 + lag;
			had[id] |= !lost;
		}
	}
	for (now = 0; now < IDS * 3 + 100; now++) {
		for (unsigned leg = 0; leg < LEGS; leg++)
			while (next[leg] < IDS && due_ms[leg][next[leg]] <= now) {
				if (due_ms[leg][next[leg]] >= 0)
					feed_message(leg, next[leg], at_ms(now));
				next[leg]++;
			}
		release_due(at_ms(now));
		assert_true(hold_is_empty(&hold) ||
		    mono_before(at_ms(now), hold_deadline(&hold)));
	}
	for (unsigned i = 0; i < seen.n; i++) {
		assert_true(i == 0 || seen.id[i] > last);
		last = seen.id[i];
	}
	for (int id = (int)seen.id[0]; id < IDS; id++)
		assert_int_equal(seen.told_missing[id], !had[id]);
	assert_true(hold_is_empty(&hold));
	assert_true(loss_percent > 0 || arbiter.counts[ARBITER_TRADE][ARBITER_HOLD] == 0);
}

static void
whatever_one_leg_brings_in_time_is_seen_once_and_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++)
		run_random_legs(seed, (unsigned)(seed % 4) * 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_leg_never_waits, new_arbiter),
		cmocka_unit_test_setup(the_first_leg_wins_and_the_second_is_the_duplicate,
		    new_arbiter),
		cmocka_unit_test_setup(a_hole_waits_for_the_leg_behind_until_the_time_is_over,
		    new_arbiter),
		cmocka_unit_test_setup(a_leg_that_has_passed_the_hole_or_is_down_is_not_waited_for,
		    new_arbiter),
		cmocka_unit_test_setup(a_new_line_ahead_of_the_old_one_makes_no_gap, new_arbiter),
		cmocka_unit_test_setup(what_is_held_goes_before_what_comes_after_it, new_arbiter),
		cmocka_unit_test_setup(an_id_that_was_told_missing_is_late_once, new_arbiter),
		cmocka_unit_test_setup(
		    ids_that_start_anew_are_recognized_by_time_distance_and_number, new_arbiter),
		cmocka_unit_test_setup(only_a_leg_without_another_starts_anew_at_once, new_arbiter),
		cmocka_unit_test_setup(fifteen_old_ids_are_not_enough_sixteen_are, new_arbiter),
		cmocka_unit_test_setup(a_lagging_leg_is_no_new_start, new_arbiter),
		cmocka_unit_test_setup(bad_legs_and_seeds_are_refused, new_arbiter),
		cmocka_unit_test_setup(quotes_never_wait, new_arbiter),
		cmocka_unit_test_setup(whatever_one_leg_brings_in_time_is_seen_once_and_in_order,
		    new_arbiter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
