/*
 * Watching a silent writer: has it been silent long enough to be ended? Used
 * by a feed that waits as a hot standby. Owns no clock.
 *
 * Silence is counted in looks, not in clock time: when the machine itself
 * stands still, the watched one was not silent, and must not die for it. The
 * time between two looks counts at most twice what it should have been.
 * Pure; feed thread.
 */
#ifndef FEED_CORE_VIGIL_H
#define FEED_CORE_VIGIL_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

struct vigil {
	span_t look_every; /* how often vigil_look() is meant to be called */
	int64_t heartbeat; /* as seen last */
	mono_t looked;
	span_t silent;     /* since the heartbeat changed last */
};

void vigil_init(struct vigil *v, span_t look_every, int64_t heartbeat, mono_t now);

/* One look at the other's heartbeat, which is any number that changes while it lives. */
void vigil_look(struct vigil *v, int64_t heartbeat, mono_t now);

/* Has it been silent for longer than both limits, its own and ours? */
bool vigil_is_over(const struct vigil *v, span_t own, span_t ours);

#endif
