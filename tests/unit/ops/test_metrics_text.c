/* The pages of the HTTP interface over a status that is empty, full or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ops/metrics.h"
#include "feed/ops/status_json.h"

struct pages {
	struct tick_status status;
	struct tick_health health;
	struct web_counts web;
	char *text;
	size_t n;
};

static struct pages pages;

static int
setup(void **state)
{
	memset(&pages, 0, sizeof(pages));
	*state = &pages;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(pages.text);
	return 0;
}

static FILE *
begin(struct pages *p)
{
	FILE *out;

	free(p->text);
	p->text = NULL;
	out = open_memstream(&p->text, &p->n);
	assert_non_null(out);
	return out;
}

static const char *
metrics(struct pages *p, bool openmetrics)
{
	const struct metrics_source from = {"test", &p->status, &p->health, &p->web, NULL, NULL};
	FILE *out = begin(p);

	metrics_print(out, &from, openmetrics);
	assert_int_equal(fclose(out), 0);
	return p->text;
}

static void
expect(const char *page, const char *text)
{
	if (strstr(page, text) == NULL)
		fail_msg("no \"%s\"", text);
}

static void
figures_are_written_exactly_in_their_base_unit(void **state)
{
	struct pages *p = *state;
	const char *page;

	p->health.score = 997;
	p->health.silence_ns = 1500000;
	p->status.started_ns = INT64_C(1700000000123456789);
	p->status.counter[TICK_COUNTER_MESSAGES] = UINT64_MAX;
	page = metrics(p, false);
	expect(page, "\ntickring_health_score{feed=\"test\"} 0.997\n");
	expect(page, "\ntickring_silence_seconds{feed=\"test\"} 0.001500000\n");
	expect(page, "\ntickring_start_time_seconds{feed=\"test\"} 1700000000.123456789\n");
	expect(page, "\ntickring_messages_total{feed=\"test\"} 18446744073709551615\n");
}

static void
what_is_not_known_has_no_sample_and_no_heading(void **state)
{
	struct pages *p = *state;
	const char *page;

	p->health.heartbeat_permille = -1;
	p->status.lines = 2;
	p->status.line[0].pings = TICK_ABSENT;
	p->status.line[1].pings = 7;
	page = metrics(p, false);
	assert_null(strstr(page, "tickring_heartbeat_ratio"));
	assert_null(strstr(page, "tickring_line_pings_total{feed=\"test\",line=\"0\"}"));
	expect(page, "\ntickring_line_pings_total{feed=\"test\",line=\"1\"} 7\n");
	assert_null(strstr(page, "tickring_clock_offset_seconds"));
	assert_null(strstr(page, "tickring_line_pong_seconds"));
	p->status.clock_offset_ns = -1500000000;
	p->status.clock_within_ns = 20000000;
	p->status.detail[1].pong_ns = 42000;
	page = metrics(p, false);
	expect(page, "\ntickring_clock_offset_seconds{feed=\"test\"} -1.500000000\n");
	expect(page, "\ntickring_clock_offset_bound_seconds{feed=\"test\"} 0.020000000\n");
	expect(page, "\ntickring_line_pong_seconds{feed=\"test\",line=\"1\"} 0.000042000\n");
}

static void
a_histogram_is_cumulative_and_its_count_is_its_last_bucket(void **state)
{
	struct pages *p = *state;
	const char *page;

	p->status.publish_spans.bucket[0] = 3;
	p->status.publish_spans.bucket[1] = 2;
	p->status.publish_spans.bucket[TICK_HISTOGRAM_BUCKETS - 1] = 1;
	p->status.publish_spans.count = 99; /* torn from the rest: not believed */
	p->status.publish_spans.sum_ns = 2500000000;
	page = metrics(p, false);
	expect(page, "\ntickring_publish_seconds_bucket{feed=\"test\",le=\"0.000001024\"} 3\n");
	expect(page, "\ntickring_publish_seconds_bucket{feed=\"test\",le=\"0.000002048\"} 5\n");
	expect(page, "\ntickring_publish_seconds_bucket{feed=\"test\",le=\"+Inf\"} 6\n");
	expect(page, "\ntickring_publish_seconds_sum{feed=\"test\"} 2.500000000\n");
	expect(page, "\ntickring_publish_seconds_count{feed=\"test\"} 6\n");
}

static void
names_from_outside_are_quoted(void **state)
{
	struct pages *p = *state;
	const char *page;

	p->status.lines = 1;
	memcpy(p->status.line[0].endpoint, "a\"b\\c\nd", 8);
	page = metrics(p, false);
	expect(page, ",endpoint=\"a\\\"b\\\\c?d\",");
	assert_null(strstr(page, "c\nd"));
}

static void
openmetrics_names_families_without_total_and_ends(void **state)
{
	struct pages *p = *state;
	const char *page = metrics(p, true);

	expect(page,
	    "\n# TYPE tickring_reloads counter\ntickring_reloads_total{feed=\"test\"} 0\n");
	assert_string_equal(page + p->n - 7, "\n# EOF\n");
}

/* May a sample of a family of that type have this suffix? */
static bool
suits(const char *type, const char *suffix)
{
	static const char *const pairs[][2] = {
		{"counter", "_total"}, {"info", "_info"}, {"gauge", ""},
		{"histogram", "_bucket"}, {"histogram", "_sum"}, {"histogram", "_count"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pairs[i][0], type) == 0 && strcmp(pairs[i][1], suffix) == 0)
			return true;
	return false;
}

/* A line of samples: NAME{...} NUMBER, of the family. */
static void
check_sample(const char *line, const char *family, const char *type)
{
	size_t n = strcspn(line, "{ "), cut = strlen(family);
	const char *number = strrchr(line, ' ');
	char suffix[64], *end;

	if (strncmp(line, family, cut) != 0 || n < cut)
		fail_msg("not of the family %s: %s", family, line);
	snprintf(suffix, sizeof(suffix), "%.*s", (int)(n - cut), line + cut);
	if (!suits(type, suffix))
		fail_msg("\"%s\" in a family of type %s", line, type);
	assert_non_null(number);
	strtod(number + 1, &end);
	assert_true(end > number + 1 && *end == '\0');
}

/* OpenMetrics 1.0: families in one piece each, with HELP, TYPE and what their type allows. */
static void
openmetrics_is_well_formed(void **state)
{
	struct pages *p = *state;
	char family[96] = "", type[24] = "", name[96], seen[32768] = " ", *rest, *line;
	unsigned families = 0, samples = 0;
	bool ended = false;

	p->status.lines = 2;
	p->status.control.endpoints = 2;
	p->status.ended[1] = 3;
	p->health.reasons = 2;
	metrics(p, true);
	rest = p->text;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		assert_false(ended);
		if (strcmp(line, "# EOF") == 0) {
			ended = true;
		} else if (sscanf(line, "# HELP %95s", family) == 1) {
			snprintf(name, sizeof(name), " %.90s ", family);
			if (strstr(seen, name) != NULL)
				fail_msg("the family %s comes twice", family);
			assert_true(strlen(seen) + strlen(name) < sizeof(seen));
			memcpy(seen + strlen(seen), name, strlen(name) + 1);
			families++;
		} else if (sscanf(line, "# TYPE %95s %23s", name, type) == 2) {
			assert_string_equal(name, family);
		} else {
			check_sample(line, family, type);
			samples++;
		}
	}
	assert_true(ended);
	assert_true(families > 100);
	assert_true(samples > families);
}

/* Every word of the status at its worst, one pattern after the other. */
static void
a_damaged_status_makes_pages_that_still_read(void **state)
{
	static const unsigned char patterns[] = {0xff, 0x7f, 0x80, 0x01, 0x22, 0x5c};
	struct pages *p = *state;
	cJSON *json;
	FILE *out;

	for (size_t i = 0; i < sizeof(patterns); i++) {
		memset(&p->status, patterns[i], sizeof(p->status));
		memset(&p->health, patterns[i], sizeof(p->health));
		assert_true(strlen(metrics(p, false)) > 1000);
		assert_true(strlen(metrics(p, true)) > 1000);
		out = begin(p);
		status_json_status(out, "test", &p->status, NULL);
		assert_int_equal(fclose(out), 0);
		json = cJSON_Parse(p->text);
		assert_non_null(json);
		cJSON_Delete(json);
		out = begin(p);
		status_json_health(out, "test", &p->status, &p->health);
		assert_int_equal(fclose(out), 0);
		json = cJSON_Parse(p->text);
		assert_non_null(json);
		cJSON_Delete(json);
	}
}

static void
unknown_figures_are_null_in_json(void **state)
{
	struct pages *p = *state;
	FILE *out;

	p->health.success_permille = -1;
	p->health.memory_bytes = 5;
	out = begin(p);
	status_json_health(out, "test", &p->status, &p->health);
	assert_int_equal(fclose(out), 0);
	expect(p->text, "{\"version\":1,\"feed\":\"test\",\"level\":\"ok\",\"alive\":false,");
	expect(p->text, "\"success_permille\":null,");
	expect(p->text, "\"memory_bytes\":5,");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(figures_are_written_exactly_in_their_base_unit),
		TEST(what_is_not_known_has_no_sample_and_no_heading),
		TEST(a_histogram_is_cumulative_and_its_count_is_its_last_bucket),
		TEST(names_from_outside_are_quoted),
		TEST(openmetrics_names_families_without_total_and_ends),
		TEST(openmetrics_is_well_formed),
		TEST(a_damaged_status_makes_pages_that_still_read),
		TEST(unknown_figures_are_null_in_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
