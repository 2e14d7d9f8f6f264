/* What a session does, event by event. */
#include "tests/session_rig.h"

static void
assert_moved(enum session_state from, enum session_state to, enum tick_reason why)
{
	const struct pool_action *told = action_at(&actions, ACT_TRANSITION, 0);

	assert_non_null(told);
	assert_string_equal(session_state_label(told->from), session_state_label(from));
	assert_string_equal(session_state_label(told->to), session_state_label(to));
	assert_int_equal(told->why, why);
	assert_int_equal(session.state, to);
}

static void
a_line_goes_live_when_all_is_acknowledged(void **state)
{
	(void)state;
	begin(2 * REQUEST_STREAMS);
	tell(SESSION_START);
	assert_moved(SESSION_IDLE, SESSION_CONNECTING, TICK_REASON_START);
	assert_int_equal(action_at(&actions, ACT_CONNECT, 0)->attempt, 1);
	tell(SESSION_WENT_UP);
	assert_moved(SESSION_CONNECTING, SESSION_SUBSCRIBING, TICK_REASON_LINE_UP);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 2);
	answer(SESSION_ACKED, 2);
	assert_stayed(SESSION_SUBSCRIBING);
	answer(SESSION_ACKED, 1);
	assert_moved(SESSION_SUBSCRIBING, SESSION_LIVE, TICK_REASON_LINE_UP);
	assert_int_equal(session.count[STREAM_ACKED], 2 * REQUEST_STREAMS);
}

static void
requests_are_cut_at_the_size_limit_and_cover_each_stream_once(void **state)
{
	const struct pool_action *send;
	unsigned at = 0;

	(void)state;
	begin(100);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	for (unsigned k = 0; (send = action_at(&actions, ACT_SEND_SUBSCRIBE, k)) != NULL; k++) {
		assert_int_equal(send->first, at);
		assert_int_equal(send->request_id, k + 1);
		assert_true(send->count <= REQUEST_STREAMS);
		at += send->count;
	}
	assert_int_equal(at, 100);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 3);
}

static void
requests_keep_to_the_quota_less_the_reserved_one(void **state)
{
	(void)state;
	begin(6 * REQUEST_STREAMS);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 4);
	answer(SESSION_ACKED, 1);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 0);
	/* Three are on their way still, and may arrive together with the next. */
	wait_ms(1000);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 1);
}

static void
a_line_without_an_answer_hangs_up_and_comes_back(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	wait_ms(5000);
	assert_moved(SESSION_SUBSCRIBING, SESSION_DRAINING, TICK_REASON_ACK_TIMEOUT);
	assert_int_equal(action_count(&actions, ACT_HANG_UP), 1);
	answer(SESSION_ACKED, 1); /* too late */
	assert_stayed(SESSION_DRAINING);
	fall(SESSION_WENT_DOWN, TICK_REASON_HUNG_UP);
	assert_moved(SESSION_DRAINING, SESSION_BACKOFF, TICK_REASON_ACK_TIMEOUT);
	assert_int_equal(action_at(&actions, ACT_TRANSITION, 0)->retry_in.ns, span_s(1).ns);
	wait_ms(1000);
	assert_moved(SESSION_BACKOFF, SESSION_CONNECTING, TICK_REASON_ACK_TIMEOUT);
	assert_int_equal(action_at(&actions, ACT_CONNECT, 0)->attempt, 2);
	tell(SESSION_WENT_UP);
	assert_int_equal(action_at(&actions, ACT_SEND_SUBSCRIBE, 0)->request_id, 2);
	assert_int_equal(session.counts.ack_timeouts, 1);
	assert_int_equal(session.counts.reconnects, 1);
}

static void
failed_attempts_back_off_and_change_the_endpoint(void **state)
{
	static const int64_t delay_ms[] = {1000, 2000, 4000, 8000};

	(void)state;
	begin(1);
	tell(SESSION_START);
	assert_int_equal(action_at(&actions, ACT_CONNECT, 0)->endpoint, 0);
	for (unsigned i = 0; i < 4; i++) {
		fall(SESSION_FAILED, TICK_REASON_REFUSED);
		assert_moved(SESSION_CONNECTING, SESSION_BACKOFF, TICK_REASON_REFUSED);
		wait_ms(delay_ms[i]);
		assert_moved(SESSION_BACKOFF, SESSION_CONNECTING, TICK_REASON_REFUSED);
		assert_int_equal(action_at(&actions, ACT_CONNECT, 0)->endpoint, (i + 1) % 2);
	}
}

static void
a_refused_upgrade_is_named_by_its_status_and_a_ban_waits_for_days(void **state)
{
	static const struct {
		int status;
		enum tick_reason reason;
		int64_t wait_s; /* and up to the base delay, 1 s, more */
	} expected[] = {{403, TICK_REASON_FORBIDDEN, 300}, {418, TICK_REASON_BANNED, 259200},
		{429, TICK_REASON_RATE_LIMITED, 259200}, {451, TICK_REASON_BLOCKED_REGION, 300},
		{503, TICK_REASON_SERVER_ERROR, 300}, {404, TICK_REASON_UPGRADE_REFUSED, 300}};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		begin(1);
		tell(SESSION_START);
		step((struct session_event){.kind = SESSION_FAILED, .retry_after_s = INT32_MAX,
		    .reason = TICK_REASON_UPGRADE_REFUSED, .http_status = expected[i].status});
		assert_moved(SESSION_CONNECTING, SESSION_BACKOFF, expected[i].reason);
		assert_int_equal(session.http_status, expected[i].status);
		assert_in_range(mono_diff(session_deadline(&session), now).ns,
		    span_s(expected[i].wait_s).ns, span_s(expected[i].wait_s + 1).ns);
	}
}

static void
an_attempt_without_outcome_is_given_up(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_START);
	wait_ms(30000);
	assert_moved(SESSION_CONNECTING, SESSION_DRAINING, TICK_REASON_CONNECT_TIMEOUT);
	tell(SESSION_WENT_UP); /* it crossed our hanging up */
	assert_stayed(SESSION_DRAINING);
	wait_ms(3000); /* and the end is never reported */
	assert_moved(SESSION_DRAINING, SESSION_BACKOFF, TICK_REASON_CONNECT_TIMEOUT);
}

static void
events_of_an_earlier_attempt_change_nothing(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_START);
	fall(SESSION_FAILED, TICK_REASON_DNS);
	wait_ms(1000);
	step((struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
	step((struct session_event){.kind = SESSION_FAILED, .attempt = 1});
	step((struct session_event){.kind = SESSION_WENT_DOWN, .attempt = 1});
	assert_stayed(SESSION_CONNECTING);
	assert_int_equal(session.counts.strays, 3);
	tell(SESSION_WENT_UP);
	assert_int_equal(session.state, SESSION_SUBSCRIBING);
}

static void
a_lost_line_comes_back_at_once_and_subscribes_again(void **state)
{
	(void)state;
	go_live(10);
	step((struct session_event){.kind = SESSION_WENT_DOWN, .reason = TICK_REASON_PEER_CLOSED,
	    .close_code = 1008});
	assert_moved(SESSION_LIVE, SESSION_BACKOFF, TICK_REASON_PEER_CLOSED);
	assert_int_equal(session.close_code, 1008);
	wait_ms(0);
	tell(SESSION_WENT_UP);
	assert_int_equal(action_at(&actions, ACT_SEND_SUBSCRIBE, 0)->count, 10);
	assert_int_equal(session.count[STREAM_ACKED], 0);
	answer(SESSION_ACKED, 2);
	assert_moved(SESSION_SUBSCRIBING, SESSION_LIVE, TICK_REASON_LINE_UP);
	/* It did not last: the second time it waits. */
	fall(SESSION_WENT_DOWN, TICK_REASON_PEER_RESET);
	wait_ms(1000);
}

static void
attempts_to_come_back_do_not_forget_when_the_line_was_heard(void **state)
{
	mono_t heard;

	(void)state;
	go_live(1);
	assert_true(mono_is_never(session.heard));
	tell(SESSION_HEARD);
	heard = now;
	now = mono_add(now, span_s(1));
	fall(SESSION_WENT_DOWN, TICK_REASON_PEER_CLOSED);
	wait_ms(0);
	assert_moved(SESSION_BACKOFF, SESSION_CONNECTING, TICK_REASON_PEER_CLOSED);
	assert_int_equal(session.heard.ns, heard.ns);
	fall(SESSION_FAILED, TICK_REASON_REFUSED);
	assert_int_equal(session.heard.ns, heard.ns);
}

static void
a_line_that_lasted_forgets_its_failures(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_START);
	for (int64_t ms = 1000; ms <= 4000; ms *= 2) {
		fall(SESSION_FAILED, TICK_REASON_REFUSED);
		wait_ms(ms);
	}
	tell(SESSION_WENT_UP);
	answer(SESSION_ACKED, 1);
	assert_int_equal(session.retry.failures, 3);
	wait_ms(60000);
	assert_int_equal(session.retry.failures, 0);
	assert_true(mono_before(mono_add(now, span_s(3600)), session_deadline(&session)));
	fall(SESSION_WENT_DOWN, TICK_REASON_PEER_RESET);
	wait_ms(0);
	fall(SESSION_FAILED, TICK_REASON_REFUSED);
	wait_ms(1000);
}

static void
an_announced_shutdown_is_followed_without_delay_once(void **state)
{
	(void)state;
	go_live(1);
	tell(SESSION_SHUTDOWN);
	assert_stayed(SESSION_LIVE);
	fall(SESSION_WENT_DOWN, TICK_REASON_PEER_CLOSED);
	assert_moved(SESSION_LIVE, SESSION_BACKOFF, TICK_REASON_SERVER_SHUTDOWN);
	wait_ms(0);
	assert_moved(SESSION_BACKOFF, SESSION_CONNECTING, TICK_REASON_SERVER_SHUTDOWN);
	tell(SESSION_WENT_UP);
	tell(SESSION_SHUTDOWN);
	fall(SESSION_WENT_DOWN, TICK_REASON_PEER_CLOSED);
	assert_moved(SESSION_SUBSCRIBING, SESSION_BACKOFF, TICK_REASON_SERVER_SHUTDOWN);
	wait_ms(1000);
	assert_int_equal(session.counts.shutdowns, 2);
}

static void
after_a_stable_time_a_shutdown_is_followed_at_once_again(void **state)
{
	(void)state;
	go_live(1);
	for (int64_t id = 2; id < 5; id++) {
		tell(SESSION_SHUTDOWN);
		fall(SESSION_WENT_DOWN, TICK_REASON_PEER_CLOSED);
		wait_ms(0);
		tell(SESSION_WENT_UP);
		answer(SESSION_ACKED, id);
		wait_ms(60000);
	}
}

/* Finds what the request of that id asks for; false: no such request is on the way. */
static bool
request_range(int64_t id, unsigned *first, unsigned *count)
{
	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		if (session.request[i].id == id) {
			*first = session.request[i].first;
			*count = session.request[i].count;
			return true;
		}
	return false;
}

/* 8 streams, number 5 is bad: 8 no, 4 yes, 4 no, 2 no, 2 yes, 1 yes, 1 no. */
static void
one_bad_stream_is_isolated_and_the_others_go_on(void **state)
{
	unsigned first, count, refused = 0;
	const struct pool_action *send;
	int64_t id = 1;

	(void)state;
	begin(8);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	for (int guard = 0; session.state != SESSION_LIVE && guard < 20; guard++) {
		if (!request_range(id, &first, &count)) {
			now = session_deadline(&session);
			tell(SESSION_TIMER);
			continue;
		}
		answer(first <= 5 && 5 < first + count ? SESSION_REFUSED : SESSION_ACKED, id++);
		refused += action_count(&actions, ACT_STREAM_REFUSED);
	}
	assert_int_equal(session.state, SESSION_LIVE);
	assert_int_equal(id, 8);
	assert_int_equal(refused, 1);
	assert_int_equal(session.count[STREAM_ACKED], 7);
	assert_int_equal(stream[5].state, STREAM_REFUSED);
	/* The next connection asks for the good ones together, for the bad one alone. */
	fall(SESSION_WENT_DOWN, TICK_REASON_PEER_RESET);
	wait_ms(0);
	tell(SESSION_WENT_UP);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 3);
	send = action_at(&actions, ACT_SEND_SUBSCRIBE, 1);
	assert_int_equal(send->first, 5);
	assert_int_equal(send->count, 1);
}

static void
a_refused_stream_is_reported_with_the_code(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	answer(SESSION_REFUSED, 1);
	assert_int_equal(action_at(&actions, ACT_STREAM_REFUSED, 0)->error_code, 2);
	assert_int_equal(action_at(&actions, ACT_STREAM_REFUSED, 0)->stream, 0);
	assert_int_equal(action_at(&actions, ACT_STREAM_REFUSED, 0)->why, TICK_REASON_ACK_ERROR);
	assert_moved(SESSION_SUBSCRIBING, SESSION_LIVE, TICK_REASON_LINE_UP);
	assert_int_equal(session.counts.ack_errors, 1);
}

/* Whatever it means by a number, what we mean by a refusal of our own is none of it. */
static void
no_code_of_the_exchange_is_taken_for_want_of_room(void **state)
{
	static const int codes[] = {-1, 0, 1, INT32_MIN, INT32_MAX};
	const struct pool_action *refused;

	(void)state;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		begin(1);
		tell(SESSION_START);
		tell(SESSION_WENT_UP);
		step((struct session_event){
			.kind = SESSION_REFUSED, .request_id = 1, .error_code = codes[i]});
		refused = action_at(&actions, ACT_STREAM_REFUSED, 0);
		assert_int_equal(refused->error_code, codes[i]);
		assert_false(refused->no_room);
	}
}

static void
answers_to_nothing_are_counted_only(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	answer(SESSION_ACKED, 99);
	answer(SESSION_REFUSED, 0);
	answer(SESSION_ACKED, -1);
	answer(SESSION_ACKED, INT64_MIN);
	assert_stayed(SESSION_SUBSCRIBING);
	answer(SESSION_ACKED, 1);
	answer(SESSION_ACKED, 1);
	assert_int_equal(session.state, SESSION_LIVE);
	assert_int_equal(session.counts.replies_unknown, 5);
}

static void
stop_hangs_up_and_stays_down_until_start(void **state)
{
	(void)state;
	go_live(1);
	tell(SESSION_STOP);
	assert_moved(SESSION_LIVE, SESSION_DRAINING, TICK_REASON_STOP);
	assert_int_equal(action_at(&actions, ACT_HANG_UP, 0)->close_code, 1000);
	fall(SESSION_WENT_DOWN, TICK_REASON_HUNG_UP);
	assert_moved(SESSION_DRAINING, SESSION_IDLE, TICK_REASON_STOP);
	assert_true(mono_is_never(session_deadline(&session)));
	tell(SESSION_START);
	assert_moved(SESSION_IDLE, SESSION_CONNECTING, TICK_REASON_START);
}

static void
stop_works_in_every_state(void **state)
{
	(void)state;
	begin(1);
	tell(SESSION_STOP);
	assert_stayed(SESSION_IDLE);
	tell(SESSION_START);
	tell(SESSION_STOP);
	assert_moved(SESSION_CONNECTING, SESSION_DRAINING, TICK_REASON_STOP);
	wait_ms(3000);
	assert_moved(SESSION_DRAINING, SESSION_IDLE, TICK_REASON_STOP);
	tell(SESSION_START);
	fall(SESSION_FAILED, TICK_REASON_DNS);
	tell(SESSION_STOP);
	assert_moved(SESSION_BACKOFF, SESSION_IDLE, TICK_REASON_STOP);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	tell(SESSION_STOP);
	assert_moved(SESSION_SUBSCRIBING, SESSION_DRAINING, TICK_REASON_STOP);
	tell(SESSION_START); /* changed our mind: no backoff, once the old one is gone */
	fall(SESSION_WENT_DOWN, TICK_REASON_HUNG_UP);
	assert_moved(SESSION_DRAINING, SESSION_CONNECTING, TICK_REASON_START);
}

static void
the_connect_quota_makes_a_line_wait(void **state)
{
	(void)state;
	begin(1);
	while (quota_allows(&shared.connects, now))
		quota_take(&shared.connects, now);
	tell(SESSION_START);
	assert_moved(SESSION_IDLE, SESSION_BACKOFF, TICK_REASON_START);
	assert_int_equal(action_at(&actions, ACT_TRANSITION, 0)->retry_in.ns, span_s(300).ns);
	assert_true(action_at(&actions, ACT_TRANSITION, 0)->limited);
	wait_ms(300000);
	assert_moved(SESSION_BACKOFF, SESSION_CONNECTING, TICK_REASON_START);
	/* Its own delay is no such limit, unless that is longer. */
	fall(SESSION_FAILED, TICK_REASON_REFUSED);
	assert_moved(SESSION_CONNECTING, SESSION_BACKOFF, TICK_REASON_REFUSED);
	assert_false(action_at(&actions, ACT_TRANSITION, 0)->limited);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_goes_live_when_all_is_acknowledged),
		cmocka_unit_test(requests_are_cut_at_the_size_limit_and_cover_each_stream_once),
		cmocka_unit_test(requests_keep_to_the_quota_less_the_reserved_one),
		cmocka_unit_test(a_line_without_an_answer_hangs_up_and_comes_back),
		cmocka_unit_test(failed_attempts_back_off_and_change_the_endpoint),
		cmocka_unit_test(a_refused_upgrade_is_named_by_its_status_and_a_ban_waits_for_days),
		cmocka_unit_test(an_attempt_without_outcome_is_given_up),
		cmocka_unit_test(events_of_an_earlier_attempt_change_nothing),
		cmocka_unit_test(a_lost_line_comes_back_at_once_and_subscribes_again),
		cmocka_unit_test(attempts_to_come_back_do_not_forget_when_the_line_was_heard),
		cmocka_unit_test(a_line_that_lasted_forgets_its_failures),
		cmocka_unit_test(an_announced_shutdown_is_followed_without_delay_once),
		cmocka_unit_test(after_a_stable_time_a_shutdown_is_followed_at_once_again),
		cmocka_unit_test(one_bad_stream_is_isolated_and_the_others_go_on),
		cmocka_unit_test(a_refused_stream_is_reported_with_the_code),
		cmocka_unit_test(no_code_of_the_exchange_is_taken_for_want_of_room),
		cmocka_unit_test(answers_to_nothing_are_counted_only),
		cmocka_unit_test(stop_hangs_up_and_stays_down_until_start),
		cmocka_unit_test(stop_works_in_every_state),
		cmocka_unit_test(the_connect_quota_makes_a_line_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
