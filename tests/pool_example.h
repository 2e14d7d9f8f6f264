/*
 * A made-up status of a pool for the tests of pool-status: line 0 is live,
 * line 1 lies in backoff after a close by the server, line 2 is about to
 * replace line 0. Two endpoints, the second with an open circuit.
 */
#ifndef TESTS_POOL_EXAMPLE_H
#define TESTS_POOL_EXAMPLE_H

#include <tickring/status.h>

#include "tools/pool-status/figures.h"

#define EXAMPLE_WALL_NS INT64_C(1785585600000000000) /* 2026-08-01T12:00:00Z */
#define EXAMPLE_MONO_NS INT64_C(5000000000000)

/* The status 50 ms ago, and the one a second before that. */
void pool_example(struct tick_status *now, struct tick_status *before);

/* Adds a transition, as the feed does: `ago` ns before EXAMPLE_WALL_NS. */
void pool_example_transition(struct tick_status *st, const struct tick_transition *t, int64_t ago);

/* Both as they were read from a writer in such health, EXAMPLE_WALL_NS being now. */
struct reading pool_example_reading(const struct tick_status *now,
    const struct tick_status *before, int health);

#endif
