/*
 * A writer at full speed against readers that stop in the middle of a tick:
 * no torn tick is ever accepted, and what was not accepted is counted. The
 * control reads without asking again, and does see torn ticks.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>

#include "feed/base/rng.h"
#include "feed/io/clock.h"
#include "shm/words.h"
#include "tests/shm_fixture.h"

#define READERS 2
#define TICKS_MIN 200000
#define TICKS_AT_ONCE 4096
#define RECEIVED_TINY 500    /* by each reader, while the writer writes */
#define RECEIVED_LARGE 20000
#define PAUSE_EVERY 64 /* one read of so many stops for a while in the middle */
#define WITHIN_S 20 /* then the race is over and its test fails */

struct race {
	struct shm_fixture fixture;
	struct ring ring;
	uint64_t enough;            /* ticks that each reader shall see during the race */
	_Atomic uint64_t ticks;     /* written in all, when it is over */
	_Atomic uint64_t seen[READERS];
	atomic_bool ready[READERS]; /* so that numbers are counted from 0 on */
	atomic_bool over;
	uint64_t torn_at[READERS];  /* number + 1 of a torn tick that was accepted */
	uint64_t received[READERS], lost[READERS], last[READERS], refused[READERS];
	bool in_place;
};

struct racer {
	struct race *race;
	unsigned number;
};

/* Does every word follow from the tick's own number? shm_fixture_publish() with id = number. */
static bool
is_whole(const struct tick *t, int64_t n)
{
	return t->id == n && t->exch_ns == n * 10 && t->recv_ns == n * 10 + 1 &&
	    t->v[0] == n * 10 + 2 && t->v[1] == n * 10 + 3 && t->v[2] == n * 10 + 4 &&
	    t->v[3] == n * 10 + 5 && t->first_id == n * 10 + 6 && t->trade_ns == n * 10 + 7 &&
	    t->mono_ns == n * 10 + 8 && t->w[0] == n * 10 + 9 && t->w[1] == ~n &&
	    t->w[2] == (n ^ 0x5555) && t->w[3] == n + 1 && t->type == TICK_TRADE &&
	    t->leg == 3 && t->instrument == 0;
}

static void
maybe_pause(struct rng *rng)
{
	uint64_t draw = rng_below(rng, PAUSE_EVERY);

	if (draw == 0)
		sched_yield();
	else if (draw == 1)
		for (volatile int spin = 0; spin < 200; spin++)
			;
}

/* A copy that stops anywhere in the middle. */
static void
copy_with_pause(struct tick *to, const struct tick *from, struct rng *rng)
{
	size_t half = 8 * (1 + rng_below(rng, 14));

	words_load(to, from, half);
	maybe_pause(rng);
	words_load((char *)to + half, (const char *)from + half, sizeof(*to) - half);
}

static int
read_in_place(struct tick_reader *reader, struct tick *out, struct rng *rng, uint64_t *refused)
{
	const struct tick *t;
	int outcome = tick_reader_peek(reader, &t);

	if (outcome != TICK_MORE)
		return outcome;
	copy_with_pause(out, t, rng);
	if (!tick_reader_valid(reader)) {
		++*refused;
		return TICK_END; /* the next peek says what was lost */
	}
	tick_reader_advance(reader);
	return TICK_MORE;
}

static void *
read_all(void *argument)
{
	struct racer *racer = argument;
	struct race *race = racer->race;
	unsigned i = racer->number;
	struct tick_reader *reader;
	struct rng rng;
	struct tick t;
	bool over;

	rng_seed(&rng, i);
	if (tick_reader_open(&reader, race->fixture.feed, TICK_FROM_NEWEST) != 0)
		return NULL;
	atomic_store(&race->ready[i], true);
	do {
		int outcome;

		over = atomic_load(&race->over);
		while ((outcome = race->in_place ?
		    read_in_place(reader, &t, &rng, &race->refused[i]) :
		    tick_reader_next(reader, &t)) == TICK_MORE || outcome == TICK_E_OVERRUN) {
			uint64_t n = tick_reader_stats(reader).next - 1;

			if (outcome == TICK_MORE && !is_whole(&t, (int64_t)n))
				race->torn_at[i] = n + 1;
			atomic_store_explicit(&race->seen[i], tick_reader_stats(reader).received,
			    memory_order_relaxed);
			maybe_pause(&rng);
		}
		sched_yield(); /* nothing new: the writer may want this processor */
	} while (!over || tick_reader_stats(reader).next < atomic_load(&race->ticks));
	race->received[i] = tick_reader_stats(reader).received;
	race->lost[i] = tick_reader_stats(reader).lost;
	race->last[i] = tick_reader_stats(reader).next;
	tick_reader_close(&reader);
	return NULL;
}

/* The control: believes the sequence word once and never asks again. Own code on purpose. */
static void *
read_without_asking_again(void *argument)
{
	struct racer *racer = argument;
	struct race *race = racer->race;
	uint64_t mask = race->ring.mask;
	struct rng rng;
	struct tick t;

	rng_seed(&rng, racer->number);
	atomic_store(&race->ready[racer->number], true);
	while (!atomic_load(&race->over)) {
		const struct tick *slot = &race->ring.slots[rng_next(&rng) & mask];
		uint64_t seq = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);

		if (seq == 0 || (seq & 1))
			continue;
		copy_with_pause(&t, slot, &rng);
		atomic_fetch_add_explicit(&race->seen[racer->number], 1, memory_order_relaxed);
		if (!is_whole(&t, (int64_t)(seq / 2 - 1)))
			race->torn_at[racer->number] = seq / 2;
	}
	return NULL;
}

/* Did every reader see enough, or (the control) what it was to find? */
static bool
is_enough(const struct race *race)
{
	for (unsigned i = 0; i < READERS; i++)
		if (atomic_load_explicit(&race->seen[i], memory_order_relaxed) < race->enough)
			return false;
	return true;
}

static void
write_at_full_speed(struct race *race, mono_t end)
{
	uint64_t n = 0;

	while ((n < TICKS_MIN || !is_enough(race)) && !mono_due(end, clock_mono()))
		for (uint64_t stop = n + TICKS_AT_ONCE; n < stop; n++)
			shm_fixture_publish(&race->ring, (int64_t)n);
	atomic_store(&race->ticks, n);
	atomic_store(&race->over, true);
}

static void
run_race(struct race *race, uint64_t slots, void *(*read)(void *))
{
	pthread_t thread[READERS];
	struct racer racer[READERS];
	mono_t end = mono_add(clock_mono(), span_s(WITHIN_S));

	shm_fixture_init(&race->fixture);
	shm_fixture_ring(&race->fixture, &race->ring, slots);
	for (unsigned i = 0; i < READERS; i++) {
		racer[i] = (struct racer){race, i};
		assert_int_equal(pthread_create(&thread[i], NULL, read, &racer[i]), 0);
	}
	for (unsigned i = 0; i < READERS; i++)
		while (!atomic_load(&race->ready[i]) && !mono_due(end, clock_mono()))
			sched_yield();
	write_at_full_speed(race, end);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	ring_close(&race->ring, false);
	shm_fixture_fini(&race->fixture);
}

static void
nothing_torn_is_accepted(uint64_t slots, uint64_t enough, bool in_place)
{
	struct race race = {.in_place = in_place, .enough = enough};
	uint64_t ticks;

	run_race(&race, slots, read_all);
	ticks = atomic_load(&race.ticks);
	for (unsigned i = 0; i < READERS; i++) {
		print_message("%llu slots, reader %u: %llu received, %llu lost, %llu refused\n",
		    (unsigned long long)slots, i, (unsigned long long)race.received[i],
		    (unsigned long long)race.lost[i], (unsigned long long)race.refused[i]);
		assert_int_equal(race.torn_at[i], 0);
		assert_int_equal(race.last[i], ticks);
		assert_int_equal(race.received[i] + race.lost[i], ticks);
		assert_true(race.received[i] >= enough);
	}
}

static void
a_tick_in_place_is_whole_when_it_is_valid_in_a_tiny_ring(void **state)
{
	(void)state;
	nothing_torn_is_accepted(16, RECEIVED_TINY, true);
}

static void
a_copied_tick_is_whole_in_a_tiny_ring(void **state)
{
	(void)state;
	nothing_torn_is_accepted(16, RECEIVED_TINY, false);
}

static void
a_tick_in_place_is_whole_when_it_is_valid_in_a_large_ring(void **state)
{
	(void)state;
	nothing_torn_is_accepted(65536, RECEIVED_LARGE, true);
}

static void
a_copied_tick_is_whole_in_a_large_ring(void **state)
{
	(void)state;
	nothing_torn_is_accepted(65536, RECEIVED_LARGE, false);
}

/* Whether torn ticks were there to be caught: without this, the others prove little. */
static void
a_reader_that_does_not_ask_again_sees_torn_ticks(void **state)
{
	uint64_t torn = 0;

	(void)state;
	for (int attempt = 0; attempt < 20 && torn == 0; attempt++) {
		struct race race = {.enough = RECEIVED_TINY};

		run_race(&race, 16, read_without_asking_again);
		for (unsigned i = 0; i < READERS; i++)
			torn += race.torn_at[i] != 0;
	}
	if (torn == 0)
		fail_msg("the control saw no torn tick: this machine proves nothing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tick_in_place_is_whole_when_it_is_valid_in_a_tiny_ring),
		cmocka_unit_test(a_copied_tick_is_whole_in_a_tiny_ring),
		cmocka_unit_test(a_tick_in_place_is_whole_when_it_is_valid_in_a_large_ring),
		cmocka_unit_test(a_copied_tick_is_whole_in_a_large_ring),
		cmocka_unit_test(a_reader_that_does_not_ask_again_sees_torn_ticks),
	};

	return cmocka_run_group_tests_name("torn", tests, NULL, NULL);
}
