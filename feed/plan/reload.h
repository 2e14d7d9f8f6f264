/*
 * Changing the configuration of a feed that runs: reads it anew, says what may
 * not change, and what has changed. Any thread.
 */
#ifndef FEED_PLAN_RELOAD_H
#define FEED_PLAN_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/conf/config.h"

/* Where a configuration came from, to read it once more. */
struct reload_source {
	const char *file; /* NULL: none */
	const char *const *overrides;
	size_t n;
};

/*
 * Reads *next, and checks that it may take the place of *cfg. False: every
 * problem is in the log, and *next needs no config_free(). True: it does.
 */
bool reload_read(const struct reload_source *source, const struct config *cfg,
    struct config *next);

/*
 * May *next take the place of *cfg in a feed that runs? Adds a problem for
 * every key that may not change; `name` stands for where *next is from.
 */
bool reload_may_change(const struct config *cfg, const struct config *next, const char *name,
    struct config_problems *problems);

/* Logs every key that is different, with both values, of URLs the host. Returns how many are. */
unsigned reload_tell(const struct config *cfg, const struct config *next);

#endif
