/* Books of a pipeline for unit tests: what they are told, and what is seen of them. */
#ifndef TESTS_BOOKS_RIG_H
#define TESTS_BOOKS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"

#define E8 INT64_C(100000000)

/* Changes first..last of a symbol: a bid at that price. */
static inline void
give(struct pipeline_rig *rig, const char *symbol, int64_t first, int64_t last, int price)
{
	pipeline_rig_feedf(rig,
	    "{\"e\":\"depthUpdate\",\"E\":1700000000123,\"s\":\"%s\",\"U\":%lld,\"u\":%lld,"
	    "\"b\":[[\"%d\",\"2\"]],\"a\":[]}", symbol, (long long)first, (long long)last, price);
}

static inline void
assert_state(struct pipeline_rig *rig, uint32_t id, enum tick_data_state is, enum tick_reason why)
{
	struct tick_data data = pipeline_rig_data(rig, id);

	assert_int_equal(data.state, is);
	assert_int_equal(data.reason, why);
}

static inline void
assert_wanted(struct pipeline_rig *rig, uint32_t id, enum snapsched_why why, bool stale)
{
	struct books_want want;

	assert_true(pipeline_next_want(rig->pipeline, &want));
	assert_int_equal(want.instrument, id);
	assert_int_equal(want.why, why);
	assert_int_equal(want.stale, stale);
	assert_false(want.gone);
}

static inline void
assert_nothing_wanted(struct pipeline_rig *rig)
{
	struct books_want want;

	assert_false(pipeline_next_want(rig->pipeline, &want));
}

static inline int64_t
best_bid_on_board(struct pipeline_rig *rig, uint32_t id, int64_t book_id)
{
	struct tick_level bids[PIPELINE_RIG_DEPTH], asks[PIPELINE_RIG_DEPTH];
	struct tick_book book;

	assert_int_equal(
	    tick_board_book(rig->look, id, &book, bids, asks, PIPELINE_RIG_DEPTH), 0);
	assert_int_equal(book.id, book_id);
	return bids[0].price / E8;
}

#endif
