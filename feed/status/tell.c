#include "feed/status/tell.h"

#include <stdio.h>

#include "feed/base/log.h"
#include "feed/core/security.h"

/* Was a connection being made? */
static bool
was_tried(const struct pool_action *act)
{
	return act->from == SESSION_CONNECTING || act->from == SESSION_HANDSHAKE;
}

/* Named as the specification of the connection manager names them. */
static void
tell_security(const struct pool_action *act, const char *detail)
{
	if (was_tried(act) && security_is_certificate(act->why))
		LOG(ERROR, "security", SECURITY(INVALID_CERTIFICATE), LOG_U64("line", act->line),
		    LOG_STR("reason", tick_reason_label(act->why)), LOG_STR("detail", detail),
		    LOG_THEN("the connection is refused"));
	if (was_tried(act) && act->why == TICK_REASON_CONNECT_TIMEOUT)
		LOG(WARNING, "security", SECURITY(CONNECTION_TIMEOUT_EXCEEDED),
		    LOG_U64("line", act->line), LOG_THEN("the attempt is given up"));
	if (act->limited)
		LOG(WARNING, "security", SECURITY(CONNECTION_LIMIT_EXCEEDED),
		    LOG_U64("line", act->line), LOG_I64("wait_ms", act->retry_in.ns / 1000000),
		    LOG_THEN("it waits for the exchange's limit of connects"));
}

/* Steps on the way, which say nothing new to those who do not look for a fault. */
static bool
is_step(enum session_state to)
{
	return to == SESSION_CONNECTING || to == SESSION_HANDSHAKE || to == SESSION_SUBSCRIBING ||
	    to == SESSION_DRAINING;
}

static void
tell_change(const struct pool_action *act, bool detailed)
{
	const char *from = session_state_label(act->from), *to = session_state_label(act->to);
	const char *reason = tick_reason_label(act->why);

	if (detailed || !is_step(act->to))
		LOG(INFO, "line_state", LOG_U64("line", act->line), LOG_STR("from", from),
		    LOG_STR("to", to), LOG_STR("reason", reason));
	else
		LOG(DEBUG, "line_state", LOG_U64("line", act->line), LOG_STR("from", from),
		    LOG_STR("to", to), LOG_STR("reason", reason));
}

void
tell_transition(const struct pool_action *act, const char *detail, bool detailed,
    bool security_events)
{
	bool waits = act->to == SESSION_BACKOFF || act->to == SESSION_OPEN_CIRCUIT;
	char then[64] = "";

	if (waits)
		snprintf(then, sizeof(then), "retry in %lld ms",
		    (long long)(act->retry_in.ns / 1000000));
	if (waits && act->why != TICK_REASON_START)
		LOG(WARNING, "line_state", LOG_U64("line", act->line),
		    LOG_STR("from", session_state_label(act->from)),
		    LOG_STR("to", session_state_label(act->to)),
		    LOG_STR("reason", tick_reason_label(act->why)), LOG_STR("detail", detail),
		    LOG_THEN(then));
	else
		tell_change(act, detailed);
	if (security_events)
		tell_security(act, detail);
}

void
tell_rotation(const struct pool_action *act)
{
	static const char *const step[] = {
		[ROTATION_BEGUN] = "begun",
		[ROTATION_DONE] = "done",
		[ROTATION_ABANDONED] = "abandoned",
		[ROTATION_TOOK_OVER] = "took_over",
	};

	LOG(INFO, "rotation", LOG_STR("step", step[act->step]), LOG_U64("line", act->line),
	    LOG_U64("successor", act->peer), LOG_STR("reason", tick_reason_label(act->why)));
}

void
tell_moved(const struct pool_action *act)
{
	LOG(INFO, "streams_moved", LOG_U64("line", act->line), LOG_U64("streams", act->count),
	    LOG_STR("reason", tick_reason_label(act->why)),
	    LOG_THEN("lines that are up carry them"));
}

void
tell_stream(const struct pool_action *act, const char *name)
{
	if (act->kind == ACT_STREAM_STALE && act->why == TICK_REASON_STALE)
		LOG(WARNING, "stream_stale", LOG_STR("stream", name),
		    LOG_STR("reason", tick_reason_label(act->why)),
		    LOG_THEN("it is asked for again, then moved, then its line is replaced"));
	else if (act->kind == ACT_STREAM_STALE)
		LOG(DEBUG, "stream_stale", LOG_STR("stream", name),
		    LOG_STR("reason", tick_reason_label(act->why)));
	else
		LOG(DEBUG, "stream_live", LOG_STR("stream", name));
}

void
tell_refused(const struct pool_action *act, const char *name)
{
	if (act->no_room)
		LOG(ERROR, "stream_refused", LOG_STR("stream", name),
		    LOG_THEN("no line has room for it and none may be opened; it is left out"));
	else
		LOG(ERROR, "stream_refused", LOG_U64("line", act->line), LOG_STR("stream", name),
		    LOG_STR("reason", tick_reason_label(act->why)),
		    LOG_I64("code", act->error_code),
		    LOG_THEN("the others go on; it is asked for again after a while"));
}

void
tell_silent(const struct pool_action *act, const char *name)
{
	LOG(WARNING, "stream_silent", LOG_U64("line", act->line), LOG_STR("stream", name),
	    LOG_STR("reason", tick_reason_label(act->why)),
	    LOG_STR("elsewhere", act->elsewhere ? "delivered" : "silent"),
	    LOG_THEN("the exchange's list is compared, what it lacks is asked for again"));
}

void
tell_unlisted(const char *name, const char *venue, bool unlisted)
{
	if (unlisted)
		LOG_EACH(WARNING, "stream_unlisted", LOG_STR("stream", name),
		    LOG_STR("venue", venue),
		    LOG_STR("reason", tick_reason_label(TICK_REASON_UNLISTED)),
		    LOG_THEN("it stays subscribed, nothing is expected of it"));
	else
		LOG_EACH(INFO, "stream_listed", LOG_STR("stream", name), LOG_STR("venue", venue));
}
