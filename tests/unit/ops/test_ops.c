/* The operations thread: notes, orders, timers, its end; and the configuration that it keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/ops/keeper.h"
#include "feed/ops/ops.h"
#include "feed/ops/upkeep.h"

#define WITHIN_S 20

struct rig {
	struct ops *ops;
	sem_t woken, noted;
	pthread_t by;          /* who received the last note */
	struct ops_note last;
	struct ops_timer timer;
	struct keeper keeper;
	struct choice choice;
};

static void
expect(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WITHIN_S;
	while (sem_timedwait(semaphore, &until) != 0)
		if (errno != EINTR)
			fail_msg("nothing came within %d s", WITHIN_S);
}

static void
on_wake(void *context)
{
	struct rig *rig = context;

	sem_post(&rig->woken);
}

static void
on_note(void *context, const struct ops_note *note)
{
	struct rig *rig = context;

	rig->by = pthread_self();
	rig->last = *note;
	sem_post(&rig->noted);
}

static void
on_timer(void *context)
{
	struct rig *rig = context;

	ops_order(rig->ops, &(struct ops_order){.kind = OPS_COUNT_REFUSAL, .number = 41});
}

static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct ops_cfg cfg = {on_wake, rig, -1};

	assert_non_null(rig);
	sem_init(&rig->woken, 0, 0);
	sem_init(&rig->noted, 0, 0);
	rig->timer.fn = on_timer;
	rig->timer.context = rig;
	assert_int_equal(ops_open(&rig->ops, &cfg), 0);
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	ops_stop(rig->ops);
	ops_close(&rig->ops);
	assert_null(rig->ops);
	sem_destroy(&rig->woken);
	sem_destroy(&rig->noted);
	free(rig);
	return 0;
}

static void
a_note_reaches_its_receiver_in_the_other_thread(void **state)
{
	struct rig *rig = *state;
	struct ops_note note = {.kind = OPS_RELOAD_ASKED, .number = 7, .value = {1, 2, 3, 4}};

	ops_receive(rig->ops, OPS_RELOAD_ASKED, on_note, rig);
	assert_int_equal(ops_start(rig->ops), 0);
	assert_true(ops_tell(rig->ops, &note));
	expect(&rig->noted);
	assert_int_equal(rig->last.number, 7);
	assert_int_equal(rig->last.value[3], 4);
	assert_false(pthread_equal(rig->by, pthread_self()));
}

static void
a_timer_runs_and_its_order_wakes_the_feed_thread(void **state)
{
	struct rig *rig = *state;
	struct ops_order order;

	ops_timer_start(rig->ops, &rig->timer, span_ms(1));
	assert_false(ops_next_order(rig->ops, &order));
	assert_int_equal(ops_start(rig->ops), 0);
	expect(&rig->woken);
	assert_true(ops_next_order(rig->ops, &order));
	assert_int_equal(order.kind, OPS_COUNT_REFUSAL);
	assert_int_equal(order.number, 41);
	assert_false(ops_next_order(rig->ops, &order));
	ops_stop(rig->ops);
	ops_timer_stop(&rig->timer);
}

static void
a_full_mailbox_refuses_notes_and_nobody_waits(void **state)
{
	struct rig *rig = *state;
	struct ops_note note = {.kind = OPS_RELOAD_ASKED};

	for (int i = 0; i < OPS_NOTES_MAX; i++)
		assert_true(ops_tell(rig->ops, &note));
	assert_false(ops_tell(rig->ops, &note));
}

static void
notes_left_at_the_end_still_reach_their_receiver(void **state)
{
	struct rig *rig = *state;
	struct ops_note note = {.kind = OPS_CONFIG_TAKEN, .number = 1};

	ops_receive(rig->ops, OPS_CONFIG_TAKEN, on_note, rig);
	assert_true(ops_tell(rig->ops, &note));
	ops_stop(rig->ops);
	assert_int_equal(rig->last.number, 1);
	assert_true(pthread_equal(rig->by, pthread_self()));
}

static void
sockets_are_counted_in_the_ops_thread(void **state)
{
	const struct ops_note note = {.kind = OPS_UPKEEP, .value = {1}};
	struct rig *rig = *state;
	struct ops_order first, second;
	int pair[2];

	upkeep_open(rig->ops);
	assert_int_equal(ops_start(rig->ops), 0);
	assert_true(ops_tell(rig->ops, &note));
	expect(&rig->woken);
	assert_true(ops_next_order(rig->ops, &first));
	assert_int_equal(first.kind, OPS_SOCKETS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(ops_tell(rig->ops, &note));
	expect(&rig->woken);
	assert_true(ops_next_order(rig->ops, &second));
	assert_int_equal(second.value[0], first.value[0] + 2);
	close(pair[0]);
	close(pair[1]);
}

/* ---- the configuration ---- */

static void
keep(struct rig *rig, const struct reload_source *source)
{
	struct config cfg;
	struct config_problems problems = {0};
	const char *first = "streams=btcusdt@trade";

	assert_true(config_load(NULL, &first, 1, &cfg, &problems));
	rig->choice.venue = rig->choice.asked = venue_find(BYTES_LIT("spot"));
	keeper_init(&rig->keeper, rig->ops, &cfg, source, &rig->choice);
	config_free(&cfg);
	assert_int_equal(ops_start(rig->ops), 0);
	assert_true(ops_tell(rig->ops, &(struct ops_note){.kind = OPS_RELOAD_ASKED}));
	expect(&rig->woken);
}

static void
drop(struct config *cfg)
{
	config_free(cfg);
	free(cfg);
}

static void
a_reload_is_offered_and_kept_when_it_was_taken(void **state)
{
	struct rig *rig = *state;
	const char *now[] = {"streams=btcusdt@trade,ethusdt@trade", "status_interval_ms=250"};
	const struct reload_source source = {NULL, now, 2};
	struct ops_order order;
	struct config *offered;

	keep(rig, &source);
	assert_true(ops_next_order(rig->ops, &order));
	assert_int_equal(order.kind, OPS_CHANGE_CONFIG);
	offered = order.object;
	assert_int_equal(offered->status_interval_ms, 250);
	assert_int_equal(offered->streams.n, 2);
	assert_true(ops_tell(rig->ops,
	    &(struct ops_note){.kind = OPS_CONFIG_TAKEN, .object = offered}));
	ops_stop(rig->ops);
	assert_false(rig->keeper.busy);
	assert_int_equal(rig->keeper.mine.status_interval_ms, 250);
	assert_int_equal(rig->keeper.mine.streams.n, 2);
	keeper_fini(&rig->keeper);
}

static void
an_offer_that_the_feed_refuses_changes_nothing(void **state)
{
	struct rig *rig = *state;
	const char *now[] = {"streams=btcusdt@trade", "status_interval_ms=250"};
	const struct reload_source source = {NULL, now, 2};
	struct ops_order order;

	keep(rig, &source);
	assert_true(ops_next_order(rig->ops, &order));
	assert_true(ops_tell(rig->ops,
	    &(struct ops_note){.kind = OPS_CONFIG_REFUSED, .object = order.object}));
	ops_stop(rig->ops);
	assert_false(rig->keeper.busy);
	assert_int_equal(rig->keeper.mine.status_interval_ms, 100);
	keeper_fini(&rig->keeper);
}

static void
a_reload_asked_for_during_another_comes_after_it(void **state)
{
	struct rig *rig = *state;
	const char *now[] = {"streams=btcusdt@trade", "status_interval_ms=250"};
	const struct reload_source source = {NULL, now, 2};
	struct ops_order order;

	keep(rig, &source);
	assert_true(ops_next_order(rig->ops, &order));
	assert_true(ops_tell(rig->ops, &(struct ops_note){.kind = OPS_RELOAD_ASKED}));
	assert_true(ops_tell(rig->ops,
	    &(struct ops_note){.kind = OPS_CONFIG_TAKEN, .object = order.object}));
	expect(&rig->woken);
	assert_true(ops_next_order(rig->ops, &order));
	assert_int_equal(order.kind, OPS_CHANGE_CONFIG);
	ops_stop(rig->ops);
	drop(order.object);
	keeper_fini(&rig->keeper);
}

static void
what_may_not_change_is_refused_and_counted(void **state)
{
	struct rig *rig = *state;
	const char *now[] = {"streams=btcusdt@trade", "feed=another"};
	const struct reload_source source = {NULL, now, 2};
	struct ops_order order;

	log_set_level(LOG_LEVEL_ERROR);
	keep(rig, &source);
	assert_true(ops_next_order(rig->ops, &order));
	assert_int_equal(order.kind, OPS_COUNT_REFUSAL);
	ops_stop(rig->ops);
	assert_string_equal(rig->keeper.mine.feed, "feed");
	keeper_fini(&rig->keeper);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_note_reaches_its_receiver_in_the_other_thread),
		TEST(a_timer_runs_and_its_order_wakes_the_feed_thread),
		TEST(a_full_mailbox_refuses_notes_and_nobody_waits),
		TEST(notes_left_at_the_end_still_reach_their_receiver),
		TEST(sockets_are_counted_in_the_ops_thread),
		TEST(a_reload_is_offered_and_kept_when_it_was_taken),
		TEST(an_offer_that_the_feed_refuses_changes_nothing),
		TEST(a_reload_asked_for_during_another_comes_after_it),
		TEST(what_may_not_change_is_refused_and_counted),
	};

	int failed;

	assert_int_equal(log_start(), 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	log_stop();
	return failed;
}
