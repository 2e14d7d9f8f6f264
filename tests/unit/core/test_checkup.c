/* What the health of a line is made of, as the pool measures it. */
#include "tests/pool_rig.h"

static void
begin(unsigned lines)
{
	struct pool_cfg cfg = core_pool_cfg();

	cfg.initial_connections = lines;
	rig_init(&cfg, lines);
	rig_start();
	assert_int_equal(rig_view(lines - 1).state, SESSION_LIVE);
}

static void
hear(unsigned line, uint64_t messages, uint64_t faults)
{
	rig_tell(line, (struct session_event){
		.kind = SESSION_HEARD, .messages = messages, .faults = faults});
}

static int
raw(unsigned line)
{
	return rig.pool.line[line].health.raw;
}

static void
bad_messages_cost_a_line_its_health_and_not_its_place(void **state)
{
	(void)state;
	begin(2);
	hear(0, 1000, 20);
	hear(1, 1000, 0);
	rig_at_s(30);
	assert_int_equal(raw(0), 600);
	assert_int_equal(raw(1), 1000);
	assert_int_equal(rig.pool.rotations.begun, 0);
	/* Those of the last interval count, not all there ever were. */
	hear(0, 2000, 25);
	rig_at_s(60);
	assert_int_equal(raw(0), 900);
	hear(0, 3000, 25);
	rig_at_s(90);
	assert_int_equal(raw(0), 1000);
}

static void
a_line_of_a_long_way_is_compared_with_the_others(void **state)
{
	static const int64_t ms[] = {10, 11, 40, 12};

	(void)state;
	begin(4);
	for (unsigned i = 0; i < 4; i++)
		rig.pool.session[i].heartbeat.round_trip_avg = span_ms(ms[i]);
	rig_at_s(30);
	assert_int_equal(raw(0), 1000);
	assert_in_range(raw(1), 1000, 1000);
	assert_in_range(raw(2), 800, 830);
	/* Of two, none is the usual one. */
	rig.pool.session[0].heartbeat.round_trip_avg.ns = HEARTBEAT_UNKNOWN;
	rig.pool.session[1].heartbeat.round_trip_avg.ns = HEARTBEAT_UNKNOWN;
	rig_at_s(60);
	assert_int_equal(raw(2), 1000);
}

static void
late_answers_to_the_servers_pings_cost_health(void **state)
{
	(void)state;
	begin(1);
	pool_see_pings(&rig.pool, true);
	rig_tell(0, (struct session_event){.kind = SESSION_PINGED, .attempt = 1, .at = rig.now});
	rig.now = mono_add(rig.now, span_s(6));
	rig_tell(0, (struct session_event){.kind = SESSION_ANSWERED, .attempt = 1, .at = rig.now});
	rig_at_s(30);
	assert_int_equal(raw(0), 700);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_messages_cost_a_line_its_health_and_not_its_place),
		cmocka_unit_test(a_line_of_a_long_way_is_compared_with_the_others),
		cmocka_unit_test(late_answers_to_the_servers_pings_cost_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
