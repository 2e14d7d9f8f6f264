#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "feed/core/subscribe.h"
#include "tests/pool_rig.h"

static void
add(uint32_t stream)
{
	rig_step(&(struct pool_event){.kind = POOL_ADD, .stream = stream, .bytes = STREAM_BYTES,
	    .class = STALL_RARE});
}

/* Two lines with room for two streams each, up and full; one more may be opened. */
static void
start_full(unsigned connects_max)
{
	struct pool_cfg cfg = core_pool_cfg();

	cfg.max_connections = 3;
	cfg.initial_connections = 2;
	cfg.max_streams_per_connection = 2;
	cfg.line_room = 4;
	cfg.connects_max = connects_max;
	rig_init(&cfg, 4);
	rig_start();
	assert_int_equal(pool_members(&rig.pool), 2);
}

static void
a_new_stream_goes_to_a_line_that_is_up(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = 2;
	cfg.max_streams_per_connection = 10;
	rig_init(&cfg, 3);
	rig_start();
	/* Line 1 has fewer streams, and none of them is delivered. */
	assert_int_equal(rig_view(0).wanted, 2);
	assert_int_equal(rig_view(1).wanted, 1);
	rig_tell(1, (struct session_event){.kind = SESSION_WENT_DOWN, .reason =
	    TICK_REASON_REFUSED, .attempt = rig_view(1).attempt, .retry_after_s = -1});
	assert_int_not_equal(rig_view(1).state, SESSION_LIVE);
	add(3);
	assert_non_null(place_of(&rig.pool, 0, 3));
	assert_null(place_of(&rig.pool, 1, 3));
	assert_int_equal(rig_count(ACT_SEND_SUBSCRIBE), 1);
}

static void
a_new_stream_waits_for_a_line_that_connects_when_the_others_are_full(void **state)
{
	(void)state;
	start_full(300);
	add(4);
	assert_int_equal(rig_count(ACT_CONNECT), 1);
	assert_non_null(place_of(&rig.pool, 2, 4));
	rig_up(2);
	assert_int_equal(place_of(&rig.pool, 2, 4)->state, STREAM_ACKED);
}

/* The new line may not connect for minutes: the attempts per window are used up. */
static void
a_new_stream_does_not_wait_for_a_line_that_may_not_connect(void **state)
{
	unsigned line;

	(void)state;
	start_full(2);
	add(4);
	assert_int_equal(rig_count(ACT_CONNECT), 0);
	assert_int_equal(rig_view(2).state, SESSION_BACKOFF);
	assert_null(place_of(&rig.pool, 2, 4));
	line = place_of(&rig.pool, 0, 4) != NULL ? 0 : 1;
	rig_acknowledge(line);
	assert_int_equal(place_of(&rig.pool, line, 4)->state, STREAM_ACKED);
	assert_int_equal(rig_view(line).wanted, 3);
}

static void
more_streams_than_all_lines_may_carry_are_refused(void **state)
{
	(void)state;
	start_full(2);
	add(4);
	add(5);
	assert_int_equal(rig_count(ACT_STREAM_REFUSED), 0);
	add(6);
	assert_true(rig_action(ACT_STREAM_REFUSED, 0)->no_room);
	assert_false(rig.pool.stream[6].wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_stream_goes_to_a_line_that_is_up),
		cmocka_unit_test(
		    a_new_stream_waits_for_a_line_that_connects_when_the_others_are_full),
		cmocka_unit_test(a_new_stream_does_not_wait_for_a_line_that_may_not_connect),
		cmocka_unit_test(more_streams_than_all_lines_may_carry_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
