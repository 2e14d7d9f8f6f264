/*
 * feedd --probe against the simulator: what is good, and each way to fail with
 * its step, its reason and its exit code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <signal.h>

#include "tests/system/daemon.h"
#include "tests/system/proxy_server.h"
#include "tests/system/sim_rig.h"

#define ARGUMENTS_MAX 24

static struct daemon probe;

static int
port_of(const struct sim *s, int endpoint)
{
	return (int)strtol(strchr(s->address[endpoint], ':') + 1, NULL, 10);
}

/* Runs it with those arguments, and the simulator's authority; its exit code. */
static int
run(const struct sim *s, ...)
{
	/* A probe has sockets of its own, but a proxy goes with io_uring only. */
	const char *argv[ARGUMENTS_MAX] = {
	    "--probe", "--timeout", "10", "-s", "transport=auto", "-s"};
	char ca[160];
	va_list more;
	int n = 7;

	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s", s->ca);
	argv[6] = ca;
	va_start(more, s);
	while (n < ARGUMENTS_MAX - 1 && (argv[n] = va_arg(more, const char *)) != NULL)
		n++;
	va_end(more);
	argv[n] = NULL;
	daemon_start(&probe, "feedd", argv);
	return daemon_wait(&probe);
}

static void
start(struct sim *s)
{
	sim_start(s, "--listen", "a=0", "--listen", "b=0", "--control-port", "0",
	    "--control-port-file", s->control_file, "--rate", "200", NULL);
}

static const char *
says(const char *words)
{
	const char *at = strstr(daemon_log(&probe), words);

	if (at == NULL)
		fail_msg("no \"%s\" in:\n%s", words, daemon_log(&probe));
	return at;
}

/* Exit code 1, at that step, for that reason. */
static void
fails(const struct sim *s, const char *step, const char *reason, const char *timeout)
{
	char words[64];

	assert_int_equal(run(s, s->address[0], "--timeout", timeout, NULL), 1);
	snprintf(words, sizeof(words), "failed at %s:", step);
	says(words);
	snprintf(words, sizeof(words), "%s: ", reason);
	says(words);
}

/* ---- good -------------------------------------------------------------------- */

static void
a_good_endpoint_passes_every_step(void **state)
{
	static const char *const rows[] = {"dns        ok", "tcp        ok", "tls        ok",
	    "upgrade    ok", "subscribe  ok", "message    ok", "clock      ok", "total      ok",
	    "TLSv1.3", "verified by CN=Tickring simulator CA", "for localhost, 127.0.0.1, ::1",
	    " days left", "status 101", "ethusdt@trade", "trade, ", "all good"};
	struct sim *s = *state;
	char url[64], port[32];

	start(s);
	snprintf(url, sizeof(url), "wss://localhost:%d/stream", port_of(s, 0));
	snprintf(port, sizeof(port), "rest.port=%d", port_of(s, 0));
	assert_int_equal(run(s, url, "--stream", "ethusdt@trade", "-s", "rest.host=localhost",
	    "-s", port, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		says(rows[i]);
	assert_null(strstr(daemon_log(&probe), "FAILED"));
	assert_null(strstr(daemon_log(&probe), "proxy")); /* there is none */
	sim_stop(s, SIGTERM);
}

static void
a_stream_is_asked_for_at_its_path_where_each_has_its_own(void **state)
{
	struct sim *s = *state;

	sim_start(s, "--listen", "a=0", "--product", "usdm", "--rate", "200", NULL);
	(void)run(s, s->address[0], "-s", "product=usdm", "-s", "endpoint.path=auto",
	    "--stream", "ethusdt@aggTrade", NULL);
	says("/market/stream\n");
	says("message    ok");
	(void)run(s, s->address[0], "-s", "product=usdm", "-s", "endpoint.path=auto",
	    "--stream", "ethusdt@bookTicker", NULL);
	says("/public/stream\n");
	says("message    ok");
	sim_stop(s, SIGTERM);
}

static double
number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(object, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static void
every_endpoint_of_a_configuration_is_probed_and_json_says_it(void **state)
{
	struct sim *s = *state;
	char endpoints[128], port[32];
	const cJSON *list, *one, *steps, *clock;
	cJSON *root;

	start(s);
	sim_fault(s, "0 clock ms=5000\n0 refuse endpoint=b");
	snprintf(endpoints, sizeof(endpoints), "endpoints=localhost:%d@127.0.0.1,%s",
	    port_of(s, 0), s->address[1]);
	snprintf(port, sizeof(port), "rest.port=%d", port_of(s, 0));
	assert_int_equal(run(s, "--json", "-s", endpoints, "-s", "rest.host=localhost", "-s",
	    port, NULL), 1);
	root = cJSON_Parse(daemon_log(&probe));
	assert_non_null(root);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(root, "ok")));
	list = cJSON_GetObjectItem(root, "endpoints");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	one = cJSON_GetArrayItem(list, 0);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(one, "ok")));
	steps = cJSON_GetObjectItem(one, "steps");
	assert_int_equal(cJSON_GetArraySize(steps), 8);
	for (int i = 0; i < 8; i++)
		if (i != 2) /* no proxy */
			assert_true(number(cJSON_GetArrayItem(steps, i), "ms") >= 0);
	clock = cJSON_GetObjectItem(one, "clock");
	assert_true(number(clock, "offset_ms") > 5000 - number(clock, "within_ms") - 50);
	assert_true(number(clock, "offset_ms") < 5000 + number(clock, "within_ms") + 50);
	one = cJSON_GetArrayItem(list, 1);
	assert_string_equal(cJSON_GetObjectItem(one, "failed")->valuestring, "tcp");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(one, "address")));
	cJSON_Delete(root);
	sim_stop(s, SIGTERM);
}

static void
a_probe_goes_through_the_proxy_and_says_when_that_refuses(void **state)
{
	struct proxy_server *proxy = proxy_server_start("HTTP/1.1 200 Fine\r\n\r\n");
	struct sim *s = *state;
	char key[64], request[2048];

	start(s);
	snprintf(key, sizeof(key), "endpoint.proxy=127.0.0.1:%u", proxy_server_port(proxy));
	assert_int_equal(run(s, s->address[0], "-s", key, NULL), 0);
	says("proxy      ok");
	proxy_server_stop(&proxy, request);
	assert_memory_equal(request, "CONNECT 127.0.0.1:", 18);
	proxy = proxy_server_start("HTTP/1.1 403 No\r\n\r\n");
	snprintf(key, sizeof(key), "endpoint.proxy=127.0.0.1:%u", proxy_server_port(proxy));
	assert_int_equal(run(s, s->address[0], "-s", key, NULL), 1);
	says("failed at proxy:");
	proxy_server_stop(&proxy, NULL);
	sim_stop(s, SIGTERM);
}

static void
a_binary_venue_is_probed_with_its_key(void **state)
{
	struct sim *s = *state;

	sim_start(s, "--listen", "a=0,sbe", "--api-key", "right", "--rate", "200", NULL);
	setenv("TICKRING_API_KEY", "right", 1);
	assert_int_equal(run(s, s->address[0], "-s", "product=spot-sbe", "--stream",
	    "btcusdt@bestBidAsk", NULL), 0);
	says("message    ok");
	says("bookTicker, ");
	setenv("TICKRING_API_KEY", "wrong-key", 1);
	assert_int_equal(run(s, s->address[0], "-s", "product=spot-sbe", NULL), 1);
	unsetenv("TICKRING_API_KEY");
	says("failed at upgrade:");
	says("status 401");
	assert_null(strstr(daemon_log(&probe), "wrong-key"));
	sim_stop(s, SIGTERM);
}

/* ---- not good ---------------------------------------------------------------- */

static void
names_ports_and_certificates_fail_with_their_reason(void **state)
{
	static const struct {
		const char *kind, *reason;
	} certificates[] = {{"wrong-host", "tls_hostname"}, {"self-signed", "tls_untrusted"},
	    {"expired", "tls_expired"}, {"not-yet-valid", "tls_not_yet_valid"}};
	struct sim *s = *state;
	char line[64];

	start(s);
	for (size_t i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), "0 cert endpoint=a kind=%s", certificates[i].kind);
		sim_fault(s, line);
		fails(s, "tls", certificates[i].reason, "10");
		says("certificate CN="); /* that it was shown */
		says("upgrade    -");
		sim_control(s, "POST /clear", "");
	}
	sim_fault(s, "0 refuse endpoint=a");
	fails(s, "tcp", "refused", "10");
	says("tls        -");
	assert_null(strstr(daemon_log(&probe), "proxy"));
	assert_int_equal(run(s, "wss://nowhere.invalid", "--timeout", "5", NULL), 1);
	says("failed at dns:");
	sim_stop(s, SIGTERM);
}

static void
an_authority_that_is_not_the_configured_one_is_told(void **state)
{
	struct sim *s = *state;

	start(s);
	assert_int_equal(run(s, s->address[0], "-s", "endpoint.ca_file=", NULL), 1);
	says("failed at tls:");
	says("tls_untrusted: 127.0.0.1: unable to get local issuer certificate");
	says("issued by CN=Tickring simulator CA");
	sim_stop(s, SIGTERM);
}

static void
a_refused_upgrade_has_its_status_and_retry_after(void **state)
{
	static const struct {
		int status;
		const char *reason;
	} refusals[] = {{403, "forbidden"}, {418, "banned"}, {429, "rate_limited"},
	    {451, "blocked_region"}, {503, "server_error"}};
	struct sim *s = *state;
	char text[64];

	start(s);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		snprintf(text, sizeof(text), "0 http status=%d retry-after=7", refusals[i].status);
		sim_fault(s, text);
		fails(s, "upgrade", refusals[i].reason, "10");
		snprintf(text, sizeof(text), "status %d, Retry-After 7 s", refusals[i].status);
		says(text);
		sim_control(s, "POST /clear", "");
	}
	sim_stop(s, SIGTERM);
}

static void
who_is_slow_or_silent_is_given_up_in_time(void **state)
{
	struct sim *s = *state;

	start(s);
	sim_fault(s, "0 slow-tls ms=20000");
	fails(s, "tls", "connect_timeout", "0.5");
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 dribble ms=200 bytes=1"); /* never long silent, never done */
	fails(s, "upgrade", "connect_timeout", "1");
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 ack-never");
	fails(s, "subscribe", "ack_timeout", "1");
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 reject code=2 reason='Invalid request'");
	fails(s, "subscribe", "ack_error", "10");
	says("error 2 Invalid request");
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 ack-silent");
	fails(s, "message", "acked_silent", "1");
	sim_control(s, "POST /clear", "");
	assert_int_equal(run(s, s->address[0], "--timeout", "1", "--stream", "nosuch@trade", NULL),
	    1);
	says("failed at message: acknowledged, but no message came");
	sim_stop(s, SIGTERM);
}

static void
a_clock_that_cannot_be_asked_fails_alone(void **state)
{
	struct sim *s = *state;
	char port[32];

	start(s);
	snprintf(port, sizeof(port), "rest.port=%d", port_of(s, 1));
	sim_fault(s, "0 http on=rest status=429 retry-after=9");
	assert_int_equal(run(s, s->address[0], "-s", "rest.host=localhost", "-s", port, NULL), 1);
	says("message    ok");
	says("failed at clock: too many requests (429)");
	says("status 429, Retry-After 9 s");
	sim_fault(s, "0 refuse endpoint=b");
	assert_int_equal(run(s, s->address[0], "-s", "rest.host=localhost", "-s", port, NULL), 1);
	says("message    ok");
	says("refused: localhost");
	assert_int_equal(run(s, s->address[0], NULL), 0);
	says("clock      skipped");
	sim_stop(s, SIGTERM);
}

static void
wrong_usage_is_told_from_a_failed_step(void **state)
{
	struct sim *s = *state;

	assert_int_equal(run(s, "a.test:443", "b.test:443", NULL), 2);
	assert_int_equal(run(s, "ws://a.test/ws", NULL), 2);
	says("is no wss:// URL");
	assert_int_equal(run(s, "a.test", NULL), 2);
	assert_int_equal(run(s, "wss://", NULL), 2);
	assert_int_equal(run(s, "--timeout", "0", NULL), 2);
	assert_int_equal(run(s, "--timeout", "soon", NULL), 2);
	assert_int_equal(run(s, "-c", "/nonexistent.json", NULL), 2);
	/* The one that comes with it is read when there is something to probe. */
	assert_int_equal(run(s, "a.test:443", NULL), 2);
	says("endpoint.ca_file");
}

static int
tear_down(void **state)
{
	daemon_teardown(state);
	return sim_tear_down(state);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, sim_set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_good_endpoint_passes_every_step),
		TEST(a_stream_is_asked_for_at_its_path_where_each_has_its_own),
		TEST(every_endpoint_of_a_configuration_is_probed_and_json_says_it),
		TEST(a_probe_goes_through_the_proxy_and_says_when_that_refuses),
		TEST(a_binary_venue_is_probed_with_its_key),
		TEST(names_ports_and_certificates_fail_with_their_reason),
		TEST(an_authority_that_is_not_the_configured_one_is_told),
		TEST(a_refused_upgrade_has_its_status_and_retry_after),
		TEST(who_is_slow_or_silent_is_given_up_in_time),
		TEST(a_clock_that_cannot_be_asked_fails_alone),
		TEST(wrong_usage_is_told_from_a_failed_step),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
