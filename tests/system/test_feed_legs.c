/*
 * Two legs at two endpoints, under load: whatever happens to one of them, or
 * is planned for both, the reader misses nothing and sees nothing twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/system/stage.h"

#define COMMON \
	"\"redundancy\": 2, \"pool.initial_connections\": 2, \"pool.max_connections\": 4,\n" \
	"\"pool.min_connection_age_ms\": 500, \"reconnect.base_delay_ms\": 50,\n"

/* Does one member of the pool bring messages, and one none, for a moment? */
static void
wait_for_a_silent_line(struct stage *stage)
{
	static struct tick_status before, after;
	mono_t deadline = daemon_deadline();
	unsigned silent, heard;

	do {
		daemon_pause(deadline, "one silent line");
		stage_status(stage, &before);
		stage_run_for(span_ms(300));
		stage_status(stage, &after);
		silent = heard = 0;
		for (int64_t i = 0; i < after.lines; i++) {
			if (before.line[i].role != TICK_ROLE_MEMBER ||
			    after.line[i].role != TICK_ROLE_MEMBER)
				continue;
			if (after.line[i].messages == before.line[i].messages)
				silent++;
			else
				heard++;
		}
	} while (silent != 1 || heard != 1);
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

/* No replacement is under way: what is done from now on was begun from now on. */
static void
wait_for_rest(struct stage *stage, struct tick_status *status)
{
	mono_t deadline = daemon_deadline();
	int64_t successors;

	do {
		daemon_pause(deadline, "the end of a replacement");
		stage_wait_whole(stage, "the lines after the reload", status);
		successors = 0;
		for (int64_t i = 0; i < status->lines; i++)
			successors += status->line[i].role == TICK_ROLE_SUCCESSOR;
	} while (successors > 0);
}

static bool
rotate_and_announce(struct stage *stage)
{
	struct tick_status status;
	mono_t deadline;
	int64_t rotated;

	/* Every line, by its age. */
	stage_wait_rotations(stage, 2, &status);
	if (!stage_has_all(stage, "every line replaced at its age"))
		return false;
	stage_reload(stage, COMMON);
	wait_for_rest(stage, &status);
	rotated = status.control.rotations_done;
	flow_mark(stage->flow);
	stage_fault(stage, "0 shutdown after=8");
	/* A machine that stands still has lines replaced for other reasons, too. */
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, "the word of the shutdown on both legs");
		stage_wait_rotations(stage, rotated + 2, &status);
	} while (status.counter[TICK_COUNTER_SERVER_SHUTDOWNS] < 2);
	return stage_has_all(stage, "serverShutdown on both legs");
}

/* For 2 s, or longer where the machine takes longer to show it. */
static bool
stall_one_leg(struct stage *stage)
{
	mono_t end = mono_add(clock_mono(), span_s(2));
	struct tick_status status;

	flow_mark(stage->flow);
	stage_fault(stage, "0 stall endpoint=b");
	wait_for_a_silent_line(stage);
	if (mono_before(clock_mono(), end))
		stage_run_for(mono_diff(end, clock_mono()));
	assert_int_equal(sim_control(stage->sim, "POST /clear", ""), 200);
	stage_wait_whole(stage, "the leg that stood still", &status);
	return stage_has_all(stage, "a leg stood still");
}

static bool
kill_an_endpoint(struct stage *stage)
{
	struct tick_status status;
	mono_t deadline;
	uint64_t ended;

	stage_status(stage, &status);
	ended = status.counter[TICK_COUNTER_DISCONNECTS];
	flow_mark(stage->flow);
	stage_fault(stage, "0 down endpoint=a for=1");
	deadline = daemon_deadline();
	do {
		daemon_pause(deadline, "the end of a leg");
		stage_status(stage, &status);
	} while (status.counter[TICK_COUNTER_DISCONNECTS] == ended);
	stage_wait_whole(stage, "the leg whose endpoint was killed", &status);
	return stage_has_all(stage, "an endpoint was killed and came back");
}

static bool
play(struct stage *stage)
{
	expect_skew(stage);
	if (!rotate_and_announce(stage) || !stall_one_leg(stage) || !kill_an_endpoint(stage))
		return false;
	assert_int_equal(flow_counts(stage->flow).stales, 0);
	return true;
}

static void
whatever_happens_to_one_leg_the_reader_misses_nothing(void **state)
{
	const struct stage_cfg cfg = {.rate = 20000,
	    .settings = COMMON "\"pool.max_connection_age_ms\": 2000,\n"};

	stage_play(*state, &cfg, 2, play);
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
