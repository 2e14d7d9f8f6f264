/*
 * A look at every line's health, now and then: the score, what follows for its
 * endpoint, and the wish to replace a line that is unhealthy.
 *
 * A part of a pool (pool.h). Pure; feed thread.
 */
#ifndef FEED_CORE_CHECKUP_H
#define FEED_CORE_CHECKUP_H

#include <stdbool.h>

#include "feed/base/mono.h"
#include "feed/core/health.h"

struct pool;

struct checkup_cfg {
	bool off;                 /* nobody looks: all lines count as healthy */
	span_t every;             /* > 0 */
	struct health_cfg health;
};

/* Everybody is healthy until seen. */
void checkup_init(struct pool *pool);

/* The pool starts, or its configuration changed. */
void checkup_start(struct pool *pool, mono_t now);

/* Looks, when it is time. */
void checkup_look(struct pool *pool, mono_t now);

/* When checkup_look() has something to do; MONO_NEVER: not started. */
mono_t checkup_deadline(const struct pool *pool);

#endif
