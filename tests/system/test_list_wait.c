/*
 * A feed of patterns that has no list of instruments yet waits for it as long
 * as it takes: what operators and the exchange say meanwhile is heard.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/status.h>

#include "tests/config_text.h"
#include "tests/system/certs.h"
#include "tests/system/http_rig.h"
#include "tests/system/web_server.h"

#define WAITS "event=streams_unknown patterns=1"
#define EARLY "the feed waits for the list of instruments: nothing is changed"

/* The exchange's clock stood at the end of 2023: no doubt that it is another one than ours. */
static const char time_of_2023[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
    "Content-Length: 28\r\n\r\n{\"serverTime\":1703980800000}";

static const char banned[] = "HTTP/1.1 418 I'm a teapot\r\nRetry-After: 3000\r\n"
    "Connection: close\r\nContent-Length: 0\r\n\r\n";

static struct http_rig *rig;
static struct web_server *exchange; /* its REST host */
static char path[160], moved[170];
static char rest_port[32], ca[160];

/* An exchange that answers every request with that, "": with nothing. */
static void
start_exchange(const char *answer)
{
	exchange = web_server_start(certs_server(CERT_GOOD));
	web_server_answer(exchange, answer, strlen(answer));
	snprintf(rest_port, sizeof(rest_port), "rest.port=%u", web_server_port(exchange));
	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s", certs_ca_file());
}

/* Nobody listens at port 1, where its lines would go; `more`: a further setting. */
static void
start_feedd(const char *more)
{
	const char *const settings[] = {ca, rest_port, "rest.host=localhost",
	    "rest.address=127.0.0.1", "streams=*usdt@trade", "instruments.refresh_ms=1000",
	    "instruments.wait_ms=500", more, NULL};

	daemon_start_feedd(&rig->feedd, 1, settings);
}

/* ---- operators ------------------------------------------------------------------- */

static void
expect_early(void)
{
	assert_int_equal(http_rig_patch(rig, HTTP_RIG_TOKEN, "{\"status_interval_ms\": 200}"), 503);
	if (strstr(rig->body, EARLY) == NULL)
		fail_msg("not the reason: %.300s", rig->body);
}

static void
every_change_by_http_is_refused_with_the_reason(void **state)
{
	const char *const settings[] = {ca, rest_port, "rest.host=localhost",
	    "rest.address=127.0.0.1", "streams=*usdt@trade", "instruments.wait_ms=500", NULL};

	(void)state;
	start_exchange("");
	http_rig_start_feedd_until(rig, settings, true, WAITS);
	expect_early();
	expect_early();
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
}

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

static void
on_sighup_the_log_goes_on_in_a_new_file_and_tells_why_nothing_else_changes(void **state)
{
	char setting[200];

	(void)state;
	start_exchange("");
	snprintf(path, sizeof(path), "%s/feed.log", daemon_folder());
	snprintf(moved, sizeof(moved), "%s.1", path);
	snprintf(setting, sizeof(setting), "log.file=%s", path);
	start_feedd(setting);
	expect_in(path, WAITS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rename(path, moved), 0);
		assert_int_equal(kill(rig->feedd.pid, SIGHUP), 0);
		expect_in(path, EARLY);
	}
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
}

/* ---- the exchange ------------------------------------------------------------------ */

static struct tick_status_reader *
open_status(void)
{
	mono_t deadline = daemon_deadline();
	struct tick_status_reader *reader;

	while (tick_status_open(&reader, daemon_feed()) != 0)
		daemon_pause(deadline, "the status segment");
	return reader;
}

static const char *
list_of_one(void)
{
	static const char body[] =
	    "{\"symbols\":[{\"symbol\":\"BTCUSDT\",\"status\":\"TRADING\",\"filters\":["
	    "{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"0.01000000\","
	    "\"tickSize\":\"0.01000000\"},{\"filterType\":\"LOT_SIZE\","
	    "\"minQty\":\"0.00001000\",\"stepSize\":\"0.00001000\"}]}]}";
	static char answer[512];

	snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
	    sizeof(body) - 1, body);
	return answer;
}

/* The next time would be asked for in five minutes. */
static void
the_clock_that_was_told_before_the_list_is_known(void **state)
{
	static struct tick_status status;
	struct tick_status_reader *reader;
	mono_t deadline;

	(void)state;
	start_exchange(time_of_2023);
	start_feedd("rest.clock_interval_ms=300000");
	daemon_expect_log(&rig->feedd, "event=clock ");
	daemon_expect_log(&rig->feedd, WAITS);
	web_server_answer(exchange, list_of_one(), strlen(list_of_one()));
	daemon_expect_log(&rig->feedd, "event=started");
	reader = open_status();
	deadline = daemon_deadline();
	while (tick_status_read(reader, &status) != 0 || status.streams != 1)
		daemon_pause(deadline, "the status of the feed that has begun");
	tick_status_close(&reader);
	assert_true(status.clock_within_ns > 0);
	assert_true(status.clock_offset_ns < 0);
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
}

/* Waits until the status of the feed that waits says so. */
static void
expect_ban(void)
{
	static struct tick_status status;
	struct tick_status_reader *reader = open_status();
	mono_t deadline = daemon_deadline();

	while (tick_status_read(reader, &status) != 0 ||
	    status.rest_paused_reason != TICK_REASON_BANNED ||
	    status.control.rest_paused_until_ns < status.at_ns)
		daemon_pause(deadline, "the ban in the status");
	tick_status_close(&reader);
}

static void
a_ban_is_in_the_status_and_the_next_run_keeps_to_it(void **state)
{
	unsigned asked;

	(void)state;
	start_exchange(banned);
	start_feedd("rest.clock_interval_ms=0");
	daemon_expect_log(&rig->feedd, WAITS);
	expect_ban();
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
	asked = web_server_count(exchange);
	assert_true(asked > 0);
	start_feedd("rest.clock_interval_ms=0");
	daemon_expect_log(&rig->feedd, "request=\"of the last run\"");
	daemon_expect_log(&rig->feedd, WAITS);
	expect_ban();
	assert_int_equal(daemon_end(&rig->feedd, SIGTERM), 0);
	assert_int_equal(web_server_count(exchange), asked);
}

/* ---- the group ----------------------------------------------------------------------- */

static int
setup(void **state)
{
	int rc = http_rig_setup(state);

	rig = *state;
	return rc;
}

static int
teardown(void **state)
{
	web_server_stop(&exchange);
	if (*path != '\0') {
		unlink(path);
		unlink(moved);
	}
	return daemon_teardown(state);
}

static int
setup_all(void **state)
{
	int rc = certs_setup_all(state);

	return rc != 0 ? rc : daemon_setup_all(state);
}

static int
teardown_all(void **state)
{
	int rc = daemon_teardown_all(state);

	return certs_teardown_all(state) != 0 ? -1 : rc;
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_change_by_http_is_refused_with_the_reason),
		TEST(on_sighup_the_log_goes_on_in_a_new_file_and_tells_why_nothing_else_changes),
		TEST(the_clock_that_was_told_before_the_list_is_known),
		TEST(a_ban_is_in_the_status_and_the_next_run_keeps_to_it),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
