/*
 * The exchange's clock against ours by REST: GET .../time at start and each
 * rest.clock_interval_ms, while no snapshot wants the weight.
 *
 *	OPS_CLOCK   value: how far the exchange is ahead, and give or take what, ns
 *
 * Ops thread; of rest.c.
 */
#ifndef FEED_OPS_REST_CLOCK_H
#define FEED_OPS_REST_CLOCK_H

#include "feed/conf/config.h"
#include "feed/core/clock_offset.h"
#include "feed/ops/ops.h"

struct rest;

struct rest_clock {
	struct rest *rest;
	span_t every;
	struct ops_timer timer;
	struct clock_offset offset;
	char path[128];
};

/* Where the configuration wants it, the first question follows at once. */
void rest_clock_open(struct rest_clock *clock, struct rest *rest, const struct config *cfg);

/* Asks no more. Fine for a zeroed one. */
void rest_clock_close(struct rest_clock *clock);

#endif
