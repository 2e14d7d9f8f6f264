/*
 * Trades that were missed, through the whole path: feedd against exchange-sim,
 * which leaves messages out and serves its past by REST.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/system/backfill_rig.h"

static void
gaps_are_filled_in_order_and_every_id_is_told_once(void **state)
{
	struct backfill_rig *rig = *state;
	struct account *trades = &rig->account[TICK_TRADE];
	struct account *aggregates = &rig->account[TICK_AGG_TRADE];

	backfill_rig_sim(rig, "spot", "2000", "k");
	backfill_rig_feedd(rig, "k", "\"backfill.enabled\": true,");
	backfill_rig_wait_live(rig, 50);
	sim_fault(rig->sim, "0 gap stream=btcusdt@aggTrade count=7\n");
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	/* More than a page, and more than the feed thread is given at once. */
	sim_fault(rig->sim, "0 gap stream=btcusdt@aggTrade count=1300\n"
	    "0 gap stream=btcusdt@trade count=300\n");
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 2);
	backfill_rig_wait_ends(rig, TICK_TRADE, 1);
	backfill_rig_wait_live(rig, 10);

	backfill_rig_expect_each_once(trades);
	backfill_rig_expect_each_once(aggregates);
	assert_int_equal(aggregates->gaps, 2);
	assert_int_equal(aggregates->past_ids, 1307);
	assert_int_equal(aggregates->gap_ids, 1307);
	assert_int_equal(trades->past_ids, 300);
	assert_int_equal(trades->unfilled + aggregates->unfilled, 0);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_GAPS), 3);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_IDS), 1607);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_MISSING), 0);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_REFUSED), 0);
	assert_true(backfill_rig_requests(rig) >= 4);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_REQUESTS),
	    backfill_rig_requests(rig));
	daemon_expect_log(&rig->feedd, "event=backfilled symbol=BTCUSDT ids=aggTrade");
	backfill_rig_stop(rig);
}

static void
nothing_is_asked_for_unless_the_configuration_wants_it(void **state)
{
	struct backfill_rig *rig = *state;
	struct account *aggregates = &rig->account[TICK_AGG_TRADE];

	backfill_rig_sim(rig, "spot", "500", "k");
	backfill_rig_feedd(rig, "k", "");
	backfill_rig_wait_live(rig, 20);
	sim_fault(rig->sim, "0 gap stream=btcusdt@aggTrade count=5\n");
	backfill_rig_wait_live(rig, 100);
	assert_int_equal(aggregates->gaps, 1);
	assert_int_equal(aggregates->gap_ids, 5);
	assert_int_equal(aggregates->past_ids + aggregates->ends + aggregates->unfilled, 0);
	assert_int_equal(backfill_rig_requests(rig), 0);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_GAPS), 0);
	backfill_rig_stop(rig);
}

static void
nothing_is_asked_for_until_the_time_that_429_names_is_over(void **state)
{
	struct backfill_rig *rig = *state;
	struct tick_status seen;
	mono_t deadline;
	int64_t until;

	backfill_rig_sim(rig, "spot", "500", "k");
	backfill_rig_feedd(rig, "k", "\"backfill.enabled\": true,");
	backfill_rig_wait_live(rig, 20);
	deadline = daemon_deadline();
	sim_fault(rig->sim, "0 http status=429 retry-after=3 on=rest count=1\n"
	    "0.2 gap stream=btcusdt@aggTrade count=5\n");
	do {
		daemon_pause(deadline, "the pause");
		seen = backfill_rig_status(rig);
	} while (seen.control.rest_paused_until_ns == TICK_ABSENT);
	until = seen.control.rest_paused_until_ns;
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	assert_true(clock_wall().ns >= until);
	backfill_rig_wait_live(rig, 10);
	backfill_rig_expect_each_once(&rig->account[TICK_AGG_TRADE]);
	assert_int_equal(rig->account[TICK_AGG_TRADE].past_ids, 5);
	assert_int_equal(backfill_rig_requests(rig), 2);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_REFUSED), 1);
	backfill_rig_stop(rig);
}

static void
a_server_that_fails_is_asked_again(void **state)
{
	struct backfill_rig *rig = *state;

	backfill_rig_sim(rig, "spot", "500", "k");
	backfill_rig_feedd(rig, "k", "\"backfill.enabled\": true,");
	backfill_rig_wait_live(rig, 20);
	sim_fault(rig->sim, "0 http status=503 on=rest count=2\n"
	    "0.2 gap stream=btcusdt@aggTrade count=5\n");
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	backfill_rig_wait_live(rig, 10);
	backfill_rig_expect_each_once(&rig->account[TICK_AGG_TRADE]);
	assert_int_equal(rig->account[TICK_AGG_TRADE].past_ids, 5);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_REFUSED), 2);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_REQUESTS), 3);
	backfill_rig_stop(rig);
}

static void
what_is_not_to_be_had_is_told_to_stay_missing(void **state)
{
	struct backfill_rig *rig = *state;
	struct account *aggregates = &rig->account[TICK_AGG_TRADE];

	backfill_rig_sim(rig, "spot", "500", "k");
	backfill_rig_feedd(rig, "k", "\"backfill\": {\"enabled\": true, \"ids_max\": 6},");
	backfill_rig_wait_live(rig, 20);
	sim_fault(rig->sim, "0 forget stream=btcusdt@*\n"
	    "0.2 gap stream=btcusdt@aggTrade count=5\n");
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	assert_int_equal(aggregates->unfilled, 5);
	assert_int_equal(aggregates->past_ids, 0);
	/* A gap that is too long is not asked for. */
	sim_fault(rig->sim, "0 gap stream=btcusdt@aggTrade count=7\n");
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 2);
	backfill_rig_wait_live(rig, 10);
	backfill_rig_expect_each_once(aggregates);
	assert_int_equal(aggregates->unfilled, 12);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_GAPS), 1);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_UNASKED), 1);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_MISSING), 12);
	backfill_rig_stop(rig);
}

static void
trades_of_futures_need_a_key(void **state)
{
	struct backfill_rig *rig = *state;
	struct account *trades = &rig->account[TICK_TRADE];

	backfill_rig_sim(rig, "usdm", "500", "right");
	backfill_rig_feedd(rig, "right", "\"product\": \"usdm\", \"backfill.enabled\": true,");
	backfill_rig_wait_live(rig, 20);
	sim_fault(rig->sim, "0 gap stream=btcusdt@trade count=5\n"
	    "0 gap stream=btcusdt@aggTrade count=5\n");
	backfill_rig_wait_ends(rig, TICK_TRADE, 1);
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	backfill_rig_wait_live(rig, 10);
	backfill_rig_expect_each_once(trades);
	backfill_rig_expect_each_once(&rig->account[TICK_AGG_TRADE]);
	assert_int_equal(trades->past_ids, 5);
	assert_int_equal(rig->account[TICK_AGG_TRADE].past_ids, 5);
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
	assert_null(strstr(daemon_log(&rig->feedd), "right"));
	sim_stop(rig->sim, SIGTERM);
}

static void
a_wrong_key_is_not_tried_twice(void **state)
{
	struct backfill_rig *rig = *state;
	struct account *trades = &rig->account[TICK_TRADE];

	backfill_rig_sim(rig, "usdm", "500", "right");
	backfill_rig_feedd(rig, "wrong", "\"product\": \"usdm\", \"backfill.enabled\": true,");
	backfill_rig_wait_live(rig, 20);
	sim_fault(rig->sim, "0 gap stream=btcusdt@trade count=5\n");
	backfill_rig_wait_ends(rig, TICK_TRADE, 1);
	backfill_rig_wait_live(rig, 10);
	backfill_rig_expect_each_once(trades);
	assert_int_equal(trades->unfilled, 5);
	assert_int_equal(backfill_rig_requests(rig), 1);
	assert_int_equal(backfill_rig_count(rig, TICK_COUNTER_BACKFILL_REFUSED), 1);
	backfill_rig_stop(rig);
}

static void
what_was_missed_while_the_feed_was_down_is_filled(void **state)
{
	struct backfill_rig *rig = *state;
	struct account *aggregates = &rig->account[TICK_AGG_TRADE];
	static const char settings[] = "\"backfill.enabled\": true,";
	struct client client = {0};

	backfill_rig_sim(rig, "spot", "500", "k");
	backfill_rig_feedd(rig, "k", settings);
	backfill_rig_wait_live(rig, 20);
	/* The market moves while somebody looks. */
	client_open(&client, rig->sim, 0, "/ws/btcusdt@aggTrade");
	assert_int_equal(daemon_end(&rig->feedd, SIGKILL), -SIGKILL);
	for (int i = 0; i < 50; i++)
		assert_int_equal(client_frame(&client, 10000), 1);
	backfill_rig_feedd(rig, "k", settings);
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	backfill_rig_wait_ends(rig, TICK_TRADE, 1);
	backfill_rig_wait_live(rig, 10);
	client_hang_up(&client);
	assert_int_equal(rig->restarts, 1);
	assert_true(aggregates->past_ids >= 50);
	assert_int_equal(aggregates->past_ids, aggregates->gap_ids);
	backfill_rig_expect_each_once(aggregates);
	backfill_rig_expect_each_once(&rig->account[TICK_TRADE]);
	backfill_rig_stop(rig);
}

/* Runs the capture through a feed of its own; the same ticks come of it. */
static void
expect_same_replay(void)
{
	static const char *const segments[] = {"ring", "board", "status", "bell", "lock"};
	const char *arguments[16] = {"--replay", "-s", "ring.slots=262144"};
	const char *pair[3] = {daemon_feed()};
	char pattern[160], replayed[96], path[160];
	struct daemon replay = {0}, diff = {0};
	int rc, same;
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/*.trc*", daemon_folder());
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	assert_in_range(files.gl_pathc, 1, 12);
	for (size_t i = 0; i < files.gl_pathc; i++)
		arguments[3 + i] = files.gl_pathv[i];
	daemon_start(&replay, "feedd", arguments);
	rc = daemon_wait(&replay);
	globfree(&files);
	snprintf(replayed, sizeof(replayed), "%s.replay", daemon_feed());
	pair[1] = replayed;
	daemon_start(&diff, "tick-diff", pair);
	same = daemon_wait(&diff);
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		snprintf(path, sizeof(path), "/dev/shm/%s.%s", replayed, segments[i]);
		unlink(path);
	}
	assert_int_equal(rc, 0);
	if (same != 0)
		fail_msg("%s", daemon_log(&diff));
	print_message("%s", daemon_log(&diff));
}

static void
a_replay_of_the_capture_has_the_same_ticks(void **state)
{
	struct backfill_rig *rig = *state;
	char settings[256];

	snprintf(settings, sizeof(settings),
	    "\"backfill\": {\"enabled\": true, \"ids_max\": 400}, \"capture.dir\": \"%s\",",
	    daemon_folder());
	backfill_rig_sim(rig, "spot", "1000", "k");
	backfill_rig_feedd(rig, "k", settings);
	backfill_rig_wait_live(rig, 20);
	sim_fault(rig->sim, "0 gap stream=btcusdt@aggTrade count=300\n"
	    "0 gap stream=btcusdt@trade count=3\n");
	backfill_rig_wait_ends(rig, TICK_AGG_TRADE, 1);
	backfill_rig_wait_ends(rig, TICK_TRADE, 1);
	sim_fault(rig->sim, "0 gap stream=btcusdt@trade count=401\n");
	backfill_rig_wait_ends(rig, TICK_TRADE, 2);
	backfill_rig_wait_live(rig, 20);
	backfill_rig_stop(rig);
	backfill_rig_take(rig);
	assert_int_equal(rig->account[TICK_AGG_TRADE].past_ids, 300);
	assert_int_equal(rig->account[TICK_TRADE].past_ids, 3);
	assert_int_equal(rig->account[TICK_TRADE].unfilled, 401);
	expect_same_replay();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, backfill_rig_setup, backfill_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gaps_are_filled_in_order_and_every_id_is_told_once),
		TEST(nothing_is_asked_for_unless_the_configuration_wants_it),
		TEST(nothing_is_asked_for_until_the_time_that_429_names_is_over),
		TEST(a_server_that_fails_is_asked_again),
		TEST(what_is_not_to_be_had_is_told_to_stay_missing),
		TEST(what_was_missed_while_the_feed_was_down_is_filled),
		TEST(a_replay_of_the_capture_has_the_same_ticks),
		TEST(trades_of_futures_need_a_key),
		TEST(a_wrong_key_is_not_tried_twice),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
