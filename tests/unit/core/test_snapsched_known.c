/* The snapshot scheduler and what it knows from elsewhere: unknown symbols, the last run's ban. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/snapsched_rig.h"

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
