/*
 * How many lines there are, and which streams move between them: by load, by
 * room, by health; streams that come and go while the pool runs.
 *
 * The part of a pool (pool.h) that measures what streams bring and opens and
 * closes member lines; balance.h decides, shift.h moves the streams.
 * Pure; feed thread.
 */
#ifndef FEED_CORE_SCALE_H
#define FEED_CORE_SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"
#include "feed/core/balance.h"
#include "feed/core/group.h"

struct pool;

struct scale_cfg {
	uint64_t load_high, load_low; /* per line, bytes/s; see balance.h */
	span_t idle_for;              /* a line without streams is closed after that, > 0 */
};

struct scale {
	struct balance_cfg balance[GROUPS_MAX];
	struct balance_scale groups[GROUPS_MAX];
	mono_t review_at;             /* MONO_NEVER: not started */
	mono_t reviewed;
	uint64_t opened, closed, moves, moves_failed; /* so far */
};

/* `pool` is filled but for this. */
void scale_init(struct pool *pool);

/* pool->cfg has changed. */
void scale_retune(struct pool *pool);

/* The pool starts: reviews begin. */
void scale_start(struct pool *pool, mono_t now);

/* A new stream is to be carried: false when no line has room and none may be opened. */
bool scale_add(struct pool *pool, uint32_t stream, mono_t now, struct pool_actions *actions);

/* A stream is not wanted any more. */
void scale_drop(struct pool *pool, uint32_t stream);

/* Measures, opens, moves and closes, when it is time. */
void scale_look(struct pool *pool, mono_t now, struct pool_actions *actions);

/* When scale_look() has something to do; MONO_NEVER: not started. */
mono_t scale_deadline(const struct pool *pool);

#endif
