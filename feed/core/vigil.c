#include "feed/core/vigil.h"

void
vigil_init(struct vigil *v, span_t look_every, int64_t heartbeat, mono_t now)
{
	v->look_every = look_every;
	v->heartbeat = heartbeat;
	v->looked = now;
	v->silent = (span_t){0};
}

void
vigil_look(struct vigil *v, int64_t heartbeat, mono_t now)
{
	int64_t passed = mono_diff(now, v->looked).ns, most = 2 * v->look_every.ns;

	v->looked = now;
	if (heartbeat != v->heartbeat) {
		v->heartbeat = heartbeat;
		v->silent.ns = 0;
		return;
	}
	v->silent.ns += passed < most ? passed : most;
}

bool
vigil_is_over(const struct vigil *v, span_t own, span_t ours)
{
	return v->silent.ns > own.ns && v->silent.ns > ours.ns;
}
