/* The way back to the preferred region of endpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/pool_rig.h"

static void
refuse(unsigned line)
{
	rig_tell(line, (struct session_event){.kind = SESSION_FAILED,
	    .attempt = rig_view(line).attempt, .reason = TICK_REASON_REFUSED,
	    .retry_after_s = -1});
}

/* The successor of a line; POOL_NO_LINE: it has none. */
static unsigned
next_of(unsigned line)
{
	return rig_view(line).peer;
}

/* Two lines of one stream each, live at endpoint 1 of region 1: endpoint 0 refused everybody. */
static void
begin_elsewhere(void)
{
	struct pool_cfg cfg = core_pool_cfg();

	cfg.initial_connections = 2;
	cfg.rotate.age_max = span_s(360000);
	cfg.route.region[1] = 1;
	cfg.route.breaker.failures_max = 2;
	cfg.route.choice.return_after = span_s(300);
	rig_init(&cfg, 2);
	rig_step(&(struct pool_event){.kind = POOL_START});
	for (unsigned i = 0; i < 20 && rig.pool.members > 0; i++) {
		for (unsigned line = 0; line < 2; line++)
			if (rig_view(line).state == SESSION_CONNECTING &&
			    rig_view(line).endpoint == 0)
				refuse(line);
			else if (rig_view(line).state == SESSION_CONNECTING)
				rig_up(line);
		if (rig_view(0).state == SESSION_LIVE && rig_view(1).state == SESSION_LIVE)
			break;
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	assert_int_equal(rig_view(0).endpoint, 1);
	assert_int_equal(rig_view(1).endpoint, 1);
	assert_int_equal(rig.pool.shared.route.endpoints.current, 1);
}

/* Steps from deadline to deadline until a replacement begins; which line is replaced. */
static unsigned
until_rotation(enum tick_reason why, int64_t s_max)
{
	mono_t end = mono_add(rig.now, span_s(s_max));

	while (mono_before(pool_deadline(&rig.pool), end)) {
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		if (rig_count(ACT_ROTATION) == 0 ||
		    rig_action(ACT_ROTATION, 0)->step != ROTATION_BEGUN)
			continue;
		assert_int_equal(rig_action(ACT_ROTATION, 0)->why, why);
		return rig_action(ACT_ROTATION, 0)->line;
	}
	fail_msg("nothing is replaced within %lld s", (long long)s_max);
	return 0;
}

/* The successor is up and has everything; streams are quiet. */
static unsigned
hand_over(unsigned line)
{
	unsigned next = next_of(line);

	rig_up(next);
	for (int i = 0; i < 100 && rig_view(next).role == POOL_LINE_SUCCESSOR; i++) {
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
	rig_end(line, TICK_REASON_HUNG_UP);
	return next;
}

static void
one_line_tries_the_better_region_and_the_others_follow_when_it_has_been_good(void **state)
{
	unsigned scout, other, next;
	mono_t good;

	(void)state;
	begin_elsewhere();
	scout = until_rotation(TICK_REASON_PROBE, 120);
	other = 1 - scout;
	assert_int_equal(rig_view(next_of(scout)).endpoint, 0);
	good = rig.now;
	next = hand_over(scout);
	assert_int_equal(rig_view(next).endpoint, 0);
	assert_int_equal(rig.pool.shared.route.endpoints.current, 1);
	assert_int_equal(until_rotation(TICK_REASON_RETURN, 400), other);
	assert_in_range(mono_diff(rig.now, good).ns, span_s(300).ns, span_s(320).ns);
	assert_int_equal(rig.pool.shared.route.endpoints.current, 0);
	assert_int_equal(rig.pool.shared.route.endpoints.returns, 1);
	next = hand_over(other);
	assert_int_equal(rig_view(next).endpoint, 0);
	rig_at_s(5000);
	assert_int_equal(rig.pool.rotations.begun, 2);
}

static void
a_failed_try_costs_nothing_and_is_repeated_later(void **state)
{
	unsigned scout;
	mono_t tried;

	(void)state;
	begin_elsewhere();
	scout = until_rotation(TICK_REASON_PROBE, 120);
	tried = rig.now;
	refuse(next_of(scout));
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_ABANDONED);
	assert_int_equal(rig_view(scout).state, SESSION_LIVE);
	assert_int_equal(next_of(scout), POOL_NO_LINE);
	until_rotation(TICK_REASON_PROBE, 1000);
	assert_in_range(mono_diff(rig.now, tried).ns, span_s(300).ns, span_s(400).ns);
}

static void
lines_at_home_are_left_alone(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = 2;
	cfg.rotate.age_max = span_s(360000);
	cfg.route.region[1] = 1;
	rig_init(&cfg, 2);
	rig_start();
	rig_at_s(20000);
	assert_int_equal(rig.pool.rotations.begun, 0);
	assert_int_equal(rig.pool.shared.route.probes, 0);
}

/* Each leg has an endpoint of its own, as long as there are as many as legs. */
static void
a_leg_whose_home_is_the_other_region_is_not_astray(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = cfg.redundancy = 2;
	cfg.rotate.age_max = span_s(360000);
	cfg.route.region[1] = 1;
	rig_init(&cfg, 1);
	rig_start();
	assert_int_equal(rig_view(0).endpoint + rig_view(1).endpoint, 1);
	rig_at_s(20000);
	assert_int_equal(rig.pool.rotations.begun, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    one_line_tries_the_better_region_and_the_others_follow_when_it_has_been_good),
		cmocka_unit_test(a_failed_try_costs_nothing_and_is_repeated_later),
		cmocka_unit_test(lines_at_home_are_left_alone),
		cmocka_unit_test(a_leg_whose_home_is_the_other_region_is_not_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
