/*
 * One session for unit tests: an exchange that is played by hand, a clock that
 * is set by hand. One per test program.
 */
#ifndef TESTS_SESSION_RIG_H
#define TESTS_SESSION_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/session.h"
#include "feed/core/subscribe.h"
#include "tests/core_cfg.h"

enum { STREAMS_MAX = 400 };

static struct session_shared shared;
static struct session_stream stream[STREAMS_MAX];
static struct session session;
static struct pool_actions actions;
static mono_t connect_stamps[300];
static mono_t now;

/* A session with n streams, at 1000 s. */
static inline void
begin(unsigned n)
{
	now = mono_add(MONO_ZERO, span_s(1000));
	actions.n = 0;
	shared = (struct session_shared){.cfg = core_session_cfg()};
	route_init(&shared.route, &(struct route_cfg){
		.endpoints = 2, .legs = 1,
		.breaker = {.failures_max = 10, .probe_within = span_s(60)},
		.choice = {.unfit_below = 500}}, 1);
	quota_init(&shared.connects, 300, span_s(300), connect_stamps);
	session_init(&session, 0, &shared, stream, 0, STREAMS_MAX, 1);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(subscribe_add(&session, i, STREAM_BYTES), i);
}

static inline void
step(struct session_event event)
{
	actions.n = 0;
	event.attempt = event.attempt != 0 ? event.attempt : session.attempt;
	session_step(&session, &event, now, &actions);
	assert_true(actions.n <= SESSION_ACTIONS_MAX);
}

static inline void
tell(enum session_event_kind kind)
{
	step((struct session_event){.kind = kind});
}

static inline void
answer(enum session_event_kind kind, int64_t id)
{
	step((struct session_event){.kind = kind, .request_id = id, .error_code = 2});
}

static inline void
fall(enum session_event_kind kind, enum tick_reason reason)
{
	step((struct session_event){.kind = kind, .reason = reason, .retry_after_s = -1});
}

/* Lets the time pass to the session's deadline, which must lie ahead by that much. */
static inline void
wait_ms(int64_t ms)
{
	assert_int_equal(mono_diff(session_deadline(&session), now).ns, span_ms(ms).ns);
	now = session_deadline(&session);
	tell(SESSION_TIMER);
}

static inline void
assert_stayed(enum session_state in)
{
	assert_null(action_at(&actions, ACT_TRANSITION, 0));
	assert_int_equal(session.state, in);
}

/* To LIVE with one request of n streams. */
static inline void
go_live(unsigned n)
{
	begin(n);
	tell(SESSION_START);
	tell(SESSION_WENT_UP);
	answer(SESSION_ACKED, 1);
	assert_int_equal(session.state, SESSION_LIVE);
}

#endif
