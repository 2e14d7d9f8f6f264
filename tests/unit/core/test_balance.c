#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/balance.h"

static const struct balance_cfg cfg = {
	.streams_max = 4,
	.lines_min = 2,
	.lines_max = 4,
	.load_high = 1000,
	.load_low = 600,
	.grow_after = {10000000000},
	.shrink_after = {300000000000},
	.unbalance = 1500,
};

static mono_t
at_s(int64_t s)
{
	return (mono_t){s * 1000000000};
}

static enum balance_wish
step(struct balance_scale *scale, const struct balance_line *line, unsigned nlines,
    unsigned items, mono_t now, uint16_t *victim)
{
	const struct balance_demand demand = {.items = items, .divisible = true};

	return balance_scale_step(scale, line, nlines, &demand, now, victim);
}

static void
a_stream_goes_where_the_load_for_its_health_is_least(void **state)
{
	struct balance_line line[] = {
		{.load = 500, .health = 1000, .open = true},
		{.load = 400, .health = 1000, .open = true},
		{.load = 300, .health = 500, .open = true},
	};

	(void)state;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), 1);
	line[0].load = 400;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), 0);
	line[0].load = 500;
	line[2].load = 180;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), 2);
	line[2].health = 0;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), 1);
	line[1].streams = 4;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), 0);
	line[1].streams = 3;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), 1);
	line[0].open = line[1].open = line[2].open = false;
	assert_int_equal(balance_place(&cfg, line, 3, 10, NULL, 0), BALANCE_NONE);
	assert_int_equal(balance_place(&cfg, line, 0, 10, NULL, 0), BALANCE_NONE);
}

static void
legs_never_share_a_line_and_an_endpoint_only_in_need(void **state)
{
	struct balance_line line[] = {
		{.health = 1000, .open = true, .endpoint = 0},
		{.health = 1000, .open = true, .endpoint = 0},
		{.health = 1000, .open = true, .endpoint = 1, .load = 900},
	};
	uint16_t peers[] = {0, BALANCE_NONE};

	(void)state;
	assert_int_equal(balance_place(&cfg, line, 3, 10, peers, 2), 2);
	line[2].open = false;
	assert_int_equal(balance_place(&cfg, line, 3, 10, peers, 2), 1);
	peers[1] = 1;
	assert_int_equal(balance_place(&cfg, line, 3, 10, peers, 2), BALANCE_NONE);
}

static void
a_line_is_added_when_the_load_was_high_for_long_enough(void **state)
{
	struct balance_line line[] = {
		{.load = 1500, .health = 1000, .open = true},
		{.load = 501, .health = 1000, .open = true},
		{.load = 99999, .health = 1000},
	};
	struct balance_scale scale;
	uint16_t victim;

	(void)state;
	balance_scale_init(&scale, &cfg);
	assert_int_equal(step(&scale, line, 3, 8, at_s(0), &victim), BALANCE_STAY);
	line[1].load = 500; /* exactly the limit: not above */
	assert_int_equal(step(&scale, line, 3, 8, at_s(9), &victim), BALANCE_STAY);
	line[1].load = 501;
	assert_int_equal(step(&scale, line, 3, 8, at_s(10), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, line, 3, 8, at_s(19), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, line, 3, 8, at_s(20), &victim), BALANCE_GROW);
	assert_int_equal(step(&scale, line, 3, 8, at_s(20), &victim), BALANCE_STAY);
}

static void
lack_of_room_adds_a_line_at_once_but_never_beyond_the_maximum(void **state)
{
	struct balance_line line[4] = {
		{.health = 1000, .open = true}, {.health = 1000, .open = true},
	};
	struct balance_scale scale;
	uint16_t victim;

	(void)state;
	balance_scale_init(&scale, &cfg);
	assert_int_equal(step(&scale, line, 4, 8, at_s(0), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, line, 4, 9, at_s(0), &victim), BALANCE_GROW);
	line[1].open = false;
	assert_int_equal(step(&scale, line, 4, 2, at_s(0), &victim), BALANCE_GROW);
	for (int i = 0; i < 4; i++)
		line[i] = (struct balance_line){.load = 9999, .health = 1000, .open = true};
	for (int64_t s = 0; s < 100; s++)
		assert_int_equal(step(&scale, line, 4, 999, at_s(s), &victim),
		    BALANCE_STAY);
}

static void
the_worst_line_is_closed_when_one_fewer_would_do_for_long(void **state)
{
	struct balance_line line[] = {
		{.load = 399, .health = 1000, .open = true, .streams = 2},
		{.load = 400, .health = 700, .open = true, .streams = 3},
		{.load = 400, .health = 1000, .open = true, .streams = 3},
	};
	struct balance_scale scale;
	uint16_t victim = BALANCE_NONE;

	(void)state;
	balance_scale_init(&scale, &cfg);
	assert_int_equal(step(&scale, line, 3, 8, at_s(0), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, line, 3, 8, at_s(299), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, line, 3, 8, at_s(300), &victim),
	    BALANCE_SHRINK);
	assert_int_equal(victim, 1);
	line[1].health = 1000;
	assert_int_equal(step(&scale, line, 3, 8, at_s(400), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, line, 3, 8, at_s(700), &victim),
	    BALANCE_SHRINK);
	assert_int_equal(victim, 0);
	/* Not when the rest would not have the room, nor at the load itself, nor at the minimum. */
	for (int64_t s = 1000; s < 3000; s += 100)
		assert_int_equal(step(&scale, line, 3, 9, at_s(s), &victim),
		    BALANCE_STAY);
	line[0].load = 400;
	for (int64_t s = 3000; s < 5000; s += 100)
		assert_int_equal(step(&scale, line, 3, 8, at_s(s), &victim),
		    BALANCE_STAY);
	line[0].open = false;
	line[1].load = line[2].load = 1;
	for (int64_t s = 5000; s < 7000; s += 100)
		assert_int_equal(step(&scale, line, 3, 4, at_s(s), &victim),
		    BALANCE_STAY);
}

static void
a_plan_evens_out_with_few_moves(void **state)
{
	struct balance_line line[] = {
		{.load = 900, .streams = 3, .health = 1000, .open = true},
		{.load = 100, .streams = 1, .health = 1000, .open = true},
	};
	struct balance_item item[] = {{.load = 500, .line = 0}, {.load = 300, .line = 0},
	    {.load = 100, .line = 0}, {.load = 100, .line = 1}};
	struct balance_move move[8];

	(void)state;
	/* 400 and 600 would not be begun with, but are not left so either. */
	assert_int_equal(balance_plan(&cfg, line, 2, item, 4, 1, move, 8), 2);
	assert_int_equal(move[0].item, 0);
	assert_int_equal(move[0].from, 0);
	assert_int_equal(move[0].to, 1);
	assert_int_equal(move[1].item, 3);
	assert_int_equal(move[1].to, 0);
	item[0].fixed = true;
	assert_int_equal(balance_plan(&cfg, line, 2, item, 4, 1, move, 8), 2);
	assert_int_equal(move[0].item, 1);
	assert_int_equal(move[1].item, 2);
	assert_int_equal(balance_plan(&cfg, line, 2, item, 4, 1, move, 0), 0);
	/* 600 and 400 differ by no more than the factor of 1.5. */
	line[0].load = 600;
	line[1].load = 400;
	assert_int_equal(balance_plan(&cfg, line, 2, item, 4, 1, move, 8), 0);
	line[0].load = 601;
	assert_int_equal(balance_plan(&cfg, line, 2, item, 4, 1, move, 8), 1);
}

/* Each has one that the other could take as well: nothing would be gained. */
static void
a_move_that_gains_little_is_not_made(void **state)
{
	struct balance_line line[] = {
		{.load = 300, .streams = 1, .health = 1000, .open = true},
		{.load = 590, .streams = 2, .health = 1000, .open = true},
	};
	struct balance_item item[] = {{.load = 300, .line = 0}, {.load = 300, .line = 1},
	    {.load = 290, .line = 1}};
	struct balance_move move[8];

	(void)state;
	/* 590 and 300 would be 590 and 300 again, or 300 and 590. */
	line[0].load = 299;
	assert_int_equal(balance_plan(&cfg, line, 2, item, 3, 1, move, 8), 0);
	line[0].load = 100;
	assert_int_equal(balance_plan(&cfg, line, 2, item, 3, 1, move, 8), 1);
	item[1].rests = item[2].rests = true;
	assert_int_equal(balance_plan(&cfg, line, 2, item, 3, 1, move, 8), 0);
}

static void
a_line_with_too_many_streams_is_relieved_and_nothing_goes_to_one_that_is_down(void **state)
{
	struct balance_line line[] = {
		{.streams = 5, .health = 1000, .open = true},
		{.streams = 0, .health = 1000, .open = true, .down = true},
		{.streams = 3, .health = 1000, .open = true, .load = 900},
	};
	struct balance_item item[] = {{.line = 0, .rests = true}, {.line = 0}, {.line = 0},
	    {.line = 0}, {.line = 0}};
	struct balance_move move[8];

	(void)state;
	assert_int_equal(balance_plan(&cfg, line, 3, item, 5, 1, move, 8), 1);
	assert_int_equal(move[0].from, 0);
	assert_int_equal(move[0].to, 2);
	line[1].down = false;
	assert_int_equal(balance_plan(&cfg, line, 3, item, 5, 1, move, 8), 1);
	assert_int_equal(move[0].to, 1);
}

static void
a_line_that_was_missed_is_closed_later_the_next_time(void **state)
{
	struct balance_line low[] = {
		{.load = 10, .health = 1000, .open = true},
		{.load = 10, .health = 1000, .open = true},
		{.load = 10, .health = 1000, .open = true},
	};
	struct balance_line high[] = {
		{.load = 1500, .health = 1000, .open = true},
		{.load = 1500, .health = 1000, .open = true},
	};
	struct balance_scale scale;
	uint16_t victim;
	int64_t s = 0, closed[4];

	(void)state;
	balance_scale_init(&scale, &cfg);
	for (int i = 0; i < 4; i++) {
		int64_t began = s;

		while (step(&scale, low, 3, 8, at_s(s), &victim) == BALANCE_STAY)
			s++;
		closed[i] = s - began;
		while (step(&scale, high, 2, 8, at_s(s), &victim) == BALANCE_STAY)
			s++;
	}
	assert_int_equal(closed[0], 300);
	assert_int_equal(closed[1], 600);
	assert_int_equal(closed[2], 1200);
	assert_int_equal(closed[3], 2400);
	/* A day later that is forgotten. */
	s += 24 * 3600;
	assert_int_equal(step(&scale, low, 3, 8, at_s(s), &victim), BALANCE_STAY);
	assert_int_equal(step(&scale, low, 3, 8, at_s(s + 300), &victim), BALANCE_SHRINK);
}

static void
no_line_is_added_that_could_take_nothing(void **state)
{
	struct balance_line line[] = {
		{.load = 5000, .streams = 1, .health = 1000, .open = true},
		{.load = 5001, .streams = 2, .health = 1000, .open = true},
	};
	struct balance_item item[] = {{.load = 5000, .line = 0}, {.load = 5000, .line = 1},
	    {.load = 1, .line = 1}};
	struct balance_demand demand = {.items = 3};
	struct balance_scale scale;
	uint16_t victim;

	(void)state;
	balance_scale_init(&scale, &cfg);
	item[1].load = 2500;
	item[2].load = 2501;
	assert_true(balance_would_spread(&cfg, line, 2, item, 3, 1));
	/* The small one is worth a move, but there have to be as many streams as lines. */
	demand.divisible = true;
	demand.items = 2;
	for (int64_t s = 0; s < 100; s++)
		assert_int_equal(balance_scale_step(&scale, line, 2, &demand, at_s(s), &victim),
		    BALANCE_STAY);
	demand = (struct balance_demand){.items = 3, .divisible = false};
	for (int64_t s = 0; s < 100; s++)
		assert_int_equal(balance_scale_step(&scale, line, 2, &demand, at_s(s), &victim),
		    BALANCE_STAY);
	item[1].rests = item[2].rests = true;
	assert_false(balance_would_spread(&cfg, line, 2, item, 3, 1));
}

static void
one_heavy_stream_does_not_end_the_plan(void **state)
{
	struct balance_line line[] = {
		{.load = 5000, .streams = 1, .health = 1000, .open = true},
		{.load = 900, .streams = 2, .health = 1000, .open = true},
		{.load = 0, .streams = 0, .health = 1000, .open = true},
	};
	struct balance_item item[] = {{.load = 5000, .line = 0}, {.load = 500, .line = 1},
	    {.load = 400, .line = 1}};
	struct balance_move move[8];

	(void)state;
	assert_int_equal(balance_plan(&cfg, line, 3, item, 3, 1, move, 8), 1);
	assert_int_equal(move[0].item, 1);
	assert_int_equal(move[0].to, 2);
}

static void
a_line_that_closes_is_emptied_and_legs_stay_apart(void **state)
{
	struct balance_line line[] = {
		{.load = 20, .streams = 2, .health = 1000},
		{.load = 20, .streams = 2, .health = 1000, .open = true},
		{.load = 500, .streams = 0, .health = 1000, .open = true},
	};
	/* Streams 0 and 1, two legs each, on lines 0 and 1. */
	struct balance_item item[] = {{.load = 10, .line = 0}, {.load = 10, .line = 1},
	    {.load = 10, .line = 1}, {.load = 10, .line = 0}};
	struct balance_move move[8];

	(void)state;
	assert_int_equal(balance_plan(&cfg, line, 3, item, 2, 2, move, 8), 2);
	assert_int_equal(move[0].item, 0);
	assert_int_equal(move[0].to, 2);
	assert_int_equal(move[1].item, 3);
	assert_int_equal(move[1].to, 2);
	assert_int_equal(balance_plan(&cfg, line, 3, item, 2, 2, move, 1), 1);
	item[0].fixed = true;
	assert_int_equal(balance_plan(&cfg, line, 3, item, 2, 2, move, 8), 1);
	assert_int_equal(move[0].item, 3);
}

enum { LINES = 8, STREAMS = 100, LEGS = 2, MOVES = 16 };

static uint64_t
load_for_health(const struct balance_line *line)
{
	return line->load * 1000 / (unsigned)line->health;
}

static void
try_random_plan(struct rng *rng)
{
	struct balance_cfg wide = cfg;
	struct balance_line line[LINES] = {0};
	struct balance_item item[STREAMS * LEGS];
	struct balance_move move[MOVES];
	uint64_t worst_before = 0, worst_after = 0;
	unsigned n;

	wide.streams_max = 60;
	for (int i = 0; i < LINES; i++) {
		line[i].health = 500 + (int)rng_below(rng, 501);
		line[i].endpoint = (uint16_t)(i % 3);
		line[i].open = true;
	}
	for (int i = 0; i < STREAMS * LEGS; i++) {
		item[i] = (struct balance_item){.load = (uint32_t)rng_below(rng, 1000),
		    .line = (uint16_t)(i % LEGS * (LINES / 2) + rng_below(rng, 2))};
		line[item[i].line].load += item[i].load;
		line[item[i].line].streams++;
	}
	for (int i = 0; i < LINES; i++)
		worst_before = load_for_health(&line[i]) > worst_before
		    ? load_for_health(&line[i]) : worst_before;
	n = balance_plan(&wide, line, LINES, item, STREAMS, LEGS, move, MOVES);
	assert_in_range(n, 1, MOVES);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(item[move[i].item].line, move[i].from);
		item[move[i].item].line = move[i].to;
		line[move[i].from].load -= item[move[i].item].load;
		line[move[i].to].load += item[move[i].item].load;
		line[move[i].from].streams--;
		line[move[i].to].streams++;
	}
	for (int i = 0; i < LINES; i++) {
		assert_true(line[i].streams <= wide.streams_max);
		worst_after = load_for_health(&line[i]) > worst_after
		    ? load_for_health(&line[i]) : worst_after;
	}
	assert_true(worst_after < worst_before);
	for (int i = 0; i < STREAMS * LEGS; i += LEGS)
		assert_int_not_equal(item[i].line, item[i + 1].line);
}

static void
every_plan_is_bounded_an_improvement_and_keeps_legs_apart(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 9);
	for (int i = 0; i < 300; i++)
		try_random_plan(&rng);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_goes_where_the_load_for_its_health_is_least),
		cmocka_unit_test(legs_never_share_a_line_and_an_endpoint_only_in_need),
		cmocka_unit_test(a_line_is_added_when_the_load_was_high_for_long_enough),
		cmocka_unit_test(lack_of_room_adds_a_line_at_once_but_never_beyond_the_maximum),
		cmocka_unit_test(the_worst_line_is_closed_when_one_fewer_would_do_for_long),
		cmocka_unit_test(a_plan_evens_out_with_few_moves),
		cmocka_unit_test(a_move_that_gains_little_is_not_made),
		cmocka_unit_test(
		    a_line_with_too_many_streams_is_relieved_and_nothing_goes_to_one_that_is_down),
		cmocka_unit_test(a_line_that_was_missed_is_closed_later_the_next_time),
		cmocka_unit_test(no_line_is_added_that_could_take_nothing),
		cmocka_unit_test(one_heavy_stream_does_not_end_the_plan),
		cmocka_unit_test(a_line_that_closes_is_emptied_and_legs_stay_apart),
		cmocka_unit_test(every_plan_is_bounded_an_improvement_and_keeps_legs_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
