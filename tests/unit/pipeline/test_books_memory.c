/* Books when there is no memory for all their levels: which are live, and when they are again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/books_rig.h"

#define BOOKS 16

/* Room for the levels of 112 blocks, 14 of which are the reserve. */
static const struct books_cfg cfg = {
	.instruments_max = PIPELINE_RIG_INSTRUMENTS,
	.levels_max = 4000,
	.memory_bytes = 112 * 8 / 7 * (int64_t)sizeof(struct book_block),
	.rule = BOOKSYNC_SPOT,
	.depth = PIPELINE_RIG_DEPTH,
	.renew_after = {0},
};

static int
setup(void **state)
{
	struct pipeline_rig *rig;
	char name[32];

	if (pipeline_rig_setup_books(state, &cfg, PIPELINE_RIG_DEPTH) != 0)
		return -1;
	rig = *state;
	for (uint32_t i = 0; i < BOOKS; i++) {
		snprintf(name, sizeof(name), "s%uusdt@depth@100ms", i);
		if (pipeline_add_stream(rig->pipeline, i, bytes_of(name)) != 0)
			return -1;
	}
	return 0;
}

/* A snapshot of n bids from 5000 downwards, and as many asks. */
static enum booksync_outcome
give_deep(struct pipeline_rig *rig, uint32_t instrument, int64_t id, uint32_t n)
{
	static struct tick_level bids[2000], asks[2000];
	const struct booksync_snapshot s = {.id = id, .exch_ns = TICK_ABSENT, .bids = bids,
	    .asks = asks, .nbids = n, .nasks = n, .limit = 2000};

	for (uint32_t i = 0; i < n; i++) {
		bids[i] = (struct tick_level){(5000 - i) * E8, E8};
		asks[i] = (struct tick_level){(6000 + i) * E8, E8};
	}
	return pipeline_on_snapshot(rig->pipeline, instrument, &s,
	    (wall_t){PIPELINE_RIG_RECV_NS}, (mono_t){5000});
}

static struct tick
find_event(struct pipeline_rig *rig, enum tick_reason reason)
{
	struct tick t = pipeline_rig_tick(rig);

	while (t.type != TICK_FEED_EVENT || t.event.reason != (int64_t)reason)
		t = pipeline_rig_tick(rig);
	return t;
}

static void
books_that_find_no_memory_are_not_live_until_there_is_some(void **state)
{
	struct pipeline_rig *rig = *state;
	struct books_want want;
	struct books_sums sums;
	uint32_t starved = 0, live = 0;
	char symbol[16];

	for (uint32_t i = 0; i < BOOKS; i++) {
		snprintf(symbol, sizeof(symbol), "S%uUSDT", i);
		give(rig, symbol, 11, 20, 7);
		assert_true(pipeline_next_want(rig->pipeline, &want));
		if (give_deep(rig, i, 15, 900) == BOOKSYNC_STARVED)
			starved++;
	}
	for (uint32_t i = 0; i < BOOKS; i++) {
		const struct booksync *sync = pipeline_book(rig->pipeline, i);

		if (sync->state == BOOKSYNC_LIVE) {
			live++;
			assert_true(book_is_known(&sync->book, PIPELINE_RIG_DEPTH));
			assert_int_equal(best_bid_on_board(rig, i, 20), 5000);
			continue;
		}
		assert_state(rig, i, TICK_DATA_SYNCING, TICK_REASON_BOOK_STARVED);
	}
	assert_true(starved > 0);
	assert_true(live > 0);
	sums = pipeline_books(rig->pipeline);
	assert_int_equal(sums.starving, starved);
	assert_int_equal(sums.live, live);
	assert_true(sums.cut > 0);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BOOKS_STARVED), starved);
	find_event(rig, TICK_REASON_BOOK_STARVED);

	/* Nothing is asked for as long as there is no memory; then it is, and the book is live. */
	while (pipeline_next_want(rig->pipeline, &want))
		;
	give(rig, "S15USDT", 21, 21, 8);
	assert_nothing_wanted(rig);
	for (uint32_t i = 0; i < BOOKS - 1; i++)
		pipeline_remove_stream(rig->pipeline, i);
	give(rig, "S15USDT", 22, 22, 8);
	assert_wanted(rig, BOOKS - 1, SNAPSCHED_NEVER, true);
	assert_int_equal(give_deep(rig, BOOKS - 1, 20, 100), BOOKSYNC_JOINED);
	assert_state(rig, BOOKS - 1, TICK_DATA_LIVE, TICK_REASON_NONE);
	assert_int_equal(pipeline_books(rig->pipeline).starving, 0);
}

static void
a_book_that_was_cut_for_want_of_memory_is_fetched_anew_when_there_is_some(void **state)
{
	struct pipeline_rig *rig = *state;
	struct books_want want;

	give(rig, "S0USDT", 11, 20, 7);
	assert_true(pipeline_next_want(rig->pipeline, &want));
	assert_int_equal(give_deep(rig, 0, 15, 1200), BOOKSYNC_JOINED);
	give(rig, "S1USDT", 11, 20, 7);
	assert_true(pipeline_next_want(rig->pipeline, &want));
	assert_int_equal(give_deep(rig, 1, 15, 1200), BOOKSYNC_JOINED);
	assert_int_equal(pipeline_books(rig->pipeline).cut, 1);
	give(rig, "S1USDT", 21, 21, 8);
	assert_nothing_wanted(rig);
	pipeline_remove_stream(rig->pipeline, 0);
	give(rig, "S1USDT", 22, 22, 8);
	assert_wanted(rig, 1, SNAPSCHED_REFRESH, false);
	assert_int_equal(give_deep(rig, 1, 22, 1200), BOOKSYNC_JOINED);
	assert_int_equal(pipeline_books(rig->pipeline).cut, 0);
	assert_int_equal(book_count(&pipeline_book(rig->pipeline, 1)->book, BOOK_ASK), 1200);
}

static void
not_all_that_wait_ask_for_the_memory_that_is_enough_for_one(void **state)
{
	struct pipeline_rig *rig = *state;
	uint32_t waiting = 0, asked = 0, live = UINT32_MAX, needed;
	const struct book_pool *pool;
	struct books_want want;
	char symbol[16];

	for (uint32_t i = 0; i < BOOKS; i++) {
		snprintf(symbol, sizeof(symbol), "S%uUSDT", i);
		give(rig, symbol, 11, 20, 7);
		while (pipeline_next_want(rig->pipeline, &want))
			;
		if (give_deep(rig, i, 15, 900) == BOOKSYNC_STARVED)
			waiting++;
		else
			live = i;
	}
	assert_true(waiting >= 3 && live < BOOKS);
	while (pipeline_next_want(rig->pipeline, &want))
		;
	/* Those that came last have the least. */
	pool = pipeline_book(rig->pipeline, live)->book.pool;
	needed = 2 * book_blocks_due(&pipeline_book(rig->pipeline, live)->book);
	for (uint32_t i = live; book_pool_free(pool) < needed; i--)
		if (pipeline_book(rig->pipeline, i)->state == BOOKSYNC_LIVE)
			pipeline_remove_stream(rig->pipeline, i);
	assert_true(book_pool_free(pool) < 2 * needed);
	for (uint32_t turn = 21; turn < 25; turn++)
		for (uint32_t i = 0; i < BOOKS; i++) {
			snprintf(symbol, sizeof(symbol), "S%uUSDT", i);
			give(rig, symbol, turn, turn, 7);
		}
	while (pipeline_next_want(rig->pipeline, &want))
		if (!want.gone) {
			assert_true(want.stale);
			asked++;
		}
	assert_int_equal(asked, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(books_that_find_no_memory_are_not_live_until_there_is_some),
		TEST(not_all_that_wait_ask_for_the_memory_that_is_enough_for_one),
		TEST(a_book_that_was_cut_for_want_of_memory_is_fetched_anew_when_there_is_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
