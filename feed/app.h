/*
 * The feed itself: puts the parts together and runs them until told to stop.
 */
#ifndef FEED_APP_H
#define FEED_APP_H

#include "feed/conf/config.h"

/*
 * Runs the feed that *cfg describes in the calling thread until SIGINT or
 * SIGTERM, whose handling it takes over. The log is running. Returns the
 * exit code: 0 stopped on request, 1 it could not start or go on (logged).
 */
int app_run(const struct config *cfg);

#endif
