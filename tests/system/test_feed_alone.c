/*
 * One leg: how soon data is back after a loss, what planned replacements of the
 * line cost (nothing), and how a stream that falls silent is found and healed.
 * Each with its time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/system/stage.h"

#define COMMON "\"pool.initial_connections\": 1, \"pool.max_connections\": 2,\n"
#define QUOTES_PER_S 50

/* Wanted of a quiet machine; a loaded one may take longer. */
static const int64_t back_within_ms = 500, back_at_last_ms = 5000;
static const int64_t found_within_ms = 3000, found_at_last_ms = 15000;

static void
say_time(const char *what, int64_t ns, int64_t wanted_ms, int64_t most_ms)
{
	print_message("%s: %lld.%03lld ms (wanted: less than %lld)\n", what,
	    (long long)(ns / 1000000), (long long)(ns / 1000 % 1000), (long long)wanted_ms);
	assert_true(ns > 0);
	assert_true(ns < most_ms * 1000000);
}

static void
wait_for_connects(struct stage *stage, uint64_t n, struct tick_status *status)
{
	mono_t deadline = daemon_deadline();

	do {
		daemon_pause(deadline, "a new connection");
		stage_wait_whole(stage, "the new line", status);
	} while (status->counter[TICK_COUNTER_CONNECTS] < n);
}

static void
data_is_back_at_once_after_a_reset(void **state)
{
	/* Everything as it is shipped: the delays, too. */
	const struct stage_cfg cfg = {.rate = 20000, .settings = COMMON};
	struct stage *stage = *state;
	struct tick_status status;
	struct flow_counts c;
	mono_t deadline;
	uint64_t connects;

	stage_start(stage, &cfg, 1);
	stage_status(stage, &status);
	connects = status.counter[TICK_COUNTER_CONNECTS];
	flow_mark(stage->flow);
	stage_fault(stage, "0 rst");
	wait_for_connects(stage, connects + 1, &status);
	flow_wait_heard(stage->flow, clock_mono());
	say_time("data back after RST", flow_counts(stage->flow).silence_ns, back_within_ms,
	    back_at_last_ms);
	/* What was on its way is lost, and told, the tick after the word; nothing comes twice. */
	deadline = daemon_deadline();
	while (c = flow_counts(stage->flow), c.gaps != c.flagged)
		daemon_pause(deadline, "the tick behind each gap");
	assert_int_equal(c.doubles, 0);
	assert_int_equal(c.lost, 0);
}

static bool
play(struct stage *stage)
{
	struct tick_status status;
	mono_t deadline;
	int64_t done;

	stage_wait_rotations(stage, 1, &status);
	if (!stage_has_all(stage, "replaced at its age"))
		return false;
	stage_reload(stage, COMMON "\"pool.min_connection_age_ms\": 500,\n");
	stage_status(stage, &status);
	done = status.control.rotations_done;
	flow_mark(stage->flow);
	stage_fault(stage, "0 shutdown after=8");
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, "the word of the shutdown");
		stage_wait_rotations(stage, done + 1, &status);
	} while (status.counter[TICK_COUNTER_SERVER_SHUTDOWNS] == 0);
	if (!stage_has_all(stage, "serverShutdown"))
		return false;
	/* One line is left; the others ended in good order. */
	while (status.counter[TICK_COUNTER_DISCONNECTS] !=
	    status.counter[TICK_COUNTER_CONNECTS] - 1) {
		daemon_pause(deadline, "the end of the lines that were replaced");
		stage_status(stage, &status);
	}
	return true;
}

static void
announced_ends_and_planned_replacements_lose_nothing(void **state)
{
	const struct stage_cfg cfg = {.rate = 20000,
	    .settings = COMMON "\"pool.min_connection_age_ms\": 500,\n"
	        "\"pool.max_connection_age_ms\": 2000,\n"};

	stage_play(*state, &cfg, 1, play);
}

static struct flow_stream
wait_for_stale(struct stage *stage, const char *symbol)
{
	mono_t deadline = daemon_deadline();
	struct flow_stream s;

	for (;;) {
		s = flow_stream(stage->flow, symbol, TICK_QUOTE);
		if (s.ticks > 0 && s.stale_ns != TICK_ABSENT)
			return s;
		daemon_pause(deadline, "the word that the stream is stale");
	}
}

static void
a_stream_that_falls_silent_is_found_and_healed(void **state)
{
	/* Two streams share the rate; one goes on and shows that the line lives. */
	const struct stage_cfg cfg = {.rate = 2 * QUOTES_PER_S,
	    .streams = "[\"btcusdt@bookTicker\", \"ethusdt@bookTicker\"]", .settings = COMMON};
	struct stage *stage = *state;
	mono_t deadline;
	struct flow_stream btc, eth;
	struct tick_status status;

	stage_start(stage, &cfg, 1);
	deadline = mono_add(daemon_deadline(), span_s(DAEMON_WITHIN_S));
	/* Time to learn what is usual: 5 s and 128 messages (stall.c). */
	while (flow_stream(stage->flow, "BTCUSDT", TICK_QUOTE).ticks < 6 * QUOTES_PER_S)
		daemon_pause(deadline, "enough quotes to learn from");
	stage_fault(stage, "0 mute stream=btcusdt@bookTicker");
	btc = wait_for_stale(stage, "BTCUSDT");
	say_time("silent stream found", btc.stale_ns - btc.before_ns, found_within_ms,
	    found_at_last_ms);
	deadline = daemon_deadline();
	while ((btc = flow_stream(stage->flow, "BTCUSDT", TICK_QUOTE)).back_ns == TICK_ABSENT)
		daemon_pause(deadline, "the stream's return");
	say_time("healed", btc.back_ns - btc.before_ns, 10000, 40000);
	eth = flow_stream(stage->flow, "ETHUSDT", TICK_QUOTE);
	assert_int_equal(eth.stale_ns, TICK_ABSENT);
	stage_wait_whole(stage, "the healed stream", &status);
	assert_true(status.control.stalls >= 1);
	assert_true(status.control.resubscribed + status.control.moved +
	    status.control.recycled >= 1);
	assert_int_equal(flow_counts(stage->flow).doubles, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(data_is_back_at_once_after_a_reset),
		TEST(announced_ends_and_planned_replacements_lose_nothing),
		TEST(a_stream_that_falls_silent_is_found_and_healed),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
