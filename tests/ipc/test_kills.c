/*
 * kill -9 at random points, many times: a writer process that does nothing
 * but publish dies anywhere, also while it opens the ring, and the next one
 * takes over. Every word of every tick follows from its number, so a tick
 * that mixes two is seen.
 *
 * TICKRING_KILLS: how often (1000; 60 under sanitizers and coverage).
 * TICKRING_SEED: the same moments again, as far as the machine plays along.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "feed/base/rng.h"
#include "feed/io/clock.h"
#include "shm/claim.h"
#include "tests/ipc/child.h"
#include "tests/shm_fixture.h"

#define LIFE_US_MAX 6000 /* of a writer, from its fork on; ten times as long where it is slow */
#define NAP_EVERY 5      /* the slow reader takes part in each such round */

struct world {
	struct shm_fixture f;
	struct tick_reader *fast, *slow; /* copies; reads in place, is lapped */
	struct rng rng;
	uint64_t slots, epochs, restarts, torn, checked;
	int64_t epoch; /* of the last RESTART read */
};

/* ---- the writer ---------------------------------------------------------------- */

static int64_t
word(uint64_t number, unsigned i)
{
	uint64_t x = (number + 1) * 0x9e3779b97f4a7c15ull + i * 0xd1342543de82ef95ull;

	return (int64_t)(x ^ x >> 29);
}

static void
publish_next(struct ring *r)
{
	uint64_t n = r->next;
	struct ring_tick t = {
		.meta = ring_meta((uint32_t)word(n, 0), TICK_TRADE, 0, 0),
		.exch_ns = word(n, 1),
		.recv_ns = word(n, 2),
		.v = {word(n, 3), word(n, 4), word(n, 5), word(n, 6)},
		.id = word(n, 7),
		.first_id = word(n, 8),
		.trade_ns = word(n, 9),
		.mono_ns = word(n, 10),
		.w = {word(n, 11), word(n, 12), word(n, 13), word(n, 14)},
	};

	ring_publish(r, &t);
}

/* Publishes until it is killed. */
static int
write_for_ever(void *context)
{
	const struct world *w = context;
	const struct claim_sign sign = {1, 1};
	struct ring_cfg cfg = {.directory = w->f.directory, .feed = "t", .group = (gid_t)-1,
	    .claimed = true, .slots = w->slots, .instruments_max = 4,
	    .heartbeat_every_ns = 100000000};
	char why[SEGMENT_WHY_MAX];
	struct claim claim;
	struct ring r;

	claim_init(&claim, w->f.directory, "t");
	if (claim_take(&claim, &sign, why) != 0 || ring_open(&r, &cfg, why) != 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	if (r.segment.found[0]) {
		fprintf(stderr, "%s %s\n", r.segment.path, r.segment.found);
		return 2;
	}
	shm_fixture_restart(&r);
	for (;;)
		publish_next(&r);
}

/* ---- the readers --------------------------------------------------------------- */

/* The same test for a copy and for a tick in place, which may change under it. */
static bool
is_whole(const struct tick *t, uint64_t number)
{
	return TICK_LOAD(&t->instrument) == (uint32_t)word(number, 0) &&
	    TICK_LOAD(&t->exch_ns) == word(number, 1) &&
	    TICK_LOAD(&t->recv_ns) == word(number, 2) && TICK_LOAD(&t->v[0]) == word(number, 3) &&
	    TICK_LOAD(&t->v[1]) == word(number, 4) && TICK_LOAD(&t->v[2]) == word(number, 5) &&
	    TICK_LOAD(&t->v[3]) == word(number, 6) && TICK_LOAD(&t->id) == word(number, 7) &&
	    TICK_LOAD(&t->first_id) == word(number, 8) &&
	    TICK_LOAD(&t->trade_ns) == word(number, 9) &&
	    TICK_LOAD(&t->mono_ns) == word(number, 10) && TICK_LOAD(&t->w[0]) == word(number, 11) &&
	    TICK_LOAD(&t->w[1]) == word(number, 12) && TICK_LOAD(&t->w[2]) == word(number, 13) &&
	    TICK_LOAD(&t->w[3]) == word(number, 14);
}

static void
check_account(struct tick_reader *r)
{
	struct tick_reader_stats s = tick_reader_stats(r);

	assert_int_equal(s.received + s.lost, s.next - s.start);
	assert_int_equal(s.damaged, 0);
}

static void
take_restart(struct world *w, const struct tick *t)
{
	assert_true(t->event.a > w->epoch);
	w->epoch = t->event.a;
	w->restarts++;
}

static int
read_copy(struct world *w)
{
	uint64_t before = tick_reader_stats(w->fast).next;
	struct tick t;
	int outcome = tick_reader_next(w->fast, &t);

	assert_int_not_equal(outcome, TICK_E_DAMAGED);
	if (outcome != TICK_MORE)
		return outcome;
	assert_int_equal(tick_number(t.seq), before);
	if (t.type == TICK_FEED_EVENT)
		take_restart(w, &t);
	else if (!is_whole(&t, before))
		fail_msg("tick %llu is not what was published", (unsigned long long)before);
	w->checked++;
	return outcome;
}

static int
read_in_place(struct world *w)
{
	uint64_t number = tick_reader_stats(w->slow).next;
	const struct tick *t;
	int outcome = tick_reader_peek(w->slow, &t);
	bool whole;

	assert_int_not_equal(outcome, TICK_E_DAMAGED);
	if (outcome != TICK_MORE)
		return outcome;
	whole = TICK_LOAD(&t->type) == TICK_FEED_EVENT || is_whole(t, number);
	if (!tick_reader_valid(w->slow))
		return outcome; /* the next peek says that it is lost */
	if (!whole)
		fail_msg("tick %llu in place is not what was published",
		    (unsigned long long)number);
	tick_reader_advance(w->slow);
	w->checked++;
	return outcome;
}

/* Both readers while the writer lives; the moment of the kill is the end of it. */
static void
read_for(struct world *w, int64_t us, bool both)
{
	mono_t end = mono_add(clock_mono(), span_us(us));

	while (!mono_due(end, clock_mono()))
		for (int i = 0; i < 32; i++) {
			read_copy(w);
			if (both)
				read_in_place(w);
		}
}

/* Until the new writer has taken the ring over; a loaded machine may take its time. */
static void
read_until_taken_over(struct world *w, uint32_t epoch)
{
	mono_t end = mono_add(clock_mono(), span_s(30));

	while (tick_reader_header(w->fast)->epoch == epoch) {
		assert_false(mono_due(end, clock_mono()));
		read_for(w, 10, false);
	}
}

/* To the last complete tick of the dead writer. */
static void
drain(struct world *w)
{
	while (read_copy(w) != TICK_E_DEAD)
		continue;
	while (read_in_place(w) != TICK_E_DEAD)
		continue;
	assert_int_equal(tick_reader_stats(w->fast).next, tick_reader_stats(w->slow).next);
	check_account(w->fast);
	check_account(w->slow);
}

/* Did the writer die between the two stores of the sequence word? */
static bool
left_a_torn_slot(const struct world *w)
{
	const struct tick_segment_header *h = tick_reader_header(w->fast);
	uint64_t next = tick_reader_stats(w->fast).next;
	const struct tick *slots = (const struct tick *)((const char *)h + h->records_at);

	return TICK_LOAD(&slots[next & (w->slots - 1)].seq) == 2 * next + 1;
}

/* Under a sanitizer, or measured. */
static bool
is_slow(void)
{
	const char *variant = getenv("TICKRING_VARIANT");

	return variant && strcmp(variant, "release") != 0;
}

static unsigned
life_us_max(void)
{
	return is_slow() ? 10 * LIFE_US_MAX : LIFE_US_MAX;
}

/* ---- the test ------------------------------------------------------------------ */

static void
kill_once(struct world *w, unsigned round)
{
	const struct tick_segment_header *h = tick_reader_header(w->fast);
	uint64_t end = tick_reader_stats(w->fast).next;
	uint32_t epoch = h->epoch;
	pid_t pid = child_start(write_for_ever, w);

	/* The others may be killed before they have written anything. */
	if (round % 4 == 0)
		read_until_taken_over(w, epoch);
	read_for(w, (int64_t)rng_below(&w->rng, life_us_max()), round % NAP_EVERY == 0);
	kill(pid, SIGKILL);
	assert_int_equal(child_wait(pid), -SIGKILL);
	drain(w);
	if (h->epoch == epoch)
		return; /* it did not come so far */
	assert_int_equal(h->epoch, epoch + 1);
	assert_int_equal(h->epoch_first, end);
	w->epochs++;
	w->torn += left_a_torn_slot(w);
}

static unsigned
kills_wanted(void)
{
	const char *given = getenv("TICKRING_KILLS");

	if (given)
		return (unsigned)strtoul(given, NULL, 10);
	return is_slow() ? 60 : 1000;
}

static void
kill_many(struct world *w, uint64_t slots, unsigned kills)
{
	const char *given = getenv("TICKRING_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_mono().ns;
	struct ring r;

	w->slots = slots;
	rng_seed(&w->rng, seed);
	print_message("TICKRING_SEED=%llu\n", (unsigned long long)seed);
	shm_fixture_init(&w->f);
	shm_fixture_ring(&w->f, &r, slots);
	ring_close(&r, true);
	/* With the same geometry as the children's. */
	assert_int_equal(tick_reader_open(&w->fast, w->f.feed, TICK_FROM_NEWEST), TICK_E_ABSENT);
	while (tick_reader_open(&w->fast, w->f.feed, TICK_FROM_NEWEST) != 0) {
		pid_t pid = child_start(write_for_ever, w);

		usleep(life_us_max());
		kill(pid, SIGKILL);
		assert_int_equal(child_wait(pid), -SIGKILL);
	}
	assert_int_equal(tick_reader_open(&w->slow, w->f.feed, TICK_FROM_NEWEST), 0);
	for (unsigned round = 0; round < kills; round++)
		kill_once(w, round);
	print_message("%llu slots: %u kills, %llu of them of a writer that published, %llu inside "
	    "a slot; %llu restarts read; %llu ticks published, %llu checked; lost %llu and %llu\n",
	    (unsigned long long)slots, kills, (unsigned long long)w->epochs,
	    (unsigned long long)w->torn, (unsigned long long)w->restarts,
	    (unsigned long long)tick_reader_stats(w->fast).next, (unsigned long long)w->checked,
	    (unsigned long long)tick_reader_stats(w->fast).lost,
	    (unsigned long long)tick_reader_stats(w->slow).lost);
	assert_true(w->epochs >= kills / 4);
	assert_true(w->torn > 0 || kills < 100);
}

static int
begin(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	tick_reader_close(&w->fast);
	tick_reader_close(&w->slow);
	shm_fixture_fini(&w->f);
	return 0;
}

static void
no_reader_of_a_large_ring_takes_a_wrong_tick_from_a_killed_writer(void **state)
{
	kill_many(*state, is_slow() ? 4096 : 65536, kills_wanted() / 2);
}

static void
no_reader_of_the_smallest_ring_takes_a_wrong_tick_from_a_killed_writer(void **state)
{
	kill_many(*state, 16, kills_wanted() - kills_wanted() / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    no_reader_of_a_large_ring_takes_a_wrong_tick_from_a_killed_writer, begin, end),
		cmocka_unit_test_setup_teardown(
		    no_reader_of_the_smallest_ring_takes_a_wrong_tick_from_a_killed_writer, begin,
		    end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
