/*
 * No wake-up is ever lost. A writer publishes one event, rings, and waits for
 * the answer of a reader that goes to sleep at about that moment; both sides
 * vary by random spans. A lost wake-up is a sleep that was ended by its own
 * limit, which was later than the end of the writer's call: no wait for a
 * processor, no machine that stands still for a while looks like that. So this
 * program has a syscall() of its own, which comes before the library's.
 *
 * The protocol is written down here once more. With its two fences it must
 * lose none, without them it must lose some, else the game proves nothing. In
 * the library the reader raises its flag by a system call, which leaves the
 * race less room than the bare protocol does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <tickring/reader.h>

#include "feed/base/rng.h"
#include "shm/bell.h"
#include "tests/shm_fixture.h"

#define LOOK_EVERY_NS 20000000
#define SLEEP_NS_MAX 50000000

struct game;

/* Publishes event n and rings until nothing is put off. */
typedef void (*ring_fn)(struct game *);
/* Sleeps until there is an event or SLEEP_NS_MAX is over. */
typedef void (*wait_fn)(struct game *);

struct game {
	struct shm_fixture f;
	struct ring ring;
	struct bell bell;
	struct tick_reader *reader;
	ring_fn ring_it;
	wait_fn wait_for_it;
	int64_t fake_ns; /* clock of a bell that puts nothing off */
	int64_t events, seconds_max;
	uint64_t spin_writer, spin_reader; /* at most so many turns of a loop */
	int64_t lost_enough; /* the game ends; 0: never */
	int64_t overslept; /* the limit that ended the sleep before the answer; 0: none did */
	int64_t answered; /* events; stored after that */
	int stop;
	int64_t played, lost, slept;
};

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
turn(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
}

/* ---- how a sleep ended ------------------------------------------------------------- */

typedef long (*syscall_fn)(long, ...);

static _Thread_local int64_t overslept; /* the limit of the last sleep if that ended it, else 0 */

/* Of FUTEX_WAIT_BITSET, whose limit is a point in time, notes what became of it. */
long
syscall(long number, ...)
{
	static _Atomic(syscall_fn) library;
	syscall_fn real = library;
	const struct timespec *limit;
	long word[6], rc;
	va_list more;

	va_start(more, number);
	for (int i = 0; i < 6; i++)
		word[i] = va_arg(more, long);
	va_end(more);
	if (!real)
		library = real = (syscall_fn)(uintptr_t)dlsym(RTLD_NEXT, "syscall");
	rc = real(number, word[0], word[1], word[2], word[3], word[4], word[5]);
	if (number != SYS_futex || word[1] != FUTEX_WAIT_BITSET)
		return rc;
	limit = (const struct timespec *)word[3];
	overslept = 0;
	if (rc != 0 && errno == ETIMEDOUT)
		overslept = (int64_t)limit->tv_sec * 1000000000 + limit->tv_nsec;
	return rc;
}

/* ---- the product ---------------------------------------------------------------- */

static void
ring_at_once(struct game *g)
{
	shm_fixture_publish(&g->ring, 0);
	bell_ring(&g->bell, g->fake_ns += BELL_EVERY_NS);
}

static void
ring_by_the_clock(struct game *g)
{
	shm_fixture_publish(&g->ring, 0);
	bell_ring(&g->bell, now_ns());
	while (bell_deadline(&g->bell) != INT64_MAX)
		if (now_ns() >= bell_deadline(&g->bell))
			bell_ring(&g->bell, now_ns());
}

static void
wait_by_the_library(struct game *g)
{
	(void)tick_reader_wait(g->reader, SLEEP_NS_MAX);
}

/* ---- the protocol written down once more, with and without its fences --------------- */

static inline void
ring_bare(struct game *g, bool fenced)
{
	shm_fixture_publish(&g->ring, 0);
	if (fenced)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(g->bell.flag, __ATOMIC_RELAXED) == 0)
		return;
	__atomic_store_n(g->bell.flag, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&g->ring.header->bell, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &g->ring.header->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void
wait_bare(struct game *g, bool fenced)
{
	const struct tick_segment_header *header = tick_reader_header(g->reader);
	uint32_t word = __atomic_load_n(&header->bell, __ATOMIC_ACQUIRE);
	uint64_t n = tick_reader_tell(g->reader);
	int64_t end = now_ns() + SLEEP_NS_MAX;
	struct timespec limit = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};

	__atomic_store_n(g->bell.flag, 1, __ATOMIC_RELAXED);
	if (fenced)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&g->ring.slots[n & g->ring.mask].seq, __ATOMIC_ACQUIRE) == 2 * n + 2)
		return;
	g->slept++;
	syscall(SYS_futex, &header->bell, FUTEX_WAIT_BITSET, word, &limit, NULL,
	    FUTEX_BITSET_MATCH_ANY);
}

static void
ring_with_fence(struct game *g)
{
	ring_bare(g, true);
}

static void
wait_with_fence(struct game *g)
{
	wait_bare(g, true);
}

static void
ring_without_fence(struct game *g)
{
	ring_bare(g, false);
}

static void
wait_without_fence(struct game *g)
{
	wait_bare(g, false);
}

/* ---- the game --------------------------------------------------------------------- */

static void *
answer(void *context)
{
	struct game *g = context;
	struct rng rng;
	struct tick t;
	int64_t looked = 0;

	rng_seed(&rng, 2);
	while (!__atomic_load_n(&g->stop, __ATOMIC_ACQUIRE)) {
		/* The library's own look is far off, so that it cannot hide a loss. */
		if (now_ns() - looked > LOOK_EVERY_NS) {
			tick_reader_check(g->reader);
			looked = now_ns();
		}
		turn(rng_below(&rng, g->spin_reader));
		overslept = 0;
		g->wait_for_it(g);
		if (tick_reader_next(g->reader, &t) != TICK_MORE)
			continue;
		__atomic_store_n(&g->overslept, overslept, __ATOMIC_RELAXED);
		__atomic_store_n(
		    &g->answered, (int64_t)tick_reader_tell(g->reader), __ATOMIC_RELEASE);
	}
	return NULL;
}

static void
play(struct game *g)
{
	int64_t end = now_ns() + g->seconds_max * 1000000000;
	pthread_t thread;
	struct rng rng;

	rng_seed(&rng, 1);
	assert_int_equal(pthread_create(&thread, NULL, answer, g), 0);
	while (g->played < g->events && now_ns() < end &&
	    (g->lost_enough == 0 || g->lost < g->lost_enough)) {
		int64_t rung;

		/* Now one span meets the moment best, now another. */
		turn(rng_below(&rng, g->spin_writer >> g->played / 1000 % 6));
		g->ring_it(g);
		rung = now_ns();
		g->played++;
		while (__atomic_load_n(&g->answered, __ATOMIC_ACQUIRE) <
		    (int64_t)g->ring.next) {
			if (now_ns() - rung > 10000000000) {
				fprintf(stderr, "no answer to event %lld\n", (long long)g->played);
				abort();
			}
		}
		/* Had it been woken, its sleep would have ended otherwise. */
		g->lost += __atomic_load_n(&g->overslept, __ATOMIC_RELAXED) > rung;
	}
	__atomic_store_n(&g->stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	g->slept += (int64_t)tick_reader_stats(g->reader).slept;
}

static void
open_game(struct game *g)
{
	struct bell_cfg cfg = {.feed = "t", .group = (gid_t)-1};
	char why[SEGMENT_WHY_MAX];

	shm_fixture_init(&g->f);
	shm_fixture_ring(&g->f, &g->ring, 16);
	cfg.directory = g->f.directory;
	assert_int_equal(bell_open(&g->bell, &cfg, g->ring.header, why), 0);
	assert_int_equal(tick_reader_open(&g->reader, g->f.feed, TICK_FROM_NEWEST), 0);
	assert_true(tick_reader_can_wait(g->reader));
}

static void
close_game(struct game *g)
{
	tick_reader_close(&g->reader);
	bell_close(&g->bell, true);
	ring_close(&g->ring, true);
	shm_fixture_fini(&g->f);
}

/* Sanitizers and a busy machine get less: the count is what was asked for in a plain build. */
static bool
is_slow_build(void)
{
	const char *variant = getenv("TICKRING_VARIANT");

	return variant && strcmp(variant, "release") != 0;
}

static bool
has_two_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) > 1;
}

static void
play_one(struct game *g, const char *name)
{
	if (is_slow_build())
		g->events /= 20;
	open_game(g);
	play(g);
	printf("%s: %lld events, %lld sleeps, %lld lost\n", name, (long long)g->played,
	    (long long)g->slept, (long long)g->lost);
	close_game(g);
	assert_true(g->slept > g->played / 50);
}

static void
assert_nothing_is_lost(struct game *g, const char *name)
{
	g->lost_enough = 10;
	play_one(g, name);
	assert_int_equal(g->played, g->events);
	assert_int_equal(g->lost, 0);
}

static void
no_wake_up_is_lost(void **state)
{
	struct game g = {.ring_it = ring_at_once, .wait_for_it = wait_by_the_library,
	    .events = 200000, .seconds_max = 120, .spin_writer = 30000, .spin_reader = 3000};

	(void)state;
	assert_nothing_is_lost(&g, "at once");
}

static void
no_wake_up_that_is_put_off_is_lost(void **state)
{
	struct game g = {.ring_it = ring_by_the_clock, .wait_for_it = wait_by_the_library,
	    .events = 60000, .seconds_max = 120, .spin_writer = 30000, .spin_reader = 3000};

	(void)state;
	assert_nothing_is_lost(&g, "put off");
}

static void
the_bare_protocol_loses_none_with_its_fences(void **state)
{
	struct game g = {.ring_it = ring_with_fence, .wait_for_it = wait_with_fence,
	    .events = 200000, .seconds_max = 120, .spin_writer = 6000, .spin_reader = 300};

	(void)state;
	assert_nothing_is_lost(&g, "with fences");
}

static void
the_bare_protocol_loses_some_without_them(void **state)
{
	struct game g = {.ring_it = ring_without_fence, .wait_for_it = wait_without_fence,
	    .events = 20000000, .seconds_max = 120, .spin_writer = 6000, .spin_reader = 300,
	    .lost_enough = 3};

	(void)state;
	if (is_slow_build() || !has_two_processors())
		skip(); /* instrumented code orders too much to be caught; so does one processor */
	play_one(&g, "without fences");
	assert_true(g.lost >= g.lost_enough);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wake_up_is_lost),
		cmocka_unit_test(no_wake_up_that_is_put_off_is_lost),
		cmocka_unit_test(the_bare_protocol_loses_none_with_its_fences),
		cmocka_unit_test(the_bare_protocol_loses_some_without_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
