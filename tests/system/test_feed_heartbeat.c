/*
 * The server's PINGs are answered, and how late: a feed that was stopped for
 * a while answers late, and says so in its status, its metrics and an alert.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include <tickring/status.h>

#include "feed/io/clock.h"
#include "tests/system/daemon.h"
#include "tests/system/stage.h"

static struct daemon sim, feedd;
static struct tick_status_reader *reader;

static struct tick_status *
look(void)
{
	return daemon_look(reader);
}

/* The n-th PING has come, and its PONG has gone. */
static const struct tick_status *
wait_pings(int64_t n)
{
	mono_t deadline = daemon_deadline();

	while (look()->line[0].pings < n || look()->detail[0].pong_ns == 0)
		daemon_pause(deadline, "PINGs of the server");
	return look();
}

/* No data flows: the stamps of what arrives are those of the PINGs. */
static void
start(void)
{
	const char *const arguments[] = {"--rate", "0", "--ping-interval", "1", NULL};
	const char *const settings[] = {"streams=btcusdt@trade", "subscribe.data_timeout_ms=60000",
	    "heartbeat.pong_response_timeout_ms=100", "kernel_stamps=true", NULL};
	mono_t deadline = daemon_deadline();
	char ca[160];
	const char *all[8] = {ca};

	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		all[i + 1] = settings[i];
	daemon_start_feedd(&feedd, daemon_start_sim(&sim, arguments), all);
	reader = daemon_open_status();
	while (look()->line[0].state != TICK_LINE_LIVE)
		daemon_pause(deadline, "a live line");
}

static void
answers_are_measured_and_late_ones_are_told(void **state)
{
	mono_t deadline;
	int64_t pings;

	(void)state;
	start();
	if (strcmp(look()->transport, "lws") == 0) {
		/* libwebsockets answers without telling: no figures are made up. */
		assert_true(look()->line[0].pings == TICK_ABSENT);
		assert_int_equal(look()->line[0].pongs_permille, -1);
		assert_int_equal(look()->detail[0].pong_ns, 0);
		return;
	}
	assert_int_equal(wait_pings(2)->detail[0].pong_max_ns > 0, true);
	deadline = daemon_deadline();
	/* The next PING comes a second after this one, and waits for as long as we sleep on. */
	for (pings = 3; look()->detail[0].pong_max_ns < 100000000; pings++) {
		pings = wait_pings(pings)->line[0].pings;
		kill(feedd.pid, SIGSTOP);
		stage_run_for(span_ms(1600));
		kill(feedd.pid, SIGCONT);
		daemon_pause(deadline, "a PING that came while the feed was stopped");
		wait_pings(pings + 1);
	}
	print_message("answered after %lld us\n", (long long)look()->detail[0].pong_max_ns / 1000);
	while (look()->line[0].pongs_permille == 1000)
		daemon_pause(deadline, "a share of PINGs answered in time");
	assert_in_range(look()->line[0].pongs_permille, 0, 999);
	assert_int_equal(look()->line[0].state, TICK_LINE_LIVE);
	daemon_expect_log(&feedd, "heartbeat_late");
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
		cmocka_unit_test_teardown(answers_are_measured_and_late_ones_are_told, teardown),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
