/*
 * Replacing a line without losing a message: a successor is opened, subscribes
 * the same streams, and when each of them is heard there (or is known to be
 * quiet) the old line is closed. Ids decide what is published meanwhile, so
 * nobody notices.
 *
 * The part of a pool (pool.h) that decides when that happens: at a line's age,
 * when its server announces a shutdown, when it is sick. Pure; feed thread.
 */
#ifndef FEED_CORE_ROTATE_H
#define FEED_CORE_ROTATE_H

#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"

struct pool;

struct rotate_cfg {
	span_t age_max;        /* a line is replaced before it is that old, > 0 */
	unsigned age_spread_percent; /* up to so much earlier, so that ages spread, 0 to 100 */
	span_t age_min;        /* none is replaced before it is that old: no storms, > 0 */
	span_t quiet_within;   /* a stream without a message on either line so long is quiet, > 0 */
	span_t handover_within; /* then the successor is not worth it, > quiet_within */
	span_t again_after;    /* the next try after that, > 0 */
};

struct rotate_counts {
	uint64_t begun, done, abandoned;
	uint64_t took_over;    /* the old line ended before its successor had everything */
};

/* A line wants to be replaced as soon as it may. The earliest wish counts. */
void rotate_ask(struct pool *pool, unsigned line, enum tick_reason why, mono_t now);

/* The configuration changed: ages are planned anew; other wishes stand. */
void rotate_retune(struct pool *pool);

/* A stream was heard on a line for the first time on that connection. */
void rotate_on_produced(struct pool *pool, unsigned line);

/* A line that was up is not any more: its successor, if there is one, takes over as it is. */
void rotate_on_line_lost(struct pool *pool, unsigned line, mono_t now,
    struct pool_actions *actions);

/* Looks at every line: begins, finishes and gives up replacements. */
void rotate_look(struct pool *pool, mono_t now, struct pool_actions *actions);

/* When rotate_look() has something to do; MONO_NEVER: nothing is planned. */
mono_t rotate_deadline(const struct pool *pool);

#endif
