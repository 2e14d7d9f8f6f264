/*
 * Two legs at two endpoints, under load: whatever happens to one of them, or
 * is planned for both, the reader misses nothing and sees nothing twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/system/stage.h"

#define COMMON \
	"\"redundancy\": 2, \"pool.initial_connections\": 2, \"pool.max_connections\": 4,\n" \
	"\"pool.min_connection_age_ms\": 500, \"reconnect.base_delay_ms\": 50,\n"

/* Lines that got no message within a moment, of those that carry streams. */
static unsigned
silent_lines(struct stage *stage)
{
	static struct tick_status before, after;
	unsigned n = 0;

	stage_status(stage, &before);
	stage_run_for(span_ms(300));
	stage_status(stage, &after);
	for (int64_t i = 0; i < after.lines; i++)
		n += before.line[i].role == TICK_ROLE_MEMBER &&
		    after.line[i].role == TICK_ROLE_MEMBER &&
		    after.line[i].messages == before.line[i].messages;
	return n;
}

/* One of the legs is behind as a rule; by how much is told. */
static void
expect_skew(struct stage *stage)
{
	mono_t deadline = daemon_deadline();
	struct tick_status status;

	do {
		daemon_pause(deadline, "how far a leg is behind");
		stage_status(stage, &status);
	} while (status.skew_p50_ns[0] + status.skew_p50_ns[1] == 0);
	print_message("legs behind the first by %lld and %lld us\n",
	    (long long)status.skew_p50_ns[0] / 1000, (long long)status.skew_p50_ns[1] / 1000);
	assert_true(status.skew_p99_ns[0] >= status.skew_p50_ns[0]);
}

static void
rotate_and_announce(struct stage *stage)
{
	struct tick_status status;
	int64_t rotated;

	/* Every line, by its age. */
	stage_wait_rotations(stage, 2, &status);
	stage_expect_all(stage, "every line replaced at its age");
	stage_reload(stage, COMMON);
	stage_wait_whole(stage, "the lines after the reload", &status);
	rotated = status.control.rotations_done;
	flow_mark(stage->flow);
	stage_fault(stage, "0 shutdown after=8");
	stage_wait_rotations(stage, rotated + 2, &status);
	assert_true(status.counter[TICK_COUNTER_SERVER_SHUTDOWNS] >= 2);
	stage_expect_all(stage, "serverShutdown on both legs");
}

static void
stall_and_kill(struct stage *stage)
{
	struct tick_status status;
	uint64_t ended;

	flow_mark(stage->flow);
	stage_fault(stage, "0 stall endpoint=b for=2");
	stage_run_for(span_ms(500));
	assert_int_equal(silent_lines(stage), 1);
	stage_run_for(span_ms(1500));
	stage_wait_whole(stage, "the leg that stood still", &status);
	stage_expect_all(stage, "a leg stood still");
	ended = status.counter[TICK_COUNTER_DISCONNECTS];
	flow_mark(stage->flow);
	stage_fault(stage, "0 down endpoint=a for=1");
	stage_run_for(span_ms(1200));
	stage_wait_whole(stage, "the leg whose endpoint was killed", &status);
	assert_true(status.counter[TICK_COUNTER_DISCONNECTS] > ended);
	stage_expect_all(stage, "an endpoint was killed and came back");
	assert_int_equal(flow_counts(stage->flow).stales, 0);
}

static void
whatever_happens_to_one_leg_the_reader_misses_nothing(void **state)
{
	const struct stage_cfg cfg = {.rate = 20000,
	    .settings = COMMON "\"pool.max_connection_age_ms\": 2000,\n"};
	struct stage *stage = *state;

	stage_start(stage, &cfg, 2);
	expect_skew(stage);
	rotate_and_announce(stage);
	stall_and_kill(stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    whatever_happens_to_one_leg_the_reader_misses_nothing, stage_set_up,
		    stage_tear_down),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
