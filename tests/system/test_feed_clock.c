/*
 * An exchange whose clock is not ours: feedd asks for its time by REST, takes
 * the difference off the latencies, and doubts no stamp for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#include <tickring/reader.h>
#include <tickring/status.h>

#include "tests/system/daemon.h"

#define S INT64_C(1000000000)

static struct daemon sim, feedd;
static struct tick_status_reader *reader;
static struct tick_reader *ring;

static struct tick_status *
look(void)
{
	return daemon_look(reader);
}

static void
start_sim(const char *fault, char *port)
{
	char path[160];
	const char *const arguments[] = {"--rate", "200", "--faults", path, NULL};
	FILE *file;

	snprintf(path, sizeof(path), "%s/faults", daemon_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(fault, file) >= 0);
	assert_int_equal(fclose(file), 0);
	snprintf(port, 32, "rest.port=%u", daemon_start_sim(&sim, arguments));
}

/* `interval`: of the questions for the time. Returns once the line is live. */
static void
start(const char *fault, const char *interval)
{
	char ca[160], port[32];
	unsigned number;
	const char *const settings[] = {ca, port, interval, "rest.host=localhost",
	    "rest.address=127.0.0.1", "streams=btcusdt@trade", "instruments.refresh_ms=0", NULL};
	mono_t deadline = daemon_deadline();

	start_sim(fault, port);
	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	assert_int_equal(sscanf(port, "rest.port=%u", &number), 1);
	daemon_start_feedd(&feedd, (uint16_t)number, settings);
	reader = daemon_open_status();
	while (look()->line[0].state != TICK_LINE_LIVE || look()->arrival.count == 0)
		daemon_pause(deadline, "a live line, and trades");
	while (tick_reader_open(&ring, daemon_feed(), TICK_FROM_NEWEST) != 0)
		daemon_pause(deadline, "the ring");
}

static void
wait_offset(int64_t from, int64_t to)
{
	mono_t deadline = daemon_deadline();
	const struct tick_status *status;
	int64_t offset, within;

	/* Both of one look: the next answer changes both. */
	while (status = look(), status->clock_within_ns == 0)
		daemon_pause(deadline, "the exchange's time");
	offset = status->clock_offset_ns;
	within = status->clock_within_ns;
	print_message("offset %lld us, within %lld us\n", (long long)offset / 1000,
	    (long long)within / 1000);
	assert_true(offset + within >= from);
	assert_true(offset - within <= to);
}

/* Waits for a trade that is doubted, or not. */
static void
wait_trade(bool doubted)
{
	mono_t deadline = daemon_deadline();
	struct tick t;

	for (;;) {
		int rc = tick_reader_next(ring, &t);

		if (rc == TICK_MORE && t.type == TICK_TRADE &&
		    ((t.flags & TICK_FLAG_CLOCK_DOUBT) != 0) == doubted)
			return;
		if (rc != TICK_MORE)
			daemon_pause(
			    deadline, doubted ? "a doubted trade" : "a trade without doubt");
	}
}

static void
the_difference_of_the_clocks_is_taken_off_the_latency(void **state)
{
	mono_t deadline;

	(void)state;
	start("0 clock ms=-60000\n", "rest.clock_interval_ms=1000");
	wait_offset(-60 * S, -60 * S);
	deadline = daemon_deadline();
	/* By our clock alone a trade would have been a minute on its way. */
	while (look()->arrival.p99 > 30 * S)
		daemon_pause(deadline, "a latency without the difference");
	while (look()->detail[0].p99 > 30 * S)
		daemon_pause(deadline, "a line's latency without the difference");
	daemon_expect_log(&feedd, "event=clock ");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

static void
stamps_ahead_are_doubted_until_the_difference_is_known(void **state)
{
	(void)state;
	start("0 clock ms=60000\n", "rest.clock_interval_ms=0");
	wait_trade(true);
	assert_int_equal(look()->clock_within_ns, 0);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	tick_reader_close(&ring);
	tick_status_close(&reader);
	assert_int_equal(daemon_end(&sim, SIGTERM), 0);
	start("0 clock ms=60000\n", "rest.clock_interval_ms=1000");
	wait_offset(60 * S, 60 * S);
	wait_trade(false);
}

static int
teardown(void **state)
{
	tick_reader_close(&ring);
	tick_status_close(&reader);
	return daemon_teardown(state);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_difference_of_the_clocks_is_taken_off_the_latency),
		TEST(stamps_ahead_are_doubted_until_the_difference_is_known),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
