/*
 * `feedd --check-config` with wrong configurations, one problem each: it ends
 * with 2 and one line that names the file and its line, the key, the value, and
 * why it is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/daemon.h"

#define STREAMS "\"streams\": [\"btcusdt@trade\"]"

static const struct wrong {
	const char *setting; /* line 3 of the file */
	const char *key, *value, *why;
} wrong[] = {
	{"\"feed\": \"Feed\"", "feed", "\"Feed\"", "has other characters than"},
	{"\"feed\": \"\"", "feed", "\"\"", "is empty"},
	{"\"product\": \"futures\"", "product", "\"futures\"", "is unknown, allowed: one of"},
	{"\"preset\": \"test\"", "preset", "\"test\"", "\"staging\""},
	{"\"transport\": \"epoll\"", "transport", "\"epoll\"", "\"uring\""},
	{"\"standby\": true", "standby", "true", "allowed: one of"},
	{"\"standby_takeover_ms\": 99", "standby_takeover_ms", "99", "too small, allowed: 100"},
	{"\"endpoint\": {\"host\": \"wss://a\"}", "endpoint.host", "\"wss://a\"",
	    "is no host name"},
	{"\"endpoint\": {\"port\": 65536}", "endpoint.port", "65536", "too large, allowed: 1 to"},
	{"\"endpoint\": {\"path\": \"stream\"}", "endpoint.path", "\"stream\"", "begin with"},
	{"\"endpoint\": {\"address\": \"host\"}", "endpoint.address", "\"host\"",
	    "no numeric address"},
	{"\"endpoint\": {\"time_unit\": \"ns\"}", "endpoint.time_unit", "\"ns\"",
	    "\"microsecond\""},
	{"\"endpoints\": [\"a:b\"]", "endpoints", "\"a:b\"", ""},
	{"\"redundancy\": 4", "redundancy", "4", "too large, allowed: 1 to 3"},
	{"\"optional_streams\": [\"x\"]", "optional_streams", "\"x\"", "has no type"},
	{"\"subscribe\": {\"ack_timeout_ms\": 10}", "subscribe.ack_timeout_ms", "10",
	    "too small"},
	{"\"arbiter\": {\"hold_ms\": -1}", "arbiter.hold_ms", "-1", "too small, allowed: 0"},
	{"\"ring\": {\"slots\": 100000}", "ring.slots", "100000", "is no power of two"},
	{"\"ring\": {\"slots\": 1024}", "ring.slots", "1024", "too small, allowed: 65536"},
	{"\"ring\": {\"group\": \"no-such-group\"}", "ring.group", "\"no-such-group\"",
	    "is no group of this system"},
	{"\"ring\": {\"bell\": 1}", "ring.bell", "1", "allowed: true or false"},
	{"\"board\": {\"depth\": 1001}", "board.depth", "1001", "too large, allowed: 0 to 1000"},
	{"\"instruments\": {\"overrides\": [\"A:-8:1\"]}", "instruments.overrides", "\"A:-8:1\"",
	    "no whole number from -18 to 0"},
	{"\"pool\": {\"max_connections\": 0}", "pool.max_connections", "0", "too small"},
	{"\"pool\": {\"initial_connections\": 11}", "pool.initial_connections", "11",
	    "larger than \"pool.max_connections\", which is 10"},
	{"\"pool\": {\"max_streams_per_connection\": 1025}", "pool.max_streams_per_connection",
	    "1025", "too large"},
	{"\"pool\": {\"max_connection_age_ms\": 86400000}", "pool.max_connection_age_ms",
	    "86400000", "too large, allowed"},
	{"\"pool\": {\"min_connection_age_ms\": 3600000, \"max_connection_age_ms\": 60000}",
	    "pool.min_connection_age_ms", "3600000", "larger than \"pool.max_connection_age_ms\""},
	{"\"pool\": {\"connection_timeout_ms\": 1.5}", "pool.connection_timeout_ms", "1.5",
	    "not a whole number"},
	{"\"heartbeat\": {\"ping_timeout_threshold_ms\": 4000}",
	    "heartbeat.ping_timeout_threshold_ms", "4000",
	    "smaller than \"heartbeat.pong_response_timeout_ms\", which is 5000"},
	{"\"heartbeat\": {\"max_missed_pings\": \"3\"}", "heartbeat.max_missed_pings", "\"3\"",
	    "is text"},
	{"\"reconnect\": {\"base_delay_ms\": 60001}", "reconnect.base_delay_ms", "60001",
	    "larger than \"reconnect.max_delay_ms\", which is 60000"},
	{"\"reconnect\": {\"jitter_percent\": 101}", "reconnect.jitter_percent", "101",
	    "too large, allowed: 0 to 100"},
	{"\"reconnect\": {\"enabled\": null}", "reconnect.enabled", "null", "allowed"},
	{"\"monitoring\": {\"health_check\": {\"threshold_permille\": 400}}",
	    "monitoring.health_check.threshold_permille", "400",
	    "smaller than \"monitoring.health_check.alert_threshold_permille\""},
	{"\"resources\": {\"max_cpu_percent\": 0}", "resources.max_cpu_percent", "0", "too small"},
	{"\"security\": {\"enforce_ssl\": false}", "security.enforce_ssl", "false",
	    "TLS cannot be switched off"},
	{"\"security\": {\"validate_certificates\": false}", "security.validate_certificates",
	    "false", "cannot be switched off"},
	{"\"security\": {\"max_message_bytes\": 100}", "security.max_message_bytes", "100",
	    "too small, allowed: 4096"},
	{"\"status_interval_ms\": []", "status_interval_ms", "[...]", "is a list"},
	{"\"log\": {\"level\": \"loud\"}", "log.level", "\"loud\"", "\"warning\""},
	{"\"log\": {\"file\": \"a\\nb\"}", "log.file", "\"a\\u000ab\"", "has control characters"},
	{"\"cpu\": 4096", "cpu", "4096", "too large, allowed: -1 to 1023"},
	{"\"pool\": {\"maxConnections\": 5}", "pool.maxConnections", "",
	    "did you mean \"pool.max_connections\"?"},
	{"\"strems\": []", "strems", "", "did you mean \"streams\"?"},
};

enum { WRONG = sizeof(wrong) / sizeof(wrong[0]) };

static char file[128];

static void
write_config(const char *setting)
{
	FILE *out;

	snprintf(file, sizeof(file), "%s/feed.json", daemon_folder());
	out = fopen(file, "we");
	assert_non_null(out);
	fprintf(out, "{\n" STREAMS ",\n%s\n}\n", setting);
	assert_int_equal(fclose(out), 0);
}

/* What feedd says of the file; it ends with that status. */
static const char *
words(int status)
{
	const char *arguments[] = {"--config", file, "--check-config", NULL};
	struct daemon feedd = {0};

	daemon_start(&feedd, "feedd", arguments);
	assert_int_equal(daemon_wait(&feedd), status);
	return daemon_log(&feedd);
}

/* The line that names the place; the only one that names any. */
static void
expect_problem(const struct wrong *w, const char *said)
{
	char where[160], key[80], value[80], line[1024];
	const char *at;

	snprintf(where, sizeof(where), "%s:3: ", file);
	snprintf(key, sizeof(key), "key \"%s\"", w->key);
	snprintf(value, sizeof(value), "value %s ", w->value);
	at = strstr(said, where);
	if (!at || strstr(at + 1, file))
		fail_msg("%s: not one problem in line 3, but: %s", w->setting, said);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	if (!strstr(line, key) || (w->value[0] != '\0' && !strstr(line, value)) ||
	    !strstr(line, w->why) || strlen(line) < strlen(where) + strlen(key) + 10)
		fail_msg("%s: no %s, %s and \"%s\" in: %s", w->setting, key, value, w->why, line);
}

static void
every_wrong_setting_is_named_with_file_line_key_value_and_reason(void **state)
{
	(void)state;
	for (int i = 0; i < WRONG; i++) {
		write_config(wrong[i].setting);
		expect_problem(&wrong[i], words(2));
	}
	print_message("%d wrong configurations\n", WRONG);
}

static void
the_same_file_without_the_problem_is_fine(void **state)
{
	(void)state;
	write_config("\"cpu\": -1");
	assert_non_null(strstr(words(0), "plan: 1 stream on 1 line,"));
}

/* Single trades of futures need one. */
static void
without_an_api_key_it_says_which_gaps_stay(void **state)
{
	const char *said;

	(void)state;
	write_config("\"product\": \"usdm\", \"backfill\": {\"enabled\": true}");
	said = words(0);
	assert_non_null(strstr(said, "backfill: gaps of @aggTrade, weight 20 for 1000 ids; "
	    "gaps of @trade stay, for there is no API key\n"));
	assert_int_equal(setenv("TICKRING_API_KEY", "k", 1), 0);
	said = words(0);
	assert_int_equal(unsetenv("TICKRING_API_KEY"), 0);
	assert_non_null(strstr(said, "; of @trade, weight 200 for 500 ids\n"));
	write_config("\"backfill\": {\"enabled\": true}");
	assert_non_null(strstr(words(0), "backfill: gaps of @aggTrade, weight 4 for 1000 ids; "
	    "of @trade, weight 25 for 1000 ids\n"));
	write_config("\"product\": \"options\", \"backfill\": {\"enabled\": true}");
	assert_non_null(strstr(words(0), "backfill: none, "));
	write_config("\"cpu\": -1");
	assert_null(strstr(words(0), "backfill:"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    every_wrong_setting_is_named_with_file_line_key_value_and_reason,
		    daemon_teardown),
		cmocka_unit_test_teardown(
		    the_same_file_without_the_problem_is_fine, daemon_teardown),
		cmocka_unit_test_teardown(
		    without_an_api_key_it_says_which_gaps_stay, daemon_teardown),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
