/* Looks at a feed once: its status, its writer, and what follows. */
#ifndef TOOLS_FEED_HEALTH_PROBE_H
#define TOOLS_FEED_HEALTH_PROBE_H

#include <tickring/health.h>

#include "tools/feed-health/options.h"

struct probe {
	struct tick_health health;
	struct tick_health_limits limits; /* that it was judged by */
	int outcome;                      /* enum tick_outcome: how the writer is */
	int level;                        /* enum tick_health_level: the exit code */
};

/* Takes some milliseconds at most; opens the segment anew each time. */
void probe_take(struct probe *p, const struct options *o);

#endif
