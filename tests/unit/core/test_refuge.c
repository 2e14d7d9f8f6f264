/* Streams of lines that stay down go to lines that are up, and do not run to and fro. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/pool_rig.h"

enum { STREAMS = 6 };

/* Two lines with three streams each, of a leg of their own or of one. */
static void
begin(unsigned streams_max, unsigned redundancy)
{
	struct pool_cfg cfg = core_pool_cfg();

	rig_class = STALL_RARE;
	cfg.initial_connections = cfg.max_connections = 2 * redundancy;
	cfg.redundancy = redundancy;
	cfg.max_streams_per_connection = streams_max;
	cfg.rotate.age_max = span_s(360000);
	cfg.checkup.every = span_s(36000);
	rig_init(&cfg, STREAMS);
	rig_start();
}

static void
refuse(unsigned line)
{
	rig_tell(line, (struct session_event){.kind = SESSION_FAILED,
	    .attempt = rig_view(line).attempt, .reason = TICK_REASON_REFUSED,
	    .retry_after_s = -1});
}

/* Line 0 is lost, and every attempt to connect fails, until then. */
static void
be_down_until_s(int64_t s)
{
	while (mono_before(rig.now, rig_time_s(s))) {
		mono_t next = mono_min(pool_deadline(&rig.pool), rig_time_s(s));

		rig.now = next;
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		if (rig_count(ACT_SEND_SUBSCRIBE) > 0)
			rig_acknowledge(1);
		if (rig_view(0).state == SESSION_CONNECTING)
			refuse(0);
	}
}

/* It comes up with its next attempt. */
static void
come_back(void)
{
	while (rig_view(0).state != SESSION_CONNECTING) {
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	rig_up(0);
}

static void
streams_of_a_line_that_stays_down_are_on_one_that_is_up_after_five_seconds(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	be_down_until_s(4);
	assert_int_equal(rig_view(0).wanted, 3);
	be_down_until_s(6);
	assert_int_equal(rig_view(0).wanted, 0);
	assert_int_equal(rig_view(1).wanted, STREAMS);
	assert_int_equal(rig_view(1).acked, STREAMS);
	assert_int_equal(rig.pool.watch.moved, 3);
}

static void
the_move_is_told_with_its_reason(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	while (rig_count(ACT_STREAMS_MOVED) == 0) {
		assert_true(mono_before(rig.now, rig_time_s(10)));
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	assert_int_equal(rig_action(ACT_STREAMS_MOVED, 0)->line, 0);
	assert_int_equal(rig_action(ACT_STREAMS_MOVED, 0)->count, 3);
	assert_int_equal(rig_action(ACT_STREAMS_MOVED, 0)->why, TICK_REASON_REFUSED);
	assert_int_equal(rig_count(ACT_SEND_SUBSCRIBE), 1);
}

static void
a_line_that_is_back_at_once_keeps_its_streams(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	come_back();
	rig_at_s(60);
	assert_int_equal(rig_view(0).acked, 3);
	assert_int_equal(rig.pool.watch.moved, 0);
}

static void
no_line_gets_more_than_it_may_have(void **state)
{
	(void)state;
	begin(5, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	be_down_until_s(30);
	assert_int_equal(rig_view(1).wanted, 5);
	assert_int_equal(rig_view(0).wanted, 1);
}

static void
streams_stay_in_their_leg(void **state)
{
	(void)state;
	begin(200, 2);
	assert_int_equal(rig_view(0).leg, rig_view(1).leg);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	be_down_until_s(10);
	assert_int_equal(rig_view(0).wanted, 0);
	assert_int_equal(rig_view(1).wanted, STREAMS);
	assert_int_equal(rig_view(2).wanted, 3);
	assert_int_equal(rig_view(3).wanted, 3);
}

static void
when_nobody_is_up_nothing_moves_until_somebody_is(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	rig_end(1, TICK_REASON_PEER_RESET);
	refuse(0);
	while (mono_before(rig.now, rig_time_s(20))) {
		rig.now = mono_min(pool_deadline(&rig.pool), rig_time_s(20));
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		for (unsigned line = 0; line < 2; line++)
			if (rig_view(line).state == SESSION_CONNECTING)
				refuse(line);
	}
	assert_int_equal(rig.pool.watch.moved, 0);
	while (rig_view(1).state != SESSION_CONNECTING) {
		if (rig_view(0).state == SESSION_CONNECTING)
			refuse(0);
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	rig_up(1);
	be_down_until_s(mono_diff(rig.now, rig_time_s(0)).ns / 1000000000 + 7);
	assert_int_equal(rig_view(1).acked, STREAMS);
}

static void
lines_that_come_back_together_after_an_outage_keep_their_streams(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	rig_end(1, TICK_REASON_PEER_RESET);
	refuse(0);
	while (mono_before(rig.now, rig_time_s(60))) {
		rig.now = mono_min(pool_deadline(&rig.pool), rig_time_s(60));
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		for (unsigned line = 0; line < 2; line++)
			if (rig_view(line).state == SESSION_CONNECTING)
				refuse(line);
	}
	while (rig_view(1).state != SESSION_CONNECTING) {
		if (rig_view(0).state == SESSION_CONNECTING)
			refuse(0);
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
	}
	rig_up(1);
	rig.now = mono_add(rig.now, span_s(4));
	rig_step(&(struct pool_event){.kind = POOL_TIMER});
	assert_int_equal(rig.pool.watch.moved, 0);
	assert_int_equal(rig_view(0).wanted, 3);
}

static void
a_line_that_is_back_for_good_gets_streams_again(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	be_down_until_s(30);
	come_back();
	rig_at_s(80); /* it is up for less than a minute */
	assert_int_equal(rig_view(0).wanted, 0);
	for (int64_t s = 81; s < 160; s++) {
		rig_at_s(s);
		rig_acknowledge(0);
		rig_acknowledge(1);
	}
	assert_int_equal(rig_view(0).acked, 3);
	assert_int_equal(rig_view(1).acked, 3);
}

/* Up for 90 s, down for 10 s, for an hour: every time there would be a reason to move. */
static void
streams_do_not_run_to_and_fro_with_a_line_that_comes_and_goes(void **state)
{
	int64_t s = 0;

	(void)state;
	begin(200, 1);
	while (s < 3600) {
		rig_end(0, TICK_REASON_PEER_RESET);
		if (rig_view(0).state == SESSION_CONNECTING)
			refuse(0);
		be_down_until_s(s += 10);
		come_back();
		for (int64_t end = s + 90; s < end; s++) {
			rig_at_s(s);
			rig_acknowledge(0);
			rig_acknowledge(1);
		}
	}
	assert_true(rig.pool.watch.moved > 3);
	assert_true(rig.pool.watch.moved + rig.pool.scale.moves <= 8 * STREAMS);
}

/* Every stream rests for long, for load came and went: no line was ever lost. */
static void
tire(void)
{
	for (unsigned i = 0; i < STREAMS; i++)
		rig.stream[i].rest[0] = (struct shift_rest){
			.until = mono_add(rig.now, span_s(4 * 3600)), .doublings = 7};
}

static void
streams_that_rest_from_moves_by_load_are_rescued_all_the_same(void **state)
{
	(void)state;
	begin(200, 1);
	tire();
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	be_down_until_s(6);
	assert_int_equal(rig_view(0).wanted, 0);
	assert_int_equal(rig_view(1).wanted, STREAMS);
}

static void
streams_that_rest_leave_a_line_that_closes(void **state)
{
	(void)state;
	begin(200, 1);
	tire();
	rig.pool.line[0].closing = true;
	for (int64_t s = 1; s < 120; s++) {
		rig_at_s(s);
		rig_acknowledge(0);
		rig_acknowledge(1);
	}
	assert_int_equal(rig_view(1).acked, STREAMS);
	assert_false(rig.pool.line[0].closing && rig_view(0).wanted > 0);
}

static void
time_in_which_the_feed_did_not_run_is_no_time_down(void **state)
{
	(void)state;
	begin(200, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	refuse(0);
	rig.now = mono_add(rig.now, span_s(8));
	rig_step(&(struct pool_event){.kind = POOL_HELD_UP, .span = span_s(8)});
	assert_int_equal(rig.pool.watch.moved, 0);
	assert_int_equal(rig_view(0).wanted, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    streams_of_a_line_that_stays_down_are_on_one_that_is_up_after_five_seconds),
		cmocka_unit_test(the_move_is_told_with_its_reason),
		cmocka_unit_test(a_line_that_is_back_at_once_keeps_its_streams),
		cmocka_unit_test(no_line_gets_more_than_it_may_have),
		cmocka_unit_test(streams_stay_in_their_leg),
		cmocka_unit_test(when_nobody_is_up_nothing_moves_until_somebody_is),
		cmocka_unit_test(lines_that_come_back_together_after_an_outage_keep_their_streams),
		cmocka_unit_test(a_line_that_is_back_for_good_gets_streams_again),
		cmocka_unit_test(streams_that_rest_from_moves_by_load_are_rescued_all_the_same),
		cmocka_unit_test(streams_that_rest_leave_a_line_that_closes),
		cmocka_unit_test(time_in_which_the_feed_did_not_run_is_no_time_down),
		cmocka_unit_test(streams_do_not_run_to_and_fro_with_a_line_that_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
