/*
 * What the exchange's list of instruments is for: a stream of a symbol that it
 * does not have is acknowledged, and nothing ever comes; without it a pattern
 * means nothing.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/health.h>
#include <tickring/status.h>

#include "tests/system/daemon.h"

static struct daemon sim, feedd;
static int kept = -1;
static struct tick_status status;

static uint16_t
start_sim(const char *symbols)
{
	const char *const arguments[] = {"--symbols", symbols, "--rate", "200", NULL};

	return daemon_start_sim(&sim, arguments);
}

/* An exchange that is gone again leaves its certificate. */
static void
make_certificate(void)
{
	start_sim("2");
	assert_int_equal(daemon_end(&sim, SIGTERM), 0);
}

/* feedd with those streams; the list of instruments is asked for at `rest`. */
static struct tick_status_reader *
start_feedd(uint16_t port, uint16_t rest, const char *streams)
{
	char ca[160], rest_port[32];
	const char *const settings[] = {ca, "rest.host=localhost", "rest.address=127.0.0.1",
	    rest_port, streams, "instruments.refresh_ms=1000", "instruments.wait_ms=500", NULL};
	mono_t deadline = daemon_deadline();
	struct tick_status_reader *reader;

	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	snprintf(rest_port, sizeof(rest_port), "rest.port=%u", rest);
	daemon_start_feedd(&feedd, port, settings);
	while (tick_status_open(&reader, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	return reader;
}

static bool
is_told(void)
{
	static struct tick_health health;

	tick_health_judge(&health, &status, TICK_END, status.at_ns, status.at_mono_ns, NULL);
	for (int64_t i = 0; i < health.reasons; i++)
		if (health.reason[i].what == TICK_HEALTH_STREAMS_UNLISTED &&
		    health.reason[i].level == TICK_HEALTH_WARNING)
			return true;
	return false;
}

/* Is the second stream acknowledged and marked, and does the first one deliver? */
static bool
is_marked(const struct tick_status_reader *reader)
{
	static struct tick_stream_status row;

	return tick_status_read(reader, &status) == 0 && status.streams_unlisted == 1 &&
	    status.counter[TICK_COUNTER_TICKS] >= 100 &&
	    tick_status_read_stream(reader, 1, &row) == 0 &&
	    row.reason == TICK_REASON_UNLISTED && row.stale == 0 &&
	    row.leg[0].state >= TICK_LEDGER_ACKED;
}

static void
a_symbol_that_does_not_exist_is_told_by_log_status_and_health_and_not_healed(void **state)
{
	uint16_t port = start_sim("2");
	struct tick_status_reader *reader = start_feedd(port, port,
	    "streams=btcusdt@trade,nosuchusdt@bookTicker");
	mono_t deadline = daemon_deadline();

	(void)state;
	daemon_expect_log(&feedd, "event=stream_unlisted stream=nosuchusdt@bookTicker venue=spot");
	while (!is_marked(reader))
		daemon_pause(deadline, "the mark");
	assert_true(is_told());
	assert_int_equal(status.control.stalls, 0);
	assert_int_equal(status.control.silent_alarms, 0);
	assert_null(strstr(daemon_log(&feedd), "stream=btcusdt@trade venue"));
	tick_status_close(&reader);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_int_equal(daemon_end(&sim, SIGTERM), 0);
}

/*
 * A port on which nobody answers until exchange-sim does: this process has it,
 * so that it is given to nobody else, and does not listen.
 */
static uint16_t
keep_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	int on = 1;

	kept = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(kept >= 0);
	assert_int_equal(setsockopt(kept, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(kept, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(kept, (struct sockaddr *)&at, &n), 0);
	return ntohs(at.sin_port);
}

static int
let_go(void **state)
{
	if (kept >= 0)
		close(kept);
	kept = -1;
	return daemon_teardown(state);
}

static void
start_sim_at(uint16_t port)
{
	char text[8];
	const char *const arguments[] = {"--dir", daemon_folder(), "--port", text, "--symbols",
	    "2", "--rate", "200", NULL};

	snprintf(text, sizeof(text), "%u", port);
	daemon_start(&sim, "exchange-sim", arguments);
}

static void
a_feed_of_patterns_waits_for_the_list_and_goes_on_when_it_comes(void **state)
{
	struct tick_status_reader *reader;
	mono_t deadline;
	int64_t begun;
	uint16_t port;

	(void)state;
	make_certificate();
	port = keep_port();
	reader = start_feedd(port, port, "streams=*usdt@trade");
	daemon_expect_log(&feedd, "event=streams_unknown patterns=1");
	deadline = daemon_deadline();
	while (tick_status_read(reader, &status) != 0)
		daemon_pause(deadline, "a status of the feed that waits");
	begun = status.at_ns;
	while (tick_status_read(reader, &status) != 0 || status.at_ns == begun)
		daemon_pause(deadline, "the next status");
	assert_int_equal(tick_status_check(reader), TICK_END);
	assert_int_equal(status.lines_live, 0);
	start_sim_at(port);
	daemon_expect_log(&feedd, "event=started ");
	deadline = daemon_deadline();
	while (tick_status_read(reader, &status) != 0 || status.counter[TICK_COUNTER_TICKS] < 10)
		daemon_pause(deadline, "ticks of what the pattern means");
	assert_int_equal(status.streams, 2);
	tick_status_close(&reader);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_int_equal(daemon_end(&sim, SIGTERM), 0);
}

static void
a_feed_that_waits_for_the_list_can_be_told_to_stop(void **state)
{
	struct tick_status_reader *reader;
	uint16_t port;

	(void)state;
	make_certificate();
	port = keep_port();
	reader = start_feedd(port, port, "streams=*usdt@trade");
	daemon_expect_log(&feedd, "event=streams_unknown patterns=1");
	tick_status_close(&reader);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    a_feed_of_patterns_waits_for_the_list_and_goes_on_when_it_comes, let_go),
		cmocka_unit_test_teardown(
		    a_feed_that_waits_for_the_list_can_be_told_to_stop, let_go),
		cmocka_unit_test_teardown(
		    a_symbol_that_does_not_exist_is_told_by_log_status_and_health_and_not_healed,
		    daemon_teardown),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
