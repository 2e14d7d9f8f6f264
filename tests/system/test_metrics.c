/*
 * /metrics on a live scrape: every row of metrics.def, both formats, and
 * promtool's opinion where promtool is (Debian's package prometheus;
 * TICKRING_PROMTOOL=required makes its absence a failure).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tickring/status.h>

#include "tests/system/http_rig.h"

struct row {
	const char *kind, *scope, *name;
};

static const struct row rows[] = {
#define METRIC(kind, scope, name, scale, help, value) {#kind, #scope, name},
#include "feed/ops/metrics.def"
#undef METRIC
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Rows without a sample where nothing is measured yet, or nothing is due. */
static const char *const may_be_absent[] = {
	"tickring_connect_success_ratio", "tickring_heartbeat_ratio", "tickring_cpu_ratio",
	"tickring_line_round_trip_seconds", "tickring_line_pongs_ratio",
	"tickring_line_pings_total", "tickring_line_retire_seconds",
	"tickring_endpoint_connect_seconds", "tickring_line_pong_seconds",
	"tickring_clock_offset_seconds", "tickring_clock_offset_bound_seconds",
	"tickring_line_skew_seconds", "tickring_line_skew_p99_seconds",
};

static bool
is_optional(const char *name)
{
	for (size_t i = 0; i < sizeof(may_be_absent) / sizeof(may_be_absent[0]); i++)
		if (strcmp(may_be_absent[i], name) == 0)
			return true;
	return false;
}

static void
has(const struct http_rig *rig, const char *text)
{
	if (strstr(rig->answer, text) == NULL)
		fail_msg("no \"%s\" in the scrape", text);
}

static void
expect_row(const struct http_rig *rig, const char *name, const char *kind)
{
	char line[160];

	snprintf(line, sizeof(line), "\n%s{feed=\"", name);
	if (strstr(rig->body, line) == NULL && is_optional(name))
		return;
	has(rig, line);
	snprintf(line, sizeof(line), "\n# TYPE %s %s\n", name, kind);
	has(rig, line);
}

static void
every_metric_of_the_table_is_in_a_scrape(void **state)
{
	struct http_rig *rig = *state;
	char name[128];

	http_rig_start(rig);
	assert_int_equal(http_rig_get(rig, "/metrics", ""), 200);
	has(rig, "content-type: text/plain; version=0.0.4; charset=utf-8\r\n");
	for (size_t i = 0; i < ROWS; i++)
		expect_row(rig, rows[i].name,
		    strcmp(rows[i].kind, "COUNTER") == 0 ? "counter" : "gauge");
	for (unsigned i = 0; i < TICK_COUNTER_COUNT; i++) {
		snprintf(name, sizeof(name), "tickring_%s_total", tick_counter_name(i));
		expect_row(rig, name, "counter");
	}
	has(rig, "\n# TYPE tickring_publish_seconds histogram\n");
	has(rig, "\n# TYPE tickring_arrival_seconds histogram\n");
	has(rig, ",line=\"0\",state=\"live\"} 1\n");
	has(rig, ",class=\"trade\"} 1\n");
}

static void
counters_of_the_feed_and_of_its_line_agree(void **state)
{
	struct http_rig *rig = *state;
	char sample[160];
	double all, line;

	http_rig_start(rig);
	http_rig_get(rig, "/metrics", "");
	snprintf(sample, sizeof(sample), "tickring_messages_total{feed=\"%s\"}", daemon_feed());
	all = http_rig_value(rig, sample);
	snprintf(sample, sizeof(sample), "tickring_line_messages_total{feed=\"%s\",line=\"0\"}",
	    daemon_feed());
	line = http_rig_value(rig, sample);
	assert_true(all > 0);
	assert_true(line > 0);
	snprintf(sample, sizeof(sample), "tickring_publish_seconds_bucket{feed=\"%s\",le=\"+Inf\"}",
	    daemon_feed());
	http_rig_value(rig, sample);
}

static void
openmetrics_is_given_to_who_accepts_it(void **state)
{
	static const char eof[] = "\n# EOF\n";
	struct http_rig *rig = *state;

	http_rig_start(rig);
	http_rig_get(rig, "/metrics",
	    "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
	has(rig, "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
	has(rig, "\n# TYPE tickring_messages counter\n");
	has(rig, "\ntickring_messages_total{feed=\"");
	has(rig, "# TYPE tickring_build info\n");
	has(rig, "\ntickring_build_info{feed=\"");
	assert_string_equal(rig->answer + rig->n - strlen(eof), eof);
}

static bool
has_promtool(void)
{
	const char *wanted = getenv("TICKRING_PROMTOOL");

	if (access("/usr/bin/promtool", X_OK) == 0)
		return true;
	if (wanted != NULL && strcmp(wanted, "required") == 0)
		fail_msg("promtool is not installed (Debian's package prometheus)");
	return false;
}

/* Its exit status; what it says goes to the test's output. */
static int
run_promtool(const char *input)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(input, O_RDONLY);

		if (fd >= 0 && dup2(fd, 0) == 0)
			execl("/usr/bin/promtool", "promtool", "check", "metrics", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
promtool_has_nothing_to_say(void **state)
{
	struct http_rig *rig = *state;
	char path[160];
	FILE *file;

	if (!has_promtool())
		skip();
	http_rig_start(rig);
	http_rig_get(rig, "/metrics", "");
	snprintf(path, sizeof(path), "%s/scrape", daemon_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fputs(rig->body, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(run_promtool(path), 0);
	unlink(path);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, http_rig_setup, daemon_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_metric_of_the_table_is_in_a_scrape),
		TEST(counters_of_the_feed_and_of_its_line_agree),
		TEST(openmetrics_is_given_to_who_accepts_it),
		TEST(promtool_has_nothing_to_say),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
