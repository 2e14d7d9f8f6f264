#include "feed/core/session.h"

#include <assert.h>

#include "feed/core/life.h"
#include "feed/core/subscribe.h"

static void
send_or_go_live(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (subscribe_is_complete(session))
		life_enter(session, SESSION_LIVE, TICK_REASON_LINE_UP, now, actions);
	else
		subscribe_send(session, now, actions);
}

static void
on_came_up(struct session *session, mono_t now, struct pool_actions *actions)
{
	life_enter(session, SESSION_SUBSCRIBING, TICK_REASON_LINE_UP, now, actions);
	send_or_go_live(session, now, actions);
}

/* Returns whether it answers a request of ours. */
static bool
take_answer(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	int64_t id = event->request_id;

	if (event->kind == SESSION_LISTED)
		return subscribe_on_listed(session, id, event->listed);
	if (event->kind == SESSION_ACKED)
		return subscribe_on_ack(session, id, now);
	return subscribe_on_refusal(session, id, event->error_code, now, actions);
}

/* Asks a line that is idle, or finds it dead. Returns whether it is alive. */
static bool
check_heartbeat(struct session *session, mono_t now, struct pool_actions *actions)
{
	struct heartbeat *hb = &session->heartbeat;
	struct pool_action *action;

	if (session->sick == TICK_REASON_SILENT || !mono_due(heartbeat_deadline(hb), now))
		return true;
	switch (heartbeat_check(hb, now)) {
	case HEARTBEAT_OK:
		break;
	case HEARTBEAT_ASK:
		if (!quota_allows(&session->sends, now))
			break;
		quota_take(&session->sends, now);
		action = actions_add(actions, ACT_PING, session->line);
		action->request_id = (int64_t)heartbeat_on_asked(hb, now);
		break;
	case HEARTBEAT_DEAD:
		session->counts.silences++;
		session->sick = TICK_REASON_SILENT;
		return false;
	}
	return true;
}

static mono_t
heartbeat_due(const struct session *session)
{
	mono_t due = heartbeat_deadline(&session->heartbeat);
	mono_t quota = quota_deadline(&session->sends);

	if (session->sick == TICK_REASON_SILENT)
		return MONO_NEVER;
	return mono_before(due, quota) ? quota : due;
}

static void
on_bytes(struct session *session, const struct session_event *event, mono_t now)
{
	if (event->kind == SESSION_HEARD) {
		session->heard = now;
		session->messages = event->messages;
		session->faults = event->faults;
		heartbeat_on_bytes(&session->heartbeat, now);
	} else if (event->kind == SESSION_PINGED) {
		heartbeat_on_server_ping(&session->heartbeat, event->at, now);
		quota_take_reserved(&session->sends, now);
	} else {
		heartbeat_on_pong(&session->heartbeat, session->heartbeat.number, now);
	}
	/* It was thought dead, and is not. */
	if (session->sick == TICK_REASON_SILENT)
		session->sick = TICK_REASON_NONE;
}

static void
on_subscribing_timer(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (mono_due(subscribe_answer_due(session), now)) {
		session->counts.ack_timeouts++;
		life_hang_up(session, TICK_REASON_ACK_TIMEOUT, now, actions);
		return;
	}
	if (!check_heartbeat(session, now, actions)) {
		life_hang_up(session, TICK_REASON_SILENT, now, actions);
		return;
	}
	subscribe_retry(session, now);
	subscribe_send(session, now, actions);
}

static mono_t
stable_deadline(const struct session *session)
{
	if (session->stable)
		return MONO_NEVER;
	return mono_add(session->since, session->shared->cfg.stable_after);
}

/* A line that carries data is not cut for an answer that is missing: it wants to be replaced. */
static void
on_live_timer(struct session *session, mono_t now, struct pool_actions *actions)
{
	if (mono_due(stable_deadline(session), now)) {
		session->stable = true;
		session->hurried = false;
		retry_reset(&session->retry);
	}
	if (mono_due(subscribe_answer_due(session), now)) {
		session->counts.ack_timeouts += subscribe_on_timeout(session, now);
		session->sick = TICK_REASON_ACK_TIMEOUT;
	}
	check_heartbeat(session, now, actions);
	if (mono_due(session->list_at, now)) {
		session->list_wanted = true;
		session->list_at = mono_add(now, session->shared->cfg.list_every);
	}
	subscribe_retry(session, now);
	subscribe_send(session, now, actions);
}

static void
step_idle(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	switch (event->kind) {
	case SESSION_START:
		life_want_connection(session, now, actions);
		break;
	case SESSION_WENT_UP:
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_LISTED:
	case SESSION_SHUTDOWN:
		session->counts.strays++;
		break;
	case SESSION_HEARD:
	case SESSION_PINGED:
	case SESSION_ANSWERED:
	case SESSION_PONGED:
	case SESSION_TIMER:
	case SESSION_RECYCLE:
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
		life_on_end(session, event, now, actions);
		break;
	case SESSION_TIMER:
		if (mono_due(session_deadline(session), now))
			life_hang_up(session, TICK_REASON_CONNECT_TIMEOUT, now, actions);
		break;
	case SESSION_STOP:
		life_hang_up(session, TICK_REASON_STOP, now, actions);
		break;
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_LISTED:
	case SESSION_SHUTDOWN:
		session->counts.strays++;
		break;
	case SESSION_START:
	case SESSION_HEARD:
	case SESSION_PINGED:
	case SESSION_ANSWERED:
	case SESSION_PONGED:
	case SESSION_RECYCLE:
		break;
	}
}

/* SUBSCRIBING and LIVE: only what an answer and time bring about is not the same. */
static void
step_up(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	bool live = session->state == SESSION_LIVE;

	switch (event->kind) {
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_LISTED:
		if (!take_answer(session, event, now, actions))
			session->counts.replies_unknown++;
		if (live || event->kind == SESSION_LISTED)
			subscribe_send(session, now, actions);
		else
			send_or_go_live(session, now, actions);
		break;
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
		life_on_end(session, event, now, actions);
		break;
	case SESSION_HEARD:
	case SESSION_PINGED:
	case SESSION_PONGED:
		on_bytes(session, event, now);
		break;
	case SESSION_ANSWERED:
		heartbeat_on_pong_sent(&session->heartbeat, event->at);
		break;
	case SESSION_SHUTDOWN:
		session->shutdown = true;
		session->counts.shutdowns++;
		break;
	case SESSION_TIMER:
		if (live)
			on_live_timer(session, now, actions);
		else
			on_subscribing_timer(session, now, actions);
		break;
	case SESSION_RECYCLE:
		life_hang_up(session, event->reason, now, actions);
		break;
	case SESSION_STOP:
		life_hang_up(session, TICK_REASON_STOP, now, actions);
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
		life_on_drained(session, event->close_code, now, actions);
		break;
	case SESSION_TIMER:
		if (mono_due(session_deadline(session), now))
			life_on_drained(session, 0, now, actions);
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
	case SESSION_LISTED:
	case SESSION_HEARD:
	case SESSION_PINGED:
	case SESSION_ANSWERED:
	case SESSION_PONGED:
	case SESSION_RECYCLE:
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
		life_connect_if_due(session, now, actions);
		break;
	case SESSION_STOP:
		session->reason = TICK_REASON_STOP;
		life_enter(session, SESSION_IDLE, TICK_REASON_STOP, now, actions);
		break;
	case SESSION_WENT_UP:
	case SESSION_FAILED:
	case SESSION_WENT_DOWN:
	case SESSION_ACKED:
	case SESSION_REFUSED:
	case SESSION_LISTED:
	case SESSION_SHUTDOWN:
		session->counts.strays++;
		break;
	case SESSION_START:
	case SESSION_HEARD:
	case SESSION_PINGED:
	case SESSION_ANSWERED:
	case SESSION_PONGED:
	case SESSION_RECYCLE:
		break;
	}
}

void
session_init(struct session *session, unsigned line, struct session_shared *shared,
    struct session_stream *stream, unsigned first, unsigned room, uint64_t seed)
{
	*session = (struct session){
		.line = line,
		.shared = shared,
		.stream = stream,
		.first = first,
		.room = room,
		.reason = TICK_REASON_START,
		.up = MONO_NEVER,
		.ended_at = MONO_NEVER,
		.refused_due = MONO_NEVER,
		.list_at = MONO_NEVER,
		.heard = MONO_NEVER,
	};
	heartbeat_init(&session->heartbeat, &shared->cfg.heartbeat);
	retry_init(&session->retry, &shared->cfg.retry, seed);
	subscribe_begin(session);
}

void
session_step(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions)
{
	bool transport = event->kind == SESSION_WENT_UP || event->kind == SESSION_FAILED ||
	    event->kind == SESSION_WENT_DOWN || event->kind == SESSION_PINGED ||
	    event->kind == SESSION_ANSWERED || event->kind == SESSION_PONGED;

	if (event->kind == SESSION_ACKED || event->kind == SESSION_REFUSED ||
	    event->kind == SESSION_LISTED)
		subscribe_on_answered(session, event->request_id, now);
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
	case SESSION_LIVE:
		step_up(session, event, now, actions);
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
		return mono_min(subscribe_deadline(session), heartbeat_due(session));
	case SESSION_LIVE:
		return mono_min(mono_min(stable_deadline(session), session->list_at),
		    mono_min(subscribe_deadline(session), heartbeat_due(session)));
	case SESSION_DRAINING:
		return mono_add(session->since, cfg->drain_within);
	case SESSION_BACKOFF:
		return life_connect_deadline(session);
	case SESSION_OPEN_CIRCUIT:
		return life_circuit_deadline(session);
	case SESSION_IDLE:
	case SESSION_STATES:
		break;
	}
	return MONO_NEVER;
}
