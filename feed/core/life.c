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
		next = life_connect_deadline(session);
		told->retry_in = mono_before(now, next) ? mono_diff(next, now) : SPAN_ZERO;
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
		life_enter(session, SESSION_CONNECTING, TICK_REASON_START, now, actions);
	else
		life_enter(session, SESSION_BACKOFF, TICK_REASON_START, now, actions);
}

void
life_connect_if_due(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (mono_due(life_connect_deadline(session), now))
		life_enter(session, SESSION_CONNECTING, session->reason, now, actions);
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
	life_enter(session, SESSION_BACKOFF, session->reason, now, actions);
}

void
life_on_end(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	int32_t retry_after_s = retry_after_honoured(event->retry_after_s, event->http_status);

	session->reason = reason_of(event);
	session->close_code = event->close_code;
	session->http_status = event->http_status;
	if (!session->shutdown) {
		back_off(session, retry_after_s, now, actions);
		return;
	}
	session->reason = TICK_REASON_SERVER_SHUTDOWN;
	/* Only once: a server that announces its end again and again must not be stormed. */
	if (session->hurried) {
		back_off(session, retry_after_s, now, actions);
		return;
	}
	session->hurried = true;
	retry_at_once(&session->retry, now);
	life_enter(session, SESSION_BACKOFF, session->reason, now, actions);
}

void
life_on_drained(struct session *session, int close_code, mono_t now, struct pool_actions *actions)
{
	session->close_code = close_code;
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
	session->reason = why;
	session->stopping = why == TICK_REASON_STOP;
	life_enter(session, SESSION_DRAINING, why, now, actions);
}
