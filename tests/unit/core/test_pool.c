#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/core_cfg.h"

enum { STREAMS_MAX = 2001, ENTRIES_MAX = POOL_LINES_MAX * 250 };

static struct pool pool;
static struct pool_actions actions;
static struct session_stream entry[ENTRIES_MAX];
static struct pool_stream stream[STREAMS_MAX];
static const struct pool_memory memory = {
	.entry = entry, .stream = stream, .streams_max = STREAMS_MAX};
static uint16_t stream_bytes[STREAMS_MAX + 1];
static mono_t now;

static enum pool_result
init(const struct pool_cfg *cfg, unsigned n)
{
	now = mono_add(MONO_ZERO, span_s(1000));
	for (unsigned i = 0; i < n; i++)
		stream_bytes[i] = STREAM_BYTES;
	return pool_init(&pool, cfg, stream_bytes, n, &memory, 42);
}

static void
step(enum pool_event_kind kind)
{
	pool_step(&pool, &(struct pool_event){.kind = kind}, now, &actions);
	assert_true(mono_before(now, pool_deadline(&pool)));
}

static void
tell(unsigned line, struct session_event event)
{
	pool_step(&pool,
	    &(struct pool_event){.kind = POOL_LINE, .line = line, .session = event}, now,
	    &actions);
	assert_true(mono_before(now, pool_deadline(&pool)));
}

static struct pool_line_view
view(unsigned line)
{
	struct pool_line_view out;

	assert_true(pool_line_view(&pool, line, &out));
	return out;
}

static unsigned
lines_of(unsigned streams)
{
	struct pool_cfg cfg = core_pool_cfg();

	assert_int_equal(init(&cfg, streams), POOL_OK);
	return pool_members(&pool);
}

static void
there_are_as_many_lines_as_needed_but_the_initial_ones(void **state)
{
	(void)state;
	assert_int_equal(lines_of(1), 1);
	assert_int_equal(lines_of(2), 2);
	assert_int_equal(lines_of(3), 3);
	assert_int_equal(lines_of(600), 3);
	assert_int_equal(lines_of(601), 4);
	assert_int_equal(lines_of(2000), 10);
}

static void
streams_are_spread_evenly_and_each_is_placed_once(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	assert_int_equal(init(&cfg, 1001), POOL_OK);
	for (unsigned line = 0; line < pool_lines(&pool); line++)
		if (view(line).role == POOL_LINE_MEMBER)
			assert_in_range(view(line).wanted, 1001 / 6, 1001 / 6 + 1);
		else
			assert_int_equal(view(line).wanted, 0);
	for (unsigned i = 0; i < 1001; i++)
		for (unsigned line = 0; line < pool_lines(&pool); line++)
			assert_int_equal(place_of(&pool, line, i) != NULL, line == i % 6);
}

static void
each_leg_has_every_stream_on_lines_of_its_own(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	unsigned on[POOL_LEGS_MAX];

	(void)state;
	cfg.redundancy = 2;
	assert_int_equal(init(&cfg, 500), POOL_OK);
	assert_int_equal(pool_members(&pool), 6);
	for (unsigned i = 0; i < 500; i++) {
		memset(on, 0, sizeof(on));
		for (unsigned line = 0; line < pool_lines(&pool); line++)
			if (place_of(&pool, line, i) != NULL)
				on[view(line).leg]++;
		assert_int_equal(on[0], 1);
		assert_int_equal(on[1], 1);
	}
	assert_int_equal(init(&cfg, 1001), POOL_TOO_MANY_STREAMS);
}

static void
what_cannot_work_is_refused_at_init(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	assert_int_equal(init(&cfg, 0), POOL_NO_STREAMS);
	assert_int_equal(pool_init(&pool, &cfg, stream_bytes, 2001, &memory, 1),
	    POOL_TOO_MANY_STREAMS);
	stream_bytes[1] = 941;
	assert_int_equal(pool_init(&pool, &cfg, stream_bytes, 2, &memory, 1), POOL_STREAM_TOO_LONG);
	stream_bytes[1] = 940;
	assert_int_equal(pool_init(&pool, &cfg, stream_bytes, 2, &memory, 1), POOL_OK);
}

#define ASSERT_BAD(field, value) do { \
	struct pool_cfg cfg = core_pool_cfg(); \
	cfg.field = (value); \
	assert_int_equal(init(&cfg, 5), POOL_BAD_CFG); \
} while (0)

static void
settings_out_of_range_are_refused_at_init(void **state)
{
	(void)state;
	ASSERT_BAD(initial_connections, 0);
	ASSERT_BAD(initial_connections, 11);
	ASSERT_BAD(max_connections, 0);
	ASSERT_BAD(max_connections, POOL_LINES_MAX + 1);
	ASSERT_BAD(max_streams_per_connection, 0);
	ASSERT_BAD(connects_max, 0);
	ASSERT_BAD(connects_max, POOL_CONNECTS_MAX + 1);
	ASSERT_BAD(connects_window, SPAN_ZERO);
	ASSERT_BAD(session.connect_within, SPAN_ZERO);
	ASSERT_BAD(session.ack_within, SPAN_ZERO);
	ASSERT_BAD(session.drain_within, SPAN_ZERO);
	ASSERT_BAD(session.stable_after, SPAN_ZERO);
	ASSERT_BAD(session.send_window, SPAN_ZERO);
	ASSERT_BAD(session.sends_reserved, 5);
	ASSERT_BAD(session.sends_max, SESSION_SENDS_MAX + 1);
	ASSERT_BAD(session.request_bytes_max, 60);
	ASSERT_BAD(route.endpoints, 0);
	ASSERT_BAD(route.endpoints, ENDPOINTS_MAX + 1);
	ASSERT_BAD(route.breaker.failures_max, 0);
	ASSERT_BAD(line_room, 199);
	ASSERT_BAD(redundancy, 0);
	ASSERT_BAD(redundancy, POOL_LEGS_MAX + 1);
	ASSERT_BAD(rotate.age_max, SPAN_ZERO);
	ASSERT_BAD(rotate.age_spread_percent, 101);
	ASSERT_BAD(rotate.handover_within, span_s(10));
	ASSERT_BAD(session.retry.base, SPAN_ZERO);
	ASSERT_BAD(session.retry.cap, span_ms(999));
	ASSERT_BAD(session.retry.exponential_base, 0);
	ASSERT_BAD(session.retry.jitter_percent, 101);
	ASSERT_BAD(session.retry.reset_after, 0);
}

static void
start_connects_every_line_each_to_its_endpoint(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	const struct pool_action *connect;

	(void)state;
	assert_int_equal(init(&cfg, 800), POOL_OK);
	assert_true(pool_is_idle(&pool));
	assert_true(mono_is_never(pool_deadline(&pool)));
	step(POOL_START);
	assert_int_equal(action_count(&actions, ACT_CONNECT), 4);
	for (unsigned line = 0; line < 4; line++) {
		connect = action_at(&actions, ACT_CONNECT, line);
		assert_int_equal(connect->line, line);
		assert_int_equal(connect->endpoint, line % 2);
	}
	assert_false(pool_is_idle(&pool));
	step(POOL_START); /* again: nothing more */
	assert_int_equal(actions.n, 0);
}

static void
lines_beyond_the_connect_quota_wait_for_it(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.connects_max = 2;
	assert_int_equal(init(&cfg, 1000), POOL_OK);
	step(POOL_START);
	assert_int_equal(action_count(&actions, ACT_CONNECT), 2);
	assert_int_equal(view(2).state, SESSION_BACKOFF);
	assert_int_equal(view(2).retry_at.ns, mono_add(now, span_s(300)).ns);
	for (unsigned line = 0; line < 2; line++)
		tell(line, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
	now = mono_add(now, span_s(300));
	step(POOL_TIMER);
	/* Both lines that are up had no answer by now; two of the three others may connect. */
	assert_int_equal(action_count(&actions, ACT_CONNECT), 2);
	assert_int_equal(view(2).state, SESSION_CONNECTING);
	assert_int_equal(view(3).state, SESSION_CONNECTING);
	assert_int_equal(view(4).state, SESSION_BACKOFF);
}

static void
request_ids_are_unique_in_the_pool(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	int64_t expected = 1;

	(void)state;
	assert_int_equal(init(&cfg, 300), POOL_OK);
	step(POOL_START);
	for (unsigned line = 0; line < 3; line++) {
		tell(line, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
		assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE), 3);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(action_at(&actions, ACT_SEND_SUBSCRIBE, k)->request_id,
			    expected++);
	}
	/* An answer on the wrong line is no answer. */
	tell(0, (struct session_event){.kind = SESSION_ACKED, .request_id = 9});
	assert_int_equal(view(0).counts.replies_unknown, 1);
	assert_int_equal(view(2).acked, 0);
}

static void
each_line_falls_and_comes_back_by_itself(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	assert_int_equal(init(&cfg, 3), POOL_OK);
	step(POOL_START);
	for (unsigned line = 0; line < 3; line++) {
		tell(line, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
		tell(line, (struct session_event){.kind = SESSION_ACKED, .request_id = line + 1});
		assert_int_equal(view(line).state, SESSION_LIVE);
	}
	tell(1, (struct session_event){.kind = SESSION_HEARD});
	assert_int_equal(view(1).heard.ns, now.ns);
	assert_true(mono_is_never(view(0).heard));
	tell(1, (struct session_event){.kind = SESSION_WENT_DOWN, .attempt = 1,
	    .reason = TICK_REASON_PEER_RESET, .close_code = 1006});
	assert_int_equal(view(0).state, SESSION_LIVE);
	assert_int_equal(view(2).state, SESSION_LIVE);
	/* It worked until now, so it is tried again within the same step. */
	assert_int_equal(view(1).state, SESSION_CONNECTING);
	assert_int_equal(view(1).reason, TICK_REASON_PEER_RESET);
	assert_int_equal(view(1).close_code, 1006);
	assert_int_equal(action_count(&actions, ACT_CONNECT), 1);
	tell(1, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 2});
	assert_int_equal(view(1).counts.reconnects, 1);
	assert_int_equal(view(0).counts.reconnects, 0);
	/* The second time it is not. */
	tell(1, (struct session_event){.kind = SESSION_WENT_DOWN, .attempt = 2,
	    .reason = TICK_REASON_PEER_RESET});
	assert_int_equal(view(1).state, SESSION_BACKOFF);
	assert_int_equal(view(1).retry_at.ns, pool_deadline(&pool).ns);
}

static void
strange_events_are_counted_and_change_nothing(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	struct pool_line_view out;

	(void)state;
	assert_int_equal(init(&cfg, 3), POOL_OK);
	step(POOL_START);
	tell(pool_lines(&pool), (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
	tell(UINT32_MAX, (struct session_event){.kind = SESSION_HEARD});
	tell(0, (struct session_event){.kind = SESSION_START});
	tell(0, (struct session_event){.kind = SESSION_TIMER});
	tell(0, (struct session_event){.kind = SESSION_STOP});
	assert_int_equal(pool.strays, 5);
	assert_int_equal(view(0).state, SESSION_CONNECTING);
	assert_false(pool_line_view(&pool, pool_lines(&pool), &out));
}

static void
stop_is_done_when_every_line_reported_its_end(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	assert_int_equal(init(&cfg, 3), POOL_OK);
	step(POOL_START);
	tell(0, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
	tell(1, (struct session_event){.kind = SESSION_FAILED, .attempt = 1});
	step(POOL_STOP);
	assert_int_equal(action_count(&actions, ACT_HANG_UP), 2);
	tell(0, (struct session_event){.kind = SESSION_WENT_DOWN, .attempt = 1});
	assert_false(pool_is_idle(&pool));
	tell(2, (struct session_event){.kind = SESSION_FAILED, .attempt = 1});
	assert_true(pool_is_idle(&pool));
	assert_true(mono_is_never(pool_deadline(&pool)));
}

static void
the_largest_pool_fits_the_action_list(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = cfg.max_connections = POOL_LINES_MAX;
	cfg.session.sends_max = SESSION_SENDS_MAX;
	cfg.session.sends_reserved = 0;
	cfg.session.request_bytes_max = 80; /* one stream each */
	assert_int_equal(init(&cfg, STREAMS_MAX), POOL_OK);
	step(POOL_START);
	for (unsigned line = 0; line < POOL_LINES_MAX; line++)
		tell(line, (struct session_event){.kind = SESSION_WENT_UP, .attempt = 1});
	for (int64_t id = 1; id <= SESSION_SENDS_MAX * POOL_LINES_MAX; id++)
		tell((unsigned)(id - 1) / SESSION_SENDS_MAX,
		    (struct session_event){.kind = SESSION_ACKED, .request_id = id});
	now = mono_add(now, span_s(1));
	step(POOL_TIMER);
	/* 2000 streams on 64 lines are 31 or 32 each: 16 at first, the other 15 or 16 now. */
	assert_int_equal(action_count(&actions, ACT_SEND_SUBSCRIBE),
	    STREAMS_MAX - SESSION_SENDS_MAX * POOL_LINES_MAX);
	step(POOL_STOP);
	assert_int_equal(action_count(&actions, ACT_HANG_UP), POOL_LINES_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_as_many_lines_as_needed_but_the_initial_ones),
		cmocka_unit_test(streams_are_spread_evenly_and_each_is_placed_once),
		cmocka_unit_test(each_leg_has_every_stream_on_lines_of_its_own),
		cmocka_unit_test(what_cannot_work_is_refused_at_init),
		cmocka_unit_test(settings_out_of_range_are_refused_at_init),
		cmocka_unit_test(start_connects_every_line_each_to_its_endpoint),
		cmocka_unit_test(lines_beyond_the_connect_quota_wait_for_it),
		cmocka_unit_test(request_ids_are_unique_in_the_pool),
		cmocka_unit_test(each_line_falls_and_comes_back_by_itself),
		cmocka_unit_test(strange_events_are_counted_and_change_nothing),
		cmocka_unit_test(stop_is_done_when_every_line_reported_its_end),
		cmocka_unit_test(the_largest_pool_fits_the_action_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
