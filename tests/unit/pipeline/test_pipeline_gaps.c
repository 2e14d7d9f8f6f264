/* Ids that are missing and come later, by REST. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/pipeline_rig.h"

#define LATER_NS (PIPELINE_RIG_RECV_NS + 5000000000)

static int
setup(void **state)
{
	static const struct gaps_cfg gaps = {.gaps_max = 2, .ids_max = 5};

	return pipeline_rig_setup_gaps(state, &gaps);
}

static void
aggregate(struct pipeline_rig *rig, int64_t id)
{
	pipeline_rig_feedf(rig,
	    "{\"e\":\"aggTrade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"a\":%lld,\"p\":\"12\","
	    "\"q\":\"1\",\"f\":1,\"l\":2,\"T\":1700000000120,\"m\":true,\"M\":true}",
	    (long long)id);
}

/* What REST has of the ids from `from` to `to`, all of them, up to `last`. */
static void
fill(struct pipeline_rig *rig, uint64_t ticket, int64_t from, int64_t to, int64_t last)
{
	struct past_trade trade[16];
	struct pipeline_fill f = {.ticket = ticket, .last = last, .trade = trade};

	for (int64_t id = from; id <= to; id++)
		trade[f.trades++] = (struct past_trade){.id = id, .price = 100 + id, .qty = id,
		    .first_id = 7, .last_id = 8, .trade_ns = 1700000000000000000 + id,
		    .buyer_maker = id % 2};
	pipeline_on_fill(rig->pipeline, &f, (wall_t){LATER_NS}, (mono_t){2000});
}

static struct tick
expect_live(struct pipeline_rig *rig, enum tick_type type, int64_t id)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, type);
	assert_int_equal(t.id, id);
	assert_int_equal(t.flags & TICK_FLAG_REPLAY, 0);
	return t;
}

static void
expect_past(struct pipeline_rig *rig, enum tick_type type, int64_t from, int64_t to)
{
	for (int64_t id = from; id <= to; id++) {
		struct tick t = pipeline_rig_tick(rig);

		assert_int_equal(t.type, type);
		assert_int_equal(t.id, id);
		assert_int_equal(t.flags, TICK_FLAG_FIRST | TICK_FLAG_LAST | TICK_FLAG_REPLAY |
		    (id % 2 ? TICK_FLAG_SIDE : 0));
		assert_int_equal(t.instrument, 0);
		assert_int_equal(t.exch_ns, TICK_ABSENT);
		assert_int_equal(t.recv_ns, LATER_NS);
		assert_int_equal(t.trade.price, 100 + id);
		assert_int_equal(t.trade.qty, id);
		assert_int_equal(t.trade.last_id, 8);
		assert_int_equal(t.first_id, 7);
		assert_int_equal(t.trade_ns, 1700000000000000000 + id);
	}
}

static void
expect_word(struct pipeline_rig *rig, enum tick_reason reason, enum tick_type type, int64_t first,
    int64_t last)
{
	struct tick t = pipeline_rig_event(rig, reason);

	assert_int_equal(t.instrument, 0);
	assert_int_equal(t.event.a, type);
	assert_int_equal(t.event.b, first);
	assert_int_equal(t.event.c, last);
	assert_int_equal(t.flags & TICK_FLAG_REPLAY,
	    reason == TICK_REASON_GAP ? 0 : TICK_FLAG_REPLAY);
}

/* Trades 10 and 14: a gap of three. */
static void
make_gap(struct pipeline_rig *rig)
{
	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_trade_on(rig, 2, 14);
	expect_live(rig, TICK_TRADE, 10);
	expect_word(rig, TICK_REASON_GAP, TICK_TRADE, 11, 13);
	expect_live(rig, TICK_TRADE, 14);
}

static void
a_gap_is_asked_for_once_and_filled_part_by_part_beside_what_comes_live(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_gap gap;
	struct tick_last_trade last;

	make_gap(rig);
	pipeline_rig_no_tick(rig);
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	assert_int_equal(gap.ticket, 1);
	assert_int_equal(gap.instrument, 0);
	assert_false(gap.aggregate);
	assert_int_equal(gap.first, 11);
	assert_int_equal(gap.last, 13);
	assert_false(pipeline_next_gap(rig->pipeline, &gap));
	fill(rig, 1, 11, 12, 12);
	expect_past(rig, TICK_TRADE, 11, 12);
	pipeline_rig_no_tick(rig);
	pipeline_rig_trade_on(rig, 2, 15);
	expect_live(rig, TICK_TRADE, 15);
	fill(rig, 1, 13, 13, 13);
	expect_past(rig, TICK_TRADE, 13, 13);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 11, 13);
	pipeline_rig_trade_on(rig, 2, 16);
	expect_live(rig, TICK_TRADE, 16);
	pipeline_rig_no_tick(rig);
	assert_int_equal(tick_board_trade(rig->look, 0, &last), 0);
	assert_int_equal(last.id, 16);
	assert_int_equal(pipeline_rig_data(rig, 0).trade_id, 16);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADES), 4);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_GAPS), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_IDS), 3);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_MISSING), 0);
}

static void
the_board_keeps_its_last_trade(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_last_trade last;

	make_gap(rig);
	fill(rig, 1, 11, 13, 13);
	assert_int_equal(tick_board_trade(rig->look, 0, &last), 0);
	assert_int_equal(last.id, 14);
	assert_int_equal(last.price, 1234000000);
}

static void
aggregates_are_filled_as_trades_are(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_gap gap;

	aggregate(rig, 20);
	aggregate(rig, 22);
	expect_live(rig, TICK_AGG_TRADE, 20);
	expect_word(rig, TICK_REASON_GAP, TICK_AGG_TRADE, 21, 21);
	expect_live(rig, TICK_AGG_TRADE, 22);
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	assert_true(gap.aggregate);
	fill(rig, gap.ticket, 21, 21, 21);
	expect_past(rig, TICK_AGG_TRADE, 21, 21);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_AGG_TRADE, 21, 21);
}

static void
what_is_not_to_be_had_is_told_to_stay_missing(void **state)
{
	struct pipeline_rig *rig = *state;

	make_gap(rig);
	fill(rig, 1, 12, 12, 13);
	expect_word(rig, TICK_REASON_UNFILLED, TICK_TRADE, 11, 11);
	expect_past(rig, TICK_TRADE, 12, 12);
	expect_word(rig, TICK_REASON_UNFILLED, TICK_TRADE, 13, 13);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 11, 13);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_MISSING), 2);
	pipeline_rig_trade_on(rig, 2, 16);
	pipeline_rig_event(rig, TICK_REASON_GAP);
	expect_live(rig, TICK_TRADE, 16);
	fill(rig, 2, 1, 0, 15); /* nothing at all */
	expect_word(rig, TICK_REASON_UNFILLED, TICK_TRADE, 15, 15);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 15, 15);
}

static void
no_id_is_told_twice_by_an_original_that_comes_late_or_a_page_that_comes_again(void **state)
{
	struct pipeline_rig *rig = *state;

	make_gap(rig);
	pipeline_rig_trade_on(rig, 4, 12); /* of another line */
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_LATE), 1);
	fill(rig, 1, 11, 12, 12);
	expect_past(rig, TICK_TRADE, 11, 12);
	fill(rig, 1, 11, 12, 12);
	pipeline_rig_no_tick(rig);
	fill(rig, 1, 11, 13, 13); /* a page that overlaps, and goes on */
	expect_past(rig, TICK_TRADE, 13, 13);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 11, 13);
	fill(rig, 1, 11, 13, 13);
	pipeline_rig_trade_on(rig, 4, 13);
	pipeline_rig_no_tick(rig);
}

static void
answers_that_belong_to_no_gap_change_nothing(void **state)
{
	struct pipeline_rig *rig = *state;
	struct past_trade trade = {.id = 11, .price = 1, .qty = 1};
	struct pipeline_fill f = {.ticket = 1, .instrument = 3, .last = 13, .trades = 1,
	    .trade = &trade};

	make_gap(rig);
	fill(rig, 0, 11, 13, 13);
	fill(rig, 2, 11, 13, 13);
	fill(rig, 1, 11, 15, 15); /* beyond its end */
	fill(rig, 1, 5, 9, 10);   /* before its begin */
	pipeline_on_fill(rig->pipeline, &f, (wall_t){LATER_NS}, (mono_t){2000});
	pipeline_rig_no_tick(rig);
	fill(rig, 1, 5, 15, 13); /* ids that were not asked for */
	expect_past(rig, TICK_TRADE, 11, 13);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 11, 13);
	pipeline_rig_no_tick(rig);
}

static void
gaps_beyond_the_limits_are_not_asked_for_and_that_is_told_behind_their_tick(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_gap gap;

	pipeline_rig_trade_on(rig, 2, 10);
	pipeline_rig_trade_on(rig, 2, 17); /* six ids, five are allowed */
	expect_live(rig, TICK_TRADE, 10);
	expect_word(rig, TICK_REASON_GAP, TICK_TRADE, 11, 16);
	expect_live(rig, TICK_TRADE, 17);
	expect_word(rig, TICK_REASON_UNFILLED, TICK_TRADE, 11, 16);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 11, 16);
	assert_false(pipeline_next_gap(rig->pipeline, &gap));
	for (int64_t id = 19; id <= 23; id += 2) { /* three gaps, two are allowed */
		pipeline_rig_trade_on(rig, 2, id);
		expect_word(rig, TICK_REASON_GAP, TICK_TRADE, id - 1, id - 1);
		expect_live(rig, TICK_TRADE, id);
	}
	expect_word(rig, TICK_REASON_UNFILLED, TICK_TRADE, 22, 22);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 22, 22);
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	assert_false(pipeline_next_gap(rig->pipeline, &gap));
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_UNASKED), 2);
	fill(rig, 1, 18, 18, 18);
	expect_past(rig, TICK_TRADE, 18, 18);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 18, 18);
	fill(rig, 2, 20, 20, 20);
	expect_past(rig, TICK_TRADE, 20, 20);
}

static void
ids_that_start_anew_end_the_gaps_of_the_old_count(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_trade_on(rig, 2, 5000000);
	pipeline_rig_trade_on(rig, 2, 5000003);
	expect_live(rig, TICK_TRADE, 5000000);
	pipeline_rig_event(rig, TICK_REASON_GAP);
	expect_live(rig, TICK_TRADE, 5000003);
	fill(rig, 1, 5000001, 5000001, 5000001);
	expect_past(rig, TICK_TRADE, 5000001, 5000001);
	pipeline_rig_trade_on(rig, 2, 1);
	expect_word(rig, TICK_REASON_UNFILLED, TICK_TRADE, 5000002, 5000002);
	expect_word(rig, TICK_REASON_BACKFILLED, TICK_TRADE, 5000001, 5000002);
	pipeline_rig_event(rig, TICK_REASON_RENUMBERED);
	t = expect_live(rig, TICK_TRADE, 1);
	assert_int_equal(t.flags & TICK_FLAG_GAP_BEFORE, TICK_FLAG_GAP_BEFORE);
	fill(rig, 1, 5000002, 5000002, 5000002);
	pipeline_rig_no_tick(rig);
}

static void
no_more_gaps_wait_for_an_answer_than_are_allowed_when_ids_start_anew(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_gap gap;

	for (int64_t id = 5000000; id <= 5000004; id += 2)
		pipeline_rig_trade_on(rig, 2, id); /* two gaps, as many as are allowed */
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	pipeline_rig_trade_on(rig, 2, 1);
	pipeline_rig_trade_on(rig, 2, 3);
	assert_false(pipeline_next_gap(rig->pipeline, &gap));
	for (unsigned i = 0; i < 15; i++)
		pipeline_rig_tick(rig);
	pipeline_rig_no_tick(rig);
	fill(rig, 1, 5000001, 5000001, 5000001);
	pipeline_rig_no_tick(rig);
	pipeline_rig_trade_on(rig, 2, 5);
	assert_true(pipeline_next_gap(rig->pipeline, &gap));
	assert_int_equal(gap.first, 4);
	assert_false(pipeline_next_gap(rig->pipeline, &gap));
}

static void
without_backfill_a_gap_is_told_and_that_is_all(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_gap gap;

	make_gap(rig);
	assert_false(pipeline_next_gap(rig->pipeline, &gap));
	fill(rig, 1, 11, 13, 13);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_GAPS), 0);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BACKFILL_UNASKED), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gap_is_asked_for_once_and_filled_part_by_part_beside_what_comes_live),
		TEST(the_board_keeps_its_last_trade),
		TEST(aggregates_are_filled_as_trades_are),
		TEST(what_is_not_to_be_had_is_told_to_stay_missing),
		TEST(no_id_is_told_twice_by_an_original_that_comes_late_or_a_page_that_comes_again),
		TEST(answers_that_belong_to_no_gap_change_nothing),
		TEST(gaps_beyond_the_limits_are_not_asked_for_and_that_is_told_behind_their_tick),
		TEST(ids_that_start_anew_end_the_gaps_of_the_old_count),
		TEST(no_more_gaps_wait_for_an_answer_than_are_allowed_when_ids_start_anew),
		cmocka_unit_test_setup_teardown(without_backfill_a_gap_is_told_and_that_is_all,
		    pipeline_rig_setup, pipeline_rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
