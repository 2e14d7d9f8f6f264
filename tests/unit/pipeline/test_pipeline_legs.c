/* Several lines that bring the same streams, and streams that go stale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "feed/core/hold.h"
#include "feed/io/clock.h"
#include "tests/pipeline_rig.h"

#define LATER_NS (PIPELINE_RIG_RECV_NS + 5000000000)

/* The instrument of pipeline_rig_trade() has two streams; both go stale, one after the other. */
static void
an_instrument_is_stale_until_all_of_its_stale_streams_are_heard(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	assert_int_equal(pipeline_add_stream(rig->pipeline, 5, bytes_of("abcusdt@bookTicker")), 0);
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	for (uint32_t number = 3; number <= 5; number += 2) {
		pipeline_on_stream_stale(rig->pipeline, number, TICK_REASON_LINE_DOWN,
		    (wall_t){LATER_NS}, (mono_t){1});
		t = pipeline_rig_event(rig, TICK_REASON_STALE);
		assert_int_equal(t.instrument, 0);
		assert_int_equal(t.event.a, number == 3 ? TICK_TRADE : TICK_QUOTE);
		assert_int_equal(t.event.b, number);
		assert_int_equal(t.event.c, TICK_REASON_LINE_DOWN);
	}
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_STALE);
	assert_int_equal(pipeline_rig_data(rig, 0).reason, TICK_REASON_LINE_DOWN);
	assert_int_equal(pipeline_rig_data(rig, 0).since_ns, LATER_NS);
	pipeline_rig_trade_on(rig, 2, 11);
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_LIVE).event.b, 3);
	pipeline_rig_expect_trade(rig, 11, false);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_STALE);
	pipeline_rig_feed_on(rig, 1, "{\"u\":1,\"s\":\"ABCUSDT\",\"b\":\"1\",\"B\":\"1\","
	    "\"a\":\"1\",\"A\":\"1\"}");
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_LIVE).event.b, 5);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	assert_int_equal(pipeline_rig_data(rig, 0).trade_id, 11);
}

/* The new line is two trades ahead of the old one: nothing is lost, nothing comes twice. */
static void
a_line_that_is_ahead_waits_for_the_one_that_is_behind(void **state)
{
	struct pipeline_rig *rig = *state;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_trade_on(rig, 4, 13);
	pipeline_rig_trade_on(rig, 4, 14);
	pipeline_rig_trade_on(rig, 2, 11);
	pipeline_rig_trade_on(rig, 2, 12);
	pipeline_rig_trade_on(rig, 2, 13);
	pipeline_rig_trade_on(rig, 4, 15);
	for (int64_t id = 10; id <= 15; id++)
		pipeline_rig_expect_trade(rig, id, false);
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_GAPS], 0);
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_HELD], 2);
	assert_int_equal(pipeline_line_counts(rig->pipeline, 2).duplicates, 1);
	assert_int_equal(pipeline_line_counts(rig->pipeline, 4).wins, 3);
}

/* The old line ends while the new one waits for it: the gap is told, once, and all goes on. */
static void
what_nobody_brings_is_told_missing_when_its_time_is_over(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	pipeline_rig_trade_on(rig, 4, 13);
	pipeline_rig_trade_on(rig, 4, 14);
	assert_false(mono_is_never(pipeline_deadline(rig->pipeline)));
	pipeline_on_time(rig->pipeline, pipeline_deadline(rig->pipeline));
	t = pipeline_rig_event(rig, TICK_REASON_GAP);
	assert_int_equal(t.event.b, 11);
	assert_int_equal(t.event.c, 12);
	pipeline_rig_expect_trade(rig, 13, true);
	pipeline_rig_expect_trade(rig, 14, false);
	assert_true(mono_is_never(pipeline_deadline(rig->pipeline)));
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_GAPS], 1);
}

/* What was on its way when the stream left the line does not make it one to wait for again. */
static void
nobody_waits_for_a_line_that_the_stream_has_left(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_trade_on(rig, 4, 10);
	pipeline_rig_trade_on(rig, 4, 11);
	pipeline_on_stream_left(rig->pipeline, 3, 2);
	pipeline_rig_trade_on(rig, 2, 11);
	pipeline_rig_trade_on(rig, 4, 12);
	for (int64_t id = 10; id <= 12; id++)
		pipeline_rig_expect_trade(rig, id, false);
	pipeline_rig_trade_on(rig, 4, 15);
	t = pipeline_rig_event(rig, TICK_REASON_GAP);
	assert_int_equal(t.event.b, 13);
	pipeline_rig_expect_trade(rig, 15, true);
}

/* No room for one more: what is kept goes ahead of it, and only what nobody has is a gap. */
static void
what_is_held_is_not_lost_when_the_hold_is_full(void **state)
{
	struct pipeline_rig *rig = *state;
	const int64_t last = 13 + HOLD_MAX;
	struct tick t;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	for (int64_t id = 13; id <= last; id++)
		pipeline_rig_trade_on(rig, 4, id);
	t = pipeline_rig_event(rig, TICK_REASON_GAP);
	assert_int_equal(t.event.b, 11);
	assert_int_equal(t.event.c, 12);
	for (int64_t id = 13; id <= last; id++)
		pipeline_rig_expect_trade(rig, id, id == 13);
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_GAP_IDS], 2);
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_LATE], 0);
	assert_true(mono_is_never(pipeline_deadline(rig->pipeline)));
}

/* A message that is too long to be kept goes at once: what is below it first, the rest waits on. */
static void
what_cannot_be_held_lets_only_what_is_below_it_go(void **state)
{
	static char text[2 * 8192];
	struct pipeline_rig *rig = *state;
	struct tick t;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	pipeline_rig_trade_on(rig, 4, 12);
	pipeline_rig_trade_on(rig, 4, 15);
	snprintf(text, sizeof(text), "{\"e\":\"trade\",\"E\":1700000000000,\"s\":\"ABCUSDT\","
	    "\"t\":13,\"p\":\"12.34\",\"q\":\"0.5\",\"T\":1700000000000,\"m\":false,"
	    "\"x\":\"%*s\"}", 9000, "");
	pipeline_rig_feed_on(rig, 4, text);
	t = pipeline_rig_event(rig, TICK_REASON_GAP);
	assert_int_equal(t.event.b, 11);
	assert_int_equal(t.event.c, 11);
	pipeline_rig_expect_trade(rig, 12, true);
	pipeline_rig_expect_trade(rig, 13, false);
	pipeline_rig_no_tick(rig);
	pipeline_rig_trade_on(rig, 2, 14);
	pipeline_rig_expect_trade(rig, 14, false);
	pipeline_rig_expect_trade(rig, 15, false);
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_GAP_IDS], 1);
}

static void
klines_of_two_lines_are_published_once(void **state)
{
	static const char kline[] =
	    "{\"e\":\"kline\",\"E\":1700000000000,\"s\":\"ABCUSDT\",\"k\":{"
	    "\"t\":1699999980000,\"T\":1700000039999,\"s\":\"ABCUSDT\",\"i\":\"1m\","
	    "\"f\":1,\"L\":5,\"o\":\"1\",\"c\":\"1\",\"h\":\"1\",\"l\":\"1\","
	    "\"v\":\"1\",\"n\":5,\"x\":false,\"q\":\"1\",\"V\":\"1\",\"Q\":\"1\"}}";
	struct pipeline_rig *rig = *state;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 0, bytes_of("abcusdt@kline_1m")), 0);
	pipeline_rig_feed_on(rig, 1, kline);
	pipeline_rig_feed_on(rig, 2, kline);
	pipeline_rig_feed_on(rig, 1, kline); /* one line's own repetition is its own */
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_KLINES], 2);
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_DUPLICATES], 1);
}

/* Of each sixteenth id it is measured how far the leg behind is behind. */
static void
how_far_a_leg_is_behind_is_told_by_leg(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_latency skew;

	assert_int_equal(pipeline_add_stream(rig->pipeline, 3, bytes_of("abcusdt@trade")), 0);
	for (unsigned leg = 0; leg < 2; leg++)
		pipeline_on_line_up(rig->pipeline, 1 + leg, leg, (wall_t){LATER_NS}, (mono_t){1});
	for (int64_t id = 16; id <= 160; id++) {
		pipeline_rig_trade_on(rig, 1, id);
		pipeline_rig_trade_on(rig, 2, id);
	}
	skew = pipeline_leg_skew(rig->pipeline, 1);
	assert_int_equal(skew.count, 10);
	assert_true(skew.p50 > 0 && skew.p99 >= skew.p50);
	assert_int_equal(pipeline_leg_skew(rig->pipeline, 0).count, 0);
	assert_int_equal(pipeline_leg_skew(rig->pipeline, 1).count, 0);
}

static void
feed_top(struct pipeline_rig *rig, unsigned line, int64_t id)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"stream\":\"abcusdt@depth5@100ms\",\"data\":{"
	    "\"lastUpdateId\":%lld,\"bids\":[[\"1\",\"1\"]],\"asks\":[]}}", (long long)id);
	pipeline_rig_feed_on(rig, line, text);
}

/* The exchange counts anew, and the stream comes on another line than before. */
static void
tops_of_books_come_again_when_another_line_counts_anew(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t id = 1;

	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 0, bytes_of("abcusdt@depth5@100ms")), 0);
	feed_top(rig, 1, 1000000);
	feed_top(rig, 2, 999999); /* behind: seen */
	assert_int_equal(pipeline_counters(rig->pipeline)[TICK_COUNTER_PARTIAL_DEPTHS], 1);
	pipeline_on_stream_left(rig->pipeline, 0, 1);
	for (; id <= 200; id++)
		feed_top(rig, 2, id);
	assert_true(pipeline_counters(rig->pipeline)[TICK_COUNTER_PARTIAL_DEPTHS] > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_instrument_is_stale_until_all_of_its_stale_streams_are_heard),
		TEST(a_line_that_is_ahead_waits_for_the_one_that_is_behind),
		TEST(what_nobody_brings_is_told_missing_when_its_time_is_over),
		TEST(tops_of_books_come_again_when_another_line_counts_anew),
		TEST(nobody_waits_for_a_line_that_the_stream_has_left),
		TEST(what_is_held_is_not_lost_when_the_hold_is_full),
		TEST(what_cannot_be_held_lets_only_what_is_below_it_go),
		TEST(klines_of_two_lines_are_published_once),
		TEST(how_far_a_leg_is_behind_is_told_by_leg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
