/* What the last run left in the status segment that the exchange holds against us still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "feed/store/stores.h"

#define S INT64_C(1000000000)
#define WALL (INT64_C(1790000000) * S)
#define MONO (INT64_C(900000) * S)
#define WINDOW_S 300
#define CONNECTS 5

static struct stores stores;
static struct pool pool;
static mono_t taken[CONNECTS];
static char feed[64];

static void
open_status(void)
{
	const struct status_cfg cfg = {.feed = feed, .group = (gid_t)-1, .heartbeat_every_ns = S};
	char why[SEGMENT_WHY_MAX];

	assert_int_equal(status_open(&stores.status, &cfg, why), 0);
}

/* A run that wrote that, and one after it. */
static void
leave(const struct tick_status *last)
{
	open_status();
	status_publish(&stores.status, last);
	status_close(&stores.status, false);
	open_status();
}

static int
begin(void **state)
{
	(void)state;
	snprintf(feed, sizeof(feed), "test-stores-%ld", (long)getpid());
	pool.cfg.connects_window = span_s(WINDOW_S);
	quota_init(&pool.shared.connects, CONNECTS, span_s(WINDOW_S), taken);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	status_close(&stores.status, true);
	return 0;
}

/* A minute after a run that was told a minute before its end to be quiet for ten. */
static struct tick_status
of_a_ban(void)
{
	struct tick_status last = {.at_ns = WALL, .at_mono_ns = MONO,
	    .rest_paused_reason = TICK_REASON_BANNED};

	for (unsigned i = 0; i < TICK_CONNECTS_MAX; i++)
		last.control.connect_ns[i] = TICK_ABSENT;
	last.control.rest_paused_until_ns = WALL + 540 * S;
	return last;
}

/* Somebody set it between the two runs, or nobody did. */
static const int64_t set_by_s[] = {0, 86400, -86400, 30, -30};

static void
a_ban_holds_over_a_restart_whatever_the_wall_clock_says(void **state)
{
	const struct tick_status last = of_a_ban();
	mono_t until;

	(void)state;
	leave(&last);
	for (size_t i = 0; i < sizeof(set_by_s) / sizeof(set_by_s[0]); i++) {
		const wall_t now = {WALL + (60 + set_by_s[i]) * S};

		until = MONO_ZERO;
		assert_int_equal(
		    stores_recall_pause(&stores, now, (mono_t){MONO + 60 * S}, &until),
		    TICK_REASON_BANNED);
		assert_int_equal(until.ns, MONO + 540 * S);
		assert_int_equal(
		    stores_recall_pause(&stores, now, (mono_t){MONO + 540 * S}, &until),
		    TICK_REASON_NONE);
	}
}

static void
attempts_to_connect_count_over_a_restart_whatever_the_wall_clock_says(void **state)
{
	struct tick_status last = of_a_ban();

	(void)state;
	last.control.connect_ns[0] = WALL - 1 * S;
	last.control.connect_ns[7] = WALL - 239 * S;
	last.control.connect_ns[8] = WALL - 240 * S; /* just over by then */
	last.control.connect_ns[9] = WALL + 61 * S;  /* that was never */
	last.control.connect_ns[10] = INT64_MAX;
	last.control.connect_ns[11] = -5;
	leave(&last);
	for (size_t i = 0; i < sizeof(set_by_s) / sizeof(set_by_s[0]); i++) {
		const wall_t now = {WALL + (60 + set_by_s[i]) * S};
		const mono_t mono = {MONO + 60 * S};

		quota_init(&pool.shared.connects, CONNECTS, span_s(WINDOW_S), taken);
		assert_int_equal(stores_recall_connects(&stores, &pool, now, mono), 2);
		assert_int_equal(quota_used(&pool.shared.connects, mono), 2);
		assert_int_equal(
		    quota_used(&pool.shared.connects, (mono_t){mono.ns + 2 * S}), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(a_ban_holds_over_a_restart_whatever_the_wall_clock_says),
		T(attempts_to_connect_count_over_a_restart_whatever_the_wall_clock_says),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
