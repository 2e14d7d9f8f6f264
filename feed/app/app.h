/*
 * The feed itself: puts the parts together and runs them until told to stop.
 * The thread of app_run() is the feed thread.
 */
#ifndef FEED_APP_APP_H
#define FEED_APP_APP_H

#include "feed/conf/config.h"
#include "feed/plan/reload.h"

/*
 * Runs the feed that *cfg describes in the calling thread until SIGINT or
 * SIGTERM, whose handling it takes over. SIGHUP reads `source` once more and
 * applies what may change; *cfg is then another one, and still the caller's.
 * The log is running. Returns the exit code: 0 stopped on request, 1 it could
 * not start or go on (logged).
 */
int app_run(struct config *cfg, const struct reload_source *source);

#endif
