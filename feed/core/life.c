#include "feed/core/life.h"

#include "feed/core/subscribe.h"

#define CLOSE_NORMAL 1000 /* RFC 6455, 7.4.1 */

mono_t
life_connect_deadline(const struct session *session)
{
	mono_t retry = retry_deadline(&session->retry);
	mono_t quota = quota_deadline(&session->shared->connects);

	return mono_before(retry, quota) ? quota : retry;
}

mono_t
life_circuit_deadline(const struct session *session)
{
	mono_t own = life_connect_deadline(session);
	mono_t circuit = route_allowed_at(&session->shared->route);

	return mono_before(own, circuit) ? circuit : own;
}

/* Connects, or waits until an endpoint may be tried. Own delay and quota are over. */
static void
connect_or_wait(struct session *session, enum tick_reason why, mono_t now,
    struct pool_actions *actions)
{
	if (mono_due(route_allowed_at(&session->shared->route), now))
		life_enter(session, SESSION_CONNECTING, why, now, actions);
	else if (session->state != SESSION_OPEN_CIRCUIT)
		life_enter(session, SESSION_OPEN_CIRCUIT, why, now, actions);
}

static void
order_connect(struct session *session, mono_t now, struct pool_actions *actions)
{
	struct pool_action *action;

	quota_take(&session->shared->connects, now);
	retry_cancel(&session->retry);
	session->attempt++;
	session->counts.connects++;
	session->endpoint = route_take(&session->shared->route, session->line, session->leg, now);
	session->shutdown = false;
	session->stable = false;
	session->dialed = now;
	session->up = MONO_NEVER;
	session->sick = TICK_REASON_NONE;
	session->list_wanted = false;
	session->list_at = MONO_NEVER;
	action = actions_add(actions, ACT_CONNECT, session->line);
	action->attempt = session->attempt;
	action->endpoint = session->endpoint;
	action->path = session->path;
}

static void
order_hang_up(struct session *session, struct pool_actions *actions)
{
	struct pool_action *action = actions_add(actions, ACT_HANG_UP, session->line);

	action->attempt = session->attempt;
	action->close_code = CLOSE_NORMAL;
}

void
life_enter(struct session *session, enum session_state to, enum tick_reason why, mono_t now,
    struct pool_actions *actions)
{
	struct pool_action *told = actions_add(actions, ACT_TRANSITION, session->line);
	mono_t next;

	told->from = session->state;
	told->to = to;
	told->why = why;
	session->state = to;
	session->since = now;
	if (to != SESSION_SUBSCRIBING && to != SESSION_LIVE) {
		heartbeat_end(&session->heartbeat);
		subscribe_unwatch(session);
	}
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
		session->up = now;
		route_on_up(&session->shared->route, session->line,
		    mono_diff(now, session->dialed), now);
		heartbeat_begin(&session->heartbeat, now);
		subscribe_begin(session);
		break;
	case SESSION_LIVE:
		retry_on_success(&session->retry);
		session->list_at = mono_add(now, session->shared->cfg.list_every);
		break;
	case SESSION_DRAINING:
		order_hang_up(session, actions);
		break;
	case SESSION_BACKOFF:
	case SESSION_OPEN_CIRCUIT:
		next = to == SESSION_BACKOFF ? life_connect_deadline(session)
		                             : life_circuit_deadline(session);
		told->retry_in = mono_before(now, next) ? mono_diff(next, now) : SPAN_ZERO;
		told->limited = mono_before(now, next) &&
		    next.ns == quota_deadline(&session->shared->connects).ns;
		break;
	case SESSION_HANDSHAKE:
	case SESSION_STATES:
		break;
	}
}

void
life_want_connection(struct session *session, mono_t now, struct pool_actions *actions)
{
	session->reason = TICK_REASON_START;
	retry_at_once(&session->retry, now);
	if (mono_due(life_connect_deadline(session), now))
		connect_or_wait(session, TICK_REASON_START, now, actions);
	else
		life_enter(session, SESSION_BACKOFF, TICK_REASON_START, now, actions);
}

void
life_connect_if_due(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (mono_due(life_connect_deadline(session), now))
		connect_or_wait(session, session->reason, now, actions);
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
	if (!session->shared->cfg.reconnect) {
		life_enter(session, SESSION_IDLE, session->reason, now, actions);
		return;
	}
	retry_on_failure(&session->retry, now, retry_after_s);
	life_enter(session, SESSION_BACKOFF, session->reason, now, actions);
}

/* A connection ended, if there was one: attempts do not make its end forgotten. */
static void
note_end(struct session *session, int close_code, mono_t now)
{
	if (mono_is_never(session->up))
		return;
	session->ended_why = session->reason;
	session->close_code = close_code;
	session->ended_at = now;
}

void
life_on_end(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	bool lived = session->state == SESSION_LIVE;
	bool tried = session->state == SESSION_CONNECTING || session->state == SESSION_HANDSHAKE;
	int32_t retry_after_s = retry_after_honoured(event->retry_after_s, event->http_status);

	session->reason = reason_of(event);
	session->http_status = event->http_status;
	if (session->shutdown)
		session->reason = TICK_REASON_SERVER_SHUTDOWN;
	note_end(session, event->close_code, now);
	if (tried)
		route_on_failure(&session->shared->route, session->line, session->reason,
		    retry_after_s, retry_exhausted(&session->retry), now);
	else
		route_on_end(&session->shared->route, session->line, !session->shutdown);
	/*
	 * The end of a line that worked says nothing against trying at once. Only
	 * once, until a line has lasted: a server that does so again and again
	 * must not be stormed.
	 */
	if (session->hurried || !(lived || session->shutdown) ||
	    !session->shared->cfg.reconnect) {
		back_off(session, retry_after_s, now, actions);
		return;
	}
	session->counts.failures++;
	session->hurried = true;
	retry_at_once(&session->retry, now);
	life_enter(session, SESSION_BACKOFF, session->reason, now, actions);
}

void
life_on_drained(struct session *session, int close_code, mono_t now, struct pool_actions *actions)
{
	note_end(session, close_code, now);
	session->http_status = 0;
	if (session->stopping)
		life_enter(session, SESSION_IDLE, TICK_REASON_STOP, now, actions);
	else if (session->reason == TICK_REASON_STOP)
		life_want_connection(session, now, actions);
	else
		back_off(session, -1, now, actions);
}

void
life_hang_up(struct session *session, enum tick_reason why, mono_t now,
    struct pool_actions *actions)
{
	bool tried = session->state == SESSION_CONNECTING || session->state == SESSION_HANDSHAKE;

	session->reason = why;
	session->stopping = why == TICK_REASON_STOP;
	if (!tried)
		route_on_end(&session->shared->route, session->line, why == TICK_REASON_SILENT);
	else if (why == TICK_REASON_STOP)
		route_on_abandoned(&session->shared->route, session->line, now);
	else
		route_on_failure(&session->shared->route, session->line, why, -1,
		    retry_exhausted(&session->retry), now);
	life_enter(session, SESSION_DRAINING, why, now, actions);
}
