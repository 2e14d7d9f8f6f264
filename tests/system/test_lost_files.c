/*
 * Somebody removes or replaces a file of a feed that runs: it says so and ends
 * with 1, and one that is started then makes everything anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <signal.h>

#include <tickring/reader.h>

#include "tests/system/daemon.h"

static struct daemon feedd;

/* Nobody listens at that port: the feed runs without an exchange. */
static void
start_feedd(const char *unlink_at_exit)
{
	const char *const settings[] = {
	    "streams=btcusdt@trade", "endpoint.ca_file=", unlink_at_exit, NULL};

	daemon_start_feedd(&feedd, 9, settings);
	daemon_expect_log(&feedd, "event=started ");
}

static void
expect_end(const char *path)
{
	assert_int_equal(daemon_wait(&feedd), 1);
	assert_non_null(strstr(daemon_log(&feedd), "segment_lost"));
	assert_non_null(strstr(daemon_log(&feedd), path));
}

static void
a_feed_whose_file_is_removed_says_so_and_ends(void **state)
{
	static const char *const suffix[] = {"ring", "board", "status", "lock"};

	(void)state;
	for (size_t i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++) {
		start_feedd("ring.unlink_at_exit=false");
		assert_int_equal(unlink(daemon_segment(suffix[i])), 0);
		expect_end(daemon_segment(suffix[i]));
	}
}

static void
its_readers_go_on_with_the_one_that_is_started_then(void **state)
{
	mono_t deadline = daemon_deadline();
	struct tick_reader *reader;

	(void)state;
	start_feedd("ring.unlink_at_exit=false");
	assert_int_equal(tick_reader_open(&reader, daemon_feed(), TICK_FROM_NEWEST), 0);
	assert_int_equal(unlink(daemon_segment("ring")), 0);
	expect_end(daemon_segment("ring"));
	start_feedd("ring.unlink_at_exit=false");
	while (tick_reader_check(reader) != TICK_E_REPLACED)
		daemon_pause(deadline, "the new ring");
	assert_int_equal(tick_reader_reattach(reader), 0);
	assert_int_equal(tick_reader_check(reader), TICK_END);
	tick_reader_close(&reader);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

static void
a_file_of_somebody_else_that_has_the_name_now_is_left_alone(void **state)
{
	char other[160];
	FILE *file;

	(void)state;
	snprintf(other, sizeof(other), "%s.other", daemon_segment("status"));
	start_feedd("ring.unlink_at_exit=true");
	file = fopen(other, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(other, daemon_segment("status")), 0);
	expect_end(daemon_segment("status"));
	assert_int_equal(access(daemon_segment("status"), F_OK), 0);
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, daemon_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_feed_whose_file_is_removed_says_so_and_ends),
		TEST(its_readers_go_on_with_the_one_that_is_started_then),
		TEST(a_file_of_somebody_else_that_has_the_name_now_is_left_alone),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
