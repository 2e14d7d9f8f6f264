/* Joining snapshots with diffs: the rules as tables of ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/core/booksync.h"

#define BLOCKS 64
#define LEVELS_MAX 256
#define QUEUE_BLOCKS 8

struct rig {
	struct booksync sync;
	struct book_pool books;
	struct diffs_pool waiting;
	struct book_block block[BLOCKS];
	struct book_row row[512];
	struct diffs_block queue[QUEUE_BLOCKS];
};

static void
make_sync(struct rig *rig, enum booksync_rule rule)
{
	assert_true(book_rows_for(LEVELS_MAX) <= sizeof(rig->row) / sizeof(rig->row[0]));
	book_pool_init(&rig->books, rig->block, BLOCKS);
	diffs_pool_init(&rig->waiting, rig->queue, QUEUE_BLOCKS);
	book_init(&rig->sync.book, &rig->books, rig->row, LEVELS_MAX);
	diffs_init(&rig->sync.diffs, &rig->waiting, QUEUE_BLOCKS);
	booksync_init(&rig->sync, rule);
}

static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	*state = rig;
	if (!rig)
		return -1;
	make_sync(rig, BOOKSYNC_SPOT);
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

/* A diff whose one level is a bid, at the price of its last id: so the book shows what it has. */
static enum booksync_outcome
give(struct rig *rig, int64_t before, int64_t last)
{
	struct tick_level bid = {last, 1};
	struct diff diff = {.before = before, .first = before + 1, .last = last,
	    .exch_ns = last * 1000, .bids = &bid, .nbids = 1};

	return booksync_on_diff(&rig->sync, &diff);
}

/* A snapshot of one bid at price 1, which no diff touches. */
static enum booksync_outcome
give_snapshot(struct rig *rig, int64_t id)
{
	struct tick_level bid = {1, 1};
	struct booksync_snapshot s = {.id = id, .exch_ns = TICK_ABSENT, .bids = &bid, .nbids = 1,
	    .limit = 100};

	return booksync_on_snapshot(&rig->sync, &s);
}

/* ---- joining ---------------------------------------------------------------- */

struct join_row {
	enum booksync_rule rule;
	int64_t before[3], last[3]; /* diffs kept, 0: none */
	int64_t snapshot;
	enum booksync_outcome outcome;
	uint64_t dropped, applied;
	int64_t first_last; /* u of the first that is applied, -1: none */
	int64_t at;         /* JOINED: where the book is */
};

static const struct join_row join_rows[] = {
	/* Spot: U <= L + 1 <= u, consecutive ids. */
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 25, BOOKSYNC_JOINED, 1, 2, 30, 40},
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 20, BOOKSYNC_JOINED, 1, 2, 30, 40},
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 19, BOOKSYNC_JOINED, 0, 3, 20, 40},
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 10, BOOKSYNC_JOINED, 0, 3, 20, 40},
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 9, BOOKSYNC_TOO_OLD, 0, 0, -1, 0},
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 40, BOOKSYNC_JOINED, 3, 0, -1, 40},
	{BOOKSYNC_SPOT, {10, 20, 30}, {20, 30, 40}, 77, BOOKSYNC_JOINED, 3, 0, -1, 77},
	/* Futures: U <= L <= u; the ids between are other instruments'. */
	{BOOKSYNC_FUTURES, {10, 25, 37}, {25, 37, 48}, 30, BOOKSYNC_JOINED, 1, 2, 37, 48},
	{BOOKSYNC_FUTURES, {10, 25, 37}, {25, 37, 48}, 25, BOOKSYNC_JOINED, 0, 3, 25, 48},
	{BOOKSYNC_FUTURES, {10, 25, 37}, {25, 37, 48}, 48, BOOKSYNC_JOINED, 2, 1, 48, 48},
	{BOOKSYNC_FUTURES, {10, 25, 37}, {25, 37, 48}, 49, BOOKSYNC_JOINED, 3, 0, -1, 49},
	{BOOKSYNC_FUTURES, {10, 25, 37}, {25, 37, 48}, 9, BOOKSYNC_TOO_OLD, 0, 0, -1, 0},
	/* A hole among the diffs: what is before it counts no more. */
	{BOOKSYNC_SPOT, {10, 21, 30}, {20, 30, 40}, 19, BOOKSYNC_TOO_OLD, 0, 0, -1, 0},
	{BOOKSYNC_SPOT, {10, 21, 30}, {20, 30, 40}, 21, BOOKSYNC_JOINED, 0, 2, 30, 40},
	/* Nothing was kept: the next diff decides. */
	{BOOKSYNC_SPOT, {0}, {0}, 21, BOOKSYNC_WAITING, 0, 0, -1, 0},
};

static void
snapshots_join_by_the_rules_of_the_exchange(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(join_rows) / sizeof(join_rows[0]); i++) {
		const struct join_row *row = &join_rows[i];

		make_sync(rig, row->rule);
		for (int k = 0; k < 3 && row->last[k] > 0; k++)
			assert_int_equal(give(rig, row->before[k], row->last[k]), BOOKSYNC_KEPT);
		assert_int_equal(give_snapshot(rig, row->snapshot), row->outcome);
		assert_int_equal(rig->sync.tally.dropped, row->dropped);
		assert_int_equal(rig->sync.tally.applied, row->applied);
		assert_int_equal(rig->sync.tally.last, row->first_last);
		if (row->outcome == BOOKSYNC_JOINED) {
			assert_int_equal(rig->sync.state, BOOKSYNC_LIVE);
			assert_int_equal(rig->sync.at, row->at);
			assert_int_equal(book_count(&rig->sync.book, BOOK_BID), 1 + row->applied);
			assert_int_equal(rig->waiting.in_use, 0);
		} else {
			assert_int_equal(rig->sync.state, BOOKSYNC_SYNCING);
		}
	}
}

static void
a_snapshot_before_any_diff_is_live_with_the_diff_that_joins(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(give_snapshot(rig, 20), BOOKSYNC_WAITING);
	assert_int_equal(give(rig, 15, 22), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 22);
	make_sync(rig, BOOKSYNC_SPOT);
	assert_int_equal(give_snapshot(rig, 20), BOOKSYNC_WAITING);
	assert_int_equal(give(rig, 15, 18), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 20);
	assert_int_equal(give(rig, 18, 25), BOOKSYNC_APPLIED);
	make_sync(rig, BOOKSYNC_SPOT);
	assert_int_equal(give_snapshot(rig, 20), BOOKSYNC_WAITING);
	assert_false(booksync_wants(&rig->sync));
	assert_int_equal(give(rig, 21, 25), BOOKSYNC_TOO_OLD);
	assert_true(booksync_wants(&rig->sync));
	assert_int_equal(give_snapshot(rig, 21), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 25);
}

/* ---- going on --------------------------------------------------------------- */

static void
make_live(struct rig *rig, enum booksync_rule rule)
{
	make_sync(rig, rule);
	give(rig, 10, 20);
	assert_int_equal(give_snapshot(rig, 15), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 20);
}

static void
a_live_book_takes_what_follows_and_nothing_else(void **state)
{
	static const struct {
		int64_t before, last;
		enum booksync_outcome outcome;
	} rows[] = {
		{20, 25, BOOKSYNC_APPLIED}, {20, 25, BOOKSYNC_OLD}, {25, 26, BOOKSYNC_APPLIED},
		{22, 24, BOOKSYNC_OLD}, {24, 30, BOOKSYNC_APPLIED}, {31, 35, BOOKSYNC_GAPPED},
		{35, 36, BOOKSYNC_KEPT}, {35, 36, BOOKSYNC_OLD},
	};
	struct rig *rig = *state;

	for (int rule = BOOKSYNC_SPOT; rule <= BOOKSYNC_FUTURES; rule++) {
		make_live(rig, rule);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			assert_int_equal(give(rig, rows[i].before, rows[i].last), rows[i].outcome);
		assert_int_equal(rig->sync.state, BOOKSYNC_GAP);
		assert_true(booksync_wants(&rig->sync));
		/* The old book stays to be looked at. */
		assert_int_equal(book_count(&rig->sync.book, BOOK_BID), 5);
		assert_int_equal(give_snapshot(rig, 30), BOOKSYNC_TOO_OLD);
		assert_int_equal(give_snapshot(rig, 31), BOOKSYNC_JOINED);
		assert_int_equal(rig->sync.at, 36);
		assert_int_equal(rig->sync.gaps, 1);
	}
}

static void
a_crossed_book_is_not_live(void **state)
{
	struct rig *rig = *state;
	struct tick_level ask = {15, 1}, bid = {14, 1};
	struct diff diff = {.before = 20, .first = 21, .last = 22, .asks = &ask, .nasks = 1};
	struct booksync_snapshot s = {.id = 22, .bids = &ask, .nbids = 1, .asks = &bid, .nasks = 1,
	    .limit = 100};

	make_live(rig, BOOKSYNC_SPOT);
	assert_int_equal(booksync_on_diff(&rig->sync, &diff), BOOKSYNC_CROSSED);
	assert_int_equal(rig->sync.state, BOOKSYNC_GAP);
	assert_true(booksync_wants(&rig->sync));
	assert_int_equal(booksync_on_snapshot(&rig->sync, &s), BOOKSYNC_CROSSED);
	assert_int_equal(rig->sync.state, BOOKSYNC_GAP);
	assert_int_equal(rig->sync.crossed, 2);
	give(rig, 22, 23);
	assert_int_equal(give_snapshot(rig, 22), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.state, BOOKSYNC_LIVE);
}

static void
a_book_may_be_crossed_in_the_middle_of_a_diff(void **state)
{
	struct rig *rig = *state;
	struct tick_level bids[2] = {{100, 1}, {20, 0}}, asks[2] = {{101, 1}, {30, 0}};
	struct diff first = {.before = 20, .first = 21, .last = 22, .asks = &asks[1], .nasks = 1};
	struct diff second = {.before = 22, .first = 23, .last = 25, .bids = bids, .nbids = 2,
	    .asks = asks, .nasks = 2};

	make_live(rig, BOOKSYNC_SPOT);
	asks[1].qty = 1;
	assert_int_equal(booksync_on_diff(&rig->sync, &first), BOOKSYNC_APPLIED);
	asks[1].qty = 0;
	assert_int_equal(booksync_on_diff(&rig->sync, &second), BOOKSYNC_APPLIED);
}

static void
ids_that_start_anew_need_a_snapshot(void **state)
{
	struct rig *rig = *state;

	make_live(rig, BOOKSYNC_SPOT);
	booksync_lose(&rig->sync);
	assert_int_equal(rig->sync.state, BOOKSYNC_GAP);
	assert_int_equal(give(rig, 2, 3), BOOKSYNC_KEPT);
	assert_int_equal(give_snapshot(rig, 2), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 3);
}

/* ---- renewing --------------------------------------------------------------- */

static void
a_live_book_is_renewed_without_a_pause(void **state)
{
	struct rig *rig = *state;

	make_live(rig, BOOKSYNC_SPOT);
	booksync_renew(&rig->sync);
	assert_int_equal(give(rig, 20, 30), BOOKSYNC_APPLIED);
	assert_int_equal(give(rig, 30, 40), BOOKSYNC_APPLIED);
	assert_int_equal(give_snapshot(rig, 19), BOOKSYNC_TOO_OLD);
	assert_int_equal(rig->sync.state, BOOKSYNC_LIVE);
	assert_int_equal(rig->sync.at, 40);
	assert_int_equal(give_snapshot(rig, 30), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 40);
	/* The snapshot's level, and what came after it. */
	assert_int_equal(book_count(&rig->sync.book, BOOK_BID), 2);
	assert_int_equal(give(rig, 40, 41), BOOKSYNC_APPLIED);
	assert_int_equal(rig->waiting.in_use, 0);
}

static void
a_live_book_takes_a_snapshot_that_is_ahead(void **state)
{
	struct rig *rig = *state;

	make_live(rig, BOOKSYNC_SPOT);
	assert_int_equal(give_snapshot(rig, 30), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 30);
	assert_int_equal(give(rig, 20, 30), BOOKSYNC_OLD);
	assert_int_equal(give(rig, 30, 31), BOOKSYNC_APPLIED);
}

/* ---- bounds ----------------------------------------------------------------- */

static void
a_full_queue_forgets_its_oldest(void **state)
{
	struct rig *rig = *state;
	int64_t id = 10;

	for (; id < 2000; id += 10)
		assert_int_equal(give(rig, id, id + 10), BOOKSYNC_KEPT);
	assert_true(rig->sync.diffs.forgotten > 0);
	assert_true(rig->sync.diffs.n > 100);
	assert_int_equal(give_snapshot(rig, 300), BOOKSYNC_TOO_OLD);
	assert_int_equal(give_snapshot(rig, 1500), BOOKSYNC_JOINED);
	assert_int_equal(rig->sync.at, 2000);
	assert_int_equal(rig->sync.tally.applied, 50);
}

static void
a_diff_larger_than_the_queue_begins_it_anew(void **state)
{
	struct rig *rig = *state;
	static struct tick_level bids[QUEUE_BLOCKS * DIFFS_BLOCK_CELLS];
	struct diff diff = {.before = 20, .first = 21, .last = 22, .bids = bids,
	    .nbids = sizeof(bids) / sizeof(bids[0])};

	give(rig, 10, 20);
	assert_int_equal(booksync_on_diff(&rig->sync, &diff), BOOKSYNC_OLD);
	assert_int_equal(rig->sync.diffs.n, 0);
	assert_int_equal(rig->waiting.in_use, 0);
	assert_int_equal(give(rig, 22, 30), BOOKSYNC_KEPT);
	assert_int_equal(give_snapshot(rig, 20), BOOKSYNC_TOO_OLD);
	assert_int_equal(give_snapshot(rig, 24), BOOKSYNC_JOINED);
}

static void
clearing_gives_all_memory_back(void **state)
{
	struct rig *rig = *state;

	make_live(rig, BOOKSYNC_SPOT);
	give(rig, 30, 31);
	booksync_clear(&rig->sync);
	assert_int_equal(rig->sync.state, BOOKSYNC_SYNCING);
	assert_int_equal(rig->books.in_use, 0);
	assert_int_equal(rig->waiting.in_use, 0);
}

/* Another book takes all blocks but `left`. */
static void
take_memory(struct rig *rig, struct book *other, struct book_row *rows, uint32_t left)
{
	int64_t price = 1;

	book_init(other, &rig->books, rows, BLOCKS * BOOK_BLOCK);
	book_set_due(other, BLOCKS * BOOK_BLOCK); /* the reserve, too */
	while (rig->books.in_use + left < BLOCKS)
		book_set(other, BOOK_BID, price++, 1);
}

static void
a_book_without_memory_for_what_is_due_is_never_live(void **state)
{
	static struct book_row rows[4096];
	struct rig *rig = *state;
	struct book other;

	take_memory(rig, &other, rows, 0);
	give(rig, 10, 20);
	assert_int_equal(give_snapshot(rig, 15), BOOKSYNC_STARVED);
	assert_int_equal(rig->sync.state, BOOKSYNC_SYNCING);
	assert_true(rig->sync.starving);
	assert_int_equal(book_count(&rig->sync.book, BOOK_BID), 0);
	/* A snapshot ahead of the diffs. */
	assert_int_equal(give_snapshot(rig, 30), BOOKSYNC_WAITING);
	assert_int_equal(give(rig, 30, 40), BOOKSYNC_STARVED);
	assert_int_equal(rig->sync.state, BOOKSYNC_SYNCING);
	assert_int_equal(rig->sync.starved, 2);
	/* The diff was kept: with memory the next snapshot joins it. */
	book_clear(&other);
	assert_int_equal(give_snapshot(rig, 35), BOOKSYNC_JOINED);
	assert_false(rig->sync.starving);
	assert_int_equal(rig->sync.at, 40);
}

static void
a_live_book_that_starves_gives_its_memory_back(void **state)
{
	static struct book_row rows[4096];
	struct rig *rig = *state;
	struct tick_level bids[BOOK_BLOCK], ask = {1000, 1};
	struct diff diff = {.before = 20, .first = 21, .last = 30, .bids = bids,
	    .nbids = BOOK_BLOCK, .asks = &ask, .nasks = 1};
	struct book other;

	give(rig, 10, 20);
	assert_int_equal(give_snapshot(rig, 15), BOOKSYNC_JOINED);
	take_memory(rig, &other, rows, 0);
	for (int i = 0; i < BOOK_BLOCK; i++)
		bids[i] = (struct tick_level){100 + i, 1};
	assert_int_equal(booksync_on_diff(&rig->sync, &diff), BOOKSYNC_STARVED);
	assert_int_equal(rig->sync.state, BOOKSYNC_GAP);
	assert_int_equal(rig->books.in_use, BLOCKS - 1);
	book_clear(&other);
	assert_int_equal(give_snapshot(rig, 25), BOOKSYNC_JOINED);
	assert_int_equal(book_count(&rig->sync.book, BOOK_BID), 1 + BOOK_BLOCK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(snapshots_join_by_the_rules_of_the_exchange),
		TEST(a_snapshot_before_any_diff_is_live_with_the_diff_that_joins),
		TEST(a_live_book_takes_what_follows_and_nothing_else),
		TEST(a_crossed_book_is_not_live),
		TEST(a_book_may_be_crossed_in_the_middle_of_a_diff),
		TEST(ids_that_start_anew_need_a_snapshot),
		TEST(a_live_book_is_renewed_without_a_pause),
		TEST(a_live_book_takes_a_snapshot_that_is_ahead),
		TEST(a_full_queue_forgets_its_oldest),
		TEST(a_diff_larger_than_the_queue_begins_it_anew),
		TEST(clearing_gives_all_memory_back),
		TEST(a_book_without_memory_for_what_is_due_is_never_live),
		TEST(a_live_book_that_starves_gives_its_memory_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
