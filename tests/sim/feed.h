/*
 * The feed in the simulation: pool, pipeline, ring and reader, and the
 * executor between them, which does what app.c does, with a fake exchange
 * instead of a transport.
 */
#ifndef TESTS_SIM_FEED_H
#define TESTS_SIM_FEED_H

#include <stdbool.h>

#include "feed/core/pool.h"
#include "tests/sim/agenda.h"

/* Makes the feed of this topology, and starts it. */
void feed_open(void);

/* Until when it sleeps. */
mono_t feed_deadline(void);

/* Something reaches the feed. */
void feed_take(const struct agenda_item *item);

/* It woke up at sim.now, and what there was to take was taken. */
void feed_wake(void);

/* Hangs up everywhere. */
void feed_stop(void);

bool feed_is_idle(void);
void feed_close(void);

/* Removes the segments of a feed that is not closed: the program is about to end. */
void feed_abandon(void);

/* Its control plane, to look at. */
const struct pool *feed_pool(void);

/* A reload: a stream is not wanted any more, or is again; sim.cfg is what counts now. */
void feed_drop(unsigned stream);
void feed_add(unsigned stream);
void feed_retune(void);

/* Its process ends; another one is started, which finds what is in shared memory. */
void feed_leave(void);
void feed_return(void);

void feed_view(unsigned line, struct pool_line_view *out);

#endif
