/*
 * Readers of every kind against a writer at full speed: each tick that is
 * delivered is whole and the one it says it is, and
 * received + skipped + lost = next - start, for each reader at each moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include <tickring/reader.h>

#include "feed/base/rng.h"
#include "shm/bell.h"
#include "tests/shm_fixture.h"

#define INSTRUMENTS 8
#define WANTED 5

static struct shm_fixture fixture;
static struct ring ring;
static int writer_ended;

/* What one kind of reader does in a turn. Returns how many ticks it got. */
typedef uint64_t (*turn_fn)(struct tick_reader *r, struct rng *rng);

struct kind {
	const char *name;
	turn_fn turn;
	uint64_t types;   /* filter; 0: none */
	int64_t instrument; /* filter; -1: none */
	int moves;        /* seeks: it need not get through everything */
};

static struct ring_tick
tick_of(uint64_t n)
{
	enum tick_type type = n % 3 == 0 ? TICK_TRADE : TICK_QUOTE;
	struct ring_tick t = {
		.meta = ring_meta((uint32_t)(n % INSTRUMENTS), type, 0, 0),
		.exch_ns = (int64_t)(n * 3),
		.recv_ns = (int64_t)(n * 5),
		.id = (int64_t)n,
	};

	for (int i = 0; i < 4; i++) {
		t.v[i] = (int64_t)(n * 7 + (uint64_t)i);
		t.w[i] = (int64_t)(n * 11 + (uint64_t)i);
	}
	return t;
}

static void
check_tick(const struct tick *t)
{
	uint64_t n = tick_number(t->seq);
	struct ring_tick wanted = tick_of(n);

	if (memcmp((const char *)t + 8, &wanted, sizeof(wanted)) != 0) {
		fprintf(stderr, "tick %llu is wrong\n", (unsigned long long)n);
		abort();
	}
}

static void *
write_all(void *context)
{
	uint64_t end = *(const uint64_t *)context;

	while (ring.next < end) {
		struct ring_tick t = tick_of(ring.next);

		ring_publish(&ring, &t);
	}
	ring_idle(&ring, 0);
	__atomic_store_n(&writer_ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* ---- kinds ------------------------------------------------------------------------ */

static uint64_t
copy_one(struct tick_reader *r, struct rng *rng)
{
	struct tick t;

	(void)rng;
	if (tick_reader_next(r, &t) != TICK_MORE)
		return 0;
	check_tick(&t);
	return 1;
}

static uint64_t
peek_one(struct tick_reader *r, struct rng *rng)
{
	const struct tick *t;
	int64_t id, last;

	(void)rng;
	if (tick_reader_peek(r, &t) != TICK_MORE)
		return 0;
	id = TICK_LOAD(&t->id);
	last = TICK_LOAD(&t->w[3]);
	if (!tick_reader_valid(r))
		return 0;
	if (id != (int64_t)tick_reader_tell(r) || last != id * 11 + 3)
		abort();
	tick_reader_advance(r);
	return 1;
}

static uint64_t
copy_batch(struct tick_reader *r, struct rng *rng)
{
	struct tick t[40];
	size_t n;

	tick_reader_next_batch(r, t, rng_below(rng, 40), &n);
	for (size_t i = 0; i < n; i++)
		check_tick(&t[i]);
	return n;
}

static uint64_t
spin_and_copy(struct tick_reader *r, struct rng *rng)
{
	(void)tick_reader_spin_then_wait(r, 5000, 1000000);
	return copy_one(r, rng);
}

static uint64_t
seek_and_copy(struct tick_reader *r, struct rng *rng)
{
	uint64_t at = tick_reader_tell(r);
	int outcome = TICK_MORE;

	switch (rng_below(rng, 16)) {
	case 0:
		outcome = tick_reader_seek(r, at - rng_below(rng, at + 1 < 200 ? at + 1 : 200));
		break;
	case 1:
		outcome = tick_reader_seek(r, at + rng_below(rng, 200));
		break;
	case 2:
		tick_reader_seek_end(r, TICK_FROM_OLDEST);
		break;
	default:
		break;
	}
	if (outcome == TICK_E_RANGE && tick_reader_tell(r) != at)
		abort();
	return copy_one(r, rng);
}

static const struct kind kinds[] = {
	{"copies", copy_one, 0, -1, 0},
	{"in place", peek_one, 0, -1, 0},
	{"batches", copy_batch, 0, -1, 0},
	{"by type", copy_batch, TICK_TYPE_BIT(TICK_TRADE), -1, 0},
	{"by instrument", copy_one, 0, WANTED, 0},
	{"by both", peek_one, TICK_TYPE_BIT(TICK_QUOTE), WANTED, 0},
	{"nothing", copy_one, TICK_TYPE_BIT(TICK_KLINE), -1, 0},
	{"waits", spin_and_copy, 0, -1, 0},
	{"seeks", seek_and_copy, 0, -1, 1},
};

/* ---- the flow --------------------------------------------------------------------- */

struct run {
	const struct kind *kind;
	struct tick_reader *reader;
	uint64_t end, got;
	pthread_t thread;
};

static void
check_sum(const struct run *run)
{
	struct tick_reader_stats s = tick_reader_stats(run->reader);

	if (s.received + s.skipped + s.lost == s.next - s.start && s.received == run->got)
		return;
	fprintf(stderr, "%s: received %llu (got %llu), skipped %llu, lost %llu, %llu to %llu\n",
	    run->kind->name, (unsigned long long)s.received, (unsigned long long)run->got,
	    (unsigned long long)s.skipped, (unsigned long long)s.lost,
	    (unsigned long long)s.start, (unsigned long long)s.next);
	abort();
}

static void *
read_all(void *context)
{
	struct run *run = context;
	struct rng rng;

	rng_seed(&rng, (uint64_t)(run->kind - kinds));
	do {
		bool ended = __atomic_load_n(&writer_ended, __ATOMIC_ACQUIRE);

		run->got += run->kind->turn(run->reader, &rng);
		check_sum(run);
		if (ended && run->kind->moves)
			break;
	} while (tick_reader_tell(run->reader) < run->end);
	return NULL;
}

static void
flow(uint64_t slots, uint64_t ticks)
{
	const char *variant = getenv("TICKRING_VARIANT");
	struct run runs[sizeof(kinds) / sizeof(kinds[0])];
	pthread_t writer;

	if (variant && strcmp(variant, "release") != 0)
		ticks /= 20;
	writer_ended = 0;
	shm_fixture_init(&fixture);
	shm_fixture_ring(&fixture, &ring, slots);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		runs[i] = (struct run){.kind = &kinds[i], .end = ticks};
		if (i == 0)
			assert_int_equal(tick_reader_open(&runs[i].reader, fixture.feed,
			    TICK_FROM_OLDEST), 0);
		else
			assert_int_equal(tick_reader_clone(&runs[i].reader, runs[0].reader), 0);
		if (kinds[i].types)
			tick_reader_filter_types(runs[i].reader, kinds[i].types);
		if (kinds[i].instrument >= 0)
			assert_int_equal(tick_reader_filter_add(
			    runs[i].reader, (uint32_t)kinds[i].instrument), 0);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(pthread_create(&runs[i].thread, NULL, read_all, &runs[i]), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &ticks), 0);
	pthread_join(writer, NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct tick_reader_stats s;

		pthread_join(runs[i].thread, NULL);
		s = tick_reader_stats(runs[i].reader);
		printf("%s: received %llu, skipped %llu, lost %llu in %llu laps\n", kinds[i].name,
		    (unsigned long long)s.received, (unsigned long long)s.skipped,
		    (unsigned long long)s.lost, (unsigned long long)s.overruns);
		if (!kinds[i].moves)
			assert_int_equal(s.received + s.skipped + s.lost, ticks);
		tick_reader_close(&runs[i].reader);
	}
	ring_close(&ring, true);
	shm_fixture_fini(&fixture);
}

static void
every_kind_of_reader_sums_up_on_a_tiny_ring(void **state)
{
	(void)state;
	flow(16, 3000000);
}

static void
every_kind_of_reader_sums_up_on_a_larger_ring(void **state)
{
	(void)state;
	flow(4096, 3000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_reader_sums_up_on_a_tiny_ring),
		cmocka_unit_test(every_kind_of_reader_sums_up_on_a_larger_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
