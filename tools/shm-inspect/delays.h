/*
 * Latencies of the ticks that go by: receipt to publish, and publish to read.
 * recv_ns is wall time and mono_ns is not, so the distance of the two clocks
 * is measured again and again; a clock that is stepped spoils the publish
 * latency of that moment, nothing else.
 */
#ifndef TOOLS_SHM_INSPECT_DELAYS_H
#define TOOLS_SHM_INSPECT_DELAYS_H

#include <stdint.h>

#include <tickring/tick.h>

#include "tools/common/quantile.h"

struct delays {
	struct quantile publish, read;
	int64_t wall_minus_mono_ns;
	int64_t measured_ns; /* when that was measured, monotonic */
};

/* Forgets all latencies. */
void delays_clear(struct delays *d);

/* A tick was read. Replayed ticks and feed events have no latency and do not count. */
void delays_on_tick(struct delays *d, const struct tick *tick);

#endif
