/*
 * feedd --probe: each endpoint of a configuration is tried, what was found is
 * printed. Takes the place of the application. One thread.
 */
#ifndef FEED_PROBE_COMMAND_H
#define FEED_PROBE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/mono.h"
#include "feed/conf/config.h"

#define PROBE_OVERRIDES 3 /* that one endpoint makes at most */
#define PROBE_OVERRIDE_MAX 1200
#define PROBE_STREAM "btcusdt@bookTicker" /* where nobody names one */

struct probe_cfg {
	bool json;     /* for machines */
	span_t within; /* longest time of one step */
};

/*
 * What an endpoint on the command line means for the configuration:
 * wss://HOST[:PORT][/PATH][?QUERY], or HOST:PORT[@ADDRESS], as texts
 * "key=value" in out. Returns how many, or 0: *why says what is wrong with it.
 */
size_t probe_overrides(const char *endpoint, char out[PROBE_OVERRIDES][PROBE_OVERRIDE_MAX],
    const char **why);

/* Returns the exit code: 0 all is well, 1 a step failed, 2 the configuration cannot be used. */
int probe_run(struct config *cfg, const struct probe_cfg *probe);

#endif
