/*
 * Books against the exchange's own, over a network that loses, doubles and
 * reorders: whenever a book says LIVE, it is level by level what the exchange
 * had at that id.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/booksync.h"

#define PRICES 40 /* bids below, asks from the middle on: never crossed */
#define IDS_MAX 6000
#define LATE_MAX 4
#define ROUNDS 200

struct message {
	int64_t before, last;
	bool there;
};

struct world {
	struct rng rng;
	enum booksync_rule rule;
	int64_t qty[IDS_MAX][PRICES]; /* the book at each id */
	int64_t id;                   /* the exchange's */
	int64_t told;                 /* last id that a message covered */
	struct message late[LATE_MAX];
	struct booksync sync;
	struct book_pool books;
	struct diffs_pool waiting;
	struct book_block block[64];
	struct book_row row[512];
	struct diffs_block queue[4];
	uint64_t live_checks, joined;
	bool fair; /* weather: nothing is lost any more */
};

static void
make_world(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->rule = seed % 2 ? BOOKSYNC_SPOT : BOOKSYNC_FUTURES;
	book_pool_init(&w->books, w->block, 64);
	diffs_pool_init(&w->waiting, w->queue, 4);
	book_init(&w->sync.book, &w->books, w->row, 256);
	diffs_init(&w->sync.diffs, &w->waiting, 4);
	booksync_init(&w->sync, w->rule);
}

/* One level changes. On futures other instruments take ids in between. */
static void
change(struct world *w)
{
	int64_t from = w->id;

	w->id += w->rule == BOOKSYNC_FUTURES ? 1 + (int64_t)rng_below(&w->rng, 4) : 1;
	for (int64_t id = from + 1; id <= w->id; id++)
		memcpy(w->qty[id], w->qty[from], sizeof(w->qty[id]));
	w->qty[w->id][rng_below(&w->rng, PRICES)] = (int64_t)rng_below(&w->rng, 3);
}

static enum book_side
side_of(unsigned price)
{
	return price < PRICES / 2 ? BOOK_BID : BOOK_ASK;
}

static void
assert_true_to_the_exchange(struct world *w)
{
	struct tick_level top[PRICES];
	uint32_t count[BOOK_SIDES] = {0};

	if (w->sync.state != BOOKSYNC_LIVE)
		return;
	w->live_checks++;
	for (unsigned price = 0; price < PRICES; price++)
		count[side_of(price)] += w->qty[w->sync.at][price] > 0;
	for (enum book_side side = 0; side < BOOK_SIDES; side++) {
		uint32_t n = book_top(&w->sync.book, side, top, PRICES);

		assert_int_equal(n, count[side]);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(top[i].qty, w->qty[w->sync.at][top[i].price]);
	}
}

static bool
was_touched(const struct world *w, const struct message *m, unsigned price)
{
	for (int64_t id = m->before + 1; id <= m->last; id++)
		if (w->qty[id][price] != w->qty[id - 1][price])
			return true;
	return false;
}

/*
 * What was touched between two ids, as levels, also where it changed back: a
 * snapshot may be of an id in the middle. Some that was not is told all the same.
 */
static uint32_t
levels_of(struct world *w, const struct message *m, enum book_side side, struct tick_level *out)
{
	uint32_t n = 0;

	for (unsigned price = 0; price < PRICES; price++)
		if (side_of(price) == side &&
		    (was_touched(w, m, price) || rng_below(&w->rng, 20) == 0))
			out[n++] = (struct tick_level){price, w->qty[m->last][price]};
	return n;
}

static void
deliver(struct world *w, const struct message *m)
{
	struct tick_level bids[PRICES], asks[PRICES];
	struct diff diff = {.before = m->before, .first = m->before + 1, .last = m->last,
	    .exch_ns = TICK_ABSENT, .bids = bids, .asks = asks};

	diff.nbids = levels_of(w, m, BOOK_BID, bids);
	diff.nasks = levels_of(w, m, BOOK_ASK, asks);
	booksync_on_diff(&w->sync, &diff);
	assert_true_to_the_exchange(w);
}

static void
send_message(struct world *w)
{
	struct message m = {w->told, w->id, true};
	struct message *late = &w->late[rng_below(&w->rng, LATE_MAX)];

	w->told = w->id;
	if (w->fair) {
		deliver(w, &m);
		return;
	}
	if (rng_below(&w->rng, 40) == 0)
		return; /* lost */
	if (rng_below(&w->rng, 20) == 0)
		*late = m; /* overtaken, and lost if another one takes its place */
	else
		deliver(w, &m);
	if (rng_below(&w->rng, 20) == 0)
		deliver(w, &m); /* twice */
	if (late->there && rng_below(&w->rng, 2) == 0) {
		late->there = false;
		deliver(w, late);
	}
}

static void
send_snapshot(struct world *w, int64_t id)
{
	struct tick_level bids[PRICES], asks[PRICES];
	struct booksync_snapshot s = {.id = id, .exch_ns = TICK_ABSENT, .bids = bids, .asks = asks,
	    .limit = PRICES};

	for (unsigned price = 0; price < PRICES; price++) {
		struct tick_level level = {price, w->qty[id][price]};

		if (level.qty == 0)
			continue;
		if (side_of(price) == BOOK_BID)
			bids[s.nbids++] = level;
		else
			asks[s.nasks++] = level;
	}
	w->joined += booksync_on_snapshot(&w->sync, &s) == BOOKSYNC_JOINED;
	assert_true_to_the_exchange(w);
}

/* Of any id, mostly not far back. */
static int64_t
some_id(struct world *w)
{
	int64_t back = (int64_t)rng_below(&w->rng, rng_below(&w->rng, 8) ? 20 : 400);

	return back < w->id ? w->id - back : w->id;
}

static void
run(struct world *w)
{
	while (w->id < IDS_MAX - 100) {
		w->fair = w->id > IDS_MAX - 1000;
		for (uint64_t n = rng_below(&w->rng, 6) + 1; n > 0; n--)
			change(w);
		send_message(w);
		if (booksync_wants(&w->sync) ? rng_below(&w->rng, 4) == 0
					     : rng_below(&w->rng, 100) == 0)
			send_snapshot(w, some_id(w));
		if (rng_below(&w->rng, 50) == 0)
			booksync_renew(&w->sync);
	}
}

static void
a_book_that_says_live_is_the_exchanges_book(void **state)
{
	static struct world w;
	uint64_t checks = 0, joined = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		make_world(&w, seed);
		run(&w);
		if (w.sync.state != BOOKSYNC_LIVE)
			fail_msg("seed %llu: not in sync after fair weather",
			    (unsigned long long)seed);
		booksync_clear(&w.sync);
		assert_int_equal(w.books.in_use, 0);
		assert_int_equal(w.waiting.in_use, 0);
		checks += w.live_checks;
		joined += w.joined;
	}
	/* That it happened at all. */
	assert_true(checks > 50000);
	assert_true(joined > 10 * ROUNDS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_book_that_says_live_is_the_exchanges_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
