/* A log that goes to a file, which somebody moves away: on SIGHUP it goes on in a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/config_text.h"
#include "tests/system/daemon.h"

static struct daemon feedd;
static char path[160], moved[170];

/* Waits until the file has that text. */
static void
expect_in(const char *file, const char *text)
{
	mono_t deadline = daemon_deadline();
	bool found = false;
	char *all;

	while (!found) {
		daemon_pause(deadline, text);
		all = text_of_file(file);
		found = all != NULL && strstr(all, text) != NULL;
		free(all);
	}
}

static bool
has(const char *file, const char *text)
{
	char *all = text_of_file(file);
	bool found;

	assert_non_null(all);
	found = strstr(all, text) != NULL;
	free(all);
	return found;
}

/* Nobody listens at port 1: the log has something to say for ever. */
static void
start(void)
{
	char setting[200];
	const char *const settings[] = {setting, "endpoint.ca_file=", "streams=btcusdt@trade",
	    "log.level=debug", NULL};

	snprintf(path, sizeof(path), "%s/feed.log", daemon_folder());
	snprintf(moved, sizeof(moved), "%s.1", path);
	snprintf(setting, sizeof(setting), "log.file=%s", path);
	daemon_start_feedd(&feedd, 1, settings);
	expect_in(path, "event=started");
}

static void
a_file_that_was_moved_away_is_followed_by_a_new_one(void **state)
{
	(void)state;
	start();
	assert_int_equal(rename(path, moved), 0);
	kill(feedd.pid, SIGHUP);
	expect_in(path, "event=reloaded");
	assert_false(has(path, "event=started"));
	assert_false(has(moved, "event=reloaded"));
	expect_in(path, "from=backoff to=connecting");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_true(has(path, "event=stopping"));
	assert_false(has(moved, "event=stopping"));
}

static void
where_no_new_one_can_be_made_the_old_one_is_kept(void **state)
{
	(void)state;
	start();
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	kill(feedd.pid, SIGHUP);
	expect_in(moved, "event=log_not_reopened");
	expect_in(moved, "event=reloaded");
	assert_int_equal(rmdir(path), 0);
	kill(feedd.pid, SIGHUP);
	expect_in(path, "event=reloaded");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

static int
teardown(void **state)
{
	rmdir(path);
	unlink(path);
	unlink(moved);
	return daemon_teardown(state);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_was_moved_away_is_followed_by_a_new_one),
		TEST(where_no_new_one_can_be_made_the_old_one_is_kept),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
