/* What pool-status makes of a status: rates, verdicts, and numbers that nobody should write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "tests/pool_example.h"
#include "tools/pool-status/render.h"

static struct tick_status now, before;
static struct figures figures;

static int
example(void **state)
{
	(void)state;
	pool_example(&now, &before);
	return 0;
}

static void
take(int health)
{
	struct reading r = pool_example_reading(&now, &before, health);

	figures_take(&figures, &r);
}

static bool
why(int64_t line)
{
	struct reading r = pool_example_reading(&now, &before, TICK_END);

	figures_take(&figures, &r);
	return figures_why(&figures, &r, line);
}

static void
a_rate_needs_two_reads_of_one_life_of_a_living_writer(void **state)
{
	struct reading once = pool_example_reading(&now, NULL, TICK_END);

	(void)state;
	take(TICK_END);
	assert_int_equal(figures.feed.messages_rate, 1234000);
	assert_int_equal(figures.feed.ticks_rate, 1000000);
	assert_int_equal(figures.line[0].rate, 1234000);
	assert_int_equal(figures.line[1].rate, 0);
	figures_take(&figures, &once);
	assert_int_equal(figures.feed.messages_rate, TICK_ABSENT);
	assert_int_equal(figures.line[0].rate, TICK_ABSENT);
	take(TICK_E_DEAD);
	assert_int_equal(figures.feed.messages_rate, TICK_ABSENT);
	take(TICK_E_STALE);
	assert_int_equal(figures.line[0].rate, TICK_ABSENT);
	before.started_ns++;
	take(TICK_END);
	assert_int_equal(figures.feed.ticks_rate, TICK_ABSENT);
	before.started_ns--;
	before.at_mono_ns = now.at_mono_ns;
	take(TICK_END);
	assert_int_equal(figures.line[0].rate, TICK_ABSENT);
}

static void
only_lines_that_carry_streams_must_be_live(void **state)
{
	(void)state;
	take(TICK_END);
	assert_int_equal(figures.feed.lines, 2);
	assert_int_equal(figures.feed.lines_live, 1);
	assert_int_equal(figures.feed.successors, 1);
	assert_false(figures_fine(&figures));
	now.line[1].state = TICK_LINE_LIVE;
	take(TICK_END);
	assert_true(figures_fine(&figures));
	assert_string_equal(figures.check.text, "all lines are live");
	now.line[1].role = TICK_ROLE_FREE;
	now.line[1].state = TICK_LINE_IDLE;
	take(TICK_END);
	assert_true(figures_fine(&figures));
	now.line[0].role = TICK_ROLE_FREE;
	take(TICK_END);
	assert_false(figures_fine(&figures));
	assert_string_equal(figures.check.text, "no line carries streams");
}

static void
no_line_is_live_without_a_living_writer(void **state)
{
	(void)state;
	now.line[1].state = TICK_LINE_LIVE;
	take(TICK_E_DEAD);
	assert_int_equal(figures.feed.lines_live, 0);
	assert_int_equal(figures.line[0].up, 0);
	assert_string_equal(figures.line[0].state, "live"); /* its last one */
	assert_false(figures_fine(&figures));
	assert_string_equal(figures.feed.writer, "dead");
	/* Nobody will try again, and nothing will be replaced. */
	assert_int_equal(figures.line[1].retry_in, TICK_ABSENT);
	assert_int_equal(figures.line[0].retire_in, TICK_ABSENT);
	/* It ran until its last status. */
	assert_int_equal(figures.feed.running, now.at_ns - now.started_ns);
	take(TICK_E_STALE);
	assert_false(figures_fine(&figures));
	assert_string_equal(figures.feed.writer, "stale");
}

static void
what_is_not_known_is_absent_and_not_zero(void **state)
{
	(void)state;
	take(TICK_END);
	assert_int_equal(figures.line[1].round_trip, TICK_ABSENT);
	assert_int_equal(figures.line[1].pongs_permille, TICK_ABSENT);
	assert_int_equal(figures.line[1].pings, TICK_ABSENT);
	assert_int_equal(figures.line[2].pings, 0);
	assert_int_equal(figures.line[0].close_code, TICK_ABSENT);
	assert_int_equal(figures.line[1].close_code, 1008);
	now.control.memory_bytes = 0;
	now.control.sends_max = 0;
	take(TICK_END);
	assert_int_equal(figures.feed.memory_bytes, TICK_ABSENT);
	assert_int_equal(figures.feed.cpu_permille, TICK_ABSENT);
	assert_string_equal(figures.budget[2].budget, "messages");
	assert_int_equal(figures.budget[2].max, TICK_ABSENT);
	assert_int_equal(figures.budget[2].left, TICK_ABSENT);
}

static void
transitions_come_oldest_first_though_the_ring_has_wrapped(void **state)
{
	(void)state;
	for (int64_t n = 0; n < TICK_TRANSITIONS_MAX + 5; n++) {
		struct tick_transition t = {.line = n % 2, .from = TICK_LINE_IDLE,
		    .to = TICK_LINE_CONNECTING, .reason = TICK_REASON_START, .attempt = n};

		pool_example_transition(&now, &t, 1000 - n);
	}
	/* Three stand in the example: 72 so far, the first 8 are gone. */
	assert_true(why(1));
	assert_int_equal(figures.whys, TICK_TRANSITIONS_MAX / 2);
	for (unsigned i = 0; i < figures.whys; i++)
		assert_int_equal(figures.why[i].attempt, 5 + 2 * i);
	assert_string_equal(figures.why_note,
	    "the last 64 transitions of all lines are kept, 8 older ones are not");
}

static void
the_last_reason_stands_in_for_transitions_that_are_not_kept(void **state)
{
	(void)state;
	now.control.transitions = 0;
	assert_true(why(1));
	assert_int_equal(figures.whys, 1);
	assert_string_equal(figures.why[0].to, "backoff");
	assert_string_equal(figures.why[0].reason, "peer_closed");
	assert_int_equal(figures.why[0].close_code, 1008);
	assert_string_equal(figures.why_note,
	    "no transition of line 1 is kept: its last state, and why it last ended");
	now.line[1].since_ns = now.started_ns - 8 * 3600 * INT64_C(1000000000);
	assert_true(why(1));
	assert_int_equal(figures.why[0].at, now.started_ns);
	assert_false(why(3));
	assert_string_equal(figures.why_note, "there is no line 3");
	assert_false(why(-1));
}

/* All of it, in every format and mode: nothing may read beyond its bounds or overflow. */
static void
render_everything(int health)
{
	static void (*const renders[])(FILE *, const struct report *) = {
	    render_text, render_json, render_prom};
	struct reading r = pool_example_reading(&now, &before, health);
	FILE *out = fopen("/dev/null", "w");

	assert_non_null(out);
	for (int mode = MODE_POOL; mode <= MODE_CHECK; mode++)
		for (unsigned i = 0; i < sizeof(renders) / sizeof(renders[0]); i++) {
			struct report report;

			figures_take(&figures, &r);
			figures_why(&figures, &r, 63);
			report_compose(&report, &figures, "x", (enum mode)mode);
			renders[i](out, &report);
		}
	fclose(out);
}

static void
any_bytes_can_be_shown(void **state)
{
	static const unsigned char fill[] = {0x00, 0xff, 0x7f, 0x80, 0x01, '%', '"', '\\'};

	(void)state;
	for (unsigned i = 0; i < sizeof(fill); i++) {
		memset(&now, fill[i], sizeof(now));
		memset(&before, fill[sizeof(fill) - 1 - i], sizeof(before));
		render_everything(TICK_END);
		render_everything(TICK_E_DEAD);
		now.lines = now.control.endpoints = INT64_MAX;
		now.control.transitions = INT64_MAX;
		render_everything(TICK_END);
		assert_int_equal(figures.lines, TICK_LINES_MAX);
		assert_int_equal(figures.endpoints, TICK_ENDPOINTS_MAX);
		now.lines = now.control.endpoints = now.control.transitions = INT64_MIN;
		render_everything(TICK_E_STALE);
		assert_int_equal(figures.lines, 0);
	}
}

static void
settings_are_the_lines_that_make_sense(void **state)
{
	(void)state;
	snprintf(now.keys, sizeof(now.keys), "%s",
	    "*pool.max_connections=5\n endpoint.path=\n?what=1\nnonsense\n feed=a\x1b=b\n cut=of");
	take(TICK_END);
	assert_int_equal(figures.settings.rows, 3);
	assert_string_equal(figures.settings.row[0].key, "pool.max_connections");
	assert_string_equal(figures.settings.row[0].value, "5");
	assert_string_equal(figures.settings.row[0].set, "*");
	assert_string_equal(figures.settings.row[1].value, "");
	assert_string_equal(figures.settings.row[1].set, "");
	assert_string_equal(figures.settings.row[2].value, "a?=b");
	/* As much as there is room for, without an end; more lines than rows. */
	memset(now.keys, ' ', sizeof(now.keys));
	take(TICK_END);
	assert_int_equal(figures.settings.rows, 0);
	for (size_t i = 0; i < sizeof(now.keys); i += 4)
		memcpy(now.keys + i, " a=\n", 4);
	take(TICK_END);
	assert_int_equal(figures.settings.rows, SETTINGS_MAX);
}

static void
a_stream_that_was_dropped_is_shown_on_request_and_marked(void **state)
{
	struct tick_stream_status row[2];
	struct reading r;

	(void)state;
	r = pool_example_reading(&now, &before, TICK_END);
	memcpy(row, r.streams.row, sizeof(row));
	row[1].wanted = 0;
	r.streams.row = row;
	figures_take(&figures, &r);
	assert_int_equal(figures.streams, 1);
	assert_string_equal(figures.stream[0].name, row[0].name);
	r.streams.all = true;
	figures_take(&figures, &r);
	assert_int_equal(figures.streams, 2);
	assert_string_equal(figures.stream[1].reason, "dropped");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_rate_needs_two_reads_of_one_life_of_a_living_writer,
		    example),
		cmocka_unit_test_setup(only_lines_that_carry_streams_must_be_live, example),
		cmocka_unit_test_setup(no_line_is_live_without_a_living_writer, example),
		cmocka_unit_test_setup(what_is_not_known_is_absent_and_not_zero, example),
		cmocka_unit_test_setup(transitions_come_oldest_first_though_the_ring_has_wrapped,
		    example),
		cmocka_unit_test_setup(
		    the_last_reason_stands_in_for_transitions_that_are_not_kept, example),
		cmocka_unit_test_setup(any_bytes_can_be_shown, example),
		cmocka_unit_test_setup(
		    a_stream_that_was_dropped_is_shown_on_request_and_marked, example),
		cmocka_unit_test_setup(settings_are_the_lines_that_make_sense, example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
