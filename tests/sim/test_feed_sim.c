/*
 * The simulation of the whole feed (sim.h).
 *
 *	test_feed_sim                  as a test: a few seeds
 *	test_feed_sim SEEDS [FIRST]    so many seeds, from FIRST (1) on
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/journal.h"
#include "tests/sim/sim.h"

enum { HOURS = 30, TESTED_SEEDS = 40, TESTED_SLOWLY = 10, FAIR_SEEDS = 10, REPORT_EVERY = 100 };

/* The feed and the reader read the clocks: here they show the simulation's time. */
int
clock_gettime(clockid_t id, struct timespec *out)
{
	int64_t ns = sim.now.ns + (id == CLOCK_REALTIME ? sim.wall_offset : 0);

	if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, out);
	*out = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	return 0;
}

static int64_t
real_ms(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
add_counts(struct sim_counts *sum, const struct sim_counts *one)
{
	sum->wakes += one->wakes;
	sum->timers += one->timers;
	sum->faults += one->faults;
	sum->ticks += one->ticks;
	sum->frames += one->frames;
	sum->connects += one->connects;
	sum->rotations += one->rotations;
	sum->gaps += one->gaps;
	sum->stale += one->stale;
	sum->storms += one->storms;
	sum->renumbered += one->renumbered;
	sum->refused += one->refused;
	sum->changes += one->changes;
	sum->restarts += one->restarts;
	sum->moved += one->moved;
}

static void
report(const char *what, uint64_t seeds, uint64_t hours, const struct sim_counts *c, int64_t ms)
{
	printf("%s%" PRIu64 " seeds, %" PRIu64 " h simulated, %" PRIu64 " steps, %" PRIu64
	    " storms, %" PRIu64 " faults, %" PRIu64 " connects, %" PRIu64 " rotations, %" PRIu64
	    " ticks, %" PRIu64 " gaps told, %" PRIu64 " new counts, %" PRIu64 " refusals, %" PRIu64
	    " changes, %" PRIu64 " restarts, %" PRIu64 " streams moved off lines that were down,"
	    " 0 violations, %" PRId64 ".%" PRId64 " s\n", what,
	    seeds, hours, c->wakes, c->storms, c->faults, c->connects, c->rotations, c->ticks,
	    c->gaps, c->renumbered, c->refused, c->changes, c->restarts, c->moved, ms / 1000,
	    ms % 1000 / 100);
	fflush(stdout);
}

/* A broken rule ends the program. */
static void
run_seeds(uint64_t seeds, uint64_t first)
{
	struct sim_counts sum = {0};
	int64_t begun = real_ms();
	uint64_t hours = 0;

	for (uint64_t i = 0; i < seeds; i++) {
		sim_play(first + i, HOURS);
		add_counts(&sum, &sim.count);
		hours += (uint64_t)mono_diff(sim.now, sim.begun).ns / UINT64_C(3600000000000);
		if ((i + 1) % REPORT_EVERY == 0 && i + 1 < seeds)
			report("", i + 1, hours, &sum, real_ms() - begun);
	}
	report("sum: ", seeds, hours, &sum, real_ms() - begun);
}

static void
no_rule_is_broken_in_any_weather(void **state)
{
	const char *variant = getenv("TICKRING_VARIANT");

	(void)state;
	/* Sanitizers take twenty times as long. */
	run_seeds(!variant || strcmp(variant, "release") == 0 ? TESTED_SEEDS : TESTED_SLOWLY, 1);
}

static void
in_fair_weather_nothing_but_age_replaces_a_line(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= FAIR_SEEDS; seed++)
		sim_play_fair(seed, HOURS);
}

static void
the_same_seed_runs_the_same_way(void **state)
{
	uint64_t sum;

	(void)state;
	sim_play(7, HOURS);
	sum = journal_sum();
	sim_play(8, HOURS);
	assert_int_not_equal(journal_sum(), sum);
	sim_play(7, HOURS);
	assert_int_equal(journal_sum(), sum);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_is_broken_in_any_weather),
		cmocka_unit_test(in_fair_weather_nothing_but_age_replaces_a_line),
		cmocka_unit_test(the_same_seed_runs_the_same_way),
	};

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	run_seeds(strtoull(argv[1], NULL, 10), argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
	return 0;
}
