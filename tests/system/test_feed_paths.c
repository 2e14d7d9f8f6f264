/*
 * A feed whose streams are served at two paths of the exchange: each runs on
 * connections to its own, whatever becomes of these.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/stage.h"

#define STREAMS "[\"btcusdt@bookTicker\", \"btcusdt@aggTrade\", \"ethusdt@bookTicker\", " \
	"\"ethusdt@aggTrade\"]"
#define SETTINGS "\"product\": \"usdm\", \"endpoint.path\": \"auto\", \"redundancy\": 2,\n" \
	"\"pool.initial_connections\": 4, \"pool.max_connections\": 6,\n" \
	"\"pool.min_connection_age_ms\": 100,\n"

static double
total_of(struct sim *sim, const char *key)
{
	const char *at;

	assert_int_equal(sim_control(sim, "GET /state?streams=0", ""), 200);
	at = strstr(sim->answer, key);
	assert_non_null(at);
	return strtod(at + strlen(key), NULL);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

/* A line for each path in each leg, with what is served there. */
static void
expect_both_paths(const struct tick_status *status)
{
	unsigned lines[2][2] = {0};

	for (int64_t i = 0; i < status->lines; i++) {
		const struct tick_line_status *line = &status->line[i];
		bool market = ends_with(line->endpoint, "/market/stream");

		if (line->role != TICK_ROLE_MEMBER)
			continue;
		assert_true(market || ends_with(line->endpoint, "/public/stream"));
		assert_in_range(line->leg, 0, 1);
		assert_int_equal(line->streams_acknowledged, 2);
		lines[line->leg][market]++;
	}
	for (unsigned leg = 0; leg < 2; leg++) {
		assert_int_equal(lines[leg][0], 1);
		assert_int_equal(lines[leg][1], 1);
	}
}

static bool
play(struct stage *stage)
{
	struct tick_status status;

	stage_wait_whole(stage, "data of every stream", &status);
	assert_int_equal(status.control.members, 4);
	expect_both_paths(&status);
	assert_true(total_of(stage->sim, "\"misrouted\":") == 0);
	stage_fault(stage, "0 shutdown after=20");
	stage_wait_rotations(stage, 4, &status);
	expect_both_paths(&status);
	assert_true(total_of(stage->sim, "\"misrouted\":") == 0);
	return stage_has_all(stage, "all lines were replaced");
}

static void
streams_of_two_paths_run_in_one_feed(void **state)
{
	const struct stage_cfg cfg = {.rate = 2000, .streams = STREAMS, .settings = SETTINGS};

	stage_play(*state, &cfg, 4, play);
}

static void
a_stream_added_later_opens_a_connection_to_its_path(void **state)
{
	struct stage *stage = *state;
	const struct stage_cfg cfg = {.rate = 2000, .settings = SETTINGS,
	    .streams = "[\"btcusdt@bookTicker\", \"ethusdt@bookTicker\"]"};
	struct tick_status status;
	mono_t deadline;

	stage_start(stage, &cfg, 2);
	stage->cfg.streams = STREAMS;
	stage_reload(stage, SETTINGS);
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, "data of the new streams");
		stage_status(stage, &status);
	} while (status.streams != 4 || !stage_is_whole(&status));
	assert_true(total_of(stage->sim, "\"misrouted\":") == 0);
	for (int64_t i = 0; i < status.lines; i++)
		if (status.line[i].role == TICK_ROLE_MEMBER)
			assert_true(ends_with(status.line[i].endpoint, "/market/stream") ||
			    ends_with(status.line[i].endpoint, "/public/stream"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_set_up, stage_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(streams_of_two_paths_run_in_one_feed),
		TEST(a_stream_added_later_opens_a_connection_to_its_path),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
