/* The snapshot scheduler: against an exchange that counts, and by tables of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "tests/snapsched_rig.h"

/* ---- order ------------------------------------------------------------------ */

static void
gaps_go_before_new_books_and_those_before_renewals(void **state)
{
	(void)state;
	want(1, SNAPSCHED_REFRESH, 0);
	want(2, SNAPSCHED_NEVER, 0);
	want(3, SNAPSCHED_NEVER, 0);
	want(4, SNAPSCHED_CROSSED, 0);
	want(5, SNAPSCHED_GAP, 0);
	want(3, SNAPSCHED_REFRESH, 0); /* a worse reason takes nothing back */
	assert_next(5, 0);
	assert_next(4, 1000);
	assert_next(2, 2000);
	assert_next(3, 3000);
	assert_next(1, 4000);
	assert_none(5000);
	assert_true(mono_is_never(snapsched_deadline(&sched, at_ms(5000))));
}

static void
a_better_reason_moves_a_waiting_one_up(void **state)
{
	(void)state;
	want(1, SNAPSCHED_NEVER, 0);
	want(2, SNAPSCHED_NEVER, 0);
	want(2, SNAPSCHED_GAP, 0);
	assert_next(2, 0);
}

static void
one_that_is_on_its_way_is_followed_by_another_when_it_is_wanted_again(void **state)
{
	(void)state;
	want(1, SNAPSCHED_NEVER, 0);
	assert_next(1, 0);
	want(1, SNAPSCHED_GAP, 10);
	assert_none(2000);
	assert_int_equal(answer(1, 200, -1, 2100), SNAPSCHED_FINE);
	assert_next(1, 3000);
	assert_int_equal(answer(1, 200, -1, 3100), SNAPSCHED_FINE);
	assert_none(9000);
}

static void
forgotten_ones_are_not_asked_for(void **state)
{
	(void)state;
	want(1, SNAPSCHED_NEVER, 0);
	want(2, SNAPSCHED_NEVER, 0);
	snapsched_forget(&sched, 1);
	assert_next(2, 0);
	snapsched_forget(&sched, 2);
	answer(2, 500, -1, 100);
	assert_none(100000);
	want(1, SNAPSCHED_NEVER, 100000);
	assert_next(1, 100000);
}

/* ---- the budget ------------------------------------------------------------- */

static void
requests_of_a_window_are_spread(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ITEMS; i++)
		want(i, SNAPSCHED_NEVER, 0);
	assert_int_equal(assert_next(0, 0), 1000);
	assert_none(82);
	assert_int_equal(snapsched_deadline(&sched, at_ms(1)).ns, at_ms(0).ns + 83333300);
	assert_next(1, 84);
}

static void
few_are_fetched_deep_and_many_as_usual(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 24; i++)
		want(i, SNAPSCHED_NEVER, 0);
	assert_int_equal(assert_next(0, 0), 5000);
	want(30, SNAPSCHED_NEVER, 0);
	assert_int_equal(assert_next(1, 1000), 1000);
}

static void
a_limit_that_is_set_is_kept(void **state)
{
	struct snapsched_cfg cfg = spot_cfg();

	(void)state;
	cfg.limit = 500;
	snapsched_init(&sched, &cfg, items, ITEMS);
	want(0, SNAPSCHED_NEVER, 0);
	assert_int_equal(assert_next(0, 0), 500);
	cfg.limit = 5000;
	cfg.budget = 200; /* never enough for that */
	snapsched_init(&sched, &cfg, items, ITEMS);
	want(0, SNAPSCHED_NEVER, 0);
	assert_int_equal(assert_next(0, 0), 1000);
}

static void
what_others_spend_is_left_to_them(void **state)
{
	struct snapsched_answer a = {.status = 200, .used = 5990, .retry_after = span_s(-1)};

	(void)state;
	for (uint32_t i = 0; i < ITEMS; i++)
		want(i, SNAPSCHED_NEVER, 0);
	assert_next(0, 0);
	snapsched_on_answer(&sched, 0, &a, at_ms(100));
	assert_none(1000);
	assert_none(59900);
	assert_int_equal(snapsched_used(&sched, at_ms(59900)), 5990);
	assert_next(1, 60250);
}

static void
other_requests_count_and_wait_like_all(void **state)
{
	struct snapsched_answer fine = {.status = 200, .used = -1, .retry_after = span_s(-1)};

	(void)state;
	assert_true(snapsched_take(&sched, 20, at_ms(0)));
	assert_int_equal(snapsched_used(&sched, at_ms(0)), 20);
	snapsched_on_other(&sched, 20, &fine, at_ms(100));
	assert_int_equal(snapsched_used(&sched, at_ms(100)), 20);
	assert_false(snapsched_take(&sched, 5990, at_ms(1000)));
	assert_true(snapsched_take(&sched, 5980, at_ms(1000)));
	fine.status = 429;
	fine.retry_after = span_s(3);
	assert_int_equal(snapsched_on_other(&sched, 5980, &fine, at_ms(62000)),
	    SNAPSCHED_RATE_LIMITED);
	assert_false(snapsched_take(&sched, 1, at_ms(64999)));
	assert_true(snapsched_take(&sched, 1, at_ms(65000)));
}

static void
what_is_less_urgent_waits_for_snapshots_and_leaves_them_half_of_the_budget(void **state)
{
	struct snapsched_answer fine = {.status = 200, .used = -1, .retry_after = span_s(-1)};

	(void)state;
	assert_true(snapsched_take_spare(&sched, 2000, at_ms(0)));
	snapsched_on_other(&sched, 2000, &fine, at_ms(100));
	/* Spread over time as all the others. */
	assert_false(snapsched_take_spare(&sched, 1000, at_ms(3000)));
	assert_int_equal(snapsched_spare_deadline(&sched, 1000, at_ms(3000)).ns,
	    at_ms(0).ns + INT64_C(10000000000) / 6000 * 2000);
	assert_true(snapsched_take_spare(&sched, 1000, at_ms(3400)));
	snapsched_on_other(&sched, 1000, &fine, at_ms(3500));
	assert_false(snapsched_take_spare(&sched, 1, at_ms(10000)));
	assert_int_equal(snapsched_spare_deadline(&sched, 1, at_ms(10000)).ns, at_ms(60250).ns);
	want(0, SNAPSCHED_REFRESH, 10000);
	assert_next(0, 10000); /* the other half is theirs */
	want(1, SNAPSCHED_REFRESH, 10000);
	assert_false(snapsched_take_spare(&sched, 1, at_ms(70000)));
	assert_true(mono_is_never(snapsched_spare_deadline(&sched, 1, at_ms(70000))));
	assert_next(1, 70000);
	assert_true(snapsched_take_spare(&sched, 1, at_ms(71000)));
}

static void
what_weighs_more_than_half_of_the_budget_goes_alone(void **state)
{
	struct snapsched_cfg cfg = spot_cfg();

	(void)state;
	cfg.budget = 300;
	snapsched_init(&sched, &cfg, items, ITEMS);
	assert_false(snapsched_take_spare(&sched, 301, at_ms(0)));
	assert_true(mono_is_never(snapsched_spare_deadline(&sched, 301, at_ms(0))));
	assert_true(snapsched_take_spare(&sched, 200, at_ms(0)));
	assert_false(snapsched_take_spare(&sched, 200, at_ms(50000)));
	assert_true(mono_is_never(snapsched_spare_deadline(&sched, 200, at_ms(50000))));
	snapsched_on_other(&sched, 200,
	    &(struct snapsched_answer){.status = 200, .used = -1, .retry_after = {-1}},
	    at_ms(100));
	assert_true(snapsched_take_spare(&sched, 200, at_ms(60250)));
}

/* An exchange that counts from one full minute to the next, and how long it all takes. */
struct exchange {
	int64_t minute, used, refusals;
};

static bool
count_at_exchange(struct exchange *e, int64_t ns, int64_t weight)
{
	if (ns / MINUTE_NS != e->minute)
		e->used = 0;
	e->minute = ns / MINUTE_NS;
	e->used += weight;
	e->refusals += e->used > 6000;
	return e->used <= 6000;
}

struct flight {
	bool there;
	uint32_t item;
	int64_t arrives_ns, answered_ns, weight; /* arrives_ns 0: it has */
	int status;
	int64_t used;
};

/* One step of time; returns how many snapshots came. */
static unsigned
step(struct exchange *e, struct flight *flights, struct rng *rng, int64_t now_ns, int64_t late_ns)
{
	unsigned done = 0;

	for (int i = 0; i < 8; i++) {
		struct flight *f = &flights[i];
		struct snapsched_request r;

		if (f->there && f->arrives_ns != 0 && f->arrives_ns <= now_ns) {
			f->status = count_at_exchange(e, f->arrives_ns, f->weight) ? 200 : 429;
			f->used = e->used;
			f->arrives_ns = 0;
		}
		if (f->there && f->arrives_ns == 0 && f->answered_ns <= now_ns) {
			struct snapsched_answer a = {.status = f->status, .used = f->used,
			    .retry_after = span_s(-1)};

			done += snapsched_on_answer(&sched, f->item, &a, (mono_t){now_ns}) ==
			    SNAPSCHED_FINE;
			f->there = false;
		}
		if (f->there || !snapsched_next(&sched, (mono_t){now_ns}, &r))
			continue;
		*f = (struct flight){.there = true, .item = r.item,
		    .weight = snapsched_weight(&sched.cfg, r.limit)};
		f->arrives_ns = now_ns + 1 + (int64_t)rng_below(rng, (uint64_t)late_ns);
		f->answered_ns = f->arrives_ns + (int64_t)rng_below(rng, (uint64_t)late_ns);
	}
	return done;
}

/* Returns how long all took, in ns. */
static int64_t
fetch_all(unsigned count, uint64_t seed, int64_t late_ns, struct exchange *e)
{
	struct flight flights[8] = {0};
	struct rng rng;
	int64_t begun, now;
	unsigned done = 0;

	rng_seed(&rng, seed);
	begun = now = 100 * MINUTE_NS + (int64_t)rng_below(&rng, MINUTE_NS);
	for (unsigned i = 0; i < count; i++)
		snapsched_want(&sched, i, SNAPSCHED_NEVER, false, (mono_t){now});
	while (done < count && now < begun + 60 * MINUTE_NS) {
		done += step(e, flights, &rng, now, late_ns);
		now += 5000000;
	}
	assert_int_equal(done, count);
	return now - begun;
}

static void
no_request_is_refused_however_slow_the_network(void **state)
{
	static const int64_t late_ms[] = {10, 300, 3000, 20000};

	for (size_t i = 0; i < sizeof(late_ms) / sizeof(late_ms[0]); i++)
		for (uint64_t seed = 1; seed <= 3; seed++) {
			struct exchange e = {0};

			setup(state);
			fetch_all(566, seed, late_ms[i] * 1000000, &e);
			assert_int_equal(e.refusals, 0);
			assert_int_equal(sched.verdicts[SNAPSCHED_RATE_LIMITED], 0);
		}
}

static void
the_plan_says_how_long_it_will_take(void **state)
{
	struct snapsched_cfg cfg = spot_cfg();
	struct exchange e = {0};
	int64_t plan_ns = snapsched_plan(&cfg, 566, 1000).ns, took_ns;

	(void)state;
	/* 4.1 minutes, to the tenth. */
	assert_int_equal((plan_ns + MINUTE_NS / 20) / (MINUTE_NS / 10), 41);
	took_ns = fetch_all(566, 1, 10000000, &e);
	assert_in_range(took_ns, plan_ns - 3000000000, plan_ns + 3000000000);
	assert_int_equal(snapsched_plan(&cfg, 0, 1000).ns, 0);
	assert_in_range(snapsched_plan(&cfg, 120, 1000).ns, 9900000000, 10100000000);
	/* 24 of 5000 levels in a window. */
	assert_in_range(snapsched_plan(&cfg, 25, 5000).ns, 60000000000, 61000000000);
}

/* ---- refusals --------------------------------------------------------------- */

static void
everything_pauses_for_as_long_as_the_exchange_says(void **state)
{
	static const struct {
		int status;
		int64_t retry_after_s, pause_ms;
		enum snapsched_verdict verdict;
	} rows[] = {
		{429, 7, 7000, SNAPSCHED_RATE_LIMITED}, {429, -1, 60000, SNAPSCHED_RATE_LIMITED},
		{418, 120, 120000, SNAPSCHED_BANNED}, {418, -1, 300000, SNAPSCHED_BANNED},
		{403, -1, 300000, SNAPSCHED_FORBIDDEN}, {451, -1, 3600000, SNAPSCHED_BLOCKED},
		{429, 0, 1000, SNAPSCHED_RATE_LIMITED},
		{418, 100000000, 7 * 86400000LL, SNAPSCHED_BANNED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t over = 5000 + rows[i].pause_ms;

		setup(state);
		want(1, SNAPSCHED_NEVER, 0);
		want(2, SNAPSCHED_NEVER, 0);
		assert_next(1, 0);
		assert_int_equal(answer(1, rows[i].status, rows[i].retry_after_s, 5000),
		    rows[i].verdict);
		assert_none(over - 1);
		assert_int_equal(snapsched_deadline(&sched, at_ms(5001)).ns, at_ms(over).ns);
		assert_int_equal(sched.paused_why, rows[i].verdict);
		/* It keeps its place. */
		assert_next(2, over);
		assert_next(1, over + 1000);
	}
}

static void
failures_of_one_pause_only_that_one_and_longer_each_time(void **state)
{
	static const int statuses[] = {0, 502, 503, 0};
	int64_t now = 0, pause = 1000;

	(void)state;
	want(1, SNAPSCHED_NEVER, 0);
	for (int i = 0; i < 4; i++) {
		assert_next(1, now);
		assert_int_equal(answer(1, statuses[i], -1, now + 1),
		    statuses[i] == 0 ? SNAPSCHED_NETWORK : SNAPSCHED_SERVER);
		assert_none(now + pause);
		now += pause + 1;
		pause *= 2;
	}
	want(2, SNAPSCHED_REFRESH, now - 100);
	assert_next(2, now - 100);
	assert_int_equal(answer(2, 400, -1, now), SNAPSCHED_REFUSED);
	assert_next(1, now + 5000);
	assert_none(now + 59999);
	assert_next(2, now + 60000);
}

static void
a_snapshot_that_was_of_no_use_is_followed_after_a_pause(void **state)
{
	(void)state;
	want(1, SNAPSCHED_GAP, 0);
	assert_next(1, 0);
	answer(1, 200, -1, 100);
	snapsched_want(&sched, 1, SNAPSCHED_GAP, true, at_ms(200));
	assert_none(1199);
	assert_next(1, 1200);
	answer(1, 200, -1, 1300);
	snapsched_want(&sched, 1, SNAPSCHED_GAP, true, at_ms(1300));
	assert_none(3299);
	assert_next(1, 3300);
	answer(1, 200, -1, 3400);
	want(1, SNAPSCHED_GAP, 5000);
	assert_next(1, 5000);
}

static void
numbers_out_of_range_are_nobodys(void **state)
{
	(void)state;
	want(ITEMS, SNAPSCHED_GAP, 0);
	snapsched_forget(&sched, ITEMS);
	assert_int_equal(answer(ITEMS, 200, -1, 0), SNAPSCHED_REFUSED);
	assert_int_equal(answer(3, 200, -1, 0), SNAPSCHED_REFUSED);
	assert_none(1000);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gaps_go_before_new_books_and_those_before_renewals),
		TEST(a_better_reason_moves_a_waiting_one_up),
		TEST(one_that_is_on_its_way_is_followed_by_another_when_it_is_wanted_again),
		TEST(forgotten_ones_are_not_asked_for),
		TEST(requests_of_a_window_are_spread),
		TEST(few_are_fetched_deep_and_many_as_usual),
		TEST(a_limit_that_is_set_is_kept),
		TEST(what_others_spend_is_left_to_them),
		TEST(other_requests_count_and_wait_like_all),
		TEST(what_is_less_urgent_waits_for_snapshots_and_leaves_them_half_of_the_budget),
		TEST(what_weighs_more_than_half_of_the_budget_goes_alone),
		TEST(no_request_is_refused_however_slow_the_network),
		TEST(the_plan_says_how_long_it_will_take),
		TEST(everything_pauses_for_as_long_as_the_exchange_says),
		TEST(failures_of_one_pause_only_that_one_and_longer_each_time),
		TEST(a_snapshot_that_was_of_no_use_is_followed_after_a_pause),
		TEST(numbers_out_of_range_are_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
