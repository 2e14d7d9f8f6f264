#include "feed/status/errors.h"

#include "feed/base/log.h"

static bool
had_connection(enum session_state state)
{
	return state == SESSION_CONNECTING || state == SESSION_HANDSHAKE ||
	    state == SESSION_SUBSCRIBING || state == SESSION_LIVE;
}

void
errors_on_transition(struct errors *errors, const struct pool_action *transition)
{
	if (had_connection(transition->from) && !had_connection(transition->to) &&
	    transition->why != TICK_REASON_STOP)
		errors->ended[transition->why]++;
}

void
errors_tell(struct errors *errors, span_t every, mono_t now)
{
	if (!mono_due(errors->tell_at, now))
		return;
	errors->tell_at = mono_add(now, every);
	for (unsigned i = 0; i < TICK_REASON_COUNT; i++) {
		int64_t n = errors->ended[i] - errors->told[i];

		if (n == 0)
			continue;
		LOG(WARNING, "errors", LOG_STR("reason", tick_reason_label((enum tick_reason)i)),
		    LOG_I64("since_last", n), LOG_I64("total", errors->ended[i]),
		    LOG_THEN("counted; the lines go on by themselves"));
		errors->told[i] = errors->ended[i];
	}
}
