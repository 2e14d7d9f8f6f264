/*
 * Security events, each by what causes it, on their way to the log and to a
 * webhook: by name and severity. A refused certificate is in test_alerts.c;
 * sockets that leak are in test_leak.c, and here what only looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/system/http_rig.h"
#include "tests/system/web_server.h"

#define SETTINGS_MAX 16

static struct web_server *receiver;
static char webhook[96];
static const char *settings[SETTINGS_MAX];

static int
setup(void **state)
{
	receiver = web_server_start(NULL);
	snprintf(webhook, sizeof(webhook), "alerts.webhooks=http://127.0.0.1:%u/",
	    web_server_port(receiver));
	return http_rig_setup(state);
}

static int
teardown(void **state)
{
	daemon_teardown(state);
	web_server_stop(&receiver);
	return 0;
}

/* A simulator with those faults and that many messages a second. */
static void
start_sim(struct http_rig *rig, const char *faults, const char *rate)
{
	char path[160];
	const char *const arguments[] = {"--faults", path, "--rate", rate, NULL};
	FILE *file;

	snprintf(path, sizeof(path), "%s/faults", daemon_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(faults, file) >= 0);
	assert_int_equal(fclose(file), 0);
	http_rig_start_sim(rig, arguments);
}

/* Looks ten times a second; every alert goes to the webhook. Further settings up to NULL. */
static void
start_feedd(struct http_rig *rig, ...)
{
	va_list more;
	int n = 4;

	settings[0] = "streams=btcusdt@trade,btcusdt@bookTicker";
	settings[1] = webhook;
	settings[2] = "alerts.severity_min=info";
	settings[3] = "monitoring.metrics_interval_ms=100";
	va_start(more, rig);
	while (n < SETTINGS_MAX && (settings[n] = va_arg(more, const char *)) != NULL)
		n++;
	va_end(more);
	assert_true(n < SETTINGS_MAX);
	http_rig_start_feedd(rig, settings, false);
}

/* In the log, and at the receiver. */
static void
expect(struct http_rig *rig, const char *name, const char *severity)
{
	mono_t deadline = daemon_deadline();
	char words[160];

	snprintf(words, sizeof(words), "event=security name=%s severity=%s ", name, severity);
	daemon_expect_log(&rig->feedd, words);
	snprintf(words, sizeof(words), "\"alert\":\"%s\",\"severity\":\"%s\",\"event\":\"fired\"",
	    name, severity);
	for (unsigned i = 0;; i++) {
		while (web_server_count(receiver) <= i)
			daemon_pause(deadline, words);
		if (strstr(web_server_request(receiver, i), words) != NULL)
			return;
	}
}

static void
messages_that_are_too_long_or_cannot_be_decoded_are_told(void **state)
{
	struct http_rig *rig = *state;

	start_sim(rig, "0 inject kind=malformed every=0.5\n0 inject kind=oversize every=1\n", "50");
	start_feedd(rig, NULL);
	expect(rig, "invalid_message_format", "info");
	expect(rig, "parsing_error_rate_high", "warning");
	expect(rig, "message_size_exceeded", "warning");
}

static void
a_connection_that_does_not_come_up_in_time_is_told(void **state)
{
	struct http_rig *rig = *state;

	start_sim(rig, "0 slow-tls ms=20000\n", "50");
	start_feedd(rig, "pool.connection_timeout_ms=300", NULL);
	daemon_expect_log(&rig->feedd, "no end of the TLS handshake in time");
	expect(rig, "connection_timeout_exceeded", "warning");
}

static void
the_exchanges_limit_of_attempts_is_kept_and_told(void **state)
{
	struct http_rig *rig = *state;

	/* Nobody listens: 300 attempts are soon over, the next has to wait. */
	start_feedd(rig, "reconnect.base_delay_ms=10", "reconnect.max_delay_ms=10",
	    "reconnect.jitter=false", "reconnect.max_retries=1000000",
	    "failover.failures_max=1000", NULL);
	expect(rig, "connection_limit_exceeded", "warning");
	http_rig_get(rig, "/status", "");
	assert_non_null(strstr(rig->body, "\"connects_limited\":"));
}

/* Not a line's: the log alone knows it, for no line waits for it. */
static void
a_certificate_of_rest_that_is_refused_is_told(void **state)
{
	struct http_rig *rig = *state;
	char port[32];

	start_sim(rig, "", "50");
	snprintf(port, sizeof(port), "rest.port=%u", rig->exchange);
	start_feedd(rig, "streams=btcusdt@depth@100ms", "rest.host=other.test",
	    "rest.address=127.0.0.1", port, NULL);
	daemon_expect_log(&rig->feedd, "event=security name=invalid_certificate severity=critical "
	    "request=");
	daemon_expect_log(&rig->feedd, "reason=tls_hostname");
}

static void
too_much_memory_and_too_much_processor_are_told(void **state)
{
	struct http_rig *rig = *state;

	start_sim(rig, "", "20000");
	start_feedd(rig, "resources.max_memory_bytes=16777216", "resources.max_cpu_percent=1",
	    "ring.slots=262144", NULL);
	expect(rig, "memory_limit_exceeded", "critical");
	expect(rig, "cpu_usage_exceeded", "warning");
}

/* A port where connections wait for an answer for ever. */
static int
listen_and_be_silent(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Sockets of requests that hang have an owner. */
static void
requests_that_get_no_answer_are_no_leak(void **state)
{
	mono_t deadline, end;
	struct http_rig *rig = *state;
	char streams[400] = "streams=btcusdt@trade", at[32], sample[96];
	const char *found;
	uint16_t port;
	int fd = listen_and_be_silent(&port);

	for (int i = 0; i < 12; i++)
		snprintf(streams + strlen(streams), sizeof(streams) - strlen(streams),
		    ",s%02dusdt@depth@100ms", i);
	snprintf(at, sizeof(at), "rest.port=%u", port);
	http_rig_start_sim(rig, (const char *const[]){"--symbols", "btcusdt,s00usdt,s01usdt,"
	    "s02usdt,s03usdt,s04usdt,s05usdt,s06usdt,s07usdt,s08usdt,s09usdt,s10usdt,s11usdt",
	    NULL});
	start_feedd(rig, streams, at, "rest.host=localhost", "rest.address=127.0.0.1",
	    "rest.timeout_ms=60000", "instruments.refresh_ms=0", "rest.clock_interval_ms=0",
	    "resources.cleanup_interval_ms=1000", NULL);
	snprintf(sample, sizeof(sample), "\ntickring_sockets{feed=\"%s\"} ", daemon_feed());
	deadline = daemon_deadline();
	do { /* a line, the listening one, and eight requests */
		daemon_pause(deadline, "sockets of requests");
		http_rig_get(rig, "/metrics", "");
		found = strstr(rig->body, sample);
	} while (found == NULL || strtod(found + strlen(sample), NULL) < 10);
	deadline = daemon_deadline();
	end = mono_add(clock_mono(), span_s(4)); /* more than two counts */
	while (mono_before(clock_mono(), end))
		daemon_pause(deadline, "the counts of sockets");
	assert_null(strstr(daemon_log(&rig->feedd), "connection_leak_detected"));
	close(fd);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(messages_that_are_too_long_or_cannot_be_decoded_are_told),
		TEST(a_connection_that_does_not_come_up_in_time_is_told),
		TEST(the_exchanges_limit_of_attempts_is_kept_and_told),
		TEST(a_certificate_of_rest_that_is_refused_is_told),
		TEST(too_much_memory_and_too_much_processor_are_told),
		TEST(requests_that_get_no_answer_are_no_leak),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
