/* Streams that come and go while a line is live. */
#include "tests/session_rig.h"

static void
a_stream_that_leaves_is_unsubscribed_and_its_place_is_used_again(void **state)
{
	uint32_t streams[4];

	(void)state;
	go_live(3);
	subscribe_remove(&session, 1);
	now = mono_add(now, span_s(1));
	tell(SESSION_TIMER);
	assert_int_equal(action_at(&actions, ACT_SEND_UNSUBSCRIBE, 0)->count, 1);
	assert_int_equal(subscribe_request_streams(&session, 2, streams, 4), 1);
	assert_int_equal(streams[0], 1);
	/* It comes back while the answer is on the way: in a place of its own. */
	assert_int_equal(subscribe_add(&session, 1, STREAM_BYTES), 3);
	tell(SESSION_TIMER);
	assert_int_equal(action_at(&actions, ACT_SEND_SUBSCRIBE, 0)->count, 1);
	answer(SESSION_ACKED, 2);
	assert_int_equal(stream[1].state, STREAM_FREE);
	assert_int_equal(subscribe_add(&session, 9, STREAM_BYTES), 1);
	tell(SESSION_TIMER);
	answer(SESSION_ACKED, 3);
	answer(SESSION_ACKED, 4);
	assert_int_equal(session.count[STREAM_ACKED], 4);
	assert_int_equal(session.state, SESSION_LIVE);
}

static void
a_renewed_stream_leaves_and_comes_back(void **state)
{
	(void)state;
	go_live(2);
	subscribe_renew(&session, 0);
	now = mono_add(now, span_s(1));
	tell(SESSION_TIMER);
	assert_int_equal(action_count(&actions, ACT_SEND_UNSUBSCRIBE), 1);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 0);
	answer(SESSION_ACKED, 2);
	assert_int_equal(action_at(&actions, ACT_SEND_SUBSCRIBE, 0)->request_id, 3);
	answer(SESSION_ACKED, 3);
	assert_int_equal(stream[0].state, STREAM_ACKED);
}

static void
a_live_line_without_an_answer_wants_to_be_replaced_and_goes_on(void **state)
{
	(void)state;
	go_live(2);
	assert_int_equal(subscribe_add(&session, 2, STREAM_BYTES), 2);
	now = mono_add(now, span_s(1));
	tell(SESSION_TIMER);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 1);
	wait_ms(5000);
	assert_stayed(SESSION_LIVE);
	assert_int_equal(session.sick, TICK_REASON_ACK_TIMEOUT);
	assert_int_equal(session.counts.ack_timeouts, 1);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 1);
}

static void
a_refused_stream_is_asked_for_again_later_every_time(void **state)
{
	static const int64_t wait_s[] = {60, 120, 240, 480, 600, 600};
	int64_t id = 1;

	(void)state;
	begin(1);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	for (unsigned i = 0; i < 6; i++) {
		mono_t due = mono_add(now, span_s(wait_s[i]));

		answer(SESSION_REFUSED, id);
		assert_int_equal(stream[0].state, STREAM_REFUSED);
		while (mono_before(session_deadline(&session), due)) {
			now = session_deadline(&session);
			tell(SESSION_TIMER);
			assert_null(action_at(&actions, ACT_SEND_SUBSCRIBE, 0));
		}
		now = due;
		tell(SESSION_TIMER);
		id = action_at(&actions, ACT_SEND_SUBSCRIBE, 0)->request_id;
	}
	answer(SESSION_ACKED, id);
	assert_int_equal(stream[0].state, STREAM_ACKED);
	assert_int_equal(stream[0].refusals, 0);
}

static void
what_is_answered_late_counts_from_then_on(void **state)
{
	(void)state;
	begin(STREAMS_MAX);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 4);
	now = mono_add(now, span_ms(900));
	for (int64_t id = 1; id <= 4; id++) {
		answer(SESSION_ACKED, id);
		assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 0);
	}
	wait_ms(1000);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 4);
}

static void
a_pong_counts_among_the_messages_sent(void **state)
{
	(void)state;
	go_live(1);
	now = mono_add(now, span_s(5));
	/* Five messages a second, one of them kept: with three PONGs there is one request. */
	for (int i = 0; i < 3; i++)
		step((struct session_event){.kind = SESSION_PINGED, .at = now});
	assert_int_equal(quota_used(&session.sends, now), 3);
	for (unsigned i = 1; i <= 150; i++)
		subscribe_add(&session, i, STREAM_BYTES);
	tell(SESSION_TIMER);
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 1);
	assert_int_equal(quota_used(&session.sends, now), 4);
	wait_ms(1000);
	assert_true(action_count(&actions, ACT_SEND_SUBSCRIBE) > 1);
}

static void
the_time_to_a_pong_is_measured_from_its_ping(void **state)
{
	mono_t came;

	(void)state;
	go_live(1);
	session.shared->cfg.heartbeat.pings_visible = true;
	came = now;
	now = mono_add(now, span_s(6));
	step((struct session_event){.kind = SESSION_PINGED, .at = came});
	step((struct session_event){.kind = SESSION_ANSWERED, .at = now});
	assert_int_equal(session.heartbeat.answered_in.ns, span_s(6).ns);
	assert_int_equal(heartbeat_compliance(&session.heartbeat, now), 0);
	for (int i = 0; i < 3; i++) {
		step((struct session_event){.kind = SESSION_PINGED, .at = now});
		step((struct session_event){.kind = SESSION_ANSWERED, .at = now});
	}
	assert_int_equal(heartbeat_compliance(&session.heartbeat, now), 750);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_stream_is_asked_for_again_later_every_time),
		cmocka_unit_test(a_stream_that_leaves_is_unsubscribed_and_its_place_is_used_again),
		cmocka_unit_test(what_is_answered_late_counts_from_then_on),
		cmocka_unit_test(a_renewed_stream_leaves_and_comes_back),
		cmocka_unit_test(a_live_line_without_an_answer_wants_to_be_replaced_and_goes_on),
		cmocka_unit_test(a_pong_counts_among_the_messages_sent),
		cmocka_unit_test(the_time_to_a_pong_is_measured_from_its_ping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
