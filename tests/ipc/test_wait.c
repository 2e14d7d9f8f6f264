/*
 * Readers that wait: times, wake-ups, states of the writer, rights. What has
 * to happen "while a reader sleeps" happens when its flag is up, or, without
 * a bell, when it has napped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "shm/bell.h"
#include "tests/shm_fixture.h"

#define MS 1000000
#define S INT64_C(1000000000)
#define NOBODY 65534

struct world {
	struct shm_fixture f;
	struct ring ring;
	struct bell bell;
	struct tick_reader *reader;
};

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * S + now.tv_nsec;
}

static void
hang_bell(struct world *w, gid_t group)
{
	struct bell_cfg cfg = {.directory = w->f.directory, .feed = "t", .group = group};
	char why[SEGMENT_WHY_MAX];

	assert_int_equal(bell_open(&w->bell, &cfg, w->ring.header, why), 0);
}

static int
open_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	shm_fixture_init(&w->f);
	shm_fixture_ring(&w->f, &w->ring, 16);
	ring_idle(&w->ring, now_ns());
	return tick_reader_open(&w->reader, w->f.feed, TICK_FROM_NEWEST);
}

static int
close_world(void **state)
{
	struct world *w = *state;

	tick_reader_close(&w->reader);
	bell_close(&w->bell, true);
	ring_close(&w->ring, true);
	shm_fixture_fini(&w->f);
	free(w);
	return 0;
}

/* ---- a writer on a thread of its own: acts when the reader sleeps ------------------ */

struct act {
	struct world *w;
	void (*then)(struct world *);
	pthread_t thread;
};

static void *
when_flag_is_up(void *context)
{
	struct act *act = context;

	while (__atomic_load_n(act->w->bell.flag, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	act->then(act->w);
	return NULL;
}

static void
start_act(struct act *act, struct world *w, void (*then)(struct world *))
{
	*act = (struct act){.w = w, .then = then};
	assert_int_equal(pthread_create(&act->thread, NULL, when_flag_is_up, act), 0);
}

static void
publish_and_ring(struct world *w)
{
	shm_fixture_publish(&w->ring, 7);
	bell_ring(&w->bell, now_ns());
}

static void
publish_quotes_then_trade(struct world *w)
{
	struct ring_tick quote = {.meta = ring_meta(0, TICK_QUOTE, 0, 0)};

	for (int i = 0; i < 3; i++) {
		ring_publish(&w->ring, &quote);
		bell_ring(&w->bell, now_ns() + i * S);
		while (__atomic_load_n(w->bell.flag, __ATOMIC_ACQUIRE) == 0)
			sched_yield();
	}
	shm_fixture_publish(&w->ring, 7);
	bell_ring(&w->bell, now_ns() + 10 * S);
}

static void
announce_restart(struct world *w)
{
	struct ring_tick t = {
		.meta = ring_meta(TICK_NO_INSTRUMENT, TICK_FEED_EVENT, 0, 0),
		.v = {TICK_REASON_RESTART, w->ring.header->epoch + 1},
	};

	ring_publish(&w->ring, &t);
	bell_ring(&w->bell, now_ns());
}

static void
mark_replaced(struct world *w)
{
	__atomic_store_n(&w->ring.header->state, TICK_STATE_REPLACED, __ATOMIC_RELEASE);
}

static void
stop_heartbeat(struct world *w)
{
	__atomic_store_n(&w->ring.header->heartbeat_ns, now_ns() - 60 * S, __ATOMIC_RELAXED);
}

/* ---- times ----------------------------------------------------------------------- */

static void
assert_takes(struct tick_reader *r, int (*wait)(struct tick_reader *, int64_t), int64_t span_ns)
{
	int64_t begin = now_ns(), took;

	assert_int_equal(wait(r, span_ns), TICK_END);
	took = now_ns() - begin;
	assert_in_range(took, span_ns, span_ns + 2 * S);
}

static void
a_wait_never_ends_before_its_time(void **state)
{
	struct world *w = *state;

	for (int64_t span = 0; span < 120 * MS; span = span * 3 + 1000) {
		ring_idle(&w->ring, now_ns());
		assert_takes(w->reader, tick_reader_wait, span);
		assert_takes(w->reader, tick_reader_spin, span);
	}
	hang_bell(w, (gid_t)-1);
	for (int64_t span = 0; span < 120 * MS; span = span * 3 + 1000) {
		ring_idle(&w->ring, now_ns());
		assert_takes(w->reader, tick_reader_wait, span);
	}
}

static void
what_is_there_needs_no_waiting(void **state)
{
	struct world *w = *state;

	shm_fixture_publish(&w->ring, 1);
	assert_int_equal(tick_reader_wait(w->reader, -1), TICK_MORE);
	assert_int_equal(tick_reader_spin(w->reader, -1), TICK_MORE);
	assert_int_equal(tick_reader_spin_then_wait(w->reader, 0, 0), TICK_MORE);
	assert_int_equal(tick_reader_stats(w->reader).slept, 0);
	for (int i = 0; i < 40; i++)
		shm_fixture_publish(&w->ring, 1);
	assert_int_equal(tick_reader_wait(w->reader, -1), TICK_E_OVERRUN);
	assert_int_equal(tick_reader_wait(w->reader, -1), TICK_MORE);
}

/* ---- wake-ups -------------------------------------------------------------------- */

static void
a_sleeping_reader_is_woken(void **state)
{
	struct world *w = *state;
	struct act act;
	struct tick t;

	hang_bell(w, (gid_t)-1);
	assert_int_equal(tick_reader_can_wait(w->reader), 1);
	start_act(&act, w, publish_and_ring);
	assert_int_equal(tick_reader_wait(w->reader, -1), TICK_MORE);
	pthread_join(act.thread, NULL);
	assert_int_equal(tick_reader_next(w->reader, &t), TICK_MORE);
	assert_int_equal(t.id, 7);
	assert_int_equal(tick_reader_stats(w->reader).polled, 0);
}

static void
spinning_turns_into_sleep(void **state)
{
	struct world *w = *state;
	struct act act;

	hang_bell(w, (gid_t)-1);
	start_act(&act, w, publish_and_ring);
	assert_int_equal(tick_reader_spin_then_wait(w->reader, 3 * MS, -1), TICK_MORE);
	pthread_join(act.thread, NULL);
	assert_int_equal(tick_reader_stats(w->reader).polled, 0);
}

static void
ticks_that_do_not_pass_the_filter_end_no_wait(void **state)
{
	struct world *w = *state;
	struct act act;

	hang_bell(w, (gid_t)-1);
	tick_reader_filter_types(w->reader, TICK_TYPE_BIT(TICK_TRADE));
	start_act(&act, w, publish_quotes_then_trade);
	assert_int_equal(tick_reader_wait(w->reader, -1), TICK_MORE);
	pthread_join(act.thread, NULL);
	assert_int_equal(tick_reader_stats(w->reader).skipped, 3);
}

static void
without_a_bell_a_reader_looks_by_itself(void **state)
{
	struct world *w = *state;

	assert_int_equal(tick_reader_can_wait(w->reader), 0);
	assert_int_equal(tick_reader_wait(w->reader, 5 * MS), TICK_END);
	assert_true(tick_reader_stats(w->reader).polled > 0);
	assert_int_equal(tick_reader_stats(w->reader).slept, tick_reader_stats(w->reader).polled);
}

static void
a_bell_of_the_last_epoch_is_none(void **state)
{
	struct world *w = *state;

	hang_bell(w, (gid_t)-1);
	assert_int_equal(tick_reader_can_wait(w->reader), 1);
	w->ring.header->epoch++; /* its successor does not look at it */
	assert_int_equal(tick_reader_can_wait(w->reader), 0);
	w->ring.header->bell_epoch = w->ring.header->epoch;
	assert_int_equal(tick_reader_can_wait(w->reader), 1);
}

static void
a_bell_cut_short_kills_no_reader(void **state)
{
	struct world *w = *state;

	hang_bell(w, (gid_t)-1);
	assert_int_equal(tick_reader_wait(w->reader, 1 * MS), TICK_END);
	assert_int_equal(truncate(w->bell.path, 0), 0);
	assert_int_equal(tick_reader_wait(w->reader, 1 * MS), TICK_END);
}

/* ---- states of the writer ---------------------------------------------------------- */

static void
assert_seen_while_asleep(struct world *w, void (*then)(struct world *), int outcome)
{
	int64_t begin = now_ns();
	struct act act;

	hang_bell(w, (gid_t)-1);
	start_act(&act, w, then);
	assert_int_equal(tick_reader_wait(w->reader, 30 * S), outcome);
	/* 100 ms by the manual; the rest is for a busy machine. */
	assert_true(now_ns() - begin < 2 * S);
	pthread_join(act.thread, NULL);
}

static void
a_restart_ends_a_wait(void **state)
{
	assert_seen_while_asleep(*state, announce_restart, TICK_E_RESTARTED);
}

static void
a_replaced_segment_ends_a_wait(void **state)
{
	assert_seen_while_asleep(*state, mark_replaced, TICK_E_REPLACED);
}

static void
an_old_heartbeat_ends_a_wait(void **state)
{
	assert_seen_while_asleep(*state, stop_heartbeat, TICK_E_STALE);
}

static void
a_state_that_was_told_does_not_end_the_next_wait(void **state)
{
	struct world *w = *state;
	int64_t begin;

	stop_heartbeat(w);
	assert_int_equal(tick_reader_wait(w->reader, 30 * S), TICK_E_STALE);
	begin = now_ns();
	assert_int_equal(tick_reader_wait(w->reader, 20 * MS), TICK_E_STALE);
	assert_true(now_ns() - begin >= 20 * MS);
	shm_fixture_publish(&w->ring, 1);
	assert_int_equal(tick_reader_wait(w->reader, 30 * S), TICK_MORE);
	assert_int_equal(tick_reader_next(w->reader, &(struct tick){0}), TICK_MORE);
	assert_int_equal(tick_reader_wait(w->reader, 30 * S), TICK_E_STALE);
}

static void
a_killed_writer_ends_a_wait(void **state)
{
	struct world *w = *state;
	int ready[2], status;
	char byte;
	pid_t pid;

	ring_close(&w->ring, false);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		shm_fixture_ring(&w->f, &w->ring, 16);
		(void)!write(ready[1], "x", 1);
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(tick_reader_wait(w->reader, 1 * MS), TICK_END);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(tick_reader_wait(w->reader, 30 * S), TICK_E_DEAD);
	close(ready[0]);
	close(ready[1]);
	shm_fixture_ring(&w->f, &w->ring, 16);
}

/* ---- rights ------------------------------------------------------------------------ */

/* What a reader of another user saw, as the exit status of its process. */
#define SAW_MORE 1
#define SAW_A_BELL 2
#define SAW_NAPS 4
#define COULD_WRITE 8

static int
read_as_nobody(struct world *w)
{
	struct tick_reader *r;
	int saw = 0;

	if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
	    tick_reader_open(&r, w->f.feed, TICK_FROM_NEWEST) != 0)
		return 99;
	saw |= tick_reader_can_wait(r) ? SAW_A_BELL : 0;
	saw |= tick_reader_wait(r, 20 * S) == TICK_MORE ? SAW_MORE : 0;
	saw |= tick_reader_stats(r).polled > 0 ? SAW_NAPS : 0;
	saw |= access(w->ring.segment.path, W_OK) == 0 ? COULD_WRITE : 0;
	tick_reader_close(&r);
	return saw;
}

/* Publishes when the reader sleeps (or, without a bell, now and then until it has ended). */
static int
let_nobody_read(struct world *w, gid_t bell_group)
{
	int status = 0;
	pid_t pid;

	assert_int_equal(chmod(w->f.directory, 0755), 0);
	assert_int_equal(chown(w->ring.segment.path, (uid_t)-1, NOBODY), 0);
	hang_bell(w, bell_group);
	pid = fork();
	if (pid == 0)
		_exit(read_as_nobody(w));
	assert_true(pid > 0);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (bell_group != NOBODY || __atomic_load_n(w->bell.flag, __ATOMIC_ACQUIRE) != 0) {
			usleep(20000);
			publish_and_ring(w);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
another_user_of_the_group_is_woken(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(let_nobody_read(*state, NOBODY), SAW_MORE | SAW_A_BELL);
}

static void
another_user_without_the_right_looks_by_itself(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(let_nobody_read(*state, 0), SAW_MORE | SAW_NAPS);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(a_wait_never_ends_before_its_time),
		TEST(what_is_there_needs_no_waiting),
		TEST(a_sleeping_reader_is_woken),
		TEST(spinning_turns_into_sleep),
		TEST(ticks_that_do_not_pass_the_filter_end_no_wait),
		TEST(without_a_bell_a_reader_looks_by_itself),
		TEST(a_bell_of_the_last_epoch_is_none),
		TEST(a_bell_cut_short_kills_no_reader),
		TEST(a_restart_ends_a_wait),
		TEST(a_replaced_segment_ends_a_wait),
		TEST(an_old_heartbeat_ends_a_wait),
		TEST(a_state_that_was_told_does_not_end_the_next_wait),
		TEST(a_killed_writer_ends_a_wait),
		TEST(another_user_of_the_group_is_woken),
		TEST(another_user_without_the_right_looks_by_itself),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
