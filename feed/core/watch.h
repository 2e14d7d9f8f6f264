/*
 * Which streams deliver: told by messages, by lines that end, and by silence.
 *
 * The part of a pool (pool.h) that marks streams stale and heals them. A
 * stream goes stale when no line carries it any more, or when it is silent on
 * all of them for longer than it ever is (stall.h), and comes back with its
 * next message. Healing goes by stages on the line that is silent: the
 * exchange's list, a new subscription, another line, another connection. When the line
 * brings nothing at all, it is the line that is replaced, at the third stage.
 * Pure; feed thread.
 */
#ifndef FEED_CORE_WATCH_H
#define FEED_CORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"

struct pool;
struct pool_heard;

struct watch {
	unsigned untold;  /* streams whose change is to be told */
	uint32_t next;    /* where telling goes on */
	mono_t tell_at;   /* MONO_NEVER: nothing to tell */
	unsigned stale;   /* streams that are stale */
	unsigned unlisted; /* streams of symbols that there are not */
	uint64_t stalls, resubscribed, moved, recycled; /* stages of healing, so far */
};

void watch_init(struct watch *watch);

/* Messages of a stream came. */
void watch_on_heard(struct pool *pool, const struct pool_heard *heard, mono_t now);

/* The stream is not wanted any more: nothing is told of it. */
void watch_on_dropped(struct pool *pool, uint32_t stream);

/*
 * Why its silence is no alarm: HALTED (its instrument does not trade), UNLISTED (there is
 * no such symbol; the first message proves the opposite); NONE: it is one, counting from now.
 */
void watch_on_quiet(struct pool *pool, uint32_t stream, enum tick_reason why, mono_t now);

/* A line ended: what no other line carries is stale. */
void watch_on_line_lost(struct pool *pool, unsigned line, enum tick_reason why);

/* Takes the stages that are due. */
void watch_heal(struct pool *pool, mono_t now);

/* Tells what changed, at most POOL_TELLS_MAX streams at a time. */
void watch_look(struct pool *pool, mono_t now, struct pool_actions *actions);

/* When watch_look() has something to do; MONO_NEVER: it has not. */
mono_t watch_deadline(const struct pool *pool);

#endif
