/*
 * Streams of a line that stays down: they go to lines of its group that are up.
 *
 * The part of a pool (pool.h) that moves them. A line that is lost comes back
 * within a second or two as a rule, and keeps its streams; one that is down for
 * REFUGE_AFTER while another has room loses them to the emptiest others. Nothing
 * is unsubscribed for that: its connection is gone. What finds no room is tried
 * again as long as that lasts. The line itself goes on trying; scale.h gives it
 * streams again when it is back for good, or closes it.
 *
 * A stream that was moved rests (shift.h). That does not keep it on a line
 * that is down, unless it was rescued SHIFT_RESCUES times lately: where all lines
 * come and go, nothing is won by following them. Pure; feed thread.
 */
#ifndef FEED_CORE_REFUGE_H
#define FEED_CORE_REFUGE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"

/* Longer than a lost line takes to come back at once, shorter than anybody waits for prices. */
#define REFUGE_AFTER span_s(5)

struct pool;

/* Moves what is due; looks after lines that went down or came up. In every step. */
void refuge_look(struct pool *pool, mono_t now, struct pool_actions *actions);

/* For so long, until now, nobody listened: no line was down for that. */
void refuge_forgive(struct pool *pool, span_t span);

/* When refuge_look() has something to do; MONO_NEVER: it has not. */
mono_t refuge_deadline(const struct pool *pool);

#endif
