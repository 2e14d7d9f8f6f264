/* What a book's life looks like in the ring and on the board, and which snapshots are wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/books_rig.h"


static const struct books_cfg cfg = {
	.instruments_max = PIPELINE_RIG_INSTRUMENTS,
	.levels_max = 200,
	.memory_bytes = 1 << 20,
	.rule = BOOKSYNC_SPOT,
	.depth = PIPELINE_RIG_DEPTH,
	.renew_after = {0},
};

static int
setup(void **state)
{
	struct pipeline_rig *rig;

	if (pipeline_rig_setup_books(state, &cfg, PIPELINE_RIG_DEPTH) != 0)
		return -1;
	rig = *state;
	if (pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@depth@100ms")) != 0 ||
	    pipeline_add_stream(rig->pipeline, 1, BYTES_LIT("xyzusdt@depth@100ms")) != 0)
		return -1;
	return pipeline_add_stream(rig->pipeline, 2, BYTES_LIT("plnusdt@trade"));
}

/* One bid at 5 and one ask at 50. */
static enum booksync_outcome
give_snapshot(struct pipeline_rig *rig, uint32_t instrument, int64_t id)
{
	const struct tick_level bid = {5 * E8, E8}, ask = {50 * E8, E8};
	const struct booksync_snapshot s = {.id = id, .exch_ns = TICK_ABSENT, .bids = &bid,
	    .asks = &ask, .nbids = 1, .nasks = 1, .limit = 100};

	return pipeline_on_snapshot(rig->pipeline, instrument, &s,
	    (wall_t){PIPELINE_RIG_RECV_NS}, (mono_t){5000});
}

static struct tick
expect(struct pipeline_rig *rig, enum tick_type type, unsigned flags, int64_t id)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, type);
	assert_int_equal(t.flags, flags);
	assert_int_equal(t.id, id);
	return t;
}

static void
assert_gone(struct pipeline_rig *rig, uint32_t id)
{
	struct books_want want;

	assert_true(pipeline_next_want(rig->pipeline, &want));
	assert_true(want.gone);
	assert_int_equal(want.instrument, id);
}

#define DELTA (TICK_FLAG_FIRST | TICK_FLAG_LAST)
#define WAITS (DELTA | TICK_FLAG_STALE)

/* Instrument 0 in sync at id 20, its ticks read. */
static void
make_live(struct pipeline_rig *rig)
{
	give(rig, "ABCUSDT", 11, 20, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	assert_int_equal(give_snapshot(rig, 0, 15), BOOKSYNC_JOINED);
	expect(rig, TICK_BOOK_DELTA, WAITS, 20);
	pipeline_rig_event(rig, TICK_REASON_BOOK_SYNCED);
	expect(rig, TICK_BOOK_CLEAR, TICK_FLAG_FIRST | TICK_FLAG_REPLAY, 20);
	expect(rig, TICK_BOOK_DELTA, TICK_FLAG_REPLAY, 20);
	expect(rig, TICK_BOOK_DELTA, TICK_FLAG_REPLAY | TICK_FLAG_LAST | TICK_FLAG_SIDE, 20);
	pipeline_rig_no_tick(rig);
}

static void
a_book_is_shown_whole_when_it_comes_into_sync(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 11, 20, 7);
	assert_state(rig, 0, TICK_DATA_SYNCING, TICK_REASON_BOOK_LOST);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	give(rig, "ABCUSDT", 21, 30, 8);
	assert_nothing_wanted(rig); /* once is enough */
	expect(rig, TICK_BOOK_DELTA, WAITS, 20);
	expect(rig, TICK_BOOK_DELTA, WAITS, 30);
	assert_int_equal(give_snapshot(rig, 0, 20), BOOKSYNC_JOINED);
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_BOOK_SYNCED).event.b, 30);
	expect(rig, TICK_BOOK_CLEAR, TICK_FLAG_FIRST | TICK_FLAG_REPLAY, 30);
	assert_int_equal(pipeline_rig_tick(rig).book.first[0].price, 8 * E8);
	pipeline_rig_tick(rig);
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
	assert_int_equal(best_bid_on_board(rig, 0, 30), 8);
	give(rig, "ABCUSDT", 31, 31, 9);
	expect(rig, TICK_BOOK_DELTA, DELTA, 31);
	assert_int_equal(best_bid_on_board(rig, 0, 31), 9);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BOOK_SYNCS), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_SNAPSHOTS), 1);
}

static void
a_gap_keeps_the_old_image_flagged_and_heals_that_one_only(void **state)
{
	struct pipeline_rig *rig = *state;

	make_live(rig);
	give(rig, "XYZUSDT", 1, 2, 3);
	assert_wanted(rig, 1, SNAPSCHED_NEVER, false);
	give_snapshot(rig, 1, 1);
	while (pipeline_rig_tick(rig).flags != (TICK_FLAG_REPLAY | TICK_FLAG_LAST | TICK_FLAG_SIDE))
		;
	give(rig, "ABCUSDT", 25, 30, 8);
	pipeline_rig_event(rig, TICK_REASON_GAP);
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_BOOK_LOST).event.b, 20);
	expect(rig, TICK_BOOK_DELTA, WAITS | TICK_FLAG_GAP_BEFORE, 30);
	assert_state(rig, 0, TICK_DATA_SYNCING, TICK_REASON_GAP);
	assert_state(rig, 1, TICK_DATA_LIVE, TICK_REASON_NONE);
	assert_int_equal(best_bid_on_board(rig, 0, 20), 7);
	assert_wanted(rig, 0, SNAPSCHED_GAP, false);
	assert_nothing_wanted(rig);
	assert_int_equal(give_snapshot(rig, 0, 20), BOOKSYNC_TOO_OLD);
	assert_wanted(rig, 0, SNAPSCHED_GAP, true);
	pipeline_rig_no_tick(rig);
	assert_int_equal(give_snapshot(rig, 0, 26), BOOKSYNC_JOINED);
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
	assert_int_equal(best_bid_on_board(rig, 0, 30), 8);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BOOK_GAPS), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_SNAPSHOTS_TOO_OLD), 1);
}

/* Of an exchange that began to count anew meanwhile, say: no change would ever fit it. */
static void
a_book_whose_snapshot_stays_ahead_of_all_changes_is_lost(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 11, 20, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	assert_int_equal(give_snapshot(rig, 0, 1000000), BOOKSYNC_JOINED);
	give(rig, "ABCUSDT", 21, 30, 8); /* on its way when the snapshot was made */
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
	rig->stamps.recv_mono.ns += INT64_C(40000000000);
	give(rig, "ABCUSDT", 31, 40, 8);
	assert_state(rig, 0, TICK_DATA_SYNCING, TICK_REASON_GAP);
	assert_wanted(rig, 0, SNAPSCHED_GAP, true);
	give(rig, "ABCUSDT", 41, 50, 9);
	assert_nothing_wanted(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BOOK_GAPS), 1);
	assert_int_equal(give_snapshot(rig, 0, 45), BOOKSYNC_JOINED);
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
	assert_int_equal(best_bid_on_board(rig, 0, 50), 9);
	rig->stamps.recv_mono.ns += INT64_C(40000000000);
	give(rig, "ABCUSDT", 51, 60, 10);
	assert_int_equal(best_bid_on_board(rig, 0, 60), 10);
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
}

static void
a_crossed_book_is_lost(void **state)
{
	struct pipeline_rig *rig = *state;

	make_live(rig);
	give(rig, "ABCUSDT", 21, 22, 50);
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_BOOK_CROSSED).event.b, 22);
	expect(rig, TICK_BOOK_DELTA, WAITS, 22);
	assert_state(rig, 0, TICK_DATA_SYNCING, TICK_REASON_BOOK_CROSSED);
	assert_int_equal(best_bid_on_board(rig, 0, 20), 7);
	assert_wanted(rig, 0, SNAPSCHED_CROSSED, true);
}

static void
changes_that_a_snapshot_had_are_not_to_be_applied_again(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 11, 20, 7);
	assert_int_equal(give_snapshot(rig, 0, 30), BOOKSYNC_JOINED);
	while (pipeline_rig_tick(rig).flags != (TICK_FLAG_REPLAY | TICK_FLAG_LAST | TICK_FLAG_SIDE))
		;
	give(rig, "ABCUSDT", 21, 30, 9);
	expect(rig, TICK_BOOK_DELTA, WAITS, 30);
	assert_int_equal(best_bid_on_board(rig, 0, 30), 5);
	give(rig, "ABCUSDT", 31, 31, 6);
	expect(rig, TICK_BOOK_DELTA, DELTA, 31);
	assert_int_equal(best_bid_on_board(rig, 0, 31), 6);
}

static void
other_messages_do_not_make_a_lost_book_live(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 11, 20, 7);
	pipeline_rig_trade(rig, 1);
	assert_state(rig, 0, TICK_DATA_SYNCING, TICK_REASON_BOOK_LOST);
	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"PLNUSDT\",\"t\":1,"
	    "\"p\":\"1\",\"q\":\"1\",\"T\":1700000000120,\"m\":true,\"M\":true}");
	assert_state(rig, 2, TICK_DATA_LIVE, TICK_REASON_NONE);
	give_snapshot(rig, 0, 15);
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
}

static void
silence_and_a_lost_book_are_told_apart(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 11, 20, 7);
	pipeline_on_stream_stale(rig->pipeline, 0, TICK_REASON_SILENT, (wall_t){1}, (mono_t){1});
	assert_state(rig, 0, TICK_DATA_STALE, TICK_REASON_SILENT);
	give(rig, "ABCUSDT", 21, 22, 7);
	assert_state(rig, 0, TICK_DATA_SYNCING, TICK_REASON_BOOK_LOST);
}

static void
ids_that_start_anew_lose_the_book(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 5000011, 5000020, 7);
	give_snapshot(rig, 0, 5000015);
	give(rig, "ABCUSDT", 11, 20, 8);
	assert_int_equal(pipeline_book(rig->pipeline, 0)->state, BOOKSYNC_GAP);
	assert_int_equal(give_snapshot(rig, 0, 15), BOOKSYNC_JOINED);
	assert_int_equal(pipeline_book(rig->pipeline, 0)->at, 20);
}

/* 100 bids of a snapshot that was cut there; the market eats them up. */
static void
a_book_that_became_shallow_is_renewed_while_it_is_live(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_level bids[100], ask = {5000 * E8, E8};
	struct booksync_snapshot s = {.id = 15, .exch_ns = TICK_ABSENT, .bids = bids,
	    .asks = &ask, .nbids = 100, .nasks = 1, .limit = 100};

	for (int i = 0; i < 100; i++)
		bids[i] = (struct tick_level){(1000 - i) * E8, E8};
	give(rig, "ABCUSDT", 11, 20, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	pipeline_on_snapshot(rig->pipeline, 0, &s, (wall_t){1}, MONO_ZERO);
	for (int i = 0; i < 98; i++) {
		assert_nothing_wanted(rig);
		pipeline_rig_feedf(rig,
		    "{\"e\":\"depthUpdate\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"U\":%d,"
		    "\"u\":%d,\"b\":[[\"%d\",\"0\"]],\"a\":[]}", 21 + i, 21 + i, 1000 - i);
	}
	assert_wanted(rig, 0, SNAPSCHED_REFRESH, false);
	assert_int_equal(pipeline_book(rig->pipeline, 0)->state, BOOKSYNC_LIVE);
	s.id = 110;
	s.nbids = 50;
	assert_int_equal(
	    pipeline_on_snapshot(rig->pipeline, 0, &s, (wall_t){1}, (mono_t){5000}),
	    BOOKSYNC_TOO_OLD);
	assert_wanted(rig, 0, SNAPSCHED_REFRESH, true);
	s.id = 118;
	assert_int_equal(
	    pipeline_on_snapshot(rig->pipeline, 0, &s, (wall_t){1}, (mono_t){5000}),
	    BOOKSYNC_JOINED);
	assert_state(rig, 0, TICK_DATA_LIVE, TICK_REASON_NONE);
}

static void
a_removed_stream_takes_its_book_along(void **state)
{
	struct pipeline_rig *rig = *state;
	struct books_sums sums;

	make_live(rig);
	give(rig, "XYZUSDT", 1, 2, 3);
	assert_int_equal(pipeline_books(rig->pipeline).books, 2);
	assert_int_equal(pipeline_books(rig->pipeline).live, 1);
	pipeline_remove_stream(rig->pipeline, 0);
	pipeline_remove_stream(rig->pipeline, 1);
	assert_null(pipeline_book(rig->pipeline, 0));
	sums = pipeline_books(rig->pipeline);
	assert_int_equal(sums.books, 0);
	assert_int_equal(sums.bytes, 0);
	assert_gone(rig, 1); /* what may have been asked for it */
	assert_nothing_wanted(rig);
	assert_int_equal(give_snapshot(rig, 0, 1), BOOKSYNC_OUTCOMES);
	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@depth@100ms")), 0);
	give(rig, "ABCUSDT", 31, 40, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
}

static void
a_wish_is_taken_back_when_the_stream_goes_and_comes_anew_with_it(void **state)
{
	struct pipeline_rig *rig = *state;

	give(rig, "ABCUSDT", 11, 20, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	pipeline_remove_stream(rig->pipeline, 0);
	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@depth@100ms")), 0);
	give(rig, "ABCUSDT", 21, 30, 7);
	assert_gone(rig, 0); /* in this order */
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	pipeline_remove_stream(rig->pipeline, 0);
	pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@depth@100ms"));
	give(rig, "ABCUSDT", 31, 40, 7);
	pipeline_remove_stream(rig->pipeline, 0);
	assert_gone(rig, 0);
	assert_nothing_wanted(rig);
	/* In sync: nothing is asked for, so nothing is taken back. */
	give(rig, "XYZUSDT", 1, 2, 3);
	assert_wanted(rig, 1, SNAPSCHED_NEVER, false);
	give_snapshot(rig, 1, 1);
	pipeline_remove_stream(rig->pipeline, 1);
	assert_nothing_wanted(rig);
}

static void
nothing_is_wanted_of_a_closed_instrument_before_it_changes(void **state)
{
	struct pipeline_rig *rig = *state;
	struct listing *list = calloc(1, sizeof(*list) + sizeof(list->item[0]));

	assert_non_null(list);
	list->n = 1;
	list->item[0] = (struct listed){.symbol = "ABCUSDT", .symbol_bytes = 7,
	    .trading = TICK_TRADING_CLOSED};
	give(rig, "ABCUSDT", 11, 20, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	pipeline_list(rig->pipeline, list, (wall_t){1}, (mono_t){1});
	assert_gone(rig, 0);
	assert_nothing_wanted(rig);
	give(rig, "ABCUSDT", 21, 30, 7);
	assert_wanted(rig, 0, SNAPSCHED_NEVER, false);
	pipeline_list(rig->pipeline, NULL, (wall_t){1}, (mono_t){1});
	free(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_book_is_shown_whole_when_it_comes_into_sync),
		TEST(a_gap_keeps_the_old_image_flagged_and_heals_that_one_only),
		TEST(a_book_whose_snapshot_stays_ahead_of_all_changes_is_lost),
		TEST(a_crossed_book_is_lost),
		TEST(changes_that_a_snapshot_had_are_not_to_be_applied_again),
		TEST(other_messages_do_not_make_a_lost_book_live),
		TEST(silence_and_a_lost_book_are_told_apart),
		TEST(ids_that_start_anew_lose_the_book),
		TEST(a_book_that_became_shallow_is_renewed_while_it_is_live),
		TEST(a_removed_stream_takes_its_book_along),
		TEST(a_wish_is_taken_back_when_the_stream_goes_and_comes_anew_with_it),
		TEST(nothing_is_wanted_of_a_closed_instrument_before_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
