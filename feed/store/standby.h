/*
 * Becoming the one writer of a feed: takes the claim, or waits for it as a
 * hot standby and ends a writer that stands still. Feed thread, at start.
 */
#ifndef FEED_STORE_STANDBY_H
#define FEED_STORE_STANDBY_H

#include <signal.h>

#include "feed/base/mono.h"
#include "feed/conf/config.h"
#include "shm/claim.h"

/*
 * Takes the claim of cfg->feed. When another process has it: with `standby`
 * "refuse" says so and returns -EBUSY; with "wait" sleeps until that process
 * has ended, or has been silent for standby_takeover_ms; then it is killed.
 * Returns 0 holding the claim, -EINTR when *stop was set meanwhile, or
 * -errno (logged).
 */
int standby_take(
    struct claim *claim, const struct config *cfg, const volatile sig_atomic_t *stop);

/* A sign of life, for those that wait. Called with every status update. */
void standby_beat(const struct claim *claim, const struct config *cfg, mono_t now);

#endif
