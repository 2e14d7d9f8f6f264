/* The snapshot scheduler and what it knows from elsewhere: unknown symbols, the last run's ban. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/core/snapsched.h"

#define ITEMS 8
#define MINUTE_NS INT64_C(60000000000)

static struct snapsched sched;
static struct snapsched_item items[ITEMS];

static struct snapsched_cfg
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

static int
setup(void **state)
{
	struct snapsched_cfg cfg = spot_cfg();

	(void)state;
	snapsched_init(&sched, &cfg, items, ITEMS);
	return 0;
}

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){MINUTE_NS * 7 + ms * 1000000};
}

static void
want(uint32_t item, enum snapsched_why why, int64_t ms)
{
	snapsched_want(&sched, item, why, false, at_ms(ms));
}

/* The next request at that time is for that item. */
static uint32_t
assert_next(uint32_t item, int64_t ms)
{
	struct snapsched_request r;

	assert_true(snapsched_next(&sched, at_ms(ms), &r));
	assert_int_equal(r.item, item);
	return r.limit;
}

static void
assert_none(int64_t ms)
{
	struct snapsched_request r;

	assert_false(snapsched_next(&sched, at_ms(ms), &r));
}

static enum snapsched_verdict
answer(uint32_t item, int status, int64_t retry_after_s, int64_t ms)
{
	struct snapsched_answer a = {.status = status, .used = -1,
	    .retry_after = span_s(retry_after_s)};

	return snapsched_on_answer(&sched, item, &a, at_ms(ms));
}

static void
what_the_exchange_does_not_know_is_asked_for_when_it_is_admitted(void **state)
{
	(void)state;
	want(1, SNAPSCHED_GAP, 0);
	want(2, SNAPSCHED_NEVER, 0);
	assert_next(1, 0);
	assert_int_equal(answer(1, 400, -1, 100), SNAPSCHED_REFUSED);
	snapsched_reject(&sched, 1);
	assert_true(snapsched_is_rejected(&sched, 1));
	assert_next(2, 1000);
	answer(2, 200, -1, 1100);
	want(1, SNAPSCHED_CROSSED, 2000);
	assert_none(3600000);
	assert_true(mono_is_never(snapsched_deadline(&sched, at_ms(3600000))));
	snapsched_admit(&sched, 1, at_ms(3600000));
	snapsched_admit(&sched, 2, at_ms(3600000)); /* was never rejected */
	assert_next(1, 3600000);
	answer(1, 200, -1, 3600100);
	assert_none(3700000);
}

static void
what_is_rejected_and_forgotten_is_not_admitted(void **state)
{
	(void)state;
	want(1, SNAPSCHED_NEVER, 0);
	assert_next(1, 0);
	answer(1, 400, -1, 100);
	snapsched_reject(&sched, 1);
	snapsched_forget(&sched, 1);
	assert_false(snapsched_is_rejected(&sched, 1));
	snapsched_admit(&sched, 1, at_ms(1000));
	assert_none(2000);
	/* The other way round. */
	want(1, SNAPSCHED_NEVER, 3000);
	assert_next(1, 3000);
	snapsched_forget(&sched, 1);
	answer(1, 400, -1, 3100);
	snapsched_reject(&sched, 1);
	assert_false(snapsched_is_rejected(&sched, 1));
	want(1, SNAPSCHED_NEVER, 4000);
	assert_next(1, 4000);
}

static void
a_pause_that_is_known_from_elsewhere_holds(void **state)
{
	(void)state;
	want(1, SNAPSCHED_GAP, 0);
	snapsched_pause(&sched, at_ms(5000), SNAPSCHED_BANNED);
	snapsched_pause(&sched, at_ms(2000), SNAPSCHED_RATE_LIMITED); /* the longer one holds */
	assert_int_equal(sched.paused_why, SNAPSCHED_BANNED);
	assert_none(4999);
	assert_false(snapsched_take(&sched, 20, at_ms(4999)));
	assert_int_equal(snapsched_deadline(&sched, at_ms(0)).ns, at_ms(5000).ns);
	assert_next(1, 5000);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_exchange_does_not_know_is_asked_for_when_it_is_admitted),
		TEST(what_is_rejected_and_forgotten_is_not_admitted),
		TEST(a_pause_that_is_known_from_elsewhere_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
