/*
 * What the pipeline says beside the market's events: gaps, values that do not
 * fit, lines that go and come, restarts, and the words for the control plane.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"

#define LATER_NS (PIPELINE_RIG_RECV_NS + 5000000000)

static void
feed_depth(struct pipeline_rig *rig, int first, int last)
{
	pipeline_rig_feedf(rig, "{\"e\":\"depthUpdate\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"U\":%d,\"u\":%d,\"b\":[[\"1\",\"1\"]],\"a\":[[\"2\",\"1\"]]}", first, last);
}

static void
feed_quote(struct pipeline_rig *rig, const char *symbol, int id)
{
	pipeline_rig_feedf(rig, "{\"u\":%d,\"s\":\"%s\",\"b\":\"1.1\",\"B\":\"2\",\"a\":\"1.2\","
	    "\"A\":\"3\"}", id, symbol);
}

static void
expect_gap(struct pipeline_rig *rig, enum tick_type type, int64_t first, int64_t last)
{
	struct tick t = pipeline_rig_event(rig, TICK_REASON_GAP);

	assert_int_equal(t.instrument, 0);
	assert_int_equal(t.event.a, type);
	assert_int_equal(t.event.b, first);
	assert_int_equal(t.event.c, last);
}

/* ---- ids --------------------------------------------------------------------- */

static void
the_start_is_told_first(void **state)
{
	struct pipeline_rig *rig = *state;

	assert_int_equal(rig->start.event.a, 1); /* epoch */
	assert_int_equal(rig->start.instrument, TICK_NO_INSTRUMENT);
	assert_int_equal(tick_number(rig->start.seq), 0);
}

static void
a_gap_is_told_with_its_ids_ahead_of_the_trade(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 10);
	pipeline_rig_trade(rig, 11);
	pipeline_rig_trade(rig, 15);
	pipeline_rig_trade(rig, 16);
	pipeline_rig_expect_trade(rig, 10, false);
	pipeline_rig_expect_trade(rig, 11, false);
	expect_gap(rig, TICK_TRADE, 12, 14);
	pipeline_rig_expect_trade(rig, 15, true);
	pipeline_rig_expect_trade(rig, 16, false);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_GAPS), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_GAP_IDS), 3);
}

static void
what_came_before_is_dropped_and_counted(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 10);
	pipeline_rig_trade(rig, 10);
	pipeline_rig_trade(rig, 9);
	feed_quote(rig, "ABCUSDT", 400);
	feed_quote(rig, "ABCUSDT", 399);
	feed_quote(rig, "ABCUSDT", 900); /* quotes skip ids by nature: no gap */
	pipeline_rig_expect_trade(rig, 10, false);
	assert_int_equal(pipeline_rig_tick(rig).id, 400);
	assert_int_equal(pipeline_rig_tick(rig).id, 900);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_DUPLICATES), 3);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_GAPS), 0);
}

static void
a_gap_in_the_book_is_flagged_on_the_first_tick_of_the_chain_only(void **state)
{
	struct pipeline_rig *rig = *state;

	feed_depth(rig, 5, 9);
	feed_depth(rig, 12, 14);
	pipeline_rig_tick(rig);
	pipeline_rig_tick(rig);
	expect_gap(rig, TICK_BOOK_DELTA, 10, 11);
	assert_int_equal(pipeline_rig_tick(rig).flags, TICK_FLAG_FIRST | TICK_FLAG_GAP_BEFORE);
	assert_int_equal(pipeline_rig_tick(rig).flags, TICK_FLAG_LAST | TICK_FLAG_SIDE);
	/* Ids of futures' books are not consecutive: such gaps are counted without ids. */
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_GAPS), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_GAP_IDS), 0);
}

/* ---- what is not published --------------------------------------------------- */

static void
a_value_that_does_not_fit_is_told_and_not_published(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_last_trade last;
	struct tick t;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_expect_trade(rig, 1, false);
	/* Nine places where the directory says eight. */
	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"t\":2,"
	    "\"p\":\"0.000000001\",\"q\":\"1\",\"T\":1700000000120,\"m\":true,\"M\":true}");
	t = pipeline_rig_event(rig, TICK_REASON_UNFIT);
	assert_int_equal(t.instrument, 0);
	assert_int_equal(t.event.a, TICK_TRADE);
	assert_int_equal(t.event.b, 2);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_UNFIT), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADES), 1);
	assert_int_equal(tick_board_trade(rig->look, 0, &last), 0);
	assert_int_equal(last.id, 1);
	/* Its id is missing from then on, and that is told as well. */
	pipeline_rig_trade(rig, 3);
	expect_gap(rig, TICK_TRADE, 2, 2);
	pipeline_rig_expect_trade(rig, 3, true);
}

static void
everything_that_is_no_market_event_is_counted_by_kind(void **state)
{
	static const struct {
		const char *text;
		enum tick_counter counter;
	} row[] = {
		{"", TICK_COUNTER_MALFORMED},
		{"{\"e\":\"trade\"", TICK_COUNTER_MALFORMED},
		{"{\"e\":\"trade\",\"s\":\"ABCUSDT\"}", TICK_COUNTER_MALFORMED},
		{"{\"e\":\"avgPrice\",\"s\":\"ABCUSDT\"}", TICK_COUNTER_MALFORMED},
		{"{\"e\":\"assetIndexUpdate\",\"s\":\"ABCUSD\"}", TICK_COUNTER_UNKNOWN},
		{"[]", TICK_COUNTER_ARRAYS},
		{"{\"result\":null,\"id\":1}", TICK_COUNTER_REPLIES},
		{"{\"code\":2,\"msg\":\"no\",\"id\":4}", TICK_COUNTER_ERROR_REPLIES},
		{"{\"e\":\"serverShutdown\",\"E\":1700000000123}", TICK_COUNTER_SERVER_SHUTDOWNS},
	};
	struct pipeline_rig *rig = *state;
	uint64_t before[TICK_COUNTERS_MAX];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memcpy(before, pipeline_counters(rig->pipeline), sizeof(before));
		before[row[i].counter]++;
		before[TICK_COUNTER_MESSAGES]++;
		before[TICK_COUNTER_MESSAGE_BYTES] += strlen(row[i].text);
		pipeline_rig_feed(rig, 2, row[i].text);
		assert_memory_equal(before, pipeline_counters(rig->pipeline), sizeof(before));
		pipeline_rig_no_tick(rig);
	}
}

static void
a_binary_message_is_counted_as_such(void **state)
{
	struct pipeline_rig *rig = *state;
	char frame[4 + TRANSPORT_PADDING] = {1, 2, 3, 4};

	pipeline_on_frame(
	    rig->pipeline, 0, TRANSPORT_BINARY, (struct bytes){frame, 4}, rig->stamps);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BINARY), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_MALFORMED), 0);
	pipeline_rig_no_tick(rig);
}

static void
a_full_directory_drops_new_instruments_and_keeps_the_old(void **state)
{
	struct pipeline_rig *rig = *state;
	char symbol[24];

	for (int i = 0; i < PIPELINE_RIG_INSTRUMENTS; i++) {
		snprintf(symbol, sizeof(symbol), "S%dUSDT", i);
		assert_int_equal(
		    pipeline_add_instrument(rig->pipeline, bytes_of(symbol)), i);
	}
	assert_int_equal(pipeline_add_instrument(rig->pipeline, bytes_of("ABCUSDT")), -28);
	pipeline_rig_trade(rig, 1);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_NO_INSTRUMENT), 1);
	feed_quote(rig, "S63USDT", 7);
	assert_int_equal(pipeline_rig_tick(rig).instrument, 63);
	assert_int_equal(pipeline_add_instrument(rig->pipeline, (struct bytes){"", 0}), -22);
}

static void
a_symbol_that_is_no_text_never_enters_the_directory(void **state)
{
	struct pipeline_rig *rig = *state;

	feed_quote(rig, "A\xff\xfeUSDT", 1);
	feed_quote(rig, "A\xc0\x80USDT", 1);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_NO_INSTRUMENT), 2);
	assert_int_equal(tick_reader_instruments(rig->reader), 0);
	feed_quote(rig, "\xe5\xb8\x81USDT", 1);
	assert_int_equal(pipeline_rig_tick(rig).instrument, 0);
}

/* ---- lines ------------------------------------------------------------------- */

static void
a_line_is_told_in_band_and_decides_nothing_for_its_streams(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_trade(rig, 10); /* line 2 */
	pipeline_rig_tick(rig);
	pipeline_on_line_down(rig->pipeline, 2, TICK_REASON_PEER_RESET, (wall_t){LATER_NS},
	    (mono_t){1});
	t = pipeline_rig_event(rig, TICK_REASON_LINE_DOWN);
	assert_int_equal(t.event.a, 2);
	assert_int_equal(t.event.b, TICK_REASON_PEER_RESET);
	assert_int_equal(t.instrument, TICK_NO_INSTRUMENT);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	pipeline_on_line_up(rig->pipeline, 2, 0, (wall_t){LATER_NS}, (mono_t){1});
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_LINE_UP).event.a, 2);
}

static void
every_line_that_was_heard_is_told_once(void **state)
{
	struct pipeline_rig *rig = *state;

	assert_int_equal(pipeline_heard(rig->pipeline), 0);
	pipeline_rig_feed(rig, 0, "{}");
	pipeline_rig_feed(rig, 63, "{}");
	assert_true(pipeline_heard(rig->pipeline) == (1ull << 63 | 1));
	assert_int_equal(pipeline_heard(rig->pipeline), 0);
}

/* ---- restart ----------------------------------------------------------------- */

static struct tick
restart(struct pipeline_rig *rig)
{
	struct tick t;

	pipeline_rig_kill(rig);
	pipeline_rig_open(rig, LATER_NS);
	assert_int_equal(tick_reader_next(rig->reader, &t), TICK_E_RESTARTED);
	return pipeline_rig_event(rig, TICK_REASON_RESTART);
}

static void
after_a_restart_the_ids_go_on_and_the_gap_is_told(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_data data;
	struct tick t;

	pipeline_rig_trade(rig, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	t = restart(rig);
	assert_int_equal(t.event.a, 2);
	assert_int_equal(t.event.b, 0);
	data = pipeline_rig_data(rig, 0);
	assert_int_equal(data.state, TICK_DATA_STALE);
	assert_int_equal(data.reason, TICK_REASON_RESTART);
	assert_int_equal(data.since_ns, LATER_NS);
	assert_int_equal(data.trade_id, 10);
	pipeline_rig_trade(rig, 10);
	pipeline_rig_trade(rig, 14);
	expect_gap(rig, TICK_TRADE, 11, 13);
	pipeline_rig_expect_trade(rig, 14, true);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_DUPLICATES), 1);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
}

static void
a_tick_that_the_board_does_not_know_of_yet_counts(void **state)
{
	struct pipeline_rig *rig = *state;
	struct ring_tick t = {.meta = ring_meta(0, TICK_TRADE, TICK_FLAG_FIRST | TICK_FLAG_LAST, 2),
	    .id = 11};

	pipeline_rig_trade(rig, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	ring_publish(&rig->ring, &t); /* and died before the board was written */
	pipeline_rig_expect_trade(rig, 11, false);
	restart(rig);
	pipeline_rig_trade(rig, 11);
	pipeline_rig_trade(rig, 12);
	pipeline_rig_expect_trade(rig, 12, false);
}

static void
a_board_entry_that_was_left_half_written_counts(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	__atomic_fetch_or(&board_entry(&rig->board, 0)->state.seq, 1, __ATOMIC_RELAXED);
	memset(rig->ring.slots, 0, sizeof(struct tick) * 2); /* the ring has gone past it */
	pipeline_rig_kill(rig);
	pipeline_rig_open(rig, LATER_NS);
	assert_int_equal(pipeline_rig_data(rig, 0).trade_id, 10);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_STALE);
}

static void
a_gap_that_was_told_before_the_end_is_not_told_again(void **state)
{
	struct pipeline_rig *rig = *state;
	struct ring_tick t = {.meta = ring_meta(0, TICK_FEED_EVENT, TICK_FLAG_FIRST, 2),
	    .v = {TICK_REASON_GAP, TICK_TRADE, 11, 14}};

	pipeline_rig_trade(rig, 10);
	pipeline_rig_expect_trade(rig, 10, false);
	ring_publish(&rig->ring, &t); /* and died before the trade with id 15 */
	expect_gap(rig, TICK_TRADE, 11, 14);
	restart(rig);
	pipeline_rig_trade(rig, 20);
	expect_gap(rig, TICK_TRADE, 15, 19);
	pipeline_rig_expect_trade(rig, 20, true);
}

static void
a_chain_without_its_end_was_not_delivered(void **state)
{
	struct pipeline_rig *rig = *state;
	struct ring_tick t = {.meta = ring_meta(0, TICK_BOOK_DELTA, TICK_FLAG_FIRST, 2), .id = 14,
	    .first_id = 10};

	feed_depth(rig, 5, 9);
	pipeline_rig_tick(rig);
	pipeline_rig_tick(rig);
	ring_publish(&rig->ring, &t);
	pipeline_rig_tick(rig);
	restart(rig);
	feed_depth(rig, 15, 16);
	expect_gap(rig, TICK_BOOK_DELTA, 10, 14);
	assert_true(pipeline_rig_tick(rig).flags & TICK_FLAG_GAP_BEFORE);
}

/* ---- the control plane ------------------------------------------------------- */

static void
words_for_the_control_plane_come_in_order(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_control c;

	assert_false(pipeline_next_control(rig->pipeline, &c));
	pipeline_rig_feed(rig, 1, "{\"result\":null,\"id\":7}");
	pipeline_rig_feed(rig, 3, "{\"code\":2,\"msg\":\"Invalid request\",\"id\":8}");
	pipeline_rig_feed(rig, 4, "{\"e\":\"serverShutdown\",\"E\":1700000000123}");
	assert_true(pipeline_next_control(rig->pipeline, &c));
	assert_int_equal(c.kind, EVENT_REPLY);
	assert_int_equal(c.line, 1);
	assert_int_equal(c.id, 7);
	assert_true(pipeline_next_control(rig->pipeline, &c));
	assert_int_equal(c.kind, EVENT_ERROR_REPLY);
	assert_int_equal(c.line, 3);
	assert_int_equal(c.id, 8);
	assert_int_equal(c.code, 2);
	assert_string_equal(c.text, "Invalid request");
	assert_true(pipeline_next_control(rig->pipeline, &c));
	assert_int_equal(c.kind, EVENT_SERVER_SHUTDOWN);
	assert_int_equal(c.line, 4);
	assert_false(pipeline_next_control(rig->pipeline, &c));
}

static void
a_flood_of_replies_is_dropped_behind_the_first_ones(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_control c;

	for (int i = 0; i < 300; i++)
		pipeline_rig_feedf(rig, "{\"result\":null,\"id\":%d}", i);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_REPLIES), 300);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_CONTROLS_DROPPED),
	    300 - (PIPELINE_CONTROLS_MAX - 1));
	for (int i = 0; i < PIPELINE_CONTROLS_MAX - 1; i++) {
		assert_true(pipeline_next_control(rig->pipeline, &c));
		assert_int_equal(c.id, i);
	}
	assert_false(pipeline_next_control(rig->pipeline, &c));
}

static void
a_long_error_text_is_cut(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_control c;

	pipeline_rig_feedf(rig, "{\"code\":2,\"msg\":\"%0500d\",\"id\":1}", 0);
	assert_true(pipeline_next_control(rig->pipeline, &c));
	assert_int_equal(strlen(c.text), sizeof(c.text) - 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_start_is_told_first),
		TEST(a_gap_is_told_with_its_ids_ahead_of_the_trade),
		TEST(what_came_before_is_dropped_and_counted),
		TEST(a_gap_in_the_book_is_flagged_on_the_first_tick_of_the_chain_only),
		TEST(a_value_that_does_not_fit_is_told_and_not_published),
		TEST(everything_that_is_no_market_event_is_counted_by_kind),
		TEST(a_binary_message_is_counted_as_such),
		TEST(a_full_directory_drops_new_instruments_and_keeps_the_old),
		TEST(a_symbol_that_is_no_text_never_enters_the_directory),
		TEST(a_line_is_told_in_band_and_decides_nothing_for_its_streams),
		TEST(every_line_that_was_heard_is_told_once),
		TEST(after_a_restart_the_ids_go_on_and_the_gap_is_told),
		TEST(a_tick_that_the_board_does_not_know_of_yet_counts),
		TEST(a_board_entry_that_was_left_half_written_counts),
		TEST(a_gap_that_was_told_before_the_end_is_not_told_again),
		TEST(a_chain_without_its_end_was_not_delivered),
		TEST(words_for_the_control_plane_come_in_order),
		TEST(a_flood_of_replies_is_dropped_behind_the_first_ones),
		TEST(a_long_error_text_is_cut),
	};

	return cmocka_run_group_tests_name("pipeline life", tests, NULL, NULL);
}
