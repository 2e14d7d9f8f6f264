/* The HTTP interface of feedd: what it answers, and to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tickring/status.h>

#include "tests/system/http_rig.h"

static void
has(const struct http_rig *rig, const char *text)
{
	if (strstr(rig->answer, text) == NULL)
		fail_msg("no \"%s\" in:\n%.2000s", text, rig->answer);
}

static void
logged(struct http_rig *rig, const char *text)
{
	daemon_expect_log(&rig->feedd, text);
}

/* ---- reading ------------------------------------------------------------------------ */

static void
probes_tell_alive_from_ready(void **state)
{
	static const char *const settings[] = {"streams=btcusdt@trade", NULL};
	struct http_rig *rig = *state;

	http_rig_start_sim(rig, NULL); /* which makes the certificates, and goes */
	daemon_end(&rig->sim, SIGTERM);
	http_rig_start_feedd(rig, settings, false);
	http_rig_wait(rig, "/livez", 200);
	assert_string_equal(rig->body, "ok\n");
	assert_int_equal(http_rig_get(rig, "/readyz", ""), 503);
	daemon_end(&rig->feedd, SIGTERM);

	http_rig_start(rig);
	assert_int_equal(http_rig_get(rig, "/livez", ""), 200);
	assert_int_equal(http_rig_get(rig, "/readyz", ""), 200);
	assert_string_equal(rig->body, "ok\n");
}

static double
number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(item))
		fail_msg("no number \"%s\"", name);
	return item->valuedouble;
}

static const char *
text(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsString(item))
		fail_msg("no text \"%s\"", name);
	return item->valuestring;
}

static void
health_and_status_are_json_with_a_version(void **state)
{
	struct http_rig *rig = *state;
	const cJSON *line;
	cJSON *json;

	http_rig_start(rig);
	assert_int_equal(http_rig_get(rig, "/health", ""), 200);
	has(rig, "content-type: application/json\r\n");
	json = cJSON_Parse(rig->body);
	assert_non_null(json);
	assert_true(number(json, "version") == 1);
	assert_string_equal(text(json, "feed"), daemon_feed());
	assert_true(number(json, "score") > 0);
	assert_true(number(json, "lines_live") == 1);
	line = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "line_scores"), 0);
	assert_string_equal(text(line, "state"), "live");
	cJSON_Delete(json);

	assert_int_equal(http_rig_get(rig, "/status", ""), 200);
	json = cJSON_Parse(rig->body);
	assert_non_null(json);
	assert_true(number(json, "version") == 1);
	assert_true(number(json, "streams") == 2);
	assert_true(number(cJSON_GetObjectItem(json, "counters"), "messages") > 0);
	line = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "line"), 0);
	assert_string_equal(text(line, "state"), "live");
	assert_true(number(line, "messages") > 0);
	cJSON_Delete(json);
}

static void
the_configuration_in_force_is_shown(void **state)
{
	struct http_rig *rig = *state;
	cJSON *json;

	http_rig_start(rig);
	assert_int_equal(http_rig_get(rig, "/config", ""), 200);
	json = cJSON_Parse(rig->body);
	assert_non_null(json);
	assert_string_equal(text(json, "feed"), daemon_feed());
	assert_true(number(json, "status_interval_ms") == 10);
	assert_null(strstr(rig->body, HTTP_RIG_TOKEN));
	cJSON_Delete(json);
}

static void
paths_of_webhooks_are_not_shown(void **state)
{
	static const char *const settings[] = {"streams=btcusdt@trade",
	    "alerts.webhooks=https://localhost:1/a/secret,https://localhost:2?secret", NULL};
	struct http_rig *rig = *state;

	http_rig_start_feedd(rig, settings, false);
	assert_int_equal(http_rig_get(rig, "/config", ""), 200);
	assert_non_null(strstr(rig->body, "\"https://localhost:1/...\""));
	assert_non_null(strstr(rig->body, "\"https://localhost:2/...\""));
	assert_null(strstr(rig->body, "secret\""));
}

static void
events_go_on_without_being_asked_for(void **state)
{
	static const char ask[] = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct http_rig *rig = *state;
	const char *at = rig->answer;
	unsigned events = 0;
	ssize_t got;
	int fd;

	http_rig_start(rig);
	fd = http_rig_dial(rig);
	assert_int_equal(send(fd, ask, sizeof(ask) - 1, 0), sizeof(ask) - 1);
	rig->n = 0;
	while (events < 3) {
		got = http_rig_receive(
		    fd, rig->answer + rig->n, sizeof(rig->answer) - 1 - rig->n, 0);
		assert_true(got > 0);
		rig->n += (size_t)got;
		rig->answer[rig->n] = '\0';
		while ((at = strstr(at, "event: status\ndata: {\"version\":1")) != NULL) {
			events++;
			at++;
		}
		at = rig->answer;
		if (events < 3)
			events = 0;
	}
	close(fd);
	has(rig, "content-type: text/event-stream\r\n");
	has(rig, "event: health\ndata: {\"version\":1");
}

/* Says it on a connection of its own; returns the status. */
static int
say(struct http_rig *rig, const char *request)
{
	http_rig_say(rig, request, strlen(request));
	return rig->status;
}

static void
what_is_no_page_or_no_method_is_refused(void **state)
{
	struct http_rig *rig = *state;

	http_rig_start(rig);
	assert_int_equal(http_rig_get(rig, "/nothing", ""), 404);
	has(rig, "content-type: text/plain; charset=utf-8\r\n");
	assert_int_equal(http_rig_get(rig, "/../etc/passwd", ""), 404);
	assert_int_equal(http_rig_get(rig, "/metrics/", ""), 404);
	assert_int_equal(say(rig, "POST /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	assert_int_equal(http_rig_get(rig, "/livez?x=1", ""), 200);
	assert_int_equal(say(rig, "POST /health HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	has(rig, "allow: GET, HEAD\r\n");
	assert_int_equal(say(rig, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	has(rig, "allow: GET, HEAD\r\n");
	assert_int_equal(say(rig, "PUT /config HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	has(rig, "allow: GET, HEAD, PATCH\r\n");
	/* What nobody reads ends the connection. */
	assert_int_equal(
	    say(rig, "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"), 405);
	has(rig, "connection: close\r\n");
	assert_int_equal(
	    say(rig, "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"), 400);
	has(rig, "connection: close\r\n");
}

static void
the_page_and_its_parts_have_their_types(void **state)
{
	static const char *const assets[][2] = {
		{"/", "content-type: text/html; charset=utf-8\r\n"},
		{"/page.css", "content-type: text/css; charset=utf-8\r\n"},
		{"/page.js", "content-type: text/javascript; charset=utf-8\r\n"},
		{"/chart.js", "content-type: text/javascript; charset=utf-8\r\n"},
		{"/icon.svg", "content-type: image/svg+xml\r\n"},
	};
	struct http_rig *rig = *state;

	http_rig_start(rig);
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
		assert_int_equal(http_rig_get(rig, assets[i][0], ""), 200);
		has(rig, assets[i][1]);
		has(rig, "content-security-policy: default-src 'self'");
		has(rig, "x-content-type-options: nosniff\r\n");
		assert_true(strlen(rig->body) > 20);
	}
}

/* The head of the last answer without the length, which changes with the figures. */
static void
copy_head(const struct http_rig *rig, char out[1024])
{
	const char *length = strstr(rig->answer, "content-length: ");
	const char *after = length != NULL ? strchr(length, '\n') + 1 : rig->answer;

	snprintf(out, 1024, "%.*s%.*s", length != NULL ? (int)(length - rig->answer) : 0,
	    rig->answer, (int)(rig->body - after), after);
}

static void
head_is_get_without_the_body(void **state)
{
	static const char *const pages[] = {
		"/livez", "/health", "/status", "/stale", "/metrics", "/config", "/", "/nothing"};
	struct http_rig *rig = *state;
	char request[128], of_get[1024], of_head[1024];

	http_rig_start(rig);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		http_rig_get(rig, pages[i], "");
		copy_head(rig, of_get);
		snprintf(request, sizeof(request),
		    "HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", pages[i]);
		say(rig, request);
		assert_string_equal(rig->body, "");
		has(rig, "content-length: ");
		copy_head(rig, of_head);
		assert_non_null(strstr(of_head, "connection: close\r\n"));
		assert_non_null(strstr(of_head, strchr(of_get, '\n') + 1));
		assert_memory_equal(of_head, of_get, strcspn(of_get, "\n"));
	}
	say(rig, "HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
	has(rig, "content-type: text/event-stream\r\n");
	assert_string_equal(rig->body, "");
}

static void
requests_that_come_at_once_are_answered_one_after_the_other(void **state)
{
	static const char last[] = "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n";
	struct http_rig *rig = *state;
	char *all = rig->answer;
	int fd;
	ssize_t n;

	http_rig_start(rig);
	fd = http_rig_dial(rig);
	for (unsigned i = 0; i < 3; i++) {
		static const char two[] = "GET /chart.js HTTP/1.1\r\nHost: a\r\n\r\n"
					  "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

		assert_int_equal(send(fd, two, sizeof(two) - 1, 0), sizeof(two) - 1);
	}
	assert_int_equal(send(fd, last, sizeof(last) - 1, 0), sizeof(last) - 1);
	rig->n = 0;
	while ((n = http_rig_receive(
	            fd, all + rig->n, sizeof(rig->answer) - 1 - rig->n, 0)) > 0)
		rig->n += (size_t)n;
	assert_int_equal(n, 0); /* closed, as it was asked for */
	all[rig->n] = '\0';
	close(fd);
	for (unsigned i = 0; i < 3; i++) {
		all = strstr(all, "HTTP/1.1 200 OK\r\ncontent-type: text/javascript");
		assert_non_null(all);
		all = strstr(all, "HTTP/1.1 200 OK\r\ncontent-type: text/plain");
		assert_non_null(all);
	}
	assert_non_null(strstr(all, "HTTP/1.1 404 Not Found\r\nconnection: close\r\n"));
}

static void
a_port_that_is_taken_is_an_error_at_start(void **state)
{
	struct http_rig *rig = *state;
	struct daemon other = {0};
	char listen[64], feed[64];
	const char *settings[] = {
	    "streams=btcusdt@trade", "ring.unlink_at_exit=true", feed, listen, NULL};

	http_rig_start(rig);
	snprintf(feed, sizeof(feed), "feed=%s-2", daemon_feed());
	snprintf(listen, sizeof(listen), "ops.listen=127.0.0.1:%u", rig->port);
	daemon_start_feedd(&other, rig->exchange, settings);
	assert_int_equal(daemon_wait(&other), 1);
	daemon_expect_log(&other, "event=http_refused");
	daemon_expect_log(&other, "Address already in use");
}

/* ---- changing ----------------------------------------------------------------------- */

static void
nothing_changes_without_the_right_token(void **state)
{
	struct http_rig *rig = *state;

	http_rig_start(rig);
	assert_int_equal(http_rig_patch(rig, NULL, "{\"status_interval_ms\":77}"), 401);
	has(rig, "www-authenticate: Bearer\r\n");
	assert_int_equal(http_rig_patch(rig, "correct-horse", "{\"status_interval_ms\":77}"), 401);
	assert_int_equal(http_rig_patch(rig, HTTP_RIG_TOKEN "x", "{}"), 401);
	logged(rig, "level=warning event=config_audit by=127.0.0.1 result=refused status=401");
	http_rig_get(rig, "/config", "");
	has(rig, "\"status_interval_ms\": 10,");
	http_rig_get(rig, "/metrics", "");
	has(rig, "\ntickring_http_unauthorized_total{feed=");
}

static void
without_a_token_file_nobody_may_change_anything(void **state)
{
	static const char *const settings[] = {"streams=btcusdt@trade", NULL};
	struct http_rig *rig = *state;

	http_rig_start_sim(rig, NULL);
	http_rig_start_feedd(rig, settings, false);
	assert_int_equal(http_rig_patch(rig, HTTP_RIG_TOKEN, "{\"status_interval_ms\":77}"), 403);
	assert_int_equal(http_rig_patch(rig, "", "{\"status_interval_ms\":77}"), 403);
	logged(rig, "result=refused status=403");
}

static void
a_change_is_taken_live_audited_and_shown(void **state)
{
	struct http_rig *rig = *state;
	char sample[128];

	http_rig_start(rig);
	assert_int_equal(http_rig_patch(rig, HTTP_RIG_TOKEN,
	                     "{\"status_interval_ms\":20, /* why not */ "
	                     "\"streams\":[\"btcusdt@trade\",\"ethusdt@trade\"]}"),
	    200);
	logged(rig, "event=config_changed key=status_interval_ms from=10 to=20");
	logged(rig, "event=config_changed key=streams from_entries=2 to_entries=2");
	logged(rig, "event=streams_changed added=1 removed=1");
	logged(rig, "level=info event=config_audit by=127.0.0.1 result=taken");
	http_rig_get(rig, "/config", "");
	has(rig, "\"status_interval_ms\": 20,");
	has(rig, "\"ethusdt@trade\"");
	snprintf(sample, sizeof(sample), "tickring_reloads_total{feed=\"%s\"}", daemon_feed());
	do { /* a status later */
		http_rig_wait(rig, "/metrics", 200);
	} while (http_rig_value(rig, sample) != 1);
}

static void
a_wrong_change_changes_nothing_and_says_why(void **state)
{
	static const struct {
		const char *body, *why;
	} wrong[] = {
		{"{\"status_interval_ms\":20,\"pool\":{\"max_conections\":2}}", "did you mean"},
		{"{\"status_interval_ms\":20,\"feed\":\"other\"}", "cannot change while"},
		{"{\"ops\":{\"listen\":\"0.0.0.0:80\"}}", "cannot change"},
		{"{\"status_interval_ms\":1}", "10 to 10000"},
		{"{\"preset\":\"development\"}", "preset"},
		{"[1]", "an object"},
		{"{\"status_interval_ms\":20", "PATCH:1"},
		{"", "JSON object"},
	};
	struct http_rig *rig = *state;

	http_rig_start(rig);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(http_rig_patch(rig, HTTP_RIG_TOKEN, wrong[i].body), 400);
		has(rig, wrong[i].why);
	}
	logged(rig, "level=warning event=config_audit by=127.0.0.1 result=refused status=400");
	http_rig_get(rig, "/config", "");
	has(rig, "\"status_interval_ms\": 10,");
}

static void
a_body_without_end_or_length_is_refused(void **state)
{
	static const char huge[] =
	    "PATCH /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " HTTP_RIG_TOKEN
	    "\r\nContent-Length: 1000000\r\n\r\n{";
	static const char chunked[] =
	    "PATCH /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " HTTP_RIG_TOKEN
	    "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
	struct http_rig *rig = *state;

	http_rig_start(rig);
	http_rig_say(rig, huge, sizeof(huge) - 1);
	assert_int_equal(rig->status, 413);
	http_rig_say(rig, chunked, sizeof(chunked) - 1);
	assert_int_equal(rig->status, 411);
}

static void
the_file_is_read_again_on_sighup(void **state)
{
	struct http_rig *rig = *state;

	http_rig_start(rig);
	assert_int_equal(http_rig_patch(rig, HTTP_RIG_TOKEN, "{\"status_interval_ms\":20}"), 200);
	assert_int_equal(kill(rig->feedd.pid, SIGHUP), 0);
	logged(rig, "event=config_changed key=status_interval_ms from=20 to=10");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, http_rig_setup, daemon_teardown)
	const struct CMUnitTest tests[] = {
		TEST(probes_tell_alive_from_ready),
		TEST(health_and_status_are_json_with_a_version),
		TEST(the_configuration_in_force_is_shown),
		TEST(paths_of_webhooks_are_not_shown),
		TEST(events_go_on_without_being_asked_for),
		TEST(what_is_no_page_or_no_method_is_refused),
		TEST(the_page_and_its_parts_have_their_types),
		TEST(head_is_get_without_the_body),
		TEST(requests_that_come_at_once_are_answered_one_after_the_other),
		TEST(a_port_that_is_taken_is_an_error_at_start),
		TEST(nothing_changes_without_the_right_token),
		TEST(without_a_token_file_nobody_may_change_anything),
		TEST(a_change_is_taken_live_audited_and_shown),
		TEST(a_wrong_change_changes_nothing_and_says_why),
		TEST(a_body_without_end_or_length_is_refused),
		TEST(the_file_is_read_again_on_sighup),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
