/* The order book: against a naive model, at its bounds, and what it says of its edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/book.h"

#define LEVELS_MAX 4096
#define BLOCKS 1024
#define PRICES 3000

struct rig {
	struct book_pool pool;
	struct book book;
	struct book_block block[BLOCKS];
	struct book_row row[4096];
};

static void
make_book(struct rig *rig, uint32_t blocks, uint32_t levels_max)
{
	assert_true(book_rows_for(levels_max) <= sizeof(rig->row) / sizeof(rig->row[0]));
	book_pool_init(&rig->pool, rig->block, blocks);
	book_init(&rig->book, &rig->pool, rig->row, levels_max);
}

static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	*state = rig;
	if (!rig)
		return -1;
	make_book(rig, BLOCKS, LEVELS_MAX);
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
assert_top(const struct book *book, enum book_side side, uint32_t n, const int64_t *price_qty)
{
	struct tick_level top[16];

	assert_int_equal(book_top(book, side, top, 16), n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(top[i].price, price_qty[2 * i]);
		assert_int_equal(top[i].qty, price_qty[2 * i + 1]);
	}
}

/* ---- what it holds ---------------------------------------------------------- */

static void
lists_each_side_best_first(void **state)
{
	struct book *b = &((struct rig *)*state)->book;

	book_set(b, BOOK_BID, 100, 1);
	book_set(b, BOOK_BID, 102, 2);
	book_set(b, BOOK_BID, 101, 3);
	book_set(b, BOOK_ASK, 105, 4);
	book_set(b, BOOK_ASK, 104, 5);
	assert_top(b, BOOK_BID, 3, (int64_t[]){102, 2, 101, 3, 100, 1});
	assert_top(b, BOOK_ASK, 2, (int64_t[]){104, 5, 105, 4});
}

static void
a_level_is_replaced_and_zero_removes_it(void **state)
{
	struct book *b = &((struct rig *)*state)->book;

	book_set(b, BOOK_ASK, 10, 1);
	book_set(b, BOOK_ASK, 10, 7);
	assert_top(b, BOOK_ASK, 1, (int64_t[]){10, 7});
	book_set(b, BOOK_ASK, 11, 0);
	assert_top(b, BOOK_ASK, 1, (int64_t[]){10, 7});
	book_set(b, BOOK_ASK, 10, 0);
	assert_int_equal(book_count(b, BOOK_ASK), 0);
	book_set(b, BOOK_ASK, 10, 0);
	assert_int_equal(book_count(b, BOOK_ASK), 0);
}

static void
extreme_prices_stand_in_order(void **state)
{
	struct book *b = &((struct rig *)*state)->book;

	book_set(b, BOOK_BID, INT64_MAX, 1);
	book_set(b, BOOK_BID, -5, 2);
	book_set(b, BOOK_ASK, INT64_MAX, 3);
	book_set(b, BOOK_ASK, -INT64_MAX, 4);
	assert_top(b, BOOK_BID, 2, (int64_t[]){INT64_MAX, 1, -5, 2});
	assert_top(b, BOOK_ASK, 2, (int64_t[]){-INT64_MAX, 4, INT64_MAX, 3});
}

static void
crossed_is_when_the_best_bid_reaches_the_best_ask(void **state)
{
	struct book *b = &((struct rig *)*state)->book;

	assert_false(book_is_crossed(b));
	book_set(b, BOOK_BID, 100, 1);
	assert_false(book_is_crossed(b));
	book_set(b, BOOK_ASK, 101, 1);
	assert_false(book_is_crossed(b));
	book_set(b, BOOK_BID, 101, 1);
	assert_true(book_is_crossed(b));
	book_set(b, BOOK_BID, 101, 0);
	assert_false(book_is_crossed(b));
	book_set(b, BOOK_ASK, 99, 1);
	assert_true(book_is_crossed(b));
}

/* ---- against a model -------------------------------------------------------- */

static void
assert_equals_model(const struct book *b, enum book_side side, const int64_t *qty)
{
	static struct tick_level top[PRICES];
	uint32_t n = book_top(b, side, top, PRICES), at = 0;

	assert_int_equal(n, book_count(b, side));
	for (uint32_t i = 0; i < PRICES; i++) {
		uint32_t price = side == BOOK_BID ? PRICES - 1 - i : i;

		if (qty[price] == 0)
			continue;
		assert_true(at < n);
		assert_int_equal(top[at].price, price);
		assert_int_equal(top[at].qty, qty[price]);
		at++;
	}
	assert_int_equal(at, n);
}

/* Grows, shrinks and grows again, changes near one end and everywhere. */
static void
any_changes_leave_what_a_plain_table_has(void **state)
{
	static int64_t qty[BOOK_SIDES][PRICES];
	struct rig *rig = *state;
	struct rng rng;

	rng_seed(&rng, 7);
	memset(qty, 0, sizeof(qty));
	for (int i = 0; i < 300000; i++) {
		enum book_side side = rng_below(&rng, 2) ? BOOK_ASK : BOOK_BID;
		uint32_t range = rng_below(&rng, 4) ? 300 : PRICES;
		uint32_t price = rng_below(&rng, range);
		bool growing = i / 50000 % 2 == 0;
		int64_t n = rng_below(&rng, 10) < (growing ? 7 : 2) ? 1 + i % 1000 : 0;

		qty[side][price] = n;
		book_set(&rig->book, side, price, n);
		if (i % 5000 == 0)
			assert_equals_model(&rig->book, side, qty[side]);
	}
	assert_equals_model(&rig->book, BOOK_BID, qty[BOOK_BID]);
	assert_equals_model(&rig->book, BOOK_ASK, qty[BOOK_ASK]);
	assert_int_equal(rig->book.dropped, 0);
	assert_true(book_is_known(&rig->book, PRICES));
	book_clear(&rig->book);
	assert_int_equal(rig->pool.in_use, 0);
}

static void
loading_takes_levels_in_any_order(void **state)
{
	struct rig *rig = *state;
	struct tick_level levels[200];
	int64_t qty[PRICES] = {0};
	struct rng rng;

	rng_seed(&rng, 3);
	for (int turn = 0; turn < 3; turn++) {
		memset(qty, 0, sizeof(qty));
		for (uint32_t i = 0; i < 200; i++) {
			uint32_t price = turn == 0 ? 200 - i : turn == 1 ? i : (i * 77) % 1009;

			levels[i] = (struct tick_level){price, 1 + i};
			qty[price] = 1 + i;
		}
		book_load(&rig->book, BOOK_BID, levels, 200, false);
		assert_equals_model(&rig->book, BOOK_BID, qty);
	}
	assert_true(book_is_known(&rig->book, 1000));
}

/* ---- bounds ----------------------------------------------------------------- */

static void
beyond_its_bound_the_worst_levels_go_and_are_counted(void **state)
{
	struct rig *rig = *state;
	struct tick_level top[1];

	make_book(rig, BLOCKS, 100);
	for (int64_t price = 1; price <= 1000; price++)
		book_set(&rig->book, BOOK_BID, price, 1);
	assert_true(book_count(&rig->book, BOOK_BID) >= 100);
	assert_true(book_count(&rig->book, BOOK_BID) < 100 + BOOK_BLOCK);
	assert_int_equal(rig->book.dropped + book_count(&rig->book, BOOK_BID), 1000);
	book_top(&rig->book, BOOK_BID, top, 1);
	assert_int_equal(top[0].price, 1000);
	assert_true(book_is_known(&rig->book, 100));
	assert_false(book_is_known(&rig->book, 200));
}

static void
levels_worse_than_all_do_not_push_the_best_out(void **state)
{
	struct rig *rig = *state;
	struct tick_level top[1];

	make_book(rig, BLOCKS, 100);
	for (int64_t price = 1000; price >= 1; price--)
		book_set(&rig->book, BOOK_BID, price, 1);
	book_top(&rig->book, BOOK_BID, top, 1);
	assert_int_equal(top[0].price, 1000);
	assert_true(book_count(&rig->book, BOOK_BID) < 100 + BOOK_BLOCK);
	assert_true(book_is_known(&rig->book, 64));
}

static void
an_empty_pool_costs_the_worst_levels_only(void **state)
{
	struct rig *rig = *state;
	struct tick_level top[40];

	make_book(rig, 4, LEVELS_MAX);
	for (int64_t price = 1; price <= 500; price++)
		book_set(&rig->book, BOOK_BID, price, 1);
	assert_int_equal(book_top(&rig->book, BOOK_BID, top, 40), 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(top[i].price, 500 - i);
	assert_int_equal(rig->book.dropped + book_count(&rig->book, BOOK_BID), 500);
	assert_false(book_is_known(&rig->book, 500));
}

static void
what_an_empty_pool_refuses_is_not_known(void **state)
{
	struct rig *rig = *state;

	make_book(rig, 1, LEVELS_MAX);
	for (int64_t price = 1; price <= BOOK_BLOCK; price++)
		book_set(&rig->book, BOOK_BID, price, 1);
	assert_true(book_is_known(&rig->book, 1));
	book_set(&rig->book, BOOK_BID, 1000, 1);
	assert_false(book_is_known(&rig->book, 1));
	book_set(&rig->book, BOOK_ASK, 2000, 1);
	assert_int_equal(book_count(&rig->book, BOOK_ASK), 0);
	assert_int_equal(rig->book.dropped, 2);
	book_clear(&rig->book);
	book_set(&rig->book, BOOK_ASK, 2000, 1);
	assert_int_equal(book_count(&rig->book, BOOK_ASK), 1);
	assert_true(book_is_known(&rig->book, 1));
}

static void
a_deep_book_gives_way_before_a_shallow_one_finds_no_room(void **state)
{
	struct rig *rig = *state;
	struct book_row rows[512];
	struct book shallow;

	make_book(rig, 64, LEVELS_MAX);
	book_init(&shallow, &rig->pool, rows, 400);
	book_set_due(&shallow, 40);
	for (int64_t price = 1; price <= LEVELS_MAX; price++)
		book_set(&rig->book, BOOK_BID, price, 1);
	assert_true(book_is_short(&rig->book));
	assert_false(book_is_starved(&rig->book)); /* its best are there */
	for (int64_t price = 100; price >= 1; price--) {
		book_set(&shallow, BOOK_BID, price, 1);
		book_set(&shallow, BOOK_ASK, 200 - price, 1);
	}
	assert_true(book_is_known(&shallow, 40));
	assert_false(book_is_starved(&shallow));
	/* Deletions that leave fewer than are due, of those that are known. */
	for (int64_t price = LEVELS_MAX; book_count(&rig->book, BOOK_BID) > 0; price--)
		book_set(&rig->book, BOOK_BID, price, 0);
	assert_true(book_is_starved(&rig->book));
	book_clear(&rig->book);
	assert_false(book_is_short(&rig->book));
}

static void
a_cut_snapshot_is_known_down_to_its_last_level(void **state)
{
	struct book *b = &((struct rig *)*state)->book;
	struct tick_level levels[100];

	for (int i = 0; i < 100; i++)
		levels[i] = (struct tick_level){1000 - i, 1};
	book_load(b, BOOK_BID, levels, 100, true);
	assert_true(book_is_known(b, 100));
	assert_false(book_is_known(b, 101));
	/* A level beyond comes in, but what lies between is not known. */
	book_set(b, BOOK_BID, 500, 1);
	assert_int_equal(book_count(b, BOOK_BID), 101);
	assert_false(book_is_known(b, 101));
	/* The market falls: the best levels go one by one. */
	for (int i = 0; i < 90; i++)
		book_set(b, BOOK_BID, 1000 - i, 0);
	assert_true(book_is_known(b, 10));
	assert_false(book_is_known(b, 11));
	book_load(b, BOOK_BID, levels, 100, false);
	assert_true(book_is_known(b, 1000));
}

static void
books_share_the_blocks_that_others_gave_back(void **state)
{
	struct rig *rig = *state;
	struct book_row rows[512];
	struct book other;

	make_book(rig, 16, 400);
	assert_true(book_rows_for(400) <= sizeof(rows) / sizeof(rows[0]));
	book_init(&other, &rig->pool, rows, 400);
	for (int turn = 0; turn < 50; turn++) {
		struct book *b = turn % 2 ? &other : &rig->book;

		for (int64_t price = 1; price <= 400; price++)
			book_set(b, BOOK_ASK, price, 1 + turn);
		assert_int_equal(book_count(b, BOOK_ASK), 400);
		book_clear(b);
	}
	assert_int_equal(rig->pool.in_use, 0);
	assert_int_equal(rig->book.dropped + other.dropped, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_each_side_best_first, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_level_is_replaced_and_zero_removes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(extreme_prices_stand_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    crossed_is_when_the_best_bid_reaches_the_best_ask, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    any_changes_leave_what_a_plain_table_has, setup, teardown),
		cmocka_unit_test_setup_teardown(loading_takes_levels_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    beyond_its_bound_the_worst_levels_go_and_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    levels_worse_than_all_do_not_push_the_best_out, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_empty_pool_costs_the_worst_levels_only, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_an_empty_pool_refuses_is_not_known, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_deep_book_gives_way_before_a_shallow_one_finds_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_cut_snapshot_is_known_down_to_its_last_level, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    books_share_the_blocks_that_others_gave_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
