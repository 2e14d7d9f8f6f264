#include "feed/core/session.h"

#include <assert.h>

#include "feed/core/subscribe.h"

#define CLOSE_NORMAL 1000 /* RFC 6455, 7.4.1 */

/* When a line in BACKOFF may connect: its own delay is over and the quota allows it. */
static mono_t
connect_deadline(const struct session *session)
{
	mono_t retry = retry_deadline(&session->retry);
	mono_t quota = quota_deadline(&session->shared->connects);

	return mono_before(retry, quota) ? quota : retry;
}

static void
order_connect(struct session *session, mono_t now, struct pool_actions *actions)
{
	struct pool_action *action;

	quota_take(&session->shared->connects, now);
	retry_cancel(&session->retry);
	session->attempt++;
	session->counts.connects++;
	session->shutdown = false;
	session->stable = false;
	session->heard = MONO_NEVER;
	action = actions_add(actions, ACT_CONNECT, session->line);
	action->attempt = session->attempt;
	action->endpoint = session->endpoint;
}

static void
order_hang_up(struct session *session, struct pool_actions *actions)
{
	struct pool_action *action = actions_add(actions, ACT_HANG_UP, session->line);

	action->attempt = session->attempt;
	action->close_code = CLOSE_NORMAL;
}

/* The only place where the state changes; does the work that goes with entering. */
static void
enter(struct session *session, enum session_state to, enum tick_reason why, mono_t now,
    struct pool_actions *actions)
{
	struct pool_action *told = actions_add(actions, ACT_TRANSITION, session->line);
	mono_t next;

	told->from = session->state;
	told->to = to;
	told->why = why;
	session->state = to;
	session->since = now;
	switch (to) {
	case SESSION_IDLE:
		retry_cancel(&session->retry);
		session->stopping = false;
		break;
	case SESSION_CONNECTING:
		order_connect(session, now, actions);
		break;
	case SESSION_SUBSCRIBING:
		if (session->was_up)
			session->counts.reconnects++;
		session->was_up = true;
		subscribe_begin(session);
		break;
	case SESSION_LIVE:
		retry_on_success(&session->retry);
		break;
	case SESSION_DRAINING:
		order_hang_up(session, actions);
		break;
	case SESSION_BACKOFF:
	case SESSION_OPEN_CIRCUIT:
		next = connect_deadline(session);
		told->retry_in = mono_before(now, next) ? mono_diff(next, now) : SPAN_ZERO;
		break;
	case SESSION_HANDSHAKE:
	case SESSION_STATES:
		break;
	}
}

/* Connects now, or as soon as the connect quota allows it. */
static void
want_connection(struct session *session, mono_t now, struct pool_actions *actions)
{
	session->reason = TICK_REASON_START;
	retry_at_once(&session->retry, now);
	if (mono_due(connect_deadline(session), now))
		enter(session, SESSION_CONNECTING, TICK_REASON_START, now, actions);
	else
		enter(session, SESSION_BACKOFF, TICK_REASON_START, now, actions);
}

static void
connect_if_due(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (mono_due(connect_deadline(session), now))
		enter(session, SESSION_CONNECTING, session->reason, now, actions);
}

/* A transport that knows no better names a refused upgrade; its status says more. */
static enum tick_reason
reason_of(const struct session_event *event)
{
	if (event->reason != TICK_REASON_UPGRADE_REFUSED)
		return event->reason;
	if (event->http_status == 403)
		return TICK_REASON_FORBIDDEN;
	if (event->http_status == 418)
		return TICK_REASON_BANNED;
	if (event->http_status == 429)
		return TICK_REASON_RATE_LIMITED;
	if (event->http_status == 451)
		return TICK_REASON_BLOCKED_REGION;
	if (event->http_status >= 500 && event->http_status < 600)
		return TICK_REASON_SERVER_ERROR;
	return event->reason;
}

/* A delay first, and the next endpoint. */
static void
back_off(struct session *session, int32_t retry_after_s, mono_t now, struct pool_actions *actions)
{
	session->counts.failures++;
	session->endpoint = (session->endpoint + 1) % session->shared->cfg.endpoints;
	retry_on_failure(&session->retry, now, retry_after_s);
	enter(session, SESSION_BACKOFF, session->reason, now, actions);
}

/* A connection, or the attempt at one, ended without our asking. */
static void
on_end(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	session->reason = reason_of(event);
	session->close_code = event->close_code;
	session->http_status = event->http_status;
	if (!session->shutdown) {
		back_off(session, event->retry_after_s, now, actions);
		return;
	}
	session->reason = TICK_REASON_SERVER_SHUTDOWN;
	/* Only once: a server that announces its end again and again must not be stormed. */
	if (session->hurried) {
		back_off(session, event->retry_after_s, now, actions);
		return;
	}
	session->hurried = true;
	retry_at_once(&session->retry, now);
	enter(session, SESSION_BACKOFF, session->reason, now, actions);
}

/* The end that our HANG_UP asked for, or that never came. */
static void
on_drained(struct session *session, int close_code, mono_t now, struct pool_actions *actions)
{
	session->close_code = close_code;
	session->http_status = 0;
	if (session->stopping)
		enter(session, SESSION_IDLE, TICK_REASON_STOP, now, actions);
	else if (session->reason == TICK_REASON_STOP)
		want_connection(session, now, actions);
	else
		back_off(session, -1, now, actions);
}

static void
hang_up(struct session *session, enum tick_reason why, mono_t now, struct pool_actions *actions)
{
	session->reason = why;
	session->stopping = why == TICK_REASON_STOP;
	enter(session, SESSION_DRAINING, why, now, actions);
}

static void
send_or_go_live(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (subscribe_is_complete(session))
		enter(session, SESSION_LIVE, TICK_REASON_LINE_UP, now, actions);
	else
		subscribe_send(session, now, actions);
}

static void
on_came_up(struct session *session, mono_t now, struct pool_actions *actions)
{
	enter(session, SESSION_SUBSCRIBING, TICK_REASON_LINE_UP, now, actions);
	send_or_go_live(session, now, actions);
}

/* An answer while subscribing; `known`: to a request of ours. */
static void
on_answer(struct session *session, bool known, mono_t now, struct pool_actions *actions)
{
	if (!known)
		session->counts.replies_unknown++;
	send_or_go_live(session, now, actions);
}

static void
on_subscribing_timer(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (mono_due(subscribe_answer_due(session), now)) {
		session->counts.ack_timeouts++;
		hang_up(session, TICK_REASON_ACK_TIMEOUT, now, actions);
		return;
	}
	subscribe_send(session, now, actions);
}

static mono_t
stable_deadline(const struct session *session)
{
	if (session->stable)
		return MONO_NEVER;
	return mono_add(session->since, session->shared->cfg.stable_after);
}

static void
on_live_timer(struct session *session, mono_t now)
{
	if (!mono_due(stable_deadline(session), now))
		return;
	session->stable = true;
	session->hurried = false;
	retry_reset(&session->retry);
}

static void
on_shutdown_announced(struct session *session)
{
	session->shutdown = true;
	session->counts.shutdowns++;
}

static void
step_idle(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_START:
		want_connection(session, now, actions);
		break;
	case SESSION_WENT_UP:
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_SHUTDOWN:
		session->counts.strays++;
		break;
	case SESSION_HEARD:
	case SESSION_TIMER:
	case SESSION_STOP:
		break;
	}
}

static void
step_connecting(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_WENT_UP:
		on_came_up(session, now, actions);
		break;
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
		on_end(session, event, now, actions);
		break;
	case SESSION_TIMER:
		if (mono_due(session_deadline(session), now))
			hang_up(session, TICK_REASON_CONNECT_TIMEOUT, now, actions);
		break;
	case SESSION_STOP:
		hang_up(session, TICK_REASON_STOP, now, actions);
		break;
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_SHUTDOWN:
		session->counts.strays++;
		break;
	case SESSION_START:
	case SESSION_HEARD:
		break;
	}
}

static void
step_subscribing(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_ACKED:
		on_answer(session, subscribe_on_ack(session, event->request_id), now, actions);
		break;
	case SESSION_REFUSED:
		on_answer(session,
		    subscribe_on_refusal(session, event->request_id, event->error_code, actions),
		    now, actions);
		break;
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
		on_end(session, event, now, actions);
		break;
	case SESSION_HEARD:
		session->heard = now;
		break;
	case SESSION_SHUTDOWN:
		on_shutdown_announced(session);
		break;
	case SESSION_TIMER:
		on_subscribing_timer(session, now, actions);
		break;
	case SESSION_STOP:
		hang_up(session, TICK_REASON_STOP, now, actions);
		break;
	case SESSION_WENT_UP:
		session->counts.strays++;
		break;
	case SESSION_START:
		break;
	}
}

static void
step_live(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_HEARD:
		session->heard = now;
		break;
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
		on_end(session, event, now, actions);
		break;
	case SESSION_SHUTDOWN:
		on_shutdown_announced(session);
		break;
	case SESSION_TIMER:
		on_live_timer(session, now);
		break;
	case SESSION_STOP:
		hang_up(session, TICK_REASON_STOP, now, actions);
		break;
	case SESSION_ACKED:
	case SESSION_REFUSED:
		session->counts.replies_unknown++;
		break;
	case SESSION_WENT_UP:
		session->counts.strays++;
		break;
	case SESSION_START:
		break;
	}
}

static void
step_draining(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
		on_drained(session, event->close_code, now, actions);
		break;
	case SESSION_TIMER:
		if (mono_due(session_deadline(session), now))
			on_drained(session, 0, now, actions);
		break;
	case SESSION_START:
		session->stopping = false;
		break;
	case SESSION_STOP:
		session->reason = TICK_REASON_STOP;
		session->stopping = true;
		break;
	case SESSION_WENT_UP: /* crossed our HANG_UP; the end still comes */
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_HEARD:
	case SESSION_SHUTDOWN:
		break;
	}
}

static void
step_backoff(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_TIMER:
		connect_if_due(session, now, actions);
		break;
	case SESSION_STOP:
		session->reason = TICK_REASON_STOP;
		enter(session, SESSION_IDLE, TICK_REASON_STOP, now, actions);
		break;
	case SESSION_WENT_UP:
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_SHUTDOWN:
		session->counts.strays++;
		break;
	case SESSION_START:
	case SESSION_HEARD:
		break;
	}
}

void
session_init(struct session *session, unsigned line, struct session_shared *shared,
    struct session_stream *stream, unsigned first, unsigned n, uint64_t seed)
{
	*session = (struct session){
		.line = line,
		.shared = shared,
		.stream = stream,
		.first = first,
		.nstreams = n,
		.endpoint = line % shared->cfg.endpoints,
		.reason = TICK_REASON_START,
		.heard = MONO_NEVER,
	};
	retry_init(&session->retry, &shared->cfg.retry, seed);
	subscribe_begin(session);
}

void
session_step(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	bool transport = event->kind == SESSION_WENT_UP || event->kind == SESSION_FAILED ||
	    event->kind == SESSION_WENT_DOWN;

	if (transport && event->attempt != session->attempt) {
		session->counts.strays++;
		return;
	}
	switch (session->state) {
	case SESSION_IDLE:
		step_idle(session, event, now, actions);
		break;
	case SESSION_CONNECTING:
	case SESSION_HANDSHAKE:
		step_connecting(session, event, now, actions);
		break;
	case SESSION_SUBSCRIBING:
		step_subscribing(session, event, now, actions);
		break;
	case SESSION_LIVE:
		step_live(session, event, now, actions);
		break;
	case SESSION_DRAINING:
		step_draining(session, event, now, actions);
		break;
	case SESSION_BACKOFF:
	case SESSION_OPEN_CIRCUIT:
		step_backoff(session, event, now, actions);
		break;
	case SESSION_STATES:
		assert(!"a session is in one of its states");
	}
}

mono_t
session_deadline(const struct session *session)
{
	const struct session_cfg *cfg = &session->shared->cfg;

	switch (session->state) {
	case SESSION_CONNECTING:
	case SESSION_HANDSHAKE:
		return mono_add(session->since, cfg->connect_within);
	case SESSION_SUBSCRIBING:
		return subscribe_deadline(session);
	case SESSION_LIVE:
		return stable_deadline(session);
	case SESSION_DRAINING:
		return mono_add(session->since, cfg->drain_within);
	case SESSION_BACKOFF:
	case SESSION_OPEN_CIRCUIT:
		return connect_deadline(session);
	case SESSION_IDLE:
	case SESSION_STATES:
		break;
	}
	return MONO_NEVER;
}
