/* Switches of monitoring.*: what is off is not measured, counted or told; what is on is. */
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

/* Runs until a line was reset and is back, and a message was malformed; settings up to NULL. */
static void
run_with(const char *a, const char *b, const char *c)
{
	char path[160], ca[160];
	const char *const arguments[] = {"--rate", "200", "--faults", path, NULL};
	const char *const settings[] = {ca, "streams=btcusdt@trade", "pool.initial_connections=1",
	    "monitoring.metrics_interval_ms=200", a, b, c, NULL};
	mono_t deadline = daemon_deadline();
	FILE *file;

	snprintf(path, sizeof(path), "%s/faults", daemon_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("1 rst every=1\n0 inject kind=malformed every=0.3\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	daemon_start_feedd(&feedd, daemon_start_sim(&sim, arguments), settings);
	reader = daemon_open_status();
	while (look()->counter[TICK_COUNTER_CONNECTS] < 2 ||
	    look()->counter[TICK_COUNTER_TRADES] < 100 ||
	    look()->counter[TICK_COUNTER_MALFORMED] < 1 ||
	    look()->line[0].state != TICK_LINE_LIVE)
		daemon_pause(deadline, "a line that was reset and is back");
}

static int64_t
ends(void)
{
	const struct tick_status *status = look();
	int64_t n = 0;

	for (unsigned i = 0; i < TICK_REASONS_MAX; i++)
		n += status->ended[i];
	return n;
}

static void
what_is_on_is_measured_counted_and_told(void **state)
{
	mono_t deadline = daemon_deadline();

	(void)state;
	run_with("monitoring.performance_tracking=true", "monitoring.error_reporting=true",
	    "monitoring.detailed_logging=true");
	while (look()->publish_spans.count == 0 || look()->arrival_spans.count == 0 ||
	    look()->detail[0].count == 0)
		daemon_pause(deadline, "latencies");
	assert_true(look()->ended[TICK_REASON_PEER_RESET] >= 1);
	daemon_expect_log(&feedd, "level=warning event=errors reason=peer_reset");
	daemon_expect_log(&feedd, "level=info event=line_state line=0 from=connecting "
	    "to=subscribing");
	daemon_expect_log(&feedd, "event=alert name=invalid_message_format");
}

static void
what_is_off_is_not(void **state)
{
	mono_t deadline;

	(void)state;
	run_with("monitoring.performance_tracking=false", "monitoring.error_reporting=false",
	    "monitoring.detailed_logging=false");
	/* Time in which it would be measured, counted and told, were it on. */
	deadline = daemon_deadline();
	while (look()->counter[TICK_COUNTER_CONNECTS] < 4)
		daemon_pause(deadline, "two more connections");
	assert_int_equal(look()->publish_spans.count, 0);
	assert_int_equal(look()->arrival_spans.count, 0);
	assert_int_equal(look()->detail[0].count, 0);
	assert_int_equal(ends(), 0);
	assert_null(strstr(daemon_log(&feedd), "event=errors"));
	assert_null(strstr(daemon_log(&feedd), "to=subscribing"));
}

static void
without_monitoring_there_are_neither_scores_nor_alerts(void **state)
{
	mono_t deadline = daemon_deadline();
	uint64_t malformed;

	(void)state;
	run_with("monitoring.enabled=false", "pool.health_check_interval_ms=100",
	    "alerts.severity_min=info");
	malformed = look()->counter[TICK_COUNTER_MALFORMED];
	while (look()->counter[TICK_COUNTER_MALFORMED] < malformed + 5)
		daemon_pause(deadline, "more malformed messages");
	assert_int_equal(look()->control.health_permille[0], 1000);
	assert_int_equal(look()->settings.monitoring, 0);
	assert_null(strstr(daemon_log(&feedd), "event=alert"));
	assert_null(strstr(daemon_log(&feedd), "event=health"));
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
		TEST(what_is_on_is_measured_counted_and_told),
		TEST(what_is_off_is_not),
		TEST(without_monitoring_there_are_neither_scores_nor_alerts),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
