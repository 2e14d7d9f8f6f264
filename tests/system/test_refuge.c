/* A line that stays down: its streams run on the other one after seconds, nothing comes twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/system/stage.h"

#define STREAMS 8

/* Is one line up with all streams, and the other one down with none? */
static bool
has_all_on_one(const struct tick_status *status)
{
	unsigned full = 0, empty = 0;

	for (int64_t i = 0; i < status->lines; i++) {
		const struct tick_line_status *line = &status->line[i];

		if (line->role != TICK_ROLE_MEMBER)
			continue;
		full += line->state == TICK_LINE_LIVE && line->streams_wanted == STREAMS &&
		    line->streams_acknowledged == STREAMS;
		empty += line->state != TICK_LINE_LIVE && line->streams_wanted == 0;
	}
	return full == 1 && empty == 1;
}

static void
streams_of_a_line_that_cannot_come_back_are_delivered_by_the_other(void **state)
{
	const struct stage_cfg cfg = {.rate = 400,
	    .settings = "\"pool.initial_connections\": 2, \"pool.max_connections\": 2,\n"};
	struct stage *stage = *state;
	struct tick_status status;
	struct flow_counts c;
	mono_t deadline;

	stage_start(stage, &cfg, 2);
	stage_status(stage, &status);
	assert_int_equal(status.streams, STREAMS);
	stage_fault(stage, "0 refuse for=600\n0 rst endpoint=a");
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, "all streams on the line that is left");
		stage_status(stage, &status);
	} while (!has_all_on_one(&status));
	assert_int_equal(status.control.moved, STREAMS / 2);
	daemon_expect_log(&stage->feedd, "event=streams_moved ");
	deadline = daemon_deadline();
	while (status.control.streams_producing < STREAMS || status.control.streams_stale > 0) {
		daemon_pause(deadline, "data of all streams");
		stage_status(stage, &status);
	}
	/* What was on its way is lost, and told, the tick after the word; nothing comes twice. */
	deadline = daemon_deadline();
	while (c = flow_counts(stage->flow), c.gaps != c.flagged)
		daemon_pause(deadline, "the tick behind each gap");
	assert_int_equal(c.doubles, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    streams_of_a_line_that_cannot_come_back_are_delivered_by_the_other,
		    stage_set_up, stage_tear_down),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
