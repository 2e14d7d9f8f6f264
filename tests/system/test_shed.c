/*
 * Limits of memory and processor: what is above them is told, and then streams
 * that are optional are given up, the last listed first, and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/status.h>

#include "tests/system/daemon.h"

static struct daemon sim, feedd;
static struct tick_status_reader *reader;

static struct tick_status *
look(void)
{
	return daemon_look(reader);
}

/* Three streams, two of them optional; looks at its resources five times a second. */
static void
start(const char *rate, const char *limit, const char *other)
{
	const char *const arguments[] = {"--symbols", "btcusdt,ethusdt", "--rate", rate, NULL};
	char ca[160];
	const char *const settings[] = {ca,
	    "streams=btcusdt@trade,ethusdt@trade,ethusdt@bookTicker",
	    "optional_streams=ethusdt@trade,ethusdt@bookTicker",
	    "monitoring.metrics_interval_ms=200", limit, other, NULL};

	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	daemon_start_feedd(&feedd, daemon_start_sim(&sim, arguments), settings);
	reader = daemon_open_status();
}

static void
expect_shed(const char *event)
{
	mono_t deadline = daemon_deadline();
	const char *first, *second;

	while (look()->streams > 1 || look()->control.streams_producing != 1)
		daemon_pause(deadline, "one stream to be left");
	assert_int_equal(look()->control.streams_shed, 2);
	assert_int_equal(look()->line[0].state, TICK_LINE_LIVE);
	daemon_expect_log(&feedd, event);
	daemon_expect_log(&feedd, "event=alert name=streams_shed");
	daemon_expect_log(&feedd, "event=stream_shed stream=ethusdt@trade");
	first = strstr(daemon_log(&feedd), "event=stream_shed stream=ethusdt@bookTicker");
	assert_non_null(first);
	second = strstr(first, "event=stream_shed stream=ethusdt@trade");
	assert_non_null(second);
	assert_null(strstr(second + 1, "event=stream_shed"));
}

static void
too_much_memory_costs_the_optional_streams(void **state)
{
	(void)state;
	start("200", "resources.max_memory_bytes=16777216", "ring.slots=262144");
	expect_shed("name=memory_limit_exceeded");
}

static void
too_much_processor_costs_the_optional_streams(void **state)
{
	(void)state;
	start("20000", "resources.max_cpu_percent=1", "resources.max_memory_bytes=4294967296");
	expect_shed("name=cpu_usage_exceeded");
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
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(too_much_memory_costs_the_optional_streams),
		TEST(too_much_processor_costs_the_optional_streams),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
