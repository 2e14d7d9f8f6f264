/*
 * Alerts on their way to those who are to know: a webhook, PagerDuty's shape,
 * a program; that they fire, and that they are over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/system/http_rig.h"
#include "tests/system/web_server.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define SETTINGS_MAX 16

static struct web_server *plain, *pagerduty;
static char setting[SETTINGS_MAX][256];
static const char *settings[SETTINGS_MAX + 1];
static unsigned settings_n;
static uint16_t control_port; /* of exchange-sim */

static void
set(const char *key, const char *value)
{
	assert_true(settings_n < SETTINGS_MAX);
	snprintf(setting[settings_n], sizeof(setting[0]), "%s=%s", key, value);
	settings[settings_n] = setting[settings_n];
	settings[++settings_n] = NULL;
}

static void
set_url(const char *key, struct web_server *server, const char *path)
{
	char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", web_server_port(server), path);
	set(key, url);
}

static const char *
file_of(const char *name, const char *text, mode_t mode)
{
	static char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", daemon_folder(), name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static uint16_t
port_in(const char *path)
{
	mono_t deadline = daemon_deadline();
	unsigned port = 0;
	char end = 0;
	FILE *file;

	while (end != '\n') {
		file = fopen(path, "r");
		if (file != NULL && fscanf(file, "%u%c", &port, &end) != 2)
			end = 0;
		if (file != NULL)
			fclose(file);
		if (end != '\n')
			daemon_pause(deadline, path);
	}
	unlink(path);
	return (uint16_t)port;
}

static int
setup(void **state)
{
	settings_n = 0;
	set("streams", "btcusdt@trade,btcusdt@bookTicker");
	set("alerts.hold_ms", "0");
	set("alerts.clear_ms", "0");
	set("alerts.retry_ms", "50");
	plain = web_server_start(NULL);
	pagerduty = web_server_start(NULL);
	return http_rig_setup(state);
}

static int
teardown(void **state)
{
	daemon_teardown(state);
	web_server_stop(&plain);
	web_server_stop(&pagerduty);
	return 0;
}

/* How long a stream is watched before its own silence counts: 5 s (core/stall.h), and more. */
#define LEARN_S 7

static void
start(struct http_rig *rig)
{
	static const char *const sim[] = {"--control-port", "0", "--control-port-file", NULL, NULL};
	const char *arguments[5];
	char path[160];
	mono_t learned;

	snprintf(path, sizeof(path), "%s/control", daemon_folder());
	memcpy(arguments, sim, sizeof(sim));
	arguments[3] = path;
	http_rig_start_sim(rig, arguments);
	control_port = port_in(path);
	http_rig_start_feedd(rig, settings, false);
	http_rig_wait(rig, "/readyz", 200);
	learned = mono_add(clock_mono(), span_s(LEARN_S));
	while (!mono_due(learned, clock_mono()))
		daemon_pause(daemon_deadline(), "some seconds");
}

/* Has the simulator stall the quotes, or go on. */
static void
order(struct http_rig *rig, const char *path, const char *body)
{
	char request[256];
	int n = snprintf(request, sizeof(request),
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", path,
	    strlen(body), body);
	uint16_t port = rig->port;

	rig->port = control_port;
	http_rig_say(rig, request, (size_t)n);
	rig->port = port;
	if (rig->status < 200 || rig->status >= 300)
		fail_msg("%s: %s", path, rig->answer);
}

static void
stall(struct http_rig *rig)
{
	order(rig, "/fault", "0 stall-stream stream=btcusdt@bookTicker\n");
}

static void
go_on(struct http_rig *rig)
{
	order(rig, "/clear", "");
}

/* ---- what receivers got ------------------------------------------------------------------- */

static const char *
text_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* The body of request i, which the caller frees. */
static cJSON *
body_of(struct web_server *server, unsigned i)
{
	const char *request = web_server_request(server, i), *body;
	cJSON *json;

	assert_non_null(request);
	assert_non_null(strcasestr(request, "content-type: application/json\r\n"));
	body = strstr(request, "\r\n\r\n");
	assert_non_null(body);
	json = cJSON_Parse(body + 4);
	if (json == NULL)
		fail_msg("no JSON: %s", body + 4);
	return json;
}

/* Waits for the request of which `is` says yes. The caller frees it. */
static cJSON *
wait_for(struct web_server *server, bool (*is)(const cJSON *, const char *, const char *),
    const char *alert, const char *event)
{
	mono_t deadline = daemon_deadline();

	for (unsigned i = 0;; i++) {
		cJSON *json;

		while (web_server_count(server) <= i)
			daemon_pause(deadline, event);
		json = body_of(server, i);
		if (is(json, alert, event))
			return json;
		cJSON_Delete(json);
	}
}

static bool
is_plain(const cJSON *json, const char *alert, const char *event)
{
	return strcmp(text_of(json, "alert"), alert) == 0 &&
	    strcmp(text_of(json, "event"), event) == 0;
}

static bool
is_pagerduty(const cJSON *json, const char *alert, const char *action)
{
	const cJSON *payload = cJSON_GetObjectItemCaseSensitive(json, "payload");

	return strcmp(text_of(payload, "class"), alert) == 0 &&
	    strcmp(text_of(json, "event_action"), action) == 0;
}

static void
expect_time(const cJSON *json, const char *name)
{
	const char *at = text_of(json, name);

	if (strlen(at) != strlen("2026-11-23T00:00:00.000Z") || at[10] != 'T' || at[23] != 'Z')
		fail_msg("%s is \"%s\"", name, at);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void
a_stalled_stream_fires_at_both_webhooks_and_its_return_clears(void **state)
{
	struct http_rig *rig = *state;
	mono_t deadline = mono_add(daemon_deadline(), span_s(60));
	char key[160], sample[160];
	cJSON *fired, *cleared;
	const cJSON *payload;

	set_url("alerts.webhooks", plain, "/alerts?from=test");
	set_url("alerts.pagerduty_url", pagerduty, "/v2/enqueue");
	set("alerts.pagerduty_key_file", file_of("key", KEY "\n", 0600));
	start(rig);
	stall(rig);

	fired = wait_for(plain, is_plain, "stale_streams_many", "fired");
	assert_string_equal(text_of(fired, "feed"), daemon_feed());
	assert_string_equal(text_of(fired, "severity"), "critical");
	assert_string_equal(text_of(fired, "text"), "most streams of a class are stale");
	expect_time(fired, "at");
	expect_time(fired, "since");
	cJSON_Delete(fired);
	assert_non_null(strstr(web_server_request(plain, 0), "POST /alerts?from=test HTTP/1.1"));

	fired = wait_for(pagerduty, is_pagerduty, "stale_streams_many", "trigger");
	assert_string_equal(text_of(fired, "routing_key"), KEY);
	snprintf(key, sizeof(key), "%s", text_of(fired, "dedup_key"));
	assert_non_null(strstr(key, "stale_streams_many"));
	payload = cJSON_GetObjectItemCaseSensitive(fired, "payload");
	assert_string_equal(text_of(payload, "severity"), "critical");
	assert_true(strlen(text_of(payload, "summary")) > 0);
	assert_true(strlen(text_of(payload, "source")) > 0);
	expect_time(payload, "timestamp");
	cJSON_Delete(fired);

	snprintf(sample, sizeof(sample),
	    "tickring_alert_active{feed=\"%s\",name=\"stale_streams_many\",severity=\"critical\"}",
	    daemon_feed());
	do {
		daemon_pause(deadline, sample);
	} while (http_rig_get(rig, "/metrics", "") != 200 || http_rig_value(rig, sample) != 1);
	http_rig_get(rig, "/status", "");
	assert_non_null(strstr(
	    rig->body, "{\"alert\":\"stale_streams_many\",\"severity\":\"critical\""));

	go_on(rig);
	cleared = wait_for(plain, is_plain, "stale_streams_many", "cleared");
	cJSON_Delete(cleared);
	cleared = wait_for(pagerduty, is_pagerduty, "stale_streams_many", "resolve");
	assert_string_equal(text_of(cleared, "dedup_key"), key);
	cJSON_Delete(cleared);
	do {
		daemon_pause(deadline, sample);
	} while (http_rig_get(rig, "/metrics", "") != 200 || http_rig_value(rig, sample) != 0);
	assert_null(strstr(daemon_log(&rig->feedd), KEY));
	daemon_expect_log(&rig->feedd, "name=stale_streams_many severity=critical state=cleared");
}

static void
a_program_gets_an_alert_in_its_environment_and_at_its_input(void **state)
{
	static const char script[] = "#!/bin/sh\n"
	                             "read -r line\n"
	                             "echo \"$1 $TICKRING_ALERT $TICKRING_SEVERITY $TICKRING_EVENT "
	                             "$TICKRING_FEED $line\" >>\"${0%/*}/told\"\n";
	struct http_rig *rig = *state;
	char wanted[200], told[160], line[1024];
	mono_t deadline;
	bool came = false;
	FILE *file;

	snprintf(wanted, sizeof(wanted), "%s,first", file_of("tell", script, 0700));
	set("alerts.command", wanted);
	start(rig);
	stall(rig);
	snprintf(wanted, sizeof(wanted),
	    "first stale_streams_many critical fired %s {\"version\":1,", daemon_feed());
	snprintf(told, sizeof(told), "%s/told", daemon_folder());
	for (deadline = daemon_deadline(); !came;) {
		file = fopen(told, "r");
		while (file != NULL && !came && fgets(line, sizeof(line), file) != NULL)
			came = strncmp(line, wanted, strlen(wanted)) == 0;
		if (file != NULL)
			fclose(file);
		if (!came)
			daemon_pause(deadline, wanted);
	}
	assert_non_null(strstr(line, "\"alert\":\"stale_streams_many\""));
	go_on(rig);
}

static void
a_program_that_does_not_end_is_killed_and_counted(void **state)
{
	struct http_rig *rig = *state;

	set("alerts.command", "/bin/sleep,1000");
	set("alerts.command_timeout_ms", "200");
	start(rig);
	stall(rig);
	daemon_expect_log(&rig->feedd, "event=alert_command command=/bin/sleep result=killed");
	go_on(rig);
}

static void
a_refused_certificate_is_told_as_the_security_event_that_it_is(void **state)
{
	struct http_rig *rig = *state;
	cJSON *json;

	set_url("alerts.webhooks", plain, "/");
	set("endpoint.host", "other.test");
	set("endpoint.address", "127.0.0.1");
	http_rig_start_sim(rig, NULL);
	http_rig_start_feedd(rig, settings, false);
	json = wait_for(plain, is_plain, "invalid_certificate", "fired");
	assert_string_equal(text_of(json, "severity"), "critical");
	cJSON_Delete(json);
	daemon_expect_log(&rig->feedd, "event=security name=invalid_certificate severity=critical");
}

static void
a_webhook_that_refuses_for_now_gets_the_alert_again(void **state)
{
	static const char busy[] = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
	static const char fine[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
	struct http_rig *rig = *state;
	cJSON *first, *again;

	set_url("alerts.webhooks", plain, "/");
	web_server_answer(plain, busy, strlen(busy));
	start(rig);
	stall(rig);
	first = body_of(plain, 0);
	again = body_of(plain, 1);
	assert_true(cJSON_Compare(first, again, true));
	cJSON_Delete(first);
	cJSON_Delete(again);
	web_server_answer(plain, fine, strlen(fine));
	daemon_expect_log(&rig->feedd, "event=alert_retry host=127.0.0.1");
	cJSON_Delete(wait_for(plain, is_plain, "stale_streams_many", "fired"));
	go_on(rig);
}

static void
a_key_file_that_is_not_there_keeps_the_feed_from_starting(void **state)
{
	struct http_rig *rig = *state;

	set("alerts.pagerduty_key_file", "/nonexistent/key");
	daemon_start_feedd(&rig->feedd, 1, settings);
	assert_int_not_equal(daemon_wait(&rig->feedd), 0);
	daemon_expect_log(&rig->feedd, "alerts.pagerduty_key_file");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_stalled_stream_fires_at_both_webhooks_and_its_return_clears),
		TEST(a_program_gets_an_alert_in_its_environment_and_at_its_input),
		TEST(a_program_that_does_not_end_is_killed_and_counted),
		TEST(a_refused_certificate_is_told_as_the_security_event_that_it_is),
		TEST(a_webhook_that_refuses_for_now_gets_the_alert_again),
		TEST(a_key_file_that_is_not_there_keeps_the_feed_from_starting),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
