#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/pool_rig.h"

/* Quotes, 50 a second for a minute on every line that has them, then silence. */
static void
learn_quotes(unsigned lines, unsigned redundancy)
{
	struct pool_cfg cfg = core_pool_cfg();
	unsigned order;

	rig_class = STALL_QUOTE;
	cfg.checkup.every = span_s(36000); /* it would suspect the line first */
	cfg.initial_connections = lines;
	cfg.redundancy = redundancy;
	rig_init(&cfg, 1);
	rig_start();
	for (int ms = 0; ms < 60000; ms += 20) {
		rig.now = mono_add(rig.now, span_ms(20));
		order = 0;
		for (unsigned line = 0; line < pool_lines(&rig.pool); line++)
			if (place_of(&rig.pool, line, 0) != NULL && order++ < redundancy)
				rig_heard(0, line);
	}
}

/* Steps from deadline to deadline until that action comes; returns how long it took, in ms. */
static int64_t
ms_until(enum pool_action_kind kind, int64_t ms_max)
{
	mono_t begin = rig.now, end = mono_add(begin, span_ms(ms_max));

	while (mono_before(pool_deadline(&rig.pool), end)) {
		rig.now = pool_deadline(&rig.pool);
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		if (rig_count(kind) > 0)
			return mono_diff(rig.now, begin).ns / 1000000;
	}
	fail_msg("not within %lld ms", (long long)ms_max);
	return 0;
}

static void
a_silent_quote_stream_is_stale_within_three_seconds_and_healed_by_stages(void **state)
{
	unsigned next;

	(void)state;
	learn_quotes(1, 1);
	assert_in_range(ms_until(ACT_STREAM_STALE, 3000), 100, 3000);
	assert_int_equal(rig_action(ACT_STREAM_STALE, 0)->why, TICK_REASON_STALE);
	assert_int_equal(rig_count(ACT_SEND_LIST), 1);
	rig_acknowledge(0);
	ms_until(ACT_SEND_UNSUBSCRIBE, 60000);
	rig_acknowledge(0);
	assert_int_equal(place_of(&rig.pool, 0, 0)->state, STREAM_ACKED);
	assert_int_equal(rig.pool.watch.resubscribed, 1);
	ms_until(ACT_ROTATION, 120000); /* no other line to move to: the line itself */
	assert_int_equal(rig_action(ACT_ROTATION, 0)->why, TICK_REASON_STALE);
	next = rig_view(0).peer;
	rig_up(next);
	rig_heard(0, next);
	assert_int_equal(rig_count(ACT_STREAM_LIVE), 1);
}

/* This process was stopped: what came meanwhile is told after the timers that are due. */
static void
no_stream_is_stale_because_nobody_listened(void **state)
{
	(void)state;
	learn_quotes(1, 1);
	rig.now = mono_add(rig.now, span_s(30));
	rig_step(&(struct pool_event){.kind = POOL_HELD_UP, .span = span_s(30)});
	assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
	rig_heard(0, 0);
	assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
	assert_int_equal(rig.pool.watch.stalls, 0);
	assert_in_range(ms_until(ACT_STREAM_STALE, 3000), 100, 3000);
}

static void
a_stream_that_another_leg_delivers_is_healed_but_not_stale(void **state)
{
	(void)state;
	learn_quotes(2, 2);
	for (int ms = 0; ms < 5000; ms += 20) {
		rig.now = mono_add(rig.now, span_ms(20));
		rig_heard(0, 0);
		assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
	}
	assert_int_equal(rig.pool.watch.stalls, 1);
	assert_int_equal(rig.pool.watch.stale, 0);
}

static void
a_stream_that_does_not_trade_is_neither_stale_nor_healed_until_it_trades_again(void **state)
{
	(void)state;
	learn_quotes(1, 1);
	rig_step(&(struct pool_event){.kind = POOL_QUIET, .stream = 0, .why = TICK_REASON_HALTED});
	for (int s = 0; s < 600; s++) {
		rig.now = mono_add(rig.now, span_s(1));
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
		assert_int_equal(rig_count(ACT_SEND_LIST), 0);
	}
	assert_int_equal(rig.pool.watch.stalls, 0);
	rig_step(&(struct pool_event){.kind = POOL_QUIET, .stream = 0, .why = TICK_REASON_NONE});
	assert_in_range(ms_until(ACT_STREAM_STALE, 3000), 100, 3000);
}

static void
a_stream_of_an_unlisted_symbol_is_never_healed_and_its_first_message_ends_that(void **state)
{
	const struct pool_event unlisted = {.kind = POOL_QUIET, .why = TICK_REASON_UNLISTED};

	(void)state;
	learn_quotes(1, 1);
	rig_step(&unlisted);
	assert_int_equal(rig.pool.watch.unlisted, 1);
	for (int s = 0; s < 600; s++) {
		rig.now = mono_add(rig.now, span_s(1));
		rig_step(&(struct pool_event){.kind = POOL_TIMER});
		assert_int_equal(rig_count(ACT_STREAM_STALE), 0);
		assert_int_equal(rig_count(ACT_SEND_UNSUBSCRIBE), 0);
	}
	assert_int_equal(rig.pool.watch.stalls, 0);
	rig_heard(0, 0);
	assert_int_equal(rig.pool.watch.unlisted, 0);
	assert_in_range(ms_until(ACT_STREAM_STALE, 3000), 100, 3000);
}

static void
an_unlisted_stream_that_is_dropped_or_listed_counts_no_more(void **state)
{
	const struct pool_event unlisted = {.kind = POOL_QUIET, .why = TICK_REASON_UNLISTED};

	(void)state;
	learn_quotes(1, 1);
	rig_step(&unlisted);
	rig_step(&unlisted);
	assert_int_equal(rig.pool.watch.unlisted, 1);
	rig_step(&(struct pool_event){.kind = POOL_QUIET, .stream = 0, .why = TICK_REASON_HALTED});
	assert_int_equal(rig.pool.watch.unlisted, 0);
	assert_true(rig.pool.stream[0].quiet);
	rig_step(&unlisted);
	rig_step(&(struct pool_event){.kind = POOL_DROP, .stream = 0});
	assert_int_equal(rig.pool.watch.unlisted, 0);
}

static void
what_the_list_does_not_name_is_asked_for_again(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	const uint64_t listed[RIG_STREAMS / 64 + 1] = {0xd}; /* not number 1 */

	(void)state;
	rig_class = STALL_RARE;
	cfg.initial_connections = 1;
	cfg.session.list_every = span_s(60);
	rig_init(&cfg, 4);
	rig_start();
	rig_at_s(60);
	assert_int_equal(rig_count(ACT_SEND_LIST), 1);
	rig_tell(0, (struct session_event){.kind = SESSION_LISTED, .listed = listed,
	    .request_id = rig_action(ACT_SEND_LIST, 0)->request_id});
	assert_int_equal(rig_count(ACT_SEND_SUBSCRIBE), 1);
	assert_int_equal(rig_action(ACT_SEND_SUBSCRIBE, 0)->count, 1);
	assert_int_equal(rig_view(0).counts.missing, 1);
	rig_acknowledge(0);
	assert_int_equal(rig_view(0).acked, 4);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
}

static void
a_dead_line_is_replaced_without_being_cut(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	rig_class = STALL_RARE;
	cfg.initial_connections = 1;
	cfg.session.heartbeat.idle_after = span_s(10);
	rig_init(&cfg, 2);
	rig_start();
	rig_at_s(10);
	assert_int_equal(rig_count(ACT_PING), 1);
	rig_tell(0, (struct session_event){.kind = SESSION_PONGED, .attempt = 1});
	rig_at_s(20);
	assert_int_equal(rig_count(ACT_PING), 1);
	rig_at_s(25);
	rig_at_s(30);
	rig_at_s(35); /* three were missed */
	assert_int_equal(rig_view(0).counts.silences, 1);
	assert_int_equal(rig.pool.rotations.begun, 1);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	assert_int_equal(rig_view(rig_view(0).peer).state, SESSION_CONNECTING);
}

/* One trade, long ago: nothing is learned of the stream, but it did say something. */
static void
a_line_that_brings_nothing_is_replaced_before_limits_are_learned(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	rig_class = STALL_TRADE;
	cfg.initial_connections = 1;
	cfg.rotate.age_max = span_s(36000);
	rig_init(&cfg, 1);
	rig_start();
	rig_heard(0, 0);
	assert_in_range(ms_until(ACT_SEND_LIST, 700000), 600000, 700000);
	rig_acknowledge(0);
	ms_until(ACT_SEND_UNSUBSCRIBE, 60000);
	rig_acknowledge(0);
	ms_until(ACT_ROTATION, 60000);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->why, TICK_REASON_STALE);
}

static void
streams_of_a_line_that_is_down_are_not_healed(void **state)
{
	(void)state;
	learn_quotes(1, 1);
	rig_end(0, TICK_REASON_PEER_RESET);
	rig_at_s(500);
	assert_int_not_equal(rig_view(0).state, SESSION_LIVE);
	assert_int_equal(rig.pool.watch.stalls, 0);
	assert_int_equal(rig.pool.watch.resubscribed, 0);
	assert_non_null(place_of(&rig.pool, 0, 0));
	assert_int_equal(rig_view(0).wanted, 1);
}

/* Load moves it, and the new line has not acknowledged it yet; meanwhile it falls silent. */
static void
healing_leaves_a_stream_alone_that_is_being_moved(void **state)
{
	struct session_stream *entry;

	(void)state;
	learn_quotes(1, 1);
	pool_line_init(&rig.pool.line[1], POOL_LINE_MEMBER);
	pool_line_init(&rig.pool.line[2], POOL_LINE_MEMBER);
	assert_true(place_add(&rig.pool, 1, 0));
	entry = place_of(&rig.pool, 0, 0);
	entry->moving_to = 1;
	assert_false(place_move(&rig.pool, 0, 0));
	assert_false(place_move(&rig.pool, 1, 0));
	assert_ptr_equal(place_of(&rig.pool, 0, 0), entry);
}

/* The only stream of the line is silent, and with it the line: below 500. */
static void
a_line_whose_streams_are_silent_is_unhealthy_and_replaced(void **state)
{
	(void)state;
	learn_quotes(1, 1);
	rig.pool.checkup_at = mono_add(rig.now, span_s(3));
	assert_in_range(ms_until(ACT_ROTATION, 4000), 2900, 4000);
	assert_int_equal(rig_action(ACT_ROTATION, 0)->why, TICK_REASON_UNHEALTHY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_silent_quote_stream_is_stale_within_three_seconds_and_healed_by_stages),
		cmocka_unit_test(no_stream_is_stale_because_nobody_listened),
		cmocka_unit_test(a_stream_that_another_leg_delivers_is_healed_but_not_stale),
		cmocka_unit_test(a_line_whose_streams_are_silent_is_unhealthy_and_replaced),
		cmocka_unit_test(
		    a_stream_that_does_not_trade_is_neither_stale_nor_healed_until_it_trades_again),
		cmocka_unit_test(
		    a_stream_of_an_unlisted_symbol_is_never_healed_and_its_first_message_ends_that),
		cmocka_unit_test(an_unlisted_stream_that_is_dropped_or_listed_counts_no_more),
		cmocka_unit_test(what_the_list_does_not_name_is_asked_for_again),
		cmocka_unit_test(a_dead_line_is_replaced_without_being_cut),
		cmocka_unit_test(a_line_that_brings_nothing_is_replaced_before_limits_are_learned),
		cmocka_unit_test(streams_of_a_line_that_is_down_are_not_healed),
		cmocka_unit_test(healing_leaves_a_stream_alone_that_is_being_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
