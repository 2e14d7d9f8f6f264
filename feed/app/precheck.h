/*
 * What a configuration names outside of itself: is it there, and can it be
 * used? Asked by --check-config, and at each start before shared memory is
 * touched, so that a start which cannot succeed leaves a feed's readers alone.
 * The thread that starts the feed.
 */
#ifndef FEED_APP_PRECHECK_H
#define FEED_APP_PRECHECK_H

#include "feed/conf/config.h"
#include "feed/conf/config_problem.h"
#include "feed/plan/reload.h"

/*
 * Opens, reads and closes: certificate authorities, keys, token, credentials;
 * sees whether log file and capture folder can be written and io_uring may be
 * used where nothing else will do. Creates nothing. Adds a problem for each
 * that cannot be used: where the key was given, key, value, what is wrong.
 */
void precheck_files(const struct config *cfg, const struct reload_source *source,
    struct config_problems *problems);

/*
 * Adds a line for each key that names a host of the exchange which serves
 * another product than the configured one. Other hosts say nothing.
 */
void precheck_hosts(const struct config *cfg, const struct reload_source *source,
    struct config_problems *warnings);

/*
 * Creates the capture folder (mode 0750, parents are not created) if it is to
 * be there and is not, and a file without a name in it. Returns 0, or -errno
 * after adding a problem.
 */
int precheck_capture(const struct config *cfg, const struct reload_source *source,
    struct config_problems *problems);

#endif
