/* The books of subscriptions: states, the alarm "acknowledged, but silent", lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/pool_rig.h"

/* One line with that many streams, which are to bring something within 30 s. */
static void
begin(unsigned streams, enum stall_class class)
{
	struct pool_cfg cfg = core_pool_cfg();

	rig_class = class;
	cfg.initial_connections = 1;
	cfg.rotate.age_max = span_s(360000);
	cfg.session.data_within = span_s(30);
	rig_init(&cfg, streams);
	rig_start();
}

static enum ledger_state
state_of(uint32_t stream)
{
	return ledger_state(&rig.pool.session[0], place_of(&rig.pool, 0, stream));
}

static void
list(const uint64_t *listed)
{
	rig_tell(0, (struct session_event){.kind = SESSION_LISTED, .listed = listed,
	    .request_id = rig_action(ACT_SEND_LIST, 0)->request_id});
}

static void
a_stream_goes_from_wanted_to_producing(void **state)
{
	const uint64_t listed[RIG_STREAMS / 64 + 1] = {3};
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	rig_class = STALL_TRADE;
	cfg.initial_connections = 1;
	cfg.session.data_within = span_s(30);
	rig_init(&cfg, 2);
	rig_step(&(struct pool_event){.kind = POOL_START});
	assert_int_equal(state_of(0), LEDGER_WANTED);
	rig_tell(0, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
	assert_int_equal(state_of(0), LEDGER_SENT);
	rig_acknowledge(0);
	assert_int_equal(state_of(0), LEDGER_ACKED);
	rig_at_s(30);
	list(listed);
	assert_int_equal(state_of(0), LEDGER_LISTED);
	rig_heard(0, 0);
	assert_int_equal(state_of(0), LEDGER_PRODUCING);
	assert_int_equal(state_of(1), LEDGER_LISTED);
}

static void
what_is_acknowledged_and_silent_raises_one_alarm_and_a_list(void **state)
{
	const uint64_t listed[RIG_STREAMS / 64 + 1] = {7};

	(void)state;
	begin(3, STALL_TRADE);
	rig_heard(1, 0);
	rig_at_s(29);
	assert_int_equal(rig_count(ACT_STREAM_SILENT), 0);
	rig_at_s(30);
	assert_int_equal(rig_count(ACT_STREAM_SILENT), 2);
	assert_int_equal(rig_action(ACT_STREAM_SILENT, 0)->stream, 0);
	assert_int_equal(rig_action(ACT_STREAM_SILENT, 0)->why, TICK_REASON_ACKED_SILENT);
	assert_false(rig_action(ACT_STREAM_SILENT, 0)->elsewhere);
	assert_int_equal(rig_action(ACT_STREAM_SILENT, 1)->stream, 2);
	assert_int_equal(rig_count(ACT_SEND_LIST), 1);
	assert_int_equal(ledger_count(&rig.pool.session[0]).silent, 2);
	list(listed);
	assert_int_equal(rig_count(ACT_SEND_SUBSCRIBE), 0); /* the exchange has them */
	rig_at_s(500);
	assert_int_equal(rig.pool.ledger.alarms, 2);
	rig_heard(0, 0);
	assert_int_equal(ledger_count(&rig.pool.session[0]).silent, 1);
}

static void
what_the_list_lacks_after_the_alarm_is_asked_for_again(void **state)
{
	const uint64_t listed[RIG_STREAMS / 64 + 1] = {2};

	(void)state;
	begin(2, STALL_TRADE);
	rig_heard(1, 0);
	rig_at_s(30);
	list(listed);
	assert_int_equal(rig_count(ACT_SEND_SUBSCRIBE), 1);
	assert_int_equal(rig_action(ACT_SEND_SUBSCRIBE, 0)->count, 1);
	assert_int_equal(state_of(0), LEDGER_SENT);
	rig_acknowledge(0);
	rig_heard(0, 0);
	assert_int_equal(state_of(0), LEDGER_PRODUCING);
}

static void
what_the_list_names_and_nobody_wants_is_unsubscribed(void **state)
{
	const uint64_t listed[RIG_STREAMS / 64 + 1] = {0xb}; /* 0, 1 and 3 */
	uint32_t streams[4];

	(void)state;
	begin(2, STALL_TRADE);
	rig_heard(0, 0);
	rig_at_s(30);
	list(listed);
	assert_int_equal(rig_count(ACT_SEND_SUBSCRIBE), 0);
	assert_int_equal(rig_count(ACT_SEND_UNSUBSCRIBE), 1);
	assert_int_equal(pool_request_streams(&rig.pool, rig_action(ACT_SEND_UNSUBSCRIBE, 0),
	    streams, 4), 1);
	assert_int_equal(streams[0], 3);
	assert_int_equal(rig.pool.ledger.foreign, 1);
	assert_int_equal(ledger_count(&rig.pool.session[0]).n[LEDGER_LEAVING], 1);
	rig_acknowledge(0);
	assert_int_equal(ledger_count(&rig.pool.session[0]).n[LEDGER_LEAVING], 0);
	assert_int_equal(rig_view(0).acked, 2);
}

/* The list was asked for before its UNSUBSCRIBE, and is answered after that was sent. */
static void
what_is_on_its_way_off_the_line_is_not_foreign(void **state)
{
	const uint64_t listed[RIG_STREAMS / 64 + 1] = {3};
	int64_t id;

	(void)state;
	begin(2, STALL_TRADE);
	rig_heard(0, 0);
	rig_at_s(30);
	id = rig_action(ACT_SEND_LIST, 0)->request_id;
	rig_step(&(struct pool_event){.kind = POOL_DROP, .stream = 1});
	rig_tell(0, (struct session_event){.kind = SESSION_LISTED, .listed = listed,
	    .request_id = id});
	assert_int_equal(rig.pool.ledger.foreign, 0);
	assert_int_equal(rig_count(ACT_SEND_UNSUBSCRIBE), 0);
}

static void
streams_that_may_be_silent_for_hours_raise_no_alarm(void **state)
{
	(void)state;
	begin(2, STALL_RARE);
	rig_at_s(3000);
	assert_int_equal(rig.pool.ledger.alarms, 0);
	assert_int_equal(state_of(0), LEDGER_ACKED);
}

static void
a_line_that_is_down_has_nothing_but_wishes(void **state)
{
	(void)state;
	begin(2, STALL_TRADE);
	rig_heard(0, 0);
	rig_end(0, TICK_REASON_PEER_RESET);
	assert_int_equal(state_of(0), LEDGER_WANTED);
	assert_int_equal(ledger_count(&rig.pool.session[0]).n[LEDGER_WANTED], 2);
	assert_int_equal(rig_view(0).wanted, 2);
	assert_int_equal(rig_view(0).acked, 0);
	assert_int_equal(rig_view(0).sent, 0);
}

static void
alarms_beyond_the_bound_of_a_step_follow_at_once(void **state)
{
	(void)state;
	begin(400, STALL_TRADE);
	rig.now = rig_time_s(2);
	rig_step(&(struct pool_event){.kind = POOL_TIMER});
	rig_acknowledge(0);
	rig_acknowledge(1);
	assert_int_equal(rig_view(0).acked + rig_view(1).acked, 400);
	/* Nobody looked for long: all are due at once. */
	rig.now = rig_time_s(300);
	rig_step(&(struct pool_event){.kind = POOL_TIMER});
	assert_int_equal(rig_count(ACT_STREAM_SILENT), LEDGER_TELLS_MAX);
	assert_int_equal(mono_diff(pool_deadline(&rig.pool), rig.now).ns, span_ms(1).ns);
	rig.now = pool_deadline(&rig.pool);
	rig_step(&(struct pool_event){.kind = POOL_TIMER});
	assert_int_equal(rig_count(ACT_STREAM_SILENT), 400 - LEDGER_TELLS_MAX);
}

static void
of_what_nothing_is_expected_no_alarm_is_raised_and_time_counts_from_when_it_is(void **state)
{
	struct pool_event event = {.kind = POOL_QUIET, .why = TICK_REASON_UNLISTED};

	(void)state;
	begin(2, STALL_RARE);
	rig.pool.stream[0].class = STALL_TRADE;
	rig_step(&event);
	rig_at_s(100);
	assert_int_equal(rig.pool.ledger.alarms, 0);
	event.why = TICK_REASON_NONE;
	rig_step(&event);
	rig_at_s(129);
	assert_int_equal(rig.pool.ledger.alarms, 0);
	rig_at_s(131);
	assert_int_equal(rig.pool.ledger.alarms, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_goes_from_wanted_to_producing),
		cmocka_unit_test(what_is_acknowledged_and_silent_raises_one_alarm_and_a_list),
		cmocka_unit_test(what_the_list_lacks_after_the_alarm_is_asked_for_again),
		cmocka_unit_test(what_the_list_names_and_nobody_wants_is_unsubscribed),
		cmocka_unit_test(what_is_on_its_way_off_the_line_is_not_foreign),
		cmocka_unit_test(streams_that_may_be_silent_for_hours_raise_no_alarm),
		cmocka_unit_test(a_line_that_is_down_has_nothing_but_wishes),
		cmocka_unit_test(
		    of_what_nothing_is_expected_no_alarm_is_raised_and_time_counts_from_when_it_is),
		cmocka_unit_test(alarms_beyond_the_bound_of_a_step_follow_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
