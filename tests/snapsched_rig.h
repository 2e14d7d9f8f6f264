/*
 * A snapshot scheduler for unit tests: spot's weights, a clock that is set by
 * hand. One per test program.
 */
#ifndef TESTS_SNAPSCHED_RIG_H
#define TESTS_SNAPSCHED_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/core/snapsched.h"

#define ITEMS 600
#define MINUTE_NS INT64_C(60000000000)

static struct snapsched sched;
static struct snapsched_item items[ITEMS];

static inline struct snapsched_cfg
spot_cfg(void)
{
	return (struct snapsched_cfg){
		.weight = {{100, 5}, {500, 25}, {1000, 50}, {5000, 250}},
		.weights = 4,
		.budget = 6000,
		.window = span_s(60),
		.spread = span_s(10),
		.in_flight_max = 8,
		.limit_usual = 1000,
		.limit_max = 5000,
		.retry_base = span_s(1),
		.retry_max = span_s(60),
	};
}

static inline int
setup(void **state)
{
	struct snapsched_cfg cfg = spot_cfg();

	(void)state;
	snapsched_init(&sched, &cfg, items, ITEMS);
	return 0;
}

static inline mono_t
at_ms(int64_t ms)
{
	return (mono_t){MINUTE_NS * 7 + ms * 1000000};
}

static inline void
want(uint32_t item, enum snapsched_why why, int64_t ms)
{
	snapsched_want(&sched, item, why, false, at_ms(ms));
}

/* The next request at that time is for that item. */
static inline uint32_t
assert_next(uint32_t item, int64_t ms)
{
	struct snapsched_request r;

	assert_true(snapsched_next(&sched, at_ms(ms), &r));
	assert_int_equal(r.item, item);
	return r.limit;
}

static inline void
assert_none(int64_t ms)
{
	struct snapsched_request r;

	assert_false(snapsched_next(&sched, at_ms(ms), &r));
}

static inline enum snapsched_verdict
answer(uint32_t item, int status, int64_t retry_after_s, int64_t ms)
{
	struct snapsched_answer a = {.status = status, .used = -1,
	    .retry_after = span_s(retry_after_s)};

	return snapsched_on_answer(&sched, item, &a, at_ms(ms));
}

#endif
