#include "feed/core/action.h"

#include <assert.h>

struct pool_action *
actions_add(struct pool_actions *actions, enum pool_action_kind kind, unsigned line)
{
	struct pool_action *action;

	assert(actions->n < POOL_ACTIONS_MAX);
	action = &actions->act[actions->n++];
	*action = (struct pool_action){.kind = kind, .line = line};
	return action;
}

const char *
session_state_label(enum session_state state)
{
	static const char *const label[SESSION_STATES] = {
		[SESSION_IDLE] = "idle",
		[SESSION_CONNECTING] = "connecting",
		[SESSION_HANDSHAKE] = "handshake",
		[SESSION_SUBSCRIBING] = "subscribing",
		[SESSION_LIVE] = "live",
		[SESSION_DRAINING] = "draining",
		[SESSION_BACKOFF] = "backoff",
		[SESSION_OPEN_CIRCUIT] = "open_circuit",
	};

	return (unsigned)state < SESSION_STATES ? label[state] : "unknown";
}
