/*
 * The exchange's limits, kept by the feed and counted by a simulator that
 * refuses what exceeds them; and what `feedd --check-config` foretold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/stage.h"

enum { STREAMS = 2000, NAME_MAX_BYTES = 40, WITHIN_PERCENT = 10 };

/* Wanted of a quiet machine; a loaded one may take longer to subscribe. */
static const double late_at_most_s = 8.0;

/* What the plan says; times in seconds. */
struct plan_words {
	unsigned streams, lines, streams_per_line, connects, requests;
	double subscribed_after;
};

/* Trades and quotes of 1000 symbols. */
static const char *
many_streams(void)
{
	static char text[STREAMS * NAME_MAX_BYTES];
	size_t n = 0;

	for (unsigned i = 0; i < STREAMS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"coin%04uusdt@%s\"",
		    i == 0 ? "[" : ", ", i / 2 + 1, i % 2 ? "bookTicker" : "trade");
	snprintf(text + n, sizeof(text) - n, "]");
	return text;
}

static struct plan_words
read_plan(struct stage *stage)
{
	const char *arguments[] = {"--config", stage->file, "--check-config", NULL};
	struct plan_words p = {0};
	struct daemon check = {0};
	const char *at;

	daemon_start(&check, "feedd", arguments);
	assert_int_equal(daemon_wait(&check), 0);
	at = strstr(daemon_log(&check), "plan: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "plan: %u streams on %u lines, at most %u a line; %u connects, "
	    "%u SUBSCRIBE requests; subscribed after %lf s", &p.streams, &p.lines,
	    &p.streams_per_line, &p.connects, &p.requests, &p.subscribed_after), 6);
	return p;
}

/* How long the slowest line took from its connection to the last acknowledgement. */
static double
subscribing_took(const struct tick_status *status)
{
	int64_t longest = 0;

	for (int64_t i = 0; i < status->lines; i++) {
		const struct tick_line_status *line = &status->line[i];

		if (line->role == TICK_ROLE_MEMBER && line->since_ns - line->connected_ns > longest)
			longest = line->since_ns - line->connected_ns;
	}
	return (double)longest / 1e9;
}

static void
expect_near(const char *what, double planned, double happened)
{
	print_message("%s: planned %g, happened %g\n", what, planned, happened);
	assert_true(happened >= planned * (100 - WITHIN_PERCENT) / 100);
	assert_true(happened <= planned * (100 + WITHIN_PERCENT) / 100);
}

static double
total_of(struct sim *sim, const char *key)
{
	char pattern[64];
	const char *at;

	assert_int_equal(sim_control(sim, "GET /state?streams=0", ""), 200);
	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	at = strstr(sim->answer, pattern);
	assert_non_null(at);
	return strtod(at + strlen(pattern), NULL);
}

static void
expect_no_refusal(struct sim *sim)
{
	assert_true(total_of(sim, "closed_over_rate") == 0);
	assert_true(total_of(sim, "request_errors") == 0);
	assert_true(total_of(sim, "requests_too_long") == 0);
	assert_true(total_of(sim, "bans") == 0);
	assert_true(total_of(sim, "peak_messages_per_second") <= 5);
	assert_non_null(strstr(sim->answer, "\"refused\":{}"));
	assert_null(strstr(sim->answer, "\"1008\":"));
}

static void
run(struct stage *stage, unsigned lines, const char *settings)
{
	const struct stage_cfg cfg = {.rate = 10000, .symbols = "1200", .strict = true,
	    .any_rate = true, .streams = many_streams(), .settings = settings};
	struct tick_status status;
	struct plan_words plan;
	double took;

	stage_start(stage, &cfg, lines);
	stage_wait_whole(stage, "data of every stream", &status);
	assert_int_equal(status.control.streams_producing, STREAMS);
	assert_int_equal(status.control.streams_refused, 0);
	expect_no_refusal(stage->sim);
	plan = read_plan(stage);
	assert_int_equal(plan.streams, STREAMS);
	expect_near("lines", plan.lines, (double)status.control.members);
	expect_near("streams a line", plan.streams_per_line,
	    total_of(stage->sim, "peak_streams_per_connection"));
	expect_near("connects", plan.connects, total_of(stage->sim, "connections"));
	expect_near("SUBSCRIBE requests", plan.requests, total_of(stage->sim, "requests"));
	took = subscribing_took(&status);
	print_message("subscribed after: planned %.3f s beside network time, happened %.3f s\n",
	    plan.subscribed_after, took);
	assert_true(took >= plan.subscribed_after * (100 - WITHIN_PERCENT) / 100);
	assert_true(took <= plan.subscribed_after + late_at_most_s);
}

static void
two_thousand_streams_on_ten_lines_exceed_no_limit(void **state)
{
	run(*state, 10, "\"pool.initial_connections\": 10, \"pool.max_connections\": 10,\n"
	    "\"pool.max_streams_per_connection\": 200,\n");
}

static void
requests_that_exceed_a_second_s_budget_are_spread(void **state)
{
	run(*state, 2, "\"pool.initial_connections\": 2, \"pool.max_connections\": 2,\n"
	    "\"pool.max_streams_per_connection\": 1000,\n");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(two_thousand_streams_on_ten_lines_exceed_no_limit),
		TEST(requests_that_exceed_a_second_s_budget_are_spread),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
