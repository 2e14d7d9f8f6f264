/*
 * The overall verdict, now and then, into the log when it changed
 * (monitoring.health_check.interval_ms). The judge is tick_health_judge(), as
 * for everybody else.
 *
 * Feed thread.
 */
#ifndef FEED_STATUS_VERDICT_H
#define FEED_STATUS_VERDICT_H

#include <stdint.h>

#include <tickring/status.h>

#include "feed/base/mono.h"
#include "feed/base/wall.h"

struct verdict {
	int64_t level; /* the last one that was told, enum tick_health_level */
	mono_t due;    /* when to judge again */
};

/* The first verdict is due after `every`: a feed that starts has nothing to show. */
void verdict_init(struct verdict *verdict, span_t every, mono_t now);

/* Judges the status, when it is time. */
void verdict_look(struct verdict *verdict, const struct tick_status *status, span_t every,
    wall_t now, mono_t mono);

#endif
