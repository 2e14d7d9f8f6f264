#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/pool_rig.h"

/* Lines of two streams each, all live; stream i is on line i mod n. */
static void
go_live(unsigned lines)
{
	struct pool_cfg cfg = core_pool_cfg();

	cfg.initial_connections = lines;
	rig_init(&cfg, 2 * lines);
	rig_start();
	for (unsigned line = 0; line < lines; line++)
		assert_int_equal(rig_view(line).state, SESSION_LIVE);
}

/* Connects and subscribes the successor of a line; returns its number. */
static unsigned
successor_live(unsigned line)
{
	unsigned next = rig_view(line).peer;

	assert_int_not_equal(next, POOL_NO_LINE);
	assert_int_equal(rig_view(next).role, POOL_LINE_SUCCESSOR);
	rig_up(next);
	assert_int_equal(rig_view(next).state, SESSION_LIVE);
	return next;
}

static void
a_line_of_age_is_closed_when_its_successor_heard_every_stream(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(3599);
	rig_heard(0, 0);
	rig_heard(1, 0);
	assert_int_equal(rig_view(0).peer, POOL_NO_LINE);
	rig_at_s(3600);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_BEGUN);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->why, TICK_REASON_AGE);
	next = successor_live(0);
	assert_int_equal(rig_view(next).acked, 2);
	rig_heard(0, next);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	rig_heard(1, 0);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	rig_heard(1, next);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_DONE);
	assert_int_equal(rig_action(ACT_HANG_UP, 0)->line, 0);
	assert_int_equal(rig_action(ACT_HANG_UP, 0)->close_code, 1000);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
	assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
	rig_end(0, TICK_REASON_HUNG_UP);
	assert_int_equal(rig_view(0).role, POOL_LINE_FREE);
	assert_int_equal(rig_view(0).state, SESSION_IDLE);
	assert_int_equal(rig_view(0).wanted, 0);
	assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
	assert_int_equal(rig.pool.rotations.done, 1);
}

static void
quiet_streams_are_waited_for_a_bounded_time(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(3595);
	rig_heard(1, 0);
	rig_at_s(3600);
	next = successor_live(0);
	rig_heard(0, next);
	rig_at_s(3609);
	assert_int_equal(rig_view(0).role, POOL_LINE_MEMBER);
	rig_at_s(3610);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
	assert_int_equal(rig_view(0).state, SESSION_DRAINING);
}

static void
streams_that_are_quiet_for_long_are_waited_for_a_second(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_heard(1, 0);
	rig_at_s(3600);
	next = successor_live(0);
	assert_int_equal(rig_view(next).role, POOL_LINE_SUCCESSOR);
	rig_at_s(3601); /* what was on its way on the old line has arrived */
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
}

static void
a_successor_that_stays_silent_where_the_old_line_delivers_is_given_up(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(3599);
	rig_heard(0, 0);
	rig_heard(1, 0);
	rig_at_s(3600);
	next = successor_live(0);
	rig_heard(0, next);
	for (int s = 3601; s < 3660; s++) {
		rig_at_s(s);
		rig_heard(1, 0);
		assert_int_equal(rig_view(0).role, POOL_LINE_MEMBER);
	}
	rig_at_s(3660);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_ABANDONED);
	assert_int_equal(rig_action(ACT_HANG_UP, 0)->line, next);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	assert_int_equal(rig_view(0).retire_at.ns, rig_time_s(3660 + 600).ns);
}

static void
an_announced_shutdown_opens_a_successor_in_the_same_step(void **state)
{
	unsigned next;

	(void)state;
	go_live(2);
	rig_at_s(20);
	rig_tell(1, (struct session_event){.kind = SESSION_SHUTDOWN});
	assert_int_equal(rig_count(ACT_CONNECT), 1);
	next = successor_live(1);
	rig_heard(1, next);
	rig_heard(3, next);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	assert_int_equal(rig_view(1).state, SESSION_DRAINING);
}

static void
all_lines_that_shut_down_are_replaced_at_the_same_time(void **state)
{
	(void)state;
	go_live(3);
	rig_at_s(20);
	for (unsigned line = 0; line < 3; line++) {
		rig_tell(line, (struct session_event){.kind = SESSION_SHUTDOWN});
		assert_int_equal(rig_count(ACT_CONNECT), 1);
	}
}

static void
a_shutdown_of_a_young_line_waits_until_it_is_ten_seconds_old(void **state)
{
	(void)state;
	go_live(1);
	rig_at_s(1);
	rig_tell(0, (struct session_event){.kind = SESSION_SHUTDOWN});
	assert_int_equal(rig_count(ACT_CONNECT), 0);
	rig_at_s(10);
	assert_int_equal(rig_count(ACT_CONNECT), 1);
}

static void
a_line_that_ends_early_leaves_everything_to_its_successor(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(20);
	rig_tell(0, (struct session_event){.kind = SESSION_SHUTDOWN});
	next = rig_view(0).peer;
	rig_end(0, TICK_REASON_PEER_CLOSED);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_TOOK_OVER);
	assert_int_equal(rig_count(ACT_STREAM_STALE), 2);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
	assert_int_equal(rig_view(0).state, SESSION_IDLE);
	rig_up(next);
	assert_int_equal(rig_view(next).acked, 2);
	rig_heard(0, next);
	assert_int_equal(rig_count(ACT_STREAM_LIVE), 1);
}

static void
streams_that_the_successor_has_do_not_go_stale_with_the_old_line(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(3600);
	next = successor_live(0);
	rig_end(0, TICK_REASON_PEER_RESET);
	assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
}

static void
ages_are_spread_and_planned_replacements_go_one_at_a_time(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	unsigned under_way;

	(void)state;
	cfg.rotate.age_spread_percent = 25;
	cfg.initial_connections = 5;
	rig_init(&cfg, 10);
	rig_start();
	for (unsigned line = 0; line < 5; line++) {
		assert_true(rig_view(line).retire_at.ns >= rig_time_s(2700).ns);
		assert_true(rig_view(line).retire_at.ns <= rig_time_s(3600).ns);
		for (unsigned other = 0; other < line; other++)
			assert_int_not_equal(
			    rig_view(line).retire_at.ns, rig_view(other).retire_at.ns);
	}
	rig_at_s(3600);
	under_way = 0;
	for (unsigned line = 0; line < pool_lines(&rig.pool); line++)
		under_way += rig_view(line).role == POOL_LINE_SUCCESSOR;
	assert_int_equal(under_way, 1);
}

static void
a_failed_successor_keeps_trying_while_the_old_line_works(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(3600);
	next = rig_view(0).peer;
	rig_tell(next, (struct session_event){.kind = SESSION_FAILED,
	    .attempt = rig_view(next).attempt, .reason = TICK_REASON_REFUSED});
	assert_int_equal(rig_view(next).state, SESSION_BACKOFF);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	rig_at_s(3605);
	assert_int_equal(rig_view(next).state, SESSION_CONNECTING);
	next = successor_live(0);
	rig_heard(0, next);
	rig_heard(1, next);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
}

static void
without_a_free_line_the_old_one_is_connected_anew_in_place(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = cfg.max_connections = POOL_LINES_MAX;
	rig_init(&cfg, POOL_LINES_MAX);
	rig_start();
	rig_at_s(20);
	rig_tell(5, (struct session_event){.kind = SESSION_SHUTDOWN});
	assert_int_equal(rig_action(ACT_HANG_UP, 0)->line, 5);
	rig_end(5, TICK_REASON_HUNG_UP);
	rig_at_s(22);
	assert_int_equal(rig_view(5).state, SESSION_CONNECTING);
}

/* Its server shuts down, too, and the line that it replaced still has the only other place. */
static void
a_successor_that_is_to_be_replaced_waits_for_the_old_line_to_be_closed(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = cfg.max_connections = 1;
	rig_init(&cfg, 1);
	rig_start();
	rig_at_s(20);
	rig_heard(0, 0);
	rig_tell(0, (struct session_event){.kind = SESSION_SHUTDOWN});
	assert_int_equal(successor_live(0), 1);
	rig_at_s(25);
	rig_tell(1, (struct session_event){.kind = SESSION_SHUTDOWN});
	rig_heard(0, 0);
	rig_at_s(35);
	rig_heard(0, 1);
	assert_int_equal(rig_count(ACT_HANG_UP), 1);
	assert_int_equal(rig_action(ACT_HANG_UP, 0)->line, 0);
	assert_int_equal(rig_view(1).state, SESSION_LIVE);
	rig_end(0, TICK_REASON_HUNG_UP);
	rig_at_s(36);
	assert_int_equal(rig_view(1).state, SESSION_LIVE);
	assert_int_equal(successor_live(1), 0);
}

static void
a_stream_that_the_successor_is_refused_stays_where_it_comes(void **state)
{
	unsigned next;

	(void)state;
	go_live(1);
	rig_at_s(3599);
	rig_heard(0, 0);
	rig_heard(1, 0);
	rig_at_s(3600);
	next = rig_view(0).peer;
	rig_tell(next,
	    (struct session_event){.kind = SESSION_WENT_UP, .attempt = rig_view(next).attempt});
	/* Both together, then one by one: the first is taken. */
	rig_tell(next, (struct session_event){.kind = SESSION_REFUSED,
	    .request_id = rig_action(ACT_SEND_SUBSCRIBE, 0)->request_id, .error_code = 2});
	rig_tell(next, (struct session_event){.kind = SESSION_ACKED,
	    .request_id = rig_action(ACT_SEND_SUBSCRIBE, 0)->request_id});
	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		if (rig.pool.session[next].request[i].id != 0)
			rig_tell(next, (struct session_event){.kind = SESSION_REFUSED,
			    .request_id = rig.pool.session[next].request[i].id, .error_code = 2});
	assert_int_equal(rig_view(next).refused, 1);
	for (int s = 3601; s < 3660; s++) {
		rig_at_s(s);
		rig_heard(0, next);
		rig_heard(1, 0);
		assert_int_equal(rig_view(0).role, POOL_LINE_MEMBER);
	}
	rig_at_s(3660);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_ABANDONED);
}

static void
another_age_limit_counts_for_the_lines_that_are_up(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	go_live(2);
	rig_at_s(100);
	rig_tell(1, (struct session_event){.kind = SESSION_SHUTDOWN});
	cfg.initial_connections = 2;
	cfg.rotate.age_max = span_s(7200);
	rig_step(&(struct pool_event){.kind = POOL_RETUNE, .cfg = &cfg});
	assert_int_equal(rig_view(0).retire_at.ns, rig_time_s(7200).ns);
	/* That one is being replaced already, and goes on. */
	assert_int_not_equal(rig_view(1).peer, POOL_NO_LINE);
	cfg.rotate.age_max = span_s(50);
	rig_step(&(struct pool_event){.kind = POOL_RETUNE, .cfg = &cfg});
	assert_int_equal(rig_view(0).retire_at.ns, rig_time_s(50).ns);
}

static void
how_a_connection_ended_is_known_through_failing_attempts(void **state)
{
	(void)state;
	go_live(1);
	rig_tell(0, (struct session_event){.kind = SESSION_WENT_DOWN, .attempt = 1,
	    .reason = TICK_REASON_PEER_CLOSED, .close_code = 1001, .retry_after_s = -1});
	rig_at_s(1);
	assert_int_equal(rig_view(0).state, SESSION_CONNECTING);
	rig_tell(0, (struct session_event){.kind = SESSION_FAILED, .attempt = 2,
	    .reason = TICK_REASON_REFUSED, .retry_after_s = -1});
	assert_int_equal(rig_view(0).reason, TICK_REASON_REFUSED);
	assert_int_equal(rig_view(0).ended_why, TICK_REASON_PEER_CLOSED);
	assert_int_equal(rig_view(0).close_code, 1001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_a_connection_ended_is_known_through_failing_attempts),
		cmocka_unit_test(a_stream_that_the_successor_is_refused_stays_where_it_comes),
		cmocka_unit_test(another_age_limit_counts_for_the_lines_that_are_up),
		cmocka_unit_test(a_line_of_age_is_closed_when_its_successor_heard_every_stream),
		cmocka_unit_test(quiet_streams_are_waited_for_a_bounded_time),
		cmocka_unit_test(streams_that_are_quiet_for_long_are_waited_for_a_second),
		cmocka_unit_test(
		    a_successor_that_stays_silent_where_the_old_line_delivers_is_given_up),
		cmocka_unit_test(an_announced_shutdown_opens_a_successor_in_the_same_step),
		cmocka_unit_test(all_lines_that_shut_down_are_replaced_at_the_same_time),
		cmocka_unit_test(a_shutdown_of_a_young_line_waits_until_it_is_ten_seconds_old),
		cmocka_unit_test(a_line_that_ends_early_leaves_everything_to_its_successor),
		cmocka_unit_test(streams_that_the_successor_has_do_not_go_stale_with_the_old_line),
		cmocka_unit_test(ages_are_spread_and_planned_replacements_go_one_at_a_time),
		cmocka_unit_test(a_failed_successor_keeps_trying_while_the_old_line_works),
		cmocka_unit_test(without_a_free_line_the_old_one_is_connected_anew_in_place),
		cmocka_unit_test(
		    a_successor_that_is_to_be_replaced_waits_for_the_old_line_to_be_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
