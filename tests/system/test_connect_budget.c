/* Attempts to connect count for the exchange's window, also those of a run that was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include <tickring/status.h>

#include "tests/system/daemon.h"

static struct daemon feedd;
static struct tick_status_reader *reader;
static struct tick_status status;

/* Nobody listens at port 1. Waits until so many attempts are counted in the window. */
static void
run_until(const char *delay, int64_t used)
{
	const char *const settings[] = {"endpoint.ca_file=", "streams=btcusdt@trade", delay,
	    "reconnect.max_delay_ms=60000", "reconnect.jitter=false",
	    "reconnect.exponential_base=1", "failover.failures_max=1000", NULL};
	mono_t deadline = daemon_deadline();

	daemon_start_feedd(&feedd, 1, settings);
	daemon_expect_log(&feedd, "event=started");
	while (tick_status_open(&reader, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	while (tick_status_read(reader, &status) != 0 || status.line[0].attempts < 1 ||
	    status.control.connects_used < used)
		daemon_pause(deadline, "attempts to connect");
	tick_status_close(&reader);
}

static void
attempts_of_the_run_before_count_on(void **state)
{
	int64_t before;

	(void)state;
	run_until("reconnect.base_delay_ms=20", 8);
	before = status.control.connects_used;
	assert_int_equal(status.control.connects_max, 300);
	assert_int_equal(daemon_end(&feedd, SIGKILL), -SIGKILL);
	run_until("reconnect.base_delay_ms=60000", before + 1);
	/* One attempt of this run; all others are those of the run before. */
	assert_int_equal(status.line[0].attempts, 1);
}

static int
teardown(void **state)
{
	tick_status_close(&reader);
	return daemon_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(attempts_of_the_run_before_count_on, teardown),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
